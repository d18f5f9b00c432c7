"""Linear maps between direct sums of representations, block by block."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, SupportsFloat

import torch
from torch import Tensor, nn

from catnet.nn.intertwiner import Intertwiner


@dataclass(frozen=True)
class Block:
    """Copies of one summand of the input that reach copies of one summand of the output, by a basis of maps.

    `basis` has the entries `{(row, column): number}` of each element; None stands for the identity alone, as between
    equal irreducibles (Schur). `invariants` span the fixed vectors of the output summand, for a bias.
    """

    source_start: int
    source_count: int
    source_dim: int
    target_start: int
    target_count: int
    target_dim: int
    basis: Sequence[Mapping[tuple[int, int], SupportsFloat]] | None
    invariants: Sequence[Mapping[int, SupportsFloat]] = ()


class Mixing(nn.Module):
    """Mixes copies of one irreducible: [..., source_count * dim] -> [..., target_count * dim], copy after copy."""

    def __init__(self, target_count: int, source_count: int, dim: int, bias: bool) -> None:
        super().__init__()
        self.dim = dim
        self.weight = nn.Parameter(torch.empty(target_count, source_count, 1))
        self.bias = nn.Parameter(torch.empty(target_count, 1)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters, with the variance of `nn.Linear`."""
        bound = 1 / math.sqrt(self.weight.shape[1])
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        """The mixed copies."""
        weight = self.weight.squeeze(-1)
        if self.dim == 1:
            return nn.functional.linear(x, weight, None if self.bias is None else self.bias.squeeze(-1))
        y = (weight @ x.unflatten(-1, (-1, self.dim))).flatten(-2)
        return y if self.bias is None else y + self.bias.expand(-1, self.dim).flatten()


class Blockwise(nn.Module):
    """The intertwiners between two direct sums: one map for each pair of summands that has any.

    [..., in_dim] -> [..., out_dim]; a summand of the output that no map reaches is 0. Parameters: `parts.k.weight`
    [target_count, source_count, elements] and, where the bias has somewhere to lie, `parts.k.bias`.

    >>> copies = Blockwise([Block(0, 2, 3, 0, 1, 3, None)], 3, 6)
    >>> copies(torch.zeros(5, 6)).shape
    torch.Size([5, 3])
    """

    def __init__(self, blocks: Sequence[Block], out_dim: int, in_dim: int) -> None:
        super().__init__()
        self.out_dim, self.in_dim = out_dim, in_dim
        self.blocks = [(b.source_start, b.source_count * b.source_dim, b.target_start) for b in blocks]
        self.parts = nn.ModuleList(map(_part, blocks))
        ends = {b.target_start: b.target_start + b.target_count * b.target_dim for b in blocks}
        self.rows = _rows(ends, out_dim)

    def forward(self, x: Tensor) -> Tensor:
        """The image of each vector along the last axis."""
        sums: dict[int, Tensor] = {}
        for (start, width, target), part in zip(self.blocks, self.parts, strict=True):
            y = part(x if width == self.in_dim else x.narrow(-1, start, width))
            sums[target] = sums[target] + y if target in sums else y
        pieces = [sums[a] if a in sums else x.new_zeros((*x.shape[:-1], b - a)) for a, b in self.rows]
        return pieces[0] if len(pieces) == 1 else torch.cat(pieces, -1)

    def extra_repr(self) -> str:
        """The dimensions."""
        return f"{self.in_dim} -> {self.out_dim}"


def _part(block: Block) -> Any:
    if block.basis is None:
        return Mixing(block.target_count, block.source_count, block.source_dim, bool(block.invariants))
    return Intertwiner(
        block.basis, block.target_dim, block.source_dim, block.target_count, block.source_count, block.invariants
    )


def _rows(ends: Mapping[int, int], out_dim: int) -> list[tuple[int, int]]:
    """The stretches of the output: those that maps reach, and the gaps between them."""
    rows, at = [], 0
    for start in sorted(ends):
        if at < start:
            rows.append((at, start))
        rows.append((start, ends[start]))
        at = ends[start]
    return [*rows, (at, out_dim)] if at < out_dim else rows
