"""Maps between bases: which chart goes into which, and the coordinates of the image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from catnet.bundles.bases import Base
from catnet.bundles.deciding import Domain
from catnet.bundles.expressions import Expr, ExprLike, I, exp, expression, substitute
from catnet.bundles.expressions import name as name_of
from catnet.bundles.matrices import Entries
from catnet.bundles.verdicts import Law, Verdict
from catnet.diagnostics import fail


@dataclass(frozen=True, eq=False)
class BaseMap:
    """A map of covered spaces: each chart of the source goes into a chart of the target.

    `coordinates[chart]` gives the target's coordinates in those of the source's chart; missing ones have the same
    name in both. That the image of an overlap lies in the overlap of the images is assumed.
    """

    name: str
    source: Base
    target: Base
    charts: Mapping[str, str]
    coordinates: Mapping[str, Mapping[str, ExprLike]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for chart in self.source.charts:
            if chart not in self.charts:
                fail("E0816", f"the map `{self.name}` does not say into which chart `{chart}` goes")
            self.target.need_chart(self.charts[chart])
        for a, b in self.source.overlaps:
            image = self.charts[a], self.charts[b]
            if not self.meets(*image):
                here = f"`{a}` and `{b}` overlap, but go to `{image[0]}` and `{image[1]}`, which do not"
                fail("E0816", f"the map `{self.name}` is torn: {here}")

    def meets(self, a: str, b: str) -> bool:
        """Whether two charts of the target are one or overlap."""
        return a == b or b in self.target.neighbours[a]

    def image(self, chart: str) -> dict[str, Expr]:
        """The coordinates of the image, by the names of those of its chart."""
        given = self.coordinates.get(chart, {})
        return {
            c.name: expression(given.get(c.name, name_of(c.name))) for c in self.target.charts[self.charts[chart]]
        }  # fmt: skip

    def carried(self, chart: str, matrix: Entries) -> Entries:
        """A matrix in coordinates of the image of a chart, in those of the chart."""
        return matrix.substitute(self.image(chart))

    def laws(self) -> list[Law]:
        """On each overlap: the image by either chart is the same point."""
        return [Law("map agrees", (a, b), self._agrees(a, b)) for a, b in self.source.overlaps]

    def _agrees(self, a: str, b: str) -> Verdict:
        here = self.source.overlap(a, b)
        coordinates = self.source.charts[a]
        ranges = {**{c.name: c.range for c in coordinates if c.range is not None}, **here.ranges}
        domain = Domain({c.name: c.sort for c in coordinates}, ranges, positive=here.positive)
        first, second = self.charts[a], self.charts[b]
        image = self.image(a)
        changed = self.target.overlap(first, second).change if first != second else {}
        rests = []
        for c in self.target.charts[second]:
            by_first = substitute(changed.get(c.name, name_of(c.name)), image)
            by_second = substitute(self.image(b)[c.name], here.change)
            rests.append(exp(I * (by_first - by_second)) - 1 if c.sort in ("angle", "arc") else by_first - by_second)
        return domain.vanish(rests, (a, b))
