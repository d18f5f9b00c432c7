"""Intertwiners: exact bases of Hom_G(V, W), the linear maps that commute with a group.

`hom(V, W)` takes each pair of summands apart and picks the cheapest way that knows the answer (`solve`): Schur's
lemma, diagrams, orbits, elimination. Every dimension is counted a second time by characters; two counts that
disagree are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import count, islice, product
from typing import TYPE_CHECKING, NoReturn

from catnet.diagnostics import CatnetError, fail
from catnet.limits import STEPS, bounded, spend
from catnet.symmetry import characters
from catnet.symmetry.groups import Group
from catnet.symmetry.reps import Rep
from catnet.symmetry.solve.diagrams import Diagram
from catnet.symmetry.solve.forms import Form, form
from catnet.symmetry.solve.linear import Element
from catnet.symmetry.solve.pairs import BUDGET, by_nullity, solve
from catnet.symmetry.solve.solution import Solution
from catnet.symmetry.solve.stable import stable
from catnet.symmetry.solve.words import factors_of, symbols
from catnet.types.dims import Dim

if TYPE_CHECKING:
    import torch

__all__ = ["Basis", "Counted", "Part", "hom"]


@dataclass(frozen=True)
class Counted:
    """The second count of a dimension, and how it was made; `at` tells which sizes stood for symbols."""

    dimension: int
    method: str
    at: str = ""


@dataclass(frozen=True)
class Part:
    """The intertwiners from one summand to another: copies of the same basis, for all copies of both summands.

    Copy c of the source stands at `source_start + c * source.dim`, copy d of the target at `target_start +
    d * target.dim`; a layer needs one matrix [target_count, source_count] of weights for each element.
    """

    source: Rep
    source_start: Dim
    source_count: Dim
    target: Rep
    target_start: Dim
    target_count: Dim
    solution: Solution
    counted: Counted | None

    @property
    def dimension(self) -> Dim:
        return self.source_count * self.target_count * self.solution.dimension

    @property
    def form(self) -> Form:
        """What it costs to apply the elements, by one assembled matrix or by diagrams, for one pair of copies."""
        return form(self.source, self.target, self.solution)


@dataclass(frozen=True, eq=False)
class Basis:
    """A basis of the intertwiners from `source` to `target`.

    >>> from catnet.symmetry.constructors import SO, vector
    >>> V = vector(SO(3))
    >>> cross = hom(V @ V, V)
    >>> cross.dimension, cross.tier, cross.elements
    (1, 1, [{(0, 5): 1, (0, 7): -1, (1, 2): -1, (1, 6): 1, (2, 1): 1, (2, 3): -1}])
    """

    source: Rep
    target: Rep
    parts: tuple[Part, ...]

    @property
    def dimension(self) -> int | Dim:
        """How many elements; a `Dim` where multiplicities are symbolic."""
        total = reduce(lambda sum, part: sum + part.dimension, self.parts, Dim.const(0))
        return total if total.value is None else total.value

    @property
    def tier(self) -> int:
        """The highest tier that was needed."""
        return max((part.solution.tier for part in self.parts), default=0)

    @property
    def from_n(self) -> dict[str, int]:
        """From which value of each symbolic size on the dimension holds, and the elements are independent."""
        found: dict[str, int] = {}
        for part in self.parts:
            for name, least in part.solution.least.items():
                found[name] = max(found.get(name, 1), least)
        return found

    @property
    def counted(self) -> Counted | None:
        """The count by characters of the whole; None where no method fits, or multiplicities are symbolic."""
        total = 0
        for part in self.parts:
            copies = (part.source_count * part.target_count).value
            if part.counted is None or copies is None:
                return None
            total += copies * part.counted.dimension
        methods = dict.fromkeys(part.counted.method for part in self.parts if part.counted)
        at = dict.fromkeys(part.counted.at for part in self.parts if part.counted and part.counted.at)
        return Counted(total, ", ".join(methods), "; ".join(at))

    @property
    def diagrams(self) -> tuple[Diagram, ...] | None:
        """The diagrams, where source and target are one summand each and diagrams are their basis."""
        if len(self.parts) == 1 and self.parts[0].source_count == self.parts[0].target_count == 1:
            return self.parts[0].solution.diagrams
        return None

    @property
    def unused(self) -> tuple[Rep, ...]:
        """The summands of the source that no intertwiner reads."""
        used = [part.source for part in self.parts if part.solution.dimension]
        return tuple(dict.fromkeys(part.source for part in self.parts if part.source not in used))

    @property
    def unreached(self) -> tuple[Rep, ...]:
        """The summands of the target where every intertwiner is zero."""
        used = [part.target for part in self.parts if part.solution.dimension]
        return tuple(dict.fromkeys(part.target for part in self.parts if part.target not in used))

    @cached_property
    def elements(self) -> list[Element]:
        """The matrices: sparse, exact, {(output index, input index): number}, part by part.

        In a part the copies of the target run slowest, then those of the source, then the part's own elements.
        Where a representation has a `scale`, entry (i, j) of the true matrix is `sqrt(target.scale[i] /
        source.scale[j])` times this one: `float64` has it in. Raises E0708 where a size is symbolic.
        """
        return list(self._placed())

    def _placed(self) -> Iterator[Element]:
        self.target.number(), self.source.number()  # E0708 where they are symbolic
        for part in self.parts:
            numbers = [d.value or 0 for d in (part.target_start, part.source_start)]
            sizes = part.target.number(), part.source.number()
            copies = range(part.target_count.value or 0), range(part.source_count.value or 0)
            for d, c in product(*copies):
                down, right = numbers[0] + d * sizes[0], numbers[1] + c * sizes[1]
                for element in part.solution.elements:
                    yield {(i + down, j + right): x for (i, j), x in element.items()}

    def float64(self) -> torch.Tensor:
        """The basis `[dimension, target.dim, source.dim]` in float64, complex128 over the complex numbers."""
        from catnet.symmetry.solve.dense import dense

        return dense(self.elements, self.target, self.source)

    def describe(self, limit: int = 60, title: str = "") -> str:
        """The dimension, how it was found and counted, and at most `limit` elements so that a person can read them."""
        from catnet.symmetry.solve.report import describe

        return describe(self, limit, title or f"{self.source.text} -> {self.target.text}")

    def data(self) -> dict[str, object]:
        """The same as JSON-ready data."""
        from catnet.symmetry.solve.report import data

        return data(self)


_LARGER = "give a larger `budget`, or write the representation as a sum: each pair of summands is solved apart"


def hom(source: Rep, target: Rep, budget: int = BUDGET) -> Basis:
    """An exact basis of the linear maps X from `source` to `target` with `target(g) X = X source(g)` for all g.

    Raises E0709 for representations of two groups, E0720 where the problem is larger than the budget (see
    `BUDGET`), E0708 where a size is symbolic and no diagrams are known, E0722 where two counts disagree.
    """
    if source.group != target.group:
        fail("E0709", f"`{source.text}` is a representation of `{source.group}`, `{target.text}` of `{target.group}`")
    steps = STEPS * max(1, budget // BUDGET)
    with bounded("E0720", "Hom({}, {})", source, target, steps=steps, help=_LARGER):
        return _hom(source, target, budget)


def _hom(source: Rep, target: Rep, budget: int) -> Basis:
    known: dict[tuple[Rep, Rep], tuple[Solution, Counted | None]] = {}
    parts = []
    for (row, target_count, below), (column, source_count, beside) in product(_summands(target), _summands(source)):
        spend(20)
        if (column, row) not in known:
            known[column, row] = _counted_twice(column, row, budget)
        solution, counted = known[column, row]
        parts.append(Part(column, beside, source_count, row, below, target_count, solution, counted))
    return Basis(source, target, tuple(parts))


def _summands(rep: Rep) -> list[tuple[Rep, Dim, Dim]]:
    """The summands with their multiplicities and where they start."""
    found, start = [], Dim.const(0)
    for copies, part in rep.blocks:
        found.append((part, copies, start))
        start = start + copies * part.dim
    return found


def _counted_twice(source: Rep, target: Rep, budget: int) -> tuple[Solution, Counted | None]:
    """The solution for two summands and its second count. Raises E0722 where they disagree."""
    if source.group.is_symbolic:
        solution = solve(source, target, budget, None)
        return solution, _counted_at_numbers(source, target, solution)
    counted = _characters(*(stable(source, target) or (source, target)))
    solution = solve(source, target, budget, None if counted is None else counted.dimension)
    if counted is None and solution.tier == 2:
        counted = _eliminated(source, target, budget)
    if counted is not None and counted.dimension != solution.dimension:
        _disagree(source, target, solution.dimension, counted)
    return solution, counted


def _eliminated(source: Rep, target: Rep, budget: int) -> Counted | None:
    """The count by elimination modulo a prime; None where that is too much work for a second count."""
    try:
        with bounded("E0720", "the second count of Hom({}, {})", source, target, steps=STEPS // 4):
            nullity = by_nullity(source, target, budget)
    except CatnetError as error:
        if all(diagnostic.code == "E0720" for diagnostic in error.diagnostics):
            return None
        raise
    return None if nullity is None else Counted(nullity, "elimination modulo a prime")


def _characters(source: Rep, target: Rep, at: str = "") -> Counted | None:
    """The count by characters; None where the group is too large to list, or weights are not known."""
    try:
        with bounded("E0707", "the count by characters of {} and {}", source, target, steps=STEPS // 4):
            found = characters.count(source, target)
    except CatnetError as error:
        if all(diagnostic.code in ("E0707", "E0713") for diagnostic in error.diagnostics):
            return None
        raise
    return Counted(found.dimension, found.method, at)


def _counted_at_numbers(source: Rep, target: Rep, solution: Solution) -> Counted | None:
    """The counts at the least sizes for which the dimension holds, and at the next ones."""
    done, method = [], ""
    for sizes in islice(_sizes(source.group, solution.least), 2):
        at = ", ".join(f"{name} = {value}" for name, value in sizes.items())
        counted = _characters(source.subst(sizes), target.subst(sizes), at)
        if counted is None:
            return None
        if counted.dimension != solution.dimension:
            _disagree(source, target, solution.dimension, counted)
        done.append(at)
        method = counted.method
    return Counted(solution.dimension, method, " and ".join(done))


def _sizes(group: Group, least: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Values of the symbols for which each size is at least what it has to be, the smallest first."""
    names = symbols(group)
    wanted = [(factor.size, least.get(str(factor.size), 1)) for factor in factors_of(group)]
    for value in count(1):
        sizes = dict.fromkeys(names, value)
        if all(size is None or (size.subst(sizes).value or 0) >= start for size, start in wanted):
            yield sizes


def _disagree(source: Rep, target: Rep, solved: int, counted: Counted) -> NoReturn:
    where = f" at {counted.at}" if counted.at else ""
    fail(
        "E0722",
        f"two counts of the intertwiners from `{source.text}` to `{target.text}` disagree{where}: "
        f"{solved} were found, {counted.method} say {counted.dimension}",
        help="one of the matrices, relations or characters of this representation is wrong; please report it if the "
        "representation is one of catnet's own",
    )
