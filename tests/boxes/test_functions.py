"""Functions of one entry, and of the vectors along one axis: types, mistakes, values and gradients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.boxes.helpers import agrees, flops_of, mistake, net, program, run, type_of

ENTRYWISE: dict[str, Callable[[Tensor], Tensor]] = {
    "relu6": F.relu6,
    "hardtanh": F.hardtanh,
    "hardtanh(-2, 0.5)": lambda x: F.hardtanh(x, -2, 0.5),
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "hardshrink(0.2)": lambda x: F.hardshrink(x, 0.2),
    "softshrink": F.softshrink,
    "softshrink(0.2)": lambda x: F.softshrink(x, 0.2),
    "threshold(0.1, -3)": lambda x: F.threshold(x, 0.1, -3),
    "mish": F.mish,
    "selu": F.selu,
    "celu": F.celu,
    "celu(0.5)": lambda x: F.celu(x, 0.5),
    "softsign": F.softsign,
    "softplus(2, 1)": lambda x: F.softplus(x, 2, 1),
    "tanhshrink": F.tanhshrink,
    "logsigmoid": F.logsigmoid,
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "squared_relu": lambda x: torch.square(F.relu(x)),
    "relu2": lambda x: F.relu(x).square(),
    "sin": torch.sin,
    "cos": torch.cos,
    "erf": torch.erf,
    "sign": torch.sign,
    "expm1": torch.expm1,
    "abs >> log1p": lambda x: x.abs().log1p(),
    "square >> rsqrt": lambda x: x.square().rsqrt(),
    "reciprocal": torch.reciprocal,
    "pow(3)": lambda x: x**3,
    "pow(-2)": lambda x: x**-2,
    "abs >> pow(0.3)": lambda x: x.abs() ** 0.3,
    "clamp(-0.5, 0.25)": lambda x: x.clamp(-0.5, 0.25),
    "clamp(min = 0)": lambda x: x.clamp(min=0),
    "clamp(max = 6)": lambda x: x.clamp(max=6),
    "softmin": lambda x: F.softmin(x, -1),
    "softmin(axis = 0)": lambda x: F.softmin(x, -2),
    "normalize": lambda x: F.normalize(x, dim=-1),
    "normalize(axis = 0, eps = 10)": lambda x: F.normalize(x, dim=-2, eps=10),
    "prelu": lambda x: F.prelu(x, torch.tensor([0.25])),
    "prelu(init = 0.1)": lambda x: F.prelu(x, torch.tensor([0.1])),
}


@pytest.mark.parametrize("body", ENTRYWISE)
def test_values_and_gradients(body: str) -> None:
    assert type_of("R[t, d]", body) == "R[t, d]"
    assert type_of("R[...s, d]", body.replace("axis = 0", "axis = -1")) == "R[...s, d]"
    mine, theirs = (torch.randn(2, 3, 4, generator=torch.manual_seed(3)).requires_grad_() for _ in range(2))
    got, wanted = run("R[3, 4]", body, mine, outputs="R[3, 4]"), ENTRYWISE[body](theirs)
    assert torch.equal(got, wanted)
    got.cumsum(0).sum().backward()
    wanted.cumsum(0).sum().backward()
    assert mine.grad is not None
    assert theirs.grad is not None
    assert torch.equal(mine.grad, theirs.grad)


@pytest.mark.parametrize("body", sorted({b.split(" >> ")[-1] for b in ENTRYWISE}))
def test_they_take_reals_only(body: str) -> None:
    assert mistake("Fin(7)[2, 4] -> _", body).code == "E0205"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("clamp", "`clamp` needs a bound"),
        ("clamp(2, 1)", "`clamp` needs min <= max, not 2 and 1"),
        ("hardtanh(1, -1)", "`hardtanh` needs min <= max"),
        ("softshrink(-1)", "`lambd` of `softshrink` is at least 0"),
        ("celu(0)", "`celu` divides by `alpha`"),
        ("rrelu(0.5, 0.1)", "`rrelu` needs min <= max"),
        ("gumbel_softmax(0)", "`tau` of `gumbel_softmax` is positive"),
    ],
)
def test_mistakes_of_arguments(body: str, words: str) -> None:
    found = mistake("R[4] -> _", body)
    assert (found.code, words in found.message) == ("E0224", True), found.message
    assert found.help
    parameter = "net f(a : float) : R[4] -> R[4] = clamp(a, 1) >> hardtanh(a) >> celu(a) >> softshrink(a)"
    assert program(parameter)


def test_glu() -> None:
    assert type_of("R[t, 2*d]", "glu") == "R[t, d]"
    assert type_of("R[2*c, h, w]", "glu(axis = 0)") == "R[c, h, w]"
    assert mistake("R[5] -> _", "glu").code == "E0207"
    found = mistake("R[d] -> _", "glu")
    assert (found.code, "`glu` needs d % 2 == 0" in found.message) == ("E0206", True)
    parse = program("net f : R -> R = id").parse
    assert parse("glu").type == "R[...s, 2*d] -> R[...s, d]"
    x = torch.randn(2, 6, 4)
    assert torch.equal(run("R[6, 4]", "glu", x, outputs="R[6, 2]"), F.glu(x, -1))
    assert torch.equal(run("R[6, 4]", "glu(0)", x, outputs="R[3, 4]"), F.glu(x, 1))


def test_prelu() -> None:
    agrees("R[3, 4]", "prelu", nn.PReLU())
    agrees("R[3, 4]", "prelu", nn.PReLU(), batch=(2, 2))
    agrees("R[3, 4]", "prelu(per_channel = true)", nn.PReLU(3))
    agrees("R[3, 4, 5]", "prelu(per_channel = true, init = 0.1)", nn.PReLU(3, init=0.1))
    agrees("R[3]", "prelu(per_channel = true)", nn.PReLU(3))
    assert mistake("R[...s] -> _", "prelu(per_channel = true)").code == "E0224"
    assert mistake("R -> _", "prelu(per_channel = true)").help == "write prelu"
    graph = program(net("R[3, 4] -> _", "prelu(per_channel = true)"))["f"]().graph
    assert (graph.batch_axes, graph.batch_needed) == (1, 1)
    assert program(net("R[3, 4] -> _", "prelu"))["f"]().graph.batch_axes is None


def test_flops_count_entries() -> None:
    assert flops_of("R[3, 4]", "relu6") == 12
    assert flops_of("R[3, 4]", "glu") == 5 * 6
    assert flops_of("R[3, 4]", "normalize") == 3 * 12
