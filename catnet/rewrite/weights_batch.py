"""Equal layers side by side as one: fewer and larger operations, which pays where each layer is small."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from catnet.boxes.axes import LAST, ONE, has_pack
from catnet.boxes.convolution import Convolution
from catnet.boxes.linear import Linear
from catnet.boxes.parts import Chunk
from catnet.diagrams.box import Box
from catnet.diagrams.graph import Graph, Node, Value
from catnet.diagrams.normal import box_key
from catnet.diagrams.repeat import Loop
from catnet.diagrams.terms import Labelled, Leaf, Then
from catnet.rewrite.rule import Match, Measure, Miss, Rule, View
from catnet.rewrite.weights_boxes import Derived, Naming, SideBySide, SliceLinear, call, origin, plain
from catnet.torch.submodules import submodule_names
from catnet.types.dims import Dim
from catnet.types.static import AxisRef


class JoinRows(Rule):
    """Equal linear layers, or convolutions, of one input as one layer with the outputs of all."""

    name: ClassVar[str] = "joined layers"
    law: ClassVar[str] = "(W1 x, W2 x) = (W1; W2) x, cut into parts"
    measure: ClassVar[Measure] = "time"
    saves: ClassVar[int] = 33

    def find(self, view: View) -> Iterator[Match | Miss]:
        groups: dict[Hashable, list[Node]] = {}
        for node in view.graph.nodes:
            box = plain(node.box)
            whole = isinstance(box, Linear) or (isinstance(box, Convolution) and box.groups == ONE)
            if whole and node.owner is None:
                key = (id(node.inputs[0]), type(node.box), node.box.evaluates, box_key(box))
                groups.setdefault(key, []).append(node)
        names = Naming(view)
        for group in groups.values():
            if len(group) > 1:
                yield _joined(group, names)


class Stack(Rule):
    """Equal linear layers, or nets of them, on inputs of one type as one batched product."""

    name: ClassVar[str] = "batched layers"
    law: ClassVar[str] = "(f1 x1, ..., fn xn) = f (x1, ..., xn), with the weights of the fi stacked"
    measure: ClassVar[Measure] = "time"
    saves: ClassVar[int] = 33

    def find(self, view: View) -> Iterator[Match | Miss]:
        groups = alike(view.graph)
        names = Naming(view)
        for group in groups:
            reason = unstackable(group[0])
            if reason:
                yield Miss(group[-1], reason)
                continue
            fan = all(n.inputs == group[0].inputs for n in group)
            if fan and not group[0].graphs:
                continue  # one matrix with the rows of all is better
            yield _stacked(group, fan, names)


def alike(graph: Graph) -> list[list[Node]]:
    """The groups of nodes with weights that are equal but for these, and of which none needs another one: those at the
    same depth."""
    near: dict[Hashable, list[Node]] = {}
    depths: dict[int, int] = {}
    for node in graph.nodes:
        depth = 1 + max((depths[id(v.node)] for v in node.inputs if v.node is not None), default=0)
        depths[id(node)] = depth
        net = bool(node.graphs) and not isinstance(node.box, Loop)  # a repeat is a list
        if node.owner is None and (net or type(node.box) is Linear) and len(node.outputs) == 1:
            near.setdefault((depth, type(node.box), node.dom, node.cod), []).append(node)
    signatures = Signatures()
    groups: dict[Hashable, list[Node]] = {}
    for place, some in near.items():
        for node in some if len(some) > 1 and some[0].fresh else ():
            groups.setdefault((place, signatures.of_node(node)), []).append(node)
    return [group for group in groups.values() if len(group) > 1]


def _together(group: list[Node], names: Naming) -> tuple[tuple[str, ...], str]:
    """The names of some nodes, and one for all of them."""
    own = tuple(names[n] for n in group)
    plain_names = all(n.label is None or n.label.startswith(n.box.name) for n in group)
    wanted = f"{group[0].box.name}s" if plain_names else "_".join(own) if len(own) < 4 else f"{own[0]}_to_{own[-1]}"
    return own, names.new(wanted)


def _joined(group: list[Node], names: Naming) -> Match:
    own, into = _together(group, names)
    box, count = plain(group[0].box), Dim.const(len(group))
    width, axis = ("features", LAST) if isinstance(box, Linear) else ("channels", AxisRef(-len(group[0].cod[0].axes)))
    made = type(box)(**{**box.statics(), width: getattr(box, width) * count})
    origins = [origin(n, name) for n, name in zip(group, own, strict=True)]
    layers = tuple(layer for o in origins for layer in o[0])
    steps = (*(step for o in origins for step in o[1]), call("join_rows", into, own))
    files = tuple(file for o in origins for file in o[2])
    joined = Derived(made, layers, steps, (*files, "stacking"), group[0].box.evaluates)
    term = Then((Labelled(into, Leaf(joined)), Leaf(Chunk(count, axis))))
    keys = f"{', '.join(f'{name}.*' for name in own)} -> {into}.*"
    return Match(tuple(group), group[0].inputs, tuple(n.outputs[0] for n in group), term, keys)


def _stacked(group: list[Node], fan: bool, names: Naming) -> Match:
    own, into = _together(group, names)
    first = group[0]
    part = first.graphs[0] if first.graphs else _alone(first)
    box = SideBySide(into, part, Slices(len(group)).of_graph(part), own, fan)
    inputs = first.inputs if fan else tuple(v for n in group for v in n.inputs)
    keys = f"{', '.join(f'{name}.*' for name in own)} -> {into}.*, stacked"
    return Match(tuple(group), inputs, tuple(n.outputs[0] for n in group), Labelled(into, Leaf(box)), keys)


def _alone(node: Node) -> Graph:
    """A graph of one box."""
    inputs = tuple(Value(v.wire) for v in node.inputs)
    only = Node(node.box, inputs, span=node.span)
    only.outputs = tuple(Value(v.wire, only, v.port) for v in node.outputs)
    return Graph(node.box.name, inputs, only.outputs, (only,), span=node.span)


def unstackable(node: Node) -> str:
    """Why a part cannot run on stacked inputs; the empty string if it can.

    The stacked axis stands before all batch axes, so whatever treats these alike may stay as it is.
    """
    if any(has_pack(wire) for wire in (*node.dom, *node.cod)) or not node.dom:
        return f"`{node.box.name}` has inputs of an open number of axes, or none"
    if node.owner is not None:
        return f"`{node.box.name}` is shared"
    if node.graphs:
        if node.box.in_statements:
            return f"`{node.box.name}` runs its inner net in a way of its own"
        return next((why for g in node.graphs for inner in g.nodes if (why := unstackable(inner))), "")
    box = node.box
    if type(box) is Linear:
        return ""
    alike = box.batch_axes is None and type(box).gives_batch is Box.gives_batch and box.family != "python"
    if node.fresh or not alike:
        return f"there is no stacked `{box.name}`" if box.effect == "pure" else f"`{box.name}` has an effect"
    return ""


@dataclass
class Signatures:
    """What makes two parts equal, their weights and the names of these apart."""

    def __post_init__(self) -> None:
        self.graphs: dict[int, Hashable] = {}

    def of_node(self, node: Node) -> Hashable:
        """The box, or what is inside."""
        if not node.graphs:
            return box_key(node.box)
        inner = tuple(self.of_graph(g) for g in node.graphs)
        return (type(node.box).__name__, node.count, getattr(node.box, "first", None), inner)

    def of_graph(self, graph: Graph) -> Hashable:
        """The boxes, how they are wired, and the names of the submodules."""
        if id(graph) not in self.graphs:
            places: dict[int, tuple[int, int]] = {id(v): (-1, i) for i, v in enumerate(graph.inputs)}
            rows = []
            for i, (node, name) in enumerate(zip(graph.nodes, submodule_names(graph), strict=True)):
                rows.append((self.of_node(node), name, tuple(places[id(v)] for v in node.inputs)))
                places.update((id(v), (i, v.port)) for v in node.outputs)
            self.graphs[id(graph)] = (graph.dom, tuple(rows), tuple(places[id(v)] for v in graph.outputs))
        return self.graphs[id(graph)]


@dataclass
class Slices:
    """Makes graphs of stacked layers, each graph once."""

    count: int

    def __post_init__(self) -> None:
        self.done: dict[int, Graph] = {}

    def of_graph(self, graph: Graph) -> Graph:
        """The same graph with every linear layer a stack of `count`."""
        if id(graph) not in self.done:
            self.done[id(graph)] = self._made(graph)
        return self.done[id(graph)]

    def _made(self, graph: Graph) -> Graph:
        now: dict[int, Value] = {id(v): Value(v.wire, None, v.port, v.name) for v in graph.inputs}
        nodes = []
        for old in graph.nodes:
            box = SliceLinear(old.box, self.count) if type(old.box) is Linear else old.box
            inside = tuple(self.of_graph(g) for g in old.graphs)
            node = Node(box, tuple(now[id(v)] for v in old.inputs), (), old.label, old.span, inside)
            node.outputs = tuple(Value(v.wire, node, v.port, v.name) for v in old.outputs)
            now.update((id(v), new) for v, new in zip(old.outputs, node.outputs, strict=True))
            nodes.append(node)
        outputs = tuple(now[id(v)] for v in graph.outputs)
        return replace(graph, inputs=tuple(now[id(v)] for v in graph.inputs), outputs=outputs, nodes=tuple(nodes))
