"""One graph, rewritten in rounds: each rule is tried everywhere, until none finds anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catnet.diagnostics import CatnetError
from catnet.diagrams.graph import Graph, Node
from catnet.rewrite.compare import sides
from catnet.rewrite.price import Price, Prices
from catnet.rewrite.rule import Aim, Match, Miss, Rule, View
from catnet.rewrite.surgery import Change, spliced, typed
from catnet.types.dims import Dim
from catnet.types.facts import Facts, Pred

PASSES = 64  # rounds over one graph; every rule makes what it finds cheaper, so that usually two are enough

Tried = tuple[Change, Price, Price]  # a change with the prices before and after


@dataclass(frozen=True, eq=False)
class Step:
    """A rewriting that was done in a graph, and what it cost before and after."""

    rule: Rule
    match: Match
    before: Price
    after: Price


class Rounds:
    """A graph on its way to a fixed point. `steps` are the rewritings that were done, `missed` what each rule left in
    its last round, one reason for each place."""

    def __init__(self, graph: Graph, rules: Sequence[Rule], aim: Aim, facts: Facts, prices: Prices) -> None:
        self.graph = graph
        self.aim = aim
        self.facts = facts
        self.prices = prices
        self.steps: list[Step] = []
        self._last: dict[Rule, list[Miss]] = {}
        for _ in range(PASSES):
            before = self.graph
            for rule in rules:
                self._round(rule)
            if self.graph is before:
                break

    @property
    def missed(self) -> list[tuple[Rule, Node, str]]:
        found: list[tuple[Rule, Node, str]] = []
        for rule, misses in self._last.items():
            first = {id(miss.node): miss for miss in reversed(misses)}
            found += [(rule, m.node, m.reason) for m in misses if first[id(m.node)] is m]
        return found

    def _round(self, rule: Rule) -> None:
        """Apply one rule wherever it fits and pays."""
        chosen: list[Tried] = []
        self._last[rule] = missed = []
        taken: set[int] = set()
        for found in rule.find(View(self.graph, self.aim, self.facts)):
            if isinstance(found, Miss):
                missed.append(found)
            elif taken.isdisjoint(map(id, found.nodes)):
                tried = self._tried(rule, found)
                if isinstance(tried, Miss):
                    missed.append(tried)
                elif tried is not None:
                    chosen.append(tried)
                    taken |= {id(node) for node in found.nodes}
        made = spliced(self.graph, [change for change, _, _ in chosen]) if chosen else None
        if chosen and made is None:  # together they do not fit: one at a time, in the rounds that follow
            missed += [Miss(c.match.lead, "its neighbours would lose their order or their keys") for c, _, _ in chosen]
            chosen, made = self._first_alone(chosen)
        if made is not None:
            self.graph = made
            self.steps += [Step(rule, change.match, before, after) for change, before, after in chosen]

    def _tried(self, rule: Rule, match: Match) -> Tried | Miss | None:
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

    def _first_alone(self, chosen: Sequence[Tried]) -> tuple[list[Tried], Graph | None]:
        for one in chosen:
            made = spliced(self.graph, [one[0]])
            if made is not None:
                return [one], made
        return [], None

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
