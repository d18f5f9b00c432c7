"""Whatever the input: diagnostics and never an exception, in time that grows with the length."""

from __future__ import annotations

import gc
import sys
import threading
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catnet.diagnostics import CatnetError, Source
from catnet.syntax import tree
from catnet.syntax.formatter import format_source
from catnet.syntax.parser import parse, parse_expression, parse_type
from tests.syntax.samples import DESIGN, EVERYTHING, items

PIECES = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ">>",
    "->",
    "=",
    "==",
    ",",
    ":",
    '"',
    "#",
    "\n",
    "net ",
    "if ",
    "return ",
]
PIECES += [
    "0..",
    "...",
    "^",
    "-",
    "9" * 30,
    "_",
    "ℝ",
    "⊗",
    "é",
    "²",
    "\x00",
    "\ufeff",
    "\u2028",
    "\ud800",
    "\r",
    "a",
]

edits = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 3), st.sampled_from(PIECES)),
    min_size=1,
    max_size=6,
)


COMMENTS = (Path(__file__).parent / "cases" / "comments.cat").read_text(encoding="utf-8").split("# ====")[0]


@given(st.sampled_from([DESIGN, EVERYTHING, COMMENTS]), edits)
def test_edited_sources_give_diagnostics(text: str, changes: list[tuple[float, int, str]]) -> None:
    for where, cut, piece in changes:
        place = int(where * len(text))
        text = text[:place] + piece + text[place + cut :]
    check(text)


@given(st.text(max_size=60))
def test_any_text_gives_diagnostics(text: str) -> None:
    check(text)


@given(st.lists(st.sampled_from([*PIECES, "then ", "else ", "f", " ", "@", "where ", "import "]), max_size=25))
def test_any_tokens_give_diagnostics(pieces: list[str]) -> None:
    check("net f : X -> X = " + "".join(pieces))


def check(text: str) -> None:
    source = Source("fuzz.cat", text)
    file, diagnostics = parse(source)
    for diagnostic in diagnostics:
        assert diagnostic.code.startswith("E01")
        assert diagnostic.span is not None
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
        assert diagnostic.render()
    starts = [item.span.start for item in file.items if item.span is not None]
    assert len(starts) == len(file.items)
    assert all(a < b for a, b in pairwise(starts))
    printed, problems = format_source(source)
    assert not any(d.code == "E0107" for d in problems)
    if not problems:
        assert format_source(Source("again.cat", printed)) == (printed, [])
    for read in (parse_expression, parse_type):
        with suppress(CatnetError):
            read(source)


@pytest.mark.parametrize("opening", ["(", "[", "{", "f(", "R[", "f({[", "-", "not ", "if a then b else ", "a: "])
@pytest.mark.parametrize("count", [50, 150, 1_000, 20_000])
def test_deep_nesting(opening: str, count: int) -> None:
    file, diagnostics = parse(Source("deep.cat", "net a : X -> X = " + opening * count))
    assert not file.items
    assert len(diagnostics) == 1


def test_many_parentheses_are_refused_and_few_are_not() -> None:
    for count, ok in [(150, True), (1_500, False)]:
        file, diagnostics = parse(Source("x.cat", "net a : X -> X = " + "(" * count + "f" + ")" * count))
        assert bool(file.items) is ok
        assert [d.code for d in diagnostics] == ([] if ok else ["E0102"])


def test_a_long_chain_is_flat() -> None:
    (net,) = items("net a : X -> X = " + " >> ".join(["relu"] * 20_000))
    assert isinstance(net, tree.Net)
    assert isinstance(net.body, tree.Chain)
    assert len(net.body.parts) == 20_000
    text = "net a : X -> X =\n    " + "\n >> ".join(["relu"] * 20_000) + "\n"
    assert format_source(Source("x.cat", text)) == (text, [])


@pytest.mark.parametrize("token", ["x" * 500_000, "9" * 500_000, "é²" * 200_000, '"' + "x" * 500_000])
def test_a_long_token_costs_no_more_than_its_length(token: str) -> None:
    for text in (f"net a : X -> X = {token} )", f"net a : X -> X = {token} net = ", token):
        _, diagnostics = parse(Source("x.cat", text))
        assert len(diagnostics) == 1
        assert len(diagnostics[0].render()) < 2_000


def test_many_comments_inside_an_item() -> None:
    text = "net a : X -> X {\n" + "# said\n" * 50_000 + "return id\n" + "# more\n" * 50_000 + "}\n"
    (net,) = items(text)
    assert isinstance(net, tree.Net)
    assert isinstance(net.body, tree.Body)
    assert len(net.body.result.comments) == 100_000


def test_ten_thousand_boxes_and_a_long_body() -> None:
    lines = "".join(f"    x{i + 1} = x{i} >> l{i}: linear(2*d + {i})\n" for i in range(10_000))
    (net,) = items(f"net a : (x0: X) -> X {{\n{lines}    return x10000\n}}")
    assert isinstance(net, tree.Net)
    assert isinstance(net.body, tree.Body)
    assert len(net.body.statements) == 10_000


def test_the_recursion_limit_is_never_near() -> None:
    text = "net a : X -> X = " + "f(" * 90 + "x" + ")" * 90
    frame, depth = sys._getframe(), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1  # type: ignore[assignment]
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 100)
    try:
        file, diagnostics = parse(Source("x.cat", text))
    finally:
        sys.setrecursionlimit(limit)
    assert not diagnostics
    assert len(file.items) == 1


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collection_is_left_as_it_was(enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        parse(Source("x.cat", DESIGN + "net ("))
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_threads_do_not_mix_their_sources() -> None:
    failures: list[str] = []

    def work(number: int) -> None:
        name = f"n{number}"
        source = Source(name, f"net {name} : X -> X = f(") if number % 2 else Source(name, f"net {name} : X -> X = f")
        for _ in range(30):
            file, diagnostics = parse(source)
            spans = [d.span for d in diagnostics] + [item.span for item in file.items]
            if any(span is None or span.source is not source for span in spans):
                failures.append(name)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
