"""Averages of class functions over a group: finite sums over classes, Weyl integrals over tori.

A group falls into strata: the conjugacy classes of a finite group (tori of rank 0), the components of a Lie group,
and products of these. On a stratum a character is a Laurent polynomial in the coordinates of a torus, and its
average is the constant term of its product with the measure of the stratum, which for a connected compact group is
the product of `1 - e^a` over the positive roots a (Weyl's integration formula, halved by symmetry). A reductive
group that is not compact is averaged over the compact form of its complexification (Weyl's unitary trick).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from catnet.limits import spend
from catnet.symmetry.exact import Number, simple, simple_product

Weight = tuple[int, ...]
Laurent = dict[Weight, Number]
"""A Laurent polynomial: the coefficient of each monomial, by its exponents."""


@dataclass(frozen=True)
class Stratum:
    """A part of a group: its share of the measure, the rank of its torus, the density, and where in the group it is.

    `place` is a `Conjugacy` of a finite group, the number of a component of a Lie group, or a tuple of strata of
    the factors of a product.
    """

    share: Fraction
    rank: int
    measure: Laurent
    place: object


def add(terms: Iterable[tuple[Number, Laurent]]) -> Laurent:
    """A linear combination."""
    total: Laurent = {}
    for factor, polynomial in terms:
        spend(len(polynomial))
        for weight, x in polynomial.items():
            total[weight] = total.get(weight, 0) + factor * x
    return {weight: x for weight, x in total.items() if x}


def multiply(left: Laurent, right: Laurent) -> Laurent:
    """The product."""
    total: Laurent = {}
    for a, x in left.items():
        spend(len(right) * (1 + len(a) // 4))
        for b, y in right.items():
            weight = tuple(i + j for i, j in zip(a, b, strict=True))
            total[weight] = total.get(weight, 0) + x * y
    return {weight: x for weight, x in total.items() if x}


def constant_term(left: Laurent, right: Laurent) -> Number:
    """The constant term of a product."""
    total: Number = 0
    spend(len(left))
    for weight, x in left.items():
        if y := right.get(tuple(-w for w in weight)):
            total = total + simple_product(x, y)
    return simple(total) if isinstance(total, Fraction) else total


def density(rank: int, roots: Iterable[Weight]) -> Laurent:
    """The product of `1 - e^a` over these roots."""
    result: Laurent = {(0,) * rank: 1}
    for root in roots:
        result = multiply(result, {(0,) * rank: 1, root: -1})
    return result
