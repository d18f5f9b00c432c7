"""Symmetries of a cyclic grid: translations, with quarter turns (p4), with reflections too (p4m)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.symmetry.elements import Element, Word
from catnet.symmetry.exact import Matrix
from catnet.symmetry.groups import FiniteGroup, Permutation, as_size, permutation_of, power_of
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim

if TYPE_CHECKING:
    from catnet.symmetry.strata import Laurent, Stratum

Point = Literal["translations", "p4", "p4m"]
DOWN, RIGHT, TURN, FLIP = range(4)


@dataclass(frozen=True, repr=False)
class Grid(FiniteGroup):
    """Translations of an h by w grid that closes in circles, and for p4 and p4m the symmetries of the square.

    Cells (i, j), row i downwards and column j to the right, have the number `i*w + j`. `down` and `right` shift by
    one cell; `turn` takes (i, j) to (-j, i), a quarter turn against the clock about cell (0, 0), in the sense of
    `torch.rot90`; `flip` takes (i, j) to (i, -j). For p4m the group is the semidirect product with D(4).
    """

    h: Dim
    w: Dim
    point: Point

    @property
    def points(self) -> int:
        """How many symmetries leave the cell (0, 0) in place."""
        return {"translations": 1, "p4": 4, "p4m": 8}[self.point]

    @property
    def order(self) -> int | Dim:
        order = self.points * self.h * self.w
        return order.value or order

    @property
    def size(self) -> Dim:
        return self.h * self.w

    @property
    def parameters(self) -> tuple[Dim, ...]:
        return self.h, self.w

    def subst(self, mapping: Mapping[str, Dim | int]) -> Grid:
        return grid(self.h.subst(mapping), self.w.subst(mapping), self.point)

    @property
    def natural_kind(self) -> Kind:
        return Kind.TRIVIAL if self.size == 1 else Kind.PERMUTATION

    @property
    def generators(self) -> tuple[str, ...]:
        return ("down", "right", "turn", "flip")[: {1: 2, 4: 3, 8: 4}[self.points]]

    def numbers(self) -> tuple[int, int]:
        """h and w as integers. Raises E0708 where they are symbolic."""
        self.need_numbers("the action")
        assert self.h.value is not None
        assert self.w.value is not None
        return self.h.value, self.w.value

    @property
    def relations(self) -> tuple[Word, ...]:
        h, w = self.numbers()
        words: list[Word] = [((DOWN, h),), ((RIGHT, w),), ((DOWN, 1), (RIGHT, 1), (DOWN, -1), (RIGHT, -1))]
        if self.points > 1:
            words += [((TURN, 4),), ((TURN, 1), (DOWN, 1), (TURN, -1), (RIGHT, -1))]
            words += [((TURN, 1), (RIGHT, 1), (TURN, -1), (DOWN, 1))]
        if self.points > 4:
            words += [((FLIP, 2),), ((FLIP, 1), (DOWN, 1), (FLIP, 1), (DOWN, -1))]
            words += [((FLIP, 1), (RIGHT, 1), (FLIP, 1), (RIGHT, 1)), ((FLIP, 1), (TURN, 1)) * 2]
        return tuple(words)

    def natural_permutations(self) -> tuple[Permutation, ...]:
        """The generators on the cells."""
        h, w = self.numbers()
        spend(4 * h * w)
        moves = [lambda i, j: (i + 1, j), lambda i, j: (i, j + 1), lambda i, j: (-j, i), lambda i, j: (i, -j)]
        cells = [(i, j) for i in range(h) for j in range(w)]
        images = ([move(*cell) for cell in cells] for move in moves[: len(self.generators)])
        return tuple(tuple(i % h * w + j % w for i, j in image) for image in images)

    def natural_matrices(self) -> tuple[Matrix, ...]:
        return tuple(Matrix.permutation(p) for p in self.natural_permutations())

    def natural_character(self, stratum: Stratum, power: int) -> Laurent:
        images = permutation_of(self.word_at(stratum), self.natural_permutations(), self.size.value or 0)
        return {(): sum(i == image for i, image in enumerate(power_of(images, power)))}

    def realisation(self) -> tuple[Permutation, ...]:
        """The action on the h rows and w columns, and on the corners of a square, which a 1 by 1 grid lacks."""
        h, w = self.numbers()
        spend(4 * (h + w))
        rows, columns, corners = range(h), range(h, h + w), range(h + w, h + w + 4)
        down = (*((i + 1) % h for i in rows), *columns, *corners)
        right = (*rows, *(h + (j + 1) % w for j in range(w)), *corners)
        turn = (*(h + i for i in rows), *(-j % h for j in range(w)), *(h + w + (k + 1) % 4 for k in range(4)))
        flip = (*rows, *(h + -j % w for j in range(w)), *(h + w + -k % 4 for k in range(4)))
        return (down, right, turn, flip)[: len(self.generators)]

    def sample(self, rng: random.Random) -> Element:
        h, w = self.numbers()
        letters = [
            (DOWN, rng.randrange(h)),
            (RIGHT, rng.randrange(w)),
            (TURN, rng.randrange(4)),
            (FLIP, rng.randrange(2)),
        ]
        return Element(self, tuple(letters[: len(self.generators)]))

    def __str__(self) -> str:
        return f"{self.point}({self.h}, {self.w})"


def grid(h: int | Dim, w: int | Dim, point: Point) -> Grid:
    """A symmetry group of an h by w grid. Raises E0701 for quarter turns of a grid that is not square."""
    rows, columns = as_size(h, 1, point), as_size(w, 1, point)
    if point != "translations" and rows != columns:
        fail(
            "E0701",
            f"`{point}({rows}, {columns})`: a quarter turn takes {rows} by {columns} cells to {columns} by {rows}",
            help="give a square grid, or take translations alone",
        )
    return Grid(rows, columns, point)
