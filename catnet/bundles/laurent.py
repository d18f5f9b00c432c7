"""Laurent polynomials and their quotients: the normal form of expressions in coordinates, parameters and phases.

A monomial is a sorted tuple of pairs (key, exponent). The key of a plain name x is `("x",)`; the phase exp(i phi) has
`("phi",)` and exp(i m n phi) has `("phi", "m", "n")`: for distinct products of integers these are independent
functions. exp(i pi m) has `("pi", "m")`, of order two. So a sum of such terms is zero for all values exactly
when every coefficient is, and equality of quotients is decided by multiplying out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction

from catnet.symmetry.exact import Number, inverse, simple

Key = tuple[str, ...]
Monomial = tuple[tuple[Key, int | Fraction], ...]
Polynomial = dict[Monomial, Number]
"""From monomials to coefficients that are not zero."""

WORK = 150_000
"""How many terms are multiplied or subtracted at most for one question: about a second."""

CANCELLED = 64  # terms of a numerator that is worth dividing


class TooLarge(Exception):
    """A normal form beyond the budget; what is asked is then tested by numbers."""


_LEFT: ContextVar[list[int] | None] = ContextVar("_LEFT", default=None)


@contextmanager
def budget(work: int = WORK) -> Iterator[None]:
    """Bound the work of what is done inside; over it, `TooLarge` is raised. An outer bound stays in force."""
    if _LEFT.get() is not None:
        yield
        return
    token = _LEFT.set([work])
    try:
        yield
    finally:
        _LEFT.reset(token)


def _spend(work: int) -> None:
    left = _LEFT.get()
    if left is not None:
        left[0] -= work
        if left[0] < 0:
            raise TooLarge


def monomial(powers: Iterable[tuple[Key, int | Fraction]]) -> Monomial:
    """The monomial of these powers: equal keys joined, powers of exp(i pi m) taken modulo two."""
    found: dict[Key, int | Fraction] = {}
    for key, power in powers:
        found[key] = found.get(key, 0) + power
    for key in [key for key in found if key[0] == "pi" and len(key) > 1]:
        found[key] %= 2
    return tuple(sorted((key, simple(power)) for key, power in found.items() if power))


def constant(value: Number) -> Polynomial:
    return {(): value} if value else {}


def plus(left: Polynomial, right: Polynomial) -> Polynomial:
    result = dict(left)
    for at, x in right.items():
        if total := result.get(at, 0) + x:
            result[at] = total
        else:
            result.pop(at, None)
    return result


def times(left: Polynomial, right: Polynomial) -> Polynomial:
    """The product. Raises `TooLarge` over the budget."""
    _spend(len(left) * len(right))
    result: Polynomial = {}
    for a, x in left.items():
        for b, y in right.items():
            at = monomial((*a, *b)) if a and b else a or b
            result[at] = result.get(at, 0) + x * y
    return {at: x for at, x in result.items() if x}


def scaled(polynomial: Polynomial, factor: Number, shift: Monomial = ()) -> Polynomial:
    """The product with one term."""
    return {monomial((*at, *shift)) if shift else at: factor * x for at, x in polynomial.items()} if factor else {}


def inverted(at: Monomial) -> Monomial:
    return tuple((key, -power) for key, power in at)


def content(polynomial: Polynomial) -> Monomial:
    """The greatest monomial that divides all terms. (No more is taken out: a name may be zero somewhere.)"""
    powers = [dict(at) for at in polynomial]
    keys = {key for at in powers for key in at}
    return monomial((key, min(at.get(key, 0) for at in powers)) for key in keys)


def ordered(polynomial: Polynomial) -> list[Monomial]:
    """The monomials, greatest first, in the lexicographic order of exponents."""
    keys = sorted({key for at in polynomial for key, _ in at})

    def exponents(at: Monomial) -> tuple[int | Fraction, ...]:
        powers = dict(at)
        return tuple(powers.get(key, 0) for key in keys)

    return sorted(polynomial, key=exponents, reverse=True)


def divided(numerator: Polynomial, denominator: Polynomial) -> Polynomial | None:
    """The exact quotient of Laurent polynomials; None where the denominator does not divide.

    Leading terms cancel one by one; a quotient has no term below that of the trailing ones.
    """
    if not numerator:
        return {}
    order = ordered(denominator)
    first, last = order[0], order[-1]
    lead = inverse(denominator[first])
    rest = numerator
    result: Polynomial = {}
    least = monomial((*ordered(numerator)[-1], *inverted(last)))
    while rest:
        _spend(len(rest) + len(denominator))
        top = ordered(rest)[0]
        at = monomial((*top, *inverted(first)))
        if at in result or ordered({at: 1, least: 1})[0] != at or len(result) > len(numerator):
            return None
        result[at] = rest[top] * lead
        rest = plus(rest, scaled(denominator, -result[at], at))
    return result


Factor = frozenset[tuple[Monomial, Number]]
Factors = tuple[tuple[Factor, int], ...]


@dataclass(frozen=True)
class Ratio:
    """A quotient of Laurent polynomials; the denominator is a product of powers of polynomials, leading term one."""

    top: Polynomial
    below: Factors = ()

    def __add__(self, other: Ratio) -> Ratio:
        if self.below == other.below:
            return Ratio(plus(self.top, other.top), self.below)
        mine, theirs = dict(self.below), dict(other.below)
        common = {factor: max(mine.get(factor, 0), theirs.get(factor, 0)) for factor in {**mine, **theirs}}
        left = _lifted(self.top, mine, common)
        return Ratio(plus(left, _lifted(other.top, theirs, common)), tuple(common.items()))

    def __mul__(self, other: Ratio) -> Ratio:
        powers = dict(self.below)
        for factor, count in other.below:
            powers[factor] = powers.get(factor, 0) + count
        return Ratio(times(self.top, other.top), tuple(powers.items())).cancelled()

    def inverse(self) -> Ratio:
        """One over this; `ZeroDivisionError` for zero."""
        if not self.top:
            raise ZeroDivisionError
        unit: Polynomial = {inverted(content(self.top)): inverse(self.top[ordered(self.top)[0]])}
        below = times(self.top, unit)
        top = unit
        for factor, count in self.below:
            for _ in range(count):
                top = times(top, dict(factor))
        return Ratio(top) if len(below) == 1 else Ratio(top, ((frozenset(below.items()), 1),)).cancelled()

    def cancelled(self) -> Ratio:
        """With factors of the denominator that divide the numerator cancelled."""
        top, left = self.top, []
        for factor, count in self.below if top else ():
            while count and len(top) <= CANCELLED and (quotient := divided(top, dict(factor))) is not None:
                top, count = quotient, count - 1
            if count:
                left.append((factor, count))
        return Ratio(top, tuple(left))


def _lifted(top: Polynomial, have: Mapping[Factor, int], want: Mapping[Factor, int]) -> Polynomial:
    for factor, count in want.items():
        for _ in range(count - have.get(factor, 0)):
            top = times(top, dict(factor))
    return top
