"""The table of a diagram's parts: type, parameters and FLOPs of each, and of the whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catnet.analysis.known import Known
from catnet.diagnostics import fail
from catnet.diagrams import terms
from catnet.diagrams.costs import Costs
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.repeat import Loop
from catnet.limits import large_work
from catnet.types.dims import Dim, DimError
from catnet.types.spaces import Space
from catnet.types.wires import Axis, Object, show_object

WIDEST_NAME = 44
WIDEST_TYPE = 34
WIDEST_COUNT = 44
MOST_STEPS = 8  # of a chain whose steps differ

_NUMBER = re.compile(r"(?<!\w)\d+(?!\w)")


@dataclass(frozen=True)
class Row:
    """One part: how deep it stands, its name, its types, what it costs with everything inside it."""

    depth: int
    name: str
    dom: str
    cod: str
    figures: tuple[Dim | str, ...]
    copies: bool = False  # of one inside, which the rows below show once


@large_work()
def show(diagram: terms.Diagram) -> str:
    """The table of a diagram's labelled parts, nets and boxes with parameters, as aligned plain text.

    Raises `CatnetError` where the diagram is wrong, and E0225 where a total outgrows what dimensions may be.
    """
    return show_graph(diagram.graph)


def show_graph(graph: Graph) -> str:
    """The table of a graph. One that only calls a net is shown as that net."""
    name, graph = opened(graph)
    parts = Parts(graph)
    rows, whole = worked_out(graph, parts)
    lines = [f"{name} : {graph.type}" if name else graph.type, ""]
    lines += table([*rows, whole], ("parameters", "FLOPs"))
    lines += ["", *wide_totals(("parameters", "FLOPs"), whole)]
    lines.append("FLOPs: for one sample without batch axes; a multiply-add counts as 2.")
    return "\n".join([*lines, *footnotes(graph, [*rows, whole], parts.unknown)])


def opened(graph: Graph) -> tuple[str, Graph]:
    """The name and the graph of a net, where a graph only calls that net."""
    name = ""
    while len(graph.nodes) == 1 and graph.nodes[0].box.family == "net" and len(graph.nodes[0].graphs) == 1:
        name = name_of(graph.nodes[0])
        graph = graph.nodes[0].graphs[0]
    return name, graph


def worked_out(graph: Graph, parts: Parts) -> tuple[list[Row], Row]:
    """The rows of a graph, and that of the whole. Fails with E0225 where a total outgrows what dimensions may be."""
    try:
        whole = Row(0, "total", parts.side(graph.dom), parts.side(graph.cod), parts.all_known(parts.of_graph(graph)))
        return list(parts.rows(graph)), whole
    except DimError as error:
        fail("E0225", f"the cost of `{graph.name}` cannot be worked out: {error}", graph.span)


class Parts:
    """Walks a graph for its rows; the inside of each graph is shown once."""

    def __init__(self, graph: Graph) -> None:
        self.costs = Costs()
        self.shown: set[Graph] = set()
        self.unknown: dict[str, None] = {}  # parts that nothing is known of, in order
        self.known = Known(graph.where)

    def of_graph(self, graph: Graph) -> tuple[Dim | str, ...]:
        """The figures of a graph."""
        return self.costs.parameters(graph), self.costs.flops(graph)

    def of_node(self, node: Node) -> tuple[Dim | str, ...]:
        """The figures of one part."""
        return self.costs.node_parameters(node), self.costs.node_flops(node)

    def all_known(self, figures: Iterable[Dim | str]) -> tuple[Dim | str, ...]:
        """The figures, with what the `where` clauses say put in."""
        return tuple(figure if isinstance(figure, str) else self.known(figure) for figure in figures)

    def side(self, wires: Object) -> str:
        """One side of a type, shortened where it is long."""
        known = (w.with_axes(Axis(self.known(a.size)) if isinstance(a, Axis) else a for a in w.axes) for w in wires)
        return _shortened(show_object(known), WIDEST_TYPE)

    def rows(self, graph: Graph, depth: int = 0) -> Iterator[Row]:
        """The rows of a graph's parts."""
        owners: set[int] = set()
        for node in graph.nodes:
            again = node.owner is not None and id(node.owner) in owners
            if node.owner is not None:
                owners.add(id(node.owner))
            if _has_row(node):
                yield from self._node(node, depth, again)

    def _node(self, node: Node, depth: int, again: bool) -> Iterator[Row]:
        figures = self.all_known(self.of_node(node))
        if again:
            figures = ("shared", *figures[1:])
        if node.box.family == "python":
            figures = ("?",) * len(figures)
            self.unknown[name_of(node)] = None
        name, inner = _name(node)
        copies = isinstance(node.box, Loop) and len(node.graphs) == 1
        yield Row(depth, name, self.side(node.dom), self.side(node.cod), figures, copies)
        if len(inner) > 1:
            yield from self._steps(inner, depth + 1)
        for graph in inner if len(inner) == 1 else ():
            if graph not in self.shown:
                self.shown.add(graph)
                yield from self.rows(graph, depth + 1)

    def _steps(self, graphs: tuple[Graph, ...], depth: int) -> Iterator[Row]:
        """The steps of a chain, with the middle of a long one left out."""
        for number, graph in enumerate(graphs):
            if len(graphs) > MOST_STEPS and 3 <= number < len(graphs) - 1:
                if number == 3:
                    yield Row(depth, f"... {len(graphs) - 4} more steps", "", "", ())
                continue
            figures = self.all_known(self.of_graph(graph))
            name, inner = f"{number}", graph
            if len(graph.nodes) == 1:
                text, inside = _name(graph.nodes[0])
                name, inner = f"{number}: {text}", inside[0] if len(inside) == 1 else graph
            yield Row(depth, name, self.side(graph.dom), self.side(graph.cod), figures)
            if inner not in self.shown and (inner is not graph or len(graph.nodes) > 1):
                self.shown.add(inner)
                yield from self.rows(inner, depth + 1)


def _has_row(node: Node) -> bool:
    """Labelled parts, nets, repeats and other boxes with something inside, boxes with parameters."""
    if node.label is not None or node.graphs or node.box.family in ("net", "python"):
        return True
    return bool(node.box.parameters(node.dom, node.cod))


def _name(node: Node) -> tuple[str, tuple[Graph, ...]]:
    """What a row is called, and the graphs whose parts stand below it."""
    label = f"{node.label}: " if node.label is not None else ""
    if not isinstance(node.box, Loop):
        return f"{label}{name_of(node)}" if name_of(node) != node.label else f"{node.label}", node.graphs
    inner = node.graphs
    times = f" x {counted(node.count)}" if len(inner) == 1 else f" ({len(inner)} that differ)"
    only = inner[0].nodes[0] if len(inner) == 1 and len(inner[0].nodes) == 1 else None
    if only is not None and only.label is None and not isinstance(only.box, Loop):
        return f"{label}{name_of(only)}{times}", only.graphs
    return f"{node.label or 'steps'}{times}", inner


def name_of(node: Node) -> str:
    """A box as it is called in the language."""
    if node.box.family == "block":
        return node.box.sign()
    try:
        text = repr(terms.Leaf(node.box))
        for value in node.box.statics().values():  # by the name that the file gives it
            text = text.replace(str(value), value.label) if isinstance(value, Space) and value.label else text
        return text
    except TypeError:  # a box that the language writes in another way, such as a transpose
        return node.box.sign()


def counted(figure: Dim | str) -> str:
    """A count for people: thousands are set apart."""
    return _NUMBER.sub(lambda digits: f"{int(digits[0]):,}", str(figure))


def _shortened(text: str, width: int) -> str:
    """The text, with its middle left out where it is too wide."""
    if len(text) <= width:
        return text
    head = (width - 3) * 2 // 3
    return text[:head] + "..." + text[len(text) - (width - 3 - head) :]


def table(rows: list[Row], heads: tuple[str, ...]) -> list[str]:
    """Rows as aligned text, the last one below a rule."""
    cells = [("part", "type", *heads)]
    for row in rows:
        type_ = f"{row.dom} -> {row.cod}" if row.dom or row.cod else ""
        name = "  " * row.depth + _shortened(row.name, WIDEST_NAME)
        counts = [_shortened(counted(figure), WIDEST_COUNT) for figure in row.figures] or [""] * len(heads)
        cells.append((name, type_, *counts))
    widths = [max(len(cell[column]) for cell in cells) for column in range(len(cells[0]))]
    lines = []
    for name, type_, *counts in cells:
        shown = [f"{count:>{width}}" for count, width in zip(counts, widths[2:], strict=True)]
        lines.append("  ".join([f"{name:<{widths[0]}}", f"{type_:<{widths[1]}}", *shown]).rstrip())
    rule = "-" * (sum(widths) + 2 * len(widths) - 2)
    return [lines[0], rule, *lines[1:-1], *([rule] if len(lines) > 2 else []), lines[-1]]


def wide_totals(heads: Iterable[str], whole: Row) -> Iterator[str]:
    """The totals that the table has no room for."""
    for word, figure in zip(heads, whole.figures, strict=True):
        if len(counted(figure)) > WIDEST_COUNT:
            yield f"total {word}: {counted(figure)}"


def footnotes(graph: Graph, rows: list[Row], unknown: Iterable[str]) -> Iterator[str]:
    """What the rows mean; the last of them is the whole."""
    if len(rows) > 1:
        yield "A row counts all that is inside it. Boxes without parameters or a label have no row."
    if unknown:
        yield f"Not counted, because it is written in Python: {', '.join(unknown)}."
    if any(row.copies for row in rows):
        yield "A row `x n` counts all n copies; the rows below it are those of one copy."
    free = free_sizes(graph, rows[-1])
    if free:
        yield f"Free size{'s' * (len(free) > 1)}: {', '.join(free)}."


def free_sizes(graph: Graph, whole: Row) -> list[str]:
    """The names that are left in a type and its totals."""
    free = {name for wire in (*graph.dom, *graph.cod) for name in wire.symbols}
    return sorted(free | {name for dim in whole.figures if isinstance(dim, Dim) for name in dim.symbols})
