"""What a rewriting is: a law, where it applies, and what stands there afterwards.

A `Rule` looks through one graph and yields a `Match` for each place where its law applies, or a `Miss` that says why
a place that looks alike was left. The engine decides by cost, types the replacement on the wires that come in, and
splices it in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from catnet.diagrams.graph import Graph, Node, Value
from catnet.diagrams.terms import Diagram
from catnet.types.dims import Dim, DimError
from catnet.types.facts import Facts

Mode = Literal["train", "infer"]
Measure = Literal["flops", "time", "always"]


@dataclass(frozen=True)
class Aim:
    """What a graph is made faster for: training or inference, at which sizes and for which batch.

    `sizes` are typical values of sizes that stay dynamic; they decide which rewriting pays and are not checked at run
    time. `batch` is the number of samples; `real` the bytes of a real.
    """

    mode: Mode
    sizes: Mapping[str, int] = field(default_factory=dict)
    batch: int = 1
    real: int = 4

    def number(self, dim: Dim) -> int | None:
        """The value of a dimension at the sizes that are known; None where one is not."""
        try:
            return dim.subst(self.sizes).value
        except DimError:
            return None


@dataclass(frozen=True, eq=False)
class Match:
    """A place where a law applies. `replacement` is a diagram from `inputs` to `outputs`, in that order, that stands
    for `nodes`; nothing else may use what these give. `keys` says how keys of the state dict change."""

    nodes: tuple[Node, ...]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    replacement: Diagram
    keys: str = ""

    @property
    def lead(self) -> Node:
        """The node that gives the last output: messages point at it."""
        node = self.outputs[-1].node
        assert node is not None
        return node


@dataclass(frozen=True, eq=False)
class Miss:
    """A place that was left as it is, and why."""

    node: Node
    reason: str


class View:
    """A graph with the uses of each value, for rules to look at."""

    def __init__(self, graph: Graph, aim: Aim, facts: Facts) -> None:
        self.graph = graph
        self.aim = aim
        self.facts = facts
        self.users: dict[int, list[Node]] = {}
        for node in graph.nodes:
            for value in node.inputs:
                self.users.setdefault(id(value), []).append(node)
        self.results = {id(value) for value in graph.outputs}

    def used_once(self, value: Value) -> bool:
        """Whether a value has one use and is no output of the graph."""
        return id(value) not in self.results and len(self.users.get(id(value), ())) == 1

    def only_user(self, value: Value) -> Node | None:
        """The node that uses a value, if it is used once and is no output of the graph."""
        return self.users[id(value)][0] if self.used_once(value) else None

    def maker(self, value: Value) -> Node | None:
        """The node that gives a value which nothing else uses: it may be replaced together with its user."""
        return value.node if value.node is not None and self.used_once(value) else None


class Rule:
    """A law that makes graphs faster.

    `law` states it for people; `modes` says where it holds; `measure` says what decides whether it pays: fewer FLOPs,
    less predicted time, or always. `saves` is how much of it must be saved at least, in per cent.
    """

    name: ClassVar[str] = ""
    law: ClassVar[str] = ""
    modes: ClassVar[tuple[Mode, ...]] = ("train", "infer")
    measure: ClassVar[Measure] = "flops"
    saves: ClassVar[int] = 0

    def find(self, view: View) -> Iterator[Match | Miss]:
        """The places in a graph, in the order of its nodes."""
        raise NotImplementedError  # each rule says its own


def is_free(node: Node) -> bool:
    """Whether a node may be moved, merged and dropped: pure, without parameters, not one use of a shared morphism."""
    return not node.fresh and node.owner is None
