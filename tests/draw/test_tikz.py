"""The TikZ picture: golden documents, hostile names, the geometry of the SVG, and what pdflatex makes of it."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from catnet.boxes.linear import Linear
from catnet.diagrams.graph import Graph, Node, Value
from catnet.diagrams.terms import Diagram, Leaf, Then
from catnet.diagrams.typing import graph_of
from catnet.draw import draw, draw_graph
from catnet.draw.tex_text import escaped
from catnet.elaborate.program import Program
from catnet.types.dims import Dim
from catnet.types.wires import real

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"
PROGRAM = """
net residual(f: X -> X) : X -> X = id + f
# 50% of the weights, under $x$ & {y}.
net tied(k) : (x: R[d], y: R[d]) -> R[k] @ R[d] {
    share w = linear(k)
    a = x >> w
    b = y >> w
    return a - b @ (b >> transpose(w))
}
net stack(w) : R[d] -> R[d] = residual(layer_norm >> linear(w) >> relu >> dropout(0.5) >> linear(d)) ^ 12
"""
SIZES = {"tied": {"k": 3, "d": 5}, "stack": {"w": 3, "d": 4}}
HOSTILE = [
    r"\input{/etc/passwd}",
    r"\write18{id}",
    "} \\end{document}",
    "50% of $x^2_1$ & #1 ~",
    "a--b ,,``''",
    "\x00\x1b[31m^^M",
    "\u202eevil",
    "\ud800",
    "R\u2297S \u2115 caf\u00e9 \u4e2d\u6587 \U0001d53d",
    "%\n\\end",
]
EVERYTHING = "".join(
    chr(code)
    for first, last in ((0x20, 0x7F), (0xA1, 0x180), (0x370, 0x400), (0x2010, 0x2030), (0x2070, 0x20A0),
                        (0x2100, 0x2150), (0x2190, 0x2300), (0x27E0, 0x27F0), (0x4E00, 0x4E03), (0x1D400, 0x1D420))
    for code in range(first, last)
)  # fmt: skip


def picture(name: str) -> Diagram:
    return Program.from_text(PROGRAM)[name](**SIZES[name])


def named(name: str) -> Graph:
    """A graph in which everything that has a name has this one."""
    value = Value(real(3), name=name)
    node = Node(Linear(Dim.const(3)), (value,), label=name)
    node.outputs = (Value(real(3), node),)
    return Graph(name, (value,), node.outputs, (node,), doc=(name,))


@pytest.mark.parametrize("name", SIZES)
def test_golden(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.tex.txt", draw(picture(name), "tex"))


def test_it_has_the_boxes_and_colours_of_the_svg_in_their_places() -> None:
    diagram = picture("stack")
    svg, tex = draw(diagram), draw(diagram, "tex")
    rects = [e.attrib for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect") if "x" in e.attrib]
    found = re.findall(r"\(([\d.]+),([\d.]+)\) rectangle \(([\d.]+),([\d.]+)\);", tex)[1:]  # the first is the page
    assert len(rects) == len(found) > 4
    for rect, corners in zip(rects, found, strict=True):
        x, y, width, height = (float(rect[name]) for name in ("x", "y", "width", "height"))
        assert [float(n) for n in corners] == pytest.approx([x, y, x + width, y + height], abs=0.21)
    colours = {c.upper() for c in re.findall(r'(?:fill|stroke)="#(\w{6})"', svg)} - {"FFFFFF"}
    assert colours <= set(re.findall(r"\{HTML\}\{(\w{6})\}", tex))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    text = draw_graph(named(name), "tex", title=name)
    assert text.isascii() or not re.search(r"[^\x00-\x7f]", re.sub(r"(?m)^%.*", "", text))
    body = re.sub(r"(?m)^%.*", "", text)
    assert not re.search(r"\\(input|write|end\{document\}.*\n.)", body.replace("\\end{document}\n", "", 1))
    assert body.count("{") - body.count("\\{") == body.count("}") - body.count("\\}")
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", text)


def test_a_picture_too_large_for_tex_is_made_smaller() -> None:
    graph = graph_of(Then(tuple(Leaf(Linear(Dim.const(8))) for _ in range(6000))), [real(8)])
    text = draw_graph(graph, "tex")
    numbers = [float(n) for n in re.findall(r"(?<=[(,])-?[\d.]+(?=[,)])", text)]
    assert max(numbers) <= 15_000
    assert max(numbers) > 10_000


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("what", ["tied", "stack", "gpt2", "unet", "hostile", "characters"])
def test_pdflatex_sets_it_on_one_page(what: str, tmp_path: Path) -> None:
    if what in SIZES:
        text = draw(picture(what), "tex")
    elif what == "hostile":
        text = "\n".join(draw_graph(named(" ".join(HOSTILE)), "tex").splitlines())
    elif what == "characters":
        page = draw_graph(named("x"), "tex")
        words = "\n\n".join(escaped(EVERYTHING[i : i + 40]) for i in range(0, len(EVERYTHING), 40))
        text = page.replace(r"\end{document}", rf"\vbox to 0pt{{{words}\vss}}" + "\n\\end{document}")
    else:
        text = draw(Program(ROOT / "examples" / "models" / f"{what}.cat")[what](), "tex")
    (tmp_path / "net.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "net.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    log = (tmp_path / "net.log").read_text(encoding="utf-8", errors="replace")
    assert "Missing character" not in log
    if what != "characters":
        assert re.search(r"Output written on net.pdf \(1\s+page", log)
