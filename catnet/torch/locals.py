"""The local names of one `forward`: of its inputs, of what boxes give, and of sizes that are read off shapes."""

from __future__ import annotations

from catnet.diagrams.box import UnboundSize
from catnet.diagrams.graph import Graph, Node, Value
from catnet.torch.names import CALLED, RESERVED, Names, identifier
from catnet.torch.sizes import python
from catnet.torch.text import last_uses, shape_reads, wanted_names
from catnet.types.dims import Dim


class Locals:
    """Names for the values of a graph, by their identity.

    `hints` are the names that the text gives, `last_use` says after which node a value is needed no more, `prologue`
    holds what is read off the inputs before they change, with its local name.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.locals = Names(RESERVED | CALLED)
        self.names: dict[int, str] = {}
        self.prologue: dict[str, str] = {}
        self.hints = wanted_names(graph)
        self.kept = frozenset(self.hints.values())
        self.last_use = last_uses(graph)
        self.inputs = [self._input_name(i, v) for i, v in enumerate(graph.inputs)]

    def _input_name(self, index: int, value: Value) -> str:
        given = self.graph.names[index] if index < len(self.graph.names) else None
        plain = "xyzuvw"[index] if index < 6 else f"x{index}"
        name = self.locals.new(identifier(given or value.name or plain))
        self.names[id(value)] = name
        return name

    def result_names(self, index: int, node: Node) -> list[str]:
        """A single result takes over the name of an input that is needed no more; else a name is found."""
        if len(node.outputs) == 1:
            wanted = self.hints.get(id(node.outputs[0]))
            free = [v for v in node.inputs if self.last_use.get(id(v)) == index]
            for value in free:
                if wanted is None or self.names[id(value)] == wanted:
                    return [self.names[id(value)]]
        names = []
        for value in node.outputs:
            wanted = self.hints.get(id(value)) or node.label or self._letter()
            names.append(self.locals.new(identifier(wanted)))
        return names

    def _letter(self) -> str:
        """A short name for a value that the text does not name, and that no other value waits for."""
        return next((c for c in "yzuvw" if c not in self.locals.taken and c not in self.kept), "y")

    def input_of(self, value: Value) -> str:
        """The name of an input at the start of `forward`."""
        return self.inputs[next(i for i, v in enumerate(self.graph.inputs) if v is value)]

    def read(self, wanted: str, code: str) -> str:
        """A local name for something that is read off the inputs at the start of `forward`."""
        if code not in self.prologue:
            self.prologue[code] = self.locals.unused(identifier(wanted))
        return self.prologue[code]

    def size(self, dim: Dim, node: Node, args: list[str]) -> str:
        """A dynamic dimension, read off the shapes of the node's inputs or of the graph's."""
        shapes = [shape for name, wire in zip(args, node.dom, strict=True) for shape in shape_reads(name, wire)]
        for code, size in shapes:
            if size == dim:
                return code
        reads: dict[str, str] = {}
        for code, size in shapes:
            if size.is_symbol is not None:
                reads.setdefault(size.is_symbol, code)
        for name, value in zip(self.inputs, self.graph.inputs, strict=True):
            for code, size in shape_reads(name, value.wire):
                symbol = size.is_symbol
                if symbol is not None and symbol in dim.symbols and symbol not in reads:
                    reads[symbol] = self.read(symbol, code)
        if not dim.symbols <= reads.keys():
            raise UnboundSize(dim)
        return f"({python(dim, reads)})" if dim.is_symbol is None else reads[dim.is_symbol]

    def dead(self, node: Node) -> bool:
        """Whether a node leaves no code: nothing needs it, and it does nothing else."""
        used = any(id(v) in self.last_use for v in node.outputs)
        return not used and node.box.effect == "pure" and not node.graphs
