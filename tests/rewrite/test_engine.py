"""Rewriting as a whole: random diagrams, real models, inner graphs, effects, time, and `optimise=`."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import catnet
from catnet.diagrams.graph import Graph
from catnet.diagrams.typing import graph_of
from catnet.elaborate.program import Program
from catnet.rewrite import Aim, optimised
from catnet.rewrite.attention import Attention
from catnet.rewrite.chain import Reassociation
from catnet.rewrite.constant import Folding
from catnet.rewrite.contraction import ContractionOrder
from catnet.rewrite.engine import Rewritten, rewritten
from catnet.rewrite.sharing import Sharing
from tests.models.table import cases
from tests.rewrite.equality import boxes, by, equal, graph_of_net, modules, reals, results
from tests.strategies import Part, Shape, Spec, batches, built, fan, specs, total

RULES = (Attention(), Reassociation(), ContractionOrder(), Sharing(), Folding())


def rewrite(graph: Graph, **sizes: int) -> Rewritten:
    """By the rules that leave weights alone."""
    return rewritten(graph, Aim("train", sizes), RULES)


def close(literal: Graph, fast: Graph, shapes: tuple[Shape, ...], batch: Shape) -> None:
    one, two = modules(literal, fast)
    inputs = reals(list(shapes), batch)
    for a, b in zip(results(one, inputs), results(two, inputs), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-12, equal_nan=True)


@settings(max_examples=40)
@given(built(labels=False), batches)
def test_random_diagrams_mean_the_same(part: Part, batch: Shape) -> None:
    """Each twice, so that there is something to share."""
    doubled = total(part, ("-", part)) if part.cod else part
    for each in (part, doubled, fan(part, part)):
        assert each.diagram is not None
        literal = graph_of(each.diagram, each.wires)
        if literal.fresh or literal.outputs:
            close(literal, rewrite(literal).graph, each.dom, batch)


@settings(max_examples=40)
@given(specs(), batches)
def test_random_files_mean_the_same(spec: Spec, batch: Shape) -> None:
    literal = Program.from_text(spec.text)["main"]().graph
    close(literal, rewrite(literal).graph, spec.main.dom, batch)


PIECES = {
    "twice": "({x} >> relu >> tanh) * ({x} >> relu >> sin)",
    "table": "{x} + ({x} >> sinusoidal)",
    "turn": "{x} >> rotary",
    "layer": "{x} >> linear(4)",
    "drop": "{x} >> dropout(0.3)",
    "attend": '(({x}, {x} >> rearrange("t c -> c t")) >> matmul >> softmax, {x} >> linear(4)) >> matmul',
    "linear": '(({x}, {x} >> rearrange("t c -> c t")) >> matmul >> scale(0.1), {x} >> linear(4)) >> matmul',
}


@settings(max_examples=30)
@given(st.lists(st.sampled_from(sorted(PIECES)), min_size=1, max_size=6), batches)
def test_random_stacks_with_something_to_rewrite(kinds: list[str], batch: Shape) -> None:
    """Blocks of which all but two are matched by some rule, with weights and effects between them."""
    lines = [f"    x{i + 1} = {PIECES[kind].format(x=f'x{i}')}\n" for i, kind in enumerate(kinds)]
    body = f"{''.join(lines)}    return x{len(kinds)}\n"
    graph = graph_of_net(f"net f : (x0: R[6, 4]) -> R[6, 4] {{\n{body}}}\n")
    found = rewrite(graph)
    if set(kinds) - {"layer", "drop"}:
        assert found.applied
    one, two = (m.eval() for m in modules(graph, found.graph))
    inputs = reals([(6, 4)], batch)
    for a, b in zip(results(one, inputs), results(two, inputs), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)
    one.train()
    two.train()
    if "attend" not in kinds or "drop" not in kinds:  # draws come in the same order
        torch.manual_seed(1)
        ours = two(*inputs)
        torch.manual_seed(1)
        torch.testing.assert_close(ours, one(*inputs), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.net)
def test_models_keep_keys_and_outputs(case) -> None:  # type: ignore[no-untyped-def]
    torch.set_num_threads(1)
    torch.manual_seed(0)
    literal = catnet.compile(case.path, case.net, **case.sizes).eval()
    fast: nn.Module = catnet.compile(case.path, case.net, **case.sizes, optimise="train").eval()
    assert list(fast.state_dict()) == list(literal.state_dict())
    fast.load_state_dict(literal.state_dict())
    x = torch.randint(case.vocab, case.inputs) if case.vocab else torch.randn(case.inputs)
    with torch.no_grad():
        a, b = literal(x), fast(x)
    assert (a - b).norm() <= 1e-6 * a.norm()


WRITTEN = """net block(d) : (x: R[t, d]) -> R[t, d] {
    q, k, v = x >> (q: linear(d), k: linear(d), v: linear(d))
    w = (q, k) >> einsum("i c, j c -> i j") >> scale(0.5) >> softmax
    return x + ((w, v) >> matmul >> out: linear(d))
}
net f(d, n) : R[t, d] -> R[t, d] = blocks: block(d) ^ n >> block(d) >> head: linear(d)
"""


def test_inner_graphs_are_rewritten_once_and_stay_shared() -> None:
    graph = graph_of_net(WRITTEN, d=4, n=3)
    found = rewrite(graph)
    assert [str(a.copies) for a in found.applied] == ["4"]
    assert [a.path for a in found.applied] == [("f", "blocks", "block")]
    inner = {id(g) for _, node in found.graph.walk() for g in node.graphs if g.name == "block"}
    assert len(inner) == 1
    equal(graph, found.graph, reals([(5, 4)], (2,)))
    assert "softmax" in boxes(graph), "the literal graph stays as it is"


def test_effects_keep_their_order() -> None:
    """`sdpa` with dropout stands where the dropout of the weights stood, not where the product was."""
    text = """net f : (x: R[6, 4]) -> R[6, 4] @ R[6, 4] {
        w = (x, x >> rearrange("t c -> c t")) >> matmul >> softmax >> dropout(0.5)
        y = x >> dropout(0.5)
        return ((w, x) >> matmul, y)
    }
    """
    found = by(Attention, graph_of_net(text))
    (inner,) = found.graph.nodes[0].graphs
    assert [n.box.name for n in inner.nodes if n.box.effect != "pure"] in (["sdpa", "dropout"], ["dropout", "sdpa"])


def test_a_thousand_places_take_linear_time() -> None:
    def seconds(count: int) -> float:
        steps = [f"    x{i + 1} = (x{i} >> relu >> exp) * (x{i} >> relu >> exp)\n" for i in range(count)]
        body = f"{''.join(steps)}    return x{count}\n"
        graph = graph_of_net(f"net f : (x0: R[t, 4]) -> R[t, 4] {{\n{body}}}\n")
        start = time.process_time()
        found = rewrite(graph)
        assert len(found.applied) == 2 * count
        return time.process_time() - start

    seconds(50)
    assert seconds(1000) < 10 * max(seconds(250), 0.02)


def test_the_keyword(tmp_path: Path) -> None:
    spec = tmp_path / "f.cat"
    spec.write_text(WRITTEN, encoding="utf-8")
    literal = catnet.compile(spec, "f", d=4, n=2)
    fast = catnet.compile(spec, "f", d=4, n=2, optimise="train", at={"t": 64})
    fast.load_state_dict(literal.state_dict())
    x = torch.randn(2, 5, 4)
    torch.testing.assert_close(fast(x), literal(x))
    diagram = catnet.load(spec)["block"](4)
    assert "scaled_dot_product_attention" in diagram.source(optimise="infer")
    assert "scaled_dot_product_attention" not in diagram.source()
    assert diagram.compile(optimise="train")(x).shape == x.shape


def test_refusals() -> None:
    diagram = catnet.linear(4)
    with pytest.raises(ValueError, match="'train' or 'infer', not 'fast'"):
        diagram.compile(on="R[4]", optimise="fast")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="say optimise"):
        diagram.compile(on="R[4]", at={"t": 3})
    with pytest.raises(ValueError, match="no open size `t`: open are none"):
        diagram.compile(on="R[4]", optimise="train", at={"t": 3})
    with pytest.raises(ValueError, match="a batch has at least 1 sample"):
        diagram.compile(on="R[4]", optimise="train", at={"batch": 0})
    with pytest.raises(ValueError, match="at least 1"):
        optimised(diagram.typed("R[t, 4]"), "train", {"t": 0})
