"""The graph as DOT text, for Graphviz: nets and repeats are clusters, edges carry types."""

from __future__ import annotations

from typing import Any

import graphviz

from catnet.diagrams.graph import Graph, Node, Value
from catnet.draw.looks import circle_sign, face_of, inside, look_of, repeats
from catnet.draw.measure import clean
from catnet.draw.words import tooltip

SHAPES = {"pill": "box", "slant": "parallelogram", "hexagon": "hexagon", "fold": "note", "bars": "box"}
STYLES = {"random": "dashed", "stateful": "dotted"}
OPEN_BUDGET = 4000  # boxes inside clusters, all in all


def write(graph: Graph, title: str, depth: int) -> str:
    """The DOT text of a graph with `depth` levels of boxes."""
    return _Dot(graph, title, depth).source


class _Dot:
    """One writing run: numbers the nodes, and remembers where each value comes from."""

    def __init__(self, graph: Graph, title: str, depth: int) -> None:
        self.count = 0
        self.budget = OPEN_BUDGET
        dot = graphviz.Digraph(
            graph_attr={"rankdir": "LR", "label": _text(title), "labelloc": "t", "tooltip": _text(title)},
            node_attr={"shape": "box", "style": "filled", "fillcolor": "white", "fontname": "Helvetica"},
            edge_attr={"fontname": "Helvetica", "fontsize": "10", "arrowsize": "0.6"},
        )
        sources: dict[int, str] = {}
        for value in graph.inputs:
            sources[id(value)] = self._point(dot, value.name or "in")
        self._inside(dot, dot, graph, sources, depth)
        for value in graph.outputs:
            self._edge(dot, sources, value, self._point(dot, "out"))
        self.source = str(dot.source)

    def _name(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def _point(self, dot: Any, text: str) -> str:
        name = self._name()
        dot.node(name, _text(text), shape="plaintext", style="")
        return name

    def _inside(self, root: Any, dot: Any, graph: Graph, sources: dict[int, str], depth: int) -> None:
        """The boxes of one graph; all edges stand at the root, so that clusters hold what is theirs only."""
        for node in graph.nodes:
            inner, title = inside(node)
            if depth > 1 and inner is not None and len(inner.nodes) <= self.budget:
                self.budget -= len(inner.nodes)
                self._cluster(root, dot, node, inner, title, sources, depth)
                continue
            name = self._name()
            self._box(dot, name, node)
            for port, value in enumerate(node.inputs):
                self._edge(root, sources, value, name, port if len(node.inputs) > 1 else None)
            sources.update((id(v), name) for v in node.outputs)

    def _cluster(
        self, root: Any, dot: Any, node: Node, inner: Graph, title: str, sources: dict[int, str], depth: int
    ) -> None:
        own: dict[int, str] = {}
        label = "  ".join(filter(None, (title, repeats(node))))
        with dot.subgraph(name=f"cluster_{self._name()}") as cluster:
            style = STYLES.get(node.box.effect, "rounded")
            cluster.attr(label=_text(label), tooltip=_text(tooltip(node)), style=style)
            for outside, value in zip(node.inputs, inner.inputs, strict=True):
                own[id(value)] = self._name()
                cluster.node(own[id(value)], "", shape="point", width="0.06")
                self._edge(root, sources, outside, own[id(value)])
            self._inside(root, cluster, inner, own, depth - 1)
            for result, value in zip(node.outputs, inner.outputs, strict=True):
                sources[id(result)] = own[id(value)]

    def _box(self, dot: Any, name: str, node: Node) -> None:
        face, look = face_of(node), look_of(node.box)
        label = _text(face.text)
        if face.small:
            label = graphviz.nohtml(f"{label}\\n{_text(face.small)}")
        shape = "circle" if circle_sign(node) is not None else SHAPES.get(look.shape, "box")
        style = ["filled", *filter(None, (STYLES.get(node.box.effect), "rounded" * (look.shape == "pill")))]
        attributes = {"peripheries": "2"} if node.graphs else {}
        dot.node(name, label, shape=shape, style=",".join(style), fillcolor=look.fill, color=look.line,
                 tooltip=_text(tooltip(node)), **attributes)  # fmt: skip

    def _edge(self, dot: Any, sources: dict[int, str], value: Value, target: str, port: int | None = None) -> None:
        extra = {} if port is None else {"headlabel": str(port + 1)}
        dot.edge(sources[id(value)], target, label=_text(str(value.wire)), **extra)


def _text(text: str) -> Any:
    """A label that DOT reads as it is: `<...>` would be taken for HTML, and a backslash for an escape.

    The answer is a marked string: `str` would take the mark off.
    """
    return graphviz.nohtml(graphviz.escape(clean(text)))
