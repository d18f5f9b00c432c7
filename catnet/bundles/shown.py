"""Normal forms as expressions that a person reads: `cos(a + b)` for half a sum of opposite phases."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

from catnet.bundles.expressions import ONE, ZERO, Expr, I, added, cos, exp, expression, multiplied, name, sin
from catnet.bundles.laurent import Key, Monomial, Polynomial, TooLarge, budget, inverted
from catnet.bundles.matrices import Entries
from catnet.bundles.normal import Normal, Sorts
from catnet.symmetry.exact import Number, root

LONGEST = 24  # terms of a normal form that is shown


def shown(matrix: Entries, normal: Normal) -> Entries:
    """A matrix with its entries in normal form, where that is a short Laurent polynomial."""
    return matrix.map(lambda entry: shown_entry(entry, normal))


def shown_entry(entry: Expr, normal: Normal) -> Expr:
    """An entry in normal form, or as it is where that is long or a quotient."""
    try:
        with budget():
            value = normal(entry).cancelled()
    except TooLarge:
        return entry
    return entry if value.below or len(value.top) > LONGEST else polynomial_shown(value.top, normal.sorts)


def polynomial_shown(top: Polynomial, sorts: Sorts) -> Expr:
    """A Laurent polynomial as an expression."""
    rest, terms = dict(top), []
    for at, x in sorted(top.items(), key=lambda item: _order(item[0])):
        if at not in rest:
            continue
        del rest[at]
        plain = tuple(pair for pair in at if not _is_phase(pair[0], sorts))
        phase = tuple(pair for pair in at if _is_phase(pair[0], sorts))
        mirrored = tuple(sorted((*plain, *inverted(phase))))
        y = rest.get(mirrored) if phase else None
        factor = _plain(plain)
        if y is not None and x == y:
            del rest[mirrored]
            terms.append(_times(2 * x, multiplied(factor, cos(_angle(phase)))))
        elif y is not None and x == -y:
            del rest[mirrored]
            terms.append(_times(2 * x * root(4), multiplied(factor, sin(_angle(phase)))))
        else:
            terms.append(_times(x, multiplied(factor, exp(I * _angle(phase)) if phase else ONE)))
    return reduce(added, terms, ZERO)


def _order(at: Monomial) -> tuple[object, ...]:
    """Terms with more positive exponents first, so that angles are shown without a sign."""
    return -sum(power > 0 for _, power in at), [key for key, _ in at], [-power for _, power in at]


def _is_phase(key: Key, sorts: Sorts) -> bool:
    return len(key) > 1 or sorts.of.get(key[0]) in ("angle", "arc")


def _plain(powers: Monomial) -> Expr:
    return reduce(multiplied, (name(key[0]) ** int(power) for key, power in powers), ONE)


def _angle(powers: Monomial) -> Expr:
    terms = (_times(Fraction(power), reduce(multiplied, map(name, (*key[1:], key[0])))) for key, power in powers)
    return reduce(added, terms, ZERO)


def _times(factor: Number, value: Expr) -> Expr:
    return multiplied(expression(factor), value)
