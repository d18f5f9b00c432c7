"""Models compiled for inference: the literal state dict loads strictly, and the outputs are those of the literal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import catnet

MODELS = Path(__file__).parent.parent.parent / "examples" / "models"


@dataclass(frozen=True)
class Model:
    """A model at small sizes; `vocab` is for integer inputs, `norms` counts the batch normalisations that stay."""

    sizes: dict[str, int]
    shape: tuple[int, ...]
    vocab: int = 0
    norms: int = 0


CASES = {
    "deep_sets": Model({"width": 16, "classes": 5}, (2, 9, 3)),
    "densenet121": Model({"growth": 4, "classes": 7}, (2, 3, 45, 40), norms=62),
    "gpt2": Model({"layers": 3, "heads": 2, "d": 32, "vocab": 61, "context": 16}, (2, 11), 61),
    "gru": Model({"layers": 3, "h": 11, "d": 7, "vocab": 13}, (2, 9), 13),
    "llama": Model({"layers": 3, "heads": 4, "groups": 2, "d": 64, "hidden": 40, "vocab": 61}, (2, 11), 61),
    "lstm": Model({"layers": 3, "h": 11, "d": 7, "vocab": 13}, (2, 9), 13),
    "mlp_mixer": Model({"layers": 3, "d": 32, "patch": 4, "size": 12, "classes": 7}, (2, 3, 12, 12)),
    "resnet18": Model({"width": 8, "classes": 7}, (2, 3, 45, 40)),
    "resnet50": Model({"width": 8, "classes": 7}, (2, 3, 45, 40)),
    "unet": Model({"depth": 3, "width": 4, "classes": 2}, (2, 3, 16, 24)),
    "vit": Model({"layers": 3, "heads": 2, "d": 32, "patch": 4, "size": 12, "classes": 7}, (2, 3, 12, 12)),
}
BARS = {torch.float32: 1e-5, torch.float64: 1e-10}


def unlike_fresh(module: nn.Module) -> None:
    """Move every weight and every statistic away from its initial value."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if name.endswith("running_var"):
                tensor.mul_(torch.rand(tensor.shape, generator=generator) + 0.5)
            elif tensor.is_floating_point():
                tensor.add_(torch.randn(tensor.shape, generator=generator).to(tensor) * 0.05)


def norms(module: nn.Module) -> int:
    return sum(isinstance(m, nn.BatchNorm2d) for m in module.modules())


@pytest.mark.parametrize("net", CASES)
def test_models_for_inference_are_the_literal_ones(net: str) -> None:
    case = CASES[net]
    literal = catnet.compile(MODELS / f"{net}.cat", net, **case.sizes)
    fast = catnet.compile(MODELS / f"{net}.cat", net, optimise="infer", **case.sizes)
    generator = torch.Generator().manual_seed(1)
    x = torch.randint(case.vocab, case.shape, generator=generator) if case.vocab else None
    for dtype, bar in BARS.items():
        literal, fast = literal.to(dtype), fast.to(dtype)
        unlike_fresh(literal)
        fast.load_state_dict(literal.state_dict())
        given = x if x is not None else torch.randn(case.shape, generator=generator).to(dtype)
        close(fast.eval()(given), literal.eval()(given), bar)
        fast.load_state_dict(fast.state_dict())
        close(fast(given), literal(given), bar)
    assert norms(fast) == case.norms


def close(ours: Tensor, theirs: Tensor, bar: float) -> None:
    assert theirs.std() > 0
    assert (ours - theirs).norm() <= bar * theirs.norm()
