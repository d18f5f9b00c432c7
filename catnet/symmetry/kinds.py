"""What the matrices of a representation look like: the lattice that the rules for nonlinear boxes ask about."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from catnet.symmetry.cyclotomic import Number, conjugate, is_positive, is_real

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catnet.symmetry.exact import Matrix


class Kind(Enum):
    """A class of matrices, closed under products, sums and tensor products (symplectic ones apart).

    >>> Kind.PERMUTATION.within(Kind.ORTHOGONAL), Kind.ORTHOGONAL.within(Kind.PERMUTATION)
    (True, False)
    >>> Kind.POSITIVE_MONOMIAL | Kind.SIGNED_PERMUTATION
    <Kind.MONOMIAL: 'monomial'>
    """

    TRIVIAL = "trivial"
    PERMUTATION = "permutation"
    SIGNED_PERMUTATION = "signed permutation"
    POSITIVE_MONOMIAL = "positive monomial"
    MONOMIAL = "monomial"
    PHASE_MONOMIAL = "phase monomial"
    ORTHOGONAL = "orthogonal"
    ISOMETRIC = "isometric"  # preserves a symmetric form that may be indefinite: `Rep.form`
    SYMPLECTIC = "symplectic"  # preserves an antisymmetric form
    UNITARY = "unitary"
    GENERAL = "general"

    def within(self, other: Kind) -> bool:
        """Whether every matrix of this kind is one of the other."""
        return other in _ABOVE[self]

    def __or__(self, other: Kind) -> Kind:
        """The least kind that holds both."""
        common = _ABOVE[self] & _ABOVE[other]
        return max(common, key=lambda kind: len(_ABOVE[kind] & common))


_STEPS = {
    Kind.TRIVIAL: (Kind.PERMUTATION,),
    Kind.PERMUTATION: (Kind.SIGNED_PERMUTATION, Kind.POSITIVE_MONOMIAL),
    Kind.SIGNED_PERMUTATION: (Kind.MONOMIAL, Kind.PHASE_MONOMIAL, Kind.ORTHOGONAL),
    Kind.POSITIVE_MONOMIAL: (Kind.MONOMIAL,),
    Kind.MONOMIAL: (Kind.GENERAL,),
    Kind.PHASE_MONOMIAL: (Kind.UNITARY,),
    Kind.ORTHOGONAL: (Kind.ISOMETRIC, Kind.UNITARY),
    Kind.ISOMETRIC: (Kind.GENERAL,),
    Kind.SYMPLECTIC: (Kind.GENERAL,),
    Kind.UNITARY: (Kind.GENERAL,),
    Kind.GENERAL: (),
}


def _above(kind: Kind) -> frozenset[Kind]:
    return frozenset({kind}).union(*map(_above, _STEPS[kind]))


_ABOVE = {kind: _above(kind) for kind in Kind}


def kind_of(matrices: Iterable[Matrix]) -> Kind:
    """The least kind that holds all these matrices, by their entries (a form must be known to be looked for)."""
    result = Kind.TRIVIAL
    for matrix in matrices:
        result = result | _kind_of_one(matrix)
    return result


def _kind_of_one(matrix: Matrix) -> Kind:
    if matrix.is_identity():
        return Kind.TRIVIAL
    single = matrix.monomial()
    if single is not None:
        values = {x for _, x in single}
        if values == {1}:
            return Kind.PERMUTATION
        if values <= {1, -1}:
            return Kind.SIGNED_PERMUTATION
        if all(is_positive(x) for x in values):
            return Kind.POSITIVE_MONOMIAL
        if all(is_real(x) for x in values):
            return Kind.MONOMIAL
        if all(_is_phase(x) for x in values):
            return Kind.PHASE_MONOMIAL
    if (matrix.conjugate().transpose() @ matrix).is_identity():
        return Kind.ORTHOGONAL if matrix.is_real() else Kind.UNITARY
    return Kind.GENERAL


def _is_phase(x: Number) -> bool:
    """Whether a number has absolute value one."""
    return x * conjugate(x) == 1
