"""Linear maps, norms, constants, comparisons and choices: types, mistakes, values and gradients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from tests.boxes.helpers import (
    agrees,
    compiled,
    flops_of,
    gradients,
    mistake,
    mistakes,
    net,
    node_of,
    program,
    run,
    type_of,
)

# -- linear -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
def test_bilinear(bias: bool) -> None:
    body = f"bilinear(5, bias = {str(bias).lower()})"
    assert type_of("R[...s, d] @ R[...s, e]", body) == "R[...s, 5]"
    layer = nn.Bilinear(3, 4, 5, bias=bias)
    module = compiled(net("R[2, 3] @ R[2, 4] -> R[2, 5]", f"it: {body}"))
    module.load_state_dict({f"it.{k}": v for k, v in layer.state_dict().items()}, strict=True)
    x, y = torch.randn(7, 2, 3), torch.randn(7, 2, 4)
    assert torch.equal(module(x, y), layer(x, y))
    assert torch.equal(module(x[0], y[0]), layer(x[0], y[0]))
    node = node_of("R[3] @ R[4]", body)
    shapes = {k: tuple(d.value for d in v) for k, v in node.box.parameters(node.dom, node.cod).items()}
    assert shapes == {k: tuple(v.shape) for k, v in layer.named_parameters()}
    assert node.box.flops(node.dom, node.cod).value == 2 * 5 * (3 * 4 + 4)
    assert mistake("R[2, 3] @ R[4, 3] -> _", body).code == "E0203"
    assert mistake("R[3] -> _", body).code == "E0204"


def test_bilinear_gives_batch_axes_to_a_parameter() -> None:
    module = compiled(net("R[3] -> R[5]", "(id @ parameter(4)) >> bilinear(5)"))
    assert module(torch.randn(2, 7, 3)).shape == (2, 7, 5)


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_stacked_linear_is_a_linear_for_each(batch: tuple[int, ...]) -> None:
    module = compiled(net("R[3, 6, 4] -> R[3, 6, 5]", "it: stacked_linear(3, 5)"))
    layers = [nn.Linear(4, 5) for _ in range(3)]
    weight = torch.stack([layer.weight.T for layer in layers])
    bias = torch.stack([layer.bias for layer in layers])
    module.load_state_dict({"it.weight": weight, "it.bias": bias}, strict=True)
    x = torch.randn(*batch, 3, 6, 4)
    wanted = torch.stack([layer(x[..., i, :, :]) for i, layer in enumerate(layers)], -3)
    assert torch.allclose(module(x), wanted, atol=1e-6)


def test_types_weights_and_cost_of_stacked_linear() -> None:
    assert type_of("R[e, n, d]", "stacked_linear(e, 5)") == "R[e, n, 5]"
    assert type_of("R[...s, 4, n, d]", "stacked_linear(4, d)") == "R[...s, 4, n, d]"
    assert mistake("R[3, n, d] -> _", "stacked_linear(4, d)").code == "E0203"
    assert mistake("R[n, d] -> _", "stacked_linear(4, d)").code == "E0203"
    module = compiled(net("R[3, 6, 16] -> R[3, 6, 5]", "stacked_linear(3, 5, bias = false)"))
    (weight,) = module.parameters()
    assert weight.shape == (3, 16, 5)
    assert 0.2 < weight.abs().max() <= 0.25  # as nn.Linear(16, 5) begins
    with FlopCounterMode(display=False) as counter:
        module(torch.randn(3, 6, 16))
    assert counter.get_total_flops() == flops_of("R[3, 6, 16]", "stacked_linear(3, 5)")


def test_the_transpose_of_stacked_linear() -> None:
    shared = "share e = stacked_linear(3, 5) return x >> e >> transpose(e)"
    module = compiled(f"net f : (x: R[3, 6, 4]) -> R[3, 6, 4] {{ {shared} }}")
    weight, bias = module.parameters()
    x = torch.randn(2, 3, 6, 4)
    wanted = (x @ weight + bias[:, None]) @ weight.mT
    assert torch.allclose(module(x), wanted, atol=1e-5)


# -- norms --------------------------------------------------------------------------------------------------

NORMS: list[tuple[str, str, nn.Module]] = [
    ("layer_norm(axes = 2)", "R[3, 8]", nn.LayerNorm((3, 8))),
    ("layer_norm(axes = 2)", "R[5, 3, 8]", nn.LayerNorm((3, 8))),
    ("layer_norm(bias = false, axes = 3, eps = 0.1)", "R[2, 3, 4]", nn.LayerNorm((2, 3, 4), eps=0.1, bias=False)),
    ("layer_norm(affine = false, axes = 2)", "R[3, 8]", nn.LayerNorm((3, 8), elementwise_affine=False)),
    ("rms_norm(axes = 2)", "R[5, 3, 8]", nn.RMSNorm((3, 8), eps=1e-6)),
    ("batch_norm(track = false)", "R[8, 3]", nn.BatchNorm1d(8, track_running_stats=False)),
    ("batch_norm(affine = false)", "R[8, 3, 3]", nn.BatchNorm2d(8, affine=False)),
    ("batch_norm(momentum = 0.3, eps = 0.01)", "R[8, 3, 3, 2]", nn.BatchNorm3d(8, momentum=0.3, eps=0.01)),
    ("group_norm(4, affine = false)", "R[8, 3, 3]", nn.GroupNorm(4, 8, affine=False)),
    ("group_norm(2, eps = 0.1)", "R[8]", nn.GroupNorm(2, 8, eps=0.1)),
    ("instance_norm", "R[8, 3]", nn.InstanceNorm1d(8)),
    ("instance_norm(affine = true)", "R[8, 3, 4]", nn.InstanceNorm2d(8, affine=True)),
    ("instance_norm(0.1)", "R[8, 3, 4, 2]", nn.InstanceNorm3d(8, eps=0.1)),
]


@pytest.mark.parametrize(("body", "dom", "reference"), NORMS)
def test_norms(body: str, dom: str, reference: nn.Module) -> None:
    for parameter in reference.parameters():
        nn.init.normal_(parameter)
    agrees(dom, body, reference)
    if reference.__class__.__name__.startswith(("Instance", "Layer", "RMS")):
        agrees(dom, body, reference, batch=())


class LlamaRMSNorm(nn.Module):
    """As in `transformers` (models/llama/modeling_llama.py)."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.variance_epsilon = eps

    def forward(self, hidden_states: Tensor) -> Tensor:
        input_dtype = hidden_states.dtype
        hidden_states = hidden_states.to(torch.float32)
        variance = hidden_states.pow(2).mean(-1, keepdim=True)
        hidden_states = hidden_states * torch.rsqrt(variance + self.variance_epsilon)
        return self.weight * hidden_states.to(input_dtype)


@pytest.mark.parametrize("size", [8, 100, 768])
def test_rms_norm_is_that_of_llama(size: int) -> None:
    reference = LlamaRMSNorm(size, 1e-5)
    nn.init.normal_(reference.weight)
    agrees(f"R[7, {size}]", "rms_norm(eps = 0.00001)", reference)


def test_types_and_mistakes_of_norms() -> None:
    assert type_of("R[...s, c, d]", "layer_norm(axes = 2)") == "R[...s, c, d]"
    assert type_of("R[c, h, w]", "instance_norm >> normalize(axis = 0)") == "R[c, h, w]"
    parse = program("net f : R -> R = id").parse
    assert parse("layer_norm(axes = 2)").type == "R[...s, d, k] -> R[...s, d, k]"
    found = mistake("R[d] -> _", "layer_norm(axes = 2)")
    assert (found.code, "takes 2 axes, not `R[d]`" in found.message) == ("E0224", True)
    assert mistake("R[...s, d] -> _", "rms_norm(axes = 2)").code == "E0224"
    assert mistake("R[d] -> _", "rms_norm(axes = 0)").code == "E0224"
    assert mistakes("R[a, d] -> _", "rms_norm(axes = n)", "(n)")[0].code == "E0224"
    assert mistake("R[d] -> _", "instance_norm").message.startswith("`instance_norm` takes a channel axis and one to")
    assert mistake("Fin(3)[2, d] -> _", "layer_norm(axes = 2)").code == "E0205"


# -- arithmetic ---------------------------------------------------------------------------------------------

PAIRS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "outer": lambda x, y: x[..., :, None] * y[..., None, :],
    "dot": lambda x, y: (x * y).sum(-1),
    "eq": torch.eq,
    "ne": torch.ne,
    "lt": torch.lt,
    "le": torch.le,
    "gt": torch.gt,
    "ge": torch.ge,
    "(gt, lt) >> logical_or": torch.ne,
    "(ge, le) >> logical_and": torch.eq,
    "(ge, gt) >> logical_xor": torch.eq,
    "gt >> logical_not": torch.le,
    "gt >> logical_not ^ -1": torch.le,
    "(gt, swap) >> choose": torch.minimum,
    "gt >> to_real": lambda x, y: (x > y).float(),
}
TYPES = {"outer": "R[t, d, d]", "dot": "R[t]", "gt >> to_real": "R[t, d]", "(gt, swap) >> choose": "R[t, d]",
         "maximum": "R[t, d]", "minimum": "R[t, d]"}  # fmt: skip


@pytest.mark.parametrize("body", PAIRS)
def test_pairs(body: str) -> None:
    x, y = torch.randint(-2, 3, (2, 5, 3, 4)).float()
    cod = TYPES.get(body, "Bool[t, d]")
    assert type_of("R[t, d] @ R[t, d]", body) == cod
    got = run("R[t, 4] @ R[t, 4]", body, x, y, outputs=cod.replace("d", "4"))
    wanted = PAIRS[body](x, y)
    assert got.dtype == wanted.dtype
    assert torch.equal(got, wanted)


def test_gradients_of_pairs() -> None:
    module = compiled(net("R[4] -> R[4]", "(linear(4), linear(4)) >> maximum"))
    first, second = (nn.Linear(4, 4) for _ in range(2))
    state = zip(module.state_dict(), [*first.parameters(), *second.parameters()], strict=True)
    module.load_state_dict(dict(state))
    reference = nn.Module()
    reference.first, reference.second = first, second
    reference.forward = lambda x: torch.maximum(first(x), second(x))  # type: ignore[method-assign]
    x = torch.randn(3, 4)
    for mine, theirs in zip(gradients(module, x), gradients(reference, x), strict=True):
        assert torch.equal(mine, theirs)


def test_comparisons_of_other_kinds() -> None:
    x, y = torch.randint(0, 5, (2, 7, 3))
    assert type_of("Fin(5)[t] @ Fin(5)[t]", "lt") == "Bool[t]"
    assert torch.equal(run("Fin(5)[t] @ Fin(5)[t]", "eq", x, y, outputs="Bool[t]"), x == y)
    got = run("Bool[t] @ Fin(5)[t] @ Fin(5)[t]", "choose", x > 2, x, y, outputs="Fin(5)[t]")
    assert torch.equal(got, torch.where(x > 2, x, y))
    assert type_of("Bool[t] @ Bool[t]", "ne") == "Bool[t]"
    assert type_of("Z[t]", "to_real") == "R[t]"
    assert "no order" in mistake("Bool[t] @ Bool[t] -> _", "lt").message
    assert mistake("Fin(5)[t] @ Fin(6)[t] -> _", "eq").code == "E0205"
    assert mistake("R[t] @ R[u] -> _", "gt").code == "E0203"
    assert mistake("R[t] @ R[t] -> _", "logical_and").code == "E0205"
    assert mistake("R[t] @ R[t] @ R[t] -> _", "choose").code == "E0205"
    assert mistake("Bool[t] @ R[t] @ Z[t] -> _", "choose").code == "E0205"
    assert mistake("Bool[u] @ R[t] @ R[t] -> _", "choose").code == "E0203"
    assert mistake("R[t] @ R[t] -> _", "choose").code == "E0204"
    assert mistake("R[t] -> _", "to_real").help == "leave it out"
    assert mistake("R[t] -> _", "eq").code == "E0204"


def test_open_types_of_pairs() -> None:
    parse = program("net f : R -> R = id").parse
    assert parse("choose").type == "Bool[...s] @ X[...s] @ X[...s] -> X[...s]"
    assert parse("lt").type == "X[...s] @ X[...s] -> Bool[...s]"
    assert parse("to_real").type == "X[...s] -> R[...s]"


def test_flops_of_pairs() -> None:
    assert flops_of("R[3, 4] @ R[3, 5]", "outer") == 60
    assert flops_of("R[3, 4] @ R[3, 4]", "dot") == 24
    assert flops_of("R[3, 4] @ R[3, 4]", "maximum") == 12
    assert flops_of("R[3, 4] @ R[3, 4]", "lt") == 12


@pytest.mark.parametrize(("dom", "body"), [("Fin(5)[t]", "one_hot(5)"), ("Fin(5)[t]", "to_real")])
def test_reals_of_integers_have_the_precision_of_the_net(dom: str, body: str) -> None:
    module = compiled(net(f"{dom} -> _", f"{body} >> linear(3)"), t=4)
    x = torch.tensor([0, 4, 2, 1])
    for dtype in (torch.float64, torch.bfloat16):
        assert module.to(dtype)(x).dtype == dtype
    assert set(module.state_dict()) == {"linear.weight", "linear.bias"}


def test_constants() -> None:
    module = compiled(net("R[2, 4] -> R[2, 4]", "(id @ constant(0.5, (2, 4))) >> mul"))
    assert not module.state_dict()
    x = torch.randn(3, 2, 4)
    assert torch.equal(module(x), x * 0.5)
    assert torch.equal(run("R", "id + (drop >> constant(-2))", torch.ones(3), outputs="R"), -torch.ones(3))
    assert torch.equal(run("R[4]", "(id @ constant(1, 4)) >> gt", x, outputs="Bool[4]"), x > 1)
    assert type_of("R[t, d]", "drop >> constant(0.5, (t, 2*d))") == "R[t, 2*d]"
    assert module.double()(x.double()).dtype == torch.float64
    assert mistake("() -> _", "constant(0.5, -1)").code == "E0207"
