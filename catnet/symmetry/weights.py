"""Weights of a representation that is given by matrices of a Lie algebra: exact, on every component of the group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from catnet.diagnostics import fail
from catnet.symmetry.exact import Matrix, inverse, root
from catnet.symmetry.general_linear import GeneralLinear
from catnet.symmetry.groups import FiniteGroup, Group
from catnet.symmetry.lie_groups import Orthogonal, Symplectic, Unitary
from catnet.symmetry.product_groups import DirectProduct
from catnet.symmetry.strata import Laurent, Stratum, Weight


@dataclass(frozen=True)
class Circle:
    """A coordinate of a torus: the algebra element, as pairs (generator, coefficient), that moves it.

    A compact one has weights `i m`, a boost `m`. On a `turned` one the component already stands at -1.
    """

    element: tuple[tuple[int, int], ...]
    compact: bool = True
    turned: bool = False


def circles(group: Group, stratum: Stratum) -> list[Circle]:
    """The coordinates of the torus of a stratum, as `catnet.symmetry.tori` numbers them."""
    if isinstance(group, FiniteGroup):
        return []
    if isinstance(group, DirectProduct):
        found = []
        for factor, place, (_, start) in zip(group.factors, cast(tuple, stratum.place), group.offsets(), strict=True):
            for circle in circles(factor, place):
                element = tuple((start + i, c) for i, c in circle.element)
                found.append(Circle(element, circle.compact, circle.turned))
        return found
    if isinstance(group, Orthogonal):
        return _orthogonal(group, stratum)
    if isinstance(group, Unitary):
        n = group.number()
        last = len(group.algebra)
        if not group.special:
            return [Circle(((last - n + j, 1),)) for j in range(n)]
        return [Circle(tuple((last - (n - 1) + i, 1) for i in range(j, n - 1))) for j in range(n - 1)]
    if isinstance(group, GeneralLinear):
        first = len(group.algebra) - group.number()
        return [Circle(((first + j, 1),), False, j == 0 and bool(stratum.place)) for j in range(group.number())]
    assert isinstance(group, Symplectic)
    return [Circle(((j * group.half() + j, 1),), compact=False) for j in range(group.half())]


def _orthogonal(group: Orthogonal, stratum: Stratum) -> list[Circle]:
    """Planes that the reflections of the component leave in place; axes left over are among those they turn."""
    p, q = group.numbers()
    n, place = p + q, cast("tuple[int, int]", stratum.place)
    turned = [axis for axis, bit in zip((0, p), place, strict=True) if bit]
    rest = [axis for axis in range(n) if axis not in turned]
    alone = n - 2 * stratum.rank
    axes = (turned + rest)[alone:] if len(turned) == 1 else turned + rest[alone:]
    planes, found = group.planes(), []
    for k in range(0, len(axes), 2):
        j, m = sorted(axes[k : k + 2])
        found.append(Circle(((planes.index((j, m)), 1),), (j < p) == (m < p), k == 0 and len(turned) == 2))
    return found


def charge(circle: Circle, algebra: Sequence[Matrix]) -> Matrix:
    """The matrix whose eigenvalues are the weights along a circle."""
    total = Matrix(algebra[0].rows, algebra[0].rows, {})
    for i, c in circle.element:
        total = total + algebra[i].scaled(c)
    return total.scaled(root(4, 3)) if circle.compact else total


def integer_eigenvalues(matrix: Matrix) -> list[int] | None:
    """The eigenvalues of a matrix, if it is diagonalisable with integers; None if it is not. Decided exactly."""
    import torch

    dense = torch.tensor(matrix.float64(), dtype=torch.complex128)
    guesses = sorted({round(value.real) for value in torch.linalg.eigvals(dense).tolist()})
    product = Matrix.identity(matrix.rows)
    for m in guesses:
        product = product @ (matrix - Matrix.identity(matrix.rows).scaled(m))
    return None if product.entries else guesses


def check_closing(group: Group, algebra: Sequence[Matrix], what: str) -> None:
    """Raise E0703 where the algebra is represented but not the group: the weights must be integers.

    Of GL(n), roots and logarithms of the determinant represent the group, but not by rational functions: they are
    refused too.
    """
    for stratum in group.strata():
        for circle in circles(group, stratum):
            if integer_eigenvalues(charge(circle, algebra)) is None:
                name = " + ".join(group.algebra[i] for i, _ in circle.element)
                if not circle.compact:
                    fail("E0703", f"{what} of `{group}` is not rational: {name} has no integer weights", help=_RATIONAL)
                turn = f"a full turn exp(2*pi*({name})) is not 1"
                fail(
                    "E0703",
                    f"{what} represents the Lie algebra of `{group}`, but not the group: {turn}",
                    help="spinors are representations of a covering group: SU(2) covers SO(3)",
                )


_RATIONAL = "of SO(p, q), Sp(n) and GL(n) tensors are known, and tensors times the sign of a determinant"


def trace_by_weights(
    group: Group, stratum: Stratum, matrices: Sequence[Matrix], algebra: Sequence[Matrix], power: int
) -> Laurent:
    """The trace of the elements of a stratum, raised to a power."""
    size = algebra[0].rows
    component = Matrix.identity(size)
    for i, count in group.word_at(stratum):
        component = component @ matrices[i] ** count
    spaces: dict[Weight, Matrix] = {(): component**power}
    twists: list[bool] = []
    for circle in circles(group, stratum):
        projectors = _projectors(charge(circle, algebra))
        twists.append(circle.turned)
        spaces = {
            (*weight, m): part
            for weight, inner in spaces.items()
            for m, p in projectors.items()
            if (part := inner @ p).entries
        }
    result: Laurent = {}
    for weight, part in spaces.items():
        odd = sum(m for m, turned in zip(weight, twists, strict=True) if turned) * power % 2
        if trace := part.trace():
            result[tuple(m * power for m in weight)] = -trace if odd else trace
    return result


def _projectors(matrix: Matrix) -> dict[int, Matrix]:
    values = integer_eigenvalues(matrix)
    assert values is not None, "checked when the representation was made"
    found = {}
    for m in values:
        projector = Matrix.identity(matrix.rows)
        for other in values:
            if other != m:
                projector = projector @ (matrix - Matrix.identity(matrix.rows).scaled(other)).scaled(inverse(m - other))
        found[m] = projector
    return found
