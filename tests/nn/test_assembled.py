"""When an assembled weight is kept for evaluation, and that no kept weight outlives a change of its parameters."""

from __future__ import annotations

import copy
import gc
import pickle
import warnings
import weakref
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize, prune

from catnet.nn import Assembled, GroupConv2d, Intertwiner

CYCLES = [{(i, (i + k) % 6): 1 for i in range(6)} for k in range(6)]  # End of the regular representation of C(6)
REGULAR = [(2, "regular")]


def intertwiner() -> tuple[Intertwiner, Tensor]:
    torch.manual_seed(0)
    return Intertwiner(CYCLES, 6, 6, 6, 6, [dict.fromkeys(range(6), 1)]).eval(), torch.randn(3, 36)


def convolution() -> tuple[GroupConv2d, Tensor]:
    torch.manual_seed(0)
    return GroupConv2d("C4", REGULAR, REGULAR, 3).eval(), torch.randn(1, 8, 5, 5)


def weight_of(layer: Assembled) -> nn.Parameter:
    return max(layer.parameters(), key=Tensor.numel)


def is_kept(layer: Assembled) -> bool:
    return layer.assembled()[0] is layer.assembled()[0]


@pytest.fixture(params=[intertwiner, convolution])
def case(request: pytest.FixtureRequest) -> tuple[Assembled, Tensor]:
    found: tuple[Assembled, Tensor] = request.param()
    return found


@torch.no_grad()
def test_the_weight_is_kept_in_eval_mode(case: tuple[Assembled, Tensor]) -> None:
    layer, x = case
    y = layer(x)
    assert is_kept(layer)
    assert torch.equal(layer(x), y)
    assert not is_kept(layer.train())


def transposed(layer: Assembled) -> None:
    """The same memory in another order, where the weight is square."""
    weight = weight_of(layer)
    weight.data = weight.data.transpose(0, 1)


def step(layer: Assembled) -> None:
    weight = weight_of(layer)
    weight.grad = torch.ones_like(weight)
    torch.optim.SGD([weight], lr=0.5).step()


def trained(layer: Assembled) -> None:
    with torch.enable_grad():
        layer.assembled()[0].sum().backward()
    torch.optim.Adam(layer.parameters(), lr=0.5).step()


def swapped(layer: Assembled) -> None:
    torch.utils.swap_tensors(weight_of(layer), nn.Parameter(weight_of(layer) * 2))


def replaced(layer: Assembled) -> None:
    for module in layer.modules():
        for name, parameter in list(module._parameters.items()):
            if parameter is not None:
                setattr(module, name, nn.Parameter(parameter * 2))


CHANGES: dict[str, Callable[[Assembled], object]] = {
    "load_state_dict": lambda layer: layer.load_state_dict({k: v + 1 for k, v in layer.state_dict().items()}),
    "load_state_dict, assigned": lambda layer: layer.load_state_dict(
        {k: v + 1 for k, v in layer.state_dict().items()}, assign=True
    ),
    "in place": lambda layer: weight_of(layer).mul_(2),
    "copy_": lambda layer: weight_of(layer).copy_(torch.ones_like(weight_of(layer))),
    "one entry": lambda layer: weight_of(layer).view(-1)[3].add_(1),
    "a step of an optimiser": step,
    "a step after backward": trained,
    "through data": lambda layer: weight_of(layer).data.mul_(2),
    "one entry through data": lambda layer: weight_of(layer).data.view(-1).__setitem__(-1, 7),
    "through NumPy": lambda layer: weight_of(layer).detach().numpy().__imul__(2),
    "new data": lambda layer: setattr(weight_of(layer), "data", weight_of(layer).data * 2),
    "the same data transposed": transposed,
    "new parameters": replaced,
    "swapped tensors": swapped,
    "reset": lambda layer: layer.reset_parameters(),  # type: ignore[operator]
}


@pytest.mark.parametrize("change", CHANGES)
@torch.no_grad()
def test_a_kept_weight_follows_every_change(change: str, case: tuple[Assembled, Tensor]) -> None:
    layer, x = case
    before = layer(x)
    for _ in range(2):
        CHANGES[change](layer)
        after = layer(x)
        assert torch.equal(after, copy.deepcopy(layer).train()(x))
        if change in ("copy_", "one entry through data"):
            break
        assert not torch.allclose(before, after)
        before = after
    assert is_kept(layer) or change == "the same data transposed"


@pytest.mark.parametrize("change", [name for name in CHANGES if "through" not in name])
@torch.no_grad()
def test_what_needs_no_look_at_the_bytes(change: str, case: tuple[Assembled, Tensor]) -> None:
    """As on other devices, whose memory is not compared."""
    layer, x = case
    layer(x)
    kept = layer._kept
    assert kept is not None
    kept.seen = [seen._replace(bytes=None, memory=None) for seen in kept.seen]
    CHANGES[change](layer)
    assert torch.equal(layer(x), copy.deepcopy(layer).train()(x))


@torch.no_grad()
def test_fewer_entries_of_the_same_data() -> None:
    layer, x = convolution()
    layer(x)
    weight = weight_of(layer)
    weight.data = weight.data[:1]
    assert torch.equal(layer(x), copy.deepcopy(layer).train()(x))


def test_a_kept_weight_never_hides_gradients(case: tuple[Assembled, Tensor]) -> None:
    layer, x = case
    with torch.no_grad():
        layer(x)
    layer(x).sum().backward()
    assert all(parameter.grad is not None for parameter in layer.parameters())
    layer.requires_grad_(False)
    x.requires_grad_()
    with torch.inference_mode():
        layer(x.detach())
    layer(x).sum().backward()
    assert x.grad is not None


@torch.no_grad()
def test_a_kept_weight_follows_casts_copies_and_pickles(case: tuple[Assembled, Tensor]) -> None:
    layer, x = case
    y = layer(x)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), copy.copy(layer)):
        assert torch.equal(twin(x), y)
    twin = copy.deepcopy(layer)
    twin(x)
    weight_of(twin).mul_(2)
    assert torch.equal(layer(x), y)
    assert not torch.equal(twin(x), y)
    assert layer.double()(x.double()).dtype == torch.float64
    assert layer.to(torch.bfloat16)(x.bfloat16()).dtype == torch.bfloat16


def test_a_layer_is_freed_at_once() -> None:
    layer, x = intertwiner()
    with torch.no_grad():
        layer(x)
    watch = weakref.ref(layer)
    gc.disable()
    try:
        del layer
        assert watch() is None
    finally:
        gc.enable()


@torch.no_grad()
def test_a_replica_has_its_own_weight() -> None:
    layer, x = intertwiner()
    layer(x)
    replica = layer._replicate_for_data_parallel()
    for name, parameter in layer.named_parameters():  # as `nn.DataParallel` does
        setattr(replica, name, parameter.detach() * 2)
    assert torch.allclose(replica(x), layer(x) * 2)


class Scaled(nn.Module):
    """A parametrisation with a state that no parameter has."""

    by: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("by", torch.tensor(2.0))

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.by


@torch.no_grad()
def test_parametrised_pruned_and_plain_weights_are_never_stale() -> None:
    layer, x = intertwiner()
    layer(x)
    parametrize.register_parametrization(layer, "weight", Scaled())
    layer(x)
    cast(Any, layer).parametrizations.weight[0].by.fill_(3)
    assert torch.equal(layer(x), copy.deepcopy(layer).train()(x))

    layer, x = intertwiner()
    for amount in (0.3, 0.6):
        prune.l1_unstructured(layer, "weight", amount=amount)
        y = layer(x)
        assert torch.equal(layer.train()(x), y)
        layer.eval()

    layer, x = intertwiner()
    layer(x)
    del layer.weight
    for scale in (1.0, 2.0):
        setattr(layer, "weight", torch.full((6, 6, 6), scale))  # noqa: B010
        assert torch.equal(layer(x), copy.copy(layer).train()(x))


def test_an_ensemble_under_vmap() -> None:
    layers = [intertwiner()[0] for _ in range(3)]
    for layer in layers:
        layer.reset_parameters()
    parameters, _ = torch.func.stack_module_state(layers)
    x = torch.randn(4, 36)
    with torch.no_grad():
        layers[0](x)
        y = torch.vmap(lambda p: torch.func.functional_call(layers[0], p, (x,)))(parameters)
        expected = torch.stack([layer(x) for layer in layers])
    assert torch.allclose(y, expected, atol=1e-6)


def test_functional_calls(case: tuple[Assembled, Tensor]) -> None:
    layer, x = case
    other = {name: p.detach() * 2 for name, p in layer.named_parameters()}
    twin = copy.deepcopy(layer)
    twin.load_state_dict(other)
    with torch.no_grad():
        y = layer(x)
        assert torch.equal(torch.func.functional_call(layer, other, (x,)), twin(x))
        assert torch.equal(layer(x), y)
    gradients = torch.func.grad(lambda p: torch.func.functional_call(layer, p, (x,)).sum())(other)
    twin(x).sum().backward()
    for name, parameter in twin.named_parameters():
        assert parameter.grad is not None
        assert torch.allclose(gradients[name], parameter.grad, atol=1e-5)


@torch.no_grad()
def test_what_is_traced_reads_the_parameters() -> None:
    layer, x = intertwiner()
    layer.requires_grad_(False)
    layer(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.trace(layer, (x,))
    written = torch.fx.symbolic_trace(layer)
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    compiled(x)
    weight_of(layer).mul_(2)
    for found in (scripted, written, compiled):
        assert torch.allclose(found(x), layer(x), atol=1e-6)
