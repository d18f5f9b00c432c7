"""Static numbers that sizes make, `scale(1/sqrt(d))`: symbols in a check, floats once the sizes are known."""

from __future__ import annotations

import math

import pytest
import torch

import catnet
from catnet.analysis.laws import check_laws
from catnet.diagnostics import CatnetError
from catnet.elaborate.program import Program

FACTORS = {
    "scale(1/sqrt(d))": 1 / math.sqrt(6),
    "scale(d ^ -0.5)": 6**-0.5,
    "scale(d)": 6.0,
    "scale(2*d - 1.5)": 10.5,
    "d * id": 6.0,
    "1/sqrt(2*d) * id": 1 / math.sqrt(12),
    "(d/4) * id": 1.5,
    "id * sqrt(d)": math.sqrt(6),
    "-d * id": -6.0,
}


@pytest.mark.parametrize("body", FACTORS)
def test_a_size_scales_a_wire(body: str) -> None:
    program = Program.from_text(f"net f : R[t, d] -> R[t, d] = {body}")
    assert program.check() == []
    x = torch.randn(4, 6)
    assert torch.equal(program["f"](d=6).compile()(x), x * FACTORS[body])


def test_factors_that_are_written_apart_stay_apart() -> None:
    source = catnet.parse("0.1 * 0.2 * relu").source(on="R[3]")
    assert "x * 0.1" in source
    assert "x * 0.2" in source


@pytest.mark.parametrize("body", ["d * linear(d)", "linear(d) >> scale(1/sqrt(t))", "(t - d) * id"])
def test_a_size_that_stays_open_is_asked_for(body: str) -> None:
    """It must not become any number: the code would be wrong."""
    diagram = Program.from_text(f"net f : R[t, d] -> R[t, d] = {body}")["f"]()
    for reading in (diagram.show, diagram.draw, diagram.__repr__):
        assert reading()
    with pytest.raises(CatnetError, match=r"E0214.*must be known when compiling"):
        Program.from_text(f"net f : R[t, d] -> R[t, d] = {body}")["f"]().source()


def test_cost_does_not_need_the_number() -> None:
    known, scaled = (Program.from_text(f"net f : R[t, d] -> R[t, d] = {s}")["f"]() for s in ("scale(2.0)", "d * id"))
    from catnet.analysis.table import cost

    assert cost(known).whole == cost(scaled).whole


def test_sdpa_takes_such_a_scale() -> None:
    text = "net f(h) : R[t, d] @ R[t, d] @ R[t, d] -> R[t, d] where h >= 1 = sdpa(scale = 1/sqrt(d//h))"
    q, k, v = torch.randn(3, 5, 8)
    module = Program.from_text(text)["f"](2, d=8).compile()
    assert torch.equal(module(q, k, v), torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=0.5))


@pytest.mark.parametrize(
    ("law", "verdict"),
    [
        ("(a, b) : a * relu == b * relu", "refuted"),  # was proved, when an unknown factor counted as 1
        ("(a) : a * relu == relu", "refuted"),
        ("(a) : a * tanh == tanh >> scale(a)", "proved"),
        ("(a) : 1/sqrt(a) * tanh == tanh >> scale(1/sqrt(a))", "proved"),
    ],
)
def test_laws_of_factors_that_are_not_known(law: str, verdict: str) -> None:
    program = Program.from_text(f"law it{law}")
    assert program.check() == []
    assert [result.verdict for result in check_laws(program, None)] == [verdict]


@pytest.mark.parametrize(
    ("body", "code", "help"),
    [
        ("linear(d/2)", "E0212", "use `//` for integer division"),
        ("linear(sqrt(d))", "E0212", "use `//` for integer division"),
        ("linear(d, bias = d/2)", "E0212", ""),
        ("scale(sqrt(-1))", "E0225", ""),
        ("scale(1/sqrt(d - d))", "E0225", ""),
        ("scale(sqrt(d, 2))", "E0212", ""),
        ("relu / 2", "E0212", ""),
    ],
)
def test_what_is_refused(body: str, code: str, help: str) -> None:
    (found,) = [d for d in Program.from_text(f"net f : R[t, d] -> _ = {body}").check() if d.code != "E0232"]
    assert (found.code, found.help) == (code, help)


def test_lists_from_python_are_tuples() -> None:
    assert catnet.split([2, 3]) == catnet.split((2, 3)) == catnet.parse("split((2, 3))")
    assert catnet.conv(8, kernel=[3, 5]) == catnet.parse("conv(8, (3, 5))")
