"""Carries the action of a group through a diagram, box by box: the proof of equivariance, or the box that breaks it.

The argument is the functor law: if every box commutes with the action, so does the whole. Inner graphs are shared,
and each is walked once for each action that reaches it, so the cost is linear in the diagram as it is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catnet.diagrams.acting import Acting, Action, Part, Refusal, Word, carried, show
from catnet.diagrams.graph import Graph, Node, Value
from catnet.limits import bounded
from catnet.types.facts import Facts
from catnet.types.wires import Axis

if TYPE_CHECKING:
    from catnet.symmetry.groups import Group


@dataclass
class Step:
    """What one box did with an action: `failure` says why it does not commute."""

    path: tuple[str, ...]
    node: Node
    before: tuple[Action, ...]
    after: tuple[Action, ...] = ()
    word: Word = "proved"
    remarks: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    failure: Refusal | None = None


@dataclass
class Walk:
    """One group carried through one diagram: the steps, and the actions on the outputs (None after a failure)."""

    group: Group
    facts: Facts = field(default_factory=Facts)
    steps: list[Step] = field(default_factory=list)
    _path: tuple[str, ...] = ()
    _done: dict[tuple[int, tuple[Action, ...]], tuple[Action | None, ...]] = field(default_factory=dict)

    @property
    def failures(self) -> Iterator[Step]:
        return (step for step in self.steps if step.failure is not None)

    def actions(self) -> Iterator[tuple[Value, Action]]:
        """What acts on each value that was walked over."""
        for step in self.steps:
            yield from zip(step.node.inputs, step.before, strict=True)
            if step.after:
                yield from zip(step.node.outputs, step.after, strict=True)

    def through(self, graph: Graph, inputs: tuple[Action, ...]) -> tuple[Action | None, ...]:
        """The actions on the outputs of a graph; None where a box before them does not commute."""
        key = (id(graph), inputs)
        known = self._done.get(key)
        if known is None:
            at: dict[int, Action | None] = {id(v): a for v, a in zip(graph.inputs, inputs, strict=True)}
            for node in graph.nodes:
                for value, action in zip(node.outputs, self._node(node, at), strict=True):
                    at[id(value)] = action
            known = self._done[key] = tuple(at.get(id(v)) for v in graph.outputs)
        return known

    def _node(self, node: Node, at: dict[int, Action | None]) -> tuple[Action | None, ...]:
        lost = (None,) * len(node.outputs)
        before = [at.get(id(v)) for v in node.inputs]  # none for what is left of a mistake
        if any(action is None for action in before):
            return lost  # told where it was lost
        asked = (self.group, node.dom, node.cod, tuple(before), node.graphs, self._inner)
        acting = Acting(*asked, flat=lambda port: flat(node.inputs[port]), facts=self.facts)  # type: ignore[arg-type]
        outside, self._path = self._path, (*self._path, node.label or node.box.name)
        step = Step(self._path, node, acting.actions)
        if not node.graphs:
            self.steps.append(step)
        try:
            with bounded("E0707", f"how a group acts on `{node.box.name}`"):
                step.after = _asked(node, acting)
            _keeps_types(self.group, node.outputs, step.after)
        except Lost:
            return lost
        except Refusal as failure:
            reps = [part.rep for action in acting.actions for part in action]
            failure.remedy = next((rep.remedy for rep in reps if rep.remedy), failure.remedy)
            step.failure = failure
            if node.graphs:
                self.steps.append(step)
            return lost
        finally:
            self._path = outside
            step.word, step.remarks, step.limits = acting.word, tuple(acting.remarks), tuple(acting.limits)
            if node.graphs and step.failure is None and (step.remarks or step.limits):
                self.steps.append(step)  # what is inside has steps of its own, but this one has something to say
        return step.after

    def _inner(self, graph: Graph, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        out = self.through(graph, actions)
        if any(action is None for action in out):
            raise Lost
        return out  # type: ignore[return-value]


def _asked(node: Node, acting: Acting) -> tuple[Action, ...]:
    """What a box says of the action."""
    if acting.group.local:
        from catnet.diagrams.frames import of_frames

        return of_frames(node.box, acting)
    return node.box.act(acting)


def flat(value: Value) -> frozenset[int]:
    """The axes of a value, by their places from the end, along which all its entries are equal.

    A box says that of what it makes. What a box then does entry by entry along such an axis keeps it.
    """
    behind: list[Node] = []
    while (node := value.node) is not None and not node.graphs:
        found = node.box.flat(node.dom, node.cod)
        if found:
            for later in reversed(behind):
                found = frozenset(at for place in found for at in _kept(later, place))
            return found
        if len(node.inputs) != 1 or len(node.outputs) != 1 or node.box.effect != "pure":
            break
        behind.append(node)
        value = node.inputs[0]
    return frozenset()


def _kept(node: Node, place: int) -> Iterator[int]:
    """Where an axis comes out of a box of one wire that permutations along the axis pass."""
    answer = node.box.shards(node.dom, node.cod, (place,))
    if not isinstance(answer, str) and answer[0] is not None:
        before, after = node.dom[0].axes[place], node.cod[0].axes[answer[0]]
        if isinstance(before, Axis) and isinstance(after, Axis) and before.size == after.size:
            yield answer[0]


def _elsewhere(part: Part, action: Action) -> bool:
    """Whether frames change a fibre by the same matrices, at nodes that are not on the axis before, where a type looks
    for them, or at the ends of edges that are declared."""
    local = part.rep.group.local
    return local and any(p.axes[1:] == part.axes[1:] and p.rep.rep == part.rep.rep for p in action)  # type: ignore[attr-defined]


class Lost(Exception):
    """An action ended inside an inner graph, which is told there."""


def _keeps_types(group: Group, values: tuple[Value, ...], actions: tuple[Action, ...]) -> None:
    """An axis that carries a representation of the group in its type must be acted on by just that."""
    for value, action in zip(values, actions, strict=True):
        for part in carried(value.wire, group):
            if part not in action and not _elsewhere(part, action):
                found = show(tuple(p for p in action if p.axes == part.axes), value.wire)
                raise Refusal(f"the type says `{part.rep}` here, but what comes is {found}")
