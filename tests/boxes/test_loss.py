"""Losses as morphisms to a scalar: types, mistakes, and values against torch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.boxes.helpers import compiled, mistake, net, run, type_of

ENTRYWISE: dict[str, Callable[..., Tensor]] = {
    "mse": F.mse_loss,
    "mae": F.l1_loss,
    "huber": F.huber_loss,
    "huber(delta = 0.5": lambda x, y, **k: F.huber_loss(x, y, delta=0.5, **k),
    "bce_with_logits": F.binary_cross_entropy_with_logits,
}


def called(body: str, option: str) -> str:
    """The body with one more option."""
    return f"{body}, {option})" if "(" in body else f"{body}({option})"


@pytest.mark.parametrize("body", ENTRYWISE)
@pytest.mark.parametrize("batch", [(), (5,), (5, 2)])
def test_entrywise_losses(body: str, batch: tuple[int, ...]) -> None:
    x, y = torch.randn(*batch, 3, 4), torch.rand(*batch, 3, 4)
    for reduction, cod in (("mean", "R"), ("sum", "R"), ("none", "R[3, 4]")):
        text = called(body, f'reduction = "{reduction}"')
        assert type_of("R[3, 4] @ R[3, 4]", text) == cod
        got = run("R[3, 4] @ R[3, 4]", text, x, y, outputs=cod)
        assert torch.equal(got, ENTRYWISE[body](x, y, reduction=reduction))


@pytest.mark.parametrize("batch", [(), (5,), (5, 2)])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_classification_losses(batch: tuple[int, ...], reduction: str) -> None:
    x, y = torch.randn(*batch, 3, 7), torch.randint(0, 7, (*batch, 3))
    cod = "R[3]" if reduction == "none" else "R"
    dom, option = "R[3, 7] @ Fin(7)[3]", f'reduction = "{reduction}"'

    def reference(function: Callable[..., Tensor], **more: object) -> Tensor:
        flat = function(x.reshape(-1, 7), y.reshape(-1), reduction=reduction, **more)
        return flat.reshape(y.shape) if reduction == "none" else flat

    got = run(dom, f"cross_entropy({option})", x, y, outputs=cod)
    assert torch.equal(got, reference(F.cross_entropy))
    got = run(dom, f"cross_entropy(smoothing = 0.1, {option})", x, y, outputs=cod)
    assert torch.equal(got, reference(F.cross_entropy, label_smoothing=0.1))
    got = run(dom, f"nll({option})", x, y, outputs=cod)
    assert torch.equal(got, reference(F.nll_loss))


def test_targets_to_ignore() -> None:
    x, y = torch.randn(5, 3, 7), torch.randint(0, 7, (5, 3))
    y[2] = -100
    got = run("R[3, 7] @ Z[3]", "cross_entropy(ignore = -100)", x, y, outputs="R")
    assert torch.equal(got, F.cross_entropy(x.flatten(0, 1), y.flatten()))
    assert mistake("R[3, 7] @ Z[3] -> _", "cross_entropy").code == "E0205"
    assert mistake("R[3, 7] @ Z[3] -> _", "cross_entropy(ignore = (1, 2))").code == "E0224"


def test_divergence() -> None:
    x, y = torch.randn(5, 3, 7).log_softmax(-1), torch.rand(5, 3, 7).softmax(-1)
    each = (y * (y.log() - x)).sum(-1)
    for reduction, cod in (("mean", "R"), ("sum", "R"), ("none", "R[3]")):
        got = run("R[3, 7] @ R[3, 7]", f'kl(reduction = "{reduction}")', x, y, outputs=cod)
        expected = each if reduction == "none" else getattr(each, reduction)()
        assert torch.allclose(got, expected, atol=1e-6)


def test_mistakes_of_losses() -> None:
    assert mistake("R[3] @ R[4] -> _", "mse").code == "E0203"
    assert mistake("R[3] -> _", "mse").code == "E0204"
    assert mistake("R[3, 7] @ Fin(8)[3] -> _", "cross_entropy").code == "E0205"
    assert mistake("R[3, 7] @ Fin(7)[4] -> _", "cross_entropy").code == "E0203"
    assert mistake("R[3] @ R[3] -> _", 'mse(reduction = "max")').code == "E0224"


def test_a_model_with_its_loss_trains() -> None:
    text = (
        "net model : R[d] -> R[3] = hidden: linear(8) >> relu >> out: linear(3)\n"
        "net training : (x: R[d], y: Fin(3)) -> R @ R {\n"
        "    z = x >> model\n"
        "    wrong = z @ y >> cross_entropy\n"
        "    size = (z >> square) @ (z >> abs) >> mse\n"
        "    return wrong @ (wrong + 0.1 * size)\n}"
    )
    module = compiled(text, d=4)
    wrong, total = module(torch.randn(6, 4), torch.randint(0, 3, (6,)))
    assert wrong.shape == total.shape == ()
    total.backward()
    assert all(p.grad is not None for p in module.parameters())


def test_a_loss_of_one_sample_and_of_open_axes() -> None:
    module = compiled(net("R[...s, k] @ Fin(k)[...s] -> R", "cross_entropy"))
    x, y = torch.randn(7), torch.tensor(3)
    assert torch.equal(module(x, y), F.cross_entropy(x, y))
    x, y = torch.randn(2, 3, 7), torch.randint(0, 7, (2, 3))
    assert torch.equal(module(x, y), F.cross_entropy(x.flatten(0, 1), y.flatten()))
