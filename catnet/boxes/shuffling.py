"""What becomes of actions where channels are exchanged for pixels.

Turns of an image turn the squares of pixels and the pixels within each: among the channels the group acts as on a
small image, `turned(C(4), f, f)`, once for each channel of the larger image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catnet.boxes.actions import aside
from catnet.boxes.grids import Along, Rule, on_grid
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim

if TYPE_CHECKING:
    from catnet.symmetry.reps import Rep
    from catnet.symmetry.turns import Turned


def _sizes(acting: Acting) -> tuple[list[Dim], list[Dim]]:
    """The sizes of the grid and the channels: of the input, then of the output."""
    found = [[axis.size for axis in wire.axes[-3:]] for wire in (acting.inputs[0], acting.outputs[0])]  # type: ignore[union-attr]
    return found[0], found[1]


def _turns(acting: Acting) -> Part | None:
    from catnet.symmetry.turns import Turned

    taken, _ = aside(acting, (-2, -1))
    return next((part for part in taken if isinstance(part.rep, Turned)), None)


def _further(name: str, acting: Acting, along: tuple[Along, Along], kept: tuple[Part, ...]) -> Action:
    """The action on axes before the channels, and shifts."""
    from dataclasses import replace

    others = tuple(p for p in acting.actions[0] if p not in kept)
    if any(-3 in part.axes for part in others):
        raise Refusal(f"`{name}` exchanges channels for pixels, and a group acts on the channels alone")
    return on_grid(Rule(name, along, True, passes=Kind.GENERAL), replace(acting, actions=(others,)))


def unshuffled(name: str, acting: Acting, factor: Dim) -> Action:
    """Squares of pixels become channels."""
    (_, h, w), (_, lower, narrower) = _sizes(acting)
    along = (Along(h, lower, down=factor, still=factor == 1), Along(w, narrower, down=factor, still=factor == 1))
    turn = _turns(acting)
    if turn is None:
        return _further(name, acting, along, ())
    channels = next((p for p in acting.actions[0] if p.axes == (-3,)), None)
    kept = (turn,) if channels is None else (turn, channels)
    rest = _further(name, acting, along, kept)
    one = _plain(acting, _sizes(acting)[0][0]) if channels is None else channels.rep
    within = _exactly(name, turn.rep).__class__(turn.rep.group, factor, factor)  # type: ignore[arg-type]
    moved = turn.on(within.__class__(within.group, lower, narrower))
    return ordered((*rest, Part((-3,), one @ within), moved))


def shuffled(name: str, acting: Acting, factor: Dim) -> Action:
    """Channels become squares of pixels."""
    (_, h, w), (count, higher, wider) = _sizes(acting)
    along = (Along(h, higher, up=factor, still=factor == 1), Along(w, wider, up=factor, still=factor == 1))
    turn = _turns(acting)
    if turn is None:
        return _further(name, acting, along, ())
    within = _exactly(name, turn.rep).__class__(turn.rep.group, factor, factor)  # type: ignore[arg-type]
    channels = next((p for p in acting.actions[0] if p.axes == (-3,)), None)
    if factor != 1 and (channels is None or channels.rep != _plain(acting, count) @ within):
        words = f"`{name}` makes squares of pixels of channels, on which `{turn.rep.group}` does not act as on squares"
        raise Refusal(words, "take `upsample`, then `conv(W, kernel)`")
    rest = _further(name, acting, along, (turn,) if channels is None else (turn, channels))
    return ordered((*rest, turn.on(within.__class__(within.group, higher, wider))))


def _plain(acting: Acting, size: Dim) -> Rep:
    from catnet.boxes.actions import plain

    return plain(acting, size)


def _exactly(name: str, rep: Rep) -> Turned:
    from catnet.symmetry.turns import Turned

    assert isinstance(rep, Turned)
    if not rep.exact:
        raise Refusal(f"`{name}` goes by the cells of the grid, on which turns by parts of 90 degrees do not fall")
    return rep
