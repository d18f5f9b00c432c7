"""What a linear layer between two representations needs of their intertwiners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from catnet.symmetry.hom import Part, hom
from catnet.symmetry.reps import Rep
from catnet.types.dims import Dim


@dataclass(frozen=True, eq=False)
class Paths:
    """The maps from the copies of one summand to those of another: a weight for each pair of copies and element.

    `invariants` are the fixed vectors of the target, along which a bias may lie; only one path to a target has them.
    """

    part: Part
    invariants: tuple[Mapping[int, Any], ...] = ()

    @property
    def source(self) -> Rep:
        return self.part.source

    @property
    def target(self) -> Rep:
        return self.part.target

    @property
    def source_start(self) -> int:
        return _number(self.part.source_start)

    @property
    def source_count(self) -> int:
        return _number(self.part.source_count)

    @property
    def target_start(self) -> int:
        return _number(self.part.target_start)

    @property
    def target_count(self) -> int:
        return _number(self.part.target_count)

    @property
    def elements(self) -> list[Any]:
        """The entries of each element of the basis."""
        return list(self.part.solution.elements)

    @property
    def is_identity(self) -> bool:
        """Whether the only map is the identity, up to a factor."""
        if self.source != self.target or self.part.solution.dimension != 1:
            return False
        (element,) = self.part.solution.elements
        return set(element.values()) == {1} and all(i == j for i, j in element) and len(element) == self.source.number()

    def shapes(self) -> dict[str, tuple[Dim, ...]]:
        """The shapes of the parameters."""
        part = self.part
        weight = (part.target_count, part.source_count, Dim.const(part.solution.dimension))
        if not self.invariants:
            return {"weight": weight}
        return {"weight": weight, "bias": (part.target_count, Dim.const(len(self.invariants)))}


@cache
def paths(source: Rep, target: Rep, bias: bool = True) -> tuple[Paths, ...]:
    """The paths from one representation to another, those without a map left out. Raises as `hom` does."""
    found, served = [], set()
    for part in hom(source, target).parts:
        if not part.solution.dimension:
            continue
        fixed = _fixed(part.target) if bias and part.target_start not in served else ()
        served.add(part.target_start)
        found.append(Paths(part, fixed))
    return tuple(found)


@cache
def _fixed(rep: Rep) -> tuple[Mapping[int, Any], ...]:
    """A basis of the fixed vectors of a representation."""
    from catnet.symmetry.constructors import trivial

    parts = hom(trivial(rep.group), rep).parts
    return tuple({i: x for (i, _), x in element.items()} for part in parts for element in part.solution.elements)


def _number(dim: Dim) -> int:
    assert dim.value is not None
    return dim.value
