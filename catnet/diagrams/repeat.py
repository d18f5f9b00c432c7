"""Repeats: `f ^ n` and `seq(i in a..b, f(i))`.

A repeat whose body keeps its type is placed once, whatever its count. One whose type changes at each step is
placed step by step if the count is known; if it is a symbol, the type after i steps is guessed from two steps
and the guess is proved by induction on i.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from catnet.diagnostics import Report
from catnet.diagrams import terms
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box
from catnet.diagrams.graph import Graph, Node, Value
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import Inference, TypeProblem, reject
from catnet.types.wires import Axis, Object, Wire, show_object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

Step = Callable[[Dim], terms.Diagram]


class Loop(Box):
    """A repeat as a node: `count` copies of one graph, or one graph for each step.

    `first` is the number of its first step, where it is a piece of a longer one.
    """

    first: int | None = None
    name = "repeat"
    family = "block"
    arity = None

    def __init__(self, count: Dim, place: Callable[[Typing, Object, Node], Object]) -> None:
        self.count = count
        self._place = place

    def rule(self, typing: Typing, inputs: Object) -> Object:
        assert typing.node is not None
        return self._place(typing, inputs, typing.node)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return acting.repeated(self.count.value)

    def sign(self) -> str:
        return f"x {self.count}"


def place_repeat(typing: Typing, term: terms.Repeat, inputs: tuple[Value, ...], label: str | None) -> tuple[Value, ...]:
    """Place `f ^ n`."""
    body = term.body
    if isinstance(body, terms.Labelled) and label is None:
        label, body = body.label, body.body
    if isinstance(body, terms.Use):  # the same weights at every step
        for _ in range(term.count.value if term.count.value is not None else 1):
            inputs = typing.place(body, inputs)
        return inputs
    return _place(typing, term, Dim.const(0), term.count, lambda _: body, inputs, label)


def place_sequence(
    typing: Typing, term: terms.Sequence, inputs: tuple[Value, ...], label: str | None
) -> tuple[Value, ...]:
    """Place `seq(i in a..b, f(i))`."""
    return _place(typing, term, term.start, term.stop, term.step, inputs, label)


def _place(
    typing: Typing,
    term: terms.Diagram,
    start: Dim,
    stop: Dim,
    step: Step,
    inputs: tuple[Value, ...],
    label: str | None,
) -> tuple[Value, ...]:
    count = stop - start
    if count.value is not None and count.value < 0:
        return typing.complain(
            reject(f"the number of repeats is {count}", code="E0207", help="`^` takes 0 or more, or -1"),
            term,
            inputs,
        )
    if count.value == 0:
        return inputs
    name = label or "steps"
    varies = isinstance(term, terms.Sequence)

    def rule(typing: Typing, wires: Object, node: Node) -> Object:
        if count.value is None and not typing.generic:
            raise reject(
                f"the number of repeats, `{count}`, is not known when compiling",
                code="E0214",
                help=f"give it: -p {sorted(count.symbols)[0]}=...",
            )
        if count.value is None:
            sign = "seq" if varies else "^"
            reason = f"`{sign}` needs a number of repeats, {count} >= 0"
            typing.inference.demand(Pred(">=", count, Dim.const(0)), reason)
            return _symbolic(typing, wires, node, name, start, stop, step, varies)
        if varies and count.value > typing.budget:
            typing.placed = typing.budget  # not worth starting
        typing._spend(term.span)
        first = typing.subgraph(name, step(start), wires)
        node.graphs = (first,)
        if not varies and count.value != 1 and same_types(typing, first.cod, wires):
            return first.cod
        graphs = [first]
        for i in range(1, count.value):
            errors = len(typing.report.errors)
            graphs.append(typing.subgraph(name, step(start + i), graphs[-1].cod))
            typing._spend(term.span)
            if len(typing.report.errors) > errors:
                break  # every further step would make the same mistake
        node.graphs = tuple(graphs)
        return graphs[-1].cod

    return typing.add(Loop(count, rule), inputs, term.span, label)


def _symbolic(
    typing: Typing,
    wires: Object,
    node: Node,
    name: str,
    start: Dim,
    stop: Dim,
    step: Step,
    varies: bool,
) -> Object:
    if not varies:
        graph = typing.subgraph(name, step(start), wires)
        node.graphs = (graph,)
        if same_types(typing, graph.cod, wires):
            return graph.cod
    general = _general_type(typing, name, start, step, wires)
    if general is None:
        raise _not_inductive(typing, name, start, step, wires)
    past = Dim.sym(typing.inference.fresh("i").replace("?i.", "i'")) - 1  # any number of steps so far, from 0
    graph = typing.subgraph(name, step(start + past), general(past))
    node.graphs = (graph,)
    if not same_types(typing, graph.cod, general(past + 1)):
        raise _not_inductive(typing, name, start, step, wires)
    return general(stop - start)


def _general_type(typing: Typing, name: str, start: Dim, step: Step, wires: Object) -> Callable[[Dim], Object] | None:
    """The type after i steps, if three types in a row grow linearly or by a constant factor."""
    trial = _quietly(typing, lambda: _two_steps(typing, name, start, step, wires))
    if trial is None:
        return None
    zero, one, two = trial
    if not _same_shape(zero, one) or not _same_shape(one, two):
        return None

    def size(a: Dim, b: Dim, c: Dim, i: Dim) -> Dim | None:
        if (c - b) == (b - a):
            return a + (b - a) * i
        ratio = (b // a).value
        if ratio is not None and ratio > 1 and a * ratio == b and b * ratio == c:
            return a * Dim.const(ratio) ** i
        return None

    def general(i: Dim) -> Object:
        out = []
        for x, y, z in zip(zero, one, two, strict=True):
            axes = [
                (a if s == a.size else Axis(s, a.tag)) if isinstance(a, Axis) and s is not None else a
                for a, s in zip(x.axes, _sizes(x, y, z, i), strict=True)
            ]
            out.append(x.with_axes(axes))
        return tuple(out)

    def _sizes(x: Wire, y: Wire, z: Wire, i: Dim) -> list[Dim | None]:
        return [
            size(a.size, b.size, c.size, i)
            if isinstance(a, Axis) and isinstance(b, Axis) and isinstance(c, Axis)
            else None
            for a, b, c in zip(x.axes, y.axes, z.axes, strict=True)
        ]

    probe = Dim.sym("i")
    for x, y, z in zip(zero, one, two, strict=True):
        sizes = _sizes(x, y, z, probe)
        if any(s is None and isinstance(a, Axis) for a, s in zip(x.axes, sizes, strict=True)):
            return None
    return general


def _two_steps(typing: Typing, name: str, start: Dim, step: Step, wires: Object) -> tuple[Object, Object, Object]:
    one = typing.subgraph(name, step(start), wires).cod
    two = typing.subgraph(name, step(start + 1), one).cod
    return wires, typing.inference.wires(one), typing.inference.wires(two)


def _quietly(typing: Typing, work: Callable[[], tuple[Object, Object, Object]]) -> tuple[Object, ...] | None:
    """Try something without reporting; None if it found a mistake."""
    report, typing.report = typing.report, Report()
    demands = list(typing.inference.demands)
    try:
        result = work()
        return None if typing.report.errors else result
    finally:
        typing.report = report
        typing.inference.demands = demands


def _not_inductive(typing: Typing, name: str, start: Dim, step: Step, wires: Object) -> TypeProblem:
    graph: Graph = typing.subgraph(name, step(start), wires)
    return reject(
        f"a repeat of unknown length must keep its type or change it by a constant step; "
        f"here one step goes from `{show_object(wires)}` to `{show_object(graph.cod)}`",
        code="E0219",
        help="end the repeated part with the type that it starts with, or fix the number of repeats",
    )


def _same_shape(a: Object, b: Object) -> bool:
    return len(a) == len(b) and all(
        x.kind == y.kind
        and len(x.axes) == len(y.axes)
        and all(type(p) is type(q) and (isinstance(p, Axis) or p == q) for p, q in zip(x.axes, y.axes, strict=True))
        for x, y in zip(a, b, strict=True)
    )


def same_types(typing: Typing, a: Object, b: Object) -> bool:
    """Whether two objects are equal under the facts; where types are inferred, they are made so."""
    if len(a) != len(b):
        return False
    inference = typing.inference
    if not any(s.startswith("?") for w in (*a, *b) for s in _variables(w)):
        inference = Inference(inference.facts)
    try:
        for x, y in zip(a, b, strict=True):
            inference.unify(x, y)
    except TypeProblem:
        return False
    return True


def _variables(wire: Wire) -> list[str]:
    names = [wire.kind.name, *wire.symbols]
    return names + [a.name for a in wire.axes if not isinstance(a, Axis)]
