"""Pipeline stages: together they are the whole, with its weights under its names, and they are balanced."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest
import torch

import catnet
from catnet.diagnostics import CatnetError
from catnet.parallel import Stage, plan
from catnet.parallel.balance import balanced
from tests.boxes.helpers import program
from tests.parallel.nets import PIPES
from tests.parallel.worker import inputs_of

ROOT = Path(__file__).parents[2]


def stages_of(text: str, count: int, **sizes: int) -> tuple[Stage, ...]:
    return plan(program(text)["main"]()).stages(count, **sizes)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("name", PIPES)
def test_the_stages_in_turn_are_the_whole_to_the_last_bit(name: str, count: int) -> None:
    torch.manual_seed(0)
    diagram = program(PIPES[name])["main"]()
    whole: Any = diagram.compile().double()
    state = whole.state_dict()
    values: Any = tuple(inputs_of(diagram.graph.dom))
    expected = whole(*values)
    keys: list[str] = []
    for stage in plan(diagram).stages(count):
        module: Any = stage.compile().double()
        keys += module.state_dict()
        module.load_state_dict({key: state[key] for key in module.state_dict()})
        given = module(*values)
        values = given if isinstance(given, tuple) else (given,)
    assert torch.equal(values[0], expected)
    assert sorted(keys) == sorted(state)


def test_unlabelled_parts_keep_the_names_of_the_whole() -> None:
    text = "net main : R[8] -> R[8] = linear(8) >> relu >> linear(8) >> (linear(8) >> relu) ^ 2 >> linear(8)"
    keys = [key for stage in stages_of(text, 4) for key in stage.compile().state_dict()]
    assert keys == list(program(text)["main"]().compile().state_dict())
    assert "linear_2.weight" in keys


def test_the_cuts_are_balanced_by_operations() -> None:
    text = "net main : R[t, 8] -> R[t, 8] = linear(8) ^ 6 >> linear(48) >> linear(8)"
    first, second = stages_of(text, 2)
    assert (first.last, second.first) == ("linear.5", "linear_2")
    assert str(first.flops) == "768*t"
    assert str(stages_of(text, 2, batch=4)[0].sends) == f"{4 * 4 * 8}*t"


def test_of_equal_balance_the_narrower_wire_is_cut() -> None:
    text = 'net main : R[64] -> R[8] = linear(8) >> repeat("c -> (c r)", r = 8) >> linear(8)'
    first, second = stages_of(text, 2)
    assert first.flops == second.flops
    assert second.type == "R[8] -> R[8]"


def test_sizes_left_open_decide_where_they_are_given() -> None:
    text = """\
net attend : (x: R[t, 8]) -> R[t, 8] { return x @ x @ x >> sdpa }
net main : R[t, 8] -> R[t, 8] = a: linear(8) >> attend >> b: linear(8) >> c: linear(8) >> e: linear(8)
"""
    assert stages_of(text, 2, t=2)[1].first == "c"
    assert stages_of(text, 2, t=10_000)[1].first == "b"


def test_too_many_stages_are_refused_with_what_is_possible() -> None:
    with pytest.raises(CatnetError) as error:
        stages_of("net main : R[8] -> R[8] = linear(8) >> relu ^ 2", 4)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "E0903"
    assert "places for 3 at most" in diagnostic.message


def test_shared_weights_stay_in_one_stage() -> None:
    diagram = catnet.load(ROOT / "examples/models/gpt2.cat")["gpt2"](layers=2, heads=2, d=8, vocab=11)
    with pytest.raises(CatnetError) as error:
        plan(diagram).stages(2)
    assert "the weights of `wte` are used on both sides" in error.value.diagnostics[0].message
    text = "net main : (x: R[8]) -> R[8] {\n share w = linear(8)\n return x >> w >> w >> linear(8) >> relu\n}"
    assert [stage.last for stage in stages_of(text, 2)] == ["w", "relu"]


def test_a_value_without_batch_axes_is_not_sent() -> None:
    text = "net main : (x: R[4, 8]) -> R[4, 8] {\n p = parameter((4, 8))\n return (x >> linear(8)) + p >> linear(8)\n}"
    assert {stage.type for stage in stages_of(text, 2)} == {"R[4, 8] -> R[4, 8]"}


def test_python_leaves_are_refused_in_stages_too() -> None:
    text = 'box leaf : R[d] -> R[d] = python "mine:Leaf"\nnet main : R[8] -> R[8] = linear(8) >> leaf'
    with pytest.raises(CatnetError) as error:
        stages_of(text, 2)[0].compile()
    assert error.value.diagnostics[0].code == "E0501"


def best(work: list[int], sent: dict[int, int], count: int) -> tuple[int, int] | None:
    """The least greatest work, and the least bytes with it, by trying all cuts."""
    found = []
    for cuts in itertools.combinations(sorted(sent), count - 1):
        ends = [0, *cuts, len(work)]
        most = max(sum(work[a:b]) for a, b in itertools.pairwise(ends))
        found.append((most, sum(sent[c] for c in cuts)))
    return min(found, default=None)


def test_the_balance_is_the_best_there_is() -> None:
    chance = random.Random(0)
    for _ in range(300):
        work = [chance.choice([0, 1, 2, 5, 9]) for _ in range(chance.randint(2, 8))]
        sent = {cut: chance.randint(1, 9) for cut in range(1, len(work)) if chance.random() < 0.8}
        count = chance.randint(1, 5)
        cuts = balanced(work, sent, count)
        if cuts is None:
            assert len(sent) < count - 1
            continue
        ends = [0, *cuts, len(work)]
        assert len(cuts) == count - 1
        assert cuts == sorted(set(cuts) & set(sent))
        most = max(sum(work[a:b]) for a, b in itertools.pairwise(ends))
        assert (most, sum(sent[c] for c in cuts)) == best(work, sent, count)


def test_a_long_chain_is_cut_quickly() -> None:
    text = "net main : R[8] -> R[8] = linear(8) ^ 5000"
    assert [stage.first for stage in stages_of(text, 4)] == ["linear.0", "linear.1250", "linear.2500", "linear.3750"]
