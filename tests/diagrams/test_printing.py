"""`repr` of a diagram is its text, and parses back to an equal diagram."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catnet
from catnet import CatnetError, Diagram, fan, id, linear, rearrange, relu, tanh
from catnet.diagrams.normal import normal_form
from catnet.diagrams.typing import graph_of
from catnet.elaborate.program import Program
from tests.strategies import Part, built


@given(built())
def test_repr_parses_back(part: Part) -> None:
    assert part.diagram is not None
    again = catnet.parse(repr(part.diagram))
    assert repr(again) == repr(part.diagram)
    assert normal_form(graph_of(again, part.wires)) == normal_form(graph_of(part.diagram, part.wires))


DIAGRAMS = [
    (linear(256) >> relu, "linear(256) >> relu"),
    (linear(8, bias=False), "linear(8, bias = false)"),
    (id + linear(4), "id + linear(4)"),
    (relu - (tanh - relu), "relu - (tanh - relu)"),
    ((relu - tanh) - relu, "relu - tanh - relu"),
    (fan(relu, tanh) >> catnet.concat(axis=-1), "(relu, tanh) >> concat"),
    ((linear(4) >> relu) ** 3, "(linear(4) >> relu) ^ 3"),
    (rearrange("t (h c) -> h t c", h=2) ** -1, 'rearrange("t (h c) -> h t c", h = 2) ^ -1'),
    (linear(4).labelled("q") @ relu, "q: linear(4) @ relu"),
    (catnet.each(linear(2)), "each(linear(2))"),
    (catnet.transpose(linear(2)), "transpose(linear(2))"),
    (catnet.parameter((2, 3), init="zeros"), 'parameter((2, 3), init = "zeros")'),
    (catnet.parameter(()), "parameter(())"),
    (catnet.scale(-0.5), "scale(-0.5)"),
]


@pytest.mark.parametrize(("diagram", "text"), DIAGRAMS, ids=[t for _, t in DIAGRAMS])
def test_repr_is_the_text(diagram: Diagram, text: str) -> None:
    assert repr(diagram) == text
    assert repr(catnet.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "linear(8) >> relu >> linear(2)",
        "(relu @ tanh) >> swap >> add",
        "0.5 * relu * tanh - 2 * relu",
        "-relu",
        "(id, (relu, tanh) >> add) >> add",
        "seq(i in 1..4, linear(2*i))",
        "a: (linear(2) >> b: linear(3))",
        "copy(3) >> (id @ relu @ tanh) >> add",
        "(linear(4) ^ 2) ^ 3",
        "relu ^ 0",
        "(() @ relu)",
    ],
)
def test_text_parses_to_an_equal_diagram(text: str) -> None:
    diagram = catnet.parse(text)
    assert catnet.parse(repr(diagram)) == diagram


def test_a_net_prints_as_its_call() -> None:
    program = Program.from_text(
        "net f(n, k = 3, causal = false, g: R[t, d] -> R[t, d]) : R[t, d] -> R[t, d] = g ^ n >> linear(k) >> linear(d)"
    )
    made = program["f"](2, g=relu >> tanh, t=3, d=4)
    assert program.parse(repr(made)) == made
    assert "causal" not in repr(made)


def test_what_has_no_text_says_so() -> None:
    with pytest.raises(CatnetError, match="E0601"):
        Program.from_text("")["absent"]
    with pytest.raises(TypeError):
        relu >> 3  # type: ignore[operator]
    with pytest.raises(TypeError):
        relu @ "tanh"  # type: ignore[operator]
    with pytest.raises(ValueError, match="finite"):
        relu * float("inf")
    with pytest.raises(ValueError, match="finite"):
        float("nan") * relu


def test_numbers_scale_in_python_too() -> None:
    assert 0.5 * relu == relu * 0.5 == catnet.parse("0.5 * relu")
    assert -relu == catnet.parse("-relu")
    assert 2 * relu == catnet.parse("2 * relu")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_survives(factor: float) -> None:
    made = factor * relu
    assert catnet.parse(repr(made)) == made
    assert catnet.parse(repr(catnet.scale(factor))) == catnet.scale(factor)
