"""Rotations of space and of the representations of O(3), from the spherical harmonics alone."""

from __future__ import annotations

import torch
from torch import Tensor

from catnet.nn.irreps import Irreps
from catnet.nn.spherical_harmonics import spherical_harmonics


def rotation(seed: int, determinant: int = 1) -> Tensor:
    """A random orthogonal 3 x 3 matrix of the given determinant, float64."""
    draw = torch.randn(3, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    q = torch.linalg.qr(draw).Q
    return q * (torch.det(q).sign() * determinant)


def wigner(degree: int, proper: Tensor) -> Tensor:
    """The matrix D with Y(R x) = D Y(x) for harmonics of one degree, found from random points."""
    x = torch.randn(8 * degree + 20, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    before, after = spherical_harmonics([degree], x), spherical_harmonics([degree], x @ proper.T)
    return torch.linalg.lstsq(before, after).solution.T


def represent(irreps: str | Irreps, orthogonal: Tensor) -> Tensor:
    """The matrix of an orthogonal 3 x 3 matrix in a sum of irreducible representations."""
    sign = torch.det(orthogonal).sign()
    blocks = []
    for block in Irreps(irreps):
        matrix = wigner(block.l, orthogonal * sign)
        if block.parity < 0:
            matrix = matrix * sign
        blocks += [matrix] * block.mul
    return torch.block_diag(*blocks)
