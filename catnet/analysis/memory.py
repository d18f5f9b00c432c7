"""What a diagram keeps for backward, and how much it holds at once, as polynomials in bytes.

The code of each box runs once on sketches (`catnet.analysis.sketch`); a graph that is met again with inputs of the
same layout is not run again, and a repeat is run for a few turns, from which all others follow. So the cost is linear
in the diagram, whatever its repeats are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catnet.analysis.frames import Frame
from catnet.analysis.known import Known
from catnet.analysis.running import Boxes, has_batch, kind_of
from catnet.analysis.sketch import ZERO, Event, Shape, Storage, Tape, Unknown, dense, maxima, peak, product
from catnet.analysis.tensors import Tensor
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.repeat import Loop
from catnet.types.dims import Dim
from catnet.types.wires import Wire

TURNS = 4  # of a longer repeat, or 5; and 2 more, to see what every 2 further turns add

Peak = tuple[Dim, ...]
Run = Callable[[Tape, list[Tensor]], list[Tensor]]


@dataclass(frozen=True)
class Result:
    """An output: its layout, and its storage (that of an input, or a new one, by number)."""

    shape: Shape
    strides: Shape
    grad: bool
    kind: str
    source: tuple[str, int]


@dataclass(frozen=True)
class Summary:
    """What a graph does with memory, for inputs of one layout. New storages are those that leave the graph."""

    own: Dim  # bytes kept that stay inside
    inputs: frozenset[int]  # inputs that are kept
    new: tuple[tuple[Dim, bool, bool], ...]  # size, whether it is kept, whether it is a parameter
    results: tuple[Result, ...]
    peak: Peak
    taken: Dim = ZERO  # bytes of the inputs that are kept

    @property
    def figures(self) -> Bytes:
        """The bytes that are kept, those of inputs left out, and the peak."""
        return Bytes(self.own + _sum(size for size, kept, lasting in self.new if kept and not lasting), self.peak)


@dataclass(frozen=True)
class Bytes:
    """What one part keeps (of its inputs too) and holds at once (without its inputs)."""

    kept: Dim
    peak: Peak


class Memory:
    """Runs graphs on sketches, in training or in evaluation, and remembers what it found."""

    def __init__(self, training: bool, batch: Dim, real: int, known: Known) -> None:
        self.training = training
        self.boxes = Boxes(batch, self._graph)
        self.real = real
        self.known = known
        self.parts: dict[int, Bytes] = {}  # by the identity of the node
        self.graphs: dict[int, Bytes] = {}  # by the identity of the inner graph
        self.unknown: dict[str, None] = {}
        self._memo: dict[tuple[Any, ...], Summary] = {}
        self._frames: dict[int, Frame] = {}

    def whole(self, graph: Graph, grad: bool = False) -> Summary:
        """A graph by itself; its real inputs need gradients if `grad`."""
        batched = graph.batch_axes != 0
        tape = self._tape()
        inputs = [self._input(tape, wire, batched, grad) for wire in graph.dom]
        return self._summary(lambda tape, given: self._nodes(graph, tape, given), inputs)

    def _tape(self) -> Tape:
        return Tape(self.training, Tensor, self.real, self.known)

    def _input(self, tape: Tape, wire: Wire, batched: bool, grad: bool) -> Tensor:
        shape = self.boxes.shape(wire, batched)
        kind = kind_of(wire)
        storage = Storage(product(shape) * tape.bytes(kind), outside=True)
        needs = grad and self.training and kind in "RC"
        return Tensor(tape, shape, dense(shape), storage, needs, kind)

    # -- graphs ------------------------------------------------------------------------------------------------

    def _graph(self, graph: Graph, tape: Tape, inputs: list[Tensor]) -> list[Tensor]:
        """Run a graph as one event of a tape, or remember what it did the last time."""
        key = (id(graph), _layout(inputs))
        if key not in self._memo:
            self._memo[key] = self._summary(lambda own, given: self._nodes(graph, own, given), inputs)
        found = self._memo[key]
        self.graphs[id(graph)] = Bytes(found.figures.kept + found.taken, found.peak)
        return self._placed(found, tape, inputs)

    def _summary(self, run: Run, inputs: Sequence[Tensor]) -> Summary:
        tape = self._tape()
        outside: dict[Storage, Storage] = {}
        given = []
        for x in inputs:
            storage = outside.setdefault(x.storage, Storage(x.storage.size, True, x.storage.lasting))
            given.append(Tensor(tape, x.shape, x.strides, storage, x.grad, x.kind))
        outputs = run(tape, given)
        first = {storage: i for i, storage in reversed([(i, x.storage) for i, x in enumerate(given)])}
        new: dict[Storage, int] = {}
        results = []
        for y in outputs:
            inside = y.storage not in first
            source = ("new", new.setdefault(y.storage, len(new))) if inside else ("in", first[y.storage])
            results.append(Result(y.shape, y.strides, y.grad, y.kind, source))
        own = _sum(s.size for s in tape.kept if not s.outside and s not in new)
        return Summary(
            own,
            frozenset(first[s] for s in tape.kept if s in first),
            tuple((s.size, s in tape.kept, s.lasting) for s in new),
            tuple(results),
            peak(tape.events, new),
            _sum(s.size for s in tape.kept if s in first and not s.lasting),
        )

    def _placed(self, found: Summary, tape: Tape, inputs: Sequence[Tensor]) -> list[Tensor]:
        new = [Storage(size, lasting, lasting) for size, _, lasting in found.new]
        made = tuple(s for s in new if not s.lasting)
        tape.events.append(Event(tuple(x.storage for x in inputs), made, found.peak))
        kept = [inputs[i].storage for i in found.inputs]
        kept += [s for s, (_, kept, _) in zip(new, found.new, strict=True) if kept]
        kept += [Storage(found.own)] if found.own != ZERO else []
        tape.kept.update(dict.fromkeys(kept))
        tape.touched.update(dict.fromkeys(kept))
        places = {"in": [x.storage for x in inputs], "new": new}
        return [Tensor(tape, r.shape, r.strides, places[r.source[0]][r.source[1]], r.grad, r.kind)
                for r in found.results]  # fmt: skip

    def _nodes(self, graph: Graph, tape: Tape, inputs: list[Tensor]) -> list[Tensor]:
        frame = self._frames.get(id(graph))
        if frame is None:
            frame = self._frames[id(graph)] = Frame(graph)
        values: dict[int, Tensor] = {id(v): x for v, x in zip(graph.inputs, inputs, strict=True)}
        for index, node in enumerate(graph.nodes):
            given = [values[id(v)] for v in node.inputs]
            if index in frame.skipped:
                outputs = self.boxes.opaque(node, self._tape(), given)
            else:
                outputs = self._part(node, tape, given)
            values.update((id(v), y) for v, y in zip(node.outputs, outputs, strict=True))
            if not isinstance(node.box, Loop):  # a loop gives its results their names before its first turn
                tape.use(values[id(v)] for v in frame.given_up[index])
        tape.use(values[id(v)] for v in frame.held)
        tape.use(tape.held)
        return [values[id(v)] for v in graph.outputs]

    def _part(self, node: Node, tape: Tape, inputs: list[Tensor]) -> list[Tensor]:
        """One node, of which what it keeps and holds is noted."""
        before = len(tape.events)
        tape.touched = {}
        try:
            outputs = self._node(node, tape, inputs)
        except Unknown:
            if node.box.family != "python":  # the table of parts tells of those by itself
                self.unknown[node.label or node.box.name] = None
            outputs = self.boxes.opaque(node, tape, inputs)
        alive = peak(tape.events[before:], [y.storage for y in outputs])
        self.parts[id(node)] = Bytes(_sum(s.size for s in tape.touched), alive)
        return outputs

    def _node(self, node: Node, tape: Tape, inputs: list[Tensor]) -> list[Tensor]:
        together = not node.box.broadcasts or isinstance(node.box, Loop) or (node.owner is not None and node.graphs)
        if together:
            inputs = _expanded(inputs, node)
        if isinstance(node.box, Loop):
            return self._repeat(node, tape, inputs)
        if node.graphs and not node.box.in_statements:
            return self._graph(node.graphs[0], tape, inputs)
        if node.graphs:
            return self._iteration(node, tape, inputs)
        return self.boxes.run(node, tape, inputs)

    # -- repeats -----------------------------------------------------------------------------------------------

    def _repeat(self, node: Node, tape: Tape, values: list[Tensor]) -> list[Tensor]:
        """A repeat, in the frame of its caller: all steps, or the first few of many that are alike.

        They are alike from the fourth on, or at least every second (wires may change places).
        """
        if len(node.graphs) > 1 or node.count.value is None:
            for graph in node.graphs:
                values = self._graph(graph, tape, values)
            return values
        count = node.count.value
        turns = min(count, TURNS + 2 + count % 2)
        seen = 0
        for at in range(turns):
            seen = len(tape.kept) if at == turns - 2 else seen
            values = self._graph(node.graphs[0], tape, values)
        if turns < count:
            pair = _sum(s.size for s in list(tape.kept)[seen:] if not s.outside)
            rest = Storage(pair * ((count - turns) // 2))
            tape.kept[rest] = tape.touched[rest] = None
        return values

    def _iteration(self, node: Node, tape: Tape, inputs: list[Tensor]) -> list[Tensor]:
        """`scan`, `trace`, `flow`: the loop in their code is run for a few turns, from which the others follow."""
        box: Any = node.box
        count: Dim = getattr(box, "steps", None) or box.calls(node.dom)

        def turns(times: int) -> Summary:
            def run(tape: Tape, values: list[Tensor]) -> list[Tensor]:
                tape.loop = times, count
                return self.boxes.run(node, tape, values)

            return self._summary(run, inputs)

        key = (id(node), _layout(inputs))
        if key not in self._memo:
            number = count.value
            least = TURNS + (number or 0) % 2
            if number is not None and number <= least:
                self._memo[key] = turns(number)
            else:
                self._memo[key] = _extrapolated(turns(least), turns(least + 2), count - least)
        return self._placed(self._memo[key], tape, inputs)


def _layout(inputs: Sequence[Tensor]) -> tuple[Any, ...]:
    """All of the inputs that matters for what is done with them."""
    first: dict[Storage, int] = {}
    return tuple((x.shape, x.strides, x.grad, x.kind, x.storage.lasting, first.setdefault(x.storage, i))
                 for i, x in enumerate(inputs))  # fmt: skip


def _expanded(inputs: list[Tensor], node: Node) -> list[Tensor]:
    """The batch axis of the first input that has one, for those without."""
    batched = has_batch(inputs, node)
    if not any(batched):
        return inputs
    front = inputs[batched.index(True)].shape[0]
    return [x if has else x.expand(front, *x.shape) for x, has in zip(inputs, batched, strict=True)]


def _extrapolated(few: Summary, some: Summary, turns: Dim) -> Summary:
    """What happens in so many turns more than a few, from a few and two more."""

    def further(less: Dim, more: Dim) -> Dim:
        gap = more - less
        return less + (gap * (turns.value // 2) if turns.value is not None else (gap * turns) // 2)

    alive = some.peak
    if few.peak != some.peak and len(few.peak) == len(some.peak):
        alive = maxima(further(a, b) for a, b in zip(few.peak, some.peak, strict=True))
    return replace(some, own=further(few.own, some.own), peak=alive)


def _sum(sizes: Any) -> Dim:
    total, others = 0, ZERO
    for size in sizes:
        if size.value is not None:
            total += size.value
        else:
            others = others + size
    return others + total
