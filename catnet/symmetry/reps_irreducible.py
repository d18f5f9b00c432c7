"""Irreducible representations of C(n), D(n), SO(2), SO(3), O(3) and SU(2), in stated orthonormal bases.

**SO(3) and O(3).** The basis of `irrep(SO(3), l)` are the real spherical harmonics of degree l in the order
m = -l, ..., l, orthonormal, with z as the polar axis and without the Condon-Shortley sign: for m > 0, Y_m is a positive
multiple of `Re (x + i y)^m Q_m(z)` and Y_(-m) of `Im (x + i y)^m Q_m(z)`, where Q_m has a positive leading
coefficient in z. So l = 1 is (y, z, x): `rho_1(R) = P R P^T` with P the permutation of rows x, y, z to y, z, x. The
matrices satisfy `Y(R v) = rho(R) Y(v)`. In O(3), inversion acts by the parity: "e" by 1, "o" by -1.

**SU(2).** `irrep(SU(2), k)`, of spin k/2 and dimension k + 1, has the weight basis with the highest weight first
(Condon-Shortley); k = 1 is the natural representation.

**SO(2).** `irrep(SO(2), m)` turns the plane by m times the angle; m = 1 is the natural representation.

**C(n), D(n).** For 0 < k < n/2, r acts as the rotation of the plane by 2 pi k/n and s as diag(1, -1). The
one-dimensional ones are `irrep(C(n), 0)` and, for even n, `irrep(C(n), n/2)`; of D(n) "A1" (trivial), "A2" (s is -1)
and for even n "B1" (r is -1) and "B2" (both are).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import cast

from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.symmetry.exact import Matrix, Number, cosine, root, simple, sine
from catnet.symmetry.finite_groups import Cyclic, Dihedral
from catnet.symmetry.groups import Field, Group, need_group
from catnet.symmetry.kinds import Kind, kind_of
from catnet.symmetry.lie_groups import Orthogonal, Unitary
from catnet.symmetry.reps import Rep, Scale
from catnet.symmetry.reps_leaves import Natural, Sign, Trivial
from catnet.symmetry.reps_plane import Order
from catnet.symmetry.strata import Laurent, Stratum
from catnet.types.dims import Dim


def irrep(group: Group, label: int | str, parity: str | int | None = None) -> Rep:
    """The irreducible representation of this label: l (and parity "e" or "o") for SO(3) and O(3), the order m for
    SO(2), twice the spin for SU(2), k for C(n) and D(n), a letter for the one-dimensional ones of D(n).

    Raises E0711 where there is none.
    """
    need_group(group, "irrep")
    if isinstance(group, Orthogonal) and group.p == 3 and group.q == 0:
        return _of_rotations(group, label, parity)
    if parity is not None:
        fail("E0711", f"a parity is given for `{group}`, but only irreducibles of O(3) have one")
    if isinstance(group, Orthogonal) and group.p == 2 and group.q == 0 and group.special:
        order = _natural(group, label)
        return Order(group, order) if order > 1 else Natural(group) if order else Trivial(group)
    if isinstance(group, Unitary) and group.special and group.n == 2:
        return Trivial(group) if label == 0 else Spin(group, _natural(group, label))
    if isinstance(group, Cyclic):
        return _of_cycle(group, label)
    if isinstance(group, Dihedral):
        return _of_dihedral(group, label)
    fail(
        "E0711",
        f"no irreducibles of `{group}` are built in",
        help="they are for C(n), D(n), SO(2), SO(3), O(3) and SU(2)",
    )


def _natural(group: Group, label: int | str) -> int:
    if not isinstance(label, int) or isinstance(label, bool) or label < 0:
        fail("E0711", f"`{group}` has no irreducible {label!r}", help="its irreducibles are numbered 0, 1, 2, ...")
    return label


def _of_rotations(group: Orthogonal, label: int | str, parity: str | int | None) -> Rep:
    degree = _natural(group, label)
    if group.special:
        if parity is not None:
            fail("E0711", f"irreducibles of `{group}` have no parity", help="those of O(3) have one")
        return Harmonic(group, degree, 1) if degree else Trivial(group)
    signs: dict[str | int | None, int] = {"e": 1, "o": -1, 1: 1, -1: -1}
    if parity not in signs:
        given = "" if parity is None else f", not {parity!r}"
        fail("E0711", f"`irrep({group}, {degree})` needs a parity{given}", help=f'irrep({group}, {degree}, "e") or "o"')
    if degree == 0:
        return Trivial(group) if signs[parity] == 1 else Sign(group, None)
    return Harmonic(group, degree, signs[parity])


def _of_cycle(group: Cyclic, label: int | str) -> Rep:
    n, k = group.number(), _natural(group, label)
    if 2 * k > n:
        fail("E0711", f"`{group}` has no irreducible {k}", help=f"they are numbered 0 to {n // 2}")
    if k == 0:
        return Trivial(group)
    return Sign(group, ("r",)) if 2 * k == n else Turn(group, k)


def _of_dihedral(group: Dihedral, label: int | str) -> Rep:
    n = group.number()
    letters = {"A1": (), "A2": ("s",)} | ({"B1": ("r",), "B2": ("r", "s")} if n % 2 == 0 else {})
    if isinstance(label, str) and label in letters:
        return Sign(group, letters[label]) if letters[label] else Trivial(group)
    if label == 0:
        return Trivial(group)
    if isinstance(label, bool) or not isinstance(label, int) or not 0 < 2 * label < n:
        plane = f"1 to {(n - 1) // 2} in the plane, and " if n > 2 else ""
        fail("E0711", f"`{group}` has no irreducible {label!r}", help=f"they are {plane}{', '.join(letters)}")
    return Turn(group, label)


@dataclass(frozen=True, eq=False, repr=False)
class Turn(Rep):
    """The irreducible of C(n) or D(n) on the plane, by rotations of 2 pi k/n and a reflection."""

    group: Cyclic | Dihedral
    k: int

    @property
    def dim(self) -> Dim:
        return Dim.const(2)

    @cached_property
    def kind(self) -> Kind:
        return kind_of(self.matrices())

    @property
    def text(self) -> str:
        return f"irrep({self.group}, {self.k})"

    def matrices(self) -> tuple[Matrix, ...]:
        n = self.group.number()
        c, s = cosine(self.k, n), sine(self.k, n)
        turn = Matrix.of([[c, -s], [s, c]])
        return (turn, Matrix.diagonal([1, -1])) if isinstance(self.group, Dihedral) else (turn,)

    def algebra(self) -> tuple[Matrix, ...]:
        return ()

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return self


@dataclass(frozen=True, eq=False, repr=False)
class Harmonic(Rep):
    """The irreducible of SO(3) or O(3) on spherical harmonics of degree l >= 1.

    Exact in the basis `C_m = (-1)^m Re F_m`, `S_m = (-1)^m Im F_m` of multiples F_m of the harmonics for which the
    ladder operators are integral: `L+ F_m = (l - m) F_(m+1)`, `L- F_m = (l + m) F_(m-1)`.
    """

    group: Orthogonal
    degree: int
    parity: int

    @property
    def dim(self) -> Dim:
        return Dim.const(2 * self.degree + 1)

    @property
    def kind(self) -> Kind:
        return Kind.ORTHOGONAL

    @property
    def text(self) -> str:
        letter = "" if self.group.special else ', "e"' if self.parity == 1 else ', "o"'
        return f"irrep({self.group}, {self.degree}{letter})"

    def matrices(self) -> tuple[Matrix, ...]:
        if self.group.special:
            return ()
        # The reflection x -> -x takes (x + i y)^m to (-1)^m (x - i y)^m; what parity is unnatural for l adds a sign.
        sign = self.parity * (-1) ** self.degree
        orders = range(-self.degree, self.degree + 1)
        return (Matrix.diagonal([sign * (-1) ** abs(m) * (1 if m >= 0 else -1) for m in orders]),)

    def algebra(self) -> tuple[Matrix, ...]:
        """L12, L13 and L23: rotations about z, about -y and about x."""
        size = 2 * self.degree + 1
        about_z = {(m, -m): -m for m in range(-self.degree, self.degree + 1)}
        tables = [about_z, {at: -x for at, x in self._about_y().items()}, self._about_x()]
        return tuple(
            Matrix(size, size, {(i + self.degree, j + self.degree): simple(Fraction(x)) for (i, j), x in table.items()})
            for table in tables
        )

    def _about_y(self) -> dict[tuple[int, int], Number]:
        """i L_y on C_m and S_m, from `i L_y F_m = ((l - m) F_(m+1) - (l + m) F_(m-1)) / 2`."""
        n, half = self.degree, Fraction(1, 2)
        table: dict[tuple[int, int], Number] = {(0, 1): -n}
        for m in range(1, n + 1):
            table[m, m - 1] = half * (n + m)
            if m < n:
                table[m, m + 1] = table[-m, -m - 1] = -half * (n - m)
            if m > 1:
                table[-m, -m + 1] = half * (n + m)
        return table

    def _about_x(self) -> dict[tuple[int, int], Number]:
        """i L_x on C_m and S_m, from `i L_x F_m = i ((l - m) F_(m+1) + (l + m) F_(m-1)) / 2`."""
        n, half = self.degree, Fraction(1, 2)
        table: dict[tuple[int, int], Number] = {(0, -1): n}
        for m in range(1, n + 1):
            table[-m, m - 1] = -half * (n + m)
            if m < n:
                table[m, -m - 1], table[-m, m + 1] = half * (n - m), -half * (n - m)
            if m > 1:
                table[m, -m + 1] = half * (n + m)
        return table

    @cached_property
    def scale(self) -> Scale:
        n = self.degree
        norms = [
            Fraction(math.factorial(n) ** 2, math.factorial(n + m) * math.factorial(n - m)) for m in range(-n, n + 1)
        ]
        return tuple(norm if m == n else 2 * norm for m, norm in enumerate(norms))

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return self

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        place = cast("tuple[int, int]", stratum.place)
        turned = sum(place) * power % 2  # the eigenvalues are z, 1/z, -1: minus a rotation by half a turn more
        sign = self.parity if turned else 1
        orders = range(-self.degree, self.degree + 1)
        spend(2 * self.degree + 1)
        return {(m * power,): -sign if turned and m % 2 else sign for m in orders}


@dataclass(frozen=True, eq=False, repr=False)
class Spin(Rep):
    """The irreducible of SU(2) of dimension k + 1, k >= 1; exact in the basis where J+ F_m = (j - m) F_(m+1)."""

    group: Unitary
    k: int

    @property
    def dim(self) -> Dim:
        return Dim.const(self.k + 1)

    @property
    def field(self) -> Field:
        return "C"

    @property
    def kind(self) -> Kind:
        return Kind.UNITARY

    @property
    def text(self) -> str:
        return f"irrep({self.group}, {self.k})"

    @property
    def form(self) -> Matrix:
        return Matrix(self.k + 1, self.k + 1, {(i, self.k - i): (-1) ** i for i in range(self.k + 1)})

    def matrices(self) -> tuple[Matrix, ...]:
        return ()

    def algebra(self) -> tuple[Matrix, ...]:
        """X12 = J+ - J-, Y12 = i (J+ + J-) and Z1 = 2 i J_z, as in the natural representation."""
        k, i = self.k, root(4)
        up = Matrix(k + 1, k + 1, {(row, row + 1): row + 1 for row in range(k)})
        down = Matrix(k + 1, k + 1, {(row + 1, row): k - row for row in range(k)})
        return up - down, (up + down).scaled(i), Matrix.diagonal([(k - 2 * row) * i for row in range(k + 1)])

    @property
    def scale(self) -> Scale | None:
        if self.k == 1:
            return None
        return tuple(Fraction(1, math.comb(self.k, row)) for row in range(self.k + 1))

    def subst(self, mapping: Mapping[str, Dim | int]) -> Rep:
        return self

    def character(self, stratum: Stratum, power: int = 1) -> Laurent:
        spend(self.k)
        return {((self.k - 2 * row) * power,): 1 for row in range(self.k + 1)}
