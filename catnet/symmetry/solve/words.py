"""Tensor words: products of natural representations and their duals. Diagrams span their intertwiners."""

from __future__ import annotations

from dataclasses import dataclass

from catnet.symmetry.finite_groups import Symmetric
from catnet.symmetry.general_linear import GeneralLinear
from catnet.symmetry.groups import Group
from catnet.symmetry.lie_groups import Orthogonal, Symplectic, Unitary
from catnet.symmetry.product_groups import DirectProduct
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_leaves import Natural, Trivial
from catnet.symmetry.reps_nodes import Dual, Tensor
from catnet.symmetry.reps_outer import Outer
from catnet.symmetry.solve.diagrams import Space
from catnet.types.dims import Dim


@dataclass(frozen=True)
class Letter:
    """One tensor factor: the number of the group's factor that acts on it, and whether it is the dual."""

    factor: int
    dual: bool = False


@dataclass(frozen=True)
class Word:
    """A tensor word: the natural spaces of the group's factors, their sizes (symbolic too), and the letters."""

    spaces: tuple[Space, ...]
    dims: tuple[Dim, ...]
    letters: tuple[Letter, ...]


def word(rep: Rep) -> Word | None:
    """The representation as a tensor word, None where it is none."""
    factors = factors_of(rep.group)
    spaces = [natural_space(factor) for factor in factors]
    letters = _letters(rep)
    if letters is None or any(space is None for space in spaces):
        return None
    known = tuple(space for space in spaces if space is not None)
    return Word(known, tuple(factor.size or Dim.const(1) for factor in factors), letters)


def _letters(rep: Rep, factor: int = 0) -> tuple[Letter, ...] | None:
    """The letters, with the group's factors counted from a number on."""
    if isinstance(rep, Trivial):
        return ()
    if isinstance(rep, Natural):
        return (Letter(factor),)
    if isinstance(rep, Dual) and isinstance(rep.inner, Natural):
        return (Letter(factor, True),)
    if isinstance(rep, Tensor):
        return _joined([_letters(part, factor) for part in rep.factors])
    if isinstance(rep, Outer):
        parts = []
        for part in rep.parts:
            parts.append(_letters(part, factor))
            factor += len(factors_of(part.group))
        return _joined(parts)
    return None


def _joined(parts: list[tuple[Letter, ...] | None]) -> tuple[Letter, ...] | None:
    return None if None in parts else tuple(letter for part in parts for letter in part or ())


def natural_space(group: Group) -> Space | None:
    """What diagrams need to know of a group's natural representation; None where no diagrams are known."""
    if isinstance(group, Symmetric):
        return Space("S", group.n.value)
    if isinstance(group, Orthogonal):
        negative = group.q.value if group.q.value is not None else 1
        return Space("SO" if group.special else "O", group.size.value, negative)
    if isinstance(group, Symplectic):
        return Space("Sp", group.n.value)
    if isinstance(group, GeneralLinear):
        return Space("GL", group.n.value)
    if isinstance(group, Unitary):
        if not group.special:
            return Space("GL", group.n.value)
        if group.n == 2:  # SU(2) preserves the same form as Sp(2), and has the same invariants
            return Space("Sp", 2)
    return None


def factors_of(group: Group) -> tuple[Group, ...]:
    """The factors of a product, the group itself where it is none."""
    return group.factors if isinstance(group, DirectProduct) else (group,)


def symbols(group: Group) -> list[str]:
    """The names in the sizes of a group."""
    return sorted(set().union(*(dim.symbols for dim in group.parameters)))
