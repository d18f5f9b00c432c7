"""PDF and PNG: what is written, how large, and what is said where the maker is missing."""

from __future__ import annotations

import re
import struct
import sys
from pathlib import Path

import pytest

from catnet.cli import main
from catnet.cli.draw import FORMATS
from catnet.diagnostics import CatnetError
from catnet.draw import draw
from catnet.draw.convert import LONGEST, MOST_PIXELS, SHARP, convert, scale_of, size
from catnet.elaborate.program import Program

SPEC = "net chain(w) : R[d] -> R[10] = linear(w) >> relu >> linear(10)\n"
BEGINS = {
    ".svg": b"<svg",
    ".pdf": b"%PDF",
    ".png": b"\x89PNG",
    ".tex": b"% chain",
    ".dot": b"digraph",
    ".gv": b"digraph",
}


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.cat").write_text(SPEC, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("suffix", FORMATS)
def test_render_writes_the_format_of_the_name(suffix: str, spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if suffix in (".pdf", ".png"):
        pytest.importorskip("cairosvg", reason="the extra `pictures` is not installed")
    assert main(["render", "net.cat", "chain", "-p", "w=64", "-o", f"net{suffix.upper()}"]) == 0
    assert (spec / f"net{suffix.upper()}").read_bytes().startswith(BEGINS[suffix])
    assert capsys.readouterr().out == f"wrote net{suffix.upper()}\n"
    assert {p.name for p in spec.iterdir()} == {"net.cat", f"net{suffix.upper()}"}


def test_an_unknown_format_is_refused_before_anything_is_read(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "none.cat", "chain", "-o", "net.gif"]) == 2
    assert "E0605" in capsys.readouterr().err


@pytest.mark.parametrize("format", ["pdf", "png"])
def test_without_cairosvg_the_message_says_how_to_get_it(
    format: str, spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    assert main(["render", "net.cat", "chain", "-p", "w=64", "-o", f"net.{format}"]) == 2
    error = capsys.readouterr().err
    assert "error[E0608]" in error
    assert "pip install 'catnet[pictures]'" in error
    assert not (spec / f"net.{format}").exists()


def test_without_the_cairo_library_the_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "cairosvg":
                raise OSError("no library called cairo was found")

    monkeypatch.delitem(sys.modules, "cairosvg", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(CatnetError) as caught:
        convert("<svg>", "pdf")
    assert caught.value.diagnostics[0].code == "E0608"
    assert "Cairo library" in caught.value.diagnostics[0].message


def test_a_png_has_twice_the_size_of_the_svg_and_shows_the_page() -> None:
    pytest.importorskip("cairosvg", reason="the extra `pictures` is not installed")
    diagram = Program.from_text(SPEC)["chain"](w=64)
    made, (width, height) = draw(diagram, "png"), size(draw(diagram))
    assert struct.unpack(">II", made[16:24]) == (round(SHARP * width), round(SHARP * height))
    page = draw(diagram, "pdf")
    box = re.search(rb"/MediaBox \[ ([\d. ]+) \]", page)
    assert box is not None
    assert [float(n) for n in box[1].split()][2:] == pytest.approx([width * 0.75, height * 0.75], abs=0.02)


@pytest.mark.parametrize(("width", "height"), [(10.0, 10.0), (1100.0, 900.0), (50_000.0, 30.0), (20_000.0, 30_000.0)])
def test_the_size_of_a_png_is_bounded(width: float, height: float) -> None:
    scale = scale_of(width, height)
    assert 0 < scale <= SHARP
    assert max(width, height) * scale <= LONGEST + 1
    assert width * height * scale**2 <= MOST_PIXELS * 1.001
