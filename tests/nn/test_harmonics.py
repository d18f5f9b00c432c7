"""Spherical harmonics and Clebsch-Gordan coefficients against formulas that do not come from them."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from sympy import S
from sympy.physics.wigner import clebsch_gordan as by_sympy

from catnet.nn.clebsch_gordan import _complex, clebsch_gordan, coupling
from catnet.nn.spherical_harmonics import SphericalHarmonics, spherical_harmonics
from tests.nn.rotations import rotation, wigner

DOUBLE = torch.float64


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=DOUBLE)


def test_low_degrees_are_the_known_polynomials() -> None:
    position = random(10, 3)
    x, y, z = position.unbind(-1)
    a, b = math.sqrt(3 / (4 * math.pi)), math.sqrt(15 / (4 * math.pi))
    square = x * x + y * y + z * z
    expected = [torch.full_like(x, math.sqrt(1 / (4 * math.pi))), a * y, a * z, a * x]
    expected += [b * x * y, b * y * z, b / math.sqrt(12) * (3 * z * z - square), b * x * z, b / 2 * (x * x - y * y)]
    found = spherical_harmonics(2, position, "orthonormal", solid=True)
    assert torch.allclose(found, torch.stack(expected, -1), rtol=0, atol=1e-14)


def test_orthonormal_on_the_sphere_up_to_degree_ten() -> None:
    lmax = 10  # products are polynomials of degree 20: 11 Legendre nodes and 21 azimuths integrate them exactly
    jacobi = torch.diag(torch.tensor([n / math.sqrt(4 * n * n - 1) for n in range(1, 12)], dtype=DOUBLE), 1)
    nodes, vectors = torch.linalg.eigh(jacobi + jacobi.T)
    angle = 2 * math.pi * torch.arange(24, dtype=DOUBLE) / 24
    z = nodes[:, None].expand(-1, 24)
    x, y = (1 - z * z).sqrt() * angle.cos(), (1 - z * z).sqrt() * angle.sin()
    weight = (2 * vectors[0] ** 2)[:, None].expand(-1, 24).flatten() * (2 * math.pi / 24)
    found = spherical_harmonics(lmax, torch.stack((x, y, z), -1).flatten(0, 1), "orthonormal")
    gram = found.T @ (weight[:, None] * found)
    assert torch.allclose(gram, torch.eye((lmax + 1) ** 2, dtype=DOUBLE), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("scale", "total"), [("component", 17.0), ("norm", 1.0), ("orthonormal", 17 / (4 * math.pi))])
def test_scales(scale: str, total: float) -> None:
    found = spherical_harmonics([8], random(7, 3), scale).square().sum(-1)
    assert torch.allclose(found, torch.full_like(found, total), rtol=1e-13)


def test_derivatives_away_from_zero_and_at_zero() -> None:
    x = random(4, 3).requires_grad_()
    for solid in (False, True):
        assert torch.autograd.gradcheck(lambda x, solid=solid: spherical_harmonics(5, x, solid=solid), x)
    zero = torch.zeros(1, 3, dtype=DOUBLE, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: spherical_harmonics(4, x, solid=True), zero)
    assert torch.autograd.gradgradcheck(lambda x: spherical_harmonics(4, x, solid=True), zero)
    value = spherical_harmonics(4, zero)
    (slope,) = torch.autograd.grad(value.sum(), zero)
    assert abs(value[0, 0].item() - 1) < 1e-15
    assert not value[0, 1:].any()
    assert slope.isfinite().all()


def test_float32_is_near_float64() -> None:
    x = random(100, 3)
    exact = spherical_harmonics(8, x)
    assert (spherical_harmonics(8, x.float()) - exact).norm() / exact.norm() < 1e-6


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="3 coordinates"):
        spherical_harmonics(1, torch.ones(2))
    with pytest.raises(ValueError, match="scale"):
        spherical_harmonics(1, torch.ones(3), "integral")
    with pytest.raises(ValueError, match="degrees"):
        spherical_harmonics([-1], torch.ones(3))
    assert SphericalHarmonics(3)(torch.ones(5, 3)).shape == (5, SphericalHarmonics(3).irreps.dim)


def test_complex_coefficients_against_sympy() -> None:
    for l1, l2, l3 in [(1, 1, 2), (2, 1, 2), (3, 2, 4), (4, 4, 3)]:
        for m1 in range(-l1, l1 + 1):
            for m2 in range(-l2, l2 + 1):
                if abs(m1 + m2) <= l3:
                    sign, square = _complex(l1, m1, l2, m2, l3, m1 + m2)
                    theirs = by_sympy(l1, l2, l3, m1, m2, m1 + m2)
                    assert sign * S(square.numerator) / square.denominator == theirs * abs(theirs)


TRIANGLES = [(a, b, c) for a in range(5) for b in range(5) for c in range(abs(a - b), min(a + b, 6) + 1)]


def test_couplings_are_intertwiners_and_co_isometries() -> None:
    turn = rotation(5)
    matrices = [wigner(degree, turn) for degree in range(7)]
    for a, b, c in TRIANGLES:
        table = coupling(a, b, c)
        before = torch.einsum("ijk,ia,jb->abk", table, matrices[a], matrices[b])
        after = torch.einsum("abm,mk->abk", table, matrices[c].T)
        assert (before - after).abs().max() < 1e-13, (a, b, c)
        assert (torch.einsum("ijk,ijm->km", table, table) - torch.eye(2 * c + 1)).abs().max() < 1e-14


def test_squares_are_exact() -> None:
    for a, b, c in [(2, 2, 2), (3, 4, 5), (6, 6, 6), (8, 8, 8)]:
        for k in range(2 * c + 1):
            assert sum(square for _, _, m, _, square in clebsch_gordan(a, b, c) if m == k) == Fraction(1)


def test_degree_one_with_itself_is_the_cross_product() -> None:
    u, v = random(2, 3)
    to_space = [2, 0, 1]  # x, y, z of a vector laid out as (y, z, x)
    cross = torch.einsum("ijk,i,j->k", coupling(1, 1, 1), u, v)[to_space] * -math.sqrt(2)
    assert torch.allclose(cross, torch.linalg.cross(u[to_space], v[to_space]), rtol=0, atol=1e-14)


def test_no_triangle() -> None:
    with pytest.raises(ValueError, match="do not couple"):
        clebsch_gordan(1, 1, 3)
