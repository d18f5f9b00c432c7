"""What becomes of actions where several wires meet entry by entry: sums and products.

A wire on which nothing acts may stand beside one that is acted on only where all its entries along the axis are
equal: a number repeated, which permutations of the axis leave alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catnet.diagrams.acting import Acting, Action, Part, Refusal, does, ordered, show, unfit
from catnet.symmetry.kinds import Kind

if TYPE_CHECKING:
    from catnet.symmetry.reps import Rep


@dataclass(frozen=True)
class Meeting:
    """One representation on some axes, and the wires, by port, on which it acts there; the others are flat."""

    part: Part
    carriers: tuple[int, ...]
    everywhere: bool

    @property
    def kind(self) -> Kind:
        return self.part.rep.kind


def meetings(name: str, acting: Acting, ports: Sequence[int] | None = None) -> list[Meeting]:
    """The representations on wires of the same axes. Refuses where two act differently on an axis, or where one acts
    on a wire and not on another that is not flat."""
    ports = range(len(acting.actions)) if ports is None else ports
    found: list[Meeting] = []
    for part in dict.fromkeys(p for port in ports for p in acting.actions[port]):
        carriers = tuple(port for port in ports if part in acting.actions[port])
        for port in ports:
            if port in carriers:
                continue
            touched = any(set(p.axes) & set(part.axes) for p in acting.actions[port])
            if touched or not set(part.axes) <= acting.flat(port):
                raise _differ(name, acting, carriers[0], port)
        found.append(Meeting(part, carriers, len(carriers) == len(ports)))
    return found


def _differ(name: str, acting: Acting, one: int, other: int) -> Refusal:
    shown = [f"`{show(acting.actions[p], acting.inputs[p])}`" for p in (one, other)]
    remedy = "both must transform alike, basis included"
    if not acting.actions[other]:
        remedy += ": bring the invariant one along the axis with `repeat`, or make the other invariant: sum(over = n)"
    return Refusal(f"`{name}` joins {shown[0]} with {shown[1]}", remedy, other)


def summed(name: str, acting: Acting, ports: Sequence[int] | None = None) -> Action:
    """The action on a sum of wires: theirs. Beside a flat wire only permutations."""
    parts = []
    for met in meetings(name, acting, ports):
        if not met.everywhere and not met.kind.within(Kind.PERMUTATION):
            raise _not_fixed(name, met)
        parts.append(met.part)
    return ordered(tuple(parts))


def _not_fixed(name: str, met: Meeting) -> Refusal:
    return Refusal(
        f"`{name}` adds one number to all entries on which `{met.part.rep}` acts, and it {does(met.part.rep)} them",
        "what is added must transform alike, or lie in the fixed vectors: `linear(W)` has such a bias",
        met.carriers[0],
    )


def compared(name: str, acting: Acting, kind: Kind, ports: Sequence[int] | None = None) -> Action:
    """The action on what a function of the entries of several wires gives, which commutes with matrices of a kind."""
    parts = []
    for met in meetings(name, acting, ports):
        if not met.kind.within(kind if met.everywhere else Kind.PERMUTATION):
            raise unfit(name, met.part.rep, met.carriers[0])
        parts.append(met.part)
    return ordered(tuple(parts))


def multiplied(name: str, acting: Acting, linear_in: Sequence[int], ports: Sequence[int] | None = None) -> Action:
    """The action on a product of wires. Factors that are flat along the axis are numbers there, and any
    representation on one other factor in which the product is linear passes; several must be permuted alike, up to
    signs."""
    parts = []
    for met in meetings(name, acting, ports):
        alone = len(met.carriers) == 1 and met.carriers[0] in linear_in
        if alone or met.kind.within(Kind.PERMUTATION):
            parts.append(met.part)
        elif met.kind.within(Kind.SIGNED_PERMUTATION):
            even = len(met.carriers) % 2 == 0
            parts.append(met.part.on(absolute(met.part.rep)) if even else met.part)
        else:
            raise Refusal(
                f"`{name}` takes entries of `{met.part.rep}` one by one, and it {does(met.part.rep)} them",
                "take `dot` for an invariant, `outer` for the tensor product, or `gate` for an invariant factor",
                met.carriers[0],
            )
    return ordered(tuple(parts))


def absolute(rep: Rep) -> Rep:
    """The representation by the absolute values of the matrices' entries, of one by signed permutations.

    >>> from catnet.symmetry.constructors import C, trivial
    >>> from catnet.symmetry.reps_leaves import sign
    >>> absolute(2 * sign(C(2), "r") + trivial(C(2)))
    3*trivial(C(2))
    """
    from catnet.symmetry.reps_leaves import ByPermutations, Trivial
    from catnet.symmetry.reps_nodes import Sum, Tensor, direct_sum, tensor_product

    if rep.kind.within(Kind.PERMUTATION):
        return rep
    if rep.dim == 1:
        return Trivial(rep.group)
    if isinstance(rep, Sum):
        return direct_sum([(count, absolute(part)) for count, part in rep.parts])
    if isinstance(rep, Tensor):
        return tensor_product([absolute(factor) for factor in rep.factors])
    images = []
    for matrix in rep.matrices():
        columns = [0] * matrix.shape[1]
        for i, j in matrix.entries:
            columns[j] = i
        images.append(tuple(columns))
    return ByPermutations(rep.group, tuple(images))
