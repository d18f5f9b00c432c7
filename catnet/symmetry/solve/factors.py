"""Products of groups: the maps that commute with a product are the tensor products of those of its factors."""

from __future__ import annotations

import math
from functools import reduce
from itertools import product

from catnet.symmetry.groups import Group
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_leaves import Trivial
from catnet.symmetry.reps_nodes import Tensor, tensor_product
from catnet.symmetry.reps_outer import Outer
from catnet.symmetry.solve.linear import Element
from catnet.symmetry.solve.solution import Solution
from catnet.symmetry.solve.words import factors_of


def by_factors(source: Rep, target: Rep, budget: int) -> Solution | None:
    """The intertwiners factor by factor; None where a representation is no product of ones of the factors."""
    factors = factors_of(source.group)
    read, written = _table(source, factors), _table(target, factors)
    if len(factors) < 2 or read is None or written is None:
        return None
    from catnet.symmetry.intertwiners import hom  # each factor is a problem of its own, with sums in it

    parts = [hom(_column(read, k, factor), _column(written, k, factor), budget) for k, factor in enumerate(factors)]
    sizes = [part.dimension for part in parts]
    if not all(isinstance(size, int) for size in sizes):
        return None

    def make() -> list[Element]:
        rows, columns = _places(written), _places(read)
        shapes = [(part.target.number(), part.source.number()) for part in parts]
        return [
            {(rows[i], columns[j]): x for (i, j), x in reduce(_kron, zip(chosen, shapes, strict=True))[0].items()}
            for chosen in product(*(part.elements for part in parts))
        ]

    least: dict[str, int] = {}
    for part in parts:
        for name, start in part.from_n.items():
            least[name] = max(start, least.get(name, 1))
    dimension = math.prod(size for size in sizes if isinstance(size, int))
    return Solution(max(part.tier for part in parts), dimension, make, None, least)


_Table = list[list[Rep]]
"""A representation of a product as a tensor product of outer ones: a row for each, a column for each factor."""


def _table(rep: Rep, factors: tuple[Group, ...]) -> _Table | None:
    if isinstance(rep, Tensor):
        rows = [_table(part, factors) for part in rep.factors]
        return None if None in rows else [row for part in rows for row in part or ()]
    if isinstance(rep, Trivial):
        return [[Trivial(factor) for factor in factors]]
    if isinstance(rep, Outer) and [part.group for part in rep.parts] == list(factors):
        return [list(rep.parts)]
    return None


def _column(table: _Table, which: int, factor: Group) -> Rep:
    return tensor_product([row[which] for row in table]) if table else Trivial(factor)


def _places(table: _Table) -> list[int]:
    """For each index with the axes of one factor side by side, the index in the order of the representation."""
    sizes = [[part.number() for part in row] for row in table]
    axes = [(row, k) for k in range(len(table[0])) for row in range(len(table))]
    strides: dict[tuple[int, int], int] = {}
    stride = 1
    for row in reversed(range(len(table))):
        for k in reversed(range(len(table[0]))):
            strides[row, k] = stride
            stride *= sizes[row][k]
    found = [0]
    for row, k in axes:
        found = [at + strides[row, k] * i for at in found for i in range(sizes[row][k])]
    return found


def _kron(
    left: tuple[Element, tuple[int, int]], right: tuple[Element, tuple[int, int]]
) -> tuple[Element, tuple[int, int]]:
    """The tensor product of two matrices, with their shapes."""
    (a, (rows, columns)), (b, (m, n)) = left, right
    return {(i * m + k, j * n + p): x * y for (i, j), x in a.items() for (k, p), y in b.items()}, (
        rows * m,
        columns * n,
    )
