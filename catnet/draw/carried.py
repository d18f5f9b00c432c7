"""The bundles that the axes of wires speak of: in words for tooltips, and as nerves under a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from catnet.boxes.bundle_wires import bundles_of
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
        for bundle in bundles_of(value.wire):
            found.setdefault(str(bundle), bundle)
    return list(found.values())


def wire_words(wire: Wire) -> str:
    """A wire's type, and what each bundle is that it speaks of: base, fibre and structure group."""
    return "; ".join(dict.fromkeys([str(wire), *map(str, bundles_of(wire))]))


def sentences(found: Sequence[Bundle]) -> list[str]:
    """What is said of the bundles in the description of a picture."""
    return [f"Wires speak of the {bundle}." for bundle in found]


def nerves(found: Sequence[Bundle]) -> list[Inset]:
    """The nerves of the bundles whose charts are declared: base, charts, and where the twist sits."""
    if not found:
        return []
    from catnet.draw.nerve import inset  # it loads the room of bundles

    return [inset(bundle) for bundle in found if bundle.base.charts][:MOST_NERVES]
