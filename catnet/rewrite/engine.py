"""Rewriting a graph to a fixed point, inner graphs first, each once however often it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catnet.diagrams.graph import Graph, Node
from catnet.limits import large_work
from catnet.rewrite.price import Price, Prices
from catnet.rewrite.rounds import Rounds
from catnet.rewrite.rule import Aim, Match, Rule
from catnet.rewrite.surgery import opened, with_insides
from catnet.torch.submodules import unwrapped
from catnet.types.dims import Dim
from catnet.types.facts import Facts, Pred
from catnet.types.static import assume


@dataclass(frozen=True, eq=False)
class Applied:
    """A rewriting that was done: by which rule, where, and what it cost before and after.

    `path` names the parts around it, outermost first; `copies` says how many copies of the place there are.
    """

    rule: Rule
    path: tuple[str, ...]
    node: Node
    match: Match
    before: Price
    after: Price
    copies: Dim


@dataclass(frozen=True, eq=False)
class Missed:
    """A place that a rule nearly fits, and why it was left."""

    rule: Rule
    path: tuple[str, ...]
    node: Node
    reason: str


@dataclass(frozen=True, eq=False)
class Rewritten:
    """The graph after rewriting, with what was done and what was nearly done, in the order of the text."""

    graph: Graph
    aim: Aim
    applied: tuple[Applied, ...]
    missed: tuple[Missed, ...]
    before: Price
    after: Price


@large_work()
def rewritten(graph: Graph, aim: Aim, rules: Sequence[Rule]) -> Rewritten:
    """Rewrite a graph by the rules that hold in this mode, to a fixed point."""
    prices = Prices(aim.batch, aim.real)
    facts = _facts((*graph.where, *unwrapped(graph).where))  # what inner nets assume is in their own words
    engine = _Engine(aim, [r for r in rules if aim.mode in r.modes], prices, facts)
    made = engine.whole(graph)
    return Rewritten(
        made, aim, tuple(engine.applied), tuple(engine.missed), prices.of_graph(graph), prices.of_graph(made)
    )


@dataclass
class _Engine:
    aim: Aim
    rules: list[Rule]
    prices: Prices
    facts: Facts
    done: dict[int, Graph] = field(default_factory=dict)
    applied: list[Applied] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    copies: Mapping[int, Dim] = field(default_factory=dict)

    def whole(self, graph: Graph) -> Graph:
        self.copies = _copies(graph)
        return self.graph(graph, ())

    def graph(self, graph: Graph, path: tuple[str, ...]) -> Graph:
        """A graph with everything inside it rewritten."""
        if id(graph) not in self.done:
            self.done[id(graph)] = self._rewrite(graph, path)
        return self.done[id(graph)]

    def _rewrite(self, graph: Graph, path: tuple[str, ...]) -> Graph:
        copies = self.copies[id(graph)]
        insides: dict[int, tuple[Graph, ...]] = {}
        for node in graph.nodes:
            inner = tuple(self.graph(g, (*path, node.label or g.name)) for g in node.graphs)
            if any(new is not old for new, old in zip(inner, node.graphs, strict=True)):
                insides[id(node)] = inner
        if insides:
            graph = with_insides(graph, insides)
        best = self._best(graph)
        for step in best.steps:
            self.applied.append(Applied(step.rule, path, step.match.lead, step.match, step.before, step.after, copies))
        self.missed += [Missed(rule, path, node, reason) for rule, node, reason in best.missed]
        return best.graph

    def _best(self, graph: Graph) -> Rounds:
        """A graph rewritten as it stands, or with the nets opened that own nothing where that lets more be done."""
        plain = Rounds(graph, self.rules, self.aim, self.facts, self.prices)
        inside = opened(graph)
        if inside is graph:
            return plain
        further = Rounds(inside, self.rules, self.aim, self.facts, self.prices)
        old, new = (self.prices.of_graph(r.graph).time for r in (plain, further))
        now, then = self.aim.number(old), self.aim.number(new)
        if now is not None and then is not None:
            return further if then < now else plain
        return further if self.facts.holds(Pred(">", old, new)) else plain


def _facts(where: Sequence[object]) -> Facts:
    facts = Facts()
    for clause in where:
        facts = assume(clause, True, facts)  # type: ignore[arg-type]
    return facts


def _copies(graph: Graph) -> dict[int, Dim]:
    """How many copies of each inner graph there are in the whole, by the id of the graph."""
    order: list[Graph] = []
    seen: set[int] = set()
    stack = [(graph, False)]
    while stack:
        top, ready = stack.pop()
        if ready:
            order.append(top)
        elif id(top) not in seen:
            seen.add(id(top))
            stack.append((top, True))
            stack.extend((g, False) for node in top.nodes for g in node.graphs)
    copies = {id(g): Dim.const(0) for g in order}
    copies[id(graph)] = Dim.const(1)
    for top in reversed(order):
        for node in top.nodes:
            times = node.count if len(node.graphs) == 1 else Dim.const(1)
            for inner in node.graphs:
                copies[id(inner)] = copies[id(inner)] + copies[id(top)] * times
    return copies
