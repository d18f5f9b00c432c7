"""Wires that run side by side: four or more of one type, from neighbouring ports to neighbouring ports, are one cable.

It is drawn as one thick wire with their number. No box that is drawn open has a cable at it: each wire goes on inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from catnet.diagrams.graph import Graph, Node, Value

FEWEST = 4  # fewer wires are drawn one by one


@dataclass(frozen=True)
class Cables:
    """The cables of a graph: `counts` has how many wires each first wire stands for, `hidden` all the others."""

    counts: dict[int, int] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()

    def seen(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """The values at some ports, one for each cable."""
        return tuple(v for v in values if id(v) not in self.hidden) if self.hidden else values

    def count(self, value: Value) -> int:
        """How many wires are drawn as this one."""
        return self.counts.get(id(value), 1)


NO_CABLES = Cables()


def cables(graph: Graph, closed: Callable[[Node], bool], top: bool) -> Cables:
    """The cables between the boxes of a graph that are drawn closed, and, at the top, to and from its ends."""
    sources = [graph.inputs] if top else []
    sources += [node.outputs for node in graph.nodes if len(node.outputs) >= FEWEST and closed(node)]
    if not any(len(values) >= FEWEST for values in sources):
        return NO_CABLES
    uses = _uses(graph, closed, top)
    counts: dict[int, int] = {}
    hidden: set[int] = set()
    for values in sources:
        start = 0
        for at in range(1, len(values) + 1):
            if at < len(values) and _beside(values[at - 1], values[at], uses):
                continue
            if at - start >= FEWEST:
                counts[id(values[start])] = at - start
                hidden.update(map(id, values[start + 1 : at]))
            start = at
    return Cables(counts, frozenset(hidden))


_Use = tuple[int, int]  # which box (by its place, -1 the end of the graph), and its port


def _uses(graph: Graph, closed: Callable[[Node], bool], top: bool) -> dict[int, _Use | None]:
    """Where each value is used; None if it is used twice, or by a box that is drawn open."""
    uses: dict[int, _Use | None] = {}
    for number, node in enumerate(graph.nodes):
        may = closed(node)
        for port, value in enumerate(node.inputs):
            uses[id(value)] = (number, port) if may and id(value) not in uses else None
    for port, value in enumerate(graph.outputs):
        uses[id(value)] = (-1, port) if top and id(value) not in uses else None
    return uses


def _beside(above: Value, below: Value, uses: dict[int, _Use | None]) -> bool:
    """Whether two wires that start side by side end so."""
    first, second = uses.get(id(above)), uses.get(id(below))
    if first is None or second is None or above.name or below.name:
        return False
    return second == (first[0], first[1] + 1) and above.wire == below.wire
