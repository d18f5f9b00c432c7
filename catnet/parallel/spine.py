"""A module as a row of pieces between which a pipeline may cut: its boxes, with repeats taken step by step.

Nets that hold a repeat are opened; all others stay one piece. `Spine.graph` puts some neighbouring pieces together
again, in nets and repeats of the same names, so that their weights keep the keys that they have in the whole.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from catnet.diagrams.costs import Costs
from catnet.diagrams.graph import Graph, Node, Value
from catnet.diagrams.repeat import Loop
from catnet.torch.emit import ClassBody
from catnet.torch.modules import joined, opened
from catnet.types.dims import Dim
from catnet.types.wires import Wire

Ports = tuple[int, ...]  # numbers of values


@dataclass(frozen=True, eq=False)
class Place:
    """A node as it stands in the whole: the attribute of its module, and the values at its ports."""

    node: Node
    attribute: str | None
    inputs: Ports
    outputs: Ports


@dataclass(frozen=True, eq=False)
class Piece:
    """One box, one net or one step of a repeat. `places` leads to it from the outside in; `step` is the number of
    the step, None for what is no repeat."""

    places: tuple[Place, ...]
    step: int | None
    inputs: Ports
    outputs: Ports
    flops: Dim

    @property
    def path(self) -> str:
        """The path of its module, or the name of its box."""
        names = [place.attribute or "" for place in self.places]
        if not names[-1]:
            names[-1] = self.places[-1].node.label or self.places[-1].node.box.name
        return joined(*names, "" if self.step is None else str(self.step))


@dataclass
class Spine:
    """The pieces of a module in order; `wires` has the type of each value, `batched` whether it has batch axes."""

    whole: Graph
    pieces: list[Piece] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    batched: list[bool] = field(default_factory=list)
    inputs: Ports = ()
    outputs: Ports = ()
    costs: Costs = field(default_factory=Costs)

    def value(self, wire: Wire, batched: bool) -> int:
        """The number of a new value."""
        self.wires.append(wire)
        self.batched.append(batched)
        return len(self.wires) - 1

    def crossing(self, cut: int) -> Ports:
        """The values that go from the pieces before a cut to those behind it, in their order."""
        made = {*self.inputs, *(v for piece in self.pieces[:cut] for v in piece.outputs)}
        used = {*self.outputs, *(v for piece in self.pieces[cut:] for v in piece.inputs)}
        return tuple(sorted(made & used))

    def graph(self, start: int, stop: int, name: str) -> Graph:
        """The diagram of the pieces from `start` to `stop - 1`."""
        takes = self.inputs if start == 0 else self.crossing(start)
        gives = self.outputs if stop == len(self.pieces) else self.crossing(stop)
        made = self._graph(self.pieces[start:stop], 0, takes, gives, name)
        names = self.whole.names if start == 0 else ()
        made.names, made.where, made.span, made.budget = names, self.whole.where, self.whole.span, self.whole.budget
        return made

    def _graph(self, pieces: Sequence[Piece], depth: int, takes: Ports, gives: Ports, name: str) -> Graph:
        values = {number: Value(self.wires[number]) for number in takes}
        nodes: list[Node] = []
        runs = [(place, list(run)) for place, run in groupby(pieces, key=lambda piece: piece.places[depth])]
        for index, (place, run) in enumerate(runs):
            later = {*gives, *(v for _, others in runs[index + 1 :] for piece in others for v in piece.inputs)}
            node, inputs, outputs = self._node(place, run, depth, later)
            node.inputs = tuple(values[n] for n in inputs)
            node.outputs = tuple(Value(self.wires[n], node, port) for port, n in enumerate(outputs))
            values.update(zip(outputs, node.outputs, strict=True))
            nodes.append(node)
        return Graph(name, tuple(values[n] for n in takes), tuple(values[n] for n in gives), tuple(nodes))

    def _node(self, place: Place, run: Sequence[Piece], depth: int, later: set[int]) -> tuple[Node, Ports, Ports]:
        """The node of some pieces of one place, and the numbers of the values at its ports."""
        node = copy.copy(place.node)
        node.label = node.label or place.attribute
        if run[0].inputs == place.inputs and run[-1].outputs == place.outputs and depth == len(run[0].places) - 1:
            return node, place.inputs, place.outputs
        step = run[0].step
        if depth == len(run[0].places) - 1 and step is not None:
            node.box = copy.copy(node.box)
            assert isinstance(node.box, Loop)
            node.box.count, node.box.first = Dim.const(len(run)), step
            node.graphs = node.graphs[step : step + len(run)] if len(node.graphs) > 1 else node.graphs
            return node, run[0].inputs, run[-1].outputs
        made = {v for piece in run for v in piece.outputs}
        takes = tuple(sorted({v for piece in run for v in piece.inputs} - made))
        gives = tuple(sorted(made & later))
        node.graphs = (self._graph(run, depth + 1, takes, gives, node.graphs[0].name),)
        return node, takes, gives


def spine_of(body: ClassBody) -> Spine:
    """The pieces of a module."""
    spine = Spine(body.graph)
    spine.inputs = tuple(spine.value(v.wire, body.flags[id(v)]) for v in body.graph.inputs)
    spine.outputs = _lay(spine, body, (), spine.inputs)
    return spine


def _lay(spine: Spine, body: ClassBody, above: tuple[Place, ...], inputs: Ports) -> Ports:
    """Add the pieces of one class; the numbers of its outputs."""
    numbers: dict[int, int] = {id(v): n for v, n in zip(body.graph.inputs, inputs, strict=True)}
    for node in body.graph.nodes:
        submodule = body.modules.get(id(node))
        taken = tuple(numbers[id(v)] for v in node.inputs)
        inner = submodule.bodies[0] if submodule is not None and submodule.bodies else None
        if inner is not None and opened(node) and _has_steps(inner):
            given: Ports = ()
            place = Place(node, submodule.attribute if submodule else None, taken, given)
            given = _lay(spine, inner, (*above, place), taken)
        else:
            given = _pieces(spine, body, node, above, taken)
        numbers.update((id(v), n) for v, n in zip(node.outputs, given, strict=True))
    return tuple(numbers[id(v)] for v in body.graph.outputs)


def _pieces(spine: Spine, body: ClassBody, node: Node, above: tuple[Place, ...], taken: Ports) -> Ports:
    """Add one node: a repeat that keeps its number of wires step by step, anything else as one piece."""
    flags = [body.flags[id(v)] for v in node.outputs]
    given = tuple(spine.value(v.wire, flag) for v, flag in zip(node.outputs, flags, strict=True))
    submodule = body.modules.get(id(node))
    place = Place(node, submodule.attribute if submodule else None, taken, given)
    if not _steps(node):
        spine.pieces.append(Piece((*above, place), None, taken, given, spine.costs.node_flops(node)))
        return given
    count = node.count.value or 0
    for step in range(count):
        graph = node.graphs[step if len(node.graphs) > 1 else 0]
        last = step == count - 1
        made = given if last else tuple(spine.value(w, f) for w, f in zip(graph.cod, flags, strict=True))
        spine.pieces.append(Piece((*above, place), step, taken, made, spine.costs.flops(graph)))
        taken = made
    return given


def _steps(node: Node) -> bool:
    """Whether a node is a repeat whose steps may go to different stages."""
    if not isinstance(node.box, Loop) or (node.count.value or 0) < 2:
        return False
    return all(len(graph.inputs) == len(graph.outputs) for graph in node.graphs)


def _has_steps(body: ClassBody) -> bool:
    for node in body.graph.nodes:
        if _steps(node):
            return True
        inner = body.modules[id(node)].bodies if opened(node) and id(node) in body.modules else ()
        if any(b is not None and _has_steps(b) for b in inner):
            return True
    return False


def owners(pieces: Iterable[Piece]) -> set[int]:
    """The shared morphisms that some pieces use."""
    return {id(p.node.owner) for piece in pieces for p in piece.places if p.node.owner is not None}
