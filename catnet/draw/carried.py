"""The bundles that the axes of wires speak of: in words for tooltips, and as nerves under a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from catnet.diagrams.graph import Graph, Value
from catnet.types.wires import Wire

if TYPE_CHECKING:
    from catnet.bundles import Bundle
    from catnet.draw.svg import Inset

MOST_NERVES = 4


def bundles(graph: Graph) -> list[Bundle]:
    """The bundles of all wires of a graph, those inside its boxes included, in the order in which they are met."""
    values: list[Value] = [*graph.inputs]
    for _, node in graph.walk():
        values += node.outputs
    found: dict[str, Bundle] = {}
    for value in values:
        for bundle in _of(value.wire):
            found.setdefault(str(bundle), bundle)
    return list(found.values())


def _of(wire: Wire) -> Iterator[Bundle]:
    """The bundles of one wire's axes. Only spaces of `catnet.bundles`, which is not loaded here, have one."""
    for axis in wire.axes:
        bundle = getattr(getattr(axis, "space", None), "bundle", None)
        if bundle is not None:
            yield bundle


def wire_words(wire: Wire) -> str:
    """A wire's type, and what each bundle is that it speaks of: base, fibre and structure group."""
    return "; ".join(dict.fromkeys([str(wire), *map(str, _of(wire))]))


def sentences(found: Iterable[Bundle]) -> list[str]:
    """What is said of the bundles in the description of a picture."""
    return [f"Wires speak of the {bundle}." for bundle in found]


def nerves(found: Iterable[Bundle]) -> list[Inset]:
    """The nerves of the bundles whose charts are declared: base, charts, and where the twist sits."""
    from catnet.draw.nerve import inset

    return [inset(bundle) for bundle in found if bundle.base.charts][:MOST_NERVES]
