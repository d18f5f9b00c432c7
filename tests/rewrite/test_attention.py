"""Attention that is written out, against `sdpa`."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from catnet.rewrite.attention import Attention
from tests.rewrite.equality import boxes, by, equal, graph_of_net, modules, reals, reasons

QKV = "(q: R[h, t, c], k: R[h, t, c], v: R[h, t, e])"
BIASED = "(q: R[h, t, c], k: R[h, t, c], v: R[h, t, e], b: R[h, t, t])"
HEADS_LAST = "(q: R[t, h, c], k: R[t, h, c], v: R[t, h, e])"
SCORES = 'q @ (k >> rearrange("t c -> c t")) >> matmul'
HIDDEN = "-1000000000.0"

# ways to write it: the signature, statements, the result
WRITTEN = {
    "matmul": (QKV, f"w = {SCORES} >> scale(0.25) >> softmax", "(w, v) >> matmul"),
    "no scale": (QKV, f"w = {SCORES} >> softmax", "(w, v) >> matmul"),
    "named axis": (QKV, f"w = {SCORES} >> softmax(axis = -1)", "(w, v) >> matmul"),
    "three axes": (QKV, 'w = q @ (k >> rearrange("h t c -> h c t")) >> matmul >> softmax', "(w, v) >> matmul"),
    "scaled queries": (QKV, f"w = {SCORES.replace('q', 'q >> scale(0.5)', 1)} >> softmax", "(w, v) >> matmul"),
    "einsum": (QKV, 's = (q, k) >> einsum("i c, j c -> i j")', '(s >> softmax, v) >> einsum("i j, j e -> i e")'),
    "einsum, heads": (
        QKV,
        's = (q, k) >> einsum("h i c, h j c -> h i j") >> scale(0.1)',
        '(s >> softmax, v) >> einsum("h i j, h j e -> h i e")',
    ),
    "heads last": (
        HEADS_LAST,
        's = (q, k) >> einsum("t h c, u h c -> h t u") >> scale(0.3)',
        '(s >> softmax, v) >> einsum("h t u, u h e -> t h e")',
    ),
    "keys first": (
        HEADS_LAST,
        's = (k, q) >> einsum("u h c, t h c -> h t u") >> scale(0.3)',
        '(v, s >> softmax) >> einsum("u h e, h t u -> h e t")',
    ),
    "bias": (BIASED, f"s = {SCORES} >> scale(0.25)", "(b + s >> softmax) @ v >> matmul"),
    "scaled bias": (BIASED, f"s = {SCORES}", "((s + b) >> scale(0.5) >> softmax) @ v >> matmul"),
    "added mask": (
        QKV,
        f"s = {SCORES} >> scale(0.25)\n m = q >> causal_mask >> logical_not >> to_real >> scale({HIDDEN})"
        ' >> repeat("t u -> h t u", h = h)',
        "(s + m >> softmax) @ v >> matmul",
    ),
    "alibi and mask": (
        QKV,
        f"s = {SCORES} >> scale(0.25)\n m = q >> causal_mask >> logical_not >> to_real >> scale({HIDDEN})"
        ' >> repeat("t u -> h t u", h = h)\n b = q >> alibi(h)',
        "(m + (s + b) >> softmax) @ v >> matmul",
    ),
    "chosen": (
        QKV,
        f"s = {SCORES} >> scale(0.25)\n m = q >> window_mask(2) >> repeat('t u -> h t u', h = h)\n"
        f" n = constant({HIDDEN}, (h, t, t))",
        "((m, s, n) >> choose >> softmax) @ v >> matmul",
    ),
    "chosen, negated": (
        QKV,
        f"s = {SCORES}\n m = q >> causal_mask >> logical_not >> repeat('t u -> h t u', h = h)\n"
        f" n = ones((h, t, t)) >> scale({HIDDEN})",
        "((m, n, s) >> choose >> softmax) @ v >> matmul",
    ),
}


def text_of(way: str) -> str:
    signature, body, result = WRITTEN[way]
    statements = body.replace("'", '"')
    head = f"net f(h, t) : {signature} -> _ where h >= 1, t >= 1"
    return f"{head} {{\n {statements}\n return {result}\n}}\n"


@pytest.mark.parametrize("way", WRITTEN)
@settings(max_examples=6)
@given(
    h=st.sampled_from([1, 2, 4]), t=st.integers(1, 7), c=st.integers(1, 5), e=st.integers(1, 4), batch=st.integers(0, 2)
)
def test_every_way_to_write_it(way: str, h: int, t: int, c: int, e: int, batch: int) -> None:
    literal = graph_of_net(text_of(way), h=h, t=t)
    found = by(Attention, literal)
    assert [a.rule.name for a in found.applied] == ["attention"]
    assert "softmax" not in boxes(found.graph)
    heads_last = WRITTEN[way][0] == HEADS_LAST
    shapes = [(t, h, c), (t, h, c), (t, h, e)] if heads_last else [(h, t, c), (h, t, c), (h, t, e)]
    if WRITTEN[way][0] == BIASED:
        shapes.append((h, t, t))
    equal(literal, found.graph, reals(shapes, (2,) * batch))


def test_masks_become_options() -> None:
    boxes_of = {way: by(Attention, graph_of_net(text_of(way), h=2, t=5)) for way in ("added mask", "chosen")}
    for way, found in boxes_of.items():
        (fused,) = [n.box for _, n in found.graph.walk() if n.box.name == "sdpa"]
        assert fused.causal == (way == "added mask")
        assert str(fused.window) == ("2" if way == "chosen" else "0")
        assert boxes(found.graph) == ["sdpa"]


def test_dropout_of_the_weights() -> None:
    signature, _, _ = WRITTEN["matmul"]
    text = f"net f : {signature} -> _ {{ return ({SCORES} >> softmax >> dropout(0.25)) @ v >> matmul }}\n"
    literal = graph_of_net(text)
    found = by(Attention, literal)
    assert boxes(found.graph) == ["sdpa"]
    one, two = modules(literal, found.graph)
    q, k = reals([(1, 8, 4), (1, 8, 4)])
    unit = torch.eye(8, dtype=torch.float64).unsqueeze(0)  # as values it shows the weights themselves
    weights = one.eval()(q, k, unit)
    assert (two.eval()(q, k, unit) - weights).abs().max() < 1e-12
    torch.manual_seed(0)
    draws = torch.stack([two.train()(q, k, unit) for _ in range(400)])
    kept = draws != 0
    assert (draws - kept * weights / 0.75).abs().max() < 1e-12
    assert abs(kept.double().mean().item() - 0.75) < 0.01


LEFT = {
    "used elsewhere": (f"w = {SCORES} >> softmax", "((w, v) >> matmul, w)", "used elsewhere"),
    "scores used": (f"s = {SCORES}\n w = s >> softmax", "((w, v) >> matmul, s)", "the scores are used elsewhere"),
    "another axis": (f"w = {SCORES} >> softmax(axis = -2)", "(w, v) >> matmul", ""),
    "gumbel": (f"w = {SCORES} >> gumbel_softmax", "(w, v) >> matmul", ""),
    "between": (f"w = {SCORES} >> tanh >> softmax", "(w, v) >> matmul", "`tanh` stands between"),
    "negative": (f"w = {SCORES} >> scale(-1.0) >> softmax", "(w, v) >> matmul", "positive scale"),
    "weak mask": (
        f"s = {SCORES}\n m = q >> causal_mask >> repeat('t u -> h t u', h = h)\n n = constant(-10.0, (h, t, t))",
        "((m, s, n) >> choose >> softmax) @ v >> matmul",
        "surely counts 0",
    ),
    "any mask": (
        f"s = {SCORES}\n m = (s, s >> sin) >> lt\n n = constant({HIDDEN}, (h, t, t))",
        "((m, s, n) >> choose >> softmax) @ v >> matmul",
        "",
    ),
    "dropout of scores": (f"w = {SCORES} >> dropout(0.1) >> softmax", "(w, v) >> matmul", "`dropout` stands between"),
}


@pytest.mark.parametrize("case", LEFT)
def test_what_is_left_alone(case: str) -> None:
    body, result, reason = LEFT[case]
    statements = body.replace("'", '"')
    gives = "_ @ _" if result.endswith((", w)", ", s)")) else "_"
    head = f"net f(h, t) : {QKV} -> {gives} where h >= 1, t >= 1"
    graph = graph_of_net(f"{head} {{\n {statements}\n return {result}\n}}\n", h=2, t=3)
    found = by(Attention, graph)
    assert found.applied == ()
    assert found.graph is graph
    assert reason in reasons(found)


def test_a_mask_that_may_hide_all_keys_is_left() -> None:
    signature = QKV.replace(")", ", m: Bool[h, t, t])")
    body = f"return ((m, {SCORES}, constant({HIDDEN}, (h, t, t))) >> choose >> softmax) @ v >> matmul"
    found = by(Attention, graph_of_net(f"net f(h, t) : {signature} -> _ {{ {body} }}", h=2, t=3))
    assert found.applied == ()
    assert "where it sees none" in reasons(found)


NETS = """net f(heads, t) : R[t, d] -> R[t, d] where heads >= 1, t >= 1, d >= 1, d % heads == 0 =
    (q: linear(d), k: linear(d), v: linear(d))
 >> each(rearrange("t (h c) -> h t c", h = heads))
 >> (weights(heads, t) @ id)
 >> matmul
 >> rearrange("h t c -> t (h c)")
 >> out: linear(d)

net weights(h, t) : R[h, t, c] @ R[h, t, c] -> R[h, t, t] = scores(h, t) >> scale(0.5) >> softmax
net scores(h, t) : (q: R[h, t, c], k: R[h, t, c]) -> R[h, t, t] {
    out = out: constant(0.5, (h, t, t))
    s = (q, k >> rearrange("t c -> c t")) >> matmul
    return s + out
}
"""


def test_it_is_found_across_nets() -> None:
    """Nets that own nothing are opened where that lets them be fused; a label inside may not take another's place."""
    literal = graph_of_net(NETS, heads=2, d=4, t=5)
    found = by(Attention, literal)
    assert "sdpa" in boxes(found.graph)
    assert "softmax" not in boxes(found.graph)
    equal(literal, found.graph, reals([(5, 4)], (2,)))


def test_nets_stay_closed_where_nothing_is_found() -> None:
    text = NETS.replace(">> softmax", ">> softmax >> tanh")
    literal = graph_of_net(text, heads=2, d=4, t=5)
    assert by(Attention, literal).graph is literal
