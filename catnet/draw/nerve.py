"""The nerve of a bundle as SVG: charts as nodes, overlaps as bands, and a crossing where a transition is not one.

The crossing says where the twist sits in the frames as declared; other frames move it along, and what stays is the
holonomy, which is written below.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from catnet.bundles import Bundle, Entries
from catnet.bundles.verdicts import Law
from catnet.draw.looks import BLUE, PURPLE, RED
from catnet.draw.measure import clean, shorten, text_width
from catnet.draw.svg import DARK_INK, INK, MUTED, PAPER, Inset, document, escape

SMALL = 11.0  # the size of labels
MARGIN = 26.0
TOP = 62.0  # heading and key
APART = 150.0  # from chart to neighbouring chart
NAMED = 40  # charts that are drawn with names
LOOPS = 4  # loops whose holonomy is written
BAND = 3.5  # half the width of a band
CROSSING = 22.0  # half the length of a crossing

_RULES = (
    f".cn-chart{{fill:{BLUE[2]};stroke:{BLUE[3]}}}.cn-band{{stroke:{DARK_INK}}}"
    f".cn-twist{{stroke:{PURPLE[3]}}}.cn-twist-text{{fill:{PURPLE[3]}}}"
    f".cn-broken{{stroke:{RED[3]}}}.cn-broken-text{{fill:{RED[3]}}}"
)
_COLOURS = {"band": INK, "twist": PURPLE[1], "broken": RED[1]}
_KEY = "Crossed: the transition is not 1. An arrow points to the chart into whose coordinates it takes."

Point = tuple[float, float]


def draw_nerve(bundle: Bundle) -> str:
    """The nerve of a bundle with its transitions, as an SVG document.

    Every overlap is a band in the direction in which its transition is declared, labelled with it. A band is crossed
    where the transition is not proved or tested to be one; it is dashed where the maps are learned, and red where a
    law is refuted.

    >>> from catnet.bundles import O, R, bundle, circle
    >>> turns = {("a", "b"): 1, ("b", "c"): 1, ("c", "a"): -1}
    >>> picture = draw_nerve(bundle("Moebius", circle(("a", "b", "c")), R(1), O(1), turns))
    >>> picture.count('class="cn-twist"')
    1
    """
    return _Nerve(bundle).text()


@dataclass(frozen=True)
class _Band:
    """An overlap as drawn: its charts, what is written at it, `band`, `twist` or `broken`, and more in words."""

    source: str
    target: str
    label: str
    look: str
    words: str
    learned: bool


def inset(bundle: Bundle) -> Inset:
    """The nerve as a part of another picture, with its own heading. The bundle has charts."""
    return _Nerve(bundle, key="").inset()


class _Nerve:
    """The picture of one bundle; `key` explains its signs."""

    def __init__(self, bundle: Bundle, key: str = _KEY) -> None:
        self.bundle = bundle
        self.key = key
        self.charts = list(bundle.base.charts)
        self.named = len(self.charts) <= NAMED
        self.laws = bundle.laws()
        self.row = self._is_row()
        self.heading = shorten(str(bundle), 110)

    def text(self) -> str:
        """The document."""
        if not self.charts:  # they come as data
            return self._told()
        body = f"{_words(14, 42, self.key, 'muted', MUTED)}\n{self._body()}"
        return document(self.width, self.height, self.bundle.name, self.heading, self._description(), body, _RULES)

    def inset(self) -> Inset:
        """The part of another picture."""
        heading = _words(14, 30, self.heading, "ink", INK, size=13)
        return Inset(
            self.width, self.height, f"<title>{escape(self._description())}</title>{heading}\n{self._body()}", _RULES
        )

    def _body(self) -> str:
        labels = map(self._label, self.bands) if self.named else ()
        drawn = [*map(self._band, self.bands), *filter(None, labels), *map(self._chart, self.charts)]
        return "\n".join([*drawn, *self._footer()])

    @cached_property
    def height(self) -> float:
        """The height of the page."""
        return self.bottom + 16.0 * len(self.footer) + 14

    def _told(self) -> str:
        """The document of a bundle whose charts are not declared: what is known of it, in words."""
        lines = list(filter(None, self.bundle.describe().splitlines()[1:]))
        body = "\n".join(_words(14, 46 + 16 * k, line, "ink", INK) for k, line in enumerate(lines))
        width = max((text_width(line, SMALL) + 28 for line in lines), default=0.0)
        return document(width, 46 + 16.0 * len(lines), self.bundle.name, self.heading, " ".join(lines), body)

    # What is drawn

    @cached_property
    def bands(self) -> list[_Band]:
        """The overlaps, each in one declared direction."""
        return [self._read(*pair) for pair in self.bundle.directions]

    def _read(self, source: str, target: str) -> _Band:
        bundle = self.bundle
        transition = bundle.transitions[source, target]
        broken = [law for law in self.laws.refuted if {source, target} <= set(law.charts)]
        where = f"{source} -> {target}"
        if transition.matrix is None:
            word, learned = str(transition.word), bool(transition.word.letters)
            words = f"{where}: {word}, learned" if learned else f"{where}: 1, by words"
            return _Band(source, target, word if learned else "1", "broken" if broken else "band", words, learned)
        rest = transition.matrix - Entries.identity(bundle.fibre.size)
        one = bundle.domain(source, target).vanish(rest.entries, (source, target))
        look = "broken" if broken else "band" if one.holds else "twist"
        said = f"is one: {one}" if one.holds else "is not one"
        words = f"{where}: {transition.matrix.text}; it {said}" + "".join(map(_complaint, broken))
        return _Band(source, target, "1" if one.holds else transition.matrix.text, look, words, False)

    @cached_property
    def footer(self) -> list[str]:
        """The facts, or that a law is broken."""
        if not self.laws.hold:
            names = dict.fromkeys(law.name for law in self.laws.refuted)
            return [f"refuted: {', '.join(names)}"]
        facts = self.bundle.facts()
        lines = [", ".join(_short(fact.name, fact.value) for fact in (facts.orientable, facts.flat, facts.trivial))]
        if facts.degree is not None:
            lines[0] += f", degree {facts.degree.value}"
        for holonomy in facts.holonomies[:LOOPS]:
            short = len(str(holonomy)) <= 90
            lines.append(str(holonomy) if short else shorten(f"loop {holonomy.name}: {holonomy.text}", 90))
        if len(facts.holonomies) > LOOPS:
            lines.append(f"and {len(facts.holonomies) - LOOPS} more loops")
        return [clean(line) for line in lines]

    def _description(self) -> str:
        bundle = self.bundle
        crossed = [f"{b.source} -> {b.target}" for b in self.bands if b.look != "band"]
        twist = f"not one on {', '.join(crossed[:12])}" if crossed else "one everywhere"
        meets = f"{len(bundle.base.overlaps)} overlaps, {len(bundle.base.triples)} triple overlaps"
        told = f"A bundle over the {bundle.base} with fibre {bundle.fibre} and structure group {bundle.structure}"
        return f"{told}: {len(self.charts)} charts, {meets}; transitions are {twist}. {'; '.join(self.footer)}."

    # Where it is

    def _is_row(self) -> bool:
        """Whether each chart meets only the ones before and after it, as on an interval."""
        place = {chart: k for k, chart in enumerate(self.charts)}
        return self.named and all(abs(place[a] - place[b]) == 1 for a, b in self.bundle.base.overlaps)

    @cached_property
    def width(self) -> float:
        """The width of the page: that of the nerve with its labels, or of the longest line of text."""
        xs = [x for x, _ in self._around.values()]
        lines = [text_width(line, SMALL) + 28 for line in [self.key, *self.footer]]
        return max(max(xs) - min(xs) + 2 * (MARGIN + self._beside), text_width(self.heading, 13) + 36, *lines)

    @cached_property
    def places(self) -> dict[str, Point]:
        """The centres of charts on the page."""
        xs, ys = zip(*self._around.values(), strict=True)
        right, down = (self.width - min(xs) - max(xs)) / 2, TOP + 34 - min(ys)
        return {chart: (x + right, y + down) for chart, (x, y) in self._around.items()}

    @cached_property
    def _around(self) -> dict[str, Point]:
        """The centres of charts, in a row or clockwise on a circle from the top."""
        count = len(self.charts)
        if self.row:
            step = max(APART, 2 * max(map(self._half, self.charts)) + self._longest + 20)
            return {chart: (k * step, 0.0) for k, chart in enumerate(self.charts)}
        apart = (APART if count <= 12 else 90.0) if self.named else 10.0
        radius = apart / 2 / math.sin(math.pi / count)
        turns = {chart: 2 * math.pi * k / count for k, chart in enumerate(self.charts)}
        return {chart: (radius * math.sin(t), -radius * math.cos(t)) for chart, t in turns.items()}

    @cached_property
    def _longest(self) -> float:
        """The width of the longest label."""
        return max((text_width(_shown(band), SMALL) for band in self.bands), default=0.0) if self.named else 0.0

    @cached_property
    def _beside(self) -> float:
        """The room that is left beside the outermost charts."""
        nodes = max(map(self._half, self.charts))
        return nodes if self.row else max(nodes, self._longest)

    @cached_property
    def bottom(self) -> float:
        """Where the lines below the nerve begin."""
        return max(y for _, y in self.places.values()) + 52

    def _half(self, chart: str) -> float:
        """Half the width of a chart's node."""
        return max(16.0, text_width(shorten(chart, 16), 12) / 2 + 9) if self.named else 3.0

    # How it looks

    def _chart(self, chart: str) -> str:
        x, y = self.places[chart]
        coordinates = ", ".join(c.name for c in self.bundle.base.charts[chart])
        title = f"<title>{escape(f'chart {chart}({coordinates})' if coordinates else f'chart {chart}')}</title>"
        paint = f'class="cn-chart" fill="{BLUE[0]}" stroke="{BLUE[1]}" stroke-width="1.3"'
        if not self.named:
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" {paint}>{title}</circle>'
        half = self._half(chart)
        node = f'<rect x="{x - half:.1f}" y="{y - 14:.1f}" width="{2 * half:.1f}" height="28" rx="14" {paint}/>'
        return f"<g>{title}{node}{_words(x, y + 4, shorten(chart, 16), 'ink', INK, 'middle', 12)}</g>"

    def _band(self, band: _Band) -> str:
        """One overlap: two lines, which cross where the transition is not one."""
        (x0, y0), (x1, y1) = self.places[band.source], self.places[band.target]
        length = math.hypot(x1 - x0, y1 - y0)
        along = (x1 - x0) / length, (y1 - y0) / length
        middle = (x0 + x1) / 2, (y0 + y1) / 2
        crossed = band.look == "twist" or (band.look == "broken" and band.label != "1")
        ends = ((x0, y0), (x1, y1))
        lines = "".join(_line(ends, middle, along, side, crossed and self.named) for side in (BAND, -BAND))
        if not self.named:
            lines = f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"
        width = 2.0 if band.look != "band" else 1.2
        dash = ' stroke-dasharray="5 3"' if band.learned else ""
        colour = _COLOURS[band.look]
        path = f'<path class="cn-{band.look}" d="{lines}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>'
        if self.named:
            path += self._arrow(band, along)
        return f"<g><title>{escape(band.words)}</title>{path}</g>"

    def _arrow(self, band: _Band, along: Point) -> str:
        """The head of an arrow, before the node of the target."""
        x, y = self.places[band.target]
        half = self._half(band.target) + 3
        back = min(half / abs(along[0]) if along[0] else math.inf, 17 / abs(along[1]) if along[1] else math.inf)
        x, y = x - back * along[0], y - back * along[1]
        tail = x - 13 * along[0], y - 13 * along[1]  # longer than wide, so that a slanted one points
        sides = [(tail[0] - s * along[1], tail[1] + s * along[0]) for s in (5, -5)]
        d = f"M{x:.1f} {y:.1f}" + "".join(f"L{a:.1f} {b:.1f}" for a, b in sides) + "Z"
        style = "cn-ink" if band.look == "band" else f"cn-{band.look}-text"
        return f'<path class="{style}" d="{d}" fill="{_COLOURS[band.look]}"/>'

    def _label(self, band: _Band) -> str:
        """What is written at a band: outside the circle, or on a chord with paper behind it; no 1 on a chord."""
        text = _shown(band)
        style, colour = ("ink", INK) if band.look == "band" else (f"{band.look}-text", _COLOURS[band.look])
        (x0, y0), (x1, y1) = self.places[band.source], self.places[band.target]
        if self.row:
            return _words((x0 + x1) / 2, y0 - 14, text, style, colour, "middle")
        if math.hypot(x1 - x0, y1 - y0) > 1.01 * self._side():  # a chord
            if band.label == "1":
                return ""
            x, y, width = x0 + 0.3 * (x1 - x0), y0 + 0.3 * (y1 - y0), text_width(text, SMALL) + 6
            paper = f'<rect class="cn-paper" x="{x - width / 2:.1f}" y="{y - 8:.1f}" width="{width:.1f}" height="16"'
            return f'{paper} fill="{PAPER}"/>' + _words(x, y + 4, text, style, colour, "middle")
        points = list(self.places.values())
        out = [(a + b) / 2 - sum(p[k] for p in points) / len(points) for k, (a, b) in enumerate(((x0, x1), (y0, y1)))]
        size = math.hypot(*out)
        x, y = (x0 + x1) / 2 + 15 * out[0] / size, (y0 + y1) / 2 + 15 * out[1] / size + 4
        anchor = "middle" if abs(out[0]) < 0.3 * size else "start" if out[0] > 0 else "end"
        return _words(x, y, text, style, colour, anchor)

    def _side(self) -> float:
        """The distance of neighbours on the circle."""
        (x0, y0), (x1, y1) = [*self.places.values()][:2]
        return math.hypot(x1 - x0, y1 - y0)

    def _footer(self) -> Iterator[str]:
        for k, line in enumerate(self.footer):
            yield _words(14, self.bottom + 16 * k, line, "ink", INK)


def _line(ends: tuple[Point, Point], middle: Point, along: Point, side: float, crossed: bool) -> str:
    """One of the two lines of a band, on one side of the way between the centres of charts."""

    def at(point: Point, forward: float, aside: float) -> str:
        x = point[0] + forward * along[0] - aside * along[1]
        y = point[1] + forward * along[1] + aside * along[0]
        return f"{x:.1f} {y:.1f}"

    if not crossed:
        return f"M{at(ends[0], 0, side)}L{at(ends[1], 0, side)}"
    bend = f"C{at(middle, 0, side)} {at(middle, 0, -side)} {at(middle, CROSSING, -side)}"
    return f"M{at(ends[0], 0, side)}L{at(middle, -CROSSING, side)}{bend}L{at(ends[1], 0, -side)}"


def _words(x: float, y: float, text: str, style: str, colour: str, anchor: str = "start", size: float = SMALL) -> str:
    placed = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text class="cn-{style}" {placed} fill="{colour}">{escape(text)}</text>'


def _shown(band: _Band) -> str:
    """What is written at a band."""
    return shorten(band.label, 30) + (", refuted" if band.look == "broken" else "")


def _complaint(law: Law) -> str:
    return f"; {law.name}: {law.verdict}"


def _short(name: str, value: bool | None) -> str:
    return f"{name}: {'not decided' if value is None else 'yes' if value else 'no'}"
