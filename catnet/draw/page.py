"""The layout of one graph: columns, broken into rows, and everything in them at its place.

All here is worked out as if the picture ran to the right (see `flow`). Curves lie in the gaps between columns; across
a column a wire runs straight along its own lane, so it never meets a box.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from catnet.diagrams.graph import Graph, Node
from catnet.draw.cables import cables
from catnet.draw.flow import GAP, LABEL, LANE, PADDING
from catnet.draw.folding import opened
from catnet.draw.geometry import Extent, Panel, Placed
from catnet.draw.layers import Item, Slot, arrange
from catnet.draw.rows import Column, Size, break_rows
from catnet.draw.stack import heights
from catnet.draw.wires import connect
from catnet.draw.words import end_label, wire_text

if TYPE_CHECKING:
    from catnet.draw.layout import Layout

STEM = 10.0  # how far wires run straight after a column, at least
CURVE = 45.0  # the room that curves are taken to need, until the heights are known


class Page:
    """The places in one graph: `x` and `y` of items, their sizes, and the panel that is made of it."""

    def __init__(self, layout: Layout, graph: Graph, depth: int, limit: float, top: bool) -> None:
        self.flow = layout.flow
        self.top = top
        self.graph = graph
        self.cables = cables(graph, lambda node: not opened(node, depth), top)
        self.layers = arrange(graph, self.cables)
        self.columns = self.layers.columns
        self.inherited = {str(v.wire) for v in graph.inputs}
        self.texts: dict[tuple[int, int], str] = {}
        self.told: set[tuple[int, int]] = set()  # the ports whose types stand where their wires begin the next row
        self.size: dict[int, Extent] = {}
        self.x: dict[int, float] = {}
        self.y: dict[int, float] = {}
        self.panel = Panel(graph)
        ways = self._ways(layout, depth, limit)
        found = break_rows([self._column(k, ways[k]) for k in range(len(ways))], limit - 2 * PADDING - 2 * LANE)
        self.rows = found.rows
        self.panel.cost = found.cost
        for way, chosen in zip(ways, found.chosen, strict=True):
            self.size.update(way[chosen])
        self.wide = [max((self.size[id(i)].along for i in column), default=0.0) for column in self.columns]
        for row in self.rows:
            self.y.update(heights(self.columns[row.start : row.stop], self.size, GAP))
        self.told = {key for row in self.rows for key in self._told(row.start)}
        self.stem = [self._stem(k) for k in range(len(self.columns))]
        self.curve = [self._curve(k) for k in range(len(self.columns))]
        self.split = [0.0] * len(self.columns)  # where the level part of the wires after a column ends
        self._place_rows()
        connect(self)
        self.panel.count = len(graph.nodes) + sum(b.panel.count for b in self.panel.boxes if b.panel)
        self.panel = self.flow.turned(self.panel)

    # -- sizes -----------------------------------------------------------------------------------------------

    def _ways(self, layout: Layout, depth: int, limit: float) -> list[list[dict[int, Extent]]]:
        """For each column the ways to lay it out, as the sizes of its items: narrower frames in each."""
        found = []
        for column in self.columns:
            fixed: dict[int, Extent] = {}
            frames: dict[int, list[Extent]] = {}
            for item in column:
                extents = self._extents(layout, item, depth, limit)
                if len(extents) == 1:
                    fixed[id(item)] = extents[0]
                else:
                    frames[id(item)] = extents
            most = max(map(len, frames.values()), default=1)
            found.append(
                [fixed | {key: of[min(way, len(of) - 1)] for key, of in frames.items()} for way in range(most)]
                if frames
                else [fixed]
            )
        return found

    def _extents(self, layout: Layout, item: Item, depth: int, limit: float) -> list[Extent]:
        if item.kind == "lane":
            return [Extent(0.0, 4.0, (2.0,), (2.0,))]
        if item.node is None:
            value = (item.outs or item.ins)[0]
            made = self.flow.end(end_label(value, self.cables.count(value)) if self.top else "")
            if not self.top and item.kind == "output":  # outside, a label may stand there
                made.room = self.flow.label_across(wire_text(value))
            return [made]
        texts = [self.label(item, port) for port in range(len(item.outs))]
        if opened(item.node, depth):
            return layout.frames(item.node, depth, limit, texts)
        return [self.flow.closed(item.node, len(item.ins), texts)]

    def _column(self, k: int, ways: list[dict[int, Extent]]) -> Column:
        """A column as the breaking of rows sees it."""
        sizes = []
        for way in ways:
            extents = way.values()
            across = sum(e.across + e.room for e in extents) + GAP * max(0, len(way) - 1)
            cost = sum(e.panel.cost for e in extents if e.panel is not None)
            sizes.append(Size(max((e.along for e in extents), default=0.0), across, cost))
        texts = [self.label(item, port) for item in self.columns[k] for port in range(len(item.outs))]
        stem = max([STEM, *map(self.flow.label_along, filter(None, texts))])
        return Column(tuple(sizes), stem + self._likely_curve(k), len(self.arrivals(k)), self.lead(k))

    def _likely_curve(self, k: int) -> float:
        straight = k + 1 < len(self.columns) and len(self.columns[k]) == len(self.columns[k + 1])
        return 12.0 if straight and all(len(t) == 1 for i in self.columns[k] for t in i.targets) else CURVE

    # -- labels ----------------------------------------------------------------------------------------------

    def label(self, item: Item, port: int) -> str:
        """The label at an output port: its type, where the box changes it and neither a neighbour nor the next row
        says it."""
        key = id(item), port
        if item.kind != "box" or key in self.told:
            return ""
        if key not in self.texts:
            self.texts[key] = self._label_text(item, port)
        return self.texts[key]

    def _label_text(self, item: Item, port: int) -> str:
        value = item.outs[port]
        cut = self.layers.cuts.get(id(value))
        count = self.cables.count(value)
        mark = f" \u2192{cut}" if cut else ""
        if count == 1:
            if any(v.wire == value.wire for v in item.ins):
                return mark
            direct = [target.kind for target, _ in item.targets[port]] == ["output"]
            if direct and (self.top or str(value.wire) not in self.inherited):
                return mark
        return wire_text(value, count) + mark

    def _told(self, k: int) -> Iterator[tuple[int, int]]:
        """The ports before column k, which begins a row, for whose labels there is room in it."""
        arrivals = self.arrivals(k)
        levels = sorted(self.entry(item.targets[port]) for item, port in arrivals)
        for item, port in arrivals:
            value = item.outs[port]
            text = wire_text(value, self.cables.count(value))
            cut = id(value) in self.layers.cuts  # its label has the number too
            if not cut and self.flow.has_room(text, self.entry(item.targets[port]), levels):
                yield id(item), port

    def _stem(self, k: int) -> float:
        """How far wires run level after column k, so that labels fit."""
        room = STEM
        for item in self.columns[k]:
            edge = (self.wide[k] - self.size[id(item)].along) / 2  # free room beside a narrow box
            for port in range(len(item.outs)):
                text = self.label(item, port)
                room = max(room, self.flow.label_along(text) - edge) if text else room
        return room

    def _curve(self, k: int) -> float:
        """The room for the curves after column k: the steeper, the more."""
        rise = room = 0.0
        for item in self.columns[k]:
            for port, slots in enumerate(item.targets):
                at = self.out(item, port)
                rise = max(rise, max((abs(self.into(i, p) - at) for i, p in slots), default=0.0))
        if k + 1 < len(self.columns) and self.layers.cuts:
            room = 30.0 if any(s is None for i in self.columns[k + 1] for s in i.sources) else 0.0
        return max(room, 12.0 if rise < 0.5 else min(70.0, 22.0 + rise * 0.3))

    def out(self, item: Item, port: int) -> float:
        """The height of an output port."""
        return self.y[id(item)] + self.size[id(item)].outs[port]

    def into(self, item: Item, port: int) -> float:
        """The height of an input port."""
        return self.y[id(item)] + self.size[id(item)].ins[port]

    # -- rows ------------------------------------------------------------------------------------------------

    def lead(self, k: int) -> float:
        """The room before column k where it begins a row: the wires come in with their types."""
        if not k:
            return 0.0
        texts = {wire_text(v, self.cables.count(v)) for item in self.columns[k] for v in item.ins}
        return max(map(self.flow.label_along, texts), default=0.0) + 2

    def arrivals(self, k: int) -> list[Slot]:
        """The output ports before column k that feed it, from the top."""
        if not k:
            return []
        return [(item, port) for item in self.columns[k - 1] for port, t in enumerate(item.targets) if t]

    def _place_rows(self) -> None:
        """Give every item its place, row by row."""
        breaks = [len(self.arrivals(row.start)) for row in self.rows[1:]]
        self.margin = PADDING + (LANE * max(breaks) + 8 if breaks else 0.0)
        self.right = [0.0] * len(self.rows)
        self.bottom = [0.0] * len(self.rows)
        top = PADDING
        for r, row in enumerate(self.rows):
            if r:
                self.curve[row.start - 1] = self._entry_curve(row.start)
            x = self.margin + (self.lead(row.start) + self.curve[row.start - 1] if r else 0.0)
            self._place_row(r, row, x, top)
            if r < len(breaks):
                top = self.bottom[r] + 2 * GAP + LANE * breaks[r]
        extra = LANE * max(breaks) + 16 if breaks else 0.0
        self.panel.width = round(max(self.right) + extra + (0.0 if self.top else PADDING), 1)
        self.panel.height = round(self.bottom[-1] + PADDING, 1)

    def _entry_curve(self, k: int) -> float:
        """The room for curves where column k begins a row: only wires that part need it."""
        rises = [
            abs(self.into(i, p) - self.entry(item.targets[port]))
            for item, port in self.arrivals(k)
            for i, p in item.targets[port]
        ]
        rise = max(rises, default=0.0)
        return 6.0 if rise < 0.5 else min(70.0, 22.0 + rise * 0.3)

    def entry(self, targets: list[Slot]) -> float:
        """The height at which a wire comes into its row: straight before the first port that it feeds."""
        item, port = targets[0]
        return self.into(item, port)

    def _place_row(self, r: int, row: range, x: float, top: float) -> None:
        items = [item for k in row for item in self.columns[k]]
        highest = min((self.y[id(i)] for i in items), default=0.0)
        head = 0.0
        if not self.flow.down:  # labels stand above their wires
            head = max([0.0, *(highest - y + LABEL + 4 for y in self._labelled(r, row))])
        for item in items:
            self.y[id(item)] = round(self.y[id(item)] + top + head - highest, 1)
        for k in row:
            for item in self.columns[k]:
                own = self.size[id(item)].along
                self.x[id(item)] = round(x + (0.0 if item.kind != "box" else (self.wide[k] - own) / 2), 1)
                if item.node is not None:
                    self.panel.boxes.append(self._box(item, item.node))
            x += self.wide[k]
            self.split[k] = x + self.stem[k]
            self.right[r] = x
            x += self.stem[k] + self.curve[k]
        if r < len(self.rows) - 1:
            self.right[r] += self.stem[row[-1]]
        self.bottom[r] = max((self.y[id(i)] + self._whole(i) for i in items), default=top)
        if r and self.flow.down:  # the labels of the wires that come in stand beside them
            self.bottom[r] = max([self.bottom[r], *self._entry_ends(row.start)])

    def _whole(self, item: Item) -> float:
        return self.size[id(item)].across + self.size[id(item)].room

    def _entry_ends(self, k: int) -> Iterator[float]:
        for item, port in self.arrivals(k):
            value = item.outs[port]
            text = wire_text(value, self.cables.count(value))
            yield self.entry(item.targets[port]) + self.flow.label_across(text)

    def _labelled(self, r: int, row: range) -> Iterator[float]:
        """The heights in a row that need room above them for a label."""
        for k in row:
            for item in self.columns[k]:
                if item.kind == "output" and self.top:
                    yield self.into(item, 0)
                for port in range(len(item.outs)):
                    if (item.kind == "input" and self.top) or self.label(item, port):
                        yield self.out(item, port)
        if r:
            yield from (self.entry(i.targets[p]) for i, p in self.arrivals(row.start))

    def _box(self, item: Item, node: Node) -> Placed:
        size = self.size[id(item)]
        assert size.face is not None
        x, y = self.x[id(item)], self.y[id(item)]
        ins = tuple(self.into(item, p) for p in range(len(item.ins)))
        outs = tuple(self.out(item, p) for p in range(len(item.outs)))
        return Placed(node, size.face, x, y, size.along, size.across, ins, outs, size.panel, size.title, size.title_x)
