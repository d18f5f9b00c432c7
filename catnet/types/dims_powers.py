"""Normal form of powers of a constant with a symbolic exponent, such as `2^depth`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from catnet.types.dims_atoms import (
    DimError,
    Exp,
    Monomial,
    Terms,
    bounded,
    bounded_power,
    is_natural,
    monomial,
    times,
)

if TYPE_CHECKING:
    from catnet.types.dims import Dim


def power_of(base: int, exponent: Dim, coefficient: int = 1) -> tuple[int, Monomial]:
    """`coefficient * base ^ exponent` as a coefficient and a monomial, split where no part may be negative.

    `2^(a + b + 3)` gives 8 and `2^a * 2^b`; in `2^(depth - 1)` the constant stays, unless the coefficient
    has the factors to pay for it: `2 * 2^(depth - 1)` is `2^depth`. Factors join the exponent of a
    difference, never leave it: `2^(1 - a)` is 1 at a = 1, where `2 * 2^(-a)` has no value.
    """
    constant = exponent.constant_term
    free = exponent - constant
    splits = is_natural(free)
    while coefficient and coefficient % base == 0 and not (splits and constant >= 0):
        coefficient //= base
        constant += 1
    if not splits or constant < 0:
        return coefficient, ((Exp(base, free + constant), 1),)
    powers = {Exp(base, free.from_terms({factors: 1})): count for factors, count in free.coefficients.items()}
    return coefficient * bounded_power(base, constant), monomial(powers)


def gather(mixed: Iterable[tuple[Monomial, int]], clean: Terms) -> None:
    """Add terms with mixed exponentials to clean ones.

    Terms that differ by a constant power are brought to the least one, `2^(a - b + 1) + 2^(a - b)` to
    `3*2^(a - b)`; the sum has no value where its least term has none, so nothing is lost.
    """
    groups: dict[Monomial, list[tuple[int, dict[int, int]]]] = {}
    for factors, coefficient in mixed:
        shifts: dict[int, int] = {}
        for base in sorted({atom.base for atom, _ in factors if isinstance(atom, Exp) and atom.mixed}):
            exponent, rest = _extracted(base, factors)
            shifts[base] = exponent.constant_term
            factors = times(power_of(base, exponent - shifts[base])[1], rest)
        groups.setdefault(factors, []).append((bounded(coefficient), shifts))
    for factors, members in groups.items():
        if factors in clean:
            members.append((clean.pop(factors), {}))
        bases = sorted({base for _, shifts in members for base in shifts})
        least = {base: min(shifts.get(base, 0) for _, shifts in members) for base in bases}
        total = 0
        for coefficient, shifts in members:
            for base in bases:
                coefficient *= bounded_power(base, shifts.get(base, 0) - least[base])
            total += coefficient
        result = factors
        for base in bases:
            total, result = _raised(base, least[base], total, result)
        if total:
            clean[result] = bounded(total)


def _raised(base: int, by: int, coefficient: int, factors: Monomial) -> tuple[int, Monomial]:
    """`coefficient * factors * base ^ by`."""
    if any(isinstance(atom, Exp) and atom.base == base for atom, _ in factors):
        exponent, rest = _extracted(base, factors)
        coefficient, powers = power_of(base, exponent + by, coefficient)
        return coefficient, times(powers, rest)
    if by < 0:
        raise DimError("negative exponent in a dimension: {}^({})", base, by)
    return coefficient * bounded_power(base, by), factors


def _extracted(base: int, factors: Monomial) -> tuple[Dim, Monomial]:
    """The whole exponent of a base in a monomial that has one, and the other factors."""
    powers = [(atom, power) for atom, power in factors if isinstance(atom, Exp) and atom.base == base]
    exponent = powers[0][0].exponent * powers[0][1]
    for atom, power in powers[1:]:
        exponent = exponent + atom.exponent * power
    return exponent, tuple(item for item in factors if not (isinstance(item[0], Exp) and item[0].base == base))


@lru_cache(maxsize=256)
def root(base: int) -> tuple[int, int]:
    """`(r, k)` with `r ^ k == base` and k as large as possible, so that `4^n` and `2^(2*n)` are the same."""
    for degree in range(base.bit_length(), 1, -1):
        low = round(base ** (1 / degree)) if base.bit_length() < 1000 else 0
        for candidate in (low, low + 1):
            if candidate > 1 and candidate**degree == base:
                return candidate, degree
    return base, 1
