"""Functions of a distance: bases that vanish smoothly at a cutoff."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from catnet.nn.exact import Exact


def smooth_cutoff(distance: Tensor, cutoff: float, power: int = 6) -> Tensor:
    """A polynomial that falls from 1 at distance 0 to 0 at `cutoff`, with two continuous derivatives there.

    1 - (p + 1)(p + 2)/2 u^p + p (p + 2) u^(p + 1) - p (p + 1)/2 u^(p + 2) for u = distance / cutoff and power p, and 0
    beyond (Gasteiger, Gross, Günnemann 2020, section 4).

    >>> smooth_cutoff(torch.tensor([0.0, 1.0, 2.0]), cutoff=1.0)
    tensor([1., 0., 0.])
    """
    u = (distance / cutoff).clamp(max=1.0)
    p = power
    return 1 + u**p * (-(p + 1) * (p + 2) / 2 + u * (p * (p + 2) - u * (p * (p + 1) / 2)))


class BesselBasis(Exact):
    """sqrt(2 / c) sin(n pi r / c) / r times a smooth cutoff, for n = 1..count: [...] -> [..., count].

    The functions without the cutoff are orthonormal on the ball of radius c = `cutoff` with the measure r^2 dr. They
    are smooth at r = 0.

    >>> BesselBasis(3, cutoff=2.0)(torch.tensor(0.0))
    tensor([1.5708, 3.1416, 4.7124])
    """

    frequency: Tensor

    def __init__(self, count: int, cutoff: float, power: int = 6) -> None:
        super().__init__()
        self.cutoff, self.power = _positive(count, cutoff), power
        self.constant("frequency", torch.arange(1, count + 1, dtype=torch.float64, device="cpu") / cutoff)

    def forward(self, distance: Tensor) -> Tensor:
        """The basis at distances in the unit of the cutoff."""
        waves = (
            math.pi * math.sqrt(2 / self.cutoff) * self.frequency * torch.sinc(distance.unsqueeze(-1) * self.frequency)
        )
        return waves * smooth_cutoff(distance, self.cutoff, self.power).unsqueeze(-1)

    def extra_repr(self) -> str:
        """The count and the cutoff."""
        return f"{len(self.frequency)}, cutoff={self.cutoff}"


class GaussianBasis(Exact):
    """Gaussians exp(-(r - m)^2 / (2 s^2)), at distances s on [0, cutoff], times a smooth cutoff.

    [...] -> [..., count]; it is 0 beyond the cutoff.

    >>> GaussianBasis(3, cutoff=2.0)(torch.tensor([0.0])).round(decimals=3)
    tensor([[1.0000, 0.6070, 0.1350]])
    """

    mean: Tensor

    def __init__(self, count: int, cutoff: float, power: int = 6) -> None:
        super().__init__()
        self.cutoff, self.power = _positive(count, cutoff), power
        self.width = cutoff / max(count - 1, 1)
        self.constant("mean", torch.arange(count, dtype=torch.float64, device="cpu") * self.width)

    def forward(self, distance: Tensor) -> Tensor:
        """The basis at distances in the unit of the cutoff."""
        offset = (distance.unsqueeze(-1) - self.mean) / self.width
        return torch.exp(-0.5 * offset.square()) * smooth_cutoff(distance, self.cutoff, self.power).unsqueeze(-1)

    def extra_repr(self) -> str:
        """The count and the cutoff."""
        return f"{len(self.mean)}, cutoff={self.cutoff}"


def _positive(count: int, cutoff: float) -> float:
    if count < 1 or not 0 < cutoff < math.inf:
        raise ValueError(f"a radial basis has at least one function and a finite cutoff above 0, not {count}, {cutoff}")
    return cutoff
