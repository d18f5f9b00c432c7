"""Generic checks: a net is checked once, for all values of its parameters and dimensions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catnet.boxes import VOCABULARY
from catnet.diagnostics import CatnetError, Diagnostic, Fix, Note, Report, Span
from catnet.diagrams import mistakes, terms
from catnet.diagrams.arity import arity, opening_width
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.structural import Identity
from catnet.diagrams.typing import Typing
from catnet.elaborate.evaluate import OTHER_NAME, Evaluator, hidden_box
from catnet.elaborate.leaves import NetParam, generic_statics, opaque_object
from catnet.elaborate.loading import Module, word
from catnet.elaborate.nets import body_term, net_scope
from catnet.elaborate.symmetries import members
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.facts import Facts
from catnet.types.infer import TypeProblem
from catnet.types.signature import Signature, read_signature
from catnet.types.static import Unknown, assume
from catnet.types.wires import Object, Wire, show_object

if TYPE_CHECKING:
    from catnet.elaborate.program import Program


def check_net(program: Program, module: Module, net: tree.Net, report: Report) -> tuple[Graph, Signature]:
    """Type a net's body for all values of its parameters; report every mistake and every hole.

    Returns the graph and the signature with its holes filled.
    """
    statics, lower = generic_statics(net.params)
    if any(isinstance(value, Unknown) and value.sort == "rep" for value in statics.values()):
        raise CatnetError()  # a net over a representation is checked where it is used
    statics = {**members(module), **statics}
    signature = read_signature(net.type, net.where, statics)
    report.extend(mistakes.negative((*signature.dom, *signature.cod), f"`{net.name}` has", net.type.span))
    dims = {name: Dim.sym(name) for name in signature.universals}
    for param in net.params:
        if isinstance(param.annotation, tree.Arrow):
            wanted = read_signature(param.annotation, (), statics)
            dims.update({name: Dim.sym(name) for name in wanted.universals})
            opaque = Signature(opaque_object(wanted.dom), opaque_object(wanted.cod))
            statics[param.name] = terms.Leaf(NetParam(param.name, opaque))
    facts = Facts(lower)
    for clause in signature.where:
        facts = assume(clause, True, facts)
    if facts.contradiction:
        report.add(Diagnostic("E0207", f"the assumptions of `{net.name}` exclude each other", net.where[0].span))
    typing = program.typing(facts=facts, report=report, generic=True, budget=program.budget)
    typing.assumes = _assumes(net)
    evaluator = Evaluator(net_scope(module, statics, signature, dims), facts, report, program.make_net)
    term = body_term(evaluator, net.body, signature, net.span, linear=True)
    graph = typing.subgraph(net.name, term, opaque_object(signature.dom), names=signature.names, span=net.span)
    compare_outputs(typing, graph, opaque_object(signature.cod), net)
    typing.finish(graph)
    return graph, _fill_holes(typing, signature, report)


def _assumes(net: tree.Net) -> tuple[Span, str] | None:
    """Where a further assumption may be written in a net's header, and what stands before it."""
    last = net.where[-1].span if net.where else net.type.span
    if last is None:
        return None
    end, text = last.end, last.source.text
    while net.where and (
        closing := re.match(r"\s*\)", text[end : end + 80])
    ):  # an expression's brackets are not its own
        end += closing.end()
    return Span(last.source, end, end), ", " if net.where else " where "


def compare_outputs(typing: Typing, graph: Graph, declared: Object, net: tree.Net) -> None:
    """The body must give what the signature promises."""
    result = net.body.result if isinstance(net.body, tree.Body) else net.body
    while isinstance(result, tree.Chain):
        result = result.parts[-1]
    note = Note("the signature is here", net.type.cod.span)
    if len(graph.cod) != len(declared):
        given = mistakes.readable(show_object(typing.inference.wires(graph.cod)))
        if "_" in given.split(" @ "):  # the outputs of a part that is itself wrong are not known
            return
        typing.report.add(
            Diagnostic(
                "E0204",
                f"wrong number of wires: `{net.name}` promises {len(declared)}, its body gives {len(graph.cod)}",
                result.span,
                notes=(Note(f"the body gives `{given}`"), note),
            )
        )
        return
    for port, (value, wire) in enumerate(zip(graph.outputs, declared, strict=True)):
        node = Node(Identity(), graph.outputs, (), None, result.span)
        typing.inference.asker = node
        try:
            typing.inference.unify(value.wire, wire, port)
        except TypeProblem as problem:
            found = mistakes.explain(problem, node, typing.inference, promise=net.name)
            typing.report.add(replace(found, notes=(*found.notes, note)))


def _fill_holes(typing: Typing, signature: Signature, report: Report) -> Signature:
    """Report what each hole of a signature is, and return the signature without holes."""
    if not signature.holes:
        return signature
    inference = typing.inference
    for name, span in signature.holes:
        wires = [w for w in (*signature.dom, *signature.cod) if isinstance(w, Wire)]
        whole = next((w for w in wires if w.kind.name == name), None)
        found: Any = inference.wire(whole) if whole is not None else inference.dim(Dim.sym(name))
        if "?" in str(found) and not report.errors:
            report.add(Diagnostic("E0232", "nothing says what this hole is", span, help="write the type"))
        elif "?" not in str(found):
            fixes = (Fix(f"write `{found}`", span, str(found)),) if span is not None else ()
            report.add(Diagnostic("E0230", f"this hole is `{found}`", span, severity="info", fixes=fixes))
    return Signature(
        tuple(inference.wire(p) if isinstance(p, Wire) else p for p in signature.dom),
        tuple(inference.wire(p) if isinstance(p, Wire) else p for p in signature.cod),
        signature.names,
        signature.where,
        signature.universals,
    )


def check_law(program: Program, module: Module, law: tree.Law, report: Report) -> None:
    """Both sides of a law must be well typed, with one type."""
    statics, lower = generic_statics(law.params)
    for param in law.params:
        if isinstance(param.annotation, tree.Arrow):
            wanted = read_signature(param.annotation, (), statics)
            opaque = Signature(opaque_object(wanted.dom), opaque_object(wanted.cod))
            statics[param.name] = terms.Leaf(NetParam(param.name, opaque))
    facts = Facts(lower)
    typing = Typing(facts=facts, report=report, generic=True, budget=program.budget, infers=True)
    left, right = law_sides(program, module, law, statics, facts, report)
    law_graphs(typing, left, right, law)


def law_sides(
    program: Program, module: Module, law: tree.Law, statics: dict[str, Any], facts: Facts, report: Report
) -> tuple[terms.Diagram, terms.Diagram]:
    """The terms of the two sides."""
    evaluator = Evaluator(net_scope(module, statics, Signature((), ()), {}), facts, report, program.make_net)
    return evaluator.diagram(law.left), evaluator.diagram(law.right)


def law_graphs(
    typing: Typing, left: terms.Diagram, right: terms.Diagram, law: tree.Law, wires: Object | None = None
) -> tuple[Graph, Graph] | None:
    """The graphs of both sides on the same inputs: `wires`, or the most general ones that both accept.

    None if there are none (reported).
    """
    counts = [n for n in (arity(left, {}), arity(right, {})) if n is not None]
    if wires is None:
        count = counts[0] if counts else max(opening_width(left), opening_width(right))
        wires = tuple(typing.inference.fresh_wire() for _ in range(count))
    errors = len(typing.report.errors)
    one, two = (typing.subgraph(side, term, wires) for side, term in (("left", left), ("right", right)))
    if len(typing.report.errors) > errors:
        return None
    types = _two_types(one, two)
    if len(one.cod) == len(two.cod):
        try:
            for port, (a, b) in enumerate(zip(one.cod, two.cod, strict=True)):
                typing.inference.unify(a, b, port)
        except TypeProblem:
            one, two = typing.finish(one), typing.finish(two)
            types = _two_types(one, two)
        else:
            typing.finish(one)
            return one, typing.finish(two)
    typing.report.add(
        Diagnostic("E0203", f"the sides of the law `{law.name}` have different types", law.span, notes=(types,))
    )
    return None


def _two_types(one: Graph, two: Graph) -> Note:
    return Note(mistakes.readable(f"left:  {one.type}\nright: {two.type}"))


def endless_nets(module: Module) -> Iterator[Diagnostic]:
    """Nets that use themselves whatever their arguments: a cycle of uses outside every `if`."""
    uses = {name: list(unconditional_uses(net)) for name, net in module.nets.items()}
    told: set[frozenset[str]] = set()  # each cycle once, at its first net
    cyclic = reaching_cycles(uses)
    for name, net in module.nets.items():
        chain = _cycle(name, uses) if name in cyclic else []
        if chain and frozenset(chain) not in told:
            told.add(frozenset(chain))
            hides = [hidden_box(n) for n in chain[:-1] if n in VOCABULARY]
            yield Diagnostic(
                "E0217",
                f"`{name}` never ends: it always uses itself",
                word(net.span, name),
                notes=(Note("the chain: " + " > ".join(chain)), *hides),
                help=OTHER_NAME if hides else "guard the recursion: if n == 0 then ... else ...",
            )


def reaching_cycles(uses: Mapping[str, Iterable[str]]) -> set[str]:
    """The names from which a cycle of uses can be reached: what is left when those are taken away, again and
    again, that use nothing which is left. Linear in the number of uses."""
    within = {name: {use for use in used if use in uses} for name, used in uses.items()}
    users: dict[str, list[str]] = {name: [] for name in uses}
    for name, used in within.items():
        for use in used:
            users[use].append(name)
    left = {name: len(used) for name, used in within.items()}
    done = [name for name, count in left.items() if count == 0]
    for name in done:
        del left[name]
        for user in users[name]:
            left[user] -= 1
            if left[user] == 0:
                done.append(user)
    return set(left)


def recursive(module: Module) -> list[str]:
    """The nets from which a cycle of uses can be reached."""
    cyclic = reaching_cycles({name: _named_in(net.body) for name, net in module.nets.items()})
    return [name for name in module.nets if name in cyclic]


def _named_in(body: object) -> set[str]:
    found: set[str] = set()
    stack: list[object] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Name):
            found.add(node.id)
        elif isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, tree.Node):
            stack.extend(getattr(node, s) for s in node.__dataclass_fields__ if s not in ("span", "comments"))
    return found


def _cycle(start: str, uses: dict[str, list[str]]) -> list[str]:
    """The shortest chain of uses from a net back to itself, or an empty list."""
    paths = [[start]]
    seen = {start}
    for path in paths:
        for name in uses.get(path[-1], ()):
            if name == start:
                return [*path, start]
            if name not in seen:
                seen.add(name)
                paths.append([*path, name])
    return []


def unconditional_uses(net: tree.Net) -> Iterator[str]:
    """The names that a net's body uses whatever is chosen by its `if`s."""
    own = {p.name for p in net.params}
    if isinstance(net.type, tree.Arrow):
        wires = net.type.dom.parts if isinstance(net.type.dom, tree.Fan) else (net.type.dom,)
        own.update(w.name for w in wires if isinstance(w, tree.Label))
    if isinstance(net.body, tree.Body):
        own.update(t for s in net.body.statements if isinstance(s, tree.Assign) for t in s.targets)
    stack: list[object] = [net.body]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Name):
            if node.id not in own:
                yield node.id
        elif isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, tree.Node) and not isinstance(node, tree.If):
            stack.extend(getattr(node, s) for s in node.__dataclass_fields__ if s not in ("span", "comments"))
