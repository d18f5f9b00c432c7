"""Real spherical harmonics of relative positions, by recursion on polynomials."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from catnet.nn.irreps import Irreps

SCALES = ("component", "orthonormal", "norm")


def spherical_harmonics(
    degrees: int | Sequence[int], x: Tensor, scale: str = "component", solid: bool = False
) -> Tensor:
    """The real spherical harmonics of vectors `x` of shape [..., 3], in the order m = -l..l for each degree.

    An integer `degrees` means 0 up to that degree. The result has shape [..., sum of 2 l + 1]. `scale` says what is
    constant on the unit sphere: "component": the squares of one degree sum to 2 l + 1; "orthonormal": the integral of
    each square is 1; "norm": the squares sum to 1. Without the Condon-Shortley phase: degree 1 is along (y, z, x).

    By default only the direction of `x` counts. A zero vector has none: there degree 0 keeps its constant and all
    others are 0, with finite derivatives, though not continuous. `solid` gives the homogeneous polynomials
    |x|^l Y_l(x / |x|) instead, which are smooth everywhere.

    Raises ValueError for a last axis that is not 3, a negative degree, or an unknown scale.

    >>> spherical_harmonics(1, torch.tensor([0.0, 0.0, 2.0]))
    tensor([1.0000, 0.0000, 1.7321, 0.0000])
    """
    wanted = list(range(degrees + 1)) if isinstance(degrees, int) else list(degrees)
    if x.shape[-1] != 3:
        raise ValueError(f"positions have 3 coordinates on the last axis, not {x.shape[-1]}")
    if scale not in SCALES:
        raise ValueError(f"the scale is one of {', '.join(SCALES)}, not {scale!r}")
    if not wanted or min(wanted) < 0:
        raise ValueError("degrees are not negative, and there is at least one")
    if not solid:
        square = x.square().sum(-1, keepdim=True)
        x = x / torch.where(square > 0, square, 1.0).sqrt()
    table = _solid_harmonics(max(wanted), x)
    factors = [_factor(degree, scale) for degree in wanted]
    return torch.stack([f * y for degree, f in zip(wanted, factors, strict=True) for y in table[degree]], -1)


class SphericalHarmonics(nn.Module):
    """`spherical_harmonics` up to degree `lmax` as a module: [..., 3] -> [..., (lmax + 1)^2]."""

    def __init__(self, lmax: int, scale: str = "component", solid: bool = False) -> None:
        super().__init__()
        self.lmax, self.scale, self.solid = lmax, scale, solid
        self.irreps = Irreps([(1, degree, (-1) ** degree) for degree in range(lmax + 1)])

    def forward(self, x: Tensor) -> Tensor:
        """The harmonics of relative positions."""
        return spherical_harmonics(self.lmax, x, self.scale, self.solid)


def _factor(degree: int, scale: str) -> float:
    """From orthonormal harmonics to those of another scale."""
    if scale == "orthonormal":
        return 1.0
    return math.sqrt(4 * math.pi / (2 * degree + 1 if scale == "norm" else 1))


def _solid_harmonics(lmax: int, position: Tensor) -> list[list[Tensor]]:
    """The orthonormal solid harmonics of each degree, m = -l..l, each of shape [...].

    Re and Im of (x + i y)^m carry the azimuth; the rest obeys the recursion of the fully normalised associated
    Legendre functions, made homogeneous: `z` for the cosine and the squared radius for 1.
    """
    x, y, z = position.unbind(-1)
    square = x * x + y * y + z * z
    cosine, sine = torch.ones_like(x), torch.zeros_like(x)
    table: list[list[Tensor]] = [[x] * (2 * degree + 1) for degree in range(lmax + 1)]
    diagonal = math.sqrt(1 / (4 * math.pi))
    for m in range(lmax + 1):
        if m:
            cosine, sine = x * cosine - y * sine, x * sine + y * cosine
            diagonal *= math.sqrt((2 * m + 1) / (2 * m))
        root = math.sqrt(2) if m else 1.0
        last, before = torch.full_like(x, root * diagonal), None
        for degree in range(m, lmax + 1):
            if degree > m:
                a = math.sqrt((4 * degree**2 - 1) / (degree**2 - m**2))
                now = a * z * last
                if before is not None:
                    above = (2 * degree + 1) * (degree + m - 1) * (degree - m - 1)
                    now = now - math.sqrt(above / ((2 * degree - 3) * (degree**2 - m**2))) * square * before
                last, before = now, last
            table[degree][degree + m] = last * cosine
            if m:
                table[degree][degree - m] = last * sine
    return table
