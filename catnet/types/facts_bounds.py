"""Proofs that a dimension is never negative.

Symbols are shifted by their lower bounds, so that a polynomial without negative coefficients is enough.
Floors, maxima and minima are traded for what bounds them, one at a time:

    n - s + 1 <= s * (n//s) <= n        0 <= n//s <= n  for n >= 0, s >= 1
    base^e >= 1 + e                     max(a, b) >= a

and D >= 0 follows from `s*D + s - 1 >= 0`, since D is an integer. Each step is sound; the search is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from catnet.types.dims import Atom, Dim, DimError, Exp, Extremum, FloorDiv, Symbol
from catnet.types.dims_atoms import Monomial, quotient
from catnet.types.dims_text import coefficient_of

Lower = Callable[[str], int | None]

STEPS = 160
MAX_SEARCHED = 40


def shifted(dim: Dim, lower: Lower) -> Dim:
    """The dimension over symbols counted from their lower bounds."""
    moves = {name: Dim.sym(name) + low for name in dim.symbols if (low := lower(name))}
    return dim.subst(moves)


class Bounds:
    """Proves `dim >= 0` from lower bounds of symbols and from dimensions known not to be negative."""

    def __init__(self, lower: Lower, known: Sequence[Dim] = ()) -> None:
        self._lower = lower
        self._known = [_opened(shifted(dim, lower)) for dim in known]
        self._atoms: dict[Atom, bool] = {}
        self._steps = 0

    def nonnegative(self, dim: Dim) -> bool:
        """True only if the dimension is at least 0 wherever it is defined and the facts hold."""
        self._steps = STEPS
        # What was not shown may be shown with fresh steps: answers must not depend on earlier questions.
        self._atoms.clear()
        try:
            return self._prove(shifted(dim, self._lower), 3)
        except DimError:
            return False

    def _prove(self, dim: Dim, depth: int) -> bool:
        self._steps -= 1 + len(dim.coefficients) // 4
        if self._steps < 0:
            return False
        dim = _opened(dim)
        if dim.value is not None:
            return dim.value >= 0
        if self._plain(dim):
            return True
        if len(dim.coefficients) > MAX_SEARCHED:
            return False
        if any(self._prove(step, depth) for step in self._relaxed(dim)) or self._all_cases(dim, depth):
            return True
        return depth > 0 and any(self._prove(step, depth - 1) for step in self._by_known(dim))

    def _plain(self, dim: Dim) -> bool:
        return all(c > 0 for c in dim.coefficients.values()) and all(map(self._atom, dim.atoms()))

    def _atom(self, atom: Atom) -> bool:
        if isinstance(atom, Symbol):
            return atom.name.startswith("^") or self._lower(atom.name) is not None
        if atom not in self._atoms:
            self._atoms[atom] = False
            if isinstance(atom, FloorDiv):
                self._atoms[atom] = self._prove(atom.numerator, 1)
            elif isinstance(atom, Extremum):
                quantifier = any if atom.kind == "max" else all
                self._atoms[atom] = quantifier(self._prove(part, 1) for part in atom.arguments)
            else:
                self._atoms[atom] = True
        return self._atoms[atom]

    def _relaxed(self, dim: Dim) -> Iterable[Dim]:
        """Dimensions any one of which must be nonnegative for this one to be so."""
        for atom in dim.atoms():
            if not isinstance(atom, (FloorDiv, Extremum)) or not (split := coefficient_of(dim, atom)):
                continue
            slope, rest = split
            up = self._plain(slope)
            if not up and not self._plain(-slope):
                continue
            if isinstance(atom, Extremum):
                if up == (atom.kind == "max"):
                    yield from (slope * part + rest for part in atom.arguments)
                continue
            top, bottom = atom.numerator, atom.denominator
            if up:
                if self._atom(atom):
                    yield rest
                yield slope * (top - bottom + 1) + bottom * rest + bottom - 1
            else:
                yield slope * top + bottom * rest + bottom - 1
                if self._atom(atom):
                    yield slope * top + rest

    def _all_cases(self, dim: Dim, depth: int) -> bool:
        """A minimum counted up, or a maximum counted down: each argument must do."""
        for atom in dim.atoms():
            if isinstance(atom, Extremum) and (split := coefficient_of(dim, atom)):
                slope, rest = split
                if self._plain(slope if atom.kind == "min" else -slope):
                    return all(self._prove(slope * part + rest, depth) for part in atom.arguments)
        return False

    def _by_known(self, dim: Dim) -> Iterable[Dim]:
        """Take away multiples of what is known nonnegative, such that a negative term goes."""
        for factors, coefficient in dim.coefficients.items():
            if coefficient >= 0:
                continue
            for fact in self._known:
                for others, c in fact.coefficients.items():
                    ratio = quotient(factors, others) if c < 0 else None
                    if ratio is not None and self._plain(dim.from_terms({ratio: 1})):
                        yield dim - fact * dim.from_terms({ratio: -(-coefficient // c)})


def _opened(dim: Dim) -> Dim:
    """Write each exponential `b^e` as `1 + e + z` with a symbol z >= 0 of its own, named after it."""
    if not any(isinstance(atom, Exp) for atom in dim.atoms()):
        return dim
    result = Dim.const(0)
    for factors, coefficient in dim.coefficients.items():
        product = dim.from_terms({_without(factors): coefficient})
        for atom, power in factors:
            if isinstance(atom, Exp):
                text = dim.from_terms({((atom, 1),): 1})
                product = product * (Dim.sym(f"^{text}") + 1 + _opened(atom.exponent)) ** power
        result = result + product
    return result


def _without(factors: Monomial) -> Monomial:
    return tuple(item for item in factors if not isinstance(item[0], Exp))
