"""Batch normalisation folded into the layer beside it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.rewrite.weights import Pair, layers, normal

few = st.integers(1, 4)


@given(c=few, k=few, size=st.integers(1, 3), stride=st.integers(1, 2), bias=st.booleans(), affine=st.booleans())
def test_folding_into_the_convolution_before(c: int, k: int, size: int, stride: int, bias: bool, affine: bool) -> None:
    conv = f"conv({k}, {size}, stride = {stride}, padding = {size // 2}, bias = {str(bias).lower()})"
    pair = Pair(f"{conv} >> batch_norm(affine = {str(affine).lower()}, eps = 0.01) >> relu", f"R[{c}, h, w]")
    assert pair.done == ["batch norm folding"]
    pair.outputs_agree(normal(2, c, 5, 4))


@given(d=few, k=few, bias=st.booleans())
def test_folding_into_linear_layers(d: int, k: int, bias: bool) -> None:
    linear = f"linear({k}, bias = {str(bias).lower()})"
    after = Pair(f"{linear} >> batch_norm >> relu", f"R[{d}]")
    before = Pair(f"batch_norm >> {linear} >> relu", f"R[{d}]")
    both = Pair(f"batch_norm >> {linear} >> batch_norm >> relu", f"R[{d}]")
    for pair in (after, before, both):
        assert "BatchNorm1d" not in layers(pair.fast)
        pair.outputs_agree(normal(3, d))


@pytest.mark.parametrize(
    ("text", "on", "shape"),
    [
        ("conv(4, 3, groups = 2) >> batch_norm", "R[6, 9]", (2, 6, 9)),
        ("conv(4, 2) >> batch_norm", "R[3, 4, 3, 2]", (2, 3, 4, 3, 2)),
        ("conv(4, 3, padding = 1, padding_mode = \"reflect\") >> batch_norm", "R[3, 9]", (2, 3, 9)),
        ("conv_transpose(4, 2, stride = 2) >> batch_norm", "R[3, 9, 9]", (2, 3, 9, 9)),
        ("batch_norm >> conv(4, 3)", "R[3, 9, 9]", (2, 3, 9, 9)),
        ("batch_norm >> conv(4, 3, stride = 2, dilation = 2)", "R[3, 9]", (2, 3, 9)),
        ("batch_norm >> conv(4, 3, padding = 1, padding_mode = \"circular\")", "R[3, 9]", (2, 3, 9)),
        ("batch_norm >> conv(4, 3, padding = 1, padding_mode = \"replicate\")", "R[3, 9]", (2, 3, 9)),
        ("(conv(4, 3) >> batch_norm, conv(4, 3) >> batch_norm) >> add", "R[3, 9]", (2, 3, 9)),
        ("stem: (conv(3, 1) >> norm: batch_norm) >> (conv(3, 1) >> batch_norm >> relu) ^ 3", "R[3, 9]", (2, 3, 9)),
    ],
)  # fmt: skip
def test_folding_of_every_kind(text: str, on: str, shape: tuple[int, ...]) -> None:
    pair = Pair(text, on)
    assert "batch norm folding" in pair.done
    assert not any("BatchNorm" in name for name in layers(pair.fast))
    pair.outputs_agree(normal(*shape))


@pytest.mark.parametrize(
    ("text", "on", "reason"),
    [
        ("batch_norm >> conv(4, 3, padding = 1)", "R[3, 9]", "pads with zeros"),
        ("batch_norm >> conv(6, 3, groups = 3)", "R[3, 9]", "groups"),
        ("conv_transpose(6, 3, groups = 3) >> batch_norm", "R[3, 9]", "groups"),
        ("conv(4, 3) >> batch_norm(track = false)", "R[3, 9]", "running statistics"),
        ("conv(4, 3) >> (id, batch_norm)", "R[3, 9]", "used without the normalisation"),
        ("linear(4) >> batch_norm", "R[3, 9]", "last axis"),
        ("net main : (x: R[3]) -> R[3] { share f = linear(3) return x >> f >> f >> batch_norm }", "", "shared"),
    ],
)
def test_what_is_not_folded(text: str, on: str, reason: str) -> None:
    pair = Pair(text, on)
    assert pair.done == []
    assert reason in pair.reasons[0]
    pair.outputs_agree(normal(2, 3, *([9] if "9" in on else [])))


@pytest.mark.parametrize("text", ["conv(4, 3) >> relu >> batch_norm", "batch_norm >> relu >> conv(4, 3)"])
def test_nothing_is_folded_past_another_box(text: str) -> None:
    pair = Pair(text, "R[3, 9]")
    assert pair.done == []
    pair.outputs_agree(normal(2, 3, 9))


def test_in_training_nothing_is_folded() -> None:
    pair = Pair("conv(4, 3) >> batch_norm", "R[3, 9]", mode="train")
    assert pair.done == []
    assert pair.fast.training


def test_a_folded_module_refuses_training() -> None:
    pair = Pair("body: (conv(4, 3) >> batch_norm) >> dropout(0.5)", "R[3, 9]")
    assert not any(m.training for m in pair.fast.modules())
    for module in (pair.fast, pair.fast.body):
        with pytest.raises(RuntimeError, match="optimised for inference"):
            module.train()
    assert pair.fast.eval() is pair.fast


def test_other_weights_than_those_of_the_literal_module_are_told() -> None:
    pair = Pair("conv(4, 3) >> batch_norm", "R[3, 9]")
    state = pair.literal.state_dict()
    del state["conv.weight"]
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "conv.weight"'):
        pair.fast.load_state_dict(state)
    state = pair.literal.state_dict() | {"conv.weight": torch.zeros(5, 3, 3)}
    with pytest.raises(RuntimeError, match=r"size mismatch for conv.weight"):
        pair.fast.load_state_dict(state)
