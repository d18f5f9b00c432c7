"""Maps as tables: patterns, transposes, cuts, and what is said where something does not fit."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

import catnet
import catnet.weights
from catnet.weights import MAPS, SAME, Map, Rule, WeightsError, convert, load
from tests.models import test_gpt2
from tests.models.parity import agrees

X = torch.arange(6.0).reshape(2, 3)


def test_the_first_rule_that_fits_is_used() -> None:
    table = Map("t", (Rule("a.{i}.{p*}", "b.{i-1}.{p*}"), SAME))
    assert list(convert({"a.1.x.y": X, "a.x": X, "other": X}, table)) == ["b.0.x.y", "a.x", "other"]


def test_numbers_are_counted_and_must_be_numbers() -> None:
    assert Rule("l{i}.x", "m.{i+10}").fits("l2.x") == ("m.12",)
    assert Rule("l{i}.x", "m.{i}").fits("la.x") is None
    assert Rule("{i}.{i}", "{i}").fits("1.1") == ("1",)
    assert Rule("{i}.{i}", "{i}").fits("1.2") is None


def test_a_pattern_is_not_a_regular_expression() -> None:
    assert Rule("a.b", "c").fits("axb") is None


def test_flip_then_cut_then_nothing_is_lost() -> None:
    table = Map("t", (Rule("qkv", ("q", "k", "v"), flip=True),))
    made = convert({"qkv": X}, table)
    assert [made[k].tolist() for k in "qkv"] == [[[0.0, 3.0]], [[1.0, 4.0]], [[2.0, 5.0]]]


def test_squeeze_drops_axes_of_size_one_in_front() -> None:
    table = Map("t", (Rule("x", "x", squeeze=2),))
    assert torch.equal(convert({"x": X[None, None]}, table)["x"], X)
    with pytest.raises(WeightsError, match="cannot take apart: `x`, of shape 2x3"):
        convert({"x": X}, table)


@pytest.mark.parametrize("rule", [Rule("x", "x", flip=True), Rule("x", ("a", "b")), Rule("x", "x", squeeze=1)])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_what_cannot_be_taken_apart_is_said(rule: Rule, shape: tuple[int, ...]) -> None:
    with pytest.raises(WeightsError, match="cannot take apart: `x`"):
        convert({"x": torch.zeros(shape)}, Map("t", (rule,)))


def message(module: nn.Module, state: dict[str, torch.Tensor], table: str | Map | None = None) -> list[str]:
    before = {k: v.clone() for k, v in module.state_dict().items()}
    with pytest.raises(WeightsError) as caught:
        load(module, state, map=table)
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items()), "the module is as it was"
    return str(caught.value).splitlines()


def module() -> nn.Module:
    net = catnet.parse("first: linear(3) >> relu >> second: linear(2, bias = false)")
    made: nn.Module = net.compile(on="R[4]")
    return made


def test_every_mistake_is_told_at_once() -> None:
    state = {"first.weight": torch.zeros(4, 3), "first.bias": torch.zeros(3), "third.weight": torch.zeros(2)}
    assert message(module(), state) == [
        "the weights do not fit the module",
        "  nothing fills: `second.weight`",
        "  the module has no place for: `third.weight`",
        "  the shapes differ: `first.weight` is 3x4, and 4x3 comes",
    ]


def test_a_map_is_named_and_keys_are_theirs() -> None:
    table = Map("mine", (Rule("a.{p*}", "first.{p*}"), Rule("b.{p*}", "first.{p*}")), ignore=("mask{i}",))
    state = {"a.weight": torch.zeros(3, 4), "b.weight": torch.zeros(3, 4), "a.bias": torch.zeros(3)}
    state |= {"a.more": torch.zeros(()), "c": torch.zeros(1), "mask1": torch.zeros(1)}
    assert message(module(), state, table) == [
        "the weights do not fit the module by the map `mine`",
        "  there are two tensors for: `first.weight`, which `a.weight` and `b.weight` give",
        "  no rule of the map speaks of: `c`",
        "  nothing fills: `second.weight`",
        "  the module has no place for: `a.more` (as `first.more`)",
    ]


def test_long_lists_are_cut() -> None:
    state = {f"x{i}": X for i in range(20)}
    assert message(module(), state)[2].endswith("`x7`, and 12 more")


def test_tied_weights_must_be_tied() -> None:
    table = Map("t", (SAME,), tied={"head": "embed"}, strip="model.")
    assert list(convert({"model.embed": X, "head": X.clone()}, table)) == ["model.embed"[6:]]
    with pytest.raises(WeightsError, match="tied weights differ: `head` and `embed`"):
        convert({"embed": X, "head": X + 1}, table)
    with pytest.raises(WeightsError, match="tied weights are missing: `embed`, for `head`"):
        convert({"head": X}, table)


def test_an_unknown_map_is_named_with_those_there_are() -> None:
    with pytest.raises(WeightsError, match=r"there is no map `hf-gpt3`; there are .*`hf-gpt2`"):
        load(module(), {}, map="hf-gpt3")


@pytest.mark.parametrize("name", sorted(MAPS))
def test_every_rule_of_a_shipped_map_can_be_read(name: str) -> None:
    table = MAPS[name]
    assert table.name == name
    for rule in table.rules:
        sample = rule.theirs.replace("{key*}", "some.key").replace("{p*}", "weight")
        for hole in "isb":
            sample = sample.replace(f"{{{hole}}}", "1")
        found = table.find(sample)
        assert found is not None, sample
        assert found[0] is rule, f"an earlier rule takes {sample}"
        assert all("{" not in key for key in found[1])


def test_a_fused_map_loads_into_separate_ones() -> None:
    """One tensor of queries, keys and values, as in GPT-2 and timm's ViT, into three linear maps of ours."""
    text = "(q: linear(6), k: linear(6), v: linear(6)) >> sdpa >> out: linear(6)"
    made = catnet.parse(text).compile(on="R[t, 6]")
    fused, out = nn.Linear(6, 18), nn.Linear(6, 6)
    state = {f"qkv.{k}": v for k, v in fused.state_dict().items()}
    state |= {f"out.{k}": v for k, v in out.state_dict().items()}
    load(made, state, map=Map("fused", (Rule("qkv.{p*}", ("q.{p*}", "k.{p*}", "v.{p*}")), SAME)))
    x = torch.randn(2, 5, 6)
    y = out(nn.functional.scaled_dot_product_attention(*fused(x).chunk(3, dim=-1)))
    torch.testing.assert_close(made(x), y)


def test_a_comparison_with_a_reference_sees_a_small_difference() -> None:
    """What the tests of models rest on: another epsilon in one norm fails them."""

    def build() -> nn.Module:
        reference = test_gpt2.build()
        next(m for m in reference.modules() if isinstance(m, nn.LayerNorm)).eps = 1e-4
        return reference

    for exact in (True, False):
        with pytest.raises(AssertionError, match="Parity"):
            agrees(dataclasses.replace(test_gpt2.CASE, build=build, exact=exact), torch.float32, False)
