"""Covers of a base by charts that overlap, with a partition of unity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class OutsideEveryChartError(ValueError):
    """A base point that lies in no chart of a cover."""


class Cover(nn.Module):
    """Charts that are balls around `centres` [charts, base_dim] with `radii` [charts] in the space of base points.

    `weights` is the partition of unity of the bumps exp(-1 / (1 - d^2 / r^2)), d being the distance from a centre:
    smooth, 0 outside a chart, of sum 1. Raises ValueError for radii that are not above 0, repeated names, or another
    number of names.

    >>> cover = Cover.circle(3)
    >>> cover.nerve
    [('chart0', 'chart1'), ('chart0', 'chart2'), ('chart1', 'chart2')]
    >>> cover.weights(torch.tensor([[1.0, 0.0], [-0.5, 0.75**0.5]])).sum(-1)
    tensor([1., 1.])
    >>> cover.weights(torch.tensor([4.0, 0.0])) # doctest: +ELLIPSIS
    Traceback (most recent call last):
    catnet.nn.bundles.covers.OutsideEveryChartError: no chart holds 1 of 1 base points: the first, (4, 0), is away ...
    """

    centres: Tensor
    radii: Tensor

    def __init__(
        self,
        centres: Tensor,
        radii: Tensor,
        names: Sequence[str] | None = None,
        nerve: Sequence[tuple[str, str]] | None = None,
    ) -> None:
        super().__init__()
        if centres.dim() != 2 or not len(centres) or radii.shape != centres.shape[:1]:
            raise ValueError(
                f"centres are [charts, base_dim] and radii [charts], not {[*centres.shape]}, {[*radii.shape]}"
            )
        if not bool((radii > 0).all()):
            raise ValueError("the radius of a chart is above 0")
        self.names = [f"chart{i}" for i in range(len(centres))] if names is None else list(names)
        if len(self.names) != len(centres) or len(set(self.names)) != len(self.names):
            raise ValueError(f"{len(centres)} charts need as many different names, not {self.names}")
        self.register_buffer("centres", centres)
        self.register_buffer("radii", radii)
        near = torch.cdist(centres, centres) < radii[:, None] + radii
        meeting = [(self.names[i], self.names[j]) for i, j in near.triu(1).nonzero().tolist()]
        self._nerve = meeting if nerve is None else [self._pair(*pair) for pair in nerve]

    @property
    def nerve(self) -> list[tuple[str, str]]:
        """The pairs of charts that meet."""
        return self._nerve

    def _pair(self, a: str, b: str) -> tuple[str, str]:
        i, j = sorted((self.index(a), self.index(b)))
        return self.names[i], self.names[j]

    @classmethod
    def circle(cls, charts: int = 3, overlap: float = 0.3, radius: float = 1.0) -> Self:
        """Arcs around a circle of a given radius in the plane.

        `overlap` is the part of an arc that it shares with each neighbour. Only neighbours meet, and no three charts,
        so that a loop around the circle shows its holonomy. Raises ValueError for fewer than three charts, and for an
        overlap that is not above 0 and below 1/2.
        """
        if charts < 3 or not 0 < overlap < 0.5:
            raise ValueError(f"a circle takes 3 charts or more that overlap by 0 to 1/2, not {charts} by {overlap}")
        angles = torch.arange(charts) * (2 * math.pi / charts)
        half = math.pi / charts / (1 - overlap)
        centres = radius * torch.stack([angles.cos(), angles.sin()], -1)
        names = [f"chart{i}" for i in range(charts)]
        nerve = [(names[i], names[(i + 1) % charts]) for i in range(charts)]
        nerve = sorted((min(pair), max(pair)) for pair in nerve)
        return cls(centres, torch.full((charts,), 2 * radius * math.sin(half / 2)), names, nerve)

    @classmethod
    def from_points(cls, points: Tensor, charts: int, overlap: float = 0.3, steps: int = 50) -> Self:
        """A cover learned from base points [n, base_dim] by k-means.

        A radius reaches the farthest point of its cell, times 1 + overlap. Two charts meet where they have a point in
        common. Each centre starts at the point farthest from those before it, so the outcome is deterministic. Raises
        ValueError for more charts than different points.
        """
        if not 1 <= charts <= len(points.unique(dim=0)):
            raise ValueError(f"{charts} charts cannot be learned from {len(points.unique(dim=0))} different points")
        centres = points[:1]
        while len(centres) < charts:
            far = torch.cdist(points, centres).amin(1).argmax()
            centres = torch.cat([centres, points[far : far + 1]])
        for _ in range(steps):
            cell = torch.cdist(points, centres).argmin(1)
            counts = torch.bincount(cell, minlength=charts).clamp_min(1).unsqueeze(-1)
            centres = torch.zeros_like(centres).index_add(0, cell, points) / counts
        distance = torch.cdist(points, centres)
        reach = torch.where(F.one_hot(distance.argmin(1), charts).bool(), distance, 0.0).amax(0)
        smallest = distance[distance > 0].min() if bool((distance > 0).any()) else distance.new_ones(())
        radii = torch.maximum(reach, smallest) * (1 + overlap)
        inside = (distance < radii).to(points)
        names = [f"chart{i}" for i in range(charts)]
        meeting = (inside.T @ inside).triu(1).nonzero().tolist()
        return cls(centres, radii, names, [(names[i], names[j]) for i, j in meeting])

    def index(self, name: str) -> int:
        """The place of a chart. Raises ValueError for a name that no chart has."""
        if name not in self.names:
            raise ValueError(f"there is no chart {name!r}; the charts are {', '.join(self.names)}")
        return self.names.index(name)

    def inside(self, base: Tensor) -> Tensor:
        """Whether base points [..., base_dim] lie in the charts, [..., charts]."""
        return self._squares(base) < 1

    def weights(self, base: Tensor) -> Tensor:
        """The partition of unity at base points [..., base_dim], [..., charts].

        Raises `OutsideEveryChartError` where a point lies in no chart.
        """
        square = self._squares(base)
        inside = square < 1
        if not torch.compiler.is_compiling() and not bool(inside.any(-1).all()):
            raise self.lost(base, inside)
        # softmax over the exponents is the quotient of the bumps, and does not underflow near the rim of a chart
        exponent = torch.where(inside, -1 / (1 - torch.where(inside, square, 0.0)), -torch.inf)
        return exponent.softmax(-1)

    def _squares(self, base: Tensor) -> Tensor:
        if base.shape[-1] != self.centres.shape[-1]:
            raise ValueError(f"a base point has {self.centres.shape[-1]} coordinates, not {base.shape[-1]}")
        return (base.unsqueeze(-2) - self.centres).square().sum(-1) / self.radii.square()

    def lost(self, base: Tensor, inside: Tensor) -> OutsideEveryChartError:
        """The error for base points [..., base_dim] of which some lie in no chart, by `inside` [..., charts]."""
        lost = base[~inside.any(-1)] if base.dim() > 1 else base.unsqueeze(0)
        point = ", ".join(f"{x:.4g}" for x in lost[0].tolist())
        distances = (lost[0] - self.centres).norm(dim=-1)
        nearest = (distances / self.radii).argsort()[:8].tolist()
        charts = "; ".join(f"{self.names[i]}, of radius {self.radii[i]:.4g}, by {distances[i]:.4g}" for i in nearest)
        rest = "" if len(self.names) <= 8 else f" and {len(self.names) - 8} more"
        count = f"{int((~inside.any(-1)).sum())} of {base[..., 0].numel()} base points"
        words = f"no chart holds {count}: the first, ({point}), is away from the centre of {charts}{rest}"
        return OutsideEveryChartError(words)

    def extra_repr(self) -> str:
        """The names of the charts."""
        return ", ".join(self.names)
