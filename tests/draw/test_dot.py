"""DOT text: the order of arguments, nets as clusters, feedback, and that Graphviz reads it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from catnet.draw import draw_graph
from catnet.draw.words import unwrapped
from catnet.elaborate.program import Program

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"
PROGRAM = """
net cell(h) : R[d] @ R[h] -> R[h] @ R[h] = concat >> linear(h) >> tanh >> copy
net scanned(h) : (s: R[h], x: R[t, d]) -> R[t, h] @ R[h] = s @ x >> step: scan(cell(h), over = t)
net traced(h) : R[d] -> R[h] = trace(cell(h), steps = 3) >> relu
net field : R[d] @ R -> R[d] = id @ drop >> linear(d) >> tanh
net flowing : R[d] -> R[d] = flow(field)
net halves : R[d] -> R[e] where d == 2*e = chunk(2) >> swap >> sub
net sub : (a: R[d], b: R[d]) -> R[d] { return a - b }
"""
CASES = {"scanned": {"h": 4, "d": 3}, "traced": {"h": 4, "d": 3}, "flowing": {"d": 3}, "halves": {"d": 6, "e": 3}}


def dot(name: str, depth: int = 3) -> str:
    return draw_graph(unwrapped(Program.from_text(PROGRAM)[name](**CASES[name]).graph), "dot", depth=depth)


def edges(text: str) -> list[tuple[str, str, str]]:
    """Source, target and attributes of every edge, with nodes named by what is written in them."""
    names = {name: label.strip('"') for name, label in re.findall(r"(?m)^\s*(n\d+) \[label=(\"[^\"]*\"|\w+)", text)}
    found = re.findall(r"(?m)^\s*(n\d+) -> (n\d+) \[(.*)\]$", text)
    return [(names[a] or a, names[b] or b, more) for a, b, more in found]


@pytest.mark.parametrize("name", ["scanned", "traced"])
def test_golden_feedback(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.dot", dot(name))


def test_arguments_and_results_are_numbered() -> None:
    found = edges(dot("halves", depth=1))
    between = sorted(
        re.findall(r"(headlabel|taillabel)=(\d)", more)[0:2] for a, _, more in found if a.startswith("chunk")
    )
    assert between == [[("headlabel", "1"), ("taillabel", "2")], [("headlabel", "2"), ("taillabel", "1")]]


@pytest.mark.parametrize("name", ["scanned", "traced"])
def test_what_is_fed_back_is_an_edge_against_the_others(name: str) -> None:
    back = [(a, more) for a, _, more in edges(dot(name)) if "next step" in more]
    assert [a for a, _ in back] == ["tanh"]
    assert "constraint=false" in back[0][1]
    assert "style=dashed" in back[0][1]
    assert not [more for *_, more in edges(dot(name, depth=1)) if "next step" in more]


def test_the_state_of_a_scan_comes_from_the_wire_without_its_axis() -> None:
    text = dot("scanned")
    inner = re.findall(r"(n\d+) \[label=\"\" shape=point", text)  # of the step: first the entry of x, then s
    assert re.search(rf'n2 -> {inner[0]} \[label="R\[t, 3\]"', text)
    assert re.search(rf'n1 -> {inner[1]} \[label="R\[4\]"', text)


def test_a_solver_stays_closed() -> None:
    assert "subgraph" not in dot("flowing")


@pytest.mark.skipif(shutil.which("dot") is None, reason="the program dot is not installed")
@pytest.mark.parametrize("name", [*CASES, "gpt2", "unet", "densenet121"])
def test_graphviz_reads_it(name: str) -> None:
    if name in CASES:
        text = dot(name)
    else:
        text = draw_graph(Program(ROOT / "examples" / "models" / f"{name}.cat")[name]().graph, "dot", depth=3)
    done = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\nedge ") == text.count(" -> n")
