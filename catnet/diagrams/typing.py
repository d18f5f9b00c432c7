"""From term to typed graph: every composition is checked here, with symbolic dimensions.

`Typing` walks a term with the wires that come in, asks each box for its outputs, and records nodes. Mistakes
are collected, not raised, and what a wrong box would have given becomes an unknown wire, so that one run tells
all mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from catnet.diagnostics import CatnetError, Diagnostic, Report, Span
from catnet.diagrams import mistakes, repeat, terms
from catnet.diagrams.arity import arity, opening_width, split
from catnet.diagrams.box import Box
from catnet.diagrams.graph import Graph, Node, Value
from catnet.diagrams.labels import Labels
from catnet.diagrams.structural import (
    MAX_WIRES,
    Add,
    Dagger,
    Identity,
    Multiply,
    Scale,
    Structural,
    too_many_wires,
)
from catnet.limits import BUDGET, large_work
from catnet.types.dims import DimError
from catnet.types.facts import Facts, Pred
from catnet.types.infer import Inference, TypeProblem, reject
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
        self.assumed: list[Pred | Condition] = []
        self.placed = 0
        self._choices = 0
        self.memo: dict[Any, Graph] = {}  # graphs of nets already elaborated in this run
        self.stack: dict[Any, Box] = {}  # the nets being elaborated, outermost first
        self.node: Node | None = None
        self._nodes: list[Node] = []
        self._labels = Labels()
        self._scope: dict[str, Values] = {}
        self._homes: dict[terms.Shared, list[Node]] = {}
        self._first_uses: dict[terms.Shared, Node] = {}

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
        saved = self._nodes, self._labels, self._scope, self.node, self.inference.asker
        self._nodes, self._labels, self._scope = [], Labels(), {}
        choices = self._choices
        try:
            inputs = tuple(Value(w) for w in wires)
            outputs = self.place(term, inputs)
            undecided = self._choices > choices
            return Graph(name, inputs, outputs, tuple(self._nodes), names, span=span or term.span, undecided=undecided)
        finally:
            self._nodes, self._labels, self._scope, self.node, self.inference.asker = saved

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
                self.report.add(mistakes.undemanded(predicate, demand, inference))
            if known is None:  # told once: what follows from it is not missing as well
                inference.facts = assume(predicate, True, inference.facts)
        inference.open = []

    # -- placing ---------------------------------------------------------------------------------------------

    def place(self, term: terms.Diagram, inputs: Values) -> Values:
        """The outputs of a term on these inputs; new nodes are recorded in the current graph."""
        outputs: Values = terms.handler(_PLACE, term)(self, term, inputs)
        if len(outputs) > MAX_WIRES:
            return self.complain(too_many_wires(), term, inputs)
        return outputs

    def add(self, box: Box, inputs: Values, span: Span | None, label: str | None = None, owner: Any = None) -> Values:
        """Record one use of a box and return its outputs."""
        self._spend(span)
        node = Node(box, inputs, (), label, span, (), owner)
        self.node = self.inference.asker = node
        try:
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
        self._nodes.append(node)
        self._labels.claim(node, self.report)
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

    def _leaf(self, term: terms.Leaf, inputs: Values) -> Values:
        return self._leaf_as(term.box, inputs, term.span, None)

    def _leaf_as(self, box: Box, inputs: Values, span: Span | None, label: str | None) -> Values:
        if isinstance(box, Structural):
            try:
                routes = box.routes(len(inputs))
            except TypeProblem as problem:
                return self.complain(problem, terms.Leaf(box, span), inputs)
            if routes is None:
                return self.complain(
                    TypeProblem(
                        "count",
                        got=tuple(v.wire for v in inputs),
                        detail=f"`{box.name}` takes {box.arity} wire{'s' * (box.arity != 1)}",
                    ),
                    terms.Leaf(box, span),
                    inputs,
                )
            return tuple(inputs[i] for i in routes)
        return self.add(box, inputs, span, label)

    def _then(self, term: terms.Then, inputs: Values) -> Values:
        for part in term.flat():
            inputs = self.place(part, inputs)
        return inputs

    def _tensor(self, term: terms.Tensor, inputs: Values) -> Values:
        parts = list(term.flat())
        counts = split([arity(p, self._scope) for p in parts], len(inputs))
        if counts is None:
            wanted = [arity(p, self._scope) for p in parts]
            shown = " + ".join("any" if n is None else str(n) for n in wanted)
            return self.complain(
                TypeProblem(
                    "count",
                    got=tuple(v.wire for v in inputs),
                    detail=f"the parts of `@` take {shown} wires",
                ),
                term,
                inputs,
            )
        out: list[Value] = []
        at = 0
        for part, count in zip(parts, counts, strict=True):
            out.extend(self.place(part, inputs[at : at + count]))
            at += count
        return tuple(out)

    def _fan(self, term: terms.Fan, inputs: Values) -> Values:
        out: list[Value] = []
        for part in term.parts:
            out.extend(self.place(part, inputs))
        return tuple(out)

    def _sum(self, term: terms.Sum, inputs: Values) -> Values:
        parts = term.flat()
        rows = [self.place(part, inputs) for _, part in parts]
        return self._pointwise(rows, Add(tuple(sign for sign, _ in parts)), term, [p for _, p in parts])

    def _product(self, term: terms.Product, inputs: Values) -> Values:
        factors = term.flat()
        diagrams = [f for f in factors if isinstance(f, terms.Diagram)]
        rows = [self.place(f, inputs) for f in diagrams]
        out = rows[0] if len(rows) == 1 else self._pointwise(rows, Multiply(len(rows)), term, diagrams)
        for factor in factors:
            if not isinstance(factor, terms.Diagram):
                scale = Scale(factor)  # type: ignore[arg-type]  # a number that sizes make may still be unknown
                out = tuple(v for wire in out for v in self.add(scale, (wire,), term.span))
        return out

    def _pointwise(self, rows: list[Values], box: Box, term: terms.Diagram, parts: Sequence[terms.Diagram]) -> Values:
        counts = [len(row) for row in rows]
        if len(set(counts)) > 1:
            odd = next(i for i, n in enumerate(counts) if n != counts[0])
            self.report.add(mistakes.uneven(box, parts[0], counts[0], parts[odd], counts[odd], term.span))
            return tuple(Value(self.inference.fresh_wire()) for _ in rows[0])
        return tuple(v for column in zip(*rows, strict=True) for v in self.add(box, column, term.span))

    def _each(self, term: terms.Each, inputs: Values) -> Values:
        return tuple(v for value in inputs for v in self.place(term.body, (value,)))

    def _labelled(self, term: terms.Labelled, inputs: Values) -> Values:
        body = term.body
        span = term.span
        if isinstance(body, terms.Leaf):
            return self._leaf_as(body.box, inputs, span, term.label)
        if isinstance(body, terms.Repeat):
            return repeat.place_repeat(self, body, inputs, term.label)
        if isinstance(body, terms.Sequence):
            return repeat.place_sequence(self, body, inputs, term.label)
        return self.add(Block(term.label, body), inputs, span, term.label)

    def _repeat(self, term: terms.Repeat, inputs: Values) -> Values:
        return repeat.place_repeat(self, term, inputs, None)

    def _sequence(self, term: terms.Sequence, inputs: Values) -> Values:
        return repeat.place_sequence(self, term, inputs, None)

    def _choice(self, term: terms.Choice, inputs: Values) -> Values:
        """Both branches, each under its own assumption; their types must agree under one of them."""
        facts, labels = self.inference.facts, self._labels
        branches = []
        for truth, part in ((True, term.then), (False, term.otherwise)):
            known = assume(term.condition, truth, facts)
            if known.contradiction:
                continue
            self._labels = labels.fork()  # only one branch will be there, so a label may stand in both
            with self.assuming(known):
                branches.append((known, self.place(part, inputs)))
        if len(branches) < 2:
            return branches[0][1] if branches else inputs
        self._choices += 1
        (when_true, left), (when_false, right) = branches
        if len(left) == len(right):
            if _agree(left, right, when_true):
                return right
            if _agree(left, right, when_false):
                return left
        self.report.add(mistakes.branches(term, left, right, self.inference))
        return left

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

    def _inverse(self, term: terms.Inverse, inputs: Values) -> Values:
        from catnet.diagrams.inverse import inverse_of

        try:
            return self.place(inverse_of(term.body), inputs)
        except TypeProblem as problem:
            return self.complain(problem, term, inputs)

    def _use(self, term: terms.Use, inputs: Values) -> Values:
        shared = term.shared
        body = shared.body
        if self._homes.setdefault(shared, self._nodes) is not self._nodes:
            problem = reject(
                f"`{shared.name}` is shared in another part",
                code="E0228",
                help="a shared morphism is used in the body that declares it, not inside repeated or labelled parts",
            )
            return self.complain(problem, term, inputs)
        before = len(self.report.diagnostics)
        if isinstance(body, terms.Leaf):
            box = body.box
            if term.transposed:
                if not box.dagger_signature:
                    return self.complain(_no_transpose(body), term, inputs)
                box = Dagger(box)
            out = self.add(box, inputs, term.span, shared.name, shared)
        elif term.transposed:
            return self.complain(_no_transpose(body), term, inputs)
        else:
            out = self.add(Block(shared.name, body), inputs, term.span, shared.name, shared)
        if len(self.report.diagnostics) == before:
            self._same_weights(shared, self._nodes[-1])
        return out

    def _same_weights(self, shared: terms.Shared, last: Node) -> None:
        """All uses of one shared morphism that fit their inputs must ask for parameters of the same shapes."""
        first = self._first_uses.setdefault(shared, last)
        if first is last:
            return
        if first.graphs and last.graphs:
            for a, b in zip(first.dom, last.dom, strict=False):
                try:
                    self.inference.unify(b, a)
                except TypeProblem as problem:
                    self.report.add(mistakes.explain(problem, last, self.inference))
                    return
            last.graphs = first.graphs
            return
        wires = self.inference.wires
        one, two = (n.box.parameters(wires(n.dom), wires(n.cod)) for n in (first, last))
        for name in one.keys() & two.keys():
            for mine, theirs in zip(one[name], two[name], strict=True):
                verdict = self.inference.equal(mine, theirs)
                if verdict is not True and not verdict:
                    self.report.add(mistakes.weights_differ(shared, name, one[name], two[name], first, last))
                    return

    def _transpose(self, term: terms.Transpose, inputs: Values) -> Values:
        body = term.body
        if not isinstance(body, terms.Leaf) or not body.box.dagger_signature:
            return self.complain(_no_transpose(body), term, inputs)
        return self.add(Dagger(body.box), inputs, term.span)

    def _var(self, term: terms.Var, inputs: Values) -> Values:
        if inputs:
            problem = TypeProblem(
                "count",
                got=tuple(v.wire for v in inputs),
                detail=f"`{term.name}` is a wire and takes no input",
            )
            return self.complain(problem, term, inputs)
        if term.name not in self._scope:
            problem = reject(
                f"the wire `{term.name}` cannot be reached from inside this part",
                code="E0228",
                help="a repeated or labelled part sees only what it is given: pass the wire as an input",
            )
            return self.complain(problem, term, inputs)
        return self._scope[term.name]

    def _body(self, term: terms.Body, inputs: Values) -> Values:
        saved = self._scope
        self._scope = dict(saved)
        if len(term.inputs) == len(inputs):
            for name, value in zip(term.inputs, inputs, strict=True):
                value.name = value.name or name
                self._scope[name] = (value,)
        elif len(term.inputs) == 1:
            self._scope[term.inputs[0]] = inputs
        try:
            for statement in term.statements:
                if isinstance(statement.value, terms.Diagram):
                    before = len(self.report.diagnostics)
                    values = self.place(statement.value, ())
                    self._bind(statement, values, broken=len(self.report.diagnostics) > before)
            return self.place(term.result, ())
        finally:
            self._scope = saved

    def _bind(self, statement: terms.Let, values: Values, broken: bool) -> None:
        targets = statement.targets
        if len(targets) == len(values):
            for name, value in zip(targets, values, strict=True):
                value.name = value.name or (name if name != "_" else None)
        if len(targets) == 1 and targets[0] != "_":
            self._scope[targets[0]] = values
        elif len(targets) == len(values):
            self._scope.update((n, (v,)) for n, v in zip(targets, values, strict=True) if n != "_")
        elif targets != ("_",):
            if not broken:
                self.report.add(mistakes.misnamed(statement, _shown(values, self.inference), len(values)))
            for name in targets:
                self._scope[name] = (Value(self.inference.fresh_wire()),)

    def _hole(self, term: terms.ExprHole, inputs: Values) -> Values:
        self.report.add(
            Diagnostic(
                "E0231",
                f"a diagram is missing here; it receives `{_shown(inputs, self.inference)}`",
                term.span,
                help="put a diagram in the place of `_`",
            )
        )
        return (Value(self.inference.fresh_wire()),)

    def _broken(self, term: terms.Broken, inputs: Values) -> Values:
        return (Value(self.inference.fresh_wire()),)


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


def _of_inferred_sizes(predicate: Pred | Condition) -> bool:
    """Whether a demand speaks only of sizes that nothing has said yet."""
    names = predicate.symbols if isinstance(predicate, Pred) else frozenset()
    return bool(names) and all(name.startswith("?") for name in names)


def _no_transpose(body: terms.Diagram) -> TypeProblem:
    what = f"`{body.box.name}`" if isinstance(body, terms.Leaf) else "this part"
    return reject(
        f"{what} has no transpose", code="E0221", help="a single linear box, such as `linear` or `embedding`, has"
    )


def _agree(left: Values, right: Values, facts: Facts) -> bool:
    """Whether two lists of wires are equal under the facts."""
    test = Inference(facts)
    try:
        for a, b in zip(left, right, strict=True):
            test.unify(a.wire, b.wire)
    except TypeProblem:
        return False
    return True


def _shown(values: Values, inference: Inference) -> str:
    return mistakes.readable(" @ ".join(str(inference.wire(v.wire)) for v in values) or "()")


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


_PLACE: dict[type, Callable[[Typing, Any, Values], Values]] = {
    terms.Leaf: Typing._leaf,
    terms.Then: Typing._then,
    terms.Tensor: Typing._tensor,
    terms.Fan: Typing._fan,
    terms.Sum: Typing._sum,
    terms.Product: Typing._product,
    terms.Each: Typing._each,
    terms.Labelled: Typing._labelled,
    terms.Repeat: Typing._repeat,
    terms.Sequence: Typing._sequence,
    terms.Choice: Typing._choice,
    terms.Inverse: Typing._inverse,
    terms.Use: Typing._use,
    terms.Transpose: Typing._transpose,
    terms.Var: Typing._var,
    terms.Body: Typing._body,
    terms.ExprHole: Typing._hole,
    terms.Broken: Typing._broken,
}
