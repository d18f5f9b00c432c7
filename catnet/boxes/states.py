"""What a group does to the state of an iteration, which must come back from a step as it went in."""

from __future__ import annotations

from collections.abc import Sequence

from catnet.boxes.axes import trailing
from catnet.diagrams.acting import Acting, Action, Refusal, ordered, show
from catnet.symmetry.kinds import Kind
from catnet.types.wires import Wire

MAX_ROUNDS = 8  # in which the action on a state must come to rest


def likely(acting: Acting, wire: Wire, flat: frozenset[int], port: int | None = None) -> Action:
    """What may act on a state when it starts: what acts on the input at `port`, or, where all its entries along some
    axes are equal, what acts on such axes of the other inputs."""
    if port is not None and acting.actions[port]:
        return acting.actions[port]
    axes, found = trailing(wire), []
    for action, given in zip(acting.actions, acting.inputs, strict=True):
        for part in action:
            known = all(at in flat and -at <= len(axes) for at in part.axes)
            if known and all(axes[at].size == trailing(given)[at].size for at in part.axes):
                found.append(part)
    return ordered(tuple(dict.fromkeys(found)))


def settled(
    acting: Acting, inputs: tuple[Action, ...], start: Sequence[Action]
) -> tuple[tuple[Action, ...], tuple[Action, ...]]:
    """The actions on the outputs of a step, and on a state that comes back as it went in."""
    state = tuple(start)
    for _ in range(MAX_ROUNDS):
        after = acting.inner(acting.graphs[0], (*inputs, *state))
        count = len(after) - len(state)
        if after[count:] == state:
            return after[:count], state
        state = after[count:]
    raise Refusal("what the group does to the state changes with every step")


def starts_as(box: str, acting: Acting, port: int, action: Action) -> None:
    """Refuse a state on whose start something else acts: what is more must permute equal entries."""
    before = acting.actions[port]
    new = [part for part in action if part not in before]
    flat = acting.flat(port) if new else frozenset()
    fixed = all(part.rep.kind.within(Kind.PERMUTATION) and set(part.axes) <= flat for part in new)
    if not fixed or not set(before) <= set(action):
        raise state_changes(box, acting, port, action)


def state_changes(box: str, acting: Acting, port: int, after: Action) -> Refusal:
    """The refusal of a step whose state comes back differently."""
    wire = acting.inputs[port]
    return Refusal(
        f"under `{acting.group}` the state of `{box}` goes in as `{show(acting.actions[port], wire)}` and comes back "
        f"as `{show(after, wire)}`",
        "start from a state that transforms alike",
        port,
    )
