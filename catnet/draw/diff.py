"""Two nets in one picture, the old above the new: what changed has an outline in a colour of its own and a sign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catnet.diagrams.graph import Graph, Node
from catnet.draw import readable_depth
from catnet.draw.flow import TITLE
from catnet.draw.geometry import Panel, Placed
from catnet.draw.layout import Layout
from catnet.draw.looks import BLUE, ORANGE, RED
from catnet.draw.measure import shorten, text_width
from catnet.draw.svg import DARK_PAPER, HEADING, INK, document, elements, escape

SECTION = 30.0  # the room of a line of text
OUT = 3.0  # how far an outline stands off its box
COLOURS = {"-": RED, "+": BLUE, "~": ORANGE}
DASHES = {"-": "7 3", "+": "", "~": "2 2"}
WORDS = {"-": "gone", "+": "new", "~": "changed"}


def draw_diff(old: Graph, new: Graph, gone: Mapping[int, str], come: Mapping[int, str]) -> str:
    """Both nets as one SVG document.

    Args:
        old: The graph above.
        new: The graph below.
        gone: The sign of each changed part of the old graph, `-` or `~`, by the identity of its node or of its graph.
        come: The same of the new graph, `+` or `~`.

    A closed box in which something changed is marked `~`.
    """
    depth = max(readable_depth(old), readable_depth(new))
    y = HEADING + SECTION
    body, width = [_key()], 0.0
    for word, graph, signs in (("old", old, gone), ("new", new, come)):
        panel = Layout().panel(graph, depth, top=True)
        heading = shorten(f"{word}: {graph.name} : {graph.type}", 110)
        style = f'class="cn-ink" font-size="12" font-weight="bold" fill="{INK}"'
        body.append(f'<text x="14" y="{y:g}" {style}>{escape(heading)}</text>')
        body.append(elements(panel, 0.0, y + 8))
        body += _Marks(signs).panel(panel, 0.0, y + 8)
        y += 8 + panel.height + SECTION
        width = max(width, panel.width + 12, text_width(heading, 12) + 36)
    title = f"{old.name} and {new.name}" if old.name != new.name else f"{old.name}, old and new"
    said = f"The old net above, the new one below. {_count(gone, 'old')} {_count(come, 'new')}"
    return document(width, y, title, title, said, "\n".join(body), _rules())


def _count(signs: Mapping[int, str], word: str) -> str:
    found = [f"{sum(s == sign for s in signs.values())} {WORDS[sign]}" for sign in "-+~" if sign in signs.values()]
    return f"Marked in the {word} net: {', '.join(found) or 'nothing'}."


def _rules() -> str:
    """The dark mode of the marks."""
    on = f".cn-on{{fill:{DARK_PAPER}}}"
    return on + "".join(
        f".cn-mark{i}{{stroke:{c[3]}}}.cn-sign{i}{{fill:{c[3]}}}" for i, c in enumerate(COLOURS.values())
    )


def _key() -> str:
    """What the signs mean."""
    parts, x = [], 14.0
    for sign, word in WORDS.items():
        parts.append(_badge(sign, x + 8, HEADING + 2))
        style = f'class="cn-ink" font-size="11" fill="{INK}"'
        parts.append(f'<text x="{x + 20:g}" y="{HEADING + 6:g}" {style}>{word}</text>')
        x += 40 + text_width(word, 11)
    return "\n".join(parts)


def _badge(sign: str, x: float, y: float) -> str:
    """A sign in a circle."""
    number, colour = list(COLOURS).index(sign), COLOURS[sign]
    text = {"-": "\u2212", "~": "~", "+": "+"}[sign]
    return (
        f'<circle class="cn-sign{number}" cx="{x:g}" cy="{y:g}" r="8" fill="{colour[1]}"/>'
        f'<text class="cn-on" x="{x:g}" y="{y + 4.5:g}" font-size="13" font-weight="bold" text-anchor="middle" '
        f'fill="#ffffff">{text}</text>'
    )


class _Marks:
    """The marks on the boxes of a panel."""

    def __init__(self, signs: Mapping[int, str]) -> None:
        self.signs = signs
        self.known: dict[int, bool] = {}

    def panel(self, panel: Panel, x: float, y: float) -> Iterator[str]:
        """The outlines and signs of a panel with its corner at a place, those inside frames too."""
        for box in panel.boxes:
            sign = self.signs.get(id(box.node))
            if box.panel is not None:
                if sign is not None:
                    yield _outline(box, sign, x, y)
                yield from self.panel(box.panel, x + box.x, y + box.y + TITLE)
            elif sign is not None or self.changed(box.node):
                yield _outline(box, sign or "~", x, y)

    def changed(self, node: Node) -> bool:
        """Whether something changed inside a box."""
        return any(id(graph) in self.signs or self._within(graph) for graph in node.graphs)

    def _within(self, graph: Graph) -> bool:
        if id(graph) not in self.known:
            self.known[id(graph)] = any(id(n) in self.signs or self.changed(n) for n in graph.nodes)
        return self.known[id(graph)]


def _outline(box: Placed, sign: str, x: float, y: float) -> str:
    number, colour = list(COLOURS).index(sign), COLOURS[sign]
    left, top = x + box.x - OUT, y + box.y - OUT
    dashes = f' stroke-dasharray="{DASHES[sign]}"' if DASHES[sign] else ""
    return (
        f'<g><title>{WORDS[sign]}</title><rect class="cn-mark{number}" x="{left:.1f}" y="{top:.1f}" '
        f'width="{box.width + 2 * OUT:.1f}" height="{box.height + 2 * OUT:.1f}" rx="6" fill="none" '
        f'stroke="{colour[1]}" stroke-width="2.4"{dashes}/>{_badge(sign, left, top)}</g>'
    )
