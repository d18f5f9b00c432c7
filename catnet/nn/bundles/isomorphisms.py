"""Isomorphisms of a fibre that depend on the base point: couplings, linear maps, permutations, polar coordinates.

Each is a module with two methods. `forward(x, base)` maps x [..., dim] over base points [..., base_dim] to y [..., dim]
and the logarithm of the absolute determinant [...] of its derivative in x; `inverse(y, base)` gives x and the logarithm
for the inverse map. Invertibility is a matter of structure: no parameter can break it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from catnet.nn.bundles.splines import Transform
from catnet.nn.bundles.structure_groups import StructureGroup

Image = tuple[Tensor, Tensor]  # the image and the logarithm of the absolute determinant


class Isomorphism(nn.Module):
    """A map that is invertible over every base point. Subclasses write `forward` and `inverse`."""

    dim: int

    def forward(self, x: Tensor, base: Tensor) -> Image:
        """y [..., dim] and log |det dy/dx| [...]."""
        raise NotImplementedError

    def inverse(self, y: Tensor, base: Tensor) -> Image:
        """x [..., dim] and log |det dx/dy| [...]."""
        raise NotImplementedError


class Conditioner(nn.Module):
    """A multilayer perceptron of the base point and coordinates that starts as the constant 0.

    Without inputs it is one free vector. [..., inputs] -> [..., outputs].
    """

    def __init__(self, inputs: int, outputs: int, hidden: int = 32) -> None:
        super().__init__()
        self.inputs = inputs
        if inputs:
            self.first, self.second = nn.Linear(inputs, hidden), nn.Linear(hidden, hidden)
            self.last = nn.Linear(hidden, outputs)
            nn.init.zeros_(self.last.weight)
            nn.init.zeros_(self.last.bias)
        else:
            self.constant = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """The free parameters of a transformation."""
        if not self.inputs:
            return self.constant.expand(*x.shape[:-1], -1)
        h = F.silu(self.first(x))
        return self.last(F.silu(self.second(h)))


class Coupling(Isomorphism):
    """Some coordinates pass; each of the others is transformed by a monotone map that they and the base point choose.

    `passive` lists the coordinates that pass, by default none: then every coordinate is transformed by what the base
    point alone chooses. `angles` are those among `passive` that are angles: the conditioner sees their cosine and sine.
    `transform` is `Affine()`, `LineSpline()` or `CircleSpline()`, the last for a coordinate on a circle.

    Raises ValueError where `passive` leaves nothing to transform or names a coordinate that is not there.

    >>> from catnet.nn.bundles.splines import LineSpline
    >>> layer = Coupling(3, 2, LineSpline(), passive=[0])
    >>> x, base = torch.randn(5, 3), torch.randn(5, 2)
    >>> y, slope = layer(x, base)
    >>> torch.equal(y[:, 0], x[:, 0]), slope.shape
    (True, torch.Size([5]))
    """

    def __init__(
        self,
        dim: int,
        base_dim: int,
        transform: Transform,
        passive: Sequence[int] = (),
        active: Sequence[int] | None = None,
        angles: Sequence[int] = (),
        hidden: int = 32,
    ) -> None:
        super().__init__()
        chosen = [i for i in range(dim) if i not in passive] if active is None else list(active)
        if not chosen or not set(passive) | set(chosen) <= set(range(dim)) or set(passive) & set(chosen):
            raise ValueError(f"of {dim} coordinates, {list(passive)} cannot pass while {chosen} are transformed")
        if not set(angles) <= set(passive):
            raise ValueError(f"the angles {list(angles)} are not all among the coordinates that pass, {list(passive)}")
        self.dim, self.transform, self.passive, self.active = dim, transform, list(passive), chosen
        self.angles, self.numbers = list(angles), [i for i in passive if i not in angles]
        self.conditioner = Conditioner(
            base_dim + len(self.numbers) + 2 * len(self.angles), len(chosen) * transform.parameters, hidden
        )

    def forward(self, x: Tensor, base: Tensor) -> Image:
        """Transform the active coordinates."""
        return self._apply_to(x, base, False)

    def inverse(self, y: Tensor, base: Tensor) -> Image:
        """Transform them back."""
        return self._apply_to(y, base, True)

    def _apply_to(self, x: Tensor, base: Tensor, inverse: bool) -> Image:
        angles = x[..., self.angles]
        free = self.conditioner(torch.cat([base, x[..., self.numbers], angles.cos(), angles.sin()], -1))
        moved, slope = self.transform(x[..., self.active], free.unflatten(-1, (len(self.active), -1)), inverse)
        y = x.clone()
        y[..., self.active] = moved
        return y, slope.sum(-1)

    def extra_repr(self) -> str:
        """What passes, what is transformed and how."""
        return f"{self.passive} -> {self.active}, {type(self.transform).__name__}"


class LinearIsomorphism(Isomorphism):
    """x -> g(b) x + t(b), with g(b) in a structure group and t(b) a translation, both chosen by the base point b.

    For GL(n) the entries of the symmetric exponent are bounded to +-2 by a tangent, which keeps the condition number
    below exp(4 n) and so the inverse exact; bring data to unit size first (`Standardise`).

    >>> layer = LinearIsomorphism("SO(3)", 2)
    >>> layer(torch.ones(3), torch.randn(2))[1].item()
    0.0
    """

    def __init__(self, group: str | StructureGroup, base_dim: int, translation: bool = True, hidden: int = 32) -> None:
        super().__init__()
        self.group = StructureGroup(group) if isinstance(group, str) else group
        if self.group.family in ("general", "diagonal"):
            raise ValueError(f"{self.group.name} holds singular matrices, which are no isomorphisms; take GL(n)")
        self.dim, self.translation = self.group.dim, translation
        outputs = self.group.parameters + (self.dim if translation else 0)
        self.conditioner = Conditioner(base_dim, outputs, hidden)

    def _parts(self, base: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # without a base the map is one for all points, and one matrix is enough
        free = self.conditioner(base if self.conditioner.inputs else base.new_empty(0))
        inner = free[..., : self.group.parameters]
        if self.group.family == "GL":
            turn, stretch = inner[..., : self.group.skew], inner[..., self.group.skew :]
            inner = torch.cat([turn, 2 * torch.tanh(stretch / 2)], -1)
        g = self.group.matrices(inner)
        t = free[..., self.group.parameters :] if self.translation else free.new_zeros(*free.shape[:-1], self.dim)
        zero = free.new_zeros(free.shape[:-1])
        return g, t, zero if self.group.orthogonal else torch.linalg.slogdet(g).logabsdet

    def forward(self, x: Tensor, base: Tensor) -> Image:
        """g(b) x + t(b)."""
        g, t, slope = self._parts(base)
        return (g @ x.unsqueeze(-1)).squeeze(-1) + t, slope.expand(x.shape[:-1])

    def inverse(self, y: Tensor, base: Tensor) -> Image:
        """g(b)^-1 (y - t(b))."""
        g, t, slope = self._parts(base)
        moved = (y - t).unsqueeze(-1)
        x = g.mT @ moved if self.group.orthogonal else torch.linalg.solve(g, moved)
        return x.squeeze(-1), -slope.expand(y.shape[:-1])


class Standardise(Isomorphism):
    """turn (x - centre - slope b) / scale with fixed numbers: it brings raw data to where the other layers start.

    `fitted` reads the numbers off data. Raises ValueError for a scale that is not above 0.
    """

    centre: Tensor
    slope: Tensor
    turn: Tensor
    scale: Tensor

    def __init__(self, centre: Tensor, slope: Tensor, turn: Tensor, scale: Tensor) -> None:
        super().__init__()
        if not bool((scale > 0).all()):
            raise ValueError("a scale to divide by is above 0")
        self.dim = centre.shape[-1]
        for name, value in {"centre": centre, "slope": slope, "turn": turn, "scale": scale}.items():
            self.register_buffer(name, value)

    @classmethod
    def fitted(cls, base: Tensor, x: Tensor, deviations: float = 1.0) -> Standardise:
        """From base points [n, base_dim] and points [n, dim].

        The centre over b is the affine function of b that fits best; the axes are the principal ones of what remains,
        the longest first; the scale is `deviations` times that along the longest, the same for all, so that right
        angles stay. A fibre that is a segment then lies near the first axis, one that is a plane loop near the plane of
        the first two. Two deviations bring a uniform segment into [-1, 1], where `Interval` is flat.
        """
        ones = torch.cat([base, base.new_ones(len(base), 1)], -1)
        solution = torch.linalg.pinv(ones) @ x
        rest = x - ones @ solution
        values, vectors = torch.linalg.eigh(rest.T @ rest / len(x))
        return cls(
            solution[-1], solution[:-1].T.contiguous(), vectors.flip(-1).T.contiguous(), deviations * values[-1].sqrt()
        )

    def forward(self, x: Tensor, base: Tensor) -> Image:
        """Standardise."""
        y = (x - self.centre - base @ self.slope.T) @ self.turn.T / self.scale
        return y, (-self.dim * self.scale.log()).expand(x.shape[:-1])

    def inverse(self, y: Tensor, base: Tensor) -> Image:
        """Back to where the data are."""
        x = (y * self.scale) @ self.turn + self.centre + base @ self.slope.T
        return x, (self.dim * self.scale.log()).expand(y.shape[:-1])


class Permutation(Isomorphism):
    """Coordinates in another order: y[..., i] = x[..., order[i]]. Raises ValueError for what is no permutation."""

    def __init__(self, order: Sequence[int]) -> None:
        super().__init__()
        if sorted(order) != list(range(len(order))):
            raise ValueError(f"{list(order)} is no permutation of 0 to {len(order) - 1}")
        self.dim, self.order = len(order), list(order)
        self.back = [self.order.index(i) for i in range(self.dim)]

    def forward(self, x: Tensor, base: Tensor) -> Image:
        """Permute."""
        return x[..., self.order], x.new_zeros(x.shape[:-1])

    def inverse(self, y: Tensor, base: Tensor) -> Image:
        """Permute back."""
        return y[..., self.back], y.new_zeros(y.shape[:-1])


class Polar(Isomorphism):
    """The plane of the first two coordinates without its origin, as (angle, logarithm of the radius); others pass.

    It gives a fibre that lies in a plane as a loop around the origin the coordinate of a circle, in [-pi, pi). The
    origin itself is sent to the logarithm of the smallest normal number.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        if dim < 2:
            raise ValueError(f"polar coordinates need 2 coordinates or more, not {dim}")
        self.dim = dim

    def forward(self, x: Tensor, base: Tensor) -> Image:
        """(u, v, ...) -> (angle, log radius, ...)."""
        u, v = x[..., 0], x[..., 1]
        log_radius = torch.hypot(u, v).clamp_min(torch.finfo(x.dtype).tiny).log()
        angle = torch.atan2(v, u)
        angle = torch.where(angle >= math.pi, -angle, angle)
        return torch.cat([torch.stack([angle, log_radius], -1), x[..., 2:]], -1), -2 * log_radius

    def inverse(self, y: Tensor, base: Tensor) -> Image:
        """(angle, log radius, ...) -> (u, v, ...)."""
        radius = y[..., 1].exp()
        plane = torch.stack([radius * y[..., 0].cos(), radius * y[..., 0].sin()], -1)
        return torch.cat([plane, y[..., 2:]], -1), 2 * y[..., 1]


class Composite(Isomorphism):
    """Isomorphisms one after the other. Raises ValueError where two of them have different dimensions."""

    def __init__(self, *layers: Isomorphism) -> None:
        super().__init__()
        if len({layer.dim for layer in layers}) != 1:
            raise ValueError(f"isomorphisms of dimensions {[layer.dim for layer in layers]} do not compose")
        self.layers, self.dim = nn.ModuleList(layers), layers[0].dim

    def forward(self, x: Tensor, base: Tensor) -> Image:
        """From the first to the last."""
        total = x.new_zeros(x.shape[:-1])
        for layer in self.layers:
            x, slope = layer(x, base)
            total = total + slope
        return x, total

    def inverse(self, y: Tensor, base: Tensor) -> Image:
        """From the last to the first."""
        total = y.new_zeros(y.shape[:-1])
        for layer in reversed(self.layers):
            assert isinstance(layer, Isomorphism)
            y, slope = layer.inverse(y, base)
            total = total + slope
        return y, total
