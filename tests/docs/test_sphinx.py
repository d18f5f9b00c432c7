"""The directive for Sphinx: what it puts into a page, and what it warns of and where."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

pytest.importorskip("sphinx")

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

GOOD = "net f(k) : R[d] -> R[k] = linear(k) >> relu"
BAD = "net f : R[4] -> R[5] =\n    linear(6)"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CONF = 'extensions = ["myst_parser", "catnet.sphinx_ext"]\nhtml_theme = "basic"\n'


def built(folder: Path, page: str, name: str = "index.md", builder: str = "html") -> tuple[str, str]:
    """A project of one page: the page that is made, and the warnings."""
    source, out = folder / "source", folder / "out"
    source.mkdir()
    (source / "conf.py").write_text(CONF)
    (source / name).write_text(page)
    warned = io.StringIO()
    with docutils_namespace():
        Sphinx(source, source, out, folder / "trees", builder, status=None, warning=warned).build()
    made = out / ("index.html" if builder == "html" else "index.txt")
    return made.read_text(encoding="utf-8"), COLOUR.sub("", warned.getvalue())


def markdown(text: str, *, argument: str = "", options: str = "") -> str:
    return f"# Title\n\nA word.\n\n```{{catnet}} {argument}\n{options}\n{text}\n```\n"


def test_a_text_becomes_source_picture_and_type(tmp_path: Path) -> None:
    page, warned = built(tmp_path, markdown(GOOD, argument="f", options=":params: k=3"))
    assert warned == ""
    assert page.count("<svg") == 1
    assert "f : R[d] -&gt; R[3]" in re.sub("<[^>]*>", "", page.split("</figure>")[1])
    assert '<span class="kd">net</span>' in page or '<span class="k">net</span>' in page, "the source is coloured"


def test_what_is_shown_is_chosen(tmp_path: Path) -> None:
    page, warned = built(tmp_path, markdown(GOOD, options=":show: table"))
    assert warned == ""
    assert "<svg" not in page
    assert "parameters" in page
    assert "net" not in page.split("<h1")[1].split("catnet-table")[0].replace("catnet", "")


def test_restructured_text_works_alike(tmp_path: Path) -> None:
    text = "\n".join(f"   {line}" for line in GOOD.split("\n"))
    page, warned = built(tmp_path, f"Title\n=====\n\n.. catnet:: f\n   :depth: 1\n\n{text}\n", "index.rst")
    assert warned == ""
    assert page.count("<svg") == 1


@pytest.mark.parametrize("options", ["", ":show: picture\n"])
def test_a_mistake_is_a_warning_at_its_line(tmp_path: Path, options: str) -> None:
    _, warned = built(tmp_path, markdown(BAD, options=options))
    line = markdown(BAD, options=options).split("\n").index("    linear(6)") + 1
    assert f"index.md:{line}: WARNING: error[E0203]: the body of `f` does not fit its signature" in warned
    assert warned.count("WARNING") == 1


def test_what_is_meant_to_be_wrong_is_shown(tmp_path: Path) -> None:
    page, warned = built(tmp_path, markdown(BAD, options=":error: E0203"))
    assert warned == ""
    assert "error[E0203]" in page.split("catnet-diagnostics")[1]


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        (GOOD, "E0203", "the text should be refused with E0203"),
        (BAD, "E0201", "the text should be refused with E0201"),
        (BAD, "E0203, E0206", "the text should be refused with E0206"),
    ],
)
def test_what_is_wrong_in_another_way_is_a_warning(tmp_path: Path, text: str, error: str, told: str) -> None:
    _, warned = built(tmp_path, markdown(text, options=f":error: {error}"))
    assert f"index.md:5: WARNING: {told}" in warned


@pytest.mark.parametrize(
    ("argument", "options", "told"),
    [("g", "", "E0601"), ("f", ":params: k", "E0603"), ("f", ":show: tpye", "did you mean `type`?")],
)
def test_an_option_that_is_none_is_a_warning(tmp_path: Path, argument: str, options: str, told: str) -> None:
    _, warned = built(tmp_path, markdown(GOOD, argument=argument, options=options))
    assert "index.md:5: WARNING: error[" in warned
    assert told in warned


def test_a_page_without_html_has_the_text_and_the_type(tmp_path: Path) -> None:
    page, warned = built(tmp_path, markdown(GOOD, options=":params: k=3"), builder="text")
    assert warned == ""
    assert "linear(k)" in page
    assert "f : R[d] -> R[3]" in page
