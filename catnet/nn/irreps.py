"""Vectors that are sums of irreducible representations of O(3): their blocks and where each stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from torch import Tensor

_BLOCK = re.compile(r"(?:(\d+)\s*x\s*)?(\d+)([eo])")


class Block(NamedTuple):
    """`mul` copies of the irreducible representation of degree `l` and parity +1 (even) or -1 (odd)."""

    mul: int
    l: int  # noqa: E741
    parity: int

    @property
    def width(self) -> int:
        """The dimension of one copy, 2 l + 1."""
        return 2 * self.l + 1

    @property
    def dim(self) -> int:
        """The entries of the block, mul * (2 l + 1)."""
        return self.mul * self.width

    @property
    def irrep(self) -> tuple[int, int]:
        """The representation without its multiplicity."""
        return self.l, self.parity

    def __str__(self) -> str:
        return f"{self.mul}x{self.l}{'e' if self.parity > 0 else 'o'}"


class Irreps(tuple[Block, ...]):
    """A sum of irreducible representations of O(3), as the layout of a flat last axis.

    >>> V = Irreps("8x0e + 4x1o")
    >>> V.dim, [(str(block), part.start, part.stop) for block, part in V.parts()]
    (20, [('8x0e', 0, 8), ('4x1o', 8, 20)])
    >>> Irreps("2") # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: `2` is not a sum of blocks such as `8x0e + 4x1o`...
    """

    __slots__ = ()

    def __new__(cls, blocks: str | Iterable[tuple[int, int, int]]) -> Irreps:
        """From text, or from blocks `(mul, l, parity)`. Raises ValueError for what is neither."""
        if isinstance(blocks, Irreps):
            return blocks
        found = (
            [_read(b, blocks) for b in blocks.split("+")] if isinstance(blocks, str) else [Block(*b) for b in blocks]
        )
        for block in found:
            if block.mul < 1 or block.l < 0 or block.parity not in (1, -1):
                raise ValueError(f"{tuple(block)} is not a block: at least one copy, l >= 0, parity 1 or -1")
        return super().__new__(cls, found)

    @property
    def dim(self) -> int:
        """The length of the axis."""
        return sum(block.dim for block in self)

    @property
    def copies(self) -> int:
        """The number of irreducible copies."""
        return sum(block.mul for block in self)

    def parts(self) -> Iterator[tuple[Block, slice]]:
        """The blocks and their places on the axis."""
        start = 0
        for block in self:
            yield block, slice(start, start + block.dim)
            start += block.dim

    def split(self, x: Tensor) -> list[Tensor]:
        """The blocks of `x` of shape [..., dim] as views of shape [..., mul, 2 l + 1].

        Raises ValueError where the last axis has another length.
        """
        if x.shape[-1] != self.dim:
            raise ValueError(f"the last axis has length {x.shape[-1]}; {self} has dimension {self.dim}")
        return [
            part.unflatten(-1, (b.mul, b.width))
            for b, part in zip(self, x.split([b.dim for b in self], -1), strict=True)
        ]

    def __str__(self) -> str:
        return " + ".join(map(str, self))

    def __repr__(self) -> str:
        return f"Irreps('{self}')"

    def __getnewargs__(self) -> tuple[tuple[Block, ...]]:
        return (tuple(self),)


def _read(text: str, whole: str) -> Block:
    match = _BLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"`{whole}` is not a sum of blocks such as `8x0e + 4x1o`: copies, x, degree, e for even or o for odd"
        )
    mul, degree, parity = match.groups()
    return Block(int(mul or 1), int(degree), 1 if parity == "e" else -1)
