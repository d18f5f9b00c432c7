"""The decision of equality: normal forms, screens modulo primes, side conditions, and what is only tested."""

from __future__ import annotations

import random
from contextlib import suppress
from fractions import Fraction

import pytest

from catnet.bundles import Expr, I, Word, conjugate, cos, exp, expression, names, pi, sin, substitute
from catnet.bundles.deciding import Domain
from catnet.bundles.evaluating import Modular, Numeric, Undefined, conductor_of, prime_for
from catnet.bundles.laurent import TooLarge, budget
from catnet.bundles.normal import Sorts
from catnet.diagnostics import CatnetError
from catnet.symmetry import root, sqrt

phi, theta, m, n, u, v, r = names("phi theta m n u v r")
DOMAIN = Domain(
    {"phi": "angle", "theta": "arc", "m": "integer", "n": "integer", "u": "real", "v": "real", "r": "positive"}
)

TRUE = [
    cos(phi) ** 2 + sin(phi) ** 2 - 1,
    cos(2 * phi) - 2 * cos(phi) ** 2 + 1,
    sin(3 * phi) - 3 * sin(phi) + 4 * sin(phi) ** 3,
    exp(I * m * phi) * exp(I * n * phi) - exp(I * (m + n) * phi),
    exp(I * m * phi) ** n - exp(I * m * n * phi),
    exp(2 * I * pi * m) - 1,
    exp(I * pi * m) ** 2 - 1,
    expression(-1) ** m * expression(-1) ** m - 1,
    cos(phi + pi / 3) - cos(phi) / 2 + sqrt(3) / 2 * sin(phi),
    cos(theta / 2) ** 2 - (1 + cos(theta)) / 2,
    (u**2 - v**2) / (u + v) - u + v,
    1 / (1 + u**2) + u**2 / (1 + u**2) - 1,
    sin(phi) / (1 + cos(phi)) - (1 - cos(phi)) / sin(phi),
    exp(I * pi / 4) ** 2 - I,
    cos(m * phi) ** 2 + sin(m * phi) ** 2 - 1,
    exp(I * pi * m**2) - exp(I * pi * m),
]
FALSE = [
    cos(phi) + sin(phi) - 1,
    exp(I * m * phi) - exp(I * n * phi),
    exp(I * pi * m) - 1,
    (u**2 + v**2) / (u + v) - u - v,
    cos(theta / 2) ** 2 - (1 - cos(theta)) / 2,
    expression(sqrt(2)) * u - Fraction(99, 70) * u,
    r - 1,
]


@pytest.mark.parametrize("value", TRUE, ids=repr)
def test_identities_are_proved(value: Expr) -> None:
    assert DOMAIN.vanish([value], ("a",)).answer == "proved"


@pytest.mark.parametrize("value", FALSE, ids=repr)
def test_others_are_refuted_at_a_point_where_it_shows(value: Expr) -> None:
    witness = DOMAIN.vanish([value], ("a",)).witness
    assert witness is not None
    assert witness.residual > 1e-6
    assert abs(Numeric(DOMAIN.reading, witness.point)(value)) == pytest.approx(witness.residual)


def random_expression(rng: random.Random, depth: int) -> Expr:
    if depth == 0:
        leaves = [
            u,
            v,
            cos(phi),
            sin(theta / 2),
            exp(I * m * phi),
            exp(-I * phi),
            expression(rng.randint(-3, 3)),
            I / 2,
        ]
        return rng.choice([*leaves, expression(root(3)), expression(Fraction(2, 3))])
    left, right = random_expression(rng, depth - 1), random_expression(rng, depth - 1)
    kind = rng.choice("++**-/")
    if kind == "/":
        return left / (right * conjugate(right) + 2)
    return left + right if kind == "+" else left * right if kind == "*" else left - right


@pytest.mark.parametrize("seed", range(40))
def test_three_readings_agree_on_random_expressions(seed: int) -> None:
    rng = random.Random(seed)
    value = random_expression(rng, 3)
    other = random_expression(rng, 3)
    product = (value + other) * (value - other) - value * value + other * other  # zero, written otherwise
    assert DOMAIN.vanish([product], ("a",)).answer == "proved"
    sorts = Sorts(DOMAIN.sorts)
    screen = Modular(sorts, conductor_of([value], sorts), rng)
    points = DOMAIN.points(3, seed)
    by_number = max(abs(Numeric(sorts, point)(value)) for point in points) > 1e-9
    assert bool(screen(value)) == by_number
    with suppress(TooLarge), budget():
        assert bool(DOMAIN.normal(value).top) == by_number


def test_conjugates_and_substitution_match_their_values() -> None:
    rng = random.Random(7)
    point = DOMAIN.points(1)[0]
    for _ in range(20):
        value = random_expression(rng, 2)
        here = Numeric(DOMAIN.reading, point)
        assert here(conjugate(value)) == pytest.approx(here(value).conjugate())
        moved = substitute(value, {"u": v + 1, "phi": 2 * phi})
        there = Numeric(DOMAIN.reading, {**point, "u": point["v"] + 1, "phi": 2 * point["phi"]})
        assert here(moved) == pytest.approx(there(value))


def test_primes_have_the_roots_of_unity_asked_for() -> None:
    for conductor in (4, 12, 60, 840):
        p, unit = prime_for(conductor)
        assert p > 2**61
        assert p % conductor == 1
        orders = [k for k in range(1, conductor + 1) if pow(unit, k, p) == 1]
        assert orders == [conductor]


def test_zero_denominators_are_no_values() -> None:
    with pytest.raises(Undefined):
        Modular(DOMAIN.reading, 4, random.Random(0))(1 / (u - u * 1))


def test_side_conditions_prove_what_follows_from_them_alone() -> None:
    a, b, c = names("a b c")
    sphere = Domain({"a": "real", "b": "real", "c": "real"}, given=(a**2 + b**2 + c**2 - 1,))
    assert sphere.vanish([a**4 + a**2 * b**2 + a**2 * c**2 - a**2], ("x",)).answer == "proved"
    refuted = sphere.vanish([a**2 + b**2 - 1], ("x",)).witness
    assert refuted is not None
    assert sum(refuted.point[k] ** 2 for k in "ab" if k in refuted.point) != pytest.approx(1)
    line = Domain({"a": "real", "b": "real"}, given=(a**2 + b**2,))  # over the reals: a = b = 0, which is no algebra
    assert line.vanish([a], ("x",)).answer in ("tested", "refuted")


def test_conditions_that_share_variables_need_a_groebner_basis() -> None:
    a, b, c, d = names("a b c d")
    orthogonal = (a**2 + c**2 - 1, b**2 + d**2 - 1, a * b + c * d)
    domain = Domain(dict.fromkeys("abcd", "real"), given=orthogonal)
    assert domain.vanish([a**2 + b**2 - 1], ("x",)).answer == "proved"  # rows of an orthogonal matrix, from its columns
    assert domain.vanish([(a * d - b * c) ** 2 - 1], ("x",)).answer == "proved"
    assert domain.vanish([a * d - b * c - 1], ("x",)).answer == "refuted"


def test_what_is_beyond_the_budget_is_tested_and_says_so() -> None:
    many = names(" ".join(f"x{k}" for k in range(12)))
    domain = Domain({f"x{k}": "real" for k in range(12)})
    total = sum(many, expression(0))
    verdict = domain.vanish([(total + 1) ** 8 * (total - 1) ** 8 - (total**2 - 1) ** 8], ("x",))
    assert verdict.answer == "tested"
    assert "beyond the budget" in verdict.bound


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (phi + 1, "is an angle"),
        (exp(I * u), "cannot stand under exp"),
        (exp(phi), "cannot stand under exp"),
        (cos(I * phi), "cannot stand under cos"),
        (exp(I * phi * theta), "cannot stand under exp"),
        (names("w")[0] + 1, "no coordinate here"),
    ],
    ids=repr,
)
def test_what_cannot_be_read_is_refused(value: Expr, said: str) -> None:
    with pytest.raises(CatnetError, match=said) as caught:
        DOMAIN.vanish([value], ("a",))
    assert caught.value.diagnostics[0].code == "E0805"


def test_words_cancel_and_nothing_else() -> None:
    a, b, c = map(Word.letter, ("a", "b", "c"))
    assert (c * b.inverse()) * (b * a.inverse()) == c * a.inverse()
    assert (a * b) * (a * b).inverse() == Word()
    assert a * b != b * a
    assert str((a * b).renamed({"a": "x"})) == "x*b"


def test_texts_are_read_as_they_are_meant() -> None:
    assert str(2 * I * phi) == "2*I*phi"
    assert str(u * (-v)) == "-u*v"
    assert str((u - v) * (u + v) / (u * v)) == "(u - v)*(u + v)/(u*v)"
    assert str(exp(I * m * phi / 2)) == "exp(1/2*I*m*phi)"
    assert str(u ** (-2)) == "1/u^2"
