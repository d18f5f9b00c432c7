"""Counting by characters, against closed formulas and against brute force."""

from __future__ import annotations

import math
import random
from functools import reduce

import pytest
import torch

from catnet.diagnostics import CatnetError
from catnet.symmetry import (
    GL,
    SO,
    SU,
    A,
    C,
    D,
    Group,
    O,
    Rep,
    S,
    Sp,
    U,
    alt2,
    dual,
    irrep,
    outer,
    p4,
    permutation,
    regular,
    representation,
    sign,
    sym2,
    trivial,
    vector,
)
from catnet.symmetry.characters import count
from catnet.symmetry.groups import FiniteGroup
from catnet.symmetry.matrix_groups import matrices
from catnet.symmetry.permutation_groups import permutations
from catnet.symmetry.stabilisers import orbits
from catnet.types.dims import Dim
from tests.symmetry.examples import REPS
from tests.symmetry.test_groups import RUBIK, icosahedral

torch.set_num_threads(1)


def power(rep: Rep, k: int) -> Rep:
    return reduce(lambda a, b: a @ b, [rep] * k, trivial(rep.group))


def invariants(rep: Rep, k: int) -> int:
    return count(trivial(rep.group), power(rep, k)).dimension


def stirling(n: int, k: int) -> int:
    return sum((-1) ** j * math.comb(k, j) * (k - j) ** n for j in range(k + 1)) // math.factorial(k)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 12, 25, 60])
def test_symmetric_groups_give_bell_numbers(n: int) -> None:
    for k in range(7):
        assert invariants(vector(S(n)), k) == sum(stirling(k, j) for j in range(min(k, n) + 1))


def test_rotations_give_riordan_numbers() -> None:
    riordan = [1, 0, 1, 1, 3, 6, 15, 36, 91, 232]
    assert [invariants(vector(SO(3)), k) for k in range(10)] == riordan
    assert [invariants(vector(O(3)), k) for k in range(10)] == [x if k % 2 == 0 else 0 for k, x in enumerate(riordan)]


@pytest.mark.parametrize("group", [O(4), O(5), O(1, 3), O(2, 2), O(1, 4)], ids=str)
def test_orthogonal_groups_give_pairings(group: Group) -> None:
    """(k - 1)!! pairings of k vectors, independent for k up to 2n; none for odd k."""
    assert [invariants(vector(group), k) for k in range(7)] == [1, 0, 1, 0, 3, 0, 15]


@pytest.mark.parametrize("group", [SO(4), SO(1, 3), SO(2, 2)], ids=str)
def test_special_groups_have_the_determinant_too(group: Group) -> None:
    """Of four vectors in four dimensions the determinant is one more; of six, 15 products of it less relations."""
    assert [invariants(vector(group), k) for k in range(5)] == [1, 0, 1, 0, 4]
    full = O(group.p, group.q)
    for k in (4, 6):
        both = invariants(vector(full), k) + count(sign(full), power(vector(full), k)).dimension
        assert invariants(vector(group), k) == both


def test_so4_through_two_copies_of_su2() -> None:
    """SO(4) is SU(2) x SU(2) / 2 and its vectors are spin 1/2 twice: squares of Catalan numbers."""
    catalan = [math.comb(2 * k, k) // (k + 1) for k in range(4)]
    assert [invariants(vector(SO(4)), 2 * k) for k in range(4)] == [c * c for c in catalan]
    assert [invariants(vector(SU(2)), 2 * k) for k in range(4)] == catalan


def test_symplectic_and_unitary_groups() -> None:
    assert [invariants(vector(Sp(6)), 2 * k) for k in range(4)] == [1, 1, 3, 15]
    assert [invariants(vector(Sp(4)), 2 * k) for k in range(4)] == [1, 1, 3, 14]  # one relation among 15 pairings
    for n in (1, 2, 3, 4):
        for k in range(4):  # permutations of k without a decreasing subsequence longer than n
            expected = {1: [1, 1, 1, 1], 2: [1, 1, 2, 5]}.get(n, [1, 1, 2, 6])[k]
            assert count(power(vector(U(n)), k), power(vector(U(n)), k)).dimension == expected
    assert invariants(vector(SU(3)), 3) == 1
    assert invariants(vector(U(3)), 3) == 0


def test_paths_of_irreducibles() -> None:
    """Clebsch and Gordan: l in |l1 - l2| ... l1 + l2, of the product of the parities."""
    for a in range(7):
        for b in range(7):
            product = irrep(SO(3), a) @ irrep(SO(3), b)
            found = [c for c in range(13) if count(product, irrep(SO(3), c)).dimension]
            assert found == list(range(abs(a - b), a + b + 1))
    for left in "eo":
        for right in "eo":
            product = irrep(O(3), 2, left) @ irrep(O(3), 1, right)
            for parity in "eo":
                numbers = [count(product, irrep(O(3), c, parity)).dimension for c in range(5)]
                assert numbers == ([0, 1, 1, 1, 0] if (left == right) == (parity == "e") else [0] * 5)
    assert count(irrep(SU(2), 1) @ irrep(SU(2), 1), irrep(SU(2), 2)).dimension == 1


@pytest.mark.parametrize("group", [C(5), C(6), D(3), D(4), S(4), A(4), p4(2, 2)], ids=str)
def test_regular_to_regular_is_the_order(group: FiniteGroup) -> None:
    assert count(regular(group), regular(group)).dimension == group.order
    assert count(9 * regular(group), regular(group)).dimension == 9 * group.order


def test_icosahedral_tensors() -> None:
    """Against the integral over SO(3): invariants agree below rank 6, where the icosahedron first has its own."""
    group = icosahedral()
    inside, whole = ([invariants(vector(g), k) for k in range(7)] for g in (group, SO(3)))
    assert inside[:6] == whole[:6]
    classes = {1: 3.0, 12: 0.0, 15: -1.0, 20: 0.0}
    golden = (1 + 5**0.5) / 2
    average = (classes[1] ** 6 + 15 * classes[15] ** 6 + 12 * golden**6 + 12 * (1 - golden) ** 6) / 60
    assert inside[6] == round(average) == whole[6] + 1


def test_products_of_groups() -> None:
    rep = outer(vector(S(3)), vector(O(3)))
    assert count(rep, rep).dimension == 2 * 1
    assert count(rep @ rep, rep @ rep).dimension == 14 * 3
    spin = outer(vector(C(2)), vector(SU(2)))
    assert count(spin @ spin, spin @ spin).dimension == 8 * 2


def test_component_characters() -> None:
    """O(1, 3) has four signs; only the determinant is one of the complexified group."""
    group = O(1, 3)
    signs = [trivial(group), sign(group, "r1"), sign(group, "r2"), sign(group)]
    for i, a in enumerate(signs):
        for j, b in enumerate(signs):
            assert count(a @ vector(group), b @ vector(group)).dimension == (i == j)
            assert count(a @ alt2(vector(group)), b @ alt2(vector(group))).dimension == (
                i == j or {i, j} in ({0, 3}, {1, 2})
            )


@pytest.mark.parametrize("rep", [rep for rep in REPS if rep.number() <= 10], ids=str)
def test_against_elimination_in_floats(rep: Rep) -> None:
    """The dimension of the commutant, from the matrices of sampled elements."""
    rng = random.Random(0)
    rows = []
    for _ in range(6):
        g = rep.matrix(rep.group.sample(rng)).to(torch.complex128)
        eye = torch.eye(len(g), dtype=g.dtype)
        rows.append(torch.kron(g, eye) - torch.kron(eye, g.T.contiguous()))
    singular = torch.linalg.svdvals(torch.cat(rows))
    assert int((singular < 1e-9 * singular[0]).sum()) == count(rep, rep).dimension


@pytest.mark.parametrize(
    "group", [SO(3), O(3), O(4), SO(1, 3), O(1, 3), O(1, 2), SU(3), Sp(4), U(2), SO(2), GL(2)], ids=str
)
def test_weights_found_in_matrices_are_those_of_the_family(group: Group) -> None:
    natural = vector(group)
    given = representation(group, natural.matrices(), natural.algebra())
    for stratum in group.strata():
        for exponent in (-1, 1, 2, 3):
            assert given.character(stratum, exponent) == natural.character(stratum, exponent)


@pytest.mark.parametrize("rep", REPS, ids=str)
def test_squares_make_the_tensor_square(rep: Rep) -> None:
    if 1 < rep.number() <= 20:
        parts = count(trivial(rep.group), sym2(rep)).dimension + count(trivial(rep.group), alt2(rep)).dimension
        assert parts == count(trivial(rep.group), rep @ rep).dimension == count(dual(rep), rep).dimension


# Large permutation groups


def test_the_cube_group() -> None:
    """A corner facelet has three facelets of its cubie and 21 others to go with; an edge facelet two and 22."""
    rep = vector(permutations(*RUBIK))
    found = count(rep, rep)
    assert (found.dimension, found.method) == (4 + 3 + 1 + 1, "orbits of point stabilisers")


@pytest.mark.parametrize(
    "rep",
    [
        vector(S(5)) @ vector(S(5)),
        regular(D(4)) + 2 * vector(D(4)),
        vector(p4(3, 3)),
        permutation(S(3), ["()", "(1 2)"]),
    ],
    ids=str,
)
def test_orbits_agree_with_characters(rep: Rep) -> None:
    assert orbits(rep, rep) == count(rep, rep).dimension
    assert orbits(rep, rep + trivial(rep.group)) == count(rep, rep + trivial(rep.group)).dimension


def test_what_cannot_be_counted_says_so() -> None:
    large = permutations(*RUBIK)
    for left, right, code in (
        (sign(large), sign(large), "E0707"),
        (sign(S(40)), vector(S(40)), "E0713"),
        (vector(S(3)), vector(S(4)), "E0709"),
        (vector(S(Dim.sym("n"))), vector(S(Dim.sym("n"))), "E0708"),
    ):
        with pytest.raises(CatnetError, match=code):
            count(left, right)


def test_a_matrix_group_like_its_abstract_form() -> None:
    group = matrices([[0, -1], [1, -1]], [[0, 1], [1, 0]], order=6)
    for k in range(5):
        assert invariants(vector(group), k) == invariants(irrep(D(3), 1), k)
