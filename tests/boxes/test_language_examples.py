"""The examples of the language's design, section 5, and the standard library: they check, and they run."""

from __future__ import annotations

import pytest
import torch

from catnet.elaborate.loading import STANDARD
from catnet.elaborate.program import Program
from tests.boxes.helpers import program

EXAMPLES = """
from "std/blocks.cat" import residual, double_conv, down, up

# A residual digit classifier on 8x8 images.
net classifier(width = 64, depth = 3, classes = 10) : R[8, 8] -> R[classes] =
    flatten >> linear(width) >> residual(layer_norm >> linear(width) >> gelu) ^ depth >> linear(classes)

# Multi-head self-attention (Vaswani et al., 2017).
net attention(heads, causal = false) : R[t, d] -> R[t, d] where d % heads == 0 =
    (q: linear(d), k: linear(d), v: linear(d))
 >> each(rearrange("t (h c) -> h t c", h = heads))
 >> sdpa(causal = causal)
 >> rearrange("h t c -> t (h c)")
 >> out: linear(d)

# U-Net: one level is its own recursion.
net unet(depth, c) : R[c, h, w] -> R[c, h, w] where h % 2^depth == 0, w % 2^depth == 0 =
    if depth == 0 then double_conv(c)
    else (id, down(2*c) >> unet(depth - 1, 2*c) >> up(c)) >> concat(axis = 0) >> double_conv(c)

# Denoising score / velocity field and the flow it generates.
net velocity(h) : R[d] @ R -> R[d] =
    (id @ time_features(32)) >> concat(axis = -1) >> linear(h) >> silu >> linear(d)
net sampler(h) : R[d] -> R[d] = flow(velocity(h), start = 0, stop = 1)

net swiglu(hidden) : (x: R[t, d]) -> R[t, d] {
    gate = x >> gate: linear(hidden) >> silu
    up   = x >> up: linear(hidden)
    return gate * up >> down: linear(d)
}
"""


def test_the_examples_have_no_diagnostics() -> None:
    assert [d.render() for d in Program.from_text(EXAMPLES).check()] == []


@pytest.mark.parametrize(
    ("name", "sizes", "shape", "out"),
    [
        ("classifier", {}, (5, 8, 8), (5, 10)),
        ("attention", {"heads": 2, "d": 8}, (3, 6, 8), (3, 6, 8)),
        ("attention", {"heads": 2, "causal": True, "d": 8}, (2, 3, 6, 8), (2, 3, 6, 8)),
        ("unet", {"depth": 2, "c": 3}, (2, 3, 8, 12), (2, 3, 8, 12)),
        ("sampler", {"h": 5, "d": 3}, (4, 7, 3), (4, 7, 3)),
        ("swiglu", {"hidden": 5, "d": 3}, (4, 7, 3), (4, 7, 3)),
    ],
)
def test_the_examples_run(name: str, sizes: dict[str, int], shape: tuple[int, ...], out: tuple[int, ...]) -> None:
    module = program(EXAMPLES)[name](**sizes).compile()
    assert module(torch.randn(shape)).shape == out


@pytest.mark.parametrize("path", sorted(STANDARD.glob("*.cat")), ids=lambda p: p.name)
def test_the_standard_library_has_no_diagnostics(path: object) -> None:
    assert [d.render() for d in Program(str(path)).check()] == []


@pytest.mark.parametrize("path", sorted(STANDARD.glob("*.cat")), ids=lambda p: p.name)
def test_the_standard_library_is_documented(path: object) -> None:
    made = Program(str(path))
    assert [n for n in made if not made[n].__doc__] == []


@pytest.mark.parametrize(
    ("file", "name", "sizes", "inputs", "out"),
    [
        ("blocks", "mlp", {"hidden": 5, "out": 2, "n": 3}, [(4, 3)], (4, 2)),
        ("transformer", "block", {"heads": 2, "hidden": 9, "d": 4}, [(2, 5, 4)], (2, 5, 4)),
        ("transformer", "encoder_block", {"heads": 2, "hidden": 9, "d": 4}, [(2, 5, 4)], (2, 5, 4)),
        ("transformer", "gated_block", {"heads": 2, "hidden": 9, "d": 4}, [(2, 5, 4)], (2, 5, 4)),
        ("transformer", "cross_attention", {"heads": 2, "d": 4, "e": 3}, [(2, 5, 4), (2, 7, 3)], (2, 5, 4)),
        ("unet", "segmenter", {"depth": 2, "c": 3, "k": 2, "n": 1}, [(2, 1, 8, 8)], (2, 2, 8, 8)),
    ],
)
def test_the_standard_library_runs(
    file: str, name: str, sizes: dict[str, int], inputs: list[tuple[int, ...]], out: tuple[int, ...]
) -> None:
    module = Program(STANDARD / f"{file}.cat")[name](**sizes).compile()
    assert module(*map(torch.randn, inputs)).shape == out


def test_the_language_model_shares_its_embedding() -> None:
    net = Program(STANDARD / "transformer.cat")["language_model"]
    module = net(vocab=11, d=8, depth=2, heads=2, t=5).compile()
    assert module(torch.randint(0, 11, (3, 5))).shape == (3, 5, 11)
    assert sum(p.shape == (11, 8) for p in module.parameters()) == 1
