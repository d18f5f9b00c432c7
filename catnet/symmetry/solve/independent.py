"""Which diagrams are independent, and from which n all of them are.

Diagrams are multilinear forms in one vector for each leg. Their values at random integer points, modulo a prime,
have a rank that is at most the rank of the diagrams: what is found independent there is independent, proved. That
none was missed is what the count by characters says.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import prod

from catnet.symmetry.solve.diagrams import Block, Diagram, Family, Leg, Space, all_diagrams, double_factorial
from catnet.symmetry.solve.modular import PRIMES, rank


def independent(diagrams: Sequence[Diagram]) -> list[Diagram]:
    """A maximal independent choice of the diagrams, the earlier ones first; n must be known.

    Set partitions into at most n blocks are independent as they are: in terms of tensors that are 1 where exactly
    the blocks are equal, they are triangular.
    """
    if not diagrams or all(block.joint == "same" for diagram in diagrams for block in diagram.blocks):
        return list(diagrams)
    prime, seed = PRIMES[0], random.Random(len(diagrams))
    columns = []
    for _ in range(len(diagrams) + 8):
        point = _Point(diagrams[0].spaces, diagrams[0].legs, seed, prime)
        columns.append([point.value(diagram) for diagram in diagrams])
    rows = [[column[i] for column in columns] for i in range(len(diagrams))]
    return [diagrams[i] for i in rank(rows, prime)]


class _Point:
    """One random vector for each leg, and the values of joints there, each worked out once."""

    def __init__(self, spaces: tuple[Space, ...], legs: tuple[Leg, ...], seed: random.Random, prime: int) -> None:
        self.spaces, self.legs, self.prime = spaces, legs, prime
        self.vectors = [[seed.randrange(prime) for _ in range(spaces[leg.factor].size or 0)] for leg in legs]
        self.known: dict[Block, int] = {}

    def value(self, diagram: Diagram) -> int:
        found = 1
        for block in diagram.blocks:
            if block not in self.known:
                self.known[block] = self._joint(block)
            found = found * self.known[block] % self.prime
        return found

    def _joint(self, block: Block) -> int:
        space = self.spaces[self.legs[block.legs[0]].factor]
        size = space.size or 0
        chosen = [self.vectors[leg] for leg in block.legs]
        if block.joint == "same":
            return sum(prod(vector[i] for vector in chosen) for i in range(size)) % self.prime
        if block.joint == "epsilon":
            lowered = [
                vector if self.legs[leg].upper else [space.sign(i) * x for i, x in enumerate(vector)]
                for leg, vector in zip(block.legs, chosen, strict=True)
            ]
            return _determinant(lowered, self.prime)
        a, b = chosen
        if self.legs[block.legs[0]].upper != self.legs[block.legs[1]].upper:
            return sum(x * y for x, y in zip(a, b, strict=True)) % self.prime
        if space.family == "Sp":
            half = size // 2
            return sum(a[i] * b[i + half] - a[i + half] * b[i] for i in range(half)) % self.prime
        return sum(space.sign(i) * x * y for i, (x, y) in enumerate(zip(a, b, strict=True))) % self.prime


def _determinant(rows: list[list[int]], prime: int) -> int:
    rows, value = [list(row) for row in rows], 1
    for i in range(len(rows)):
        pivot = next((j for j in range(i, len(rows)) if rows[j][i]), None)
        if pivot is None:
            return 0
        if pivot != i:
            rows[i], rows[pivot], value = rows[pivot], rows[i], -value
        value = value * rows[i][i] % prime
        inverse = pow(rows[i][i], -1, prime)
        for j in range(i + 1, len(rows)):
            factor = rows[j][i] * inverse % prime
            if factor:
                rows[j] = [(x - factor * y) % prime for x, y in zip(rows[j], rows[i], strict=True)]
    return value % prime


def independent_from(space: Space, legs: Sequence[Leg]) -> int:
    """The least n from which on all diagrams of one factor on its legs are independent.

    The inner products of diagrams are powers of n: the Gram matrix is a matrix of polynomials. For large n its
    diagonal dominates; below that, its rank is found for each n. So the answer is proved for all n, without the
    determinant as a polynomial. Above `_EXPANDED` diagrams the second fundamental theorems answer (Weyl, 1939):
    the first relation between diagrams of k pairs comes from an antisymmetriser of k + 1 indices.

    >>> [independent_from(Space("S", None), [Leg(0, True)] * k) for k in (1, 2, 3)]
    [1, 2, 3]
    >>> independent_from(Space("O", None), [Leg(0, True)] * 6)
    3
    """
    if space.family == "S" or double_factorial(len(legs)) > _EXPANDED:
        return enough(space, len(legs))
    step = 2 if space.family == "Sp" else 1
    diagrams = list(all_diagrams((Space(_closed(space), None),), tuple(Leg(0, leg.output, leg.dual) for leg in legs)))
    if not diagrams:
        return step
    exponents = [[_loops(a, b) for b in diagrams] for a in diagrams]
    sign = -1 if space.family == "Sp" else 1
    bad = [n for n in range(step, _dominant(exponents) + 1, step) if not _regular(exponents, sign * n)]
    return max(bad, default=0) + step


_EXPANDED = 120  # diagrams


def enough(space: Space, legs: int) -> int:
    """An n from which on all diagrams on so many legs are independent, by the second fundamental theorems."""
    if space.family == "S":
        return max(legs, 1)
    pairs = max(legs // 2, 1)
    return 2 * pairs if space.family == "Sp" else pairs  # the size of Sp is twice its rank


def _closed(space: Space) -> Family:
    return "O" if space.family in ("SO", "Sp") else space.family  # epsilons are not there for every n


def _loops(a: Diagram, b: Diagram) -> int:
    """The number of closed loops when two pairings are laid on each other."""
    after = {}
    for diagram, side in ((a, 0), (b, 1)):
        for block in diagram.blocks:
            i, j = block.legs
            after[i, side], after[j, side] = j, i
    seen: set[int] = set()
    loops = 0
    for start in range(len(a.legs)):
        if start not in seen:
            loops += 1
            leg = start
            while leg not in seen:
                seen.add(leg)
                other = after[leg, 0]
                seen.add(other)
                leg = after[other, 1]
    return loops


def _dominant(exponents: list[list[int]]) -> int:
    """The least n from which on the diagonal of the matrix of powers n^e outweighs the rest of each row."""
    n = 1
    while any(2 * n ** row[i] <= sum(n**e for e in row) for i, row in enumerate(exponents)):
        n += 1
    return n


def _regular(exponents: list[list[int]], n: int) -> bool:
    powers = [n**e for e in range(max(map(max, exponents)) + 1)]
    return len(rank([[powers[e] for e in row] for row in exponents])) == len(exponents)
