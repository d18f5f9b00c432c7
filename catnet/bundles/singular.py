"""Where transitions fail to be isomorphisms: zeros of determinants and poles of entries, excluded or located."""

from __future__ import annotations

import cmath
import math
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from catnet.bundles.deciding import Domain
from catnet.bundles.evaluating import Numeric, Undefined
from catnet.bundles.expressions import Expr
from catnet.bundles.laurent import Monomial, Polynomial, TooLarge, budget, divided
from catnet.bundles.matrices import Entries
from catnet.bundles.verdicts import Verdict, Witness, worst
from catnet.symmetry.exact import Cyclotomic, is_positive, to_float

SEARCHED = 64  # points where a zero is looked for
NEAR = 1e-8  # what counts as a zero, beside the values elsewhere
MARGIN = 1e-3  # of each range: what only tends to zero at the edge of an open set has no zero
STARTS, ROUNDS = 3, 60
LARGEST_DETERMINANT = 5
Point = dict[str, float]
Value = Callable[[Mapping[str, float]], complex]


def invertible(matrix: Entries, domain: Domain, charts: tuple[str, ...]) -> Verdict:
    """Whether a matrix of expressions is defined and invertible on all of its domain."""
    verdicts = [no_pole(matrix, domain, charts)]
    if matrix.shape[0] <= LARGEST_DETERMINANT or matrix.exact is not None:
        verdicts.append(nowhere_zero(matrix.determinant(), domain, charts))
    else:
        verdicts.append(Verdict("assumed", "its determinant is not computed: the structure group says it"))
    return worst(verdicts)


def positive(matrix: Entries, domain: Domain, charts: tuple[str, ...]) -> Verdict:
    """Whether a determinant that is nowhere zero is positive on a connected domain, by one point of it."""
    determinant = matrix.determinant()
    if determinant.op == "number":
        if is_positive(determinant.value):
            return Verdict("proved", "a positive number")
        return Verdict("refuted", witness=Witness(charts, text=f"the determinant is {determinant}"))
    found = domain.points(1)
    if not found:
        return Verdict("tested", bound="at no point: none of the domain was found")
    value = Numeric(domain.reading, found[0])(determinant).real
    if value > 0:
        return Verdict("proved", "nowhere zero, and positive at one point")
    return Verdict("refuted", witness=Witness(charts, found[0], abs(value), f"the determinant is {value:.3g}"))


def no_pole(matrix: Entries, domain: Domain, charts: tuple[str, ...]) -> Verdict:
    """Whether no denominator vanishes."""
    try:
        with budget():
            ratios = [domain.normal(entry).cancelled() for entry in matrix.entries]
        factors = {factor for ratio in ratios for factor, _ in ratio.below}
        monomials = [at for ratio in ratios for at in ratio.top]
    except TooLarge:
        return Verdict("tested", bound="at no point: the normal form is beyond the budget")
    verdicts = [_zero_free(dict(factor), domain, charts, "a denominator") for factor in factors]
    negative = {
        key: -1
        for at in monomials
        for key, power in at
        if power < 0 and domain.sorts.get(key[0]) in ("real", "integer")
    }
    verdicts += [_zero_free({((key, 1),): 1}, domain, charts, "a denominator") for key in negative]
    return worst([*verdicts, Verdict("proved", "no denominator vanishes")])


def nowhere_zero(value: Expr, domain: Domain, charts: tuple[str, ...], what: str = "the determinant") -> Verdict:
    """Whether an expression has no zero on its domain; a zero that is found is located."""
    try:
        with budget():
            top = domain.normal(value).cancelled().top
    except TooLarge:
        return _searched(lambda point: Numeric(domain.reading, point)(value), domain, charts, what)
    return _zero_free(top, domain, charts, what)


def _zero_free(top: Polynomial, domain: Domain, charts: tuple[str, ...], what: str) -> Verdict:
    if not top:
        return Verdict("refuted", witness=Witness(charts, text=f"{what} is zero everywhere"))
    rest = top
    for factor in _positive_factors(domain):
        while (quotient := divided(rest, factor)) is not None:
            rest = quotient
    if domain.ideal is not None and domain.given:
        with suppress(TooLarge):
            rest = domain.ideal.remainder(rest)
    if (reason := _certificate(rest, domain)) is not None:
        return Verdict("proved", reason)
    return _searched(lambda point: value_of(rest, point), domain, charts, what)


def _positive_factors(domain: Domain) -> list[Polynomial]:
    """Polynomials without zeros on the domain, by what the base says to be positive there."""
    found = []
    for positive in domain.positive:
        ratio = domain.normal(positive)
        found += [ratio.top, *(dict(factor) for factor, _ in ratio.below)]
    return [factor for factor in found if len(factor) > 1]


def _certificate(rest: Polynomial, domain: Domain) -> str | None:
    """Why a polynomial has no zero: one term, one dominant term, or terms that are all positive."""
    never_zero = [at for at in rest if _unit(at, domain)]
    if len(rest) == 1 and never_zero:
        return "a single term that is never zero"
    bounded = all(_unit(at, domain) and _bounded(at, domain) for at in rest)
    sizes = sorted((abs(to_float(x)) for x in rest.values()), reverse=True)
    if bounded and sizes and sizes[0] > sum(sizes[1:]) * (1 + 1e-9):
        return "one term outweighs the others"
    rational = all(not isinstance(x, Cyclotomic) for x in rest.values())
    if rational and never_zero and all(_positive_term(at, domain) for at in rest):
        signs = {x > 0 for x in rest.values()}
        if len(signs) == 1:
            return "a sum of terms of one sign"
    return None


def _unit(at: Monomial, domain: Domain) -> bool:
    """Whether a monomial is never zero: phases, and names whose range leaves zero out."""
    return all(len(key) > 1 or domain.sorts.get(key[0]) in ("angle", "arc") or _apart(key[0], domain) for key, _ in at)


def _apart(name: str, domain: Domain) -> bool:
    low, high = domain.ranges.get(name, (-1.0, 1.0))
    return name == "pi" or domain.sorts.get(name) == "positive" or low >= 0 or high <= 0


def _bounded(at: Monomial, domain: Domain) -> bool:
    """Whether the size of a monomial is one: phases only."""
    return all(len(key) > 1 or domain.sorts.get(key[0]) in ("angle", "arc") for key, _ in at)


def _positive_term(at: Monomial, domain: Domain) -> bool:
    """Whether a monomial is never negative: even powers of reals, and positive names."""
    for key, power in at:
        if len(key) > 1 or domain.sorts.get(key[0]) in ("angle", "arc"):
            return False
        if domain.sorts.get(key[0]) != "positive" and power % 2:
            return False
    return True


def value_of(polynomial: Polynomial, point: Mapping[str, float]) -> complex:
    """The value of a Laurent polynomial whose phases are angles of the point. Raises `Undefined` for 1/0."""
    total = 0j
    for at, x in polynomial.items():
        term = complex(to_float(x))
        for key, power in at:
            angle = math.prod(math.pi if name == "pi" else point[name] for name in key)
            if angle == 0 and power < 0 and not _is_phase(key, point):
                raise Undefined
            term *= cmath.exp(1j * float(power) * angle) if _is_phase(key, point) else angle ** float(power)
        total += term
    return total


def _is_phase(key: Sequence[str], point: Mapping[str, float]) -> bool:
    return len(key) > 1 or key[0] in getattr(point, "phases", ())


class Placed(dict[str, float]):
    """A point that knows which of its names are angles."""

    def __init__(self, point: Mapping[str, float], domain: Domain) -> None:
        super().__init__(point)
        self.phases = frozenset(name for name, sort in domain.sorts.items() if sort in ("angle", "arc"))


def _searched(value: Value, domain: Domain, charts: tuple[str, ...], what: str) -> Verdict:
    """Look for a zero: between points of opposite signs, and downhill from the smallest values."""
    sizes: list[tuple[float, Point, complex]] = []
    for point in domain.points(SEARCHED):
        try:
            here = value(Placed(point, domain))
        except Undefined:
            continue
        sizes.append((abs(here), point, here))
    if not sizes:
        return Verdict("tested", bound="at no point: none of the domain was found")
    sizes.sort(key=lambda item: item[0])
    if sizes[0][0] == 0.0:
        return Verdict("refuted", "search", witness=Witness(charts, sizes[0][1], 0.0, f"{what} vanishes"))
    zero = _between(value, domain, sizes) or _downhill(value, domain, sizes)
    if zero is not None:
        size, point = zero
        return Verdict("refuted", "search", witness=Witness(charts, point, size, f"{what} vanishes"))
    return Verdict("tested", bound=f"{what} is {sizes[0][0]:.2g} at least at {len(sizes)} points")


def _between(value: Value, domain: Domain, found: list[tuple[float, Point, complex]]) -> tuple[float, Point] | None:
    """A zero of a real function by bisection between two points with equal integers."""
    if any(abs(here.imag) > 1e-9 * (1 + abs(here)) for _, _, here in found):
        return None
    integers = [name for name, sort in domain.sorts.items() if sort == "integer"]
    by_integers: dict[tuple[float, ...], dict[bool, Point]] = {}
    for _, point, here in found:
        by_integers.setdefault(tuple(point[n] for n in integers), {})[here.real > 0] = point
    for ends in by_integers.values():
        if len(ends) == 2 and (zero := _bisected(value, domain, ends[False], ends[True])) is not None:
            return zero
    return None


def _bisected(value: Value, domain: Domain, low: Point, high: Point) -> tuple[float, Point] | None:
    for _ in range(80):
        middle = {name: (low[name] + high[name]) / 2 for name in low}
        if not domain.contains(middle):
            return None
        try:
            here = value(Placed(middle, domain)).real
        except Undefined:
            return None
        if here > 0:
            high = middle
        else:
            low = middle
    size = _size(value, domain, low)
    return (size, low) if size < NEAR else None  # else it jumps, as at a pole


def _size(value: Value, domain: Domain, point: Point) -> float:
    """The absolute value, infinite at a pole."""
    try:
        return abs(value(Placed(point, domain)))
    except Undefined:
        return math.inf


def _downhill(value: Value, domain: Domain, found: list[tuple[float, Point, complex]]) -> tuple[float, Point] | None:
    """A zero away from the edges, by random steps that shrink; small beside the values at the other points."""
    rng = random.Random(2)
    free = [name for name, sort in domain.sorts.items() if sort != "integer"]
    enough = NEAR * found[len(found) // 2][0]
    for best, point, _ in found[:STARTS] if free else ():
        step = 0.3
        for _ in range(ROUNDS):
            near = (
                {**point, **{name: point[name] + rng.gauss(0, step) for name in free}} for _ in range(2 + len(free))
            )
            sizes = [(_size(value, domain, p), p) for p in near if domain.contains(p, MARGIN)]
            least, there = min(sizes, key=lambda item: item[0], default=(best, point))
            if least < best:
                best, point = least, there
            else:
                step /= 2
            if best <= enough:
                return best, point
    return None
