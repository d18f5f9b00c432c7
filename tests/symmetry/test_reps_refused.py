"""Representations that are refused: each with its code and the part of the message that helps."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from catnet.diagnostics import CatnetError
from catnet.symmetry import (
    SO,
    SU,
    A,
    C,
    D,
    O,
    S,
    alt2,
    inflate,
    irrep,
    permutation,
    permutations,
    regular,
    representation,
    restrict,
    sign,
    sqrt,
    sym2,
    vector,
)
from catnet.symmetry.exact import Matrix


def spinor() -> list[Matrix]:
    """Half the Pauli matrices: a representation of the Lie algebra of SO(3), of its double cover only."""
    half, i = Fraction(1, 2), sqrt(-1)
    about_z = Matrix.of([[-i * half, 0], [0, i * half]])
    about_y = Matrix.of([[0, -half], [half, 0]])
    about_x = Matrix.of([[0, -i * half], [-i * half, 0]])
    return [about_z, -about_y, about_x]


LORENTZ = vector(SO(1, 2))
WRONG: dict[str, tuple[Callable[[], object], str, str]] = {
    "no natural representation": (lambda: vector(S(3) * O(3)), "E0701", "outer"),
    "the square of a line": (lambda: alt2(sign(S(3))), "E0701", "dimension one"),
    "a number for a group": (lambda: vector(3), "E0701", "takes a group, not `3`"),
    "a group for a representation": (lambda: sym2(S(3)), "E0701", "takes a representation, not `S(3)`"),
    "no copies": (lambda: 0 * vector(S(3)), "E0701", "at least 1"),
    "a sign of no generator": (lambda: sign(D(3), "t"), "E0701", "no generator `t`"),
    "a sign of a cyclic group": (lambda: sign(C(4)), "E0701", "no sign"),
    "regular of an infinite group": (lambda: regular(SO(3)), "E0701", "infinite"),
    "a broken relation": (lambda: representation(S(3), [[[1]], [[2]]]), "E0703", "t^2 = 1"),
    "a sign that breaks a relation": (lambda: sign(D(3), "r"), "E0703", "r^3 = 1"),
    "permutations that break a relation": (
        lambda: permutation(S(3), ["(1 2 3)(4 5)", "(1 2)"]),
        "E0703",
        "moves point 4",
    ),
    "images of a group without relations": (
        lambda: permutation(permutations("(1 2 3)", "(1 2)"), ["(1 2 3 4)", "(1 2)"]),
        "E0703",
        "order 144, not 6",
    ),
    "a broken bracket": (
        lambda: representation(SO(3), [], [[[0, -1], [1, 0]], [[0, 0], [0, 0]], [[0, 0], [0, 0]]]),
        "E0703",
        "[L13, L23] = L12",
    ),
    "a component that does not turn the algebra": (
        lambda: representation(O(2), [[[1, 0], [0, 1]]], [[[0, -1], [1, 0]]]),
        "E0703",
        "r1*L12*r1^-1 = -L12",
    ),
    "a spinor of rotations": (lambda: representation(SO(3), [], spinor()), "E0703", "full turn"),
    "a shear of the circle": (lambda: representation(SO(2), [], [[[0, 1], [0, 0]]]), "E0703", "full turn"),
    "a form that is not preserved": (
        lambda: representation(SO(1, 2), LORENTZ.matrices(), LORENTZ.algebra(), preserves=Matrix.identity(3)),
        "E0704",
        "L12",
    ),
    "too few matrices": (lambda: representation(S(3), [[[1]]]), "E0705", "needs 2 matrices"),
    "two sizes of matrices": (lambda: representation(D(3), [[[1]], [[1, 0], [0, 1]]]), "E0705", "one size"),
    "a float that is not exact": (
        lambda: representation(C(3), [[[-0.5, -0.8660254], [0.8660254, -0.5]]]),
        "E0706",
        "0.8660254",
    ),
    "a regular representation too large": (lambda: regular(S(9)), "E0707", "362880"),
    "a sum over two groups": (lambda: vector(S(3)) + vector(S(4)), "E0709", "S(4)"),
    "an element of another group": (lambda: vector(S(3)).matrix(S(4).identity()), "E0709", "S(4)"),
    "a product of elements of two groups": (lambda: S(3).identity() * S(4).identity(), "E0709", "S(4)"),
    "no subgroup": (lambda: restrict(vector(A(4)), C(4)), "E0710", "C(4)"),
    "no factor": (lambda: inflate(vector(O(3)), S(3) * O(2)), "E0710", "0 times"),
    "a harmonic without parity": (lambda: irrep(O(3), 2), "E0711", "parity"),
    "a harmonic of negative degree": (lambda: irrep(SO(3), -1), "E0711", "-1"),
    "a parity of rotations": (lambda: irrep(SO(3), 1, "e"), "E0711", "no parity"),
    "a frequency too high": (lambda: irrep(C(5), 3), "E0711", "0 to 2"),
    "no letter of a dihedral group": (lambda: irrep(D(5), "B1"), "E0711", "A1, A2"),
    "irreducibles not built in": (lambda: irrep(S(4), 1), "E0711", "built in"),
    "too many images": (lambda: permutation(C(3), ["(1 2 3)", "(1 2 3)"]), "E0705", "2 permutations"),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_wrong_representations_are_refused(case: str) -> None:
    make, code, part = WRONG[case]
    with pytest.raises(CatnetError) as error:
        make()
    assert [d.code for d in error.value.diagnostics] == [code]
    assert part in str(error.value)


def test_a_spinor_is_a_representation_of_the_cover() -> None:
    assert representation(SU(2), [], vector(SU(2)).algebra()) == vector(SU(2))
    with pytest.raises(CatnetError, match="E0703"):
        representation(SO(3), [], spinor())
