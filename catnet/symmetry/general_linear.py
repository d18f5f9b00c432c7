"""The general linear group over the real numbers, which preserves no form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from catnet.limits import spend
from catnet.symmetry.elements import Word
from catnet.symmetry.exact import Matrix
from catnet.symmetry.kinds import Kind
from catnet.symmetry.lie_groups import OfSize

if TYPE_CHECKING:
    from catnet.symmetry.strata import Laurent, Stratum


@dataclass(frozen=True, repr=False)
class GeneralLinear(OfSize):
    """GL(n): the invertible real matrices of size n, in two components, by the sign of the determinant.

    Algebra generators: `Ljk = E_kj - E_jk`, which turns axis j towards axis k as in O(n), and `Sjk = E_jk + E_kj` for
    j < k, then `Zj = E_jj`. The discrete generator is the reflection `r1` of the first axis, as in O(n).

    The natural representation and its dual differ: no bilinear form is invariant. Representations are those whose
    `Zj` have integer weights: tensors, and tensors times the sign of the determinant.
    """

    @property
    def natural_kind(self) -> Kind:
        return Kind.MONOMIAL if self.n == 1 else Kind.GENERAL

    @property
    def generators(self) -> tuple[str, ...]:
        return ("r1",)

    @property
    def relations(self) -> tuple[Word, ...]:
        return (((0, 2),),)

    def signs(self) -> tuple[int, ...]:
        """The sign of the determinant."""
        return (-1,)

    def word_at(self, stratum: Stratum) -> Word:
        return ((0, 1),) if stratum.place else ()

    def pairs(self) -> list[tuple[int, int]]:
        """The pairs of axes j < k, from 0."""
        n = self.number()
        spend(n * n)
        return [(j, k) for j in range(n) for k in range(j + 1, n)]

    @cached_property
    def algebra(self) -> tuple[str, ...]:
        joint = "" if self.number() < 10 else "_"
        mixed = [f"{name}{j + 1}{joint}{k + 1}" for name in "LS" for j, k in self.pairs()]
        return (*mixed, *(f"Z{j}" for j in range(1, self.number() + 1)))

    @property
    def compact_generators(self) -> frozenset[int]:
        return frozenset(range(len(self.pairs())))

    def natural_matrices(self) -> tuple[Matrix, ...]:
        n = self.number()
        spend(n)
        return (Matrix.diagonal([-1] + [1] * (n - 1)),)

    def natural_algebra(self) -> tuple[Matrix, ...]:
        n, pairs = self.number(), self.pairs()
        turns = [Matrix(n, n, {(k, j): 1, (j, k): -1}) for j, k in pairs]
        stretches = [Matrix(n, n, {(j, k): 1, (k, j): 1}) for j, k in pairs]
        return (*turns, *stretches, *(Matrix(n, n, {(j, j): 1}) for j in range(n)))

    def natural_form(self) -> Matrix | None:
        return None

    def natural_character(self, stratum: Stratum, power: int) -> Laurent:
        from catnet.symmetry.tori import general_linear_character

        return general_linear_character(self, power)

    def strata(self) -> Sequence[Stratum]:
        from catnet.symmetry.tori import general_linear_strata

        return general_linear_strata(self)

    def __str__(self) -> str:
        return f"GL({self.n})"
