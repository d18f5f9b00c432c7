"""Pictures of diagrams: a structural SVG in pure Python, or DOT text for Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from catnet.diagrams.graph import Graph
from catnet.draw.acted import mark
from catnet.draw.layout import Layout
from catnet.draw.looks import inside
from catnet.draw.measure import shorten
from catnet.draw.words import sentence, unwrapped

if TYPE_CHECKING:
    from catnet.diagrams.terms import Diagram

Format = Literal["svg", "dot"]
READABLE = 40  # boxes on one page that a reader takes in

__all__ = ["draw", "draw_graph", "readable_depth"]


def draw(diagram: Diagram, format: Format = "svg") -> str:
    """The picture of a diagram, opened as deep as stays readable.

    >>> from catnet.boxes.linear import Linear
    >>> from catnet.diagrams.terms import Leaf
    >>> from catnet.types.dims import Dim
    >>> draw(Leaf(Linear(Dim.const(8))))[:4]
    '<svg'
    """
    graph = unwrapped(diagram.graph)
    return draw_graph(graph, format, depth=readable_depth(graph), of=diagram)


def draw_graph(
    graph: Graph, format: Format = "svg", *, depth: int = 1, title: str | None = None, of: Diagram | None = None
) -> str:
    """The picture of a graph as SVG or DOT text.

    Args:
        graph: A typed graph. One that only calls a net is drawn as that net.
        format: `svg` or `dot`.
        depth: How many levels of boxes to show; 1 draws nets, blocks and repeats closed.
        title: The name in the heading; by default the graph's own.
        of: The diagram that this is the graph of: the axes are marked on which the groups act that it names.
    """
    if format not in ("svg", "dot"):
        raise ValueError(f"a picture is `svg` or `dot`, not `{format}`")
    graph = unwrapped(graph)
    name = title if title is not None else graph.name
    if format == "dot":
        from catnet.draw import dot

        return dot.write(graph, name, depth)
    from catnet.draw import svg

    panel = Layout().panel(graph, depth, top=True)
    groups = mark(panel, of) if of is not None else ""
    heading = shorten(f"{name} : {graph.type}" + (f" under {groups}" if groups else ""), 110)
    about = " ".join([*graph.doc, sentence(graph, name), *([f"It commutes with {groups}."] if groups else [])])
    return svg.write(panel, name, heading, about)


def readable_depth(graph: Graph) -> int:
    """How many levels to open so that the page has at most about forty boxes; repeats are opened once."""
    depth, shown, closed = 1, len(graph.nodes), list(graph.nodes)
    while closed and depth < 6:
        inner = [g for g, _ in map(inside, closed) if g is not None]
        shown += sum(len(g.nodes) for g in inner)
        if not inner or shown > READABLE:
            break
        depth, closed = depth + 1, [node for g in inner for node in g.nodes]
    return depth
