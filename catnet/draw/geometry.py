"""What a layout is made of: boxes, wires and labels with coordinates. Nothing here knows SVG."""

from __future__ import annotations

from dataclasses import dataclass, field

from catnet.diagrams.graph import Graph, Node, Value
from catnet.draw.looks import Face

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Link:
    """A wire: level from `start` to the first bend, one smooth curve to the second bend, level to `end`."""

    start: Point
    bends: tuple[float, float]
    end: Point
    value: Value


@dataclass(frozen=True, slots=True)
class Turn:
    """A wire that goes on in the next row: corners of a path to be drawn with round corners."""

    corners: tuple[Point, ...]
    value: Value


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
    """A box with its place; `panel` is what a frame shows inside, at `panel_at` from the frame's corner.

    `ins` and `outs` are the heights of its ports, absolute.
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


@dataclass(eq=False)
class Panel:
    """The geometry of one graph. `inputs` and `outputs` are the heights at which wires enter and leave it."""

    graph: Graph
    width: float = 0.0
    height: float = 0.0
    inputs: tuple[float, ...] = ()
    outputs: tuple[float, ...] = ()
    boxes: list[Placed] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    dots: list[Point] = field(default_factory=list)
    ends: list[Point] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    count: int = 0


@dataclass(slots=True)
class Extent:
    """The size of an item before it has a place; ports are counted from its top."""

    width: float
    height: float
    ins: tuple[float, ...]
    outs: tuple[float, ...]
    face: Face | None = None
    panel: Panel | None = None
    title: str = ""
    inset: float = 0.0  # how far wires go on under the shape's edge
