"""The two ways in which a picture runs: how large things are along the flow and across it, and where labels stand.

A layout is worked out as if it ran to the right. One that runs down has the sizes of its boxes exchanged, leaves room
for labels beside the wires instead of above them, and exchanges x and y at the end.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from catnet.diagrams.graph import Node, Value
from catnet.draw.geometry import Extent, Label, Panel, Placed, Point
from catnet.draw.looks import circle_sign, face_of, look_of
from catnet.draw.measure import text_width

PORT = 20.0  # between two ports of a box
SIGN_PORT = 9.0  # between two ports of a sum
TITLE = 22.0  # the title strip of a frame
LABEL = 10.0  # the size of a wire's label
BESIDE = 6.0  # from a box to the label after it
GAP = 18.0  # between two things in a column; a label fits in
PADDING = 14.0
LANE = 6.0  # between two wires that return to the next row


@dataclass(frozen=True)
class Flow:
    """To the right, or down."""

    down: bool = False

    # -- labels ----------------------------------------------------------------------------------------------

    def label_along(self, text: str) -> float:
        """How much of a wire a label takes."""
        if not text:
            return 0.0
        return LABEL + 8 if self.down else text_width(text, LABEL) + 12

    def label_across(self, text: str) -> float:
        """The room that a label needs beside its wire; above a level wire there is always enough."""
        return text_width(text, LABEL) + 10 if self.down and text else 0.0

    def label(self, at: Point, text: str, value: Value) -> Label:
        """A label at the wire that runs through a point, from this point on."""
        along, across = at
        if self.down:
            return Label(across + 5, along + LABEL + 3, text, value)
        return Label(along + BESIDE, across - 4, text, value)

    def number(self, at: Point, text: str, value: Value) -> Label:
        """The number of a cut wire, before the point where the wire comes in again."""
        along, across = at
        width = text_width(text, LABEL)
        if self.down:
            return Label(across - width / 2, along - 4, text, value)
        return Label(along - 4 - width, across + 3, text, value)

    def has_room(self, text: str, level: float, levels: Sequence[float]) -> bool:
        """Whether a label at a wire is clear of its neighbours; `levels` are those of all wires, sorted."""
        at = bisect_left(levels, level)
        if self.down:
            return at + 1 == len(levels) or levels[at + 1] - level >= self.label_across(text)
        return at == 0 or level - levels[at - 1] > LABEL + 3

    # -- sizes -----------------------------------------------------------------------------------------------

    def end(self, text: str) -> Extent:
        """The piece of wire at an input or an output, with its label."""
        return Extent(self.label_along(text), 4.0, (2.0,), (2.0,), room=self.label_across(text))

    def closed(self, node: Node, inputs: int, texts: Sequence[str]) -> Extent:
        """The size of a box with so many inputs, and outputs that have these labels."""
        face = face_of(node)
        most = max(inputs, len(texts), 1)
        if circle_sign(node) is not None:
            size = max(face.width, SIGN_PORT * most + 6)
            ins, outs = spread(inputs, size, SIGN_PORT), spread(len(texts), size, SIGN_PORT)
            return self._labelled(Extent(size, size, ins, outs, face, enter=size / 2, leave=size / 2), texts)
        if self.down:
            step = max([PORT, *map(self.label_across, texts[:-1])])
            across = max(face.width, PORT * inputs + 24, step * (len(texts) - 1) + 44)
            ins, outs = spread(inputs, across, PORT), spread(len(texts), across, step)
            return self._labelled(Extent(face.height, across, ins, outs, face), texts)
        across = max(face.height, PORT * most + 6)
        shape = look_of(node.box).shape
        inset = 10.0 if shape in ("slant", "hexagon", "chevron") else min(across / 2, 12.0) if shape == "pill" else 0.0
        ins, outs = spread(inputs, across, PORT), spread(len(texts), across, PORT)
        return Extent(face.width, across, ins, outs, face, enter=inset, leave=inset)

    def frame(self, node: Node, panel: Panel, title: str, texts: Sequence[str]) -> Extent:
        """The size of a box that is drawn open: a title above a panel."""
        face, wide = face_of(node), text_width(title, 11)
        if not self.down:
            along = max(panel.width, wide + 24)
            ins, outs = (tuple(y + TITLE for y in side) for side in (panel.inputs, panel.outputs))
            leave = along - panel.width  # the title may be wider than what it names
            return Extent(along, panel.height + TITLE, ins, outs, face, panel, title, leave=leave)
        at = 10.0
        if panel.inputs and panel.inputs[0] < wide + 20:  # the wires come in through the strip: the title stands aside
            at = panel.inputs[-1] + 10
        across = max(panel.width, at + wide + 10)
        made = Extent(
            panel.height + TITLE, across, panel.inputs, panel.outputs, face, panel, title, title_x=at, enter=TITLE
        )
        return self._labelled(made, texts)

    def _labelled(self, made: Extent, texts: Sequence[str]) -> Extent:
        """An extent with room beside it for the labels at its outputs."""
        if self.down:
            ends = [out + self.label_across(text) for out, text in zip(made.outs, texts, strict=True) if text]
            made.room = max(0.0, max(ends, default=0.0) - made.across)
        return made

    # -- the page --------------------------------------------------------------------------------------------

    def length(self, panel: Panel) -> float:
        """The size of a finished panel along the flow."""
        return panel.height if self.down else panel.width

    def turned(self, panel: Panel) -> Panel:
        """The panel in the coordinates of the page."""
        if not self.down:
            return panel
        panel.down = True
        panel.width, panel.height = panel.height, panel.width
        panel.boxes = [_turned_box(box) for box in panel.boxes]
        panel.links = [
            dataclasses.replace(link, start=link.start[::-1], end=link.end[::-1], down=True) for link in panel.links
        ]
        panel.turns = [
            dataclasses.replace(turn, corners=tuple((x, y) for y, x in turn.corners)) for turn in panel.turns
        ]
        panel.dots = [(x, y) for y, x in panel.dots]
        panel.ends = [(x, y) for y, x in panel.ends]
        return panel


RIGHT, DOWN = Flow(), Flow(down=True)


def spread(count: int, room: float, step: float) -> tuple[float, ...]:
    """The places of ports around the middle of an edge."""
    return tuple(room / 2 + (i - (count - 1) / 2) * step for i in range(count))


def _turned_box(box: Placed) -> Placed:
    return dataclasses.replace(box, x=box.y, y=box.x, width=box.height, height=box.width)
