"""Products of two vectors of irreducible representations of O(3), decomposed by Clebsch-Gordan coefficients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from catnet.nn.clebsch_gordan import coupling
from catnet.nn.exact import Exact
from catnet.nn.irreps import Irreps


class Path(NamedTuple):
    """Block `left` of the first input times block `right` of the second gives block `out`."""

    left: int
    right: int
    out: int


class TensorProduct(Exact):
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
        super().__init__()
        self.left, self.right, self.out, self.mixing = Irreps(left), Irreps(right), Irreps(out), mixing
        if mixing not in ("full", "channel"):
            raise ValueError(f'mixing is "full" or "channel", not {mixing!r}')
        found = self._all_paths() if paths is None else [Path(*path) for path in paths]
        self.paths = sorted(found)
        self._check()
        self.sizes = [self._size(path) for path in self.paths]
        self.weights = sum(self.sizes)
        self._tables()
        self.weight = nn.Parameter(torch.empty(self.weights)) if shared else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights, standard normal."""
        if self.weight is not None:
            nn.init.normal_(self.weight)

    def _couples(self, path: Path) -> bool:
        a, b, c = self.left[path.left], self.right[path.right], self.out[path.out]
        fits = abs(a.l - b.l) <= c.l <= a.l + b.l and a.parity * b.parity == c.parity
        return fits and (self.mixing == "full" or a.mul == c.mul)

    def _all_paths(self) -> list[Path]:
        sizes = range(len(self.left)), range(len(self.right)), range(len(self.out))
        candidates = [Path(i, j, k) for i in sizes[0] for j in sizes[1] for k in sizes[2]]
        return [path for path in candidates if self._couples(path)]

    def _check(self) -> None:
        if len(set(self.paths)) < len(self.paths):
            raise ValueError("a path is listed twice: its two weights would be one")
        for path in self.paths:
            if not self._couples(path):
                blocks = self.left[path.left], self.right[path.right], self.out[path.out]
                raise ValueError("{} and {} do not couple to {}".format(*blocks) + f" with {self.mixing} mixing")
        for k, block in enumerate(self.out):
            if all(path.out != k for path in self.paths):
                raise ValueError(f"no path of {self.left} times {self.right} reaches {block}: leave it out")

    def _size(self, path: Path) -> int:
        pairs = self.left[path.left].mul * self.right[path.right].mul
        return pairs * (self.out[path.out].mul if self.mixing == "full" else 1)

    def _scale(self, path: Path) -> float:
        """What makes the variance of the output 1. Each coupling is a co-isometry, so only copies and paths count."""
        into = [p for p in self.paths if p.out == path.out]
        copies = [self.right[p.right].mul * (self.left[p.left].mul if self.mixing == "full" else 1) for p in into]
        return 1 / math.sqrt(sum(copies))

    def _tables(self) -> None:
        """The couplings as constants [rows, columns], from the second input to operators on the first.

        Where the second input has one copy of each block, there is a table for each block of the first, whose
        rows are the whole second axis; else one for each block of the second, whose rows are its width.
        """
        self.single = all(block.mul == 1 for block in self.right)
        places = [part for _, part in self.right.parts()]
        tables: dict[str, list[Tensor]] = {}
        for p in self.paths:
            a, b, c = self.left[p.left], self.right[p.right], self.out[p.out]
            table = coupling(a.l, b.l, c.l).permute(1, 2, 0) * self._scale(p)
            if self.single:
                rows = torch.zeros(self.right.dim, c.width, a.width, dtype=torch.float64, device="cpu")
                rows[places[p.right]] = table
                tables.setdefault(f"table{p.left}", []).append(rows.flatten(1))
            else:
                tables.setdefault(f"table{p.right}", []).append(table.flatten(1))
        for name, parts in tables.items():
            self.constant(name, torch.cat(parts, -1))

    def forward(self, left: Tensor, right: Tensor, weight: Tensor | None = None) -> Tensor:
        """[..., left.dim], [..., right.dim] and, if not shared, weights [..., weights] -> [..., out.dim]."""
        weight = self._given(weight)
        products = self._products(left, right)
        outputs: list[Tensor | None] = [None] * len(self.out)
        for path, product, part in zip(self.paths, products, weight.split(self.sizes, -1), strict=True):
            if self.mixing == "full":
                mixed = product.flatten(-2) @ part.unflatten(-1, (self.out[path.out].mul, -1)).transpose(-1, -2)
            elif self.single:
                mixed = product.squeeze(-2) * part.unsqueeze(-2)
            else:
                mixed = (product * part.unflatten(-1, (1, -1, self.left[path.left].mul))).sum(-2)
            so_far = outputs[path.out]
            outputs[path.out] = mixed if so_far is None else so_far + mixed
        return torch.cat([y.transpose(-1, -2).flatten(-2) for y in outputs if y is not None], -1)

    def _given(self, weight: Tensor | None) -> Tensor:
        """The weights to use. Raises ValueError where they are missing, superfluous or too few."""
        if self.weight is not None:
            if weight is not None:
                raise ValueError("the weights are the module's own; make it with shared=False to give others")
            return self.weight
        if weight is None or weight.shape[-1] != self.weights:
            raise ValueError(f"weights [..., {self.weights}] are to be given: the module has none of its own")
        return weight

    def _products(self, left: Tensor, right: Tensor) -> list[Tensor]:
        """For each path the products of all copies, [..., out.width, right.mul, left.mul]."""
        products = []
        operators = self._operators(right)
        for i, x in enumerate(self.left.split(left)):
            paths = [p for p in self.paths if p.left == i]
            if paths:
                rows = [self.right[p.right].mul * self.out[p.out].width for p in paths]
                parts = (operators[i] @ x.transpose(-1, -2)).split(rows, -2)
                widths = [self.out[p.out].width for p in paths]
                products += [part.unflatten(-2, (width, -1)) for part, width in zip(parts, widths, strict=True)]
        return products

    def _operators(self, right: Tensor) -> dict[int, Tensor]:
        """For each block of the first input [..., out.width * right.mul of all its paths, its own width]."""
        blocks = self.right.split(right)
        if self.single:
            used = {p.left for p in self.paths}
            return {i: (right @ getattr(self, f"table{i}")).unflatten(-1, (-1, self.left[i].width)) for i in used}
        parts: dict[Path, Tensor] = {}
        for j, y in enumerate(blocks):
            paths = [p for p in self.paths if p.right == j]
            if paths:
                columns = [self.left[p.left].width * self.out[p.out].width for p in paths]
                found = (y.contiguous() @ getattr(self, f"table{j}")).split(columns, -1)
                parts |= zip(paths, found, strict=True)
        grouped: dict[int, list[Tensor]] = {}
        for p in self.paths:
            operator = parts[p].unflatten(-1, (-1, self.left[p.left].width)).transpose(-3, -2)
            grouped.setdefault(p.left, []).append(operator.flatten(-3, -2))
        return {i: torch.cat(operators, -2) for i, operators in grouped.items()}

    def extra_repr(self) -> str:
        """The three representations and the number of weights."""
        return f"{self.left} times {self.right} -> {self.out}, {self.mixing}, {len(self.paths)} paths"
