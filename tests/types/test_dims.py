"""Normal forms of dimensions: identities, text, budgets, and agreement with Python integers."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catnet.types.dims import Dim, DimError, FloorDiv, Symbol

NAMES = ("a", "b", "d", "depth", "h", "heads", "k", "n", "p", "s", "t", "w", "x")
FUNCTIONS = {"max": Dim.max, "min": Dim.min, "D": Dim.const}
SCOPE: dict[str, Any] = {name: Dim.sym(name) for name in NAMES} | FUNCTIONS


def dim(text: str) -> Dim:
    """The dimension that Python's own reading of the text gives (so `**` for a power)."""
    return Dim.const(0) + eval(text, {}, SCOPE)


# The language's own reading: ^ tightest, then unary -, then * / // %, then + and -.


class Reader:
    """A small recursive-descent reader of dimension text, by the language page rather than the printer."""

    def __init__(self, text: str) -> None:
        self.tokens = re.findall(r"\?*[A-Za-z_]\w*|\d+|//|[-+*%^(),]", text)
        assert "".join(self.tokens) == text.replace(" ", "")

    def peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def take(self, *expected: str) -> str:
        token = self.tokens.pop(0)
        assert not expected or token in expected, (token, expected)
        return token

    def sum(self) -> Dim:
        left = self.product()
        while self.peek() in ("+", "-"):
            left = left + self.product() if self.take() == "+" else left - self.product()
        return left

    def product(self) -> Dim:
        left = self.negative()
        while self.peek() in ("*", "//", "%"):
            operator, right = self.take(), self.negative()
            left = left * right if operator == "*" else left // right if operator == "//" else left % right
        return left

    def negative(self) -> Dim:
        if self.peek() == "-":
            self.take()
            return -self.negative()
        return self.power()

    def power(self) -> Dim:
        base = self.primary()
        if self.peek() == "^":
            self.take()
            return base ** self.negative()
        return base

    def primary(self) -> Dim:
        token = self.take()
        if token == "(":
            inner = self.sum()
            self.take(")")
            return inner
        if token.isdigit():
            return Dim.const(int(token))
        if token in ("max", "min") and self.peek() == "(":
            arguments = []
            while self.take("(", ",", ")") != ")":
                arguments.append(self.sum())
                if self.peek() == ")":
                    self.take()
                    break
            return Dim.max(*arguments) if token == "max" else Dim.min(*arguments)
        return Dim.sym(token)


def read(text: str) -> Dim:
    reader = Reader(text)
    result = reader.sum()
    assert not reader.tokens
    return result


EQUAL = [
    ("(h + 2*1 - 3)//1 + 1", "h"),
    ("((h - 1)//2 + 1 - 1)//2 + 1", "(h - 1)//4 + 1"),
    ("(2*h)//2", "h"),
    ("(4*h + 2)//4", "h"),
    ("(4*h + 3)//2", "2*h + 1"),
    ("(h//2)//3", "h//6"),
    ("(h//2)//2//2", "h//8"),
    ("(h//s)//t", "h//(s*t)"),
    ("(h//s)//t", "(h//t)//s"),
    ("(d*h)//h", "d"),
    ("(d*h*w)//(h*w)", "d"),
    ("(3*d*h)//h", "3*d"),
    ("(2*a)//(2*b)", "a//b"),
    ("(2*a + 1)//(2*b)", "a//b"),
    ("(6*a + 5)//9", "(2*a + 1)//3"),
    ("(a*h)//(b*h)", "a//b"),
    ("(k*s + w)//s", "k + w//s"),
    ("(h + 2*s - 2)//s", "(h - 2)//s + 2"),
    ("((s + 1)*h)//(s + 1)", "h"),
    ("((s + 1)*h + w)//(s + 1)", "h + w//(s + 1)"),
    ("(a*a - b*b)//(a + b)", "a - b"),
    ("(a*a + 2*a*b + b*b)//(a + b)", "a + b"),
    ("((a + b)**3)//((a + b)**2)", "a + b"),
    ("h % 1", "0*h"),
    ("(2*h) % 2", "0*h"),
    ("(4*h + 3) % 4", "D(3)"),
    ("(h + 4) % 4", "h % 4"),
    ("(3*h) % (3*w)", "3*(h % w)"),
    ("h//2*2 + h % 2", "h"),
    ("(h % 4)//4", "(h - 4*(h//4))//4"),
    ("-((-4*h)//4)", "h"),
    ("(h//2 + w)//3", "(h + 2*w)//6"),
    ("(h//2 + 1)//2", "(h + 2)//4"),
    ("(h + 1)//1", "h + 1"),
    ("2**(a + b + 3)", "8*2**a*2**b"),
    ("4**n", "2**(2*n)"),
    ("8**n//4**n", "2**n"),
    ("2**depth*2**k", "2**(depth + k)"),
    ("(2**depth*x)//2**depth", "x"),
    ("(2**(depth + 1)*x)//2**depth", "2*x"),
    ("2*2**(depth - 1)", "2**depth"),
    ("2**(depth - 1) + 2**(depth - 1)", "2**depth"),
    ("2**(a - b)*2**b", "2**a"),
    ("2**a*2**(1 - a)", "D(2)"),
    ("2**(a - b + 1) + 2**(a - b)", "3*2**(a - b)"),
    ("x//2**depth//2", "x//2**(depth + 1)"),
    ("1**n", "D(1)"),
    ("max(a, a + 1)", "a + 1"),
    ("max(a, max(b, d))", "max(d, a, b)"),
    ("min(a, b, a - 2)", "min(b, a - 2)"),
    ("max(3, a, 7)", "max(a, 7)"),
    ("max(h//2//2, h//4)", "h//4"),
    ("(a + b)**2", "a**2 + 2*a*b + b**2"),
    ("(x - 1)*(x + 1)", "x**2 - 1"),
]


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal_by_normal_form(left: str, right: str) -> None:
    assert dim(left) == dim(right)
    assert hash(dim(left)) == hash(dim(right))


DIFFERENT = [
    ("(h + 1)//2", "h//2"),
    ("2*(h//2)", "h"),
    ("h//2 + w//2", "(h + w)//2"),
    ("2**n", "n**2"),
    ("max(a, b)", "min(a, b)"),
    ("d//heads*heads", "d"),
]


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different_normal_forms(left: str, right: str) -> None:
    assert dim(left) != dim(right)


TEXTS = [
    ("3*d", "3*d"),
    ("(h + 2*p - k)//s + 1", "(h + 2*p - k)//s + 1"),
    ("d//heads", "d//heads"),
    ("t - 1", "t - 1"),
    ("-t", "-t"),
    ("1 - t", "1 - t"),
    ("-(h//2)", "-(h//2)"),
    ("-h//2*3", "3*((-h)//2)"),
    ("2**depth", "2^depth"),
    ("2**(2*depth)", "2^(2*depth)"),
    ("2**(depth - 1)", "2^(depth - 1)"),
    ("h//2**depth", "h//2^depth"),
    ("max(a, b)", "max(a, b)"),
    ("min(a + 1, b)*2", "2*min(a + 1, b)"),
    ("d % heads", "d % heads"),
    ("(h//2) % 3", "(h//2) % 3"),
    ("heads*(d//heads)", "heads*(d//heads)"),
    ("(h//2)**2", "(h//2)^2"),
    ("h**2", "h^2"),
    ("(h - k)//2", "(h - k)//2"),
    ("h*w//s", "(h*w)//s"),
    ("h//(2*s)", "h//(2*s)"),
    ("b - a", "b - a"),
    ("-a - b - 3", "-a - b - 3"),
    ("D(0)", "0"),
    ("D(-5)", "-5"),
]


@pytest.mark.parametrize(("source", "text"), TEXTS)
def test_text(source: str, text: str) -> None:
    assert str(dim(source)) == text
    assert repr(dim(source)) == f"Dim({text!r})"
    assert read(text) == dim(source)


def test_metavariables_are_symbols() -> None:
    assert str(Dim.sym("?d") * 2) == "2*?d"
    assert read("2*?d") == 2 * Dim.sym("?d")


def test_parts() -> None:
    d = dim("2*h*(w//s) + 2**n + max(a, b)")
    assert d.symbols == {"h", "w", "s", "n", "a", "b"}
    assert dim("h").is_symbol == "h"
    assert [dim(text).is_symbol for text in ("2*h", "h + 1", "h**2", "h//2", "D(3)", "D(0)")] == [None] * 6
    assert dim("D(3)").value == 3
    assert dim("h - h").value == 0
    assert dim("h").value is None
    coefficient, ((symbol, power), *rest) = d.terms[0]
    assert (coefficient, power, len(rest)) == (2, 1, 1)
    assert isinstance(symbol, Symbol)
    assert isinstance(rest[0][0], FloorDiv)


def test_linear_in() -> None:
    assert dim("3*h + w*h + 2").linear_in("h") == (dim("w + 3"), dim("D(2)"))
    assert dim("w").linear_in("h") == (dim("D(0)"), dim("w"))
    for text in ("h**2", "h//2", "w*(h//2)", "2**h", "max(h, w) + h"):
        assert dim(text).linear_in("h") is None


def test_subst_is_simultaneous_and_renormalises() -> None:
    assert dim("h - w").subst({"h": dim("w"), "w": dim("h")}) == dim("w - h")
    assert dim("(h + 2*p - k)//s + 1").subst({"h": 28, "p": 1, "k": 3, "s": 2}).value == 14
    assert dim("2**depth*h").subst({"depth": 3}) == dim("8*h")
    assert dim("max(a, b)").subst({"a": 3, "b": 5}).value == 5
    assert dim("h//s").subst({"h": dim("s*w")}) == dim("w")
    with pytest.raises(DimError, match="division by zero"):
        dim("h//s").subst({"s": 0})


def test_constants_are_python_integers() -> None:
    for a in range(-7, 8):
        for b in (-3, -2, -1, 1, 2, 3):
            assert Dim.const(a) // b == a // b
            assert Dim.const(a) % b == a % b
    assert 7 // Dim.const(2) == 3
    assert 7 % Dim.const(4) == 3
    assert 2 ** Dim.const(5) == 32
    assert 5 - Dim.const(2) == 3
    assert hash(Dim.const(5)) == hash(5)


def test_powers_keep_their_value_where_an_exponent_is_zero() -> None:
    """`2^(1 - a)` is 1 at a = 1: the constant must not leave the exponent of a difference."""
    assert dim("2**(1 - a)").evaluate({"a": 1}) == 1
    assert dim("2**(a - b + 2)*3").evaluate({"a": 1, "b": 3}) == 3
    with pytest.raises(DimError, match="negative exponent"):
        dim("2**(1 - a)").evaluate({"a": 2})


def test_evaluate_raises_where_undefined() -> None:
    for text, point, message in [
        ("h//s", {"h": 3, "s": 0}, "division by zero"),
        ("h//s", {"h": 3, "s": -1}, "negative number"),
        ("2**(h - 3)", {"h": 1}, "negative exponent"),
        ("h + w", {"h": 1}, "no value for the name 'w'"),
        ("2**h", {"h": 10**9}, "4096 bits"),
    ]:
        with pytest.raises(DimError, match=message):
            dim(text).evaluate(point)


BOMBS = [
    "(a + b + d + h + k + n + p + s)**9",
    "((a + b + d + h)**12)*((k + n + p + s)**12)",
    "a**65",
    "D(2)**(D(2)**(D(2)**20))",
    "D(10)**100000",
    "a*2**5000",
    "a//0",
    "a % 0",
    "a**b",
    "a**-1",
    "2**(a - b)*2**(b - a - 1)",
    "(-2)**a",
    "D(0)**a",
]


@pytest.mark.parametrize("text", BOMBS)
def test_budget(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(DimError):
        dim(text)
    assert time.perf_counter() - start < 2


def test_nesting_is_bounded() -> None:
    def grow() -> None:
        d = dim("h")
        for _ in range(1000):
            d = (3 * (d // 2) + dim("w") * (d // 2)) // 5

    with pytest.raises(DimError, match=r"nested|operands|terms"):
        grow()


def test_budget_message() -> None:
    with pytest.raises(DimError, match="dimension polynomial has more than 4096 terms"):
        dim(BOMBS[0])


# Against Python integers

Tree = tuple[Any, ...]
OPERATORS = ["+", "-", "*", "//", "%"]
POSITIVE_OPERATORS = ["+", "*", "//"]


def trees(operators: list[str]) -> st.SearchStrategy[Tree]:
    leaves = st.one_of(
        st.sampled_from(["a", "b", "h"]).map(lambda name: ("sym", name)),
        st.integers(1, 6).map(lambda n: ("const", n)),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(operators), inner, inner),
            st.tuples(st.sampled_from(operators), inner, inner),
            st.tuples(st.sampled_from(["max", "min"]), inner, inner),
            st.tuples(st.just("power"), inner, st.integers(0, 3)),
            st.tuples(st.just("exp"), st.sampled_from([2, 3, 4]), inner),
        ),
        max_leaves=9,
    )


def built(tree: Tree) -> Dim:
    match tree:
        case ("sym", name):
            return Dim.sym(name)
        case ("const", n):
            return Dim.const(n)
        case ("power", base, exponent):
            return built(base) ** exponent
        case ("exp", base, exponent):
            return Dim.const(base) ** built(exponent)
        case (operator, left, right):
            a, b = built(left), built(right)
            return {
                "+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "//": lambda: a // b,
                "%": lambda: a % b, "max": lambda: Dim.max(a, b), "min": lambda: Dim.min(a, b),
            }[operator]()  # fmt: skip
    raise AssertionError(tree)


class Undefined(Exception):
    """The tree has no value at this point (or one too large to compute)."""


def valued(tree: Tree, point: dict[str, int]) -> int:
    match tree:
        case ("sym", name):
            return point[name]
        case ("const", n):
            return n
        case ("power", base, exponent):
            return valued(base, point) ** exponent
        case ("exp", base, exponent):
            power = valued(exponent, point)
            if not 0 <= power <= 200:
                raise Undefined
            return base**power
        case (operator, left, right):
            a, b = valued(left, point), valued(right, point)
            if operator in ("//", "%") and b <= 0:
                raise Undefined
            return {
                "+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "//": lambda: a // b,
                "%": lambda: a % b, "max": lambda: max(a, b), "min": lambda: min(a, b),
            }[operator]()  # fmt: skip
    raise AssertionError(tree)


POINTS = st.fixed_dictionaries({name: st.integers(1, 12) for name in ("a", "b", "h")})


@settings(max_examples=400, deadline=None)
@given(trees(OPERATORS), st.lists(POINTS, min_size=3, max_size=6))
def test_normal_form_keeps_the_value(tree: Tree, points: list[dict[str, int]]) -> None:
    try:
        normal = built(tree)
    except DimError:
        return
    for point in points:
        try:
            expected = valued(tree, point)
            found = normal.evaluate(point)
        except (Undefined, DimError):
            continue
        assert found == expected, (str(normal), point)


@settings(max_examples=200, deadline=None)
@given(trees(POSITIVE_OPERATORS), POINTS)
def test_normal_form_is_defined_where_the_tree_is(tree: Tree, point: dict[str, int]) -> None:
    """Without subtraction nothing is lost: the normal form has a value wherever the tree has one."""
    try:
        expected = valued(tree, point)
    except Undefined:
        return
    if expected.bit_length() > 500:
        return
    try:
        normal = built(tree)
    except DimError as problem:
        if any(word in str(problem) for word in ("bits", "terms", "at most")):
            return
        raise
    assert normal.evaluate(point) == expected


@settings(max_examples=300, deadline=None)
@given(trees(OPERATORS))
def test_text_reads_back(tree: Tree) -> None:
    try:
        normal = built(tree)
    except DimError:
        return
    assert read(str(normal)) == normal
    assert str(read(str(normal))) == str(normal)


@settings(max_examples=200, deadline=None)
@given(trees(OPERATORS), POINTS)
def test_substitution_agrees_with_evaluation(tree: Tree, point: dict[str, int]) -> None:
    try:
        normal = built(tree)
        expected = normal.evaluate(point)
    except DimError:
        return
    assert normal.subst({"a": point["a"]}).subst({"b": point["b"], "h": point["h"]}).value == expected


@settings(max_examples=100, deadline=None)
@given(trees(OPERATORS), trees(OPERATORS), trees(OPERATORS))
def test_ring_laws(x: Tree, y: Tree, z: Tree) -> None:
    try:
        a, b, c = built(x), built(y), built(z)
        assert a + b == b + a
        assert a * b == b * a
        assert (a + b) + c == a + (b + c)
        assert a * (b + c) == a * b + a * c
        assert (a - a).value == 0
    except DimError:
        return
