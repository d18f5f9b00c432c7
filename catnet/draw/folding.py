"""How deep a picture is opened: which boxes are drawn as frames with their insides, and which stay closed."""

from __future__ import annotations

from catnet.diagrams.graph import Graph, Node
from catnet.draw.looks import inside


def opened(node: Node, depth: int) -> bool:
    """Whether a box is drawn open where so many levels are shown."""
    return depth > 1 and bool(node.graphs) and inside(node)[0] is not None


class Shown:
    """How many boxes of a graph are seen where so many levels are shown; counting stops beyond `most`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.known: dict[tuple[int, int], int] = {}

    def count(self, graph: Graph, depth: int) -> int:
        """The boxes of a graph, those inside its frames included."""
        key = id(graph), depth
        if key not in self.known:
            total = len(graph.nodes)
            for node in graph.nodes if depth > 1 else ():
                inner = inside(node)[0] if node.graphs else None
                if inner is not None and total <= self.most:
                    total += self.count(inner, depth - 1)
            self.known[key] = total
        return self.known[key]


def deepest(graph: Graph, boxes: int, most: int) -> int:
    """How many levels, `most` at most, can be shown so that no more than so many boxes are seen; at least one."""
    shown = Shown(boxes)
    depth = 1
    while depth < most and shown.count(graph, depth) < shown.count(graph, depth + 1) <= boxes:
        depth += 1
    return depth
