"""The table of a diagram's parts: type, parameters and FLOPs of each, and of the whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from catnet.analysis.cost import Costs, total
from catnet.diagnostics import fail
from catnet.diagrams import terms
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.repeat import Loop
from catnet.limits import large_work
from catnet.types.dims import Dim, DimError
from catnet.types.dims_atoms import FloorDiv, Monomial
from catnet.types.facts import Facts, Pred
from catnet.types.static import assume
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
    parameters: str
    flops: str
    copies: bool = False  # of one inside, which the rows below show once


@large_work()
def show(diagram: terms.Diagram) -> str:
    """The table of a diagram's labelled parts, nets and boxes with parameters, as aligned plain text.

    Raises `CatnetError` where the diagram is wrong, and E0225 where a total outgrows what dimensions may be.
    """
    return show_graph(diagram.graph)


def show_graph(graph: Graph) -> str:
    """The table of a graph. One that only calls a net is shown as that net."""
    name = ""
    while len(graph.nodes) == 1 and graph.nodes[0].box.family == "net" and len(graph.nodes[0].graphs) == 1:
        name = _text(graph.nodes[0])
        graph = graph.nodes[0].graphs[0]
    costs = Costs()
    parts = _Parts(costs, graph.where)
    try:
        totals = [parts.known(dim) for dim in (costs.parameters(graph), costs.flops(graph))]
        rows = list(parts.rows(graph))
    except DimError as error:
        fail("E0225", f"the cost of `{graph.name}` cannot be worked out: {error}", graph.span)
    counts = parts.count(totals[0]), parts.count(totals[1])
    whole = Row(0, "total", parts.side(graph.dom), parts.side(graph.cod), *counts)
    lines = [f"{name} : {graph.type}" if name else graph.type, ""]
    lines += _table([*rows, whole])
    lines += ["", *_footnotes(graph, totals, rows, parts.unknown)]
    return "\n".join(lines)


class _Parts:
    """Walks a graph for its rows; the inside of each graph is shown once."""

    def __init__(self, costs: Costs, where: Iterable[Any]) -> None:
        self.costs = costs
        self.shown: set[Graph] = set()
        self.unknown: dict[str, None] = {}  # parts that nothing is known of, in order
        self.facts = Facts()
        for clause in where:
            self.facts = assume(clause, True, self.facts)

    def known(self, dim: Dim) -> Dim:
        """A size with what the `where` clauses say put in: with d % 8 == 0, `8*(d//8)` is `d`."""
        if not any(isinstance(atom, FloorDiv) for atom in dim.atoms()):
            return dim
        return total(self._known_term(coefficient, factors) for coefficient, factors in dim.terms)

    def _known_term(self, coefficient: int, factors: Monomial) -> Dim:
        product = Dim.const(1)
        for atom, power in factors:
            base = Dim.from_terms({((atom, 1),): 1})
            if isinstance(atom, FloorDiv) and (by := atom.denominator.value):
                if coefficient % by**power == 0 and self.facts.holds(Pred.divides(atom.numerator, by)):
                    coefficient //= by**power
                    base = atom.numerator
            product = product * base**power
        return product * coefficient

    def count(self, dim: Dim) -> str:
        """A count as text."""
        return _count(self.known(dim))

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
        own = "shared" if again else self.count(self.costs.node_parameters(node))
        flops = self.count(self.costs.node_flops(node))
        if node.box.family == "python":
            own = flops = "?"
            self.unknown[_text(node)] = None
        name, inner = _name(node)
        copies = isinstance(node.box, Loop) and len(node.graphs) == 1
        yield Row(depth, name, self.side(node.dom), self.side(node.cod), own, flops, copies)
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
                    yield Row(depth, f"... {len(graphs) - 4} more steps", "", "", "", "")
                continue
            own, flops = self.count(self.costs.parameters(graph)), self.count(self.costs.flops(graph))
            name, inner = f"{number}", graph
            if len(graph.nodes) == 1:
                text, inside = _name(graph.nodes[0])
                name, inner = f"{number}: {text}", inside[0] if len(inside) == 1 else graph
            yield Row(depth, name, self.side(graph.dom), self.side(graph.cod), own, flops)
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
        return f"{label}{_text(node)}" if _text(node) != node.label else f"{node.label}", node.graphs
    inner = node.graphs
    times = f" x {_count(node.count)}" if len(inner) == 1 else f" ({len(inner)} that differ)"
    only = inner[0].nodes[0] if len(inner) == 1 and len(inner[0].nodes) == 1 else None
    if only is not None and only.label is None and not isinstance(only.box, Loop):
        return f"{label}{_text(only)}{times}", only.graphs
    return f"{node.label or 'steps'}{times}", inner


def _text(node: Node) -> str:
    """A box as it is called in the language."""
    if node.box.family == "block":
        return node.box.sign()
    try:
        return repr(terms.Leaf(node.box))
    except TypeError:  # a box that the language writes in another way, such as a transpose
        return node.box.sign()


def _count(dim: Dim) -> str:
    """A count for people: thousands are set apart."""
    return _NUMBER.sub(lambda digits: f"{int(digits[0]):,}", str(dim))


def _shortened(text: str, width: int) -> str:
    """The text, with its middle left out where it is too wide."""
    if len(text) <= width:
        return text
    head = (width - 3) * 2 // 3
    return text[:head] + "..." + text[len(text) - (width - 3 - head) :]


def _table(rows: list[Row]) -> list[str]:
    cells = [("part", "type", "parameters", "FLOPs")]
    for row in rows:
        type_ = f"{row.dom} -> {row.cod}" if row.dom or row.cod else ""
        name = "  " * row.depth + _shortened(row.name, WIDEST_NAME)
        counts = (_shortened(row.parameters, WIDEST_COUNT), _shortened(row.flops, WIDEST_COUNT))
        cells.append((name, type_, *counts))
    widths = [max(len(cell[column]) for cell in cells) for column in range(4)]
    lines = [
        f"{name:<{widths[0]}}  {type_:<{widths[1]}}  {own:>{widths[2]}}  {flops:>{widths[3]}}".rstrip()
        for name, type_, own, flops in cells
    ]
    rule = "-" * (sum(widths) + 6)
    return [lines[0], rule, *lines[1:-1], *([rule] if len(lines) > 2 else []), lines[-1]]


def _footnotes(graph: Graph, totals: list[Dim], rows: list[Row], unknown: Iterable[str]) -> Iterator[str]:
    for word, dim in zip(("parameters", "FLOPs"), totals, strict=True):
        if len(_count(dim)) > WIDEST_COUNT:
            yield f"total {word}: {_count(dim)}"
    yield "FLOPs: for one sample without batch axes; a multiply-add counts as 2."
    if rows:
        yield "A row counts all that is inside it. Boxes without parameters or a label have no row."
    if unknown:
        yield f"Not counted, because it is written in Python: {', '.join(unknown)}."
    if any(row.copies for row in rows):
        yield "A row `x n` counts all n copies; the rows below it are those of one copy."
    free = {name for wire in (*graph.dom, *graph.cod) for name in wire.symbols}
    free |= {name for dim in totals for name in dim.symbols}
    if free:
        yield f"Free size{'s' * (len(free) > 1)}: {', '.join(sorted(free))}."
