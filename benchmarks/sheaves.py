"""Nets of sections over graphs, compiled from the language, against the same written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.modules import paired
from benchmarks.process import fresh
from benchmarks.report import Table, bar, seconds

if TYPE_CHECKING:
    from torch import Tensor

SPEC = """bundle S : graph -> R[2] under SO(2)

net given(c = 8) : (x: R[n, S, c], edges: Fin(n)[2, e], maps: R[e, S, S]) -> R[n, S, c] under gauge(S) {
    y = (x, edges, maps) >> diffuse(S, time = 2.0, steps = 2)
    return y >> mix: linear(c, bias = false) >> fibre_activation(S)
}

net learned(c = 8) : (x: R[n, S, c], edges: Fin(n)[2, e]) -> R[n, S, c] {
    maps = (x >> forget(S) >> rearrange("n k c -> n (k c)"), edges) >> maps: edge_maps(S, hidden = 32)
    y = x >> mix: linear(c, bias = false)
    return x - (y - ((y, edges, maps) >> diffuse(S)) >> elu)
}
"""
CASES = {
    "diffusion along given maps, two steps": ("given", True),
    "the same without the check of the inputs": ("given", False),
    "neural sheaf diffusion, learned SO(2)": ("learned", True),
}


def run(quick: bool = False) -> list[Table]:
    """Forward and backward."""
    edges = 2000 if quick else 100_000
    head = ("net", "by hand", "compiled", "ratio", "middle half", "pairs", "bar")
    note = f"{edges} edges, {edges // 10} nodes, 8 channels; CPU time, one thread. Outputs are compared first."
    table = Table("Nets of sections over graphs, forward and backward", head, note=note)
    for words, (net, check) in CASES.items():
        found = fresh("benchmarks.sheaves:against_hand", net, check, edges, 0.1 if quick else 10.0)
        spread = f"{found['low']:.3f} to {found['high']:.3f}"
        figures = (seconds(found["b"]), seconds(found["a"]), f"{found['ratio']:.3f}", spread, f"{found['pairs']:.0f}")
        table.rows.append((words, *figures, bar("at most 1.1", found["ratio"] <= 1.1)))
    return [table]


# -- in a fresh process ------------------------------------------------------------------------------------------


def against_hand(net: str, check: bool, edges: int, budget: float) -> dict[str, float]:
    """A compiled net (a) against the same written out with its weights (b)."""
    import torch
    import torch.nn.functional as F

    from catnet.elaborate.program import Program

    torch.manual_seed(0)
    torch.set_num_threads(1)
    nodes = edges // 10
    source = torch.randint(nodes, (edges,))
    s, t = source, (source + torch.randint(1, nodes, (edges,))) % nodes
    x, angle = torch.randn(nodes, 2, 8), torch.randn(edges)
    made = Program.from_text(SPEC)[net]().compile()
    made.check_inputs = check
    inputs = (x, torch.stack([s, t]), _rotations(angle)) if net == "given" else (x, torch.stack([s, t]))

    def flow(y: Tensor, maps: Tensor, steps: int) -> Tensor:
        degree = torch.bincount(torch.cat([s, t]), minlength=nodes).clamp_min(1).reshape(-1, 1, 1)
        for _ in range(steps):
            apart = y[t] - maps @ y[s]
            y = y - torch.zeros_like(y).index_add(0, t, apart).index_add(0, s, -(maps.mT @ apart)) / degree
        return y

    def given() -> Tensor:
        y = F.linear(flow(x, inputs[2], 2), made.mix.weight)
        return y * torch.sigmoid((y.square().sum(-2, keepdim=True) + 1e-12).sqrt() + made.fibre_activation.bias)

    def learned() -> Tensor:
        network, features = made.maps.network, x.flatten(1)
        here, there = features[s], features[t]
        both = torch.stack([torch.cat([here, there], -1), torch.cat([there, here], -1)])
        first = F.silu(F.linear(both, network.first.weight, network.first.bias))
        second = F.silu(F.linear(first, network.second.weight, network.second.bias))
        a, b = _rotations(F.linear(second, network.last.weight, network.last.bias).squeeze(-1))
        y = F.linear(x, made.mix.weight)
        return x - F.elu(y - flow(y, b.mT @ a, 1))

    by_hand = given if net == "given" else learned
    if not torch.allclose(by_hand(), made(*inputs), atol=1e-4):
        raise AssertionError("not the same map")
    parameters = list(made.parameters())
    return paired(
        lambda: torch.autograd.grad(made(*inputs).square().mean(), parameters),
        lambda: torch.autograd.grad(by_hand().square().mean(), parameters),
        budget,
    )


def _rotations(angle: Tensor) -> Tensor:
    """[...] -> [..., 2, 2]."""
    import torch

    c, s = angle.cos(), angle.sin()
    return torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2)
