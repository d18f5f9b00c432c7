"""Which column each box stands in and in which order: the combinatorial half of the layout.

A box stands one column after the last of its inputs. A wire that passes a column has a lane there, so that no
wire ever runs through a box. The order within a column follows the wires: a planar diagram gets no crossing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from catnet.diagrams.graph import Graph, Node, Value
from catnet.draw.cables import NO_CABLES, Cables

MAX_BRANCHES = 4  # a value with more far uses than this runs along one lane, with a dot at each use
SWEEPS = 4


@dataclass(eq=False, slots=True)
class Item:
    """What stands in a column: an input, a box, a lane or an output.

    `sources` has for each input port the output port that feeds it (None: a cut wire, see `Layers.cuts`);
    `targets` has for each output port the input ports that it feeds.
    """

    kind: Literal["input", "box", "lane", "output"]
    layer: int
    rank: float
    ins: tuple[Value, ...]
    outs: tuple[Value, ...]
    node: Node | None = None
    sources: list[Slot | None] = field(default_factory=list)
    targets: list[list[Slot]] = field(default_factory=list)
    place: int = 0  # counted from the top of its column


Slot = tuple[Item, int]  # one port of one item


@dataclass(eq=False)
class Layers:
    """The columns from left to right: the inputs, then boxes and lanes, then the outputs.

    `cuts` numbers the values that are used too far away for a lane; both ends carry the number.
    """

    columns: list[list[Item]]
    cuts: dict[int, int] = field(default_factory=dict)


def arrange(graph: Graph, cables: Cables = NO_CABLES) -> Layers:
    """The columns of a graph, ordered. Wires of one cable are one wire."""
    depth = _depths(graph)
    last = max(depth.values(), default=0) + 1
    columns: list[list[Item]] = [[] for _ in range(last + 1)]
    home: dict[int, Slot] = {}
    for rank, value in enumerate(cables.seen(graph.inputs)):
        columns[0].append(Item("input", 0, rank, (), (value,)))
        home[id(value)] = columns[0][-1], 0
    for rank, node in enumerate(graph.nodes):
        item = Item("box", depth[id(node)], rank, cables.seen(node.inputs), cables.seen(node.outputs), node)
        columns[item.layer].append(item)
        home.update((id(v), (item, port)) for port, v in enumerate(item.outs))
    for rank, value in enumerate(cables.seen(graph.outputs)):
        columns[last].append(Item("output", last, rank, (value,), ()))
    layers = Layers(columns)
    _connect(layers, home)
    _order(layers)
    _merge(layers)
    return layers


def _depths(graph: Graph) -> dict[int, int]:
    """The column of each node: the longest path from the inputs; what needs none stands before its use."""
    depth: dict[int, int] = {}
    at: dict[int, int] = {id(v): 0 for v in graph.inputs}
    fed: set[int] = {id(v) for v in graph.inputs}
    free: list[Node] = []
    for node in graph.nodes:
        depth[id(node)] = column = 1 + max((at.get(id(v), 0) for v in node.inputs), default=0)
        at.update((id(v), column) for v in node.outputs)
        if any(id(v) in fed for v in node.inputs):
            fed.update(map(id, node.outputs))
        else:
            free.append(node)
    last = max(depth.values(), default=0) + 1
    first_use = {id(v): last for v in graph.outputs}
    loose = {id(n) for n in free}
    for node in reversed(graph.nodes):
        if id(node) in loose:
            uses = [first_use[id(v)] for v in node.outputs if id(v) in first_use]
            depth[id(node)] = min(uses) - 1 if uses else depth[id(node)]
        for value in node.inputs:
            first_use[id(value)] = min(first_use.get(id(value), depth[id(node)]), depth[id(node)])
    return depth


# -- wires ---------------------------------------------------------------------------------------------------


def _connect(layers: Layers, home: dict[int, Slot]) -> None:
    """Join every use to its source, over lanes where columns lie between."""
    uses: dict[int, list[Slot]] = {}
    count = 0
    for column in layers.columns:
        count += len(column)
        for item in column:
            item.sources = [None] * len(item.ins)
            item.targets = [[] for _ in item.outs]
            for port, value in enumerate(item.ins):
                uses.setdefault(id(value), []).append((item, port))
    far = {key: [u for u in slots if u[0].layer > home[key][0].layer + 1] for key, slots in uses.items()}
    _choose_cuts(layers, home, far, budget=2 * count + 1000)
    for key, slots in uses.items():
        source = home[key]
        away = far[key]
        for slot in slots:
            if slot[0].layer == source[0].layer + 1:
                _join(source, slot)
        if key in layers.cuts:
            continue
        groups = [[u] for u in away] if len(away) <= MAX_BRANCHES else [away]
        for group in groups:
            _lay(layers, source, group)


def _choose_cuts(layers: Layers, home: dict[int, Slot], far: dict[int, list[Slot]], budget: int) -> None:
    """Cut the longest wires where lanes would be more than `budget`: any picture stays linear in size."""
    spans = []
    for key, slots in far.items():
        lengths = [slot[0].layer - home[key][0].layer - 1 for slot in slots]
        if lengths:
            spans.append((sum(lengths) if len(lengths) <= MAX_BRANCHES else max(lengths), key))
    for length, key in sorted(spans, key=lambda pair: pair[0]):
        budget -= length
        if budget < 0:
            layers.cuts[key] = 0
    for number, key in enumerate((k for k in far if k in layers.cuts), start=1):
        layers.cuts[key] = number


def _lay(layers: Layers, source: Slot, uses: list[Slot]) -> None:
    """One lane from a source to its uses; it ends before the last of them."""
    value = source[0].outs[source[1]]
    by_layer: dict[int, list[Slot]] = {}
    for use in uses:
        by_layer.setdefault(use[0].layer, []).append(use)
    at = source
    for layer in range(source[0].layer + 1, max(by_layer)):
        lane = Item("lane", layer, uses[0][0].rank - 0.5, (value,), (value,), None, [None], [[]])
        layers.columns[layer].append(lane)
        _join(at, (lane, 0))
        at = lane, 0
        for use in by_layer.get(layer + 1, ()):
            _join(at, use)


def _join(source: Slot, target: Slot) -> None:
    source[0].targets[source[1]].append(target)
    target[0].sources[target[1]] = source


# -- order ---------------------------------------------------------------------------------------------------


def _order(layers: Layers) -> None:
    """Order each column by its neighbours, to and fro; keep the order with the fewest crossings.

    Among orders with equally many, the one nearest to the order of the text wins: `swap` crosses where it is.
    """
    for column in layers.columns[1:-1]:
        column.sort(key=lambda item: item.rank)
    best: tuple[int, int] | None = None
    kept: list[list[Item]] = []
    for sweep in range(SWEEPS + 1):
        if sweep:  # the first candidate is the order of the text itself
            _sweep(layers, forward=sweep % 2 == 0)
        score = crossings(layers), _disorder(layers)
        if best is None or score < best:
            best, kept = score, [list(c) for c in layers.columns]
        if best == (0, 0):
            break
    layers.columns[:] = kept


def _port_places(column: list[Item], side: Literal["in", "out"]) -> dict[tuple[int, int], int]:
    """The place of each port in a column, counted from the top."""
    places: dict[tuple[int, int], int] = {}
    for item in column:
        for port in range(len(item.ins if side == "in" else item.outs)):
            places[id(item), port] = len(places)
    return places


def _sweep(layers: Layers, forward: bool) -> None:
    """Order each inner column by the mean place of what its items are joined to on one side."""
    columns = layers.columns
    inner = range(1, len(columns) - 1)
    for k in inner if forward else reversed(inner):
        fixed = columns[k - 1] if forward else columns[k + 1]
        places = _port_places(fixed, "out" if forward else "in")
        keys: dict[int, float] = {}
        before = -1.0  # an item without wires on this side stays with the one above it
        for item in columns[k]:
            slots = [s for s in item.sources if s] if forward else [s for t in item.targets for s in t]
            if slots:
                before = sum(places[id(i), p] for i, p in slots) / len(slots)
            keys[id(item)] = before
        columns[k].sort(key=lambda item: keys[id(item)])


def crossings(layers: Layers) -> int:
    """How often two wires cross."""
    total = 0
    for column, following in pairwise(layers.columns):
        places = _port_places(following, "in")
        ends: list[int] = []
        for item in column:
            for slots in item.targets:
                ends += sorted(places[id(i), p] for i, p in slots)
        total += inversions(ends)
    return total


def inversions(values: list[int]) -> int:
    """How many pairs stand in the wrong order (a merge sort: many wires must not take quadratic time).

    >>> inversions([2, 0, 1])
    2
    """
    if all(a <= b for a, b in pairwise(values)):
        return 0
    middle = len(values) // 2
    left, right = values[:middle], values[middle:]
    total = inversions(left) + inversions(right)
    left.sort()
    right.sort()
    i = 0
    for value in right:
        while i < len(left) and left[i] <= value:
            i += 1
        total += len(left) - i
    return total


def _disorder(layers: Layers) -> int:
    """How many neighbouring boxes stand against the order of the text."""
    total = 0
    for column in layers.columns[1:-1]:
        ranks = [item.rank for item in column if item.kind == "box"]
        total += sum(a > b for a, b in pairwise(ranks))
    return total


def _merge(layers: Layers) -> None:
    """Join neighbouring lanes of one value: they part only where something comes between."""
    for k, column in enumerate(layers.columns):
        kept: list[Item] = []
        for item in column:
            above = kept[-1] if kept else None
            if (
                above is not None
                and above.kind == item.kind == "lane"
                and above.sources[0] is not None
                and item.sources[0] is not None
                and above.sources[0][0] is item.sources[0][0]
                and above.sources[0][1] == item.sources[0][1]
            ):
                source, port = item.sources[0]
                source.targets[port].remove((item, 0))
                for target in item.targets[0]:
                    _join((above, 0), target)
                continue
            kept.append(item)
        layers.columns[k] = kept
        for place, item in enumerate(kept):
            item.place = place
    for column in layers.columns:
        for item in column:
            for slots in item.targets:
                slots.sort(key=lambda slot: (slot[0].place, slot[1]))
