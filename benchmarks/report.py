"""Tables of figures, each beside its bar, as text and as Markdown."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """A titled table; the first column is text, the others are figures, the last may be the bar."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    note: str = ""


def bar(text: str, met: bool) -> str:
    """A bar and whether the figure meets it."""
    return f"{text}: {'met' if met else 'MISSED'}"


def seconds(value: float | None) -> str:
    """Seconds to three digits after the point; smaller figures in milliseconds.

    >>> seconds(1.23456), seconds(0.00712), seconds(None)
    ('1.235 s', '7.12 ms', '-')
    """
    if value is None:
        return "-"
    return f"{value:.3f} s" if value >= 0.1 else f"{value * 1e3:.2f} ms"


def times(value: float) -> str:
    """A ratio."""
    return f"{value:.1f} x"


def machine() -> str:
    """The machine in general words."""
    return (
        f"{platform.machine()}, {len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()}"
        f" cores, {platform.system()}; Python {platform.python_version()}, torch {importlib.metadata.version('torch')}"
    )


def as_text(table: Table) -> str:
    """The table for a terminal, columns aligned."""
    rows = [table.header, *table.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.header))]
    lines = [_line(row, widths, str.ljust) for row in rows]
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join([table.title, *([table.note] if table.note else []), "", *(f"  {line}" for line in lines)])


def as_markdown(table: Table) -> str:
    """The table in Markdown."""
    head = ["| " + " | ".join(table.header) + " |", "|---" + "|---:" * (len(table.header) - 1) + "|"]
    rows = ["| " + " | ".join(row) + " |" for row in table.rows]
    note = [table.note, ""] if table.note else []
    return "\n".join(["", f"## {table.title}", "", *note, *head, *rows, ""])


def _line(row: Sequence[str], widths: Sequence[int], first: Callable[[str, int], str]) -> str:
    cells = [first(row[0], widths[0])]
    cells += [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)]
    return "  ".join([*cells, row[-1].ljust(widths[-1])])
