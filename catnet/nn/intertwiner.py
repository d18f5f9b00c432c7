"""Linear maps between representations, with free parameters in an exact basis of the intertwiners."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, SupportsFloat

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from catnet.nn.exact import Assembled
from catnet.nn.irreps import Irreps

DENSE = 0.25  # the part of non-zero entries of a basis from which one product assembles faster than scattering does

Sparse = Mapping[Any, SupportsFloat]  # the entries that are not 0, by index


class Intertwiner(Assembled):
    """The linear maps from `in_channels` copies of V to `out_channels` copies of W that a basis of Hom(V, W) spans.

    `basis` has for each element its entries `{(row, column): number}`; `invariants` has vectors `{row: number}` that
    span the fixed vectors of W, along which a bias may lie. Numbers are whatever `float` takes; they are used as given,
    in float64. Inputs have shape [..., in_channels * in_dim], copy after copy; outputs [..., out_channels * out_dim].

    Parameters: `weight` [out_channels, in_channels, elements] and `bias` [out_channels, invariants]. They start
    uniform, such that inputs of unit variance give entries of variance 1/3 on average over what a basis element
    reaches, as `nn.Linear` does.

    Raises ValueError for an empty basis (the only map is 0), an element without entries, an entry outside the
    matrix, or one that is not finite.

    >>> swap = Intertwiner([{(0, 0): 1, (1, 1): 1}, {(0, 1): 1, (1, 0): 1}], 2, 2, invariants=[{0: 1, 1: 1}])
    >>> x = torch.randn(5, 2)
    >>> torch.allclose(swap(x).flip(-1), swap(x.flip(-1)))
    True
    """

    element: Tensor
    place: Tensor
    number: Tensor
    matrix: Tensor
    fixed: Tensor

    def __init__(
        self,
        basis: Sequence[Sparse],
        out_dim: int,
        in_dim: int,
        out_channels: int = 1,
        in_channels: int = 1,
        invariants: Sequence[Mapping[int, SupportsFloat]] = (),
    ) -> None:
        super().__init__()
        if not basis:
            raise ValueError(f"there is no map but 0 from dimension {in_dim} to {out_dim}: the basis is empty")
        self.out_dim, self.in_dim, self.out_channels, self.in_channels = out_dim, in_dim, out_channels, in_channels
        element, row, column, number = _entries(basis, (out_dim, in_dim))
        place = row * in_dim + column
        self.scattered = len(number) < DENSE * len(basis) * out_dim * in_dim
        if self.scattered:
            self.register_buffer("element", element.to(torch.empty(0).device), persistent=False)
            self.register_buffer("place", place.to(torch.empty(0).device), persistent=False)
            self.constant("number", number)
        else:
            self.constant("matrix", _dense(element, place, number, len(basis), out_dim * in_dim))
        self.bounds = _bounds(element, row, number, in_channels)
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, len(basis)))
        self.bias = nn.Parameter(torch.empty(out_channels, len(invariants))) if invariants else None
        if invariants:
            vectors: list[Sparse] = [{(row,): number for row, number in v.items()} for v in invariants]
            vector, row, size = _entries(vectors, (out_dim,))
            self.constant("fixed", _dense(vector, row, size, len(invariants), out_dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        with torch.no_grad():
            bounds = torch.tensor(self.bounds, dtype=self.weight.dtype, device=self.weight.device)
            self.weight.uniform_(-1, 1).mul_(bounds)
            if self.bias is not None:
                self.bias.uniform_(-1, 1).div_(math.sqrt(self.in_channels * self.in_dim))

    def assemble(self) -> Tensor:
        """The matrix [out_channels * out_dim, in_channels * in_dim]."""
        if self.scattered:
            flat = self.weight.new_zeros(self.out_channels, self.in_channels, self.out_dim * self.in_dim)
            flat = flat.index_add(-1, self.place, self.weight.index_select(-1, self.element) * self.number)
        else:
            flat = self.weight @ self.matrix
        square = flat.unflatten(-1, (self.out_dim, self.in_dim)).transpose(1, 2)
        return square.reshape(self.out_channels * self.out_dim, self.in_channels * self.in_dim)

    def forward(self, x: Tensor) -> Tensor:
        """[..., in_channels * in_dim] -> [..., out_channels * out_dim]."""
        bias = None if self.bias is None else (self.bias @ self.fixed).flatten()
        return F.linear(x, self.assembled(), bias)

    def extra_repr(self) -> str:
        """The copies, the dimensions and the size of the basis."""
        sizes = f"{self.in_channels} x {self.in_dim} -> {self.out_channels} x {self.out_dim}"
        return f"{sizes}, basis of {self.weight.shape[-1]}"


class IrrepsLinear(nn.Module):
    """The linear maps between two sums of irreducible representations of O(3), one small matrix for each irreducible.

    By Schur's lemma equal irreducibles mix their copies and different ones do not meet. For each block of the output
    with `mul` copies there is a weight [mul, all copies of it in the input]; scalars of even parity have a bias.
    Weights start uniform with the variance of `nn.Linear`. Inputs [..., irreps_in.dim], outputs [..., irreps_out.dim].

    Raises ValueError where a block of the output has no equal in the input: it could only be 0.

    >>> IrrepsLinear("8x0e + 4x1o", "2x1o + 3x0e")
    IrrepsLinear(8x0e + 4x1o -> 2x1o + 3x0e)
    """

    def __init__(self, irreps_in: str | Irreps, irreps_out: str | Irreps, bias: bool = True) -> None:
        super().__init__()
        self.irreps_in, self.irreps_out = Irreps(irreps_in), Irreps(irreps_out)
        self.sources = [
            [i for i, block in enumerate(self.irreps_in) if block.irrep == out.irrep] for out in self.irreps_out
        ]
        for out, sources in zip(self.irreps_out, self.sources, strict=True):
            if not sources:
                raise ValueError(f"no linear map but 0 reaches {out} from {self.irreps_in}: leave it out")
        fan_in = [sum(self.irreps_in[i].mul for i in sources) for sources in self.sources]
        self.weight = nn.ParameterList(
            nn.Parameter(torch.empty(b.mul, n)) for n, b in zip(fan_in, self.irreps_out, strict=True)
        )
        invariants = sum(b.mul for b in self.irreps_out if b.irrep == (0, 1))
        self.bias = nn.Parameter(torch.empty(invariants)) if bias and invariants else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        scalars = [w for w, block in zip(self.weight, self.irreps_out, strict=True) if block.irrep == (0, 1)]
        with torch.no_grad():
            for weight in self.weight:
                weight.uniform_(-1, 1).div_(math.sqrt(weight.shape[1]))
            if self.bias is not None:
                self.bias.uniform_(-1, 1).div_(math.sqrt(scalars[0].shape[1]))

    def forward(self, x: Tensor) -> Tensor:
        """[..., irreps_in.dim] -> [..., irreps_out.dim]."""
        blocks = self.irreps_in.split(x)
        scalars = [block.mul for block in self.irreps_out if block.irrep == (0, 1)]
        biases = iter(() if self.bias is None else self.bias.split(scalars))
        outputs = []
        for out, sources, weight in zip(self.irreps_out, self.sources, self.weight, strict=True):
            source = blocks[sources[0]] if len(sources) == 1 else torch.cat([blocks[i] for i in sources], -2)
            if out.l:
                outputs.append((weight @ source).flatten(-2))
            else:
                outputs.append(F.linear(source.squeeze(-1), weight, next(biases, None) if out.parity > 0 else None))
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs, -1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.irreps_in} -> {self.irreps_out})"


def _entries(vectors: Sequence[Sparse], shape: tuple[int, ...]) -> tuple[Tensor, ...]:
    """The entries of sparse arrays as columns: which array, each index, and the number in float64.

    Raises ValueError for an empty array, an index outside `shape`, and a number that is not finite.
    """
    rows: list[tuple[int, ...]] = []
    numbers: list[float] = []
    for which, vector in enumerate(vectors):
        if not any(float(number) for number in vector.values()):
            raise ValueError(f"element {which} has no entry but 0")
        for index, number in vector.items():
            if len(index) != len(shape) or not all(0 <= i < size for i, size in zip(index, shape, strict=True)):
                raise ValueError(f"element {which} has an entry at {index}, outside the shape {shape}")
            if not math.isfinite(float(number)):
                raise ValueError(f"element {which} has {number} at {index}, which is not a finite number")
            rows.append((which, *index))
            numbers.append(float(number))
    columns = torch.tensor(rows, dtype=torch.int64, device="cpu").unbind(-1)
    return *columns, torch.tensor(numbers, dtype=torch.float64, device="cpu")


def _dense(element: Tensor, place: Tensor, number: Tensor, rows: int, columns: int) -> Tensor:
    """A matrix with a row for each element."""
    return torch.zeros(rows, columns, dtype=torch.float64, device="cpu").index_put((element, place), number)


def _bounds(element: Tensor, row: Tensor, number: Tensor, channels: int) -> list[float]:
    """For each element the bound of its uniform parameter.

    A row that n elements reach gets a variance of 1 / (3 n) from each, if all its rows are like it.
    """
    reached = torch.unique(torch.stack((element, row)), dim=1)
    elements = torch.bincount(reached[1])
    bounds = []
    for which, squares in enumerate(torch.zeros(int(element[-1]) + 1).double().index_add(0, element, number**2)):
        rows = reached[1][reached[0] == which]
        bounds.append(math.sqrt(len(rows) / (float(squares) * float(elements[rows].double().mean()) * channels)))
    return bounds
