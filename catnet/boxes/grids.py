"""What the boxes of images share of their rules of symmetry: shifts, turns and mirrors of a grid.

Such a box looks at windows. Shifts pass where windows go round with the grid; a stride of s leaves the shifts by
multiples of s. Turns pass where the windows stand alike from both ends of an axis, and the box has no weights for
each place in a window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catnet.boxes.actions import aside
from catnet.boxes.axes import ONE, ZERO
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered, unfit
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.static import decide

if TYPE_CHECKING:
    from catnet.symmetry.reps import Rep
    from catnet.symmetry.turns import Shifts, Turned

CIRCULAR = 'padding_mode = "circular" makes the grid a closed one'
CLAIM_BOTH = "say it as two: under C(4) on (h, w), translations(h, w) on (h, w)"


@dataclass(frozen=True)
class Along:
    """What a box does along one spatial axis of so many cells, which becomes one of `out` cells.

    Of `down` cells it makes `up` many. `border` is how many cells at an end of the output saw the border, and how
    (`sees`); `even` is what must hold for the windows to stand alike from both ends; `uneven` is why they never do,
    `lost` why no shift passes.
    """

    size: Dim
    out: Dim
    down: Dim = ONE
    up: Dim = ONE
    border: Dim = ZERO
    sees: str = "zeros"
    even: Pred | None = None
    uneven: str = ""
    lost: str = ""
    still: bool = False  # whether each cell becomes one cell, by itself


@dataclass(frozen=True)
class Rule:
    """How a box moves over an image: along each axis; `alike` in all of them; with weights of its own for each place
    in a window (`weights`, with what to take instead); and the matrices on other axes with which it commutes."""

    name: str
    axes: tuple[Along, ...]
    alike: bool
    weights: str = ""
    passes: Kind = Kind.PERMUTATION


def windowed(size: Dim, out: Dim, window: Dim, stride: Dim, padding: Dim, pads: str) -> Along:
    """Along an axis on which windows stand `stride` apart; `pads` is what stands in the padding."""
    behind = window - stride - padding
    reach = ZERO if pads == "circular" else Dim.max(_cells(padding, stride), _cells(behind, stride))
    even = None if stride == ONE else Pred.divides(size + padding * 2 - window, stride)
    still = window == stride == ONE and padding == ZERO
    return Along(size, out, down=stride, border=reach, sees=pads, even=even, still=still)


def _cells(reach: Dim, stride: Dim) -> Dim:
    """How many windows, `stride` apart, begin on so many cells."""
    return Dim.max(ZERO, (reach + stride - 1) // stride)


def on_grid(rule: Rule, acting: Acting) -> Action:
    """The action of a box of images: on the channels, where it was asked already, and on the grid."""
    count = len(rule.axes)
    taken, rest = aside(acting, range(-count, 0))
    for part in rest.actions[0]:
        if not part.rep.kind.within(rule.passes):
            raise unfit(rule.name, part.rep)
    return ordered((*rest.actions[0], *(p for part in taken for p in _moved(rule, acting, part))))


def _moved(rule: Rule, acting: Acting, part: Part) -> tuple[Part, ...]:
    """What acts on the grid of the output."""
    from catnet.symmetry.grid_groups import Grid
    from catnet.symmetry.turns import Turned, on_cells, shifts

    rep = part.rep
    if min(part.axes) < -len(rule.axes):
        raise Refusal(f"`{rule.name}` moves over the grid, and `{rep}` acts on it together with the channels")
    here = [rule.axes[at] for at in part.axes]
    if all(along.still for along in here):
        if not rep.kind.within(rule.passes):
            raise unfit(rule.name, rep)
        return (part,)
    found = shifts(rep)
    if found is not None and placed(acting, part):
        return (part.on(_shifted(rule, acting, found, here)),)
    if isinstance(rep, Turned) and placed(acting, part):
        return (part.on(_turned(rule, acting, rep, here)),)
    if isinstance(rep.group, Grid) and placed(acting, part):
        _both(rule, acting, rep.group, here)
        grown = on_cells(rep.group, [along.out for along in here], acting.facts)
        if grown is None:
            raise Refusal(f"`{rule.name}` changes the cells that `{rep.group}` moves", CLAIM_BOTH)
        return (part.on(grown),)
    raise Refusal(
        f"`{rule.name}` joins neighbouring cells, and `{rep}` does not keep neighbours",
        "of a grid pass shifts (C(n), translations), turns and mirrors (C(4), D(4) on two axes)",
    )


def placed(acting: Acting, part: Part) -> bool:
    """Whether the axes of a part are those of its grid: they may have been regrouped."""
    from catnet.symmetry.grid_groups import Grid
    from catnet.symmetry.turns import Turned, shifts

    found = shifts(part.rep)
    if found is not None:
        sizes = [cycle * step for cycle, step in zip(found.cycles, found.steps, strict=True)]
    elif isinstance(part.rep, Turned):
        sizes = [part.rep.h, part.rep.w]
    elif isinstance(part.rep.group, Grid) and part.rep == part.rep.group.natural:
        sizes = [part.rep.group.h, part.rep.group.w]
    else:
        return False
    axes = [acting.inputs[0].axes[at].size for at in part.axes]  # type: ignore[union-attr]  # acted on: no pack
    return len(axes) == len(sizes) and all(acting.facts.equal(a, b) for a, b in zip(axes, sizes, strict=True))


def turning(acting: Acting) -> Part | None:
    """What turns the rows and columns of an image, in this order."""
    from catnet.symmetry.turns import Turned

    turns = (p for p in acting.actions[0] if p.axes == (-2, -1) and isinstance(p.rep, Turned))
    return next((part for part in turns if placed(acting, part)), None)


def _both(rule: Rule, acting: Acting, group: Rep | object, here: Sequence[Along]) -> None:
    """Shifts and turns together pass where both do."""
    from catnet.symmetry.constructors import C, D
    from catnet.symmetry.grid_groups import Grid
    from catnet.symmetry.turns import Shifts, Turned

    assert isinstance(group, Grid)
    moves = Grid(group.h, group.w, "translations")
    _shifted(rule, acting, Shifts(moves, (group.h, group.w), (ONE, ONE)), here)
    turns = C(4) if group.point == "p4" else D(4)
    _turned(rule, acting, Turned(turns, group.h, group.w), here)


def _shifted(rule: Rule, acting: Acting, before: Shifts, here: Sequence[Along]) -> Rep:
    from catnet.symmetry.turns import Shifts, ratio

    steps = []
    for along, cycle, step in zip(here, before.cycles, before.steps, strict=True):
        if along.lost:
            raise Refusal(f"`{rule.name}` {along.lost}, which shifts do not pass")
        whole = ratio(step, along.down, acting.facts)
        if whole is None:
            raise _strided(rule, acting, before, here)
        after = whole * along.up
        if not acting.facts.equal(along.out, cycle * after):
            words = f"`{rule.name}` makes {along.out} cells of {along.size}: shifts round a grid need {cycle * after}"
            raise Refusal(words, f"choose the padding such that no cell is lost; {CIRCULAR}")
        _near_border(rule, acting, along)
        steps.append(after)
    return Shifts(before.group, before.cycles, tuple(steps)).rep()


def _strided(rule: Rule, acting: Acting, before: Shifts, here: Sequence[Along]) -> Refusal:
    """The refusal of a stride: the shifts by its multiples are left."""
    left = [cycle * step // along.down for along, cycle, step in zip(here, before.cycles, before.steps, strict=True)]
    names = ", ".join(map(str, left))
    group = f"C({names}) on one axis" if len(left) == 1 else f"translations({names}) on (h, w)"
    words = f"`{rule.name}` goes in strides of {', '.join(str(along.down) for along in here)} cells"
    whole = [f"{a.size} % {a.down} == 0" for a in here if not acting.facts.holds(Pred.divides(a.size, a.down))]
    demand = f", where {', '.join(whole)}" if whole else ""
    return Refusal(f"{words}, which leaves the shifts by multiples of them", f"claim those: under {group}{demand}")


def _near_border(rule: Rule, acting: Acting, along: Along) -> None:
    if along.border != ZERO and not acting.facts.equal(along.border, ZERO):
        cells = f"{along.border} cell{'s' * (along.border != ONE)}"
        acting.limit(f"but for the outermost {cells} at a border, which see {along.sees} beyond it")


def _turned(rule: Rule, acting: Acting, rep: Turned, here: Sequence[Along]) -> Rep:
    from catnet.symmetry.turns import Turned

    if rule.weights:
        words = f"`{rule.name}` has weights of its own for each place in its window, and `{rep.group}` turns it"
        raise Refusal(words, rule.weights)
    if not rep.exact:
        words = f"`{rule.name}` goes by the cells of the grid, on which turns by parts of 90 degrees do not fall"
        raise Refusal(words, "take `conv(W, kernel)` for a representation W, or `global_avg_pool`")
    turns = rep.group.n.value or 1
    if turns == 4 and not rule.alike:
        raise Refusal(f"`{rule.name}` treats rows and columns differently, and a quarter turn exchanges them",
                      "give one number for both axes")  # fmt: skip
    for along in here if turns > 1 else here[1:]:  # the mirror exchanges left and right
        if along.uneven:
            raise Refusal(f"`{rule.name}` {along.uneven}, so that its windows stand differently from both ends")
        if along.even is not None and decide(along.even, acting.facts) is not True:
            raise _uneven(rule, acting, along)
    return Turned(rep.group, here[0].out, here[1].out)


def _uneven(rule: Rule, acting: Acting, along: Along) -> Refusal:
    words = f"the windows of `{rule.name}` do not stand alike from both ends of {along.size} cells"
    if along.even is not None and along.even.symbols and decide(along.even, acting.facts) is None:
        return Refusal(f"{words} unless {along.even}", f"say so in the type: where {along.even}")
    return Refusal(f"{words}: it needs {along.even}", "change the padding, the kernel or the size")


def pooled_away(name: str, acting: Acting, count: int, passes: Kind) -> Action:
    """The action on what is left where all of the last `count` axes are made one number: that on the channels."""
    from catnet.symmetry.turns import Turned

    taken, rest = aside(acting, range(-count, 0))
    for part in rest.actions[0]:
        if not part.rep.kind.within(passes):
            raise unfit(name, part.rep)
    for part in taken:
        if min(part.axes) < -count:
            raise Refusal(f"`{name}` makes one number of some of the axes on which `{part.rep}` acts together")
        if not part.rep.kind.within(Kind.PERMUTATION):
            raise unfit(name, part.rep)
        if isinstance(part.rep, Turned) and not part.rep.exact:
            acting.limit("but for the corners of the image, which finer turns move out of it")
    return rest.actions[0]
