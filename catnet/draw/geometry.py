"""What a layout is made of: boxes, wires and labels with coordinates. Nothing here knows SVG or TikZ.

All coordinates are those of the page: x to the right, y down. In a panel that runs to the right (`down` is false),
wires are level where they pass a column, and ports are told by their heights. In a panel that runs down they are
upright there, and ports are told by their x. `Link.path` and `Turn.corners` draw alike in both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from catnet.diagrams.graph import Graph, Node, Value
from catnet.draw.looks import Face

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Link:
    """A wire: straight from `start` to the first bend, one smooth curve to the second bend, straight to `end`.

    `bends` are the x (the y, where the panel runs down) at which the curve begins and ends. `count` wires of one type
    that run side by side are one link.
    """

    start: Point
    bends: tuple[float, float]
    end: Point
    value: Value
    count: int = 1
    down: bool = False

    @property
    def path(self) -> tuple[Point, Point, Point, Point, Point, Point]:
        """A line from the first point to the second, a cubic curve from there, a line from the fifth to the last.

        >>> from catnet.types.wires import real
        >>> Link((0, 0), (10, 30), (40, 8), Value(real(3))).path
        ((0, 0), (10, 0), (20.0, 0), (20.0, 8), (30, 8), (40, 8))
        """
        (x0, y0), (a, b), (x1, y1) = self.start, self.bends, self.end
        middle = (a + b) / 2
        if self.down:
            return self.start, (x0, a), (x0, middle), (x1, middle), (x1, b), self.end
        return self.start, (a, y0), (middle, y0), (middle, y1), (b, y1), self.end


@dataclass(frozen=True, slots=True)
class Turn:
    """A wire that goes on in the next row: corners of a path to be drawn with round corners."""

    corners: tuple[Point, ...]
    value: Value
    count: int = 1


@dataclass(eq=False, slots=True)
class Label:
    """A small text beside a wire; `x`, `y` is its left end on the base line.

    `acted` are the places of the axes on which a group acts, `words` say how.
    """

    x: float
    y: float
    text: str
    value: Value
    acted: tuple[int, ...] = ()
    words: str = ""


@dataclass(eq=False, slots=True)
class Placed:
    """A box with its place; `panel` is what a frame shows inside, from `TITLE` (see `flow`) below the frame's corner.

    `ins` and `outs` are the heights of its ports (their x, where the panel runs down), absolute; wires that run side
    by side have one port. `title_x` is where a frame's title begins, from its corner.
    """

    node: Node
    face: Face
    x: float
    y: float
    width: float
    height: float
    ins: tuple[float, ...]
    outs: tuple[float, ...]
    panel: Panel | None = None
    title: str = ""
    title_x: float = 10.0


@dataclass(eq=False)
class Panel:
    """The geometry of one graph.

    `inputs` and `outputs` are the heights (the x, where it runs down) at which wires enter and leave it. `dots` are
    copies, `ends` discards: a bar across the wire. `count` is the number of boxes, those inside frames included, `cost`
    what its rows cost besides their height (see `rows`).
    """

    graph: Graph
    width: float = 0.0
    height: float = 0.0
    down: bool = False
    inputs: tuple[float, ...] = ()
    outputs: tuple[float, ...] = ()
    boxes: list[Placed] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    dots: list[Point] = field(default_factory=list)
    ends: list[Point] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    count: int = 0
    cost: float = 0.0


@dataclass(slots=True)
class Extent:
    """The size of an item before it has a place, along the flow and across it; ports are counted across.

    `enter` and `leave` say how far wires go on under the shape's edges, `room` what labels need beyond `across`.
    """

    along: float
    across: float
    ins: tuple[float, ...]
    outs: tuple[float, ...]
    face: Face | None = None
    panel: Panel | None = None
    title: str = ""
    title_x: float = 10.0
    enter: float = 0.0
    leave: float = 0.0
    room: float = 0.0
