"""Coordinate independent convolution on grids whose structure group is a mirror: plane, cylinder and Moebius strip."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from catnet.nn.bundles.mirror_fields import MirrorFields
from catnet.nn.exact import Assembled, Dense
from catnet.nn.group_convolution import convolve

Seam = Literal["moebius", "cylinder", "plane"]


class StripConv2d(Assembled):
    """A convolution of fields on a strip that does not depend on where the strip is cut.

    It is coordinate independent convolution (Weiler, Forre, Verlinde, Welling, 2021) for the group of a mirror. An
    image [..., channels, height, width] is a strip: the height goes across it, the width along. At the seam the right
    end meets the left: as it is (`cylinder`), mirrored across (`moebius`), or not at all (`plane`, zeros around). The
    transition at the Moebius seam mirrors the rows and acts on the channels; the columns that a kernel reaches beyond
    the seam are put there by it. The border across is padded with zeros. The size of the image stays.

    The kernel satisfies rho_out K(mirrored) rho_in^-1 = K exactly, by permuted and signed entries: about half as many
    parameters as that of `nn.Conv2d`. So the layer commutes with shifts along the strip, through the seam, and with the
    mirror. There is no stride: a strided grid would be another one after a shift.

    `into` and `out` are blocks (copies, field) of `MirrorFields`. Raises ValueError for another seam or an even kernel.

    >>> conv = StripConv2d([(1, "trivial")], [(2, "sign"), (3, "regular")], 3)
    >>> image = torch.randn(1, 1, 5, 8)
    >>> moved = conv.out.shift(conv(image), 3)
    >>> torch.allclose(conv(conv.into.shift(image, 3)), moved, atol=1e-5)
    True
    """

    entry: Tensor
    sign: Tensor
    fixed: Tensor

    def __init__(
        self,
        into: Sequence[tuple[int, str]],
        out: Sequence[tuple[int, str]],
        kernel_size: int,
        seam: Seam = "moebius",
        bias: bool = True,
    ) -> None:
        super().__init__()
        if seam not in ("moebius", "cylinder", "plane"):
            raise ValueError(f'the seam is "moebius", "cylinder" or "plane", not {seam!r}')
        if kernel_size % 2 == 0:
            raise ValueError(f"the kernel needs a centre: its size is odd, not {kernel_size}")
        self.into, self.out, self.kernel_size = MirrorFields(into), MirrorFields(out), kernel_size
        self.seam: Seam = seam
        with torch.device("cpu"):
            entry, sign, free = _orbits(self.into, self.out, kernel_size)
            self.constant("entry", entry)
            self.constant("sign", sign)
            fixed = self.out.invariants()
        self.weight = nn.Parameter(torch.empty(free))
        self.bias = nn.Parameter(torch.empty(len(fixed))) if bias and len(fixed) else None
        if self.bias is not None:
            self.constant("fixed", fixed)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters, of the size of those of `nn.Conv2d`."""
        bound = 1 / math.sqrt(self.into.channels * self.kernel_size**2)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def assemble(self) -> Dense:
        """The kernel [out channels, in channels, size, size] and the bias."""
        shape = (self.out.channels, self.into.channels, self.kernel_size, self.kernel_size)
        kernel = (self.weight[self.entry] * self.sign).reshape(shape)
        return kernel, None if self.bias is None else self.bias @ self.fixed

    def forward(self, x: Tensor) -> Tensor:
        """[..., into.channels, height, width] to [..., out.channels, height, width]."""
        reach = self.kernel_size // 2
        wide = pad_strip(x, self.into, reach, self.seam)
        return convolve(wide, *self.assembled(), 1, 0, "zeros")

    def extra_repr(self) -> str:
        """The fields and the seam."""
        return f"{list(self.into)} -> {list(self.out)}, kernel_size={self.kernel_size}, seam={self.seam!r}"


def pad_strip(x: Tensor, fields: MirrorFields, reach: int, seam: Seam) -> Tensor:
    """An image with `reach` more columns at either end, from beyond the seam, and as many rows of zeros.

    Raises ValueError for a strip that is shorter than `reach`, or another number of channels.
    """
    fields.check(x)
    if seam != "plane" and reach:
        if x.shape[-1] < reach:
            raise ValueError(f"a kernel that reaches {reach} columns needs a strip as long, not {x.shape[-1]}")
        left, right = x[..., -reach:], x[..., :reach]
        if seam == "moebius":
            left, right = fields.mirror(left), fields.mirror(right)
        x = torch.cat([left, x, right], -1)
    across = reach if seam == "plane" else 0
    return F.pad(x, (across, across, reach, reach))


def _orbits(into: MirrorFields, out: MirrorFields, size: int) -> tuple[Tensor, Tensor, int]:
    """For each entry of the kernel the number of its parameter and its sign, 0 where it is its own negative."""
    o, i, h, w = torch.meshgrid(*(torch.arange(n) for n in (out.channels, into.channels, size, size)), indexing="ij")
    place = ((o * into.channels + i) * size + h) * size + w
    partner = ((out.partner[o] * into.channels + into.partner[i]) * size + (size - 1 - h)) * size + w
    relative = out.signs[o] * into.signs[i]
    first = torch.minimum(place, partner)
    sign = torch.where(place == first, torch.ones_like(relative), relative)
    sign = torch.where((place == partner) & (relative < 0), torch.zeros_like(relative), sign)
    used, entry = torch.unique(torch.where(sign != 0, first, -1), return_inverse=True)
    entry = entry - int(used[0] < 0)
    return entry.clamp_min(0).flatten(), sign.flatten(), int((used >= 0).sum())


class StripActivation(nn.Module):
    """A pointwise activation of trivial and regular fields; a sign field x becomes x sigmoid(|x| + b)."""

    def __init__(self, fields: Sequence[tuple[int, str]], activation: Callable[[Tensor], Tensor] = F.relu) -> None:
        super().__init__()
        self.fields, self.activation = MirrorFields(fields), activation
        self.bias = nn.Parameter(torch.zeros(sum(copies for copies, name in self.fields if name == "sign")))

    def forward(self, x: Tensor) -> Tensor:
        """[..., channels, height, width] to the same."""
        biases = iter(self.bias.split([copies for copies, name in self.fields if name == "sign"]))
        blocks = []
        for part, (_, name) in zip(self.fields.split(x), self.fields, strict=True):
            if name == "sign":
                part = part * torch.sigmoid(part.abs() + next(biases)[:, None, None, None])
            else:
                part = self.activation(part)
            blocks.append(part.flatten(-4, -3))
        return torch.cat(blocks, -3)


class StripPool(nn.Module):
    """The mean over the whole strip of what is invariant: a trivial field, |x| of a sign field, the larger of a pair.

    [..., channels, height, width] to [..., copies]: shifts along the strip and the mirror leave it as it is.
    """

    def __init__(self, fields: Sequence[tuple[int, str]]) -> None:
        super().__init__()
        self.fields = MirrorFields(fields)

    def forward(self, x: Tensor) -> Tensor:
        """Pool."""
        parts = zip(self.fields.split(x), self.fields, strict=True)
        kept = [part.abs().amax(-3) if name == "sign" else part.amax(-3) for part, (_, name) in parts]
        return torch.cat(kept, -3).mean((-2, -1))
