"""What reaches the terminal: diagnostics, in colour where there is one, and never a control character."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from typing import TextIO

from catnet.diagnostics import Diagnostic

_COLOURS = {"error": "31", "warning": "33", "info": "36"}


def prepare() -> None:
    """Let output that the terminal's encoding lacks come as escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def printable(text: str) -> str:
    r"""A text without control characters: they come from files and names, and could steer a terminal.

    >>> printable("a\x1b[31mb\n\u202ec")
    'a\\x1b[31mb\n\\u202ec'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else _escaped(c) for c in text)


def one_line(text: str) -> str:
    """`printable`, with line ends escaped as well: for names of files."""
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if character in "\n\r\t":
        return repr(character)[1:-1]
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def print_safely(text: str, stream: TextIO | None = None) -> None:
    """Print a text that may quote what was read."""
    print(printable(text), file=stream or sys.stdout)


def print_result(text: str) -> None:
    """Print what was made (source, formatted text): exactly, unless a person looks at it."""
    sys.stdout.write(printable(text) if _is_terminal(sys.stdout) else text)


def complain(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics where errors belong."""
    tell(diagnostics, sys.stderr)


def tell(diagnostics: Iterable[Diagnostic], stream: TextIO | None = None) -> None:
    """Print diagnostics, a blank line after each but the last."""
    stream = stream or sys.stdout
    colour = has_colour(stream)
    for number, diagnostic in enumerate(diagnostics):
        if number:
            print(file=stream)
        text = _shown(diagnostic)
        print(_coloured(text, diagnostic) if colour else text, file=stream)


def has_colour(stream: TextIO | None = None) -> bool:
    """Whether what is printed may be in colour: on a terminal whose user has not said no."""
    return _is_terminal(stream or sys.stdout) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _shown(diagnostic: Diagnostic) -> str:
    text = diagnostic.render()
    spans = [diagnostic.span, *(note.span for note in diagnostic.notes)]
    for name in {span.source.name for span in spans if span is not None}:
        if "\n" in name:
            text = text.replace(name, one_line(name))
    return printable(text)


def _coloured(text: str, diagnostic: Diagnostic) -> str:
    head = f"{diagnostic.severity}[{diagnostic.code}]"
    return text.replace(head, f"\x1b[1;{_COLOURS[diagnostic.severity]}m{head}\x1b[0m", 1)


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False
