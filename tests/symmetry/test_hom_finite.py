"""Bases for finite groups from generators, refusals, and the cache of solved bases."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from catnet.diagnostics import CatnetError
from catnet.symmetry import cache, characters
from catnet.symmetry.characters import Count
from catnet.symmetry.constructors import SO, C, D, matrices, permutation, permutations, regular, representation, vector
from catnet.symmetry.exact import Matrix, sqrt
from catnet.symmetry.groups import Group
from catnet.symmetry.intertwiners import hom
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_leaves import Natural
from catnet.symmetry.solve import pairs
from tests.symmetry.test_hom import check, own_cache, power

__all__ = ["own_cache"]

TURN = [[0, -1], [1, 0]]
FLIP = [[1, 0], [0, -1]]


def on_grid(group: Group, k: int) -> Rep:
    """C(4) or D(4) on the cells of a k x k grid: quarter turns, and the reflection of columns."""

    def images(move: Callable[[int, int], tuple[int, int]]) -> list[int]:
        return [a * k + b for i in range(k) for j in range(k) for a, b in [move(i, j)]]

    turn, flip = images(lambda i, j: (k - 1 - j, i)), images(lambda i, j: (i, k - 1 - j))
    return permutation(group, [turn, flip][: len(group.generators)])


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("group", [C(4), D(4)], ids=str)
def test_kernels_of_group_convolutions(group: Group, k: int) -> None:
    """Kernels of k x k from regular to regular fibres: a free one for each element, |G| k^2 numbers."""
    fibre = regular(group)
    basis = hom(fibre @ on_grid(group, k), fibre)
    assert group.order is not None
    assert (basis.dimension, basis.tier) == (group.order * k * k, 2)
    if k < 3:
        check(basis)


@pytest.mark.parametrize("group", [C(6), D(5)], ids=str)
def test_regular_to_regular(group: Group) -> None:
    assert hom(regular(group), regular(group)).dimension == group.order


def icosahedral() -> Group:
    golden, half = (1 + sqrt(5)) / 2, Fraction(1, 2)
    five = Matrix.of([[1, -golden, golden - 1], [golden, golden - 1, -1], [golden - 1, 1, golden]]).scaled(half)
    return matrices(five, Matrix.permutation([2, 0, 1]), order=60)


def test_tensors_of_the_icosahedron() -> None:
    """Averages of chi^(k+m) over the classes, of sizes 1, 15, 20, 12 and 12."""
    V, golden = vector(icosahedral()), (1 + sqrt(5)) / 2
    classes = [(1, 3), (15, -1), (20, 0), (12, golden), (12, 1 - golden)]
    for k, m in [(1, 1), (2, 1), (2, 2), (3, 2)]:
        basis = hom(power(V, k), power(V, m))
        assert basis.dimension == sum(size * chi ** (k + m) for size, chi in classes) / Fraction(60)
        assert basis.tier == 4
        if k + m < 5:
            check(basis)


CUBE = (
    "(1 3 8 6)(2 5 7 4)(9 33 25 17)(10 34 26 18)(11 35 27 19)",
    "(9 11 16 14)(10 13 15 12)(1 17 41 40)(4 20 44 37)(6 22 46 35)",
    "(17 19 24 22)(18 21 23 20)(6 25 43 16)(7 28 42 13)(8 30 41 11)",
    "(25 27 32 30)(26 29 31 28)(3 38 43 19)(5 36 45 21)(8 33 48 24)",
    "(33 35 40 38)(34 37 39 36)(3 9 46 32)(2 12 47 29)(1 14 48 27)",
    "(41 43 48 46)(42 45 47 44)(14 22 30 38)(15 23 31 39)(16 24 32 40)",
)


def test_the_cube_of_rubik() -> None:
    """Facelets of corners and of edges are two orbits: 4 kinds of pairs among corners (same, two twists, other),
    3 among edges (same, flipped, other), 1 each way between them."""
    V = vector(permutations(*CUBE, order=43252003274489856000))
    basis = hom(V, V)
    assert (basis.dimension, basis.tier) == (9, 2)
    assert basis.counted is not None
    check(basis)


def test_signs_and_phases() -> None:
    """Signed permutations and phases are orbits too; an orbit that comes back with another phase carries nothing."""
    V = vector(matrices([[-1, 0], [0, 1]], [[0, 1], [1, 0]], order=8))
    assert [hom(power(V, k), V).dimension for k in (1, 2, 3)] == [1, 0, 4]
    quarter = vector(matrices([[sqrt(-1)]], order=4))
    assert [hom(power(quarter, k), quarter).dimension for k in (1, 2, 5)] == [1, 0, 1]
    assert hom(quarter, quarter).tier == 2
    check(hom(V @ V @ V, V))


def test_a_rational_representation_of_a_lie_group() -> None:
    """Tier 3: rotations in a sheared basis have the same intertwiners, changed by the shear."""
    shear, group = Matrix.of([[1, 2, 0], [0, 1, 3], [0, 0, 1]]), SO(3)
    V = vector(group)
    sheared = representation(group, [], algebra=[shear @ a @ shear.inverse() for a in V.algebra()])
    basis = hom(V @ V, sheared)
    assert (basis.dimension, basis.tier) == (1, 3)
    check(basis)


# Refusals


def test_numbers_that_are_too_large() -> None:
    big = 10**300 + 1
    g = [[1, big, 0], [0, -1, 0], [0, 0, 1]]
    V = representation(C(2), [g])
    with pytest.raises(CatnetError, match="E0721"):
        pairs.by_elimination(V @ V, V @ V, 10**9, None)


def test_two_counts_that_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    V = vector(C(3))
    monkeypatch.setattr(characters, "count", lambda *_: Count(4, "a wrong count"))
    with pytest.raises(CatnetError, match=r"E0722.*3 were found, a wrong count say 4"):
        hom(V, V)


def test_a_character_that_lies_is_noticed() -> None:
    class Lying(Natural):
        def character(self, stratum: Any, power: int = 1) -> Any:
            return {(): 6}

    with pytest.raises(CatnetError, match="E0722"):
        hom(Lying(C(3)), vector(C(3)))


# The cache


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often equations were solved."""
    calls: list[int] = []
    real = pairs.commuting
    monkeypatch.setattr(pairs, "commuting", lambda *given: calls.append(1) or real(*given))
    return calls


@pytest.fixture
def golden_pair(monkeypatch: pytest.MonkeyPatch) -> tuple[Rep, Rep]:
    """A pair that is solved for at tier 4, and kept though it is small."""
    monkeypatch.setitem(pairs._KEPT, 4, 1)
    V = vector(icosahedral())
    return V @ V, V @ V


def test_a_solved_basis_is_kept(own_cache: Path, solved: list[int], golden_pair: tuple[Rep, Rep]) -> None:
    first = hom(*golden_pair)
    second = hom(*golden_pair)
    assert len(solved) == 1
    assert first.elements == second.elements
    (file,) = (own_cache / "catnet" / "bases").iterdir()
    assert isinstance(json.loads(file.read_text()), list)


def spoil_text(data: Any) -> str:
    return "__import__('os').system('true')"


def drop_one(data: Any) -> str:
    return json.dumps(data[1:])


def change_a_number(data: Any) -> str:
    data[0][0][2] = 7
    return json.dumps(data)


def repeat_one(data: Any) -> str:
    return json.dumps([*data[1:], data[-1]])


def beyond_the_matrix(data: Any) -> str:
    data[0].append([10**6, 0, 1])
    return json.dumps(data)


def divide_by_zero(data: Any) -> str:
    data[0][0][2] = "1/0"
    return json.dumps(data)


@pytest.mark.parametrize(
    "spoil", [spoil_text, drop_one, change_a_number, repeat_one, beyond_the_matrix, divide_by_zero, lambda _: "[[[["]
)
def test_a_spoilt_file_is_solved_again(
    own_cache: Path, solved: list[int], golden_pair: tuple[Rep, Rep], spoil: Callable[[Any], str]
) -> None:
    expected = hom(*golden_pair).elements
    (file,) = (own_cache / "catnet" / "bases").iterdir()
    file.write_text(spoil(json.loads(file.read_text())))
    assert hom(*golden_pair).elements == expected
    assert len(solved) == 2
    assert hom(*golden_pair).elements == expected  # it was written anew
    assert len(solved) == 2


def test_a_folder_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, golden_pair: tuple[Rep, Rep]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert hom(*golden_pair).dimension == 3


def test_numbers_survive_the_cache(own_cache: Path) -> None:
    elements = [{(0, 1): Fraction(2, 3), (1, 0): sqrt(5), (2, 2): -4}]
    cache.store("name", elements)
    assert cache.load("name") == elements
    assert cache.load("other") is None


def test_dense_matrices_are_dearer() -> None:
    """81 x 81 unknowns are no work for sparse generators, and too much for dense ones."""
    draw = random.Random(0)
    dense = Matrix.of([[9 * (i == j) + draw.randint(-2, 2) for j in range(9)] for i in range(9)])
    turn = Matrix.permutation([*range(1, 9), 0])
    V = representation(C(9), [dense @ turn @ dense.inverse()])
    with pytest.raises(CatnetError, match=r"E0720.*tier 3.*81 x 81 is [\d,]+ units of work"):
        hom(V @ V, V @ V)
    assert hom(V, V).dimension == 9
