"""What the axes of wires carry that speak of a bundle: fibre coordinates, points of the base.

These are the values of `E` and `base(E)` where an axis is written: `R[n, E]` has the fibre coordinates of n points,
in the frame of the chart of each, and `R[n, base(E)]` the points of the base below them.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import catnet.symmetry.words  # noqa: F401  (its `dual` is that of representations)
from catnet.bundles.bases import Base
from catnet.bundles.bundle import Bundle
from catnet.bundles.derived import associated, determinant, dual, tensor, whitney_sum
from catnet.diagnostics import fail
from catnet.limits import bounded
from catnet.symmetry.reps import Rep
from catnet.types import spaces
from catnet.types.dims import Dim
from catnet.types.spaces import Acts, Space
from catnet.types.wires import Wire

MAX_FIBRE = 64
"""The dimension of what `+` and `*` make: its laws are decided entry by entry."""

POINTS = {"circle": 2, "interval": 1, "torus": 4, "sphere": 3}
"""How many coordinates a point of a base has: unit vectors for a circle and a sphere, two for a torus."""


@dataclass(frozen=True, eq=False)
class OfBundle(Space):
    """A space that a bundle gives. It equals one of the same class of a bundle that says the same, under any name."""

    bundle: Bundle
    what: ClassVar[str] = "bundle"

    @property
    def owner(self) -> str:
        """The bundle, as the language writes it."""
        return self.bundle.name

    @cached_property
    def said(self) -> str:
        """All that the bundle says, as text."""
        made = self.bundle
        matrices = sorted((pair, str(t.matrix or t.word)) for pair, t in made.transitions.items())
        return f"{made.fibre} {made.structure} {said_of(made.base)} {matrices} {made.parameters} {made.given}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OfBundle) or type(self) is not type(other):
            return False
        return self.bundle is other.bundle or self.said == other.said

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.bundle.base.kind, self.bundle.fibre))

    def subst(self, dims: Mapping[str, Dim]) -> OfBundle:
        return self


def coordinates_of(base: Base) -> int | None:
    """How many coordinates a point of a base has, None for nodes."""
    return base.learned[0] if base.learned else POINTS.get(base.kind)


def said_of(base: Base) -> str:
    """All that tells a base from others: its kind, its charts with their coordinates, and where they lie."""
    return f"{base} {[*base.charts.items()]} {dict(base.spans)} {base.data}"


@dataclass(frozen=True, eq=False)
class FibreOf(OfBundle):
    """Fibre coordinates of a bundle, in the frame of the chart of each point: `E` as an axis.

    `E + F`, `3*E` and `E * F` are the sums and the tensor product of bundles.
    """

    @property
    def dim(self) -> Dim:
        return Dim.const(self.bundle.fibre.size)

    @property
    def entries(self) -> str:
        return self.bundle.fibre.field

    def acts(self, wire: Wire, place: int, group: object) -> Acts:
        """Where maps come as data, one element of the structure group may change all frames alike."""
        structure, base = self.bundle.structure, self.bundle.base
        return (((place,), structure.rep),) if base.data and base.discrete and group == structure.group else ()

    def __str__(self) -> str:
        return self.bundle.name

    def __add__(self, other: Space) -> FibreOf:
        return self._joined(other, whitney_sum, lambda k, m: k + m)

    def __matmul__(self, other: Space) -> FibreOf:
        return self._joined(other, tensor, lambda k, m: k * m)

    def __rmul__(self, times: Dim) -> FibreOf:
        count = times.value
        if count is None or count < 1:
            fail(
                "E0801", f"`{times}` copies of the bundle `{self}`", help="a sum of bundles has a known number of them"
            )
        _affordable(count * self.bundle.fibre.size)
        return functools.reduce(operator.add, [self] * count)

    def _joined(self, other: Space, join: Callable[[Bundle, Bundle], Bundle], size: Callable[[int, int], int]) -> Any:
        if not isinstance(other, FibreOf):
            return NotImplemented
        _affordable(size(self.bundle.fibre.size, other.bundle.fibre.size))
        with bounded("E0707", "this bundle"):
            return FibreOf(join(self.bundle, other.bundle))


@dataclass(frozen=True, eq=False)
class BaseOf(OfBundle):
    """Points of the base of a bundle: `base(E)` as an axis. Bundles over one base have the same."""

    what: ClassVar[str] = "base"

    @property
    def dim(self) -> Dim:
        return Dim.const(coordinates_of(self.bundle.base) or 0)

    @property
    def entries(self) -> str:
        return "R"

    def placed(self, x: Any) -> Any:
        """Unit vectors; two of them on a torus; numbers of an interval."""
        if self.bundle.base.kind == "interval":
            ends = [end for span in self.bundle.base.spans.values() for end in span]
            return min(ends) + (max(ends) - min(ends)) * x.sigmoid()
        if self.bundle.base.learned:
            return x
        parts = x.unflatten(-1, (2, 2)) if self.bundle.base.kind == "torus" else x
        return (parts / parts.norm(dim=-1, keepdim=True)).reshape(x.shape)

    @cached_property
    def said(self) -> str:
        return said_of(self.bundle.base)

    def __hash__(self) -> int:
        return hash(("BaseOf", self.bundle.base.kind))

    def __str__(self) -> str:
        return f"base({self.bundle.name})"


def _affordable(size: int) -> None:
    """Raise E0218 for a fibre beyond the budget."""
    if size > MAX_FIBRE:
        fail("E0218", f"a fibre of dimension {size} is more than {MAX_FIBRE}", help="derive it of smaller ones")


def bundle_behind(word: str, value: object) -> Bundle:
    """The bundle that an argument of a word names; raises E0801 for anything else."""
    if not isinstance(value, FibreOf):
        fail("E0801", f"`{word}` takes a bundle, not `{value}`", help=f"{word}(E), for a `bundle E : ...`")
    return value.bundle


def base(bundle: object) -> BaseOf:
    """`base(E)`: points of the base. Raises E0801 for a base whose points have no coordinates, such as a graph."""
    found = bundle_behind("base", bundle)
    if coordinates_of(found.base) is None:
        fail("E0801", f"points of the {found.base} have no coordinates", help="its nodes are an axis: R[n, E]")
    return BaseOf(found)


def dual_of(space: object) -> object:
    """`dual(E)` of a bundle, `dual(V)` of a representation."""
    return FibreOf(dual(space.bundle)) if isinstance(space, FibreOf) else _DUAL(space)


def determinant_of(bundle: object) -> FibreOf:
    """`determinant(E)`: the line bundle of determinants."""
    with bounded("E0707", "this bundle"):
        return FibreOf(determinant(bundle_behind("determinant", bundle)))


def associated_to(bundle: object, rep: Any) -> FibreOf:
    """`associated(E, V)`: the bundle with the fibre V."""
    found = bundle_behind("associated", bundle)
    if isinstance(rep, Rep):
        _affordable(rep.number())
    with bounded("E0707", "this bundle"):
        return FibreOf(associated(found, rep))


_DUAL: Callable[..., Any] = spaces.FUNCTIONS["dual"]
spaces.FUNCTIONS.update(base=base, dual=dual_of, determinant=determinant_of, associated=associated_to)
