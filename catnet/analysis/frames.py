"""How long the local variables of generated code hold on to values: until their name is given to another value."""

from __future__ import annotations

from catnet.diagrams.graph import Graph, Value
from catnet.torch.locals import Locals


class Frame(Locals):
    """The local names of one `forward`, without its code: needs no sizes.

    `given_up` says for each node which values lose their name when its results get theirs; `held` are those that
    keep it to the end; `skipped` are the nodes that leave no code.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.owner: dict[str, Value] = {self.names[id(v)]: v for v in graph.inputs}
        self.skipped = {i for i, node in enumerate(graph.nodes) if self.dead(node)}
        self.given_up = [self._step(i) for i in range(len(graph.nodes))]
        self.held = list(self.owner.values())

    def _step(self, index: int) -> list[Value]:
        node = self.graph.nodes[index]
        if index in self.skipped:
            return []
        results = self.result_names(index, node)
        for value in node.inputs:
            name = self.names[id(value)]
            if self.last_use.get(id(value)) == index and name not in results:
                self.locals.taken.discard(name)
        lost = [self.owner[name] for name in results if name in self.owner]
        for value, name in zip(node.outputs, results, strict=True):
            self.names[id(value)] = name
            self.owner[name] = value
        return lost
