"""`hom`: dimensions against tables made otherwise, elements against the group, exactly and in floating point."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import reduce
from operator import matmul
from pathlib import Path

import pytest
import torch

from catnet.diagnostics import CatnetError
from catnet.symmetry import characters
from catnet.symmetry.constructors import GL, SO, SU, A, C, D, O, S, Sp, U, trivial, vector
from catnet.symmetry.exact import Matrix
from catnet.symmetry.groups import Group
from catnet.symmetry.intertwiners import Basis, hom
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_irreducible import irrep
from catnet.symmetry.reps_leaves import regular
from catnet.symmetry.reps_outer import outer
from catnet.symmetry.reps_squares import alt2, sym2
from catnet.symmetry.solve.stable import stable
from catnet.types.dims import Dim
from tests.symmetry import tables

N = Dim.sym("n")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def power(rep: Rep, k: int) -> Rep:
    return reduce(matmul, [rep] * k, trivial(rep.group))


def generators(source: Rep, target: Rep) -> Iterator[tuple[Matrix, Matrix]]:
    yield from zip(source.matrices(), target.matrices(), strict=True)
    yield from zip(source.algebra(), target.algebra(), strict=True)


def check(basis: Basis) -> None:
    """Every element commutes, exactly with the generators and in float64 with sampled elements; all independent."""
    for a, b in generators(basis.source, basis.target):
        for element in basis.elements:
            x = Matrix(basis.target.number(), basis.source.number(), element)
            assert b @ x == x @ a
    tensor = basis.float64()
    assert tensor.shape[0] == len(basis.elements) == basis.dimension
    if basis.dimension:
        flat = tensor.flatten(1)
        assert torch.linalg.matrix_rank(flat / flat.norm(dim=1, keepdim=True)) == basis.dimension
    draw = random.Random(0)
    for _ in range(3):
        g = basis.source.group.sample(draw)
        before, after = (rep.matrix(g).to(tensor.dtype) for rep in (basis.source, basis.target))
        size = before.norm() * after.norm() * tensor.abs().max() if basis.dimension else 1
        assert ((after @ tensor - tensor @ before).abs() / size < 1e-12).all()


@pytest.mark.parametrize("k", range(8))
def test_symmetric_groups(k: int) -> None:
    for n in (1, 2, 3, 4, 6):
        V = vector(S(n))
        assert hom(power(V, k - k // 2), power(V, k // 2)).dimension == tables.bell(k, n)
    V = vector(S(N))
    basis = hom(power(V, k - k // 2), power(V, k // 2))
    assert basis.dimension == tables.bell(k)
    assert basis.from_n == ({"n": k} if k else {})


@pytest.mark.parametrize("rank", range(9))
def test_vectors_in_space(rank: int) -> None:
    for outputs in (0, rank // 2):
        for group, expected in [(SO(3), tables.riordan(rank)), (O(3), tables.orthogonal(3, rank))]:
            V = vector(group)
            basis = hom(power(V, rank - outputs), power(V, outputs))
            assert basis.dimension == expected
            assert basis.counted is not None
            assert basis.counted.dimension == expected


@pytest.mark.parametrize("rank", range(7))
def test_lorentz_tensors(rank: int) -> None:
    V, W = vector(SO(1, 3)), vector(O(1, 3))
    assert hom(power(V, rank), trivial(V.group)).dimension == tables.special_orthogonal(4, rank)
    assert hom(power(W, rank), trivial(W.group)).dimension == tables.orthogonal(4, rank)


@pytest.mark.parametrize(("n", "rank"), [(2, 4), (2, 8), (4, 6), (6, 6), (4, 5)])
def test_symplectic_tensors(n: int, rank: int) -> None:
    V = vector(Sp(n))
    assert hom(power(V, rank - 1), V).dimension == tables.symplectic(n, rank)
    if n == 2:  # SU(2) has the same invariants
        W = vector(SU(2))
        assert hom(power(W, rank - 1), W).dimension == tables.symplectic(n, rank)


@pytest.mark.parametrize(("n", "k"), [(1, 2), (2, 2), (2, 3), (3, 4)])
def test_unitary_tensors(n: int, k: int) -> None:
    V = vector(U(n))
    assert hom(power(V, k), power(V, k)).dimension == tables.linear(n, k)
    assert hom(power(V, k), power(V, k - 1)).dimension == 0


EXACT: list[tuple[Group, int, int]] = [
    *[(group, k, m) for group in (S(3), S(2), A(4), C(4), D(4), D(3)) for k, m in [(0, 2), (1, 1), (2, 1), (2, 2)]],
    *[(group, k, m) for group in (SO(3), O(3), SO(2), O(2), SO(1, 2), O(1, 2)) for k, m in [(2, 1), (2, 2), (0, 3)]],
    *[(group, k, m) for group in (Sp(2), Sp(4), SU(2), U(2), GL(2)) for k, m in [(1, 1), (2, 2), (0, 2)]],
    (SU(3), 3, 0),
    (SU(3), 2, 2),
    (SO(1, 3), 2, 2),
]


@pytest.mark.parametrize(("group", "k", "m"), EXACT, ids=str)
def test_elements_commute(group: Group, k: int, m: int) -> None:
    V = vector(group)
    check(hom(power(V, k), power(V, m)))


def test_sums_place_their_parts() -> None:
    V, one = vector(O(3)), trivial(O(3))
    basis = hom(2 * V + one + V @ V, 3 * one + V + V @ V)
    assert basis.dimension == 2 + 3 * (1 + 1) + (1 + 3)
    check(basis)
    assert basis.unused == ()
    assert hom(V, V @ V + one).unused == (V,)
    assert set(hom(V, V @ V + one).unreached) == {V @ V, one}


def test_symbolic_multiplicities() -> None:
    V, k = vector(S(N)), Dim.sym("k")
    basis = hom(k * V, 2 * V + trivial(S(N)))
    assert basis.dimension == 5 * k
    with pytest.raises(CatnetError, match="E0708"):
        _ = basis.elements


def test_dimensions_below_the_least_n_are_told() -> None:
    V = vector(S(N))
    text = hom(V @ V, V @ V).describe()
    assert "dimension 15, from n >= 4 (1 at n = 1, 8 at n = 2, 14 at n = 3)" in text
    assert [tables.bell(4, n) for n in (1, 2, 3)] == [1, 8, 14]


def test_the_cross_product() -> None:
    V = vector(SO(3))
    (cross,) = hom(V @ V, V).float64()
    a, b = torch.randn(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(cross @ torch.outer(a, b).flatten(), torch.linalg.cross(a, b), atol=1e-14)


def test_too_large() -> None:
    V = vector(C(30))
    with pytest.raises(CatnetError, match=r"E0720.*tier 2.*30 x 900 is 27,000"):
        hom(V @ V, V, budget=1000)
    W = vector(S(N))
    with pytest.raises(CatnetError, match=r"E0720.*4,140 diagrams.*tier 1"):
        hom(power(W, 4), power(W, 4), budget=1000)


def test_two_groups() -> None:
    with pytest.raises(CatnetError, match="E0709"):
        hom(vector(C(3)), vector(S(3)))


def test_no_diagrams_for_a_symbol() -> None:
    with pytest.raises(CatnetError, match=r"E0708.*not known for symbolic `n`"):
        hom(vector(C(N)), vector(C(N)))


# Products of groups


def test_particles_times_space() -> None:
    """Permutations of particles times rotations: dimensions multiply, with diagrams for symbolic n."""
    P, V = vector(S(N)), vector(O(3))
    X = outer(P, V)
    basis = hom(X @ X, X @ X)
    assert (basis.dimension, basis.tier, basis.from_n) == (15 * 3, 1, {"n": 4})
    Y = X.subst({"n": 2})
    basis = hom(Y @ Y, Y)
    assert basis.dimension == 0
    basis = hom(Y @ Y, Y @ Y)
    assert basis.dimension == tables.bell(4, 2) * 3
    check(basis)


def test_a_product_without_diagrams() -> None:
    X = outer(vector(C(3)), vector(D(4)))
    basis = hom(X @ X, X)
    assert basis.dimension == 9 * 10
    check(basis)
    mixed = outer(vector(C(3)), vector(SO(3)))
    basis = hom(mixed @ mixed, mixed)
    assert (basis.dimension, basis.tier) == (9, 2)
    check(basis)


# Irreducibles


def rotations(degree: int) -> Rep:
    return irrep(SO(3), degree)


@pytest.mark.parametrize("highest", [2, pytest.param(6, marks=pytest.mark.slow)])
def test_paths_of_products_of_irreducibles(highest: int) -> None:
    """The triangle rule: irrep(a) * irrep(b) holds irrep(c) once exactly for |a - b| <= c <= a + b."""
    for a in range(highest + 1):
        for b in range(a, highest + 1):
            for c in range(highest + 1):
                basis = hom(rotations(a) @ rotations(b), rotations(c))
                assert basis.dimension == (abs(a - b) <= c <= a + b)
                if a + b + c <= 5:
                    check(basis)


def test_parity_is_kept() -> None:
    for a, b, c in [("e", "e", "e"), ("o", "o", "e"), ("o", "e", "o"), ("o", "o", "o"), ("e", "e", "o")]:
        basis = hom(irrep(O(3), 1, a) @ irrep(O(3), 2, b), irrep(O(3), 2, c))
        assert basis.dimension == ([a, b, c].count("o") % 2 == 0)
        check(basis)


def test_spins_add() -> None:
    for a, b, c in [(1, 1, 0), (1, 1, 2), (1, 2, 3), (2, 2, 2), (2, 3, 4)]:
        basis = hom(irrep(SU(2), a) @ irrep(SU(2), b), irrep(SU(2), c))
        assert basis.dimension == (abs(a - b) <= c <= a + b and (a + b + c) % 2 == 0)
        check(basis)


def test_schur() -> None:
    """One multiple of the identity, or the turns of the plane for C(n); nothing between different ones."""
    for rep, size in [
        (rotations(4), 1),
        (irrep(SU(2), 3), 1),
        (irrep(C(7), 2), 2),
        (irrep(D(7), 2), 1),
        (irrep(D(6), "B1"), 1),
    ]:
        basis = hom(3 * rep, 2 * rep)
        assert (basis.dimension, basis.tier) == (6 * size, 0)
        check(basis)
    basis = hom(rotations(1) + rotations(2), 2 * rotations(3))
    assert (basis.dimension, basis.tier) == (0, 0)
    assert basis.unused == (rotations(1), rotations(2))


def test_irreducibles_inside_others() -> None:
    """Each irreducible of a finite group is in the regular representation as often as its dimension says."""
    for group in (C(5), D(4), D(5), D(6)):
        for label in range(1, (group.number() + 1) // 2):
            rep = irrep(group, label)
            basis = hom(rep, regular(group))
            assert basis.dimension == 2
            check(basis)
    basis = hom(irrep(D(5), 1) @ irrep(D(5), 2), irrep(D(5), 1))
    assert (basis.dimension, basis.tier) == (1, 4)
    check(basis)


def test_squares() -> None:
    V = vector(SO(3))
    for of, to, size in [(sym2(V), V @ V, 2), (alt2(V), V, 1), (sym2(V), rotations(2), 1), (sym2(sym2(V)), V, 0)]:
        basis = hom(of, to)
        assert basis.dimension == size
        check(basis)


def test_vector_is_the_irreducible_in_another_order() -> None:
    (change,) = hom(vector(SO(3)), rotations(1)).float64()
    assert torch.equal(change, torch.tensor([[0, 1, 0], [0, 0, 1], [1, 0, 0]], dtype=torch.float64))


def test_the_cheaper_form() -> None:
    """Small sums are one matrix; diagrams win where their cost grows slower, and wherever n is a symbol."""
    V = vector(S(N))

    def best(n: int, batch: int) -> str:
        W = V.subst({"n": n})
        return hom(W @ W, W @ W).parts[0].form.best(batch)

    assert hom(V @ V, V @ V).parts[0].form.best() == "diagrams"
    assert best(5, 256) == "dense"
    assert best(40, 256) == "diagrams"
    assert hom(vector(C(5)), vector(C(5))).parts[0].form.best(256) == "dense"
    cost = hom(V, V).parts[0].form
    assert cost.dense == N**2
    assert cost.diagrams == 10 * 4 * N


def test_large_groups_are_counted_at_a_smaller_n() -> None:
    """What characters say at the smaller n is what they say at n itself."""
    mixed = outer(vector(S(5)), vector(O(4)))
    cases = [(power(vector(group), 2), power(vector(group), m)) for group in GROWN for m in (1, 2)]
    for source, target in [*cases, (mixed, mixed), (mixed @ mixed, mixed @ mixed)]:
        smaller = stable(source, target)
        assert smaller is not None
        assert characters.count(smaller[0], smaller[1]).dimension == characters.count(source, target).dimension
    V = vector(S(1000))
    assert hom(V @ V, V @ V).dimension == 15
    with pytest.raises(CatnetError, match=r"E0720.*entries"):
        _ = hom(V @ V, V @ V).elements


GROWN = [S(6), S(9), O(5), SO(6), O(2, 4), SO(3, 3), Sp(6), U(4)]
