"""Convolutions on grids that commute with translations and with quarter turns (C4) and mirrors (D4), exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from catnet.nn.exact import Assembled, Dense
from catnet.nn.fibres import Fibre, Fibres, kernel_orbits

Blocks = Sequence[tuple[int, str | Fibre]]


class GroupConv2d(Assembled):
    """A convolution of images whose channels are fibres of C4 or D4, with a kernel that the group leaves as it is.

    `into` and `out` are blocks (copies, fibre), a fibre being a name (`fibres.named`) or a `Fibre`:
    `[(3, "trivial")]` is a colour image, `[(8, "regular")]` eight copies of functions on the group. So trivial to
    regular lifts an image, regular to regular is the group convolution, and the other names are irreducible fibres.
    Images have shape [..., channels, height, width], channels of a block in the order [copies, fibre].

    The kernel is made from free parameters by an exact permutation with signs, no interpolation: for regular
    to regular there are order * kernel_size^2 for each pair of copies. One parameter for each pair of blocks, [out
    copies, in copies, free]; biases lie along invariant channels. All start as those of `nn.Conv2d` of equal size.

    Turns of the image turn the output exactly when (size + 2 padding - kernel_size) is a multiple of `stride`; a
    size for which it is not raises ValueError. So do fibres between which there is no kernel but 0, and a padding mode
    that is neither "zeros" nor "circular". A block of the output that no kernel reaches is 0, or its bias.

    >>> conv = GroupConv2d("C4", [(1, "trivial")], [(2, "regular")], 3, padding=1)
    >>> image = torch.randn(1, 1, 6, 6)
    >>> torch.allclose(conv(conv.into.act(image, 1)), conv.out.act(conv(image), 1), atol=1e-5)
    True
    """

    fixed: Tensor

    def __init__(
        self,
        group: str,
        into: Blocks,
        out: Blocks,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        padding_mode: Literal["zeros", "circular"] = "zeros",
        bias: bool = True,
    ) -> None:
        super().__init__()
        if padding_mode not in ("zeros", "circular"):
            raise ValueError(f'padding_mode is "zeros" or "circular", not {padding_mode!r}')
        self.group, self.into, self.out = group, Fibres(group, into), Fibres(group, out)
        self.kernel_size, self.stride, self.padding, self.padding_mode = kernel_size, stride, padding, padding_mode
        self.weight = nn.ParameterList()
        self.pairs: list[list[int | None]] = [
            [self._pair(o, i) for i in range(len(self.into))] for o in range(len(self.out))
        ]
        if not len(self.weight):
            raise ValueError(f"there is no kernel but 0 of size {kernel_size}")
        self.bias = self._invariant_bias() if bias else None
        self.reset_parameters()

    def _pair(self, o: int, i: int) -> int | None:
        """Register the parameter of a pair of blocks; its number, or None where only the kernel 0 is equivariant."""
        (out_copies, out), (in_copies, into) = self.out[o], self.into[i]
        with torch.device("cpu"):
            entry, sign, free = kernel_orbits(out, into, self.kernel_size, self.kernel_size)
            signed = not bool((sign == 1).all())
        if not free:
            return None
        number = len(self.weight)
        self.weight.append(nn.Parameter(torch.empty(out_copies, in_copies, free)))
        self.constant(f"entry{number}", entry.reshape(out.dim, 1, -1))
        if signed:
            self.constant(f"sign{number}", sign.reshape(out.dim, 1, -1))
        return number

    def _invariant_bias(self) -> nn.Parameter | None:
        """One parameter for each copy of each fixed vector of the fibres."""
        blocks = []
        for copies, fibre in self.out:
            one = Fibre(fibre.group, ((0, 1),), None if fibre.mirror is None else ((0, 1),))
            with torch.device("cpu"):
                entry, sign, free = kernel_orbits(fibre, one, 1, 1)
                row = torch.arange(free, dtype=torch.int64).unsqueeze(-1)
                blocks += [(entry.flatten() == row) * sign.flatten()] * copies
        spread = torch.block_diag(*blocks)
        if not len(spread):
            return None
        self.constant("fixed", spread)
        return nn.Parameter(torch.empty(len(spread)))

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        bound = 1 / math.sqrt(self.into.channels * self.kernel_size**2)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def assemble(self) -> Dense:
        """The kernel [out channels, in channels, kernel_size, kernel_size] and the bias."""
        rows = []
        for (out_copies, out), numbers in zip(self.out, self.pairs, strict=True):
            row = [self._expand(out_copies, out, i, number) for i, number in enumerate(numbers)]
            rows.append(row[0] if len(row) == 1 else torch.cat(row, 1))
        bias = None if self.bias is None else self.bias @ self.fixed
        return rows[0] if len(rows) == 1 else torch.cat(rows), bias

    def _expand(self, out_copies: int, out: Fibre, i: int, number: int | None) -> Tensor:
        in_copies, into = self.into[i]
        shape = (out_copies * out.dim, in_copies * into.dim, self.kernel_size, self.kernel_size)
        if number is None:
            return self.weight[0].new_zeros(shape)
        free, entry = self.weight[number], getattr(self, f"entry{number}")
        sizes = (out_copies, out.dim, in_copies, -1)
        spread = free.unsqueeze(1).expand(sizes).gather(-1, entry.expand(sizes))
        sign = getattr(self, f"sign{number}", None)
        return (spread if sign is None else spread * sign).reshape(shape)

    def forward(self, x: Tensor) -> Tensor:
        """[..., into.channels, height, width] -> [..., out.channels, new height, new width]."""
        check_turns(x, self.kernel_size, self.stride, self.padding)
        return convolve(x, *self.assembled(), self.stride, self.padding, self.padding_mode)

    def extra_repr(self) -> str:
        """The group, the channels and the geometry."""
        sizes = f"{self.group}, {self.into.channels} -> {self.out.channels}, kernel_size={self.kernel_size}"
        return f"{sizes}, stride={self.stride}, padding={self.padding}, padding_mode={self.padding_mode!r}"


class InvariantPool(nn.Module):
    """What is invariant in each copy of a fibre: its largest entry where it permutes, else its norm.

    [..., channels, height, width] -> [..., copies, height, width], on which the group acts by moving the grid alone.
    """

    def __init__(self, group: str, fibres: Blocks) -> None:
        super().__init__()
        self.fibres = Fibres(group, fibres)

    def forward(self, x: Tensor) -> Tensor:
        """Pool over the fibres."""
        blocks = [
            y.amax(-3) if fibre.permutes else (y.square().sum(-3) + 1e-12).sqrt() for y, fibre in _split(self.fibres, x)
        ]
        return _joined(blocks)


class FibreActivation(nn.Module):
    """A pointwise activation where the fibre permutes; else each copy x becomes `x sigmoid(|x| + b)` with its own b."""

    def __init__(self, group: str, fibres: Blocks, activation: Callable[[Tensor], Tensor] = F.relu) -> None:
        super().__init__()
        self.fibres, self.activation = Fibres(group, fibres), activation
        self.bias = nn.Parameter(torch.zeros(sum(copies for copies, fibre in self.fibres if not fibre.permutes)))

    def forward(self, x: Tensor) -> Tensor:
        """[..., channels, height, width] -> the same."""
        biases = iter(self.bias.split([copies for copies, fibre in self.fibres if not fibre.permutes]))
        blocks = []
        for y, fibre in _split(self.fibres, x):
            if fibre.permutes:
                blocks.append(self.activation(y))
            else:
                norm = (y.square().sum(-3, keepdim=True) + 1e-12).sqrt()
                blocks.append(y * torch.sigmoid(norm + next(biases)[:, None, None, None]))
        return _joined([y.flatten(-4, -3) for y in blocks])


class FibreBatchNorm2d(nn.Module):
    """Batch normalisation with one mean, variance, scale and shift for each copy of a fibre: over whole orbits.

    [batch, channels, height, width] -> the same. Raises ValueError for a fibre that does not permute its channels: its
    mean is not invariant.
    """

    def __init__(self, group: str, fibres: Blocks, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.fibres = Fibres(group, fibres)
        for copies, fibre in self.fibres:
            if not fibre.permutes:
                raise ValueError(
                    f"the block of {copies} x {fibre.turn} does not permute its channels: no mean is fixed"
                )
        self.norms = nn.ModuleList(nn.BatchNorm3d(copies, eps, momentum) for copies, _ in self.fibres)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        parts = zip(self.norms, _split(self.fibres, x), strict=True)
        return _joined([norm(y).flatten(1, 2) for norm, (y, _) in parts])


def check_turns(x: Tensor, kernel_size: int, stride: int, padding: int) -> None:
    """Raise ValueError where a quarter turn of the image does not turn the places at which the kernel stands."""
    if stride == 1:
        return
    for size in x.shape[-2:]:
        if (size + 2 * padding - kernel_size) % stride:
            raise ValueError(
                f"a stride of {stride} breaks the turns of an image of size {size}:"
                f" ({size} + 2*{padding} - {kernel_size}) is no multiple of {stride}; change the padding or kernel_size"
            )


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int, padding_mode: str) -> Tensor:
    """A convolution with zeros or copies around the image, for any number of leading axes."""
    if x.dim() != 4:
        y = convolve(x.reshape(-1, *x.shape[-3:]), weight, bias, stride, padding, padding_mode)
        return y.reshape(*x.shape[:-3], *y.shape[-3:])
    if padding_mode == "circular" and padding:
        x, padding = F.pad(x, (padding,) * 4, mode="circular"), 0
    return F.conv2d(x, weight, bias, stride, padding)


def _split(fibres: Fibres, x: Tensor) -> list[tuple[Tensor, Fibre]]:
    """The blocks as [..., copies, fibre.dim, height, width]."""
    parts = x.split([copies * fibre.dim for copies, fibre in fibres], -3)
    return [(part.unflatten(-3, (copies, f.dim)), f) for part, (copies, f) in zip(parts, fibres, strict=True)]


def _joined(blocks: list[Tensor]) -> Tensor:
    """The blocks as channels of one image."""
    return blocks[0] if len(blocks) == 1 else torch.cat(blocks, -3)
