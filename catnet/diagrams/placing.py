"""How each kind of term is placed: what it becomes in the graph, and what it gives.

One function for each kind, in the table `PLACE`; `Typing.place` looks the kind up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from catnet.diagnostics import Diagnostic, Span
from catnet.diagrams import mistakes, repeat, terms
from catnet.diagrams.arity import arity, split
from catnet.diagrams.block import Block
from catnet.diagrams.box import Box
from catnet.diagrams.graph import Node, Value
from catnet.diagrams.structural import Add, Dagger, Multiply, Scale, Structural
from catnet.types.facts import Facts
from catnet.types.infer import Inference, TypeProblem, reject
from catnet.types.static import assume

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

Values = tuple[Value, ...]


def _leaf(typing: Typing, term: terms.Leaf, inputs: Values) -> Values:
    return _leaf_as(typing, term.box, inputs, term.span, None)


def _leaf_as(typing: Typing, box: Box, inputs: Values, span: Span | None, label: str | None) -> Values:
    if isinstance(box, Structural):
        try:
            box.admit(typing, tuple(v.wire for v in inputs))
            routes = box.routes(len(inputs))
        except TypeProblem as problem:
            return typing.complain(problem, terms.Leaf(box, span), inputs)
        if routes is None:
            return typing.complain(
                TypeProblem(
                    "count",
                    got=tuple(v.wire for v in inputs),
                    detail=f"`{box.name}` takes {box.arity} wire{'s' * (box.arity != 1)}",
                ),
                terms.Leaf(box, span),
                inputs,
            )
        return tuple(inputs[i] for i in routes)
    return typing.add(box, inputs, span, label)


def _then(typing: Typing, term: terms.Then, inputs: Values) -> Values:
    for part in term.flat():
        inputs = typing.place(part, inputs)
    return inputs


def _tensor(typing: Typing, term: terms.Tensor, inputs: Values) -> Values:
    parts = list(term.flat())
    counts = split([arity(p, typing.scope) for p in parts], len(inputs))
    if counts is None:
        wanted = [arity(p, typing.scope) for p in parts]
        shown = " + ".join("any" if n is None else str(n) for n in wanted)
        return typing.complain(
            TypeProblem(
                "count",
                got=tuple(v.wire for v in inputs),
                detail=f"the parts of `@` take {shown} wires",
            ),
            term,
            inputs,
        )
    out: list[Value] = []
    at = 0
    for part, count in zip(parts, counts, strict=True):
        out.extend(typing.place(part, inputs[at : at + count]))
        at += count
    return tuple(out)


def _fan(typing: Typing, term: terms.Fan, inputs: Values) -> Values:
    out: list[Value] = []
    for part in term.parts:
        out.extend(typing.place(part, inputs))
    return tuple(out)


def _sum(typing: Typing, term: terms.Sum, inputs: Values) -> Values:
    parts = term.flat()
    rows = [typing.place(part, inputs) for _, part in parts]
    return _pointwise(typing, rows, Add(tuple(sign for sign, _ in parts)), term, [p for _, p in parts])


def _product(typing: Typing, term: terms.Product, inputs: Values) -> Values:
    factors = term.flat()
    diagrams = [f for f in factors if isinstance(f, terms.Diagram)]
    rows = [typing.place(f, inputs) for f in diagrams]
    out = rows[0] if len(rows) == 1 else _pointwise(typing, rows, Multiply(len(rows)), term, diagrams)
    for factor in factors:
        if not isinstance(factor, terms.Diagram):
            scale = Scale(factor)  # type: ignore[arg-type]  # a number that sizes make may still be unknown
            out = tuple(v for wire in out for v in typing.add(scale, (wire,), term.span))
    return out


def _pointwise(
    typing: Typing, rows: list[Values], box: Box, term: terms.Diagram, parts: Sequence[terms.Diagram]
) -> Values:
    counts = [len(row) for row in rows]
    if len(set(counts)) > 1:
        odd = next(i for i, n in enumerate(counts) if n != counts[0])
        typing.report.add(mistakes.uneven(box, parts[0], counts[0], parts[odd], counts[odd], term.span))
        return tuple(Value(typing.inference.fresh_wire()) for _ in rows[0])
    return tuple(v for column in zip(*rows, strict=True) for v in typing.add(box, column, term.span))


def _each(typing: Typing, term: terms.Each, inputs: Values) -> Values:
    return tuple(v for value in inputs for v in typing.place(term.body, (value,)))


def _labelled(typing: Typing, term: terms.Labelled, inputs: Values) -> Values:
    body = term.body
    span = term.span
    if isinstance(body, terms.Leaf):
        return _leaf_as(typing, body.box, inputs, span, term.label)
    if isinstance(body, terms.Repeat):
        return repeat.place_repeat(typing, body, inputs, term.label)
    if isinstance(body, terms.Sequence):
        return repeat.place_sequence(typing, body, inputs, term.label)
    return typing.add(Block(term.label, body), inputs, span, term.label)


def _repeat(typing: Typing, term: terms.Repeat, inputs: Values) -> Values:
    return repeat.place_repeat(typing, term, inputs, None)


def _sequence(typing: Typing, term: terms.Sequence, inputs: Values) -> Values:
    return repeat.place_sequence(typing, term, inputs, None)


def _choice(typing: Typing, term: terms.Choice, inputs: Values) -> Values:
    """Both branches, each under its own assumption; their types must agree under one of them."""
    facts, labels = typing.inference.facts, typing.labels
    branches = []
    for truth, part in ((True, term.then), (False, term.otherwise)):
        known = assume(term.condition, truth, facts)
        if known.contradiction:
            continue
        typing.labels = labels.fork()  # only one branch will be there, so a label may stand in both
        with typing.assuming(known):
            branches.append((known, typing.place(part, inputs)))
    if len(branches) < 2:
        return branches[0][1] if branches else inputs
    typing.choices += 1
    (when_true, left), (when_false, right) = branches
    if len(left) == len(right):
        if _agree(left, right, when_true):
            return right
        if _agree(left, right, when_false):
            return left
    typing.report.add(mistakes.branches(term, left, right, typing.inference))
    return left


def _inverse(typing: Typing, term: terms.Inverse, inputs: Values) -> Values:
    from catnet.diagrams.inverse import inverse_of

    try:
        return typing.place(inverse_of(term.body), inputs)
    except TypeProblem as problem:
        return typing.complain(problem, term, inputs)


def _use(typing: Typing, term: terms.Use, inputs: Values) -> Values:
    shared = term.shared
    body = shared.body
    if typing.homes.setdefault(shared, typing.nodes) is not typing.nodes:
        problem = reject(
            f"`{shared.name}` is shared in another part",
            code="E0228",
            help="a shared morphism is used in the body that declares it, not inside repeated or labelled parts",
        )
        return typing.complain(problem, term, inputs)
    before = len(typing.report.diagnostics)
    if isinstance(body, terms.Leaf):
        box = body.box
        if term.transposed:
            if not box.dagger_signature:
                return typing.complain(_no_transpose(body), term, inputs)
            box = Dagger(box)
        box = term.reading or box
        out = typing.add(box, inputs, term.span, shared.name, shared)
    elif term.transposed:
        return typing.complain(_no_transpose(body), term, inputs)
    else:
        out = typing.add(Block(shared.name, body), inputs, term.span, shared.name, shared)
    if len(typing.report.diagnostics) == before:
        _same_weights(typing, shared, typing.nodes[-1])
    return out


def _same_weights(typing: Typing, shared: terms.Shared, last: Node) -> None:
    """All uses of one shared morphism that fit their inputs must ask for parameters of the same shapes."""
    first = typing.first_uses.setdefault(shared, last)
    if first is last:
        return
    if first.graphs and last.graphs:
        for a, b in zip(first.dom, last.dom, strict=False):
            try:
                typing.inference.unify(b, a)
            except TypeProblem as problem:
                typing.report.add(mistakes.explain(problem, last, typing.inference))
                return
        last.graphs = first.graphs
        return
    wires = typing.inference.wires
    one, two = (n.box.parameters(wires(n.dom), wires(n.cod)) for n in (first, last))
    for name in one.keys() & two.keys():
        for mine, theirs in zip(one[name], two[name], strict=True):
            verdict = typing.inference.equal(mine, theirs)
            if verdict is not True and not verdict:
                typing.report.add(mistakes.weights_differ(shared, name, one[name], two[name], first, last))
                return


def _transpose(typing: Typing, term: terms.Transpose, inputs: Values) -> Values:
    body = term.body
    if not isinstance(body, terms.Leaf) or not body.box.dagger_signature:
        return typing.complain(_no_transpose(body), term, inputs)
    return typing.add(Dagger(body.box), inputs, term.span)


def _var(typing: Typing, term: terms.Var, inputs: Values) -> Values:
    if inputs:
        problem = TypeProblem(
            "count",
            got=tuple(v.wire for v in inputs),
            detail=f"`{term.name}` is a wire and takes no input",
        )
        return typing.complain(problem, term, inputs)
    if term.name not in typing.scope:
        problem = reject(
            f"the wire `{term.name}` cannot be reached from inside this part",
            code="E0228",
            help="a repeated or labelled part sees only what it is given: pass the wire as an input",
        )
        return typing.complain(problem, term, inputs)
    return typing.scope[term.name]


def _body(typing: Typing, term: terms.Body, inputs: Values) -> Values:
    saved = typing.scope
    typing.scope = dict(saved)
    if len(term.inputs) == len(inputs):
        for name, value in zip(term.inputs, inputs, strict=True):
            value.name = value.name or name
            typing.scope[name] = (value,)
    elif len(term.inputs) == 1:
        typing.scope[term.inputs[0]] = inputs
    try:
        for statement in term.statements:
            if isinstance(statement.value, terms.Diagram):
                before = len(typing.report.diagnostics)
                values = typing.place(statement.value, ())
                _bind(typing, statement, values, broken=len(typing.report.diagnostics) > before)
        return typing.place(term.result, ())
    finally:
        typing.scope = saved


def _bind(typing: Typing, statement: terms.Let, values: Values, broken: bool) -> None:
    targets = statement.targets
    if len(targets) == len(values):
        for name, value in zip(targets, values, strict=True):
            value.name = value.name or (name if name != "_" else None)
    if len(targets) == 1 and targets[0] != "_":
        typing.scope[targets[0]] = values
    elif len(targets) == len(values):
        typing.scope.update((n, (v,)) for n, v in zip(targets, values, strict=True) if n != "_")
    elif targets != ("_",):
        if not broken:
            typing.report.add(mistakes.misnamed(statement, _shown(values, typing.inference), len(values)))
        for name in targets:
            typing.scope[name] = (Value(typing.inference.fresh_wire()),)


def _hole(typing: Typing, term: terms.ExprHole, inputs: Values) -> Values:
    typing.report.add(
        Diagnostic(
            "E0231",
            f"a diagram is missing here; it receives `{_shown(inputs, typing.inference)}`",
            term.span,
            help="put a diagram in the place of `_`",
        )
    )
    return (Value(typing.inference.fresh_wire()),)


def _broken(typing: Typing, term: terms.Broken, inputs: Values) -> Values:
    return (Value(typing.inference.fresh_wire()),)


def _no_transpose(body: terms.Diagram) -> TypeProblem:
    what = f"`{body.box.name}`" if isinstance(body, terms.Leaf) else "this part"
    return reject(
        f"{what} has no transpose", code="E0221", help="a single linear box, such as `linear` or `embedding`, has"
    )


def _agree(left: Values, right: Values, facts: Facts) -> bool:
    """Whether two lists of wires are equal under the facts."""
    test = Inference(facts)
    try:
        for a, b in zip(left, right, strict=True):
            test.unify(a.wire, b.wire)
    except TypeProblem:
        return False
    return True


def _shown(values: Values, inference: Inference) -> str:
    return mistakes.readable(" @ ".join(str(inference.wire(v.wire)) for v in values) or "()")


PLACE: dict[type, Callable[[Typing, Any, Values], Values]] = {
    terms.Leaf: _leaf,
    terms.Then: _then,
    terms.Tensor: _tensor,
    terms.Fan: _fan,
    terms.Sum: _sum,
    terms.Product: _product,
    terms.Each: _each,
    terms.Labelled: _labelled,
    terms.Repeat: _repeat,
    terms.Sequence: _sequence,
    terms.Choice: _choice,
    terms.Inverse: _inverse,
    terms.Use: _use,
    terms.Transpose: _transpose,
    terms.Var: _var,
    terms.Body: _body,
    terms.ExprHole: _hole,
    terms.Broken: _broken,
}
