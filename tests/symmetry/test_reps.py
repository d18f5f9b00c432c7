"""Representations: the homomorphism property, kinds, forms, equality, restriction, and what is refused."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from catnet.diagnostics import CatnetError
from catnet.symmetry import (
    GL,
    SO,
    SU,
    A,
    C,
    D,
    Element,
    Flow,
    Group,
    Kind,
    O,
    Rep,
    S,
    Sp,
    U,
    alt2,
    dual,
    irrep,
    matrices,
    outer,
    permutation,
    permutations,
    regular,
    representation,
    restrict,
    sign,
    sym2,
    trivial,
    vector,
)
from catnet.symmetry.enumeration import elements, word_in
from catnet.symmetry.exact import Matrix
from catnet.symmetry.groups import FiniteGroup, permutation_of
from catnet.symmetry.lie_algebra import natural_blocks
from catnet.symmetry.reps import exponential
from catnet.types.dims import Dim
from tests.symmetry.examples import REPS

torch.set_num_threads(1)
n = Dim.sym("n")
EXACT = 1e-12

seeds = st.integers(0, 2**32)
reps = pytest.mark.parametrize("rep", REPS, ids=str)


def close(a: torch.Tensor, b: torch.Tensor) -> bool:
    return bool((a - b).abs().max() <= EXACT * max(1.0, float(a.abs().max())))


# Homomorphisms: a matrix depends on the element, not on the word


@pytest.mark.parametrize("rep", [rep for rep in REPS if isinstance(rep.group, FiniteGroup)], ids=str)
def test_words_of_one_element_have_one_matrix(rep: Rep) -> None:
    group = rep.group
    assert isinstance(group, FiniteGroup)
    images = group.realisation()
    tree = elements(images, str(group))
    rng = random.Random(1)
    for _ in range(8):
        g, h = group.sample(rng), group.sample(rng)
        product = permutation_of((*g.letters, *h.letters), images, len(images[0]))
        shortest = Element(group, word_in(tree, product))
        assert close(rep.matrix(g) @ rep.matrix(h), rep.matrix(shortest))


@pytest.mark.parametrize("rep", [rep for rep in REPS if rep.group.algebra], ids=str)
def test_exponentials_multiply_as_in_the_group(rep: Rep) -> None:
    """exp A exp B = exp C in the group gives the same in the representation; C by the logarithm in the group."""
    group, rng = rep.group, random.Random(2)
    algebra = [torch.tensor(a.float64(), dtype=torch.complex128) for a in natural_blocks(group)[1]]
    basis = torch.stack([a.flatten() for a in algebra], 1)
    for _ in range(4):
        flows = [Flow(tuple((i, rng.uniform(-0.1, 0.1)) for i in range(len(algebra)))) for _ in range(2)]
        one, two = (exponential(sum(c * algebra[i] for i, c in flow.coefficients)) for flow in flows)
        solved = torch.linalg.lstsq(basis, logarithm(one @ two).flatten()[:, None]).solution[:, 0]
        assert solved.imag.abs().max() < 1e-13
        joined = Element(group, (Flow(tuple(enumerate(solved.real.tolist()))),))
        assert close(rep.matrix(Element(group, tuple(flows))), rep.matrix(joined))


def logarithm(matrix: torch.Tensor) -> torch.Tensor:
    """The series of log(1 + X), for X well below one."""
    rest = matrix - torch.eye(len(matrix))
    assert torch.linalg.matrix_norm(rest, 2) < 0.7
    total, power = torch.zeros_like(rest), torch.eye(len(matrix), dtype=rest.dtype)
    for k in range(1, 160):
        power = power @ rest
        total = total - (-1) ** k / k * power
    return total


@reps
@settings(max_examples=8)
@given(seed=seeds)
def test_structure_and_exact_matrices_agree(rep: Rep, seed: int) -> None:
    """Sums, products, duals and squares evaluated part by part, and by the exact matrices of the whole."""
    g = rep.group.sample(random.Random(seed))
    assert close(rep.matrix(g), Rep.matrix(rep, g))
    assert close(rep.matrix(g) @ rep.matrix(g.inverse()), torch.eye(rep.number(), dtype=rep.matrix(g).dtype))


def test_full_turns_close() -> None:
    for group in (SO(3), O(4), SU(2), SU(3), U(2), SO(1, 3), GL(3)):
        for rep in (
            vector(group),
            *([irrep(SO(3), 3)] if group == SO(3) else []),
            *([irrep(SU(2), 5)] if group == SU(2) else []),
        ):
            for i in group.compact_generators:
                turn = rep.matrix(Element(group, (Flow(((i, 2 * torch.pi),)),)))
                assert (turn - torch.eye(rep.number())).abs().max() < 1e-12


@pytest.mark.parametrize("angle", [0.0, 1e-9, 0.01, 0.048, 0.3, 1.0, 3.0, 30.0])
def test_exponentials_are_exact_to_rounding(angle: float) -> None:
    turn = exponential(angle * torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64))
    c, s = math.cos(angle), math.sin(angle)
    assert (turn - torch.tensor([[c, -s], [s, c]], dtype=torch.float64)).abs().max() < 1e-15 * (1 + 4 * angle)


# Kinds and forms


@reps
def test_samples_are_of_the_kind(rep: Rep) -> None:
    rng = random.Random(3)
    holds = CHECKS[rep.kind]
    for _ in range(4):
        assert holds(rep.matrix(rep.group.sample(rng)))


def monomial(m: torch.Tensor) -> bool:
    full = m.abs() > 1e-12
    return bool((full.sum(0) == 1).all() and (full.sum(1) == 1).all())


def values(m: torch.Tensor) -> torch.Tensor:
    return m[m.abs() > 1e-12]


CHECKS: dict[Kind, Callable[[torch.Tensor], bool]] = {
    Kind.TRIVIAL: lambda m: close(m, torch.eye(len(m), dtype=m.dtype)),
    Kind.PERMUTATION: lambda m: monomial(m) and close(values(m), torch.ones(len(m), dtype=m.dtype)),
    Kind.SIGNED_PERMUTATION: lambda m: monomial(m) and close(values(m).abs(), torch.ones(len(m))),
    Kind.POSITIVE_MONOMIAL: lambda m: monomial(m) and bool((values(m) > 0).all()),
    Kind.MONOMIAL: monomial,
    Kind.PHASE_MONOMIAL: lambda m: monomial(m) and close(values(m).abs(), torch.ones(len(m))),
    Kind.ORTHOGONAL: lambda m: close(m.T @ m, torch.eye(len(m))),
    Kind.UNITARY: lambda m: close(m.conj().T @ m, torch.eye(len(m), dtype=m.dtype)),
    Kind.ISOMETRIC: lambda m: True,  # the form is tested below
    Kind.SYMPLECTIC: lambda m: True,
    Kind.GENERAL: lambda m: True,
}


@reps
def test_forms_are_preserved(rep: Rep) -> None:
    form, rng = rep.form, random.Random(4)
    if rep.kind in (Kind.ISOMETRIC, Kind.SYMPLECTIC, Kind.ORTHOGONAL):
        assert form is not None
        assert form.transpose() == (-form if rep.kind is Kind.SYMPLECTIC else form)
    if form is not None:
        form.inverse()
        for _ in range(4):
            g = rep.matrix(rep.group.sample(rng))
            b = torch.tensor(form.float64(), dtype=g.dtype)
            assert (g.T @ b @ g - b).abs().max() <= EXACT * max(1.0, float(g.abs().max() ** 2))


def test_kinds() -> None:
    assert vector(S(n)).kind is Kind.PERMUTATION
    assert (vector(S(n)) @ vector(S(n)) + trivial(S(n))).kind is Kind.PERMUTATION
    assert alt2(vector(S(4))).kind is Kind.SIGNED_PERMUTATION
    assert (3 * trivial(O(n))).kind is Kind.TRIVIAL
    assert (8 * trivial(O(3)) + 4 * vector(O(3))).kind is Kind.ORTHOGONAL
    assert irrep(C(4), 1).kind is Kind.SIGNED_PERMUTATION
    assert irrep(C(5), 1).kind is Kind.ORTHOGONAL
    assert vector(Sp(2 * n)).kind is Kind.SYMPLECTIC
    assert (vector(Sp(4)) @ vector(Sp(4))).kind is Kind.ISOMETRIC
    assert (vector(Sp(4)) + trivial(Sp(4))).kind is Kind.GENERAL  # the form would be neither
    stretched = permutation(S(2), ["(1 2)", "(1 2)"])
    assert representation(S(2), [[[0, 2], [Fraction(1, 2), 0]]] * 2).kind is Kind.POSITIVE_MONOMIAL
    assert representation(S(2), [[[0, -2], [Fraction(-1, 2), 0]]] * 2).kind is Kind.MONOMIAL
    assert stretched.kind is Kind.PERMUTATION
    assert representation(S(2), [[[1, 1], [0, -1]]] * 2).kind is Kind.GENERAL


def test_the_lattice_of_kinds() -> None:
    for a in Kind:
        assert a.within(a)
        assert a | a is a
        for b in Kind:
            assert a.within(a | b)
            assert b.within(a | b)
            assert a | b is b | a
            for c in Kind:
                if a.within(c) and b.within(c):
                    assert (a | b).within(c)
                if a.within(b) and b.within(c):
                    assert a.within(c)


# Equality and layout


def test_equality_is_of_group_basis_and_layout() -> None:
    two, three = trivial(SO(3)), vector(SO(3))
    assert two + two == 2 * two
    assert two + three != three + two
    assert (two + three) @ three == three + three @ three
    assert three @ (two + three) != three @ two + three @ three
    assert vector(C(4)) == regular(C(4))
    assert hash(vector(C(4))) == hash(regular(C(4)))
    assert vector(S(3)) == permutation(S(3), ["(1 2 3)", "(1 2)"])
    assert irrep(SU(2), 1) == vector(SU(2))
    assert irrep(SO(3), 1) != vector(SO(3))  # (y, z, x) and (x, y, z)
    assert vector(O(3)) != vector(SO(3))
    assert dual(vector(O(3))) == vector(O(3))
    assert dual(vector(O(1, 3))) != vector(O(1, 3))
    assert dual(dual(vector(O(1, 3)))) == vector(O(1, 3))
    assert regular(S(3) * C(2)) == outer(regular(S(3)), regular(C(2)))
    assert irrep(D(4), "B1") == sign(D(4), "r")
    assert irrep(O(3), 0, "o") == sign(O(3))
    assert vector(O(3)) @ vector(O(3)) != 9 * trivial(O(3))
    scaled = representation(SO(3), [], irrep(SO(3), 2).algebra())
    assert scaled != irrep(SO(3), 2)  # the rational form, in another basis


def test_symbolic_representations() -> None:
    k = Dim.sym("k")
    rep = k * trivial(S(n)) + 2 * vector(S(n)) @ vector(S(n))
    assert rep.dim == k + 2 * n * n
    assert rep.text == "k*trivial(S(n)) + 2*vector(S(n))*vector(S(n))"
    assert rep.blocks == ((k, trivial(S(n))), (Dim.const(2), vector(S(n)) @ vector(S(n))))
    assert rep.subst({"n": 3, "k": 2}) == 2 * trivial(S(3)) + 2 * (vector(S(3)) @ vector(S(3)))
    assert (k * (trivial(S(n)) + vector(S(n)))).subst({"k": 2}) == 2 * (trivial(S(n)) + vector(S(n)))
    assert sym2(vector(O(n))).dim == n * (n + 1) // 2
    assert vector(S(n)) == vector(S(n))
    assert vector(S(n)) != vector(S(Dim.sym("m")))
    with pytest.raises(CatnetError, match="E0708"):
        rep.matrices()


def test_layout_of_products() -> None:
    one, two = vector(S(2)), vector(S(2)) + sign(S(2))
    g = S(2).generator("t")
    assert torch.equal((one @ two).matrix(g), torch.kron(one.matrix(g), two.matrix(g)))
    assert torch.equal((2 * two).matrix(g), torch.kron(torch.eye(2), two.matrix(g)))


# Irreducibles


def test_spherical_harmonics_of_degree_two() -> None:
    """The orthonormal real harmonics, m = -2 ... 2, written out."""
    rep, rng = irrep(SO(3), 2), random.Random(5)

    def harmonics(v: torch.Tensor) -> torch.Tensor:
        x, y, z = v
        root = 3**0.5
        return torch.stack(
            [root * x * y, root * y * z, (3 * z * z - v @ v) / 2, root * x * z, root * (x * x - y * y) / 2]
        )

    for _ in range(10):
        g = SO(3).sample(rng)
        v = torch.tensor([rng.gauss(0, 1) for _ in range(3)], dtype=torch.float64)
        assert close(harmonics(vector(SO(3)).matrix(g) @ v), rep.matrix(g) @ harmonics(v))


def test_degree_one_is_y_z_x() -> None:
    rng, order = random.Random(6), [1, 2, 0]
    for _ in range(5):
        g = O(3).sample(rng)
        assert close(irrep(O(3), 1, "o").matrix(g), vector(O(3)).matrix(g)[order][:, order])
        determinant = sign(O(3)).matrix(g)
        assert close(irrep(O(3), 1, "e").matrix(g), determinant * vector(O(3)).matrix(g)[order][:, order])


@pytest.mark.parametrize("degree", range(1, 9))
def test_casimir_of_rotations(degree: int) -> None:
    """Lx^2 + Ly^2 + Lz^2 = -l (l + 1), exactly; and the brackets."""
    for rep, value in ((irrep(SO(3), degree), degree * (degree + 1)), (irrep(SU(2), degree), degree * (degree + 2))):
        a, b, c = rep.algebra()
        assert a @ a + b @ b + c @ c == Matrix.identity(rep.number()).scaled(-value)
        check = representation(rep.group, [], rep.algebra())
        assert check.dim == rep.dim


@pytest.mark.parametrize("degree", range(4))
def test_parity_is_the_value_of_inversion(degree: int) -> None:
    inversion = Element(O(3), ((0, 1), Flow(((2, torch.pi),))))  # x -> -x, then half a turn about x
    assert close(vector(O(3)).matrix(inversion), -torch.eye(3).double())
    for parity, value in (("e", 1), ("o", -1)):
        rep = irrep(O(3), degree, parity)
        assert close(rep.matrix(inversion), value * torch.eye(rep.number()).double())


def test_one_dimensional_irreducibles_of_dihedral_groups() -> None:
    r, s = D(6).generator("r"), D(6).generator("s")
    table = {
        name: (irrep(D(6), name).matrix(r).item(), irrep(D(6), name).matrix(s).item())
        for name in ("A1", "A2", "B1", "B2")
    }
    assert table == {"A1": (1, 1), "A2": (1, -1), "B1": (-1, 1), "B2": (-1, -1)}


# Restriction


def test_restriction() -> None:
    assert restrict(vector(S(4)) @ vector(S(4)), C(4)) == vector(C(4)) @ vector(C(4))
    assert restrict(sign(S(4)), A(4)) == trivial(A(4))
    assert restrict(sign(S(4)), C(4)) == sign(C(4), "r")
    assert restrict(vector(O(3)), SO(3)) == vector(SO(3))
    assert restrict(irrep(O(3), 2, "o"), SO(3)) == irrep(SO(3), 2)
    assert restrict(sign(O(1, 3)), SO(1, 3)) == trivial(SO(1, 3))
    assert restrict(outer(vector(S(3)), vector(O(3))), O(3)) == 3 * vector(O(3))
    quarter = matrices([[0, -1, 0], [1, 0, 0], [0, 0, 1]], order=4)
    assert restrict(vector(SO(3)), quarter) == vector(quarter)
    assert restrict(vector(S(n)), A(n)) == vector(A(n))
    square = permutations("(1 2 3 4)", "(1 3)", order=8)
    assert restrict(vector(S(4)), square) == vector(square)


def test_restriction_follows_the_elements() -> None:
    """A subgroup's element has the matrix that it has in the whole group."""
    rep = sym2(vector(S(4))) @ sign(S(4))
    part = restrict(rep, D(4))
    r = Element(S(4), S(4).word(D(4).natural_permutations()[0]))
    s = Element(S(4), S(4).word(D(4).natural_permutations()[1]))
    for word, image in (((("r", 1),), r), ((("s", 1),), s), ((("r", 1), ("s", 1)), r * s)):
        g = D(4).identity()
        for name, _ in word:
            g = g * D(4).generator(name)
        assert close(part.matrix(g), rep.matrix(image))


def test_names_do_not_clash() -> None:
    group: Group = S(2) * S(3)
    assert len(set(group.generators)) == len(group.generators)
