"""Representations as functions of matrices: from the matrix of an element in the natural representation to its own."""

from __future__ import annotations

from fractions import Fraction

from catnet.bundles.expressions import expression
from catnet.bundles.matrices import Entries
from catnet.bundles.structures import Structure
from catnet.diagnostics import fail
from catnet.symmetry.exact import Matrix, sqrt
from catnet.symmetry.lie_groups import Orthogonal
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_irreducible import Harmonic
from catnet.symmetry.reps_leaves import Natural, Sign, Trivial
from catnet.symmetry.reps_nodes import Dual, Sum, Tensor
from catnet.symmetry.reps_squares import Square


def by_representation(rep: Rep, g: Entries, acts: Structure) -> Entries:
    """The matrix of an element, from that in the natural representation.

    A polynomial for sums, tensor products, duals, squares, signs and vectors; for a finite group by a word in the
    generators. Raises E0816 for other representations.
    """
    if acts.listing is not None and g.exact is not None:
        return _by_word(rep, g.exact, acts)
    if isinstance(rep, Trivial):
        return Entries.identity(1)
    if isinstance(rep, Natural):
        return g
    if isinstance(rep, Sum):
        copies = [(count.value or 0, by_representation(part, g, acts)) for count, part in rep.parts]
        return Entries.blocks([part for count, part in copies for _ in range(count)])
    if isinstance(rep, Tensor):
        result = Entries.identity(1)
        for factor in rep.factors:
            result = result.kron(by_representation(factor, g, acts))
        return result
    if isinstance(rep, Dual):
        return by_representation(rep.inner, acts.inverse(g), acts).transpose()
    if isinstance(rep, Square):
        return _square(by_representation(rep.inner, g, acts), rep)
    if isinstance(rep, Sign) and rep.negative is None and isinstance(rep.group, Orthogonal):
        return Entries(((g.determinant(),),))
    if isinstance(rep, Harmonic) and rep.degree == 1:
        return _vector(g, rep)
    fail(
        "E0816",
        f"the matrices of `{rep.text}` are no polynomials that are known here",
        help="sums, tensor products, duals, sym2, alt2 and sign of the natural representation are",
    )


def _by_word(rep: Rep, g: Matrix, acts: Structure) -> Entries:
    """The matrix of an element of a finite group. Raises E0807 for a matrix that is none."""
    assert acts.listing is not None
    if g not in acts.listing:
        fail("E0807", f"{g} is no element of `{acts.group}`")
    matrix = Matrix.identity(rep.number())
    exact = rep.matrices()
    for i, power in acts.listing[g]:
        matrix = matrix @ exact[i] ** power
    scale = rep.scale
    if scale is None:
        return Entries.of(matrix)
    scaled = {(i, j): x * sqrt(Fraction(scale[i]) / Fraction(scale[j])) for (i, j), x in matrix.entries.items()}
    return Entries.of(Matrix(matrix.rows, matrix.columns, scaled))


def _square(g: Entries, rep: Square) -> Entries:
    """The symmetric or alternating square, in the orthonormal basis of `Square`."""
    pairs, half = rep.pairs(), expression(sqrt(2)) / 2
    rows = g.rows

    def entry(row: int, column: int) -> object:
        (i, j), (k, m) = pairs[row], pairs[column]
        both = rows[i][k] * rows[j][m] + rep.sign * rows[i][m] * rows[j][k]
        return both * (half if i == j else 1) * (half if k == m else 1)

    return Entries.of([[entry(row, column) for column in range(len(pairs))] for row in range(len(pairs))])


def _vector(g: Entries, rep: Harmonic) -> Entries:
    """The irreducible of degree one: vectors in the order y, z, x, times the determinant for even parity."""
    order = (1, 2, 0)
    turned = Entries.build(3, 3, lambda i, j: g.rows[order[i]][order[j]])
    if rep.group.special or rep.parity == -1:
        return turned
    sign = g.determinant()
    return turned.map(lambda entry: sign * entry)
