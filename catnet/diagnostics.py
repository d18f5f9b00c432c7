"""Diagnostics: what a bad program gets, as data.

A diagnostic has a code, a place, a reason and a fix. The terminal, the JSON output, the editor and the
tests all render this one value. The registry of codes is in `catnet/codes.py`.
"""

from __future__ import annotations

import bisect
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NoReturn

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, eq=False)
class Source:
    """One text that was read: its display name (usually a path) and its contents."""

    name: str
    text: str

    @cached_property
    def line_starts(self) -> list[int]:
        """Offsets at which each line starts; line n (from 1) starts at `line_starts[n - 1]`."""
        starts = [0]
        starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = bisect.bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of line `number` (from 1), without its end."""
        starts = self.line_starts
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r")


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of offsets in a source."""

    source: Source
    start: int
    end: int

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span | None) -> Span:
        """The smallest span that covers both."""
        if other is None or other.source is not self.source:
            return self
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Note:
    """A secondary remark, with the place that it speaks of where there is one; of a `brief` one no lines are shown."""

    text: str
    span: Span | None = None
    brief: bool = False


@dataclass(frozen=True, slots=True)
class Fix:
    """What the help says as a change of the text: `text` in the place of `span`. An editor offers it by its title."""

    title: str
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake (or report): code, place, reason and fix.

    `label` is the short text under the underlined place; `notes` carry the other end of a wire, both types,
    and where a dimension came from; `help` is the concrete fix, if one is known, and `fixes` are the ways to make it
    where they can be written down.
    """

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    notes: tuple[Note, ...] = ()
    help: str = ""
    severity: Severity = "error"
    fixes: tuple[Fix, ...] = ()

    @property
    def is_error(self) -> bool:
        return self.severity == "error"

    def to_json(self) -> dict[str, object]:
        """The diagnostic as JSON-ready data; lines and columns count from 1, offsets from 0."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "span": _span_json(self.span),
            "label": self.label,
            "notes": [{"text": n.text, "span": _span_json(n.span)} for n in self.notes],
            "help": self.help,
            "fixes": [{"title": f.title, "span": _span_json(f.span), "text": f.text} for f in self.fixes],
        }

    def render(self) -> str:
        """Plain text: the header, the source lines with the places underlined, the notes and the fix."""
        lines = [f"{self.severity}[{self.code}]: {_clipped(self.message)}"]
        if self.span is not None:
            lines += _excerpt(self.span, self.label, "^")
        for note in self.notes:
            if note.span is not None and note.brief:
                lines += _indent(_clipped(f"{note.text} at {note.span}"), "  note: ")
            elif note.span is not None:
                lines += [*_indent(_clipped(note.text), "  note: "), *_excerpt(note.span, "", "-")]
            else:
                lines += _indent(_clipped(note.text), "  note: ")
        if self.help:
            lines += _indent(self.help, "  help: ")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.render()


class CatnetError(Exception):
    """Raised where a value was asked for and the program is wrong; carries every diagnostic found."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return "\n\n".join(d.render() for d in self.diagnostics)


@dataclass
class Report:
    """Collects diagnostics while work goes on, so that all mistakes of a file are told in one run."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    _seen: set[tuple[str, str, Span | None]] = field(default_factory=set)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, once: the same code and message at the same place is not repeated."""
        key = (diagnostic.code, diagnostic.message, diagnostic.span)
        if key not in self._seen:
            self._seen.add(key)
            self.diagnostics.append(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.add(diagnostic)

    @property
    def errors(self) -> list[Diagnostic]:
        return [d for d in self.diagnostics if d.is_error]

    def raise_errors(self) -> None:
        """Raise `CatnetError` with all errors found, if there is one."""
        if self.errors:
            raise CatnetError(*self.errors)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.diagnostics)


def fail(
    code: str,
    message: str,
    span: Span | None = None,
    *,
    label: str = "",
    notes: Iterable[Note] = (),
    help: str = "",
    fixes: Iterable[Fix] = (),
) -> NoReturn:
    """Raise a `CatnetError` with one diagnostic."""
    raise CatnetError(Diagnostic(code, message, span, label, tuple(notes), help, fixes=tuple(fixes)))


def _span_json(span: Span | None) -> dict[str, object] | None:
    if span is None:
        return None
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "start": {"offset": span.start, "line": line, "column": column},
        "end": {"offset": span.end, "line": end_line, "column": end_column},
    }


def _clipped(text: str) -> str:
    """A text without its middle, where it is longer than anyone reads: names may have a million letters."""
    return text if len(text) <= 2 * _READ else f"{text[:_READ]} ... {text[-_READ:]}"


def _indent(text: str, head: str) -> list[str]:
    first, *rest = text.split("\n")
    return [head + first, *(" " * len(head) + line for line in rest)]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


_READ = 1000  # characters at either end of a message that is cut
_CONTEXT = 110  # columns of a source line that are shown; a longer line is cut around the place


def _excerpt(span: Span, label: str, mark: str) -> list[str]:
    source = span.source
    line, column = source.position(span.start)
    end_line, end_column = source.position(max(span.start, span.end))
    text = source.line(line)
    stop = end_column - 1 if end_line == line else len(text)
    start = column - 1
    if len(text) > _CONTEXT:  # keep the beginning of the place in view
        left = max(0, min(start - 30, len(text) - _CONTEXT))
        text, start, stop = text[left : left + _CONTEXT], start - left, min(stop - left, _CONTEXT)
    shown = "".join(c if c.isprintable() else " " for c in text)
    gutter = " " * len(str(line))
    underline = " " * _width(shown[:start]) + mark * max(1, _width(shown[start:stop]))
    if end_line > line:
        underline += "..."
    return [
        f" {gutter}--> {source.name}:{line}:{column}",
        f" {line} | {shown}".rstrip(),
        f" {gutter} | {underline} {label}".rstrip(),
    ]
