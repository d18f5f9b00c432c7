"""Rails: the wires of a text picture, each in a column of its own, and the rows of characters that join them.

Column c stands at character 2c. A wire that runs across others passes under them: a joint has a character of its own,
so that nothing else is one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from catnet.draw.measure import ELLIPSIS, shorten

BORDER = -1  # the uses of a column in which the left side of a frame stands
_PLAIN = str.maketrans(
    "│─├┤┼┴┬╯╮╰╭┌┐└┘╷▼■□◇◆⊕⊖⊗→×" + ELLIPSIS,
    "|-++++.'.`,.." + "''" + "|v#o?@+-*>x~",
)


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes: East Asian characters take two, accents none.

    >>> columns_of("ab"), columns_of("\u4e2d"), columns_of("e\u0301")
    (2, 2, 1)
    """
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) != 0 for c in text)


def fitted(text: str, room: int) -> str:
    """A text cut in the middle to what fits."""
    if room < 2:
        return text if columns_of(text) <= room else ELLIPSIS * (room == 1)
    while (over := columns_of(text) - room) > 0:
        text = shorten(text, max(1, len(text) - (over + 1) // 2))
    return text


def in_ascii(picture: str) -> str:
    """A picture in the characters that every terminal has.

    >>> in_ascii("├─■ relu")
    '+-# relu'
    """
    return picture.translate(_PLAIN)


@dataclass
class Rails:
    """The rows written so far, and how many uses the value in each column still has (0: the column is free)."""

    width: int
    lines: list[str] = field(default_factory=list)
    uses: list[int] = field(default_factory=lambda: [0])
    frames: int = 0  # frames that are open: their right sides stand at the end of every row

    @property
    def most(self) -> int:
        """How many columns there may be, so that words have room beside them."""
        return max(4, (self.width - 28) // 2)

    @property
    def edge(self) -> int:
        """How many characters a row has inside the frames that are open."""
        return self.width - 2 * self.frames

    def free(self, after: int) -> int:
        """The first free column after one; there may be no more than `most`: then -1."""
        for column in range(after + 1, max(len(self.uses), after + 1)):
            if not self.uses[column]:
                return column
        column = max(len(self.uses), after + 1)
        return column if column < self.most else -1

    def take(self, column: int, uses: int) -> None:
        """Put a value with so many uses into a column."""
        self.uses += [0] * (column + 1 - len(self.uses))
        self.uses[column] = uses

    def live(self, column: int) -> bool:
        """Whether a column is not free."""
        return column < len(self.uses) and self.uses[column] != 0

    def last(self) -> int:
        """The last column that is not free, -1 where all are."""
        return max((column for column, uses in enumerate(self.uses) if uses), default=-1)

    # -- rows ------------------------------------------------------------------------------------------------

    def row(
        self, marks: dict[int, str] | None = None, text: str = "", aside: str = "", *, joined: bool = False
    ) -> None:
        """One row: `marks` are characters in columns, joined by a line on request; `aside` stands on the right."""
        marks = marks or {}
        count = max([self.last() + 1, *(c + 1 for c in marks)])
        cells = ["│" if self.live(c) else " " for c in range(count)]
        gaps = [" "] * count
        if joined and len(marks) > 1:
            first, last = min(marks), max(marks)
            for c in range(first, last):
                gaps[c] = "─"
                cells[c] = "─" if cells[c] == " " else cells[c]
        for column, mark in marks.items():
            cells[column] = mark
        left = "".join(cell + gap for cell, gap in zip(cells, gaps, strict=True))
        self.line(left, text, aside)

    def line(self, left: str, text: str, aside: str) -> None:
        """A row from its parts: what does not fit in one is cut, or goes on in the next."""
        room = self.edge - len(left)
        text = fitted(text, room)
        if aside and columns_of(text) + columns_of(aside) + 2 > room:
            self._end(left + text)
            plain = "".join("│" if n else " " for n in self.uses[: self.last() + 1])
            left, text = " ".join(plain) + " ", ""
            aside = fitted(aside, self.edge - len(left))
            room = self.edge - len(left)
        space = " " * (room - columns_of(text) - columns_of(aside)) if aside else ""
        self._end(left + text + space + aside)

    def _end(self, row: str) -> None:
        """Write a row, with the right sides of the frames."""
        if self.frames:
            row += " " * (self.edge - columns_of(row)) + " │" * self.frames
        self.lines.append(row.rstrip())

    # -- frames ----------------------------------------------------------------------------------------------

    def open(self, border: int, ins: Iterable[int], title: str) -> None:
        """The top of a frame, whose left side stands in the column `border`."""
        self._side(border, ins, "┌┴┐", f" {title} ", "")
        self.take(border, BORDER)
        self.frames += 1

    def close(self, border: int, outs: Iterable[int], aside: str) -> None:
        """The bottom of the innermost frame."""
        self.frames -= 1
        self.uses[border] = 0
        self._side(border, outs, "└┬┘", "", f" {aside} " if aside else "")

    def _side(self, border: int, ports: Iterable[int], corners: str, title: str, aside: str) -> None:
        ports = sorted(set(ports))
        left = "".join("│ " if n else "  " for n in self.uses[:border]) + "  " * (border - len(self.uses))
        side = corners[0] + "─"
        for column in range(border + 1, max(ports, default=border) + 1):
            side += (corners[1] if column in ports else "─") + "─"
        room = self.edge - len(left) - len(side) - 2
        title, aside = fitted(title, room), fitted(aside, room)
        line = "─" * (room - columns_of(title) - columns_of(aside))
        self._end(f"{left}{side}{title}{line}{aside}─{corners[2]}")
