"""Sizes with what `where` clauses say put in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from catnet.diagrams.costs import total
from catnet.types.dims import Dim
from catnet.types.dims_atoms import FloorDiv, Monomial
from catnet.types.facts import Facts, Pred
from catnet.types.static import assume


class Known:
    """What the `where` clauses of a graph say: with d % 8 == 0, `8*(d//8)` is `d`."""

    def __init__(self, where: Iterable[Any] = ()) -> None:
        self.facts = Facts()
        for clause in where:
            self.facts = assume(clause, True, self.facts)
        self._memo: dict[Dim, Dim] = {}

    def __call__(self, dim: Dim) -> Dim:
        """The size in the words of the clauses."""
        if dim.value is not None or not any(isinstance(atom, FloorDiv) for atom in dim.atoms()):
            return dim
        found = self._memo.get(dim)
        if found is None:
            found = self._memo[dim] = total(self._term(coefficient, factors) for coefficient, factors in dim.terms)
        return found

    def _term(self, coefficient: int, factors: Monomial) -> Dim:
        product = Dim.const(1)
        for atom, power in factors:
            base = Dim.from_terms({((atom, 1),): 1})
            if isinstance(atom, FloorDiv) and (by := atom.denominator.value):
                if coefficient % by**power == 0 and self.facts.holds(Pred.divides(atom.numerator, by)):
                    coefficient //= by**power
                    base = atom.numerator
            product = product * base**power
        return product * coefficient
