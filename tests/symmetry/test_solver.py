"""The kernels of the solver, on plain data: diagrams, monomial orbits, elimination, numbers modulo a prime."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catnet.symmetry.exact import Matrix, root, sqrt
from catnet.symmetry.solve.diagrams import Leg, Space, all_diagrams, diagram_count
from catnet.symmetry.solve.independent import independent, independent_from
from catnet.symmetry.solve.linear import commuting
from catnet.symmetry.solve.modular import PRIMES, nullspace, rank, rational, reduced
from catnet.symmetry.solve.monomial import Monomial, orbits
from catnet.symmetry.solve.splitting import splittings
from catnet.symmetry.solve.text import indices
from tests.symmetry import tables


def legs(rank: int, outputs: int | None = None) -> tuple[Leg, ...]:
    outputs = rank // 2 if outputs is None else outputs
    return (Leg(0, True),) * outputs + (Leg(0, False),) * (rank - outputs)


def solved(space: Space, rank: int) -> int:
    return len(independent(list(all_diagrams((space,), legs(rank)))))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, None])
def test_set_partitions_are_truncated_bell_numbers(n: int | None) -> None:
    for k in range(8):
        space = Space("S", n)
        assert len(list(all_diagrams((space,), legs(k)))) == tables.bell(k, n) == diagram_count((space,), legs(k))


@pytest.mark.parametrize("rank", range(9))
def test_rotations_in_space(rank: int) -> None:
    assert solved(Space("SO", 3), rank) == tables.riordan(rank) == tables.special_orthogonal(3, rank)
    assert solved(Space("O", 3), rank) == tables.orthogonal(3, rank)


@pytest.mark.parametrize("rank", range(7))
@pytest.mark.parametrize("negative", [0, 1, 3])
def test_lorentz_group(rank: int, negative: int) -> None:
    assert solved(Space("SO", 4, negative), rank) == tables.special_orthogonal(4, rank)
    assert solved(Space("O", 4, negative), rank) == tables.orthogonal(4, rank)


@pytest.mark.parametrize(("n", "rank"), [(2, 8), (4, 6), (4, 8), (6, 6), (2, 3)])
def test_symplectic(n: int, rank: int) -> None:
    assert solved(Space("Sp", n), rank) == tables.symplectic(n, rank)


@pytest.mark.parametrize(("n", "k"), [(1, 3), (2, 3), (2, 4), (3, 4)])
def test_general_linear(n: int, k: int) -> None:
    assert solved(Space("GL", n), 2 * k) == tables.linear(n, k)


@pytest.mark.parametrize("family", ["O", "Sp"])
def test_from_which_n_diagrams_are_independent(family: str) -> None:
    exact = tables.orthogonal if family == "O" else tables.symplectic
    for k in (2, 4, 6, 8):
        found = independent_from(Space(family, None), legs(k))  # type: ignore[arg-type]
        step = 1 if family == "O" else 2
        full = diagram_count([Space(family, None)], legs(k))  # type: ignore[arg-type]
        assert exact(found, k) == full
        assert found == step or exact(found - step, k) < full


BOOST = Matrix.of([[Fraction(5, 3), Fraction(4, 3)], [Fraction(4, 3), Fraction(5, 3)]])
GROUPS = [
    (Space("S", 3), Matrix.permutation([1, 2, 0])),
    (Space("S", 3), Matrix.permutation([1, 0, 2])),
    (Space("SO", 2), Matrix.of([[0, -1], [1, 0]])),
    (Space("O", 2), Matrix.of([[0, 1], [1, 0]])),
    (Space("O", 2, 1), BOOST),
    (Space("SO", 2, 1), BOOST),
    (Space("Sp", 2), Matrix.of([[2, 1], [1, 1]])),
    (Space("Sp", 2), Matrix.of([[1, 1], [0, 1]])),
]


@pytest.mark.parametrize(("space", "g"), GROUPS)
def test_diagrams_commute_with_the_group(space: Space, g: Matrix) -> None:
    n = g.rows
    for size, outputs in [(2, 0), (2, 1), (2, 2), (3, 2), (4, 1), (4, 2), (4, 4)]:
        for diagram in all_diagrams((space,), legs(size, outputs)):
            x = Matrix(n**outputs, n ** (size - outputs), diagram.entries())
            assert x.entries
            assert power(g, outputs) @ x == x @ power(g, size - outputs)


def power(g: Matrix, k: int) -> Matrix:
    found = Matrix.identity(1)
    for _ in range(k):
        found = found.kron(g)
    return found


def test_dual_legs_take_the_form_away() -> None:
    dual = BOOST.inverse().transpose()
    for of, to in [(BOOST, dual), (dual, BOOST), (dual, dual)]:
        ends = (Leg(0, True, to is dual), Leg(0, False, of is dual))
        (diagram,) = all_diagrams((Space("O", 2, 1),), ends)
        x = Matrix(2, 2, diagram.entries())
        assert to @ x == x @ of


def test_formulas_of_diagrams() -> None:
    texts = {str(indices(d)): indices(d).words for d in all_diagrams((Space("S", None),), legs(4))}
    assert len(texts) == 15
    assert texts["x[i, k] -> y[i, j]"] == "sum over k, then spread over j"
    assert texts["x[j, j] -> y[i, i]"] == "sum over j, then spread along the diagonal of i"


# Monomial matrices


def tensor(a: Monomial, b: Monomial, order: int) -> Monomial:
    m = len(b.image)
    image = tuple(i * m + j for i in a.image for j in b.image)
    return Monomial(image, tuple((p + q) % order for p in a.phase for q in b.phase))


def dense(g: Monomial, order: int) -> Matrix:
    n = len(g.image)
    return Matrix(n, n, {(i, j): root(order, p) for j, (i, p) in enumerate(zip(g.image, g.phase, strict=True))})


@st.composite
def monomials(draw: st.DrawFn) -> tuple[int, list[tuple[Monomial, Monomial]]]:
    order = draw(st.sampled_from([1, 2, 3, 4]))
    sizes = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    count = draw(st.integers(0, 3))

    def one(n: int) -> Monomial:
        image = tuple(draw(st.permutations(range(n))))
        return Monomial(image, tuple(draw(st.integers(0, order - 1)) for _ in range(n)))

    return order, [(one(sizes[0]), one(sizes[1])) for _ in range(count)] or [
        (Monomial(tuple(range(sizes[0])), (0,) * sizes[0]), Monomial(tuple(range(sizes[1])), (0,) * sizes[1]))
    ]


@given(monomials())
def test_orbits_agree_with_elimination(case: tuple[int, list[tuple[Monomial, Monomial]]]) -> None:
    order, pairs = case
    inputs, outputs = len(pairs[0][0].image), len(pairs[0][1].image)
    found = orbits([a for a, _ in pairs], [b for _, b in pairs], order, (outputs, inputs))
    matrices = [(dense(a, order), dense(b, order)) for a, b in pairs]
    assert found.count == len(commuting(matrices, outputs, inputs))
    for powers in found.powers:
        x = Matrix(outputs, inputs, {at: root(order, p) for at, p in powers.items()})
        assert all(b @ x == x @ a for a, b in matrices)
        assert x.entries


def test_orbits_of_pairs_of_sixteen_points() -> None:
    n = 16
    turn = Monomial(tuple((i + 1) % n for i in range(n)), (0,) * n)
    swap = Monomial((1, 0, *range(2, n)), (0,) * n)
    pairs = [tensor(g, g, 1) for g in (turn, swap)]
    assert orbits(pairs, pairs, 1, (n * n, n * n)).count == tables.bell(4)


# Elimination


@given(st.lists(st.dictionaries(st.integers(0, 6), st.integers(-3, 3), max_size=4), max_size=7))
def test_nullspace_is_sent_to_zero_and_is_whole(rows: list[dict[int, int]]) -> None:
    prime = PRIMES[0]
    given_rows = [{i: x for i, x in row.items() if x} for row in rows]
    found = nullspace(given_rows, 7, prime)
    for vector in found:
        assert all(sum(x * vector.get(i, 0) for i, x in row.items()) % prime == 0 for row in given_rows)
    dense_rows = [[row.get(i, 0) for i in range(7)] for row in given_rows]
    assert len(found) == 7 - len(rank(dense_rows))
    assert len(reduced(found, prime)) == len(found)


@given(st.fractions(max_denominator=10**8).filter(lambda x: abs(x.numerator) < 10**9))
def test_fractions_come_back(x: Fraction) -> None:
    p = PRIMES[0]
    assert rational(x.numerator * pow(x.denominator, -1, p) % p, p) == x


@given(st.sampled_from([1, 3, 4, 5, 8, 12]), st.lists(st.fractions(-9, 9, max_denominator=9), min_size=4, max_size=4))
def test_algebraic_numbers_come_back(n: int, parts: list[Fraction]) -> None:
    x = sum((c * root(n, k) for k, c in enumerate(parts)), 0)
    splitting = next(iter(splittings(n)))
    assert splitting.number([splitting.image(x, choice) for choice in splitting.choices]) == x


def test_large_numbers_need_a_larger_prime() -> None:
    big = Fraction(10**30 + 57, 10**25 + 13)
    found = commuting([(Matrix.of([[1]]), Matrix.of([[1, big], [0, 2]]))], 2, 1)
    assert found == [{(0, 0): 1}]
    found = commuting([(Matrix.of([[2]]), Matrix.of([[1, big], [0, 2]]))], 2, 1)
    assert found == [{(0, 0): 10**30 + 57, (1, 0): 10**25 + 13}]


def test_icosahedron() -> None:
    """Character averages over the classes of sizes 1, 15, 20, 12, 12."""
    golden, half = (1 + sqrt(5)) / 2, Fraction(1, 2)
    five = Matrix.of([[1, -golden, golden - 1], [golden, golden - 1, -1], [golden - 1, 1, golden]]).scaled(half)
    three = Matrix.permutation([2, 0, 1])
    assert (five**5).is_identity()
    classes = [(1, 3), (15, -1), (20, 0), (12, golden), (12, 1 - golden)]
    for k, m in [(1, 1), (1, 2), (2, 2)]:
        expected = sum(size * chi ** (k + m) for size, chi in classes) / Fraction(60)
        found = commuting([(power(g, k), power(g, m)) for g in (five, three)], 3**m, 3**k)
        assert len(found) == expected


@pytest.mark.parametrize("seed", range(5))
def test_a_change_of_basis_does_not_change_the_dimension(seed: int) -> None:
    draw = random.Random(seed)
    turn, swap = Matrix.permutation([1, 2, 3, 0]), Matrix.permutation([1, 0, 2, 3])
    change = Matrix.of([[draw.randint(-3, 3) + 8 * (i == j) for j in range(4)] for i in range(4)])
    pairs = [(g, change @ g @ change.inverse()) for g in (turn, swap)]
    assert len(commuting(pairs, 4, 4)) == 2
