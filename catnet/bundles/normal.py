"""Reading expressions: what each name stands for, the angles under exp, cos and sin, and the normal form.

The sort of a name says where it ranges: "angle" (modulo 2 pi), "arc" (an angle in an interval, which may be halved),
"real", "positive" or "integer".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Generic, Literal, NoReturn, TypeVar

from catnet.bundles.expressions import Expr
from catnet.bundles.laurent import Key, Polynomial, Ratio, constant, monomial, plus, times
from catnet.diagnostics import fail
from catnet.symmetry.exact import Cyclotomic, Number, root

Sort = Literal["angle", "arc", "real", "positive", "integer"]
ANGLES = ("angle", "arc")
HALF = Fraction(1, 2)

PhaseForm = tuple[tuple[Key, Fraction], ...]
"""`sum q * angle * m * n ...` by pairs ((angle, m, n, ...), q)."""

T = TypeVar("T")


@dataclass(eq=False)
class Sorts:
    """The sort of every name that expressions may use, and the forms of angles already read."""

    of: Mapping[str, Sort]
    _forms: dict[tuple[Expr, bool], PhaseForm] = field(default_factory=dict)

    def phase(self, argument: Expr, imaginary: bool) -> PhaseForm:
        """The angle that stands under exp (`imaginary`), cos or sin. Raises E0805 for what is none."""
        known = self._forms.get((argument, imaginary))
        if known is None:
            known = self._forms[argument, imaginary] = self._read(argument, imaginary)
        return known

    def _read(self, argument: Expr, imaginary: bool) -> PhaseForm:
        found: dict[Key, Fraction] = {}
        for at, x in _plain(argument).items():
            turns = x * root(4, 3) if imaginary else x
            powers = {key[0]: power for key, power in at}
            angles = [name for name in powers if name == "pi" or self.of.get(name) in ANGLES]
            if isinstance(turns, Cyclotomic) or len(angles) != 1 or powers.pop(angles[0]) != 1:
                _refuse(argument, imaginary)
            if any(self.sort(name) != "integer" for name in powers):
                _refuse(argument, imaginary)
            factors = [name for name, power in sorted(powers.items()) for _ in range(int(power))]
            key = (angles[0], *(sorted(set(factors)) if angles[0] == "pi" and turns.denominator == 1 else factors))
            found[key] = found.get(key, Fraction(0)) + turns
        return tuple(sorted((key, q) for key, q in found.items() if q))

    def sort(self, name: str) -> Sort:
        """The sort of a name. Raises E0805 for a name that is not declared."""
        if name not in self.of:
            listed = ", ".join(sorted(self.of)) or "none"
            fail("E0805", f"`{name}` is no coordinate here and no parameter", help=f"the names here are: {listed}")
        return self.of[name]


def _refuse(argument: Expr, imaginary: bool) -> NoReturn:
    where = "exp" if imaginary else "cos and sin"
    form = "I times " if imaginary else ""
    fail(
        "E0805",
        f"`{argument}` cannot stand under {where}: it is not {form}a combination of angles",
        help="such as exp(I*(m*phi - pi/2)): angles times integers and integer parameters",
    )


def _plain(value: Expr) -> Polynomial:
    """An argument as a polynomial in its names. Raises E0805 for anything else."""
    if value.op == "number":
        return constant(value.parts[0])
    if value.op == "name":
        return {((value.parts, 1),): 1}
    if value.op == "+":
        return plus(*map(_plain, value.parts))
    if value.op == "*":
        return times(*map(_plain, value.parts))
    if value.op == "^":
        result = base = _plain(value.parts[0])
        for _ in range(value.parts[1] - 1):
            result = times(result, base)
        return result
    fail("E0805", f"`{value}` cannot stand under exp, cos or sin", help="angles times integers and integer parameters")


class Reading(Generic[T]):
    """A homomorphism from expressions to some numbers; each expression is read once."""

    def __init__(self, sorts: Sorts) -> None:
        self.sorts = sorts
        self._known: dict[Expr, T] = {}

    def number(self, value: Number) -> T:
        raise NotImplementedError

    def name(self, text: str) -> T:
        raise NotImplementedError

    def phase(self, form: PhaseForm) -> T:
        """`exp` of i times the angle."""
        raise NotImplementedError

    def sum(self, left: T, right: T) -> T:
        raise NotImplementedError

    def product(self, left: T, right: T) -> T:
        raise NotImplementedError

    def quotient(self, left: T, right: T) -> T:
        raise NotImplementedError

    def __call__(self, value: Expr) -> T:
        if value not in self._known:
            self._known[value] = self._read(value)
        return self._known[value]

    def _read(self, value: Expr) -> T:
        if value.op == "number":
            return self.number(value.parts[0])
        if value.op == "name":
            return self._named(value.parts[0])
        if value.op == "exp":
            return self.phase(self.sorts.phase(value.parts[0], True))
        if value.op in ("cos", "sin"):
            return self._wave(value.op, self.sorts.phase(value.parts[0], False))
        if value.op == "^":
            return self._power(self(value.parts[0]), value.parts[1])
        left, right = map(self, value.parts)
        operation = {"+": self.sum, "*": self.product, "/": self.quotient}[value.op]
        return operation(left, right)

    def _named(self, text: str) -> T:
        if text != "pi" and self.sorts.sort(text) in ANGLES:
            fail(
                "E0805",
                f"`{text}` is an angle: as a number it is known only up to full turns",
                help=f"use it in exp(I*{text}), cos({text}) or sin({text})",
            )
        return self.name(text)

    def _wave(self, which: str, form: PhaseForm) -> T:
        ahead, back = self.phase(form), self.phase(tuple((key, -q) for key, q in form))
        if which == "cos":
            return self.product(self.number(HALF), self.sum(ahead, back))
        difference = self.sum(ahead, self.product(self.number(-1), back))
        return self.product(self.number(root(4, 3) * HALF), difference)

    def _power(self, base: T, count: int) -> T:
        result = base
        for bit in bin(count)[3:]:
            result = self.product(result, result)
            if bit == "1":
                result = self.product(result, base)
        return result


class Normal(Reading[Ratio]):
    """The normal form: a quotient of Laurent polynomials. Raises `TooLarge` over the budget."""

    def number(self, value: Number) -> Ratio:
        return Ratio(constant(value))

    def name(self, text: str) -> Ratio:
        return Ratio({(((text,), 1),): 1})

    def phase(self, form: PhaseForm) -> Ratio:
        factor: Any = 1
        powers = []
        for key, q in form:
            if key == ("pi",):
                factor = root(2 * q.denominator, q.numerator)
            else:
                powers.append((key, q))
        return Ratio({monomial(powers): factor})

    def sum(self, left: Ratio, right: Ratio) -> Ratio:
        return left + right

    def product(self, left: Ratio, right: Ratio) -> Ratio:
        return left * right

    def quotient(self, left: Ratio, right: Ratio) -> Ratio:
        if not right.top:
            fail("E0805", "a transition is divided by what is zero everywhere")
        return left * right.inverse()
