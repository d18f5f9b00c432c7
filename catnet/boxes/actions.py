"""What the families share of their rules of symmetry: an action without one axis, parts of direct sums, contractions.

The rule of a box is its method `act`; the words for actions are in `catnet.diagrams.acting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from catnet.diagrams.acting import Acting, Action, Part, Refusal, does, ordered, touches, unfit
from catnet.diagrams.joining import absolute
from catnet.diagrams.shards import passing
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim

if TYPE_CHECKING:
    from catnet.diagrams.box import Box
    from catnet.symmetry.reps import Rep

LINEAR = "take `linear(W)` to a representation W, whose weights commute with the group"


def aside(acting: Acting, axes: Sequence[int], port: int = 0) -> tuple[tuple[Part, ...], Acting]:
    """What acts on some axes of an input, and the question without it."""
    action = acting.actions[port]
    taken = tuple(part for part in action if set(part.axes) & set(axes))
    rest = tuple(part for part in action if part not in taken)
    actions = (*acting.actions[:port], rest, *acting.actions[port + 1 :])
    return taken, replace(acting, actions=actions)


def refuse_on(name: str, acting: Acting, axes: Sequence[int], what: str, remedy: str = "", port: int = 0) -> None:
    """Refuse an action on some axes of an input: `what` says what the box does along them."""
    taken, _ = aside(acting, axes, port)
    if taken:
        raise Refusal(f"`{name}` {what}, and `{taken[0].rep}` acts there", remedy, port)


def on_axis(name: str, acting: Acting, axis: int, port: int = 0) -> tuple[Rep | None, Acting]:
    """What acts on one axis of an input, and the question without it. Refuses what acts on several axes together."""
    taken, rest = aside(acting, (axis,), port)
    if taken and taken[0].axes != (axis,):
        raise Refusal(
            f"`{name}` works along one of the axes on which `{taken[0].rep}` acts together",
            "`rearrange` makes them one axis",
            port,
        )
    return (taken[0].rep if taken else None), rest


def permuted(name: str, rep: Rep, what: str, remedy: str, port: int = 0) -> None:
    """Refuse what is no permutation representation: `what` says what the box does along its axis."""
    if not rep.kind.within(Kind.PERMUTATION):
        raise Refusal(f"`{name}` {what} an axis, and `{rep}` {does(rep)} its entries", remedy, port)


def entrywise(box: Box, acting: Acting) -> tuple[Action, ...]:
    """The actions of a box that acts entry by entry along every axis that is acted on, all of which stay in their
    place: what its other axes ask must have been asked before."""
    for part in (p for action in acting.actions for p in action):
        if not part.rep.kind.within(box.passes):
            raise unfit(box.name, part.rep)
    return (acting.actions[0],) * len(acting.outputs)


def behind(name: str, acting: Acting, change: int) -> Action:
    """The action on a map of single entries, whose output has further axes (or fewer) at its end: permutations."""
    for part in acting.actions[0]:
        if not part.rep.kind.within(Kind.PERMUTATION):
            raise unfit(name, part.rep)
    return shifted(acting.actions[0], 0, change)


def shifted(action: Action, axis: int, change: int) -> Action:
    """An action on a wire that has `change` axes more, those at place `axis` (0: at the end)."""
    return tuple(part.moved(tuple(passing(at, axis, change) for at in part.axes)) for part in action)


def plain(acting: Acting, size: Dim) -> Rep:
    """So many numbers that the group leaves alone."""
    from catnet.symmetry.reps_leaves import Trivial
    from catnet.symmetry.reps_nodes import direct_sum

    return direct_sum([(size, Trivial(acting.group))])


def side_by_side(reps: Sequence[Rep]) -> Rep:
    """The direct sum, in this order."""
    from catnet.symmetry.reps_nodes import direct_sum

    return direct_sum([block for rep in reps for block in rep.blocks if block[0] != 0])


def cut_up(rep: Rep, sizes: Sequence[Dim]) -> list[Rep] | None:
    """A direct sum cut into parts of these sizes, between its summands; None where a cut would go through one.

    >>> from catnet.symmetry.constructors import O, trivial, vector
    >>> V = 2 * trivial(O(3)) + 2 * vector(O(3))
    >>> cut_up(V, [Dim.const(5), Dim.const(3)])
    [2*trivial(O(3)) + vector(O(3)), vector(O(3))]
    >>> cut_up(V, [Dim.const(4), Dim.const(4)]) is None
    True
    """
    left = list(rep.blocks)
    parts: list[Rep] = []
    for size in sizes:
        taken: list[Rep] = []
        while size != 0:
            if not left:
                return None
            (count, block) = left.pop(0)
            if count * block.dim == size:
                taken.append(_times(count, block))
                break
            fits = _copies(size, count, block)
            if fits is None:
                return None
            taken.append(_times(fits, block))
            size = size - fits * block.dim
            if fits != count:
                left.insert(0, (count - fits, block))
        parts.append(side_by_side(taken))
    return parts if not left else None


def _times(count: Dim, rep: Rep) -> Rep:
    from catnet.symmetry.reps_nodes import direct_sum

    return direct_sum([(count, rep)])


def _copies(size: Dim, count: Dim, block: Rep) -> Dim | None:
    """How many of the copies of a summand fit in a size; None if a part of one would, or if it is not known."""
    if size.value is None or count.value is None or block.dim.value is None:
        return None
    if size.value >= count.value * block.dim.value:
        return count
    fits, over = divmod(size.value, block.dim.value)
    return None if over else Dim.const(fits)


@dataclass(frozen=True)
class _Wire:
    """A wire of a contraction: the names of its last axes, and whether it has further ones in front."""

    term: tuple[str, ...]
    further: bool

    def name(self, at: int) -> str:
        """The name of an axis; those in front of the named ones are counted from there."""
        return self.term[at] if -at <= len(self.term) else f"^{-at - len(self.term)}"

    def places(self, name: str) -> list[int]:
        """Where a name stands."""
        if name.startswith("^"):
            return [-len(self.term) - int(name[1:])] if self.further else []
        return [i - len(self.term) for i, n in enumerate(self.term) if n == name]


@dataclass(frozen=True)
class _Unit:
    """Named axes on which something acts together: what acts, by port, and how many more such axes are flat."""

    names: tuple[str, ...]
    carriers: tuple[tuple[int, Rep], ...]
    flat: int

    @property
    def rep(self) -> Rep:
        return self.carriers[0][1]

    @property
    def alike(self) -> bool:
        return all(rep == self.rep for _, rep in self.carriers)


def contracted(name: str, acting: Acting, terms: Sequence[tuple[str, ...]], result: tuple[str, ...]) -> Action:
    """The action on a sum of products over named axes, a map that is linear in each wire.

    An axis of one wire that stays passes; one that is shared and stays must be permuted alike; of two that are
    summed over together one carries the dual of the other; an axis that is summed over alone is permuted.
    """
    wires = [_Wire(term, len(wire.axes) > len(term)) for term, wire in zip(terms, acting.inputs, strict=True)]
    parts: list[Part] = []
    units = {tuple(wires[port].name(at) for at in p.axes): p for port, act in enumerate(acting.actions) for p in act}
    for names in units:
        unit = _unit(name, acting, wires, names)
        kept = [n in result or n.startswith("^") for n in names]
        if all(kept):
            parts.append(Part(tuple(_place(n, result) for n in names), _shared(name, unit)))
        elif any(kept):
            raise Refusal(f"`{name}` sums over some of the axes on which `{unit.rep}` acts together")
        else:
            _sum_fits(name, unit)
    return ordered(tuple(parts))


def _place(name: str, result: tuple[str, ...]) -> int:
    return -len(result) - int(name[1:]) if name.startswith("^") else result.index(name) - len(result)


def _unit(name: str, acting: Acting, wires: Sequence[_Wire], names: tuple[str, ...]) -> _Unit:
    """What acts where the axes of these names stand; refuses a plain axis there that is not flat."""
    carriers: list[tuple[int, Rep]] = []
    flat = 0
    shown = names[0] if len(names) == 1 else f"({', '.join(names)})"
    for port, wire in enumerate(wires):
        places = [wire.places(n) for n in names]
        for where in range(max(map(len, places))):
            if any(len(p) <= where for p in places):
                raise Refusal(f"`{name}` parts the axes {shown}, on which `{acting.group}` acts together", port=port)
            axes = tuple(p[where] for p in places)
            found = next((p.rep for p in acting.actions[port] if p.axes == axes), None)
            if found is not None:
                carriers.append((port, found))
            elif any(touches(acting.actions[port], at) for at in axes) or not set(axes) <= acting.flat(port):
                raise Refusal(
                    f"`{name}` joins an axis {shown} on which `{acting.group}` acts with one on which it does not",
                    f"both must carry a representation. Are these weights? {LINEAR}",
                    port,
                )
            else:
                flat += 1
    return _Unit(names, tuple(carriers), flat)


def _shared(name: str, unit: _Unit) -> Rep:
    """What acts on an axis that stays."""
    rep, count = unit.rep, len(unit.carriers)
    if not unit.alike:
        other, port = next((r, p) for p, r in unit.carriers if r != rep)
        raise Refusal(f"`{name}` joins `{rep}` and `{other}` on one axis", "both must be one representation", port)
    if count == 1 or rep.kind.within(Kind.PERMUTATION):
        return rep
    if rep.kind.within(Kind.SIGNED_PERMUTATION):
        return absolute(rep) if count % 2 == 0 else rep
    raise Refusal(
        f"`{name}` multiplies entries of `{rep}` one by one, and it {does(rep)} them",
        "give the axes two names, for the tensor product, or sum over the name, for the invariant",
        unit.carriers[0][0],
    )


def _sum_fits(name: str, unit: _Unit) -> None:
    """Refuse a sum over an axis that is not invariant."""
    from catnet.symmetry.reps_nodes import dual

    rep, reps = unit.rep, [r for _, r in unit.carriers]
    even = len(reps) % 2 == 0 and rep.kind.within(Kind.SIGNED_PERMUTATION)
    if unit.alike and (rep.kind.within(Kind.PERMUTATION) or even):
        return
    if len(reps) == 2 and not unit.flat:
        if reps[1] == dual(rep):
            return
        raise Refusal(
            f"`{name}` sums products of entries of `{rep}` and `{reps[1]}`, which are not dual to one another",
            "bring one to the dual of the other: `linear(dual(V))` has the metric, where there is one",
            unit.carriers[1][0],
        )
    raise Refusal(
        f"`{name}` sums over an axis, and `{rep}` {does(rep)} its entries",
        "an invariant is a sum of products of two such wires: `dot`",
        unit.carriers[0][0],
    )
