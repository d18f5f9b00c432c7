"""Values of expressions at points: modulo a large prime, to refute quickly, and in complex numbers, for witnesses.

Modulo p, a name is a random residue and the phase of an angle a random power: sums, products and quotients of
expressions go where the normal form would go. So what is not zero there is not zero as a function.
"""

from __future__ import annotations

import cmath
import math
import random
from collections.abc import Iterable, Mapping
from functools import lru_cache

from catnet.bundles.expressions import Expr
from catnet.bundles.normal import PhaseForm, Reading, Sorts
from catnet.symmetry.exact import Cyclotomic, Number, to_float

INTEGERS = 1_000_000  # the range of random integer parameters


class Undefined(Exception):
    """A denominator is zero at the point."""


class Modular(Reading[int]):
    """Values modulo a prime p with `p % conductor == 1`, at one random point. Raises `Undefined` for 1/0."""

    def __init__(self, sorts: Sorts, conductor: int, rng: random.Random) -> None:
        super().__init__(sorts)
        self.conductor = conductor
        self.p, self.unit = prime_for(conductor)
        self._rng = rng
        self._values: dict[str, int] = {}

    def value(self, name: str) -> int:
        """The residue of a name (of an angle: of the conductor's part of its phase)."""
        if name not in self._values:
            sort = "real" if name == "pi" else self.sorts.sort(name)
            least, most = (-INTEGERS, INTEGERS) if sort == "integer" else (1, self.p - 1)
            self._values[name] = self._rng.randint(least, most)
        return self._values[name]

    def number(self, value: Number) -> int:
        if isinstance(value, Cyclotomic):
            step = self.conductor // value.n
            terms = (self.number(c) * pow(self.unit, step * k, self.p) for k, c in enumerate(value.coefficients) if c)
            return sum(terms) % self.p
        return value.numerator * pow(value.denominator, -1, self.p) % self.p

    def name(self, text: str) -> int:
        return self.value(text) % self.p

    def phase(self, form: PhaseForm) -> int:
        result = 1
        for (angle, *factors), q in form:
            turns = q * math.prod(map(self.value, factors))
            if angle == "pi":  # exp(i pi) is the power conductor/2 of the unit
                result = result * pow(self.unit, int(turns * self.conductor / 2), self.p) % self.p
            else:
                result = result * pow(self.value(angle), int(turns * self.conductor), self.p) % self.p
        return result

    def sum(self, left: int, right: int) -> int:
        return (left + right) % self.p

    def product(self, left: int, right: int) -> int:
        return left * right % self.p

    def quotient(self, left: int, right: int) -> int:
        if right == 0:
            raise Undefined
        return left * pow(right, -1, self.p) % self.p


class Numeric(Reading[complex]):
    """Complex values at a point, given by the value of each name. Raises `Undefined` for 1/0."""

    def __init__(self, sorts: Sorts, point: Mapping[str, float]) -> None:
        super().__init__(sorts)
        self.point = {**point, "pi": math.pi}

    def number(self, value: Number) -> complex:
        return complex(to_float(value))

    def name(self, text: str) -> complex:
        return complex(self.point[text])

    def phase(self, form: PhaseForm) -> complex:
        return cmath.exp(1j * math.fsum(float(q) * math.prod(self.point[name] for name in key) for key, q in form))

    def sum(self, left: complex, right: complex) -> complex:
        return left + right

    def product(self, left: complex, right: complex) -> complex:
        return left * right

    def quotient(self, left: complex, right: complex) -> complex:
        if abs(right) < 1e-300:
            raise Undefined
        return left / right


class Sized(Reading[tuple[complex, float]]):
    """Complex values with the sum of the sizes of all terms that went into each: rounding is a share of that."""

    def __init__(self, sorts: Sorts, point: Mapping[str, float]) -> None:
        super().__init__(sorts)
        self._plain = Numeric(sorts, point)

    def _of(self, value: complex) -> tuple[complex, float]:
        return value, abs(value)

    def number(self, value: Number) -> tuple[complex, float]:
        return self._of(self._plain.number(value))

    def name(self, text: str) -> tuple[complex, float]:
        return self._of(self._plain.name(text))

    def phase(self, form: PhaseForm) -> tuple[complex, float]:
        return self._of(self._plain.phase(form))

    def sum(self, left: tuple[complex, float], right: tuple[complex, float]) -> tuple[complex, float]:
        return left[0] + right[0], left[1] + right[1]

    def product(self, left: tuple[complex, float], right: tuple[complex, float]) -> tuple[complex, float]:
        return left[0] * right[0], left[1] * right[1]

    def quotient(self, left: tuple[complex, float], right: tuple[complex, float]) -> tuple[complex, float]:
        value = self._plain.quotient(left[0], right[0])
        return value, left[1] / abs(right[0]) * (right[1] / abs(right[0]))


def conductor_of(values: Iterable[Expr], sorts: Sorts) -> int:
    """An order of roots of unity that the numbers and angles of expressions need."""
    found = 4
    stack, seen = list(values), set()
    while stack:
        value = stack.pop()
        if value in seen:
            continue
        seen.add(value)
        if isinstance(value.value, Cyclotomic):
            found = math.lcm(found, value.value.n)
        if value.op in ("exp", "cos", "sin"):
            form = sorts.phase(value.parts[0], value.op == "exp")
            found = math.lcm(found, *(2 * q.denominator for _, q in form))
        stack += [part for part in value.parts if isinstance(part, Expr)]
    return found


@lru_cache(maxsize=256)
def prime_for(conductor: int) -> tuple[int, int]:
    """A prime p over 2^61 with `p % conductor == 1`, and a residue of that multiplicative order."""
    p = (2**61 // conductor + 1) * conductor + 1
    while not _is_prime(p):
        p += conductor
    factors = [q for q in range(2, conductor + 1) if conductor % q == 0 and _is_prime(q)]
    base = 2
    while True:
        unit = pow(base, (p - 1) // conductor, p)
        if all(pow(unit, conductor // q, p) != 1 for q in factors):
            return p, unit
        base += 1


_WITNESSES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)  # they decide primality below 3 * 10^24


def _is_prime(n: int) -> bool:
    """The test of Miller and Rabin."""
    if n < 2 or any(n % q == 0 for q in _WITNESSES):
        return n in _WITNESSES
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in _WITNESSES:
        x = pow(base, odd, n)
        if x not in (1, n - 1) and all((x := x * x % n) != n - 1 for _ in range(twos - 1)):
            return False
    return True
