"""What becomes of actions where channels are exchanged for pixels.

Turns of an image turn the squares of pixels and the pixels within each: among the channels the group acts as on a
small image, `turned(C(4), f, f)`, once for each channel of the larger image.
"""

from __future__ import annotations

from dataclasses import replace

from catnet.boxes.actions import aside, plain
from catnet.boxes.grids import Along, Rule, on_grid, turning
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.wires import Wire

CHANNELS = -3


def unshuffled(name: str, acting: Acting, factor: Dim) -> Action:
    """Squares of pixels become channels."""
    from catnet.symmetry.turns import Turned

    if factor == 1:
        return acting.actions[0]
    (c, h, w), (_, lower, narrower) = _sizes(acting.inputs[0]), _sizes(acting.outputs[0])
    turn = _turns(name, acting)
    channels = next((p for p in acting.actions[0] if p.axes == (CHANNELS,)), None)
    along = tuple(Along(a, b, down=factor) for a, b in ((h, lower), (w, narrower)))
    if turn is None:
        return _shifted(name, acting, along, ())
    within = Turned(turn.rep.group, factor, factor)  # type: ignore[arg-type]  # of C(n) or D(n), like the other
    before = plain(acting, c) if channels is None else channels.rep
    rest = _shifted(name, acting, along, (turn, channels))
    grid = turn.on(Turned(within.group, lower, narrower))
    return ordered((*rest, Part((CHANNELS,), before @ within), grid))


def shuffled(name: str, acting: Acting, factor: Dim) -> Action:
    """Channels become squares of pixels."""
    from catnet.symmetry.turns import Turned

    if factor == 1:
        return acting.actions[0]
    (_, h, w), (count, higher, wider) = _sizes(acting.inputs[0]), _sizes(acting.outputs[0])
    turn = _turns(name, acting)
    channels = next((p for p in acting.actions[0] if p.axes == (CHANNELS,)), None)
    along = tuple(Along(a, b, up=factor) for a, b in ((h, higher), (w, wider)))
    if turn is None:
        return _shifted(name, acting, along, ())
    within = Turned(turn.rep.group, factor, factor)  # type: ignore[arg-type]  # of C(n) or D(n), like the other
    if channels is None or channels.rep != plain(acting, count) @ within:
        words = f"`{name}` makes squares of pixels of channels, on which `{turn.rep.group}` does not act as on squares"
        raise Refusal(words, "take `upsample`, then `conv(W, kernel)`")
    rest = _shifted(name, acting, along, (turn, channels))
    return ordered((*rest, turn.on(Turned(within.group, higher, wider))))


def _sizes(wire: Wire) -> list[Dim]:
    """The sizes of the channels and the grid."""
    return [axis.size for axis in wire.axes[CHANNELS:]]  # type: ignore[union-attr]  # the signature names them


def _turns(name: str, acting: Acting) -> Part | None:
    """The part that turns the grid; refuses turns that cells do not follow, and those of a transposed image."""
    from catnet.symmetry.turns import Turned

    turn = turning(acting)
    if turn is None and any(isinstance(part.rep, Turned) for part in aside(acting, (-2, -1))[0]):
        raise Refusal(f"`{name}` goes by rows and columns, and `{acting.group}` turns them in another order")
    if turn is not None and not turn.rep.exact:  # type: ignore[attr-defined]
        raise Refusal(f"`{name}` goes by the cells of the grid, on which turns by parts of 90 degrees do not fall")
    return turn


def _shifted(name: str, acting: Acting, along: tuple[Along, ...], but: tuple[Part | None, ...]) -> Action:
    """The action on axes before the channels, and shifts."""
    others = tuple(part for part in acting.actions[0] if part not in but)
    if any(CHANNELS in part.axes for part in others):
        raise Refusal(f"`{name}` exchanges channels for pixels, and a group acts on the channels alone")
    return on_grid(Rule(name, along, True, passes=Kind.GENERAL), replace(acting, actions=(others,)))
