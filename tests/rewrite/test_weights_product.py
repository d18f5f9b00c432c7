"""Two linear layers in a row as one, and numbers that scale into weights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rewrite.weights import Pair, layers, normal

few = st.integers(1, 4)
flags = st.sampled_from(["true", "false"])


@given(d=few, r=st.integers(8, 12), k=few, first=flags, second=flags)
def test_linear_layers_in_a_row_are_multiplied(d: int, r: int, k: int, first: str, second: str) -> None:
    pair = Pair(f"linear({r}, bias = {first}) >> linear({k}, bias = {second})", f"R[t, {d}]")
    assert pair.done == ["premultiplication"]
    assert (pair.fast.linear.bias is None) == (first == second == "false")
    pair.outputs_agree(normal(2, 5, d))


@given(c=few, m=st.integers(8, 12), k=few, size=st.integers(1, 3), bias=flags)
def test_a_convolution_and_one_of_single_entries_are_multiplied(c: int, m: int, k: int, size: int, bias: str) -> None:
    padded = f"conv({m}, {size}, padding = {size // 2}, stride = 2, bias = {bias})"
    pair = Pair(f"{padded} >> conv({k}, 1)", f"R[{c}, 6, 5]")
    assert pair.done == ["premultiplication"]
    pair.outputs_agree(normal(2, c, 6, 5))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("linear(16) >> linear(16) >> linear(4)", 1),
        ("linear(16) >> scale(0.5) >> linear(4) >> scale(3.0)", 1),
        ("scale(0.5) >> linear(4) >> relu >> linear(4) >> scale(-2.0)", 2),
        ("scale(0.5) >> scale(2.0) >> linear(4)", 1),
        ("batch_norm >> linear(16) >> batch_norm >> linear(4) >> scale(0.5) >> batch_norm", 1),
    ],
)
def test_chains_become_one_layer(text: str, left: int) -> None:
    pair = Pair(text, "R[4]")
    assert layers(pair.fast) == ["Linear"] * left
    pair.outputs_agree(normal(3, 4))


@given(by=st.floats(-4, 4), size=st.integers(1, 3), after=st.booleans())
def test_numbers_scale_into_convolutions(by: float, size: int, after: bool) -> None:
    conv, scale = f"conv(4, {size}, padding = {size // 2})", f"scale({by!r})"
    pair = Pair(f"{conv} >> {scale}" if after else f"{scale} >> {conv}", "R[3, 9]")
    assert pair.done == ["scaled weights"]
    pair.outputs_agree(normal(2, 3, 9))


@pytest.mark.parametrize(
    ("text", "on", "reason"),
    [
        ("linear(2) >> linear(16)", "R[t, 16]", "does not pay"),
        ("conv(2, 3) >> conv(16, 1)", "R[16, 8]", "times the FLOPs"),
        ("linear(32) >> (id, linear(4))", "R[8]", "used elsewhere"),
        ("linear(32) >> (linear(4), linear(5))", "R[8]", "used elsewhere"),
        ("conv(32, 3) >> conv(4, 3)", "R[8, 9]", "more than one entry"),
        ("conv(32, 3) >> conv(4, 1, stride = 2)", "R[8, 9]", "leaves some out"),
        ("conv(32, 3) >> conv(4, 1, padding = 1)", "R[8, 9]", "more than one entry"),
        ("conv(32, 3, groups = 2) >> conv(4, 1)", "R[8, 9]", "groups"),
        ("conv(32, 3) >> conv(4, 1, groups = 2)", "R[8, 9]", "groups"),
        ("net main : (x: R[8]) -> R[8] { share f = linear(8) return x >> f >> f >> linear(8) }", "", "shared"),
    ],
)
def test_what_is_not_multiplied(text: str, on: str, reason: str) -> None:
    pair = Pair(text, on)
    assert pair.done == []
    assert reason in pair.reasons[0]


@pytest.mark.parametrize("text", ["linear(32) >> relu >> linear(4)", "linear(32) >> dropout(0.5) >> linear(4)"])
def test_nothing_is_multiplied_past_another_box(text: str) -> None:
    assert Pair(text, "R[8]").done == []


def test_in_training_nothing_is_multiplied() -> None:
    assert Pair("linear(32) >> scale(0.5) >> linear(4)", "R[8]", mode="train").done == []
