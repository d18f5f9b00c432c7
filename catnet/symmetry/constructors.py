"""The groups and representations by the names that the language gives them."""

from __future__ import annotations

from catnet.diagnostics import fail
from catnet.symmetry.finite_groups import Alternating, Cyclic, Dihedral, Symmetric
from catnet.symmetry.general_linear import GeneralLinear
from catnet.symmetry.grid_groups import Grid, grid
from catnet.symmetry.groups import Group, as_size, need_group
from catnet.symmetry.lie_groups import Orthogonal, Unitary, symplectic
from catnet.symmetry.matrix_groups import matrices
from catnet.symmetry.permutation_groups import permutations
from catnet.symmetry.product_groups import product
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_given import representation
from catnet.symmetry.reps_irreducible import irrep
from catnet.symmetry.reps_leaves import Trivial, permutation, regular, sign
from catnet.symmetry.reps_nodes import dual
from catnet.symmetry.reps_outer import inflate, outer
from catnet.symmetry.reps_restricted import restrict
from catnet.symmetry.reps_squares import alt2, sym2
from catnet.types.dims import Dim

__all__ = [
    "GL",
    "SO",
    "SU",
    "A",
    "C",
    "D",
    "O",
    "S",
    "Sp",
    "U",
    "alt2",
    "dual",
    "inflate",
    "irrep",
    "matrices",
    "outer",
    "p4",
    "p4m",
    "permutation",
    "permutations",
    "product",
    "regular",
    "representation",
    "restrict",
    "sign",
    "sym2",
    "translations",
    "trivial",
    "vector",
]

Size = int | Dim


def C(n: Size) -> Cyclic:
    """The cyclic group of order n; it shifts n points."""
    return Cyclic(as_size(n, 1, "C"))


def D(n: Size) -> Dihedral:
    """The dihedral group of order 2n; it shifts and reflects n points in a circle."""
    return Dihedral(as_size(n, 1, "D"))


def S(n: Size) -> Symmetric:
    """The symmetric group of n points."""
    return Symmetric(as_size(n, 1, "S"))


def A(n: Size) -> Alternating:
    """The alternating group of n points: the even permutations."""
    return Alternating(as_size(n, 1, "A"))


def SO(p: Size, q: Size = 0) -> Orthogonal:
    """The rotations of p axes; with q, the matrices of determinant one that preserve the metric of p + and q -."""
    return Orthogonal(as_size(p, 1, "SO"), as_size(q, 0, "SO"), True)


def O(p: Size, q: Size = 0) -> Orthogonal:  # noqa: E743  (the group's own name)
    """The rotations and reflections of p axes; with q, the matrices that preserve the metric of p + and q -."""
    return Orthogonal(as_size(p, 1, "O"), as_size(q, 0, "O"), False)


def U(n: Size) -> Unitary:
    """The unitary matrices of size n."""
    return Unitary(as_size(n, 1, "U"), False)


def SU(n: Size) -> Unitary:
    """The unitary matrices of size n and determinant one."""
    return Unitary(as_size(n, 1, "SU"), True)


Sp = symplectic


def GL(n: Size) -> GeneralLinear:
    """The invertible real matrices of size n."""
    return GeneralLinear(as_size(n, 1, "GL"))


def translations(h: Size, w: Size) -> Grid:
    """The shifts of a grid of h by w cells that closes in circles."""
    return grid(h, w, "translations")


def p4(h: Size, w: Size) -> Grid:
    """Shifts and quarter turns of a square grid that closes in circles."""
    return grid(h, w, "p4")


def p4m(h: Size, w: Size) -> Grid:
    """Shifts, quarter turns and reflections of a square grid that closes in circles."""
    return grid(h, w, "p4m")


def trivial(group: Group) -> Rep:
    """One number that nothing moves."""
    need_group(group, "trivial")
    return Trivial(group)


def vector(group: Group) -> Rep:
    """The natural representation. Raises E0701 for a group without one."""
    need_group(group, "vector")
    if group.natural is None:
        fail("E0701", f"`{group}` has no natural representation", help="`outer` joins those of its factors")
    return group.natural
