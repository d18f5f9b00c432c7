"""Which sizes decide that one cost is below another, in the shortest words."""

from __future__ import annotations

from itertools import permutations
from math import gcd

from catnet.types.dims import Dim
from catnet.types.dims_atoms import Terms
from catnet.types.facts import Facts, Pred

FEW = 5  # sizes: of more, no pair is looked for
POSITIVE = "'n"  # a name that no size has


def sides(old: Dim, new: Dim) -> tuple[Dim, Dim]:
    """Two sizes of which the first is greater exactly where `old > new`, without what both have in common.

    >>> t, d = Dim.sym("t"), Dim.sym("d")
    >>> sides(t * t * d * 4 + t * t, t * d * d * 4 + t * d)
    (Dim('t'), Dim('d'))
    >>> sides(t * t * 256, t * 64 * 64 * 4)
    (Dim('t'), Dim('64'))
    """
    difference = old - new
    if difference.value is not None:
        return old, new
    names = sorted(difference.symbols)
    for a, b in permutations(names, 2) if len(names) <= FEW else ():
        if _same_as(difference, a, b):
            return Dim.sym(a), Dim.sym(b)
    common = gcd(*difference.coefficients.values())
    shared = _shared(difference)
    left: Terms = {}
    right: Terms = {}
    for factors, coefficient in difference.coefficients.items():
        rest = tuple((atom, power - shared.get(atom, 0)) for atom, power in factors if power > shared.get(atom, 0))
        (left if coefficient > 0 else right)[rest] = abs(coefficient) // common
    return Dim.from_terms(left), Dim.from_terms(right)


def _shared(dim: Dim) -> dict[object, int]:
    """The greatest monomial that divides every term."""
    first, *others = (dict[object, int](factors) for factors in dim.coefficients)
    for powers in others:
        first = {atom: min(power, powers[atom]) for atom, power in first.items() if atom in powers}
    return first


def _same_as(difference: Dim, a: str, b: str) -> bool:
    """Whether a difference is positive exactly where a > b, for all sizes from 1."""
    if difference.subst({a: Dim.sym(b)}).value != 0:
        return False
    facts, more = Facts(), Dim.sym(POSITIVE)
    above, below = difference.subst({a: Dim.sym(b) + more}), difference.subst({b: Dim.sym(a) + more})
    return bool(facts.holds(Pred(">", above, Dim.const(0)))) and bool(facts.holds(Pred(">", -below, Dim.const(0))))
