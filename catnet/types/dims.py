"""Dimensions: integer expressions over names, held in a normal form that decides equality fast.

A dimension is a polynomial with integer coefficients over atoms: symbols, floor divisions, exponentials,
maxima and minima. `%` is rewritten by `a % b == a - b*(a//b)`, nested floors are flattened and exact
multiples leave a floor (`dims_floor`). Symbols stand for positive integers; sharper bounds belong to
`catnet.types.facts`. Divisors are taken to be positive: two dimensions with one normal form agree wherever
both are defined as written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from catnet.types.dims_atoms import (
    MAX_BITS,
    MAX_POWER,
    MAX_TERMS,
    Atom,
    DimError,
    Exp,
    Extremum,
    FloorDiv,
    Monomial,
    Symbol,
    Terms,
    bounded,
    bounded_power,
    is_mixed,
    order,
    times,
)
from catnet.types.dims_extremum import evaluate_atom, extremum
from catnet.types.dims_floor import floor_divide
from catnet.types.dims_powers import gather, power_of, root
from catnet.types.dims_text import dim_text

__all__ = ["Atom", "Dim", "DimError", "Exp", "Extremum", "FloorDiv", "Monomial", "Symbol"]


class Dim:
    """An immutable, hashable integer expression over names, kept in normal form."""

    __slots__ = ("_hash", "_key", "_symbols", "_value", "coefficients")
    coefficients: Terms
    _value: int | None
    _hash: int | None
    _key: tuple[Any, ...] | None
    _symbols: frozenset[str] | None

    # Making dimensions

    @staticmethod
    def const(n: int) -> Dim:
        """The constant n."""
        if -1 <= n <= 1024:
            return _SMALL[n + 1]
        return _constant(n)

    @staticmethod
    @lru_cache(maxsize=4096)
    def sym(name: str) -> Dim:
        """The symbol of this name."""
        return _raw({((Symbol(name), 1),): 1})

    @staticmethod
    def max(*dims: Dim | int) -> Dim:
        """The greatest of the dimensions."""
        return extremum("max", [_dim(dim) for dim in dims])

    @staticmethod
    def min(*dims: Dim | int) -> Dim:
        """The least of the dimensions."""
        return extremum("min", [_dim(dim) for dim in dims])

    @staticmethod
    def from_terms(terms: Terms) -> Dim:
        """The polynomial with these coefficients; zeros may be present, atoms must be in normal form."""
        return _collect(terms)

    # Looking inside

    @property
    def value(self) -> int | None:
        """The constant, if it is one."""
        return self._value

    @property
    def is_symbol(self) -> str | None:
        """The name, if this is exactly one bare symbol."""
        if len(self.coefficients) == 1:
            ((factors, coefficient),) = self.coefficients.items()
            if coefficient == 1 and len(factors) == 1 and factors[0][1] == 1:
                atom = factors[0][0]
                return atom.name if isinstance(atom, Symbol) else None
        return None

    @property
    def symbols(self) -> frozenset[str]:
        """All names that occur, also inside atoms."""
        if self._symbols is None:
            names: set[str] = set()
            for atom in self.atoms():
                if isinstance(atom, Symbol):
                    names.add(atom.name)
                for part in atom.parts:
                    names |= part.symbols
            self._symbols = frozenset(names)
        return self._symbols

    @property
    def terms(self) -> tuple[tuple[int, Monomial], ...]:
        """Pairs of coefficient and monomial, greatest monomial first and the constant last."""
        return tuple((self.coefficients[m], m) for m in sorted(self.coefficients, key=order))

    @property
    def constant_term(self) -> int:
        """The coefficient of the empty monomial."""
        return self.coefficients.get((), 0)

    @property
    def key(self) -> tuple[Any, ...]:
        """Orders dimensions, the same way in every run."""
        if self._key is None:
            self._key = tuple(sorted((order(factors), c) for factors, c in self.coefficients.items()))
        return self._key

    def atoms(self) -> list[Atom]:
        """The distinct atoms of the polynomial itself (not those inside other atoms), in order."""
        found = {atom for factors in self.coefficients for atom, _ in factors}
        return sorted(found, key=lambda atom: atom.key)

    def linear_in(self, name: str) -> tuple[Dim, Dim] | None:
        """`(a, b)` with `self == a*name + b`, both free of the name; None where there is no such pair."""
        symbol = Symbol(name)
        slope: Terms = {}
        rest: Terms = {}
        for factors, coefficient in self.coefficients.items():
            power = 0
            for atom, count in factors:
                if atom == symbol:
                    power = count
                elif any(name in part.symbols for part in atom.parts):
                    return None
            if power > 1:
                return None
            if power:
                slope[tuple(item for item in factors if item[0] != symbol)] = coefficient
            else:
                rest[factors] = coefficient
        return _raw(slope), _raw(rest)

    # Arithmetic

    def __add__(self, other: Dim | int) -> Dim:
        if other.__class__ is not Dim:
            if not isinstance(other, int):
                return NotImplemented
            other = Dim.const(other)
        a, b = self._value, other._value
        if b is not None:
            if a is not None:
                return Dim.const(a + b)
            if b == 0:
                return self
        elif a == 0:
            return other
        terms = dict(self.coefficients)
        for factors, coefficient in other.coefficients.items():
            terms[factors] = terms.get(factors, 0) + coefficient
        return _collect(terms)

    __radd__ = __add__

    def __neg__(self) -> Dim:
        if self._value is not None:
            return Dim.const(-self._value)
        return _raw({factors: -coefficient for factors, coefficient in self.coefficients.items()})

    def __sub__(self, other: Dim | int) -> Dim:
        if not isinstance(other, (Dim, int)):
            return NotImplemented
        return self + -other

    def __rsub__(self, other: int) -> Dim:
        return -self + other

    def __mul__(self, other: Dim | int) -> Dim:
        if other.__class__ is not Dim:
            if not isinstance(other, int):
                return NotImplemented
            other = Dim.const(other)
        a, b = self._value, other._value
        if a is not None and b is not None:
            return Dim.const(a * b)
        if a == 1:
            return other
        if b == 1:
            return self
        return _product(self.coefficients, other.coefficients)

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim | int) -> Dim:
        if not isinstance(other, (Dim, int)):
            return NotImplemented
        return floor_divide(self, _dim(other))

    def __rfloordiv__(self, other: int) -> Dim:
        return floor_divide(_dim(other), self)

    def __mod__(self, other: Dim | int) -> Dim:
        if not isinstance(other, (Dim, int)):
            return NotImplemented
        return self - floor_divide(self, _dim(other)) * other

    def __rmod__(self, other: int) -> Dim:
        return _dim(other) % self

    def __pow__(self, other: Dim | int) -> Dim:
        if not isinstance(other, (Dim, int)):
            return NotImplemented
        exponent = _dim(other)
        if exponent._value is not None:
            return _small_power(self, exponent._value)
        if self._value is None:
            raise DimError(f"the base of a symbolic power must be a constant: ({self})^({exponent})")
        if self._value < 1:
            raise DimError(f"the base of a symbolic power must be positive: ({self})^({exponent})")
        if self._value == 1:
            return self
        base, degree = root(self._value)
        coefficient, factors = power_of(base, exponent * degree)
        return _collect({factors: coefficient})

    def __rpow__(self, other: int) -> Dim:
        return _dim(other) ** self

    # Replacing and evaluating

    def subst(self, mapping: Mapping[str, Dim | int]) -> Dim:
        """Replace names, all at once, and normalise again."""
        if self._value is not None or self.symbols.isdisjoint(mapping):
            return self
        return self._map(lambda atom: _substitute(atom, mapping))

    def map_parts(self, change: Callable[[Dim], Dim]) -> Dim:
        """Replace the dimensions inside atoms (numerators, exponents, arguments) and normalise again."""
        if all(isinstance(atom, Symbol) for factors in self.coefficients for atom, _ in factors):
            return self
        return self._map(
            lambda atom: (
                _rebuilt(atom, [change(part) for part in atom.parts]) if atom.parts else _raw({((atom, 1),): 1})
            )
        )

    def _map(self, change: Callable[[Atom], Dim]) -> Dim:
        """The polynomial with its atoms replaced."""
        result: Terms = {}
        for factors, coefficient in self.coefficients.items():
            product = Dim.const(coefficient)
            for atom, power in factors:
                image = change(atom)
                product = product * (image if power == 1 else _small_power(image, power))
            for others, c in product.coefficients.items():
                result[others] = result.get(others, 0) + c
        return _collect(result)

    def evaluate(self, mapping: Mapping[str, int]) -> int:
        """The integer that this is under an assignment of its names; DimError where it is undefined."""
        if self._value is not None:
            return self._value
        total = 0
        for factors, coefficient in self.coefficients.items():
            for atom, power in factors:
                number = evaluate_atom(atom, mapping)
                coefficient *= number if power == 1 else bounded_power(number, power)
            total += coefficient
        return bounded(total)

    # Identity and text

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if other.__class__ is Dim:
            return self._value == other._value and self.coefficients == other.coefficients
        if isinstance(other, int):
            return self._value == other
        return NotImplemented

    def __hash__(self) -> int:
        if self._hash is None:
            # A constant hashes as its integer because it also equals it.
            value = self._value
            self._hash = hash(frozenset(self.coefficients.items()) if value is None else value)
        return self._hash

    def __str__(self) -> str:
        return dim_text(self)

    def __repr__(self) -> str:
        return f"Dim({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Dim.from_terms, (self.coefficients,)


def _dim(value: Dim | int) -> Dim:
    return value if isinstance(value, Dim) else Dim.const(value)


def _raw(terms: Terms) -> Dim:
    """A dimension from terms already clean: no zeros, nothing left to merge."""
    dim = object.__new__(Dim)
    dim.coefficients = terms
    dim._value = (0 if not terms else terms.get(())) if len(terms) < 2 else None
    dim._hash = dim._key = dim._symbols = None
    return dim


def _constant(n: int) -> Dim:
    bounded(n)
    dim = object.__new__(Dim)
    dim.coefficients = {(): n} if n else {}
    dim._value = n
    dim._hash = dim._key = dim._symbols = None
    return dim


def _collect(terms: Terms) -> Dim:
    """Drop zeros, merge mixed exponentials and keep to the budget."""
    clean: Terms = {}
    mixed: list[tuple[Monomial, int]] = []
    for factors, coefficient in terms.items():
        if coefficient:
            if factors and factors[0][0].__class__ is Exp and is_mixed(factors):
                mixed.append((factors, coefficient))
            else:
                clean[factors] = coefficient
                if coefficient.bit_length() > MAX_BITS:
                    bounded(coefficient)
    if mixed:
        gather(mixed, clean)
    if len(clean) > MAX_TERMS:
        raise DimError(f"dimension polynomial has more than {MAX_TERMS} terms")
    return _raw(clean)


def _product(left: Terms, right: Terms) -> Dim:
    if len(left) * len(right) > 64 * MAX_TERMS:
        raise DimError(f"dimension polynomial has more than {MAX_TERMS} terms")
    result: Terms = {}
    for factors, coefficient in left.items():
        for others, c in right.items():
            product = times(factors, others)
            result[product] = result.get(product, 0) + coefficient * c
        if len(result) > MAX_TERMS:
            raise DimError(f"dimension polynomial has more than {MAX_TERMS} terms")
    return _collect(result)


def _small_power(base: Dim, exponent: int) -> Dim:
    if exponent < 0:
        raise DimError(f"negative exponent in a dimension: ({base})^({exponent})")
    if base.value is not None:
        return Dim.const(bounded_power(base.value, exponent))
    if exponent > MAX_POWER and not _is_exponential(base):
        raise DimError(f"the exponent of a symbolic base may be at most {MAX_POWER}, not {exponent}")
    if len(base.coefficients) == 1:
        ((factors, coefficient),) = base.coefficients.items()
        powers = tuple((atom, power * exponent) for atom, power in factors) if exponent else ()
        return _collect({powers: bounded_power(coefficient, exponent)})
    result = Dim.const(1)
    for bit in bin(exponent)[2:]:
        result = result * result
        if bit == "1":
            result = result * base
    return result


def _is_exponential(base: Dim) -> bool:
    return len(base.coefficients) == 1 and all(isinstance(atom, Exp) for atom in base.atoms())


def _substitute(atom: Atom, mapping: Mapping[str, Dim | int]) -> Dim:
    """The atom with names replaced, in normal form."""
    if isinstance(atom, Symbol):
        image = mapping.get(atom.name)
        return _raw({((atom, 1),): 1}) if image is None else _dim(image)
    return _rebuilt(atom, [part.subst(mapping) for part in atom.parts])


def _rebuilt(atom: Atom, images: list[Dim]) -> Dim:
    """The atom with its parts replaced, in normal form."""
    if isinstance(atom, FloorDiv):
        return floor_divide(images[0], images[1])
    if isinstance(atom, Exp):
        return Dim.const(atom.base) ** images[0]
    assert isinstance(atom, Extremum)
    return extremum(atom.kind, images)


_SMALL = [_constant(n) for n in range(-1, 1025)]
