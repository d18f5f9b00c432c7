"""The proof that a net commutes with the groups that it names, or the boxes that stand in the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catnet.diagnostics import Diagnostic, Note, Span, fail
from catnet.diagrams.acting import Action, Part, carried, ordered, show
from catnet.diagrams.equivariance import Step, Walk
from catnet.diagrams.graph import Graph, Value
from catnet.types.wires import Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.symmetry.groups import Group
    from catnet.syntax import tree


@dataclass
class Proof:
    """What became of one claim: `problems` are the reasons why it does not hold; without any it is proved."""

    group: Group
    axes: tuple[str, ...]
    walk: Walk
    inputs: tuple[Action, ...] = ()
    outputs: tuple[Action | None, ...] = ()
    problems: list[Diagnostic] = field(default_factory=list)

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

    def __str__(self) -> str:
        return f"{self.group} on {', '.join(self.axes)}" if self.axes else str(self.group)


def prove(graph: Graph, group: Group, axes: tuple[str, ...] = (), span: Span | None = None) -> Proof:
    """Carry a group through a graph: it acts on the inputs' axes of these names by its natural representation, and
    on every axis that carries one of its representations.

    The outputs must transform in the same way: the named axes that are left, and the representations that the types
    say; what has neither must be invariant. Raises `CatnetError` where the group cannot act (E0832, E0833).
    """
    proof = Proof(group, axes, Walk(group))
    proof.inputs = tuple(_action(wire, group, axes, span) for wire in graph.dom)
    missing = [name for name in axes if not any(_tagged(wire, name) for wire in graph.dom)]
    if missing:
        named = sorted({a.tag for w in graph.dom for a in w.axes if isinstance(a, Axis) and a.tag})
        hint = f"the axes are {', '.join(f'`{n}`' for n in named)}" if named else "name the axis in the signature: R[n, d]"
        fail("E0832", f"`under {group}` names no axis: there is no `{missing[0]}` in `{graph.type}`", span, help=hint)
    if not any(proof.inputs):
        words = f"`{group}` does not act on anything here: no axis of `{graph.type}` carries one of its representations"
        fail("E0832", words, span, help=f"say on which axis: under {group} on n")
    proof.outputs = proof.walk.through(graph, proof.inputs)
    proof.problems += [_broken(step, group) for step in proof.walk.failures]
    if not proof.problems:
        proof.problems += _promises(proof, graph, span)
    return proof


def _action(wire: Wire, group: Group, axes: tuple[str, ...], span: Span | None) -> Action:
    parts = list(carried(wire, group))
    if axes and all(_tagged(wire, name) for name in axes):
        parts.append(_named(wire, group, axes, span))
    return ordered(tuple(parts))


def _named(wire: Wire, group: Group, axes: tuple[str, ...], span: Span | None) -> Part:
    """The natural action on the named axes of a wire."""
    places = tuple(_tagged(wire, name)[0] for name in axes)
    sizes = [wire.axes[place].size for place in places]  # type: ignore[union-attr]
    rep = group.on(sizes) if len(axes) > 1 else group.natural
    if rep is None:
        fail("E0833", f"`{group}` has no natural action on {_listed(axes)}", span)
    if len(axes) == 1 and rep.dim != sizes[0]:
        fail(
            "E0833",
            f"`{group}` moves {rep.dim} points, and the axis `{axes[0]}` has {sizes[0]}",
            span,
            help="the group and its axis must have the same size: under S(n) on n",
        )
    return Part(places, rep)


def _listed(axes: tuple[str, ...]) -> str:
    return f"`{axes[0]}`" if len(axes) == 1 else f"`({', '.join(axes)})`"


def _tagged(wire: Wire, name: str) -> list[int]:
    """The places of the axes of a wire that go by a name."""
    return [i - len(wire.axes) for i, a in enumerate(wire.axes) if isinstance(a, Axis) and a.tag == name]


def _broken(step: Step, group: Group) -> Diagnostic:
    """The diagnostic for a box that does not commute."""
    assert step.failure is not None
    node, failure = step.node, step.failure
    before = ", ".join(show(a, w) for a, w in zip(step.before, node.dom, strict=True))
    notes = [Note(f"what acts on its input: {before}", _origin(node.inputs, failure.port))]
    if len(step.path) > 1:
        notes.append(Note(f"in {'.'.join(step.path)}"))
    message = f"not equivariant under {group}: {failure.reason}"
    return Diagnostic("E0831", message, node.span, notes=tuple(notes), help=failure.remedy)


def _origin(inputs: tuple[Value, ...], port: int) -> Span | None:
    node = inputs[port].node if port < len(inputs) else None
    return node.span if node is not None else None


def _promises(proof: Proof, graph: Graph, span: Span | None) -> Iterator[Diagnostic]:
    """What the outputs do must be what their types and the names of their axes say."""
    inputs = {name: part.rep for name, part in _by_name(graph.dom, proof)}
    for wire, action in zip(graph.cod, proof.outputs, strict=True):
        wanted = list(carried(wire, proof.group))
        for name in proof.axes if len(proof.axes) == 1 else ():
            wanted += [Part((place,), inputs[name]) for place in _tagged(wire, name)]
        if len(proof.axes) > 1 and all(_tagged(wire, name) for name in proof.axes):
            wanted.append(_named(wire, proof.group, proof.axes, span))
        expected = ordered(tuple(wanted))
        if action is not None and action != expected:
            yield Diagnostic(
                "E0834",
                f"under {proof.group} the output `{wire}` is {show(action, wire)}, and the type says: "
                f"{show(expected, wire)}",
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
