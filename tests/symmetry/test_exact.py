"""Exact numbers and matrices: arithmetic against complex floats, identities that must be exact."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catnet.diagnostics import CatnetError
from catnet.symmetry.exact import (
    Matrix,
    conjugate,
    cosine,
    exact,
    inverse,
    is_positive,
    is_real,
    root,
    sine,
    sqrt,
    to_float,
)

RATIONALS = st.fractions(min_value=-5, max_value=5, max_denominator=6)


@st.composite
def numbers(draw: st.DrawFn) -> object:
    """A sum of few rational multiples of roots of unity."""
    orders = st.sampled_from([1, 3, 4, 5, 8, 12])
    terms = draw(st.lists(st.tuples(RATIONALS, orders, st.integers(0, 11)), max_size=3))
    return sum((c * root(n, k) for c, n, k in terms), 0)


@given(numbers(), numbers())
def test_arithmetic_agrees_with_floats(a: object, b: object) -> None:
    for value, floats in [(a + b, complex(a) + complex(b)), (a * b, complex(a) * complex(b)), (a - b, None)]:
        if floats is not None:
            assert abs(complex(value) - floats) < 1e-12 * (1 + abs(floats))
    assert abs(complex(conjugate(a)) - complex(a).conjugate()) < 1e-12
    assert (a == b) == (a - b == 0)


@given(numbers(), numbers(), numbers())
def test_field_axioms_hold_exactly(a: object, b: object, c: object) -> None:
    assert a * (b + c) == a * b + a * c
    assert (a * b) * c == a * (b * c)
    assert hash((a + b) + c) == hash(a + (b + c))
    if a:
        assert a * inverse(a) == 1


@given(numbers())
def test_signs_agree_with_floats(a: object) -> None:
    value = complex(a)
    if is_real(a) and abs(value) > 1e-9:
        assert is_positive(a) == (value.real > 0)
    assert is_real(a) or abs(value.imag) > 1e-9


def test_a_number_is_equal_in_every_field_that_holds_it() -> None:
    assert root(3) == root(12, 4)
    assert hash(root(3)) == hash(root(3) * root(5) * root(5, 4))
    assert root(6) + root(6, 5) == 1
    assert type(root(6) + root(6, 5)) is int


@pytest.mark.parametrize("value", [2, 3, 5, 12, -1, -3, Fraction(8, 9), Fraction(5, 7)])
def test_square_roots(value: int | Fraction) -> None:
    assert sqrt(value) ** 2 == value
    assert abs(complex(sqrt(value)) - complex(value) ** 0.5) < 1e-14


def test_a_difference_below_float_precision_has_a_sign() -> None:
    below, above = (
        Fraction(digits, 10**28) for digits in (14142135623730950488016887242, 14142135623730950488016887243)
    )
    assert is_positive(sqrt(2) - below)
    assert not is_positive(sqrt(2) - above)


@pytest.mark.parametrize("n", [5, 7, 8, 12])
def test_sines_and_cosines(n: int) -> None:
    for k in range(n):
        assert to_float(cosine(k, n)) == pytest.approx(math.cos(2 * math.pi * k / n), abs=1e-15)
        assert to_float(sine(k, n)) == pytest.approx(math.sin(2 * math.pi * k / n), abs=1e-15)
        assert cosine(k, n) ** 2 + sine(k, n) ** 2 == 1


def test_texts() -> None:
    assert str(Fraction(1, 2) + sqrt(5) * Fraction(-3, 2)) == "1/2 - 3/2*sqrt(5)"
    assert str(2 * root(4)) == "2*i"
    assert str(-cosine(1, 7)) == "-cosine(1, 7)"
    assert str(3 * root(7) - 2) == "-2 + 3*root(7, 1)"


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.1, 1 / 3, "1", None, True, 1j])
def test_what_is_not_exact_is_refused(value: object) -> None:
    with pytest.raises(CatnetError, match="E0706"):
        exact(value)


def test_roots_of_too_high_an_order_are_refused() -> None:
    with pytest.raises(CatnetError, match="E0707"):
        root(4099)


@st.composite
def square(draw: st.DrawFn) -> Matrix:
    entries = st.one_of(st.integers(-3, 3), st.sampled_from([sqrt(5), root(3), Fraction(1, 2)]))
    rows = draw(st.lists(st.lists(entries, min_size=3, max_size=3), min_size=3, max_size=3))
    return Matrix.of(rows)


@settings(max_examples=20)
@given(square(), square())
def test_matrices(a: Matrix, b: Matrix) -> None:
    assert (a @ b).transpose() == b.transpose() @ a.transpose()
    assert a.kron(b) @ b.kron(a) == (a @ b).kron(b @ a)
    assert (a @ b).trace() == (b @ a).trace()
    try:
        back = a.inverse()
    except CatnetError as error:
        assert "E0705" in str(error)  # noqa: PT017  (a singular matrix has no inverse, any other must have one)
        from catnet.symmetry.matrix_groups import determinant

        assert determinant(a) == 0
    else:
        assert (a @ back).is_identity()
        assert a**-2 == back @ back


def test_shapes_are_checked() -> None:
    for wrong in (
        lambda: Matrix.of([[1, 2], [3]]),
        lambda: Matrix.identity(2) @ Matrix.identity(3),
        lambda: Matrix.identity(2) + Matrix.identity(3),
        lambda: Matrix.of([[1, 2]]).inverse(),
        lambda: Matrix.of([[1, 2], [2, 4]]).inverse(),
    ):
        with pytest.raises(CatnetError, match="E0705"):
            wrong()
