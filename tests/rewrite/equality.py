"""What the tests of rewriting share: a rewritten module against the literal one, outputs and gradients."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from catnet.diagrams.graph import Graph
from catnet.elaborate.program import Program
from catnet.rewrite import Aim, Mode, Rewritten, rules
from catnet.rewrite.engine import rewritten
from catnet.rewrite.rule import Rule
from catnet.torch.emit import emit
from catnet.torch.module import load_class

BAR = 1e-12
Shape = tuple[int, ...]


def graph_of_net(text: str, name: str = "f", **given: int) -> Graph:
    """The graph of a net of a text, without mistakes."""
    program = Program.from_text(text)
    program.raise_errors()
    return program[name](**given).graph


def by(rule: type[Rule], graph: Graph, mode: Mode = "train", batch: int = 1, **sizes: int) -> Rewritten:
    """A graph rewritten by one rule alone."""
    return rewritten(graph, Aim(mode, sizes, batch), [rule()])


def by_all(graph: Graph, mode: Mode = "train", **sizes: int) -> Rewritten:
    """A graph rewritten by every rule."""
    return rewritten(graph, Aim(mode, sizes), rules())


def modules(literal: Graph, fast: Graph) -> tuple[nn.Module, nn.Module]:
    """Both modules in float64 with the same random weights; their state dicts have the same keys."""
    torch.manual_seed(0)
    one: nn.Module = load_class(*emit(literal, "literal"))()
    two: nn.Module = load_class(*emit(fast, "rewritten"))()
    one, two = one.double(), two.double()
    assert list(one.state_dict()) == list(two.state_dict())
    two.load_state_dict(one.state_dict())
    return one, two


def results(module: nn.Module, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Outputs and the gradients of all real inputs and all parameters, for one random weighting of the outputs."""
    own = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    torch.manual_seed(2)  # the same draws, where there are some
    found = module(*own)
    outputs = list(found) if isinstance(found, tuple) else [found]
    weighted = [(y * torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)).sum() for y in outputs]
    leaves = [*(x for x in own if x.requires_grad), *module.parameters()]
    differentiable = [w for w in weighted if w.requires_grad]
    if not differentiable or not leaves:
        return outputs
    total = torch.stack(differentiable).sum()
    gradients = torch.autograd.grad(total, leaves, allow_unused=True)
    return [*outputs, *(torch.zeros_like(x) if g is None else g for x, g in zip(leaves, gradients, strict=True))]


def apart(one: Sequence[Tensor], two: Sequence[Tensor]) -> float:
    """The greatest relative difference of two tensors, as vectors (absolute where the first is zero)."""
    worst = 0.0
    for a, b in zip(one, two, strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        size = max(a.norm().item(), 1e-300) if a.numel() else 1.0
        gap = (a - b).norm().item()
        worst = max(worst, gap / size if size > 1e-9 else gap)
    return worst


def equal(literal: Graph, fast: Graph, inputs: Sequence[Tensor], bar: float = BAR) -> None:
    """Both modules give the same outputs and gradients."""
    one, two = modules(literal, fast)
    found = apart(results(one, inputs), results(two, inputs))
    assert found <= bar, f"{found:.2g} apart"


def reals(shapes: Sequence[Shape], batch: Shape = ()) -> list[Tensor]:
    """Random inputs."""
    generator = torch.Generator().manual_seed(1)
    return [torch.randn((*batch, *s), generator=generator, dtype=torch.float64) for s in shapes]


def boxes(graph: Graph) -> list[str]:
    """The names of all leaf boxes, inner graphs once each."""
    return sorted(node.box.name for _, node in graph.walk() if not node.graphs)


def reasons(found: Rewritten) -> str:
    """Why places were left, as one text."""
    return "\n".join(m.reason for m in found.missed)
