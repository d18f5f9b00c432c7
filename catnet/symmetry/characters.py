"""How many intertwiners there are, counted by characters: dim Hom(V, W) is the average of chi_V(1/g) chi_W(g)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from catnet.diagnostics import CatnetError, fail
from catnet.symmetry.exact import Number
from catnet.symmetry.groups import FiniteGroup
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_nodes import dual
from catnet.symmetry.strata import constant_term, multiply


@dataclass(frozen=True)
class Count:
    """A dimension of Hom(V, W) over the field, and how it was counted."""

    dimension: int
    method: str


def count(source: Rep, target: Rep) -> Count:
    """The dimension of the space of intertwiners from `source` to `target`, without looking for any.

    Finite groups: the average over conjugacy classes, or, where these are too many to list and both representations
    are sums and products of permutation representations, orbits of point stabilisers (Schreier-Sims). Lie groups:
    weights on a torus, component by component; for one that is not compact, on the compact form of its
    complexification, with dimensions over R that are those over C. Raises E0709 for representations of two groups,
    E0707 where no method fits the budget, E0708 for symbolic sizes, E0713 where the weights are not known.

    >>> from catnet.symmetry import SO, S, vector
    >>> V = vector(S(5))
    >>> count(V @ V, V @ V)
    Count(dimension=15, method='class functions')
    >>> V = vector(SO(1, 3))
    >>> count(V @ V, V @ V)
    Count(dimension=4, method='weights on a torus')
    """
    if source.group != target.group:
        fail("E0709", f"`{source.text}` is a representation of `{source.group}`, `{target.text}` of `{target.group}`")
    if not isinstance(source.group, FiniteGroup):
        return Count(_average(source, target), "weights on a torus")
    try:
        return Count(_average(source, target), "class functions")
    except CatnetError as error:
        if any(diagnostic.code != "E0707" for diagnostic in error.diagnostics):
            raise
        from catnet.symmetry.stabilisers import orbits

        found = orbits(source, target)
        if found is None:
            raise
        return Count(found, "orbits of point stabilisers")


def _average(source: Rep, target: Rep) -> int:
    total: Number = Fraction(0)
    back = dual(source)
    for stratum in source.group.strata():
        left = multiply(back.character(stratum), stratum.measure)
        total = total + stratum.share * constant_term(left, target.character(stratum))
    if not (isinstance(total, (int, Fraction)) and total.denominator == 1 and total >= 0):
        raise AssertionError(f"the character average of {source.text} and {target.text} is {total}")
    return int(total)
