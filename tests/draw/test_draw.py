"""The picture: golden files, well-formed and accessible SVG, hostile names, geometry, and speed."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catnet.boxes.linear import Linear
from catnet.diagrams.block import Block
from catnet.diagrams.graph import Graph, Node, Value
from catnet.diagrams.structural import Add, Copy, Drop, Identity, Swap
from catnet.diagrams.terms import Diagram, Fan, Leaf, Repeat, Sum, Tensor, Then
from catnet.diagrams.typing import graph_of
from catnet.draw import draw, draw_graph, readable_depth
from catnet.draw.geometry import Panel, Placed
from catnet.draw.layers import arrange, crossings
from catnet.draw.layout import Layout
from catnet.draw.looks import circle_sign
from catnet.draw.words import unwrapped
from catnet.elaborate.program import Program
from catnet.types.dims import Dim
from catnet.types.wires import real

GOLDEN = Path(__file__).parent / "golden"
PROGRAM = """
net residual(f: X -> X) : X -> X = id + f
# Two layers.
net chain(w) : R[d] -> R[10] = linear(w) >> linear(10)
net crossing(a, b) : R[m] @ R[n] -> R[b] @ R[a] = linear(a) @ linear(b) >> swap
net stack(w) : R[d] -> R[d] = residual(linear(w) >> linear(d)) ^ 12
net tied(k) : (x: R[d], y: R[d]) -> R[k] @ R[d] {
    share w = linear(k)
    a = x >> w
    b = y >> w
    return a - b @ (b >> transpose(w))
}
net dropped(k) : R[d] @ R[d] -> R[k] = drop @ linear(k)
"""
CASES = {
    "chain": {"w": 64, "d": 8},
    "crossing": {"a": 3, "b": 4},
    "stack": {"w": 3, "d": 4},
    "tied": {"k": 3, "d": 5},
    "dropped": {"k": 3, "d": 5},
}


def picture(name: str) -> Diagram:
    return Program.from_text(PROGRAM)[name](**CASES[name])


def linear(size: int = 8) -> Diagram:
    return Leaf(Linear(Dim.const(size)))


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.svg", draw(picture(name)))


def test_golden_dot(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "stack.dot", draw(picture("stack"), "dot"))


@pytest.mark.parametrize("name", CASES)
def test_well_formed_accessible_and_the_same_twice(name: str) -> None:
    text = draw(picture(name))
    root = ET.fromstring(text)
    assert root.get("role") == "img"
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert root.get("aria-labelledby", "").split() == ids
    assert text == draw(picture(name))
    for forbidden in ("var(", "dominant-baseline", "<script", "href", "url("):
        assert forbidden not in text


def test_the_description_reads_as_a_sentence() -> None:
    text = draw(picture("chain"))
    assert "<desc" in text
    assert "Two layers. chain: takes R[8], gives R[10]; linear(64), then linear(10).</desc>" in text
    assert "12 times residual" in draw(picture("stack"))


def test_a_call_of_a_net_is_drawn_as_the_net() -> None:
    graph = picture("chain").graph
    assert len(graph.nodes) == 1
    assert [n.box.name for n in unwrapped(graph).nodes] == ["linear", "linear"]


def test_depth_opens_frames() -> None:
    graph = picture("stack").graph
    closed, opened = draw_graph(graph, depth=1), draw_graph(graph, depth=2)
    assert 'cn-frame" x' not in closed
    assert "residual" in closed
    assert "x 12" in closed
    assert 'cn-frame" x' in opened
    assert readable_depth(unwrapped(graph)) == 2


HOSTILE = [
    "<script>alert(1)</script>",
    "a&b\"'",
    "\x00\x1b[31m",
    "]]>",
    "\u202eevil",
    "\ud800",
    "<b>",
    "\\N\\l",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("format", ["svg", "dot"])
def test_hostile_names(name: str, format: str) -> None:
    value = Value(real(3), name=name)
    node = Node(Linear(Dim.const(3)), (value,), label=name)
    node.outputs = (Value(real(3), node),)
    graph = Graph(name, (value,), node.outputs, (node,), doc=(name,))
    text = draw_graph(graph, format, title=name)  # type: ignore[arg-type]
    text.encode("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", text)
    if format == "svg":
        ET.fromstring(text)
        assert "<script" not in text
        assert "<b>" not in text
    else:
        assert "label=<" not in text


# -- geometry ----------------------------------------------------------------------------------------------


def diagrams() -> st.SearchStrategy[Diagram]:
    """Random maps of one wire of R[8] to itself, with branches inside."""
    leaf = st.sampled_from([linear(), Leaf(Identity())])
    return st.recursive(leaf, _larger, max_leaves=24)


def _larger(inner: st.SearchStrategy[Diagram]) -> st.SearchStrategy[Diagram]:
    pair = st.tuples(inner, inner)
    signs = st.sampled_from([1, -1])
    return st.one_of(
        st.lists(inner, min_size=1, max_size=6).map(lambda parts: Then(tuple(parts))),
        st.lists(st.tuples(signs, inner), min_size=2, max_size=4).map(lambda parts: Sum(tuple(parts))),
        pair.map(lambda p: Fan(p) >> Leaf(Swap()) >> Tensor(p) >> Leaf(Add())),
        pair.map(lambda p: Leaf(Copy()) >> Tensor((p[0], p[1] >> Leaf(Drop())))),
        st.tuples(inner, st.integers(2, 9)).map(lambda p: Repeat(p[0], Dim.const(p[1]))),
        inner.map(lambda body: Leaf(Block("part", body))),
    )


Rect = tuple[float, float, float, float]


def pieces(panel: Panel) -> Iterator[Rect]:
    """The rectangles that hold the level pieces, the curves and the turns of all wires."""
    for link in panel.links:
        (x0, y0), (a, b), (x1, y1) = link.start, link.bends, link.end
        yield (x0, y0, max(x0, a), y0)
        yield (a, min(y0, y1), b, max(y0, y1))
        yield (min(b, x1), y1, x1, y1)
    for turn in panel.turns:
        for (x0, y0), (x1, y1) in pairwise(turn.corners):
            yield (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def meets(piece: Rect, box: Placed) -> bool:
    """Whether a piece of wire is inside a box: farther than the 12 units that it may go on under an edge."""
    if circle_sign(box.node) is not None:
        return False
    left, right, top, bottom = box.x + 12.5, box.x + box.width - 12.5, box.y + 0.5, box.y + box.height - 0.5
    return piece[0] < right and piece[2] > left and piece[1] < bottom and piece[3] > top


def check(panel: Panel) -> None:
    """No two boxes overlap, no wire runs through a box, all is inside, and ports keep their order."""
    for i, a in enumerate(panel.boxes):
        assert a.x >= 0
        assert a.y >= 0
        assert a.x + a.width <= panel.width + 0.1
        assert a.y + a.height <= panel.height + 0.1
        assert list(a.ins) == sorted(a.ins)
        assert list(a.outs) == sorted(a.outs)
        for b in panel.boxes[:i]:
            beside = a.x >= b.x + b.width or b.x >= a.x + a.width
            assert beside or a.y >= b.y + b.height or b.y >= a.y + a.height
    for piece in pieces(panel):
        assert not any(meets(piece, box) for box in panel.boxes)
    for link in panel.links:
        assert link.start[0] <= link.end[0]
        assert 0 <= link.start[1] <= panel.height
        assert 0 <= link.end[1] <= panel.height
    for turn in panel.turns:
        assert all(0 <= x <= panel.width + 12 and 0 <= y <= panel.height for x, y in turn.corners)
    for x, y in panel.dots + panel.ends:
        assert 0 <= x <= panel.width
        assert 0 <= y <= panel.height
    for box in panel.boxes:
        if box.panel is not None:
            assert box.panel.width <= box.width
            check(box.panel)


@given(diagrams(), st.integers(1, 4), st.sampled_from([200.0, 600.0, 1100.0]))
def test_nothing_overlaps(diagram: Diagram, depth: int, width: float) -> None:
    graph = graph_of(diagram, [real(8)])
    check(Layout().panel(graph, depth, width, top=True))
    ET.fromstring(draw_graph(graph, depth=depth))
    draw_graph(graph, "dot", depth=depth)


def tops(graph: Graph) -> list[float]:
    """The heights of the boxes, in the order of the text."""
    panel = Layout().panel(graph, 1, top=True)
    at = {id(box.node): box.y for box in panel.boxes}
    return [at[id(node)] for node in graph.nodes]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_parts_side_by_side_keep_their_order_and_do_not_cross(lengths: list[int]) -> None:
    parts = tuple(Then((linear(),) * n) for n in lengths)
    for term, wires in ((Tensor(parts), len(parts)), (Fan(parts), 1)):
        graph = graph_of(term, [real(8)] * wires)
        assert crossings(arrange(graph)) == 0
        ordered = tops(graph)
        assert ordered == sorted(ordered)


def test_a_swap_crosses_once_and_where_it_stands() -> None:
    graph = unwrapped(picture("crossing").graph)
    assert crossings(arrange(graph)) == 1
    ordered = tops(graph)
    assert ordered[0] < ordered[1]


def test_a_residual_does_not_cross_and_its_branch_is_straight() -> None:
    for parts in (((1, Leaf(Identity())), (1, linear() >> linear())), ((1, linear()), (1, Leaf(Identity())))):
        graph = graph_of(Sum(parts), [real(8)])
        assert crossings(arrange(graph)) == 0
    straight = [box.outs[0] for box in Layout().panel(graph_of(linear() >> linear(), [real(8)]), 1).boxes]
    assert len(set(straight)) == 1


def test_a_wire_between_two_lanes_of_one_value_crosses_neither() -> None:
    ident = Leaf(Identity())
    term = Fan((ident, linear() >> linear(), ident)) >> Leaf(Add())
    assert crossings(arrange(graph_of(term, [real(8)]))) == 0


def test_long_chains_wrap() -> None:
    graph = graph_of(Then(tuple(linear() for _ in range(60))), [real(8)])
    panel = Layout().panel(graph, 1, top=True)
    assert panel.width < 1600
    assert len(panel.turns) >= 3
    check(panel)


# -- limits ------------------------------------------------------------------------------------------------


def graph_with(count: int, sources: Callable[[list[Value]], list[Value]], fanin: bool) -> Graph:
    start = Value(real(4))
    values = [start]
    nodes = []
    for _ in range(count):
        node = Node(Add(), tuple(sources(values)))
        node.outputs = (Value(real(4), node),)
        nodes.append(node)
        values.append(node.outputs[0])
    if fanin:
        node = Node(Add(), tuple(values))
        node.outputs = (Value(real(4), node),)
        nodes.append(node)
    return Graph("large", (start,), nodes[-1].outputs, tuple(nodes))


@pytest.mark.parametrize(
    ("sources", "fanin"),
    [(lambda v: v[-1:], False), (lambda v: v[:1], True), (lambda v: [v[0], v[len(v) // 2], v[-1]], True)],
    ids=["chain", "parallel", "dense"],
)
def test_large_graphs_end(sources: Callable[[list[Value]], list[Value]], fanin: bool) -> None:
    graph = graph_with(2000, sources, fanin)
    started = time.perf_counter()
    text = draw_graph(graph)
    assert time.perf_counter() - started < 20  # a guard against quadratic growth, not a measure
    ET.fromstring(text)


def test_equal_insides_nested_without_end_stay_small() -> None:
    inner = graph_of(linear(), [real(8)])
    for _ in range(40):
        value = Value(real(8))
        nodes = []
        for _ in range(2):
            node = Node(Block("tower", linear()), (value,), graphs=(inner,))
            node.outputs = (Value(real(8), node),)
            value = node.outputs[0]
            nodes.append(node)
        inner = Graph("tower", nodes[0].inputs, nodes[1].outputs, tuple(nodes))
    assert readable_depth(inner) < 6
    assert len(draw_graph(inner, depth=40)) < 10_000_000
    assert len(draw_graph(inner, "dot", depth=40)) < 10_000_000


def test_needs_neither_torch_nor_sympy() -> None:
    code = (
        "import sys; from catnet.draw import draw; from catnet.elaborate.program import Program; "
        "draw(Program.from_text('net m(w) : R[d] -> R[w] = linear(w)')['m'](w=3)); "
        "sys.exit(any(m in sys.modules for m in ('torch', 'sympy', 'graphviz', 'networkx')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
