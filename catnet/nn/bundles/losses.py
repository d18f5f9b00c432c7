"""What trivialisations are trained with, as modules."""

from __future__ import annotations

from torch import Tensor, nn

from catnet.nn.bundles.structure_groups import StructureGroup
from catnet.nn.bundles.transitions import Transitions
from catnet.nn.bundles.trivialisations import Atlas, FreeTrivialisation, Trivialisation


class NegativeLogLikelihood(nn.Module):
    """The mean of -log p(x | base), of an atlas or of one trivialisation."""

    def __init__(self, bundle: Atlas | Trivialisation) -> None:
        super().__init__()
        self.bundle = bundle

    def forward(self, base: Tensor, x: Tensor) -> Tensor:
        """A number, from base points [n, base_dim] and x [n, dim]."""
        density = self.bundle(base, x) if isinstance(self.bundle, Atlas) else self.bundle.log_prob(base, x)
        return -density.mean()


class ProjectionResidual(nn.Module):
    """The mean distance of `first . trivialise` from the projection, which the free form is trained to make small."""

    def __init__(self, trivialisation: FreeTrivialisation) -> None:
        super().__init__()
        self.trivialisation = trivialisation

    def forward(self, z: Tensor, base: Tensor, condition: Tensor | None = None) -> Tensor:
        """A number, from points z [n, m] and their base points [n, base_dim]."""
        return self.trivialisation.residual(z, base, condition).mean()


class FibreConsistency(nn.Module):
    """How far the charts of an atlas are from being related by elements of a structure group where they overlap.

    The mean, over points and pairs of charts with the weights of the partition of unity, of |v_i - g_ij v_j|^2, where
    v_i is the fibre vector in chart i. g_ij comes from `transitions`; with the name of a group it is the element that
    fits the batch best, one for each pair, held fixed for the gradient. It is 0 where no point lies in two charts.
    """

    def __init__(self, atlas: Atlas, transitions: Transitions | str) -> None:
        super().__init__()
        self.atlas = atlas
        self.transitions = transitions if isinstance(transitions, Transitions) else None
        self.group = transitions.group if isinstance(transitions, Transitions) else StructureGroup(transitions)
        if self.group.dim != atlas.fibre.vector_dim or (self.transitions is None and not self.group.orthogonal):
            raise ValueError(f"{self.group.name} does not act on {atlas.fibre}, or has no nearest element to fit")

    def forward(self, base: Tensor, x: Tensor) -> Tensor:
        """A number, from base points [n, base_dim] and x [n, dim]."""
        weights = self.atlas.cover.weights(base)
        total, mass = x.new_zeros(()), x.new_zeros(())
        for i, j in self.atlas.cover.nerve:
            both = weights[:, self.atlas.cover.index(i)] * weights[:, self.atlas.cover.index(j)]
            here = both.nonzero().squeeze(-1)
            if not len(here):
                continue
            vi, vj = (self.atlas.fibre.vector(self.atlas.chart(name)(base[here], x[here])[1]) for name in (i, j))
            if self.transitions is None:
                g = self.group.nearest(vi.detach().mT @ vj.detach())
            else:
                g = self.transitions(i, j, base[here])
            error = (vi - (g @ vj.unsqueeze(-1)).squeeze(-1)).square().sum(-1)
            total, mass = total + (both[here] * error).sum(), mass + both[here].sum()
        return total / mass if mass > 0 else total
