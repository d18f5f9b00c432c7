"""Expressions in the entries of transitions: exact numbers, parameters, coordinates, and functions of angles.

>>> phi, m = names("phi m")
>>> exp(I * m * phi) / 2 + cos(phi) ** 2
exp(I*m*phi)/2 + cos(phi)^2
>>> conjugate(exp(I * m * phi))
exp(-I*m*phi)

Expressions are trees that say what was written; `catnet.bundles.normal` decides whether two are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from catnet.diagnostics import fail
from catnet.symmetry.exact import Cyclotomic, Number, exact, inverse, root
from catnet.symmetry.exact import conjugate as conjugate_number

ExprLike = Any
"""An `Expr`, an exact number, or a float that means what it says."""


class Expr:
    """A frozen tree: `op` is number, name, +, *, /, ^, exp, cos or sin, and `parts` what stands under it.

    Arithmetic on numbers is done at once, and zeros and ones vanish; nothing else is simplified.
    """

    __slots__ = ("_hash", "op", "parts")
    op: str
    parts: tuple[Any, ...]

    def __init__(self, op: str, parts: tuple[Any, ...]) -> None:
        self.op = op
        self.parts = parts
        self._hash = hash((op, parts))

    @property
    def value(self) -> Number | None:
        """The exact number that this is, None for anything else."""
        return self.parts[0] if self.op == "number" else None

    def __add__(self, other: ExprLike) -> Expr:
        return added(self, expression(other))

    def __radd__(self, other: ExprLike) -> Expr:
        return added(expression(other), self)

    def __neg__(self) -> Expr:
        return multiplied(expression(-1), self)

    def __sub__(self, other: ExprLike) -> Expr:
        return added(self, -expression(other))

    def __rsub__(self, other: ExprLike) -> Expr:
        return added(expression(other), -self)

    def __mul__(self, other: ExprLike) -> Expr:
        return multiplied(self, expression(other))

    def __rmul__(self, other: ExprLike) -> Expr:
        return multiplied(expression(other), self)

    def __truediv__(self, other: ExprLike) -> Expr:
        return divided(self, expression(other))

    def __rtruediv__(self, other: ExprLike) -> Expr:
        return divided(expression(other), self)

    def __pow__(self, exponent: ExprLike) -> Expr:
        return powered(self, expression(exponent))

    def __eq__(self, other: object) -> bool:
        """Whether two expressions are written alike."""
        if self is other:
            return True
        if not isinstance(other, Expr) or self._hash != other._hash:
            return False
        return self.op == other.op and self.parts == other.parts

    def __hash__(self) -> int:
        return self._hash

    def __bool__(self) -> bool:
        """Whether this is anything but the number zero."""
        return self.op != "number" or bool(self.parts[0])

    def __repr__(self) -> str:
        return _text(self, 0)


ZERO = Expr("number", (0,))
ONE = Expr("number", (1,))
I = Expr("number", (root(4),))  # noqa: E741  (the unit's own name)
pi = Expr("name", ("pi",))


def expression(value: ExprLike) -> Expr:
    """A value as an expression. Raises E0706 for a number that is not exact, E0805 for what is no number."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, (int, float, Fraction)) or hasattr(value, "coefficients"):
        return Expr("number", (exact(value, "a transition"),))
    fail("E0805", f"{value!r} is no expression", help="write numbers, names, and exp(I*...), cos, sin of angles")


def name(text: str) -> Expr:
    """A name: a parameter or a coordinate; what it stands for is declared with the bundle."""
    return pi if text == "pi" else Expr("name", (text,))


def names(texts: str) -> list[Expr]:
    """Several names at once, from a text with spaces between them."""
    return [name(text) for text in texts.split()]


def exp(argument: ExprLike) -> Expr:
    """`exp` of `I` times a combination of angles."""
    argument = expression(argument)
    return Expr("exp", (argument,)) if argument else ONE


def cos(argument: ExprLike) -> Expr:
    """The cosine of a combination of angles."""
    argument = expression(argument)
    return Expr("cos", (argument,)) if argument else ONE


def sin(argument: ExprLike) -> Expr:
    """The sine of a combination of angles."""
    argument = expression(argument)
    return Expr("sin", (argument,)) if argument else ZERO


def added(left: Expr, right: Expr) -> Expr:
    if not left or not right:
        return left if left else right
    if left.op == right.op == "number":
        return expression(left.parts[0] + right.parts[0])
    return Expr("+", (left, right))


def multiplied(left: Expr, right: Expr) -> Expr:
    if not left or not right:
        return ZERO
    if left.op == right.op == "number":
        return expression(left.parts[0] * right.parts[0])
    if left == ONE or right == ONE:
        return right if left == ONE else left
    if right.op == "number":
        return multiplied(right, left)
    for one, other in ((left, right), (right, left)):  # numbers come to the front
        if one.op == "*" and one.parts[0].op == "number":
            rest = multiplied(one.parts[1], other) if one is left else multiplied(other, one.parts[1])
            return multiplied(one.parts[0], rest) if other.op != "number" else _scaled(other, one)
    return Expr("*", (left, right))


def _scaled(factor: Expr, product: Expr) -> Expr:
    """A number times a product that begins with one."""
    return multiplied(expression(factor.parts[0] * product.parts[0].parts[0]), product.parts[1])


def divided(left: Expr, right: Expr) -> Expr:
    if not right:
        fail("E0805", f"`{left}` is divided by zero")
    if right.op == "number":
        return multiplied(expression(inverse(right.parts[0])), left)
    return Expr("/", (left, right)) if left else ZERO


def powered(base: Expr, exponent: Expr) -> Expr:
    """A power: of anything by an integer, of a phase and of -1 by an integer parameter too."""
    count = exponent.value
    if isinstance(count, int):
        if count == 0:
            return ONE
        if base.op == "number" and base:
            return expression(base.parts[0] ** count if count > 0 else inverse(base.parts[0]) ** -count)
        if count < 0:
            return divided(ONE, powered(base, expression(-count)))
        return base if count == 1 or not base else Expr("^", (base, count))
    if base.op == "exp":
        return exp(exponent * base.parts[0])
    if base.value == -1:
        return exp(I * pi * exponent)
    fail(
        "E0805", f"`({base})^({exponent})` has an exponent that is no integer", help="a symbol may raise a phase or -1"
    )


def conjugate(value: Expr) -> Expr:
    """The complex conjugate; names are real."""
    if value.op == "number":
        return expression(conjugate_number(value.parts[0]))
    if value.op == "name":
        return value
    return rebuilt(value, conjugate)


def substitute(value: Expr, mapping: Mapping[str, ExprLike]) -> Expr:
    """The expression with names replaced."""
    replacements = {key: expression(other) for key, other in mapping.items()}
    known: dict[Expr, Expr] = {}

    def walk(part: Expr) -> Expr:
        if part.op == "name":
            return replacements.get(part.parts[0], part)
        if part.op == "number":
            return part
        if part not in known:
            known[part] = rebuilt(part, walk)
        return known[part]

    return walk(value) if replacements else value


def rebuilt(value: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The same operation on changed parts."""
    if value.op in _FUNCTIONS:
        return _FUNCTIONS[value.op](change(value.parts[0]))
    if value.op == "^":
        return powered(change(value.parts[0]), expression(value.parts[1]))
    left, right = map(change, value.parts)
    return _OPERATIONS[value.op](left, right)


_FUNCTIONS: dict[str, Callable[[Expr], Expr]] = {"exp": exp, "cos": cos, "sin": sin}
_OPERATIONS: dict[str, Callable[[Expr, Expr], Expr]] = {"+": added, "*": multiplied, "/": divided}


@lru_cache(maxsize=100_000)
def names_in(value: Expr) -> frozenset[str]:
    """The names that stand in an expression, without pi."""
    if value.op == "name":
        return frozenset() if value is pi or value.parts[0] == "pi" else frozenset(value.parts)
    parts = (part for part in value.parts if isinstance(part, Expr))
    return frozenset().union(*map(names_in, parts))


# Text, tightest last: sums 0, products 1, powers 2


def _text(value: Expr, level: int) -> str:
    if value.op == "number":
        return _number_text(value.parts[0], level)
    if value.op == "name":
        return str(value.parts[0])
    if value.op in _FUNCTIONS:
        return f"{value.op}({_text(value.parts[0], 0)})"
    if value.op == "+":
        return _bracketed(_sum_text(*value.parts), level > 0)
    if value.op == "^":
        return _bracketed(f"{_text(value.parts[0], 3)}^{value.parts[1]}", level > 2)
    left, right = value.parts
    if value.op == "/":
        return _bracketed(f"{_text(left, 1)}/{_text(right, 2)}", level > 1)
    return _bracketed(_product_text(left, right), level > 1)


def _sum_text(left: Expr, right: Expr) -> str:
    after = _text(right, 0)
    return f"{_text(left, 0)} - {after[1:]}" if after.startswith("-") else f"{_text(left, 0)} + {after}"


def _product_text(left: Expr, right: Expr) -> str:
    factor = left.value
    if isinstance(factor, Fraction) and abs(factor.numerator) == 1:
        return f"{'-' if factor < 0 else ''}{_text(right, 2)}/{factor.denominator}"
    if factor == -1:
        return f"-{_text(right, 1)}"
    after = _text(right, 1)
    return f"{_text(left, 1)}*{_bracketed(after, after.startswith('-'))}"


def _number_text(value: Number, level: int) -> str:
    turned = -1 * I.parts[0] * value
    if value and not isinstance(turned, Cyclotomic):
        sign = "-" if turned < 0 else ""
        text = f"{sign}I" if abs(turned) == 1 else f"{turned}*I"
    else:
        text = str(value)
    added_up = " + " in text or " - " in text
    return _bracketed(text, (level > 0 and added_up) or (level > 1 and any(c in text for c in "-/*")))


def _bracketed(text: str, needed: bool) -> str:
    return f"({text})" if needed else text
