"""Iteration: over an axis and inside a step. The inner net keeps its weights from step to step."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import refuse_on, shifted
from catnet.boxes.axes import ONE, axis_position, has_pack, is_unknown, trailing
from catnet.boxes.parts import axis_at, without_axis
from catnet.boxes.states import likely, settled, starts_as
from catnet.diagnostics import Report
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.arity import arity
from catnet.diagrams.box import Box, Site, box
from catnet.diagrams.graph import Graph
from catnet.diagrams.terms import Diagram
from catnet.types.dims import Dim
from catnet.types.facts import Facts, Pred
from catnet.types.infer import TypeProblem, reject
from catnet.types.static import AxisRef
from catnet.types.wires import REAL, Axis, AxisLike, Object, Pack, Wire, show_object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


class Iteration(Box):
    """A box with one inner net that runs many times.

    `opaque`: its inner graph is not put in its place. `calls` says how often the inner net runs. The code is
    several statements, see `statements`.
    """

    arity: int | None = None
    broadcasts: ClassVar[bool] = False
    opaque: ClassVar[bool] = True

    def key(self) -> Hashable:
        """The static arguments but for the inner net, which is compared as a graph."""
        rest = ((k, v) for k, v in self.statics().items() if not isinstance(v, Diagram))
        return (type(self).__name__, *rest)

    def calls(self, inputs: Object) -> Dim:
        """How often the inner net runs."""
        raise NotImplementedError  # each subclass says its own

    def entries(self, inputs: Object) -> tuple[int, ...]:
        """For the first inputs of the inner net, the input of the box that each comes from, by their places."""
        return tuple(range(len(inputs)))

    def feedback(self, inputs: Object, graph: Graph) -> tuple[tuple[int, int], ...]:
        """The outputs of the inner net that are inputs of its next run, by their places: (output, input)."""
        count = len(graph.inputs) - len(inputs)
        return tuple((len(graph.outputs) - count + i, len(inputs) + i) for i in range(count))

    def statements(self, site: Site) -> list[str]:
        """Lines of Python that assign the outputs to `site.results`."""
        raise NotImplementedError  # each subclass says its own


def inside(typing: Typing, name: str, term: Diagram, wires: Object) -> Graph:
    """The inner graph on these inputs, recorded in the node that is being typed."""
    node = typing.node
    assert node is not None
    graph = typing.subgraph(name, term, wires)
    node.graphs = (graph,)
    return graph


def same_state(typing: Typing, box: str, what: str, out: Object, state: Object) -> None:
    """The state that comes out of a step must have the type of the state that goes in."""
    for after, before in zip(out, state, strict=True):
        try:
            typing.inference.unify(after, before)
        except TypeProblem:
            raise reject(
                f"the state of `{box}` must keep its type: `{typing.inference.wire(before)}` goes into "
                f"`{what}`, `{typing.inference.wire(after)}` comes out",
                code="E0203",
                help="the last outputs of a step are its next state, in the order of the last inputs",
            ) from None


def batch_of(value: str, wire: Wire) -> str:
    """The batch part of a tensor's shape, as code."""
    count = len(trailing(wire))
    return f"{value}.shape[:-{count}]" if count else f"{value}.shape"


def own_names(site: Site, results: list[str]) -> list[str]:
    """Names to assign to while the inputs are still needed: a result may go by the name of an input."""
    return [site.fresh(r) if r in site.args else r for r in results]


def renamed(results: list[str], names: list[str]) -> list[str]:
    """Lines that give the results their names."""
    return [f"{r} = {n}" for r, n in zip(results, names, strict=True) if r != n]


def call(function: str, args: list[str]) -> str:
    """A call as code."""
    return f"{function}({', '.join(args)})"


@box("scan", "iterate")
class Scan(Iteration):
    """A recurrent net along an axis: `scan(cell, over = t)` for `cell : X @ S -> Y @ S`.

    The wires that have the axis are the X; the cell sees one entry of the axis at a time. The others are the
    state S, which starts at what comes in and is handed from step to step. The Y of all steps, with the axis
    where it stands in the first X, and the last state come out:
    R[t, d] @ R[h] -> R[t, k] @ R[h] for a cell R[d] @ R[h] -> R[k] @ R[h].
    """

    cell: Diagram
    over: AxisRef

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wires = typing.inference.wires(inputs)
        if wires and all(map(is_unknown, wires)):
            return tuple(typing.inference.fresh_wire() for _ in wires)
        places = self._places(wires, typing.inference.facts)
        first = next(i for i, p in enumerate(places) if p is not None)
        length = self._length(typing, wires, places, first)
        cell_in = tuple(w if p is None else without_axis(w, p) for w, p in zip(wires, places, strict=True))
        order = sorted(range(len(wires)), key=lambda i: places[i] is None)
        graph = inside(typing, "cell", self.cell, tuple(cell_in[i] for i in order))
        state = tuple(w for w, p in zip(cell_in, places, strict=True) if p is None)
        count = len(graph.cod) - len(state)
        if count < 0:
            raise reject(
                f"the cell of `scan` gives {len(graph.cod)} wires, fewer than the {len(state)} of its state",
                code="E0204",
                help="a cell is X @ S -> Y @ S: its last outputs are the next state",
            )
        same_state(typing, self.name, "cell", graph.cod[count:], state)
        outputs = typing.inference.wires(graph.cod)
        where = places[first]
        assert where is not None
        return (*(put_back(w, length, wires[first], where) for w in outputs[:count]), *outputs[count:])

    def _places(self, wires: Object, facts: Facts | None = None) -> list[int | None]:
        """For each wire where the axis stands in it, None for a state. A name is looked for before a size."""
        ref = self.over
        if ref.index is not None:
            raise reject(
                "`scan` needs the name of its axis, since only some wires have it",
                help="name the axis in the signature, R[t, d], and write scan(cell, over = t)",
                code="E0223",
            )
        refs = [AxisRef(name=ref.name), ref]
        problem: TypeProblem | None = None
        for tried in refs:
            places: list[int | None] = []
            for port, wire in enumerate(wires):
                try:
                    places.append(axis_position(wire, tried, facts, box=self.name, port=port))
                except TypeProblem as found:
                    problem = problem or found
                    places.append(None)
            if any(p is not None for p in places):
                return places
        raise problem or reject("`scan` needs at least one wire, but none come", code="E0204")

    def _length(self, typing: Typing, wires: Object, places: list[int | None], first: int) -> Axis:
        where = places[first]
        assert where is not None
        axis = axis_at(wires[first], where)
        for wire, place in zip(wires, places, strict=True):
            if place is not None:
                verdict = typing.inference.equal(axis_at(wire, place).size, axis.size)
                if verdict is not True and not verdict:
                    raise reject(
                        f"`scan` runs over {axis.size} entries of `{wires[first]}`, "
                        f"but `{wire}` has {axis_at(wire, place).size}",
                        code="E0203",
                    )
        return axis

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """The cell is asked once, about a state that it gives back as it took it."""
        places = self._places(acting.inputs)
        for port, place in enumerate(places):
            if place is not None:
                what = "goes along an axis in its order"
                refuse_on(self.name, acting, (place,), what, "take `mean(over = ...)` or `sdpa`", port)
        ports = [port for port, place in enumerate(places) if place is None]
        entries = tuple(shifted(acting.actions[i], p, -1) for i, p in enumerate(places) if p is not None)
        outputs, state = settled(acting, entries, [likely(acting, acting.inputs[p], acting.flat(p), p) for p in ports])
        for port, action in zip(ports, state, strict=True):
            starts_as(self.name, acting, port, action)
        lead = next(i for i, p in enumerate(places) if p is not None)
        return (*self._stacked(acting, outputs, lead, places[lead] or 0), *state)

    def _stacked(self, acting: Acting, outputs: tuple[Action, ...], lead: int, place: int) -> list[Action]:
        """The actions on the outputs of all steps, with the axis of steps in its place."""
        moved = []
        for action, wire in zip(outputs, acting.outputs, strict=False):
            at = place_in(len(trailing(wire)) - 1, acting.inputs[lead], place, has_pack(wire))
            moved.append(shifted(action, at, 1))
        return moved

    def entries(self, inputs: Object) -> tuple[int, ...]:
        places = self._places(inputs)
        return tuple(sorted(range(len(inputs)), key=lambda i: places[i] is None))

    def feedback(self, inputs: Object, graph: Graph) -> tuple[tuple[int, int], ...]:
        count = self._places(inputs).count(None)
        return tuple((len(graph.outputs) - count + i, len(inputs) - count + i) for i in range(count))

    def calls(self, inputs: Object) -> Dim:
        places = self._places(inputs)
        return next((axis_at(w, p).size for w, p in zip(inputs, places, strict=True) if p is not None), ONE)

    def statements(self, site: Site) -> list[str]:
        places = self._places(site.inputs)
        moving = [(a, p) for a, p in zip(site.args, places, strict=True) if p is not None]
        held = [a for a, p in zip(site.args, places, strict=True) if p is None]
        count = len(site.results) - len(held)
        states = own_names(site, site.results[count:])
        entries = [site.fresh(f"{a}_step") for a, _ in moving]
        lists = [site.fresh(f"{r}_steps") for r in site.results[:count]]
        outs = [site.fresh(f"{r}_step") for r in site.results[:count]]
        lines = [f"{s} = {a}" for s, a in zip(states, held, strict=True)]
        lines += [f"{name} = []" for name in lists]
        unbound = ", ".join(f"{a}.unbind({p})" for a, p in moving)
        if len(moving) > 1:
            unbound = f"zip({unbound})"
        lines.append(f"for {', '.join(entries)} in {unbound}:")
        lines.append(f"    {', '.join([*outs, *states])} = {call(site.inner[0], [*entries, *states])}")
        lines += [f"    {name}.append({out})" for name, out in zip(lists, outs, strict=True)]
        first = next(i for i, p in enumerate(places) if p is not None)
        where = places[first]
        assert where is not None
        for result, name, wire in zip(site.results[:count], lists, site.outputs, strict=False):
            at = place_in(len(trailing(wire)) - 1, site.inputs[first], where, has_pack(wire))
            lines.append(f"{result} = torch.stack({name}, dim={at})")
        return lines + renamed(site.results[count:], states)


def place_in(rest: int, lead: Wire, position: int, open_axes: bool) -> int:
    """Where an axis is put back into an output with `rest` other axes, counted from the end: as far from the
    front as in `lead`, or, where the number of axes before it is open, as far from the end."""
    if open_axes or has_pack(lead):
        return max(position, -1 - rest)
    front = min(len(lead.axes) + position, rest)
    return front - rest - 1


def put_back(wire: Wire, axis: Axis, lead: Wire, position: int) -> Wire:
    """An output of one step with the axis of steps."""
    axes: list[AxisLike] = list(wire.axes)
    at = place_in(len(trailing(wire)), lead, position, has_pack(wire))
    axes.insert(len(axes) + 1 + at, axis)
    return wire.with_axes(axes)


@box("trace", "iterate")
class Trace(Iteration):
    """Feedback inside a step: `trace(f, steps = n)` for `f : X @ S -> Y @ S`.

    X is what comes in; S, the further inputs of f, starts at zero. f is applied n times with the same
    weights, on the same X and its own last S; the last Y comes out. X -> Y.
    """

    f: Diagram
    steps: Dim

    def rule(self, typing: Typing, inputs: Object) -> Object:
        inference = typing.inference
        inference.demand(Pred(">=", self.steps, ONE), "`trace` needs steps >= 1")
        wanted = arity(self.f, {})
        if wanted is None:
            raise reject(
                "how many wires `f` of `trace` takes is not known, hence not which are its feedback",
                code="E0204",
                help="make it a net with a signature",
            )
        count = wanted - len(inputs)
        if count < 1 or not inputs:
            why = "none is left for the feedback" if inputs else "the feedback needs at least one beside it"
            raise reject(
                f"`f` of `trace` takes {wanted} wires and {len(inputs)} come: {why}",
                code="E0204",
                help="f : X @ S -> Y @ S, and the wires X come in",
            )
        state = self._state_types(typing, inputs, count)
        graph = inside(typing, "f", self.f, (*inputs, *state))
        return self._outputs(typing, graph, state)

    def _state_types(self, typing: Typing, inputs: Object, count: int) -> Object:
        """The types of the feedback, from a first run of f on wires of which nothing is known."""
        inference, report, demands = typing.inference, typing.report, list(typing.inference.demands)
        guess = tuple(inference.fresh_wire() for _ in range(count))
        typing.report = Report()
        try:
            trial = typing.subgraph("f", self.f, (*inputs, *guess))
            failed = bool(typing.report.errors)
        finally:
            typing.report, inference.demands = report, demands
        if failed or any(map(is_unknown, inference.wires(inputs))):
            return guess
        self._outputs(typing, trial, guess)
        state = inference.wires(guess)
        names = [n for w in state for n in (w.kind.name, *w.symbols)]
        if not any(n.startswith("?") for n in names):
            open_packs = [a.name for w in state for a in w.axes if isinstance(a, Pack) and a.name.startswith("?")]
            inference.packs.update((name, ()) for name in open_packs)  # nothing asks for further axes
            state = inference.wires(state)
        if any(n.startswith("?") for n in names) or any(map(has_pack, state)):
            raise reject(
                f"the type of the feedback of `trace` does not follow: `{show_object(state)}`",
                help="make `f` a net with a signature",
            )
        for wire in state:
            inference.unify(wire, Wire(REAL, wire.axes))
        return state

    def _outputs(self, typing: Typing, graph: Graph, state: Object) -> Object:
        count = len(graph.cod) - len(state)
        if count < 0:
            raise reject(
                f"`f` of `trace` gives {len(graph.cod)} wires, fewer than its feedback of {len(state)}",
                code="E0204",
                help="f : X @ S -> Y @ S: its last outputs are fed back",
            )
        same_state(typing, self.name, "f", graph.cod[count:], state)
        return typing.inference.wires(graph.cod[:count])

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """The feedback starts at zero, which everything leaves alone."""
        state = acting.graphs[0].dom[len(acting.inputs) :]
        start = [likely(acting, wire, frozenset(range(-len(wire.axes), 0))) for wire in state]
        outputs, _ = settled(acting, acting.actions, start)
        return outputs

    def calls(self, inputs: Object) -> Dim:
        return self.steps

    def statements(self, site: Site) -> list[str]:
        wires = site.graphs[0].dom[len(site.inputs) :]
        state = [site.fresh("state") for _ in wires]
        outs = own_names(site, site.results)
        batch = batch_of(site.args[0], site.inputs[0])
        lines = []
        for name, wire in zip(state, wires, strict=True):
            sizes = "".join(f", {site.size(a.size)}" for a in trailing(wire))
            lines.append(f"{name} = {site.args[0]}.new_zeros((*{batch}{sizes or ','}))")
        lines.append(f"for _ in range({site.static(self.steps)}):")
        lines.append(f"    {', '.join([*outs, *state])} = {call(site.inner[0], [*site.args, *state])}")
        return lines + renamed(site.results, outs)
