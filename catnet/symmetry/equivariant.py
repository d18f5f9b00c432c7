"""What a linear layer between two representations needs of their intertwiners."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import Any

from catnet.symmetry.constructors import trivial
from catnet.symmetry.exact import to_float
from catnet.symmetry.intertwiners import Basis, Part, hom
from catnet.symmetry.reps import Rep, Scale
from catnet.types.dims import Dim

Sparse = dict[Any, float]


@dataclass(frozen=True, eq=False)
class LinearMaps:
    """The linear maps between two representations with a weight for each pair of copies and each element of a basis,
    and the vectors along which a bias may lie."""

    basis: Basis
    fixed: Basis | None

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts between which there is a map."""
        return tuple(part for part in self.basis.parts if part.solution.dimension)

    def shapes(self) -> dict[str, tuple[Dim, ...]]:
        """The shapes of the parameters, by name."""
        found: dict[str, tuple[Dim, ...]] = {}
        for k, part in enumerate(self.parts):
            found[f"parts.{k}.weight"] = (part.target_count, part.source_count, Dim.const(part.solution.dimension))
        if self.fixed is not None and self.fixed.dimension != 0:
            found["bias"] = (Dim.const(0) + self.fixed.dimension,)
        return found

    def elements(self, part: Part) -> list[Sparse]:
        """The basis of a part, by (row, column), in the true bases of its representations."""
        return [
            {(i, j): to_float(x).real * _factor(part.target.scale, i) / _factor(part.source.scale, j)
             for (i, j), x in element.items()}
            for element in part.solution.elements
        ]  # fmt: skip

    def invariants(self) -> list[Sparse]:
        """The fixed vectors of the target, by row."""
        if self.fixed is None:
            return []
        scale = self.fixed.target.scale
        return [{i: to_float(x).real * _factor(scale, i) for (i, _), x in e.items()} for e in self.fixed.elements]


@cache
def linear_maps(source: Rep, target: Rep, bias: bool = True) -> LinearMaps:
    """The linear maps that commute with the group. Raises as `hom` does."""
    return LinearMaps(hom(source, target), hom(trivial(target.group), target) if bias else None)


def _factor(scale: Scale | None, index: int) -> float:
    return 1.0 if scale is None else sqrt(scale[index])
