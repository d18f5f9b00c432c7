"""Diagnostics for compositions that do not fit: both ends of the wire, both types, where a size came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from catnet.diagnostics import Diagnostic, Fix, Note, Span
from catnet.types.dims import Dim, DimError
from catnet.types.facts import Pred, Verdict
from catnet.types.infer import Demand, Inference, TypeProblem
from catnet.types.static import Condition, decide
from catnet.types.wires import Axis, Object, Pack, Wire, show_object

if TYPE_CHECKING:
    from catnet.diagrams.box import Box
    from catnet.diagrams.graph import Node, Value
    from catnet.diagrams.terms import Choice, Diagram, Let, Shared

_CODES = {"count": "E0204", "axis": "E0203", "space": "E0737", "rank": "E0203", "kind": "E0205", "open": "E0206"}

_BATCH = re.compile(r"\.\.\.\?b\.\d+(, )?")
_UNKNOWN = re.compile(r"\?([\w.]+)\[\.\.\.\?\1\]|\?[\w.]+(?=\[)|\?_\d*\b|\?\.\d+")
_VARIABLE = re.compile(r"\?([A-Za-z_]\w*)\.\d+\b|(i)'\d+\b")


def readable(text: str) -> str:
    """A text in which inference variables look as a person would write them.

    >>> readable("R[...?b.7, ?t.6, 64]"), readable("R[...?s.5, ?d.7]"), readable("?w.1[...?w.1]")
    ('R[t, 64]', 'R[...s, d]', '_')
    """
    if "?" not in text and "i'" not in text:
        return text
    return _VARIABLE.sub(lambda m: m[1] or m[2], _UNKNOWN.sub("_", _BATCH.sub("", text).replace("[]", "")))


def explain(problem: TypeProblem, node: Node, inference: Inference, promise: str = "") -> Diagnostic:
    """The diagnostic for a box that refused its inputs.

    With `promise`, the name of a net, it is the net's body that does not fit its signature.
    """
    name = node.box.name or "this part"
    if problem.reason == "box":
        return Diagnostic(
            problem.code,
            readable(problem.detail),
            node.span,
            notes=_origin_notes(node, problem.port, inference),
            help=readable(problem.help),
        )
    if problem.reason == "count":
        return _miscounted(problem, node, name)
    got, expected = problem.got, problem.expected
    assert isinstance(got, Wire)
    assert isinstance(expected, Wire)
    notes = [Note(_two_types(got, expected, problem.axis))]
    notes += _origin_notes(node, problem.port, inference, problem.axis)
    if ":" in problem.detail:  # without a value for some name, the two sizes say it already
        notes.append(Note(readable(f"for example {problem.detail}")))
    return Diagnostic(
        _CODES[problem.reason],
        _headline(problem, got, expected, name, promise),
        node.span,
        label=readable(f"{'promised' if promise else 'expects'} `{expected}`"),
        notes=tuple(notes),
        help=readable(problem.help or _fix(problem, node, got, expected, inference, promise)),
    )


def _headline(problem: TypeProblem, got: Wire, expected: Wire, name: str, promise: str) -> str:
    """What does not fit, in one line."""
    what = f"the body of `{promise}`" if promise else f"`{name}`"
    to = " its signature" if promise else ""
    sizes = _axis_words(got, expected, problem.axis)
    if problem.reason == "axis":
        return f"{what} does not fit{to}: {sizes}"
    if problem.reason == "space":
        return f"{what} does not fit{to}: {_carries(got, problem.axis)} against {_carries(expected, problem.axis)}"
    if problem.reason == "rank":
        axes = f"{_axes(got)} against {_axes(expected)}"
        return f"{what} does not fit{to}: the wires have different numbers of axes, {axes}"
    if problem.reason == "open":
        return f"{what} may not fit{to}: {sizes} cannot be proved"
    if got.kind.name == expected.kind.name == "Fin":
        words = readable(f"`{got.kind}` against `{expected.kind}`")
        return f"{what} does not fit{to}: integers of different ranges, {words}"
    if promise:
        return f"`{promise}` promises {_kind_words(expected)}, but its body gives {_kind_words(got)}"
    return f"`{name}` takes {_kind_words(expected)}, but {_kind_words(got)} come"


def _axes(wire: Wire) -> str:
    fixed = sum(isinstance(a, Axis) for a in wire.axes)
    return str(fixed) if fixed == len(wire.axes) or _implied_batch(wire) else f"{fixed} or more"


def _implied_batch(wire: Wire) -> bool:
    return bool(wire.axes) and isinstance(wire.axes[0], Pack) and wire.axes[0].name.startswith("?b")


def _miscounted(problem: TypeProblem, node: Node, name: str) -> Diagnostic:
    got = problem.got if isinstance(problem.got, tuple) else node.dom
    detail = f"`{name}` {problem.detail}" if problem.detail.startswith("takes") else problem.detail
    message = f"wrong number of wires: {detail}, but {_wires(len(got))} come" + ("s" if len(got) == 1 else "")
    notes = (Note(readable(f"what comes is `{show_object(got)}`"), _producer_span(node)),) if got else ()
    return Diagnostic("E0204", readable(message), node.span, notes=notes, help=_recount(detail, len(got)))


def _recount(detail: str, came: int) -> str:
    """How a wrong number of wires is usually put right."""
    if "takes 1 wire" in detail and came > 1:
        return "`add` or `concat` makes one wire of them; `each(f)` puts f on every wire"
    if detail.startswith("the parts of `@`") and came == 1:
        return "`(f, g)` gives the same wire to each part"
    if came == 0:
        return "nothing comes in here; in braces a line starts from a wire by its name, as in `x >> f`"
    return ""


def too_large(error: DimError, span: Span | None) -> Diagnostic:
    """A size that outgrows what dimensions may be."""
    return Diagnostic("E0225", f"this dimension cannot be worked out: {error}", span)


def negative(wires: Iterable[Any], what: str, span: Span | None) -> Iterator[Diagnostic]:
    """The wires that have an axis of a size below 0, which no tensor has."""
    for wire in wires:
        sizes = [a.size for a in wire.axes if isinstance(a, Axis)] if isinstance(wire, Wire) else []
        if any(size.value is not None and size.value < 0 for size in sizes):
            yield Diagnostic("E0207", f"{what} `{wire}`, but no size is below 0", span)


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
    return readable(f"{word} (`{wire.kind}`)" if word else f"`{wire.kind}`")


def _axis_words(got: Wire, expected: Wire, axis: int | None) -> str:
    return readable(f"`{_axis(got, axis)}` against `{_axis(expected, axis)}`")


def _carries(wire: Wire, from_end: int | None) -> str:
    """What an axis carries, in words."""
    axis = _axis(wire, from_end)
    if isinstance(axis, Axis) and axis.space is not None:
        return f"`{axis.space.titled}`"
    return readable(f"the plain axis `{axis}`")


def _axis(wire: Wire, from_end: int | None) -> object:
    if from_end is None or from_end >= len(wire.axes):
        return wire
    return wire.axes[-1 - from_end]


def _two_types(got: Wire, expected: Wire, axis: int | None) -> str:
    """Both types, one above the other, with the differing axis marked under each."""
    lines: list[str] = []
    for word, wire in (("what comes", got), ("expected  ", expected)):
        head = f"{word}: "
        lines.append(head + readable(str(wire)))
        if axis is not None and axis < len(wire.axes):
            shown = readable(str(wire.axes[-1 - axis]))
            after = "".join(f", {readable(str(a))}" for a in wire.axes[len(wire.axes) - axis :]) + "]"
            at = len(lines[-1]) - len(after) - len(shown)
            lines.append(" " * at + "^" * len(shown))
    return "\n".join(lines)


def _producer_span(node: Node) -> Any:
    spans = [v.node.span for v in node.inputs if v.node is not None]
    return next((s for s in spans if s is not None), None)


def _origin_notes(node: Node, port: int, inference: Inference, axis: int | None = None) -> tuple[Note, ...]:
    """Where the wire comes from, and, if an axis is meant, which box gave it its size."""
    if port >= len(node.inputs):
        return ()
    value = node.inputs[port]
    notes: list[Note] = []
    if value.node is not None and value.node.span not in (None, node.span):
        shown = readable(f"{inference.wire(value.wire)}")
        notes.append(Note(f"the wire comes from here, as `{shown}`", value.node.span))
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
        return [Note(readable(f"`{shown}` is from the input `{inference.wire(here.wire)}`"))]
    if here.node.span is None or here is value:
        return []
    text = " ".join(here.node.span.text.split())
    shown = text if len(text) <= 60 else text[:57] + "..."
    return [Note(f"`{size}` is from `{shown}`", here.node.span, brief=True)]


def _has(value: Value, from_end: int, size: Dim, inference: Inference) -> bool:
    axes = inference.wire(value.wire).axes
    return from_end < len(axes) and isinstance(axes[-1 - from_end], Axis) and axes[-1 - from_end].size == size  # type: ignore[union-attr]


def _fix(problem: TypeProblem, node: Node, got: Wire, expected: Wire, inference: Inference, promise: str) -> str:
    """What would make it fit, where that is known."""
    if problem.reason == "kind":
        if expected.kind.name == "R" and got.kind.name in ("Fin", "Z"):
            size = got.kind.size if got.kind.size is not None else "n"
            return f"turn integers into vectors first: `embedding({size}, d)` or `one_hot({size})`"
        return ""
    a, b = _axis(got, problem.axis), _axis(expected, problem.axis)
    if problem.reason == "space":
        return _same_space(a, b)
    if isinstance(a, Axis) and isinstance(b, Axis):
        if problem.reason == "open":
            facts = inference.facts
            return f"if it always holds, say so: where {facts.show(a.size)} == {facts.show(b.size)}"
        return _refit(problem, node, a, b, promise)
    if problem.reason == "rank" and len(got.axes) > len(expected.axes):
        return "`flatten` joins axes, `mean(over = ...)` removes one"
    return ""


def _same_space(got: object, expected: object) -> str:
    """How an axis comes to carry what is asked: sizes alone never make two representations one."""
    space = got.space if isinstance(got, Axis) else None
    if isinstance(expected, Axis) and expected.space is not None:
        if space is None:
            return f"say in the signature that it carries `{expected.space}`, from where the data comes in"
        if expected.space.what != space.what:
            return ""
        if space.what == "bundle":
            return f"a map of bundles leads from one to the other: map f : {space} -> {expected.space} {{ ... }}"
        return f"end it with `linear({expected.space})`, which commutes with the group"
    if space is not None and space.what != "representation":
        return f"if the {space.what} is to be forgotten here, say so: forget({getattr(space, 'owner', space)})"
    return f"if the symmetry is to end here, say so: forget({getattr(space, 'group', 'G')})"


def _refit(problem: TypeProblem, node: Node, a: Axis, b: Axis, promise: str) -> str:
    """How the axis gets its size: the box that made it can give another, or, for the last, one more box does."""
    windowed = _windowed(problem, node, a)
    if windowed is not None:
        return _keeping(windowed)
    if problem.axis != 0 or any(n.startswith("?") for n in b.size.symbols):
        return ""
    before = node.inputs[problem.port].node if problem.port < len(node.inputs) else None
    if before is not None and getattr(before.box, "features", None) == a.size and before.owner is None:
        return f"let `{before.box.name}` give {b} features instead of {a}: `{before.box.name}({b})`"
    where = "at the end" if promise else "in between"
    return f"put `linear({b})` {where}: it turns the last axis from {a} to {b}"


def _windowed(problem: TypeProblem, node: Node, a: Axis) -> Box | None:
    """The convolution or pooling that gave an axis its size, if one did."""
    value = node.inputs[problem.port] if problem.port < len(node.inputs) else None
    while value is not None and value.node is not None and problem.axis is not None:
        if hasattr(value.node.box, "kernel"):
            return value.node.box
        value = next((v for v in value.node.inputs if _axis(v.wire, problem.axis) == a), None)
    return None


def _keeping(box: Any) -> str:
    """The padding with which a window leaves sizes as they are, where there is one."""
    (kernel, *other), stride = box.kernel, getattr(box, "stride", ())
    odd = not other and kernel.value is not None and kernel.value % 2 == 1
    if not odd or any(s.value != 1 for s in stride) or not stride or getattr(box, "dilation", stride) != stride:
        return ""
    return f"with `padding = {kernel.value // 2}`, `{box.name}` keeps the sizes"


def unequal(a: Dim, b: Dim, node: Node | None, verdict: Verdict | bool, inference: Inference) -> Diagnostic:
    """Two sizes that had to be equal, found out late (inference)."""
    detail = verdict.describe() if isinstance(verdict, Verdict) and verdict.kind == "no" else ""
    return Diagnostic(
        "E0203",
        readable(f"`{inference.facts.show(a)}` and `{inference.facts.show(b)}` must be equal here"),
        node.span if node is not None else None,
        notes=(Note(readable(f"for example {detail}")),) if ":" in detail else (),
    )


def undemanded(
    predicate: Pred | Condition, demand: Demand, inference: Inference, assumes: tuple[Span, str] | None = None
) -> Diagnostic:
    """A demand that is violated, or neither proved nor assumed. `assumes` is where an assumption may be written."""
    node: Node | None = demand.asker
    span = node.span if node is not None else None
    notes = _origin_notes(node, 0, inference) if node is not None else ()
    shown = readable(_shown(predicate, inference))
    if decide(predicate, inference.facts) is False:
        return Diagnostic(
            "E0207",
            readable(f"{demand.reason}, which does not hold here"),
            span,
            label=_values(demand, inference) or f"`{shown}` is false here",
            notes=notes,
        )
    reason = demand.reason
    if node is not None and node.box.name and not reason.startswith("`"):
        reason = f"`{node.box.name}` needs `{shown}`"
    return Diagnostic(
        "E0206",
        readable(f"{reason}, which is not known here"),
        span,
        label=f"needs `{shown}`",
        notes=notes,
        help=f"if it always holds, say so in the signature: where {shown}",
        fixes=_assuming(_shown(predicate, inference), assumes),
    )


def _assuming(shown: str, assumes: tuple[Span, str] | None) -> tuple[Fix, ...]:
    """The change that writes a demand into the signature, where all of it has a name there."""
    if assumes is None or "?" in shown or "'" in shown:  # a size of some box, or a name that stands for a quotient
        return ()
    return (Fix(f"assume `{shown}`", assumes[0], assumes[1] + shown),)


def _values(demand: Demand, inference: Inference) -> str:
    """`here d = 30, n = 4`: what the names of a demand are where it fails."""
    found: dict[str, Dim] = {}
    for name in sorted(_names(demand.predicate)):
        found[readable(name)] = inference.dim(Dim.sym(name))
    box = demand.asker.box if demand.asker is not None else None
    for name, value in (box.statics() if box is not None else {}).items():
        if isinstance(value, Dim) and re.search(rf"\b{re.escape(name)}\b", demand.reason):
            found.setdefault(name, value)
    shown = [f"{name} = {readable(str(value))}" for name, value in found.items() if name != str(value)]
    return f"here {', '.join(shown)}" if shown else ""


def _shown(predicate: Pred | Condition, inference: Inference) -> str:
    if isinstance(predicate, Condition):
        return str(predicate)
    show = inference.facts.show
    return str(Pred(predicate.op, show(predicate.left), show(predicate.right)))


def _names(predicate: Pred | Condition) -> frozenset[str]:
    if isinstance(predicate, Pred):
        return predicate.left.symbols | predicate.right.symbols
    return frozenset(name for part in predicate.parts for name in _names(part))


def uneven(box: Box, first: Diagram, n: int, other: Diagram, m: int, span: Any) -> Diagnostic:
    """The parts of a pointwise combination give different numbers of wires."""
    return Diagnostic(
        "E0204",
        f"wrong number of wires: the parts of `{box.sign()}` give {_wires(n)} and {_wires(m)}",
        other.span or span,
        notes=(Note(f"this part gives {_wires(n)}", first.span),),
    )


def misnamed(statement: Let, shown: str, count: int) -> Diagnostic:
    """More or fewer names than wires."""
    return Diagnostic(
        "E0204",
        f"{len(statement.targets)} names for {_wires(count)}",
        statement.span,
        notes=(Note(f"the right side gives {shown}"),),
    )


def branches(term: Choice, left: tuple[Value, ...], right: tuple[Value, ...], inference: Inference) -> Diagnostic:
    """The two branches of an `if` have types that no case of the condition makes equal."""
    one, two = (show_object(inference.wires([v.wire for v in side])) for side in (left, right))
    return Diagnostic(
        "E0203",
        "the branches of `if` give different types",
        term.span,
        notes=(Note(readable(f"then: {one}\nelse: {two}")),),
        help="give both branches the same type",
    )


def weights_differ(
    shared: Shared, name: str, one: Object | Any, two: Object | Any, first: Node, last: Node
) -> Diagnostic:
    """Two uses of a shared morphism would need parameters of different shapes."""
    a, b = (readable(f"[{', '.join(map(str, shape))}]") for shape in (one, two))
    return Diagnostic(
        "E0203",
        f"the uses of `{shared.name}` need a {name} of shape {a} and of shape {b}",
        last.span,
        notes=(Note("first used here", first.span),),
        help="a shared morphism has one type; use two nets where the types differ",
    )
