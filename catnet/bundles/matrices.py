"""Matrices of expressions: products, transposes, determinants and inverses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

from catnet.bundles import expressions
from catnet.bundles.expressions import ONE, ZERO, Expr, ExprLike, added, expression, multiplied
from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.symmetry.exact import Matrix, Number

LARGEST_ADJUGATE = 4


@dataclass(frozen=True)
class Entries:
    """A matrix of expressions, by rows.

    >>> from catnet.bundles.expressions import I, exp, name
    >>> turn = Entries.of([[exp(I * name("phi")), 0], [0, 1]])
    >>> turn @ turn
    [[exp(I*phi)*exp(I*phi), 0], [0, 1]]
    """

    rows: tuple[tuple[Expr, ...], ...]

    @staticmethod
    def of(value: object, where: str = "a transition") -> Entries:
        """From nested lists, an exact matrix, or one expression (a matrix of one entry).

        Raises E0806 where rows differ in length.
        """
        if isinstance(value, Entries):
            return value
        if isinstance(value, Matrix):
            return Entries.build(value.rows, value.columns, lambda i, j: expression(value[i, j]))
        if not isinstance(value, (list, tuple)):
            return Entries(((expression(value),),))
        if not value or not all(isinstance(row, (list, tuple)) for row in value) or len({len(r) for r in value}) != 1:
            fail("E0806", f"{where} is no matrix: its rows differ in length", help="write it as [[a, b], [c, d]]")
        return Entries(tuple(tuple(map(expression, row)) for row in value))

    @staticmethod
    def build(rows: int, columns: int, entry: Callable[[int, int], Expr]) -> Entries:
        """From a function of row and column."""
        spend(rows * columns)
        return Entries(tuple(tuple(entry(i, j) for j in range(columns)) for i in range(rows)))

    @staticmethod
    def identity(size: int) -> Entries:
        return Entries.build(size, size, lambda i, j: ONE if i == j else ZERO)

    @staticmethod
    def blocks(parts: Sequence[Entries]) -> Entries:
        """The direct sum, first part first."""
        width = sum(part.shape[1] for part in parts)
        rows: list[tuple[Expr, ...]] = []
        before = 0
        for part in parts:
            after = width - before - part.shape[1]
            rows += [(*(ZERO,) * before, *row, *(ZERO,) * after) for row in part.rows]
            before += part.shape[1]
        return Entries(tuple(rows))

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.rows[0])

    @cached_property
    def entries(self) -> tuple[Expr, ...]:
        """All entries, row by row."""
        return tuple(entry for row in self.rows for entry in row)

    @cached_property
    def exact(self) -> Matrix | None:
        """The matrix of exact numbers, where every entry is one."""
        if any(entry.op != "number" for entry in self.entries):
            return None
        return Matrix.of([[entry.value for entry in row] for row in self.rows])

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset().union(*map(expressions.names_in, self.entries))

    def map(self, change: Callable[[Expr], Expr]) -> Entries:
        """The matrix with every entry changed."""
        return Entries(tuple(tuple(map(change, row)) for row in self.rows))

    def map_at(self, change: Callable[[int, int, Expr], Expr]) -> Entries:
        """The matrix with every entry changed by its place."""
        return Entries.build(*self.shape, lambda i, j: change(i, j, self.rows[i][j]))

    def components(self) -> list[Entries]:
        """The blocks of a square matrix that no entry joins."""
        parts: list[set[int]] = []
        for i in range(self.shape[0]):
            near = {i, *(j for j in range(self.shape[0]) if self.rows[i][j] or self.rows[j][i])}
            for part in [part for part in parts if part & near]:
                parts.remove(part)
                near |= part
            parts.append(near)
        return [Entries(tuple(tuple(self.rows[i][j] for j in sorted(p)) for i in sorted(p))) for p in parts]

    def substitute(self, mapping: Mapping[str, ExprLike]) -> Entries:
        """The matrix with names replaced."""
        if not mapping.keys() & self.names:
            return self
        return self.map(lambda entry: expressions.substitute(entry, mapping))

    def __matmul__(self, other: Entries) -> Entries:
        if self.exact is not None and other.exact is not None:
            return Entries.of(self.exact @ other.exact)
        spend(self.shape[0] * self.shape[1] * other.shape[1])
        columns = list(zip(*other.rows, strict=True))
        return Entries(tuple(tuple(_dot(row, column) for column in columns) for row in self.rows))

    def __sub__(self, other: Entries) -> Entries:
        pairs = zip(self.rows, other.rows, strict=True)
        return Entries(tuple(tuple(a - b for a, b in zip(left, right, strict=True)) for left, right in pairs))

    def transpose(self) -> Entries:
        return Entries(tuple(zip(*self.rows, strict=True)))

    def dagger(self) -> Entries:
        """The conjugate transpose."""
        return self.transpose().map(expressions.conjugate)

    def kron(self, other: Entries) -> Entries:
        """The tensor product; index (i, k) of it is `i * rows of other + k`."""
        n, m = other.shape
        rows, columns = self.shape[0] * n, self.shape[1] * m
        return Entries.build(rows, columns, lambda i, j: self.rows[i // n][j // m] * other.rows[i % n][j % m])

    def determinant(self) -> Expr:
        """The determinant: of exact numbers by elimination, else by the first row."""
        if self.exact is not None:
            return expression(self.determinant_of_numbers())
        return _determinant(self.rows)

    def inverse(self) -> Entries:
        """The inverse: exact, or by the adjugate up to 4 x 4. Raises E0809 where the determinant is zero.

        Raises E0806 for larger matrices of expressions, whose inverse must be given.
        """
        size = self.shape[0]
        if self.exact is not None:
            if not self.determinant_of_numbers():
                fail("E0809", f"the matrix {self} is singular: it is no isomorphism of fibres")
            return Entries.of(self.exact.inverse())
        if size > LARGEST_ADJUGATE:
            fail("E0806", f"the inverse of a {size} x {size} matrix of expressions is not computed")
        whole = self.determinant()
        return Entries.build(size, size, lambda i, j: _cofactor(self.rows, j, i) / whole)

    def determinant_of_numbers(self) -> Number:
        """The determinant of a matrix of exact numbers."""
        from catnet.symmetry.matrix_groups import determinant

        assert self.exact is not None
        return determinant(self.exact)

    def __repr__(self) -> str:
        return f"[{', '.join(f'[{row}]' for row in map(_row_text, self.rows))}]"

    @property
    def text(self) -> str:
        """As the language writes it: a matrix of one entry without brackets."""
        return repr(self.rows[0][0]) if self.shape == (1, 1) else repr(self)


def _row_text(row: Iterable[Expr]) -> str:
    return ", ".join(map(repr, row))


def _dot(row: Iterable[Expr], column: Iterable[Expr]) -> Expr:
    return reduce(added, (multiplied(a, b) for a, b in zip(row, column, strict=True)), ZERO)


def _determinant(rows: Sequence[Sequence[Expr]]) -> Expr:
    if not rows:
        return ONE
    spend(4 * len(rows) ** 2)
    terms = (rows[0][j] * _cofactor(rows, 0, j) for j in range(len(rows)) if rows[0][j])
    return reduce(added, terms, ZERO)


def _cofactor(rows: Sequence[Sequence[Expr]], i: int, j: int) -> Expr:
    """The signed determinant without row i and column j."""
    minor = [[x for k, x in enumerate(row) if k != j] for n, row in enumerate(rows) if n != i]
    return _determinant(minor) if (i + j) % 2 == 0 else -_determinant(minor)
