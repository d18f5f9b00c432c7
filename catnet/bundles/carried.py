"""What the axes of wires carry that speak of a bundle: fibre coordinates, points of the base.

These are the values of `E` and `base(E)` where an axis is written: `R[n, E]` has the fibre coordinates of n points,
in the frame of the chart of each, and `R[n, base(E)]` the points of the base below them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from catnet.bundles.bundle import Bundle
from catnet.diagnostics import fail
from catnet.types import spaces
from catnet.types.dims import Dim
from catnet.types.spaces import Space

POINTS = {"circle": 2, "interval": 1, "torus": 4, "sphere": 3}
"""How many coordinates a point of a base has: unit vectors for a circle and a sphere, two for a torus."""


@dataclass(frozen=True, eq=False)
class OfBundle(Space):
    """A space that a bundle gives. It equals one of the same class of a bundle that says the same."""

    bundle: Bundle

    @cached_property
    def said(self) -> str:
        """All that the bundle says, as text."""
        matrices = sorted((pair, str(t.matrix or t.word)) for pair, t in self.bundle.transitions.items())
        return f"{self.bundle} {[*self.bundle.base.charts.items()]} {matrices}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OfBundle) or type(self) is not type(other):
            return False
        return self.bundle is other.bundle or self.said == other.said

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.bundle.name))

    def subst(self, dims: Mapping[str, Dim]) -> OfBundle:
        return self


@dataclass(frozen=True, eq=False)
class FibreOf(OfBundle):
    """Fibre coordinates of a bundle, in the frame of the chart of each point: `E` as an axis."""

    @property
    def dim(self) -> Dim:
        return Dim.const(self.bundle.fibre.size)

    def __str__(self) -> str:
        return self.bundle.name


@dataclass(frozen=True, eq=False)
class BaseOf(OfBundle):
    """Points of the base of a bundle: `base(E)` as an axis. Bundles over one base have the same."""

    @property
    def dim(self) -> Dim:
        return Dim.const(POINTS[self.bundle.base.kind])

    @cached_property
    def said(self) -> str:
        return f"{self.bundle.base} {[*self.bundle.base.charts.items()]}"

    def __hash__(self) -> int:
        return hash(("BaseOf", self.bundle.base.kind))

    def __str__(self) -> str:
        return f"base({self.bundle.name})"


def bundle_behind(word: str, value: object) -> Bundle:
    """The bundle that an argument of a word names; raises E0801 for anything else."""
    if not isinstance(value, FibreOf):
        fail("E0801", f"`{word}` takes a bundle, not `{value}`", help=f"{word}(E), for a `bundle E : ...`")
    return value.bundle


def base(bundle: object) -> BaseOf:
    """`base(E)`: points of the base. Raises E0801 for a base whose points have no coordinates, such as a graph."""
    found = bundle_behind("base", bundle)
    if found.base.kind not in POINTS:
        fail("E0801", f"points of the {found.base} have no coordinates", help="its nodes are an axis: R[n, E]")
    return BaseOf(found)


spaces.FUNCTIONS["base"] = base
