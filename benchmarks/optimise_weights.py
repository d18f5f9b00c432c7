"""Rewritings that touch weights: the gain that is predicted beside the gain that is measured.

Every rewriting is done here whether it pays or not, so that the figures show whether it was right to leave it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.modules import paired
from benchmarks.process import fresh
from benchmarks.report import Table, seconds, times

if TYPE_CHECKING:
    from torch import Tensor

    from catnet.diagrams.graph import Graph
    from catnet.rewrite import Mode, Rewritten


@dataclass(frozen=True)
class Case:
    """A diagram on inputs of a type, for a batch; `mode` also says what is timed."""

    text: str
    on: str
    batch: int
    mode: Mode = "infer"


MLPS = "(" + ", ".join(f"e{i}: (linear(32) >> relu >> linear(16))" for i in range(8)) + ") >> add"
IMAGE = "R[64, 28, 28]"
CASES = {
    "8 linear layers of one input, 16": Case(f"({', '.join(['linear(16)'] * 8)})", "R[16]", 1),
    "8 linear layers of one input, 64, batch 32": Case(f"({', '.join(['linear(64)'] * 8)})", "R[64]", 32),
    "the same, trained": Case(f"({', '.join(['linear(64)'] * 8)})", "R[64]", 32, "train"),
    "64 linear layers of one input, 16": Case(f"({', '.join(['linear(16)'] * 64)})", "R[16]", 1),
    "q, k, v of 64": Case("(linear(64), linear(64), linear(64))", "R[64, 64]", 1),
    "q, k, v of 512": Case("(linear(512), linear(512), linear(512))", "R[128, 512]", 1),
    "8 linear layers on 8 wires, 16": Case("each(linear(16))", " @ ".join(["R[16]"] * 8), 1),
    "8 linear layers on 8 wires, 64, batch 256": Case("each(linear(64))", " @ ".join(["R[64]"] * 8), 256),
    "64 linear layers on 64 wires, 16, trained": Case("each(linear(16))", " @ ".join(["R[16]"] * 64), 1, "train"),
    "8 perceptrons of one input, 16": Case(MLPS, "R[16]", 1),
    "the same, trained, batch 32": Case(MLPS, "R[16]", 32, "train"),
    "4 convolutions of one image": Case(f"({', '.join(['conv(4, 3)'] * 4)}) >> add", "R[4, 8, 8]", 1),
    "linear 256 > 256 > 256, batch 64": Case("linear(256) >> linear(256)", "R[256]", 64),
    "linear 512 > 8 > 512, batch 64": Case("linear(8) >> linear(512)", "R[512]", 64),
    "3x3 convolution, batch norm": Case("conv(64, 3, padding = 1) >> batch_norm >> relu", IMAGE, 4),
    "1x1 convolution, batch norm": Case("conv(64, 1) >> batch_norm >> relu", IMAGE, 4),
    "3x3, then 1x1 convolution": Case("conv(64, 3, padding = 1) >> conv(64, 1)", IMAGE, 4),
}
TINY = {"tiny": Case("(linear(2), linear(2))", "R[2]", 1)}


def run(quick: bool = False) -> list[Table]:
    """One table: a row for each case."""
    table = Table(
        "Rewritings that touch weights",
        ("diagram", "literal", "rewritten", "predicted", "measured", "middle half", "done"),
        note="CPU time, one thread; forward alone, or forward + backward where trained. Outputs are compared first."
        "\nThe gain is the median over pairs of runs, in turns first and second. `done`: what `optimise=` decides.",
    )
    for title in TINY if quick else CASES:
        found = fresh("benchmarks.optimise_weights:against_literal", title, 0.1 if quick else 4.0)
        spread = f"{1 / found['high']:.2f} to {1 / found['low']:.2f}"
        gains = times(found["predicted"]), f"{1 / found['ratio']:.2f} x"
        table.rows.append((title, seconds(found["b"]), seconds(found["a"]), *gains, spread,
                           "yes" if found["done"] else "no"))  # fmt: skip
    return [table]


# -- in a fresh process ------------------------------------------------------------------------------------------


def against_literal(title: str, budget: float) -> dict[str, float]:
    """The rewritten module (a) against the literal one (b)."""
    import torch

    import catnet
    from catnet.torch import compile_diagram

    torch.set_num_threads(1)
    case = (CASES | TINY)[title]
    diagram = catnet.parse(case.text)
    found: list[Rewritten] = []

    def rewrite(graph: Graph) -> Graph:
        found.append(_whatever_it_costs(graph, case))
        return found[-1].graph

    literal = compile_diagram(diagram, (), case.on)
    made = compile_diagram(diagram, (), case.on, rewrite)
    made.load_state_dict(literal.state_dict())
    if case.mode == "infer":
        literal, made = literal.eval(), made.eval()
    inputs = [torch.randn(case.batch, *wire) for wire in _shapes(case.on)]
    torch.testing.assert_close(made(*inputs), literal(*inputs), rtol=1e-4, atol=1e-4)
    before, after = (price.time.value or 0 for price in (found[0].before, found[0].after))
    result = paired(_job(made, inputs, case), _job(literal, inputs, case), budget)
    return result | {"predicted": before / after, "done": float(_is_done(diagram, case))}


def _shapes(on: str) -> list[tuple[int, ...]]:
    return [tuple(int(n) for n in wire[2:-1].split(",")) for wire in on.split(" @ ")]


def _job(module: Any, inputs: list[Tensor], case: Case) -> Any:
    import torch

    def forward() -> object:
        with torch.no_grad():
            return module(*inputs)

    def training() -> None:
        module.zero_grad(set_to_none=True)
        found = module(*inputs)
        torch.stack([y.sum() for y in (found if isinstance(found, tuple) else (found,))]).sum().backward()

    return training if case.mode == "train" else forward


def _whatever_it_costs(graph: Graph, case: Case) -> Rewritten:
    """The graph rewritten wherever a rule fits, by cost or not."""
    from catnet.rewrite import Aim
    from catnet.rewrite.engine import rewritten
    from catnet.rewrite.weights_batch import JoinRows, Stack
    from catnet.rewrite.weights_fold import FoldNorm
    from catnet.rewrite.weights_product import Premultiply

    made = [type(rule.__name__, (rule,), {"measure": "always"})() for rule in (FoldNorm, Premultiply, JoinRows, Stack)]
    return rewritten(graph, Aim(case.mode, {}, case.batch), made)


def _is_done(diagram: Any, case: Case) -> bool:
    from catnet.rewrite import optimised

    return bool(optimised(diagram.typed(case.on), case.mode, batch=case.batch).applied)
