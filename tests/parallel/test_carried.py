"""What a compiled module carries: plain data on its class, where there is something to say."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import catnet
from catnet.diagnostics import CatnetError
from catnet.diagrams.labels import OWN_ATTRIBUTES
from catnet.parallel import plan, tensor_parallel
from catnet.torch.modules import CARRIED
from tests.boxes.helpers import program

TEXT = """\
net mlp : R[8] -> R[8] = id + (up: linear(16) >> gelu >> down: linear(8))
net main : R[8] -> R[3] = layers: mlp ^ 2 >> head: linear(3)
"""


class Mesh:
    """As much of a mesh as is looked at before anything is cut."""

    def __init__(self, ranks: int) -> None:
        self.ranks = ranks

    def size(self) -> int:
        return self.ranks


def test_the_class_carries_the_plan_as_plain_data() -> None:
    diagram = program(TEXT)["main"]()
    module: Any = diagram.compile()
    assert module.fsdp_units == plan(diagram).units == ("layers.*",)
    assert module.tensor_plan == plan(diagram).tensor == {"layers.*.up": "column", "layers.*.down": "row"}
    assert module.tensor_ways == plan(diagram).ways == 16
    again = pickle.loads(pickle.dumps(module))
    assert (again.fsdp_units, again.tensor_plan) == (module.fsdp_units, module.tensor_plan)


def test_a_module_with_nothing_to_say_carries_nothing() -> None:
    module = catnet.parse("linear(4) >> softmax >> relu").compile(on="R[8]")
    assert [name for name in OWN_ATTRIBUTES if hasattr(module, name)] == ["check_inputs"]


def test_only_the_class_of_the_whole_carries_it() -> None:
    source = program(TEXT)["main"]().source()
    assert source.count("tensor_plan = {") == 1
    assert source.index("class Main(") < source.index("tensor_plan = {")


def test_a_large_module_carries_no_plan() -> None:
    diagram = program(f"net main : R[2] -> R[2] = (linear(2) >> relu) ^ {CARRIED // 2 + 1}")["main"]()
    assert not hasattr(diagram.compile(), "fsdp_units")
    assert plan(diagram).units == ("steps.*",)


@pytest.mark.parametrize("label", sorted(OWN_ATTRIBUTES))
def test_no_part_can_take_these_names(label: str) -> None:
    with pytest.raises(CatnetError) as error:
        _ = catnet.parse(f"{label}: linear(4) >> relu").graph
    assert error.value.diagnostics[0].code == "E0216"


def test_a_number_of_ranks_that_does_not_divide_is_refused_before_anything_is_cut() -> None:
    diagram = program(TEXT)["main"]()
    module = diagram.compile()
    mesh: Any = Mesh(3)
    for chosen in (None, plan(diagram)):
        with pytest.raises(CatnetError) as error:
            tensor_parallel(module, mesh, chosen)
        assert error.value.diagnostics[0].code == "E0902"


def test_a_plan_for_a_part_alone_cuts_that_part() -> None:
    text = "net mlp : R[8] -> R[8] = up: linear(16) >> gelu >> down: linear(8)\n"
    diagram = program(text + "net main : R[8] -> R[8] = one: mlp >> layer_norm >> two: mlp")["main"]()
    assert plan(diagram, parts=["two"]).tensor == {"two.up": "column", "two.down": "row"}
