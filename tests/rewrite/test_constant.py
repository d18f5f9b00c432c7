"""What depends on known sizes alone is computed when the module is made."""

from __future__ import annotations

import pytest
import torch

from catnet.rewrite.constant import Folding
from catnet.torch.emit import emit
from tests.rewrite.equality import by, equal, graph_of_net, modules, reals, reasons

FOLDED = {
    "causal mask": "(x, x, x, x >> causal_mask) >> sdpa",
    "masks joined": "(x, x, x, (x >> causal_mask, x >> window_mask(2)) >> logical_and) >> sdpa",
    "sinusoidal": "x + (x >> sinusoidal)",
    "sinusoidal, half": 'x + (x >> sinusoidal(layout = "half", base = 500.0))',
    "positions": 'x + (x >> positions >> to_real >> repeat("t -> t c", c = 6))',
    "rotary": "x >> rotary",
    "rotary, part": 'x >> rotary(channels = 4, layout = "interleaved")',
}


@pytest.mark.parametrize("case", FOLDED)
def test_what_is_folded(case: str) -> None:
    literal = graph_of_net(f"net f : (x: R[5, 6]) -> R[5, 6] {{ return {FOLDED[case]} }}")
    found = by(Folding, literal)
    assert len(found.applied) >= 1
    equal(literal, found.graph, reals([(5, 6)], (2,)))
    source = emit(found.graph, "folded")[0].partition("def forward")[2]
    assert "register_buffer" in emit(found.graph, "folded")[0]
    assert "torch.ones" not in source
    assert "torch.arange" not in source


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_folded_tables_are_bit_equal_in_every_format(dtype: torch.dtype) -> None:
    for case in ("sinusoidal", "rotary", "causal mask"):
        literal = graph_of_net(f"net f : (x: R[5, 6]) -> R[5, 6] {{ return {FOLDED[case]} }}")
        one, two = modules(literal, by(Folding, literal).graph)
        x = reals([(5, 6)], (2,))[0].to(dtype)
        assert torch.equal(one.to(dtype)(x), two.to(dtype)(x))


def test_buffers_are_not_saved_and_follow_the_module() -> None:
    literal = graph_of_net(f"net f : (x: R[5, 6]) -> R[5, 6] {{ return {FOLDED['rotary']} }}")
    one, two = modules(literal, by(Folding, literal).graph)
    assert list(two.state_dict()) == []
    assert [b.device.type for b in two.to("meta").buffers()] == ["meta"]
    assert list(one.buffers()) == []


LEFT = {
    "an open length": ("R[t, 6]", "(x, x, x, x >> causal_mask) >> sdpa", ""),
    "a rotary of an open length": ("R[t, 6]", "x >> rotary", "known at run time only"),
    "reals": ("R[5, 6]", "x + (constant(0.1, (5, 6)) >> exp)", "precision"),
    "a constant alone": ("R[5, 6]", "x + constant(0.1, (5, 6))", ""),
    "weights": ("R[5, 6]", "x + (parameter((5, 6)) >> exp)", ""),
    "draws": ("R[5, 6]", "x + (ones((5, 6)) >> dropout(0.5))", ""),
    "a large mask": ("R[5000, 6]", "(x, x, x, x >> causal_mask) >> sdpa", "25,000,000 entries"),
}


@pytest.mark.parametrize("case", LEFT)
def test_what_is_left(case: str) -> None:
    type_, body, reason = LEFT[case]
    graph = graph_of_net(f"net f : (x: {type_}) -> {type_} {{ return {body} }}")
    found = by(Folding, graph)
    assert found.applied == ()
    assert found.graph is graph
    assert reason in reasons(found)
