"""Exact numbers modulo a prime: a field of roots of unity has as many ways into a prime field as its degree.

For a prime p with p = 1 modulo n there is a root of unity of order n modulo p. Each choice of it is a map from
Q(zeta_n) to the integers modulo p. A number is known from its images under all choices: its coefficients solve a
linear system, and are then reconstructed as fractions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from catnet.symmetry.cyclotomic import Cyclotomic, Number, number
from catnet.symmetry.solve.modular import PRIMES, rational


def conductor(numbers: Iterable[Number]) -> int:
    """The least n such that all numbers lie in the field of the n-th roots of unity that they are written in."""
    return math.lcm(1, *(x.n for x in numbers if isinstance(x, Cyclotomic)))


@dataclass(frozen=True)
class Splitting:
    """A prime that splits the field of the n-th roots of unity, and a root of order n modulo it."""

    n: int
    prime: int
    root: int

    @cached_property
    def choices(self) -> tuple[int, ...]:
        """The roots of order n modulo the prime: one for each way into the prime field."""
        return tuple(pow(self.root, u, self.prime) for u in range(1, self.n + 1) if math.gcd(u, self.n) == 1)

    def image(self, value: Number, choice: int) -> int:
        """The number modulo the prime, with zeta sent to this root."""
        p = self.prime
        if isinstance(value, int):
            return value % p
        if isinstance(value, Fraction):
            return value.numerator * pow(value.denominator, -1, p) % p
        zeta = pow(choice, self.n // value.n, p)
        total = 0
        for c in reversed(value.coefficients):
            total = (total * zeta + c.numerator * pow(c.denominator, -1, p)) % p
        return total

    @cached_property
    def _interpolation(self) -> list[list[int]]:
        """The inverse of the matrix of powers of the choices."""
        p, degree = self.prime, len(self.choices)
        rows = [[pow(z, k, p) for k in range(degree)] + [int(i == j) for j in range(degree)]
                for i, z in enumerate(self.choices)]  # fmt: skip
        for i in range(degree):
            pivot = next(j for j in range(i, degree) if rows[j][i])
            rows[i], rows[pivot] = rows[pivot], rows[i]
            inverse = pow(rows[i][i], -1, p)
            rows[i] = [x * inverse % p for x in rows[i]]
            for j in range(degree):
                if j != i and (factor := rows[j][i]):
                    rows[j] = [(x - factor * y) % p for x, y in zip(rows[j], rows[i], strict=True)]
        return [row[degree:] for row in rows]

    def number(self, images: Sequence[int]) -> Number | None:
        """The number with these images, one for each choice; None where no small one has them."""
        found = []
        for row in self._interpolation:
            c = rational(sum(a * x for a, x in zip(row, images, strict=True)), self.prime)
            if c is None:
                return None
            found.append(c)
        return number(self.n, tuple(found))


def splittings(n: int) -> Iterator[Splitting]:
    """Primes that split the field of the n-th roots of unity, of growing size.

    >>> next(splittings(5)).prime % 5
    1
    """
    if n == 1:
        for prime in PRIMES:
            yield Splitting(1, prime, 1)
        return
    from sympy import isprime, primefactors

    for bits in (61, 127, 521):
        prime = ((1 << bits) // n) * n + 1
        while not isprime(prime):
            prime -= n
        base = 2
        while any(pow(base, (prime - 1) // q, prime) == 1 for q in primefactors(n)):
            base += 1
        yield Splitting(n, prime, pow(base, (prime - 1) // n, prime))
