"""How groups act on wires, and what that asks of a box.

Equivariant maps compose, so a diagram commutes with a group as soon as each box does: an action is carried along
the wires from the inputs, and each box is asked what becomes of it (`Box.act`). One group is carried at a time; an
action of a product of groups is one of each factor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from catnet.symmetry.kinds import Kind
from catnet.types.facts import Facts
from catnet.types.wires import Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.box import Box
    from catnet.diagrams.graph import Graph
    from catnet.symmetry.groups import Group
    from catnet.symmetry.reps import Rep

Word = Literal["proved", "tested", "assumed"]
MAX_STEPS = 64  # in which the action on the wires of a repeat must come to rest


@dataclass(frozen=True)
class Part:
    """A representation on one axis, or on several together in row-major order, by their places from the end."""

    axes: tuple[int, ...]
    rep: Rep

    def moved(self, axes: tuple[int, ...]) -> Part:
        """The same representation on other axes."""
        return Part(axes, self.rep)

    def on(self, rep: Rep) -> Part:
        """Another representation on the same axes."""
        return Part(self.axes, rep)


Action = tuple[Part, ...]
"""What a group does to one wire: the tensor product of representations on some axes; the others it leaves alone."""


def on(action: Action, axis: int) -> Rep | None:
    """What acts on one axis alone; None if nothing does."""
    return next((part.rep for part in action if part.axes == (axis,)), None)


def touches(action: Action, axis: int) -> bool:
    """Whether anything acts on an axis, alone or together with others."""
    return any(axis in part.axes for part in action)


def without(action: Action, axis: int) -> Action:
    """The action on the other axes."""
    return tuple(part for part in action if axis not in part.axes)


def ordered(parts: Iterator[Part] | tuple[Part, ...]) -> Action:
    """An action as one value: its parts in the order of the axes, without those that do nothing."""
    return tuple(sorted((p for p in parts if p.rep.kind is not Kind.TRIVIAL), key=lambda part: part.axes))


def carried(wire: Wire, group: Group) -> Action:
    """The action that the axes of a wire carry in their type."""
    if group.local:  # frames at nodes: it acts on the nodes' axis and the fibre's together
        return ordered(tuple(Part(*part) for part in group.acts(wire)))  # type: ignore[attr-defined]
    spaces = [(i - len(wire.axes), a.space) for i, a in enumerate(wire.axes) if isinstance(a, Axis) and a.space]
    return ordered(tuple(Part(*part) for i, space in spaces for part in space.acts(wire, i, group)))  # type: ignore[arg-type]


def show(action: Action, wire: Wire) -> str:
    """`S(n) on n`: an action in words, by the names of the axes."""
    from catnet.symmetry.turns import Turned

    words = []
    for part in action:
        names = [_axis_name(wire, i) for i in part.axes]
        if len(names) == 1 and _carries(wire, part):
            words.append(names[0])
            continue
        natural = part.rep == part.rep.group.natural or (len(part.axes) > 1 and isinstance(part.rep, Turned))
        moves = part.rep.group if natural else part.rep
        words.append(f"{moves} on {names[0] if len(names) == 1 else '(' + ', '.join(names) + ')'}")
    return ", ".join(words) or "invariant"


def _carries(wire: Wire, part: Part) -> bool:
    """Whether the axis says in its type what acts on it."""
    axis = wire.axes[part.axes[0]]
    return isinstance(axis, Axis) and axis.space == part.rep


def _axis_name(wire: Wire, place: int) -> str:
    axis = wire.axes[place] if -place <= len(wire.axes) else None
    return axis.tag or str(axis) if isinstance(axis, Axis) else str(place)


class Refusal(Exception):
    """Why a box does not commute with a group, and what to use in its place."""

    def __init__(self, reason: str, remedy: str = "", port: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.port = port


@dataclass
class Acting:
    """The question to one use of a box: `group` acts on its inputs as `actions` say; what does it do to the outputs?

    `inner` carries an action through an inner graph; `flat` says along which axes all entries of an input are equal,
    so that permutations of them leave it alone. `word` and `remarks` are the answer's fine print: that it is
    only assumed, and where it is exact on a part of the group alone or near a bound. `limits` say where it does not
    hold exactly. `facts` are what is known of the sizes.
    """

    group: Group
    inputs: Object
    outputs: Object
    actions: tuple[Action, ...]
    graphs: tuple[Graph, ...] = ()
    inner: Callable[[Graph, tuple[Action, ...]], tuple[Action, ...]] = field(repr=False, default=lambda _, a: a)
    flat: Callable[[int], frozenset[int]] = field(repr=False, default=lambda port: frozenset())
    word: Word = "proved"
    remarks: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)

    @property
    def trivial(self) -> bool:
        """Whether the group leaves all inputs alone: then a map of these inputs is invariant, whatever it does."""
        return not any(self.actions)

    def remark(self, text: str) -> None:
        """Add to the fine print, once."""
        if text not in self.remarks:
            self.remarks.append(text)

    def limit(self, text: str) -> None:
        """Say where it does not hold exactly, once."""
        if text not in self.limits:
            self.limits.append(text)

    def repeated(self, count: int | None) -> tuple[Action, ...]:
        """The actions after a repeat of the inner graphs, `count` times where there is one."""
        actions = self.actions
        if len(self.graphs) > 1:
            for graph in self.graphs:
                actions = self.inner(graph, actions)
            return actions
        for _ in range(MAX_STEPS if count is None else min(count, MAX_STEPS)):
            after = self.inner(self.graphs[0], actions)
            if after == actions:
                return actions
            actions = after
        if count is not None and count <= MAX_STEPS:
            return actions
        raise Refusal("what the group does changes with every step of this repeat")


def pointwise(box: Box, acting: Acting, kind: Kind) -> tuple[Action, ...]:
    """What becomes of actions on axes along which a box acts entry by entry, by its own `shards`.

    Such a box treats all entries along the axis alike, so permutations of them pass through it. `kind` says which
    matrices do: all of them if it is linear. Refuses where it does not say so.
    """
    places = sorted({i for action in acting.actions for part in action for i in part.axes})
    moved = {place: _moved(box, acting, place) for place in places}
    parts: list[list[Part]] = [[] for _ in acting.outputs]
    for part in dict.fromkeys(part for action in acting.actions for part in action):
        if not part.rep.kind.within(kind):
            raise unfit(box.name, part.rep)
        for port in range(len(acting.outputs)):
            axes = tuple(moved[i][port] for i in part.axes)
            if all(a is not None for a in axes):
                parts[port].append(part.moved(axes))  # type: ignore[arg-type]
            elif any(a is not None for a in axes):
                raise Refusal(f"`{box.name}` parts the axes on which `{part.rep}` acts")
    return tuple(ordered(tuple(p)) for p in parts)


def unfit(name: str, rep: Rep, port: int = 0) -> Refusal:
    """The refusal of a box that does not commute with the matrices of a representation."""
    lengths = "`norm_activation`, " if rep.kind.within(Kind.ORTHOGONAL) else ""
    return Refusal(
        f"`{name}` does not commute with `{rep}`, which {does(rep)} entries instead of permuting them",
        f"take an equivariant box: {lengths}`gate`, or `linear(W)` to a representation W",
        port,
    )


def does(rep: Rep) -> str:
    """What the matrices of a representation do to entries, beyond permuting them: a verb for messages."""
    if rep.kind.within(Kind.PERMUTATION):
        return "permutes"
    if rep.kind.within(Kind.SIGNED_PERMUTATION):
        return "changes signs of"
    return "scales" if rep.kind.within(Kind.MONOMIAL) else "mixes"


def _moved(box: Box, acting: Acting, place: int) -> tuple[int | None, ...]:
    """Where an axis comes out of a box that acts entry by entry along it; all wires must agree about what acts."""
    here = [next((p for p in action if place in p.axes), None) for action in acting.actions]
    if len({part for part in here if part is not None}) > 1:
        raise Refusal(f"`{box.name}` joins wires on which `{acting.group}` acts differently")
    cut = tuple(place if part is not None else None for part in here)
    answer = box.shards(acting.inputs, acting.outputs, cut)
    if isinstance(answer, str):
        raise Refusal(answer.replace("the axis that is cut", "the axis that is acted on"))
    for port, out in enumerate(answer):
        if out is not None and not _same_size(acting, cut, place, port, out):
            raise Refusal(f"`{box.name}` does not keep the axis entry by entry")
    return answer


def _same_size(acting: Acting, cut: tuple[int | None, ...], place: int, port: int, out: int) -> bool:
    sizes = [w.axes[place] for w, c in zip(acting.inputs, cut, strict=True) if c is not None]
    sizes.append(acting.outputs[port].axes[out])
    return len({getattr(axis, "size", axis) for axis in sizes}) == 1
