"""A labelled part of a diagram as a box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catnet.diagrams import terms
from catnet.diagrams.arity import arity
from catnet.diagrams.box import Box
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


class Block(Box):
    """A labelled part of several boxes: a submodule of its own."""

    name = "block"
    family = "block"
    arity = None

    def __init__(self, title: str, body: terms.Diagram) -> None:
        self.title = title
        self.body = body
        self.arity = arity(body, {})

    def rule(self, typing: Typing, inputs: Object) -> Object:
        node = typing.node
        graph = typing.subgraph(self.title, self.body, inputs)
        assert node is not None
        node.graphs = (graph,)
        return graph.cod

    def sign(self) -> str:
        return self.title
