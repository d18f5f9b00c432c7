"""Symmetric and alternating squares, in orthonormal bases of pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from catnet.diagnostics import fail
from catnet.symmetry.elements import Element
from catnet.symmetry.exact import Matrix, Number, simple_product, sqrt
from catnet.symmetry.groups import Field, Group
from catnet.symmetry.kinds import Kind
from catnet.symmetry.reps import Rep, Scale, need_rep
from catnet.symmetry.strata import Laurent, Stratum, add, multiply
from catnet.types.dims import Dim

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False, repr=False)
class Square(Rep):
    """The symmetric (`sign` 1) or alternating (`sign` -1) square of a representation with basis e_i.

    Its basis, in lexicographic order, is `e_i e_i` and `(e_i e_j + sign e_j e_i) / sqrt(2)` for i < j; the exact
    matrices leave the root out, which `scale` holds.
    """

    inner: Rep
    sign: int

    @property
    def group(self) -> Group:  # type: ignore[override]
        return self.inner.group

    @property
    def dim(self) -> Dim:
        return self.inner.dim * (self.inner.dim + self.sign) // 2

    @property
    def field(self) -> Field:
        return self.inner.field

    @property
    def kind(self) -> Kind:
        kind = self.inner.kind
        if kind is Kind.SYMPLECTIC:
            return Kind.ISOMETRIC
        if self.sign == 1 or kind is Kind.TRIVIAL:
            return kind
        return {Kind.PERMUTATION: Kind.SIGNED_PERMUTATION, Kind.POSITIVE_MONOMIAL: Kind.MONOMIAL}.get(kind, kind)

    @property
    def text(self) -> str:
        return f"{'sym2' if self.sign == 1 else 'alt2'}({self.inner.text})"

    def pairs(self) -> list[tuple[int, int]]:
        """The pair (i, j) of each basis vector."""
        n = self.inner.number()
        return [(i, j) for i in range(n) for j in range(i + (self.sign < 0), n)]

    @cached_property
    def _index(self) -> dict[tuple[int, int], int]:
        return {pair: k for k, pair in enumerate(self.pairs())}

    def _columns(
        self, image: Mapping[int, list[tuple[int, Number]]], other: Mapping[int, list[tuple[int, Number]]]
    ) -> Matrix:
        """The matrix that takes `e_i e_j` to the (anti)symmetrised product of image(e_i) and other(e_j)."""
        entries: dict[tuple[int, int], Number] = {}
        for column, (i, j) in enumerate(self.pairs()):
            for k, x in image.get(i, ()):
                for m, y in other.get(j, ()):
                    if k == m and self.sign < 0:
                        continue
                    at = self._index[min(k, m), max(k, m)], column
                    swapped = self.sign if k > m else 1
                    # e_k e_k arises twice from e_i e_j + e_j e_i; e_k e_m + e_m e_k once from two terms of e_i e_i
                    times = 1 if (i == j) == (k == m) else 2 if k == m else Fraction(1, 2)
                    entries[at] = entries.get(at, 0) + x * y * swapped * times
        return Matrix(len(self._index), len(self._index), {at: simple_product(x, 1) for at, x in entries.items()})

    def matrices(self) -> tuple[Matrix, ...]:
        return tuple(self._columns(matrix.by_column, matrix.by_column) for matrix in self.inner.matrices())

    def algebra(self) -> tuple[Matrix, ...]:
        one = Matrix.identity(self.inner.number()).by_column
        return tuple(self._columns(a.by_column, one) + self._columns(one, a.by_column) for a in self.inner.algebra())

    @cached_property
    def scale(self) -> Scale | None:
        scale = self.inner.scale
        if scale is None and self.sign < 0:
            return None
        factors = scale or (Fraction(1),) * self.inner.number()
        return tuple(factors[i] * factors[j] * (1 if i == j else 2) for i, j in self.pairs())

    @property
    def form(self) -> Matrix | None:
        inner = self.inner.form
        if inner is None:
            return None
        entries: dict[tuple[int, int], Number] = {}
        for row, (i, j) in enumerate(self.pairs()):
            for column, (k, m) in enumerate(self.pairs()):
                value = inner[i, k] * inner[j, m] + self.sign * inner[i, m] * inner[j, k]
                if value:  # over the norms sqrt(2) of pairs, or 2 of doubles
                    entries[row, column] = value * sqrt(Fraction(1, (1 + (i == j)) * (1 + (k == m))))
        return Matrix(len(self._index), len(self._index), entries)

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return square(self.inner.subst(mapping), self.sign)

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        once = self.inner.character(stratum, power)
        twice = self.inner.character(stratum, 2 * power)
        return add([(Fraction(1, 2), multiply(once, once)), (Fraction(self.sign, 2), twice)])

    def matrix(self, element: Element) -> torch.Tensor:
        """The restriction of the tensor square to the orthonormal basis of pairs."""
        import torch

        once, pairs = self.inner.matrix(element), self.pairs()
        first, second = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).unbind(1)
        norm = torch.where(first == second, 2.0, 1.0).double().rsqrt()
        straight, crossed = (
            once[first][:, first] * once[second][:, second],
            once[first][:, second] * once[second][:, first],
        )
        return (straight + self.sign * crossed) * norm[:, None] * norm


def sym2(rep: Rep) -> Rep:
    """The symmetric square."""
    return square(rep, 1)


def alt2(rep: Rep) -> Rep:
    """The alternating square. Raises E0701 for a one-dimensional representation, whose square is zero."""
    return square(rep, -1)


def square(rep: Rep, sign: int) -> Rep:
    """The symmetric square for sign 1, the alternating one for -1."""
    need_rep(rep, "sym2" if sign > 0 else "alt2")
    if sign < 0 and rep.dim == 1:
        fail("E0701", f"`alt2({rep.text})` is zero: `{rep.text}` has dimension one")
    return Square(rep, sign)
