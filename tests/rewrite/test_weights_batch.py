"""Equal layers side by side as one."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import catnet
from tests.rewrite.weights import Pair, layers, normal

few = st.integers(1, 4)
flags = st.sampled_from(["true", "false"])
MLP = "net mlp : R[8] -> R[4] = up: linear(6) >> gelu >> (linear(6) >> relu) ^ 2 >> linear(4)\n"


def fan(part: str, n: int) -> str:
    return f"({', '.join([part] * n)})"


@given(n=st.integers(2, 5), d=few, k=few, bias=flags, batch=st.sampled_from([(), (3,), (2, 3)]))
def test_linear_layers_of_one_input_are_joined(n: int, d: int, k: int, bias: str, batch: tuple[int, ...]) -> None:
    pair = Pair(fan(f"linear({k}, bias = {bias})", n), f"R[2, {d}]", "train")
    assert pair.done == ["joined layers"]
    assert layers(pair.fast) == ["Linear"]
    pair.outputs_agree(normal(*batch, 2, d))
    pair.gradients_agree(normal(*batch, 2, d))


@given(n=st.integers(2, 4), c=few, k=few, size=st.integers(1, 3), bias=flags)
def test_convolutions_of_one_input_are_joined(n: int, c: int, k: int, size: int, bias: str) -> None:
    pair = Pair(fan(f"conv({k}, {size}, padding = 1, bias = {bias})", n), f"R[{c}, 5, 4]", "train")
    assert pair.done == ["joined layers"]
    pair.outputs_agree(normal(2, c, 5, 4))
    pair.gradients_agree(normal(2, c, 5, 4))


@given(n=st.integers(4, 6), d=few, k=few, bias=flags, batch=st.sampled_from([(), (3,), (2, 3), (0,)]))
def test_linear_layers_beside_one_another_are_batched(
    n: int, d: int, k: int, bias: str, batch: tuple[int, ...]
) -> None:
    pair = Pair(f"each(linear({k}, bias = {bias}))", " @ ".join([f"R[2, {d}]"] * n), "train")
    assert pair.done == ["batched layers"]
    assert layers(pair.fast) == ["StackedLinear"]
    inputs = [normal(*batch, 2, d) * i for i in range(1, n + 1)]
    pair.outputs_agree(*inputs)
    pair.gradients_agree(*inputs)


@pytest.mark.parametrize("mode", ["train", "infer"])
@pytest.mark.parametrize("batch", [(), (3,), (2, 3)])
def test_equal_nets_of_one_input_are_batched(mode: str, batch: tuple[int, ...]) -> None:
    text = f"{MLP}net main : R[8] -> R[4] = (a: mlp, mlp, mlp, last: mlp) >> add"
    pair = Pair(text, "", mode)  # type: ignore[arg-type]
    assert pair.done == ["batched layers"]
    assert layers(pair.fast) == ["StackedLinear"] * 4
    pair.outputs_agree(normal(*batch, 8))
    pair.gradients_agree(normal(*batch, 8))


@pytest.mark.parametrize("batch", [(), (3,)])
def test_equal_nets_on_wires_of_their_own_are_batched(batch: tuple[int, ...]) -> None:
    text = f"{MLP}net main : R[3] -> R[4] = (linear(8), linear(8), linear(8)) >> each(mlp) >> add"
    pair = Pair(text, "", "train")
    assert sorted(pair.done) == ["batched layers", "joined layers"]
    pair.outputs_agree(normal(*batch, 3))
    pair.gradients_agree(normal(*batch, 3))


def test_blocks_that_take_several_wires_are_batched() -> None:
    part = "(x: R[4], y: R[2]) -> R[3] { return (x >> linear(3)) @ (y >> linear(3)) >> add }"
    text = f"net part : {part}\nnet main : R[4] @ R[2] -> R[3] @ R[3] = (part, part)"
    pair = Pair(text, "", "train")
    assert pair.done[-1] == "batched layers"
    pair.outputs_agree(normal(5, 4), normal(5, 2))
    pair.gradients_agree(normal(5, 4), normal(5, 2))


def test_a_wire_without_batch_axes_beside_wires_that_have_them() -> None:
    text = "net main : R[4] -> R[3] = (relu, tanh, gelu, drop >> parameter(4)) >> each(linear(3)) >> add"
    pair = Pair(text, "", "train")
    assert pair.done == ["batched layers"]
    pair.outputs_agree(normal(5, 4))
    pair.gradients_agree(normal(5, 4))


def test_folded_layers_are_joined() -> None:
    pair = Pair(fan("(conv(3, 3, padding = 1) >> batch_norm)", 3) + " >> add", "R[2, 5, 4]")
    assert pair.done == ["batch norm folding"] * 3 + ["joined layers"]
    assert layers(pair.fast) == ["Conv2d"]
    pair.outputs_agree(normal(2, 2, 5, 4))


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("(linear(4), linear(5))", "R[4]"),
        ("(linear(4), linear(4, bias = false))", "R[4]"),
        ("linear(4) >> linear(4)", "R[4]"),
        ("(linear(4) ^ 2, linear(4) ^ 2, linear(4) ^ 2)", "R[4]"),
        ("each(linear(4))", "R[4] @ R[5]"),
        ("(conv(4, 1, groups = 2), conv(4, 1, groups = 2))", "R[4, 9]"),
        ("(conv(4, 1), conv(4, 1, stride = 2))", "R[4, 9]"),
        ("(linear(512), linear(512), linear(512))", "R[128, 512]"),
        ("each(linear(512))", "R[128, 512] @ R[128, 512]"),
        ("(linear(4), linear(4))", "R[t, 4]"),
        ("net main : (x: R[4]) -> R[4] @ R[4] { share f = linear(4) return (x >> f, x >> f >> f) }", ""),
        ("net main : R[4] -> R[4] @ R[4] = (a: (linear(4) >> dropout(0.5)), b: (linear(4) >> dropout(0.5)))", ""),
        ("net main : R[4] -> R[4] @ R[4] = (a: (linear(4) >> batch_norm), b: (linear(4) >> batch_norm))", ""),
        ("net main : R[4] -> R[4] @ R[4] = (a: (p: linear(4) >> tanh), b: (q: linear(4) >> tanh))", ""),
        ("net main : R[4] -> R[4] @ R[4] = (a: (linear(4) >> tanh), b: (linear(4) >> relu))", ""),
    ],
)
def test_what_is_not_batched(text: str, on: str) -> None:
    assert Pair(text, on, "train").done == []


def test_parts_that_share_weights_inside_are_left() -> None:
    part = "net part : (x: R[4]) -> R[4] { share f = linear(4) return x >> f >> relu >> f }\n"
    pair = Pair(f"{part}net main : R[4] -> R[4] = (part, part, part) >> add", "", "train")
    assert pair.done == []
    assert pair.reasons == ["`linear` is shared"]
    pair.outputs_agree(normal(2, 4))


def test_each_group_gets_a_name_of_its_own() -> None:
    pair = Pair("(linear(8), linear(8)) >> add >> relu >> (linear(3), linear(3)) >> add", "R[4]", "train")
    assert sorted(name for name, _ in pair.fast.named_children()) == ["linears", "linears_2"]
    pair.outputs_agree(normal(2, 4))
    pair = Pair("(load: linear(8), state: linear(8), dict: linear(8)) >> add", "R[4]", "train")
    assert callable(pair.fast.load_state_dict)
    pair.outputs_agree(normal(2, 4))


def test_the_batch_decides() -> None:
    text, on = fan("linear(128)", 4), "R[128]"
    assert Pair(text, on, "train").done == []
    text = fan("linear(64)", 8)
    assert Pair(text, "R[64]", "train").done == ["joined layers"]
    assert Pair(text, "R[64]", "train", batch=512).done == []


def test_the_batch_that_compile_is_told_decides() -> None:
    diagram = catnet.parse(fan("linear(64)", 8))
    assert layers(diagram.compile(on="R[64]", optimise="train")) == ["Linear"]
    assert layers(diagram.compile(on="R[64]", optimise="train", at={"batch": 512})) == ["Linear"] * 8
    with pytest.raises(ValueError, match="at least 1"):
        diagram.compile(on="R[64]", optimise="train", at={"batch": 0})


def test_typical_sizes_decide() -> None:
    text = "(linear(8), linear(8))"
    assert Pair(text, "R[t, 8]", "train").done == []
    assert Pair(text, "R[t, 8]", "train", at={"t": 4}).done == ["joined layers"]


def test_fresh_weights_are_those_of_the_literal_module() -> None:
    """Joined layers: the very numbers, for one seed. Batched layers: the same distribution, slice by slice."""
    pair = Pair("(linear(8), linear(8)) >> each(relu) >> add >> linear(3)", "R[4]", "train")
    torch.manual_seed(0)
    other = type(pair.fast)()
    state = {k: v.clone() for k, v in other.state_dict().items()}
    other.load_state_dict(pair.fresh)
    assert all(torch.equal(v, state[k]) for k, v in other.state_dict().items())
    pair = Pair("each(linear(500))", "R[9] @ R[9] @ R[9] @ R[9] @ R[9]", "train")
    stacked = type(pair.fast)().linears
    for tensor in (*stacked.weight, *stacked.bias):
        assert tensor.abs().max() <= 1 / 3
    for tensor in stacked.parameters():
        assert abs(tensor.std().item() - 1 / 27**0.5) < 0.02
        assert not torch.equal(tensor[0], tensor[1])


def test_copies_and_pickles_load_both_state_dicts() -> None:
    pair = Pair(f"{MLP}net main : R[8] -> R[4] = (mlp, mlp, mlp) >> add >> (linear(4), linear(4)) >> add", "", "train")
    x = normal(2, 8)
    for other in (copy.deepcopy(pair.fast), pickle.loads(pickle.dumps(pair.fast))):
        assert torch.equal(other(x), pair.fast(x))
        for state in (pair.literal.state_dict(), pair.fast.state_dict()):
            fresh = type(other)().double()
            fresh.load_state_dict(state)
            assert torch.equal(fresh(x), pair.fast(x))


def test_the_generated_source_runs_alone() -> None:
    source = catnet.parse("(linear(8), linear(8)) >> add >> relu >> linear(9) >> linear(3)").source(
        on="R[4]", optimise="infer"
    )
    space: dict[str, object] = {}
    exec(compile(source, "generated", "exec"), space)
    literal = catnet.compile(catnet.parse("(linear(8), linear(8)) >> add >> relu >> linear(9) >> linear(3)"), on="R[4]")
    made = space["Main"]()  # type: ignore[operator]
    assert isinstance(made, nn.Module)
    made.load_state_dict(literal.state_dict())
    x = torch.randn(5, 4)
    assert torch.allclose(made(x), literal(x), atol=1e-6)
    assert "catnet" not in source.replace("Generated by catnet", "").replace("<catnet", "")


def test_a_net_by_the_name_of_a_helper_keeps_out_of_its_way() -> None:
    text = "net evaluation : R[4] -> R[3] = linear(9) >> linear(3)\nnet main : R[4] -> R[3] = evaluation >> relu"
    pair = Pair(text, "")
    assert pair.done == ["premultiplication"]
    pair.outputs_agree(normal(2, 4))


def test_everything_on_the_meta_device() -> None:
    diagram = catnet.parse("(linear(8), linear(8)) >> add >> linear(9) >> linear(3)")
    with torch.device("meta"):
        made = diagram.compile(on="R[4]", optimise="infer")
    literal = diagram.compile(on="R[4]")
    made.load_state_dict(literal.state_dict(), assign=True)
    x = torch.randn(5, 4)
    assert torch.allclose(made(x), literal(x), atol=1e-6)
