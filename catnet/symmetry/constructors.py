"""The groups and representations by the names that the language gives them."""

from __future__ import annotations

from catnet.diagnostics import fail
from catnet.symmetry.finite_groups import Alternating, Cyclic, Dihedral, Symmetric
from catnet.symmetry.groups import Group, as_size
from catnet.symmetry.lie_groups import Orthogonal, Unitary, symplectic
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_leaves import Natural, Trivial
from catnet.types.dims import Dim

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


def O(p: Size, q: Size = 0) -> Orthogonal:
    """The rotations and reflections of p axes; with q, the matrices that preserve the metric of p + and q -."""
    return Orthogonal(as_size(p, 1, "O"), as_size(q, 0, "O"), False)


def U(n: Size) -> Unitary:
    """The unitary matrices of size n."""
    return Unitary(as_size(n, 1, "U"), False)


def SU(n: Size) -> Unitary:
    """The unitary matrices of size n and determinant one."""
    return Unitary(as_size(n, 1, "SU"), True)


Sp = symplectic


def trivial(group: Group) -> Rep:
    """One number that nothing moves."""
    return Trivial(group)


def vector(group: Group) -> Rep:
    """The natural representation. Raises E0701 for a group without one."""
    if group.natural is None:
        fail("E0701", f"`{group}` has no natural representation", help="`outer` joins those of its factors")
    return group.natural
