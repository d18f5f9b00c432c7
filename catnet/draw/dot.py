"""The graph as DOT text, for Graphviz: nets and repeats are clusters, edges carry types and the order of arguments.

What a `scan`, a `trace` or a `flow` hands from step to step is an edge against the others, dashed.
"""

from __future__ import annotations

from typing import Any

import graphviz

from catnet.boxes.iterate import Iteration
from catnet.diagrams.graph import Graph, Node, Value
from catnet.draw.looks import call, circle_sign, face_of, inside, look_of, repeats
from catnet.draw.measure import clean
from catnet.draw.words import tooltip

SHAPES = {"slant": "parallelogram", "hexagon": "hexagon", "chevron": "cds", "chamfer": "octagon", "fold": "note"}
STYLES = {"random": "dashed", "stateful": "dotted"}
OPEN_BUDGET = 4000  # boxes inside clusters, all in all
FEEDBACK = {"style": "dashed", "constraint": "false"}

Source = tuple[str, int | None]  # a node of the picture, and which of its outputs, where it has several


def write(graph: Graph, title: str, depth: int) -> str:
    """The DOT text of a graph with `depth` levels of boxes."""
    return _Dot(graph, title, depth).source


class _Dot:
    """One writing run: numbers the nodes, and remembers where each value comes from."""

    def __init__(self, graph: Graph, title: str, depth: int) -> None:
        self.count = 0
        self.budget = OPEN_BUDGET
        dot = graphviz.Digraph(
            graph_attr={
                "fontname": "Helvetica",
                "rankdir": "LR",
                "label": _text(title),
                "labelloc": "t",
                "tooltip": _text(title),
            },
            node_attr={"shape": "box", "style": "filled", "fillcolor": "white", "fontname": "Helvetica"},
            edge_attr={"fontname": "Helvetica", "fontsize": "10", "arrowsize": "0.6"},
        )
        sources: dict[int, Source] = {}
        for number, value in enumerate(graph.inputs, start=1):
            plain = f"in {number}" if len(graph.inputs) > 1 else "in"
            sources[id(value)] = self._point(dot, value.name or plain), None
        self._inside(dot, dot, graph, sources, depth)
        for number, value in enumerate(graph.outputs, start=1):
            self._edge(dot, sources, value, self._point(dot, f"out {number}" if len(graph.outputs) > 1 else "out"))
        self.source = str(dot.source)

    def _name(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def _point(self, dot: Any, text: str) -> str:
        name = self._name()
        dot.node(name, _text(text), shape="plaintext", style="")
        return name

    def _inside(self, root: Any, dot: Any, graph: Graph, sources: dict[int, Source], depth: int) -> None:
        """The boxes of one graph; all edges stand at the root, so that clusters hold what is theirs only."""
        for node in graph.nodes:
            inner, title = _fed_back(node) or inside(node)
            if depth > 1 and inner is not None and len(inner.nodes) <= self.budget:
                self.budget -= len(inner.nodes)
                self._cluster(root, dot, node, inner, title, sources, depth)
                continue
            name = self._name()
            self._box(dot, name, node)
            for port, value in enumerate(node.inputs):
                self._edge(root, sources, value, name, port if len(node.inputs) > 1 else None)
            several = len(node.outputs) > 1
            sources.update((id(v), (name, port if several else None)) for port, v in enumerate(node.outputs))

    def _cluster(
        self, root: Any, dot: Any, node: Node, inner: Graph, title: str, sources: dict[int, Source], depth: int
    ) -> None:
        own: dict[int, Source] = {}
        entries, fed = _joined(node, inner)
        label = "  ".join(filter(None, (title, repeats(node))))
        with dot.subgraph(name=f"cluster_{self._name()}") as cluster:
            style = STYLES.get(node.box.effect, "rounded")
            cluster.attr(label=_text(label), tooltip=_text(tooltip(node)), style=style)
            for number, value in enumerate(inner.inputs):
                name = self._name()
                own[id(value)] = name, None
                cluster.node(name, "", shape="point", width="0.06")
                if number < len(entries):
                    self._edge(root, sources, node.inputs[entries[number]], name)
            self._inside(root, cluster, inner, own, depth - 1)
        for out, back in fed:
            self._edge(root, own, inner.outputs[out], own[id(inner.inputs[back])][0], fed=True)
        for result, value in zip(node.outputs, inner.outputs, strict=False):
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

    def _edge(
        self,
        dot: Any,
        sources: dict[int, Source],
        value: Value,
        target: str,
        port: int | None = None,
        fed: bool = False,
    ) -> None:
        """An edge with its type. Ports are numbered from 1 where a box has several; `fed`: it goes to the next step."""
        more = dict(FEEDBACK) if fed else {}
        source, out = sources[id(value)]
        if port is not None:
            more["headlabel"] = str(port + 1)
        if out is not None:
            more["taillabel"] = str(out + 1)
        dot.edge(source, target, label=_text(f"next step: {value.wire}" if fed else str(value.wire)), **more)


def _fed_back(node: Node) -> tuple[Graph, str] | None:
    """The step of a box with feedback, and its title."""
    if not isinstance(node.box, Iteration) or not node.graphs or not node.box.feedback(node.dom, node.graphs[0]):
        return None
    return node.graphs[0], call(node.box) if node.label is None else f"{clean(node.label)}: {call(node.box)}"


def _joined(node: Node, inner: Graph) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """Which inputs of a node the first inputs of its inside come from, and what inside is fed back, from and to."""
    if isinstance(node.box, Iteration):
        return node.box.entries(node.dom), node.box.feedback(node.dom, inner)
    return tuple(range(len(node.inputs))), ()


def _text(text: str) -> Any:
    """A label that DOT reads as it is: `<...>` would be taken for HTML, and a backslash for an escape.

    The answer is a marked string: `str` would take the mark off.
    """
    return graphviz.nohtml(graphviz.escape(clean(text)))
