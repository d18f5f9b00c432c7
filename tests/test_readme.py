"""The README keeps its word: its spec is the example's, its Python runs, its mistake gets what is printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

import catnet
from catnet.elaborate.program import Program
from catnet.elaborate.proving import proofs

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def block(start: str) -> str:
    return next(text for _, text in BLOCKS if text.startswith(start))


def test_the_spec_is_that_of_the_example() -> None:
    shown = Program.from_text(block("# Convolution"))
    assert shown.check() == []
    example = catnet.load(ROOT / "examples/digits/digits.cat")
    assert shown["classifier"]() == example["classifier"]()


def test_the_model_at_the_top_is_that_of_the_example() -> None:
    example = (ROOT / "examples/models/gpt2.cat").read_text()
    rest = example[: example.index("# A block normalises")]
    shown = Program.from_text(rest + block("net block"))
    assert shown.check() == []
    sizes = {"layers": 12, "heads": 12, "d": 768, "vocab": 50257, "context": 1024}
    made = catnet.load(ROOT / "examples/models/gpt2.cat")["gpt2"]()
    assert shown["gpt2"](**sizes) == made
    assert (ROOT / "docs/pictures/gpt2.svg").read_text() == made.draw(depth=2, direction="down")


def test_the_strip_that_is_shown_is_proved_and_a_stride_is_refused() -> None:
    text = block("bundle Moebius")
    program = Program.from_text(text)
    assert program.check() == []
    assert {p.word for p in proofs(program["reader"]())} == {"proved"}
    wide = text.replace("where l >= 1", "where l >= 2, h >= 2")
    strided = wide.replace("strip_relu >> strip_pool", "max_pool(2) >> global_avg_pool")
    assert Program.from_text(wide).check() == []
    found = Program.from_text(strided).check()
    assert {d.code for d in found} == {"E0731"}
    assert "max_pool" in found[0].message


def test_the_python_runs(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    exec(block("import catnet"), {})


def test_a_trained_module_loads_into_a_faster_one(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {"catnet": catnet}
    exec(block('model = catnet.compile("examples/models/resnet18.cat"'), names)
    image = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(names["fast"](image), names["model"].eval()(image), rtol=1e-4, atol=1e-4)


def test_the_symmetry_that_is_shown_is_proved() -> None:
    program = Program.from_text(block("group O"))
    assert program.check() == []
    assert [str(p) for p in proofs(program["energy"]()) if p.word == "proved"] == ["S(n) on n", "O"]


def test_the_mistake_gets_the_diagnostics_that_are_printed() -> None:
    program = Program.from_text(block("net attention"), "attention.cat")
    shown = "\n\n".join(d.render() for d in program.check())
    assert shown.strip() == block("error[").strip()


def test_the_picture_is_that_of_the_example() -> None:
    drawn = catnet.load(ROOT / "examples/digits/digits.cat")["classifier"]().draw()
    assert (ROOT / "docs/pictures/classifier.svg").read_text() == drawn
