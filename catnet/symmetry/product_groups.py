"""Products of groups: permutations of particles times rotations of space."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import product as pairs
from typing import cast

from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.symmetry.elements import Element, Flow, Letter, Word
from catnet.symmetry.groups import FiniteGroup, Group, Permutation
from catnet.symmetry.strata import Laurent, Stratum, multiply
from catnet.types.dims import Dim

MAX_FACTORS = 64
"""How many groups are joined in one product at most."""


class DirectProduct(Group):
    """A direct product; the generators of its factors in order, their names numbered (`r_1`) where two are alike."""

    factors: tuple[Group, ...]

    @property
    def parameters(self) -> tuple[Dim, ...]:
        return tuple(dim for factor in self.factors for dim in factor.parameters)

    def subst(self, mapping: Mapping[str, Dim | int]) -> Group:
        return product(*(factor.subst(mapping) for factor in self.factors))

    @cached_property
    def generators(self) -> tuple[str, ...]:
        return _named([factor.generators for factor in self.factors])

    @cached_property
    def algebra(self) -> tuple[str, ...]:
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
        for factor, (start, _) in zip(self.factors, self.offsets(), strict=True):
            if factor.relations is None:
                return None
            words += [tuple((start + i, power) for i, power in word) for word in factor.relations]
        owners = [which for which, factor in enumerate(self.factors) for _ in factor.generators]
        for j, owner in enumerate(owners):
            words += [((i, 1), (j, 1), (i, -1), (j, -1)) for i in range(j) if owners[i] != owner]
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

    def part(self, element: Element, first: int, last: int) -> Element:
        """The component of an element in the product of the factors from `first` up to, not including, `last`."""
        group, (discrete, smooth) = product(*self.factors[first:last]), self.offsets()[first]
        letters: list[Letter] = []
        for letter in element.letters:
            if isinstance(letter, Flow):
                inside = [(i - smooth, c) for i, c in letter.coefficients if 0 <= i - smooth < len(group.algebra)]
                letters += [Flow(tuple(inside))] if inside else []
            elif 0 <= letter[0] - discrete < len(group.generators):
                letters.append((letter[0] - discrete, letter[1]))
        return Element(group, tuple(letters))

    def word_at(self, stratum: Stratum) -> Word:
        words: list[tuple[int, int]] = []
        assert isinstance(stratum.place, tuple)
        for factor, place, (start, _) in zip(self.factors, stratum.place, self.offsets(), strict=True):
            words += [(start + i, power) for i, power in factor.word_at(place)]
        return tuple(words)

    def strata(self) -> Sequence[Stratum]:
        """The products of strata of the factors: `place` holds those."""
        return [_joined(parts) for parts in pairs(*(factor.strata() for factor in self.factors))]

    def __str__(self) -> str:
        return " * ".join(map(str, self.factors))


@dataclass(frozen=True, repr=False)
class Product(DirectProduct):
    """A product with an infinite factor."""

    factors: tuple[Group, ...]
    finite = False

    @property
    def order(self) -> None:
        return None


@dataclass(frozen=True, repr=False)
class FiniteProduct(DirectProduct, FiniteGroup):
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

    def listing(self) -> list[Permutation]:
        """The elements, those of the last factor running fastest."""
        found: list[Permutation] = [()]
        for factor in self.factors:
            inner = cast(FiniteGroup, factor).listing()
            spend(len(found) * len(inner) * (1 + (len(found[0]) + len(inner[0])) // 4))
            found = [(*left, *(len(left) + i for i in right)) for left in found for right in inner]
        return found


def product(*groups: Group) -> Group:
    """The direct product; products inside are opened."""
    factors: list[Group] = []
    for group in groups:
        factors += group.factors if isinstance(group, DirectProduct) else (group,)
    if len(factors) > MAX_FACTORS:
        fail("E0707", f"a product of {len(factors)} groups is too large: at most {MAX_FACTORS} are joined")
    if len(factors) == 1:
        return factors[0]
    if not factors:
        fail("E0701", "a product of no groups", help="C(1) is the group of one element")
    return (FiniteProduct if all(factor.finite for factor in factors) else Product)(tuple(factors))


def _named(families: list[tuple[str, ...]]) -> tuple[str, ...]:
    names = [name for family in families for name in family]
    if len(set(names)) == len(names):
        return tuple(names)
    return tuple(f"{name}_{k}" for k, family in enumerate(families, 1) for name in family)


def placed(weight_function: Laurent, before: int, after: int) -> Laurent:
    """A polynomial as one in more coordinates."""
    spend(len(weight_function) * (1 + (before + after) // 4))
    return {(*(0,) * before, *weight, *(0,) * after): x for weight, x in weight_function.items()}


def _joined(parts: tuple[Stratum, ...]) -> Stratum:
    rank = sum(part.rank for part in parts)
    spend(len(parts))
    measure: Laurent = {(0,) * rank: 1}
    before = 0
    for part in parts:
        measure = multiply(measure, placed(part.measure, before, rank - before - part.rank))
        before += part.rank
    share = reduce(lambda a, b: a * b, (part.share for part in parts))
    return Stratum(share, rank, measure, parts)
