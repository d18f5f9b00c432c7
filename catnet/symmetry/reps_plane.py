"""The irreducible representations of the rotations of the plane, SO(2): turns by m times the angle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catnet.symmetry.exact import Matrix
from catnet.symmetry.kinds import Kind
from catnet.symmetry.lie_groups import Orthogonal
from catnet.symmetry.reps import Rep
from catnet.symmetry.strata import Laurent, Stratum
from catnet.types.dims import Dim


@dataclass(frozen=True, eq=False, repr=False)
class Order(Rep):
    """Vectors of order m >= 2: a rotation by an angle a turns them by m a."""

    group: Orthogonal
    m: int

    @property
    def dim(self) -> Dim:
        return Dim.const(2)

    @property
    def kind(self) -> Kind:
        return Kind.ORTHOGONAL

    @property
    def text(self) -> str:
        return f"irrep({self.group}, {self.m})"

    def matrices(self) -> tuple[Matrix, ...]:
        return ()

    def algebra(self) -> tuple[Matrix, ...]:
        (turn,) = self.group.natural_algebra()
        return (turn.scaled(self.m),)

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return self

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        found = self.group.natural_character(stratum, power * self.m)
        assert found is not None
        return found
