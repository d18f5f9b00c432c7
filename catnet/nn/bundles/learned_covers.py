"""A cover whose charts are fitted to data, and kept with the weights."""

from __future__ import annotations

import torch
from torch import Tensor

from catnet.nn.bundles.covers import Cover


class UnfittedCoverError(RuntimeError):
    """A learned cover that is used before its charts are fitted."""


class LearnedCover(Cover):
    """`charts` balls in R^size that are fitted to base points, by k-means, once before training: `fit(points)`.

    Centres, radii, and which charts meet are buffers, so that a `state_dict` holds them. The home of a point is the
    chart in which it lies deepest, d / r being least. Used before it is fitted it raises `UnfittedCoverError`; a point
    in no chart raises `OutsideEveryChartError`, with the nearest charts first.

    >>> cover = LearnedCover(1, 2)
    >>> cover.fit(torch.linspace(0, 4, 41).unsqueeze(-1))
    >>> cover.home(torch.tensor([[0.5], [3.5]])), cover.nerve
    (tensor([0, 1]), [('chart0', 'chart1')])
    """

    fitted: Tensor
    meets: Tensor

    def __init__(self, size: int, charts: int) -> None:
        super().__init__(torch.zeros(charts, size), torch.ones(charts), nerve=[])
        self.kind, self.size, self.charts = "learned cover", size, tuple(self.names)
        self.register_buffer("fitted", torch.tensor(False))
        self.register_buffer("meets", torch.zeros(charts, charts, dtype=torch.bool))

    @property
    def nerve(self) -> list[tuple[str, str]]:
        """The pairs of charts that had a point in common when they were fitted."""
        return [(self.names[i], self.names[j]) for i, j in self.meets.nonzero().tolist()]

    @torch.no_grad()
    def fit(self, points: Tensor, overlap: float = 0.3, steps: int = 50) -> None:
        """Place the charts by base points [n, size], as `Cover.from_points` does.

        Raises ValueError for points of another size, and for more charts than different points.
        """
        if points.dim() != 2 or points.shape[-1] != self.size:
            raise ValueError(f"base points are [n, {self.size}] here, not {[*points.shape]}")
        made = Cover.from_points(points, len(self.names), overlap, steps)
        self.centres.copy_(made.centres)
        self.radii.copy_(made.radii)
        self.meets.zero_()
        for a, b in made.nerve:
            self.meets[made.index(a), made.index(b)] = True
        self.fitted.fill_(True)

    def home(self, base: Tensor) -> Tensor:
        """The place of the home chart of each point, [..., size] -> [...]."""
        squares = self._squares(base.detach())
        if not torch.compiler.is_compiling() and not bool((squares < 1).any(-1).all()):
            raise self.lost(base, squares < 1)
        return squares.argmin(-1)

    def _squares(self, base: Tensor) -> Tensor:
        if not torch.compiler.is_compiling() and not bool(self.fitted):
            raise UnfittedCoverError(
                f"the {len(self.names)} charts of this cover are not fitted: before training call "
                f"`model.PATH.cover.fit(points)`, with PATH the name of the trivialisation and base points "
                f"[n, {self.size}], or load a state_dict"
            )
        return super()._squares(base)
