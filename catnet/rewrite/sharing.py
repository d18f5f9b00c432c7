"""Computing once what is computed twice: equal boxes on equal inputs."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import ClassVar

from catnet.diagrams.graph import Node
from catnet.diagrams.normal import box_key
from catnet.diagrams.structural import Identity
from catnet.diagrams.terms import Leaf
from catnet.rewrite.rule import Match, Measure, Miss, Rule, View
from catnet.rewrite.surgery import has_effect


class Sharing(Rule):
    """Merge nodes with one box and one list of inputs: pure ones without parameters, and uses of one `share`."""

    name: ClassVar[str] = "sharing"
    law: ClassVar[str] = "copying commutes with pure maps: (f, f) = f >> copy"
    measure: ClassVar[Measure] = "always"

    def find(self, view: View) -> Iterator[Match | Miss]:
        known: dict[Hashable, Node] = {}
        same: dict[int, int] = {}  # a value: the one that it equals
        for node in view.graph.nodes:
            if has_effect(node) or (node.fresh and node.owner is None) or not node.outputs:
                continue
            inputs = tuple(same.get(id(v), id(v)) for v in node.inputs)
            owner = id(node.owner) if node.fresh else None
            first = known.setdefault((_key(node), inputs, owner), node)
            if first is not node:
                same.update((id(v), id(w)) for v, w in zip(node.outputs, first.outputs, strict=True))
                yield Match((node,), first.outputs, node.outputs, Leaf(Identity()))


def _key(node: Node) -> Hashable:
    """What a node does: its box, or the graphs that it stands for."""
    if node.graphs and not getattr(node.box, "opaque", False):
        return ("part", node.count, *map(id, node.graphs))
    return (box_key(node.box), *map(id, node.graphs))
