"""Representations given at once: trivial, natural, sign, regular, and by permutations or matrices of generators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catnet.symmetry.exact import Matrix
from catnet.symmetry.groups import Field, Group
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
