"""Base spaces: charts with their coordinates, where charts overlap, and loops.

A base is what a bundle needs to know of a space: a cover by connected charts, the connected overlaps of two charts
with the change of coordinates, the triples of charts that meet, and closed paths that generate the loops. Where the
base is `discrete` (a graph, a mesh, a grid of pixels), charts are nodes and transitions transport along edges:
then nothing is demanded around faces, and what comes out there is curvature.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from catnet.bundles.deciding import Range
from catnet.bundles.expressions import Expr
from catnet.bundles.nerve import Frames, Path, path_text, spanning_tree, steps
from catnet.bundles.normal import Sort
from catnet.diagnostics import fail
from catnet.types.spelling import nearest

Pair = tuple[str, str]

TURN = "~t"
"""The name of the angle along a closed curve in an overlap; no name of the language can be this."""


@dataclass(frozen=True)
class Coordinate:
    """A coordinate of a chart: its name, its sort, and an open interval that holds its values (None: all)."""

    name: str
    sort: Sort
    range: Range | None = None


@dataclass(frozen=True)
class Overlap:
    """Where two charts meet, a connected set.

    `ranges` are those of the source's coordinates here; `change` gives the target's coordinates in the source's,
    `back` the source's in the target's (names in neither are shared); `positive` are expressions in the source's
    coordinates that are positive here.
    """

    source: str
    target: str
    ranges: Mapping[str, Range] = field(default_factory=dict)
    change: Mapping[str, Expr] = field(default_factory=dict)
    back: Mapping[str, Expr] = field(default_factory=dict)
    positive: tuple[Expr, ...] = ()


@dataclass(frozen=True)
class Clutch:
    """A closed curve in an overlap, by the source's coordinates as functions of an angle `~t`."""

    pair: Pair
    curve: Mapping[str, Expr]


@dataclass(frozen=True, eq=False)
class Base:
    """A covered space.

    `kind` is its name in the language; `charts` maps chart names to coordinates; `triples` are the charts that meet
    by three, `faces` the closed paths around which a discrete base may be curved; `loops` are named closed paths.
    `clutches` are curves along which transitions wind: on a closed oriented surface their winding numbers add up to
    the degree of a bundle. `simple` says that every loop of the space is a loop of the nerve (charts are simply
    connected); `dimension` is that of the space, None where it is not known. `spans` are the arcs of a circle in turns
    and the intervals of an interval, by chart. `data` names a graph or a mesh that is not declared but comes as data:
    then there are no charts here. `learned` are the coordinates of a point and the number of charts of a base whose
    cover is fitted to data, and there are none here either.
    """

    kind: str
    charts: Mapping[str, tuple[Coordinate, ...]]
    overlaps: Mapping[Pair, Overlap]
    triples: tuple[tuple[str, str, str], ...] = ()
    faces: tuple[Path, ...] = ()
    loops: Mapping[str, Path] = field(default_factory=dict)
    clutches: tuple[Clutch, ...] = ()
    dimension: int | None = None
    contractible: bool = False
    discrete: bool = False
    spans: Mapping[str, Range] = field(default_factory=dict)
    data: str = ""
    learned: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for pair in self.overlaps:
            for name in pair:
                self.need_chart(name)

    def need_chart(self, name: str) -> None:
        """Raise E0803 for a name that is no chart."""
        if name not in self.charts:
            fail("E0803", f"the {self.kind} has no chart `{name}`", help=nearest(name, self.charts) or self._listed())

    def _listed(self) -> str:
        shown = [*self.charts][:8]
        return f"its charts are {', '.join(shown)}{', ...' if len(self.charts) > 8 else ''}"

    def ranges(self, chart: str) -> dict[str, Range]:
        """The intervals that hold the values of a chart's coordinates, by name, where they are known."""
        found = {c.name: c.range for c in self.charts[chart] if c.range is not None}
        for first in self.charts[chart][:1]:
            if chart in self.spans:
                low, high = self.spans[chart]
                turn = 2 * math.pi if first.sort == "angle" else 1.0
                found[first.name] = (low * turn, high * turn)
        return found

    def overlap(self, source: str, target: str) -> Overlap:
        """The overlap of two charts, seen from the source. Raises E0803 where they do not meet."""
        self.need_chart(source)
        self.need_chart(target)
        if (source, target) in self.overlaps:
            return self.overlaps[source, target]
        if (target, source) in self.overlaps:
            return self._turned(self.overlaps[target, source])
        met = [b if a == source else a for a, b in self.overlaps if source in (a, b)]
        fail(
            "E0803",
            f"the charts `{source}` and `{target}` of the {self.kind} do not overlap",
            help=f"`{source}` meets {', '.join(met[:8]) or 'no other chart'}",
        )

    def _turned(self, other: Overlap) -> Overlap:
        """An overlap seen from its target: ranges are kept for coordinates that both share."""
        from catnet.bundles.expressions import substitute

        ranges = {c.name: c.range for c in self.charts[other.target] if c.range is not None}
        shared = {name: range_ for name, range_ in other.ranges.items() if name not in other.back}
        positive = tuple(substitute(value, other.back) for value in other.positive)
        return Overlap(other.target, other.source, ranges | shared, other.back, other.change, positive)

    def with_loops(self, loops: Mapping[str, Path]) -> Base:
        """The base with named closed paths. Raises E0803 where neighbours on a path do not overlap, E0801 for a path
        that is not closed."""
        for name, path in loops.items():
            if len(path) < 2 or path[0] != path[-1]:
                fail("E0801", f"the loop `{name}` is not closed: {path_text(path)}", help="let it end where it begins")
            for a, b in steps(path):
                self.overlap(a, b)
        return replace(self, loops={**self.loops, **loops})

    @cached_property
    def neighbours(self) -> dict[str, list[str]]:
        """The charts that each chart meets."""
        found: dict[str, list[str]] = {name: [] for name in self.charts}
        for a, b in self.overlaps:
            found[a].append(b)
            found[b].append(a)
        return found

    @cached_property
    def tree(self) -> Frames:
        """A spanning tree of the nerve (a forest, where the space falls apart)."""
        return spanning_tree(self.neighbours)

    @property
    def tree_like(self) -> bool:
        """Whether the nerve has no closed path at all."""
        return len(self.overlaps) == len(self.charts) - self.tree.parts

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(map(str, self.learned))})" if self.learned else self.kind
