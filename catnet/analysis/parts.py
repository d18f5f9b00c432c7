"""The parts of a net by the paths of their submodules, and the keys of its state dict, read off the graph.

Paths are those of the compiled module; `*` stands for the number of each step of a repeat. Sizes may be open.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from catnet.analysis.show import name_of
from catnet.diagrams.costs import Costs
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.repeat import Loop
from catnet.torch.submodules import element, submodule_names, unwrapped
from catnet.types.dims import Dim
from catnet.types.wires import show_object

Shape = tuple[Dim, ...]
MOST_KEYS = 200_000  # of which each is compared; beyond, patterns with `*` are
ONE = Dim.const(1)


@dataclass(frozen=True, eq=False)
class Part:
    """One box, net or repeat where it stands, or one step of a repeat whose steps differ.

    `text` is how it is written, without its label: `linear(64)`, `block(12) x 12`. `path` is that of its submodule,
    None where it has none; `scope` that of the module in which it stands, and `name` its own in there. `what` is the
    node, or the graph of a step. `layer` is the box itself where nothing is inside, `inner` the graph whose parts are
    inside, `steps` are the graphs of a repeat whose steps differ. `counts` are the repeats on its path, `around` is how
    many copies of it they make, `runs` how often it runs. `again`: its weights are those of a part before it.
    """

    what: Node | Graph
    text: str
    name: str | None
    path: str | None
    scope: str
    counts: tuple[Dim, ...]
    around: Dim
    runs: Dim
    layer: Node | None = None
    inner: Graph | None = None
    steps: tuple[Graph, ...] = ()
    again: bool = False

    @property
    def type(self) -> str:
        """`R[t, 64] -> R[t, 64]`."""
        return f"{show_object(self.what.dom)} -> {show_object(self.what.cod)}"

    def tensors(self) -> dict[str, Shape]:
        """The shapes of its own parameters and saved buffers, by their names in the module; none of what is inside."""
        if self.layer is None or self.again:
            return {}
        box, dom, cod = self.layer.box, self.layer.dom, self.layer.cod
        return {**box.parameters(dom, cod), **box.buffers(dom, cod)}

    def parameters(self, costs: Costs) -> Dim:
        """How many trainable parameters it has in all its copies."""
        if self.again:
            return Dim.const(0)
        own = costs.node_parameters(self.what) if isinstance(self.what, Node) else costs.parameters(self.what)
        return own * self.around

    def flops(self, costs: Costs) -> Dim:
        """The operations of all its runs for one sample."""
        own = costs.node_flops(self.what) if isinstance(self.what, Node) else costs.flops(self.what)
        return own * self.runs

    def inside(self) -> list[Part]:
        """The parts in it, in the order of the text; of a repeat whose steps differ, one for each step."""
        path = self.path or self.scope
        if self.steps:
            return [self._step(path, number, graph) for number, graph in enumerate(self.steps)]
        if self.inner is None:
            return []
        times = ONE
        if isinstance(self.what, Node):
            calls = getattr(self.what.box, "calls", None)  # of scan, trace and flow
            times = calls(self.what.dom) if calls is not None else self.what.count
        return parts_of(self.inner, path, self.counts, self.runs * times)

    def _step(self, path: str, number: int, graph: Graph) -> Part:
        layer, inner = element(graph)
        text = name_of(graph.nodes[0]) if len(graph.nodes) == 1 else "step"
        name = str(number)
        return Part(graph, text, name, joined(path, name), path, self.counts, self.around, self.runs, layer, inner)


def parts_of(graph: Graph, scope: str = "", counts: tuple[Dim, ...] = (), runs: Dim = ONE) -> list[Part]:
    """The parts that stand in a graph, in the order of the text; what is inside them is theirs to give."""
    found: list[Part] = []
    owners: set[int] = set()
    for node, name in zip(graph.nodes, submodule_names(graph), strict=True):
        again = node.owner is not None and id(node.owner) in owners
        owners |= {id(node.owner)} if node.owner is not None else set()
        found.append(_part(node, name, scope, counts, runs, again))
    return found


def _part(node: Node, name: str | None, scope: str, counts: tuple[Dim, ...], runs: Dim, again: bool) -> Part:
    path = None if name is None else joined(scope, name)
    around = product(counts)
    layer: Node | None = node if not node.graphs else None
    inner: Graph | None = None
    steps: tuple[Graph, ...] = ()
    text = node.box.sign() if node.box.family == "arithmetic" else name_of(node)
    if isinstance(node.box, Loop):
        text = f"{_repeated(node)} x {node.count}"
    if isinstance(node.box, Loop) and len(node.graphs) == 1:
        path, counts = joined(path or scope, "*"), (*counts, node.count)
    if isinstance(node.box, Loop) and len(node.graphs) > 1:
        steps = node.graphs
    elif node.graphs:
        layer, inner = element(node.graphs[0])
    return Part(node, text, name, path, scope, counts, around, runs, layer, inner, steps, again)


def _repeated(node: Node) -> str:
    """What a repeat repeats, in a word."""
    graph = node.graphs[0]
    only = graph.nodes[0] if len(graph.nodes) == 1 and len(node.graphs) == 1 else None
    return name_of(only) if only is not None and not isinstance(only.box, Loop) else "steps"


def walk(graph: Graph) -> Iterator[Part]:
    """Every part of a net, from the outside in."""
    stack = list(reversed(parts_of(unwrapped(graph))))
    while stack:
        part = stack.pop()
        yield part
        if not part.again:
            stack.extend(reversed(part.inside()))


@dataclass(frozen=True)
class Key:
    """A key of the state dict, or a pattern with `*`, the counts of which stand beside it."""

    name: str
    shape: Shape
    counts: tuple[Dim, ...] = ()

    @property
    def number(self) -> Dim:
        """How many keys a pattern stands for."""
        return product(self.counts)


def keys_of(graph: Graph) -> list[Key]:
    """The keys of the state dict with their shapes, as patterns."""
    return [
        Key(joined(part.path or part.scope, name), shape, part.counts)
        for part in walk(graph)
        for name, shape in part.tensors().items()
    ]


def expanded(keys: list[Key]) -> list[Key] | None:
    """The keys with every `*` as its numbers; None where a count is open, or where they would be too many."""
    numbers = [key.number.value for key in keys]
    if any(n is None for n in numbers) or sum(n or 0 for n in numbers) > MOST_KEYS:
        return None
    found = []
    for key in keys:
        for steps in itertools.product(*(range(count.value or 0) for count in key.counts)):
            pieces = iter(map(str, steps))
            name = ".".join(next(pieces) if piece == "*" else piece for piece in key.name.split("."))
            found.append(Key(name, key.shape))
    return found


def joined(*names: str) -> str:
    return ".".join(name for name in names if name)


def product(counts: tuple[Dim, ...]) -> Dim:
    total = ONE
    for count in counts:
        total = total * count
    return total
