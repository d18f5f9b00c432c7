"""Tier 0: irreducibles that are known by their labels. Schur's lemma says what there is; nothing is solved."""

from __future__ import annotations

from catnet.symmetry.finite_groups import Cyclic, Symmetric
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_irreducible import Harmonic, Spin, Turn
from catnet.symmetry.reps_leaves import Sign, Trivial
from catnet.symmetry.solve.linear import Element
from catnet.symmetry.solve.solution import Solution
from catnet.symmetry.solve.words import factors_of


def by_schur(source: Rep, target: Rep) -> Solution | None:
    """The intertwiners of two irreducibles; None where one of the two is not known to be irreducible.

    Different ones have none. Those of an irreducible with itself are the multiples of one, and for the plane that
    C(n) turns the turns too: it is of complex type.
    """
    if not all(isinstance(rep, Trivial | Sign | Turn | Harmonic | Spin) for rep in (source, target)):
        return None
    if source != target:
        alike_at_one = [f for f in factors_of(source.group) if isinstance(f, Symmetric) and f.is_symbolic]
        return Solution(0, 0, list, None, {str(f.size): 2 for f in alike_at_one})  # S(1) has one irreducible
    turns: list[Element] = [{(0, 1): -1, (1, 0): 1}]
    more = turns if isinstance(source, Turn) and isinstance(source.group, Cyclic) else []
    return Solution(0, 1 + len(more), lambda: [{(i, i): 1 for i in range(source.number())}, *more])
