"""The picture: golden files, well-formed and accessible SVG, hostile names, geometry, and speed."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catnet import parse
from catnet.boxes.linear import Linear
from catnet.diagrams.block import Block
from catnet.diagrams.graph import Graph, Node, Value
from catnet.diagrams.structural import Add
from catnet.diagrams.terms import Diagram, Leaf
from catnet.diagrams.typing import graph_of
from catnet.draw import draw, draw_graph, readable_depth
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
net cable : R[t, 6] -> R[t, 6] = chunk(6) >> concat(axis = -1)
"""
CASES = {
    "chain": {"w": 64, "d": 8},
    "crossing": {"a": 3, "b": 4},
    "stack": {"w": 3, "d": 4},
    "tied": {"k": 3, "d": 5},
    "dropped": {"k": 3, "d": 5},
    "cable": {},
}


def picture(name: str) -> Diagram:
    return Program.from_text(PROGRAM)[name](**CASES[name])


def linear(size: int = 8) -> Diagram:
    return Leaf(Linear(Dim.const(size)))


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.svg", draw(picture(name)))


@pytest.mark.parametrize("name", CASES)
def test_golden_down(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}-down.svg", draw(picture(name), direction="down"))


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


@pytest.mark.parametrize("arguments", [{"depth": 0}, {"direction": "left"}, {"format": "gif"}])
def test_what_cannot_be_drawn(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a picture"):
        picture("chain").draw(**arguments)  # type: ignore[call-overload]


def test_a_diagram_is_drawn_as_deep_as_is_asked_in_both_directions() -> None:
    diagram = picture("stack")
    assert diagram.draw() == diagram._repr_svg_() == diagram.draw(depth=2)
    assert diagram.draw(depth=1) == draw_graph(diagram.graph, depth=1)
    right, down = (ET.fromstring(diagram.draw(direction=way)) for way in ("right", "down"))
    assert float(right.get("width", "")) > float(right.get("height", ""))
    assert float(down.get("width", "")) < float(down.get("height", ""))


def test_the_command_takes_depth_and_direction(tmp_path: Path, catnet_cli: Callable[..., Any]) -> None:
    (tmp_path / "net.cat").write_text(PROGRAM, encoding="utf-8")
    given = ["render", "net.cat", "stack", "-p", "w=3", "-p", "d=4", "-o", "net.svg"]
    assert catnet_cli(*given, "--depth", "1", "--direction", "down", cwd=tmp_path).returncode == 0
    assert (tmp_path / "net.svg").read_text(encoding="utf-8") == draw(picture("stack"), depth=1, direction="down")
    assert catnet_cli(*given, "--depth", "0", cwd=tmp_path).returncode == 2
    assert catnet_cli(*given, "--direction", "left", cwd=tmp_path).returncode == 2


def tooltips(text: str) -> list[str]:
    titles = ET.fromstring(text).iter("{http://www.w3.org/2000/svg}title")
    return [title.text or "" for title in titles]


def test_tooltips_tell_types_parameters_and_flops() -> None:
    found = tooltips(draw(picture("chain")))
    assert "linear(64) : R[8] -> R[64]; 576 parameters, 1,024 FLOPs" in found
    assert "R[64]" in found
    stack = tooltips(draw(picture("stack"), depth=1))
    assert "12 times residual : R[4] -> R[4]; 372 parameters, 624 FLOPs" in stack
    tied = tooltips(draw(picture("tied")))
    assert sum("shares its weights" in text for text in tied) == 3


def test_tooltips_of_open_sizes_are_symbolic_and_none_where_nothing_is_known() -> None:
    program = Program.from_text("net f(k) : R[t, d] -> R[t, k] = linear(k) >> dropout(0.5)")
    found = tooltips(draw(program["f"](3)))
    assert "linear(3) : R[t, d] -> R[t, 3]; 3*d + 3 parameters, 6*d*t FLOPs" in found
    assert "dropout : R[t, 3] -> R[t, 3] (random); 3*t FLOPs" in found
    assert "chunk(4) : X[...s, 4*d] -> X[...s, d] @ X[...s, d] @ X[...s, d] @ X[...s, d]" in tooltips(
        draw(parse("chunk(4)"))
    )


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
