"""What the tests of rewritten weights share: the literal module beside the rewritten one."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

import catnet
from catnet.diagrams.graph import Graph
from catnet.rewrite import Aim, Mode, Rewritten, Rule
from catnet.rewrite.engine import rewritten
from catnet.rewrite.weights_batch import JoinRows, Stack
from catnet.rewrite.weights_fold import FoldNorm
from catnet.rewrite.weights_product import Premultiply, ScaleWeights
from catnet.torch import compile_diagram

RULES: tuple[Rule, ...] = (FoldNorm(), ScaleWeights(), Premultiply(), JoinRows(), Stack())
EXACT = 1e-12

Outputs = Tensor | tuple[Tensor, ...]


class Pair:
    """A diagram compiled literally and rewritten by the rules of this room that touch weights, in float64 and with
    one state dict, of which no entry has its initial value."""

    def __init__(self, text: str, on: str, mode: Mode = "infer", batch: int = 1, at: dict[str, int] | None = None):
        program = catnet.Program.from_text(text if text.startswith("net") else "")
        diagram = program["main"]() if text.startswith("net") else catnet.parse(text)
        self.found: list[Rewritten] = []

        def rewrite(graph: Graph) -> Graph:
            self.found.append(rewritten(graph, Aim(mode, at or {}, batch), RULES))
            return self.found[-1].graph

        given = None if text.startswith("net") else on
        torch.manual_seed(0)
        self.literal = compile_diagram(diagram, (), given)
        torch.manual_seed(0)
        self.fast = compile_diagram(diagram, (), given, rewrite)
        self.fresh = {k: v.clone() for k, v in self.literal.state_dict().items()}
        self.literal, self.fast = self.literal.double(), self.fast.double()
        if mode == "infer":
            self.literal, self.fast = self.literal.eval(), self.fast.eval()
        with torch.no_grad():
            for tensor in self.literal.state_dict().values():
                if tensor.is_floating_point():
                    tensor.add_(torch.rand_like(tensor) + 0.1)
        self.fast.load_state_dict(self.literal.state_dict())

    @property
    def done(self) -> list[str]:
        """The names of the rules that were applied."""
        return [applied.rule.name for applied in self.found[0].applied]

    @property
    def reasons(self) -> list[str]:
        """Why places that look alike were left."""
        return [missed.reason for missed in self.found[0].missed]

    def outputs_agree(self, *inputs: Tensor) -> None:
        """Outputs, before and after the rewritten module has loaded its own state dict."""
        theirs = tensors(self.literal(*inputs))
        close(tensors(self.fast(*inputs)), theirs)
        self.fast.load_state_dict(self.fast.state_dict())
        close(tensors(self.fast(*inputs)), theirs)

    def gradients_agree(self, *inputs: Tensor) -> None:
        """The gradients of inputs and weights; those of the literal weights are brought into place by loading."""
        found = []
        for module in (self.literal, self.fast):
            given = [x.clone().requires_grad_() for x in inputs]
            total(tensors(module(*given))).backward()
            found.append([x.grad for x in given])
        close(found[1], found[0])
        state = self.literal.state_dict() | {k: p.grad for k, p in self.literal.named_parameters()}
        grads = [p.grad for p in self.fast.parameters()]
        with torch.no_grad():
            self.fast.load_state_dict(state)
        close(grads, list(self.fast.parameters()))


def tensors(found: Outputs) -> tuple[Tensor, ...]:
    return found if isinstance(found, tuple) else (found,)


def total(outputs: Iterable[Tensor]) -> Tensor:
    """A number that depends on every entry of the outputs in another way."""
    return torch.stack([(y * torch.arange(1, y.numel() + 1).to(y).reshape(y.shape).cos()).sum() for y in outputs]).sum()


def close(ours: Iterable[Tensor | None], theirs: Iterable[Tensor | None]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        assert a is not None
        assert b is not None
        assert a.shape == b.shape
        assert (a - b).norm() <= EXACT * b.norm(), (a - b).norm() / b.norm()


def normal(*shape: int) -> Tensor:
    """Random numbers in float64, the same for one shape."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def layers(module: nn.Module) -> list[str]:
    """The kinds of the layers that a module consists of."""
    return [type(m).__name__ for m in module.modules() if not list(m.children())]
