"""Atoms and monomials: what the polynomials of `catnet.types.dims` are made of.

A monomial is a sorted tuple of (atom, power). An atom is a symbol, an exponential, a floor division or a
maximum or minimum; each stands for an integer, which is all that the arithmetic of polynomials needs.
This module knows dimensions only by their methods, so that nothing is imported in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from catnet.types.dims import Dim

MAX_TERMS = 4096
MAX_BITS = 4096
MAX_POWER = 64
MAX_DEPTH = 64

# In the name of a symbol: it may be negative. Facts make such symbols; no name that a user writes has it.
UNSIGNED = "~"


class DimError(ValueError):
    """A dimension that is undefined (division by zero, negative exponent) or too large to hold.

    The arguments are a template and what goes into it: sampling meets many of these and reads none.
    """

    def __str__(self) -> str:
        template, *inserts = self.args
        return str(template).format(*inserts)


class Atom:
    """An indivisible integer-valued factor. `key` orders atoms, the same way in every run."""

    __slots__ = ("_hash", "depth", "key", "parts", "size")
    key: tuple[Any, ...]
    parts: tuple[Dim, ...]
    size: int
    depth: int
    _hash: int

    def _contain(self, *parts: Dim) -> None:
        """Hold these dimensions, unless that makes a tree too large or too deep to walk."""
        self.parts = parts
        inside = [(atom.size, atom.depth) for part in parts for factors in part.coefficients for atom, _ in factors]
        self.size = 1 + sum(size for size, _ in inside)
        self.depth = 1 + max((depth for _, depth in inside), default=0)
        if self.size > MAX_TERMS:
            raise DimError(f"dimension has a part with more than {MAX_TERMS} operands")
        if self.depth > MAX_DEPTH:
            raise DimError(f"dimension is nested more than {MAX_DEPTH} deep")

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Atom) and self._hash == other._hash and self.key == other.key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.key[1:]!r}"


class Symbol(Atom):
    """A name standing for an integer."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = (1, name)
        self._hash = hash(name)
        self.parts = ()
        self.size = self.depth = 1


class Exp(Atom):
    """`base ^ exponent` for an integer base above 1 that is no perfect power.

    The exponent is a single monomial with coefficient 1, except where it might be negative (`2^(a - b)`,
    `2^(depth - 1)`): such an atom is `mixed`, and stands for the whole power of that base in its monomial.
    """

    __slots__ = ("base", "exponent", "mixed")

    def __init__(self, base: int, exponent: Dim) -> None:
        self._contain(exponent)
        self.base = base
        self.exponent = exponent
        self.mixed = not is_natural(exponent)
        self.key = (0, base, exponent.key)
        self._hash = hash((base, exponent))


class FloorDiv(Atom):
    """`numerator // denominator`, rounded down; the denominator is taken to be positive."""

    __slots__ = ("denominator", "numerator")

    def __init__(self, numerator: Dim, denominator: Dim) -> None:
        self._contain(numerator, denominator)
        self.numerator = numerator
        self.denominator = denominator
        self.key = (2, numerator.key, denominator.key)
        self._hash = hash((numerator, denominator, 2))


class Extremum(Atom):
    """`max(...)` or `min(...)` of two or more dimensions, flattened and sorted."""

    __slots__ = ("arguments", "kind")

    def __init__(self, kind: Literal["max", "min"], arguments: tuple[Dim, ...]) -> None:
        self._contain(*arguments)
        self.kind: Literal["max", "min"] = kind
        self.arguments = arguments
        self.key = (3, kind, tuple(argument.key for argument in arguments))
        self._hash = hash((kind, arguments))


Monomial = tuple[tuple[Atom, int], ...]
Terms = dict[Monomial, int]


def monomial(powers: Mapping[Any, int]) -> Monomial:
    """The sorted monomial with these powers, zeros left out."""
    items = [item for item in powers.items() if item[1]]
    if len(items) > 1:
        items.sort(key=lambda item: item[0].key)
    return tuple(items)


def times(left: Monomial, right: Monomial) -> Monomial:
    """The product of two monomials (mixed exponentials are put right later, by `dims_powers`)."""
    if not left:
        return right
    if not right:
        return left
    powers = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0) + power
    return monomial(powers)


def quotient(left: Monomial, right: Monomial) -> Monomial | None:
    """`left / right`, or None where it does not divide."""
    if not right:
        return left
    powers = dict(left)
    for atom, power in right:
        rest = powers.get(atom, 0) - power
        if rest < 0:
            return None
        powers[atom] = rest
    return monomial(powers)


def common(left: Monomial, right: Monomial) -> Monomial:
    """The greatest common divisor of two monomials."""
    powers = dict(right)
    return monomial({atom: min(power, powers.get(atom, 0)) for atom, power in left})


def order(factors: Monomial) -> tuple[Any, ...]:
    """Sort key: graded lexicographic, greatest monomial first, the constant last.

    A true monomial order (well-founded and kept by multiplication), which division by a polynomial relies on.
    """
    return (-sum(power for _, power in factors), tuple((atom.key, -power) for atom, power in factors))


def is_mixed(factors: Monomial) -> bool:
    """Whether a mixed exponential occurs; exponentials sort first, so most monomials answer at once."""
    for atom, _ in factors:
        if atom.__class__ is not Exp:
            return False
        if atom.mixed:
            return True
    return False


def is_natural(dim: Dim) -> bool:
    """Whether a dimension is plainly never negative, symbols being natural numbers.

    Only such exponents may be split: `2^(a + z)` is `2^a * 2^z` in integers only if both powers are integers.
    """
    return all(
        coefficient > 0 and all(_is_natural_atom(atom) for atom, _ in factors)
        for factors, coefficient in dim.coefficients.items()
    )


def _is_natural_atom(atom: Atom) -> bool:
    if isinstance(atom, Symbol):
        return UNSIGNED not in atom.name
    if isinstance(atom, Extremum) and atom.kind == "max":
        return any(map(is_natural, atom.parts))
    return all(map(is_natural, atom.parts))  # not so for a mixed exponential, which the normal form keeps whole


def content(terms: Terms, start: int = 0) -> int:
    """The greatest common divisor of the coefficients."""
    result = start
    for coefficient in terms.values():
        result = gcd(result, coefficient)
        if result == 1:
            break
    return result


def bounded(n: int) -> int:
    """The same integer, unless it is too large to hold."""
    if n.bit_length() > MAX_BITS:
        raise DimError(f"dimension has more than {MAX_BITS} bits")
    return n


def bounded_power(base: int, exponent: int) -> int:
    """`base ** exponent` for an exponent of at least 0, not computed if too large."""
    if abs(base) > 1 and exponent * (abs(base).bit_length() - 1) > MAX_BITS:
        raise DimError(f"dimension has more than {MAX_BITS} bits")
    return int(base**exponent)
