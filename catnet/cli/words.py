"""The vocabulary for a terminal: which boxes there are, what each does, and which static arguments it takes."""

from __future__ import annotations

import inspect

import catnet.boxes  # noqa: F401  (fills the vocabulary)
from catnet.diagnostics import fail
from catnet.diagrams.box import VOCABULARY, Box
from catnet.editor.describe import call
from catnet.types.spelling import nearest

WIDTH = 110


def page(name: str) -> str:
    """What a box does, with its static arguments and their defaults; raises `CatnetError` (E0604)."""
    cls = VOCABULARY.get(name)
    if cls is None:
        listed = "`catnet explain` lists the codes, `catnet explain boxes` the boxes"
        fail("E0604", f"there is no code and no box `{name}`", help=nearest(name, VOCABULARY) or listed)
    return f"{call(cls)}\n\n{inspect.getdoc(cls)}\n"


def listing() -> str:
    """All boxes by family, each with the beginning of what it does."""
    families: dict[str, list[str]] = {}
    for name, cls in sorted(VOCABULARY.items()):
        if name == cls.name:  # not once more by another word for it
            families.setdefault(cls.family, []).append(_line(cls))
    return "\n".join(f"{family}\n" + "".join(lines) for family, lines in sorted(families.items()))


def _line(cls: type[Box]) -> str:
    text = f"  {cls.name:<20} " + " ".join((inspect.getdoc(cls) or "").split())
    return (text if len(text) <= WIDTH else text[: WIDTH - 4].rsplit(" ", 1)[0] + " ...") + "\n"
