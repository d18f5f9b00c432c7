"""The picture for a terminal: golden pictures, and the graph read back from the characters."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catnet.boxes.iterate import Iteration
from catnet.boxes.linear import Linear
from catnet.cli import main
from catnet.diagrams.block import Block
from catnet.diagrams.graph import Graph, Node, Value
from catnet.diagrams.structural import Add, Copy, Drop, Identity, Swap
from catnet.diagrams.terms import Diagram, Fan, Leaf, Repeat, Sum, Tensor, Then
from catnet.diagrams.typing import graph_of
from catnet.draw import draw, readable_depth
from catnet.draw.looks import inside
from catnet.draw.rails import columns_of, in_ascii
from catnet.draw.text import SIGNS, write
from catnet.draw.words import unwrapped
from catnet.elaborate.program import Program
from catnet.types.dims import Dim
from catnet.types.wires import real

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"
PROGRAM = """
net residual(f: X -> X) : X -> X = id + f
net cell(h) : R[d] @ R[h] -> R[h] @ R[h] = concat >> linear(h) >> tanh >> copy
net recurrent(h) : (s: R[h], x: R[t, d]) -> R[t, h] @ R[h] = s @ x >> scan(cell(h), over = t)
net feedback(h) : R[d] -> R[h] = trace(cell(h), steps = 3) >> relu
net stack(w) : R[d] -> R[d] = residual(layer_norm >> linear(w) >> relu >> dropout(0.5) >> linear(d)) ^ 12
net tied(k) : (x: R[d], y: R[d]) -> R[k] @ R[d] {
    share w = linear(k)
    a = x >> w
    b = y >> w
    return b - a @ (b >> transpose(w))
}
net dropped(k) : (a: R[d], b: R[d]) -> R[k] {
    u, v = a >> linear(2*k) >> chunk(2)
    _ = b @ u >> drop @ drop
    return v
}
net ends : (a: R[4], b: R[5]) -> R[5] @ R[4] @ R[4] { return b @ a @ a }
"""
CASES = {
    "recurrent": {"h": 4, "d": 3},
    "feedback": {"h": 4, "d": 3},
    "stack": {"w": 3, "d": 4},
    "tied": {"k": 3, "d": 5},
    "dropped": {"k": 3, "d": 5},
    "ends": {},
}


def shown(graph: Graph, width: int = 80, depth: int | None = None, ascii: bool = False) -> str:
    graph = unwrapped(graph)
    return write(graph, f"{graph.name} : {graph.type}", depth or readable_depth(graph), width, ascii) + "\n"


def model(name: str) -> Graph:
    return Program(ROOT / "examples" / "models" / f"{name}.cat")[name]().graph


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.text.txt", shown(Program.from_text(PROGRAM)[name](**CASES[name]).graph))


@pytest.mark.parametrize(("name", "width"), [("gpt2", 80), ("unet", 80), ("llama", 120)])
def test_golden_models(name: str, width: int, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.text.txt", shown(model(name), width))


@pytest.mark.parametrize("name", [p.stem for p in sorted((ROOT / "examples" / "models").glob("*.cat"))])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_row_is_wider_than_asked_and_all_are_ascii_on_request(name: str, width: int) -> None:
    graph = model(name)
    for depth in (1, 3, 6):
        text = shown(graph, width, depth, ascii=True)
        body = text.rpartition("\n\n")[0]
        assert max(map(columns_of, body.splitlines())) <= width
        assert text.isascii()


def test_ascii_characters_stand_for_themselves_one_by_one() -> None:
    assert in_ascii("┌─┴─ a ─┐ ⊕─╯ │ ▼ …") == ".-+- a -. +-' | v ~"


# -- the graph is read back --------------------------------------------------------------------------------

GLYPHS = {"■", "□", "◇", "◆", *SIGNS.values()}
JOINTS = set("├┤┼┴┬╯╮╰╭")
Origin = tuple[object, int]  # the number of a box or "in", and which of its outputs


class Reader:
    """Follows the rails of a picture: which wires come into each box and each output."""

    def __init__(self, picture: str, outputs: int, live: list[int]) -> None:
        self.state: dict[int, Origin] = {}
        self.borders: list[int] = []
        self.boxes: list[list[Origin]] = []
        self.ends: list[Origin] = []
        self.outputs, self.live = outputs, live
        self.taken, self.last = 0, -1
        for line in picture.splitlines():
            self.row(line)

    def row(self, line: str) -> None:
        line = line[: len(line) - 2 * len(self.borders)] if self.borders and "└" not in line else line
        cells, gaps = [], []
        for at in range(0, len(line), 2):
            if line[at] not in GLYPHS | JOINTS | set("│─ ╷▼┌└"):
                break
            cells.append(line[at])
            gaps.append(line[at + 1 : at + 2])
            if line[at] in "╷▼":
                break
        if "┌" in cells:
            self.borders.append(cells.index("┌"))
            self.passes(cells)
        elif "└" in cells:
            assert self.borders.pop() == cells.index("└")
            self.passes(cells)
        elif "╷" in cells:
            self.state[cells.index("╷")] = ("in", self.taken)
            if "[not used]" in line:
                del self.state[cells.index("╷")]
            self.taken += 1
        elif "▼" in cells:
            column = cells.index("▼")
            self.ends.append(self.state[column])
            if cells[column:] and len(self.ends) == self.outputs:
                self.state.clear()
        else:
            self.joined(cells, gaps, line)

    def passes(self, cells: list[str]) -> None:
        """A side of a frame: wires go through where it is marked."""
        for column, cell in enumerate(cells):
            if cell in "┴┬│" and column not in self.borders:
                assert column in self.state
            elif cell in "┌└ ":
                self.state.pop(column, None)

    def joined(self, cells: list[str], gaps: list[str], line: str) -> None:
        glyph = next((c for c, cell in enumerate(cells) if cell in GLYPHS), None)
        joints = [c for c, cell in enumerate(cells) if cell in JOINTS]
        for c, cell in enumerate(cells):
            assert cell != "│" or c in self.state or c in self.borders
            if cell == " ":
                self.state.pop(c, None)
        run = [glyph, *joints] if glyph is not None else joints
        for c in range(min(run), max(run)):
            assert gaps[c] == "─"
        if glyph is not None:
            sources = [self.state[c] for c in joints]
            straight = glyph in self.state and cells[glyph] in GLYPHS
            self.boxes.append(sources + ([self.state[glyph]] if straight else []))
            for c in joints:
                if cells[c] in "╯┴╰":
                    del self.state[c]
            self.state[glyph] = (len(self.boxes) - 1, 0)
            if "[not used]" in line:
                del self.state[glyph]
            self.last = glyph
        elif self.boxes and self.live[len(self.boxes) - 1] == len(joints) > 1 and joints[0] == self.last:
            for number, c in enumerate(joints):
                self.state[c] = (len(self.boxes) - 1, number)
        else:
            target = next(c for c in joints if cells[c] in "╮╭")
            (source,) = set(joints) - {target}
            self.state[target] = self.state[source]
            if cells[source] in "╰╯":
                del self.state[source]


def expected(graph: Graph, depth: int) -> tuple[list[list[Origin]], list[Origin], list[int]]:
    """The wires of the boxes that are shown, those of the outputs, and how many live outputs each box has."""
    at: dict[int, Origin] = {id(v): ("in", i) for i, v in enumerate(graph.inputs)}
    boxes: list[list[Origin]] = []
    live: list[int] = []

    def walk(graph: Graph, depth: int) -> None:
        used = {id(v) for n in graph.nodes for v in n.inputs} | set(map(id, graph.outputs))
        for node in graph.nodes:
            inner, _ = inside(node) if depth > 1 and not isinstance(node.box, Iteration) else (None, "")
            if inner is not None:
                at.update((id(v), at[id(o)]) for v, o in zip(inner.inputs, node.inputs, strict=True))
                walk(inner, depth - 1)
                at.update((id(o), at[id(v)]) for v, o in zip(inner.outputs, node.outputs, strict=True))
                continue
            boxes.append([at[id(v)] for v in node.inputs])
            outs = [v for v in node.outputs if id(v) in used]
            live.append(len(outs))
            at.update((id(v), (len(boxes) - 1, i)) for i, v in enumerate(outs))

    walk(graph, depth)
    return boxes, [at[id(v)] for v in graph.outputs], live


def assert_read_back(graph: Graph, depth: int) -> None:
    boxes, ends, live = expected(graph, depth)
    picture = write(graph, "", depth, 400).partition("\n\n")[2].partition("\n\n")[0]
    read = Reader(picture, len(ends), live)
    assert [sorted(set(map(repr, b))) for b in read.boxes] == [sorted(set(map(repr, b))) for b in boxes]
    assert sorted(map(repr, read.ends)) == sorted(map(repr, ends))


def linear() -> Diagram:
    return Leaf(Linear(Dim.const(8)))


def diagrams() -> st.SearchStrategy[Diagram]:
    """Random maps of one wire of R[8] to itself, with branches inside."""
    return st.recursive(st.sampled_from([linear(), Leaf(Identity())]), _larger, max_leaves=24)


def _larger(inner: st.SearchStrategy[Diagram]) -> st.SearchStrategy[Diagram]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.lists(inner, min_size=1, max_size=6).map(lambda parts: Then(tuple(parts))),
        st.lists(st.tuples(st.just(1), inner), min_size=2, max_size=4).map(lambda parts: Sum(tuple(parts))),
        pair.map(lambda p: Fan(p) >> Leaf(Swap()) >> Tensor(p) >> Leaf(Add())),
        pair.map(lambda p: Leaf(Copy()) >> Tensor((p[0], p[1] >> Leaf(Drop())))),
        st.tuples(inner, st.integers(2, 9)).map(lambda p: Repeat(p[0], Dim.const(p[1]))),
        inner.map(lambda body: Leaf(Block("part", body))),
        pair.map(lambda p: Fan(p) >> Leaf(Block("two", Leaf(Swap()) >> Tensor(p))) >> Leaf(Add())),
    )


@given(diagrams(), st.integers(1, 4))
def test_the_rails_say_the_graph(diagram: Diagram, depth: int) -> None:
    assert_read_back(graph_of(diagram, [real(8)]), depth)


@pytest.mark.parametrize("name", ["gpt2", "unet", "llama", "resnet18", "vit", "mlp_mixer"])
def test_the_rails_say_the_models(name: str) -> None:
    graph = unwrapped(model(name))
    for depth in (1, 2, 4):
        assert_read_back(graph, depth)


@pytest.mark.parametrize("name", ["tied", "dropped", "ends"])
def test_the_rails_say_several_wires(name: str) -> None:
    assert_read_back(unwrapped(Program.from_text(PROGRAM)[name](**CASES[name]).graph), 1)


# -- limits ------------------------------------------------------------------------------------------------


def wide(count: int) -> Graph:
    """A value that is used `count` times, by boxes whose results are all summed."""
    start = Value(real(4))
    nodes = []
    for _ in range(count):
        node = Node(Linear(Dim.const(4)), (start,))
        node.outputs = (Value(real(4), node),)
        nodes.append(node)
    total = Node(Add(), tuple(n.outputs[0] for n in nodes))
    total.outputs = (Value(real(4), total),)
    return Graph("wide", (start,), total.outputs, (*nodes, total))


def test_wires_without_a_column_go_on_by_number() -> None:
    text = shown(wide(100), 80)
    ends = [int(n) for n in re.findall(r"→\((\d+)\)$", text, re.MULTILINE)]
    assert ends == list(range(1, len(ends) + 1))
    assert len(ends) > 60
    assert f"⊕{'─┴' * (100 - len(ends) - 2)}─╯ (1..{len(ends)})→" in text
    assert max(map(columns_of, text.splitlines())) <= 80
    assert "goes on at (n)→" in text


@pytest.mark.parametrize("count", [500, 5000])
def test_large_pictures_end(count: int) -> None:
    graph = wide(count)
    started = time.perf_counter()
    shown(graph)
    assert time.perf_counter() - started < count / 250  # a guard against quadratic growth, not a measure


HOSTILE = ["a\x1b[31mb", "\u202eevil", "\ud800", "x" * 500, "中文" * 40, "a\nb", "■ ├ │"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_row(name: str) -> None:
    value = Value(real(3), name=name)
    node = Node(Linear(Dim.const(3)), (value,), label=name)
    node.outputs = (Value(real(3), node),)
    text = write(Graph(name, (value,), node.outputs, (node,)), name, 1, 60)
    assert len(text.splitlines()) == 7
    assert max(map(columns_of, text.splitlines())) <= 60
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e\ud800]", text)


# -- the command -------------------------------------------------------------------------------------------


def test_the_command_takes_the_width_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["draw", str(ROOT / "examples" / "models" / "gpt2.cat"), "gpt2", "--text"]
    monkeypatch.setenv("COLUMNS", "81")
    assert main(command) == 0
    assert capsys.readouterr().out == shown(model("gpt2"), 80)
    assert main([*command, "--width", "60", "--depth", "1", "--ascii"]) == 0
    assert capsys.readouterr().out == shown(model("gpt2"), 60, 1, ascii=True)


def test_python_gives_the_same() -> None:
    diagram = Program.from_text(PROGRAM)["stack"](w=3, d=4)
    assert draw(diagram, "text") + "\n" == shown(diagram.graph, 100)
    assert diagram.draw("text") == draw(diagram, "text")
