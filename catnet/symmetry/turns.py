"""How groups move the cells of a grid: turns and mirrors of an image, and shifts by a number of cells.

A quarter turn is `torch.rot90(x, 1, (-2, -1))`, the mirror exchanges left and right, shifts go round in circles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catnet.diagnostics import fail
from catnet.symmetry.exact import Matrix
from catnet.symmetry.finite_groups import Cyclic, Dihedral
from catnet.symmetry.grid_groups import Grid, grid
from catnet.symmetry.groups import Group, Permutation, power_of
from catnet.symmetry.kinds import Kind
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_leaves import Trivial
from catnet.symmetry.reps_nodes import Sum, Tensor
from catnet.types.dims import Dim
from catnet.types.facts import Facts


@dataclass(frozen=True, eq=False, repr=False)
class Turned(Rep):
    """C(n) or D(n) on the h by w cells of an image about its middle, in row-major order.

    r turns by 360/n degrees against the clock; s, first, exchanges left and right. For n = 1, 2, 4 cells fall on
    cells. For others they do not: such a group acts on the image that the cells sample, and has no matrices here.
    """

    group: Cyclic | Dihedral
    h: Dim
    w: Dim

    @property
    def exact(self) -> bool:
        """Whether cells fall on cells."""
        return self.group.n.value in (1, 2, 4)

    @property
    def dim(self) -> Dim:
        return self.h * self.w

    @property
    def kind(self) -> Kind:
        still = self.dim == 1 or (self.group.n == 1 and isinstance(self.group, Cyclic))
        return Kind.TRIVIAL if still else Kind.PERMUTATION

    @property
    def text(self) -> str:
        return f"turned({self.group}, {self.h}, {self.w})"

    def matrices(self) -> tuple[Matrix, ...]:
        return tuple(map(Matrix.permutation, self.images()))

    def images(self) -> tuple[Permutation, ...]:
        """Each generator as a permutation of the cells. Raises E0708 for symbolic sizes, E0733 for finer turns."""
        self.number()
        if not self.exact:
            fail("E0733", f"`{self.group}` turns by {360 // self.group.number()} degrees: no cell falls on a cell")
        h, w = self.h.value or 1, self.w.value or 1
        cells = [(i, j) for i in range(h) for j in range(w)]
        quarters = {1: 0, 2: 2, 4: 1}[self.group.number()]
        half = tuple((h - 1 - i) * w + w - 1 - j for i, j in cells)
        turn = {0: tuple(range(h * w)), 1: tuple((h - 1 - j) * w + i for i, j in cells), 2: half}[quarters]
        mirror = tuple(i * w + w - 1 - j for i, j in cells)
        return (turn, mirror) if isinstance(self.group, Dihedral) else (turn,)

    def algebra(self) -> tuple[Matrix, ...]:
        return ()

    def subst(self, mapping: Mapping[str, Dim | int]) -> Turned:
        group = self.group.subst(mapping)
        assert isinstance(group, (Cyclic, Dihedral))
        return Turned(group, self.h.subst(mapping), self.w.subst(mapping))


@dataclass(frozen=True, eq=False, repr=False)
class Strided(Rep):
    """Translations of h by w blocks, each of several cells: `down` shifts all cells by the rows of a block."""

    group: Grid
    rows: Dim
    columns: Dim

    @property
    def dim(self) -> Dim:
        return self.group.size * self.rows * self.columns

    @property
    def kind(self) -> Kind:
        return self.group.natural_kind

    @property
    def text(self) -> str:
        return f"{self.group} by {self.rows} and {self.columns} cells"

    def matrices(self) -> tuple[Matrix, ...]:
        fine = grid(self.group.h * self.rows, self.group.w * self.columns, "translations")
        by = (self.rows.value or 1, self.columns.value or 1)
        return tuple(Matrix.permutation(power_of(p, n)) for p, n in zip(fine.natural_permutations(), by, strict=True))

    def algebra(self) -> tuple[Matrix, ...]:
        return ()

    def subst(self, mapping: Mapping[str, Dim | int]) -> Strided:
        return Strided(self.group.subst(mapping), self.rows.subst(mapping), self.columns.subst(mapping))


@dataclass(frozen=True)
class Shifts:
    """Shifts of some axes: in `cycles` many steps one comes round, and each is by `steps` many cells."""

    group: Cyclic | Grid
    cycles: tuple[Dim, ...]
    steps: tuple[Dim, ...]

    def rep(self) -> Rep:
        """The representation on the cells."""
        if all(step == 1 for step in self.steps):
            assert self.group.natural is not None
            return self.group.natural
        if isinstance(self.group, Grid):
            return Strided(self.group, *self.steps)
        assert self.group.natural is not None
        return self.group.natural @ (self.steps[0] * Trivial(self.group))


def shifts(rep: Rep) -> Shifts | None:
    """What a representation shifts; None where it does something else.

    >>> from catnet.symmetry.constructors import C, trivial, vector
    >>> shifts(vector(C(4)) @ (2 * trivial(C(4)))).steps
    (Dim('2'),)
    """
    group = rep.group
    if isinstance(group, Grid) and group.point == "translations":
        if isinstance(rep, Strided):
            return Shifts(group, (group.h, group.w), (rep.rows, rep.columns))
        return Shifts(group, (group.h, group.w), (Dim.const(1),) * 2) if rep == group.natural else None
    if not isinstance(group, Cyclic):
        return None
    if rep == group.natural:
        return Shifts(group, (group.n,), (Dim.const(1),))
    if isinstance(rep, Tensor) and len(rep.factors) == 2 and rep.factors[0] == group.natural:
        block = rep.factors[1]
        if isinstance(block, Sum) and block.kind is Kind.TRIVIAL:
            return Shifts(group, (group.n,), (block.dim,))
    return None


def moves_cells(group: Group) -> bool:
    """Whether a group may act on the cells of a grid."""
    return isinstance(group, (Cyclic, Dihedral, Grid))


def on_cells(group: Group, sizes: Sequence[Dim], facts: Facts) -> Rep | None:
    """What a group does to a grid of these sizes, or to an axis of cells; None where it does not act on it.

    C(n) and D(n) turn the two axes of an image, which is square where a quarter of it is turned; translations, and
    C(n) on one axis, shift by as many cells as make the sizes whole.
    """
    if isinstance(group, (Cyclic, Dihedral)) and len(sizes) == 2:
        square = group.n.value in (1, 2) or facts.equal(*sizes)
        return Turned(group, *sizes) if square and group.n.value is not None else None
    cycles = group.parameters if isinstance(group, (Cyclic, Grid)) else ()
    if len(cycles) != len(sizes):
        return None
    steps = [ratio(size, cycle, facts) for size, cycle in zip(sizes, cycles, strict=True)]
    if all(step == 1 for step in steps):
        return group.natural
    if None in steps or (isinstance(group, Grid) and group.point != "translations"):
        return None
    assert isinstance(group, (Cyclic, Grid))
    return Shifts(group, cycles, tuple(step for step in steps if step is not None)).rep()


def ratio(a: Dim, b: Dim, facts: Facts) -> Dim | None:
    """a / b, where the facts say that it is whole.

    >>> from catnet.types.facts import Pred
    >>> h = Dim.sym("h")
    >>> ratio(h, h // 2, Facts().assume(Pred.divides(h, 2)))
    Dim('2')
    >>> ratio(h, h // 2, Facts()) is None
    True
    """
    if a == b:
        return Dim.const(1)
    whole = facts.simplify(a) // facts.simplify(b)
    return facts.show(whole) if facts.equal(whole * facts.simplify(b), facts.simplify(a)) else None
