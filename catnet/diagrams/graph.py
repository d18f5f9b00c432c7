"""The typed diagram: boxes joined by wires, as a port graph in topological order.

Every reading (code, picture, cost, proof) works on this. A copy is a value used twice, a discard a value
never used, a swap an order: the structural morphisms cost nothing here. Repeats and nets keep their own inner
graphs, shared where they are equal, so that a 1,000-layer stack is one node.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from catnet.diagnostics import Span
from catnet.diagrams.box import Box
from catnet.limits import BUDGET
from catnet.types.dims import Dim
from catnet.types.wires import Object, Wire, show_object


@dataclass(eq=False, slots=True, repr=False)
class Value:
    """What flows along one wire: output `port` of `node`, or an input of the graph (node None)."""

    wire: Wire
    node: Node | None = None
    port: int = 0
    name: str | None = None  # the name that a braced body gives it

    def __repr__(self) -> str:
        return f"<value {self.wire}>"


@dataclass(eq=False, slots=True, repr=False)
class Node:
    """One use of a box.

    `label` is the name that the text gives it. `graphs` are the insides of a composite box: one graph, or one
    per step of a repeat whose steps differ. `owner` joins the uses of one shared morphism.
    """

    box: Box
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...] = ()
    label: str | None = None
    span: Span | None = None
    graphs: tuple[Graph, ...] = ()
    owner: object | None = None

    def __repr__(self) -> str:
        return f"<node {self.label or self.box.name}>"

    @property
    def dom(self) -> Object:
        return tuple(v.wire for v in self.inputs)

    @property
    def cod(self) -> Object:
        return tuple(v.wire for v in self.outputs)

    @property
    def fresh(self) -> bool:
        """Whether the box owns parameters or has an effect, itself or inside."""
        if self.box.effect != "pure":
            return True
        if self.graphs:
            return any(graph.fresh for graph in self.graphs)
        if any(wire.kind.variable for wire in self.dom):  # of an input of any type no shapes can be told
            return type(self.box).parameters is not Box.parameters
        return bool(self.box.parameters(self.dom, self.cod))

    @property
    def count(self) -> Dim:
        """How many copies of the inner graph the node stands for (1 for all but repeats)."""
        return getattr(self.box, "count", None) or Dim.const(1)


@dataclass(eq=False, repr=False)
class Graph:
    """A typed diagram. `names` are the names of its inputs, where the text gives them."""

    name: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    nodes: tuple[Node, ...]
    names: tuple[str | None, ...] = ()
    doc: tuple[str, ...] = ()
    where: tuple[object, ...] = ()
    span: Span | None = None
    budget: int = BUDGET  # how many boxes may be compiled
    undecided: bool = False  # whether both branches of an `if` stand in it

    def __repr__(self) -> str:
        return f"<graph {self.name}: {self.type}, {len(self.nodes)} nodes>"

    @property
    def dom(self) -> Object:
        return tuple(v.wire for v in self.inputs)

    @property
    def cod(self) -> Object:
        return tuple(v.wire for v in self.outputs)

    @property
    def type(self) -> str:
        """`R[t, 64] -> R[t, 64]`."""
        return f"{show_object(self.dom)} -> {show_object(self.cod)}"

    @cached_property
    def size(self) -> int:
        """The number of leaf boxes, with every repeat and every net counted out (symbolic counts as once)."""
        total = 0
        for node in self.nodes:
            inner = sum(g.size for g in node.graphs)
            steps = node.count.value
            repeated = inner * (steps if steps is not None and len(node.graphs) == 1 else 1)
            total += repeated if node.graphs else 1
        return total

    @cached_property
    def fresh(self) -> bool:
        """Whether anything inside owns parameters or has an effect, so that two copies are not one."""
        return any(node.fresh for node in self.nodes)

    @cached_property
    def batch_axes(self) -> int | None:
        """How many leading batch axes the whole diagram accepts (None: any number)."""
        limits = [n.box.batch_axes for n in self.nodes if n.box.batch_axes is not None]
        limits += [g.batch_axes for n in self.nodes for g in n.graphs if g.batch_axes is not None]
        return min(limits, default=None)

    @cached_property
    def batch_needed(self) -> int:
        """How many leading batch axes the whole diagram must be given."""
        inner = (g.batch_needed for n in self.nodes for g in n.graphs)
        return max((*(n.box.batch_needed for n in self.nodes), *inner), default=0)

    def walk(self) -> Iterator[tuple[Graph, Node]]:
        """Every node with the graph that it stands in, inner graphs once each."""
        seen: set[int] = set()
        stack = [self]
        while stack:
            graph = stack.pop()
            if id(graph) in seen:
                continue
            seen.add(id(graph))
            for node in graph.nodes:
                yield graph, node
                stack.extend(node.graphs)
