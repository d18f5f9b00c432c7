"""Do matrices represent a Lie group? Brackets, components, and whether full turns close."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from catnet.diagnostics import fail
from catnet.symmetry.exact import Matrix, Number, inverse, to_float
from catnet.symmetry.groups import Group
from catnet.symmetry.product_groups import DirectProduct

Coordinates = dict[int, Number]


class Span:
    """Coordinates of matrices in the span of independent ones."""

    def __init__(self, basis: Sequence[Matrix]) -> None:
        self.rows: list[tuple[tuple[int, int], Matrix, Coordinates]] = []
        for k, matrix in enumerate(basis):
            rest, found = self._reduced(matrix)
            at = min(rest.entries)  # the basis is independent: something is left
            factor = inverse(rest.entries[at])
            own = {i: -factor * x for i, x in found.items()} | {k: factor}
            self.rows.append((at, rest.scaled(factor), own))

    def _reduced(self, matrix: Matrix) -> tuple[Matrix, Coordinates]:
        found: Coordinates = {}
        for at, row, own in self.rows:
            if x := matrix[at]:
                matrix = matrix - row.scaled(x)
                for k, y in own.items():
                    found[k] = found.get(k, 0) + x * y
        return matrix, found

    def coordinates(self, matrix: Matrix) -> Coordinates | None:
        """`{k: c_k}` with `matrix == sum_k c_k basis[k]`; None for a matrix outside."""
        rest, found = self._reduced(matrix)
        return None if rest.entries else {k: x for k, x in found.items() if x}


def bracket(a: Matrix, b: Matrix) -> Matrix:
    """`a b - b a`."""
    return a @ b - b @ a


def natural_blocks(group: Group) -> tuple[tuple[Matrix, ...], tuple[Matrix, ...]]:
    """The generators, discrete and of the algebra, in a faithful representation: that of each factor side by side."""
    if not isinstance(group, DirectProduct):
        return group.natural_matrices(), group.natural_algebra()
    pieces = [natural_blocks(factor) for factor in group.factors]
    sizes = [factor.size.value or 1 if factor.size is not None else 1 for factor in group.factors]
    found: tuple[list[Matrix], list[Matrix]] = ([], [])
    for which, piece in enumerate(pieces):
        for kind in (0, 1):
            for matrix in piece[kind]:
                rest = [Matrix.identity(n) if kind == 0 else Matrix(n, n, {}) for n in sizes]
                found[kind].append(Matrix.blocks([*rest[:which], matrix, *rest[which + 1 :]]))
    return tuple(found[0]), tuple(found[1])


@lru_cache(maxsize=32)
def structure(group: Group) -> tuple[dict[tuple[int, int], Coordinates], list[list[Coordinates]]]:
    """The brackets `[A_i, A_j]`, i < j, and for each discrete generator g the images `g A_i / g`, in coordinates."""
    discrete, algebra = natural_blocks(group)
    span = Span(algebra)
    brackets = {(i, j): _known(span, bracket(algebra[i], algebra[j])) for j in range(len(algebra)) for i in range(j)}
    return brackets, [[_known(span, g @ a @ g.inverse()) for a in algebra] for g in discrete]


def _known(span: Span, matrix: Matrix) -> Coordinates:
    found = span.coordinates(matrix)
    assert found is not None, "the natural representation is closed"
    return found


def check_algebra(group: Group, matrices: Sequence[Matrix], algebra: Sequence[Matrix], what: str) -> None:
    """Raise E0703 where matrices of the algebra generators break a bracket, or their relation to the components."""
    brackets, moved = structure(group)
    names = group.algebra
    for (i, j), coordinates in brackets.items():
        rest = bracket(algebra[i], algebra[j]) - _combined(coordinates, algebra)
        if rest.entries:
            right = _text(coordinates, names)
            fail("E0703", f"{what} breaks the bracket [{names[i]}, {names[j]}] = {right} of `{group}`: {_worst(rest)}")
    for g, (matrix, images) in enumerate(zip(matrices, moved, strict=True)):
        for i, coordinates in enumerate(images):
            rest = matrix @ algebra[i] @ matrix.inverse() - _combined(coordinates, algebra)
            if rest.entries:
                name, right = group.generators[g], _text(coordinates, names)
                fail("E0703", f"{what} breaks {name}*{names[i]}*{name}^-1 = {right} of `{group}`: {_worst(rest)}")


def _combined(coordinates: Coordinates, algebra: Sequence[Matrix]) -> Matrix:
    total = Matrix(algebra[0].rows, algebra[0].rows, {})
    for k, x in coordinates.items():
        total = total + algebra[k].scaled(x)
    return total


def _worst(rest: Matrix) -> str:
    return f"they differ by {max(rest.entries.values(), key=lambda x: abs(to_float(x)))}"


def _text(coordinates: Coordinates, names: Sequence[str]) -> str:
    pieces = [f"{'-' if x == -1 else '' if x == 1 else f'{x}*'}{names[k]}" for k, x in sorted(coordinates.items())]
    return " + ".join(pieces).replace("+ -", "- ") or "0"
