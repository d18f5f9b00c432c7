"""Structure groups: which matrices a transition may be, as equations between its entries.

`structure(O(2))` acts on R[2] by its natural representation, `structure(O(1), V)` by another one. The general linear
groups, which have no invariant form, are made here: `GL(2)`, `GL(2, "C")`, and `GL(2, positive=True)` for those that
keep the orientation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from catnet.bundles.expressions import ONE, Expr, conjugate
from catnet.bundles.matrices import Entries
from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.symmetry import general_linear
from catnet.symmetry.exact import Matrix
from catnet.symmetry.groups import FiniteGroup, Group
from catnet.symmetry.lie_groups import Orthogonal, Symplectic, Unitary
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_leaves import Natural

Equation = tuple[str, list[Expr]]
"""What a matrix must satisfy, in words, and the expressions that must vanish."""

MAX_LISTED = 2000  # elements of a finite structure group


@dataclass(frozen=True)
class GeneralLinear:
    """The invertible matrices of size n, those of positive determinant where `positive`."""

    n: int
    field: Literal["R", "C"] = "R"
    positive: bool = False

    def __str__(self) -> str:
        return f"GL{'+' if self.positive else ''}({self.n}{', C' if self.field == 'C' else ''})"


def GL(n: int, field: Literal["R", "C"] = "R", positive: bool = False) -> GeneralLinear:
    """The general linear group. Raises E0801 for a size that is no positive integer."""
    if not isinstance(n, int) or n < 1 or field not in ("R", "C") or (positive and field == "C"):
        fail("E0801", f"`GL({n}, {field})` is no group of matrices", help='GL(2), or GL(2, "C")')
    return GeneralLinear(n, field, positive)


@dataclass(frozen=True)
class Structure:
    """A group and how it acts on the fibre: by `action`, or naturally where there is none."""

    group: Group | GeneralLinear
    action: Rep | None = None

    @cached_property
    def size(self) -> int:
        """The dimension of the space that it acts on."""
        if isinstance(self.group, GeneralLinear):
            return self.group.n
        return self.rep.number()

    @property
    def field(self) -> str:
        return self.group.field if isinstance(self.group, GeneralLinear) else self.rep.field

    @cached_property
    def rep(self) -> Rep:
        """The representation. Raises E0801 for a group without a natural one, where none is given."""
        assert isinstance(self.group, Group)
        if self.action is not None:
            return self.action
        if self.group.natural is None:
            fail("E0801", f"`{self.group}` has no natural representation", help="say by which one it acts")
        return self.group.natural

    @property
    def natural(self) -> bool:
        """Whether it acts by the matrices that define it."""
        return isinstance(self.group, GeneralLinear) or isinstance(self.rep, Natural)

    def equations(self, g: Entries) -> Iterator[Equation]:
        """What makes a matrix of expressions an element; none for GL, and none for a finite group (see `listing`)."""
        group = self.group
        if self.field == "R":
            yield "real entries", [entry - conjugate(entry) for entry in g.entries if entry.op != "name"]
        if isinstance(group, Orthogonal):
            metric = Entries.of(group.natural_form())
            words = "g^T g = 1" if group.q == 0 else "g^T B g = B"
            yield words, list((g.transpose() @ metric @ g - metric).entries)
        elif isinstance(group, Unitary):
            yield (
                "|g| = 1" if group.n == 1 else "g^* g = 1",
                list((g.dagger() @ g - Entries.identity(self.size)).entries),
            )
        elif isinstance(group, Symplectic):
            form = Entries.of(group.natural_form())
            yield "g^T J g = J", list((g.transpose() @ form @ g - form).entries)
        if isinstance(group, (Orthogonal, Unitary)) and group.special:
            yield "det g = 1", [g.determinant() - ONE]

    @cached_property
    def listing(self) -> dict[Matrix, tuple[tuple[int, int], ...]] | None:
        """The elements of a finite group as matrices, each with a word in its generators; None for an infinite one.

        Raises E0707 where they are too many.
        """
        if isinstance(self.group, GeneralLinear) or not self.discrete:
            return None
        generators = self.rep.matrices()
        start = Matrix.identity(self.size)
        found: dict[Matrix, tuple[tuple[int, int], ...]] = {start: ()}
        queue = [start]
        for element in queue:  # grows while it is read
            for i, generator in enumerate(generators):
                spend(10 * self.size**2)
                if (after := element @ generator) not in found:
                    if len(queue) >= MAX_LISTED:
                        fail("E0707", f"`{self.group}` has more than {MAX_LISTED} elements: too many to list")
                    found[after] = (*found[element], (i, 1))
                    queue.append(after)
        return found

    @property
    def discrete(self) -> bool:
        """Whether the group is finite, O(1) among them: then transitions are constant where charts overlap."""
        if isinstance(self.group, GeneralLinear):
            return False
        return isinstance(self.group, FiniteGroup) or not self.group.algebra

    @property
    def connected(self) -> bool:
        """Whether the group is known to be connected."""
        if isinstance(self.group, GeneralLinear):
            return self.group.field == "C" or self.group.positive
        return not self.discrete and not self.group.generators

    def inverse(self, g: Entries) -> Entries:
        """The inverse of an element: transposed where the group is compact, else computed."""
        if g.exact is not None:
            return g.inverse()
        if isinstance(self.group, Orthogonal) and self.natural and self.group.q == 0:
            return g.transpose()
        if isinstance(self.group, Unitary) and self.natural:
            return g.dagger()
        return g.inverse()

    def __str__(self) -> str:
        return str(self.group) if self.natural else f"{self.group} by {self.rep.text}"


def structure(group: Group | Rep | GeneralLinear | Structure) -> Structure:
    """A structure group from a group, or from the representation by which one acts on the fibre.

    Raises E0801 for anything else, and for a Lie group by another representation than its natural one: whether a
    matrix lies in its image is not decided (`associated` makes such bundles from those of the natural one).
    """
    if isinstance(group, Structure):
        return group
    if isinstance(group, GeneralLinear):
        return Structure(group)
    if isinstance(group, Group):
        group.need_numbers("a bundle")
        if isinstance(group, general_linear.GeneralLinear):
            return Structure(GL(group.number()))
        found = Structure(group)
    elif isinstance(group, Rep):
        if isinstance(group, Natural):
            return structure(group.group)
        found = Structure(group.group, group)
    else:
        fail("E0801", f"`{group}` is no structure group", help="for example O(1), U(1), SO(3) or GL(2)")
    if not found.natural and not found.discrete:
        fail(
            "E0801",
            f"`{found.rep.text}` of the infinite group `{found.group}` is no structure group by itself",
            help="declare the bundle by the natural representation and take its associated bundle",
        )
    if found.natural and not found.discrete and not isinstance(found.group, (Orthogonal, Unitary, Symplectic)):
        fail(
            "E0801", f"`{found.group}` is not known as a structure group", help="O, SO, U, SU, Sp, GL or a finite group"
        )
    return found
