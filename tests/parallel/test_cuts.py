"""Which linear maps can be cut between ranks, and why others cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import catnet
from catnet.diagnostics import CatnetError
from catnet.parallel import Plan, plan
from tests.boxes.helpers import program
from tests.parallel.nets import ILLEGAL, LEGAL

MODELS = Path(__file__).parents[2] / "examples" / "models"


def planned(text: str, **sizes: int) -> Plan:
    return plan(program(text)["main"](**sizes))


@pytest.mark.parametrize("name", LEGAL)
def test_a_legal_net_has_its_plan(name: str) -> None:
    text, columns, rows, ways = LEGAL[name]
    found = planned(text)
    assert [p for p, role in found.tensor.items() if role == "column"] == columns.split()
    assert [p for p, role in found.tensor.items() if role == "row"] == rows.split()
    assert found.ways == ways


@pytest.mark.parametrize("name", ILLEGAL)
def test_an_illegal_net_is_refused_with_the_reason_and_the_place(name: str) -> None:
    text, reason, place = ILLEGAL[name]
    found = planned(text)
    assert "a" not in found.tensor
    refusal = next(r for r in found.refused if "a" in r.columns)
    assert refusal.reason == reason
    assert refusal.span is not None
    assert refusal.span.source.text[refusal.span.start : refusal.span.end] == place


def test_the_maps_of_a_refused_part_may_be_cut_apart() -> None:
    found = planned("net main : R[8] -> R[8] = a: linear(8) >> layer_norm >> b: linear(16) >> relu >> c: linear(8)")
    assert found.tensor == {"b": "column", "c": "row"}
    assert [r.columns for r in found.refused] == [("a",)]


def test_a_chain_of_maps_is_cut_in_pairs() -> None:
    found = planned("net main : R[8] -> R[8] = a: linear(8) >> b: linear(8) >> c: linear(8) >> d: linear(8)")
    assert found.tensor == {"a": "column", "b": "row", "c": "column", "d": "row"}


def test_a_repeat_is_planned_once_and_paths_say_so() -> None:
    found = planned(
        "net f : R[8] -> R[8] = up: linear(32) >> gelu >> down: linear(8)\nnet main : R[8] -> R[8] = l: f ^ 3"
    )
    assert found.tensor == {"l.*.up": "column", "l.*.down": "row"}
    assert found.units == ("l.*",)


def test_steps_that_differ_have_numbers() -> None:
    text = "net main : R[8] -> R[8] = l: seq(i in 1..3, up: linear(8*i) >> relu >> down: linear(8))"
    found = planned(text)
    assert found.units == ("l.0", "l.1")
    assert found.tensor == {"l.0.up": "column", "l.0.down": "row", "l.1.up": "column", "l.1.down": "row"}


def test_units_are_the_repeated_parts_with_weights_the_inner_ones_first() -> None:
    text = """\
net block : R[8] -> R[8] = id + (layer_norm >> linear(8))
net main : R[8] -> R[8] = stages: (blocks: block ^ 2 >> linear(8)) ^ 2 >> relu ^ 3
"""
    assert planned(text).units == ("stages.*.blocks.*", "stages.*")


def test_llama_and_gpt2() -> None:
    sizes = {"layers": 2, "d": 64, "vocab": 50, "heads": 8}
    llama = plan(catnet.load(MODELS / "llama.cat")["llama"](**sizes, groups=4, hidden=96))
    assert [(p.path, p.ways) for p in llama.parts] == [("model.layers.*.self_attn", 4), ("model.layers.*.mlp", 96)]
    gpt2 = plan(catnet.load(MODELS / "gpt2.cat")["gpt2"](**sizes))
    assert gpt2.tensor == {"h.*.mlp.c_fc": "column", "h.*.mlp.c_proj": "row"}
    assert gpt2.random == ("dropout", "sdpa")
    assert gpt2.refused[0].reason == "`chunk` takes parts of the axis that is cut"


def test_a_part_is_chosen_by_its_path() -> None:
    diagram = catnet.load(MODELS / "llama.cat")["llama"](layers=2, d=64, vocab=50, heads=8, groups=4, hidden=96)
    assert {p.path for p in plan(diagram, parts=["model.layers.*.mlp"]).parts} == {"model.layers.*.mlp"}
    assert len(plan(diagram, parts=["model", "model.layers.*.mlp.up_proj"]).parts) == 2


def code_of(error: pytest.ExceptionInfo[CatnetError]) -> str:
    (diagnostic,) = error.value.diagnostics
    return diagnostic.code


def test_bad_requests_are_told() -> None:
    diagram = program("net main : R[8] -> R[8] = a: linear(18) >> relu >> b: linear(8)")["main"]()
    with pytest.raises(CatnetError) as error:
        plan(diagram, parts=["c"])
    assert code_of(error) == "E0901"
    with pytest.raises(CatnetError) as error:
        plan(diagram).check_ways(4)
    assert code_of(error) == "E0902"
    plan(diagram).check_ways(6)
    with pytest.raises(CatnetError) as error:
        plan(catnet.parse("linear(8) >> relu"))
    assert code_of(error) == "E0214"


def test_the_page_of_each_code_is_true() -> None:
    from catnet.codes import CODES

    def block(text: str) -> catnet.Diagram:
        return program(text)["block"]()

    wishes: dict[str, Callable[[str], object]] = {
        "E0902": lambda text: plan(block(text)).check_ways(3),
        "E0903": lambda text: plan(block(text)).stages(8),
        "E0904": lambda text: plan(block(text), parts=["up"]),
    }
    for code, wish in wishes.items():
        with pytest.raises(CatnetError) as error:
            wish(CODES[code].bad)
        assert code_of(error) == code
        wish(CODES[code].good)


def test_planning_grows_in_step_with_the_net() -> None:
    """Linear maps whose cut is sought far and wide: 3,000 of them in a residual chain take no more than seconds."""
    body = " >> ".join("id + (linear(4) >> layer_norm >> relu)" for _ in range(1500))
    found = planned(f"net main : R[4] -> R[4] = {body}")
    assert found.parts == ()
    assert len(found.refused) == 1500
