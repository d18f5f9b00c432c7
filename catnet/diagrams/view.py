"""A NetworkX view of a graph, for analysis with the algorithms that already exist."""

from __future__ import annotations

from typing import Any

from catnet.diagrams.graph import Graph, Value


def to_networkx(graph: Graph) -> Any:
    """A `networkx.MultiDiGraph`: one node per box, `("in", i)` and `("out", i)` for the ends, one edge per wire.

    Nodes carry `box`, `label`, `family`, `effect` and, for composites, `graphs`; edges carry `wire`, `source`
    (output port) and `target` (input port). Repeats and nets are one node each; their insides are in `graphs`.
    """
    import networkx

    view = networkx.MultiDiGraph(name=graph.name, type=graph.type)
    names: dict[int, Any] = {}
    for i, value in enumerate(graph.inputs):
        view.add_node(("in", i), wire=value.wire)
        names[id(value)] = ("in", i)

    def connect(value: Value, target: Any, port: int) -> None:
        view.add_edge(names[id(value)], target, wire=value.wire, source=value.port, target=port)

    for index, node in enumerate(graph.nodes):
        view.add_node(
            index,
            box=node.box,
            label=node.label,
            family=node.box.family,
            effect=node.box.effect,
            graphs=node.graphs,
        )
        for port, value in enumerate(node.inputs):
            connect(value, index, port)
        names.update((id(v), index) for v in node.outputs)
    for i, value in enumerate(graph.outputs):
        view.add_node(("out", i), wire=value.wire)
        connect(value, ("out", i), 0)
    return view
