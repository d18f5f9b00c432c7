"""What is different between two nets: parts, types, parameters, cost, and the keys of the state dict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from catnet.analysis.known import Known
from catnet.analysis.matching import paired
from catnet.analysis.parts import Key, Part, expanded, keys_of, parts_of
from catnet.diagrams.costs import Costs
from catnet.diagrams.graph import Graph, Node, Value
from catnet.diagrams.terms import Diagram
from catnet.limits import large_work
from catnet.torch.submodules import unwrapped
from catnet.types.dims import Dim

Kind = Literal["changed", "added", "removed", "renamed", "rewired", "retyped"]


@dataclass(frozen=True)
class Change:
    """One part that is not as it was.

    `changed`: it is another box, or has other parameters. `renamed`: the same box under another path. `rewired`: the
    same box, fed otherwise. `retyped`: the same box without weights of its own, on other types.
    """

    kind: Kind
    old: Part | None
    new: Part | None


@dataclass(frozen=True)
class KeyChanges:
    """What becomes of the keys of the state dict.

    `exact`: every key was compared, and not patterns with `*`. `unknown` are parts written in Python, of whose keys
    nothing is known.
    """

    kept: Dim
    before: Dim
    after: Dim
    reshaped: tuple[tuple[Key, Key], ...]
    gone: tuple[Key, ...]
    new: tuple[Key, ...]
    exact: bool
    unknown: tuple[str, ...] = ()

    @property
    def loads(self) -> bool:
        """Whether it is known that a checkpoint of the old net loads strictly into the new one."""
        return not (self.reshaped or self.gone or self.new or self.unknown)


@dataclass(frozen=True)
class Figures:
    """A figure of both nets."""

    old: Dim
    new: Dim

    @property
    def ratio(self) -> float | None:
        """The new figure by the old one, where both are numbers."""
        if self.old.value is None or self.new.value is None or not self.old.value:
            return None
        return self.new.value / self.old.value


@dataclass
class Difference:
    """Two nets side by side.

    `equal`: they are one diagram by the laws of diagrams; labels take no part in that. `same` parts are as they were.
    `crossed` are the paths of the modules whose outputs come from elsewhere; that of the whole is empty.
    """

    old: Graph
    new: Graph
    equal: bool
    keys: KeyChanges
    parameters: Figures
    flops: Figures
    changes: list[Change] = field(default_factory=list)
    crossed: list[str] = field(default_factory=list)
    same: int = 0

    def of(self, *kinds: Kind) -> list[Change]:
        """The changes of some kinds."""
        return [change for change in self.changes if change.kind in kinds]


@large_work()
def diff(old: Diagram, new: Diagram) -> Difference:
    """What is different between two diagrams.

    Parts are matched by the paths of their submodules, and where they have none, by a sequence alignment.

    >>> import catnet
    >>> found = diff(catnet.parse("linear(8) >> relu"), catnet.parse("linear(8) >> gelu"))
    >>> [(c.kind, c.old.text, c.new.text) for c in found.changes]
    [('changed', 'relu', 'gelu')]
    """
    before, after = unwrapped(old.graph), unwrapped(new.graph)
    costs = Costs()
    made = Difference(
        before,
        after,
        old == new,
        replace(compared_keys(keys_of(before), keys_of(after)), unknown=_in_python(before, after)),
        Figures(Known(before.where)(costs.parameters(before)), Known(after.where)(costs.parameters(after))),
        Figures(Known(before.where)(costs.flops(before)), Known(after.where)(costs.flops(after))),
    )
    _Comparing(made).graphs("", before, after, parts_of(before), parts_of(after))
    return made


def _in_python(*graphs: Graph) -> tuple[str, ...]:
    """The boxes of graphs that are written in Python."""
    found = (node.box.name for graph in graphs for _, node in graph.walk() if node.box.family == "python")
    return tuple(dict.fromkeys(found))


class _Comparing:
    """One run over two nets, from the outside in. `partner` has the counterpart of each old node, by identity."""

    def __init__(self, found: Difference) -> None:
        self.found = found
        self.partner: dict[int, Node | Graph] = {}
        self.partners: set[int] = set()

    def graphs(self, path: str, old: Graph, new: Graph, before: Sequence[Part], after: Sequence[Part]) -> None:
        """The parts of two graphs; `path` is that of their module."""
        pairs = paired(before, after)
        self.partner.update((id(a.what), b.what) for a, b in pairs if a is not None and b is not None)
        self.partners.update(id(b.what) for a, b in pairs if a is not None and b is not None)
        inputs = {id(v): i for i, v in enumerate(old.inputs)}, {id(v): i for i, v in enumerate(new.inputs)}
        if not self._fed_alike(old.outputs, new.outputs, inputs):
            self.found.crossed.append(path)
        for a, b in pairs:
            if a is not None and b is not None:
                self.pair(a, b, inputs)
            else:
                self.found.changes.append(Change("removed" if b is None else "added", a, b))

    def pair(self, a: Part, b: Part, inputs: tuple[dict[int, int], dict[int, int]]) -> None:
        """Two parts that correspond."""
        kind = _kind(a, b)
        if kind in (None, "retyped") and not self._fed_alike(a.what.inputs, b.what.inputs, inputs):
            kind = "rewired"
        if kind is not None:
            self.found.changes.append(Change(kind, a, b))
        if a.layer is not None or b.layer is not None:
            self.found.same += kind is None
        elif a.steps and b.steps:
            for one, other in paired(a.inside(), b.inside()):
                if one is not None and other is not None:
                    self.step(one, other)
                else:
                    self.found.changes.append(Change("removed" if other is None else "added", one, other))
        elif a.inner is not None and b.inner is not None:
            self.graphs(b.path or b.scope, a.inner, b.inner, a.inside(), b.inside())

    def step(self, a: Part, b: Part) -> None:
        """Two steps of repeats whose steps differ."""
        kind = _kind(a, b)
        if kind is not None:
            self.found.changes.append(Change(kind, a, b))
        self.found.same += kind is None and a.layer is not None
        if a.inner is not None and b.inner is not None:
            self.graphs(b.path or b.scope, a.inner, b.inner, a.inside(), b.inside())

    def _fed_alike(
        self, ours: Sequence[Value], theirs: Sequence[Value], inputs: tuple[dict[int, int], dict[int, int]]
    ) -> bool:
        """Whether values come from corresponding places; what comes from a part without a counterpart is told there."""
        if len(ours) != len(theirs):
            return False
        for one, other in zip(ours, theirs, strict=True):
            if one.node is not None and id(one.node) not in self.partner:
                continue
            if other.node is not None and id(other.node) not in self.partners:
                continue
            if not self._alike(one, other, inputs):
                return False
        return True

    def _alike(self, one: Value, other: Value, inputs: tuple[dict[int, int], dict[int, int]]) -> bool:
        if one.node is None or other.node is None:
            return one.node is other.node and inputs[0].get(id(one)) == inputs[1].get(id(other))
        return self.partner[id(one.node)] is other.node and one.port == other.port


def marks(found: Difference) -> tuple[dict[int, str], dict[int, str]]:
    """The sign of each part of the old and of the new net that is not as it was, by the identity of its node."""
    old = {id(c.old.what): "-" if c.new is None else "~" for c in found.changes if c.old and c.kind != "retyped"}
    new = {id(c.new.what): "+" if c.old is None else "~" for c in found.changes if c.new and c.kind != "retyped"}
    return old, new


def _kind(a: Part, b: Part) -> Kind | None:
    """How two parts that correspond differ in themselves; None: not at all."""
    if a.text != b.text or a.tensors() != b.tensors() or (a.layer is None) != (b.layer is None):
        return "changed"
    if a.name != b.name:
        return "renamed"
    return "retyped" if a.type != b.type else None


def compared_keys(old: list[Key], new: list[Key]) -> KeyChanges:
    """The keys of two state dicts, each compared where their number is known."""
    before, after = expanded(old), expanded(new)
    exact = before is not None and after is not None
    ours = {key.name: key for key in (before if before is not None and exact else old)}
    theirs = {key.name: key for key in (after if after is not None and exact else new)}
    kept, reshaped = Dim.const(0), []
    for name in ours.keys() & theirs.keys():
        if ours[name].shape == theirs[name].shape and ours[name].counts == theirs[name].counts:
            kept = kept + ours[name].number
    for name, key in ours.items():
        if name in theirs and (theirs[name].shape != key.shape or theirs[name].counts != key.counts):
            reshaped.append((key, theirs[name]))
    return KeyChanges(
        kept,
        _number(ours.values()),
        _number(theirs.values()),
        tuple(reshaped),
        tuple(key for name, key in ours.items() if name not in theirs),
        tuple(key for name, key in theirs.items() if name not in ours),
        exact,
    )


def _number(keys: Iterable[Key]) -> Dim:
    total = Dim.const(0)
    for key in keys:
        total = total + key.number
    return total
