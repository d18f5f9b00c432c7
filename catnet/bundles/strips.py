"""Strips: what the two axes of an image carry that is drawn on a band over a circle or an interval.

`along(E, l)` is an axis of l places around the base of a bundle of lines, `across(E, h)` one of h places from one side
to the other. Where the band closes, the last transition says how: over a Moebius band what passes the seam
comes back mirrored. So one step along the band is a symmetry of the image, with the mirror at the seam, and the
mirror of the whole band is another; both act on such axes by their type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Literal

from catnet.bundles.carried import OfBundle, bundle_behind
from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.symmetry.exact import Matrix
from catnet.symmetry.finite_groups import Cyclic
from catnet.symmetry.kinds import Kind
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_leaves import Trivial
from catnet.symmetry.reps_nodes import direct_sum
from catnet.types import spaces
from catnet.types.dims import Dim
from catnet.types.spaces import Acts
from catnet.types.wires import Axis, Wire

Seam = Literal["moebius", "cylinder", "plane"]
MIRROR = Cyclic(Dim.const(2))
"""The group of the mirror that exchanges the two sides of a strip."""

ON_STRIPS = (
    "on a strip take `strip_conv`, `strip_relu`, `strip_pool`, all without a stride: a coarser grid is another one \
after a step"
)


@dataclass(frozen=True, repr=False)
class Steps(Cyclic):
    """The steps along a closed band: after one way around (a Moebius band: two) everything is as it was."""

    name: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False, repr=False)
class Carried(Rep):
    """A step along a Moebius band, on channels, rows and columns together: what passes the seam is mirrored, by the
    reversed order of the rows and by what the mirror does to the channels."""

    group: Steps
    channels: Rep
    across: Dim
    along: Dim
    remedy: ClassVar[str] = ON_STRIPS

    @property
    def dim(self) -> Dim:
        return self.channels.dim * self.across * self.along

    @property
    def kind(self) -> Kind:
        return self.channels.kind | Kind.PERMUTATION

    @property
    def text(self) -> str:
        return f"steps of {self.channels}"

    def matrices(self) -> tuple[Matrix, ...]:
        size, c = self.number(), self.channels.number()
        spend(size)
        h, w = size // (c * (self.along.value or 1)), self.along.value or 1
        (mirror,) = self.channels.matrices()
        entries = {}
        for (to, channel), sign in mirror.entries.items():
            for row in range(h):
                entries[(to * h + h - 1 - row) * w, (channel * h + row) * w + w - 1] = sign
        for place in range(c * h):
            for column in range(w - 1):
                entries[place * w + column + 1, place * w + column] = 1
        return (Matrix(size, size, entries),)

    def algebra(self) -> tuple[Matrix, ...]:
        return ()

    def subst(self, mapping: Mapping[str, Dim | int]) -> Carried:
        along = self.along.subst(mapping)
        group = replace(self.group, n=self.group.n.subst(mapping))
        return Carried(group, self.channels.subst(mapping), self.across.subst(mapping), along)


@dataclass(frozen=True, eq=False, repr=False)
class Reversed(Rep):
    """The mirror on the places across a strip: it reverses their order."""

    group: Cyclic
    count: Dim
    remedy: ClassVar[str] = ON_STRIPS

    @property
    def dim(self) -> Dim:
        return self.count

    @property
    def kind(self) -> Kind:
        return Kind.TRIVIAL if self.count == 1 else Kind.PERMUTATION

    @property
    def text(self) -> str:
        return f"reversed({self.count})"

    def matrices(self) -> tuple[Matrix, ...]:
        n = self.number()
        spend(n)
        return (Matrix.permutation(tuple(range(n))[::-1]),)

    def algebra(self) -> tuple[Matrix, ...]:
        return ()

    def subst(self, mapping: Mapping[str, Dim | int]) -> Reversed:
        return Reversed(self.group, self.count.subst(mapping))


@dataclass(frozen=True, eq=False)
class StripAxis(OfBundle):
    """An axis of an image on a strip, of so many places."""

    places: Dim

    @property
    def dim(self) -> Dim:
        return self.places

    @property
    def sizes(self) -> tuple[Dim, ...]:
        return (self.places,)

    @cached_property
    def seam(self) -> Seam:
        """How the strip closes."""
        if self.bundle.base.kind == "interval":
            return "plane"
        return "cylinder" if self.bundle.facts().orientable.value else "moebius"

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) and self.places == other.places  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.bundle.name, self.places))

    def subst(self, dims: Mapping[str, Dim]) -> StripAxis:
        return replace(self, places=self.places.subst(dims))


@dataclass(frozen=True, eq=False)
class Along(StripAxis):
    """Places around the base: `along(E, l)`."""

    @property
    def group(self) -> Steps | None:
        """The steps along a closed band."""
        if self.seam == "plane":
            return None
        return Steps(self.places * (2 if self.seam == "moebius" else 1), f"the steps along {self.bundle.name}")

    def acts(self, wire: Wire, place: int, group: object) -> Acts:
        if self.group is None or group != self.group:
            return ()
        across = wire.axes[place - 1] if -place < len(wire.axes) else None
        if self.seam == "cylinder" or not isinstance(across, Axis) or not isinstance(across.space, Across):
            assert self.group.natural is not None
            return (((place,), self.group.natural),)
        return ((_places(wire, place), Carried(self.group, channels(wire, place), across.size, self.places)),)

    def __str__(self) -> str:
        return f"along({self.bundle.name}, {self.places})"


@dataclass(frozen=True, eq=False)
class Across(StripAxis):
    """Places across the strip: `across(E, h)`."""

    @property
    def group(self) -> Cyclic:
        """The mirror."""
        return MIRROR

    def acts(self, wire: Wire, place: int, group: object) -> Acts:
        return (((place,), Reversed(MIRROR, self.places)),) if group == MIRROR else ()

    def __str__(self) -> str:
        return f"across({self.bundle.name}, {self.places})"


def channels(wire: Wire, place: int = -1) -> Rep:
    """What the mirror does to the channels of an image, whose columns are at a place from the end."""
    axis = wire.axes[place - 2] if 1 - place < len(wire.axes) else None
    if isinstance(axis, Axis) and isinstance(axis.space, Rep):
        return axis.space
    return direct_sum([(axis.size if isinstance(axis, Axis) else Dim.const(1), Trivial(MIRROR))])


def _places(wire: Wire, place: int) -> tuple[int, ...]:
    return tuple(range(max(place - 2, -len(wire.axes)), place + 1))


def mirror_blocks(rep: Rep) -> list[tuple[Dim, str]]:
    """The summands of a representation of the mirror as `catnet.nn.bundles.MirrorFields` names them.

    Raises E0830 for another group, and for summands that are neither 1, -1 nor an exchanged pair.

    >>> from catnet.symmetry.constructors import C, irrep, regular, trivial
    >>> [name for _, name in mirror_blocks(2 * trivial(C(2)) + irrep(C(2), 1) + 3 * regular(C(2)))]
    ['trivial', 'sign', 'regular']
    """
    if rep.group != MIRROR:
        fail("E0830", f"the mirror of a strip is C(2), and `{rep}` is of `{rep.group}`", help=_FIELDS)
    found = []
    for count, block in rep.blocks:
        (matrix,) = block.matrices()
        name = _NAMES.get((matrix.shape[0], tuple(sorted(matrix.entries.items()))))
        if name is None:
            fail("E0830", f"`{block}` is no field of a strip", help=_FIELDS)
        found.append((count, name))
    return found


_FIELDS = "fields are sums of trivial(C(2)), irrep(C(2), 1) and regular(C(2))"
_NAMES = {
    (1, (((0, 0), 1),)): "trivial",
    (1, (((0, 0), -1),)): "sign",
    (2, (((0, 1), 1), ((1, 0), 1))): "regular",
}


def _strip(word: str, bundle: object) -> None:
    found = bundle_behind(word, bundle)
    line = found.fibre.kind == "vector space" and found.fibre.size == 1 and found.fibre.field == "R"
    if found.base.kind not in ("circle", "interval") or not line or found.parameters:
        fail("E0830", f"`{found}` is no strip", help="a strip is a bundle of lines, R[1], over a circle or an interval")


def along(bundle: object, places: Dim) -> Along:
    """`along(E, l)`: l places around the base of a bundle of lines. Raises E0830 for what is no strip."""
    _strip("along", bundle)
    return Along(bundle.bundle, places)  # type: ignore[attr-defined]


def across(bundle: object, places: Dim) -> Across:
    """`across(E, h)`: h places across a bundle of lines. Raises E0830 for what is no strip."""
    _strip("across", bundle)
    return Across(bundle.bundle, places)  # type: ignore[attr-defined]


spaces.FUNCTIONS["along"] = along
spaces.FUNCTIONS["across"] = across
