"""Products of groups: permutations of particles times rotations of space."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import product as pairs
from typing import cast

from catnet.symmetry.elements import Element, Flow, Letter, Word
from catnet.symmetry.groups import FiniteGroup, Group, Permutation
from catnet.symmetry.strata import Laurent, Stratum, multiply
from catnet.types.dims import Dim


class _Product(Group):
    """A direct product; the generators of its factors in order, their names numbered (`r_1`) where two are alike."""

    factors: tuple[Group, ...]

    @property
    def parameters(self) -> tuple[Dim, ...]:
        return tuple(dim for factor in self.factors for dim in factor.parameters)

    def subst(self, mapping: Mapping[str, Dim | int]) -> Group:
        return product(*(factor.subst(mapping) for factor in self.factors))

    @cached_property
    def generators(self) -> tuple[str, ...]:  # type: ignore[override]
        return _named([factor.generators for factor in self.factors])

    @cached_property
    def algebra(self) -> tuple[str, ...]:  # type: ignore[override]
        return _named([factor.algebra for factor in self.factors])

    def offsets(self) -> list[tuple[int, int]]:
        """For each factor the index of its first discrete generator and of its first algebra generator."""
        found, discrete, smooth = [], 0, 0
        for factor in self.factors:
            found.append((discrete, smooth))
            discrete, smooth = discrete + len(factor.generators), smooth + len(factor.algebra)
        return found

    @property
    def relations(self) -> tuple[Word, ...] | None:
        """The relations of the factors, and that generators of two factors commute."""
        words: list[Word] = []
        starts = [start for start, _ in self.offsets()]
        for factor, start in zip(self.factors, starts, strict=True):
            if factor.relations is None:
                return None
            words += [tuple((start + i, power) for i, power in word) for word in factor.relations]
        ends = [*starts[1:], len(self.generators)]
        for end in ends[:-1]:
            begin = max(start for start in starts if start < end) if end else 0
            commute = pairs(range(begin, end), range(end, len(self.generators)))
            words += [((i, 1), (j, 1), (i, -1), (j, -1)) for i, j in commute]
        return tuple(words)

    def sample(self, rng: random.Random) -> Element:
        letters: list[Letter] = []
        for factor, (discrete, smooth) in zip(self.factors, self.offsets(), strict=True):
            for letter in factor.sample(rng).letters:
                if isinstance(letter, Flow):
                    letters.append(Flow(tuple((smooth + i, c) for i, c in letter.coefficients)))
                else:
                    letters.append((discrete + letter[0], letter[1]))
        return Element(self, tuple(letters))

    def part(self, element: Element, which: int) -> Element:
        """The component of an element in one factor."""
        factor, (discrete, smooth) = self.factors[which], self.offsets()[which]
        letters: list[Letter] = []
        for letter in element.letters:
            if isinstance(letter, Flow):
                inside = [(i - smooth, c) for i, c in letter.coefficients if 0 <= i - smooth < len(factor.algebra)]
                letters += [Flow(tuple(inside))] if inside else []
            elif 0 <= letter[0] - discrete < len(factor.generators):
                letters.append((letter[0] - discrete, letter[1]))
        return Element(factor, tuple(letters))

    def strata(self) -> Sequence[Stratum]:
        """The products of strata of the factors: `place` holds those."""
        return [_joined(parts) for parts in pairs(*(factor.strata() for factor in self.factors))]

    def __str__(self) -> str:
        return "*".join(map(str, self.factors)).replace("*", " * ") if self.factors else "C(1)"


@dataclass(frozen=True, repr=False)
class Product(_Product):
    """A product with an infinite factor."""

    factors: tuple[Group, ...]
    finite = False

    @property
    def order(self) -> None:
        return None


@dataclass(frozen=True, repr=False)
class FiniteProduct(_Product, FiniteGroup):
    """A product of finite groups; it acts on the points of all factors side by side."""

    factors: tuple[Group, ...]

    @property
    def order(self) -> int | Dim | None:
        orders = [factor.order for factor in self.factors]
        return None if None in orders else reduce(lambda a, b: a * b, cast("list[int]", orders))

    def realisation(self) -> tuple[Permutation, ...]:
        actions = [cast(FiniteGroup, factor).realisation() for factor in self.factors]
        degrees = [len(action[0]) if action else 0 for action in actions]
        found = []
        for which, action in enumerate(actions):
            before, after = sum(degrees[:which]), sum(degrees[which + 1 :])
            here = before + degrees[which]
            for p in action:
                found.append((*range(before), *(before + i for i in p), *range(here, here + after)))
        return tuple(found)

    def strata(self) -> Sequence[Stratum]:
        return _Product.strata(self)


def product(*groups: Group) -> Group:
    """The direct product; products inside are opened."""
    factors: list[Group] = []
    for group in groups:
        factors += group.factors if isinstance(group, _Product) else (group,)
    if len(factors) == 1:
        return factors[0]
    return (FiniteProduct if all(factor.finite for factor in factors) else Product)(tuple(factors))


def _named(families: list[tuple[str, ...]]) -> tuple[str, ...]:
    names = [name for family in families for name in family]
    if len(set(names)) == len(names):
        return tuple(names)
    return tuple(f"{name}_{k}" for k, family in enumerate(families, 1) for name in family)


def placed(weight_function: Laurent, before: int, after: int) -> Laurent:
    """A polynomial as one in more coordinates."""
    return {(*(0,) * before, *weight, *(0,) * after): x for weight, x in weight_function.items()}


def _joined(parts: tuple[Stratum, ...]) -> Stratum:
    rank = sum(part.rank for part in parts)
    measure: Laurent = {(0,) * rank: 1}
    before = 0
    for part in parts:
        measure = multiply(measure, placed(part.measure, before, rank - before - part.rank))
        before += part.rank
    share = reduce(lambda a, b: a * b, (part.share for part in parts))
    return Stratum(share, rank, measure, parts)
