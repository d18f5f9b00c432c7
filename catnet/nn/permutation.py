"""Linear maps between tensors over a set that commute with its permutations, applied diagram by diagram."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

Diagram = tuple[tuple[int, ...], ...]


def set_partitions(count: int) -> list[Diagram]:
    """All partitions of the legs 0..count-1 into blocks, in the order of their restricted growth strings.

    >>> [len(set_partitions(n)) for n in range(8)]
    [1, 1, 2, 5, 15, 52, 203, 877]
    >>> set_partitions(3)
    [((0, 1, 2),), ((0, 1), (2,)), ((0, 2), (1,)), ((0,), (1, 2)), ((0,), (1,), (2,))]
    """
    return [tuple(map(tuple, blocks)) for blocks in _grow(count)]


class PermutationLinear(nn.Module):
    """The S(n)-equivariant maps from tensors of order `order_in` over n points to those of order `order_out`.

    Orders (1, 1) are DeepSets' linear layer, (1, 0) its pooling; (2, 2) has the 15 maps between pairs, with 2 biases;
    (0, k) broadcasts. Inputs [..., n, ..., n, in_channels], outputs [..., n, ..., n, out_channels], with as many n as
    the order says. n is read off the input; for order_in = 0 and order_out > 0 `forward` takes it.

    There is a `weight` [diagrams, in_channels, out_channels] with one matrix for each set partition of the legs,
    outputs first, then inputs, in the order of `set_partitions`, or for each of `diagrams`. A block of input legs
    alone is a mean over the diagonal it names (not a sum, so that the size of n does not change the scale), one
    of output legs alone broadcasts, one with both carries values over. `bias` [partitions of the outputs,
    out_channels] lies along the invariant tensors. Where n is less than the blocks of some diagrams, these depend
    on the others. The cost is a pass over the input and the output for each diagram, never n^(order_in + order_out).

    Weights start uniform, such that all diagrams of one output pattern together have the bound of `nn.Linear`.
    Raises ValueError for a diagram that is no partition of the legs.

    >>> pairs = PermutationLinear(2, 2, 3, 4)
    >>> x, order = torch.randn(5, 5, 3), torch.randperm(5)
    >>> pairs.weight.shape, pairs.bias.shape
    (torch.Size([15, 3, 4]), torch.Size([2, 4]))
    >>> torch.allclose(pairs(x)[order][:, order], pairs(x[order][:, order]), atol=1e-5)
    True
    """

    def __init__(
        self,
        order_in: int,
        order_out: int,
        in_channels: int,
        out_channels: int,
        bias: bool = True,
        diagrams: Sequence[Diagram] | None = None,
    ) -> None:
        super().__init__()
        self.order_in, self.order_out = order_in, order_out
        self.in_channels, self.out_channels = in_channels, out_channels
        legs = order_in + order_out
        self.diagrams = set_partitions(legs) if diagrams is None else [_normal(d, legs) for d in diagrams]
        self.routes = [_Route(diagram, order_out) for diagram in self.diagrams]
        self.sources: dict[_Source, list[int]] = {}
        for number, route in enumerate(self.routes):
            self.sources.setdefault(route.source, []).append(number)
        self.bias_patterns = [_labels(diagram, 0, order_out) for diagram in set_partitions(order_out)]
        self.weight = nn.Parameter(torch.empty(len(self.diagrams), in_channels, out_channels))
        self.bias = nn.Parameter(torch.empty(len(self.bias_patterns), out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        patterns = [route.pattern for route in self.routes]
        with torch.no_grad():
            for weight, pattern in zip(self.weight, patterns, strict=True):
                bound = 1 / math.sqrt(self.in_channels * patterns.count(pattern))
                weight.uniform_(-bound, bound)
            if self.bias is not None:
                bound = 1 / math.sqrt(self.in_channels)
                self.bias.uniform_(-bound, bound)

    def forward(self, x: Tensor, n: int | None = None) -> Tensor:
        """Apply all diagrams. Raises ValueError where the axes that stand for the set differ or n is missing."""
        size = self._size(x, n)
        parts: dict[tuple[int, ...], list[Tensor]] = {}
        contracted: dict[_Source, Tensor] = {}
        weights = self.weight.unbind()
        for source, numbers in self.sources.items():
            mixed = _contract(x, source, contracted) @ torch.cat([weights[number] for number in numbers], -1)
            for number, part in zip(numbers, mixed.split(self.out_channels, -1), strict=True):
                route = self.routes[number]
                parts.setdefault(route.pattern, []).append(route.spread(part))
        if self.bias is not None:
            for pattern, bias in zip(self.bias_patterns, self.bias, strict=True):
                parts.setdefault(pattern, []).append(bias)
        return self._place(parts, x.shape[: x.dim() - self.order_in - 1], size)

    def _size(self, x: Tensor, n: int | None) -> int:
        sizes = {*x.shape[x.dim() - 1 - self.order_in : x.dim() - 1]} | ({n} if n is not None else set())
        if x.dim() <= self.order_in or x.shape[-1] != self.in_channels or len(sizes) > 1:
            axes = ", ".join(["n"] * self.order_in + [str(self.in_channels)])
            raise ValueError(f"the input is to end in the axes [{axes}]; a tensor of shape {tuple(x.shape)} came")
        if not sizes and self.order_out:
            raise ValueError("the number of points is not in the input: give `n`")
        return next(iter(sizes), 1)

    def _place(self, parts: dict[tuple[int, ...], list[Tensor]], batch: torch.Size, size: int) -> Tensor:
        """The sum of all parts, each on the diagonal of the output that its pattern names."""
        full = (*batch, *[size] * self.order_out, self.out_channels)
        whole = parts.pop(tuple(range(self.order_out)), [])
        result = _total(whole) if whole else next(iter(parts.values()))[0].new_zeros(())
        if parts and (len(whole) < 2 or result.shape != full):
            result = result.expand(full).clone()
        for pattern, on_diagonal in parts.items():
            _diagonal(result, pattern).add_(_total(on_diagonal))
        return result.expand(full)

    def extra_repr(self) -> str:
        """The orders, the channels and the number of diagrams."""
        channels = f"{self.in_channels} -> {self.out_channels} channels"
        return f"order {self.order_in} -> {self.order_out}, {channels}, {len(self.diagrams)} diagrams"


_Source = tuple[tuple[int, ...], tuple[int, ...]]  # the block of each input leg, and the blocks that reach the output


class _Route:
    """How one diagram goes: from a contraction of the input to the axes of the output."""

    def __init__(self, diagram: Diagram, order_out: int) -> None:
        legs = sum(map(len, diagram))
        inputs = [block for block in diagram if block[-1] >= order_out]
        inputs.sort(key=lambda block: min(leg for leg in block if leg >= order_out))
        outputs = sorted(block for block in diagram if block[0] < order_out)
        through = tuple(i for i, block in enumerate(inputs) if block[0] < order_out)
        self.pattern = _labels(diagram, 0, order_out)
        self.source: _Source = (_labels(inputs, order_out, legs), through)
        carried = [outputs.index(inputs[i]) for i in through]
        self.order = sorted(range(len(carried)), key=lambda axis: carried[axis])
        self.free = [axis for axis in range(len(outputs)) if axis not in carried]
        self.rank = len(outputs)

    def spread(self, part: Tensor) -> Tensor:
        """[..., one axis for each block that is carried, channels] -> [..., one for each output block, channels]."""
        axes = len(self.order)
        lead = part.dim() - axes - 1
        if self.order != sorted(self.order):
            part = part.permute(*range(lead), *[lead + axis for axis in self.order], lead + axes)
        for axis in self.free:
            part = part.unsqueeze(lead + axis)
        return part


def _contract(x: Tensor, source: _Source, known: dict[_Source, Tensor]) -> Tensor:
    """The diagonal of `x` that the labels name, with means over all axes but those that go through."""
    if source not in known:
        labels, through = source
        blocks = sorted(set(labels))
        missing = [block for block in blocks if block not in through]
        if missing:
            more = tuple(sorted((*through, missing[0])))
            axis = more.index(missing[0]) - len(more) - 1
            known[source] = _contract(x, (labels, more), known).mean(axis)
        else:
            known[source] = _diagonal(x, labels)
    return known[source]


def _diagonal(x: Tensor, labels: tuple[int, ...]) -> Tensor:
    """A view of [..., one axis for each label, channels] in which axes of equal label are one; axes by label."""
    lead = x.dim() - len(labels) - 1
    axes: list[int] = [*labels, -1]  # -1 is the channels
    while len(set(axes)) < len(axes):
        first = next(i for i, label in enumerate(axes) if label in axes[i + 1 :])
        second = axes.index(axes[first], first + 1)
        x = x.diagonal(dim1=lead + first, dim2=lead + second)
        axes = [label for i, label in enumerate(axes) if i not in (first, second)] + [axes[first]]
    if axes == [*range(len(axes) - 1), -1]:
        return x
    return x.permute(*range(lead), *[lead + axes.index(label) for label in [*range(len(axes) - 1), -1]])


def _total(parts: list[Tensor]) -> Tensor:
    """The sum of tensors that broadcast: those of one shape first, then from the smallest shape up."""
    by_shape: dict[torch.Size, Tensor] = {}
    for part in parts:
        by_shape[part.shape] = by_shape[part.shape] + part if part.shape in by_shape else part
    ascending = sorted(by_shape.values(), key=Tensor.numel)
    return sum(ascending[1:], ascending[0])


def _labels(blocks: Sequence[tuple[int, ...]], start: int, stop: int) -> tuple[int, ...]:
    """For each leg from `start` to `stop` the number of its block, counted as they appear."""
    found: dict[tuple[int, ...], int] = {}
    return tuple(
        found.setdefault(next(block for block in blocks if leg in block), len(found)) for leg in range(start, stop)
    )


def _grow(count: int) -> Iterator[list[list[int]]]:
    if count == 0:
        yield []
        return
    for blocks in _grow(count - 1):
        for i in range(len(blocks)):
            yield [[*block, count - 1] if i == j else block for j, block in enumerate(blocks)]
        yield [*blocks, [count - 1]]


def _normal(diagram: Diagram, legs: int) -> Diagram:
    blocks = tuple(sorted(tuple(sorted(block)) for block in diagram))
    if sorted(leg for block in blocks for leg in block) != list(range(legs)) or () in blocks:
        raise ValueError(f"{diagram} is no partition of the legs 0 to {legs - 1}")
    return blocks
