"""Places: a range of a file in characters, and the lines and columns that editors count in."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Units = Literal["utf-8", "utf-16", "utf-32"]
"""What a column counts: bytes, 16-bit units (the default of the language server protocol) or characters."""


@dataclass(frozen=True, order=True)
class Place:
    """A half-open range of characters of a file."""

    path: Path
    start: int
    end: int


@dataclass(frozen=True)
class Edit:
    """A place and what shall stand there."""

    place: Place
    text: str


class Lines:
    """A text by lines, counted from 0; columns count in `units`.

    >>> Lines("a𝒳b").position(2), Lines("a𝒳b", "utf-8").position(2), Lines("a𝒳b").offset(0, 3)
    ((0, 3), (0, 5), 2)
    """

    def __init__(self, text: str, units: Units = "utf-16") -> None:
        self.text = text
        self.units = units
        self.starts = [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character."""
        line = bisect.bisect_right(self.starts, offset) - 1
        return line, sum(map(self._width, self.text[self.starts[line] : offset]))

    def offset(self, line: int, column: int) -> int:
        """The character at a line and a column: the end of the line where it is shorter, of the text likewise."""
        if line >= len(self.starts):
            return len(self.text)
        place, stop = self.starts[line], self.line_end(line)
        while place < stop and column >= self._width(self.text[place]):
            column -= self._width(self.text[place])
            place += 1
        return place

    def line_end(self, line: int) -> int:
        """Where a line ends, before its newline."""
        return self.starts[line + 1] - 1 if line + 1 < len(self.starts) else len(self.text)

    def _width(self, character: str) -> int:
        if self.units == "utf-16":
            return 1 + (character > "\uffff")
        return len(character.encode("utf-8", "surrogatepass")) if self.units == "utf-8" else 1


def applied(text: str, edits: list[Edit]) -> str:
    """A text with edits made; they may not overlap."""
    for edit in sorted(edits, key=lambda e: e.place.start, reverse=True):
        text = text[: edit.place.start] + edit.text + text[edit.place.end :]
    return text
