"""Answers that are kept from one edit to the next are those that a fresh program gives."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from catnet.codes import CODES
from catnet.diagnostics import CatnetError, Diagnostic, Source, Span
from catnet.editor.checking import Superseded, Workspace
from catnet.editor.pieces import lay_out
from catnet.editor.session import Session
from catnet.editor.view import View
from catnet.elaborate.program import Program

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(p for folder in ("examples", "catnet/std", "tests/syntax") for p in (ROOT / folder).rglob("*.cat"))
EXAMPLES = [(code.code, code.bad) for code in CODES.values() if code.bad and code.stage == "check"]

Told = tuple[str, str, str, object, tuple[tuple[str, object], ...]]

START = """
from "std/transformer.cat" import block, attention

group O = O(3)
rep V = 2*trivial(O) + vector(O)

# Points go to a number.
net energy(h = 8) : R[n, V] -> R[1] under S(n) on n, O = linear(V) >> norm >> linear(h) >> sum(over = n) >> linear(1)

net mlp(k) : R[t, d] -> _ = linear(k) >> relu >> linear(d)

net both(heads) : R[t, d] -> R[t, d] where d % heads == 0 =
    id + (layer_norm >> attention(heads)) >> id + mlp(2*d)

net turned : R[d] -> R[d] = swapped ^ -1

net swapped : R[d] -> R[d] = flip(axis = -1)

law halves(d) : linear(d) >> id == linear(d)

net last(k) : (x: R[t, d]) -> R[t, k] {
    share w = linear(k)
    y = x >> w
    return y >> both(1)
}
"""
POOL = [
    "linear",
    "relu",
    "mlp",
    "both",
    "id",
    "d",
    "t",
    "k",
    "V",
    "O",
    "n",
    "swapped",
    "last",
    "block",
    "3",
    "7",
    "layer_norm",
]
JUNK = [
    "(",
    ")",
    "[",
    ">>",
    "\n",
    "# remark\n",
    "net ",
    '"',
    " = ",
    "_",
    ",",
    "where ",
    "𝒳",
    "\n\nnet g : R[t] -> R[t] = id\n\n",
]


def told(diagnostics: list[Diagnostic], place: object) -> list[Told]:
    """Diagnostics as data, with what `place` makes of a span."""
    return [
        (
            d.code,
            d.message,
            d.help,
            d.span and place(d.span),
            tuple((n.text, n.span and place(n.span)) for n in d.notes),
        )  # type: ignore[operator]
        for d in diagnostics
    ]


def fresh(path: Path) -> list[Told]:
    def place(span: Span) -> object:
        return (Path(span.source.name).name, span.start, span.end)

    try:
        return told(Program(path).check(), place)
    except CatnetError as error:
        return told(list(error.diagnostics), place)


def edited(workspace: Workspace, path: Path) -> list[Told]:
    try:
        program = workspace.program(path)
        view = View(workspace, path, program, program.check())
    except CatnetError as error:
        return told(list(error.diagnostics), lambda span: None)

    def place(span: Span) -> object:
        found = view.place(span)
        return (found.path.name, found.start, found.end) if found is not None else None

    return told(view.diagnostics, place)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_is_told_the_same(path: Path) -> None:
    assert edited(Workspace(), path) == fresh(path)


@pytest.fixture(scope="module")
def shared() -> Workspace:
    return Workspace()


@pytest.mark.parametrize(("code", "text"), EXAMPLES, ids=[code for code, _ in EXAMPLES])
def test_every_code_is_told_the_same(code: str, text: str, tmp_path: Path, shared: Workspace) -> None:
    path = tmp_path / "bad.cat"
    path.write_text(text, encoding="utf-8")
    found = edited(shared, path)
    assert found == fresh(path)
    assert found, f"{code} has a bad example"


def mutated(text: str, rng: random.Random) -> str:
    """A text with one of the changes that people make: a word, a sign, an item that moves, goes or is copied."""
    kind = rng.randrange(6)
    if kind < 3:
        words = list(re.finditer(r"\w+", text))
        word = rng.choice(words)
        return text[: word.start()] + rng.choice(POOL) + text[word.end() :] if words else text
    if kind == 3:
        at = rng.randrange(len(text) + 1)
        return text[:at] + rng.choice(JUNK) + text[at:]
    blocks = text.split("\n\n")
    one = rng.randrange(len(blocks))
    if kind == 4:
        blocks.insert(rng.randrange(len(blocks)), blocks.pop(one))
    else:
        blocks[one : one + 1] = [] if rng.random() < 0.5 else [blocks[one], blocks[one]]
    return "\n\n".join(blocks)


def walk(seed: int, steps: int, path: Path) -> Workspace:
    """Random edits of one file, each compared with a fresh program."""
    rng, workspace = random.Random(seed), Workspace()
    text = START
    for _ in range(steps):
        text = mutated(text, rng) if rng.random() < 0.85 else START
        path.write_text(text, encoding="utf-8")
        assert edited(workspace, path) == fresh(path), text
    return workspace


@pytest.mark.parametrize("seed", range(3))
def test_edits_are_told_as_by_a_fresh_program(seed: int, tmp_path: Path) -> None:
    walk(seed, 8, tmp_path / "file.cat")


def test_what_recurses_is_asked_again_with_what_it_uses(tmp_path: Path) -> None:
    text = """
net tower(n = 2) : R[d] -> R[d] = if n == 0 then id else step >> tower(n - 1)

net step : R[d] -> R[d] = linear(d)
"""
    path, workspace = tmp_path / "file.cat", Workspace()
    for version in (text, text.replace("n - 1", "n"), text, text.replace("= 2", "= 3"), text.replace("(d)", "(3)")):
        path.write_text(version, encoding="utf-8")
        assert edited(workspace, path) == fresh(path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_edits_are_told_as_by_a_fresh_program(seed: int, tmp_path: Path) -> None:
    walk(seed, 60, tmp_path / "file.cat")


def test_only_what_depends_on_an_edit_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "file.cat"
    workspace = Workspace()
    workspace.overlay[path] = START
    edited(workspace, path)
    before = workspace.asked
    edited(workspace, path)
    assert workspace.asked == before, "nothing changed"
    workspace.overlay[path] = START.replace("\n\n", "\n\n# a remark that documents nothing\n\n", 1)
    edited(workspace, path)
    assert workspace.asked == before, "items that move are not asked again"
    workspace.overlay[path] = START.replace("y >> both(1)", "y >> both(1) >> relu")
    edited(workspace, path)
    assert workspace.asked == before + 2, "of a body that nothing looks into, the types and the claims of the net alone"


def test_a_kept_answer_that_is_wrong_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catnet.editor.checking._holds", lambda *_: True)
    path = tmp_path / "file.cat"
    workspace = Workspace()
    path.write_text("net f : R[3] -> R[4] = linear(4)\n\nnet g : R[3] -> R[4] = f\n", encoding="utf-8")
    assert edited(workspace, path) == fresh(path) == []
    path.write_text("net f : R[5] -> R[4] = linear(4)\n\nnet g : R[3] -> R[4] = f\n", encoding="utf-8")
    assert edited(workspace, path) != fresh(path)


def test_an_edit_ends_the_check_that_is_under_way(tmp_path: Path) -> None:
    session, path = Session(), tmp_path / "file.cat"
    session.change(path, START)
    questions = iter([False, False, True])
    session.workspace.superseded = lambda: next(questions)
    program = session.workspace.program(path)
    with pytest.raises(Superseded):
        program.check()
    assert [d.code for _, d in session.diagnostics()[path]] == ["E0230"]


def test_an_open_file_is_read_as_it_stands_in_the_editor(tmp_path: Path) -> None:
    one, two = tmp_path / "one.cat", tmp_path / "two.cat"
    one.write_text("net f : R[3] -> R[4] = linear(4)\n", encoding="utf-8")
    session = Session()
    session.change(two, 'from "one.cat" import f\r\n\r\nnet g : R[3] -> R[4] = f\r\n')
    assert session.diagnostics() == {two: []}
    session.change(one, "net f : R[5] -> R[4] = linear(4)\n")
    assert [d.code for _, d in session.diagnostics()[two]] == ["E0203"]
    session.change(one, "net f : R[3] -> R[4] = linear(5)\n")
    found = session.diagnostics()
    assert [d.code for _, d in found[one]] == ["E0203"]
    assert found[two] == []
    session.change(one, None)
    assert session.diagnostics() == {two: []}


def test_a_mistake_in_an_imported_file_is_told_there(tmp_path: Path) -> None:
    one, two = tmp_path / "one.cat", tmp_path / "two.cat"
    one.write_text("net f : R[3] -> R[4] = lineer(4)\n", encoding="utf-8")
    session = Session()
    session.change(two, 'from "one.cat" import f\nnet g : R[3] -> R[4] = f\n')
    found = session.diagnostics()
    assert [(place.start, d.code) for place, d in found[one]] == [(23, "E0201")]
    one.write_text("net f : R[3] -> R[4] = linear(4)\n", encoding="utf-8")
    session.touch()
    assert session.diagnostics() == {two: []}


def test_no_python_of_a_file_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "evil.py").write_text("raise SystemExit('imported')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    session, path = Session(), tmp_path / "file.cat"
    session.change(path, 'box b(k) : R[d] -> R[k] = python "evil:Thing"\nnet n : R[d] -> R[3] = b(3)\n')
    assert session.diagnostics() == {path: []}


def test_fixes_mend(tmp_path: Path) -> None:
    """Every fix of every bad example takes its diagnostic away."""
    session, path, tried = Session(), tmp_path / "file.cat", 0
    for code, text in EXAMPLES:
        session.change(path, text)
        view = session.checked(path)
        for diagnostic in view.diagnostics:
            for fix in diagnostic.fixes:
                where = view.place(fix.span)
                assert where is not None
                assert where.path == path
                tried += 1
                session.change(path, text[: where.start] + fix.text + text[where.end :])
                after = [(d.code, d.message) for d in session.checked(path).diagnostics]
                assert (diagnostic.code, diagnostic.message) not in after, (code, fix)
                session.change(path, text)
    assert tried >= 8


def test_pieces_put_together_are_the_text() -> None:
    layout = lay_out(Source("", START))
    assert [START[start:][: len(p.source.text)] for p, start in zip(layout.pieces, layout.starts, strict=True)] == [
        piece.source.text for piece in layout.pieces
    ]
    assert len(layout.file.items) == 10
