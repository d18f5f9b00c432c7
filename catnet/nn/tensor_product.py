"""Products of two vectors of irreducible representations of O(3), decomposed by Clebsch-Gordan coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from catnet.nn.bilinear import BilinearSum, Path
from catnet.nn.clebsch_gordan import coupling
from catnet.nn.irreps import Irreps


class TensorProduct(BilinearSum):
    """A weighted sum of the paths by which two vectors of irreducibles couple to a third.

    `mixing` says how copies meet. "full": each copy of the output gets its own combination of all pairs of copies, with
    a weight [out.mul, right.mul, left.mul] for each path. "channel": copies of the first input stay apart, as do those
    of the output, `out.mul == left.mul`, with a weight [right.mul, left.mul] for each path. `paths` defaults
    to all that the triangle rule and parity allow (and, for "channel", the multiplicities).

    Weights start standard normal; with them, inputs whose entries have unit variance give outputs whose entries have
    unit variance. With `shared=False` the module has no weights: `forward` takes them, one vector
    of length `weights` for each sample (as radial networks make), path after path.

    Inputs [..., left.dim] and [..., right.dim], output [..., out.dim], with equal leading axes.
    Raises ValueError for a path that does not exist, and for a block of the output that no path reaches.

    >>> tp = TensorProduct("2x0e + 2x1o", "1x0e + 1x1o", "2x0e + 2x1o + 2x1e", mixing="channel")
    >>> tp.paths, tp.weights
    ([Path(left=0, right=0, out=0), Path(left=0, right=1, out=1), Path(left=1, right=0, out=1), \
Path(left=1, right=1, out=0), Path(left=1, right=1, out=2)], 10)
    """

    def __init__(
        self,
        left: str | Irreps,
        right: str | Irreps,
        out: str | Irreps,
        mixing: Literal["full", "channel"] = "full",
        paths: Sequence[tuple[int, int, int]] | None = None,
        shared: bool = True,
    ) -> None:
        self.left, self.right, self.out = Irreps(left), Irreps(right), Irreps(out)
        if mixing not in ("full", "channel"):
            raise ValueError(f'mixing is "full" or "channel", not {mixing!r}')
        found = self._all_paths(mixing) if paths is None else sorted(Path(*path) for path in paths)
        self._check(found, mixing)
        couplings = [coupling(self.left[p.left].l, self.right[p.right].l, self.out[p.out].l) for p in found]
        super().__init__(self.left, self.right, self.out, found, couplings, mixing, shared)

    def _couples(self, path: Path, mixing: str) -> bool:
        a, b, c = self.left[path.left], self.right[path.right], self.out[path.out]
        fits = abs(a.l - b.l) <= c.l <= a.l + b.l and a.parity * b.parity == c.parity
        return fits and (mixing == "full" or a.mul == c.mul)

    def _all_paths(self, mixing: str) -> list[Path]:
        sizes = range(len(self.left)), range(len(self.right)), range(len(self.out))
        candidates = [Path(i, j, k) for i in sizes[0] for j in sizes[1] for k in sizes[2]]
        return [path for path in candidates if self._couples(path, mixing)]

    def _check(self, paths: Sequence[Path], mixing: str) -> None:
        if len(set(paths)) < len(paths):
            raise ValueError("a path is listed twice: its two weights would be one")
        for path in paths:
            if not self._couples(path, mixing):
                blocks = self.left[path.left], self.right[path.right], self.out[path.out]
                raise ValueError("{} and {} do not couple to {}".format(*blocks) + f" with {mixing} mixing")
        for k, block in enumerate(self.out):
            if all(path.out != k for path in paths):
                raise ValueError(f"no path of {self.left} times {self.right} reaches {block}: leave it out")

    def extra_repr(self) -> str:
        """The three representations and the number of weights."""
        return f"{self.left} times {self.right} -> {self.out}, {self.mixing}, {len(self.paths)} paths"
