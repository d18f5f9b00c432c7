"""Every wire of a page, gap by gap, with its labels, dots and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catnet.draw.flow import BESIDE, GAP, LANE
from catnet.draw.geometry import Link, Point, Turn
from catnet.draw.layers import Item, Slot
from catnet.draw.words import end_label, wire_text

if TYPE_CHECKING:
    from catnet.diagrams.graph import Value
    from catnet.draw.page import Page


def connect(page: Page) -> None:
    """Draw every wire of a page into its panel."""
    _Wires(page).draw()


class _Wires:
    """One run over the columns of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel = page.panel
        self.flow = page.flow

    def draw(self) -> None:
        page = self.page
        self.panel.inputs = tuple(page.out(item, 0) for item in page.columns[0])
        self.panel.outputs = tuple(page.into(item, 0) for item in page.columns[-1])
        breaks = {row.start: r for r, row in enumerate(page.rows) if r}
        for k, column in enumerate(page.columns):
            if k + 1 in breaks:
                self._turn_row(k, breaks[k + 1])
            for item in column:
                for port in range(len(item.outs)):
                    self._leave(item, port, k, k + 1 in breaks)
                self._mark_cuts(item)
                if item.kind == "output" and page.top:
                    self._end_label(item.ins[0], (page.x[id(item)] + 3, page.into(item, 0)))

    def _end_label(self, value: Value, at: Point) -> None:
        self.panel.labels.append(self.flow.label(at, end_label(value, self.page.cables.count(value)), value))

    def _edges(self, item: Item, k: int) -> tuple[float, float]:
        """Where wires reach an item and where they leave it."""
        page = self.page
        size, x = page.size[id(item)], page.x[id(item)]
        if item.kind == "lane":
            return x, x + page.wide[k]
        if item.kind == "input":
            return (x if page.top else 0.0), x + page.wide[k]
        if item.kind == "output":
            return x, (x + page.wide[k] if page.top else self.panel.width)
        return x + size.enter, x + size.along - size.leave

    def _leave(self, item: Item, port: int, k: int, broken: bool) -> None:
        """The wires from one output port to the next column, with its label."""
        page, value = self.page, item.outs[port]
        y = page.out(item, port)
        start, leave = self._edges(item, k)
        if item.kind == "box":
            start = leave
        split = page.split[k]
        if item.kind == "input" and page.top:
            self._end_label(value, (start - BESIDE, y))
        elif text := page.label(item, port):
            edge = page.x[id(item)] + page.size[id(item)].along
            self.panel.labels.append(self.flow.label((edge, y), text, value))
        slots = item.targets[port]
        if not slots:
            if id(value) not in page.layers.cuts or item.kind != "box":
                self.panel.ends.append((split, y))
            self._line((start, y), (split, y), value)
        elif broken:
            return  # `_turn_row` has drawn it
        elif len(slots) == 1:
            self._link((start, y), split, slots[0], k, value)
        else:
            self._line((start, y), (split, y), value)
            self.panel.dots.append((split, y))
            for slot in slots:
                self._link((split, y), split, slot, k, value)

    def _line(self, start: Point, end: Point, value: Value) -> None:
        count = self.page.cables.count(value)
        self.panel.links.append(Link(start, (end[0], end[0]), end, value, count))

    def _link(self, start: Point, split: float, slot: Slot, k: int, value: Value) -> None:
        """One wire into an input port of the next column."""
        target, port = slot
        arrive, after = self._edges(target, k + 1)
        bends = split, split + self.page.curve[k]
        end = after if target.kind == "output" else arrive
        count = self.page.cables.count(value)
        self.panel.links.append(Link(start, bends, (end, self.page.into(target, port)), value, count))

    def _mark_cuts(self, item: Item) -> None:
        """A cut wire comes in with its number."""
        page = self.page
        for port, source in enumerate(item.sources):
            if source is None:
                value, y, x = item.ins[port], page.into(item, port), page.x[id(item)]
                self._line((x - 8, y), (x + page.size[id(item)].enter, y), value)
                text = f"{page.layers.cuts.get(id(value), 0)}\u2192"
                self.panel.labels.append(self.flow.number((x - 8, y), text, value))

    def _turn_row(self, k: int, r: int) -> None:
        """The wires that go on in row r: out on the right, back under the row, in on the left."""
        page = self.page
        slots = page.arrivals(k + 1)
        count = len(slots)
        right, below = page.right[r - 1], page.bottom[r - 1] + GAP
        split = page.margin + page.lead(k + 1)
        for i, (item, port) in enumerate(slots):
            value, y, targets = item.outs[port], page.out(item, port), item.targets[port]
            level = page.entry(targets)
            out = right + 8 + LANE * (count - 1 - i)
            back = page.margin - 8 - LANE * i
            run = below + LANE * (count - 1 - i)
            start = self._edges(item, k)[0 if item.kind in ("lane", "input") else 1]
            corners = ((start, y), (out, y), (out, run), (back, run), (back, level), (split, level))
            wires = page.cables.count(value)
            self.panel.turns.append(Turn(corners, value, wires))
            if (id(item), port) in page.told:
                label = self.flow.label((page.margin - BESIDE, level), wire_text(value, wires), value)
                self.panel.labels.append(label)
            if len(targets) > 1:
                self.panel.dots.append((split, level))
            for slot in targets:
                self._link((split, level), split, slot, k, value)
