"""Fibres: vector spaces R[k] and C[k], circles, and groups on which the structure group multiplies from the left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catnet.bundles.structures import GeneralLinear, Structure
from catnet.diagnostics import fail
from catnet.symmetry.groups import Group
from catnet.symmetry.lie_groups import Orthogonal
from catnet.symmetry.reps import Rep

FibreKind = Literal["vector space", "circle", "group"]


@dataclass(frozen=True)
class Fibre:
    """What stands over a point: `size` is that of the matrices by which transitions act on it."""

    kind: FibreKind
    size: int
    field: Literal["R", "C"] = "R"
    name: str = ""

    def __str__(self) -> str:
        if self.kind != "vector space":
            return self.name or self.kind
        return self.field if self.size == 1 and self.field == "C" else f"{self.field}[{self.size}]"


def R(k: int) -> Fibre:
    """The real vector space of dimension k. Raises E0801 for k below one."""
    return _vectors(k, "R")


def C(k: int = 1) -> Fibre:
    """The complex vector space of dimension k. Raises E0801 for k below one."""
    return _vectors(k, "C")


def _vectors(k: int, field: Literal["R", "C"]) -> Fibre:
    if not isinstance(k, int) or isinstance(k, bool) or k < 1:
        fail("E0801", f"`{field}[{k}]` is no fibre", help="its dimension is a positive integer")
    return Fibre("vector space", k, field)


circle_fibre = Fibre("circle", 2, "R", "circle")
"""The unit circle of the plane, on which O(2) and its subgroups act; U(1) acts by phases, Z2 by the reflection
diag(1, -1)."""


def group_fibre(structure: Structure) -> Fibre:
    """The fibre of a principal bundle: the structure group itself."""
    field: Literal["R", "C"] = "C" if structure.field == "C" else "R"
    return Fibre("group", structure.size, field, str(structure.group))


def acting(structure: Structure, fibre: Fibre) -> tuple[Structure, Fibre]:
    """A structure group as it acts on a fibre. Raises E0801 where it acts on another space.

    On a circle, U(1) acts by phases (matrices of one complex entry) and O(1) by a reflection.
    """
    if fibre.kind == "circle" and structure.natural and isinstance(structure.group, Group):
        if structure.size == 1 and structure.field == "C":
            return structure, Fibre("circle", 1, "C", "circle")
        if isinstance(structure.group, Orthogonal) and structure.size == 1:
            return Structure(structure.group, _reflection(structure.group)), fibre
    if structure.size != fibre.size or (structure.field == "C" and fibre.field == "R"):
        fail(
            "E0801",
            f"`{structure}` acts on {structure.field}[{structure.size}], not on the fibre {fibre}",
            help=f"give a group of matrices of size {fibre.size}, or a representation of that dimension",
        )
    if fibre.kind == "circle" and isinstance(structure.group, GeneralLinear):
        fail("E0801", f"`{structure}` does not keep the unit circle", help="O(2), SO(2), U(1) or O(1) act on it")
    return structure, fibre


def _reflection(group: Orthogonal) -> Rep:
    from catnet.symmetry.constructors import sign, trivial

    return trivial(group) + sign(group)
