"""Local trivialisations: isomorphisms of the part of a total space over a chart with base times fibre."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from catnet.nn.bundles.covers import Cover
from catnet.nn.bundles.isomorphisms import Isomorphism
from catnet.nn.bundles.spaces import Euclidean, Space


class Trivialisation(nn.Module):
    """A trivialisation that lies over the base by construction: (base, x) -> (base, f, normal).

    A point of the total space is given as its base point and coordinates x [..., dim]; `isomorphism` acts on x alone,
    over the base point. So the first component passes unchanged, and `project . trivialise^-1 = first` holds exactly.
    The first entries of the image are the `fibre` coordinate f; where x has more coordinates than the fibre (a circle
    in space) the rest are `normal` ones, with a normal distribution that training makes narrow in x.

    Raises ValueError where the fibre has more coordinates than x.
    """

    def __init__(self, isomorphism: Isomorphism, fibre: Space) -> None:
        super().__init__()
        if fibre.dim > isomorphism.dim:
            raise ValueError(f"the fibre {fibre} does not fit into {isomorphism.dim} coordinates")
        self.isomorphism, self.fibre = isomorphism, fibre
        self.normal = Euclidean(isomorphism.dim - fibre.dim) if isomorphism.dim > fibre.dim else None

    def forward(self, base: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(base, f, normal, log |det|): the base point as it came, f [..., fibre.dim], normal [..., the rest]."""
        y, slope = self.isomorphism(x, base)
        return base, y[..., : self.fibre.dim], y[..., self.fibre.dim :], slope

    def inverse(self, base: Tensor, f: Tensor, normal: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(base, x): the point of the total space with fibre coordinate f; the normal coordinates are 0 by default."""
        if normal is None:
            normal = f.new_zeros(*f.shape[:-1], self.isomorphism.dim - self.fibre.dim)
        return base, self.isomorphism.inverse(torch.cat([f, normal], -1), base)[0]

    def log_prob(self, base: Tensor, x: Tensor) -> Tensor:
        """The logarithm of the density of x given the base point, [...]."""
        _, f, normal, slope = self(base, x)
        density = self.fibre.log_prob(f) + slope
        return density if self.normal is None else density + self.normal.log_prob(normal)

    def sample(self, base: Tensor, count: int, thickness: float = 1.0) -> Tensor:
        """x [..., count, dim] over base points [..., base_dim]; `thickness` scales the normal coordinates."""
        shape = (*base.shape[:-1], count)
        normal = None if self.normal is None else thickness * self.normal.sample(base, shape)
        over = base.unsqueeze(-2).expand(*shape, -1)
        return self.inverse(over, self.fibre.sample(base, shape), normal)[1]


class FreeTrivialisation(nn.Module):
    """A trivialisation that is trained to lie over the base: any isomorphism z -> (base, f) of R^m.

    It is that of bundle networks (Courts, Kvinge, 2022). `project . trivialise^-1 = first` does not hold by
    construction: `residual` measures how far it is from doing so at given points, and is to be a term of the loss. What
    training reaches is never more than `trained`. `isomorphism` acts on all coordinates of z; it may be conditioned on
    `condition`, such as the centre of a chart.
    """

    def __init__(self, isomorphism: Isomorphism, base_dim: int, fibre: Space) -> None:
        super().__init__()
        if base_dim + fibre.dim != isomorphism.dim:
            raise ValueError(
                f"base and fibre have {base_dim} + {fibre.dim} coordinates, the total space {isomorphism.dim}"
            )
        self.isomorphism, self.base_dim, self.fibre = isomorphism, base_dim, fibre

    def forward(self, z: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """(base, f, log |det|) of points z [..., m]."""
        y, slope = self.isomorphism(z, z[..., :0] if condition is None else condition)
        return y[..., : self.base_dim], y[..., self.base_dim :], slope

    def inverse(self, base: Tensor, f: Tensor, condition: Tensor | None = None) -> Tensor:
        """The point z [..., m] with these coordinates."""
        return self.isomorphism.inverse(torch.cat([base, f], -1), base[..., :0] if condition is None else condition)[0]

    def residual(self, z: Tensor, base: Tensor, condition: Tensor | None = None) -> Tensor:
        """The distance of the first component from the base points of z, [...]."""
        return (self(z, condition)[0] - base).norm(dim=-1)

    def sample(self, base: Tensor, count: int, condition: Tensor | None = None) -> Tensor:
        """z [..., count, m] over base points [..., base_dim]."""
        shape = (*base.shape[:-1], count)
        over = base.unsqueeze(-2).expand(*shape, -1)
        given = None if condition is None else condition.unsqueeze(-2).expand(*shape, -1)
        return self.inverse(over, self.fibre.sample(base, shape), given)


class Atlas(nn.Module):
    """A bundle as a trivialisation over each chart of a cover, glued by what they say on overlaps.

    The transition from chart j to chart i is `phi_i . phi_j^-1`, so `g_ii = 1`, `g_ij^-1 = g_ji` and the cocycle law
    hold to rounding for all parameters. A density over a base point b is the mixture of those of the charts, with the
    partition of unity as weights; `sample` draws a chart by these weights. Base points outside every chart raise
    `OutsideEveryChartError`.

    Raises ValueError for a number of trivialisations that is not the number of charts, or different fibres.
    """

    def __init__(self, cover: Cover, trivialisations: Sequence[Trivialisation]) -> None:
        super().__init__()
        if len(trivialisations) != len(cover.names):
            raise ValueError(f"{len(cover.names)} charts need as many trivialisations, not {len(trivialisations)}")
        if len({repr(t.fibre) for t in trivialisations}) != 1:
            raise ValueError(f"the charts have different fibres: {[t.fibre for t in trivialisations]}")
        self.cover, self.trivialisations = cover, nn.ModuleList(trivialisations)
        self.fibre = trivialisations[0].fibre

    def chart(self, name: str) -> Trivialisation:
        """The trivialisation over a chart."""
        found = self.trivialisations[self.cover.index(name)]
        assert isinstance(found, Trivialisation)
        return found

    def forward(self, base: Tensor, x: Tensor) -> Tensor:
        """The logarithm of the density of x [n, dim] given the base points [n, base_dim], [n].

        Each chart is asked only for the points that lie in it.
        """
        weights = self.cover.weights(base)
        terms = x.new_full(weights.shape, -torch.inf)
        for i, name in enumerate(self.cover.names):
            inside = (weights[:, i] > 0).nonzero().squeeze(-1)
            values = weights[inside, i].log() + self.chart(name).log_prob(base[inside], x[inside])
            terms = terms.index_put((inside, torch.full_like(inside, i)), values)
        return terms.logsumexp(-1)

    def transition(self, into: str, out_of: str, base: Tensor, f: Tensor, normal: Tensor | None = None) -> Tensor:
        """The fibre and normal coordinates [..., dim] in chart `into` of a point given in chart `out_of`."""
        base, x = self.chart(out_of).inverse(base, f, normal)
        _, g, rest, _ = self.chart(into)(base, x)
        return torch.cat([g, rest], -1)

    def sample(self, base: Tensor, count: int, thickness: float = 1.0) -> Tensor:
        """x [n, count, dim] over base points [n, base_dim]."""
        choice = torch.multinomial(self.cover.weights(base), count, replacement=True)
        samples = base.new_empty(len(base), count, self.chart(self.cover.names[0]).isomorphism.dim)
        for i, name in enumerate(self.cover.names):
            row, column = (choice == i).nonzero(as_tuple=True)
            if len(row):
                samples[row, column] = self.chart(name).sample(base[row], 1, thickness).squeeze(-2).to(samples)
        return samples
