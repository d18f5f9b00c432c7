"""Diagrams: the intertwiners between tensor powers that are known for every n, and hold for symbolic n too.

The legs of a tensor are its axes: those of the output first, then those of the input. A diagram joins legs, and
says how: by one common index (S(n): set partitions), in pairs by the invariant form (O(p, q), Sp(n): Brauer), an
upper leg with a lower one (GL(n), U(n): walled Brauer), n of them by the volume form (SO(n): one epsilon).

By the first fundamental theorems the diagrams of a group span its intertwiners: H. Weyl, The Classical Groups
(1939); for S(n), V. Jones, The Potts model and the symmetric group (1994). From which n they are independent is
the business of `independent`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Literal

from catnet.limits import spend

Family = Literal["S", "O", "SO", "GL", "Sp"]
Joint = Literal["same", "pair", "epsilon"]


@dataclass(frozen=True)
class Space:
    """The natural representation of one factor of a group: its family, its size and its form.

    `size` is None where n is symbolic. `negative` is q of O(p, q): the last q of the squares of the form count
    negatively. For Sp the size is even, and the form pairs i with i + size/2.
    """

    family: Family
    size: int | None
    negative: int = 0

    def sign(self, index: int) -> int:
        """The sign that the form gives to a coordinate."""
        assert self.size is not None
        return -1 if index >= self.size - self.negative else 1


@dataclass(frozen=True)
class Leg:
    """One axis of a tensor: which factor acts on it, and whether its index is upper (an output) or lower.

    Legs of the dual have it the other way round.
    """

    factor: int
    output: bool
    dual: bool = False

    @property
    def upper(self) -> bool:
        return self.output != self.dual


@dataclass(frozen=True)
class Block:
    """Legs that one diagram joins, by their numbers, in increasing order."""

    joint: Joint
    legs: tuple[int, ...]


@dataclass(frozen=True)
class Diagram:
    """A map from tensors to tensors, for every n: what its blocks join, all else is summed or spread."""

    spaces: tuple[Space, ...]
    legs: tuple[Leg, ...]
    blocks: tuple[Block, ...]

    @cached_property
    def outputs(self) -> int:
        """How many legs belong to the output; they come first."""
        return sum(leg.output for leg in self.legs)

    def space(self, leg: int) -> Space:
        """What acts on a leg."""
        return self.spaces[self.legs[leg].factor]

    def entries(self) -> dict[tuple[int, int], int]:
        """The matrix, as {(output index, input index): number}, indices row-major over the legs; n must be known.

        >>> v = Space("S", 2)
        >>> diagram = Diagram((v,), (Leg(0, True), Leg(0, False)), (Block("same", (0,)), Block("same", (1,))))
        >>> diagram.entries()
        {(0, 0): 1, (0, 1): 1, (1, 0): 1, (1, 1): 1}
        """
        strides, inputs = self._strides(), prod(self._sizes()[self.outputs :])
        places, numbers = [0], [1]
        for block in self.blocks:
            moves, factors = [], []
            for chosen, number in self._choices(block):
                moves.append(sum(strides[leg] * i * (inputs if leg < self.outputs else 1) for leg, i in chosen))
                factors.append(number)
            places = [at + move for at in places for move in moves]
            numbers = [x * factor for x in numbers for factor in factors]
        return {divmod(at, inputs): x for at, x in zip(places, numbers, strict=True)}

    def count_entries(self) -> int:
        """How many entries of the matrix are not zero."""
        return prod(self._count_choices(block) for block in self.blocks)

    def _count_choices(self, block: Block) -> int:
        size = self.space(block.legs[0]).size or 0
        return prod(range(1, size + 1)) if block.joint == "epsilon" else size

    def _sizes(self) -> list[int]:
        return [self.space(leg).size or 0 for leg in range(len(self.legs))]

    def _strides(self) -> list[int]:
        sizes, split = self._sizes(), self.outputs
        return [
            prod(sizes[leg + 1 : split]) if leg < split else prod(sizes[leg + 1 :]) for leg in range(len(self.legs))
        ]

    def _choices(self, block: Block) -> Iterator[tuple[list[tuple[int, int]], int]]:
        """The values that the legs of a block take together, with the entry of the joint."""
        space = self.space(block.legs[0])
        size = space.size
        assert size is not None, "a matrix needs a known n"
        if block.joint == "same":
            for i in range(size):
                yield [(leg, i) for leg in block.legs], 1
        elif block.joint == "epsilon":
            for values in itertools.permutations(range(size)):
                lowered = prod(
                    space.sign(i) for leg, i in zip(block.legs, values, strict=True) if not self.legs[leg].upper
                )
                yield list(zip(block.legs, values, strict=True)), parity(values) * lowered
        else:
            a, b = block.legs
            for i in range(size):
                if self.legs[a].upper != self.legs[b].upper:
                    yield [(a, i), (b, i)], 1
                elif space.family == "Sp":
                    half = size // 2
                    yield [(a, i), (b, (i + half) % size)], 1 if i < half else -1
                else:
                    yield [(a, i), (b, i)], space.sign(i)


def parity(values: Sequence[int]) -> int:
    """The sign of a permutation of 0, 1, 2 ..."""
    sign, left = 1, list(values)
    for i in range(len(left)):
        while left[i] != i:
            j = left[i]
            left[i], left[j] = left[j], left[i]
            sign = -sign
    return sign


def all_diagrams(spaces: tuple[Space, ...], legs: tuple[Leg, ...]) -> Iterator[Diagram]:
    """Every diagram on these legs; partitions into more than n blocks are left out, they are sums of the others."""
    parts = [
        list(_factor_blocks(space, legs, [i for i, leg in enumerate(legs) if leg.factor == number]))
        for number, space in enumerate(spaces)
    ]
    for chosen in itertools.product(*parts):
        spend(8)
        yield Diagram(spaces, legs, tuple(itertools.chain(*chosen)))


def _factor_blocks(space: Space, legs: tuple[Leg, ...], numbers: list[int]) -> Iterator[tuple[Block, ...]]:
    if space.family == "S":
        for partition in set_partitions(numbers, space.size):
            yield tuple(Block("same", block) for block in partition)
        return
    walled = space.family == "GL"
    for pairs in pairings(numbers, {n for n in numbers if legs[n].upper} if walled else None):
        yield tuple(Block("pair", pair) for pair in pairs)
    if space.family == "SO" and space.size is not None and space.size <= len(numbers):
        for chosen in itertools.combinations(numbers, space.size):
            rest = [n for n in numbers if n not in chosen]
            for pairs in pairings(rest):
                yield (Block("epsilon", chosen), *(Block("pair", pair) for pair in pairs))


def set_partitions(numbers: Sequence[int], most: int | None = None) -> Iterator[tuple[tuple[int, ...], ...]]:
    """All ways to split a set into blocks, at most `most` of them, each once, in a fixed order.

    >>> [len(list(set_partitions(range(k)))) for k in range(6)]
    [1, 1, 2, 5, 15, 52]
    >>> len(list(set_partitions(range(4), 2)))
    8
    """

    def extend(place: int, blocks: list[list[int]]) -> Iterator[tuple[tuple[int, ...], ...]]:
        if place == len(numbers):
            yield tuple(tuple(block) for block in blocks)
            return
        for block in blocks:
            block.append(numbers[place])
            yield from extend(place + 1, blocks)
            block.pop()
        if most is None or len(blocks) < most:
            blocks.append([numbers[place]])
            yield from extend(place + 1, blocks)
            blocks.pop()

    yield from extend(0, [])


def pairings(numbers: Sequence[int], upper: set[int] | None = None) -> Iterator[tuple[tuple[int, int], ...]]:
    """All perfect matchings of a set; with `upper`, those that pair each member of it with one that is not.

    >>> [len(list(pairings(range(k)))) for k in range(0, 9, 2)]
    [1, 1, 3, 15, 105]
    >>> len(list(pairings(range(6), {0, 1, 2})))
    6
    """
    if len(numbers) % 2:
        return
    if not numbers:
        yield ()
        return
    first, *rest = numbers
    for i, other in enumerate(rest):
        if upper is None or (first in upper) != (other in upper):
            for more in pairings(rest[:i] + rest[i + 1 :], upper):
                yield ((first, other), *more)


def diagram_count(spaces: Iterable[Space], legs: Sequence[Leg]) -> int:
    """How many diagrams `all_diagrams` makes, without making them.

    >>> diagram_count([Space("S", 3)], [Leg(0, True)] * 2 + [Leg(0, False)] * 2)
    14
    """
    return prod(_factor_count(space, [leg for leg in legs if leg.factor == i]) for i, space in enumerate(spaces))


def _factor_count(space: Space, legs: list[Leg]) -> int:
    k = len(legs)
    if space.family == "S":
        return sum(stirling(k, blocks) for blocks in range(k + 1) if space.size is None or blocks <= space.size)
    if space.family == "GL":
        upper = sum(leg.upper for leg in legs)
        return prod(range(1, upper + 1)) if 2 * upper == k else 0
    found = double_factorial(k)
    if space.family == "SO" and space.size is not None and k >= space.size:
        n = space.size
        found += prod(range(k - n + 1, k + 1)) // prod(range(1, n + 1)) * double_factorial(k - n)
    return found


def double_factorial(k: int) -> int:
    """The number of perfect matchings of k things: (k - 1)(k - 3)...1, 0 for odd k."""
    return 0 if k % 2 else prod(range(1, k, 2))


def stirling(k: int, blocks: int) -> int:
    """The number of partitions of k things into so many blocks (of the second kind)."""
    row = [1]
    for size in range(1, k + 1):
        row = [(row[b - 1] if b else 0) + (b * row[b] if b < size else 0) for b in range(size + 1)]
    return row[blocks] if blocks < len(row) else 0
