"""The keys of the state dict, read off the graph: those that PyTorch gives, for every box and every model."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch

from catnet.analysis.parts import Key, expanded, keys_of, parts_of, walk
from catnet.diagrams.costs import Costs
from catnet.diagrams.graph import Graph
from catnet.diagrams.terms import Diagram
from catnet.elaborate.program import Program
from catnet.torch.submodules import unwrapped
from catnet.types.dims import Dim
from tests.analysis.cases import CASES

ROOT = Path(__file__).resolve().parents[2]
MODELS = sorted((ROOT / "examples" / "models").glob("*.cat"))
NESTED = """
net residual(f: X -> X) : X -> X = id + f
net block(k) : R[d] -> R[d] = residual(linear(k) >> relu >> linear(d)) >> layer_norm
net grow : R[d] -> R[2*d] = linear(2*d) >> relu
net cell(h) : R[d] @ R[h] -> R[h] @ R[h] = concat >> linear(h) >> tanh >> copy
net many : R[4] -> R[32] =
    first: linear(4) ^ 3 >> linear(4) >> linear(4) >> blocks: (block(3) ^ 2 >> linear(4)) ^ 2
 >> grow ^ 3 >> norm: batch_norm(track = false) >> batch_norm
net shared : (x: R[4]) -> R[4] {
    share w = linear(4) >> tanh
    return x >> w >> w >> w
}
net recurrent : R[t, 3] @ R[4] -> R[t, 4] @ R[4] = scan(cell(4), over = t) >> linear(4) @ linear(4)
net looped : R[3] -> R[4] = trace(cell(4), steps = 3) >> relu
"""


def keys(graph: Graph) -> dict[str, tuple[int | None, ...]]:
    found = expanded(keys_of(graph))
    assert found is not None
    return {key.name: tuple(d.value for d in key.shape) for key in found}


def assert_keys(diagram: Diagram) -> None:
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        state = diagram.compile().state_dict()
    assert keys(diagram.graph) == {name: tuple(t.shape) for name, t in state.items()}


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_the_keys_of_the_models(path: Path) -> None:
    sizes = {"llama": {"layers": 2}}.get(path.stem, {})
    assert_keys(Program(path)[path.stem](**sizes))


@pytest.mark.parametrize("name", ["many", "shared", "recurrent", "looped"])
def test_the_keys_of_nested_nets(name: str) -> None:
    assert_keys(Program.from_text(NESTED)[name](**({"t": 5} if name == "recurrent" else {})))


@pytest.mark.parametrize(("type_", "body"), CASES, ids=[f"{t} = {b}" for t, b in CASES])
def test_the_keys_of_every_box(type_: str, body: str) -> None:
    dom, _, cod = type_.partition(" -> ")
    given = f"{dom} -> {cod}"
    program = Program.from_text(f"net part : {given} = first: ({body})\n")
    assert_keys(program["part"]())


@pytest.mark.parametrize("name", ["many", "shared", "looped"])
def test_the_parts_cost_what_the_whole_costs(name: str) -> None:
    graph = unwrapped(Program.from_text(NESTED)[name]().graph)
    costs = Costs()
    parts = parts_of(graph)
    layers = [p for p in walk(graph) if p.layer is not None]
    assert sum(p.parameters(costs).value or 0 for p in parts) == costs.parameters(graph).value
    assert sum(p.flops(costs).value or 0 for p in parts) == costs.flops(graph).value
    assert sum(p.parameters(costs).value or 0 for p in layers) == costs.parameters(graph).value
    if name != "shared":  # what is shared is walked through once
        assert sum(p.flops(costs).value or 0 for p in layers) == costs.flops(graph).value


def test_patterns_of_open_counts_stay_patterns() -> None:
    n = Dim.sym("n")
    assert expanded([Key("h.*.weight", (n,), (n,))]) is None
    assert expanded([Key("h.*.weight", (n,), (Dim.const(10**9),))]) is None
    found = expanded([Key("a.*.b.*.weight", (n,), (Dim.const(2), Dim.const(2)))])
    assert [k.name for k in found or ()] == ["a.0.b.0.weight", "a.0.b.1.weight", "a.1.b.0.weight", "a.1.b.1.weight"]
