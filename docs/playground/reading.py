"""What the playground asks of catnet: one text in, one JSON text out. It runs in the browser, under Pyodide."""

from __future__ import annotations

import json

from catnet.diagnostics import CatnetError, Source
from catnet.elaborate.program import Program
from catnet.fences import Options, render
from catnet.syntax import tree
from catnet.syntax.formatter import format_source

DRAWN = (tree.Net, tree.Bundle, tree.Derived)


def read(text: str, net: str = "", depth: int = 0) -> str:
    """All that the page shows of a text: the nets in it, a picture and a type of one, its table, the diagnostics.

    A net that is not in the text stands for the last one; a depth of 0 for as many levels as stay readable.
    """
    names = _names(text)
    found = render(text, Options(net if net in names else "", depth=depth or None), name="playground.cat")
    told = [{"severity": d.severity, "text": d.render(), **_place(d.span)} for d in found.diagnostics]
    shown = {"names": names, "name": found.name, "type": found.type, "svg": found.svg, "table": found.table}
    return json.dumps({**shown, "diagnostics": told})


def formatted(text: str) -> str:
    """The text in style; as it is where it cannot be parsed."""
    return format_source(Source("playground.cat", text))[0]


def _names(text: str) -> list[str]:
    try:
        program = Program.from_text(text, "playground.cat")
    except CatnetError:
        return []
    return [name for name, item in program.module.declarations.items() if isinstance(item, DRAWN)]


def _place(span: object) -> dict[str, int]:
    """Where a diagnostic is, in characters of the text; nothing where it is in another file."""
    source = getattr(span, "source", None)
    if source is None or source.name != "playground.cat":
        return {}
    return {"start": span.start, "end": span.end}  # type: ignore[attr-defined]
