"""What becomes of an action where axes are taken apart, moved and joined by a pattern.

Joined axes carry the tensor product in row-major order, an axis on which nothing acts being so many copies of the
trivial representation. An axis is taken apart into tensor factors; where there are none, the representation acts on
its parts together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from catnet.boxes.actions import plain
from catnet.boxes.pattern import Pattern
from catnet.diagrams.acting import Acting, Action, Part, Refusal, does, ordered, unfit
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim

if TYPE_CHECKING:
    from catnet.symmetry.reps import Rep


@dataclass(frozen=True)
class Piece:
    """A representation on some components of a pattern, together."""

    names: tuple[str, ...]
    rep: Rep


def regrouped(name: str, acting: Acting, pattern: Pattern, sizes: Mapping[str, Dim], passes: Kind) -> Action:
    """The action on a wire whose last axes go from the left to the right side of a pattern. Names that stand on the
    left alone are reduced; `passes` are the matrices with which that commutes."""
    pieces = [piece for part in acting.actions[0] for piece in _pieces(name, part, pattern, sizes)]
    right = (*pattern.order, *(n for piece in pieces for n in piece.names if n.startswith("^")))
    kept = []
    for piece in pieces:
        lost = [n for n in piece.names if n not in right]
        if not lost:
            if not piece.rep.kind.within(passes):
                raise unfit(name, piece.rep)
            kept.append(piece)
        elif len(lost) < len(piece.names):
            raise Refusal(f"`{name}` reduces some of the axes on which `{piece.rep}` acts together")
        elif not piece.rep.kind.within(Kind.PERMUTATION):
            remedy = "an invariant of a vector is `dot` with itself"
            raise Refusal(f"`{name}` reduces an axis, and `{piece.rep}` {does(piece.rep)} its entries", remedy)
    return ordered(tuple(_joined(name, acting, pattern, sizes, kept)))


def _pieces(name: str, part: Part, pattern: Pattern, sizes: Mapping[str, Dim]) -> list[Piece]:
    """A part of the action on the components of its axes."""
    count = len(pattern.left)
    groups = [pattern.left[at] if -at <= count else (f"^{-at - count}",) for at in part.axes]
    if not all(groups):
        raise Refusal(f"`{name}` removes an axis on which `{part.rep}` acts", "make it invariant first")
    names = tuple(n for group in groups for n in group)
    factors = factored(part.rep, [sizes[n] for n in names]) if len(groups) == 1 and len(names) > 1 else None
    if factors is None:
        return [Piece(names, part.rep)]
    return [Piece((n,), rep) for n, rep in zip(names, factors, strict=True) if rep.kind is not Kind.TRIVIAL]


def factored(rep: Rep, sizes: Sequence[Dim]) -> list[Rep] | None:
    """A representation as a tensor product of factors of these dimensions; None where it does not fall apart so.

    >>> from catnet.symmetry.constructors import O, vector
    >>> factored(4 * vector(O(3)), [Dim.const(2), Dim.const(2), Dim.const(3)])
    [2*trivial(O(3)), 2*trivial(O(3)), vector(O(3))]
    """
    from catnet.symmetry.reps_leaves import Trivial
    from catnet.symmetry.reps_nodes import direct_sum, tensor_product

    left = _factors(rep)
    found: list[Rep] = []
    for size in sizes:
        taken: list[Rep] = []
        while size != 1:
            if not left:
                return None
            factor = left.pop(0)
            over = _divided(size, factor.dim)
            if over is None:
                fits = _divided(factor.dim, size) if factor.kind is Kind.TRIVIAL else None
                if fits is None:
                    return None
                left.insert(0, direct_sum([(fits, Trivial(rep.group))]))
                factor, over = direct_sum([(size, Trivial(rep.group))]), Dim.const(1)
            taken.append(factor)
            size = over
        found.append(tensor_product(taken) if taken else Trivial(rep.group))
    return found if all(factor.dim == 1 and factor.kind is Kind.TRIVIAL for factor in left) else None


def _factors(rep: Rep) -> list[Rep]:
    """The tensor factors, copies of one representation being a factor in front."""
    from catnet.symmetry.reps_leaves import Trivial
    from catnet.symmetry.reps_nodes import Sum, Tensor, direct_sum

    if isinstance(rep, Sum) and len(rep.parts) == 1 and not isinstance(rep.parts[0][1], Trivial):
        count, block = rep.parts[0]
        return [direct_sum([(count, Trivial(rep.group))]), *_factors(block)]
    return list(rep.factors) if isinstance(rep, Tensor) else [rep]


def _divided(a: Dim, b: Dim) -> Dim | None:
    """The quotient, where it is a dimension."""
    if a == b:
        return Dim.const(1)
    if a.value is not None and b.value is not None:
        return None if a.value % b.value else Dim.const(a.value // b.value)
    quotient = a // b
    return quotient if quotient * b == a else None


def _joined(
    name: str, acting: Acting, pattern: Pattern, sizes: Mapping[str, Dim], pieces: Sequence[Piece]
) -> list[Part]:
    """The parts on the axes of the right side."""
    owner = {n: piece for piece in pieces for n in piece.names}
    place = {n: i - len(pattern.right) for i, group in enumerate(pattern.right) for n in group}
    alone = {group[0] for group in pattern.right if len(group) == 1}
    parts = []
    for piece in pieces:
        if all(n in alone or n.startswith("^") for n in piece.names):
            axes = tuple(-len(pattern.right) - int(n[1:]) if n.startswith("^") else place[n] for n in piece.names)
            parts.append(Part(axes, piece.rep))
        elif len({place.get(n) for n in piece.names}) > 1:
            raise Refusal(f"`{name}` joins some of the axes on which `{piece.rep}` acts together with others")
    for at, group in enumerate(pattern.right):
        if len(group) > 1 and any(n in owner for n in group):
            parts.append(Part((at - len(pattern.right),), _product(name, acting, group, owner, sizes)))
    return parts


def _product(
    name: str, acting: Acting, group: Sequence[str], owner: Mapping[str, Piece], sizes: Mapping[str, Dim]
) -> Rep:
    """The tensor product on one joined axis."""
    factors: list[Rep] = []
    left = list(group)
    while left:
        piece = owner.get(left[0])
        names = (left[0],) if piece is None else piece.names
        if tuple(left[: len(names)]) != names:
            raise Refusal(f"`{name}` changes the order of the axes on which `{owner[left[0]].rep}` acts together")
        factors.append(plain(acting, sizes[left[0]]) if piece is None else piece.rep)
        del left[: len(names)]
    return reduce(lambda a, b: a @ b, factors)
