"""Boxes that draw random numbers: they draw what PyTorch's own layers draw, and nothing in evaluation."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.boxes.helpers import agrees, compiled, mistake, net, node_of, program, type_of


class DropPath(nn.Module):
    """timm's `drop_path` (timm/layers/drop.py), row by row."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if self.p == 0.0 or not self.training:
            return x
        keep = 1 - self.p
        shape = (x.shape[0],) + (1,) * (x.ndim - 1)
        draws = x.new_empty(shape).bernoulli_(keep)
        return x * draws.div_(keep)


class StochasticDepth(nn.Module):
    """torchvision's `stochastic_depth` (torchvision/ops/stochastic_depth.py), for the whole batch."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        draws = torch.empty([1] * x.ndim, dtype=x.dtype).bernoulli_(0.75)
        return x * draws.div_(0.75)


class Gumbel(nn.Module):
    def __init__(self, hard: bool) -> None:
        super().__init__()
        self.hard = hard

    def forward(self, x: Tensor) -> Tensor:
        return F.gumbel_softmax(x, tau=0.5, hard=self.hard, dim=-2)


CASES: list[tuple[str, str, nn.Module]] = [
    ("dropout(0.3)", "R[4, 7]", nn.Dropout(0.3)),
    ("alpha_dropout(0.3)", "R[4, 7]", nn.AlphaDropout(0.3)),
    ("feature_dropout(0.3)", "R[4, 7]", nn.Dropout1d(0.3)),
    ("feature_dropout", "R[4, 7, 3]", nn.Dropout2d()),
    ("feature_dropout(0.1)", "R[4, 7, 3, 2]", nn.Dropout3d(0.1)),
    ("feature_dropout(0)", "R[4, 7]", nn.Identity()),
    ("stochastic_depth(0.3)", "R[4, 7]", DropPath(0.3)),
    ("stochastic_depth(0.3)", "R[4]", DropPath(0.3)),
    ("stochastic_depth(0)", "R[4]", DropPath(0.0)),
    ('stochastic_depth(0.25, "batch")', "R[4, 7]", StochasticDepth()),
    ("rrelu", "R[4, 7]", nn.RReLU()),
    ("rrelu(0.1, 0.2)", "R[4, 7]", nn.RReLU(0.1, 0.2)),
    ("gumbel_softmax(0.5, axis = 0)", "R[4, 7]", Gumbel(False)),
    ("gumbel_softmax(0.5, true, 0)", "R[4, 7]", Gumbel(True)),
]


@pytest.mark.parametrize(("body", "dom", "reference"), CASES)
def test_they_draw_what_torch_draws(body: str, dom: str, reference: nn.Module) -> None:
    agrees(dom, body, reference, batch=(64,))
    assert node_of(dom, body).box.effect == "random"


def test_two_uses_draw_twice() -> None:
    module = compiled(net("R[4] -> R[4]", "stochastic_depth(0.5) - stochastic_depth(0.5)"))
    assert module(torch.ones(64, 4)).abs().sum() > 0
    assert module.eval()(torch.ones(64, 4)).abs().sum() == 0


@pytest.mark.parametrize("batch", [(), (5,), (5, 6)])
def test_one_draw_for_each_batch_entry(batch: tuple[int, ...]) -> None:
    module = compiled(net("R[3, 4] -> R[3, 4]", "stochastic_depth(0.5)"))
    got = module(torch.ones(*batch, 3, 4))
    assert torch.equal(got, got[..., :1, :1].expand(got.shape))
    assert set(got.unique().tolist()) <= {0.0, 2.0}
    module = compiled(net("R[3, 4] -> R[3, 4]", "feature_dropout"))
    got = module(torch.ones(*batch, 3, 4))
    assert torch.equal(got, got[..., :1].expand(got.shape))
    assert compiled(net("R -> R", "stochastic_depth(0.5)"))(torch.ones(batch)).shape == batch


def test_a_source_is_dropped_whole() -> None:
    module = compiled(net("R[3, 4] -> R[3, 4]", "id + (drop >> ones((3, 4)) >> stochastic_depth(0.5))"))
    got = module(torch.zeros(7, 3, 4))
    assert got.unique().numel() == 1


def test_mistakes() -> None:
    assert type_of("R[c, h, w]", "feature_dropout >> stochastic_depth(0.1)") == "R[c, h, w]"
    assert mistake("R[4] -> _", "stochastic_depth(1.0)").help == "write stochastic_depth(0.1)"
    assert mistake("R[4] -> _", "alpha_dropout(-0.1)").code == "E0224"
    found = mistake("R[4] -> _", 'stochastic_depth(0.1, mode = "rows")')
    assert (found.message, found.help) == (
        '`mode` of `stochastic_depth` is "row" or "batch", not "rows"',
        "did you mean `row`?",
    )
    assert mistake("R[...s] -> _", "stochastic_depth(0.1)").code == "E0224"
    assert mistake("R[4] -> _", "feature_dropout").help == "`dropout` drops single entries"
    assert mistake("Z[4, 4] -> _", "feature_dropout").code == "E0205"
    assert program("net f(p : float) : R[4] -> R[4] = stochastic_depth(p) >> rrelu(p) >> gumbel_softmax(p)")
