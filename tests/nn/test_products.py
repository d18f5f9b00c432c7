"""Tensor products, gates, norms and radial functions: equivariance, normalisation and refusals."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from catnet.nn import (
    BesselBasis,
    EquivariantLayerNorm,
    Gate,
    GaussianBasis,
    IrrepsLinear,
    NormActivation,
    Norms,
    SphericalHarmonics,
    TensorProduct,
    coupling,
    smooth_cutoff,
)
from tests.nn.rotations import represent, rotation

PRECISION = [(torch.float64, 1e-12), (torch.float32, 1e-6)]
PRODUCTS = {
    "full, one copy on the right": ("3x0e + 2x1o + 4x2e", "1x0e + 1x1o + 1x2e", "2x0e + 5x1o + 2x1e + 3x2e", "full"),
    "full, more copies": ("3x0e + 2x1o", "2x0e + 3x1o", "2x0e + 5x1o + 2x1e + 3x2e", "full"),
    "channel, one copy": ("3x0e + 3x1o", "1x0e + 1x1o", "3x0e + 3x1o + 3x1e + 3x2e", "channel"),
    "channel, more copies": ("3x0e + 3x1o", "2x0e + 3x1o", "3x0e + 3x1o + 3x1e + 3x2e", "channel"),
    "high degrees": ("2x4e + 2x3o", "1x4e + 1x2e", "2x4e + 1x3o + 1x6e + 2x0e", "full"),
}


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(("dtype", "bound"), PRECISION)
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("case", PRODUCTS)
def test_products_are_equivariant(case: str, shared: bool, dtype: torch.dtype, bound: float) -> None:
    torch.manual_seed(0)
    product = TensorProduct(*PRODUCTS[case], shared=shared).to(dtype)
    x, y = random(20, product.left.dim), random(20, product.right.dim)
    weights = () if shared else (random(20, product.weights).to(dtype),)
    z = product(x.to(dtype), y.to(dtype), *weights).double()
    for determinant in (1, -1):
        turn = rotation(7, determinant)
        left, right = x @ represent(product.left, turn).T, y @ represent(product.right, turn).T
        after = z @ represent(product.out, turn).T
        assert (product(left.to(dtype), right.to(dtype), *weights) - after).abs().max() / after.abs().max() < bound


@pytest.mark.parametrize("case", PRODUCTS)
def test_products_have_unit_variance(case: str) -> None:
    torch.manual_seed(0)
    found = []
    for _ in range(60):
        product = TensorProduct(*PRODUCTS[case])
        with torch.no_grad():
            y = product(torch.randn(50, product.left.dim), torch.randn(50, product.right.dim))
        found.append(torch.stack([part.square().mean() for part in product.out.split(y)]))
    assert ((torch.stack(found).mean(0) - 1).abs() < 0.35).all()


def test_a_product_is_the_sum_over_its_weights() -> None:
    product = TensorProduct("2x1o", "3x1o", "4x1e").double()
    x, y = random(5, 6), random(5, 9)
    weight = product.weight.unflatten(0, (4, 3, 2))
    table = coupling(1, 1, 1) / math.sqrt(6)
    expected = torch.einsum("wvu,ijk,bui,bvj->bwk", weight, table, x.view(5, 2, 3), y.view(5, 3, 3))
    assert torch.allclose(product(x, y), expected.flatten(1), rtol=0, atol=1e-14)
    channel = TensorProduct("2x1o", "3x1o", "2x1e", "channel").double()
    weight = channel.weight.unflatten(0, (3, 2))
    table = coupling(1, 1, 1) / math.sqrt(3)
    expected = torch.einsum("vu,ijk,bui,bvj->buk", weight, table, x.view(5, 2, 3), y.view(5, 3, 3))
    assert torch.allclose(channel(x, y), expected.flatten(1), rtol=0, atol=1e-14)


def test_products_up_to_degree_six_have_all_paths() -> None:
    # the number of (l1, l2, l3) with l3 at most 6 that obey the triangle rule and parity (-1)^l
    irreps = " + ".join(f"1x{degree}{'eo'[degree % 2]}" for degree in range(7))
    triples = [(a, b, c) for a in range(7) for b in range(7) for c in range(7) if abs(a - b) <= c <= a + b]
    expected = sum((a + b + c) % 2 == 0 for a, b, c in triples)
    assert len(TensorProduct(irreps, irreps, irreps).paths) == expected


def test_refused_products() -> None:
    with pytest.raises(ValueError, match="reaches 1x3e"):
        TensorProduct("1x1o", "1x1o", "1x0e + 1x3e")
    with pytest.raises(ValueError, match="1x1o and 1x1o do not couple to 1x0o"):
        TensorProduct("1x1o", "1x1o", "1x0o", paths=[(0, 0, 0)])
    with pytest.raises(ValueError, match="listed twice"):
        TensorProduct("1x1o", "1x1o", "1x0e", paths=[(0, 0, 0), (0, 0, 0)])
    with pytest.raises(ValueError, match="channel mixing"):
        TensorProduct("2x1o", "1x1o", "3x0e", "channel", paths=[(0, 0, 0)])
    with pytest.raises(ValueError, match="mixing is"):
        TensorProduct("1x1o", "1x1o", "1x0e", "uvw")
    product = TensorProduct("1x1o", "1x1o", "1x0e", shared=False)
    with pytest.raises(ValueError, match=r"weights \[\.\.\., 1\]"):
        product(torch.ones(3), torch.ones(3))
    with pytest.raises(ValueError, match="module's own"):
        TensorProduct("1x1o", "1x1o", "1x0e")(torch.ones(3), torch.ones(3), torch.ones(1))
    with pytest.raises(ValueError, match="has length 4"):
        product(torch.ones(4), torch.ones(3), torch.ones(1))


IRREPS = "4x0e + 3x1o + 2x0o + 2x2e + 1x0e"
POINTWISE = {
    "norm activation": lambda: NormActivation(IRREPS, F.silu),
    "gate": lambda: Gate("4x0e", "3x1o + 2x0o + 2x2e"),
    "layer norm": lambda: EquivariantLayerNorm(IRREPS),
    "norms": lambda: Norms(IRREPS),
}


@pytest.mark.parametrize(("dtype", "bound"), PRECISION)
@pytest.mark.parametrize("name", POINTWISE)
def test_nonlinearities_are_equivariant(name: str, dtype: torch.dtype, bound: float) -> None:
    torch.manual_seed(0)
    layer = POINTWISE[name]().to(dtype)
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    into = getattr(layer, "irreps_in", None) or layer.irreps
    out = f"{into.copies}x0e" if name == "norms" else getattr(layer, "irreps_out", into)
    x = random(20, into.dim)
    for determinant in (1, -1):
        turn = rotation(3, determinant)
        after = layer(x.to(dtype)).double() @ represent(out, turn).T
        before = layer((x @ represent(into, turn).T).to(dtype))
        assert (before - after).abs().max() / after.abs().max() < bound
    assert len(list(layer.parameters())) == len({id(p) for p in layer.parameters()})


@pytest.mark.parametrize("name", POINTWISE)
def test_nonlinearities_are_smooth_at_zero(name: str) -> None:
    layer = POINTWISE[name]().double()
    dim = (getattr(layer, "irreps_in", None) or layer.irreps).dim
    zero = torch.zeros(2, dim, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(layer(zero).square().sum() + layer(zero).sum(), zero)
    assert slope.isfinite().all()
    assert torch.autograd.gradcheck(layer, random(2, dim).requires_grad_())


def test_layer_norm_normalises() -> None:
    y = EquivariantLayerNorm("16x0e + 16x1o + 16x2e").double()(5 * random(10, 144) + 3)
    for block in (y[:, :16], y[:, 16:64], y[:, 64:]):
        assert torch.allclose(block.square().mean(1), torch.ones(10).double(), atol=1e-4)
    assert y[:, :16].mean(1).abs().max() < 1e-12


def test_a_gate_of_scalars_alone_and_a_refused_one() -> None:
    gate = Gate("2x0e", "1x0o")
    assert gate(torch.ones(4)).shape == (3,)
    with pytest.raises(ValueError, match="1x1o is not invariant"):
        Gate("1x1o", "1x1o")
    with pytest.raises(ValueError, match="1x0o is not invariant"):
        Gate("1x0o", "1x1o")
    with pytest.raises(ValueError, match="has length 5"):
        gate(torch.ones(5))


@pytest.mark.parametrize("basis", [BesselBasis(5, 3.0), GaussianBasis(5, 3.0)], ids=lambda b: type(b).__name__)
def test_radial_bases_end_smoothly(basis: nn.Module) -> None:
    basis = basis.double()
    inside = torch.tensor([0.0, 0.3, 1.0, 2.5, 2.999999], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(basis, inside[1:-1].detach().requires_grad_())
    assert basis(inside).isfinite().all()
    edge = torch.tensor([2.9999, 3.0, 3.5], dtype=torch.float64, requires_grad=True)
    value = basis(edge)
    (slope,) = torch.autograd.grad(value.sum(), edge, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), edge)
    assert value.abs().max() < 1e-9
    assert slope.abs().max() < 1e-4
    assert bend.abs().max() < 0.5
    assert not value[1:].any()


def test_bessel_functions_are_orthonormal() -> None:
    r = torch.linspace(0, 2, 20001, dtype=torch.float64)[1:-1]
    values = BesselBasis(6, 2.0).double()(r) / smooth_cutoff(r, 2.0).unsqueeze(-1) * r.unsqueeze(-1)
    gram = values.T @ values * 1e-4
    assert torch.allclose(gram, torch.eye(6, dtype=torch.float64), rtol=0, atol=1e-8)


def test_bad_radial_bases() -> None:
    for bad in [(0, 1.0), (3, 0.0), (3, math.inf), (3, math.nan)]:
        with pytest.raises(ValueError, match="radial basis"):
            BesselBasis(*bad)


class Potential(nn.Module):
    """An energy of a cloud of points from pairs, products and gates: everything above at once."""

    def __init__(self) -> None:
        super().__init__()
        self.harmonics = SphericalHarmonics(2)
        self.radial = BesselBasis(4, 4.0)
        self.gate = Gate("8x0e", "4x1o + 4x2e")
        self.first = TensorProduct("4x0e", self.harmonics.irreps, "4x0e + 4x1o + 4x2e", "channel", shared=False)
        self.weigh = nn.Linear(4, self.first.weights)
        self.mix = IrrepsLinear("4x0e + 4x1o + 4x2e", self.gate.irreps_in)
        self.second = TensorProduct(self.gate.irreps_out, self.gate.irreps_out, "4x0e")
        self.last = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        away = x.unsqueeze(-2) - x.unsqueeze(-3) + torch.eye(x.shape[-2], dtype=x.dtype).unsqueeze(-1)
        distance = away.norm(dim=-1)
        other = 1 - torch.eye(x.shape[-2], dtype=x.dtype)
        weights = self.weigh(self.radial(distance)) * other.unsqueeze(-1)
        messages = self.first(torch.ones_like(weights[..., :4]), self.harmonics(away), weights).sum(-2)
        y = self.gate(self.mix(messages))
        return self.last(self.second(y, y)).sum((-2, -1))


def test_an_invariant_potential_has_equivariant_forces() -> None:
    torch.manual_seed(0)
    model, x, turn = Potential().double(), random(3, 6, 3), rotation(1, -1)

    def forces(x: Tensor) -> tuple[Tensor, Tensor]:
        x = x.detach().requires_grad_()
        energy = model(x)
        return energy, torch.autograd.grad(energy.sum(), x, create_graph=True)[0]

    (energy, force), (turned_energy, turned_force) = forces(x), forces(x @ turn.T + 2.0)
    assert torch.allclose(energy, turned_energy, rtol=1e-12, atol=0)
    assert (turned_force - force @ turn.T).norm() / force.norm() < 1e-12
    force.square().sum().backward()
    assert all(p.grad is not None for name, p in model.named_parameters() if name != "last.bias")
