"""A file at a glance: its declarations, and what each name in it is (for colours that only meaning can give)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catnet.editor import describe
from catnet.editor.names import occurrences
from catnet.editor.places import Place
from catnet.editor.view import View
from catnet.elaborate.loading import Declaration
from catnet.syntax import tree


@dataclass(frozen=True)
class Entry:
    """A declaration: its name, its kind (`net`, `law`, ...), its type as text, all of it, and its name's place."""

    name: str
    kind: str
    detail: str
    whole: Place
    place: Place


def outline(view: View) -> Iterator[Entry]:
    """The declarations of a file, in order."""
    for item in view.items(view.program.module):
        declaration = item.item
        if isinstance(declaration, Declaration) and declaration.span is not None:
            name = next(o for o in occurrences(item.module, declaration) if o.symbol.kind == "declared" and o.defines)
            typed = getattr(declaration, "type", None)
            detail = typed.span.text if typed is not None and typed.span is not None else ""
            kind = describe.head(declaration).split(None, 1)[0]
            whole = item.place(declaration.span)
            yield Entry(declaration.name, kind, " ".join(detail.split()), whole, item.of(name))


TOKENS = ("function", "method", "parameter", "typeParameter", "variable", "property", "type")
_TOKEN = {
    "declared": "function",
    "box": "method",
    "parameter": "parameter",
    "argument": "parameter",
    "size": "typeParameter",
    "pack": "typeParameter",
    "type": "typeParameter",
    "wire": "variable",
    "share": "variable",
    "index": "variable",
    "chart": "variable",
    "coordinate": "variable",
    "label": "property",
    "kind": "type",
}


def meanings(view: View) -> Iterator[tuple[Place, str, bool]]:
    """The names of a file in order: where each stands, which of `TOKENS` it is, and whether it is declared there."""
    for item in view.items(view.program.module):
        for occurrence in occurrences(item.module, item.item):
            if occurrence.symbol.kind in _TOKEN and not isinstance(item.item, tree.Import):
                yield item.of(occurrence), _TOKEN[occurrence.symbol.kind], occurrence.defines
