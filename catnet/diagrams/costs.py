"""What a diagram costs: trainable parameters and floating-point operations, as exact polynomials.

Graphs are shared (a repeat holds its inner graph once), and each is counted once however often it is met.
"""

from __future__ import annotations

from collections.abc import Iterable

from catnet.diagnostics import fail
from catnet.diagrams.graph import Graph, Node
from catnet.types.dims import Dim

ZERO, ONE = Dim.const(0), Dim.const(1)


class Costs:
    """Counts costs, and remembers those of every graph."""

    def __init__(self) -> None:
        self._parameters: dict[Graph, Dim] = {}
        self._flops: dict[Graph, Dim] = {}

    def parameters(self, graph: Graph) -> Dim:
        """The number of trainable parameters; the uses of one shared morphism count once."""
        known = self._parameters.get(graph)
        if known is None:
            known = self._parameters[graph] = total(self.node_parameters(n) for n in own_nodes(graph))
        return known

    def flops(self, graph: Graph) -> Dim:
        """Floating-point operations for one sample (no batch axes); a multiply-add counts as two."""
        known = self._flops.get(graph)
        if known is None:
            known = self._flops[graph] = total(self.node_flops(n) for n in graph.nodes)
        return known

    def node_parameters(self, node: Node) -> Dim:
        """The parameters of one node, all copies of a repeat counted."""
        _must_be_known(node)
        if not node.graphs:
            return total(_product(shape) for shape in node.box.parameters(node.dom, node.cod).values())
        inside = total(self.parameters(g) for g in node.graphs)
        return inside * node.count if len(node.graphs) == 1 else inside

    def node_flops(self, node: Node) -> Dim:
        """The operations of one node; an inner net that runs many times counts each time."""
        _must_be_known(node)
        if not node.graphs:
            return node.box.flops(node.dom, node.cod)
        inside = total(self.flops(g) for g in node.graphs)
        calls = getattr(node.box, "calls", None)  # of scan, trace and flow
        if calls is not None:
            times: Dim = calls(node.dom)
            return inside * times
        return inside * node.count if len(node.graphs) == 1 else inside


def _must_be_known(node: Node) -> None:
    """A box outside any net may have any input at all; then nothing can be said of its cost."""
    if any(wire.kind.variable for wire in node.dom):
        fail(
            "E0226",
            f"the cost of `{node.box.name}` is not known: nothing determines the type of its input",
            node.span,
            help="use it in a net with a signature",
        )


def own_nodes(graph: Graph) -> list[Node]:
    """The nodes of a graph, of each shared morphism only the first use."""
    seen: set[int] = set()
    kept: list[Node] = []
    for node in graph.nodes:
        if node.owner is not None:
            if id(node.owner) in seen:
                continue
            seen.add(id(node.owner))
        kept.append(node)
    return kept


def total(parts: Iterable[Dim]) -> Dim:
    """The sum, numbers first: adding to a long polynomial is slow."""
    number = 0
    others: list[Dim] = []
    for part in parts:
        if part.value is not None:
            number += part.value
        else:
            others.append(part)
    sums = Dim.const(number)
    for other in others:
        sums = sums + other
    return sums


def _product(shape: tuple[Dim, ...]) -> Dim:
    size = ONE
    for dim in shape:
        size = size * dim
    return size
