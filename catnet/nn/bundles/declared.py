"""The trivialisation of a declared bundle: one isomorphism over each of its charts, sampled and measured as a whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from catnet.nn.bundles.by_chart import Places, numbers_over
from catnet.nn.bundles.covers import Cover
from catnet.nn.bundles.isomorphisms import (
    Composite,
    Coupling,
    Isomorphism,
    LinearIsomorphism,
    Polar,
    Standardise,
)
from catnet.nn.bundles.learned_covers import LearnedCover
from catnet.nn.bundles.spaces import Circle, Euclidean, Interval, Space
from catnet.nn.bundles.splines import Affine, CircleSpline, LineSpline, Transform
from catnet.nn.bundles.structure_groups import StructureGroup
from catnet.nn.bundles.trivialisations import Atlas, Trivialisation

Flow = Literal["spline", "affine"]
FibreKind = Literal["circle", "interval", "vector"]
BOUND = 2.0  # of the logarithm of a scale


class AnnulusCover(Cover):
    """Charts of a torus that are annuli: only the first of two angles says in which of them a point lies."""

    def _squares(self, base: Tensor) -> Tensor:
        if base.shape[-1] != 4:
            raise ValueError(f"a point of the torus has 4 coordinates, not {base.shape[-1]}")
        return super()._squares(base[..., :2])


def cover_of(places: Places | LearnedCover) -> Cover:
    """The charts of a base as balls with a partition of unity, where each is wider than its home cell.

    A cover that is learned is one already.

    Raises ValueError for a grid of charts on a torus, and for an arc of a turn or more.

    >>> cover_of(Places("circle", ("a", "b", "c"))).nerve
    [('a', 'b'), ('b', 'c'), ('a', 'c')]
    """
    if isinstance(places, LearnedCover):
        return places
    names, spans = list(places.charts), torch.tensor(places.spans, dtype=torch.float64)
    low, high = spans.T
    pairs = None
    if places.kind == "interval":
        low[0] -= high[0] - low[0]  # the ends of the interval lie inside the first and the last chart
        high[-1] += high[-1] - low[-1]
        centres, radii = ((low + high) / 2).unsqueeze(-1), (high - low) / 2
        pairs = [(names[i], names[i + 1]) for i in range(len(names) - 1)]
    elif places.kind == "sphere":
        centres, radii = _of_sphere(len(names))
    else:
        if places.grid is not None or bool((high - low >= 1).any()):
            raise ValueError("a trivialisation takes arcs of less than a turn, and annuli on a torus")
        middle = math.pi * (low + high)
        centres, radii = torch.stack([middle.cos(), middle.sin()], -1), 2 * (math.pi * (high - low) / 2).sin()
        pairs = [(names[i], names[(i + 1) % len(names)]) for i in range(len(names))]
    dtype = torch.get_default_dtype()
    made = AnnulusCover if places.kind == "torus" else Cover
    return made(centres.to(dtype), radii.to(dtype), names, pairs)


def _of_sphere(count: int) -> tuple[Tensor, Tensor]:
    """All but the opposite pole for each of two charts; a half sphere for each corner of a tetrahedron."""
    if count == 2:
        return torch.tensor([[0.0, 0, 1], [0, 0, -1]]), torch.tensor([2.0, 2.0])
    corners = torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / math.sqrt(3)
    return corners, torch.full((4,), math.sqrt(2))


def flow_over(total: int, base_dim: int, fibre: Space, flow: Flow, layers: int, width: int) -> Composite:
    """An isomorphism of R^total, conditioned on the base point, of which the first coordinates are those of the fibre.

    A fixed standardisation comes first (1 until it is fitted). Then for a vector fibre each layer turns, scales, and
    couples; for a circle a loop around the origin is turned into a plane and takes polar coordinates, and the couplings
    are of the angle (by a spline) and of the rest in turn. Turns and bounded scales keep the inverse exact to rounding.
    """

    def couple(kind: Transform, passive: Sequence[int], angles: Sequence[int] = ()) -> Coupling:
        return Coupling(total, base_dim, kind, passive, angles=angles, hidden=width)

    line = LineSpline() if flow == "spline" else Affine(BOUND)
    found: list[Isomorphism] = [
        Standardise(torch.zeros(total), torch.zeros(total, base_dim), torch.eye(total), torch.ones(()))
    ]
    loop = isinstance(fibre, Circle)
    rest = list(range(1, total))
    for layer in range(layers):
        if total > 1 and not (loop and layer):
            turns = StructureGroup(f"SO({total})", "cayley" if total > 2 else "exp")
            found.append(LinearIsomorphism(turns, base_dim, hidden=width))
            found.append(Polar(total) if loop else couple(Affine(BOUND), ()))
        if loop:
            found += [couple(CircleSpline(), rest)] if flow == "spline" or not rest else []
            found += [couple(line, [0], [0])] if rest else []
        elif total > 1:
            found.append(couple(line, [i for i in range(total) if (i + layer) % 2]))
        else:
            found += [couple(Affine(BOUND), ()), couple(line, ())]
    return Composite(*found)


def _rows(x: Tensor) -> Tensor:
    """[..., d] as [n, d], also where d is 0."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def fibre_space(kind: FibreKind, size: int) -> Space:
    """A fibre by its name; `size` is that of vectors."""
    if kind == "vector":
        return Euclidean(size)
    return Circle() if kind == "circle" else Interval()


def bundle_vector(space: Space, f: Tensor, field: str) -> Tensor:
    """A point of a fibre as the bundle has it: a circle in the plane, and complex numbers over a complex fibre."""
    v = space.vector(f)
    return torch.view_as_complex(v.unflatten(-1, (-1, 2)).contiguous()) if field == "C" else v


def fibre_point(space: Space, v: Tensor, field: str) -> Tensor:
    """The inverse of `bundle_vector`."""
    return space.point(torch.view_as_real(v.resolve_conj()).flatten(-2) if field == "C" else v)


class BundleAtlas(nn.Module):
    """A trivialisation of points over a base, by the charts, the fibre and the transitions of a declared bundle.

    `forward(base, x)` reads x [..., total] over base points [..., size] as (base, v) with the fibre coordinates v in
    the frame of the home chart, and the normal ones where x has more; `inverse` goes back. The base point passes as it
    is, so that the projection after the inverse is the first component exactly. `fibre` is "circle", "interval" or
    "vector" of the real dimension `size`; with `field` "C" fibre coordinates are complex.

    Over a base that is learned `places` is a `LearnedCover`, which is fitted before training: `cover.fit(points)`.

    `transitions` maps pairs (source, target) of charts to matrices, or functions of the source's coordinates that give
    such: v_target = g v_source. They are fixed. Charts are isomorphisms of their own, so that neighbours obey the
    transitions as far as `consistency` was trained to be small.

    >>> atlas = BundleAtlas(Places("circle", ("a", "b", "c")), "circle", total=3)
    >>> angle = torch.linspace(0, 6, 5)
    >>> base = torch.stack([angle.cos(), angle.sin()], -1)
    >>> same, v, normal = atlas(base, torch.randn(5, 3))
    >>> same is base, v.shape, normal.shape, atlas.sample(base, 7).shape
    (True, torch.Size([5, 2]), torch.Size([5, 2]), torch.Size([5, 7, 3]))
    """

    def __init__(
        self,
        places: Places | LearnedCover,
        fibre: FibreKind,
        total: int,
        size: int = 1,
        field: str = "R",
        transitions: Mapping[tuple[str, str], Any] | None = None,
        flow: Flow = "spline",
        layers: int = 2,
        width: int = 32,
    ) -> None:
        super().__init__()
        self.places = None if isinstance(places, LearnedCover) else places  # then `cover` has the charts
        self.field = field
        self.fibre = fibre_space(fibre, size)
        charts = [
            Trivialisation(flow_over(total, places.size, self.fibre, flow, layers, width), self.fibre)
            for _ in places.charts
        ]
        self.atlas = Atlas(cover_of(places), charts)
        self.transitions = dict(transitions or {})
        self.total = total

    @property
    def cover(self) -> Cover:
        """The charts with their partition of unity."""
        return self.atlas.cover

    # -- the isomorphism -----------------------------------------------------------------------------------------

    def forward(self, base: Tensor, x: Tensor) -> tuple[Tensor, ...]:
        """(base, v) or (base, v, normal)."""
        f, normal = self._by_home(base, [x], lambda chart, b, y: chart(b, y)[1:3])
        made = bundle_vector(self.fibre, f, self.field)
        return (base, made, normal) if normal.shape[-1] else (base, made)

    def inverse(self, base: Tensor, v: Tensor, normal: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(base, x): the point with these fibre and normal coordinates; normal ones are 0 where none are given."""
        f = fibre_point(self.fibre, v, self.field)
        rest = f.new_zeros(*f.shape[:-1], self.total - f.shape[-1]) if normal is None else normal
        (x,) = self._by_home(base, [f, rest], lambda chart, b, *y: (chart.inverse(b, *y)[1],))
        return base, x

    def _by_home(self, base: Tensor, values: Sequence[Tensor], work: Callable[..., Sequence[Tensor]]) -> list[Tensor]:
        """What the chart at home at each point gives for values there, [...] over all leading axes."""
        charts = self.cover if self.places is None else self.places
        assert isinstance(charts, (Places, LearnedCover))
        home = charts.home(base).reshape(-1)
        flat = [_rows(value) for value in (base, *values)]
        found: list[Tensor] = []
        for place, name in enumerate(self.cover.names):
            here = (home == place).nonzero().squeeze(-1)
            for k, made in enumerate(work(self.atlas.chart(name), *(value[here] for value in flat))):
                if not place:
                    found.append(made.new_zeros(len(home), made.shape[-1]))
                found[k] = found[k].index_copy(0, here, made)
        return [made.reshape(*base.shape[:-1], made.shape[-1]) for made in found]

    # -- readings ------------------------------------------------------------------------------------------------

    def log_density(self, base: Tensor, x: Tensor) -> Tensor:
        """The logarithm of the density of x given the base point, [...]: a mixture over the charts that hold it."""
        flat = self.atlas(_rows(base), _rows(x))
        return flat.reshape(base.shape[:-1])

    def sample(self, base: Tensor, count: int, thickness: float = 1.0) -> Tensor:
        """x [..., count, total] over base points [..., size]; `thickness` scales the normal coordinates."""
        flat = self.atlas.sample(_rows(base), count, thickness)
        return flat.reshape(*base.shape[:-1], count, self.total)

    def consistency(self, base: Tensor, x: Tensor, group: str = "") -> Tensor:
        """The mean square by which neighbouring charts miss the declared transitions, a number.

        Over points and pairs of charts with the weights of the partition of unity: 0 where no point lies in two charts.
        With the name of a `group` of orthogonal matrices the transitions are those of its elements that fit these
        points best, one for each two charts, held fixed for the gradient.
        """
        fits = StructureGroup(group) if group else None
        base, x = _rows(base), _rows(x)
        cover = self.cover
        weights = cover.weights(base)
        total, mass = x.new_zeros(()), x.new_zeros(())
        for source, target in self.transitions or cover.nerve:
            both = weights[:, cover.index(source)] * weights[:, cover.index(target)]
            here = both.nonzero().squeeze(-1)
            if not len(here):
                continue
            parts = (self.atlas.chart(name)(base[here], x[here])[1] for name in (source, target))
            vs, vt = (bundle_vector(self.fibre, f, self.field) for f in parts)
            if fits is not None:
                g = fits.nearest((both[here].unsqueeze(-1) * vt).detach().mT @ vs.detach())
            else:
                assert self.places is not None  # a base that is learned has no declared transitions
                g = numbers_over(self.places, self.transitions[source, target], source, base[here], vs.dtype)
            error = (vt - (g @ vs.unsqueeze(-1)).squeeze(-1)).abs().square().sum(-1)
            total, mass = total + (both[here] * error).sum(), mass + both[here].sum()
        return total / mass if mass > 0 else total

    def fit(self, base: Tensor, x: Tensor) -> None:
        """Standardise by data: base points [n, size] and x [n, total]. Before training, so that it starts near them.

        A cover that is learned is fitted to the same base points, where it is not fitted yet.
        """
        if isinstance(self.cover, LearnedCover) and not bool(self.cover.fitted):
            self.cover.fit(base)
        inside = self.cover.inside(base)
        for place, name in enumerate(self.cover.names):
            here = inside[:, place]
            if int(here.sum()) > self.total + base.shape[-1]:
                whole = self.atlas.chart(name).isomorphism
                assert isinstance(whole, Composite)
                deviations = 2.0 if isinstance(self.fibre, Interval) else 1.0
                whole.layers[0].load_state_dict(Standardise.fitted(base[here], x[here], deviations).state_dict())
