"""Dimensions of spaces of intertwiners by formulas that have nothing to do with the solver.

Tensor invariants of the classical groups count standard Young tableaux (Weyl's duality): of shapes with even rows
for O(n), even columns for Sp(n), pairs of tableaux of one shape for GL(n), each with at most n rows; partitions of
a set for S(n).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import comb, factorial, prod


def bell(k: int, most: int | None = None) -> int:
    """Partitions of k things into at most `most` blocks: surjections by inclusion and exclusion."""
    limit = k if most is None else min(k, most)
    return sum(sum((-1) ** (b - j) * comb(b, j) * j**k for j in range(b + 1)) // factorial(b) for b in range(limit + 1))


def shapes(size: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    if size == 0:
        yield ()
        return
    for row in range(min(size, largest or size), 0, -1):
        for rest in shapes(size - row, row):
            yield (row, *rest)


@lru_cache
def tableaux(shape: tuple[int, ...]) -> int:
    """Standard Young tableaux, by hook lengths."""
    columns = transposed(shape)
    hooks = prod(row - j + columns[j] - i - 1 for i, row in enumerate(shape) for j in range(row))
    return factorial(sum(shape)) // hooks


def transposed(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sum(row > j for row in shape) for j in range(shape[0] if shape else 0))


def orthogonal(n: int, rank: int) -> int:
    return sum(tableaux(s) for s in shapes(rank) if len(s) <= n and all(row % 2 == 0 for row in s))


def special_orthogonal(n: int, rank: int) -> int:
    return orthogonal(n, rank) + sum(
        tableaux(s) for s in shapes(rank) if len(s) == n and all(row % 2 == 1 for row in s)
    )


def symplectic(n: int, rank: int) -> int:
    return sum(tableaux(s) for s in shapes(rank) if len(s) <= n and all(c % 2 == 0 for c in transposed(s)))


def linear(n: int, k: int) -> int:
    return sum(tableaux(s) ** 2 for s in shapes(k) if len(s) <= n)


def riordan(rank: int) -> int:
    """Invariants of SO(3) vectors: the weights 0 less the weights 1 of (x + 1 + 1/x)^rank."""
    weights = {0: 1}
    for _ in range(rank):
        weights = {m: sum(weights.get(m + d, 0) for d in (-1, 0, 1)) for m in range(-rank, rank + 1)}
    return weights[0] - weights.get(1, 0)
