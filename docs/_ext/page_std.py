"""The page on the standard library: every net of `catnet/std`, with its documentation, its text and its picture."""

from __future__ import annotations

from collections.abc import Iterator

from prose import escaped, fenced

from catnet.elaborate.loading import STANDARD
from catnet.elaborate.program import Program
from catnet.fences import Options, render
from catnet.syntax import tree


def pages() -> Iterator[tuple[str, str]]:
    """The one page."""
    parts = ["# The standard library", _HEAD]
    for path in sorted(STANDARD.glob("*.cat")):
        text = path.read_text(encoding="utf-8")
        program = Program.from_text(text, f"std/{path.name}")
        parts += [f"## {path.stem}", f'`from "std/{path.name}" import {", ".join(program.names)}`']
        for net in program.module.nets.values():
            parts += [f"### {net.name}", *_net(path.name, net)]
    yield "standard_library", "\n\n".join(parts) + "\n"


_HEAD = """Nets that many architectures share, written in the language itself: `catnet/std/*.cat`. Pictures show integer
parameters as names; a net that needs another net, or that calls itself, is drawn where it is used."""


def _net(file: str, net: tree.Net) -> Iterator[str]:
    yield escaped(" ".join(net.comments))
    assert net.span is not None
    yield fenced(net.span.text, "cat")
    text = f'from "std/{file}" import {net.name}'
    if not render(text, Options(net.name)).errors:
        yield f"```{{catnet}} {net.name}\n:show: picture\n\n{text}\n```"
