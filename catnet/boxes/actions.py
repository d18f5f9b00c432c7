"""What the families share of their rules of symmetry: an action without one axis, parts of direct sums, contractions.

The rule of a box is its method `act`; the words for actions are in `catnet.diagrams.acting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from catnet.diagrams.acting import Acting, Action, Part, Refusal, does, ordered, touches
from catnet.diagrams.joining import absolute
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim

if TYPE_CHECKING:
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


def plain(acting: Acting, size: Dim) -> Rep:
    """So many numbers that the group leaves alone."""
    from catnet.symmetry.reps_leaves import Trivial
    from catnet.symmetry.reps_nodes import direct_sum

    return direct_sum([(size, Trivial(acting.group))])


def side_by_side(reps: Sequence[Rep]) -> Rep:
    """The direct sum, in this order."""
    from catnet.symmetry.reps_nodes import direct_sum

    return direct_sum([block for rep in reps for block in rep.blocks])


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
class _Unit:
    """A representation on some named axes, and the places where these stand: (wire, how often it acts there)."""

    names: tuple[str, ...]
    rep: Rep
    carriers: tuple[int, ...]
    others: tuple[int, ...]


def contracted(name: str, acting: Acting, terms: Sequence[tuple[str, ...]], result: tuple[str, ...]) -> Action:
    """The action on a sum of products over named axes, a map that is linear in each wire.

    An axis of one wire that stays passes; one that is shared and stays must be permuted alike; of two that are
    summed over together one carries the dual of the other; an axis that is summed over alone is permuted.
    """
    wires = [_Named(term, len(wire.axes) > len(term)) for term, wire in zip(terms, acting.inputs, strict=True)]
    parts: list[Part] = []
    done: set[tuple[str, ...]] = set()
    for port, action in enumerate(acting.actions):
        for part in action:
            for names in wires[port].readings(part.axes):
                if names in done:
                    continue
                done.add(names)
                met = _met(name, acting, wires, names, part.rep)
                kept = [n in result or n.startswith("^") for n in names]
                if all(kept):
                    parts.append(Part(tuple(_place(n, result) for n in names), _shared(name, met)))
                elif any(kept):
                    raise Refusal(f"`{name}` sums over some of the axes on which `{met.rep}` acts together", port=port)
                else:
                    _summed_over(name, met)
    return ordered(tuple(parts))


@dataclass(frozen=True)
class _Named:
    """A wire of a contraction: the names of its last axes, and whether it has further ones in front."""

    term: tuple[str, ...]
    further: bool

    def readings(self, axes: tuple[int, ...]) -> list[tuple[str, ...]]:
        return [tuple(self.name(at) for at in axes)]

    def name(self, at: int) -> str:
        """The name of an axis; those in front of the named ones are counted from there."""
        return self.term[at] if -at <= len(self.term) else f"^{-at - len(self.term)}"

    def places(self, name: str) -> list[int]:
        if name.startswith("^"):
            return [-len(self.term) - int(name[1:])] if self.further else []
        return [i - len(self.term) for i, n in enumerate(self.term) if n == name]


def _place(name: str, result: tuple[str, ...]) -> int:
    return -len(result) - int(name[1:]) if name.startswith("^") else result.index(name) - len(result)


def _met(name: str, acting: Acting, wires: Sequence[_Named], names: tuple[str, ...], rep: Rep) -> _Unit:
    """Where the axes of these names stand, and what acts there; refuses where that is not the same."""
    carriers, others = [], []
    for port, wire in enumerate(wires):
        places = [wire.places(n) for n in names]
        for where in range(max(map(len, places))):
            if any(len(p) <= where for p in places):
                raise Refusal(f"`{name}` parts the axes on which `{rep}` acts together", port=port)
            axes = tuple(p[where] for p in places)
            found = next((p.rep for p in acting.actions[port] if p.axes == axes), None)
            if found is not None:
                carriers.append((port, found))
            elif any(touches(acting.actions[port], at) for at in axes) or not set(axes) <= acting.flat(port):
                shown = names[0] if len(names) == 1 else f"({', '.join(names)})"
                raise Refusal(
                    f"`{rep}` acts on one axis `{shown}` of `{name}`, and not on the same axis of wire {port + 1}",
                    f"both must carry representations; weights that commute with the group are those of `linear(W)`",
                    port,
                )
            else:
                others.append(port)
    return _Unit(names, _agreed(name, carriers, len(carriers) + len(others), names), tuple(c for c, _ in carriers), tuple(others))


def _agreed(name: str, carriers: list[tuple[int, Rep]], count: int, names: tuple[str, ...]) -> Rep:
    """The one representation of several places, or of two that are dual to one another the first."""
    from catnet.symmetry.reps_nodes import dual

    first = carriers[0][1]
    for port, rep in carriers[1:]:
        if rep != first and not (len(carriers) == count == 2 and rep == dual(first)):
            raise Refusal(f"`{name}` joins `{first}` and `{rep}` on one axis", "both must be one representation", port)
    return first


def _shared(name: str, met: _Unit) -> Rep:
    """What acts on an axis that stays."""
    rep = met.rep
    if len(met.carriers) == 1 or rep.kind.within(Kind.PERMUTATION):
        return rep
    if rep.kind.within(Kind.SIGNED_PERMUTATION):
        return absolute(rep) if len(met.carriers) % 2 == 0 else rep
    raise Refusal(
        f"`{name}` multiplies entries of `{rep}` one by one, and it {does(rep)} them",
        "give the axes two names, for the tensor product, or leave the name out on the right, for the invariant",
        met.carriers[0],
    )


def _summed_over(name: str, met: _Unit) -> None:
    """Refuse a sum over an axis that is not invariant."""
    rep, count = met.rep, len(met.carriers)
    even = count % 2 == 0 and rep.kind.within(Kind.SIGNED_PERMUTATION)
    if rep.kind.within(Kind.PERMUTATION) or even:
        return
    if count == 2 and not met.others:
        return _paired(name, met)
    raise Refusal(
        f"`{name}` sums over an axis, and `{rep}` {does(rep)} its entries",
        "an invariant is a sum of products of two such wires: `dot`",
        met.carriers[0],
    )
