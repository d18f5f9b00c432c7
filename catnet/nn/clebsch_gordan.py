"""Clebsch-Gordan coefficients of SO(3) in the real basis, exact as signed square roots of rationals."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache

import torch
from torch import Tensor


@cache
def clebsch_gordan(l1: int, l2: int, l3: int) -> tuple[tuple[int, int, int, int, Fraction], ...]:
    """The coupling of degrees l1 and l2 to l3, as entries `(i, j, k, sign, square)`.

    The coefficient of e_i (x) e_j on e_k is `sign * sqrt(square)`; indices count m = -l..l from 0. As a map from the
    tensor product onto l3 it is a co-isometry: for each k the squares sum to 1. The basis is that of the real
    spherical harmonics in `catnet.nn`. The sign for each (l1, l2, l3) is that of the complex coefficients of Condon
    and Shortley, divided by i where l1 + l2 + l3 is odd: (1, 1, 1) is -1 / sqrt(2) times the cross product.

    Raises ValueError where the triangle rule |l1 - l2| <= l3 <= l1 + l2 fails.

    >>> clebsch_gordan(1, 1, 0)
    ((0, 0, 0, -1, Fraction(1, 3)), (1, 1, 0, -1, Fraction(1, 3)), (2, 2, 0, -1, Fraction(1, 3)))
    """
    if not abs(l1 - l2) <= l3 <= l1 + l2:
        raise ValueError(f"degrees {l1} and {l2} do not couple to {l3}")
    odd = (l1 + l2 + l3) % 2
    entries = []
    for a in range(-l1, l1 + 1):
        for b in range(-l2, l2 + 1):
            for c in {abs(a) + abs(b), abs(abs(a) - abs(b))} & set(range(l3 + 1)):
                for signed in {c, -c}:
                    real, imaginary, square = _coupled(l1, a, l2, b, l3, signed)
                    units = imaginary if odd else real
                    if units and square:
                        entry = (a + l1, b + l2, signed + l3, 1 if units > 0 else -1, square * units * units)
                        entries.append(entry)
    return tuple(sorted(entries))


def coupling(l1: int, l2: int, l3: int) -> Tensor:
    """The coefficients as a float64 tensor of shape [2 l1 + 1, 2 l2 + 1, 2 l3 + 1], each within one rounding of a root.

    >>> coupling(1, 1, 1).square().sum((0, 1))
    tensor([1.0000, 1.0000, 1.0000], dtype=torch.float64)
    """
    found = torch.zeros(2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1, dtype=torch.float64, device="cpu")
    for i, j, k, sign, square in clebsch_gordan(l1, l2, l3):
        found[i, j, k] = sign * math.sqrt(square)
    return found


def _coupled(l1: int, a: int, l2: int, b: int, l3: int, c: int) -> tuple[int, int, Fraction]:
    """One coefficient in the real basis as `(x + i y) * sqrt(square)` with integers x, y.

    Each real vector is a sum of at most two complex ones. The terms that survive m1 + m2 = m3 are a pair of opposite
    signs of all m, and have one common square.
    """
    x = y = 0
    square = Fraction(0)
    for m1, p1, q1 in _real(a):
        for m2, p2, q2 in _real(b):
            for m3, p3, q3 in _real(c):
                if m1 + m2 != m3:
                    continue
                sign, square = _complex(l1, m1, l2, m2, l3, m3)
                unit = complex(p1, q1) * complex(p2, q2) * complex(p3, -q3) * sign
                x, y = x + round(unit.real), y + round(unit.imag)
    halves = sum(1 for m in (a, b, c) if m)
    return x, y, square / 2**halves


def _real(m: int) -> list[tuple[int, int, int]]:
    """The real harmonic of order m in complex ones: `(order, x, y)` for (x + i y) / sqrt(2); x = 1 alone for m = 0."""
    if m == 0:
        return [(0, 1, 0)]
    sign = -1 if m % 2 else 1
    return [(-m, 1, 0), (m, sign, 0)] if m > 0 else [(m, 0, 1), (-m, 0, -sign)]


@cache
def _complex(l1: int, m1: int, l2: int, m2: int, l3: int, m3: int) -> tuple[int, Fraction]:
    """Racah's closed formula for <l1 m1 l2 m2 | l3 m3>, as a sign and a square, in integers throughout."""
    f = math.factorial
    total = Fraction(0)
    for k in range(max(0, l2 - l3 - m1, l1 - l3 + m2), min(l1 + l2 - l3, l1 - m1, l2 + m2) + 1):
        below = f(k) * f(l1 + l2 - l3 - k) * f(l1 - m1 - k) * f(l2 + m2 - k) * f(l3 - l2 + m1 + k) * f(l3 - l1 - m2 + k)
        total += Fraction((-1) ** k, below)
    triangle = Fraction(f(l3 + l1 - l2) * f(l3 - l1 + l2) * f(l1 + l2 - l3), f(l1 + l2 + l3 + 1))
    orders = f(l3 + m3) * f(l3 - m3) * f(l1 - m1) * f(l1 + m1) * f(l2 - m2) * f(l2 + m2)
    sign = (total > 0) - (total < 0)
    return sign, (2 * l3 + 1) * triangle * orders * total * total
