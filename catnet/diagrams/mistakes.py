"""Diagnostics for compositions that do not fit: both ends of the wire, both types, where a size came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catnet.diagnostics import Diagnostic, Note
from catnet.types.dims import Dim
from catnet.types.facts import Pred, Verdict
from catnet.types.infer import Demand, Inference, TypeProblem
from catnet.types.static import Condition
from catnet.types.wires import Axis, Object, Wire, show_object

if TYPE_CHECKING:
    from catnet.diagrams.box import Box
    from catnet.diagrams.graph import Node, Value
    from catnet.diagrams.terms import Choice, Diagram, Shared

_CODES = {"count": "E0204", "axis": "E0203", "rank": "E0203", "kind": "E0205", "open": "E0206"}


def explain(problem: TypeProblem, node: Node, inference: Inference) -> Diagnostic:
    """The diagnostic for a box that refused its inputs."""
    name = node.box.name or "this part"
    if problem.reason == "box":
        return Diagnostic(
            problem.code,
            problem.detail,
            node.span,
            notes=_origin_notes(node, problem.port, inference),
            help=problem.help,
        )
    if problem.reason == "count":
        got = problem.got if isinstance(problem.got, tuple) else node.dom
        message = f"{problem.detail}, but {_wires(len(got))} come" + ("s" if len(got) == 1 else "")
        note = Note(f"what comes is `{show_object(got)}`", _producer_span(node))
        return Diagnostic("E0204", f"wrong number of wires: {message}", node.span, notes=(note,))
    got, expected = problem.got, problem.expected
    assert isinstance(got, Wire) and isinstance(expected, Wire)
    message = {
        "axis": f"`{name}` does not fit: {_axis_words(got, expected, problem.axis)}",
        "rank": f"`{name}` does not fit: the wires have different numbers of axes",
        "kind": f"`{name}` takes {_kind_words(expected)}, but {_kind_words(got)} come",
        "open": f"`{name}` may not fit: {_axis_words(got, expected, problem.axis)} cannot be proved",
    }[problem.reason]
    notes = [Note(_two_types(got, expected, problem.axis))]
    notes += _origin_notes(node, problem.port, inference, problem.axis)
    if problem.detail:
        notes.append(Note(f"for example {problem.detail}"))
    return Diagnostic(
        _CODES[problem.reason],
        message,
        node.span,
        label=f"expects `{expected}`",
        notes=tuple(notes),
        help=problem.help or _fix(problem, got, expected, inference),
    )


def _wires(count: int) -> str:
    return "no wires" if count == 0 else f"{count} wire{'s' * (count != 1)}"


_KIND_WORDS = {
    "R": "reals",
    "C": "complex numbers",
    "Z": "integers",
    "Bool": "booleans",
    "Fin": "integers",
}


def _kind_words(wire: Wire) -> str:
    word = _KIND_WORDS.get(wire.kind.name)
    return f"{word} (`{wire.kind}`)" if word else f"`{wire.kind}`"


def _axis_words(got: Wire, expected: Wire, axis: int | None) -> str:
    a, b = _axis(got, axis), _axis(expected, axis)
    return f"`{a}` against `{b}`"


def _axis(wire: Wire, from_end: int | None) -> object:
    if from_end is None or from_end >= len(wire.axes):
        return wire
    return wire.axes[-1 - from_end]


def _two_types(got: Wire, expected: Wire, axis: int | None) -> str:
    """Both types, one above the other, with the differing axis marked under each."""
    lines: list[str] = []
    for word, wire in (("what comes", got), ("expected  ", expected)):
        lines.append(f"{word}: {wire}")
        mark = _mark(wire, axis)
        if mark:
            lines.append(" " * len(f"{word}: ") + mark)
    return "\n".join(lines)


def _mark(wire: Wire, from_end: int | None) -> str:
    if from_end is None or from_end >= len(wire.axes):
        return ""
    at = len(wire.axes) - 1 - from_end
    before = len(f"{wire.kind}[") + sum(len(str(a)) + 2 for a in wire.axes[:at])
    return " " * before + "^" * len(str(wire.axes[at]))


def _producer_span(node: Node) -> Any:
    spans = [v.node.span for v in node.inputs if v.node is not None]
    return next((s for s in spans if s is not None), None)


def _origin_notes(
    node: Node, port: int, inference: Inference, axis: int | None = None
) -> tuple[Note, ...]:
    """Where the wire comes from, and, if an axis is meant, which box gave it its size."""
    if port >= len(node.inputs):
        return ()
    value = node.inputs[port]
    notes: list[Note] = []
    if value.node is not None and value.node.span is not None:
        notes.append(Note(f"the wire comes from here, as `{inference.wire(value.wire)}`", value.node.span))
    if axis is not None:
        notes += _provenance(value, axis, inference)
    return tuple(notes)


def _provenance(value: Value, from_end: int, inference: Inference) -> list[Note]:
    """Follow an axis back through boxes that keep it, to the box or the signature that made it."""
    wire = inference.wire(value.wire)
    if from_end >= len(wire.axes) or not isinstance(wire.axes[-1 - from_end], Axis):
        return []
    size = wire.axes[-1 - from_end].size  # type: ignore[union-attr]
    here = value
    while here.node is not None:
        before = [v for v in here.node.inputs if _has(v, from_end, size, inference)]
        if not before:
            break
        here = before[0]
    if here.node is None:
        tag = wire.axes[-1 - from_end].tag  # type: ignore[union-attr]
        shown = f"{tag} = {size}" if tag is not None and tag != str(size) else f"{size}"
        return [Note(f"`{shown}` is from the input `{inference.wire(here.wire)}`")]
    if here.node.span is None or here is value:
        return []
    return [Note(f"`{size}` is from `{here.node.span.text}` at {here.node.span}")]


def _has(value: Value, from_end: int, size: Dim, inference: Inference) -> bool:
    axes = inference.wire(value.wire).axes
    return from_end < len(axes) and isinstance(axes[-1 - from_end], Axis) and axes[-1 - from_end].size == size  # type: ignore[union-attr]


def _fix(problem: TypeProblem, got: Wire, expected: Wire, inference: Inference) -> str:
    if problem.reason == "kind":
        if expected.kind.name == "R" and got.kind.name in ("Fin", "Z"):
            size = got.kind.size if got.kind.size is not None else "n"
            return f"turn integers into vectors first: `embedding({size}, d)` or `one_hot({size})`"
        return ""
    a, b = _axis(got, problem.axis), _axis(expected, problem.axis)
    if problem.reason == "open" and isinstance(a, Axis) and isinstance(b, Axis):
        facts = inference.facts
        return f"if it always holds, say so: where {facts.show(a.size)} == {facts.show(b.size)}"
    if problem.reason == "axis" and isinstance(a, Axis) and isinstance(b, Axis) and problem.axis == 0:
        return f"`linear({b})` turns the last axis from {a} to {b}"
    if problem.reason == "rank" and len(got.axes) > len(expected.axes):
        return "`flatten` joins axes, `mean(over = ...)` removes one"
    return ""


def unequal(a: Dim, b: Dim, node: Node | None, verdict: Verdict | bool, inference: Inference) -> Diagnostic:
    """Two sizes that had to be equal, found out late (inference)."""
    detail = verdict.describe() if isinstance(verdict, Verdict) and verdict.kind == "no" else ""
    return Diagnostic(
        "E0203",
        f"`{inference.facts.show(a)}` and `{inference.facts.show(b)}` must be equal here",
        node.span if node is not None else None,
        notes=(Note(f"for example {detail}"),) if detail else (),
    )


def undemanded(predicate: Pred | Condition, demand: Demand, inference: Inference) -> Diagnostic:
    """A demand that is violated, or neither proved nor assumed."""
    node: Node | None = demand.asker
    span = node.span if node is not None else None
    notes = _origin_notes(node, 0, inference) if node is not None else ()
    symbols = predicate.left.symbols | predicate.right.symbols if isinstance(predicate, Pred) else {"?"}
    if not symbols and isinstance(predicate, Pred):
        left = predicate.left.value
        return Diagnostic(
            "E0207",
            f"{demand.reason}, which does not hold here",
            span,
            label=f"here `{predicate}`" + (f" ({left})" if left is not None else ""),
            notes=notes,
        )
    shown = _shown(predicate, inference)
    return Diagnostic(
        "E0206",
        f"{demand.reason}, which is not known here",
        span,
        label=f"needs `{shown}`",
        notes=notes,
        help=f"if it always holds, say so in the signature: where {shown}",
    )


def _shown(predicate: Pred | Condition, inference: Inference) -> str:
    if isinstance(predicate, Condition):
        return str(predicate)
    show = inference.facts.show
    return str(Pred(predicate.op, show(predicate.left), show(predicate.right)))


def uneven(box: Box, first: Diagram, n: int, other: Diagram, m: int, span: Any) -> Diagnostic:
    """The parts of a pointwise combination give different numbers of wires."""
    return Diagnostic(
        "E0204",
        f"wrong number of wires: the parts of `{box.sign()}` give {_wires(n)} and {_wires(m)}",
        other.span or span,
        notes=(Note(f"this part gives {_wires(n)}", first.span),),
    )


def branches(
    term: Choice, left: tuple[Value, ...], right: tuple[Value, ...], inference: Inference
) -> Diagnostic:
    """The two branches of an `if` have types that no case of the condition makes equal."""
    one, two = (show_object(inference.wires([v.wire for v in side])) for side in (left, right))
    return Diagnostic(
        "E0203",
        "the branches of `if` give different types",
        term.span,
        notes=(Note(f"then: {one}\nelse: {two}"),),
        help="give both branches the same type",
    )


def weights_differ(
    shared: Shared, name: str, one: Object | Any, two: Object | Any, first: Node, last: Node
) -> Diagnostic:
    """Two uses of a shared morphism would need parameters of different shapes."""
    a, b = (f"[{', '.join(map(str, shape))}]" for shape in (one, two))
    return Diagnostic(
        "E0203",
        f"the uses of `{shared.name}` need a {name} of shape {a} and of shape {b}",
        last.span,
        notes=(Note("first used here", first.span),),
        help="a shared morphism has one type; use two nets where the types differ",
    )
