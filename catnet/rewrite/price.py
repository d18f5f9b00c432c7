"""What a part of a graph costs to run: calls, floating-point operations, bytes moved, and a time made of the three.

FLOPs are those of `catnet.analysis.cost`. A call is one PyTorch operation (views are free); bytes moved are what each
operation reads and writes, parameters included, as if nothing stayed in a cache. The time is an estimate for one core
of a usual CPU, in the time of one FLOP of a matrix product: 4 microseconds for a call, 50 GFLOP/s, 10 GB/s. It ranks
rewritings; it does not promise seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from catnet.diagrams.box import elements
from catnet.diagrams.costs import ZERO, Costs, total
from catnet.diagrams.graph import Graph, Node
from catnet.types.dims import Dim
from catnet.types.wires import Object

CALL = 200_000  # FLOPs in the time of one call
BYTE = 5  # FLOPs in the time of one byte to or from memory


@dataclass(frozen=True)
class Price:
    """Calls, FLOPs and bytes moved, for the batch that was asked for."""

    calls: Dim
    flops: Dim
    moved: Dim

    @property
    def time(self) -> Dim:
        """The estimate, in FLOPs of a matrix product."""
        return self.calls * CALL + self.flops + self.moved * BYTE


class Prices:
    """Prices parts of graphs, and remembers every graph."""

    def __init__(self, batch: int = 1, real: int = 4) -> None:
        self.batch = batch
        self.real = real
        self._costs = Costs()
        self._graphs: dict[Graph, Price] = {}

    def of_graph(self, graph: Graph) -> Price:
        """The price of a whole graph."""
        known = self._graphs.get(graph)
        if known is None:
            known = self._graphs[graph] = self.of_nodes(graph.nodes)
        return known

    def of_nodes(self, nodes: Iterable[Node]) -> Price:
        """The price of some nodes together."""
        rows = [self._node(node) for node in nodes]
        return Price(total(r.calls for r in rows), total(r.flops for r in rows), total(r.moved for r in rows))

    def side_by_side(self, part: Graph, copies: int, stacked: Object) -> Price:
        """The price of copies of a part that run as one: their work at the calls of one. `stacked` are the wires that
        are copied next to one another before."""
        one, moved = self.of_graph(part), self._bytes(stacked) * (2 * self.batch)
        calls = one.calls + Dim.const(len(stacked) // copies)
        return Price(calls, one.flops * copies, one.moved * copies + moved)

    def _node(self, node: Node) -> Price:
        own = getattr(node.box, "price", None)  # of parts that run side by side
        if own is not None:
            found: Price = own(self, node.dom)
            return found
        flops = self._costs.node_flops(node) * self.batch
        if node.graphs:
            inner = [self.of_graph(g) for g in node.graphs]
            calls = getattr(node.box, "calls", None)  # of scan, trace and flow
            turns = calls(node.dom) if calls is not None else node.count if len(inner) == 1 else Dim.const(1)
            return Price(total(p.calls for p in inner) * turns, flops, total(p.moved for p in inner) * turns)
        if is_view(node):
            return Price(ZERO, flops, ZERO)
        entries = self._bytes(node.dom) + self._bytes(node.cod)
        weights = total(_size(shape) for shape in node.box.parameters(node.dom, node.cod).values())
        return Price(Dim.const(1), flops, entries * self.batch + weights * self.real)

    def _bytes(self, wires: Object) -> Dim:
        width = {"R": self.real, "C": 2 * self.real, "Bool": 1}
        return total(elements(wire) * width.get(wire.kind.name, 8) for wire in wires)


def is_view(node: Node) -> bool:
    """Whether a node only looks at its input in another way (a joined or gathered axis is taken to be one too)."""
    return node.box.family in ("shape", "wiring") and node.box.arity == 1


def _size(shape: tuple[Dim, ...]) -> Dim:
    size = Dim.const(1)
    for dim in shape:
        size = size * dim
    return size
