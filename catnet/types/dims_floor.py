"""Normal form of floor division.

Every rule is an identity of integers wherever the divisions written are defined (divisors positive):

    (k*q + r) // q == k + r // q            exact multiples leave, by polynomial division
    (g*a + r) // (g*b) == (a + r // g) // b  common content cancels (g and r constant, or r = 0)
    (a//b + r) // c == (a + b*r) // (b*c)    nested floors are flattened
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import gcd
from typing import TYPE_CHECKING

from catnet.types.dims_atoms import (
    MAX_TERMS,
    DimError,
    FloorDiv,
    Monomial,
    Terms,
    common,
    content,
    is_mixed,
    order,
    quotient,
    times,
)

if TYPE_CHECKING:
    from catnet.types.dims import Dim


def floor_divide(numerator: Dim, denominator: Dim) -> Dim:
    """`numerator // denominator` in normal form."""
    whole = numerator.from_terms({})
    while True:
        top, bottom = numerator.value, denominator.value
        if bottom == 0:
            raise DimError("division by zero in a dimension")
        if top == 0:
            return whole
        if bottom is not None:
            if top is not None:
                return whole + top // bottom
            if bottom == 1:
                return whole + numerator
            if bottom < 0:
                numerator, denominator = -numerator, -denominator
        quotient_, numerator = divide(numerator, denominator)
        whole = whole + quotient_
        step = _cancel_content(numerator, denominator) or _cancel_monomial(numerator, denominator)
        step = step or _flatten(numerator, denominator)
        if step is None:
            break
        numerator, denominator = step
    if numerator.value is not None and (numerator.value == 0 or denominator.value is not None):
        return whole + floor_divide(numerator, denominator)
    return whole + numerator.from_terms({((FloorDiv(numerator, denominator), 1),): 1})


def divide(numerator: Dim, denominator: Dim) -> tuple[Dim, Dim]:
    """`(q, r)` with `numerator == q * denominator + r`, where r is the unique reduced remainder."""
    divisor = denominator.coefficients
    if denominator.value is not None:
        whole, rest = _by_constant(numerator.coefficients, denominator.value)
    elif len(divisor) > 1 and any(map(is_mixed, [*divisor, *numerator.coefficients])):
        # Mixed exponentials are not independent of one another, so the division might not end.
        return numerator.from_terms({}), numerator
    else:
        whole, rest = _by_polynomial(numerator.coefficients, divisor)
    if not whole:
        return numerator.from_terms({}), numerator
    return numerator.from_terms(whole), numerator.from_terms(rest)


def _split(coefficient: int, by: int) -> tuple[int, int]:
    """Quotient and remainder, the remainder of least size (the positive one of two)."""
    size = abs(by)
    whole, rest = divmod(coefficient, size)
    if 2 * rest > size:
        whole, rest = whole + 1, rest - size
    return (whole if by > 0 else -whole), rest


def _by_constant(terms: Terms, divisor: int) -> tuple[Terms, Terms]:
    whole: Terms = {}
    rest: Terms = {}
    for factors, coefficient in terms.items():
        q, r = _split(coefficient, divisor) if factors else divmod(coefficient, divisor)
        if q:
            whole[factors] = q
        if r:
            rest[factors] = r
    return whole, rest


def _by_polynomial(terms: Terms, divisor: Terms) -> tuple[Terms, Terms]:
    """Division by the leading term. One polynomial is a Groebner basis, hence the remainder is unique."""
    lead = min(divisor, key=order) if len(divisor) > 1 else next(iter(divisor))
    by = divisor[lead]
    tail = [(factors, c) for factors, c in divisor.items() if factors != lead]
    remaining = dict(terms)
    # Heap entries carry a serial number because monomials themselves have no order.
    queue = [(order(factors), serial, factors) for serial, factors in enumerate(remaining)] if tail else []
    heapify(queue)
    whole: Terms = {}
    rest: Terms = {}

    def reduce(factors: Monomial) -> None:
        coefficient = remaining.pop(factors, 0)
        ratio = quotient(factors, lead) if coefficient else None
        q, r = (0, coefficient) if ratio is None else _split(coefficient, by)
        if q and ratio is not None:
            whole[ratio] = whole.get(ratio, 0) + q
            for others, c in tail:
                product = times(ratio, others)
                remaining[product] = remaining.get(product, 0) - q * c
                heappush(queue, (order(product), len(queue) + MAX_TERMS * len(whole), product))
        if r:
            rest[factors] = rest.get(factors, 0) + r

    if not tail:
        for factors in terms:
            reduce(factors)
    while queue:
        reduce(heappop(queue)[2])
        if len(whole) > MAX_TERMS or len(remaining) > MAX_TERMS:
            raise DimError(f"dimension polynomial has more than {MAX_TERMS} terms")
    return whole, rest


def _cancel_content(numerator: Dim, denominator: Dim) -> tuple[Dim, Dim] | None:
    factor = content(denominator.coefficients)
    for factors, coefficient in numerator.coefficients.items():
        if factors:
            factor = gcd(factor, coefficient)
        if factor == 1:
            return None
    if factor <= 1:
        return None
    shrink = {m: c // factor for m, c in numerator.coefficients.items()}
    below = {m: c // factor for m, c in denominator.coefficients.items()}
    return numerator.from_terms(shrink), numerator.from_terms(below)


def _cancel_monomial(numerator: Dim, denominator: Dim) -> tuple[Dim, Dim] | None:
    shared: Monomial | None = None
    for factors in (*denominator.coefficients, *numerator.coefficients):
        shared = factors if shared is None else common(shared, factors)
        if not shared:
            return None
    if shared is None:
        return None
    return _shrink(numerator, shared), _shrink(denominator, shared)


def _shrink(dim: Dim, by: Monomial) -> Dim:
    return dim.from_terms({quotient(factors, by) or (): c for factors, c in dim.coefficients.items()})


def _flatten(numerator: Dim, denominator: Dim) -> tuple[Dim, Dim] | None:
    terms = numerator.coefficients
    floors = [atom for atom in numerator.atoms() if isinstance(atom, FloorDiv) and terms.get(((atom, 1),)) == 1]
    if not floors:
        return None
    inner = floors[0]
    rest = numerator - numerator.from_terms({((inner, 1),): 1})
    return inner.numerator + inner.denominator * rest, denominator * inner.denominator
