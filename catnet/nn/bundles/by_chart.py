"""Functions on a base that are written chart by chart: the home chart of a point, sections, linear maps of fibres."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from catnet.nn.bundles.covers import OutsideEveryChartError
from catnet.nn.exact import Exact

OFF = 1e-2  # how far from the space a point may lie by rounding, also in half precision

Entry = Tensor | complex
Values = Sequence[Any] | Callable[..., Sequence[Any]]
"""What stands over one chart: nested lists of numbers, or a function of the chart's coordinates that gives such."""


class Places(nn.Module):
    """The home chart of points of a base, and their coordinates there.

    Points are unit vectors [..., 2] of a circle and [..., 3] of a sphere, two unit vectors [..., 4] of a torus, numbers
    [..., 1] of an interval. `spans` are the arcs of a circle, in turns, or the intervals, chart by chart; left out, n
    arcs of equal length follow one another from angle 0. The home of a point is the chart in which it lies deepest: the
    border between two charts is the middle of what they have in common. On a torus they are annuli in the first angle,
    or the products of arcs in a `grid`; on a sphere two halves, or the four faces of a tetrahedron.

    >>> circle = Places("circle", ("a", "b", "c"))
    >>> angle = torch.tensor([0.1, 3.0, 6.2])
    >>> circle.home(torch.stack([angle.cos(), angle.sin()], -1))
    tensor([0, 1, 2])
    """

    def __init__(
        self,
        kind: str,
        charts: Sequence[str],
        spans: Sequence[tuple[float, float]] | None = None,
        grid: tuple[int, int] | None = None,
        stereographic: bool = False,
    ) -> None:
        super().__init__()
        self.kind, self.charts, self.grid, self.stereographic = kind, tuple(charts), grid, stereographic
        n = len(self.charts)
        self.spans = [((k - 0.25) / n, (k + 1.25) / n) for k in range(n)] if spans is None else list(spans)
        self.size = {"interval": 1, "circle": 2, "sphere": 3, "torus": 4}[kind]

    def home(self, points: Tensor) -> Tensor:
        """The place of the home chart of each point, [..., size] -> [...].

        Raises ValueError for another number of coordinates, `OutsideEveryChartError` for a point that is none of the
        base.
        """
        if points.shape[-1] != self.size:
            raise ValueError(f"a point of the {self.kind} has {self.size} coordinates, not {points.shape[-1]}")
        if not torch.compiler.is_compiling():
            self._check(points)
        if self.kind == "interval":
            middles = [(before[1] + after[0]) / 2 for before, after in pairwise(self.spans)]
            return torch.bucketize(points[..., 0].detach(), points.new_tensor(middles), right=True)
        if self.kind == "sphere":
            return self._on_sphere(points)
        if self.grid is not None:
            i, j = (_cell(_turns(points, place), _even(n)) for place, n in zip((0, 2), self.grid, strict=True))
            return i * self.grid[1] + j
        return _cell(_turns(points, 0), self._starts())

    def _starts(self) -> list[float]:
        """Where the home cells of a circle begin, in turns."""
        last = (self.spans[-1][0] - 1, self.spans[-1][1] - 1)
        return [(before[1] + after[0]) / 2 for before, after in pairwise([last, *self.spans])]

    def _on_sphere(self, points: Tensor) -> Tensor:
        if len(self.charts) == 2:
            return (points[..., 2] < 0).long()
        corners = points.new_tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
        return (points.detach() @ corners.T).argmax(-1)

    def coordinates(self, points: Tensor, chart: int) -> tuple[Tensor, ...]:
        """The coordinates of points in a chart, each [...]."""
        if self.kind == "interval":
            return (points[..., 0],)
        if self.kind == "circle":
            return (_angle(points, 0),)
        if self.kind == "torus":
            return _angle(points, 0), _angle(points, 2)
        x, y, z = points.unbind(-1)
        if self.stereographic:
            height = 1 + z if chart == 0 else 1 - z
            return x / height, y / height
        return torch.atan2(torch.hypot(x, y), z), torch.atan2(y, x)

    def _check(self, points: Tensor) -> None:
        """Raise `OutsideEveryChartError` for the first point that no chart holds."""
        if self.kind == "interval":
            low, high = self.spans[0][0], self.spans[-1][1]
            wrong = (points[..., 0] < low - OFF) | (points[..., 0] > high + OFF)
            covered = f"{low:g} to {high:g}"
        else:
            lengths = points.unflatten(-1, (-1, 2 if self.kind == "torus" else self.size)).norm(dim=-1)
            wrong = ~((lengths - 1).abs() < OFF).all(-1)
            covered = "points of length 1" if self.kind != "torus" else "two points of length 1 beside each other"
        if bool(wrong.any()):
            first = ", ".join(f"{x:.4g}" for x in points.reshape(-1, self.size)[wrong.reshape(-1)][0].tolist())
            raise OutsideEveryChartError(
                f"no chart holds {int(wrong.sum())} of {wrong.numel()} base points, the first is ({first}): the charts "
                f"{', '.join(self.charts)} of the {self.kind} cover {covered}"
            )

    def extra_repr(self) -> str:
        """The base and its charts."""
        return f"{self.kind}, {', '.join(self.charts)}"


def _turns(points: Tensor, place: int) -> Tensor:
    """The angle of a unit vector in turns, in [0, 1)."""
    return torch.remainder(_angle(points, place).detach() / (2 * math.pi), 1.0)


def _angle(points: Tensor, place: int) -> Tensor:
    return torch.atan2(points[..., place + 1], points[..., place])


def _even(n: int) -> list[float]:
    return [k / n for k in range(n)]


def _cell(turns: Tensor, starts: Sequence[float]) -> Tensor:
    """The arc in which an angle lies, of those that begin at `starts` one after the other."""
    after = torch.remainder(turns - starts[0], 1.0)
    inner = turns.new_tensor([start - starts[0] for start in starts[1:]])
    return torch.bucketize(after, inner, right=True)


class ByChart(Exact):
    """A function of base points with values of one shape, given over each chart; a point has that of its home.

    Where all are numbers they are a buffer, and a look-up; a function of coordinates is asked for the points of its
    home chart alone. `field` is "C" where the values are complex.
    """

    def __init__(self, places: Places, values: Sequence[Values], field: str = "R") -> None:
        super().__init__()
        self.places, self.field = places, field
        self.functions = None if not any(map(callable, values)) else tuple(values)
        if self.functions is None:
            self.constant("table", _master(values, field))

    def forward(self, points: Tensor) -> Tensor:
        """[..., size] -> [..., *shape]. Raises as `Places.home` does."""
        home = self.places.home(points)
        kind = points.dtype.to_complex() if self.field == "C" else points.dtype
        if self.functions is None:
            return _numbers(self.get_buffer("table"), self.field)[home].to(kind)
        flat, at = points.reshape(-1, points.shape[-1]), home.reshape(-1)
        out: Tensor | None = None
        for chart, values in enumerate(self.functions):
            here = (at == chart).nonzero().squeeze(-1)
            found = values(*self.places.coordinates(flat[here], chart)) if callable(values) else values
            made = _stacked(found, flat[here, 0], kind)
            out = made.new_zeros(len(flat), *made.shape[1:]) if out is None else out
            out = out.index_copy(0, here, made)
        assert out is not None
        return out.reshape(*home.shape, *out.shape[1:])


def _master(values: Sequence[Any], field: str) -> Tensor:
    """Numbers in float64, complex ones as pairs."""
    kind = torch.complex128 if field == "C" else torch.float64
    made = torch.tensor(values, dtype=kind)
    return torch.view_as_real(made) if field == "C" else made


def _numbers(constant: Tensor, field: str) -> Tensor:
    return torch.view_as_complex(constant) if field == "C" else constant


def numbers_over(places: Places, values: Values, chart: str, points: Tensor, kind: torch.dtype) -> Tensor:
    """What is written over one chart at points [n, size] of it, [n, ...]."""
    place = places.charts.index(chart)
    return _stacked(values(*places.coordinates(points, place)) if callable(values) else values, points[:, 0], kind)


def _stacked(values: Any, like: Tensor, kind: torch.dtype) -> Tensor:
    """Nested lists of tensors [n] and numbers as one tensor [n, ...]; what is real by its laws loses its rounding."""
    if isinstance(values, (list, tuple)):
        return torch.stack([_stacked(value, like, kind) for value in values], 1)
    made = values if isinstance(values, Tensor) else torch.full_like(like, 1, dtype=kind.to_complex()) * values
    return made.to(kind) if kind.is_complex or not made.is_complex() else made.real.to(kind)


class Section(ByChart):
    """A section: fibre coordinates [..., k] over base points [..., size], in the frame of the home chart of each.

    >>> wave = Section(Places("circle", ("a", "b", "c")), [lambda t: [t.cos(), t.sin()]] * 3)
    >>> wave(torch.tensor([[0.6, 0.8]]))
    tensor([[0.6000, 0.8000]])
    """


class FibreMap(ByChart):
    """A linear map of fibres over each base point: (base, v [..., k]) -> [..., m], in the frames of home charts.

    >>> flip = FibreMap(Places("circle", ("a", "b", "c")), [[[1.0]], [[-1.0]], [[-1.0]]])
    >>> flip(torch.tensor([[-1.0, 0.0]]), torch.tensor([[2.0]]))
    tensor([[-2.]])
    """

    def forward(self, points: Tensor, v: Tensor) -> Tensor:  # type: ignore[override]
        """Apply the matrix of each point."""
        matrices = super().forward(points)
        kind = torch.promote_types(matrices.dtype, v.dtype)
        return (matrices.to(kind) @ v.to(kind).unsqueeze(-1)).squeeze(-1)


class NodeMap(Exact):
    """A linear map of fibres at each node, [..., n, k] -> [..., n, m], or with channels behind the fibre.

    >>> NodeMap([[[1.0]], [[-1.0]]])(torch.ones(2, 1))
    tensor([[ 1.],
            [-1.]])
    """

    def __init__(self, matrices: Sequence[Any], field: str = "R", channels: bool = False) -> None:
        super().__init__()
        self.channels, self.field = channels, field
        self.constant("matrices", _master(matrices, field))

    def forward(self, v: Tensor) -> Tensor:
        """Apply the matrix of each node."""
        matrices = _numbers(self.get_buffer("matrices"), self.field)
        kind = torch.promote_types(v.dtype, v.dtype.to_complex() if matrices.is_complex() else v.dtype)
        made = matrices.to(kind) @ (v if self.channels else v.unsqueeze(-1)).to(kind)
        return made if self.channels else made.squeeze(-1)
