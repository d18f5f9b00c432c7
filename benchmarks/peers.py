"""The same size in torch.fx and DisCoPy (`pip install discopy`), in the same run."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import operator
from time import process_time
from typing import Any

from benchmarks.process import fresh
from benchmarks.report import Table, seconds, times

LOOP_LIMIT = 300  # DisCoPy's `>>` copies what it has: quadratic


def run(quick: bool = False) -> list[Table]:
    """One table: catnet first, each peer with its ratio to the catnet line that does the like."""
    small, large, runs = (10, 20, 1) if quick else (1_000, 10_000, 3)
    table = Table(
        "Beside it: the same size elsewhere",
        ("what", f"{small:,} boxes", f"{large:,} boxes", "peer / catnet"),
        note=f"CPU time, the least of {runs} fresh processes; imports are not counted.\n"
        "torch.fx and DisCoPy's monoidal diagrams know nothing of shapes: the boxes' types are names, or nothing.",
    )

    def row(title: str, function: str, base: float | None = None, limit: int = large) -> float:
        one, ten = (
            fresh(f"benchmarks.peers:{function}", size, runs=runs)["seconds"] if size <= limit else None
            for size in (small, large)
        )
        table.rows.append((title, seconds(one), seconds(ten), times(ten / base) if ten and base else ""))
        return ten or 0.0

    text = row("catnet: text to checked graph to Python code", "catnet_text")
    row("torch.fx: symbolic_trace of a written module", "torch_fx", text)
    loop = row("catnet: `>>` in a loop, then typed with shapes", "catnet_loop")
    if importlib.util.find_spec("discopy") is None:
        table.rows.append(("DisCoPy is not installed", "", "", ""))
        return [table]
    row("DisCoPy: one n-ary `then`, types are names", "discopy_then", loop)
    row(f"DisCoPy: `>>` in a loop ({LOOP_LIMIT} boxes at most)", "discopy_loop", loop, LOOP_LIMIT)
    capped = fresh("benchmarks.peers:discopy_loop", min(LOOP_LIMIT, large), runs=1)["seconds"]
    like = fresh("benchmarks.peers:catnet_loop", min(LOOP_LIMIT, large), runs=1)["seconds"]
    table.rows[-1] = (table.rows[-1][0], f"{seconds(capped)} ({min(LOOP_LIMIT, large)})", "-", times(capped / like))
    return [table]


# -- in a fresh process ------------------------------------------------------------------------------------------


def catnet_text(count: int) -> dict[str, float]:
    """From text to compiled Python code."""
    from benchmarks import specs, stages

    stages.once(*specs.distinct(4))
    spent = stages.once(*specs.distinct(count))
    return {"seconds": sum(spent[s] for s in ("parse", "check", "graph", "emit", "compile"))}


def catnet_loop(count: int) -> dict[str, float]:
    """Composed in Python, box by box, and typed."""
    from catnet import linear, relu

    (linear(8) >> relu).type  # noqa: B018 - types and demands of the boxes are read once
    boxes = [linear(8 + i // 2) if i % 2 == 0 else relu for i in range(count)]
    start = process_time()
    functools.reduce(operator.rshift, boxes).graph  # noqa: B018
    return {"seconds": process_time() - start}


def torch_fx(count: int) -> dict[str, float]:
    """Traced from a module that applies its layers in a loop; on the meta device, so without weights."""
    import torch
    from torch import Tensor, fx, nn

    class Chain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            widths = [8, *(8 + i // 2 for i in range(count))]
            layers = [nn.Linear(widths[i], widths[i + 1]) if i % 2 == 0 else nn.ReLU() for i in range(count)]
            self.layers = nn.ModuleList(layers)

        def forward(self, x: Tensor) -> Tensor:
            for layer in self.layers:
                x = layer(x)
            return x

    with torch.device("meta"):
        module = Chain()
    start = process_time()
    fx.symbolic_trace(module)
    return {"seconds": process_time() - start}


def discopy_then(count: int) -> dict[str, float]:
    """All boxes composed at once."""
    first, *others = _discopy_boxes(count)
    start = process_time()
    first.then(*others)
    return {"seconds": process_time() - start}


def discopy_loop(count: int) -> dict[str, float]:
    """Composed box by box."""
    boxes = _discopy_boxes(count)
    start = process_time()
    functools.reduce(operator.rshift, boxes)
    return {"seconds": process_time() - start}


def _discopy_boxes(count: int) -> list[Any]:
    monoidal = importlib.import_module("discopy.monoidal")  # no dependency: only for this table
    types = [monoidal.Ty(f"R{i}") for i in range(count + 1)]
    return [monoidal.Box(f"f{i}", types[i], types[i + 1]) for i in range(count)]
