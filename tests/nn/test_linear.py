"""Linear layers from exact bases: equivariance and the scale of their start."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from catnet.nn import Intertwiner, IntertwinerSum, IrrepsLinear, Part
from tests.nn.rotations import represent, rotation

IDENTITY = [{(i, i): 1 for i in range(3)}]
CYCLES = [{(i, (i + k) % 6): 1 for i in range(6)} for k in range(6)]  # End of the regular representation of C(6)
SIGNED = [{(0, 0): 1, (1, 1): 1, (0, 1): -0.5}, {(0, 1): 2.0}]


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("determinant", [1, -1])
@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_irreps_linear_is_equivariant(determinant: int, dtype: torch.dtype, bound: float) -> None:
    layer = IrrepsLinear("8x0e + 4x1o + 3x2e + 2x0e + 2x0o + 2x1e", "2x1o + 3x0e + 4x2e + 1x0o + 5x1e + 2x0e").to(dtype)
    x = random(20, layer.irreps_in.dim)
    for seed in range(5):
        turn = rotation(seed, determinant)
        before = layer((x @ represent(layer.irreps_in, turn).T).to(dtype))
        after = layer(x.to(dtype)).double() @ represent(layer.irreps_out, turn).T
        assert (before - after).abs().max() / after.abs().max() < bound


def test_irreps_linear_needs_a_source_for_every_block() -> None:
    with pytest.raises(ValueError, match="no linear map but 0 reaches 2x1e"):
        IrrepsLinear("4x1o", "1x1o + 2x1e")


def test_intertwiner_is_its_basis() -> None:
    layer = Intertwiner(SIGNED, 2, 2, out_channels=3, in_channels=4).double()
    x = random(5, 8)
    dense = torch.tensor([[[1.0, -0.5], [0.0, 1.0]], [[0.0, 2.0], [0.0, 0.0]]], dtype=torch.float64)
    expected = torch.einsum("oif,frc,bic->bor", layer.weight, dense, x.unflatten(-1, (4, 2))).flatten(1)
    assert torch.allclose(layer(x), expected, rtol=0, atol=1e-14)


def test_scattered_and_dense_assembly_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    dense = Intertwiner(CYCLES, 6, 6, 2, 3).double()
    monkeypatch.setattr("catnet.nn.intertwiner.DENSE", 0.0)
    other = Intertwiner(CYCLES, 6, 6, 2, 3).double()
    monkeypatch.setattr("catnet.nn.intertwiner.DENSE", 1.1)
    scattered = Intertwiner(CYCLES, 6, 6, 2, 3).double()
    assert (other.scattered, scattered.scattered) == (False, True)
    for layer in (other, scattered):
        layer.load_state_dict(dense.state_dict())
        assert torch.allclose(layer.assemble()[0], dense.assemble()[0], rtol=0, atol=1e-15)
    shift = torch.roll(torch.eye(6, dtype=torch.float64), 1, 0)
    weight = scattered.assemble()[0]
    assert torch.equal(torch.kron(torch.eye(2), shift) @ weight, weight @ torch.kron(torch.eye(3), shift))


def test_bias_lies_along_the_invariants() -> None:
    layer = Intertwiner(CYCLES, 6, 6, 2, 1, invariants=[dict.fromkeys(range(6), 1)]).double()
    offset = layer(torch.zeros(6, dtype=torch.float64))
    assert torch.equal(offset, layer.bias.detach().repeat_interleave(6))
    assert offset.abs().max() > 0


SUM = [Part(0, 40, 1, 0, 40, 1, [{(0, 0): 3}]), Part(40, 10, 6, 40, 20, 6, CYCLES)]
LAYERS = {
    "linear": (60, lambda: nn.Linear(60, 200, bias=False)),
    "intertwiner": (60, lambda: Intertwiner(CYCLES, 6, 6, 20, 10)),
    "irreps": (160, lambda: IrrepsLinear("40x0e + 30x1o + 30x0e", "50x0e + 50x1o", bias=False)),
    "sum": (100, lambda: IntertwinerSum(SUM, 100, 160)),
}


@pytest.mark.parametrize("name", LAYERS)
@torch.no_grad()
def test_the_start_has_the_variance_of_linear(name: str) -> None:
    torch.manual_seed(0)
    size, make = LAYERS[name]
    squares = torch.stack([make()(torch.randn(200, size)).square().mean(0) for _ in range(20)]).mean(0)
    assert abs(3 * squares[:40].mean().item() - 1) < 0.1
    assert abs(3 * squares[40:].mean().item() - 1) < 0.1


def test_parts_agree_with_one_matrix() -> None:
    parts = [
        Part(0, 2, 1, 0, 3, 1, [{(0, 0): 1}]),
        Part(2, 4, 3, 3, 2, 3, IDENTITY),
        Part(14, 1, 6, 9, 2, 6, CYCLES),
        Part(20, 2, 6, 9, 2, 6, CYCLES),
    ]
    layer = IntertwinerSum(parts, 32, 21, invariants=[{0: 1}, {2: 2, 1: -1}]).double()
    x = random(7, 32)
    assert layer.dense
    dense = layer(x)
    layer.dense = False
    assert torch.allclose(layer(x), dense, rtol=0, atol=1e-14)
    assert layer.bias.shape == (2,)
    assert not IntertwinerSum([Part(0, 99, 3, 0, 99, 3, IDENTITY)], 297, 297).dense


BAD = {
    "the basis is empty": lambda: Intertwiner([], 2, 2),
    "no entry but 0": lambda: Intertwiner([{(0, 0): 0}], 2, 2),
    "outside the shape": lambda: Intertwiner([{(0, 2): 1}], 2, 2),
    "not a finite number": lambda: Intertwiner([{(0, 0): math.nan, (1, 1): 1}], 2, 2),
    "no map but 0 reaches the entries 3 to 6": lambda: IntertwinerSum([Part(0, 1, 3, 0, 1, 3, IDENTITY)], 3, 6),
    "parts overlap in the entries 2 to 3": lambda: IntertwinerSum(
        [Part(0, 1, 3, 0, 1, 3, IDENTITY), Part(0, 1, 3, 2, 1, 3, IDENTITY)], 3, 5
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_bases(message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BAD[message]()
