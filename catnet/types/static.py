"""Static values: what is known (or universally quantified) before any tensor exists, and its evaluation.

One evaluator serves dimensions in types, static arguments, `where` clauses and `if` conditions. Nothing here
runs code from a spec: expressions are interpreted over integers in normal form, floats, booleans and strings.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

from catnet.diagnostics import CatnetError, Span, fail
from catnet.limits import bounded
from catnet.syntax import tree
from catnet.types import spaces
from catnet.types.dims import Dim, DimError
from catnet.types.facts import Facts, Pred
from catnet.types.spaces import EXACT_FUNCTIONS, FUNCTIONS, Member, Space, joined
from catnet.types.spelling import nearest, respelt


@dataclass(frozen=True, slots=True)
class Condition:
    """`and`, `or`, `not` over predicates that are not decided yet."""

    op: Literal["and", "or", "not"]
    parts: tuple[Pred | Condition, ...]

    def __str__(self) -> str:
        if self.op == "not":
            return f"not ({self.parts[0]})"
        return f" {self.op} ".join(f"({p})" if isinstance(p, Condition) else str(p) for p in self.parts)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A static value of a given sort that a generic check does not know (a parameter without a default)."""

    name: str
    sort: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class AxisRef:
    """An axis as it is written: by index (`-1`) or by name (`t`), with the size that the name has here."""

    index: int | None = None
    name: str | None = None
    size: Dim | None = None

    def __str__(self) -> str:
        return self.name if self.name is not None else str(self.index)


INTEGERS = "use `//` for integer division"

MEMBERS = ("group", "rep", "bundle")  # the sorts of a group, a representation and a bundle
Lookup = Callable[[str], Any]  # the static value of a name, or None


def evaluate(expr: tree.Expr, lookup: Lookup, known: Iterable[str] = ()) -> Any:
    """The static value of an expression.

    Returns a `Dim`, float, bool, str, tuple, `Pred`, `Condition` or `Unknown`. `known` are the names offered
    when one is unknown. Raises `CatnetError` (E0201, E0212, E0225) with the place.
    """
    try:
        return _Evaluator(lookup, known).value(expr)
    except DimError as error:
        fail("E0225", f"this dimension cannot be worked out: {error}", expr.span)


def dimension(expr: tree.Expr, lookup: Lookup, known: Iterable[str] = ()) -> Dim:
    """Like `evaluate`, but the value must be an integer expression."""
    return integer(evaluate(expr, lookup, known), expr.span)


def integer(value: Any, span: Span | None) -> Dim:
    """A static value that must be an integer expression; raises `CatnetError` (E0212)."""
    if isinstance(value, Unknown) and value.sort in MEMBERS:
        raise CatnetError()  # told where it is declared
    if not isinstance(value, Dim):
        help = INTEGERS if isinstance(value, (float, Unknown)) else ""
        if callable(value) and span is not None:
            help = f"write `{span.text}(...)`, with its arguments"
        fail("E0212", f"expected an integer, got {describe(value)}", span, help=help)
    return value


def condition(expr: tree.Expr, lookup: Lookup, known: Iterable[str] = ()) -> Pred | Condition | bool:
    """Like `evaluate`, but the value must be true, false or a predicate."""
    value = evaluate(expr, lookup, known)
    if isinstance(value, Unknown) and value.sort == "bool":
        return Condition("or", ())  # neither branch may be left out
    if not isinstance(value, (bool, Pred, Condition)):
        fail("E0212", f"expected a condition, got {describe(value)}", expr.span)
    return value


def describe(value: Any) -> str:
    """A static value in words, for messages."""
    if isinstance(value, Dim):
        return f"the integer `{value}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"the number `{value}`"
    if isinstance(value, str):
        return f'the text "{value}"'
    if isinstance(value, tuple):
        return "a tuple"
    if isinstance(value, Member):
        return f"the {value.what if isinstance(value, Space) else 'group'} `{value}`"
    if callable(value):
        return "a declaration that takes arguments"
    if isinstance(value, (Pred, Condition)):
        return f"the condition `{value}`"
    return f"`{value}`"


def decide(value: Pred | Condition | bool, facts: Facts) -> bool | None:
    """True or false where the facts decide the condition, else None."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Pred):
        if facts.holds(value):
            return True
        return False if facts.holds(value.negated()) else None
    decided = [decide(part, facts) for part in value.parts]
    if value.op == "not":
        return None if decided[0] is None else not decided[0]
    dominant = value.op == "or"
    if dominant in decided:
        return dominant
    return None if None in decided or not decided else not dominant


def assume(value: Pred | Condition | bool, truth: bool, facts: Facts) -> Facts:
    """The facts with the condition taken to be true (or false); what cannot be used is left out."""
    if isinstance(value, bool):
        return facts
    if isinstance(value, Pred):
        return facts.assume(value if truth else value.negated())
    if value.op == "not":
        return assume(value.parts[0], not truth, facts)
    if (value.op == "and") == truth:
        for part in value.parts:
            facts = assume(part, truth, facts)
    return facts


def _placed(error: CatnetError, span: Span | None) -> CatnetError:
    """The same diagnostics, at a place where they have none."""
    return CatnetError(*(replace(d, span=d.span or span) for d in error.diagnostics))


class _Evaluator:
    def __init__(self, lookup: Lookup, known: Iterable[str]) -> None:
        self.lookup = lookup
        self.known = known

    def value(self, expr: tree.Expr) -> Any:
        method = getattr(self, f"visit_{type(expr).__name__.lower()}", None)
        if method is None:
            fail("E0212", "a static value is expected here, not a diagram or a type", expr.span)
        return method(expr)

    def number_of(self, expr: tree.Expr) -> Dim | float | Unknown | Member:
        value = self.value(expr)
        if isinstance(value, bool) or not isinstance(value, (Dim, float, Unknown, Member)):
            fail("E0212", f"expected a number, got {describe(value)}", expr.span)
        return value

    def visit_name(self, expr: tree.Name) -> Any:
        try:
            value = self.lookup(expr.id)
        except CatnetError as error:  # a name that has no static value, such as a wire
            raise _placed(error, expr.span) from None
        if value is None:
            known = list(self.known)
            fixes = respelt(expr.id, known, expr.span)
            fail("E0201", f"unknown name `{expr.id}`", expr.span, help=nearest(expr.id, known), fixes=fixes)
        return value

    def visit_number(self, expr: tree.Number) -> Dim | float:
        return Dim.const(expr.value) if isinstance(expr.value, int) else expr.value

    def visit_text(self, expr: tree.Text) -> str:
        return expr.value

    def visit_truth(self, expr: tree.Truth) -> bool:
        return expr.value

    def visit_fan(self, expr: tree.Fan) -> tuple[Any, ...]:
        return tuple(self.value(part) for part in expr.parts)

    def visit_list(self, expr: tree.List) -> tuple[Any, ...]:
        return tuple(self.value(part) for part in expr.parts)

    def visit_unit(self, expr: tree.Unit) -> tuple[Any, ...]:
        return ()

    def visit_call(self, expr: tree.Call) -> Any:
        name = expr.fn.id if isinstance(expr.fn, tree.Name) else ""
        if name not in ("", "max", "min", "sqrt"):
            spaces.learn_words(name)
        if name in FUNCTIONS:
            return self.made(FUNCTIONS[name], expr)
        bound = self.lookup(name) if name else None
        if callable(bound) and not isinstance(bound, Member):
            return self.made(bound, expr)
        if name not in ("max", "min", "sqrt") or not expr.args or any(arg.name is not None for arg in expr.args):
            words = "a static value is expected here: `max`, `min`, `sqrt`, groups and representations may be called"
            fail("E0212", words, expr.span, help=nearest(name, FUNCTIONS))
        values = [self.number_of(arg.value) for arg in expr.args]
        if name == "sqrt":
            if len(values) > 1:
                fail("E0212", "`sqrt` takes one number", expr.span)
            return self.square_root(values[0], expr.span)
        dims = [v for v in values if isinstance(v, Dim)]
        if len(dims) != len(values):
            fail("E0212", f"`{name}` takes integers", expr.span)
        return Dim.max(*dims) if name == "max" else Dim.min(*dims)

    def square_root(self, value: Any, span: Span | None) -> float | Unknown:
        if isinstance(value, Unknown) or (isinstance(value, Dim) and value.value is None):
            return Unknown(f"sqrt({value})", "float")
        if not isinstance(value, (Dim, float)) or _as_float(value) < 0:
            fail("E0225", f"there is no square root of {describe(value)}", span)
        return math.sqrt(_as_float(value))

    def made(self, function: Callable[..., Any], expr: tree.Call) -> Any:
        """The group or the representation that a function makes; what it refuses is told here."""
        exact = _Exact(self.lookup, self.known)
        args = [exact.value(arg.value) for arg in expr.args if arg.name is None]
        named = {arg.name: exact.value(arg.value) for arg in expr.args if arg.name is not None}
        if any(isinstance(value, Unknown) and value.sort in MEMBERS for value in (*args, *named.values())):
            raise CatnetError()  # told where it is declared
        try:
            return function(*args, **named)
        except TypeError as error:
            name = expr.fn.id if isinstance(expr.fn, tree.Name) else "this"
            fail("E0213", f"`{name}` does not take these arguments: {error}", expr.span)
        except CatnetError as error:
            raise _placed(error, expr.span) from None

    def visit_negate(self, expr: tree.Negate) -> Any:
        value = self.number_of(expr.body)
        if isinstance(value, Member):
            fail("E0212", f"{describe(value)} has no negative", expr.span)
        return value if isinstance(value, Unknown) else -value

    def visit_power(self, expr: tree.Power) -> Any:
        return self.arithmetic("^", self.number_of(expr.base), self.number_of(expr.exponent), expr.span)

    def visit_product(self, expr: tree.Product) -> Any:
        value = self.number_of(expr.first)
        for op, operand in expr.rest:
            value = self.arithmetic(op, value, self.number_of(operand), expr.span)
        return value

    def visit_sum(self, expr: tree.Sum) -> Any:
        value = self.number_of(expr.first)
        for op, operand in expr.rest:
            value = self.arithmetic(op, value, self.number_of(operand), expr.span)
        return value

    def arithmetic(self, op: str, a: Any, b: Any, span: Span | None) -> Any:
        if (isinstance(a, Unknown) and a.sort in MEMBERS) or (isinstance(b, Unknown) and b.sort in MEMBERS):
            raise CatnetError()  # told where it is declared
        if isinstance(a, Member) or isinstance(b, Member):
            try:
                made = joined(op, a, b)
            except CatnetError as error:
                raise _placed(error, span) from None
            if made is not NotImplemented:
                return made
            words = "representations are joined by `V + W`, `3*V`, `V*W` (the tensor product) and `V ^ 2`"
            fail("E0212", f"`{op}` does not join {describe(a)} and {describe(b)}", span, help=words)
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            return _unknown(op, a, b)
        if isinstance(a, Dim) and isinstance(b, Dim) and op != "/":
            return _INTEGER[op](a, b)
        if any(isinstance(n, Dim) and n.value is None for n in (a, b)):
            return _unknown(op, a, b)  # a number once the sizes are known
        left, right = _as_float(a), _as_float(b)
        if op in ("/", "//", "%") and right == 0:
            fail("E0225", "division by zero", span)
        try:
            result = _FLOAT[op](left, right)
        except (OverflowError, ZeroDivisionError) as error:
            fail("E0225", f"this number cannot be worked out: {error}", span)
        if isinstance(result, complex) or result != result or result in (float("inf"), float("-inf")):
            fail("E0225", "this number is not finite", span)
        return result

    def visit_compare(self, expr: tree.Compare) -> Any:
        left, right = self.value(expr.left), self.value(expr.right)
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return Condition("or", ())
        if isinstance(left, Dim) and isinstance(right, Dim):
            predicate = Pred(expr.op, left, right)
            if left.value is not None and right.value is not None:
                return predicate.evaluate({})
            return predicate
        if expr.op in ("==", "!=") and type(left) is type(right):
            return (left == right) == (expr.op == "==")
        if isinstance(left, (Dim, float)) and isinstance(right, (Dim, float)):
            if any(isinstance(n, Dim) and n.value is None for n in (left, right)):
                return Condition("or", ())
            a, b = _as_float(left), _as_float(right)
            return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[expr.op]
        fail("E0212", f"cannot compare {describe(left)} with {describe(right)}", expr.span)

    def truth_of(self, expr: tree.Expr) -> Pred | Condition | bool:
        return condition(expr, self.lookup, self.known)

    def visit_logic(self, expr: tree.Logic) -> Any:
        parts = [self.truth_of(part) for part in expr.parts]
        dominant = expr.op == "or"
        if any(part is dominant for part in parts):
            return dominant
        open_parts = tuple(part for part in parts if not isinstance(part, bool))
        return Condition(expr.op, open_parts) if open_parts else not dominant

    def visit_not(self, expr: tree.Not) -> Any:
        value = self.truth_of(expr.body)
        return (not value) if isinstance(value, bool) else Condition("not", (value,))

    def visit_if(self, expr: tree.If) -> Any:
        decided = self.truth_of(expr.condition)
        if not isinstance(decided, bool):
            shown = str(decided) or (expr.condition.span.text if expr.condition.span is not None else "this")
            fail(
                "E0222",
                f"a static value depends on `{shown}`, which is not known here",
                expr.condition.span,
                help="choose between diagrams instead: `if ... then f else g`",
            )
        return self.value(expr.then if decided else expr.otherwise)


def _unknown(op: str, a: Any, b: Any) -> Unknown:
    """A number that is not known yet. Equal texts are equal numbers: operands stand in brackets."""
    left, right = (f"({n})" if not str(n).isalnum() else str(n) for n in (a, b))
    return Unknown(f"{left} {op} {right}", "float")


class _Exact(_Evaluator):
    """The evaluator inside the arguments of a group or a representation: numbers stay exact there.

    `1/2` is a fraction and `sqrt(5)` an algebraic number; `FUNCTIONS["sqrt"]` makes it.
    """

    def arithmetic(self, op: str, a: Any, b: Any, span: Span | None) -> Any:
        exact = (Dim, Fraction, *spaces.NUMBERS)
        if not isinstance(a, exact) or not isinstance(b, exact) or op not in _EXACT:
            return super().arithmetic(op, a, b, span)
        if isinstance(a, Dim) and isinstance(b, Dim) and (op != "/" or a.value is None or b.value is None):
            return super().arithmetic(op, a, b, span)
        left, right = (x.value if isinstance(x, Dim) else x for x in (a, b))
        if op == "/" and right == 0:
            fail("E0225", "division by zero", span)
        if op == "^" and not (isinstance(right, int) and abs(right) <= _MAX_EXPONENT and (left or right >= 0)):
            fail("E0225", f"an exact number has whole powers alone, up to {_MAX_EXPONENT}, not `{right}`", span)
        first: Any = left
        try:
            with bounded("E0707", "this number"):
                found = _EXACT[op](first if isinstance(left, spaces.NUMBERS) else Fraction(first), right)
        except CatnetError as error:
            raise _placed(error, span) from None
        return Dim.const(int(found)) if isinstance(found, Fraction) and found.denominator == 1 else found

    def number_of(self, expr: tree.Expr) -> Any:
        value = self.value(expr)
        return value if isinstance(value, (Fraction, *spaces.NUMBERS)) else _Evaluator.number_of(self, expr)

    def square_root(self, value: Any, span: Span | None) -> Any:
        if isinstance(value, Dim) and value.value is not None and "sqrt" in EXACT_FUNCTIONS:
            return EXACT_FUNCTIONS["sqrt"](value.value)
        return super().square_root(value, span)


_EXACT: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
}
_MAX_EXPONENT = 64  # of numbers that are fractions or roots


def _as_float(value: Dim | float) -> float:
    if isinstance(value, float):
        return value
    assert value.value is not None
    return float(value.value)


_INTEGER: dict[str, Callable[[Dim, Dim], Dim]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "^": lambda a, b: a**b,
}
_FLOAT: dict[str, Callable[[float, float], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "^": lambda a, b: a**b,
}
