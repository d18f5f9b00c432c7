"""Turning assumptions into substitutions and bounds.

`x % m == 0` becomes `x = m*x'` with a hidden symbol x', `x == e` becomes a substitution, an inequality on
one symbol becomes a lower bound, and everything else is kept as a relation that proves itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import gcd
from typing import Literal

from catnet.types.dims import Dim, DimError, Exp, FloorDiv, Monomial, Symbol
from catnet.types.dims_atoms import UNSIGNED, common, content, monomial, quotient
from catnet.types.dims_floor import divide
from catnet.types.dims_text import MAX_TRIES, coefficient_of
from catnet.types.facts_bounds import Bounds

# `(name, m, r)` for a hidden symbol z with `name == m*z + r`.
Stretch = tuple[str, Dim, Dim]
Kind = Literal["==", "!=", ">="]
Relation = tuple[Kind, Dim]

ROUNDS = 24


def primitive(kind: Kind, dim: Dim) -> Dim:
    """The relation `dim kind 0` with the content divided out; `1 == 0` and its like become constants."""
    nonconstant = {factors: c for factors, c in dim.coefficients.items() if factors}
    factor = content(nonconstant)
    if factor > 1:
        constant, rest = divmod(dim.constant_term, factor)
        if kind != ">=" and rest:
            return Dim.const(1)
        dim = dim.from_terms({**{m: c // factor for m, c in nonconstant.items()}, (): constant})
    if kind != ">=" and dim.coefficients and dim.terms[0][0] < 0:
        dim = -dim
    return dim


@dataclass
class State:
    """What is known, while an assumption is worked in. Names are simplified ones throughout."""

    lower: dict[str, int | None]
    default: int
    substitution: dict[str, Dim] = field(default_factory=dict)
    hidden: dict[str, Stretch] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    contradiction: bool = False
    _changed: bool = False

    def copy(self) -> State:
        """A state of its own, to change."""
        return State(
            dict(self.lower), self.default, dict(self.substitution), dict(self.hidden), list(self.relations),
            self.contradiction,
        )  # fmt: skip

    def bound(self, name: str) -> int | None:
        """The lower bound of a symbol; None if it has none."""
        return self.lower.get(name, self.default)

    def shown(self, dim: Dim) -> Dim:
        """Hidden symbols z replaced: `m*z + r` by the name it stands for, z alone by `(name - r)//m`."""
        # A hidden symbol is described by older ones, so the newest goes first.
        for fresh in reversed(self.hidden):
            name, modulus, offset = self.hidden[fresh]
            dim = _restored(dim, fresh, Dim.sym(name), modulus, offset)
            dim = dim.subst({fresh: (Dim.sym(name) - offset) // modulus})
        return dim

    def bounds(self) -> Bounds:
        """A prover that knows the bounds and the inequalities."""
        return Bounds(self.bound, [dim for kind, dim in self.relations if kind == ">="])

    def reduced(self, kind: Kind, dim: Dim) -> Dim:
        """The relation `dim kind 0` without common factors: its content, and symbols that are positive."""
        shared: Monomial | None = None
        for factors in dim.coefficients:
            shared = factors if shared is None else common(shared, factors)
        positive = {
            atom: power
            for atom, power in shared or ()
            if isinstance(atom, Exp) or (isinstance(atom, Symbol) and (self.bound(atom.name) or 0) > 0)
        }
        if positive:
            by = monomial(positive)
            dim = dim.from_terms({quotient(factors, by) or (): c for factors, c in dim.coefficients.items()})
        return primitive(kind, dim)

    def add(self, kind: Kind, dim: Dim) -> None:
        """Assume `dim kind 0`, and reconsider what was kept until nothing more follows."""
        self._take((kind, dim))
        for _ in range(ROUNDS):
            if not self._changed or self.contradiction:
                return
            self._changed = False
            kept, self.relations = self.relations, []
            for relation in kept:
                self._take(relation)

    def _take(self, relation: Relation) -> None:
        kind, dim = relation
        try:
            dim = self.reduced(kind, dim.subst(self.substitution))
            {"==": self._equation, "!=": self._unequal, ">=": self._inequality}[kind](dim)
        except DimError:
            # Too large to work with: keep it as written.
            self._keep(relation)

    def _keep(self, relation: Relation) -> None:
        if relation not in self.relations:
            self.relations.append(relation)

    def _inequality(self, dim: Dim) -> None:
        if dim.value is not None:
            self.contradiction |= dim.value < 0
            return
        bounds = self.bounds()
        if bounds.nonnegative(dim):
            return
        if bounds.nonnegative(-dim - 1):
            self.contradiction = True
            return
        name = (dim - dim.constant_term).is_symbol
        if name is not None:
            self.lower[name] = -dim.constant_term
            self._changed = True
        elif bounds.nonnegative(-dim):
            self._equation(primitive("==", dim))
        else:
            self._keep((">=", dim))

    def _unequal(self, dim: Dim) -> None:
        if dim.value is not None:
            self.contradiction |= dim.value == 0
            return
        bounds = self.bounds()
        for side in (dim, -dim):
            if bounds.nonnegative(side):
                self._inequality(side - 1)
                return
        self._keep(("!=", dim))

    def _equation(self, dim: Dim) -> None:
        if dim.value is not None:
            self.contradiction |= dim.value != 0
            return
        found = _remainder(dim) or _remainder(-dim)
        if found is not None:
            left, modulus, remainder = found
            self._inequality(primitive(">=", Dim.const(remainder)))
            self._inequality(primitive(">=", modulus - remainder - 1))
            self._divisible(left - remainder, modulus, ("==", dim))
            return
        slopes = self._slopes(dim)
        for name, slope, rest in slopes:
            if abs(slope) == 1:
                self._substitute(name, rest * -slope)
                return
        for _, slope, rest in slopes:
            # 2*h == 3*w: what is left must be even, and then the coefficient divides out.
            before = len(self.substitution)
            self._divisible(rest, Dim.const(abs(slope)), ("==", rest % abs(slope)))
            if len(self.substitution) > before:
                self._equation(primitive("==", dim.subst(self.substitution)))
                return
        self._keep(("==", dim))

    def _slopes(self, dim: Dim) -> list[tuple[str, int, Dim]]:
        """Symbols in which the dimension is linear with a constant slope, best choice to eliminate first."""
        found: list[tuple[str, int, Dim]] = []
        for name in sorted(dim.symbols):
            line = dim.linear_in(name)
            if line is not None and line[0].value:
                found.append((name, line[0].value, line[1]))

        def choice(item: tuple[str, int, Dim]) -> tuple[int, bool, bool]:
            # Metavariables wait to be solved; hidden symbols are better gone than names that a user wrote.
            return abs(item[1]), not item[0].startswith("?"), item[0] not in self.hidden

        return sorted(found, key=choice)

    def _substitute(self, name: str, image: Dim) -> None:
        step = {name: image}
        self.substitution = {key: value.subst(step) for key, value in self.substitution.items()}
        self.substitution[name] = image
        self._changed = True
        low = self.bound(name)
        if low is not None:
            self._inequality(primitive(">=", image - low))

    def _divisible(self, dim: Dim, modulus: Dim, otherwise: Relation) -> None:
        """Assume `dim % modulus == 0`."""
        self._inequality(primitive(">=", modulus - 1))
        dim, modulus = _cancelled(dim, modulus)
        dim = divide(dim, modulus)[1]
        if dim.value == 0 or modulus.value == 1:
            return
        if dim.value is not None and modulus.value is not None:
            self.contradiction = True
            return
        for name, slope, rest in self._slopes(dim):
            constant = modulus.value
            invertible = abs(slope) == 1 or (constant is not None and gcd(slope, constant) == 1)
            if name in modulus.symbols or not invertible:
                continue
            offset = rest * -slope if constant is None else rest * -pow(slope, -1, constant)
            self._stretch(name, modulus, divide(offset, modulus)[1])
            return
        self._keep(otherwise)

    def _stretch(self, name: str, modulus: Dim, offset: Dim) -> None:
        """`name = modulus * fresh + offset`."""
        low = self._stretched_bound(self.bound(name), modulus, offset)
        mark = UNSIGNED if low is None or low < 0 else "'"
        fresh = name + mark
        while fresh in self.hidden:
            fresh += mark
        self.lower[fresh] = low
        self.hidden[fresh] = (name, modulus, offset)
        self._substitute(name, modulus * Dim.sym(fresh) + offset)

    def _stretched_bound(self, low: int | None, modulus: Dim, offset: Dim) -> int | None:
        """A lower bound of z where `modulus * z + offset >= low` and the modulus is at least 1."""
        if low is None:
            return None
        gap = low - offset
        if gap.value is not None and modulus.value is not None:
            return -(-gap.value // modulus.value)
        bounds = self.bounds()
        for floor in (1, 0):
            if bounds.nonnegative(gap - floor):
                return floor
        return gap.value


def _remainder(dim: Dim) -> tuple[Dim, Dim, int] | None:
    """`(a, b, r)` where `dim == 0` says `a % b == r`, that is `a - b*(a//b) - r`."""
    floors = [atom for atom in dim.atoms() if isinstance(atom, FloorDiv)]
    for atom in floors if len(floors) <= MAX_TRIES else ():
        split = coefficient_of(dim, atom)
        if split is None:
            continue
        modulus, rest = -split[0], split[1]
        if modulus.value is not None and modulus.value < 2:
            continue
        left = rest - rest.constant_term + atom.numerator.constant_term
        if left // modulus == dim.from_terms({((atom, 1),): 1}):
            return left, modulus, (left - rest).constant_term
    return None


def _cancelled(dim: Dim, modulus: Dim) -> tuple[Dim, Dim]:
    """Both without their common content and common monomial."""
    factor = content(dim.coefficients, content(modulus.coefficients))
    shared = next(iter(dim.coefficients), ())
    for factors in (*dim.coefficients, *modulus.coefficients):
        shared = common(shared, factors)
    if not dim.coefficients:
        return dim, modulus

    def shrink(d: Dim) -> Dim:
        return d.from_terms({quotient(m, shared) or (): c // factor for m, c in d.coefficients.items()})

    return shrink(dim), shrink(modulus)


def _restored(dim: Dim, fresh: str, name: Dim, modulus: Dim, offset: Dim) -> Dim:
    """Put `name` for `modulus * fresh + offset` wherever that occurs as a whole, also inside atoms."""
    if fresh not in dim.symbols:
        return dim
    dim = dim.map_parts(lambda part: _restored(part, fresh, name, modulus, offset))
    line = dim.linear_in(fresh)
    if line is not None:
        times, rest = divide(line[0], modulus)
        if rest == 0:
            return times * (name - offset) + line[1]
    return dim
