"""Representations given at once: trivial, natural, sign, regular, and by permutations or matrices of generators."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from catnet.diagnostics import fail
from catnet.symmetry.cycles import cycle_text, read_permutations
from catnet.symmetry.exact import Matrix
from catnet.symmetry.groups import (
    MAX_ELEMENTS,
    Field,
    FiniteGroup,
    Group,
    Permutation,
    composed,
    need_group,
    permutation_of,
    power_of,
)
from catnet.symmetry.kinds import Kind
from catnet.symmetry.reps import Rep
from catnet.types.dims import Dim

if TYPE_CHECKING:
    from catnet.symmetry.strata import Laurent, Stratum


@dataclass(frozen=True, eq=False, repr=False)
class Trivial(Rep):
    """The one-dimensional representation in which every element acts as the identity."""

    group: Group

    @property
    def dim(self) -> Dim:
        return Dim.const(1)

    @property
    def kind(self) -> Kind:
        return Kind.TRIVIAL

    @property
    def text(self) -> str:
        return f"trivial({self.group})"

    def matrices(self) -> tuple[Matrix, ...]:
        return tuple(Matrix.identity(1) for _ in self.group.generators)

    def algebra(self) -> tuple[Matrix, ...]:
        return tuple(Matrix(1, 1, {}) for _ in self.group.algebra)

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return Trivial(self.group.subst(mapping))

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        return {(0,) * stratum.rank: 1}


@dataclass(frozen=True, eq=False, repr=False)
class Natural(Rep):
    """The natural representation of a group: permutation of points, cyclic shift, vectors."""

    group: Group

    @property
    def dim(self) -> Dim:
        assert self.group.size is not None
        return self.group.size

    @property
    def field(self) -> Field:
        return self.group.field

    @property
    def kind(self) -> Kind:
        return self.group.natural_kind

    @property
    def text(self) -> str:
        return f"vector({self.group})"

    def matrices(self) -> tuple[Matrix, ...]:
        return self.group.natural_matrices()

    def algebra(self) -> tuple[Matrix, ...]:
        return self.group.natural_algebra()

    @property
    def form(self) -> Matrix | None:
        return self.group.natural_form()

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return Natural(self.group.subst(mapping))

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        known = self.group.natural_character(stratum, power)
        return super().character(stratum, power) if known is None else known


@dataclass(frozen=True, eq=False, repr=False)
class Sign(Rep):
    """A one-dimensional representation by signs: -1 for the named generators, 1 for the others and all flows.

    Without names it is the group's own sign: parity of permutations, determinant of rotations and reflections.
    """

    group: Group
    negative: tuple[str, ...] | None

    @property
    def dim(self) -> Dim:
        return Dim.const(1)

    def values(self) -> tuple[int, ...]:
        """The sign of each discrete generator."""
        if self.negative is None:
            return self.group.signs() or ()
        return tuple(-1 if name in self.negative else 1 for name in self.group.generators)

    @property
    def kind(self) -> Kind:
        if self.group.is_symbolic and self.negative is None:
            return Kind.SIGNED_PERMUTATION
        return Kind.SIGNED_PERMUTATION if -1 in self.values() else Kind.TRIVIAL

    @property
    def text(self) -> str:
        return f"sign({', '.join([str(self.group), *(_quoted(name) for name in self.negative or ())])})"

    def matrices(self) -> tuple[Matrix, ...]:
        return tuple(Matrix.diagonal([value]) for value in self.values())

    def algebra(self) -> tuple[Matrix, ...]:
        return tuple(Matrix(1, 1, {}) for _ in self.group.algebra)

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return Sign(self.group.subst(mapping), self.negative)

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        word = self.group.word_at(stratum)
        values = self.values()
        return {(0,) * stratum.rank: math.prod(values[i] ** abs(count * power) for i, count in word)}


def sign(group: Group, *negative: str) -> Rep:
    """The sign of a permutation, the determinant of a matrix; or -1 on the named generators.

    Raises E0701 for a group that has no sign or no such generator, E0703 where such signs break a relation.
    """
    need_group(group, "sign")
    if not negative:
        if not group.is_symbolic and group.signs() is None:
            fail("E0701", f"`{group}` has no sign of its own", help="name the generators that it is -1 on")
        return Sign(group, None)
    for name in negative:
        if name not in group.generators:
            fail(
                "E0701", f"`{group}` has no generator `{name}`", help=f"it has {', '.join(group.generators) or 'none'}"
            )
    rep = Sign(group, tuple(name for name in group.generators if name in negative))
    from catnet.symmetry.relations import check_relations

    check_relations(group, rep.matrices(), rep.text)
    return rep


@dataclass(frozen=True, eq=False, repr=False)
class Regular(Rep):
    """The regular representation of a finite group: `g e_h = e_(gh)`, basis in the order of `group.listing()`.

    That order is r^0, r^1, ... for C(n); then r^0 s, r^1 s, ... for D(n); with the last factor fastest for products.
    """

    group: FiniteGroup

    @property
    def dim(self) -> Dim:
        order = self.group.order
        assert order is not None
        return order if isinstance(order, Dim) else Dim.const(order)

    @property
    def kind(self) -> Kind:
        return Kind.TRIVIAL if self.dim == 1 else Kind.PERMUTATION

    @property
    def text(self) -> str:
        return f"regular({self.group})"

    @cached_property
    def images(self) -> tuple[Permutation, ...]:
        """Each generator as a permutation of the basis."""
        listing = self.group.listing()
        index = {element: i for i, element in enumerate(listing)}
        return tuple(
            tuple(index[composed(generator, element)] for element in listing) for generator in self.group.realisation()
        )

    def matrices(self) -> tuple[Matrix, ...]:
        return tuple(Matrix.permutation(images) for images in self.images)

    def algebra(self) -> tuple[Matrix, ...]:
        return ()

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return regular(self.group.subst(mapping))

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        word = self.group.word_at(stratum)
        generators = self.group.realisation()
        element = permutation_of(word, generators, len(generators[0]) if generators else 1)
        is_one = all(i == image for i, image in enumerate(power_of(element, power)))
        return {(): self.number() if is_one else 0}


def regular(group: Group) -> Rep:
    """The regular representation. Raises E0701 for an infinite group, E0707 for more than 100,000 elements."""
    need_group(group, "regular")
    if not isinstance(group, FiniteGroup):
        fail("E0701", f"`{group}` is infinite: it has no regular representation of finite dimension")
    if group.order is None:
        group.need_numbers("the regular representation")
    if not group.is_symbolic and (order := group.count_elements()) > MAX_ELEMENTS:
        shown = str(order) if order < 10**18 else "more than 10^18"
        fail("E0707", f"`regular({group})` has dimension {shown}; at most {MAX_ELEMENTS} are made")
    return Regular(group)


@dataclass(frozen=True, eq=False, repr=False)
class ByPermutations(Rep):
    """A permutation representation by the images of the points under each generator."""

    group: Group
    images: tuple[Permutation, ...]

    @property
    def dim(self) -> Dim:
        return Dim.const(len(self.images[0]))

    @property
    def kind(self) -> Kind:
        moved = any(i != image for p in self.images for i, image in enumerate(p))
        return Kind.PERMUTATION if moved else Kind.TRIVIAL

    @property
    def text(self) -> str:
        return f"permutation({self.group}, [{', '.join(map(cycle_text, self.images))}])"

    def matrices(self) -> tuple[Matrix, ...]:
        return tuple(Matrix.permutation(images) for images in self.images)

    def algebra(self) -> tuple[Matrix, ...]:
        return tuple(Matrix(self.number(), self.number(), {}) for _ in self.group.algebra)

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return self

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        word = self.group.word_at(stratum)
        images = power_of(permutation_of(word, self.images, self.number()), power)
        return {(0,) * stratum.rank: sum(i == image for i, image in enumerate(images))}


def permutation(group: Group, images: Sequence[str | Sequence[int]], degree: int | None = None) -> Rep:
    """A permutation representation: for each generator the images of the points from 0, or cycles `"(1 2)(3 4)"`
    of points from 1. Raises E0712 for what is no permutation, E0705 for a wrong number of them, E0703 where they
    break a relation of the group.
    """
    from catnet.symmetry.relations import check_permutations

    need_group(group, "permutation")
    found = read_permutations(images, degree)
    if len(found) != len(group.generators) or not found:
        fail("E0705", f"{len(found)} permutations for the {len(group.generators)} generators of `{group}`")
    check_permutations(group, found)
    return ByPermutations(group, found)


def _quoted(name: str) -> str:
    return f'"{name}"'
