"""Random diagrams, by all rules and in both modes: they mean the same after loading the literal state dict."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from catnet.diagrams.graph import Graph
from catnet.elaborate.program import Program
from catnet.rewrite import Mode, optimised
from catnet.torch.emit import emit
from catnet.torch.module import load_class
from tests.rewrite.weights import normal, tensors
from tests.strategies import Part, Shape, Spec, batches, built, fan, specs

modes: st.SearchStrategy[Mode] = st.sampled_from(["train", "infer"])


def same_meaning(graph: Graph, mode: Mode, shapes: tuple[Shape, ...], batch: Shape) -> int:
    """Compare both modules; returns how many rewritings there were."""
    found = optimised(graph, mode)
    torch.manual_seed(0)
    literal = load_class(*emit(graph, "literal"))().double()
    fast = load_class(*emit(found.graph, "rewritten"))().double()
    with torch.no_grad():
        for tensor in literal.state_dict().values():
            if tensor.is_floating_point():
                tensor.add_(torch.rand_like(tensor) * 0.5)
    fast.load_state_dict(literal.state_dict())
    if mode == "infer":
        literal, fast = literal.eval(), fast.eval()
    inputs = [normal(*batch, *shape) for shape in shapes]
    for _ in range(2):
        torch.manual_seed(1)
        theirs = tensors(literal(*inputs))
        torch.manual_seed(1)
        ours = tensors(fast(*inputs))
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10, equal_nan=True)
        fast.load_state_dict(fast.state_dict())
    return len(found.applied)


@settings(max_examples=15)
@given(specs(), batches, modes)
def test_random_files(spec: Spec, batch: Shape, mode: Mode) -> None:
    same_meaning(Program.from_text(spec.text)["main"]().graph, mode, spec.main.dom, batch)


@settings(max_examples=15)
@given(built(labels=False), batches, modes)
def test_random_diagrams_side_by_side(part: Part, batch: Shape, mode: Mode) -> None:
    four = fan(part, part, part, part)
    assert four.diagram is not None
    same_meaning(four.diagram.typed(" @ ".join(map(str, four.wires))), mode, four.dom, batch)


VECTORS = [
    "linear(4)",
    "linear(4, bias = false)",
    "linear(9) >> linear(4)",
    "batch_norm",
    "batch_norm(affine = false)",
    "scale(0.5)",
    "relu",
    "dropout(0.3)",
    "(linear(4), linear(4), linear(4)) >> add",
    "(relu, tanh, id, silu) >> each(linear(4)) >> add",
    "(expert, expert, expert) >> add",
    "(expert, tanh >> expert, relu >> expert) >> add",
    "(linear(4) >> batch_norm) ^ 2",
    "part{i}: (linear(4) >> norm: batch_norm >> scale(2.0))",
    "id + (linear(4) >> batch_norm)",
]
IMAGES = [
    "conv(4, 3, padding = 1)",
    "conv(4, 3, padding = 1, padding_mode = \"circular\")",
    "conv(4, 3, padding = 1, groups = 2, bias = false)",
    "conv_transpose(4, 3, padding = 1)",
    "conv(9, 1) >> conv(4, 1)",
    "batch_norm",
    "scale(0.5)",
    "relu",
    "(conv(4, 1), conv(4, 1)) >> add",
    "(conv(4, 1) >> batch_norm, conv(4, 1) >> batch_norm) >> add",
    "id + (conv(4, 3, padding = 1) >> batch_norm)",
    "conv(4, 1) >> linear(5)",
]  # fmt: skip
EXPERT = "net expert : R[4] -> R[4] = up: linear(5) >> gelu >> down: linear(4)\n"


def stack(pieces: list[str], wire: str) -> Graph:
    chain = " >> ".join(piece.format(i=i) for i, piece in enumerate(pieces))
    return Program.from_text(f"{EXPERT}net main : {wire} -> {wire} = {chain}")["main"]().graph


@settings(max_examples=25)
@given(st.lists(st.sampled_from(VECTORS), min_size=1, max_size=6), modes)
def test_random_stacks_on_vectors(pieces: list[str], mode: Mode) -> None:
    count = same_meaning(stack(pieces, "R[4]"), mode, ((4,),), (3,))
    if "expert" in "".join(pieces):
        assert count


@settings(max_examples=25)
@given(st.lists(st.sampled_from(IMAGES), min_size=1, max_size=6), modes)
def test_random_stacks_on_images(pieces: list[str], mode: Mode) -> None:
    same_meaning(stack(pieces, "R[4, 5, 5]"), mode, ((4, 5, 5),), (3,))
