"""The standard library's nets: they run, and mean what their comments say, by hand-written torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from catnet.elaborate.loading import STANDARD
from catnet.elaborate.program import Program


def module(file: str, name: str, **sizes: Any) -> Any:
    torch.manual_seed(0)
    return Program(STANDARD / f"{file}.cat")[name](**sizes).compile()


@pytest.mark.parametrize(
    ("file", "name", "sizes", "inputs", "out"),
    [
        ("mixture_of_experts", "soft_mixture", {"n": 3, "hidden": 5, "d": 4}, [(2, 6, 4)], (2, 6, 4)),
        ("recurrent", "gru_layer", {"h": 5, "d": 4}, [(2, 6, 4)], (2, 6, 5)),
        ("recurrent", "lstm_stack", {"h": 5, "depth": 3, "p": 0.1, "d": 4}, [(2, 6, 4)], (2, 6, 5)),
        ("vision", "basic_block", {"k": 4, "c": 4}, [(2, 4, 5, 6)], (2, 4, 5, 6)),
        ("vision", "basic_block", {"k": 6, "stride": 2, "c": 4}, [(2, 4, 5, 6)], (2, 6, 3, 3)),
        ("vision", "bottleneck", {"k": 2, "stride": 2, "c": 4}, [(2, 4, 5, 6)], (2, 8, 3, 3)),
        ("state_space", "state_space", {"d": 6, "n": 3, "depth": 2, "out": 5, "k": 4}, [(2, 7, 4)], (2, 7, 5)),
        ("transformer", "encoder", {"depth": 2, "heads": 2, "hidden": 9, "d": 8}, [(2, 5, 8)], (2, 5, 8)),
        (
            "transformer",
            "decoder",
            {"depth": 2, "heads": 2, "hidden": 9, "d": 8},
            [(2, 5, 8), (2, 6, 8)],
            (2, 5, 8),
        ),
        ("transformer", "rotary_block", {"heads": 4, "groups": 2, "hidden": 9, "d": 8}, [(2, 5, 8)], (2, 5, 8)),
    ],
)
def test_shapes(
    file: str, name: str, sizes: dict[str, Any], inputs: list[tuple[int, ...]], out: tuple[int, ...]
) -> None:
    assert module(file, name, **sizes)(*map(torch.randn, inputs)).shape == out


def test_nets_of_tokens() -> None:
    tokens = torch.randint(0, 11, (2, 6))
    assert module("recurrent", "tagger", vocab=11, d=4, h=3, labels=5)(tokens).shape == (2, 6, 5)
    assert module("recurrent", "language_model", vocab=11, d=4, h=3, depth=2)(tokens).shape == (2, 6, 11)


def test_a_router_picks_the_best_experts() -> None:
    router = module("mixture_of_experts", "top_router", n=5, k=2, d=4)
    (weight,) = router.parameters()
    x = torch.randn(3, 6, 4)
    scores = x @ weight.T
    kept = torch.full_like(scores, float("-inf")).scatter(-1, scores.topk(2).indices, scores.topk(2).values)
    assert torch.allclose(router(x), kept.softmax(-1), atol=1e-6)
    assert module("mixture_of_experts", "imbalance", n=5)(torch.full((6, 5), 0.2)).item() == pytest.approx(0.2)


def test_a_mixture_is_the_weighted_sum_of_its_experts() -> None:
    net = module("mixture_of_experts", "top_mixture", n=5, k=2, hidden=7, d=4)
    weights = {k.removeprefix("mixture."): v for k, v in net.named_parameters()}
    x = torch.randn(3, 6, 4)
    up, down, gate = (next(v for k, v in weights.items() if f"{n}.weight" in k) for n in ("up", "down", "gate"))
    up_bias, down_bias = (next(v for k, v in weights.items() if f"{n}.bias" in k) for n in ("up", "down"))
    scores = x @ gate.T
    total = torch.zeros_like(x)
    for b in range(3):
        for t in range(6):
            best = scores[b, t].topk(2)
            for share, e in zip(best.values.softmax(0), best.indices, strict=True):
                total[b, t] += share * (F.gelu(x[b, t] @ up[e] + up_bias[e]) @ down[e] + down_bias[e])
    assert torch.allclose(net(x), total, atol=1e-5)


def test_squeeze_excite() -> None:
    net = module("vision", "squeeze_excite", ratio=2, c=6)
    x = torch.randn(2, 6, 4, 5)
    weight = torch.sigmoid(net.expand(F.relu(net.reduce(x.mean((2, 3))))))
    assert torch.equal(net(x), x * weight[:, :, None, None])


def test_a_block_that_keeps_its_type_has_a_free_shortcut() -> None:
    net = module("vision", "bottleneck", k=2, c=8)
    assert not any("around" in k for k, _ in net.named_parameters())
    x = torch.randn(2, 8, 5, 5)
    net.eval()
    y = F.relu(net.first.norm(net.first.conv(x)))
    y = F.relu(net.second.norm(net.second.conv(y)))
    assert torch.equal(net(x), F.relu(net.third.norm(net.third.conv(y)) + x))


def test_a_diagonal_system_is_a_sum_of_decaying_responses() -> None:
    net = module("state_space", "diagonal", n=3, d=2).double()
    rate, b, c, e = (next(v for k, v in net.named_parameters() if k.endswith(n)) for n in ("rate", ".b", ".c", ".e"))
    u = torch.randn(2, 7, 2, dtype=torch.float64)
    expected = u * e
    for t in range(7):
        for past in range(t + 1):
            response = (c * torch.exp(-torch.exp(rate)) ** (t - past) * b).sum(-1)
            expected[:, t] += response * u[:, past]
    assert torch.allclose(net(u), expected)


def test_both_ways() -> None:
    net = module("recurrent", "both_ways", h=3, d=4)
    x = torch.randn(2, 6, 4)
    y = net(x)
    x[:, 3:] += 1
    changed = net(x) != y
    assert not changed[:, :3, :3].any()
    assert changed[:, :3, 3:].any()


def test_the_decoder_sees_its_past_and_the_whole_source() -> None:
    net = module("transformer", "encoder_decoder", sources=7, targets=9, d=8, depth=2, heads=2)
    net.eval()
    source, target = torch.randint(0, 7, (2, 5)), torch.randint(0, 9, (2, 6))
    before = net(source, target)
    assert before.shape == (2, 6, 9)

    def differs(source: Tensor, target: Tensor) -> Tensor:
        return (net(source, target) - before).abs().amax((0, 2)) > 1e-5

    later = target.clone()
    later[:, 3] = (later[:, 3] + 1) % 9
    assert differs(source, later).tolist() == [False] * 3 + [True] * 3
    other = source.clone()
    other[:, 4] = (other[:, 4] + 1) % 7
    assert differs(other, target).all()


def test_rotary_blocks_are_causal() -> None:
    net = module("transformer", "rotary_block", heads=4, groups=2, hidden=9, d=8)
    x = torch.randn(2, 5, 8)
    before = net(x)
    x[:, 3] += 1
    assert ((net(x) - before).abs().amax((0, 2)) > 1e-6).tolist() == [False] * 3 + [True] * 2
