"""Fields on a strip on which its mirror acts: even numbers, odd numbers, and pairs that it exchanges."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

_DIMS = {"trivial": 1, "sign": 1, "regular": 2}


class MirrorFields(tuple[tuple[int, str], ...]):
    """Representations of the group of a mirror as the layout of channels: blocks (copies, field).

    "trivial" is a number that stays, "sign" one that changes its sign, "regular" a pair that is exchanged. Images are
    [..., channels, height, width]; the mirror exchanges the rows, top and bottom, and acts on the channels. Raises
    ValueError for another field, or no copies.

    >>> fields = MirrorFields([(1, "trivial"), (1, "sign"), (1, "regular")])
    >>> fields.mirror(torch.arange(4.0).reshape(4, 1, 1)).flatten()
    tensor([ 0., -1.,  3.,  2.])
    """

    def __new__(cls, blocks: Sequence[tuple[int, str]]) -> MirrorFields:
        """From blocks."""
        for copies, name in blocks:
            if copies < 1 or name not in _DIMS:
                raise ValueError(f'a block is (copies, "trivial", "sign" or "regular"), not {(copies, name)}')
        return super().__new__(cls, [(int(copies), name) for copies, name in blocks])

    def __getnewargs__(self) -> tuple[tuple[tuple[int, str], ...]]:
        return (tuple(self),)

    @property
    def channels(self) -> int:
        """The number of channels."""
        return sum(copies * _DIMS[name] for copies, name in self)

    @property
    def partner(self) -> Tensor:
        """The channel to which the mirror sends each channel, [channels]."""
        found: list[int] = []
        for copies, name in self:
            for _ in range(copies):
                here = len(found)
                found += [here + 1, here] if name == "regular" else [here]
        return torch.tensor(found)

    @property
    def signs(self) -> Tensor:
        """The sign that the mirror gives each channel, float64 [channels]."""
        signs = [-1.0 if name == "sign" else 1.0 for copies, name in self for _ in range(copies * _DIMS[name])]
        return torch.tensor(signs, dtype=torch.float64)

    def invariants(self) -> Tensor:
        """The channels' vectors that the mirror leaves, float64 [count, channels]: what a bias may be."""
        rows, start = [], 0
        for copies, name in self:
            for _ in range(copies):
                if name != "sign":
                    row = torch.zeros(self.channels, dtype=torch.float64)
                    row[start : start + _DIMS[name]] = 1
                    rows.append(row)
                start += _DIMS[name]
        return torch.stack(rows) if rows else torch.zeros(0, self.channels, dtype=torch.float64)

    def check(self, x: Tensor) -> None:
        """Raise ValueError for an image with another number of channels."""
        if x.dim() < 3 or x.shape[-3] != self.channels:
            raise ValueError(f"an image is [..., {self.channels}, height, width] for {list(self)}, not {[*x.shape]}")

    def mirror(self, x: Tensor) -> Tensor:
        """The mirrored image: rows in reverse order, channels moved and signed."""
        self.check(x)
        moved = x.flip(-2).index_select(-3, self.partner.to(x.device))
        return moved * self.signs.to(x)[:, None, None]

    def shift(self, x: Tensor, steps: int) -> Tensor:
        """The image moved along a Moebius strip by `steps` columns to the right; what passes the seam is mirrored.

        A shift by the width is the mirror, one by twice the width the identity.
        """
        width = x.shape[-1]
        turns, rest = divmod(steps, width)
        here = self.mirror(x) if turns % 2 else x
        return torch.cat([self.mirror(here[..., width - rest :]), here[..., : width - rest]], -1)

    def split(self, x: Tensor) -> list[Tensor]:
        """The blocks as [..., copies, 1 or 2, height, width]."""
        self.check(x)
        parts = x.split([copies * _DIMS[name] for copies, name in self], -3)
        return [part.unflatten(-3, (copies, -1)) for part, (copies, _) in zip(parts, self, strict=True)]
