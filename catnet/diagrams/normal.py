"""The normal form: two graphs are equal up to the laws of a symmetric monoidal category with copying
exactly when their normal forms are (see, for the laws, Fritz, "A synthetic approach to Markov kernels", 2020).

Boxes that are pure and own no parameters are copied and discarded freely: equal ones on equal inputs are
merged, unused ones dropped. A box with parameters is a fresh choice of weights and one with an effect is an
event: neither is merged or dropped, unless the uses share one `owner`. What remains is numbered in the order
in which a walk from the outputs meets it, so that text order never matters.

Repeats are counted out while the whole stays within a budget, so that `f ^ 3` equals `f >> f >> f`; beyond it
they are compared as repeats, and large nets as nets. (Two nodes that no output needs, with equal histories that
differ only in what else uses them, may be told apart although they could be exchanged: equality is then answered
too seldom.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakValueDictionary

from catnet.diagrams.box import Box
from catnet.diagrams.graph import Graph, Node
from catnet.limits import BUDGET, large_work

SMALL = 1_000

Ref = tuple[int, int]  # (cell, output port); the inputs of the graph are cell -1


@dataclass(frozen=True)
class NormalForm:
    """The canonical port graph: cells in canonical order, and the refs of the outputs."""

    dom: tuple[Hashable, ...]
    cells: tuple[tuple[Hashable, tuple[Ref, ...]], ...]
    outputs: tuple[Ref, ...]

    @cached_property
    def _hash(self) -> int:
        return hash((self.dom, self.cells, self.outputs))

    def __hash__(self) -> int:
        return self._hash


_INNER: WeakValueDictionary[NormalForm, NormalForm] = WeakValueDictionary()


def _inner(graph: Graph, done: dict[int, NormalForm], limit: int) -> NormalForm:
    """The normal form of a graph inside another. Equal ones are one object, so that nets of nets of nets
    compare in linear time."""
    if id(graph) not in done:
        made = _form(graph, done, limit)
        done[id(graph)] = _INNER.setdefault(made, made)
    return done[id(graph)]


@dataclass(slots=True)
class _Cell:
    key: Hashable
    inputs: tuple[Ref, ...]
    kept: bool
    owner: int | None


@large_work()
def normal_form(graph: Graph) -> NormalForm:
    """The normal form of a graph, in time linear in its (counted out) size."""
    return _form(graph, {}, BUDGET)


def _form(graph: Graph, done: dict[int, NormalForm], limit: int) -> NormalForm:
    flat = _Flattener(graph.size <= limit, done)
    inputs = tuple((-1, i) for i in range(len(graph.inputs)))
    outputs = flat.run(graph, inputs)
    return _canonical(flat.cells, tuple(w for w in graph.dom), outputs)


def box_key(box: Box) -> Hashable:
    """What makes two boxes the same box: the class and the static arguments."""
    own = getattr(box, "key", None)
    if own is not None:
        return own()
    return (type(box).__module__, type(box).__name__, *box.statics().values())


class _Flattener:
    """Opens nets, blocks and repeats into one list of cells, merging pure boxes as they come."""

    def __init__(self, expand: bool, done: dict[int, NormalForm]) -> None:
        self.expand = expand
        self.done = done
        self.cells: list[_Cell] = []
        self.known: dict[Hashable, int] = {}
        self.owners: dict[tuple[int, ...], int] = {}

    def run(self, graph: Graph, inputs: tuple[Ref, ...], path: tuple[int, ...] = ()) -> tuple[Ref, ...]:
        refs: dict[int, Ref] = {id(v): r for v, r in zip(graph.inputs, inputs, strict=True)}
        for index, node in enumerate(graph.nodes):
            at = tuple(refs[id(v)] for v in node.inputs)
            out = self.node(node, at, (*path, index))
            refs.update((id(v), r) for v, r in zip(node.outputs, out, strict=True))
        return tuple(refs[id(v)] for v in graph.outputs)

    def node(self, node: Node, inputs: tuple[Ref, ...], path: tuple[int, ...]) -> tuple[Ref, ...]:
        steps = node.count.value
        opaque = getattr(node.box, "opaque", False)
        if not node.graphs or opaque or steps is None or not (self.expand or self._small(node, steps)):
            return self.leaf(node, inputs, path)
        graphs = node.graphs if len(node.graphs) != 1 else node.graphs * steps
        place = self.place(node, path)
        for step, graph in enumerate(graphs):
            inputs = self.run(graph, inputs, (*place, step))
        return inputs

    def _small(self, node: Node, steps: int) -> bool:
        """Whether a part is opened although the whole is over budget."""
        return steps == 1 and sum(g.size for g in node.graphs) <= SMALL

    def place(self, node: Node, path: tuple[int, ...]) -> tuple[int, ...]:
        """Where the node's weights live: uses of one shared morphism live in the same place."""
        return path if node.owner is None else (*path[:-1], -1 - id(node.owner))

    def leaf(self, node: Node, inputs: tuple[Ref, ...], path: tuple[int, ...]) -> tuple[Ref, ...]:
        inner = tuple(_inner(g, self.done, BUDGET if self.expand else SMALL) for g in node.graphs)
        if inner and not getattr(node.box, "opaque", False):  # a net or a repeat: its name does not matter
            key: Hashable = ("part", node.count, inner)
        else:
            key = (box_key(node.box), inner)
        fresh = node.fresh
        shared = node.owner is not None or any(step < -1 for step in path)
        owner = None
        if fresh and shared and node.box.effect == "pure":
            owner = self.owners.setdefault(self.place(node, path), len(self.owners))
        if not fresh or owner is not None:
            full = (key, inputs, owner)
            if full in self.known:
                cell = self.known[full]
                return tuple((cell, i) for i in range(len(node.outputs)))
            self.known[full] = len(self.cells)
        self.cells.append(_Cell(key, inputs, fresh, owner))
        return tuple((len(self.cells) - 1, i) for i in range(len(node.outputs)))


def _canonical(cells: list[_Cell], dom: tuple[Hashable, ...], outputs: tuple[Ref, ...]) -> NormalForm:
    used = {c for cell in cells for c, _ in cell.inputs} | {c for c, _ in outputs}
    loose = [i for i, cell in enumerate(cells) if cell.kept and i not in used]
    histories = _histories(cells) if loose else []
    loose.sort(key=lambda i: (histories[i], i))
    numbers: dict[int, int] = {-1: -1}
    order: list[int] = []
    for root in [c for c, _ in outputs] + loose:
        _visit(root, cells, numbers, order)
    # kept cells that only dropped cells use
    hidden = [i for i, c in enumerate(cells) if c.kept and i not in numbers]
    histories = histories or _histories(cells) if hidden else []
    for i in sorted(hidden, key=histories.__getitem__):
        _visit(i, cells, numbers, order)
    uses = Counter(cell.owner for cell in cells if cell.owner is not None)
    owners: dict[int, int] = {}
    rows = []
    for i in order:
        cell = cells[i]
        owner = cell.owner
        if owner is not None:  # what is shared with nothing is as good as fresh
            owner = None if uses[owner] == 1 else owners.setdefault(owner, len(owners))
        key = cell.key if owner is None else (cell.key, "shared", owner)
        rows.append((key, tuple((numbers[c], port) for c, port in cell.inputs)))
    return NormalForm(dom, tuple(rows), tuple((numbers[c], port) for c, port in outputs))


def _histories(cells: list[_Cell]) -> list[int]:
    """For each cell a number that says what it is and what it comes from."""
    histories: list[int] = []
    for cell in cells:
        past = tuple((histories[c] if c >= 0 else -1, port) for c, port in cell.inputs)
        histories.append(hash((cell.key, past)))
    return histories


def _visit(root: int, cells: list[_Cell], numbers: dict[int, int], order: list[int]) -> None:
    """Number what `root` needs, inputs first and in port order, without recursion."""
    stack = [(root, False)]
    while stack:
        at, ready = stack.pop()
        if at in numbers:
            continue
        if ready:
            numbers[at] = len(order)
            order.append(at)
            continue
        stack.append((at, True))
        stack.extend((c, False) for c, _ in reversed(cells[at].inputs) if c not in numbers)
