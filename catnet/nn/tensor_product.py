"""Products of two vectors of irreducible representations of O(3), decomposed by Clebsch-Gordan coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Literal

from catnet.nn.bilinear import BilinearSum, Path
from catnet.nn.clebsch_gordan import coupling
from catnet.nn.irreps import Block, Irreps


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
        blocks = Irreps(left), Irreps(right), Irreps(out)
        if mixing not in ("full", "channel"):
            raise ValueError(f'mixing is "full" or "channel", not {mixing!r}')
        found = _all_paths(blocks, mixing) if paths is None else [Path(*path) for path in paths]
        _check(blocks, found, mixing)
        couplings = [coupling(a.l, b.l, c.l) for a, b, c in (_at(blocks, path) for path in found)]
        super().__init__(*blocks, found, couplings, mixing, shared)

    def extra_repr(self) -> str:
        """The three representations and the number of weights."""
        return f"{self.left} times {self.right} -> {self.out}, {self.mixing}, {len(self.paths)} paths"


Blocks = tuple[Irreps, Irreps, Irreps]


def _at(blocks: Blocks, path: Path) -> tuple[Block, Block, Block]:
    left, right, out = blocks
    return left[path.left], right[path.right], out[path.out]


def _couples(blocks: Blocks, path: Path, mixing: str) -> bool:
    a, b, c = _at(blocks, path)
    fits = abs(a.l - b.l) <= c.l <= a.l + b.l and a.parity * b.parity == c.parity
    return fits and (mixing == "full" or a.mul == c.mul)


def _all_paths(blocks: Blocks, mixing: str) -> list[Path]:
    candidates = (Path(*place) for place in product(*(range(len(rep)) for rep in blocks)))
    return [path for path in candidates if _couples(blocks, path, mixing)]


def _check(blocks: Blocks, paths: Sequence[Path], mixing: str) -> None:
    if len(set(paths)) < len(paths):
        raise ValueError("a path is listed twice: its two weights would be one")
    for path in paths:
        if not _couples(blocks, path, mixing):
            raise ValueError("{} and {} do not couple to {}".format(*_at(blocks, path)) + f" with {mixing} mixing")
    left, right, out = blocks
    for k, block in enumerate(out):
        if all(path.out != k for path in paths):
            raise ValueError(f"no path of {left} times {right} reaches {block}: leave it out")
