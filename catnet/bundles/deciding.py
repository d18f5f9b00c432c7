"""Whether expressions vanish: cheapest first, with what was proved and where it fails.

1. Numbers are compared as they are built.
2. A value modulo a large prime that is not zero refutes.
3. The normal form proves; modulo side conditions, by a Groebner basis.
4. What is beyond the budget is tested at points, and says so.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from catnet.bundles.evaluating import Modular, Numeric, Sized, Undefined, conductor_of
from catnet.bundles.expressions import Expr, names_in
from catnet.bundles.ideals import Ideal
from catnet.bundles.laurent import TooLarge, budget
from catnet.bundles.normal import Normal, Sort, Sorts
from catnet.bundles.verdicts import Verdict, Witness

POINTS = 24  # where a law that is not proved is tested
TOLERANCE = 1e-9  # as a share of the terms that are added
FAR = 8.0  # how far out real numbers without a range are looked at
SCREENS = 2  # values modulo a prime before the normal form is computed

Range = tuple[float, float]


@dataclass(eq=False)
class Domain:
    """Where expressions are compared: the sorts of all names, the ranges of coordinates, and side conditions.

    `given` are expressions that are zero by assumption; `positive` are coordinates' expressions that are positive on
    the domain.
    """

    sorts: Mapping[str, Sort]
    ranges: Mapping[str, Range] = field(default_factory=dict)
    given: tuple[Expr, ...] = ()
    positive: tuple[Expr, ...] = ()

    @cached_property
    def reading(self) -> Sorts:
        return Sorts(self.sorts)

    @cached_property
    def normal(self) -> Normal:
        return Normal(self.reading)

    @cached_property
    def ideal(self) -> Ideal | None:
        """The side conditions as an ideal; None where their basis is beyond the budget."""
        try:
            return Ideal([self.normal(condition).top for condition in self.given])
        except TooLarge:
            return None

    # Points

    def points(self, count: int, seed: int = 0) -> list[dict[str, float]]:
        """Random points of the domain that satisfy the side conditions to rounding."""
        rng, found = random.Random(seed), []
        for _ in range(4 * count):
            point = self._settled({name: self._draw(rng, name, sort) for name, sort in self.sorts.items()})
            if point is not None and self._inside(point):
                found.append(point)
            if len(found) == count:
                break
        return found

    def _draw(self, rng: random.Random, name: str, sort: Sort) -> float:
        if sort == "integer":
            return float(rng.choice((1, 2, 3, -1, -2, 5, 0)))
        low, high = self.ranges.get(name, (0.0, 2 * math.pi) if sort in ("angle", "arc") else (-2.0, 2.0))
        if sort == "positive" and name not in self.ranges:
            low, high = 0.25, 4.0
        return low + (high - low) * rng.randint(1, 23) / 24

    def contains(self, point: Mapping[str, float], margin: float = 0.0) -> bool:
        """Whether a point lies inside all ranges (by a share of their widths), on the side conditions, and where
        `positive` holds."""
        for name, sort in self.sorts.items():
            far = FAR if sort in ("real", "positive") else math.inf
            low, high = self.ranges.get(name, (-far, far))
            edge = margin * (high - low) if name in self.ranges else 0.0
            if not low + edge < point[name] < high - edge or (sort == "positive" and point[name] <= margin):
                return False
        return all(abs(rest) < TOLERANCE for rest in self._rests(point)) and self._inside(point, margin)

    def _inside(self, point: Mapping[str, float], margin: float = 1e-6) -> bool:
        value = Numeric(self.reading, point)
        return all(value(expression).real > margin for expression in self.positive)

    def _settled(self, point: dict[str, float]) -> dict[str, float] | None:
        """The point moved onto the side conditions by Gauss and Newton; None where it does not arrive."""
        if not self.given:
            return point
        free = [name for name, sort in self.sorts.items() if sort != "integer"]
        for _ in range(40):
            rests = self._rests(point)
            if max(map(abs, rests)) < 1e-13:
                return point
            for k in range(len(rests)):  # one condition after the other, along its gradient
                rest = self._rests(point)[k]
                step = 1e-6
                slopes = {n: (self._rests({**point, n: point[n] + step})[k] - rest) / step for n in free}
                square = sum(slope * slope for slope in slopes.values())
                if square < 1e-12:
                    return None
                point = {**point, **{n: point[n] - rest * slope / square for n, slope in slopes.items()}}
        return point if max(map(abs, self._rests(point))) < 1e-11 else None

    def _rests(self, point: Mapping[str, float]) -> list[float]:
        value = Numeric(self.reading, point)
        return [value(condition).real for condition in self.given]

    # Verdicts

    def vanish(self, expressions: Sequence[Expr], charts: tuple[str, ...]) -> Verdict:
        """Whether all expressions are zero on the domain; a witness names the charts."""
        open_ones = [expression for expression in dict.fromkeys(expressions) if expression]
        if not open_ones:
            return Verdict("proved", "exact numbers")
        if all(expression.op == "number" for expression in open_ones):
            return self._refuted(open_ones, charts)
        if not self.given and self._screened(open_ones):
            return self._refuted(open_ones, charts)
        try:
            with budget():
                return self._proved(open_ones, charts)
        except TooLarge:
            return self._beyond(open_ones, charts)

    def _screened(self, expressions: Sequence[Expr], count: int = SCREENS, seed: int = 1) -> bool:
        """Whether a value modulo a large prime is not zero, at one of some random points."""
        rng = random.Random(seed)
        conductor = conductor_of(expressions, self.reading)
        for _ in range(count):
            value = Modular(self.reading, conductor, rng)
            try:
                if any(map(value, expressions)):
                    return True
            except Undefined:
                continue
        return False

    def _proved(self, expressions: Sequence[Expr], charts: tuple[str, ...]) -> Verdict:
        tops = [self.normal(expression).top for expression in expressions]
        if not any(tops):
            return Verdict("proved", "Laurent normal form")
        if not self.given:
            return self._refuted(expressions, charts)
        if self.ideal is None:
            raise TooLarge
        if all(self.ideal.contains(top) for top in tops):
            return Verdict("proved", "Groebner basis of the side conditions")
        return self._tested(expressions, charts, "it does not follow by algebra from the side conditions")

    def _beyond(self, expressions: Sequence[Expr], charts: tuple[str, ...]) -> Verdict:
        """What is said where the normal form is too large: more values modulo a prime, or numbers."""
        why = "its normal form is beyond the budget"
        if self.given:
            return self._tested(expressions, charts, why)
        if self._screened(expressions, POINTS, seed=2):
            return self._refuted(expressions, charts)
        return Verdict("tested", bound=f"zero modulo a prime of 62 bits at {POINTS} random points: {why}")

    def _tested(self, expressions: Sequence[Expr], charts: tuple[str, ...], why: str) -> Verdict:
        shares: list[float] = []
        for point in self.points(POINTS):
            value = Sized(self.reading, point)
            with suppress(Undefined):
                shares.append(max(abs(x) / size for x, size in map(value, expressions) if size))
        if not shares:
            return Verdict("tested", bound=f"at no point: {why}, and no point of the domain was found")
        if max(shares) > TOLERANCE:
            return self._refuted(expressions, charts)
        return Verdict("tested", bound=f"off by {max(shares):.1e} of its terms at {len(shares)} points: {why}")

    def _refuted(self, expressions: Sequence[Expr], charts: tuple[str, ...]) -> Verdict:
        """Not zero as functions: with a point where that shows."""
        found = self.greatest(expressions, self.points(POINTS))
        residual, point = found or (math.nan, {})
        used = frozenset().union(*map(names_in, expressions))
        shown = {name: value for name, value in point.items() if name in used}
        return Verdict("refuted", "a value that is not zero", witness=Witness(charts, shown, residual))

    def greatest(
        self, expressions: Sequence[Expr], points: Sequence[dict[str, float]]
    ) -> tuple[float, dict[str, float]] | None:
        """The greatest absolute value and its point; None where they are defined at no point."""
        best: tuple[float, dict[str, float]] | None = None
        for point in points:
            value = Numeric(self.reading, point)
            try:
                size = max(abs(value(expression)) for expression in expressions)
            except Undefined:
                continue
            if best is None or size > best[0] + 1e-12:
                best = size, point
        return best
