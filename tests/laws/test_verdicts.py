"""Laws are proved by the normal form, tested on trials, or refuted with the smallest counterexample found."""

from __future__ import annotations

import pytest

from catnet.analysis.laws import LawResult, check_laws
from catnet.diagnostics import CatnetError
from catnet.elaborate.program import Program

NETS = """
net residual(f: X -> X) : X -> X = id + f
net halves : R[d] -> R[d//2] where d % 2 == 0 = linear(d//2)
"""


def verdict(law: str) -> LawResult:
    (result,) = check_laws(Program.from_text(f"{NETS}\nlaw it{law}"))
    return result


@pytest.mark.parametrize(
    "law",
    [
        "(f: X -> X) : id >> f == f",
        " : relu >> copy == (relu, relu)",
        " : linear(8) >> (id, id) == linear(8) >> copy",
        "(k) : residual(linear(k)) == id + linear(k)",
        "(k) : linear(k) ^ 3 == linear(k) >> linear(k) >> linear(k)",
        " : swap >> swap == id @ id",
        " : (relu @ tanh) >> swap == swap >> (tanh @ relu)",
        ' : rearrange("a b -> b a") ^ -1 == rearrange("b a -> a b")',
    ],
)
def test_proved(law: str) -> None:
    assert verdict(law).verdict == "proved"


@pytest.mark.parametrize(
    "law",
    [
        " : relu >> relu == relu",
        "(f: X -> X, g: X -> X) : f + g == g + f",
        " : neg >> neg == id",
        " : softmax >> sum(over = -1) == softmax >> sum(over = -1) >> id",
        "(k) : linear(k) >> neg == scale(-1) >> linear(k, bias = false) >> id",
    ],
)
def test_what_the_normal_form_cannot_decide_is_tried(law: str) -> None:
    result = verdict(law)
    assert result.verdict in ("tested", "proved", "refuted")
    if "bias" in law:
        assert result.verdict == "refuted"
    elif "sum" in law:
        assert result.verdict == "proved"
    else:
        assert result.verdict == "tested"
        assert result.error is not None
        assert result.error < 1e-12


def test_a_rounding_difference_is_told_and_not_refuted() -> None:
    result = verdict(" : exp >> log == id")
    assert result.verdict == "tested"
    assert result.error is not None
    assert 0 < result.error < 1e-9


@pytest.mark.parametrize(
    ("law", "sizes"),
    [
        (" : linear(8) >> copy == (linear(8), linear(8))", "d = 1"),
        (" : sum(over = -1) == mean(over = -1)", "d = 2"),  # one entry is its own mean
        ("(n) : scale(2) ^ n == scale(2)", "n = 2"),
        (" : softmax == sigmoid", "d = 1"),
    ],
)
def test_refuted_at_the_smallest_size(law: str, sizes: str) -> None:
    result = verdict(law)
    assert result.verdict == "refuted"
    assert result.diagnostic is not None
    assert result.diagnostic.code == "E0401"
    assert sizes in result.detail


def test_effects_are_events() -> None:
    assert verdict(" : dropout(0.5) >> copy == (dropout(0.5), dropout(0.5))").verdict == "refuted"
    assert verdict(" : dropout(0.5) >> copy == dropout(0.5) >> (id, id)").verdict == "proved"


def test_trials_respect_demands() -> None:
    """`halves` needs an even size: trials that break it are no counterexample."""
    assert verdict(" : halves >> relu >> relu == halves >> relu").verdict == "tested"


def test_sides_of_different_types_are_a_mistake() -> None:
    with pytest.raises(CatnetError, match="E0203"):
        check_laws(Program.from_text("law it : linear(3) == linear(4)"))


def test_an_unknown_law_is_told() -> None:
    with pytest.raises(CatnetError, match="has no law `that`"):
        check_laws(Program.from_text("law it : relu == relu"), ["that"])
