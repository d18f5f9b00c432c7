"""The layout of pictures, in both directions: nothing overlaps, wires keep clear of boxes and labels, order is kept."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catnet import parse
from catnet.boxes.linear import Linear
from catnet.diagrams.block import Block
from catnet.diagrams.graph import Graph
from catnet.diagrams.structural import Add, Copy, Drop, Identity, Swap
from catnet.diagrams.terms import Diagram, Fan, Leaf, Repeat, Sum, Tensor, Then
from catnet.diagrams.typing import graph_of
from catnet.draw import draw_graph
from catnet.draw.cables import FEWEST
from catnet.draw.flow import LABEL, TITLE
from catnet.draw.geometry import Label, Link, Panel, Placed, Point
from catnet.draw.layers import arrange, crossings
from catnet.draw.layout import PAGE, Layout
from catnet.draw.looks import circle_sign
from catnet.draw.measure import text_width
from catnet.draw.words import unwrapped
from catnet.elaborate.program import Program
from catnet.types.dims import Dim
from catnet.types.wires import real

Rect = tuple[float, float, float, float]  # left, top, right, bottom


def linear(size: int = 8) -> Diagram:
    return Leaf(Linear(Dim.const(size)))


def diagrams() -> st.SearchStrategy[Diagram]:
    """Random maps of one wire of R[8] to itself, with branches inside."""
    parted = [parse("chunk(4) >> concat(axis = -1)"), parse("chunk(4) >> each(linear(2)) >> concat(axis = -1)")]
    leaf = st.sampled_from([linear(), Leaf(Identity()), linear(300) >> linear(), *parted])
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
        inner.map(lambda body: Leaf(Block("a part with a rather long name", body))),
    )


# -- what must not meet --------------------------------------------------------------------------------------


def meet(a: Rect, b: Rect) -> bool:
    return a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1]


def outline(box: Placed) -> Rect:
    return box.x, box.y, box.x + box.width, box.y + box.height


def kept_clear(box: Placed, down: bool) -> Rect | None:
    """Where no wire of the panel may be: in a closed box farther than the 12 units that it may go on under an edge,
    in a frame where its inside is. A sum is all edge."""
    left, top, right, bottom = outline(box)
    if box.panel is not None:
        return left + 0.5, top + TITLE + 0.5, left + box.panel.width - 0.5, top + TITLE + box.panel.height - 0.5
    if circle_sign(box.node) is not None:
        return None
    x, y = (0.5, 12.5) if down else (12.5, 0.5)
    return left + x, top + y, right - x, bottom - y


def hulls(panel: Panel) -> Iterator[Rect]:
    """The rectangles that hold the straight pieces, the curves and the turns of all wires."""
    for link in panel.links:
        start, a, _, _, b, end = link.path
        yield from (hull(start, a), hull(a, b), hull(b, end))
    for turn in panel.turns:
        yield from (hull(p, q) for p, q in pairwise(turn.corners))


def hull(p: Point, q: Point) -> Rect:
    return min(p[0], q[0]), min(p[1], q[1]), max(p[0], q[0]), max(p[1], q[1])


def strokes(panel: Panel) -> Iterator[Rect]:
    """All wires as many short pieces."""
    for link in panel.links:
        start, *curve, end = link.path
        points = [start, *(bezier(curve, k / 16) for k in range(17)), end]
        yield from (hull(p, q) for p, q in pairwise(points))
    for turn in panel.turns:
        yield from (hull(p, q) for p, q in pairwise(turn.corners))


def bezier(points: list[Point], t: float) -> Point:
    a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = points
    return a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3


def written(label: Label) -> Rect:
    return label.x, label.y - 0.8 * LABEL, label.x + text_width(label.text, LABEL), label.y + 2


def check(panel: Panel) -> None:
    """Nothing overlaps, nothing runs through a box or a label, all is inside the panel, and ports keep their order."""
    for box in panel.boxes:
        inside(outline(box), panel)
        assert list(box.ins) == sorted(box.ins)
        assert list(box.outs) == sorted(box.outs)
    apart([outline(box) for box in panel.boxes])
    clear = [rect for box in panel.boxes if (rect := kept_clear(box, panel.down))]
    for piece in hulls(panel):
        inside(piece, panel)
        assert not any(meet(piece, rect) for rect in clear)
    labels = [written(label) for label in panel.labels]
    apart(labels)
    for label in labels:
        inside(label, panel)
        assert not any(meet(label, outline(box)) for box in panel.boxes)
        assert not any(meet(label, piece) for piece in strokes(panel))
    arrivals(panel)
    for box in panel.boxes:
        if box.panel is not None:
            assert (box.panel.width, box.panel.height) <= (box.width, box.height)
            check(box.panel)


def inside(rect: Rect, panel: Panel) -> None:
    assert rect[0] >= 0
    assert rect[1] >= 0
    assert rect[2] <= panel.width + 12.1  # the margin on the right of the document
    assert rect[3] <= panel.height + 0.1


def apart(rects: list[Rect]) -> None:
    for i, a in enumerate(rects):
        assert not any(meet(a, b) for b in rects[:i])


def arrivals(panel: Panel) -> None:
    """Every input of a box is the end of a wire with its value, in order."""
    across = 0 if panel.down else 1
    for box in panel.boxes:
        left, top, right, bottom = outline(box)
        for port, value in zip(box.ins, seen(panel, box), strict=True):
            assert any(
                link.value is value
                and link.end[across] == port
                and left - 0.1 <= link.end[0] <= right
                and top - 0.1 <= link.end[1] <= bottom
                for link in panel.links
            )


def seen(panel: Panel, box: Placed) -> list[object]:
    """The values at the inputs of a box, one for each cable."""
    if len(box.ins) == len(box.node.inputs):
        return list(box.node.inputs)
    drawn = {id(link.value) for link in panel.links}
    return [value for value in box.node.inputs if id(value) in drawn]


@given(diagrams(), st.integers(1, 4), st.sampled_from([200.0, 600.0, PAGE]), st.booleans())
def test_nothing_overlaps(diagram: Diagram, depth: int, limit: float, down: bool) -> None:
    graph = graph_of(diagram, [real(8)])
    check(Layout(down).panel(graph, depth, limit, top=True))
    ET.fromstring(draw_graph(graph, depth=depth, direction="down" if down else "right"))
    draw_graph(graph, "dot", depth=depth)


def test_an_overlap_would_be_seen() -> None:
    panel = Layout().panel(graph_of(linear() >> linear(), [real(8)]), 1, top=True)
    check(panel)
    panel.boxes[1].x = panel.boxes[0].x + 5
    with pytest.raises(AssertionError):
        check(panel)


def test_a_wire_through_a_box_and_a_label_on_a_wire_would_be_seen() -> None:
    panel = Layout().panel(graph_of(linear() >> linear(), [real(8)]), 1, top=True)
    box, value = panel.boxes[0], panel.boxes[0].node.inputs[0]
    panel.links.append(Link((box.x, box.y + 5), (box.x, box.x), (box.x + box.width, box.y + 5), value))
    with pytest.raises(AssertionError):
        check(panel)
    panel.links.pop()
    panel.labels[0].y += 5
    with pytest.raises(AssertionError):
        check(panel)


# -- order ---------------------------------------------------------------------------------------------------


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
    text = "net crossing(a, b) : R[m] @ R[n] -> R[b] @ R[a] = linear(a) @ linear(b) >> swap"
    graph = unwrapped(Program.from_text(text)["crossing"](a=3, b=4).graph)
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


# -- rows, and down ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("down", [False, True])
def test_long_chains_wrap(down: bool) -> None:
    panel = Layout(down).panel(graph_of(Then(tuple(linear() for _ in range(90))), [real(8)]), 1, top=True)
    assert 0.7 * PAGE < (panel.height if down else panel.width) <= 1.02 * PAGE
    assert len(panel.turns) >= 3
    check(panel)


def test_a_frame_is_made_narrower_where_that_saves_a_row() -> None:
    def wide(count: int) -> Diagram:
        return Leaf(Block("part", Then(tuple(linear() for _ in range(count)))))

    graph = graph_of(linear() >> wide(14) >> linear(), [real(8)])
    panel = Layout().panel(graph, 2, top=True)
    assert not panel.turns
    assert panel.boxes[1].panel is not None
    assert panel.boxes[1].panel.turns
    check(panel)


def test_down_is_from_top_to_bottom() -> None:
    graph = graph_of(linear() >> linear(), [real(8)])
    first, second = Layout(down=True).panel(graph, 1, top=True).boxes
    assert first.x == second.x
    assert first.y + first.height < second.y


# -- cables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("down", [False, True])
def test_parallel_wires_are_one_cable(down: bool) -> None:
    def panel(count: int) -> Panel:
        text = f"net f : R[n, {count}] -> R[n, {count}] = chunk({count}) >> concat(axis = -1)"
        return Layout(down).panel(unwrapped(Program.from_text(text)["f"]().graph), 1, top=True)

    few, many = panel(FEWEST - 1), panel(FEWEST)
    check(few)
    check(many)
    assert {link.count for link in few.links} == {1}
    assert sorted({link.count for link in many.links}) == [1, FEWEST]
    assert len(many.boxes[0].outs) == len(many.boxes[1].ins) == 1
    assert f"{FEWEST} \u00d7 R[n, 1]" in [label.text for label in many.labels]


def test_wires_that_part_or_go_into_a_frame_are_no_cable() -> None:
    text = "net sums : R[n] @ R[n] @ R[n] @ R[n] -> R[4*n] = concat(axis = -1)\n"
    text += "net f : R[4*n] -> R[4*n] @ R[4*n] = chunk(4) >> (sums, sums)"
    graph = unwrapped(Program.from_text(text)["f"]().graph)
    assert {link.count for link in Layout().panel(graph, 1, top=True).links} == {1}  # each is used twice
    text = text.replace("-> R[4*n] @ R[4*n] = chunk(4) >> (sums, sums)", "-> R[4*n] = chunk(4) >> sums")
    graph = unwrapped(Program.from_text(text)["f"]().graph)
    assert max(link.count for link in Layout().panel(graph, 1, top=True).links) == 4
    assert {link.count for link in Layout().panel(graph, 2, top=True).links} == {1}
