"""Fibres with their topology: how they are sampled, their density, and the vectors on which a structure group acts."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from catnet.nn.bundles.splines import wrap


class Euclidean:
    """R^k with the standard normal distribution."""

    def __init__(self, dim: int) -> None:
        if dim < 1:
            raise ValueError(f"a vector space has a dimension of at least 1, not {dim}")
        self.dim = self.vector_dim = dim

    def sample(self, like: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Points [*shape, dim], of the dtype and device of `like`."""
        return like.new_empty(*shape, self.dim).normal_()

    def log_prob(self, f: Tensor) -> Tensor:
        """The logarithm of the density, [..., dim] -> [...]."""
        return -0.5 * (f.square() + math.log(2 * math.pi)).sum(-1)

    def vector(self, f: Tensor) -> Tensor:
        """The vector on which the structure group acts: the point itself."""
        return f

    def point(self, v: Tensor) -> Tensor:
        """The inverse of `vector`."""
        return v

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dim})"


class Interval(Euclidean):
    """The interval [-1, 1], uniform, with soft ends: a logistic deviate of scale `softness` is added.

    So the density is exact and positive on the whole line, and the likelihood of a point that a chart in training puts
    outside is finite. O(1) acts by the sign. Raises ValueError for a softness that is not in (0, 0.1].
    """

    def __init__(self, softness: float = 0.02) -> None:
        super().__init__(1)
        if not 0 < softness <= 0.1:
            raise ValueError(f"the softness is above 0 and at most 0.1, not {softness}")
        self.softness = softness

    def sample(self, like: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Points [*shape, 1]."""
        u = like.new_empty(*shape, 1).uniform_(1e-6, 1 - 1e-6)
        return like.new_empty(*shape, 1).uniform_(-1, 1) + self.softness * (u.log() - (-u).log1p())

    def log_prob(self, f: Tensor) -> Tensor:
        """The logarithm of the density, [..., 1] -> [...]."""
        return _log_difference(f.squeeze(-1), 1 / self.softness) - math.log(2)

    def __repr__(self) -> str:
        return f"Interval({self.softness})"


def _log_difference(f: Tensor, a: float) -> Tensor:
    """log(sigmoid(a (f + 1)) - sigmoid(a (f - 1))), in a form that does not cancel."""
    return math.log1p(-math.exp(-2 * a)) - F.softplus(-a * (f + 1)) - F.softplus(a * (f - 1))


class Circle:
    """The circle as angles in [-pi, pi), uniform. O(2) and its subgroups act on (cos, sin)."""

    dim, vector_dim = 1, 2

    def sample(self, like: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Points [*shape, 1]."""
        return like.new_empty(*shape, 1).uniform_(-math.pi, math.pi)

    def log_prob(self, f: Tensor) -> Tensor:
        """The logarithm of the density, [..., 1] -> [...]."""
        return torch.full_like(f[..., 0], -math.log(2 * math.pi))

    def vector(self, f: Tensor) -> Tensor:
        """The point of the plane, [..., 1] -> [..., 2]."""
        return torch.cat([f.cos(), f.sin()], -1)

    def point(self, v: Tensor) -> Tensor:
        """The angle of a point of the plane, [..., 2] -> [..., 1]."""
        return wrap(torch.atan2(v[..., 1:], v[..., :1]))

    def __repr__(self) -> str:
        return "Circle()"


Space = Euclidean | Interval | Circle
