"""Which linear maps can be cut between ranks: column-parallel maps, what is pointwise behind them, row-parallel maps.

A column-parallel map gives each rank a block of its outputs; everything from there to the row-parallel maps, which sum
over the ranks, runs on these blocks alone (Shoeybi et al., 2019, "Megatron-LM"). That is right exactly if every box on
the way acts pointwise along the axis that is cut (`Box.shards`), draws no random numbers, and has no weights: the
gradient of a weight that every rank has whole would be that of one block.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from catnet.diagnostics import Span
from catnet.diagrams.box import Box
from catnet.types.wires import Axis, Object

LOOK_BACK = 1_000  # values: a map that is further away is not sought


@dataclass(frozen=True, eq=False, slots=True)
class Use:
    """One use of a box, with nets opened: its values are numbers, `path` is the path of its module.

    `closed` says why the maps inside or the weights are not looked at: the empty string if they are.
    """

    box: Box
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    dom: Object
    cod: Object
    path: str
    span: Span | None
    closed: str = ""

    @property
    def parallel(self) -> bool:
        return self.box.parallel and not self.closed


@dataclass(frozen=True)
class CutPart:
    """Maps that can be cut together: the paths of their modules, and the sizes that the number of ranks divides,
    each with the path or the box that has it, and where that stands. `path` is what the paths have in common."""

    path: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    sizes: tuple[tuple[int, str, Span | None], ...]

    @property
    def ways(self) -> int:
        """The number of ranks divides this."""
        return math.gcd(*(size for size, _, _ in self.sizes))


@dataclass(frozen=True)
class Refusal:
    """Maps that cannot be cut by their outputs, and why: the box that stands in the way, and where."""

    path: str
    columns: tuple[str, ...]
    reason: str
    span: Span | None


@dataclass
class Attempt:
    """A set of maps that are cut by their outputs, and where that leads."""

    columns: set[int]
    rows: set[int] = field(default_factory=set)
    cut: dict[int, int] = field(default_factory=dict)  # value: the place of its cut axis
    sizes: dict[int, Use] = field(default_factory=dict)  # of cut axes, and what first had each
    reason: str = ""
    span: Span | None = None


class Cutter:
    """Looks for parts that can be cut among the uses of one scope, in their order."""

    def __init__(self, uses: Sequence[Use], outputs: Iterable[int]) -> None:
        self.uses = uses
        self.outputs = set(outputs)
        self.maker = {v: i for i, use in enumerate(uses) for v in use.outputs}
        self.takers: dict[int, list[int]] = {}
        for i, use in enumerate(uses):
            for value in dict.fromkeys(use.inputs):
                self.takers.setdefault(value, []).append(i)
        self.taken: set[int] = set()  # maps that have a role, or were refused one

    def parts(self) -> tuple[list[CutPart], list[Refusal]]:
        """The parts that can be cut, and what cannot."""
        parts: list[CutPart] = []
        refused: list[Refusal] = []
        for index, use in enumerate(self.uses):
            if not use.parallel or index in self.taken:
                continue
            attempt = self._attempt(index)
            columns = tuple(self.uses[i].path for i in sorted(attempt.columns))
            self.taken |= attempt.columns
            if attempt.reason:
                refused.append(Refusal(_common(columns), columns, attempt.reason, attempt.span))
                continue
            self.taken |= attempt.rows
            rows = tuple(self.uses[i].path for i in sorted(attempt.rows))
            met = sorted(attempt.sizes.items())
            sizes = tuple((size, maker.path or maker.box.name, maker.span) for size, maker in met)
            parts.append(CutPart(_common((*columns, *rows)), columns, rows, sizes))
        return parts, refused

    def _attempt(self, index: int) -> Attempt:
        """Cut one map by its outputs, and with it those that it needs."""
        columns = {index}
        while True:
            attempt = Attempt(set(columns))
            needed = self._follow(attempt)
            if not needed:
                return attempt
            columns |= needed

    def _follow(self, attempt: Attempt) -> set[int]:
        """Follow the cut values to where they end; the maps that have to be cut too, for others to meet them."""
        waiting: list[int] = []
        queued: set[int] = set()
        for index in sorted(attempt.columns):
            self._mark(attempt, self.uses[index], (-1,), waiting, queued)
        while waiting and not attempt.reason:
            index = heappop(waiting)
            use = self.uses[index]
            if index in attempt.columns:
                self._refuse(attempt, use, f"`{use.path}` stands between maps that are cut with it")
                break
            needed = self._partners(use, attempt)
            if needed:
                return needed
            self._pass(index, attempt, waiting, queued)
        self._judge(attempt)
        return set()

    def _mark(
        self, attempt: Attempt, use: Use, cut: Sequence[int | None], waiting: list[int], queued: set[int]
    ) -> None:
        """Say where the outputs of a use are cut, and that their takers are to be looked at."""
        for value, wire, at in zip(use.outputs, use.cod, cut, strict=True):
            if at is None:
                continue
            axis = wire.axes[at]
            size = axis.size.value if isinstance(axis, Axis) else None
            if size is None:
                self._refuse(attempt, use, f"the size of the axis of `{wire}` that is cut is not known")
                return
            attempt.cut[value] = at
            attempt.sizes.setdefault(size, use)
            for taker in self.takers.get(value, ()):
                if taker not in queued:
                    queued.add(taker)
                    heappush(waiting, taker)

    def _partners(self, use: Use, attempt: Attempt) -> set[int]:
        """The maps that make the whole inputs of a use, if nothing else does."""
        found: set[int] = set()
        for value, wire in zip(use.inputs, use.dom, strict=True):
            if value not in attempt.cut and wire.kind.name not in ("Bool", "Fin", "Z"):
                sources = self._sources(value)
                if sources is not None:
                    found |= sources
        return found - attempt.columns

    def _sources(self, value: int) -> set[int] | None:
        """The free maps that a value comes from; None if it comes from anything else too."""
        found: set[int] = set()
        seen = {value}
        stack = [value]
        while stack:
            maker = self.maker.get(stack.pop())
            if maker is None or len(seen) > LOOK_BACK:
                return None
            if self.uses[maker].parallel:
                if maker in self.taken:
                    return None
                found.add(maker)
                continue
            if not self.uses[maker].inputs or self.uses[maker].closed:
                return None
            stack += [v for v in self.uses[maker].inputs if v not in seen]
            seen.update(self.uses[maker].inputs)
        return found

    def _pass(self, index: int, attempt: Attempt, waiting: list[int], queued: set[int]) -> None:
        """Take a cut through one use: a free map sums over it, another box must act pointwise."""
        use = self.uses[index]
        cut = tuple(attempt.cut.get(v) for v in use.inputs)
        if use.parallel and cut == (-1,) and index not in self.taken:
            attempt.rows.add(index)
            return
        reason = _obstacle(use, cut)
        answer = reason or use.box.shards(use.dom, use.cod, cut)
        if isinstance(answer, str):
            self._refuse(attempt, use, answer)
        else:
            self._mark(attempt, use, answer, waiting, queued)

    def _judge(self, attempt: Attempt) -> None:
        """Refuse an attempt whose cut values do not all end in maps that sum over them."""
        if attempt.reason:
            return
        use = self.uses[min(attempt.columns)]
        if any(v in self.outputs for v in attempt.cut):
            self._refuse(attempt, use, "its outputs leave the net, or one step of a repeat: no map sums over the cut")
        elif not attempt.rows:
            self._refuse(attempt, use, "nothing uses its outputs")
        elif math.gcd(*attempt.sizes) == 1:
            listed = " and ".join(map(str, sorted(attempt.sizes)))
            self._refuse(attempt, use, f"no number of ranks divides the sizes of the axes that are cut: {listed}")

    def _refuse(self, attempt: Attempt, use: Use, reason: str) -> None:
        if not attempt.reason:
            attempt.reason, attempt.span = reason, use.span


def _obstacle(use: Use, cut: tuple[int | None, ...]) -> str:
    """Why a use may not stand in a part that is cut, whatever axis it is; the empty string if it may."""
    name = use.box.name
    if use.closed:
        return use.closed
    if use.box.effect == "random":
        return f"`{name}` draws random numbers: each rank would draw its own, unlike one process"
    if use.box.effect != "pure":
        return f"`{name}` keeps a state that every rank would see one block of"
    if use.box.parameters(use.dom, use.cod):
        return f"`{name}` has weights that every rank holds whole: their gradients would be those of one block"
    whole = any(at is None and w.kind.name in ("R", "C") for at, w in zip(cut, use.dom, strict=True))
    answer = use.box.shards(use.dom, use.cod, cut) if whole else ""
    if whole and not isinstance(answer, str):
        return f"`{name}` takes a whole wire beside those that are cut: its gradient would be that of one block"
    return ""


def _common(paths: Sequence[str]) -> str:
    """The path of the module that all these are in; that of a single one is its own."""
    if len(paths) == 1:
        return paths[0]
    split = [p.split(".")[:-1] for p in paths]
    shared: list[str] = []
    for names in zip(*split, strict=False):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return ".".join(shared)
