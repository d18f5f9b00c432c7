"""Sparse matrices of exact numbers, and what is asked of them: products, traces, inverses, float64."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property

from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.symmetry.cyclotomic import (
    Cyclotomic,
    Number,
    conjugate,
    cosine,
    exact,
    inverse,
    is_positive,
    is_real,
    root,
    simple,
    sine,
    sqrt,
    to_float,
)

__all__ = [
    "Cyclotomic",
    "Matrix",
    "Number",
    "conjugate",
    "cosine",
    "exact",
    "inverse",
    "is_positive",
    "is_real",
    "root",
    "simple",
    "sine",
    "sqrt",
    "to_float",
]


class Matrix:
    """A frozen sparse matrix: its shape, and `entries` from (row, column) to the numbers that are not zero.

    >>> turn = Matrix.of([[0, -1], [1, 0]])
    >>> turn @ turn == -Matrix.identity(2), turn.trace(), turn.inverse() == turn.transpose()
    (True, 0, True)
    """

    def __init__(self, rows: int, columns: int, entries: Mapping[tuple[int, int], Number]) -> None:
        spend(len(entries))
        self.rows = rows
        self.columns = columns
        self.entries: dict[tuple[int, int], Number] = {at: x for at, x in entries.items() if x}

    # Making matrices

    @staticmethod
    def of(rows: Sequence[Sequence[object]], where: str = "a matrix") -> Matrix:
        """From nested lists. Raises E0705 where rows differ in length, E0706 for entries that are not exact."""
        columns = len(rows[0]) if rows else 0
        for i, row in enumerate(rows):
            if len(row) != columns:
                fail("E0705", f"row {i} of {where} has {len(row)} entries, the first row {columns}")
        entries = {(i, j): exact(x, where) for i, row in enumerate(rows) for j, x in enumerate(row)}
        return Matrix(len(rows), columns, entries)

    @staticmethod
    def identity(n: int) -> Matrix:
        spend(n)
        return Matrix(n, n, {(i, i): 1 for i in range(n)})

    @staticmethod
    def diagonal(values: Sequence[Number]) -> Matrix:
        return Matrix(len(values), len(values), {(i, i): x for i, x in enumerate(values)})

    @staticmethod
    def permutation(images: Sequence[int]) -> Matrix:
        """The matrix that sends basis vector j to basis vector `images[j]`."""
        return Matrix(len(images), len(images), {(image, j): 1 for j, image in enumerate(images)})

    @staticmethod
    def blocks(parts: Iterable[Matrix]) -> Matrix:
        """The direct sum, first part first."""
        entries: dict[tuple[int, int], Number] = {}
        rows = columns = 0
        for part in parts:
            entries.update({(i + rows, j + columns): x for (i, j), x in part.entries.items()})
            rows, columns = rows + part.rows, columns + part.columns
        return Matrix(rows, columns, entries)

    # Looking

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    def __getitem__(self, at: tuple[int, int]) -> Number:
        return self.entries.get(at, 0)

    @cached_property
    def by_row(self) -> dict[int, list[tuple[int, Number]]]:
        """The entries of each row that has any, as pairs (column, number)."""
        found: dict[int, list[tuple[int, Number]]] = {}
        for (i, j), x in self.entries.items():
            found.setdefault(i, []).append((j, x))
        return found

    @cached_property
    def by_column(self) -> dict[int, list[tuple[int, Number]]]:
        """The entries of each column that has any, as pairs (row, number)."""
        found: dict[int, list[tuple[int, Number]]] = {}
        for (i, j), x in self.entries.items():
            found.setdefault(j, []).append((i, x))
        return found

    def monomial(self) -> list[tuple[int, Number]] | None:
        """For each column its one (row, number), where every row and column has exactly one entry; else None."""
        if self.rows != self.columns or len(self.entries) != self.rows or len(self.by_row) != self.rows:
            return None
        if len(self.by_column) != self.columns:
            return None
        return [self.by_column[j][0] for j in range(self.columns)]

    def is_identity(self) -> bool:
        return self.rows == self.columns == len(self.entries) and all(
            i == j and x == 1 for (i, j), x in self.entries.items()
        )

    def is_real(self) -> bool:
        return all(is_real(x) for x in self.entries.values())

    # Arithmetic

    def _same(self, other: Matrix) -> None:
        if self.shape != other.shape:
            fail("E0705", f"matrices of {_shape(self)} and {_shape(other)} cannot be added or compared")

    def __add__(self, other: Matrix) -> Matrix:
        self._same(other)
        entries = dict(self.entries)
        for at, x in other.entries.items():
            entries[at] = entries.get(at, 0) + x
        return Matrix(self.rows, self.columns, entries)

    def __neg__(self) -> Matrix:
        return self.scaled(-1)

    def __sub__(self, other: Matrix) -> Matrix:
        return self + -other

    def scaled(self, factor: Number) -> Matrix:
        return Matrix(self.rows, self.columns, {at: simple_product(factor, x) for at, x in self.entries.items()})

    def __matmul__(self, other: Matrix) -> Matrix:
        if self.columns != other.rows:
            fail("E0705", f"matrices of {_shape(self)} and {_shape(other)} cannot be multiplied")
        entries: dict[tuple[int, int], Number] = {}
        rows = other.by_row
        for (i, k), x in self.entries.items():
            row = rows.get(k, ())
            spend(len(row))
            for j, y in row:
                entries[i, j] = entries.get((i, j), 0) + x * y
        return Matrix(self.rows, other.columns, {at: _tidy(x) for at, x in entries.items()})

    def __pow__(self, exponent: int) -> Matrix:
        base = self if exponent >= 0 else self.inverse()
        result = Matrix.identity(self.rows)
        for bit in bin(abs(exponent))[2:]:
            result = result @ result
            if bit == "1":
                result = result @ base
        return result

    def kron(self, other: Matrix) -> Matrix:
        """The tensor product; index (i, k) of it is `i * other.rows + k`."""
        r, c = other.shape
        spend(len(self.entries) * len(other.entries))
        entries = {
            (i * r + k, j * c + m): simple_product(x, y)
            for (i, j), x in self.entries.items()
            for (k, m), y in other.entries.items()
        }
        return Matrix(self.rows * r, self.columns * c, entries)

    def transpose(self) -> Matrix:
        return Matrix(self.columns, self.rows, {(j, i): x for (i, j), x in self.entries.items()})

    def conjugate(self) -> Matrix:
        return Matrix(self.rows, self.columns, {at: conjugate(x) for at, x in self.entries.items()})

    def trace(self) -> Number:
        return _tidy(sum((x for (i, j), x in self.entries.items() if i == j), 0))

    def inverse(self) -> Matrix:
        """The inverse. Raises E0705 for a matrix that is singular or not square."""
        if (single := self.monomial()) is not None:
            return Matrix(self.rows, self.rows, {(j, i): inverse(x) for j, (i, x) in enumerate(single)})
        if self.rows != self.columns:
            fail("E0705", f"a matrix of {_shape(self)} has no inverse: it is not square")
        return _eliminated(self)

    # Identity, text, floats

    def __eq__(self, other: object) -> bool:
        return (
            self.shape == other.shape and self.entries == other.entries if isinstance(other, Matrix) else NotImplemented
        )

    def __hash__(self) -> int:
        return hash((self.shape, frozenset(self.entries.items())))

    def __repr__(self) -> str:
        rows = [", ".join(str(self[i, j]) for j in range(self.columns)) for i in range(self.rows)]
        return f"[{', '.join(f'[{row}]' for row in rows)}]"

    def float64(self, scale: Sequence[Number] | None = None) -> list[list[float | complex]]:
        """Nested lists of float64; with a scale, entry (i, j) times `sqrt(scale[i] / scale[j])`."""
        rows: list[list[float | complex]] = [[0.0] * self.columns for _ in range(self.rows)]
        for (i, j), x in self.entries.items():
            factor = 1.0 if scale is None else math.sqrt(Fraction(scale[i]) / Fraction(scale[j]))
            rows[i][j] = to_float(x) * factor
        return rows


def _shape(matrix: Matrix) -> str:
    return f"{matrix.rows} x {matrix.columns}"


def _tidy(x: Number) -> Number:
    return simple(x) if isinstance(x, Fraction) else x


def simple_product(x: Number, y: Number) -> Number:
    """The product, an `int` where it is one."""
    return _tidy(x * y)


def _eliminated(matrix: Matrix) -> Matrix:
    """The inverse by Gauss and Jordan."""
    n = matrix.rows
    rows = [{**dict(matrix.by_row.get(i, ())), n + i: 1} for i in range(n)]
    for j in range(n):
        pivot = next((i for i in range(j, n) if rows[i].get(j)), None)
        if pivot is None:
            fail("E0705", f"a matrix has no inverse: its column {j} depends on those before it")
        rows[j], rows[pivot] = rows[pivot], rows[j]
        factor = inverse(rows[j][j])
        rows[j] = {k: factor * x for k, x in rows[j].items()}
        for i in range(n):
            if i != j and (x := rows[i].get(j)):
                spend(len(rows[j]))
                for k, y in rows[j].items():
                    rows[i][k] = rows[i].get(k, 0) - x * y
    return Matrix(n, n, {(i, k - n): _tidy(x) for i, row in enumerate(rows) for k, x in row.items() if k >= n})
