"""Printing: golden files, and the laws that printing and reading must obey."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catnet.diagnostics import Source
from catnet.syntax import formatter, tree
from catnet.syntax.formatter import format_expression, format_file, format_item, format_source
from catnet.syntax.parser import parse, parse_expression, parse_type
from tests.syntax.samples import DESIGN, EVERYTHING
from tests.syntax.strategies import arrows, expressions, files

CASES = sorted((Path(__file__).parent / "cases").glob("*.cat"))
MARKER = "# ================ becomes\n"

widths = st.sampled_from([1, 20, 60, 100, 10_000])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """A file holds what is read, the marker, and what is printed; without a marker, both are the same."""
    given_text, marker, wanted = path.read_text(encoding="utf-8").partition(MARKER)
    wanted = wanted if marker else given_text
    assert format_source(Source(path.name, given_text)) == (wanted, [])
    assert format_source(Source(path.name, wanted)) == (wanted, [])


def test_there_are_cases() -> None:
    assert len(CASES) >= 5


@given(expressions, widths)
def test_expressions_read_back(expr: tree.Expr, width: int) -> None:
    text = format_expression(expr, width)
    again = parse_expression(Source("<test>", text))
    assert again == expr
    assert format_expression(again, width) == text


@given(arrows, widths)
def test_types_read_back(arrow: tree.Arrow, width: int) -> None:
    assert parse_type(Source("<test>", format_expression(arrow, width))) == arrow


@given(files, widths)
def test_files_read_back(file: tree.File, width: int) -> None:
    text = format_file(file, width)
    again, diagnostics = parse(Source("<test>", text))
    assert not diagnostics
    assert again == file
    assert format_file(again, width) == text
    assert not re.search(r"[ \t]\n", re.sub(r'"[^"\n]*"', '""', text))


@given(files, st.data(), widths)
def test_comments_survive(file: tree.File, data: st.DataObject, width: int) -> None:
    """Comments strewn between tokens all come back, and a second pass changes nothing."""
    pieces = re.split(r'((?:"(?:[^"\\]|\\.)*"|\w+|[^\w\s"])+|\s+)', format_file(file, 60))
    places = [n for n, piece in enumerate(pieces) if piece.isspace()]
    if not places:
        return
    chosen = data.draw(st.lists(st.sampled_from(places), max_size=6, unique=True))
    ends = st.sampled_from([" # c{}\n", "\n# c{}\n", "\n# c{}\n\n"])
    for number, place in enumerate(sorted(chosen)):
        pieces[place] = data.draw(ends).format(number)
    source = Source("<test>", "".join(pieces))
    text, diagnostics = format_source(source, width)
    assert not diagnostics
    assert sorted(re.findall(r"# (c\d+)$", text, re.MULTILINE)) == sorted(f"c{n}" for n in range(len(chosen)))
    assert format_source(Source("<test>", text), width) == (text, [])


@pytest.mark.parametrize("text", [DESIGN, EVERYTHING])
def test_samples_read_back(text: str) -> None:
    printed, diagnostics = format_source(Source("x.cat", text))
    assert not diagnostics
    assert parse(Source("y.cat", printed))[0] == parse(Source("x.cat", text))[0]


SPACING = [
    *("3*d", "(h + 2*p - k)//s + 1", "d//heads", "h % 2^depth == 0", "gate * up >> down", "f ^ -1", "f ^ n"),
    *("2^(n - 1)", "R[h*w, d^2]", "f @ g >> h", "(f >> g) @ h", "(if a then b else c) >> d", "-a", "f(-1)"),
    *(
        "a >> if b then c else d",
        "R[...s, d]",
        "seq(i in 0..n, f(i))",
        "h: block ^ 12",
        "h: (block ^ 12)",
        "()",
    ),
    *("(a, b)", "not (a and b)", "not a == b", "(a == b) == c", "(x: R[t]) -> R[t]", "a >> (b >> c)", "1e-5"),
]


@pytest.mark.parametrize("text", SPACING)
def test_spacing(text: str) -> None:
    assert (
        format_expression(parse_type(Source("", text)) if "->" in text else parse_expression(Source("", text))) == text
    )


def test_unicode_becomes_ascii() -> None:
    printed, _ = format_source(Source("x.cat", "net f : ℝ[a] ⊗ X → Y where a ≠ 2, b ≤ 3 = f ≫ g(a − 1)"))
    assert printed == "net f : R[a] @ X -> Y where a != 2, b <= 3 = f >> g(a - 1)\n"


def test_trees_built_by_hand() -> None:
    part = tree.Call(tree.Name("linear"), (tree.Arg(None, tree.Number(-3)), tree.Arg("bias", tree.Truth(False))))
    assert format_expression(tree.Chain((part, tree.Negate(tree.Number(2))))) == "linear(-3, bias = false) >> -2"
    assert format_item(tree.Law("l", (), part, part, comments=("why",))).startswith("# why\nlaw l : linear(-3")


def test_a_limit_stops_early_even_where_a_tree_is_shared() -> None:
    net: tree.Expr = tree.Name("f")
    for _ in range(60):
        net = tree.Fan((net, net))  # 2^60 leaves, 61 nodes
    assert len(format_expression(net, limit=200)) < 600


def test_deep_trees_built_by_hand_print() -> None:
    net: tree.Expr = tree.Name("f")
    for _ in range(5_000):
        net = tree.Sum(tree.Name("id"), (("+", net),))
    assert format_expression(net, 10**9).count("id") == 5_000


def test_a_source_with_errors_comes_back_unchanged() -> None:
    text = "net  f : X -> X = id\nnet g"
    printed, diagnostics = format_source(Source("x.cat", text))
    assert printed == text
    assert [d.code for d in diagnostics] == ["E0101"]


@pytest.mark.parametrize("wrong", ["", "net f : X -> X = g\n", "net f : X -> X = id\n", "net ("])
def test_output_that_means_something_else_is_refused(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatter, "format_file", lambda file, width: wrong)
    text = "# said\nnet f : X -> X = id"
    printed, diagnostics = format_source(Source("x.cat", text))
    assert printed == text
    assert [d.code for d in diagnostics] == ["E0107"]


def test_an_empty_file() -> None:
    assert format_source(Source("x.cat", "\n \n")) == ("", [])
