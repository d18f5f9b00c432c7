"""Lie groups: orthogonal (of any signature), unitary and symplectic, by Lie algebra generators and components.

Their characters, and the measures that average them, are in `catnet.symmetry.tori`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.symmetry.elements import Element, Flow, Word
from catnet.symmetry.exact import Matrix, root
from catnet.symmetry.groups import Field, Group, as_size
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim

if TYPE_CHECKING:
    from catnet.symmetry.strata import Laurent, Stratum


class LieGroup(Group):
    """A matrix Lie group with finitely many components."""

    finite = False

    @property
    def order(self) -> None:
        return None

    @property
    def generators(self) -> tuple[str, ...]:
        return ()

    @property
    def relations(self) -> tuple[Word, ...]:
        return ()

    @property
    def compact_generators(self) -> frozenset[int]:
        """The indices of the algebra generators A with `exp(2 pi A) = 1`."""
        raise NotImplementedError

    def natural_matrices(self) -> tuple[Matrix, ...]:
        return ()

    def word_at(self, stratum: Stratum) -> Word:
        return ()

    def sample(self, rng: random.Random) -> Element:
        """Two flows with normal coefficients (rotations of any angle, boosts of about 1/2), then any component."""
        self.need_numbers("an element")
        compact, count = self.compact_generators, len(self.algebra)
        spread = [(math.pi if i in compact else 0.5) / math.sqrt(count) for i in range(count)]
        flows = [Flow(tuple((i, rng.gauss(0.0, size)) for i, size in enumerate(spread))) for _ in range(2)]
        steps = [(i, 1) for i in range(len(self.generators)) if rng.random() < 0.5]
        return Element(self, (*(flows if count else ()), *steps))


@dataclass(frozen=True)
class OfSize(LieGroup):
    """A group of matrices of size n."""

    n: Dim

    @property
    def size(self) -> Dim:
        return self.n

    @property
    def parameters(self) -> tuple[Dim, ...]:
        return (self.n,)

    def subst(self, mapping: Mapping[str, Dim | int]) -> OfSize:
        return replace(self, n=as_size(self.n.subst(mapping), 1, str(self)))

    def number(self) -> int:
        """n as an integer. Raises E0708 where it is symbolic."""
        self.need_numbers("the matrices")
        assert self.n.value is not None
        return self.n.value


@dataclass(frozen=True, repr=False)
class Orthogonal(LieGroup):
    """O(p, q), SO(p, q), O(n), SO(n): real matrices that preserve the metric with p times +1, then q times -1.

    The algebra generator `Ljk`, j < k (axes counted from 1), turns axis j towards axis k, or boosts the two where
    their signs differ. Discrete generators are the reflection `r1` of the first axis and, for two signs, that of
    the first axis of the second sign. SO(p, q) is the whole group of determinant one, of two components.
    """

    p: Dim
    q: Dim
    special: bool

    @property
    def size(self) -> Dim:
        return self.p + self.q

    @property
    def parameters(self) -> tuple[Dim, ...]:
        return self.p, self.q

    def subst(self, mapping: Mapping[str, Dim | int]) -> Orthogonal:
        return replace(self, p=as_size(self.p.subst(mapping), 1, str(self)), q=self.q.subst(mapping))

    @property
    def natural_kind(self) -> Kind:
        if self.q == 0 and self.p == 1:
            return Kind.TRIVIAL if self.special else Kind.SIGNED_PERMUTATION
        return Kind.ORTHOGONAL if self.q == 0 else Kind.ISOMETRIC

    @property
    def generators(self) -> tuple[str, ...]:
        second = f"r{self.p + 1}"
        if self.q == 0:
            return () if self.special else ("r1",)
        return (f"r1{second}",) if self.special else ("r1", second)

    @property
    def relations(self) -> tuple[Word, ...]:
        squares = tuple(((i, 2),) for i in range(len(self.generators)))
        return (*squares, ((0, 1), (1, 1)) * 2) if len(squares) == 2 else squares

    def signs(self) -> tuple[int, ...]:
        """The determinant."""
        return tuple(1 if self.special else -1 for _ in self.generators)

    def word_at(self, stratum: Stratum) -> Word:
        """The reflections of a component."""
        assert isinstance(stratum.place, tuple)
        if self.special:
            return ((0, 1),) if any(stratum.place) else ()
        return tuple((i, 1) for i, turned in enumerate(stratum.place) if turned)

    def numbers(self) -> tuple[int, int]:
        """p and q as integers. Raises E0708 where they are symbolic."""
        self.need_numbers("the matrices")
        assert self.p.value is not None
        assert self.q.value is not None
        return self.p.value, self.q.value

    def planes(self) -> list[tuple[int, int]]:
        """The pairs of axes (from 0), one for each algebra generator."""
        n = sum(self.numbers())
        spend(n * n // 2)
        return [(j, k) for j in range(n) for k in range(j + 1, n)]

    @cached_property
    def algebra(self) -> tuple[str, ...]:
        joint = "" if sum(self.numbers()) < 10 else "_"
        return tuple(f"L{j + 1}{joint}{k + 1}" for j, k in self.planes())

    @property
    def compact_generators(self) -> frozenset[int]:
        p, _ = self.numbers()
        return frozenset(i for i, (j, k) in enumerate(self.planes()) if (j < p) == (k < p))

    def natural_matrices(self) -> tuple[Matrix, ...]:
        p, q = self.numbers()
        flips = [[0, p]] if self.special and q else [[0], [p]] if q else [] if self.special else [[0]]
        return tuple(Matrix.diagonal([-1 if i in flip else 1 for i in range(p + q)]) for flip in flips)

    def natural_algebra(self) -> tuple[Matrix, ...]:
        n, compact = sum(self.numbers()), self.compact_generators
        return tuple(
            Matrix(n, n, {(k, j): 1, (j, k): -1 if i in compact else 1}) for i, (j, k) in enumerate(self.planes())
        )

    def natural_form(self) -> Matrix | None:
        if self.is_symbolic:
            return None
        p, q = self.numbers()
        return Matrix.diagonal([1] * p + [-1] * q)

    def natural_character(self, stratum: Stratum, power: int) -> Laurent:
        from catnet.symmetry.tori import orthogonal_character

        return orthogonal_character(self, stratum, power)

    def strata(self) -> Sequence[Stratum]:
        from catnet.symmetry.tori import orthogonal_strata

        return orthogonal_strata(self)

    def __str__(self) -> str:
        name = "SO" if self.special else "O"
        return f"{name}({self.p})" if self.q == 0 else f"{name}({self.p}, {self.q})"


@dataclass(frozen=True, repr=False)
class Unitary(OfSize):
    """U(n) and SU(n), acting on n complex numbers.

    Algebra generators: `Xjk = E_jk - E_kj` and `Yjk = i (E_jk + E_kj)` for j < k, then `Zj = i E_jj` for U(n) and
    `Zj = i (E_jj - E_(j+1)(j+1))` for SU(n).
    """

    special: bool

    @property
    def field(self) -> Field:
        return "C"

    @property
    def natural_kind(self) -> Kind:
        if self.n == 1:
            return Kind.TRIVIAL if self.special else Kind.PHASE_MONOMIAL
        return Kind.UNITARY

    @cached_property
    def algebra(self) -> tuple[str, ...]:
        n = self.number()
        spend(n * n)
        joint = "" if n < 10 else "_"
        mixed = [f"{name}{j}{joint}{k}" for name in "XY" for j in range(1, n + 1) for k in range(j + 1, n + 1)]
        return (*mixed, *(f"Z{j}" for j in range(1, n + (not self.special))))

    @property
    def compact_generators(self) -> frozenset[int]:
        return frozenset(range(len(self.algebra)))

    def natural_algebra(self) -> tuple[Matrix, ...]:
        n, i = self.number(), root(4)
        spend(n * n)
        pairs = [(j, k) for j in range(n) for k in range(j + 1, n)]
        real = [Matrix(n, n, {(j, k): 1, (k, j): -1}) for j, k in pairs]
        imaginary = [Matrix(n, n, {(j, k): i, (k, j): i}) for j, k in pairs]
        if self.special:
            return (*real, *imaginary, *(Matrix(n, n, {(j, j): i, (j + 1, j + 1): -i}) for j in range(n - 1)))
        return (*real, *imaginary, *(Matrix(n, n, {(j, j): i}) for j in range(n)))

    def natural_form(self) -> Matrix | None:
        if self.special and self.n == 2:
            return Matrix.of([[0, 1], [-1, 0]])
        return Matrix.identity(1) if self.special and self.n == 1 else None

    def natural_character(self, stratum: Stratum, power: int) -> Laurent:
        from catnet.symmetry.tori import unitary_character

        return unitary_character(self, power)

    def strata(self) -> Sequence[Stratum]:
        from catnet.symmetry.tori import unitary_strata

        return unitary_strata(self)

    def __str__(self) -> str:
        return f"{'SU' if self.special else 'U'}({self.n})"


@dataclass(frozen=True, repr=False)
class Symplectic(OfSize):
    """Sp(n): real matrices of even size n that preserve `J = [[0, 1], [-1, 0]]` in blocks of n/2 (q before p).

    Algebra generators, j and k from 1 to n/2: `Ajk = E_jk - E_(k')(j')`, `Bjk = E_jk' + E_kj'` and
    `Cjk = E_j'k + E_k'j` for j <= k (once where j = k), with j' = j + n/2.
    """

    def subst(self, mapping: Mapping[str, Dim | int]) -> Symplectic:
        return symplectic(self.n.subst(mapping))

    @property
    def natural_kind(self) -> Kind:
        return Kind.SYMPLECTIC

    def half(self) -> int:
        """n / 2 as an integer. Raises E0708 where it is symbolic."""
        return self.number() // 2

    @cached_property
    def algebra(self) -> tuple[str, ...]:
        axes = range(1, self.half() + 1)
        spend(2 * self.half() ** 2)
        joint = "" if self.half() < 10 else "_"
        mixed = [f"{name}{j}{joint}{k}" for name in "BC" for j in axes for k in axes if j <= k]
        return (*(f"A{j}{joint}{k}" for j in axes for k in axes), *mixed)

    @property
    def compact_generators(self) -> frozenset[int]:
        return frozenset()

    def natural_algebra(self) -> tuple[Matrix, ...]:
        m = self.half()
        axes = range(m)
        general = [Matrix(2 * m, 2 * m, {(j, k): 1, (m + k, m + j): -1}) for j in axes for k in axes]
        upper = [Matrix(2 * m, 2 * m, {(j, m + k): 1, (k, m + j): 1}) for j in axes for k in axes if j <= k]
        return (*general, *upper, *(matrix.transpose() for matrix in upper))

    def natural_form(self) -> Matrix | None:
        if self.is_symbolic:
            return None
        m = self.half()
        return Matrix(2 * m, 2 * m, {(j, m + j): 1 for j in range(m)} | {(m + j, j): -1 for j in range(m)})

    def natural_character(self, stratum: Stratum, power: int) -> Laurent:
        from catnet.symmetry.tori import symplectic_character

        return symplectic_character(self, power)

    def strata(self) -> Sequence[Stratum]:
        from catnet.symmetry.tori import symplectic_strata

        return symplectic_strata(self)

    def __str__(self) -> str:
        return f"Sp({self.n})"


def symplectic(n: int | Dim) -> Symplectic:
    """Sp(n). Raises E0701 where n is not known to be even."""
    dim = as_size(n, 2, f"Sp({n})")
    if (dim % 2).value != 0:
        fail(
            "E0701",
            f"`Sp({dim})` acts on an even number of coordinates, and {dim} is not known to be even",
            help="Sp(2*n) is the symplectic group of n positions and n momenta",
        )
    return Symplectic(dim)
