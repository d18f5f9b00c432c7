"""Intertwiners by linear algebra: the matrices X with `B X = X A` for each pair of generators (A, B).

The solutions for the first pair are found, then those among them for the second, and so on: each step has as many
unknowns as solutions are left. For a Lie algebra whose first generators span a Cartan subalgebra that is the
weight-zero space, on which the raising operators then act. All of it is done modulo a prime; at the end the
reduced echelon basis is reconstructed in exact numbers and verified with all generators.
"""

from __future__ import annotations

from collections.abc import Sequence

from catnet.diagnostics import fail
from catnet.symmetry.exact import Matrix, Number
from catnet.symmetry.solve.modular import Row, integral, nullspace, reduced
from catnet.symmetry.solve.splitting import Splitting, conductor, splittings

Element = dict[tuple[int, int], Number]
"""A sparse matrix by (output index, input index)."""


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
        if found is not None and all(commutes(a, b, x) for x in found for a, b in pairs):
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
        for at, y in vectors[number].items():
            found[at] = (found.get(at, 0) + factor * y) % prime
    return {at: y for at, y in found.items() if y}


def commutes(a: Matrix, b: Matrix, x: Element) -> bool:
    """Whether `B X = X A`, exactly."""
    found: Element = {}
    for (i, j), y in x.items():
        for row, number in b.by_column.get(i, ()):
            found[row, j] = found.get((row, j), 0) + number * y
        for column, number in a.by_row.get(j, ()):
            found[i, column] = found.get((i, column), 0) - number * y
    return not any(found.values())
