"""What a diagram keeps for backward, and how much it holds at once, as polynomials in bytes.

The code of each box runs once on sketches (`catnet.analysis.sketch`); a graph that is met again with inputs of the
same layout is not run again, and a repeat is run for a few turns, from which all others follow. So the cost is linear
in the diagram, whatever its repeats are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import count
from types import CodeType, SimpleNamespace
from typing import Any

from catnet.analysis.frames import Frame
from catnet.analysis.known import Known
from catnet.analysis.operations import namespaces
from catnet.analysis.sketch import ONE, ZERO, Event, Shape, Sketch, Storage, Tape, Unknown, dense, maxima, peak, product
from catnet.analysis.tensors import Tensor
from catnet.diagrams.box import Site
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.repeat import Loop
from catnet.types.dims import Dim
from catnet.types.wires import Axis, Wire

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


@dataclass(frozen=True)
class Bytes:
    """What one part keeps (of its inputs too) and holds at once (without its inputs)."""

    kept: Dim
    peak: Peak


class Memory:
    """Runs graphs on sketches, in training or in evaluation, and remembers what it found."""

    def __init__(self, training: bool, batch: Dim, real: int, known: Known) -> None:
        self.training = training
        self.batch = batch
        self.real = real
        self.known = known
        self.parts: dict[int, Bytes | None] = {}  # by the identity of the node; None where nothing is known
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
        shape = self._shape(wire, batched)
        kind = wire.kind.name if wire.kind.name in ("R", "C", "Bool") else "Z"
        storage = Storage(product(shape) * tape.bytes(kind), outside=True)
        needs = grad and self.training and kind in "RC"
        return Tensor(tape, shape, dense(shape), storage, needs, kind)

    def _shape(self, wire: Wire, batched: bool) -> Shape:
        own = tuple(a.size if isinstance(a, Axis) else ONE for a in wire.axes)
        return (self.batch, *own) if batched else own

    # -- graphs ------------------------------------------------------------------------------------------------

    def call(self, key: object, run: Run, tape: Tape, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Run something as one event of a tape; `key` says what it is, for the next time."""
        found = self._memo.get((key, layout := _layout(inputs)))
        if found is None:
            found = self._memo[key, layout] = self._summary(run, inputs)
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
            outputs = self._opaque(node, self._tape(), given) if index in frame.skipped else self._part(node, tape, given)
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
            self.unknown[node.label or node.box.name] = None
            outputs = self._opaque(node, tape, inputs)
        alive = peak(tape.events[before:], [y.storage for y in outputs])
        self.parts[id(node)] = Bytes(_sum(s.size for s in tape.touched), alive)
        return outputs

    def _node(self, node: Node, tape: Tape, inputs: list[Tensor]) -> list[Tensor]:
        together = not node.box.broadcasts or isinstance(node.box, Loop) or (node.owner is not None and node.graphs)
        if together:
            inputs = _expanded(inputs, node)
        if isinstance(node.box, Loop):
            return self._repeat(node, tape, inputs)
        if node.graphs and not hasattr(node.box, "statements"):
            graph = node.graphs[0]
            return self.call(id(graph), lambda t, given: self._nodes(graph, t, given), tape, inputs)
        if node.graphs:
            return self._iteration(node, tape, inputs)
        return self._box(node, tape, inputs)

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

    def _graph(self, graph: Graph, tape: Tape, inputs: list[Tensor]) -> list[Tensor]:
        return self.call(id(graph), lambda t, given: self._nodes(graph, t, given), tape, inputs)

    def _iteration(self, node: Node, tape: Tape, inputs: list[Tensor]) -> list[Tensor]:
        """`scan`, `trace`, `flow`: the loop in their code is run for a few turns, from which the others follow."""
        box: Any = node.box
        count: Dim = getattr(box, "steps", None) or box.calls(node.dom)

        def turns(times: int) -> Summary:
            def run(tape: Tape, values: list[Tensor]) -> list[Tensor]:
                tape.loop = times, count
                return self._box(node, tape, values)

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

    # -- boxes -------------------------------------------------------------------------------------------------

    def _box(self, node: Node, tape: Tape, inputs: list[Tensor]) -> list[Tensor]:
        """Run the code of one box."""
        box = node.box
        kept = box.kept(node.dom, node.cod)
        if kept is not None:
            return self._told(node, tape, inputs, kept)
        lonely = box.batch_needed > 0 and not all(len(x.shape) > len(w.axes) for x, w in zip(inputs, node.dom, strict=True))
        given = [x.unsqueeze(0) for x in inputs] if lonely else inputs
        names: dict[str, Any] = {f"a{i}": x for i, x in enumerate(given)}
        site = _site(node, given, names)
        tape.wanted = tuple(self._shape(w, lonely or box.gives_batch(site)) for w in node.cod)
        try:
            outputs = self._run(node, site, tape, names)
        except (TypeError, AttributeError, NameError, ValueError, LookupError) as error:
            raise Unknown(f"the code of `{box.name}` cannot be followed: {error}") from error
        outputs = [y.squeeze(0) for y in outputs] if lonely else outputs
        return [_typed(y, w) for y, w in zip(outputs, node.cod, strict=True)]

    def _run(self, node: Node, site: Site, tape: Tape, names: dict[str, Any]) -> list[Tensor]:
        box = node.box
        if box.family == "python":
            raise Unknown("written in Python")
        space = namespaces(tape)
        own = SimpleNamespace(training=tape.training)
        for at, graph in enumerate(node.graphs):
            own.__dict__[f"inner{at}"] = lambda *xs, graph=graph: _one(self._graph(graph, tape, list(xs)))
        site.inner = [f"self.inner{at}" for at in range(len(node.graphs))]
        made = None if node.graphs else box.module(site)
        if made is not None:
            before = len(tape.events)
            layer = eval(_compiled(made, "eval"), {**space, **names})
            del tape.events[before:]  # what is made once is not made again in every pass
            if isinstance(layer, Sketch) and not layer.storage.lasting:
                layer = tape.lasting(layer.shape, False)
            own.layer = layer
            site.module = "self.layer"
        names["self"] = own
        statements = getattr(box, "statements", None)
        if statements is None:
            code = _compiled(box.code(site), "eval")
            value = eval(code, {**space, **names})
            return list(value) if isinstance(value, (tuple, list)) else [value]
        site.results = [f"y{i}" for i in range(len(node.cod))]
        code = _compiled("\n".join(statements(site)), "exec")
        spaces = {**space, **names}
        exec(code, spaces)
        if not node.graphs:
            tape.held += [x for name, x in spaces.items() if isinstance(x, Tensor) and name not in names]
        return [spaces[name] for name in site.results]

    def _told(self, node: Node, tape: Tape, inputs: list[Tensor], kept: Any) -> list[Tensor]:
        """A box that says itself what is kept."""
        batched = any(len(x.shape) > len(w.axes) for x, w in zip(inputs, node.dom, strict=True))
        trains = bool(node.box.parameters(node.dom, node.cod)) and tape.training
        outputs = []
        for wire in node.cod:
            kind = wire.kind.name if wire.kind.name in ("R", "C", "Bool") else "Z"
            needs = kind in "RC" and (trains or any(x.grad for x in inputs))
            outputs.append(tape.fresh(self._shape(wire, batched), inputs, kind, grad=needs))
        for y in [y for y in outputs if y.grad][:1]:
            extra = [tape.fresh(self._shape(w, batched), inputs, w.kind.name, grad=False) for w in kept.extra]
            tape.keep(y, *(inputs[i] for i in kept.inputs), *(outputs[i] for i in kept.outputs), *extra)
        return outputs

    def _opaque(self, node: Node, tape: Tape, inputs: list[Tensor]) -> list[Tensor]:
        """A box of which nothing is known but its type."""
        batched = any(len(x.shape) > len(w.axes) for x, w in zip(inputs, node.dom, strict=True))
        kinds = [w.kind.name if w.kind.name in ("R", "C", "Bool") else "Z" for w in node.cod]
        return [tape.fresh(self._shape(w, batched), inputs, kind, grad=tape.training and kind in "RC")
                for w, kind in zip(node.cod, kinds, strict=True)]  # fmt: skip


class _Size:
    """A size that is not known, in the place of an integer of a box's code: it goes by a name."""

    def __init__(self, value: Dim, names: dict[str, Any]) -> None:
        self.value, self.names = value, names

    def __repr__(self) -> str:
        name = f"size{len(self.names)}"
        self.names[name] = self.value
        return name

    def __eq__(self, other: object) -> bool:
        return self.value == (other.value if isinstance(other, _Size) else other)

    def __hash__(self) -> int:
        return hash(self.value)

    def __floordiv__(self, other: int) -> _Size:
        return _Size(self.value // other, self.names)

    def __mul__(self, other: int) -> _Size:
        return _Size(self.value * other, self.names)

    __rmul__ = __mul__

    def __add__(self, other: int) -> _Size:
        return _Size(self.value + other, self.names)


@dataclass
class _SketchSite(Site):
    """A place whose sizes need not be known; `names` are what its code finds."""

    names: dict[str, Any] = field(default_factory=dict)

    def static(self, dim: Dim) -> Any:
        return dim.value if dim.value is not None else _Size(dim, self.names)


def _site(node: Node, given: Sequence[Tensor], names: dict[str, Any]) -> _SketchSite:
    numbers = count()
    return _SketchSite(
        node.dom,
        node.cod,
        [f"a{i}" for i in range(len(given))],
        "",
        need=lambda what: what,
        size_of=lambda dim: repr(_Size(dim, names)),
        fresh=lambda hint: f"{hint}_{next(numbers)}",
        batched=[len(x.shape) > len(w.axes) for x, w in zip(given, node.dom, strict=True)],
        graphs=node.graphs,
        names=names,
    )


@lru_cache(maxsize=4096)
def _compiled(text: str, mode: str) -> CodeType:
    return compile(text, "<box>", mode)  # our own text: what `catnet compile` would write


def _layout(inputs: Sequence[Tensor]) -> tuple[Any, ...]:
    """All of the inputs that matters for what is done with them."""
    first: dict[Storage, int] = {}
    return tuple((x.shape, x.strides, x.grad, x.kind, x.storage.lasting, first.setdefault(x.storage, i))
                 for i, x in enumerate(inputs))  # fmt: skip


def _one(values: list[Tensor]) -> Any:
    return values[0] if len(values) == 1 else tuple(values)


def _typed(y: Tensor, wire: Wire) -> Tensor:
    """An output with the sizes that the type states, as the text speaks of them."""
    own = tuple(a.size if isinstance(a, Axis) else ONE for a in wire.axes)
    if len(y.shape) < len(own):
        raise Unknown("an axis is missing")
    shape = (*y.shape[: len(y.shape) - len(own)], *own)
    if shape == y.shape:
        return y
    strides = dense(shape) if y.strides == dense(y.shape) else y.strides
    return Tensor(y.tape, shape, strides, y.storage, y.grad, y.kind)


def _expanded(inputs: list[Tensor], node: Node) -> list[Tensor]:
    """The batch axis of the first input that has one, for those without."""
    front = [x.shape[0] for x, w in zip(inputs, node.dom, strict=True) if len(x.shape) > len(w.axes)]
    if not front:
        return inputs
    return [x if len(x.shape) > len(w.axes) else x.expand(front[0], *x.shape)
            for x, w in zip(inputs, node.dom, strict=True)]  # fmt: skip


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
