"""Laws that speak of all nets of a type, and laws that cannot be tried."""

from __future__ import annotations

import pytest

from catnet.analysis.laws import LawResult, check_laws
from catnet.elaborate.program import Program


def decided(text: str) -> dict[str, LawResult]:
    return {r.name: r for r in check_laws(Program.from_text(text))}


@pytest.mark.parametrize(
    "law",
    [
        "(f: X -> X) : f ^ 3 == f >> f >> f",
        "(f: X -> X, n) : f >> id == id >> f",
        "(f: X -> Y, g: Y -> X) : (f >> g) >> f == f >> (g >> f)",
        "(f: X -> X, g: Y -> Y) : (f @ id) >> (id @ g) == (id @ g) >> (f @ id)",
        "(f: X -> X, g: Y -> Y) : (f @ g) >> swap == swap >> (g @ f)",
        "(f: R[d] -> R[d]) : id + f == (id, f) >> add",
        "(f: R[d] -> R[k], k) : f >> (relu, relu) == f >> copy >> (relu @ relu)",
        "(f: R[d] -> R[k], k) : f - f == (f, f) >> sub",
    ],
)
def test_proved_for_every_net(law: str) -> None:
    result = decided(f"law l{law}")["l"]
    assert (result.verdict, result.error) == ("proved", None), result.detail


@pytest.mark.parametrize(
    "law",
    [
        "(f: X -> X) : f >> copy == (f, f)",  # two uses of f have weights of their own
        "(f: X -> X) : f >> f == f",
        "(f: X -> X, g: X -> X) : f >> g == g >> f",
        "(f: R[d] -> R[d]) : id + f == id",
        "(f: R[d] -> R[d]) : f - f == 0 * f",
    ],
)
def test_refuted_by_some_net(law: str) -> None:
    result = decided(f"law l{law}")["l"]
    assert result.verdict == "refuted", result.detail
    assert result.diagnostic is not None
    assert result.diagnostic.code == "E0401"
    assert "differ by" in result.diagnostic.message


@pytest.mark.parametrize(
    "law",
    [
        "(f: R[d] -> R[d], g: R[d] -> R[d]) : f * g == g * f",
        "(f: R[d] -> R[d]) : 2 * f == scale(2) >> f >> id + 0 * f",
    ],
)
def test_what_needs_arithmetic_is_tested_or_refuted_but_not_proved(law: str) -> None:
    assert decided(f"law l{law}")["l"].verdict in ("tested", "refuted")


def test_commutativity_is_tested_with_its_error() -> None:
    result = decided("law l(f: R[d] -> R[d], g: R[d] -> R[d]) : f + g == g + f")["l"]
    assert result.verdict == "tested"
    assert result.error is not None
    assert 0 <= result.error < 1e-12


def test_the_smallest_counterexample_is_told() -> None:
    result = decided('law l : rearrange("a b -> b a") >> rearrange("a b -> (a b)") == rearrange("a b -> (a b)")')["l"]
    assert result.verdict == "refuted"
    sizes = result.detail.partition(" at ")[2]
    assert sorted(sizes.replace(" ", "").replace("a=", "").replace("b=", "").split(",")[:2])[-1].endswith("2")


def test_a_law_that_cannot_be_tried_is_open() -> None:
    text = """
net wide : R[d] -> R[d] where d >= 1000000000000 = relu >> relu
law l : wide == relu
"""
    result = decided(text)["l"]
    assert result.verdict == "open"
    assert result.diagnostic is None


def test_every_law_of_a_file_gets_its_verdict() -> None:
    results = decided("law one(f: X -> X) : f == id >> f\nlaw two : relu == neg\nlaw three : relu >> relu == relu")
    assert [r.verdict for r in results.values()] == ["proved", "refuted", "tested"]
