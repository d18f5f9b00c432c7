"""Ways to learn the fibres of a bundle from points: ours and four others, with one interface, for `benchmarks.bundles`.

Each takes base points [n, 2] on the unit circle and points [n, 3] of a size of about one. `step` takes a batch and the
part of the budget that is left; `sample` gives points of the fibres over base points, [m, 2] to [m, count, 3]. The
rates of all optimisers fall to 0 with what is left. Where a density is fitted the points get noise, which falls as
well: a surface in space has no density.
"""

from __future__ import annotations

import importlib.util
import math
from itertools import pairwise
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from catnet.nn.bundles import (
    Affine,
    Atlas,
    Circle,
    Composite,
    Coupling,
    Cover,
    Euclidean,
    FreeTrivialisation,
    Interval,
    LinearIsomorphism,
    NegativeLogLikelihood,
    Polar,
    Standardise,
    StructureGroup,
    Trivialisation,
    fitted_transitions,
    loop_product,
)


def noisy(x: Tensor, left: float, last: float) -> Tensor:
    """Points with noise of deviation 0.1 more at first than at `last`."""
    return x + (last + 0.1 * left**2) * torch.randn_like(x)


def descend(optimiser: torch.optim.Optimizer, loss: Tensor, left: float) -> None:
    """One step at the optimiser's rate times what is left, with gradients of a norm of 10 at most."""
    optimiser.zero_grad()
    loss.backward()
    for group in optimiser.param_groups:
        group.setdefault("first_rate", group["lr"])
        group["lr"] = group["first_rate"] * left
        nn.utils.clip_grad_norm_(group["params"], 10.0)
    optimiser.step()


class Fit(Protocol):
    """A model in training."""

    def step(self, base: Tensor, x: Tensor, left: float) -> None:
        """One step of the optimiser."""

    def sample(self, base: Tensor, count: int) -> Tensor:
        """Points of the fibres."""


class Charts:
    """Four charts with a trivialisation by construction each, the fibre as declared; trained by likelihood."""

    def __init__(self, base: Tensor, x: Tensor, fibre: str) -> None:
        cover = Cover.circle(4, overlap=0.2)
        inside = cover.inside(base)
        make = chart_with_circle if fibre == "circle" else chart_with_interval
        charts = [make(base[inside[:, i]], x[inside[:, i]]) for i in range(4)]
        self.atlas, self.group = Atlas(cover, charts), "O(2)" if fibre == "circle" else "O(1)"
        self.loss = NegativeLogLikelihood(self.atlas)
        self.optimiser = torch.optim.Adam(self.atlas.parameters(), 5e-3)

    def step(self, base: Tensor, x: Tensor, left: float) -> None:
        """The likelihood of the points with noise."""
        descend(self.optimiser, self.loss(base, noisy(x, left, 0.003)), left)

    def sample(self, base: Tensor, count: int) -> Tensor:
        """From the mixture of charts, where the normal coordinates are 0: they hold only the noise of training."""
        return self.atlas.sample(base, count, thickness=0.0)

    def holonomy(self, base: Tensor, x: Tensor) -> float:
        """The determinant of the product of the fitted transitions around the circle."""
        found = fitted_transitions(self.atlas, self.group, base, x)
        return float(torch.linalg.det(loop_product(self.atlas.cover.names, found)))


def chart_with_circle(base: Tensor, x: Tensor) -> Trivialisation:
    """A loop in a plane: bring it to the unit circle, read its angle, and straighten the rest.

    The angle is not bent by a spline: the declared fibre is uniform, and from 1,000 points a spline learns noise.
    """
    layers = [
        Standardise.fitted(base, x),
        LinearIsomorphism(StructureGroup("SO(3)", "cayley"), 2),
        Polar(3),
        Coupling(3, 2, Affine(), passive=[0], angles=[0]),
    ]
    return Trivialisation(Composite(*layers), Circle())


def chart_with_interval(base: Tensor, x: Tensor) -> Trivialisation:
    """A segment: turn it to the first axis, bring it to [-1, 1], and straighten the rest."""
    layers = [
        Standardise.fitted(base, x, 2.0),
        LinearIsomorphism(StructureGroup("SO(3)", "cayley"), 2),
        Coupling(3, 2, Affine(), active=[0]),
        Coupling(3, 2, Affine(), passive=[0]),
    ]
    return Trivialisation(Composite(*layers), Interval(0.005))


class SplineFlow:
    """A conditional neural spline flow of zuko."""

    def __init__(self, base: Tensor, x: Tensor) -> None:
        import zuko

        self.flow = zuko.flows.NSF(3, 2, transforms=3, hidden_features=(64, 64))
        self.optimiser = torch.optim.Adam(self.flow.parameters(), 3e-3)

    @staticmethod
    def installed() -> bool:
        """Whether zuko can be imported."""
        return importlib.util.find_spec("zuko") is not None

    def step(self, base: Tensor, x: Tensor, left: float) -> None:
        """Likelihood of the points with noise."""
        descend(self.optimiser, -self.flow(base).log_prob(noisy(x, left, 0.01)).mean(), left)

    def sample(self, base: Tensor, count: int) -> Tensor:
        """From the flow."""
        return self.flow(base).sample((count,)).transpose(0, 1)


def mlp(*sizes: int) -> nn.Sequential:
    """Linear maps with SiLU between them."""
    layers: list[nn.Module] = []
    for into, out in pairwise(sizes):
        layers += [nn.Linear(into, out), nn.SiLU()]
    return nn.Sequential(*layers[:-1])


class Gan:
    """A small conditional generative adversarial network without batch normalisation.

    The critic's gradient at true points is penalised (Mescheder et al., 2018), without which the torus collapses.
    """

    def __init__(self, base: Tensor, x: Tensor) -> None:
        self.generator, self.critic = mlp(2 + 4, 128, 128, 3), mlp(2 + 3, 128, 128, 1)
        self.of_generator = torch.optim.Adam(self.generator.parameters(), 1e-3, betas=(0.0, 0.99))
        self.of_critic = torch.optim.Adam(self.critic.parameters(), 1e-3, betas=(0.0, 0.99))

    def _fake(self, base: Tensor) -> Tensor:
        return self.generator(torch.cat([base, torch.randn(*base.shape[:-1], 4)], -1))

    def step(self, base: Tensor, x: Tensor, left: float) -> None:
        """One step of each of the two, with the non-saturating loss."""
        x = x.clone().requires_grad_()
        false = self.critic(torch.cat([base, self._fake(base).detach()], -1))
        true = self.critic(torch.cat([base, x], -1))
        (slope,) = torch.autograd.grad(true.sum(), x, create_graph=True)
        loss = F.softplus(false) + F.softplus(-true) + 0.05 * slope.square().sum(-1, keepdim=True)
        descend(self.of_critic, loss.mean(), left)
        fake = self.critic(torch.cat([base, self._fake(base)], -1))
        descend(self.of_generator, F.softplus(-fake).mean(), left)

    def sample(self, base: Tensor, count: int) -> Tensor:
        """From the generator."""
        return self._fake(base.unsqueeze(1).expand(-1, count, -1))


class Vae:
    """A conditional variational autoencoder with two latent numbers and a learned width of the decoder."""

    def __init__(self, base: Tensor, x: Tensor) -> None:
        self.encoder, self.decoder = mlp(5, 128, 128, 4), mlp(4, 128, 128, 3)
        self.log_width = nn.Parameter(torch.tensor(-1.0))
        parameters = [*self.encoder.parameters(), *self.decoder.parameters(), self.log_width]
        self.optimiser = torch.optim.Adam(parameters, 1e-3)

    def step(self, base: Tensor, x: Tensor, left: float) -> None:
        """The evidence lower bound."""
        mean, log_deviation = self.encoder(torch.cat([base, x], -1)).chunk(2, -1)
        z = mean + log_deviation.exp() * torch.randn_like(mean)
        error = (self.decoder(torch.cat([base, z], -1)) - x).square().sum(-1)
        divergence = 0.5 * (mean.square() + (2 * log_deviation).exp() - 1 - 2 * log_deviation).sum(-1)
        loss = 0.5 * error * (-2 * self.log_width).exp() + 3 * self.log_width + divergence
        descend(self.optimiser, loss.mean(), left)

    def sample(self, base: Tensor, count: int) -> Tensor:
        """From the decoder, with its width."""
        over = base.unsqueeze(1).expand(-1, count, -1)
        middle = self.decoder(torch.cat([over, torch.randn(*over.shape[:-1], 2)], -1))
        return middle + self.log_width.exp() * torch.randn_like(middle)


class Published:
    """Bundle networks (Courts, Kvinge, 2022), rewritten small.

    Ten cells by k-means that do not overlap; one invertible network z -> (base, fibre) of R^4 (a 0 is appended),
    conditioned on the centre of the cell; the loss is 10 times the residual, two estimates of the divergence by nearest
    neighbours, and the distance to the fibre. The prior of a cell is the circle (radius by mean and deviation) or the
    normal distribution that fits what the network gives for its points.
    """

    def __init__(self, base: Tensor, x: Tensor, fibre: str) -> None:
        self.centres = Cover.from_points(base, 10).centres
        layers = []
        for _ in range(5):
            halves = [[0, 1], [2, 3]]
            layers += [Coupling(4, 2, Affine(2.0), passive=half, hidden=64) for half in halves]
            layers.append(LinearIsomorphism(StructureGroup("SO(4)", "cayley"), 0, translation=False))
        self.network = FreeTrivialisation(Composite(*layers), 2, Euclidean(2))
        for parameter in self.network.parameters():
            nn.init.normal_(parameter, 0, 0.05) if not parameter.any() else None
        self.fibre, self.points = fibre, (base, x)
        self.optimiser = torch.optim.Adam(self.network.parameters(), 1e-3)

    def _cells(self, base: Tensor) -> Tensor:
        return torch.cdist(base, self.centres).argmin(-1)

    def _prior(self, f: Tensor, count: int) -> Tensor:
        if self.fibre == "circle":
            radius, angle = f.norm(dim=-1), 2 * math.pi * torch.rand(count)
            radii = radius.mean() + radius.std() * torch.randn(count)
            return radii.unsqueeze(-1) * torch.stack([angle.cos(), angle.sin()], -1)
        return f.mean(0) + f.std(0) * torch.randn(count, f.shape[1])

    def step(self, base: Tensor, x: Tensor, left: float) -> None:
        """All cells of a batch that have five points or more."""
        cells, z = self._cells(base), F.pad(x, (0, 1))
        places = [where for cell in cells.unique() if len(where := (cells == cell).nonzero().squeeze(-1)) >= 5]
        first, f, _ = self.network(z, self.centres[cells])
        drawn = f.clone()
        for where in places:
            drawn[where] = self._prior(f[where], len(where))
        made = self.network.inverse(base, drawn, self.centres[cells])
        total = x.new_zeros(())
        for where in places:
            true, false = z[where], made[where]
            near = torch.cdist(false, true).amin(1).mean()
            over = (first[where] - base[where]).norm(dim=-1).mean()
            total = total + 10 * over + near + divergence(false, true) + divergence(true, false)
        descend(self.optimiser, total, left)

    def sample(self, base: Tensor, count: int) -> Tensor:
        """Over each base point from the prior of its cell."""
        every, samples = self._cells(self.points[0]), []
        for point, cell in zip(base, self._cells(base).tolist(), strict=True):
            z = F.pad(self.points[1][every == cell], (0, 1))
            f = self.network(z, self.centres[cell].expand(len(z), -1))[1]
            over, centre = point.expand(count, -1), self.centres[cell].expand(count, -1)
            samples.append(self.network.inverse(over, self._prior(f, count), centre)[:, :3])
        return torch.stack(samples)


def divergence(p: Tensor, q: Tensor) -> Tensor:
    """The Kullback-Leibler divergence of two samples by distances to nearest neighbours (Wang et al., 2009)."""
    within = torch.cdist(p, p) + torch.diag(p.new_full((len(p),), torch.inf))
    ratio = torch.cdist(p, q).amin(1).clamp_min(1e-6) / within.amin(1).clamp_min(1e-6)
    return p.shape[1] * ratio.log().mean() + math.log(len(q) / (len(p) - 1))
