"""Attention with masks, biases, groups and windows; masks: types, mistakes, and values against torch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from tests.boxes.helpers import compiled, leaf, mistake, net, node_of, program, run, type_of

QKV = "R[2, 5, 3] @ R[2, 7, 3] @ R[2, 7, 4]"


def qkv(*batch: int) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values of two heads."""
    return torch.randn(*batch, 2, 5, 3), torch.randn(*batch, 2, 7, 3), torch.randn(*batch, 2, 7, 4)


def by_hand(q: Tensor, k: Tensor, v: Tensor, seen: Tensor, scale: float | None = None) -> Tensor:
    """Attention as the formula says it."""
    scores = q @ k.mT * (scale or q.shape[-1] ** -0.5)
    return scores.masked_fill(~seen, float("-inf")).softmax(-1) @ v


def banded(t: int, u: int, window: int) -> Tensor:
    """Which of u keys each of t queries sees."""
    i, j = torch.arange(t)[:, None], torch.arange(u)
    return (j <= i) & (j > i - window)


@pytest.mark.parametrize("mask", ["Bool[5, 7]", "Bool[1, 7]", "Bool[2, 5, 7]", "Bool[2, 1, 7]"])
@pytest.mark.parametrize("batch", [(), (3,), (3, 2)])
def test_boolean_masks(mask: str, batch: tuple[int, ...]) -> None:
    q, k, v = qkv(*batch)
    shape = eval(mask[4:])
    seen = torch.rand(*batch, *shape) < 0.7
    seen[..., 0] = True
    assert type_of(f"{QKV} @ {mask}", "sdpa") == "R[2, 5, 4]"
    got = run(f"{QKV} @ {mask}", "sdpa", q, k, v, seen, outputs="R[2, 5, 4]")
    full = seen if len(shape) == 3 else seen.unsqueeze(-3)
    assert torch.equal(got, F.scaled_dot_product_attention(q, k, v, attn_mask=full))
    assert torch.allclose(got, by_hand(q, k, v, full), atol=1e-6)


def test_a_bias_is_added() -> None:
    q, k, v = qkv(3)
    bias = torch.randn(3, 5, 7)
    got = run(f"{QKV} @ R[5, 7]", "sdpa(scale = 0.3)", q, k, v, bias, outputs="R[2, 5, 4]")
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=bias[:, None], scale=0.3)
    assert torch.equal(got, expected)


def test_a_learned_bias_has_no_batch_axes() -> None:
    text = net(f"{QKV} -> R[2, 5, 4]", "(id @ id @ id @ parameter((2, 5, 7))) >> sdpa")
    module = compiled(text)
    (bias,) = module.parameters()
    q, k, v = qkv(3)
    assert torch.equal(module(q, k, v), F.scaled_dot_product_attention(q, k, v, attn_mask=bias))
    assert "expand" not in program(text)["f"]().source()


@pytest.mark.parametrize("window", [1, 3, 50])
def test_windows(window: int) -> None:
    q, k, v = qkv(3)
    got = run(QKV, f"sdpa(window = {window})", q, k, v, outputs="R[2, 5, 4]")
    assert torch.allclose(got, by_hand(q, k, v, banded(5, 7, window)), atol=1e-6)
    assert torch.equal(got, F.scaled_dot_product_attention(q, k, v, attn_mask=banded(5, 7, window)))


def test_masks_join_windows_and_causality() -> None:
    q, k, v = qkv(3)
    keys = torch.tensor([True, True, False, True, True, True, True])
    got = run(f"{QKV} @ Bool[1, 7]", "sdpa(causal = true)", q, k, v, keys.expand(3, 1, 7), outputs="R[2, 5, 4]")
    assert torch.allclose(got, by_hand(q, k, v, keys & banded(5, 7, 99)), atol=1e-6)
    bias = torch.randn(3, 5, 7)
    got = run(f"{QKV} @ R[5, 7]", "sdpa(window = 2)", q, k, v, bias, outputs="R[2, 5, 4]")
    scores = (q @ k.mT * 3**-0.5 + bias[:, None]).masked_fill(~banded(5, 7, 2), float("-inf"))
    assert torch.allclose(got, scores.softmax(-1) @ v, atol=1e-6)


def test_grouped_queries() -> None:
    dom = "R[6, 5, 3] @ R[2, 7, 3] @ R[2, 7, 4]"
    assert type_of(dom, "sdpa") == "R[6, 5, 4]"
    q, k, v = torch.randn(2, 6, 5, 3), torch.randn(2, 2, 7, 3), torch.randn(2, 2, 7, 4)
    got = run(dom, "sdpa(causal = true)", q, k, v, outputs="R[6, 5, 4]")
    assert torch.equal(got, F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True))
    repeated = F.scaled_dot_product_attention(q, k.repeat_interleave(3, 1), v.repeat_interleave(3, 1), is_causal=True)
    assert torch.allclose(got, repeated, atol=1e-6)
    found = mistake("R[6, 5, 3] @ R[4, 7, 3] @ R[4, 7, 4] -> _", "sdpa")
    assert (found.code, "6 % 4 == 0" in found.message) == ("E0207", True)
    found = mistake("R[h, t, c] @ R[g, t, c] @ R[g, t, c] -> _", "sdpa")
    assert (found.code, "where h % g == 0" in found.help) == ("E0206", True)
    assert type_of("R[2*g, t, c] @ R[g, t, c] @ R[g, t, c]", "sdpa") == "R[2*g, t, c]"
    assert mistake("R[2, 5, 3] @ R[6, 7, 3] @ R[6, 7, 4] -> _", "sdpa").code == "E0203"


def test_queries_without_batch_axes() -> None:
    text = net("R[7, 4] -> R[5, 4]", "(parameter((5, 4)) @ copy) >> sdpa")
    module = compiled(text)
    (q,) = module.parameters()
    x = torch.randn(3, 7, 4)
    assert torch.equal(module(x), F.scaled_dot_product_attention(q.expand(3, 5, 4), x, x))


def test_attention_over_any_axes_in_front() -> None:
    text = net("R[...s, t, c] @ R[...s, t, c] @ R[...s, t, c] -> R[...s, t, c]", "sdpa(window = 2)")
    x = torch.randn(2, 3, 5, 4)
    assert torch.allclose(compiled(text)(x, x, x), by_hand(x, x, x, banded(5, 5, 2)), atol=1e-6)


@pytest.mark.parametrize(
    ("mask", "code", "words"),
    [
        ("Bool[5, 6]", "E0203", "`6` is neither 1 nor `7`"),
        ("Bool[3, 5, 7]", "E0203", "`3` is neither 1 nor `2`"),
        ("Bool[7]", "E0203", "has 1 axis"),
        ("Bool[1, 2, 5, 7]", "E0203", "has 4 axes"),
        ("Z[5, 7]", "E0205", "is Bool (what may be seen) or R"),
    ],
)
def test_masks_that_do_not_fit(mask: str, code: str, words: str) -> None:
    found = mistake(f"{QKV} @ {mask} -> _", "sdpa")
    assert (found.code, words in found.message) == (code, True), found.message


def test_mistakes_of_attention() -> None:
    assert mistake("R[5, 3] @ R[7, 3] -> _", "sdpa").code == "E0204"
    assert mistake(f"{QKV} -> _", "sdpa(window = -1)").code == "E0207"


@pytest.mark.parametrize("keys", [6, 2])
def test_flops_are_those_of_torch(keys: int) -> None:
    dom = f"R[6, 5, 3] @ R[{keys}, 7, 3] @ R[{keys}, 7, 4]"
    node = leaf(dom, "sdpa(window = 3)")
    q, k, v = torch.randn(1, 6, 5, 3), torch.randn(1, keys, 7, 3), torch.randn(1, keys, 7, 4)
    module = compiled(net(f"{dom} -> _", "sdpa(window = 3)"))
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        module(q, k, v)
    assert node.box.flops(node.dom, node.cod).value == counter.get_total_flops()


def test_masks() -> None:
    x = torch.randn(2, 5, 3)
    assert type_of("R[h, t, c]", "causal_mask") == "Bool[t, t]"
    assert torch.equal(run("R[t, 3]", "causal_mask", x, outputs="Bool[t, t]"), banded(5, 5, 99))
    assert torch.equal(run("R[5, 3]", "window_mask(2)", x, outputs="Bool[5, 5]"), banded(5, 5, 2))
    tokens = torch.tensor([[3, 1, 0, 0, 0], [4, 4, 1, 2, 0]])
    assert torch.equal(run("Fin(9)[t]", "padding_mask", tokens, outputs="Bool[1, t]"), tokens[:, None] != 0)
    assert torch.equal(run("Fin(9)[t]", "causal_mask(over = -1)", tokens, outputs="Bool[t, t]"), banded(5, 5, 99))
    assert mistake("R[t, d] -> _", "window_mask(0)").code == "E0207"
    assert mistake("R[t, d] -> _", "causal_mask(over = -3)").code == "E0223"
    assert mistake("R[t] -> _", "padding_mask").code == "E0205"


def test_a_mask_box_feeds_attention() -> None:
    text = (
        "net f : (x: R[h, t, c], w: Fin(9)[t]) -> R[h, t, c] {\n"
        '    pad = w >> padding_mask >> repeat("1 u -> t u", t = t)\n'
        "    seen = (x >> causal_mask) @ pad >> logical_and\n"
        "    return x @ x @ x @ seen >> sdpa\n}"
    )
    x, w = torch.randn(2, 2, 5, 3), torch.tensor([[3, 1, 0, 0, 0], [4, 4, 1, 2, 0]])
    seen = (w[:, None, None] != 0) & banded(5, 5, 99)
    assert torch.equal(compiled(text)(x, w), F.scaled_dot_product_attention(x, x, x, attn_mask=seen))


def test_attention_with_dropout_is_random_in_training_only() -> None:
    text = "sdpa(dropout = 0.5)"
    q, k, v = (torch.randn(3, 6, 4) for _ in range(3))
    module = compiled(net("R[t, 4] @ R[t, 4] @ R[t, 4] -> R[t, 4]", text))
    torch.manual_seed(3)
    ours = module(q, k, v)
    torch.manual_seed(3)
    assert torch.equal(ours, F.scaled_dot_product_attention(q, k, v, dropout_p=0.5))
    assert torch.equal(module.eval()(q, k, v), F.scaled_dot_product_attention(q, k, v))
    dom = "R[6, 4] @ R[6, 4] @ R[6, 4]"
    assert node_of(dom, text).box.effect == "random"
    assert node_of(dom, "sdpa").box.effect == "pure"
    assert mistake(f"{dom} -> _", "sdpa(dropout = 1.5)").code == "E0224"
