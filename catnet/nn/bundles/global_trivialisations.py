"""A trivialisation over the whole base at once, trained to lie over it."""

from __future__ import annotations

from torch import Tensor, nn

from catnet.nn.bundles.declared import FibreKind, Flow, bundle_vector, fibre_point, fibre_space, flow_over
from catnet.nn.bundles.isomorphisms import Composite, Isomorphism, Permutation, Standardise
from catnet.nn.bundles.trivialisations import FreeTrivialisation


class GlobalTrivialisation(nn.Module):
    """One isomorphism z [..., m] -> (b [..., base_dim], v) of R^m with a product, m = base_dim + the fibre's dimension.

    No chart and no base point is asked, so v is in one frame for the whole base. That b is the base point of z is a
    matter of training: `residual` is the distance, and is to be a term of the loss. It is an isomorphism by structure,
    as are all its layers; of a circle as a fibre, without the points at which the angle has no value. After Courts and
    Kvinge, "Bundle networks", 2022. `fibre`, `size`, `field`, `flow`, `layers` and `width` as for `BundleAtlas`.

    >>> import torch
    >>> module = GlobalTrivialisation(2, "vector")
    >>> b, v = module(torch.randn(5, 3))
    >>> b.shape, v.shape, module.inverse(b, v).shape, module.sample(b, 7).shape
    (torch.Size([5, 2]), torch.Size([5, 1]), torch.Size([5, 3]), torch.Size([5, 7, 3]))
    """

    def __init__(
        self,
        base_dim: int,
        fibre: FibreKind,
        size: int = 1,
        field: str = "R",
        flow: Flow = "spline",
        layers: int = 2,
        width: int = 32,
    ) -> None:
        super().__init__()
        self.field = field
        self.fibre = fibre_space(fibre, size)
        total = base_dim + self.fibre.dim
        steps = flow_over(total, 0, self.fibre, flow, layers, width).layers
        last = Permutation([*range(self.fibre.dim, total), *range(self.fibre.dim)])  # the base first
        isomorphism = Composite(*(step for step in steps if isinstance(step, Isomorphism)), last)
        self.trivialisation = FreeTrivialisation(isomorphism, base_dim, self.fibre)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """(b, v)."""
        b, f, _ = self.trivialisation(z)
        return b, bundle_vector(self.fibre, f, self.field)

    def inverse(self, b: Tensor, v: Tensor) -> Tensor:
        """The point z with this image."""
        return self.trivialisation.inverse(b, fibre_point(self.fibre, v, self.field))

    def residual(self, z: Tensor, base: Tensor) -> Tensor:
        """The distance of b from the base points [..., base_dim] of z, [...]."""
        return self.trivialisation.residual(z, base)

    def sample(self, base: Tensor, count: int) -> Tensor:
        """z [..., count, m] over base points."""
        return self.trivialisation.sample(base, count)

    def fit(self, z: Tensor) -> None:
        """Standardise by data z [n, m]. Before training, so that it starts near them."""
        layers = self.trivialisation.isomorphism.layers
        assert isinstance(layers, nn.ModuleList)
        layers[0].load_state_dict(Standardise.fitted(z[:, :0], z).state_dict())
