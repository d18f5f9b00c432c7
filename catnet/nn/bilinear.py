"""Bilinear maps between sums of representations, path by path."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from catnet.nn.copies import split_copies
from catnet.nn.exact import Exact


class Copies(Protocol):
    """Copies of one representation, one after the other on an axis."""

    @property
    def mul(self) -> int:
        """How many there are."""

    @property
    def width(self) -> int:
        """The dimension of each."""


class Block(NamedTuple):
    """`mul` copies of a representation of dimension `width`."""

    mul: int
    width: int


class Path(NamedTuple):
    """Block `left` of the first input times block `right` of the second gives block `out`."""

    left: int
    right: int
    out: int


class BilinearSum(Exact):
    """A weighted sum of bilinear maps, each from a block of one vector and a block of another to a block of a third.

    Each path has its own coupling, a float64 tensor [left.width, right.width, out.width]; a path may be listed several
    times with different couplings. `mixing` says how copies meet. "full": each copy of the output gets its own
    combination of all pairs of copies, with a weight [out.mul, right.mul, left.mul] for each path. "channel": copies of
    the first input stay apart, as do those of the output, `out.mul == left.mul`, with a weight [right.mul, left.mul]
    for each path.

    Weights start standard normal; with them, and couplings whose squares sum to 1 for each entry of the output, inputs
    whose entries have unit variance give outputs whose entries have unit variance. With `shared=False` the module has
    no weights: `forward` takes them, one vector of length `weights` for each sample (as radial networks
    make), path after path.

    Inputs [..., left.dim] and [..., right.dim], output [..., out.dim], with equal leading axes.
    A block of the output that no path reaches is 0. Raises ValueError where there is no path at all.

    >>> cross = torch.zeros(3, 3, 3, dtype=torch.float64)
    >>> cross[[0, 1, 2], [1, 2, 0], [2, 0, 1]], cross[[1, 2, 0], [0, 1, 2], [2, 0, 1]] = 1.0, -1.0
    >>> product = BilinearSum([Block(1, 3)], [Block(1, 3)], [Block(1, 3)], [(0, 0, 0)], [cross], shared=False)
    >>> product(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]), torch.ones(1))
    tensor([0., 0., 1.])
    """

    def __init__(
        self,
        left: Sequence[Copies],
        right: Sequence[Copies],
        out: Sequence[Copies],
        paths: Sequence[tuple[int, int, int]],
        couplings: Sequence[Tensor],
        mixing: Literal["full", "channel"] = "full",
        shared: bool = True,
    ) -> None:
        super().__init__()
        self.left, self.right, self.out, self.mixing = left, right, out, mixing
        found = sorted(zip(paths, couplings, strict=True), key=lambda pair: pair[0])
        self.paths = [Path(*path) for path, _ in found]
        if not self.paths:
            raise ValueError("there is no path: the output could only be 0")
        self.sizes = [self._size(path) for path in self.paths]
        self.weights = sum(self.sizes)
        self._tables([coupling for _, coupling in found])
        self.weight = nn.Parameter(torch.empty(self.weights)) if shared else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights, standard normal."""
        if self.weight is not None:
            nn.init.normal_(self.weight)

    def _size(self, path: Path) -> int:
        pairs = self.left[path.left].mul * self.right[path.right].mul
        return pairs * (self.out[path.out].mul if self.mixing == "full" else 1)

    def _scale(self, path: Path) -> float:
        """What makes the variance of the output 1: only copies and paths count."""
        into = [p for p in self.paths if p.out == path.out]
        copies = [self.right[p.right].mul * (self.left[p.left].mul if self.mixing == "full" else 1) for p in into]
        return 1 / math.sqrt(sum(copies))

    def _tables(self, couplings: Sequence[Tensor]) -> None:
        """The couplings as constants [rows, columns], from the second input to operators on the first.

        Where the second input has one copy of each block, there is a table for each block of the first, whose
        rows are the whole second axis; else one for each block of the second, whose rows are its width.
        """
        self.single = all(block.mul == 1 for block in self.right)
        starts, total = [], 0
        for block in self.right:
            starts.append(total)
            total += block.mul * block.width
        tables: dict[str, list[Tensor]] = {}
        for p, coupling in zip(self.paths, couplings, strict=True):
            a, b, c = self.left[p.left], self.right[p.right], self.out[p.out]
            table = coupling.permute(1, 2, 0) * self._scale(p)
            if self.single:
                rows = torch.zeros(total, c.width, a.width, dtype=torch.float64, device="cpu")
                rows[starts[p.right] : starts[p.right] + b.width] = table
                tables.setdefault(f"table{p.left}", []).append(rows.flatten(1))
            else:
                tables.setdefault(f"table{p.right}", []).append(table.flatten(1))
        for name, parts in tables.items():
            self.constant(name, torch.cat(parts, -1))

    def forward(self, left: Tensor, right: Tensor, weight: Tensor | None = None) -> Tensor:
        """[..., left.dim], [..., right.dim] and, if not shared, weights [..., weights] -> [..., out.dim]."""
        weight = self._given(weight)
        products = self._products(left, right)
        outputs: list[Tensor | None] = [None] * len(self.out)
        for path, product, part in zip(self.paths, products, weight.split(self.sizes, -1), strict=True):
            if self.mixing == "full":
                mixed = product.flatten(-2) @ part.unflatten(-1, (self.out[path.out].mul, -1)).transpose(-1, -2)
            elif self.single:
                mixed = product.squeeze(-2) * part.unsqueeze(-2)
            else:
                mixed = (product * part.unflatten(-1, (1, -1, self.left[path.left].mul))).sum(-2)
            so_far = outputs[path.out]
            outputs[path.out] = mixed if so_far is None else so_far + mixed
        whole = [
            mixed.new_zeros(*left.shape[:-1], block.mul * block.width) if y is None else y.transpose(-1, -2).flatten(-2)
            for block, y in zip(self.out, outputs, strict=True)
        ]
        return torch.cat(whole, -1)

    def _given(self, weight: Tensor | None) -> Tensor:
        """The weights to use. Raises ValueError where they are missing, superfluous or too few."""
        if self.weight is not None:
            if weight is not None:
                raise ValueError("the weights are the module's own; make it with shared=False to give others")
            return self.weight
        if weight is None or weight.shape[-1] != self.weights:
            raise ValueError(f"weights [..., {self.weights}] are to be given: the module has none of its own")
        return weight

    def _products(self, left: Tensor, right: Tensor) -> list[Tensor]:
        """For each path the products of all copies, [..., out.width, right.mul, left.mul]."""
        products = []
        operators = self._operators(right)
        for i, x in enumerate(_views(left, self.left)):
            paths = [p for p in self.paths if p.left == i]
            if paths:
                rows = [self.right[p.right].mul * self.out[p.out].width for p in paths]
                parts = (operators[i] @ x.transpose(-1, -2)).split(rows, -2)
                widths = [self.out[p.out].width for p in paths]
                products += [part.unflatten(-2, (width, -1)) for part, width in zip(parts, widths, strict=True)]
        return products

    def _operators(self, right: Tensor) -> dict[int, Tensor]:
        """For each block of the first input [..., out.width * right.mul of all its paths, its own width]."""
        blocks = _views(right, self.right)
        if self.single:
            used = {p.left for p in self.paths}
            return {i: (right @ getattr(self, f"table{i}")).unflatten(-1, (-1, self.left[i].width)) for i in used}
        parts: dict[int, Tensor] = {}
        for j, y in enumerate(blocks):
            numbers = [n for n, p in enumerate(self.paths) if p.right == j]
            if numbers:
                columns = [self.left[self.paths[n].left].width * self.out[self.paths[n].out].width for n in numbers]
                found = (y.contiguous() @ getattr(self, f"table{j}")).split(columns, -1)
                parts |= zip(numbers, found, strict=True)
        grouped: dict[int, list[Tensor]] = {}
        for n, p in enumerate(self.paths):
            operator = parts[n].unflatten(-1, (-1, self.left[p.left].width)).transpose(-3, -2)
            grouped.setdefault(p.left, []).append(operator.flatten(-3, -2))
        return {i: torch.cat(operators, -2) for i, operators in grouped.items()}

    def extra_repr(self) -> str:
        """How the copies mix and the number of paths."""
        return f"{self.mixing}, {len(self.paths)} paths, {self.weights} weights"


def _views(x: Tensor, blocks: Sequence[Copies]) -> list[Tensor]:
    """The blocks as views. Raises ValueError where the last axis has another length."""
    dim = sum(block.mul * block.width for block in blocks)
    if x.shape[-1] != dim:
        raise ValueError(f"the last axis has length {x.shape[-1]}; the blocks have dimension {dim}")
    return split_copies(x, tuple((block.mul, block.width) for block in blocks))
