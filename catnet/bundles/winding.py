"""How often transitions wind around a closed curve: the degree of a bundle over a closed surface.

For U(n) and GL(n, C) the winding number of the determinant decides, for the plane (SO(2), and GL(2) once charts are
turned to one orientation) that of `(g11 + g22) + i (g21 - g12)`, which is not zero where the determinant is positive.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catnet.bundles.bases import TURN, Clutch
from catnet.bundles.deciding import Domain
from catnet.bundles.evaluating import Numeric
from catnet.bundles.expressions import ZERO, Expr, I, name
from catnet.bundles.laurent import Monomial, Polynomial, TooLarge, budget
from catnet.bundles.matrices import Entries
from catnet.bundles.normal import Normal, Sort, Sorts
from catnet.bundles.verdicts import Verdict, worst
from catnet.symmetry.exact import to_float

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catnet.bundles.bundle import Bundle

SAMPLES = 2048


@dataclass(frozen=True)
class Degree:
    """A winding number, as an integer expression in the parameters, and how it is known."""

    value: Expr
    verdict: Verdict


def degree(bundle: Bundle, signs: Mapping[str, int]) -> Degree | None:
    """The sum of the winding numbers along the curves of the base; None where none is defined.

    `signs` turns charts to one orientation (see `orientation`): the second coordinate of the fibre over a chart of
    sign -1 is reversed.
    """
    if not bundle.base.clutches or bundle.learned or not all(c.curve for c in bundle.base.clutches):
        return None if not _constant(bundle) else Degree(ZERO, Verdict("proved", "every transition is constant"))
    total = ZERO
    verdicts: list[Verdict] = []
    for clutch in bundle.base.clutches:
        if (found := _winding(bundle, clutch, signs)) is None:
            return None
        total, verdicts = total + found.value, [*verdicts, found.verdict]
    names = Domain(dict.fromkeys(bundle.parameters, "integer"))
    return Degree(_tidy(total, names), worst(verdicts))


def _constant(bundle: Bundle) -> bool:
    return bool(bundle.base.clutches) and all(bundle.constant(*pair) for pair in bundle.transitions)


def _winding(bundle: Bundle, clutch: Clutch, signs: Mapping[str, int]) -> Degree | None:
    matrix = bundle.transition(*clutch.pair)
    if (value := _in_the_circle(bundle, _turned(matrix, [signs[chart] for chart in clutch.pair]))) is None:
        return None
    sorts: dict[str, Sort] = {**bundle.parameters, TURN: "angle"}
    domain = Domain(sorts, given=bundle.given)
    along = Entries.of([[value]]).substitute(clutch.curve).rows[0][0]
    return winding_number(along, domain)


def _turned(matrix: Entries, signs: list[int]) -> Entries:
    """The matrix with the second coordinate over charts of sign -1 reversed."""
    before, after = signs
    if matrix.shape[0] < 2:
        return matrix
    return matrix.map_at(lambda i, j, x: x * (after if i == 1 else 1) * (before if j == 1 else 1))


def _in_the_circle(bundle: Bundle, matrix: Entries) -> Expr | None:
    """The nonzero complex number whose winding is the bundle's: see the head of this file."""
    if bundle.fibre.field == "C" and bundle.structure.field == "C":
        return matrix.determinant()
    if matrix.shape == (2, 2):
        (a, b), (c, d) = matrix.rows
        return (a + d) + I * (c - b)
    return None


def parity(bundle: Bundle, signs: Mapping[str, int]) -> Degree | None:
    """The second Stiefel-Whitney class of a real bundle of rank three or more over a closed oriented surface, as a
    number modulo two; None where transitions along the curves are no blocks of size one and two.

    Loops of SO(n), n >= 3, are counted modulo two, so the winding numbers of the blocks add up (see Milnor and
    Stasheff, Characteristic Classes).
    """
    total = ZERO
    verdicts: list[Verdict] = []
    for clutch in bundle.base.clutches:
        matrix = _turned(bundle.transition(*clutch.pair), [signs[chart] for chart in clutch.pair])
        domain = Domain({**bundle.parameters, TURN: "angle"}, given=bundle.given)
        for block in matrix.substitute(clutch.curve).components():
            if block.shape[0] > 2 or (block.shape[0] == 2 and sign_along(block, domain) != 1):
                return None
            if block.shape[0] == 2:
                (a, b), (c, d) = block.rows
                if (found := winding_number((a + d) + I * (c - b), domain)) is None:
                    return None
                total, verdicts = total + found.value, [*verdicts, found.verdict]
    if not bundle.base.clutches or not isinstance(total.value, int):
        return None
    return Degree(ZERO + total.value % 2, worst(verdicts))


def winding_number(along: Expr, domain: Domain) -> Degree | None:
    """The winding number of a nonzero function of the angle `~t`; None where it depends on parameters in no way
    that is seen.

    One term, or one that outweighs the others, proves it (Rouché). Else the function is followed around, and the
    answer is tested.
    """
    try:
        with budget():
            ratio = domain.normal(along).cancelled()
    except TooLarge:
        return None
    total, proved = ZERO, True
    for polynomial, sign in [(ratio.top, 1), *((dict(factor), -count) for factor, count in ratio.below)]:
        lead = _dominant(polynomial, domain)
        if lead is not None:
            total = total + _exponent(lead) * sign
        elif (number := _followed(polynomial, domain)) is not None:
            total, proved = total + number * sign, False
        else:
            return None
    bound = f"followed at {SAMPLES} points"
    return Degree(
        _tidy(total, domain), Verdict("proved", "its leading phase") if proved else Verdict("tested", bound=bound)
    )


def _tidy(value: Expr, domain: Domain) -> Expr:
    """An integer expression in normal form."""
    from catnet.bundles.shown import shown_entry

    return shown_entry(value, Normal(Sorts(dict.fromkeys(domain.sorts, "integer"))))


def _dominant(polynomial: Polynomial, domain: Domain) -> Monomial | None:
    """The monomial whose coefficient outweighs the others, where nothing but phases varies."""
    for at in polynomial:
        if any(len(key) == 1 and domain.sorts.get(key[0]) not in ("angle", "arc") for key, _ in at):
            return next(iter(polynomial)) if len(polynomial) == 1 else None
    sizes = {at: abs(to_float(x)) for at, x in polynomial.items()}
    lead = max(sizes, key=lambda at: sizes[at])
    return lead if sizes[lead] > (sum(sizes.values()) - sizes[lead]) * (1 + 1e-9) else None


def _exponent(at: Monomial) -> Expr:
    """How often a monomial winds with `~t`."""
    total = ZERO
    for key, power in at:
        if key[0] == TURN:
            term = power * name(key[1]) if len(key) > 1 else ZERO + power
            for factor in key[2:]:
                term = term * name(factor)
            total = total + term
    return total


def _followed(polynomial: Polynomial, domain: Domain) -> int | None:
    """The winding number from the turns between neighbouring points; None where parameters are left or a turn is
    too wide."""
    from catnet.bundles.singular import Placed, value_of

    if any(key != (TURN,) for at in polynomial for key, _ in at):
        return None
    points = [Placed({TURN: 2 * math.pi * k / SAMPLES}, domain) for k in range(SAMPLES)]
    values = [value_of(polynomial, point) for point in points]
    if min(map(abs, values)) < 1e-9:
        return None
    turns = [cmath.phase(b / a) for a, b in zip(values, values[1:] + values[:1], strict=True)]
    return round(math.fsum(turns) / (2 * math.pi)) if max(map(abs, turns)) < 1 else None


def sign_along(matrix: Entries, domain: Domain) -> int | None:
    """The sign of the determinant of an invertible real matrix on a connected domain, by its points; None where it
    differs between parameters or no point is found."""
    found = set()
    for point in domain.points(6):
        value = Numeric(domain.reading, point)
        number = _determinant([[value(entry).real for entry in row] for row in matrix.rows])
        found.add(1 if number > 0 else -1)
    return found.pop() if len(found) == 1 else None


def _determinant(rows: list[list[float]]) -> float:
    """By elimination with pivots."""
    size, result = len(rows), 1.0
    for j in range(size):
        pivot = max(range(j, size), key=lambda i: abs(rows[i][j]))
        if rows[pivot][j] == 0.0:
            return 0.0
        if pivot != j:
            rows[j], rows[pivot], result = rows[pivot], rows[j], -result
        result *= rows[j][j]
        for i in range(j + 1, size):
            factor = rows[i][j] / rows[j][j]
            rows[i] = [x - factor * y for x, y in zip(rows[i], rows[j], strict=True)]
    return result
