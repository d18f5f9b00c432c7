"""What may be assumed about dimensions, and what follows: yes, no with a witness, or unknown.

A "yes" is proved (normal form, residue classes, bounds); a "no" carries numbers that satisfy every
assumption and refute the claim; anything else is "unknown". Statements speak of the points where every
dimension in them is defined. After a contradiction everything holds.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from catnet.types.dims import Dim, DimError
from catnet.types.dims_floor import divide
from catnet.types.facts_assume import Kind, Relation, State
from catnet.types.facts_bounds import Bounds, shifted
from catnet.types.facts_search import (
    WIDE_POINTS,
    constants_in,
    far_points,
    is_zero_in_all_classes,
    near_points,
    residue_cases,
)

Op = Literal["==", "!=", "<", "<=", ">", ">="]

_COMPARE: dict[Op, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NEGATED: dict[Op, Op] = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_CASES_FOR_BOUNDS = 64


@dataclass(frozen=True)
class Pred:
    """A comparison of two dimensions, as in `where d % heads == 0`."""

    op: Op
    left: Dim
    right: Dim

    @staticmethod
    def divides(a: Dim | int, b: Dim | int) -> Pred:
        """`a % b == 0`."""
        return Pred("==", Dim.const(0) + a % b, Dim.const(0))

    def negated(self) -> Pred:
        """The comparison that holds exactly where this one fails."""
        return Pred(_NEGATED[self.op], self.left, self.right)

    def evaluate(self, mapping: Mapping[str, int]) -> bool:
        """Whether it holds at a point; DimError where a side is undefined."""
        return _COMPARE[self.op](self.left.evaluate(mapping), self.right.evaluate(mapping))

    @property
    def symbols(self) -> frozenset[str]:
        """All names on both sides."""
        return self.left.symbols | self.right.symbols

    def relation(self) -> Relation:
        """The same as `dim == 0`, `dim != 0` or `dim >= 0`."""
        gap = self.left - self.right
        if self.op in ("<", "<="):
            return ">=", -gap - (self.op == "<")
        if self.op in (">", ">="):
            return ">=", gap - (self.op == ">")
        return ("==" if self.op == "==" else "!="), gap

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"


@dataclass(frozen=True)
class Verdict:
    """The answer to a question about dimensions; true in a condition only if the answer is yes."""

    kind: Literal["yes", "no", "unknown"]
    witness: Mapping[str, int] | None = None
    left: int | None = None
    right: int | None = None

    def __bool__(self) -> bool:
        return self.kind == "yes"

    def describe(self) -> str:
        """`h=5: 2 against 3` for a refutation, otherwise the kind."""
        if self.witness is None:
            return self.kind
        values = f"{self.left} against {self.right}"
        where = ", ".join(f"{name}={number}" for name, number in self.witness.items())
        return f"{where}: {values}" if where else values


Points = Callable[[Pred, list[str]], Iterator[dict[str, int]]]

YES = Verdict("yes")
UNKNOWN = Verdict("unknown")


class Facts:
    """Lower bounds of symbols and predicates from `where` and from branches taken. Immutable."""

    __slots__ = ("_bounds", "_default", "_given", "_preds", "_state")

    def __init__(self, lower: Mapping[str, int] | None = None, default_lower: int = 1) -> None:
        self._given = dict(lower or {})
        self._default = default_lower
        self._preds: tuple[Pred, ...] = ()
        self._state = State(dict(self._given), default_lower)
        self._bounds: Bounds | None = None

    def assume(self, *preds: Pred) -> Facts:
        """Stronger facts, in which these predicates hold too."""
        stronger = Facts(self._given, self._default)
        preds = tuple(map(self._shown, preds))
        stronger._preds = self._preds + tuple(pred for pred in preds if pred not in self._preds)
        stronger._state = self._state.copy()
        for pred in preds:
            # A difference too large to hold is still in `preds`, where witnesses are checked.
            with suppress(DimError):
                stronger._state.add(*pred.relation())
        return stronger

    @property
    def preds(self) -> tuple[Pred, ...]:
        """The predicates assumed, as they were given."""
        return self._preds

    @property
    def contradiction(self) -> bool:
        """Whether the assumptions are known to exclude each other."""
        return self._state.contradiction

    def lower(self, name: str) -> int | None:
        """The lower bound known for a symbol that `simplify` leaves in place."""
        return self._state.bound(name)

    def simplify(self, dim: Dim) -> Dim:
        """The dimension with what the facts determine put in; hidden symbols (`h'`) may appear."""
        return dim.subst(self._state.substitution) if self._state.substitution else dim

    def show(self, dim: Dim) -> Dim:
        """Hidden symbols replaced by expressions in the user's names, for messages."""
        return self._state.shown(dim) if self._state.hidden else dim

    def equal(self, a: Dim, b: Dim) -> Verdict:
        """Whether two dimensions are equal."""
        if a == b:
            return YES
        return self.holds(Pred("==", a, b))

    def holds(self, pred: Pred) -> Verdict:
        """Whether a predicate follows from the facts."""
        if self.contradiction:
            return YES
        pred = self._shown(pred)
        try:
            kind, dim = pred.relation()
            dim = self._state.reduced(kind, self.simplify(dim))
            if self._at_once(kind, dim):
                return YES
        except DimError:
            return self._refute(pred, self._near)
        refutation = self._refute(pred, self._near)
        if refutation.kind == "no":
            return refutation
        if dim.value is None and self._prove(kind, dim):
            return YES
        for points in (self._wide, self._far):
            refutation = self._refute(pred, points)
            if refutation.kind == "no":
                return refutation
        return self._by_arithmetic(pred)

    def _shown(self, pred: Pred) -> Pred:
        """The predicate in the user's names, in case it came from `simplify`."""
        if self._state.hidden and not pred.symbols.isdisjoint(self._state.hidden):
            return Pred(pred.op, self.show(pred.left), self.show(pred.right))
        return pred

    # Proofs

    def _at_once(self, kind: Kind, dim: Dim) -> bool:
        if dim.value is not None:
            return _COMPARE[kind](dim.value, 0)
        return (kind, dim) in self._state.relations

    def _prove(self, kind: Kind, dim: Dim) -> bool:
        try:
            if kind == "==":
                return self._zero(dim)
            if kind == ">=":
                return self._nonnegative(dim)
            return self._nonnegative(dim - 1) or self._nonnegative(-dim - 1)
        except DimError:
            return False

    def _zero(self, dim: Dim) -> bool:
        moved = shifted(dim, self._state.bound)
        if moved == 0:
            return True
        if any(kind == "==" and divide(dim, other)[1] == 0 for kind, other in self._state.relations):
            return True
        if is_zero_in_all_classes(moved):
            return True
        return self._nonnegative(dim) and self._nonnegative(-dim)

    def _nonnegative(self, dim: Dim) -> bool:
        if self._bounds is None:
            self._bounds = self._state.bounds()
        if self._bounds.nonnegative(dim):
            return True
        cases = list(residue_cases(dim, _CASES_FOR_BOUNDS))
        return bool(cases) and all(self._case_bounds(case).nonnegative(part) for part, case in cases)

    def _case_bounds(self, case: Mapping[str, tuple[int, int]]) -> Bounds:
        def lower(name: str) -> int | None:
            low = self._state.bound(name)
            if low is None or name not in case:
                return low
            period, residue = case[name]
            return -((residue - low) // period)

        return Bounds(lower)

    # Refutations

    def _refute(self, pred: Pred, points: Points) -> Verdict:
        """No, with a point that satisfies the assumptions and not the predicate, both checked as they were
        written, in the user's own names; unknown if none is found."""
        preds = self._related(pred)
        names = sorted(pred.symbols.union(*(p.symbols for p in preds)))
        images = {name: self.simplify(Dim.sym(name)) for name in names}
        free = frozenset[str]().union(*(image.symbols for image in images.values()))
        for point in points(pred, sorted(free)):
            try:
                user = {name: image.evaluate(point) for name, image in images.items()}
                if self._allowed(user, preds) and not pred.evaluate(user):
                    own = {name: user[name] for name in sorted(pred.symbols)}
                    left, right = pred.left.evaluate(user), pred.right.evaluate(user)
                    return Verdict("no", {**own, **user}, left, right)
            except DimError:
                continue
        return UNKNOWN

    def _allowed(self, user: Mapping[str, int], preds: list[Pred]) -> bool:
        return all(number >= self._given.get(name, self._default) for name, number in user.items()) and all(
            pred.evaluate(user) for pred in preds
        )

    def _related(self, pred: Pred) -> list[Pred]:
        """The assumptions that share names with the predicate, or with one another in a chain from it."""
        names = set(pred.symbols)
        related: list[Pred] = []
        rest = list(self._preds)
        while found := [p for p in rest if not names.isdisjoint(p.symbols)]:
            related += found
            rest = [p for p in rest if p not in found]
            names.update(*(p.symbols for p in found))
        return related

    def _near(self, pred: Pred, names: list[str]) -> Iterator[dict[str, int]]:
        return near_points(names, self._state.bound)

    def _wide(self, pred: Pred, names: list[str]) -> Iterator[dict[str, int]]:
        return near_points(names, self._state.bound, WIDE_POINTS)

    def _far(self, pred: Pred, names: list[str]) -> Iterator[dict[str, int]]:
        constants = set[int]()
        for p in (pred, *self._preds):
            constants |= constants_in(p.left) | constants_in(p.right)
        return far_points(names, self._state.bound, sorted(constants))

    def _by_arithmetic(self, pred: Pred) -> Verdict:
        if pred.left.value is not None and pred.right.value is not None:
            return Verdict("no", {}, pred.left.value, pred.right.value)
        return UNKNOWN
