"""Pictures of diagrams: a structural SVG in pure Python, the same in TikZ, characters for a terminal, or DOT text
for Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args, overload

from catnet.diagrams.graph import Graph
from catnet.draw.acted import mark
from catnet.draw.carried import bundles, nerves, sentences
from catnet.draw.folding import deepest
from catnet.draw.layout import Layout
from catnet.draw.measure import shorten
from catnet.draw.words import sentence, unwrapped
from catnet.limits import large_work

if TYPE_CHECKING:
    from catnet.diagrams.terms import Diagram
    from catnet.draw.convert import ConvertedFormat
    from catnet.draw.geometry import Panel

Format = Literal["svg", "dot", "tex", "text"]
Direction = Literal["right", "down"]
READABLE = 40  # boxes on one page that a reader takes in
DEEPEST = 6  # levels that are opened unasked

__all__ = ["draw", "draw_graph", "readable_depth"]


@overload
def draw(
    diagram: Diagram, format: Format = "svg", *, depth: int | None = None, direction: Direction = "right"
) -> str: ...
@overload
def draw(
    diagram: Diagram, format: ConvertedFormat, *, depth: int | None = None, direction: Direction = "right"
) -> bytes: ...
def draw(
    diagram: Diagram,
    format: Format | ConvertedFormat = "svg",
    *,
    depth: int | None = None,
    direction: Direction = "right",
) -> str | bytes:
    """The picture of a diagram: a text, or bytes for `pdf` and `png`.

    Args:
        diagram: What to draw. A call of a net is drawn as that net.
        format: `svg`, `tex` (a LaTeX document), `dot`, `text` (characters for a terminal), `pdf` or `png`.
        depth: How many levels of boxes to show; 1 draws nets, blocks and repeats closed. By default as many as stay
            readable on a page.
        direction: `right` or `down`, the way in which the wires run. DOT text always runs right, a text down.

    Raises `CatnetError` where the diagram is wrong, and (E0608) where what makes a PDF or a PNG is not installed;
    `ValueError` for another format, depth or direction.

    >>> from catnet.boxes.linear import Linear
    >>> from catnet.diagrams.terms import Leaf
    >>> from catnet.types.dims import Dim
    >>> draw(Leaf(Linear(Dim.const(8))))[:4]
    '<svg'
    """
    if format == "pdf" or format == "png":
        from catnet.draw.convert import convert

        return convert(draw(diagram, depth=depth, direction=direction), format)
    graph = unwrapped(diagram.graph)
    if depth is None:
        depth = readable_depth(graph)
    return draw_graph(graph, format, depth=depth, direction=direction, of=diagram)


@large_work()
def draw_graph(
    graph: Graph,
    format: Format = "svg",
    *,
    depth: int = 1,
    direction: Direction = "right",
    title: str | None = None,
    of: Diagram | None = None,
) -> str:
    """The picture of a graph as text in one of the formats; see `draw`.

    Args:
        graph: A typed graph. One that only calls a net is drawn as that net.
        format: `svg`, `tex`, `dot` or `text`.
        depth: How many levels of boxes to show.
        direction: `right` or `down`.
        title: The name in the heading; by default the graph's own.
        of: The diagram that this is the graph of: the axes are marked on which the groups act that it names.
    """
    if format not in get_args(Format):
        raise ValueError(f"a picture is {', '.join(map(repr, get_args(Format)))}, not {format!r}")
    if direction not in get_args(Direction):
        raise ValueError(f"a picture runs `right` or `down`, not {direction!r}")
    if depth < 1:
        raise ValueError(f"a picture shows one level of boxes at least, not {depth}")
    graph = unwrapped(graph)
    name = title if title is not None else graph.name
    if format == "dot":
        from catnet.draw import dot

        return dot.write(graph, name, depth)
    if format == "text":
        from catnet.draw import text

        return text.write(graph, f"{name} : {graph.type}", depth)
    return _page(graph, format, name, Layout(down=direction == "down").panel(graph, depth, top=True), of)


def _page(graph: Graph, format: Format, name: str, panel: Panel, of: Diagram | None) -> str:
    """A panel with its heading and what is said of it."""
    from catnet.draw import svg

    groups = mark(panel, of) if of is not None else ""
    heading = shorten(f"{name} : {graph.type}" + (f" under {groups}" if groups else ""), 110)
    found = bundles(graph)
    claims = [f"It commutes with {groups}."] if groups else []
    about = " ".join([*graph.doc, sentence(graph, name), *claims, *sentences(found)])
    if format == "tex":
        from catnet.draw import tikz

        return tikz.write(panel, heading, about)
    return svg.write(panel, name, heading, about, nerves(found))


def readable_depth(graph: Graph) -> int:
    """How many levels to open so that the page has at most about forty boxes; repeats are opened once."""
    return deepest(graph, READABLE, DEEPEST)
