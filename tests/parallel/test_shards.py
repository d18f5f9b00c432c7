"""What boxes say of an axis that is cut between ranks, held against what their code does with the blocks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

import catnet
from catnet.boxes import VOCABULARY
from catnet.diagrams.box import Box
from catnet.diagrams.graph import Node
from catnet.types.wires import Wire

RANKS = 2
# A box and the type that comes in; every box that has a rule of its own is here.
CASES = [
    ("relu", "R[4, 6]"),
    ("gelu", "R[4, 6]"),
    ("hardtanh", "R[4, 6]"),
    ("prelu", "R[4, 6]"),
    ("prelu(per_channel = true)", "R[4, 6]"),
    ("add", "R[4, 6] @ R[4, 6]"),
    ("linear(vector(O(3)))", "R[4, 2*vector(O(3))]"),
    ("forget(O(3))", "R[4, 2*vector(O(3))]"),
    ("invariant(O(3))", "R[4, 6]"),
    ("norm", "R[2, 4, 2*vector(O(3))]"),
    ("norm_activation", "R[4, 2*vector(O(3))]"),
    ("gate", "R[4, 2] @ R[4, 2*vector(O(3))]"),
    ("tensor_product(vector(O(3)))", "R[4, 2*trivial(O(3))] @ R[4, 2*vector(O(3))]"),
    ("spherical_harmonics(1)", "R[4, vector(O(3))]"),
    ("radial_basis(4, 2.0)", "R[4, 6]"),
    ("pairs", "R[4, 6]"),
    ("permutation_linear(4)", "R[2, 4, 4, 6]"),
    ("permutation_linear(4, 1, 2)", "R[2, 4, 6]"),
    ("mul", "R[4, 6] @ R[4, 6] @ R[4, 6]"),
    ("sub", "R[4, 6] @ R[4, 6]"),
    ("maximum", "R[4, 6] @ R[4, 6]"),
    ("scale(0.5)", "R[4, 6]"),
    ("lt", "R[4, 6] @ R[4, 6]"),
    ("logical_and", "Bool[4, 6] @ Bool[4, 6]"),
    ("logical_not", "Bool[4, 6]"),
    ("choose", "Bool[4, 6] @ R[4, 6] @ R[4, 6]"),
    ("to_real", "Bool[4, 6]"),
    ("softmax", "R[4, 6]"),
    ("log_softmax(axis = 0)", "R[4, 6]"),
    ("softmin", "R[4, 6]"),
    ("glu", "R[4, 8]"),
    ("linear(6)", "R[2, 4, 8]"),
    ("layer_norm", "R[2, 4, 6]"),
    ("layer_norm(axes = 2)", "R[2, 4, 6]"),
    ("rms_norm(affine = false)", "R[4, 6]"),
    ("sum(over = 0)", "R[2, 4, 6]"),
    ("mean(over = 1)", "R[2, 4, 6]"),
    ("max(over = -1)", "R[2, 4, 6]"),
    ("matmul", "R[2, 4, 4] @ R[2, 4, 4]"),
    ("roll(1)", "R[4, 6]"),
    ("flip(0)", "R[4, 6]"),
    ("pad(2, 2)", "R[4, 6]"),
    ("concat", "R[4, 6] @ R[4, 2]"),
    ("concat(axis = 0)", "R[4, 6] @ R[2, 6]"),
    ("stack", "R[4, 6] @ R[4, 6]"),
    ("stack(at = 1)", "R[4, 6] @ R[4, 6]"),
    ("stack(at = -1)", "R[4, 6] @ R[4, 6]"),
    ("split((2, 4))", "R[4, 6]"),
    ("chunk(2)", "R[4, 8]"),
    ("chunk(3)", "R[4, 12]"),
    ("slice(1, 5)", "R[4, 6]"),
    ("select(1, axis = 1)", "R[2, 4, 6]"),
    ("flatten", "R[2, 4, 6]"),
    ('rearrange("t (h c) -> h t c", h = 2)', "R[4, 8]"),
    ('rearrange("h t c -> t (h c)")', "R[2, 4, 6]"),
    ('rearrange("a b c -> (c a) b")', "R[2, 4, 6]"),
    ('rearrange("(h i) (w j) -> (i j) h w", h = 2, w = 2)', "R[4, 8]"),
    ('rearrange("1 a -> a 1")', "R[4, 1, 6]"),
    ('reduce("t (h c) -> h t", "mean", h = 2)', "R[4, 8]"),
    ('repeat("h t c -> (h r) t c", r = 3)', "R[2, 4, 6]"),
    ('repeat("t c -> r t c", r = 2)', "R[4, 6]"),
    ('einsum("h i d, h j d -> h i j")', "R[2, 4, 6] @ R[2, 4, 6]"),
    ('einsum("i i -> i")', "R[4, 4]"),
    ('einsum("a b -> b a")', "R[4, 6]"),
    ("sdpa", "R[2, 4, 6] @ R[2, 4, 6] @ R[2, 4, 6]"),
    ("sdpa(causal = true)", "R[4, 6, 8] @ R[2, 6, 8] @ R[2, 6, 8]"),
    ("sdpa", "R[2, 4, 6] @ R[2, 4, 6] @ R[2, 4, 6] @ Bool[4, 4]"),
    ("sdpa", "R[2, 4, 6] @ R[2, 4, 6] @ R[2, 4, 6] @ Bool[1, 4, 4]"),
    ("sdpa(causal = true)", "R[2, 4, 6] @ R[2, 4, 6] @ R[2, 4, 6] @ Bool[2, 4, 4]"),
    ("rotary", "R[2, 4, 6]"),
    ('rotary(layout = "interleaved", context = 8)', "R[2, 4, 8]"),
]

# Refusals that the blocks do not need: each is right to say no more than it knows.
CAUTIOUS = {
    'rearrange("(h i) (w j) -> (i j) h w", h = 2, w = 2)': "the number of blocks is not divided for sure",
    'rearrange("1 a -> a 1")': "an axis of 1 has no blocks",
}


def node_of(text: str, on: str) -> Node:
    (node,) = catnet.parse(text).typed(on).nodes
    return node


def tensor(wire: Wire) -> Tensor:
    shape = [axis.size.value for axis in wire.axes]  # type: ignore[union-attr]
    values = torch.randn(*shape)
    return values > 0 if wire.kind.name == "Bool" else values


def blocks(value: Tensor, axis: int | None) -> Sequence[Tensor]:
    return [value] * RANKS if axis is None else value.chunk(RANKS, dim=axis)


def even(wires: Sequence[Wire], cut: Sequence[int | None]) -> bool:
    """Whether the ranks divide every axis that is cut, as the planner demands."""
    return all(at is None or wire.axes[at].size.value % RANKS == 0 for wire, at in zip(wires, cut, strict=True))  # type: ignore[union-attr, operator]


def run(module: Any, inputs: Sequence[Tensor]) -> list[Tensor]:
    with torch.no_grad():
        result = module(*(x.unsqueeze(0) for x in inputs))
    return [y.squeeze(0) for y in (result if isinstance(result, tuple) else (result,))]


def gives_blocks(module: Any, values: Sequence[Tensor], cut: Sequence[int | None], out: Sequence[int | None]) -> bool:
    """Whether every rank gets its block of the outputs from its blocks of the inputs."""
    wanted = run(module, values)
    for rank in range(RANKS):
        own = [blocks(x, at)[rank] for x, at in zip(values, cut, strict=True)]
        try:
            got = run(module, own)
        except (RuntimeError, ValueError):  # our own layers check the sizes
            return False
        for y, whole, at in zip(got, wanted, out, strict=True):
            block = blocks(whole, at)[rank]
            if y.shape != block.shape or not torch.allclose(y.float(), block.float(), atol=1e-6):
                return False
    return True


def compiled(text: str, on: str) -> Any:
    module: Any = catnet.parse(text).compile(on=on).eval()
    module.check_inputs = False
    return module


@pytest.mark.parametrize(("text", "on"), CASES, ids=lambda t: str(t)[:40])
def test_where_a_cut_comes_out_the_code_gives_the_blocks(text: str, on: str) -> None:
    torch.manual_seed(0)
    node, module = node_of(text, on), compiled(text, on)
    values = [tensor(w) for w in node.dom]
    choices = [(None, *range(-len(w.axes), 0)) for w in node.dom]
    said = 0
    for cut in itertools.product(*choices):
        if all(at is None for at in cut) or not even(node.dom, cut):
            continue
        out = node.box.shards(node.dom, node.cod, cut)
        if not isinstance(out, str):
            assert len(out) == len(node.cod)
            assert any(at is not None for at in out)
            assert even(node.cod, out), (cut, out)
            assert gives_blocks(module, values, cut, out), (cut, out)
            said += 1
        elif len(set(cut)) == 1 and text not in CAUTIOUS:
            for other in itertools.product(*[(None, *range(-len(w.axes), 0)) for w in node.cod]):
                if even(node.cod, other):
                    assert not gives_blocks(module, values, cut, other), (cut, other, out)
    assert said or text == 'einsum("i i -> i")'


def test_every_rule_is_among_the_cases() -> None:
    def rule(cls: type[Box]) -> type:
        return next(c for c in cls.__mro__ if "shards" in vars(c))

    elsewhere = (
        "equivariant_nets",
        "bundle_",
        "trivialise",
        "strips",
    )  # nets in a box; tests/bundles has those of bundles
    ours = [
        c for c in VOCABULARY.values() if not c.__module__.startswith(tuple(f"catnet.boxes.{e}" for e in elsewhere))
    ]
    with_rules = {rule(cls) for cls in ours} - {Box}
    assert with_rules <= {rule(type(node_of(text, on).box)) for text, on in CASES}


def test_a_box_that_says_nothing_refuses() -> None:
    node = node_of("conv(4, 3, padding = 1)", "R[4, 8, 8]")
    assert node.box.shards(node.dom, node.cod, (-3,)) == (
        "`conv` is not known to act pointwise along the axis that is cut"
    )
