"""From term to typed graph: every composition is checked here, with symbolic dimensions.

`Typing` walks a term with the wires that come in, asks each box for its outputs, and records nodes. Mistakes
are collected, not raised, and what a wrong box would have given becomes an unknown wire, so that one run tells
all mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from catnet.diagnostics import CatnetError, Diagnostic, Report, Span
from catnet.diagrams import mistakes, terms
from catnet.diagrams.arity import opening_width
from catnet.diagrams.box import Box
from catnet.diagrams.graph import Graph, Node, Value
from catnet.diagrams.labels import Labels
from catnet.diagrams.placing import PLACE
from catnet.diagrams.structural import (
    MAX_WIRES,
    Identity,
    too_many_wires,
)
from catnet.limits import BUDGET, bounded, large_work
from catnet.types.dims import DimError
from catnet.types.facts import Facts, Pred
from catnet.types.infer import Inference, TypeProblem
from catnet.types.static import Condition, assume, decide
from catnet.types.wires import Object, Wire

Values = tuple[Value, ...]


class Typing:
    """One typing run.

    `generic` is true when a net is checked once for all values of its parameters: nets are then known by
    their signature only. `context` is whatever the elaborator wants to find again (its program).
    """

    def __init__(
        self,
        *,
        facts: Facts | None = None,
        report: Report | None = None,
        generic: bool = False,
        context: Any = None,
        budget: int = BUDGET,
        infers: bool = False,
    ) -> None:
        self.inference = Inference(facts)
        self.report = report if report is not None else Report()
        self.generic = generic
        self.context = context
        self.budget = budget
        self.infers = infers  # the input types are inferred: what is asked of their sizes is part of the answer
        self.assumes: tuple[Span, str] | None = None  # where the text may say what is assumed, and what goes before
        self.assumed: list[Pred | Condition] = []
        self.placed = 0
        self.choices = 0
        self.memo: dict[Any, Graph] = {}  # graphs of nets already elaborated in this run
        self.stack: dict[Any, Box] = {}  # the nets being elaborated, outermost first
        self.node: Node | None = None
        self.nodes: list[Node] = []
        self.labels = Labels()
        self.scope: dict[str, Values] = {}
        self.homes: dict[terms.Shared, list[Node]] = {}
        self.first_uses: dict[terms.Shared, Node] = {}

    # -- graphs ----------------------------------------------------------------------------------------------

    def subgraph(
        self,
        name: str,
        term: terms.Diagram,
        wires: Sequence[Wire],
        *,
        names: tuple[str | None, ...] = (),
        span: Span | None = None,
    ) -> Graph:
        """The graph of a term on these inputs, with a scope of its own for names and labels."""
        saved = self.nodes, self.labels, self.scope, self.node, self.inference.asker
        self.nodes, self.labels, self.scope = [], Labels(), {}
        choices = self.choices
        try:
            inputs = tuple(Value(w) for w in wires)
            outputs = self.place(term, inputs)
            undecided = self.choices > choices
            return Graph(name, inputs, outputs, tuple(self.nodes), names, span=span or term.span, undecided=undecided)
        finally:
            self.nodes, self.labels, self.scope, self.node, self.inference.asker = saved

    def finish(self, graph: Graph) -> Graph:
        """Put the solved variables into every wire, and decide what is still open."""
        self.settle()
        done: set[int] = set()
        stack = [graph]
        while stack:
            top = stack.pop()
            if id(top) in done:
                continue
            done.add(id(top))
            for value in top.inputs:
                value.wire = self.inference.wire(value.wire)
            for node in top.nodes:
                for value in node.outputs:
                    value.wire = self.inference.wire(value.wire)
                stack.extend(node.graphs)
        return graph

    def settle(self) -> None:
        """Decide the open equations and demands; report those that fail."""
        inference = self.inference
        equations, inference.open = inference.open, []
        for a, b, asker in equations:
            a, b = inference.dim(a), inference.dim(b)
            verdict = inference.equal(a, b)
            if verdict is not True and not verdict:
                self.report.add(mistakes.unequal(a, b, asker, verdict, inference))
        demands, inference.demands = inference.demands, []
        for demand in demands:
            predicate = inference.resolved(demand.predicate)
            known = decide(predicate, inference.facts)
            if known is None and self.infers and _of_inferred_sizes(predicate):
                self.assumed.append(predicate)
            elif known is not True:
                self.report.add(mistakes.undemanded(predicate, demand, inference, self.assumes))
            if known is None:  # told once: what follows from it is not missing as well
                inference.facts = assume(predicate, True, inference.facts)
        inference.open = []

    # -- placing ---------------------------------------------------------------------------------------------

    def place(self, term: terms.Diagram, inputs: Values) -> Values:
        """The outputs of a term on these inputs; new nodes are recorded in the current graph."""
        outputs: Values = terms.handler(PLACE, term)(self, term, inputs)
        if len(outputs) > MAX_WIRES:
            return self.complain(too_many_wires(), term, inputs)
        return outputs

    def add(self, box: Box, inputs: Values, span: Span | None, label: str | None = None, owner: Any = None) -> Values:
        """Record one use of a box and return its outputs."""
        self._spend(span)
        node = Node(box, inputs, (), label, span, (), owner)
        self.node = self.inference.asker = node
        try:
            with bounded("E0707", f"`{box.name or 'this part'}`"):
                wires = box.rule(self, node.dom)
        except TypeProblem as problem:
            self.report.add(mistakes.explain(problem, node, self.inference))
            wires = self._unknown(box, node.dom)
        except DimError as error:
            self.report.add(mistakes.too_large(error, span))
            wires = self._unknown(box, node.dom)
        below = list(mistakes.negative(wires, f"`{box.name or 'this part'}` gives", span))
        if below and not self._refused(node) and not any(mistakes.negative(node.dom, "", None)):
            self.report.extend(below)  # told once, where it starts
        self.node = node
        node.outputs = tuple(Value(w, node, i) for i, w in enumerate(wires))
        self.nodes.append(node)
        self.labels.claim(node, self.report)
        return node.outputs

    def _refused(self, node: Node) -> bool:
        """Whether a demand of this node is sure to be reported when the run ends."""
        decided = self.inference.decided
        return any(d.asker is node and decided(d.predicate) is False for d in self.inference.demands)

    def _unknown(self, box: Box, inputs: Object) -> Object:
        count = 1
        if box.signature:
            count = len(box.type_rule()[0].cod)
        return tuple(self.inference.fresh_wire() for _ in range(count))

    def _spend(self, span: Span | None) -> None:
        self.placed += 1
        if self.placed > self.budget:
            raise CatnetError(
                Diagnostic(
                    "E0218",
                    f"the expansion has more than {self.budget:,} boxes",
                    span,
                    help="write repeats as `f ^ n`: they count once",
                )
            )

    def complain(self, problem: TypeProblem, term: terms.Diagram, inputs: Values) -> Values:
        """Report a problem of a structural term; the outputs are unknown."""
        node = Node(Identity(), inputs, (), None, term.span)
        self.report.add(mistakes.explain(problem, node, self.inference))
        return (Value(self.inference.fresh_wire()),)

    @contextmanager
    def assuming(self, facts: Facts) -> Iterator[None]:
        """A stretch of typing under other facts; what it leaves open is settled before they go."""
        saved = self.inference.facts
        waiting = self.inference.demands, self.inference.open
        self.inference.facts, self.inference.demands, self.inference.open = facts, [], []
        try:
            yield
            self.settle()
        finally:
            self.inference.facts = saved
            self.inference.demands, self.inference.open = waiting


def _of_inferred_sizes(predicate: Pred | Condition) -> bool:
    """Whether a demand speaks only of sizes that nothing has said yet."""
    names = predicate.symbols if isinstance(predicate, Pred) else frozenset()
    return bool(names) and all(name.startswith("?") for name in names)


@large_work()
def graph_of(term: terms.Diagram, wires: Sequence[Wire] | None = None) -> Graph:
    """The typed graph of a term; without `wires`, the most general type is inferred.

    Raises `CatnetError` with every mistake found.
    """
    typing = Typing(infers=wires is None)
    if wires is None:
        opening = getattr(term.box, "opening", None) if isinstance(term, terms.Leaf) else None
        if opening is not None:
            wires, typing.inference.facts, typing.budget = opening()
        else:
            wires = [typing.inference.fresh_wire() for _ in range(opening_width(term))]
    graph = typing.finish(typing.subgraph("main", term, wires))
    typing.report.raise_errors()
    if typing.inference.open_variables(graph.dom + graph.cod):
        generalise(typing, (graph,))
        graph.where = tuple(typing.inference.resolved(p) for p in typing.assumed)
    graph.budget = typing.budget
    return graph


def generalise(typing: Typing, graphs: Sequence[Graph]) -> None:
    """Give what inference left open readable names: `R[...s, d]`; a wire of which nothing is known is `X`."""
    inference = typing.inference
    values = [v for g in graphs for v in (*g.inputs, *g.outputs)]
    values += [v for g in graphs for _, node in g.walk() for v in node.outputs]
    taken = {name for v in values for name in v.wire.symbols}
    for value in values:
        inference.name_variables(inference.wire(value.wire), taken)
    for graph in graphs:
        typing.finish(graph)
