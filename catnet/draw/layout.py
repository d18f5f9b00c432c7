"""Where everything stands: pure geometry, from a typed graph to boxes, wires and labels with coordinates.

Columns run from left to right and are wrapped into rows like words on a page. All curves lie in the gaps
between columns; across a column a wire runs straight along its own lane, so it never meets a box.
"""

from __future__ import annotations

from collections.abc import Iterator

from catnet.diagrams.graph import Graph, Node, Value
from catnet.draw.geometry import Extent, Label, Link, Panel, Placed, Point, Turn
from catnet.draw.layers import Item, Layers, Slot, arrange
from catnet.draw.looks import circle_sign, face_of, inside, look_of, repeats
from catnet.draw.measure import clean, shorten, text_width
from catnet.draw.stack import heights

PAGE = 1100.0  # the width after which a row ends
SLACK = 1.35  # a row may be this much wider where that saves a short row after it
PORT = 20.0  # between two ports of a box
GAP = 18.0  # between two things in a column; a label fits in
TITLE = 22.0  # the title strip of a frame
LABEL = 10.0  # the size of a wire's label
PADDING = 14.0
LANE = 6.0  # between two wires that return to the next row
OPEN_BUDGET = 4000  # boxes shown inside frames, all in all


class Layout:
    """One layout run: the frames opened so far, and the panels already laid out (equal insides shared)."""

    def __init__(self) -> None:
        self.open_budget = OPEN_BUDGET
        self.known: dict[tuple[int, int, float], Panel] = {}

    def panel(self, graph: Graph, depth: int, width: float = PAGE, top: bool = False) -> Panel:
        """The geometry of a graph with `depth` levels of boxes to show."""
        key = id(graph), depth, width
        if key not in self.known or top:
            self.known[key] = _Page(self, graph, depth, width, top).panel
        return self.known[key]

    def extent(self, item: Item, depth: int, width: float, top: bool) -> Extent:
        """The size of an item; a composite box is opened where depth and budget allow."""
        if item.kind in ("input", "output"):
            label = _end_label((item.outs or item.ins)[0]) if top else ""
            room = text_width(label, LABEL) + 12 if label else 0.0
            return Extent(room, 4.0, (2.0,), (2.0,))
        if item.kind == "lane":
            return Extent(0.0, 4.0, (2.0,), (2.0,))
        node = item.node
        assert node is not None
        frame = self._frame(node, depth, width) if depth > 1 else None
        return frame or _closed(node)

    def _frame(self, node: Node, depth: int, width: float) -> Extent | None:
        graph, title = inside(node)
        if graph is None or self.open_budget < len(graph.nodes):
            return None
        panel = self.panel(graph, depth - 1, max(320.0, width - 60))
        if self.open_budget < panel.count:
            return None
        self.open_budget -= panel.count
        title = "  ".join(filter(None, (title, repeats(node))))
        room = max(panel.width, text_width(title, 11) + 24)
        ins = tuple(y + TITLE for y in panel.inputs)
        outs = tuple(y + TITLE for y in panel.outputs)
        return Extent(room, panel.height + TITLE, ins, outs, face_of(node), panel, title)


def _closed(node: Node) -> Extent:
    face = face_of(node)
    most = max(len(node.inputs), len(node.outputs), 1)
    if circle_sign(node) is not None:
        size = max(face.width, 9.0 * most + 6)
        ins, outs = _spread(len(node.inputs), size, 9), _spread(1, size, 9)
        return Extent(size, size, ins, outs, face, inset=size / 2)
    height = max(face.height, PORT * most + 6)
    shape = look_of(node.box).shape
    inset = 10.0 if shape in ("slant", "hexagon") else min(height / 2, 12.0) if shape == "pill" else 0.0
    ins, outs = _spread(len(node.inputs), height, PORT), _spread(len(node.outputs), height, PORT)
    return Extent(face.width, height, ins, outs, face, inset=inset)


def _spread(count: int, height: float, step: float) -> tuple[float, ...]:
    return tuple(height / 2 + (i - (count - 1) / 2) * step for i in range(count))


def wire_text(value: Value) -> str:
    """A wire's type, short enough for a label."""
    return shorten(clean(str(value.wire)), 30)


def _end_label(value: Value) -> str:
    return f"{shorten(clean(value.name), 20)}: {wire_text(value)}" if value.name else wire_text(value)


class _Page:
    """The layout of one graph: columns into rows, rows under each other."""

    def __init__(self, layout: Layout, graph: Graph, depth: int, width: float, top: bool) -> None:
        self.top = top
        self.graph = graph
        self.layers: Layers = arrange(graph)
        columns = self.layers.columns
        self.size = {id(i): layout.extent(i, depth, width, top) for column in columns for i in column}
        self.y = heights(columns, self.size, GAP)
        self.x: dict[int, float] = {}
        self.panel = Panel(graph)
        self.wide = [max((self.size[id(i)].width for i in column), default=0.0) for column in columns]
        self.inherited = {str(v.wire) for v in graph.inputs}
        self.split = [0.0] * len(columns)  # where the level part of the wires after a column ends
        self.texts: dict[tuple[int, int], str] = {}
        self.stem = [self._stem(k) for k in range(len(columns))]
        self.curve = [self._curve(k) for k in range(len(columns))]
        self.rows = self._wrap(width)
        self._place_rows()
        self._connect()
        self.panel.count = len(graph.nodes) + sum(b.panel.count for b in self.panel.boxes if b.panel)

    # -- labels ----------------------------------------------------------------------------------------------

    def _label(self, item: Item, port: int) -> str:
        """The label at an output port: its type, where the box changes it and no neighbour says it."""
        if item.kind != "box":
            return ""
        key = id(item), port
        if key not in self.texts:
            self.texts[key] = self._label_text(item, port)
        return self.texts[key]

    def _label_text(self, item: Item, port: int) -> str:
        value = item.outs[port]
        cut = self.layers.cuts.get(id(value))
        mark = f" \u2192{cut}" if cut else ""
        if any(v.wire == value.wire for v in item.ins) and item.ins:
            return mark
        direct = [target.kind for target, _ in item.targets[port]] == ["output"]
        if direct and (self.top or str(value.wire) not in self.inherited):
            return mark
        return wire_text(value) + mark

    def _stem(self, k: int) -> float:
        """How far wires run level after column k, so that labels fit."""
        room = 10.0
        for item in self.layers.columns[k]:
            edge = self.wide[k] / 2 - self.size[id(item)].width / 2  # free room beside a narrow box
            for port in range(len(item.outs)):
                text = self._label(item, port)
                room = max(room, text_width(text, LABEL) + 12 - edge) if text else room
        return room

    def _curve(self, k: int) -> float:
        """The room for the curves after column k: the steeper, the more."""
        rise = 0.0
        for item in self.layers.columns[k]:
            for port, slots in enumerate(item.targets):
                at = self._out(item, port)
                rise = max(rise, max((abs(self._in(i, p) - at) for i, p in slots), default=0.0))
        return 12.0 if rise < 0.5 else min(70.0, 22.0 + rise * 0.3)

    def _out(self, item: Item, port: int) -> float:
        return self.y[id(item)] + self.size[id(item)].outs[port]

    def _in(self, item: Item, port: int) -> float:
        return self.y[id(item)] + self.size[id(item)].ins[port]

    # -- rows ------------------------------------------------------------------------------------------------

    def _wrap(self, width: float) -> list[range]:
        """Break the columns into rows; the outputs never stand alone."""
        rows: list[range] = []
        start, used = 0, 0.0
        last = len(self.wide) - 1
        left = sum(self.wide) + sum(self.stem) + sum(self.curve)
        for k in range(last + 1):
            need = self.wide[k] + self.stem[k] + self.curve[k]
            little = used + left < width * SLACK and k > start
            left -= need
            if used + self.wide[k] > width and k > start and k != last and k > 1 and not little:
                rows.append(range(start, k))
                start, used = k, self._lead(k)
            used += need
        return [*rows, range(start, last + 1)]

    def _lead(self, k: int) -> float:
        """The room before the first column of a row, where the wires come in with their types."""
        arriving = {id(v): v for item in self.layers.columns[k] for v in item.ins}
        return max((text_width(wire_text(v), LABEL) for v in arriving.values()), default=0.0) + 14

    def _arrivals(self, k: int) -> list[Slot]:
        """The output ports before column k that feed it, from the top."""
        return [
            (item, port) for item in self.layers.columns[k - 1] for port in range(len(item.outs)) if item.targets[port]
        ]

    def _place_rows(self) -> None:
        """Give every item its place, row by row."""
        breaks = [len(self._arrivals(row.start)) for row in self.rows[1:]]
        self.margin = PADDING + (LANE * max(breaks) + 8 if breaks else 0.0)
        self.right = [0.0] * len(self.rows)
        self.bottom = [0.0] * len(self.rows)
        top = PADDING
        for r, row in enumerate(self.rows):
            x = self.margin + (self._lead(row.start) + self.curve[row.start - 1] if r else 0.0)
            top = self._place_row(r, row, x, top)
            if r < len(breaks):
                top = self.bottom[r] + 2 * GAP + LANE * breaks[r]
        extra = LANE * max(breaks) + 16 if breaks else 0.0
        self.panel.width = round(max(self.right) + extra + (0.0 if self.top else PADDING), 1)
        self.panel.height = round(self.bottom[-1] + PADDING, 1)

    def _place_row(self, r: int, row: range, x: float, top: float) -> float:
        items = [item for k in row for item in self.layers.columns[k]]
        highest = min((self.y[id(i)] for i in items), default=0.0)
        head = max((highest - y + LABEL + 4 for y in self._labelled(r, row)), default=0.0)
        head = max(head, 0.0)
        for item in items:
            self.y[id(item)] += top + head - highest
        for k in row:
            for item in self.layers.columns[k]:
                own = self.size[id(item)].width
                self.x[id(item)] = x + (0.0 if item.kind != "box" else (self.wide[k] - own) / 2)
                if item.kind == "box":
                    self._box(item)
            x += self.wide[k]
            self.split[k] = x + self.stem[k]
            self.right[r] = x
            x += self.stem[k] + self.curve[k]
        if r < len(self.rows) - 1:
            self.right[r] += self.stem[row[-1]]
        self.bottom[r] = max((self.y[id(i)] + self.size[id(i)].height for i in items), default=top)
        return self.bottom[r]

    def _labelled(self, r: int, row: range) -> Iterator[float]:
        """The heights in a row that need room above them for a label."""
        for k in row:
            for item in self.layers.columns[k]:
                if item.kind == "output" and self.top:
                    yield self._in(item, 0)
                for port in range(len(item.outs)):
                    if (item.kind == "input" and self.top) or self._label(item, port):
                        yield self._out(item, port)
        if r:
            yield from (self._entry(i.targets[p]) for i, p in self._arrivals(row.start))

    def _box(self, item: Item) -> None:
        size = self.size[id(item)]
        assert item.node is not None
        assert size.face is not None
        x, y = self.x[id(item)], self.y[id(item)]
        ins = tuple(self._in(item, p) for p in range(len(item.ins)))
        outs = tuple(self._out(item, p) for p in range(len(item.outs)))
        box = Placed(item.node, size.face, x, y, size.width, size.height, ins, outs, size.panel, size.title)
        self.panel.boxes.append(box)

    # -- wires -----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        """Draw every wire, gap by gap."""
        panel = self.panel
        first, last = self.layers.columns[0], self.layers.columns[-1]
        panel.inputs = tuple(self._out(item, 0) for item in first)
        panel.outputs = tuple(self._in(item, 0) for item in last)
        breaks = {row.start: r for r, row in enumerate(self.rows) if r}
        for k, column in enumerate(self.layers.columns):
            if k + 1 in breaks:
                self._turn_row(k, breaks[k + 1])
            for item in column:
                for port in range(len(item.outs)):
                    self._leave(item, port, k, k + 1 in breaks)
                self._mark_cuts(item)
                if item.kind == "output" and self.top:
                    value, x, y = item.ins[0], self.x[id(item)] + 8, self._in(item, 0) - 4
                    self.panel.labels.append(Label(x, y, _end_label(value), value))

    def _edges(self, item: Item, k: int) -> tuple[float, float]:
        """Where wires reach an item and where they leave it."""
        size, x = self.size[id(item)], self.x[id(item)]
        if item.kind == "lane":
            return x, x + self.wide[k]
        if item.kind == "input":
            return (x if self.top else 0.0), x + self.wide[k]
        if item.kind == "output":
            return x, (x + self.wide[k] if self.top else self.panel.width)
        return x + size.inset, x + size.width - size.inset

    def _leave(self, item: Item, port: int, k: int, broken: bool) -> None:
        """The wires from one output port to the next column, with its label."""
        y, value = self._out(item, port), item.outs[port]
        start, leave = self._edges(item, k)
        if item.kind != "box":  # a lane, or the piece of wire at an input
            start, leave = start, max(start, leave)
        else:
            start = leave
        split = self.split[k]
        if item.kind == "input" and self.top:
            self.panel.labels.append(Label(start, y - 4, _end_label(value), value))
        elif text := self._label(item, port):
            edge = self.x[id(item)] + self.size[id(item)].width
            self.panel.labels.append(Label(edge + 5, y - 4, text, value))
        slots = item.targets[port]
        if not slots:
            if id(value) not in self.layers.cuts or item.kind != "box":
                self.panel.ends.append((split, y))
            self.panel.links.append(Link((start, y), (split, split), (split, y), value))
        elif broken:
            return  # `_turn_row` has drawn it
        elif len(slots) == 1:
            self._link((start, y), split, slots[0], k, value)
        else:
            self.panel.links.append(Link((start, y), (split, split), (split, y), value))
            self.panel.dots.append((split, y))
            for slot in slots:
                self._link((split, y), split, slot, k, value)

    def _link(self, start: Point, split: float, slot: Slot, k: int, value: Value) -> None:
        """One wire into an input port of the next column."""
        target, port = slot
        arrive, after = self._edges(target, k + 1)
        bend = split + self.curve[k]
        end = after if target.kind == "output" else arrive
        self.panel.links.append(Link(start, (split, bend), (end, self._in(target, port)), value))

    def _mark_cuts(self, item: Item) -> None:
        """A cut wire comes in with its number."""
        for port, source in enumerate(item.sources):
            if source is None:
                value, y, x = item.ins[port], self._in(item, port), self.x[id(item)]
                self.panel.links.append(Link((x - 8, y), (x, x), (x, y), value))
                text = f"{self.layers.cuts.get(id(value), 0)}\u2192"
                self.panel.labels.append(Label(x - 10 - text_width(text, LABEL), y + 3, text, value))

    def _turn_row(self, k: int, r: int) -> None:
        """The wires that go on in row r: out on the right, back under the row, in on the left."""
        slots = self._arrivals(k + 1)
        count = len(slots)
        right, below = self.right[r - 1], self.bottom[r - 1] + GAP
        lead = self._lead(k + 1)
        free = -1e9  # above this height the labels before are in the way
        for i, (item, port) in enumerate(slots):
            value, y = item.outs[port], self._out(item, port)
            targets = item.targets[port]
            level = self._entry(targets)
            out = right + 8 + LANE * (count - 1 - i)
            back = self.margin - 8 - LANE * i
            run = below + LANE * (count - 1 - i)
            start = self._edges(item, k)[0 if item.kind in ("lane", "input") else 1]
            split = self.margin + lead
            corners = ((start, y), (out, y), (out, run), (back, run), (back, level), (split, level))
            self.panel.turns.append(Turn(corners, value))
            if level > free:
                self.panel.labels.append(Label(self.margin, level - 4, wire_text(value), value))
                free = level + LABEL + 2
            if len(targets) > 1:
                self.panel.dots.append((split, level))
            for slot in targets:
                self._link((split, level), split, slot, k, value)

    def _entry(self, targets: list[Slot]) -> float:
        """The height at which a wire comes into its row: straight before the first port that it feeds."""
        levels = [self._in(item, port) for item, port in targets]
        return levels[0]
