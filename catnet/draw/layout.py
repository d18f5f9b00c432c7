"""Where everything stands: pure geometry, from a typed graph to boxes, wires and labels with coordinates.

`layers` says which column each thing stands in, `rows` where columns break into rows, `page` and `wires` give places
within one graph, `flow` knows the two directions, `folding` how deep boxes are opened. Here is what the pages of one
picture share: the sizes in which an open box can be drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

from catnet.diagrams.graph import Graph, Node
from catnet.draw.flow import DOWN, RIGHT
from catnet.draw.folding import Shown, deepest
from catnet.draw.geometry import Extent, Panel
from catnet.draw.looks import inside, repeats
from catnet.draw.page import Page

PAGE = 1200.0  # the length after which a row ends
NARROWEST = 320.0  # of a frame's inside
STEP = 40.0  # frames are laid out for lengths that differ by this, so that equal insides are laid out once
FRAME = 100.0  # what a frame, the wire before it and the turn after it need beyond its inside
NARROWER = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)  # the parts of a row that the inside of a frame may be laid out for
READ = 400  # boxes; in larger pictures, which nobody reads as a whole, frames have one length
OPEN_BUDGET = 12_000  # boxes in all


class Layout:
    """One layout run: the panels already laid out (equal insides are shared)."""

    def __init__(self, down: bool = False) -> None:
        self.flow = DOWN if down else RIGHT
        self.known: dict[tuple[int, int, float], Panel] = {}
        self.parts: tuple[float, ...] = NARROWER

    def panel(self, graph: Graph, depth: int, limit: float = PAGE, top: bool = False) -> Panel:
        """The geometry of a graph with `depth` levels of boxes to show; those at the top have labels at their ends."""
        if top:
            depth = deepest(graph, OPEN_BUDGET, depth)
            if Shown(READ).count(graph, depth) > READ:
                self.parts = NARROWER[:1]
            return Page(self, graph, depth, limit, top).panel
        key = id(graph), depth, limit
        if key not in self.known:
            self.known[key] = Page(self, graph, depth, limit, top).panel
        return self.known[key]

    def frames(self, node: Node, depth: int, limit: float, texts: Sequence[str]) -> list[Extent]:
        """The ways to draw a box open: the longest first, then narrower ones whose inside has more rows."""
        graph, title = inside(node)
        assert graph is not None
        title = "  ".join(filter(None, (title, repeats(node))))
        found: list[Extent] = []
        length = float("inf")
        for part in self.parts:
            room = max(NARROWEST, part * (limit - FRAME) // STEP * STEP)
            if room >= length:
                continue  # what was found needs no more
            panel = self.panel(graph, depth - 1, room)
            if self.flow.length(panel) < length:
                length = self.flow.length(panel)
                found.append(self.flow.frame(node, panel, title, texts))
        return found
