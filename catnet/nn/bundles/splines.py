"""Monotone rational-quadratic splines of an interval, of the line and of the circle (Durkan et al., 2019)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

# Bounds that keep the least slope anywhere at about 1e-5, so that the inverse keeps 1e-10 in float64.
SMALLEST_BIN = 1e-2
STEEPEST = 3.0  # the logarithm of the largest slope at a knot, and of the inverse of the smallest


def rational_quadratic(
    x: Tensor, widths: Tensor, heights: Tensor, slopes: Tensor, inverse: bool = False
) -> tuple[Tensor, Tensor]:
    """A monotone map of [0, 1] onto itself, entry by entry, and the logarithms of its slope.

    `x` is [...]; the bins have `widths` and `heights` [..., bins], each of sum 1, and `slopes` [..., bins + 1] at
    their ends. `inverse` gives the inverse map and the logarithms of its slopes. The formulas are (4) to (8) of
    "Neural Spline Flows"; the root of the quadratic is taken in the form that does not cancel.

    >>> third = torch.full((1, 3), 1 / 3)
    >>> y, slope = rational_quadratic(torch.tensor([0.4]), third, third, torch.ones(1, 4))
    >>> torch.allclose(y, torch.tensor([0.4])), torch.allclose(slope, torch.zeros(1), atol=1e-6)
    (True, True)
    """
    left, low = _knots(widths), _knots(heights)
    knots = low if inverse else left
    bin = torch.searchsorted(knots[..., 1:-1].contiguous(), x.unsqueeze(-1).contiguous())

    def here(values: Tensor) -> Tensor:
        return values.gather(-1, bin).squeeze(-1)

    x0, y0, width, height = here(left), here(low), here(widths), here(heights)
    d0, d1 = here(slopes), here(slopes[..., 1:])
    s = height / width
    bend = d0 + d1 - 2 * s
    if inverse:
        dy = x - y0
        a, b, c = height * (s - d0) + dy * bend, height * d0 - dy * bend, -s * dy
        t = 2 * c / (-b - (b.square() - 4 * a * c).clamp_min(0).sqrt())
    else:
        t = (x - x0) / width
    u = t * (1 - t)
    below = s + bend * u
    slope = 2 * s.log() + (d1 * t.square() + 2 * s * u + d0 * (1 - t).square()).log() - 2 * below.log()
    if inverse:
        return x0 + t * width, -slope
    return y0 + height * (s * t.square() + d0 * u) / below, slope


def _knots(sizes: Tensor) -> Tensor:
    return F.pad(sizes.cumsum(-1), (1, 0))


def _sizes(free: Tensor) -> Tensor:
    return SMALLEST_BIN + (1 - SMALLEST_BIN * free.shape[-1]) * free.softmax(-1)


def _slopes(free: Tensor) -> Tensor:
    return torch.exp(STEEPEST * torch.tanh(free / STEEPEST))


class Affine:
    """x -> exp(s) x + t, entry by entry, with s bounded to +-`bound` by a tangent: the scale can neither vanish nor run
    away. Free parameters [..., 2]; zeros give the identity.
    """

    def __init__(self, bound: float = 5.0) -> None:
        self.bound, self.parameters = bound, 2

    def __call__(self, x: Tensor, free: Tensor, inverse: bool = False) -> tuple[Tensor, Tensor]:
        """The image and the logarithm of the slope, both of the shape of `x`."""
        s, t = self.bound * torch.tanh(free[..., 0] / self.bound), free[..., 1]
        return ((x - t) * torch.exp(-s), -s) if inverse else (torch.exp(s) * x + t, s)


class LineSpline:
    """A spline of [-bound, bound] and the identity outside, of which the slope is continuous.

    Free parameters [..., 3 bins - 1]; zeros give the identity.
    """

    def __init__(self, bins: int = 8, bound: float = 3.0) -> None:
        _at_least_two(bins)
        self.bins, self.bound, self.parameters = bins, bound, 3 * bins - 1

    def __call__(self, x: Tensor, free: Tensor, inverse: bool = False) -> tuple[Tensor, Tensor]:
        """The image and the logarithm of the slope, both of the shape of `x`."""
        widths, heights, inner = free.split([self.bins, self.bins, self.bins - 1], -1)
        inside = x.abs() < self.bound
        z = torch.where(inside, x, 0.0) / (2 * self.bound) + 0.5
        slopes = _slopes(F.pad(inner, (1, 1)))
        y, slope = rational_quadratic(z, _sizes(widths), _sizes(heights), slopes, inverse)
        return torch.where(inside, (y - 0.5) * (2 * self.bound), x), torch.where(inside, slope, 0.0)


class CircleSpline:
    """A rotation and a spline of the circle [-pi, pi), with a continuous slope everywhere (Rezende et al., 2020).

    The spline keeps -pi where it is; the rotation comes first. Free parameters [..., 3 bins + 1]; zeros give the
    identity.
    """

    def __init__(self, bins: int = 8) -> None:
        _at_least_two(bins)
        self.bins, self.parameters = bins, 3 * bins + 1

    def __call__(self, x: Tensor, free: Tensor, inverse: bool = False) -> tuple[Tensor, Tensor]:
        """The image in [-pi, pi) and the logarithm of the slope, both of the shape of `x`."""
        widths, heights, inner, turn = free.split([self.bins, self.bins, self.bins, 1], -1)
        slopes = _slopes(torch.cat([inner, inner[..., :1]], -1))
        turn = turn.squeeze(-1)
        z = wrap(x if inverse else x + turn) / (2 * math.pi) + 0.5
        y, slope = rational_quadratic(z, _sizes(widths), _sizes(heights), slopes, inverse)
        y = (y - 0.5) * (2 * math.pi)
        return wrap(y - turn if inverse else y), slope


def wrap(angle: Tensor) -> Tensor:
    """Angles moved by full turns to [-pi, pi).

    >>> wrap(torch.tensor([3 * math.pi / 2, -1.0]))
    tensor([-1.5708, -1.0000])
    """
    return torch.where(angle.abs() < math.pi, angle, torch.remainder(angle + math.pi, 2 * math.pi) - math.pi)


def _at_least_two(bins: int) -> None:
    if not 2 <= bins <= 50:
        raise ValueError(f"a spline has 2 to 50 bins, not {bins}")


Transform = Affine | LineSpline | CircleSpline
