"""How deep a picture is opened: which boxes are drawn as frames with their insides, and which stay closed."""

from __future__ import annotations

from catnet.diagrams.graph import Graph, Node
from catnet.draw.looks import inside


def opened(node: Node, depth: int) -> bool:
    """Whether a box is drawn open where so many levels are shown."""
    return depth > 1 and bool(node.graphs) and inside(node)[0] is not None


def deepest(graph: Graph, boxes: int, most: int) -> int:
    """How many levels, `most` at most, can be shown so that no more than so many boxes are seen; at least one."""
    known: dict[tuple[int, int], int] = {}

    def seen(part: Graph, depth: int) -> int:
        key = id(part), depth
        if key not in known:
            total = len(part.nodes)
            for node in part.nodes if depth > 1 else ():
                inner = inside(node)[0] if node.graphs else None
                if inner is not None and total <= boxes:
                    total += seen(inner, depth - 1)
            known[key] = total
        return known[key]

    depth = 1
    while depth < most and seen(graph, depth) < seen(graph, depth + 1) <= boxes:
        depth += 1
    return depth
