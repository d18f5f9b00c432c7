"""A fibre bundle: a base with charts, a fibre, a structure group, and a transition for each overlap.

>>> from catnet.bundles import O, R, circle
>>> moebius = bundle("Moebius", circle(("a", "b", "c")), R(1), O(1), {("a", "b"): 1, ("b", "c"): 1, ("c", "a"): -1})
>>> moebius.transition("a", "c"), moebius.laws().verdict("transitions in the group").answer
([[-1]], 'proved')

`transitions[a, b]` takes fibre coordinates over chart a to those over chart b, as a matrix of expressions in the
coordinates of a: a section satisfies `s_b = T(a, b) s_a`, and the cocycle law reads `T(b, c) T(a, b) = T(a, c)`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from catnet.bundles.bases import Base, Overlap
from catnet.bundles.deciding import Domain
from catnet.bundles.evaluating import Modular, Undefined, conductor_of
from catnet.bundles.expressions import Expr, ExprLike, expression, names_in, substitute
from catnet.bundles.expressions import name as name_of
from catnet.bundles.fibres import Fibre, acting
from catnet.bundles.laurent import Ratio
from catnet.bundles.matrices import Entries
from catnet.bundles.nerve import Path, steps
from catnet.bundles.normal import Normal, Sort, Sorts
from catnet.bundles.sorting import sorts_of
from catnet.bundles.structures import GeneralLinear, Structure, structure
from catnet.bundles.words import Word
from catnet.diagnostics import fail
from catnet.symmetry.groups import Group
from catnet.symmetry.reps import Rep

if TYPE_CHECKING:
    from catnet.bundles.facts import Facts
    from catnet.bundles.laws import Laws

Pair = tuple[str, str]


@dataclass(frozen=True)
class Transition:
    """A transition as declared: its matrix, or only a word in invertible maps that are learned (then `matrix` is None).

    A declared matrix is a letter by itself: nothing cancels but its own inverse.
    """

    word: Word
    matrix: Entries | None = None


@dataclass(frozen=True, eq=False)
class Bundle:
    """A bundle by its transitions, each in the direction in which it was declared; see `bundle`.

    `origin` says how a derived bundle came to be.
    """

    name: str
    base: Base
    fibre: Fibre
    structure: Structure
    transitions: Mapping[Pair, Transition]
    parameters: Mapping[str, Sort] = field(default_factory=dict)
    given: tuple[Expr, ...] = ()
    origin: str = ""

    # Transitions

    def transition(self, source: str, target: str) -> Entries:
        """The matrix that takes coordinates over `source` to those over `target`, in the coordinates of `source`.

        Raises E0803 for charts that do not overlap, E0805 for a learned transition, which has no matrix.
        """
        if source == target:
            return Entries.identity(self.fibre.size)
        overlap = self.base.overlap(source, target)
        found = self.transitions.get((source, target))
        if found is None:
            found = self.transitions[target, source]
            if found.matrix is not None:
                return self.structure.inverse(found.matrix).substitute(overlap.change)
        if found.matrix is None:
            fail("E0805", f"the transition {source} -> {target} of `{self.name}` is learned: {found.word}")
        return found.matrix

    def word(self, source: str, target: str) -> Word:
        """The transition as a word."""
        if source == target:
            return Word()
        found = self.transitions.get((source, target))
        return found.word if found is not None else self.transitions[target, source].word.inverse()

    @property
    def learned(self) -> bool:
        """Whether a transition is known only as a word."""
        return any(transition.matrix is None for transition in self.transitions.values())

    def composed(self, path: Path) -> Entries:
        """The product of transitions along a path of charts, in the coordinates of the first."""
        result = Entries.identity(self.fibre.size)
        changes: dict[str, Expr] = {}
        for source, target in steps(path):
            result = self.transition(source, target).substitute(changes) @ result
            overlap = self.base.overlap(source, target)
            changes = self._carried(overlap, changes)
        return result

    def _carried(self, overlap: Overlap, changes: Mapping[str, Expr]) -> dict[str, Expr]:
        """The coordinates of an overlap's target in those of the chart where the path began."""
        found = {}
        for coordinate in self.base.charts[overlap.target]:
            here = overlap.change.get(coordinate.name)
            value = name_of(coordinate.name) if here is None else here
            found[coordinate.name] = substitute(value, changes)
        return found

    # Where things are compared

    def domain(self, *charts: str) -> Domain:
        """Where these charts meet, in the coordinates of the first."""
        first = charts[0]
        coordinates = self.base.charts[first]
        ranges = self.base.ranges(first)
        positive: list[Expr] = []
        for other in charts[1:]:
            if other != first:
                overlap = self.base.overlap(first, other)
                positive += overlap.positive
                for name, (low, high) in overlap.ranges.items():
                    before = ranges.get(name, (low, high))
                    met = max(low, before[0]), min(high, before[1])
                    ranges[name] = met if met[0] < met[1] else (low, high)
        sorts = {**self.parameters, **{c.name: c.sort for c in coordinates}}
        return Domain(sorts, ranges, self.given, tuple(positive))

    @cached_property
    def directions(self) -> list[Pair]:
        """One declared direction of each overlap."""
        return [pair if pair in self.transitions else pair[::-1] for pair in self.base.overlaps]

    def constant(self, source: str, target: str) -> bool:
        """Whether a transition depends on no coordinate, as far as is written."""
        matrix = self.transitions[source, target].matrix
        return matrix is not None and not matrix.names & {c.name for c in self.base.charts[source]}

    # Answers

    def laws(self) -> Laws:
        """Every law with its verdicts."""
        return self._laws

    @cached_property
    def _laws(self) -> Laws:
        from catnet.bundles.laws import laws

        return laws(self)

    def check(self) -> None:
        """Raise a coded diagnostic for each law that is refuted."""
        self.laws().check()

    def facts(self) -> Facts:
        """Orientability, flatness, holonomy, degree and triviality, each found when asked for."""
        from catnet.bundles.facts import Facts

        return Facts(self)

    def describe(self) -> str:
        """Charts, laws, orientability, flatness, holonomy and the classes that decide, as text."""
        from catnet.bundles.describe import describe

        return describe(self)

    def json(self) -> dict[str, Any]:
        """The same as data: charts, transitions, laws with witnesses, and facts (null where a law is broken)."""
        from catnet.bundles.describe import data

        return data(self)

    def at(self, **values: ExprLike) -> Bundle:
        """The bundle with parameters replaced by numbers. Raises E0805 for a name that is no parameter."""
        for name in values:
            if name not in self.parameters:
                fail("E0805", f"`{self.name}` has no parameter `{name}`", help=f"it has {', '.join(self.parameters)}")
        transitions = {pair: _at(t, values) for pair, t in self.transitions.items()}
        rest = {name: sort for name, sort in self.parameters.items() if name not in values}
        given = tuple(substitute(condition, values) for condition in self.given)
        return replace(self, transitions=transitions, parameters=rest, given=given)

    def __str__(self) -> str:
        inner = f"({', '.join(self.parameters)})" if self.parameters else ""
        return f"bundle {self.name}{inner} : {self.base} -> {self.fibre} under {self.structure}"


def _at(transition: Transition, values: Mapping[str, ExprLike]) -> Transition:
    matrix = transition.matrix
    return transition if matrix is None else replace(transition, matrix=_simplified(matrix.substitute(values)))


def bundle(
    name: str,
    base: Base,
    fibre: Fibre,
    group: Group | Rep | GeneralLinear | Structure,
    transitions: Mapping[Pair, Any] | Iterable[tuple[str, str, Any]],
    parameters: Mapping[str, Sort] | Iterable[str] = (),
    given: Iterable[ExprLike] = (),
) -> Bundle:
    """Declare a bundle by one transition for each overlap, as pairs or as triples (source, target, value).

    A value is a matrix of expressions in the coordinates of the source chart, an expression (a matrix of one entry),
    1 (the identity), or a `Word` in learned maps. `parameters` are names, whose sorts are read off their use where
    they are not said; `given` are expressions that vanish by assumption. The laws are not checked here: see
    `Bundle.laws` and `Bundle.check`.

    Raises E0801 for a group that does not act on the fibre, E0802 for overlaps without a transition, E0803 for
    charts that do not overlap, E0804 for a transition that is declared twice, E0805 for an expression that cannot
    be read, E0806 for a matrix of the wrong size.
    """
    acts, fibre = acting(structure(group), fibre)
    rows = [(*pair, value) for pair, value in transitions.items()] if isinstance(transitions, Mapping) else transitions
    found: dict[Pair, Transition] = {}
    for source, target, value in rows:
        base.overlap(source, target)
        if (source, target) in found:
            fail("E0804", f"the transition {source} -> {target} of `{name}` is declared twice", help="keep one of them")
        found[source, target] = _read(value, source, target, fibre)
    need_all(name, base, found)
    conditions = tuple(map(expression, given))
    made = Bundle(name, base, fibre, acts, found, sorts_of(name, parameters, base, found, conditions), conditions)
    for pair in found:
        read_through(made, pair)
    return made


def _read(value: Any, source: str, target: str, fibre: Fibre) -> Transition:
    """A declared value. Raises E0806 for a matrix of the wrong size."""
    if isinstance(value, Word):
        return Transition(value)
    where = f"the transition {source} -> {target}"
    one = not isinstance(value, (list, tuple, Entries)) and expression_or_none(value) == expression(1)
    matrix = Entries.identity(fibre.size) if one else _simplified(Entries.of(value, where))
    if matrix.shape != (fibre.size, fibre.size):
        shape = " x ".join(map(str, matrix.shape))
        fail(
            "E0806",
            f"{where} is a matrix of {shape}, the fibre {fibre} needs {fibre.size} x {fibre.size}",
            help="correct the matrix, or the fibre",
        )
    return Transition(Word.letter(f"g[{source} -> {target}]"), matrix)


def expression_or_none(value: Any) -> Expr | None:
    """A value as an expression, None for a matrix."""
    return None if hasattr(value, "rows") else expression(value)


_NUMBERS = Normal(Sorts({}))


def _simplified(matrix: Entries) -> Entries:
    """The matrix with entries such as cos(pi/3) as numbers."""
    return matrix.map(lambda e: e if e.op == "number" or names_in(e) else _number(e, _NUMBERS(e)))


def _number(entry: Expr, value: Ratio) -> Expr:
    if value.below or any(at for at in value.top):
        return entry
    return expression(value.top.get((), 0))


def need_all(name: str, base: Base, found: Mapping[Pair, Transition]) -> None:
    """Raise E0802 where charts overlap without a transition."""
    missing = [pair for pair in base.overlaps if pair not in found and pair[::-1] not in found]
    if missing:
        listed = ", ".join(f"{a} -> {b}" for a, b in missing[:6])
        more = f" and {len(missing) - 6} more" if len(missing) > 6 else ""
        fail(
            "E0802", f"`{name}` has no transition {listed}{more}", help="these charts overlap: give one matrix for each"
        )


def read_through(made: Bundle, pair: Pair) -> None:
    """Read every name and angle of a transition. Raises E0805 for what cannot be read."""
    matrix = made.transitions[pair].matrix
    if matrix is None or (matrix.exact is not None):
        return
    sorts = made.domain(*pair).reading
    value = Modular(sorts, conductor_of(matrix.entries, sorts), random.Random(0))
    for entry in matrix.entries:
        try:
            value(entry)
        except Undefined:
            continue
