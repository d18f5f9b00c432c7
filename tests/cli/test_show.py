"""The table of parts, and the costs in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catnet.analysis.cost import flops, parameters
from catnet.analysis.show import show
from catnet.diagnostics import CatnetError
from catnet.diagrams.costs import Costs
from catnet.diagrams.terms import Diagram
from catnet.elaborate.loading import STANDARD
from catnet.elaborate.program import Program

GOLDEN = Path(__file__).parent / "golden"
DIGITS = Path(__file__).parents[2] / "examples" / "digits" / "digits.cat"

TIED = "net f : (x: R[d]) -> R[d] { share w = linear(8) return x >> w >> transpose(w) }"
LEAF = 'box b : R[d] -> R[d] = python "mine:B"\nnet f : R[d] -> R[d] = b >> mine: b'


def net(text: str, name: str = "f", **given: Any) -> Diagram:
    """A net of a text."""
    return Program.from_text(text)[name](**given)


def costs(diagram: Diagram) -> tuple[str, str]:
    """Parameters and FLOPs as text."""
    return str(parameters(diagram.graph)), str(flops(diagram.graph))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("net f : R[4] -> R[8] = linear(8)", (40, 64)),
        ("net f : R[4] -> R[8] = linear(8, bias = false)", (32, 64)),
        ("net f : R[t, 4] -> R[t, 8] = linear(8)", (40, "64*t")),
        ("net f : R[d] -> R[d] = linear(d) ^ 5", ("5*d^2 + 5*d", "10*d^2")),
        ("net f : R[d] -> R[d] = (linear(d) ^ 3) ^ 4", ("12*d^2 + 12*d", "24*d^2")),
        ("net f : R[4] -> R[4] = seq(i in 0..3, linear(4 + i) >> linear(4))", (147, 240)),
        ("net f : R[d] -> R[d] = id + linear(d)", ("d^2 + d", "2*d^2 + d")),
        ("net f : (x: R[4]) -> R[8] { share w = linear(8) return (x >> w) + (x >> w) }", (40, 136)),
        (
            "net f : (x: R[4]) -> R[8] { share w = linear(6) >> linear(8) return (x >> w) + (x >> w) }",
            (86, 296),
        ),
        ("net cell : R[4] @ R[3] -> R[3] @ R[3] = concat >> linear(3) >> copy\n"
         "net f : R[t, 4] @ R[3] -> R[t, 3] @ R[3] = scan(cell, over = t)", (24, "42*t")),
    ],
)  # fmt: skip
def test_costs(text: str, expected: tuple[object, object]) -> None:
    assert costs(net(text)) == tuple(map(str, expected))


def test_the_parameters_of_gpt2_small() -> None:
    model = Program(STANDARD / "transformer.cat")["language_model"]
    diagram = model(vocab=50257, d=768, depth=12, heads=12, t=1024)
    assert costs(diagram)[0] == "124439808"


def test_the_count_is_that_of_the_compiled_module() -> None:
    diagram = Program(DIGITS)["classifier"]()
    module = diagram.compile()
    assert sum(p.numel() for p in module.parameters()) == parameters(diagram.graph).value


def test_graphs_that_are_shared_are_counted_once() -> None:
    text = "net f(n) : R[8] -> R[8] = if n == 0 then linear(8) else f(n - 1) >> f(n - 1)"
    diagram = net(text, n=60)
    started = time.perf_counter()
    assert costs(diagram) == (str(72 * 2**60), str(128 * 2**60))
    text = show(diagram)
    assert time.perf_counter() - started < 5
    assert len(text.splitlines()) < 200


def test_a_thousand_repeats_of_a_thousand_cost_one() -> None:
    diagram = net("net f : R[8] -> R[8] = ((linear(8) ^ 1000) ^ 1000) ^ 1000")
    counter = Costs()
    assert str(counter.parameters(diagram.graph)) == str(72 * 10**9)
    assert len(counter._parameters) <= 5


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("digits", lambda: Program(DIGITS)["classifier"]()),
        ("block", lambda: Program(STANDARD / "transformer.cat")["block"](heads=8, hidden=2048)),
        (
            "block-sizes",
            lambda: Program(STANDARD / "transformer.cat")["block"](heads=8, hidden=2048, d=512, t=128),
        ),
        ("steps", lambda: net("net f : R[d] -> R[d] = seq(i in 0..20, linear(d + i) >> linear(d))")),
        (
            "tied",
            lambda: net("net f : (x: R[d]) -> R[d] { share w = linear(8) return x >> w >> transpose(w) }"),
        ),
        ("nothing", lambda: net("net f : R[d] -> R[d] = relu >> relu")),
        ("python", lambda: net(LEAF)),
        ("term", lambda: Program.from_text("").parse("linear(256) >> relu >> (out: linear(10) >> tanh)")),
    ],
)
def test_tables(name: str, make: Callable[[], Diagram], golden: Callable[[Path, str], None]) -> None:
    text = show(make())
    assert all(line == line.rstrip() for line in text.split("\n"))
    golden(GOLDEN / f"show-{name}.txt", text + "\n")


def test_a_type_that_is_too_open_is_refused() -> None:
    with pytest.raises(CatnetError) as caught:
        show(Program.from_text("").parse("conv(8, 3)"))
    assert caught.value.diagnostics[0].code == "E0226"


def test_a_total_that_outgrows_dimensions_is_refused() -> None:
    huge = net("net g : R[8] -> R[8] = linear(8) ^ (10^1200)\nnet f : R[8] -> R[8] = g ^ (10^1200)")
    with pytest.raises(CatnetError) as caught:
        show(huge)
    assert caught.value.diagnostics[0].code == "E0225"
