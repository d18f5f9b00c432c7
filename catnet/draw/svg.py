"""Geometry as SVG text: accessible, deterministic, portable (no scripts, no `var()`)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape as _escape

from catnet.diagrams.costs import Costs
from catnet.diagrams.graph import Value
from catnet.diagrams.repeat import Loop
from catnet.draw.acted import pieces
from catnet.draw.carried import wire_words
from catnet.draw.flow import LABEL, PADDING, TITLE
from catnet.draw.geometry import Label, Link, Panel, Placed, Turn
from catnet.draw.looks import LOOKS, PLAIN_LOOK, circle_sign
from catnet.draw.measure import clean, text_width
from catnet.draw.shapes import dashes, number, outline, paint, pair
from catnet.draw.words import tooltip

INK, MUTED, PAPER = "#222222", "#5a5a5a", "#ffffff"
DARK_INK, DARK_MUTED, DARK_PAPER = "#e6e6e6", "#b0b0b0", "#15181b"
HEADING = 34.0
MARGIN = 12.0
FONT = "Helvetica, Arial, DejaVu Sans, sans-serif"
CABLE = 3.2  # the width of several wires drawn as one
SMALLER = 0.75  # the size of insets
INSETS = 900.0  # how far insets may stand side by side
CARD = 3.0  # how far the copy behind a repeat is seen


@dataclass(frozen=True)
class Inset:
    """A small picture under a panel: its size, its elements, and their rules of the dark mode."""

    width: float
    height: float
    body: str
    rules: str


def write(panel: Panel, title: str, heading: str, description: str, insets: Sequence[Inset] = ()) -> str:
    """The SVG document of a panel, with small pictures under it."""
    body = [elements(panel, 0.0, HEADING)]
    (width, y), x, row = page_size(panel), PADDING, 0.0
    for inset in insets:
        wide, high = inset.width * SMALLER, inset.height * SMALLER
        if x > PADDING and x + wide > max(width, INSETS):
            x, y, row = PADDING, y + row, 0.0
        body.append(f'<g transform="translate({pair((x, y))}) scale({SMALLER})">{inset.body}</g>')
        x, row, width = x + wide, max(row, high), max(width, x + wide)
    rules = "".join(dict.fromkeys(inset.rules for inset in insets))
    return document(width, y + row, title, heading, description, "\n".join(body), rules)


def page_size(panel: Panel) -> tuple[float, float]:
    """The width and height of a page with one panel: a margin beyond the outputs, and the heading above."""
    return panel.width + MARGIN, panel.height + HEADING + (MARGIN if panel.down else 0.0)


def elements(panel: Panel, x: float, y: float) -> str:
    """The elements of a panel with its corner at a place, for a document of one panel or of several."""
    return "\n".join(_Writer(panel).panel(panel, x, y))


def document(
    width: float, height: float, title: str, heading: str, description: str, body: str, rules: str = ""
) -> str:
    """An SVG document: its heading, and a body of elements below it. `rules` are further ones of the dark mode."""
    width = max(width, text_width(heading, 13) + 36)
    key = f"cn{zlib.crc32((heading + body).encode('utf-8', 'replace')):08x}"
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{number(width)}" height="{number(height)}" \
viewBox="0 0 {number(width)} {number(height)}" role="img" aria-labelledby="{key}-title {key}-desc" \
font-family="{FONT}" font-size="12">
<title id="{key}-title">{escape(title)}</title>
<desc id="{key}-desc">{escape(description)}</desc>
<style>{_style(rules)}</style>
<rect class="cn-paper" width="100%" height="100%" fill="{PAPER}"/>
<text class="cn-ink" x="14" y="22" font-size="13" font-weight="bold" fill="{INK}">{escape(heading)}</text>
{body}
</svg>
"""


def escape(text: str) -> str:
    """Text for an element or an attribute: cleaned of what XML forbids, then escaped.

    >>> escape("a<b & 'c'")
    'a&lt;b &amp; &#x27;c&#x27;'
    """
    return _escape(clean(text))


def _style(more: str) -> str:
    """The dark mode. Every colour stands on its element too, for readers that know no style sheets."""
    rules = [
        f".cn-paper{{fill:{DARK_PAPER}}}",
        f".cn-ink{{fill:{DARK_INK}}}",
        f".cn-muted{{fill:{DARK_MUTED}}}",
        f".cn-wire{{stroke:{DARK_INK}}}",
        f".cn-frame{{stroke:{DARK_MUTED}}}",
    ]
    for name, look in {**LOOKS, "plain": PLAIN_LOOK}.items():
        rules.append(f".cn-{name}{{fill:{look.dark_fill};stroke:{look.dark_line}}}")
    return "@media (prefers-color-scheme: dark){" + "".join(rules) + more + "}"


def shared_marks(panel: Panel) -> dict[int, str]:
    """A letter for each shared morphism that is seen more than once."""
    uses: dict[int, int] = {}
    stack = [panel]
    while stack:
        top = stack.pop()
        for box in top.boxes:
            if box.node.owner is not None:
                uses[id(box.node.owner)] = uses.get(id(box.node.owner), 0) + 1
        stack.extend(box.panel for box in reversed(top.boxes) if box.panel is not None)
    shared = [key for key, count in uses.items() if count > 1]
    return {key: _letters(i) for i, key in enumerate(shared)}


def _letters(number: int) -> str:
    return chr(ord("a") + number % 26) + (str(number // 26) if number >= 26 else "")


class _Writer:
    """One writing run: the marks of shared parts, and the costs that are told in tooltips."""

    def __init__(self, panel: Panel) -> None:
        self.marks = shared_marks(panel)
        self.costs = Costs()

    def panel(self, panel: Panel, x: float, y: float) -> Iterator[str]:
        """A panel with its corner at a point: wires, then what stands on them."""
        yield f'<g transform="translate({number(x)} {number(y)})">'
        if panel.links or panel.turns:
            yield f'<g class="cn-wire" fill="none" stroke="{INK}" stroke-width="1.3" stroke-linecap="round">'
            yield from _wires(panel)
            for at_x, at_y in panel.ends:
                d = f"M{number(at_x - 5)} {number(at_y)}h10" if panel.down else f"M{number(at_x)} {number(at_y - 5)}v10"
                yield f'<path d="{d}"/>'
            yield "</g>"
        for at_x, at_y in panel.dots:
            yield f'<circle class="cn-ink" cx="{number(at_x)}" cy="{number(at_y)}" r="3" fill="{INK}"/>'
        for box in panel.boxes:
            yield from self._box(box)
        for label in panel.labels:
            yield _label(label)
        yield "</g>"

    def _box(self, box: Placed) -> Iterator[str]:
        yield f"<g><title>{escape(tooltip(box.node, self.costs))}</title>"
        if isinstance(box.node.box, Loop):
            yield _card(box)
        if box.panel is not None:
            yield from self._frame(box, box.panel)
        else:
            yield outline(box)
            yield from _words(box)
        mark = self.marks.get(id(box.node.owner))
        if mark is not None:
            x, y = box.x + box.width, box.y
            yield f'<circle class="cn-python" cx="{number(x)}" cy="{number(y)}" r="7" {paint(LOOKS["python"])}/>'
            yield _text(x, y + 3.2, mark, 9, INK)
        yield "</g>"

    def _frame(self, box: Placed, panel: Panel) -> Iterator[str]:
        yield (
            f'<rect class="cn-frame" x="{number(box.x)}" y="{number(box.y)}" width="{number(box.width)}" '
            f'height="{number(box.height)}" rx="6" fill="none" stroke="{MUTED}" stroke-width="1.2"{dashes(box)}/>'
        )
        yield (
            f'<text class="cn-ink" x="{number(box.x + box.title_x)}" y="{number(box.y + 16)}" font-size="11" '
            f'font-weight="bold" fill="{INK}">{escape(box.title)}</text>'
        )
        yield from self.panel(panel, box.x, box.y + TITLE)


# -- wires ---------------------------------------------------------------------------------------------------


def _wires(panel: Panel) -> Iterator[str]:
    """The wires of a panel; pieces that go on from each other are one path, without seams."""
    paths: list[tuple[list[str], Value, int]] = []
    open_ends: dict[tuple[int, float, float], int] = {}
    for turn in panel.turns:
        open_ends[id(turn.value), *turn.corners[-1]] = len(paths)
        paths.append(([_corners(turn)], turn.value, turn.count))
    for link in panel.links:
        at = open_ends.pop((id(link.value), *link.start), None)
        if at is None:
            at = len(paths)
            paths.append((["M" + pair(link.start)], link.value, link.count))
        paths[at][0].append(_curve(link))
        open_ends[id(link.value), *link.end] = at
    for parts, value, count in paths:
        yield _path("".join(parts), value, count)


def _path(d: str, value: Value, count: int) -> str:
    name = f"{value.name}: " if value.name else ""
    thick = f' stroke-width="{CABLE}"' if count > 1 else ""
    many = f"{count} wires, each " if count > 1 else ""
    return f'<path d="{d}"{thick}><title>{escape(many + name + wire_words(value.wire))}</title></path>'


def _curve(link: Link) -> str:
    """What a link adds to a path that stands at its start."""
    start, before, first, second, after, end = link.path
    line, along = ("V", 1) if link.down else ("H", 0)
    if abs(start[1 - along] - end[1 - along]) < 0.05:
        return f"{line}{number(end[along])}"
    lead = f"{line}{number(before[along])}" if before[along] > start[along] else ""
    curve = f"C{pair(first)} {pair(second)} {pair(after)}"
    return lead + curve + (f"{line}{number(end[along])}" if end[along] > after[along] else "")


def _corners(turn: Turn) -> str:
    """A path with round corners."""
    points = turn.corners
    d = "M" + pair(points[0])
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        enter, leave = _towards(corner, before), _towards(corner, after)
        d += f"L{pair(enter)}Q{pair(corner)} {pair(leave)}"
    return d + "L" + pair(points[-1])


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    part = min(8.0, length / 2) / length if length else 0.0
    return corner[0] + dx * part, corner[1] + dy * part


def _label(label: Label) -> str:
    words = f" ({label.words})" if label.words else ""
    return (
        f'<text class="cn-muted" x="{number(label.x)}" y="{number(label.y)}" font-size="{number(LABEL)}" '
        f'fill="{MUTED}">'
        f"{_emphasised(label)}<title>{escape(wire_words(label.value.wire) + words)}</title></text>"
    )


def _emphasised(label: Label) -> str:
    """The text of a label, with the axes in bold on which a group acts."""
    return "".join(
        f'<tspan class="cn-ink" font-weight="bold" fill="{INK}">{escape(text)}</tspan>' if acted else escape(text)
        for text, acted in pieces(label)
    )


# -- boxes ---------------------------------------------------------------------------------------------------


def _card(box: Placed) -> str:
    """What stands behind a repeat: the edge of a further copy."""
    x, y, right = box.x + CARD, box.y - CARD, box.x + box.width
    d = f"M{pair((x, box.y))}V{number(y)}H{number(right + CARD)}V{number(y + box.height)}H{number(right)}"
    return f'<path class="cn-frame" d="{d}" fill="none" stroke="{MUTED}" stroke-width="1"/>'


def _words(box: Placed) -> Iterator[str]:
    face = box.face
    x, y = box.x + box.width / 2, box.y + box.height / 2
    if face.small:
        yield _text(x, y - 1.5, face.text, 12, INK)
        yield _text(x, y + 12, face.small, 9.5, MUTED)
    else:
        size = 15 if circle_sign(box.node) is not None else 12
        yield _text(x, y + size * 0.35, face.text, size, INK)


def _text(x: float, y: float, text: str, size: float, colour: str) -> str:
    style = "cn-ink" if colour == INK else "cn-muted"
    return (
        f'<text class="{style}" x="{number(x)}" y="{number(y)}" font-size="{number(size)}" text-anchor="middle" '
        f'fill="{colour}">{escape(text)}</text>'
    )
