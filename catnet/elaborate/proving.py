"""The proof that a net commutes with the groups that it names, or the boxes that stand in the way."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from catnet.diagnostics import CatnetError, Diagnostic, Note, Source, Span, fail
from catnet.diagrams.acting import Acting, Action, Part, Refusal, carried, ordered, show
from catnet.diagrams.equivariance import Step, Walk
from catnet.diagrams.graph import Graph, Value
from catnet.diagrams.terms import Diagram, Leaf
from catnet.elaborate.evaluate import net_params
from catnet.elaborate.generic import recursive
from catnet.elaborate.nets import Declared, NetBox
from catnet.elaborate.symmetries import acting as acting_on
from catnet.elaborate.symmetries import acting_in, members, symbols
from catnet.syntax import tree
from catnet.syntax.comments import children
from catnet.syntax.parser import parse_action
from catnet.types.dims import Dim
from catnet.types.facts import Facts
from catnet.types.infer import TypeProblem
from catnet.types.static import assume
from catnet.types.wires import Axis, Object, ObjectVar, Wire

if TYPE_CHECKING:
    from catnet.elaborate.loading import Module
    from catnet.elaborate.program import Program
    from catnet.symmetry.groups import Group


@dataclass
class Proof:
    """What became of one claim: `problems` are the reasons why it does not hold; without any it is proved."""

    group: Group
    axes: tuple[str, ...]
    walk: Walk
    inputs: tuple[Action, ...] = ()
    outputs: tuple[Action | None, ...] = ()
    problems: list[Diagnostic] = field(default_factory=list)
    title: str = ""  # the claim as it is written

    @property
    def holds(self) -> bool:
        return not self.problems

    @property
    def word(self) -> str:
        """`proved`, or the weakest word that any box of it used."""
        if not self.holds:
            return "refused"
        said = {step.word for step in self.walk.steps}
        return next((w for w in ("assumed", "tested") if w in said), "proved")

    @property
    def limits(self) -> list[tuple[Step, str]]:
        """Where it does not hold exactly, with the box that is the cause."""
        return [(step, limit) for step in self.walk.steps for limit in step.limits] if self.holds else []

    def __str__(self) -> str:
        if self.title:
            return self.title
        listed = ", ".join(self.axes)
        return f"{self.group} on {f'({listed})' if len(self.axes) > 1 else listed}" if self.axes else str(self.group)


def prove(
    graph: Graph,
    group: Group,
    axes: tuple[str, ...] = (),
    span: Span | None = None,
    written: Sequence[Wire | ObjectVar] = (),
    title: str = "",
) -> Proof:
    """Carry a group through a graph: it acts on the inputs' axes of these names by its natural representation, and
    on every axis that carries one of its representations.

    The outputs must transform in the same way: the named axes that are left, and the representations that the types
    say; what has neither must be invariant. `written` are the outputs as a net's type names them. Raises
    `CatnetError` where the group cannot act (E0732, E0733).
    """
    from catnet.symmetry.turns import moves_cells

    facts = functools.reduce(lambda known, clause: assume(clause, True, known), graph.where, Facts())  # type: ignore[arg-type]
    group = _of_frames(group, axes, graph, span)
    proof = Proof(group, axes, Walk(group, facts), title=title)
    proof.inputs = tuple(_action(wire, proof, span) for wire in graph.dom)
    missing = [name for name in axes if not any(_tagged(wire, name) for wire in graph.dom)]
    if missing:
        named = sorted({a.tag for w in graph.dom for a in w.axes if isinstance(a, Axis) and a.tag})
        hint = (
            f"the axes are {', '.join(f'`{n}`' for n in named)}" if named else "name the axis in the signature: R[n, d]"
        )
        fail("E0732", f"`under {group}` names no axis: there is no `{missing[0]}` in `{graph.type}`", span, help=hint)
    if not any(proof.inputs) and not any(_named_in(wire, proof.group) for wire in graph.dom):
        words = f"`{group}` does not act on anything here: no axis of `{graph.type}` carries one of its representations"
        local = group.local
        where = "write an axis of nodes before the bundle: R[n, S, c]" if local else f"under {group} on n"
        fail("E0732", words, span, help=where if local else f"say on which axis: {where}")
    proof.outputs = proof.walk.through(graph, proof.inputs)
    proof.problems += [_broken(step, proof) for step in proof.walk.failures]
    if not proof.problems:
        ports = zip_longest(graph.cod, written[: len(graph.cod)])
        grown = axes if moves_cells(group) else ()
        cod = [_as_written(wire, port, grown) for wire, port in ports]
        proof.problems += _promises(proof, graph.dom, cod, span)
    return proof


def _of_frames(group: Group, axes: tuple[str, ...], graph: Graph, span: Span | None) -> Group:
    """A gauge group with the lists of edges of a net, along which maps go; any other group as it is."""
    if not group.local:
        return group
    if axes:
        words = f"`{group}` acts at the nodes of its bundle, which the types say: `on {axes[0]}` has no meaning here"
        fail("E0732", words, span, help=f"write under {group}")
    try:
        return group.along(graph.dom)  # type: ignore[attr-defined]
    except CatnetError as error:
        raise CatnetError(*(replace(d, span=d.span or span) for d in error.diagnostics)) from None


def _named_in(wire: Wire, group: Group) -> bool:
    """Whether an axis carries a representation of the group, be it a trivial one."""
    return any(isinstance(axis, Axis) and getattr(axis.space, "group", None) == group for axis in wire.axes)


def _action(wire: Wire, proof: Proof, span: Span | None) -> Action:
    parts = list(carried(wire, proof.group))
    if proof.group.local:
        parts += [Part(*part) for part in proof.group.lists(wire)]  # type: ignore[attr-defined]
    if proof.axes and all(_tagged(wire, name) for name in proof.axes):
        named = _named(wire, proof, span)
        alone = len(proof.axes) == 1  # then it acts on every axis of this name: R[n, n] holds pairs of points
        places = [(place,) for place in _tagged(wire, proof.axes[0])] if alone else [named.axes]
        parts += [named.moved(axes) for axes in places]
    return ordered(tuple(parts))


def _named(wire: Wire, proof: Proof, span: Span | None) -> Part:
    """The natural action on the named axes of a wire."""
    from catnet.symmetry.turns import on_cells

    group, axes = proof.group, proof.axes
    places = tuple(_tagged(wire, name)[0] for name in axes)
    sizes = [wire.axes[place].size for place in places]  # type: ignore[union-attr]
    rep = on_cells(group, sizes, proof.walk.facts) or (group.natural if len(axes) == 1 else None)
    if rep is None:
        words = f"`{group}` has no natural action on {_listed(axes)} of sizes {', '.join(map(str, sizes))}"
        fail("E0733", words, span, help=_for_cells(group, axes))
    if len(axes) == 1 and not proof.walk.facts.equal(rep.dim, sizes[0]):
        fail(
            "E0733",
            f"`{group}` moves {rep.dim} points, and the axis `{axes[0]}` has {sizes[0]}",
            span,
            help="the group and its axis must have the same size: under S(n) on n",
        )
    return Part(places, rep)


def _for_cells(group: Group, axes: tuple[str, ...]) -> str:
    """What would let a group act on the cells of a grid."""
    from catnet.symmetry.finite_groups import Cyclic, Dihedral
    from catnet.symmetry.grid_groups import Grid

    if isinstance(group, (Cyclic, Dihedral)):
        return f"quarter turns need a square image: where {' == '.join(axes)}"
    if isinstance(group, Grid):
        return "its sizes must divide those of the axes: say so with `where`, as in h % 2 == 0"
    return "on two axes act C(n), D(n), translations(h, w), p4(h, w) and p4m(h, w)"


def _listed(axes: tuple[str, ...]) -> str:
    return f"`{axes[0]}`" if len(axes) == 1 else f"`({', '.join(axes)})`"


def _tagged(wire: Wire, name: str) -> list[int]:
    """The places of the axes of a wire that go by a name."""
    return [i - len(wire.axes) for i, a in enumerate(wire.axes) if isinstance(a, Axis) and a.tag == name]


def _broken(step: Step, proof: Proof) -> Diagnostic:
    """The diagnostic for a box that does not commute."""
    assert step.failure is not None
    node, failure = step.node, step.failure
    before = ", ".join(show(a, w) for a, w in zip(step.before, node.dom, strict=True))
    notes = [Note(f"what acts on its input: {before}", _origin(node.inputs, failure.port))]
    if len(step.path) > 1:
        notes.append(Note(f"in {'.'.join(step.path)}"))
    message = f"not equivariant under {proof}: {_titled(failure.reason, node.dom)}"
    return Diagnostic("E0731", message, node.span, notes=tuple(notes), help=failure.remedy)


def _titled(text: str, wires: Object) -> str:
    """A text with the declared names of the representations on wires before them."""
    spaces = [axis.space for wire in wires for axis in wire.axes if isinstance(axis, Axis) and axis.space is not None]
    for space in dict.fromkeys(spaces):
        text = text.replace(f"`{space}`", f"`{space.titled}`")
    return text


def _origin(inputs: tuple[Value, ...], port: int) -> Span | None:
    node = inputs[port].node if port < len(inputs) else None
    return node.span if node is not None else None


def _as_written(wire: Wire, port: Wire | ObjectVar | None, axes: tuple[str, ...]) -> Wire:
    """A wire with the names that a type gives to its axes; what is left of the named axes has their names."""
    if not isinstance(port, Wire) or len(port.axes) != len(wire.axes):
        return wire
    return wire.with_axes(
        Axis(a.size, _name(p, axes), a.space) if isinstance(a, Axis) and isinstance(p, Axis) else a
        for a, p in zip(wire.axes, port.axes, strict=True)
    )


def _name(axis: Axis, axes: tuple[str, ...]) -> str | None:
    """The name of an axis: of one of size h//2 where h is acted on as a grid, h."""
    inside = [name for name in axes if name in axis.size.symbols]
    return axis.tag or (inside[0] if len(inside) == 1 else None)


def _promises(proof: Proof, dom: Object, cod: Sequence[Wire], span: Span | None) -> Iterator[Diagnostic]:
    """What the outputs do must be what their types and the names of their axes say."""
    from catnet.symmetry.turns import on_cells

    inputs = {name: part.rep for name, part in _by_name(dom, proof)}
    for wire, action in zip(cod, proof.outputs, strict=True):
        wanted = list(carried(wire, proof.group))
        for name in proof.axes if len(proof.axes) == 1 else ():
            for place in _tagged(wire, name):
                cells = on_cells(proof.group, [wire.axes[place].size], proof.walk.facts)  # type: ignore[union-attr]
                wanted.append(Part((place,), cells or inputs[name]))
        if len(proof.axes) > 1 and all(_tagged(wire, name) for name in proof.axes):
            wanted.append(_named(wire, proof, span))
        expected = ordered(tuple(wanted))
        if action is not None and proof.group.local:
            action = tuple(part for part in action if not proof.group.is_list(part.rep))  # type: ignore[attr-defined]
        if action is not None and action != expected:
            yield Diagnostic(
                "E0734",
                f"under {proof} the output `{wire}` is {show(action, wire)}, and the type says: {show(expected, wire)}",
                span,
                help="name the axis in the output as in the input, or make the output invariant: sum(over = n)",
            )


def _by_name(wires: Object, proof: Proof) -> Iterable[tuple[str, Part]]:
    for wire, action in zip(wires, proof.inputs, strict=True):
        for name in proof.axes:
            for place in _tagged(wire, name):
                for part in action:
                    if part.axes == (place,):
                        yield name, part


Claim = tuple["Group", tuple[str, ...], "Span | None", str]  # the last is the claim as it is written


def proofs(diagram: Diagram, under: Sequence[str] = ()) -> list[Proof]:
    """The proof of each claim about a diagram: those of its net, or those in `under`, such as `"S(n) on n"`.

    A group of which an input carries a representation is a claim too. Raises `CatnetError` for a wrong diagram or
    claim.
    """
    graph = opened(diagram.graph)
    box = diagram.box if isinstance(diagram, Leaf) and isinstance(diagram.box, NetBox) else None
    claims = _asked(box, under) if under else _said(box)
    told = {group for group, *_ in claims}
    if not under:
        claims += [(group, (), graph.span, "") for group in _carriers(graph) if group not in told]
    if not claims:
        fail(
            "E0732",
            "nothing says which group acts",
            graph.span,
            help='write `under S(n) on n` in the net, or --under "S(n) on n"',
        )
    written = box.written.cod if box is not None else ()
    return [prove(graph, group, axes, span, written, title) for group, axes, span, title in claims]


def _carriers(graph: Graph) -> list[Group]:
    """The groups of which an input carries a representation; that one carries a bundle is no claim."""
    spaces = [a.space for w in graph.dom for a in w.axes if isinstance(a, Axis) and a.space is not None]
    return [group for group in dict.fromkeys(getattr(space, "group", None) for space in spaces) if group is not None]


def _said(box: NetBox | None) -> list[Claim]:
    if box is None:
        return []
    sizes = {**symbols(box.declaration, box.written.universals), **box.sizes}
    found = acting_on(box.declaration.under, box.home, sizes)
    return [(group, clause.axes, clause.span, _text(clause)) for group, clause in found]


def _asked(box: NetBox | None, under: Sequence[str]) -> list[Claim]:
    home = members(box.home) if box is not None else {}
    sizes = dict(box.sizes) if box is not None else {}
    clauses = [parse_action(Source("<under>", text)) for text in under]
    found = acting_in(clauses, {**home, **sizes})
    return [(group, clause.axes, clause.span, _text(clause)) for group, clause in found]


def _text(clause: tree.Under) -> str:
    """A claim as it is written."""
    return " ".join(clause.span.text.split()) if clause.span is not None else ""


def opened(graph: Graph) -> Graph:
    """The graph of a net, where a diagram is nothing but one use of it."""
    node = graph.nodes[0] if len(graph.nodes) == 1 else None
    if node is not None and isinstance(node.box, NetBox) and node.outputs == graph.outputs and node.graphs:
        return node.graphs[0]
    return graph


def claimed(program: Program, module: Module, net: tree.Net, whole: bool) -> list[Diagnostic]:
    """What stands against the symmetry that a net claims, for all its sizes at once where that can be asked.

    A net that is not one diagram for all sizes (it recurses, or chooses by an `if`) is asked at its default sizes; one
    without is left to `catnet prove`, and an E0738 says so, unless the file is not right as a `whole`.
    """
    if not net.under and not _may_carry(net.type, members(module)):
        return []
    symbolic = {p.name: (Dim.sym(p.name), None) for p in net_params(net) if p.sort == "int"}
    for sizes in ({},) if net.name in recursive(module) else (symbolic, {}):
        try:
            diagram = program.make_net(module, net, sizes, net.span)
            graph = opened(diagram.graph)
        except (CatnetError, TypeProblem):
            continue
        if any(part.undecided for part in (graph, *(inner for inner, _ in graph.walk()))):
            continue
        if net.under or _carriers(graph):
            return [problem for proof in proofs(diagram) for problem in (*proof.problems, *_nearly(proof))]
        return []
    if not net.under or not whole:
        return []
    words = f"the symmetry of `{net.name}` is not one question for all sizes"
    hint = f"ask at some: catnet prove FILE {net.name} -p NAME=VALUE"
    return [Diagnostic("E0738", words, net.under[0].span, help=hint, severity="info")]


def _may_carry(node: tree.Node, known: Collection[str]) -> bool:
    """Whether a type may have axes that carry a representation or a bundle: it names or makes one, or has a hole."""
    match node:
        case tree.Name(id=name) if name in known:
            return True
        case tree.Call(fn=tree.Name(id=word)) if word not in ("Fin", "max", "min"):
            return True
        case tree.Hole() if known:
            return True
    return any(_may_carry(part, known) for part in children(node))


def _nearly(proof: Proof) -> Iterator[Diagnostic]:
    """What is said of a symmetry that does not hold exactly: once, at the first box that is the cause."""
    for step, limit in proof.limits[:1]:
        more = len({id(step) for step, _ in proof.limits}) - 1
        rest = f", and so {more} more box{'es' * (more > 1)}" if more else ""
        words = f"equivariant under {proof.group}, but not exactly: `{step.path[-1]}` is so {limit}{rest}"
        yield Diagnostic("E0750", words, step.node.span, help="`catnet prove` lists every box", severity="info")


def assumed(box: Declared, acting: Acting) -> tuple[Action, ...]:
    """What a box written in Python does with an action, by its own word; raises `Refusal` where it has none."""
    sizes = dict(box.sizes)
    for port, wire in zip(box.written.dom, acting.inputs, strict=False):
        axes = zip(port.axes, wire.axes, strict=False) if isinstance(port, Wire) else ()
        sizes.update({p.size.is_symbol: a.size for p, a in axes if isinstance(p, Axis) and isinstance(a, Axis)})  # type: ignore[misc]
    for group, clause in acting_on(box.declaration.under, box.home, sizes):
        proof = Proof(group, clause.axes, Walk(group))
        inputs, outputs = (
            tuple(
                _action(_as_written(w, p, ()), proof, clause.span) for w, p in zip_longest(wires, ports[: len(wires)])
            )
            for wires, ports in ((acting.inputs, box.written.dom), (acting.outputs, box.written.cod))
        )
        if group == acting.group and inputs == acting.actions:
            acting.word = "assumed"
            return outputs
    raise Refusal(
        f"`{box.name}` is written in Python, and does not say what it does with this action",
        f"if it commutes, say so: under {acting.group} on ..., before `= python`",
    )
