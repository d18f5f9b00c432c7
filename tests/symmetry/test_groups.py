"""Groups: orders, presentations, classes, the groups that generators make, and what is refused."""

from __future__ import annotations

import math
import random
from collections import Counter
from fractions import Fraction

import pytest

from catnet.diagnostics import CatnetError
from catnet.symmetry import SO, A, C, D, Group, O, S, Sp, matrices, p4, p4m, permutations, product, sqrt, translations
from catnet.symmetry.exact import Matrix
from catnet.symmetry.groups import FiniteGroup, composed, permutation_of
from catnet.symmetry.relations import check_relations
from catnet.types.dims import Dim
from tests.test_house import loads

n = Dim.sym("n")

FINITE = [
    *(C(k) for k in (1, 2, 3, 6)),
    *(D(k) for k in (1, 2, 3, 4, 5)),
    *(S(k) for k in (1, 2, 3, 4, 5, 6)),
    *(A(k) for k in (3, 4, 5, 6)),
    translations(3, 4),
    *(p4(k, k) for k in (1, 2, 3)),
    *(p4m(k, k) for k in (1, 2, 3)),
    S(3) * C(2),
    permutations("(1 2 3 4)", "(1 3)"),
    matrices([[0, -1], [1, -1]], [[0, 1], [1, 0]]),
]

RUBIK = [  # the six quarter turns of the faces: facelets numbered 1 to 48, face by face and row by row
    "(1 3 8 6)(2 5 7 4)(9 33 25 17)(10 34 26 18)(11 35 27 19)",
    "(9 11 16 14)(10 13 15 12)(1 17 41 40)(4 20 44 37)(6 22 46 35)",
    "(17 19 24 22)(18 21 23 20)(6 25 43 16)(7 28 42 13)(8 30 41 11)",
    "(25 27 32 30)(26 29 31 28)(3 38 43 19)(5 36 45 21)(8 33 48 24)",
    "(33 35 40 38)(34 37 39 36)(3 9 46 32)(2 12 47 29)(1 14 48 27)",
    "(41 43 48 46)(42 45 47 44)(14 22 30 38)(15 23 31 39)(16 24 32 40)",
]


def icosahedral(order: int = 60) -> Group:
    """The rotations of the icosahedron with vertices (0, ±1, ±golden) and cyclic: a third and a fifth of a turn."""
    golden = (1 + sqrt(5)) * Fraction(1, 2)
    half, small = Fraction(1, 2), (golden - 1) * Fraction(1, 2)
    large = golden * Fraction(1, 2)
    fifth = [[half, -large, small], [large, small, -half], [small, half, large]]
    return matrices(
        [[0, 0, 1], [1, 0, 0], [0, 1, 0]], fifth, order=order, relations=["g1^3", "g2^5"], preserves=Matrix.identity(3)
    )


def generated(group: FiniteGroup) -> int:
    """The order of the realisation, by listing."""
    found, stack = set(), [tuple(range(len(group.realisation()[0])))]
    while stack:
        element = stack.pop()
        if element not in found:
            found.add(element)
            stack += [composed(generator, element) for generator in group.realisation()]
    return len(found)


@pytest.mark.parametrize("group", FINITE, ids=str)
def test_finite_groups(group: FiniteGroup) -> None:
    assert generated(group) == group.order
    classes = group.classes() if not isinstance(group, type(S(3) * C(2))) else FiniteGroup.classes(group)
    assert sum(c.size for c in classes) == group.order
    degree = len(group.realisation()[0])
    for c in classes:
        assert permutation_of(c.word, group.realisation(), degree)[:degree] == c.permutation[:degree]
    if group.relations is not None and group.natural is not None:
        check_relations(group, group.natural_matrices(), "the natural representation")


@pytest.mark.parametrize("group", [g for g in FINITE if g.order <= 120 and g.relations is not None], ids=str)
def test_relations_present_the_group(group: FiniteGroup) -> None:
    """Counting cosets (Todd and Coxeter, by SymPy): the relations imply all others."""
    from sympy.combinatorics.fp_groups import FpGroup
    from sympy.combinatorics.free_groups import free_group

    if not group.generators:
        pytest.skip("the trivial group")
    free, *letters = free_group(", ".join(group.generators))
    relators = []
    for word in group.relations:
        relator = free.identity
        for i, power in word:
            relator = relator * letters[i] ** power
        relators.append(relator)
    assert FpGroup(free, [r for r in relators if not r.is_identity]).order() == group.order


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_permutation_as_a_word(size: int) -> None:
    rng, group = random.Random(size), S(size)
    for _ in range(20):
        points = list(range(size))
        rng.shuffle(points)
        assert permutation_of(group.word(tuple(points)), group.natural_permutations(), size) == tuple(points)


def test_classes_of_the_symmetric_group() -> None:
    assert sorted(c.size for c in S(5).classes()) == [1, 10, 15, 20, 20, 24, 30]
    assert sum(c.size for c in S(12).classes()) == math.factorial(12)


def test_regular_order_of_elements() -> None:
    r, s = D(4).realisation()
    listing = D(4).listing()
    assert listing[1] == r
    assert listing[4] == s
    assert listing[6] == composed(composed(r, r), s)
    assert len(set((S(3) * C(4)).listing())) == 24


def test_samples_are_uniform() -> None:
    rng = random.Random(0)
    for group, count in ((S(3), 6), (D(3), 6), (C(5), 5), (p4(2, 2), 16)):
        images = group.realisation()
        seen = Counter(permutation_of(group.sample(rng).letters, images, len(images[0])) for _ in range(400 * count))
        assert len(seen) == count
        assert all(300 < times < 500 for times in seen.values())


# Groups from generators


def test_the_cube_group() -> None:
    assert permutations(*RUBIK, order=43252003274489856000).size == 48
    with pytest.raises(CatnetError) as error:
        permutations(*RUBIK, order=math.factorial(24) ** 2 // 2)
    assert "E0702" in str(error.value)
    assert "43252003274489856000" in str(error.value)
    assert str(math.factorial(24) ** 2 // 2) in str(error.value)


def test_the_icosahedral_group() -> None:
    group = icosahedral()
    assert isinstance(group, FiniteGroup)
    assert sorted(c.size for c in group.classes()) == [1, 12, 12, 15, 20]
    with pytest.raises(CatnetError, match="E0702"):
        icosahedral(order=120)


def test_products() -> None:
    group = S(3) * O(3) * C(2)
    assert str(group) == "S(3) * O(3) * C(2)"
    assert group == product(S(3), O(3) * C(2))
    assert group.generators == ("r_1", "t_1", "r1_2", "r_3")
    assert not group.finite
    assert (S(3) * C(2)).order == 12
    assert product(S(4)) == S(4)


def test_symbolic_sizes() -> None:
    assert str(S(n)) == "S(n)"
    assert C(n).order == n
    assert D(n).order == 2 * n
    assert p4(n, n).order == 4 * n * n
    assert S(n).order is None
    assert S(n).finite
    assert S(n).subst({"n": 4}) == S(4)
    assert (S(n) * O(3)).subst({"n": 4}) == S(4) * O(3)
    assert Sp(2 * n).subst({"n": 2}) == Sp(4)
    for ask in (S(n).classes, S(n).natural_matrices, O(n).natural_algebra, C(n).listing, p4(n, n).realisation):
        with pytest.raises(CatnetError, match="E0708"):
            ask()


WRONG = {
    "a size below one": (lambda: C(0), "E0701"),
    "a size that is none": (lambda: S("n"), "E0701"),
    "an odd symplectic group": (lambda: Sp(3), "E0701"),
    "a symplectic group that may be odd": (lambda: Sp(n), "E0701"),
    "quarter turns of an oblong": (lambda: p4(3, 4), "E0701"),
    "no generators": (lambda: matrices(), "E0701"),
    "no groups": (lambda: product(), "E0701"),
    "a word of no generators": (lambda: matrices([[-1]], relations=["g2^2"]), "E0701"),
    "a wrong order": (lambda: matrices([[0, -1], [1, 0]], order=8), "E0702"),
    "a broken relation": (lambda: matrices([[0, -1], [1, 0]], relations=["g1^3"]), "E0703"),
    "a broken form": (lambda: matrices([[0, -1], [1, 0]], preserves=[[1, 0], [0, 2]]), "E0704"),
    "a form of another size": (lambda: matrices([[0, -1], [1, 0]], preserves=[[1]]), "E0705"),
    "a matrix that is not square": (lambda: matrices([[1, 0, 0], [0, 1, 0]]), "E0705"),
    "a singular matrix": (lambda: matrices([[1, 0], [2, 0]]), "E0705"),
    "a float that is not exact": (lambda: matrices([[0.1]]), "E0706"),
    "not a number": (lambda: matrices([[math.nan]]), "E0706"),
    "a shear": (lambda: matrices([[1, 1], [0, 1]]), "E0707"),
    "an irrational turn": (
        lambda: matrices([[Fraction(3, 5), Fraction(-4, 5)], [Fraction(4, 5), Fraction(3, 5)]]),
        "E0707",
    ),
    "a stretch": (lambda: matrices([[2]]), "E0707"),
    "a group of two kinds of matrices": (lambda: matrices([[0, 1], [1, 0]], [[-1, 2], [0, 1]]), "E0707"),
    "a point twice": (lambda: permutations("(1 2 1)"), "E0712"),
    "the point zero": (lambda: permutations("(0 1)"), "E0712"),
    "no cycles": (lambda: permutations("1 2"), "E0712"),
    "a point beyond the degree": (lambda: permutations("(1 7)", degree=4), "E0712"),
    "images of another set": (lambda: permutations([1, 2, 3]), "E0712"),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_wrong_groups_are_refused(case: str) -> None:
    make, code = WRONG[case]
    with pytest.raises(CatnetError) as error:
        make()
    assert [d.code for d in error.value.diagnostics] == [code]


def test_too_many_elements_are_not_listed() -> None:
    with pytest.raises(CatnetError, match="E0707"):
        permutations(*RUBIK).classes()
    with pytest.raises(CatnetError, match="E0707"):
        S(100).classes()


def test_lie_groups_preserve_their_forms() -> None:
    for group in (O(3), SO(4), O(1, 3), SO(2, 2), Sp(4)):
        form = group.natural_form()
        assert form is not None
        for a in group.natural_algebra():
            assert not (a.transpose() @ form + form @ a).entries
        for g in group.natural_matrices():
            assert g.transpose() @ form @ g == form


def test_algebra_of_groups_loads_neither_torch_nor_sympy() -> None:
    code = """
from catnet.symmetry import *
from catnet.symmetry.characters import count
V = vector(S(5)); count(V @ V, V); V.kind, V.matrices()
W = irrep(O(3), 2, "e"); count(W @ W, W); W.kind, W.algebra()
matrices([[0, -1], [1, 0]], relations=["g1^4"]), permutations("(1 2 3)")
"""
    assert loads(code) == set()
