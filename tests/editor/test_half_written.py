"""Whatever stands in the file, and wherever the cursor is, an editor gets an answer and no exception."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest

from catnet.diagnostics import CatnetError
from catnet.editor.changes import actions, formatting
from catnet.editor.completion import call_at, complete
from catnet.editor.hints import hints
from catnet.editor.hover import hover
from catnet.editor.outline import meanings, outline
from catnet.editor.rename import nameable, rename
from catnet.editor.session import Session

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(p for folder in ("examples", "catnet/std", "tests/syntax") for p in (ROOT / folder).rglob("*.cat"))
JUNK = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    '"',
    "#",
    "\n",
    ",",
    "=",
    ":",
    "_",
    "𝒳",
    "\u0301",
    "\0",
    "\ufeff",
    "net ",
    "...",
    "9" * 40,
]


def half_written(text: str, rng: random.Random) -> str:
    """A text that ends somewhere, lacks a stretch, or has something strange in it."""
    at = rng.randrange(len(text) + 1)
    kind = rng.randrange(3)
    if kind == 0:
        return text[:at]
    if kind == 1:
        return text[:at] + text[at + rng.randrange(40) :]
    return text[:at] + rng.choice(JUNK) + text[at:]


def everything(session: Session, path: Path, text: str, rng: random.Random) -> None:
    session.change(path, text)
    view = session.read(path)
    for offset in {0, len(text), *(rng.randrange(len(text) + 1) for _ in range(8))}:
        for offer in complete(view, offset):
            assert offer.word
        call_at(view, offset)
        found = hover(view, offset)
        assert found is None or (found[0].start <= offset <= found[0].end and found[1])
        if nameable(view, offset) is not None:
            with contextlib.suppress(CatnetError):  # the name is taken
                assert rename([], view, offset, rng.choice(["fresh", "linear", "d"]))
    last = 0
    for place, _, _ in meanings(view):
        assert last <= place.start < place.end <= len(text)
        last = place.end
    list(outline(view))
    formatting(view)


def checked(session: Session, path: Path, text: str) -> None:
    view = session.checked(path)
    session.diagnostics()
    for hint in hints(view, 0, len(text)):
        assert 0 <= hint.offset <= len(text)
    list(actions(view, 0, len(text)))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_half_written_files(path: Path) -> None:
    rng, session = random.Random(path.name), Session()
    text = path.read_text(encoding="utf-8")
    for turn in range(4):
        now = half_written(text, rng)
        everything(session, path, now, rng)
        if turn == 0:
            checked(session, path, now)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_many_half_written_files(path: Path) -> None:
    rng, session = random.Random(path.name), Session()
    text = path.read_text(encoding="utf-8")
    now = text
    for turn in range(60):
        now = half_written(now if rng.random() < 0.7 else text, rng)
        everything(session, path, now, rng)
        if turn % 4 == 0:
            checked(session, path, now)
