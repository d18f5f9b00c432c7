"""Side conditions: polynomials that vanish by assumption, such as `a^2 + b^2 + c^2 - 1` for a unit axis.

A numerator that reduces to zero by a Groebner basis of the conditions vanishes wherever they hold (Buchberger 1965).
The converse fails over the reals, so what does not reduce is not refuted here. Steps are bounded.
"""

from __future__ import annotations

from catnet.bundles.laurent import Key, Monomial, Polynomial, TooLarge, inverted, monomial, plus, scaled
from catnet.symmetry.exact import inverse

MAX_STEPS = 4000
"""How many leading terms are cancelled at most, in a basis and in one reduction."""


class Ideal:
    """The polynomials that vanish with given ones. Raises `TooLarge` where the basis needs too many steps."""

    def __init__(self, conditions: list[Polynomial]) -> None:
        self.keys: list[Key] = sorted({key for p in conditions for at in p for key, _ in at})
        self.steps = MAX_STEPS
        self.basis: list[tuple[Monomial, Polynomial]] = []
        for condition in conditions:
            self._add(condition)
        pairs = [(i, j) for j in range(len(self.basis)) for i in range(j)]
        while pairs:
            i, j = pairs.pop()
            count = len(self.basis)
            self._add(self._difference(i, j))
            pairs += [(k, count) for k in range(count) if len(self.basis) > count]

    def _add(self, polynomial: Polynomial) -> None:
        rest = self._reduced(polynomial)
        if rest:
            lead = self._lead(rest)
            self.basis.append((lead, scaled(rest, inverse(rest[lead]))))

    def _difference(self, i: int, j: int) -> Polynomial:
        """The combination of two that cancels their leading terms; zero where these share no variable."""
        (a, p), (b, q) = self.basis[i], self.basis[j]
        powers, others = dict(a), dict(b)
        if not powers.keys() & others.keys():
            return {}
        joined = monomial((key, max(powers.get(key, 0), others.get(key, 0))) for key in {*powers, *others})
        left = scaled(p, 1, monomial((*joined, *inverted(a))))
        return plus(left, scaled(q, -1, monomial((*joined, *inverted(b)))))

    def _lead(self, polynomial: Polynomial) -> Monomial:
        """The leading monomial: by total degree in the variables of the conditions, then lexicographic."""

        def order(at: Monomial) -> tuple[object, ...]:
            powers = dict(at)
            own = [powers.get(key, 0) for key in self.keys]
            return sum(own), own, sorted((key, power) for key, power in at if key not in self.keys)

        return max(polynomial, key=order)

    def _reduced(self, polynomial: Polynomial) -> Polynomial:
        rest = polynomial
        done: Polynomial = {}
        while rest:
            at = self._lead(rest)
            powers = dict(at)
            for lead, p in self.basis:
                if all(powers.get(key, 0) >= power for key, power in lead):
                    rest = plus(rest, scaled(p, -rest[at], monomial((*at, *inverted(lead)))))
                    break
            else:
                done[at] = rest[at]
                rest = {other: x for other, x in rest.items() if other != at}
            self.steps -= 1
            if self.steps < 0:
                raise TooLarge
        return done

    def contains(self, polynomial: Polynomial) -> bool:
        """Whether a polynomial reduces to zero; its variables may have negative powers. Raises `TooLarge`."""
        return not self.remainder(polynomial)

    def remainder(self, polynomial: Polynomial) -> Polynomial:
        """What is left of a polynomial (times a monomial, where powers are negative). Raises `TooLarge`."""
        self.steps = MAX_STEPS
        lowest = {key: min(dict(at).get(key, 0) for at in polynomial) for key in self.keys} if polynomial else {}
        lifted = scaled(polynomial, 1, monomial((key, -power) for key, power in lowest.items() if power < 0))
        return self._reduced(lifted)
