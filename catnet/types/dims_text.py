"""The text of a dimension, as the language writes it; it parses back to the same normal form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catnet.types.dims_atoms import Atom, Exp, Extremum, FloorDiv, Monomial, Symbol, Terms, order

if TYPE_CHECKING:
    from catnet.types.dims import Dim

# Beyond this many floors, a sum is not searched for the remainder it may be.
MAX_TRIES = 16


def dim_text(dim: Dim) -> str:
    """`(h + 2*p - k)//s + 1`: positive terms first, then negative ones, then the constant."""
    if dim.value is not None:
        return str(dim.value)
    if remainder := as_modulus(dim):
        return f"{_operand(remainder[0])} % {_operand(remainder[1])}"
    return _sum_text(_readable(dim))


def as_modulus(dim: Dim) -> tuple[Dim, Dim] | None:
    """`(a, b)` where the dimension is `a % b`, that is `a - b*(a//b)`."""
    floors = [atom for atom in dim.atoms() if isinstance(atom, FloorDiv)]
    for atom in floors if len(floors) <= MAX_TRIES else ():
        split = coefficient_of(dim, atom)
        if split is None:
            continue
        slope, rest = split
        if slope.value is None or slope.value < -1:
            floor = dim.from_terms({((atom, 1),): 1})
            if rest // -slope == floor:
                return rest, -slope
    return None


def coefficient_of(dim: Dim, atom: Atom) -> tuple[Dim, Dim] | None:
    """`(c, r)` with `dim == c*atom + r` at the top level, where the atom occurs there to the first power."""
    slope: Terms = {}
    rest: Terms = {}
    for factors, coefficient in dim.coefficients.items():
        power = dict(factors).get(atom, 0)
        if power > 1:
            return None
        if power:
            slope[tuple(item for item in factors if item[0] != atom)] = coefficient
        else:
            rest[factors] = coefficient
    return dim.from_terms(slope), dim.from_terms(rest)


def _readable(dim: Dim) -> list[tuple[int, Monomial | str]]:
    """Terms in reading order. `(h - k)//2` has the normal form `(h + k)//2 - k`, and reads as the former."""
    left = dict(dim.coefficients)
    shown: dict[Monomial, str] = {}
    for factors, coefficient in dim.coefficients.items():
        atom = factors[0][0] if len(factors) == 1 and factors[0][1] == 1 else None
        if isinstance(atom, FloorDiv) and atom.denominator.value is not None:
            numerator = atom.numerator
            for inner, count in numerator.coefficients.items():
                if 2 * count == atom.denominator.value and left.get(inner) == -coefficient:
                    numerator = numerator - numerator.from_terms({inner: atom.denominator.value})
                    del left[inner]
            if numerator is not atom.numerator:
                shown[factors] = _floor_text(numerator, atom.denominator)
    constant = left.pop((), 0)
    ranked = sorted(left.items(), key=lambda item: (item[1] < 0, order(item[0])))
    terms: list[tuple[int, Monomial | str]] = [(c, shown.get(factors, factors)) for factors, c in ranked]
    if constant:
        terms.insert(0 if constant > 0 and all(c < 0 for c, _ in terms) else len(terms), (constant, ()))
    return terms


def _sum_text(terms: list[tuple[int, Monomial | str]]) -> str:
    pieces: list[str] = []
    for coefficient, factors in terms:
        if not pieces:
            pieces.append(_term_text(coefficient, factors))
        else:
            pieces.append((" + " if coefficient > 0 else " - ") + _term_text(abs(coefficient), factors))
    return "".join(pieces)


def _term_text(coefficient: int, factors: Monomial | str) -> str:
    if not factors:
        return str(coefficient)
    texts = [(factors, True)] if isinstance(factors, str) else [_factor_text(*item) for item in factors]
    alone = len(texts) == 1 and coefficient == 1
    product = "*".join(text if alone or not is_quotient else f"({text})" for text, is_quotient in texts)
    if coefficient == 1:
        return product
    return f"-{product}" if coefficient == -1 else f"{coefficient}*{product}"


def _factor_text(atom: Atom, power: int) -> tuple[str, bool]:
    """The text of a factor, and whether it is a quotient, which needs brackets inside a product."""
    if isinstance(atom, Exp):
        return f"{atom.base}^{_operand(atom.exponent * power, of_power=True)}", False
    if isinstance(atom, Symbol):
        text, is_quotient = atom.name, False
    elif isinstance(atom, FloorDiv):
        text, is_quotient = _floor_text(atom.numerator, atom.denominator), True
    else:
        assert isinstance(atom, Extremum)
        text, is_quotient = f"{atom.kind}({', '.join(map(str, atom.arguments))})", False
    if power == 1:
        return text, is_quotient
    return (f"({text})^{power}" if is_quotient else f"{text}^{power}"), False


def _floor_text(numerator: Dim, denominator: Dim) -> str:
    return f"{_operand(numerator)}//{_operand(denominator)}"


def _operand(dim: Dim, of_power: bool = False) -> str:
    """The text, bracketed unless it is a single name, number, call or (outside an exponent) power."""
    text = dim_text(dim)
    if dim.value is not None:
        return text if dim.value >= 0 else f"({text})"
    ((factors, coefficient), *more) = dim.coefficients.items()
    if more or coefficient != 1 or len(factors) != 1 or isinstance(factors[0][0], FloorDiv):
        return f"({text})"
    is_power = factors[0][1] != 1 or isinstance(factors[0][0], Exp)
    return f"({text})" if of_power and is_power else text
