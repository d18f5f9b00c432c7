"""How many intertwiners there are, counted by characters: dim Hom(V, W) is the average of chi_V(1/g) chi_W(g)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from catnet.diagnostics import fail
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
    """The dimension of the space of intertwiners from `source` to `target`, by characters.

    Raises E0709 for representations of two groups, E0707 where no method fits the budget, E0708 for symbolic sizes.
    """
    if source.group != target.group:
        fail("E0709", f"`{source.text}` and `{target.text}` are representations of two groups")
    total: Number = Fraction(0)
    back = dual(source)
    for stratum in source.group.strata():
        left = multiply(back.character(stratum), stratum.measure)
        total = total + stratum.share * constant_term(left, target.character(stratum))
    if not (isinstance(total, (int, Fraction)) and total.denominator == 1 and total >= 0):
        raise AssertionError(f"the character average of {source.text} and {target.text} is {total}")
    return Count(int(total), _method(source))


def _method(rep: Rep) -> str:
    return "class functions" if isinstance(rep.group, FiniteGroup) else "weights on a torus"
