"""Rewritings that leave weights alone: the gain that is predicted beside the gain that is measured.

Every rewriting is done here whether it pays or not, so that the figures show whether it was right to leave it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.modules import paired
from benchmarks.process import fresh
from benchmarks.report import Table, seconds, times

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

HEADS = "R[heads, t, c]"
QKV = f"(q: {HEADS}, k: {HEADS}, v: {HEADS}) -> {HEADS}"
SCORES = '(q, k >> rearrange("t c -> c t")) >> matmul >> scale(0.125)'
MASK = 'q >> causal_mask >> logical_not >> to_real >> scale(-1000000000.0) >> repeat("t u -> h t u", h = heads)'

TEXTS = {
    "attention": f"net f(heads) : {QKV} {{ return ({SCORES} >> softmax, v) >> matmul }}",
    "causal": f"net f(heads) : {QKV} where heads >= 1 {{\n s = {SCORES}\n m = {MASK}\n"
    " return (s + m >> softmax, v) >> matmul\n}",
    "linear": f"net f(heads) : {QKV} {{ return ({SCORES}, v) >> matmul }}",
    "named": f"net f(heads) : {QKV} {{\n"
    ' return ((q, k) >> einsum("i c, j c -> i j"), v) >> einsum("i j, j c -> i c")\n}',
    "chain": "net f : (a: R[t, d], b: R[d, t], c: R[t, d], e: R[d, 1]) -> R[t, 1] {\n"
    " return (((a, b) >> matmul, c) >> matmul, e) >> matmul\n}",
    "einsum": 'net f : R[t, d] @ R[d, t] @ R[t, d] -> R[t, d] = einsum("i j, j k, k l -> i l")',
    "four": 'net f : R[t, d] @ R[d, t] @ R[t, d] @ R[d] -> R[t] = einsum("i j, j k, k l, l -> i")',
    "sharing": "net f : (x: R[t, d]) -> R[t, d] {\n"
    " return (x >> gelu >> sin) * (x >> gelu >> cos) + (x >> gelu >> tanh)\n}",
    "table": "net f : (x: R[t, d]) -> R[t, d] where d % 2 == 0 { return x + (x >> sinusoidal) }",
    "rotary": "net f : (x: R[t, d]) -> R[t, d] where d % 2 == 0 { return x >> rotary }",
}


@dataclass(frozen=True)
class Case:
    """A net at sizes; `known` are sizes that it is compiled for, `at` typical ones if not the real ones decide."""

    text: str
    sizes: dict[str, int]
    known: dict[str, int] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)
    batch: int = 1
    train: bool = False


FOUR = {"heads": 4}
CASES = {
    "attention, t = 128": Case("attention", {"t": 128, "c": 64}, FOUR),
    "attention, t = 512": Case("attention", {"t": 512, "c": 64}, FOUR),
    "attention, t = 2048": Case("attention", {"t": 2048, "c": 64}, FOUR),
    "attention, t = 512, trained": Case("attention", {"t": 512, "c": 64}, FOUR, train=True),
    "causal attention, t = 512": Case("causal", {"t": 512, "c": 64}, FOUR),
    "no softmax, t = 32 < c = 64": Case("linear", {"t": 32, "c": 64}, FOUR, {"t": 4096, "c": 64}),
    "no softmax, t = 64 = c": Case("linear", {"t": 64, "c": 64}, FOUR, {"t": 4096, "c": 64}),
    "no softmax, t = 256": Case("linear", {"t": 256, "c": 64}, FOUR),
    "no softmax, t = 2048": Case("linear", {"t": 2048, "c": 64}, FOUR),
    "no softmax, by names, t = 256": Case("named", {"t": 256, "c": 64}, FOUR),
    "four matrices, the last a column": Case("chain", {"t": 512, "d": 64}),
    "einsum of three wires, t = 512": Case("einsum", {"t": 512, "d": 32}),
    "einsum of four wires, t = 512": Case("four", {"t": 512, "d": 32}),
    "gelu three times, 64x64": Case("sharing", {"t": 64, "d": 64}),
    "gelu three times, 512x512": Case("sharing", {"t": 512, "d": 512}),
    "sinusoidal table, 256x256": Case("table", {}, {"t": 256, "d": 256}, batch=4),
    "rotary table, 256x64": Case("rotary", {}, {"t": 256, "d": 64}, batch=4),
}
TINY = {"tiny": Case("linear", {"t": 8, "c": 2}, FOUR)}


def run(quick: bool = False) -> list[Table]:
    """One table: a row for each case."""
    table = Table(
        "Rewritings that leave weights alone",
        ("net", "literal", "rewritten", "predicted", "measured", "middle half", "done"),
        note="CPU time, one thread; forward alone, or forward + backward where trained. Outputs are compared first."
        "\nThe gain is the median over pairs of runs, in turns first and second. `done`: what `optimise=` decides.",
    )
    for title in TINY if quick else CASES:
        found = fresh("benchmarks.optimise:against_literal", title, 0.1 if quick else 4.0)
        spread = f"{1 / found['high']:.2f} to {1 / found['low']:.2f}"
        gains = times(found["predicted"]), f"{1 / found['ratio']:.2f} x"
        done = "yes" if found["done"] else "no"
        table.rows.append((title, seconds(found["b"]), seconds(found["a"]), *gains, spread, done))
    return [table]


# -- in a fresh process ------------------------------------------------------------------------------------------


def against_literal(title: str, budget: float) -> dict[str, float]:
    """The rewritten module (a) against the literal one (b)."""
    import torch

    from catnet.boxes.axes import trailing
    from catnet.elaborate.program import Program
    from catnet.rewrite import Aim, optimised
    from catnet.rewrite.report import gain

    torch.set_num_threads(1)
    case = (CASES | TINY)[title]
    diagram = Program.from_text(TEXTS[case.text])["f"](**case.known)
    found = optimised(diagram.graph, "train", case.at or case.sizes, batch=case.batch)
    assert found.applied
    real = Aim("train", case.sizes, case.batch)
    done = bool(optimised(diagram.graph, "train", case.sizes, batch=case.batch).applied)
    fast = diagram.compile(optimise="train", at=case.at or case.sizes)
    literal = diagram.compile()
    shapes = [[a.size.subst(case.sizes).value or 0 for a in trailing(w)] for w in diagram.graph.dom]
    inputs = [torch.randn(case.batch, *s).requires_grad_(case.train) for s in shapes]
    theirs, ours = literal(*inputs), fast(*inputs)
    gap = (ours - theirs).norm() / theirs.norm()
    assert gap <= 1e-4, f"outputs differ by {gap}"
    predicted = gain(found.before, found.after, real)
    assert predicted is not None
    times = paired(_work(fast, inputs, case.train), _work(literal, inputs, case.train), budget)
    return {**times, "predicted": predicted, "done": done}


def _work(module: nn.Module, inputs: list[Tensor], train: bool) -> Callable[[], Any]:
    import torch

    def forward() -> Any:
        with torch.no_grad():
            return module(*inputs)

    def both() -> None:
        module(*inputs).sum().backward()

    return both if train else forward
