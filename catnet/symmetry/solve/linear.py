"""Intertwiners by linear algebra: the matrices X with `B X = X A` for each pair of generators (A, B).

The solutions for the first pair are found, then those among them for the second, and so on: each step has as many
unknowns as solutions are left. For a Lie algebra whose first generators span a Cartan subalgebra that is the
weight-zero space, on which the raising operators then act. All of it is done modulo a prime; at the end the
reduced echelon basis is reconstructed in exact numbers and verified with all generators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import TypeVar

from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.symmetry.cyclotomic import Cyclotomic, root
from catnet.symmetry.exact import Matrix, Number
from catnet.symmetry.solve.modular import Row, integral, nullspace, reduced
from catnet.symmetry.solve.splitting import Splitting, conductor, splittings

Element = dict[tuple[int, int], Number]
"""A sparse matrix by (output index, input index)."""

Place = TypeVar("Place")


def commuting(pairs: Sequence[tuple[Matrix, Matrix]], outputs: int, inputs: int) -> list[Element]:
    """A basis of the matrices X, outputs x inputs, with `B X = X A` for all pairs (A, B), exact and proved.

    The nullity modulo a prime is at least the dimension; the verified vectors, which are independent, are at most
    as many. Raises E0721 where no prime up to 521 bits gives numbers that verify.

    >>> turn = Matrix.of([[0, -1], [1, 0]])
    >>> commuting([(turn, turn)], 2, 2)
    [{(0, 0): 1, (1, 1): 1}, {(0, 1): 1, (1, 0): -1}]
    """
    order = sorted(pairs, key=lambda pair: len(pair[0].entries) * outputs + len(pair[1].entries) * inputs)
    n = conductor(x for pair in pairs for matrix in pair for x in matrix.entries.values())
    for splitting in splittings(n):
        found = _reconstructed(order, outputs, inputs, splitting)
        if found is not None and commutes(pairs, found):
            return found
    fail(
        "E0721",
        f"no exact basis was found for {outputs} x {inputs} matrices: the numbers in it are too large",
        help="give the representation in a basis in which its matrices have smaller numbers",
    )


def nullity(pairs: Sequence[tuple[Matrix, Matrix]], outputs: int, inputs: int) -> int:
    """The dimension modulo a prime: at least the true one, and equal to it for all but finitely many primes."""
    n = conductor(x for pair in pairs for matrix in pair for x in matrix.entries.values())
    splitting = next(splittings(n))
    return len(_solved(pairs, outputs, inputs, splitting, splitting.choices[0]))


def _reconstructed(
    pairs: Sequence[tuple[Matrix, Matrix]], outputs: int, inputs: int, splitting: Splitting
) -> list[Element] | None:
    """The basis from its images under all ways into the prime field; None where they do not fit together."""
    numbers = {x for pair in pairs for matrix in pair for x in matrix.entries.values()}
    solved: dict[tuple[int, ...], list[Row]] = {}  # the numbers may lie in a smaller field, with fewer images
    images = []
    for choice in splitting.choices:
        seen = tuple(splitting.image(x, choice) for x in numbers)
        if seen not in solved:
            solved[seen] = _solved(pairs, outputs, inputs, splitting, choice)
        images.append(solved[seen])
    if len({len(basis) for basis in images}) > 1:
        return None
    found = []
    for vectors in zip(*images, strict=True):
        places = sorted(set().union(*vectors))
        values = [splitting.number([vector.get(i, 0) for vector in vectors]) for i in places]
        if any(x is None for x in values):
            return None
        exact = {i: x for i, x in zip(places, values, strict=True) if x}
        if splitting.n == 1:
            exact = integral(exact)
        found.append({divmod(i, inputs): x for i, x in exact.items()})
    return found


def _solved(
    pairs: Sequence[tuple[Matrix, Matrix]], outputs: int, inputs: int, splitting: Splitting, choice: int
) -> list[Row]:
    """The reduced echelon basis modulo the prime, entries numbered row-major."""
    prime = splitting.prime
    vectors: list[Row] = [{i: 1} for i in range(outputs * inputs)]
    for a, b in pairs:
        left = {i: [(r * inputs, splitting.image(x, choice)) for r, x in column] for i, column in b.by_column.items()}
        right = {j: [(c, splitting.image(x, choice)) for c, x in row] for j, row in a.by_row.items()}
        equations: dict[int, Row] = {}
        for number, vector in enumerate(vectors):
            for at, y in _difference(vector, left, right, inputs, prime).items():
                equations.setdefault(at, {})[number] = y
        if equations:
            vectors = [
                _combined(combination, vectors, prime)
                for combination in nullspace(equations.values(), len(vectors), prime)
            ]
    return reduced(vectors, prime)


def _difference(
    vector: Row,
    left: dict[int, list[tuple[int, int]]],
    right: dict[int, list[tuple[int, int]]],
    inputs: int,
    prime: int,
) -> Row:
    """`B X - X A` for one X."""
    found: Row = {}
    for at, y in vector.items():
        i, j = divmod(at, inputs)
        spend(len(left.get(i, ())) + len(right.get(j, ())))
        for row, x in left.get(i, ()):
            found[row + j] = found.get(row + j, 0) + x * y
        start = at - j
        for column, x in right.get(j, ()):
            found[start + column] = found.get(start + column, 0) - x * y
    return {at: y for at, x in found.items() if (y := x % prime)}


def _combined(combination: Row, vectors: list[Row], prime: int) -> Row:
    if len(combination) == 1:
        ((number, factor),) = combination.items()
        if factor == 1:
            return vectors[number]
    found: Row = {}
    for number, factor in combination.items():
        spend(1 + len(vectors[number]) // 2)
        for at, y in vectors[number].items():
            found[at] = (found.get(at, 0) + factor * y) % prime
    return {at: y for at, y in found.items() if y}


def commutes(pairs: Sequence[tuple[Matrix, Matrix]], elements: Sequence[Element]) -> bool:
    """Whether `B X = X A` for all pairs (A, B) and all elements X, exactly.

    All is multiplied by common denominators first, and powers of zeta are reduced once for each entry.
    """
    numbers = [x for pair in pairs for m in pair for x in m.entries.values()]
    n = conductor([*numbers, *(x for element in elements for x in element.values())])
    vectors = [_whole(element, n) for element in elements]
    for a, b in pairs:
        both = _whole({(0, *at): x for at, x in a.entries.items()} | {(1, *at): x for at, x in b.entries.items()}, n)
        left: dict[int, list[tuple[int, Terms]]] = {}
        right: dict[int, list[tuple[int, Terms]]] = {}
        for (side, i, j), terms in both.items():
            if side:
                left.setdefault(j, []).append((i, terms))
            else:
                right.setdefault(i, []).append((j, terms))
        if not all(_vanishes(vector, left, right, n) for vector in vectors):
            return False
    return True


Terms = list[tuple[int, int]]
"""A sum of integer multiples of powers of zeta: pairs (exponent, multiple)."""


def _whole(entries: Mapping[Place, Number], n: int) -> dict[Place, Terms]:
    """The entries times their common denominator."""
    terms = {at: _powers(x, n) for at, x in entries.items()}
    scale = lcm(1, *(c.denominator for found in terms.values() for _, c in found))
    return {at: [(k, c.numerator * (scale // c.denominator)) for k, c in found] for at, found in terms.items()}


def _powers(x: Number, n: int) -> list[tuple[int, int | Fraction]]:
    if isinstance(x, Cyclotomic):
        return [(k * (n // x.n), c) for k, c in enumerate(x.coefficients) if c]
    return [(0, x)]


def _vanishes(
    vector: dict[tuple[int, int], Terms],
    left: dict[int, list[tuple[int, Terms]]],
    right: dict[int, list[tuple[int, Terms]]],
    n: int,
) -> bool:
    found: dict[tuple[int, int], dict[int, int]] = {}
    for (i, j), x in vector.items():
        products = [((row, j), 1, y) for row, y in left.get(i, ())]
        products += [((i, column), -1, y) for column, y in right.get(j, ())]
        for at, sign, y in products:
            spend(len(x) * len(y))
            total = found.setdefault(at, {})
            for k, c in x:
                for m, d in y:
                    total[(k + m) % n] = total.get((k + m) % n, 0) + sign * c * d
    return all(not any(total.values()) or _is_zero(total, n) for total in found.values())


def _is_zero(total: dict[int, int], n: int) -> bool:
    """Whether a sum of powers of zeta is zero; `total` has a multiple that is not."""
    if n == 1:
        return False
    return not sum((c * root(n, k) for k, c in total.items()), 0)
