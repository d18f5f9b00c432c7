"""Exact numbers: integers, fractions, and elements of cyclotomic fields (roots of unity, sines, square roots).

Every number here is an `int`, a `Fraction`, or a `Cyclotomic` that is not rational: one number, one kind. Equality
and the zero test are exact. By Kronecker and Weber these fields hold all square roots of rationals too: sqrt(5)
lies in Q(zeta_5), the golden ratio with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from catnet.diagnostics import fail
from catnet.limits import spend

Number = Any
"""`int | Fraction | Cyclotomic`; `Any`, since the three share their operators but no class."""

MAX_CONDUCTOR = 4096
MAX_DENOMINATOR = 1024  # of a float that is taken to mean what it says: 0.375 is 3/8, 0.1 is not 1/10


class Cyclotomic:
    """An irrational number `sum_k c_k zeta^k`, zeta = exp(2 pi i / n), by its coefficients below phi(n).

    Made by `root`, `cosine`, `sine` and `sqrt`, and by arithmetic; results that are rational come as `int` or
    `Fraction`.

    >>> golden = (1 + sqrt(5)) / 2
    >>> golden * golden - golden
    1
    >>> golden, cosine(1, 7) + cosine(2, 7) + cosine(3, 7), sqrt(-1) ** 2
    (1/2 + 1/2*sqrt(5), Fraction(-1, 2), -1)
    """

    __slots__ = ("coefficients", "n")
    n: int
    coefficients: tuple[Fraction, ...]

    def __init__(self, n: int, coefficients: tuple[Fraction, ...]) -> None:
        self.n = n
        self.coefficients = coefficients

    def _lifted(self, n: int) -> tuple[Fraction, ...]:
        """The coefficients in the field of the n-th roots, n a multiple of ours."""
        if n == self.n:
            return self.coefficients
        step = n // self.n
        return _reduced(n, ((step * k, c) for k, c in enumerate(self.coefficients) if c))

    def __add__(self, other: Number) -> Number:
        if isinstance(other, (int, Fraction)):
            return number(self.n, (self.coefficients[0] + other, *self.coefficients[1:]))
        if not isinstance(other, Cyclotomic):
            return NotImplemented
        n = _common(self.n, other.n)
        return number(n, tuple(a + b for a, b in zip(self._lifted(n), other._lifted(n), strict=True)))

    __radd__ = __add__

    def __neg__(self) -> Cyclotomic:
        return Cyclotomic(self.n, tuple(-c for c in self.coefficients))

    def __sub__(self, other: Number) -> Number:
        return self + -other

    def __rsub__(self, other: Number) -> Number:
        return -self + other

    def __mul__(self, other: Number) -> Number:
        if isinstance(other, (int, Fraction)):
            return number(self.n, tuple(other * c for c in self.coefficients))
        if not isinstance(other, Cyclotomic):
            return NotImplemented
        n = _common(self.n, other.n)
        left, right = self._lifted(n), other._lifted(n)
        spend(40 * sum(map(bool, left)) * sum(map(bool, right)))  # products of fractions
        terms = ((i + j, a * b) for i, a in enumerate(left) if a for j, b in enumerate(right) if b)
        return number(n, _reduced(n, terms))

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> Number:
        return self * inverse(other)

    def __rtruediv__(self, other: Number) -> Number:
        return other * inverse(self)

    def __pow__(self, exponent: int) -> Number:
        base: Number = self if exponent >= 0 else inverse(self)
        result: Number = 1
        for bit in bin(abs(exponent))[2:]:
            result = result * result
            if bit == "1":
                result = result * base
        return result

    def moved(self, power: int) -> Number:
        """The Galois conjugate under zeta -> zeta^power, power prime to n."""
        return number(self.n, _reduced(self.n, ((k * power, c) for k, c in enumerate(self.coefficients) if c)))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Cyclotomic):
            n = math.lcm(self.n, other.n)
            return self._lifted(n) == other._lifted(n)
        return False if isinstance(other, (int, Fraction)) else NotImplemented

    def __hash__(self) -> int:
        # The trace over the degree is the same in every field that holds the number.
        return hash(("cyclotomic", _mean(self), _mean(self * self)))

    def __complex__(self) -> complex:
        turns = [(float(c), 2 * math.pi * k / self.n) for k, c in enumerate(self.coefficients) if c]
        return complex(
            math.fsum(c * math.cos(angle) for c, angle in turns), math.fsum(c * math.sin(angle) for c, angle in turns)
        )

    def __repr__(self) -> str:
        return _quadratic_text(self) or _cosine_text(self)


def number(n: int, coefficients: tuple[Fraction, ...]) -> Number:
    """The number with these reduced coefficients, as an `int` or `Fraction` where it is one."""
    if any(coefficients[1:]):
        return Cyclotomic(n, coefficients)
    return simple(coefficients[0])


def simple(value: Fraction | int) -> int | Fraction:
    """A rational number, as an `int` where it is one."""
    return int(value) if value.denominator == 1 else value


def root(n: int, k: int = 1) -> Number:
    """`exp(2 pi i k / n)`. Raises E0706 where there is none, E0707 where n is over 4096."""
    if not all(isinstance(x, int) and not isinstance(x, bool) for x in (n, k)) or n == 0:
        fail(
            "E0706", f"there is no root of unity of order {n} and number {k}", help="such as cosine(1, 5): cos(2 pi/5)"
        )
    k, shared = k % n, math.gcd(k, n)
    n, k = n // shared, k // shared
    return number(_common(n, 1), _reduced(n, [(k, Fraction(1))]))


def cosine(k: int, n: int) -> Number:
    """`cos(2 pi k / n)`."""
    return (root(n, k) + root(n, -k)) * Fraction(1, 2)


def sine(k: int, n: int) -> Number:
    """`sin(2 pi k / n)`."""
    return (root(n, k) - root(n, -k)) * root(4, 3) * Fraction(1, 2)


def sqrt(value: int | Fraction) -> Number:
    """The square root with positive real or imaginary part, by Gauss sums."""
    value = Fraction(value)
    square, free = _square_part(value.numerator * value.denominator)
    result: Number = Fraction(square, value.denominator)
    if free < 0:
        result = result * root(4)
    for prime in _primes(abs(free)):
        result = result * _root_of_prime(prime)
    return result


def inverse(value: Number) -> Number:
    """One over a number; `ZeroDivisionError` for zero."""
    if not isinstance(value, Cyclotomic):
        return simple(Fraction(1) / value)
    others: Number = 1
    for power in range(2, value.n):
        if math.gcd(power, value.n) == 1:
            others = others * value.moved(power)
    return others * inverse(value * others)


def conjugate(value: Number) -> Number:
    """The complex conjugate."""
    return value.moved(-1) if isinstance(value, Cyclotomic) else value


def is_real(value: Number) -> bool:
    """Whether a number is real."""
    return not isinstance(value, Cyclotomic) or value.moved(-1) == value


def is_positive(value: Number) -> bool:
    """Whether a number is real and greater than zero: decided exactly, by intervals that shrink."""
    if not isinstance(value, Cyclotomic):
        return bool(value > 0)
    if not is_real(value):
        return False
    weight = sum(abs(float(c)) for c in value.coefficients)
    close = complex(value).real
    if abs(close) > 1e-12 * weight:
        return close > 0
    from sympy import Rational, cos, pi

    terms = (Rational(c.numerator, c.denominator) * cos(2 * pi * k / value.n) for k, c in enumerate(value.coefficients))
    total, digits = sum(terms), 30
    while True:  # it is not zero, so some precision tells
        if abs(close := total.evalf(digits)) > weight * 10.0 ** (5 - digits):
            return bool(close > 0)
        digits *= 2


def to_float(value: Number) -> float | complex:
    """The nearest float64, complex where the number is not real."""
    if isinstance(value, Cyclotomic):
        return complex(value).real if is_real(value) else complex(value)
    return float(value)


def exact(value: object, where: str = "a matrix") -> Number:
    """A Python number as an exact one. Raises E0706 for NaN, infinities, and floats that only come near a number.

    >>> exact(0.5), exact(3), exact(Fraction(4, 2))
    (Fraction(1, 2), 3, 2)
    """
    if isinstance(value, Cyclotomic):
        return value
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return simple(value)
    if isinstance(value, float) and math.isfinite(value):
        fraction = Fraction(value)
        if fraction.denominator <= MAX_DENOMINATOR:
            return simple(fraction)
        fail(
            "E0706",
            f"{value!r} in {where} is not an exact number",
            help="write a fraction such as 1/3, or an exact root such as sqrt(3)/2 or cosine(1, 7)",
        )
    fail("E0706", f"{value!r} in {where} is not a number that can be computed with exactly")


# Reduction to the power basis


@lru_cache(maxsize=64)
def _cyclotomic_polynomial(n: int) -> tuple[int, ...]:
    """The coefficients of the n-th cyclotomic polynomial, constant first."""
    polynomial = [-1, *[0] * (n - 1), 1]
    for d in range(1, n):
        if n % d == 0:
            polynomial = _quotient(polynomial, _cyclotomic_polynomial(d))
    return tuple(polynomial)


def _quotient(numerator: list[int], denominator: tuple[int, ...]) -> list[int]:
    """The exact quotient by a monic polynomial."""
    rest, degree = list(numerator), len(denominator) - 1
    result = [0] * (len(rest) - degree)
    for k in range(len(result) - 1, -1, -1):
        result[k] = rest[k + degree]
        for j, c in enumerate(denominator):
            rest[k + j] -= result[k] * c
    return result


@lru_cache(maxsize=64)
def _powers(n: int) -> list[tuple[tuple[int, int], ...]]:
    """zeta^k for k < n, each as pairs (exponent, coefficient) in the power basis."""
    polynomial = _cyclotomic_polynomial(n)
    degree = len(polynomial) - 1
    spend(n * degree // 4)
    current = [1] + [0] * (degree - 1)
    rows = []
    for _ in range(n):
        rows.append(tuple((k, c) for k, c in enumerate(current) if c))
        top = current[-1]
        current = [(current[k - 1] if k else 0) - top * polynomial[k] for k in range(degree)]
    return rows


def _reduced(n: int, terms: Iterable[tuple[int, Fraction]]) -> tuple[Fraction, ...]:
    rows = _powers(n)
    spend(len(rows))
    result = [Fraction(0)] * (len(_cyclotomic_polynomial(n)) - 1)
    for exponent, c in terms:
        for k, factor in rows[exponent % n]:
            result[k] += c * factor
    return tuple(result)


def _common(n: int, m: int) -> int:
    n = math.lcm(n, m)
    if n > MAX_CONDUCTOR:
        fail("E0707", f"roots of unity of order {n} are beyond what is computed exactly (order {MAX_CONDUCTOR})")
    return n


# Square roots and text


def _primes(n: int) -> list[int]:
    """The prime factors of n, with repetition; what is left without those up to 4096 counts as one, a square as two."""
    found, p = [], 2
    while p * p <= n and p <= MAX_CONDUCTOR:
        while n % p == 0:
            found.append(p)
            n //= p
        p += 1
    if (whole := math.isqrt(n)) ** 2 == n > 1:
        return [*found, whole, whole]
    return found + ([n] if n > 1 else [])


def _square_part(n: int) -> tuple[int, int]:
    """`(s, f)` with `n == s*s*f` and f free of squares."""
    square, free = 1, 1 if n > 0 else -1
    if n == 0:
        return 0, 1
    factors = _primes(abs(n))
    for p in sorted(set(factors)):
        count = factors.count(p)
        square *= p ** (count // 2)
        free *= p ** (count % 2)
    return square, free


def _root_of_prime(p: int) -> Number:
    """sqrt(p): for odd p the Gauss sum, which is sqrt(p) or i sqrt(p) as p is 1 or 3 modulo 4."""
    if p == 2:
        return root(8) + root(8, -1)
    total: Number = sum((root(p, k * k) for k in range(p)), 0)
    return total if p % 4 == 1 else total * root(4, 3)


def _mean(value: Number) -> Number:
    """The trace over the degree of the field: for a rational the number itself."""
    if not isinstance(value, Cyclotomic):
        return value
    return sum((c * _ramanujan(value.n, k) for k, c in enumerate(value.coefficients)), Fraction(0)) / _totient(value.n)


def _ramanujan(n: int, k: int) -> int:
    """The trace of zeta_n^k, `sum over units u of zeta^(uk)`: mu(m) phi(n) / phi(m) with m = n / gcd(n, k)."""
    m = n // math.gcd(n, k)
    primes = _primes(m)
    if len(set(primes)) < len(primes):
        return 0
    return (-1) ** len(primes) * _totient(n) // _totient(m)


def _totient(n: int) -> int:
    for p in set(_primes(n)):
        n = n // p * (p - 1)
    return n


def _quadratic_text(value: Cyclotomic) -> str:
    """`1/2 + 1/2*sqrt(5)` where the number is a root of a rational quadratic, else nothing."""
    conjugates = {value.moved(k) for k in range(1, value.n) if math.gcd(k, value.n) == 1}
    if len(conjugates) != 2:
        return ""
    middle = sum(conjugates, 0) * Fraction(1, 2)
    square = Fraction((value - middle) ** 2)
    _, free = _square_part(square.numerator * square.denominator)
    slope = (value - middle) / sqrt(free)
    radical = "i" if free == -1 else f"sqrt({free})"
    text = _times(abs(slope), radical)
    if middle:
        return f"{middle} {'+' if slope > 0 else '-'} {text}"
    return text if slope > 0 else f"-{text}"


def _cosine_text(value: Cyclotomic) -> str:
    """A multiple of one cosine, else a sum of cosines, for a real number; of powers of a root of unity for another."""
    real, pieces = is_real(value), []
    for k in range(1, value.n // 2 + 1) if real else ():
        wave = cosine(k, value.n)
        factor = Fraction(complex(value).real / float(to_float(wave).real or 1)).limit_denominator(64)
        if factor and value == wave * factor:
            return f"{'-' if factor < 0 else ''}{_times(abs(factor), f'cosine({k}, {value.n})')}"
    for k, c in enumerate(value.coefficients):
        if c:
            name = f"cosine({k}, {value.n})" if real else f"root({value.n}, {k})"
            text = str(abs(c)) if k == 0 else _times(abs(c), name)
            pieces.append(("- " if c < 0 else "+ ") + text)
    return " ".join(pieces).removeprefix("+ ").replace("- ", "-", 1 if pieces[0].startswith("-") else 0)


def _times(factor: Fraction, text: str) -> str:
    return text if factor == 1 else f"{factor}*{text}"
