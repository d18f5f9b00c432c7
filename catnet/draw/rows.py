"""Where the columns of a picture break into rows: like the lines of a paragraph, all of them are chosen together.

A picture should be low, its rows full, and few wires should go on from row to row. A frame may be laid out narrower
than it could be, where its own rows then cost less than a row more outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BREAK = 60.0  # what a further row costs, in units of height, besides its own
CROSSED = 60.0  # what each wire more costs that goes on to the next row
OVERFULL = 4.0  # for each unit beyond the limit
RAGGED = 25.0  # for an empty row
ALONE = 1000.0  # for a row of only inputs or only outputs


@dataclass(frozen=True, slots=True)
class Size:
    """How much a column takes along the flow and across it, and what the rows cost that it has inside."""

    along: float
    across: float
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the breaking of rows sees it.

    `sizes` are the ways to lay it out, the longest along first; `gap` is the room for labels and curves between it and
    the next column of its row; `wires` is how many come in, `lead` the room before it where it begins a row.
    """

    sizes: tuple[Size, ...]
    gap: float
    wires: int
    lead: float


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows as ranges of columns, the size chosen for each column, and what is paid besides their height."""

    rows: tuple[range, ...]
    chosen: tuple[int, ...]
    cost: float


def break_rows(columns: Sequence[Column], limit: float) -> Rows:
    """The cheapest rows; takes time linear in the number of columns.

    >>> square = Column((Size(40, 40),), 10, 1, 0)
    >>> [len(row) for row in break_rows([square] * 7, 220).rows]
    [4, 3]
    >>> wide = Column((Size(200, 40), Size(90, 80)), 10, 1, 0)
    >>> found = break_rows([square, wide, square], 220)
    >>> found.rows, found.chosen
    ((range(0, 3),), (0, 1, 0))
    """
    best, breaks = [0.0], [0]
    for end in range(1, len(columns) + 1):
        row = _Row(limit)
        found, at = float("inf"), end - 1
        for start in range(end - 1, -1, -1):
            if not row.add(columns[start]) and start < end - 1:
                break
            cost = best[start] + row.cost(columns[start], start)
            if len(columns) > 2 and (end == 1 or start == len(columns) - 1):
                cost += ALONE
            if cost < found:
                found, at = cost, start
        best.append(found)
        breaks.append(at)
    rows: list[range] = []
    chosen: list[int] = []
    high, end = 0.0, len(columns)
    while end:
        start = breaks[end]
        room = limit - (columns[start].lead if start else 0.0) - sum(c.gap for c in columns[start : end - 1])
        sizes = _fitted(columns[start:end], room)
        rows.insert(0, range(start, end))
        chosen[:0] = sizes
        high += max(c.sizes[i].across for c, i in zip(columns[start:end], sizes, strict=True))
        end = start
    return Rows(tuple(rows), tuple(chosen), best[-1] - high)


class _Row:
    """A row that grows at its front."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.shortest = self.along = self.across = 0.0
        self.columns: list[Column] = []  # those that can be laid out in several ways
        self.empty = True

    def add(self, column: Column) -> bool:
        """Put a column before the others; false where they are too many for any row."""
        gap = 0.0 if self.empty else column.gap  # no column follows the last one
        self.empty = False
        self.shortest += column.sizes[-1].along + gap
        self.along += gap
        if len(column.sizes) == 1:
            self.along += column.sizes[0].along
            self.across = max(self.across, column.sizes[0].across)
        else:
            self.columns.insert(0, column)
        return self.shortest <= 1.3 * self.limit

    def cost(self, first: Column, start: int) -> float:
        """What the row costs, its height included, if this is its first column."""
        along, across, inside = self.along + (first.lead if start else 0.0), self.across, 0.0
        chosen = _fitted(self.columns, self.limit - along) if self.columns else ()
        for column, i in zip(self.columns, chosen, strict=True):
            size = column.sizes[i]
            along, across, inside = along + size.along, max(across, size.across), inside + size.cost
        over = max(0.0, along - self.limit)
        empty = max(0.0, 1 - along / self.limit)
        cost = across + inside + OVERFULL * over + RAGGED * empty * empty
        return cost + (BREAK + CROSSED * (first.wires - 1) if start else 0.0)


def _fitted(columns: Sequence[Column], room: float) -> list[int]:
    """Which size of each column: the cheapest with which all are within the room, gaps left aside."""
    chosen = [0] * len(columns)
    along = sum(c.sizes[0].along for c in columns)
    able = [i for i, c in enumerate(columns) if len(c.sizes) > 1]
    while along > room and able:
        least = min(able, key=lambda i: columns[i].sizes[chosen[i] + 1].across + columns[i].sizes[chosen[i] + 1].cost)
        sizes = columns[least].sizes
        chosen[least] += 1
        along += sizes[chosen[least]].along - sizes[chosen[least] - 1].along
        able = [i for i in able if chosen[i] + 1 < len(columns[i].sizes)]
    return chosen
