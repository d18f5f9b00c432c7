"""GL(n): walled Brauer diagrams, both components, and layers that commute with any change of basis."""

from __future__ import annotations

import random
from fractions import Fraction
from functools import reduce
from operator import matmul
from pathlib import Path

import pytest
import torch

import catnet
from catnet.bundles import structure
from catnet.diagnostics import CatnetError
from catnet.elaborate.program import Program
from catnet.symmetry import GL, SO, Kind, O, Rep, S, U, alt2, dual, hom, representation, restrict, sign, trivial, vector
from catnet.symmetry.characters import count
from catnet.torch.layers import representation as read
from catnet.types.dims import Dim
from tests.symmetry import tables
from tests.symmetry.test_hom import check

N = Dim.sym("n")
SPEC = """
# Vectors, covectors and maps of a space without a metric.
group G = GL(3)
rep V = vector(G)
rep T = 4*V + 2*dual(V) + V*dual(V)

net layer : R[n, T] -> R[n, T] under G, S(n) on n = linear(T)
net paired : R[n, V] @ R[n, dual(V)] -> R[n] under G = dot
net traced : R[n, dual(V)] @ R[n, 4*V] -> R[n, 3*trivial(G)] under G = tensor_product(3*trivial(G))
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def mixed(n: int | Dim, vectors: int, covectors: int) -> Rep:
    """A tensor with so many upper and lower indices."""
    V = vector(GL(n))
    return reduce(matmul, [V] * vectors + [dual(V)] * covectors, trivial(V.group))


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize(("p", "q", "r", "s"), [(1, 0, 1, 0), (1, 1, 1, 1), (2, 1, 2, 1), (3, 1, 2, 0), (2, 0, 3, 1)])
def test_dimensions_by_pairs_of_tableaux(n: int, p: int, q: int, r: int, s: int) -> None:
    found = hom(mixed(n, p, q), mixed(n, r, s))
    assert found.dimension == tables.linear(n, p + s)
    assert found.counted is not None
    assert found.counted.dimension == found.dimension


def test_one_dimension_for_all_n() -> None:
    found = hom(mixed(N, 2, 1), mixed(N, 2, 1))
    assert (found.dimension, found.tier, found.from_n) == (6, 1, {"n": 3})
    assert hom(mixed(N, 2, 0), mixed(N, 1, 1)).dimension == 0
    assert "dimension 2, from n >= 2 (1 at n = 1)" in hom(mixed(N, 1, 1), mixed(N, 1, 1)).describe()


def test_there_is_no_metric() -> None:
    V = vector(GL(2))
    assert dual(V) != V
    assert V.form is None
    assert hom(V, dual(V)).dimension == 0
    assert hom(V @ V, trivial(GL(2))).dimension == 0
    assert (vector(GL(N)).kind, vector(GL(1)).kind) == (Kind.GENERAL, Kind.MONOMIAL)


def test_the_sign_of_the_determinant_tells_the_components_apart() -> None:
    """In dimension 2, alt2 is the determinant: its square is not trivial, that of its sign is."""
    G = GL(2)
    size = representation(G, [[[1]]], [[[0]], [[0]], [[1]], [[1]]])  # the absolute value of the determinant
    assert count(alt2(vector(G)), sign(G)).dimension == 0
    assert count(sign(G) @ sign(G), trivial(G)).dimension == 1
    assert count(alt2(vector(G)), size).dimension == 0
    assert hom(alt2(vector(G)), size @ sign(G)).dimension == 1
    check(hom(alt2(vector(G)) + vector(G), size @ sign(G) + vector(G)))


def test_determinants() -> None:
    G, rng = GL(3), random.Random(0)
    V = vector(G)
    seen = set()
    for _ in range(20):
        g = G.sample(rng)
        size = torch.linalg.det(V.matrix(g))
        assert float(sign(G).matrix(g)) == float(size.sign())
        seen.add(float(size.sign()))
        assert torch.linalg.cond(V.matrix(g)) < 100
    assert seen == {1.0, -1.0}


def test_restrictions() -> None:
    G = GL(3)
    V = vector(G)
    assert restrict(V @ dual(V), O(3)) == vector(O(3)) @ vector(O(3))
    assert restrict(V, S(3)) == vector(S(3))
    assert restrict(dual(V), SO(1, 2)) == dual(vector(SO(1, 2)))
    assert restrict(sign(G), O(3)) == sign(O(3))
    assert count(restrict(sign(G), SO(3)), trivial(SO(3))).dimension == 1


def test_a_root_of_the_determinant_is_not_rational() -> None:
    half = Fraction(1, 2)
    with pytest.raises(CatnetError, match=r"E0703.*not rational: Z1 has no integer weights"):
        representation(GL(2), [[[1]]], [[[0]], [[0]], [[half]], [[half]]])


def test_no_complex_subgroup() -> None:
    with pytest.raises(CatnetError, match="E0710"):
        restrict(vector(GL(2)), U(2))


def test_the_same_structure_group_as_that_of_bundles() -> None:
    assert structure(GL(2)) == structure(vector(GL(2))) == structure(catnet.bundles.GL(2))


# In the language


def test_layers_commute_with_any_change_of_basis() -> None:
    program = Program.from_text(SPEC)
    assert [d.render() for d in program.check()] == []
    torch.manual_seed(0)
    T, V = read("4*vector(GL(3)) + 2*dual(vector(GL(3))) + vector(GL(3))*dual(vector(GL(3)))"), vector(GL(3))
    layer, paired, traced = (program[name](n=5).compile().double() for name in ("layer", "paired", "traced"))
    x, v, w = (torch.randn(5, rep.number(), dtype=torch.float64) for rep in (T, V, V))
    rng = random.Random(0)
    for _ in range(10):
        g = GL(3).sample(rng)
        t, a, b = (rep.matrix(g).T for rep in (T, V, dual(V)))
        size = torch.linalg.cond(t)
        moved = x @ t
        for got, wanted in [
            (layer(moved), layer(x) @ t),
            (paired(v @ a, w @ b), paired(v, w)),
            (traced(w @ b, moved[:, :12]), traced(w, x[:, :12])),
        ]:
            assert float(((got - wanted).abs().max() / wanted.abs().max()).detach()) < 1e-13 * size


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("net f : R[n, V] -> R[n, V] under G = linear(V) >> relu", "E0731"),
        ("net f : R[n, V] -> R[n, V] under G = tanh", "E0731"),
        ("net f : R[n, V] -> R[n] under G = copy >> dot", "E0731"),
        ("net f : R[n, V] @ R[n, dual(V)] -> R[n, V] = add", "E0737"),
        ("net f : R[n, V] -> R[n, dual(V)] = linear(dual(V))", "E0736"),
        ("net f : R[n, V] -> R[n, V] = norm_activation", "E0740"),
    ],
)
def test_refused(line: str, code: str) -> None:
    found = Program.from_text(f"group G = GL(3)\nrep V = vector(G)\n{line}\n").check()
    assert [d.code for d in found if d.is_error] == [code]


def test_bundles_still_take_their_own() -> None:
    body = " : circle -> R[2] under {} {{ charts a, b, c  a -> b : 1  b -> c : 1  c -> a : [[1, 1], [0, 1]] }}\n"
    program = Program.from_text("group G = GL(2)\nbundle E" + body.format("GL(2)") + "bundle F" + body.format("G"))
    assert [d.render() for d in program.check() if d.is_error] == []
    assert program.bundle("E").structure == program.bundle("F").structure
