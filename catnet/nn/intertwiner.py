"""Linear maps between representations, with free parameters in an exact basis of the intertwiners."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, SupportsFloat, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from catnet.nn.exact import Assembled, Dense

SMALL = 16384  # entries of a matrix up to which one product is faster than several smaller ones
DENSE = 0.25  # the part of non-zero entries of a basis from which one product assembles faster than scattering does

Sparse = Mapping[Any, SupportsFloat]  # the entries that are not 0, by index
Invariants = Tensor | Sequence[Mapping[int, SupportsFloat]]  # fixed vectors, dense or sparse
Entries = Tensor | Sequence[Sparse]  # matrices or vectors of equal shape, dense or sparse


class Intertwiner(Assembled):
    """The linear maps from `in_channels` copies of V to `out_channels` copies of W that a basis of Hom(V, W) spans.

    `basis` has for each element its entries `{(row, column): number}`, or is a float64 tensor [elements, out_dim,
    in_dim]; `invariants` has vectors `{row: number}` that span the fixed vectors of W, along which a bias may lie, or
    is a tensor [vectors, out_dim]. Numbers are whatever `float` takes; they are used as given, in float64.

    Inputs have shape [..., in_channels * in_dim], copy after copy; outputs [..., out_channels * out_dim].

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
        basis: Entries,
        out_dim: int,
        in_dim: int,
        out_channels: int = 1,
        in_channels: int = 1,
        invariants: Invariants = (),
    ) -> None:
        super().__init__()
        if not len(basis):
            raise ValueError(f"there is no map but 0 from dimension {in_dim} to {out_dim}: the basis is empty")
        self.out_dim, self.in_dim, self.out_channels, self.in_channels = out_dim, in_dim, out_channels, in_channels
        element, row, column, number = _entries(basis, (out_dim, in_dim))
        place = row * in_dim + column
        self.scattered = len(number) < DENSE * len(basis) * out_dim * in_dim
        if self.scattered:
            self.constant("element", element)
            self.constant("place", place)
            self.constant("number", number)
        else:
            self.constant("matrix", _dense(element, place, number, len(basis), out_dim * in_dim))
        self.bounds = _bounds(element, row, number, in_channels)
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, len(basis)))
        self.bias = nn.Parameter(torch.empty(out_channels, len(invariants))) if len(invariants) else None
        if self.bias is not None:
            self.constant("fixed", _fixed(invariants, out_dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        with torch.no_grad():
            self.weight.uniform_(-1, 1).mul_(self.weight.new_tensor(self.bounds))
            if self.bias is not None:
                self.bias.uniform_(-1, 1).div_(math.sqrt(self.in_channels * self.in_dim))

    def assemble(self) -> Dense:
        """The matrix [out_channels * out_dim, in_channels * in_dim] and the bias."""
        if self.scattered:
            flat = self.weight.new_zeros(self.out_channels, self.in_channels, self.out_dim * self.in_dim)
            flat = flat.index_add(-1, self.place, self.weight.index_select(-1, self.element) * self.number)
        else:
            flat = self.weight @ self.matrix
        square = flat.unflatten(-1, (self.out_dim, self.in_dim)).transpose(1, 2)
        bias = None if self.bias is None else (self.bias @ self.fixed).flatten()
        return square.reshape(self.out_channels * self.out_dim, self.in_channels * self.in_dim), bias

    def forward(self, x: Tensor) -> Tensor:
        """[..., in_channels * in_dim] -> [..., out_channels * out_dim]."""
        return F.linear(x, *self.assembled())

    def extra_repr(self) -> str:
        """The copies, the dimensions and the size of the basis."""
        sizes = f"{self.in_channels} x {self.in_dim} -> {self.out_channels} x {self.out_dim}"
        return f"{sizes}, basis of {self.weight.shape[-1]}"


class Part(NamedTuple):
    """The maps between equal copies in a source and equal copies in a target, by one basis for each pair of copies.

    The copies stand one after the other: copy c of the source fills entries `source_start + c * source_dim` onwards.
    """

    source_start: int
    source_count: int
    source_dim: int
    target_start: int
    target_count: int
    target_dim: int
    basis: Entries

    @property
    def source(self) -> slice:
        """The entries of all copies in the input."""
        return slice(self.source_start, self.source_start + self.source_count * self.source_dim)

    @property
    def target(self) -> slice:
        """The entries of all copies in the output."""
        return slice(self.target_start, self.target_start + self.target_count * self.target_dim)


class IntertwinerSum(Assembled):
    """A linear map between sums of representations, part by part: what `hom` finds, as a layer.

    Each part has its own `Intertwiner`; one with an empty basis adds 0. Parts into the same target add up; the
    targets tile the output. Small maps
    (up to 16384 entries) are applied as one assembled matrix, larger ones part by part, and there a basis that is
    the identity alone as a product with the small matrix of copies. `invariants` are vectors `{row: number}` of the
    whole output for the bias. [..., in_dim] -> [..., out_dim].

    Raises ValueError where two targets overlap without being equal, where they leave a part of the output out, where
    all bases are empty (the output could only be 0), and what `Intertwiner` raises.

    >>> scalars, vectors = [{(0, 0): 1}], [{(0, 0): 1, (1, 1): 1, (2, 2): 1}]
    >>> parts = [Part(0, 2, 1, 0, 1, 1, scalars), Part(2, 1, 3, 1, 2, 3, vectors)]
    >>> IntertwinerSum(parts, in_dim=5, out_dim=7)(torch.randn(4, 5)).shape
    torch.Size([4, 7])
    """

    fixed: Tensor

    def __init__(self, parts: Sequence[Part], in_dim: int, out_dim: int, invariants: Invariants = ()) -> None:
        super().__init__()
        self.in_dim, self.out_dim = in_dim, out_dim
        self.dense = in_dim * out_dim <= SMALL
        groups: dict[tuple[int, int], list[int]] = {(part.target.start, part.target.stop): [] for part in parts}
        parts = [part for part in parts if len(part.basis)]
        for number, part in enumerate(parts):
            groups[part.target.start, part.target.stop].append(number)
        self.groups = [(stop - start, numbers) for (start, stop), numbers in sorted(groups.items())]
        self.places = [(part.source, part.target) for part in parts]
        _check_tiles([slice(*target) for target in sorted(groups)], out_dim)
        if not parts:
            raise ValueError("there is no map but 0: all bases are empty")
        self.parts = nn.ModuleList()
        for part in parts:
            into = [p.source_count for p in parts if p.target_start == part.target_start]
            member = Intertwiner(part.basis, part.target_dim, part.source_dim, part.target_count, part.source_count)
            member.bounds = [bound * math.sqrt(part.source_count / sum(into)) for bound in member.bounds]
            member.reset_parameters()
            self.parts.append(member)
        self.identities = [_is_identity(part) for part in parts]
        self.bias = nn.Parameter(torch.empty(len(invariants))) if len(invariants) else None
        if self.bias is not None:
            self.constant("fixed", _fixed(invariants, out_dim))
            nn.init.uniform_(self.bias, -1 / math.sqrt(in_dim), 1 / math.sqrt(in_dim))

    def assemble(self) -> Dense:
        """The matrix [out_dim, in_dim] and the bias."""
        rows = []
        for width, numbers in self.groups:
            row: Tensor | None = None
            for number in numbers:
                source, member = self.places[number][0], cast(Intertwiner, self.parts[number])
                block = F.pad(member.assemble()[0], (source.start, self.in_dim - source.stop))
                row = block if row is None else row + block
            rows.append(self._zeros(width, self.in_dim) if row is None else row)
        return torch.cat(rows), self._bias()

    def _zeros(self, *shape: int) -> Tensor:
        weight: Tensor = cast(Intertwiner, self.parts[0]).weight
        return weight.new_zeros(shape)

    def _bias(self) -> Tensor | None:
        return None if self.bias is None else self.bias @ self.fixed

    def forward(self, x: Tensor) -> Tensor:
        """[..., in_dim] -> [..., out_dim]."""
        if self.dense:
            return F.linear(x, *self.assembled())
        outputs = []
        for width, numbers in self.groups:
            found = [self._part(number, x[..., self.places[number][0]]) for number in numbers]
            outputs.append(sum(found[1:], found[0]) if found else x.new_zeros(*x.shape[:-1], width))
        y, bias = torch.cat(outputs, -1), self._bias()
        return y if bias is None else y + bias

    def _part(self, number: int, x: Tensor) -> Tensor:
        member = cast(Intertwiner, self.parts[number])
        if not self.identities[number]:
            y: Tensor = member(x)
            return y
        scale = member.weight.squeeze(-1)
        return (scale @ x.unflatten(-1, (scale.shape[1], -1))).flatten(-2)

    def extra_repr(self) -> str:
        """The dimensions and how it is applied."""
        return f"{self.in_dim} -> {self.out_dim}, {'as one matrix' if self.dense else 'part by part'}"


def _check_tiles(targets: list[slice], out_dim: int) -> None:
    reached = 0
    for target in [*targets, slice(out_dim, out_dim)]:
        if target.start != reached:
            what = "no map but 0 reaches" if target.start > reached else "parts overlap in"
            raise ValueError(f"{what} the entries {min(reached, target.start)} to {max(reached, target.start)}")
        reached = target.stop


def _is_identity(part: Part) -> bool:
    _, row, column, number = _entries(part.basis, (part.target_dim, part.source_dim))
    diagonal = torch.arange(part.source_dim, device="cpu")
    square = part.target_dim == part.source_dim == len(number) and len(part.basis) == 1
    return square and torch.equal(row, column) and torch.equal(row.sort()[0], diagonal) and bool((number == 1).all())


def _entries(vectors: Entries, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
    """The entries of sparse arrays as columns: which array, each index, and the number in float64.

    Raises ValueError for an empty array, an index outside `shape`, and a number that is not finite.
    """
    if isinstance(vectors, Tensor):
        if vectors.dtype != torch.float64 or tuple(vectors.shape[1:]) != shape:
            raise ValueError(f"a basis is float64 of shape [elements, *{shape}], not a tensor {tuple(vectors.shape)}")
        places = vectors.detach().cpu().nonzero()
        rows, numbers = places.tolist(), vectors.detach().cpu()[places.unbind(-1)].tolist()
    else:
        rows = [(which, *index) for which, vector in enumerate(vectors) for index in vector]
        numbers = [float(number) for vector in vectors for number in vector.values()]
    for (which, *index), number in zip(rows, numbers, strict=True):
        if len(index) != len(shape) or not all(0 <= i < size for i, size in zip(index, shape, strict=True)):
            raise ValueError(f"element {which} has an entry at {tuple(index)}, outside the shape {shape}")
        if not math.isfinite(number):
            raise ValueError(f"element {which} has {number} at {tuple(index)}, which is not a finite number")
    missing = set(range(len(vectors))) - {row[0] for row, number in zip(rows, numbers, strict=True) if number}
    if missing:
        raise ValueError(f"element {min(missing)} has no entry but 0")
    columns = torch.tensor(rows, dtype=torch.int64, device="cpu").unbind(-1)
    return *columns, torch.tensor(numbers, dtype=torch.float64, device="cpu")


def _fixed(invariants: Invariants, dim: int) -> Tensor:
    """The invariants as rows."""
    vectors: Entries
    if isinstance(invariants, Tensor):
        vectors = invariants
    else:
        vectors = [{(row,): number for row, number in vector.items()} for vector in invariants]
    which, row, size = _entries(vectors, (dim,))
    return _dense(which, row, size, len(invariants), dim)


def _dense(element: Tensor, place: Tensor, number: Tensor, rows: int, columns: int) -> Tensor:
    """A matrix with a row for each element."""
    return torch.zeros(rows, columns, dtype=torch.float64, device="cpu").index_put((element, place), number)


def _bounds(element: Tensor, row: Tensor, number: Tensor, channels: int) -> list[float]:
    """For each element the bound of its uniform parameter.

    A row that n elements reach gets a variance of 1 / (3 n) from each, if all its rows are like it.
    """
    reached = torch.unique(torch.stack((element, row)), dim=1)
    elements = torch.bincount(reached[1])
    squares = torch.bincount(element, number.square())
    bounds = []
    for which in range(len(squares)):
        rows = reached[1][reached[0] == which]
        shared = float(elements[rows].double().mean()) * channels
        bounds.append(math.sqrt(len(rows) / (float(squares[which]) * shared)))
    return bounds
