"""Rewriting a graph to a fixed point, inner graphs first, each once however often it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catnet.diagnostics import CatnetError
from catnet.diagrams.graph import Graph, Node
from catnet.limits import large_work
from catnet.rewrite.compare import sides
from catnet.rewrite.price import Price, Prices
from catnet.rewrite.rule import Aim, Match, Miss, Rule, View
from catnet.rewrite.surgery import Change, spliced, typed, with_insides
from catnet.torch.emit import unwrapped
from catnet.types.dims import Dim
from catnet.types.facts import Facts, Pred
from catnet.types.static import assume

PASSES = 64  # rounds over one graph; every rule makes what it finds cheaper, so that usually two are enough


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
        misses: dict[Rule, list[Miss]] = {}
        for _ in range(PASSES):
            before = graph
            for rule in self.rules:
                graph = self._round(rule, graph, path, copies, misses)
            if graph is before:
                break
        for rule, found in misses.items():
            first = {id(miss.node): miss for miss in reversed(found)}  # one reason is enough
            self.missed += [Missed(rule, path, m.node, m.reason) for m in found if first[id(m.node)] is m]
        return graph

    def _round(
        self,
        rule: Rule,
        graph: Graph,
        path: tuple[str, ...],
        copies: Dim,
        misses: dict[Rule, list[Miss]],
    ) -> Graph:
        """The graph after one rule was applied wherever it fits and pays."""
        chosen: list[tuple[Change, Price, Price]] = []
        misses[rule] = missed = []
        taken: set[int] = set()
        for found in rule.find(View(graph, self.aim, self.facts)):
            if isinstance(found, Miss):
                missed.append(found)
            elif taken.isdisjoint(map(id, found.nodes)):
                tried = self._tried(rule, found)
                if isinstance(tried, Miss):
                    missed.append(tried)
                elif tried is not None:
                    chosen.append(tried)
                    taken |= {id(node) for node in found.nodes}
        made = spliced(graph, [c for c, _, _ in chosen]) if chosen else graph
        if made is None:  # together they do not fit: one at a time, in the rounds that follow
            chosen, made = self._first_alone(graph, chosen)
        for change, before, after in chosen:
            self.applied.append(Applied(rule, path, change.match.lead, change.match, before, after, copies))
        return made

    def _tried(self, rule: Rule, match: Match) -> tuple[Change, Price, Price] | Miss | None:
        """A match with its replacement typed and both prices, if it pays; None where both cost the same."""
        try:
            change = typed(match, self.facts)
        except CatnetError as error:  # what the replacement asks of sizes is not known here
            return Miss(match.lead, error.diagnostics[0].message)
        before, after = self.prices.of_nodes(match.nodes), self.prices.of_nodes(change.graph.nodes)
        if rule.measure == "always":
            return change, before, after
        old, new = (p.flops if rule.measure == "flops" else p.time for p in (before, after))
        if old == new:
            return None
        reason = self._refusal(rule, old, new)
        return Miss(match.lead, reason) if reason else (change, before, after)

    def _first_alone(
        self, graph: Graph, chosen: Sequence[tuple[Change, Price, Price]]
    ) -> tuple[list[tuple[Change, Price, Price]], Graph]:
        for one in chosen:
            made = spliced(graph, [one[0]])
            if made is not None:
                return [one], made
        return [], graph

    def _refusal(self, rule: Rule, old: Dim, new: Dim) -> str:
        """Why a rewriting does not pay; the empty string where it does."""
        now, then = self.aim.number(old), self.aim.number(new)
        asked, offered = (old * (100 - rule.saves), new * 100) if rule.saves else (old, new)
        more, less = sides(asked, offered)
        if now is None or then is None:
            if self.facts.holds(Pred(">", more, less)):
                return ""
            if self.facts.holds(Pred(">=", less, more)):
                return "it does not pay, whatever the sizes are"
            return f"it pays where {more} > {less}, which is not known: say typical sizes"
        if then * 100 < now * (100 - rule.saves):
            return ""
        what = "FLOPs" if rule.measure == "flops" else "time"
        why = f"{more} <= {less}: " if more.symbols | less.symbols else ""
        wanted = f", and at most {1 - rule.saves / 100:.2g} is wanted" if rule.saves else ""
        return f"{why}it would cost {then / max(now, 1):.3g} times the {what}{wanted}"


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
