"""From syntax tree to term: names are resolved, static values worked out, `if`s decided.

Mistakes are reported and the broken part becomes a hole that fits everywhere, so that one run tells all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from catnet.boxes import VOCABULARY
from catnet.boxes.trivialise import reading
from catnet.diagnostics import CatnetError, Diagnostic, Note, Report, Span, fail
from catnet.diagrams import terms
from catnet.diagrams.box import REQUIRED, Param
from catnet.elaborate.arguments import make_box, match
from catnet.elaborate.loading import Declaration, Module, standard_import, word
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.facts import Facts
from catnet.types.spelling import nearest, respelt
from catnet.types.static import AxisRef, Unknown, condition, decide, dimension, evaluate

COMBINATORS = ("each", "seq", "transpose")
SORTS = {"int", "float", "bool", "str", "rep"}

MakeNet = Callable[[Module, Declaration, Mapping[str, tuple[Any, Span | None]], Span | None], terms.Diagram]


@dataclass
class Scope:
    """What names mean: static values (parameters and quantified dimensions), wires and shared morphisms of a
    braced body, then the file's declarations, then the vocabulary."""

    module: Module | None
    statics: dict[str, Any]
    axes: frozenset[str] = frozenset()
    wires: dict[str, Span | None] = field(default_factory=dict)
    shared: dict[str, terms.Shared] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    """Static values that the body also writes as wires, which is reported where it does."""

    def without_wires(self) -> Scope:
        """The scope of a net given as an argument: wires of the body around it cannot be reached."""
        return Scope(self.module, self.statics, self.axes)

    @property
    def words(self) -> Iterator[str]:
        """Every name that could be meant; walked only when one is to be offered in a message."""
        yield from (*self.statics, *self.wires, *self.shared)
        yield from (*(self.module.names if self.module else ()), *VOCABULARY, *COMBINATORS, "true", "false")


class Evaluator:
    """Evaluates expressions of one scope. `make_net` makes the term of a declared net or box with arguments."""

    def __init__(self, scope: Scope, facts: Facts, report: Report, make_net: MakeNet) -> None:
        self.scope = scope
        self.facts = facts
        self.report = report
        self.make_net = make_net

    # -- diagrams --------------------------------------------------------------------------------------------

    def diagram(self, expr: tree.Expr) -> terms.Diagram:
        """The term of an expression; a broken part is reported and becomes `Broken`."""
        try:
            method = getattr(self, f"_{type(expr).__name__.lower()}", None)
            if method is None:
                fail("E0212", "a diagram is expected here, not a static value or a type", expr.span)
            made: terms.Diagram = method(expr)
            return made
        except CatnetError as error:
            self.report.extend(error.diagnostics)
            return terms.Broken(expr.span)

    def _parts(self, parts: tuple[tree.Expr, ...]) -> tuple[terms.Diagram, ...]:
        return tuple(self.diagram(p) for p in parts)

    def _chain(self, expr: tree.Chain) -> terms.Diagram:
        return terms.Then(self._parts(expr.parts), expr.span)

    def _beside(self, expr: tree.Beside) -> terms.Diagram:
        return terms.Tensor(self._parts(expr.parts), expr.span)

    def _fan(self, expr: tree.Fan) -> terms.Diagram:
        return terms.Fan(self._parts(expr.parts), expr.span)

    def _unit(self, expr: tree.Unit) -> terms.Diagram:
        return terms.Tensor((), expr.span)

    def _hole(self, expr: tree.Hole) -> terms.Diagram:
        return terms.ExprHole(expr.span)

    def _sum(self, expr: tree.Sum) -> terms.Diagram:
        rest = tuple((1 if op == "+" else -1, self.diagram(e)) for op, e in expr.rest)
        return terms.Sum(((1, self.diagram(expr.first)), *rest), expr.span)

    def _product(self, expr: tree.Product) -> terms.Diagram:
        first, rest = expr.first, expr.rest
        numbers = next((i for i, e in enumerate((first, *(e for _, e in rest))) if not self._is_number(e)), len(rest))
        if any(op != "*" for op, _ in rest[: max(numbers - 1, 0)]):  # `1/sqrt(d) * f`: the quotient is one number
            first, rest = tree.Product(first, rest[: numbers - 1], span=expr.span), rest[numbers - 1 :]
        factors = [self._factor(first)]
        for op, operand in rest:
            if op != "*":
                fail("E0212", f"`{op}` is for numbers; diagrams are joined by >>, @, + and *", expr.span)
            factors.append(self._factor(operand))
        if not any(isinstance(f, terms.Diagram) for f in factors):
            fail("E0212", "a diagram is expected here, not a number", expr.span)
        return terms.Product(tuple(factors), expr.span)

    def _factor(self, expr: tree.Expr) -> terms.Diagram | float | Unknown:
        if not self._is_number(expr):
            return self.diagram(expr)
        value = self.static(expr)
        if isinstance(value, Dim):
            return float(value.value) if value.value is not None else Unknown(str(value), "float")
        if isinstance(value, (float, Unknown)):
            return value
        fail("E0212", "a diagram or a number is expected here", expr.span)

    def _is_number(self, expr: tree.Expr) -> bool:
        """Whether an expression is made of numbers, so that it is a factor and not a diagram."""
        if isinstance(expr, tree.Name):
            return isinstance(self.scope.statics.get(expr.id), (Dim, float, Unknown))
        if isinstance(expr, tree.Negate):
            return self._is_number(expr.body)
        if isinstance(expr, tree.Power):
            return self._is_number(expr.base) and self._is_number(expr.exponent)
        if isinstance(expr, (tree.Product, tree.Sum)):
            return self._is_number(expr.first) and all(self._is_number(e) for _, e in expr.rest)
        if isinstance(expr, tree.Call) and isinstance(expr.fn, tree.Name) and expr.fn.id in ("max", "min", "sqrt"):
            return bool(expr.args) and all(a.name is None and self._is_number(a.value) for a in expr.args)
        return isinstance(expr, tree.Number)

    def _negate(self, expr: tree.Negate) -> terms.Diagram:
        return terms.Product((-1.0, self.diagram(expr.body)), expr.span)

    def _power(self, expr: tree.Power) -> terms.Diagram:
        body = self.diagram(expr.base)
        count = dimension(expr.exponent, self.lookup, self.scope.words)
        if count.value == -1 and isinstance(expr.exponent, tree.Negate):  # as written: never an n that is -1
            return terms.Inverse(body, expr.span)
        return terms.Repeat(body, count, expr.span)

    def _label(self, expr: tree.Label) -> terms.Diagram:
        return terms.Labelled(expr.name, self.diagram(expr.body), expr.span)

    def _if(self, expr: tree.If) -> terms.Diagram:
        test = condition(expr.condition, self.lookup, self.scope.words)
        decided = decide(test, self.facts)
        if decided is not None:
            return self.diagram(expr.then if decided else expr.otherwise)
        assert not isinstance(test, bool)
        return terms.Choice(test, self.diagram(expr.then), self.diagram(expr.otherwise), expr.span)

    def _name(self, expr: tree.Name) -> terms.Diagram:
        name, scope = expr.id, self.scope
        value = scope.statics.get(name)
        if value is not None:
            if isinstance(value, terms.Diagram):
                return value
            if name in scope.hidden:
                raise CatnetError()  # told where it is written
            fail("E0212", f"`{name}` is a static value here, not a diagram", expr.span)
        if name in scope.wires:
            scope.used.add(name)
            return terms.Var(name, expr.span)
        if name in scope.shared:
            scope.used.add(name)
            return terms.Use(scope.shared[name], False, expr.span)
        return self._apply(name, [], {}, expr.span)

    def _call(self, expr: tree.Call) -> terms.Diagram:
        if not isinstance(expr.fn, tree.Name):
            fail("E0212", "only a box or a net takes static arguments", expr.span)
        name = expr.fn.id
        if name in COMBINATORS:
            return self._combinator(name, expr)
        if name in self.scope.statics or name in self.scope.wires or name in self.scope.shared:
            fail("E0213", f"`{name}` takes no static arguments", expr.span)
        positional = [a.value for a in expr.args if a.name is None]
        keyword: dict[str, tree.Expr] = {}
        for arg in expr.args:
            if arg.name is None:
                continue
            if arg.name in keyword:
                fail("E0213", f"the argument `{arg.name}` of `{name}` is given twice", arg.span)
            keyword[arg.name] = arg.value
        return self._apply(name, positional, keyword, expr.span)

    def _apply(
        self, name: str, positional: list[tree.Expr], keyword: dict[str, tree.Expr], span: Span | None
    ) -> terms.Diagram:
        found = self.scope.module.find(name) if self.scope.module is not None else None
        if found is not None:
            module, declaration = found
            if isinstance(declaration, tree.Law):
                fail("E0212", f"`{name}` is a law, not a diagram", span)
            params = net_params(declaration)
            extra = quantified(declaration)
        elif name in VOCABULARY:
            params = VOCABULARY[name].params()
            extra = tuple(keyword) if VOCABULARY[name].open_keywords else ()
        elif self.scope.module is not None and name in self.scope.module.broken:
            raise CatnetError()  # told where it is declared
        else:
            known, place = list(self.scope.words), word(span, name)
            elsewhere = standard_import(name)
            fixes = () if elsewhere else respelt(name, known, place)
            fail("E0201", f"unknown name `{name}`", place, help=elsewhere or nearest(name, known), fixes=fixes)
        self._refuse_wires(name, positional)
        try:
            written = [(e, e.span) for e in positional], {k: (e, e.span) for k, e in keyword.items()}
            given = match(name, params, *written, span, extra)
        except CatnetError as error:
            if found is None or name not in VOCABULARY:
                raise
            raise CatnetError(
                *(replace(d, notes=(*d.notes, hidden_box(name)), help=OTHER_NAME) for d in error.diagnostics)
            ) from None
        sorts = {p.name: p.sort for p in params}
        values = {k: (self.argument(e, sorts.get(k, "int")), place) for k, (e, place) in given.items()}
        if found is not None:
            return self.make_net(module, declaration, values, span)
        return reading(make_box(VOCABULARY[name], values), span)

    def _refuse_wires(self, name: str, positional: list[tree.Expr]) -> None:
        """`relu(x)`, as a function of Python is called, gets told how wires are given here."""
        scope = self.scope
        names = scope.wires.keys() - scope.statics
        given = [e for e in positional if isinstance(e, tree.Name) and e.id in names]
        if given:
            scope.used.update(e.id for e in given)
            rest = [e.span.text for e in positional if e.span and e not in given]
            wires, part = " @ ".join(e.id for e in given), f"{name}({', '.join(rest)})" if rest else name
            words = f"`{name}` takes static arguments in its brackets, and `{given[0].id}` is a wire"
            fail("E0213", words, given[0].span, help=f"write `{wires} >> {part}`")

    def argument(self, expr: tree.Expr, sort: str) -> Any:
        """The value of a static argument of a given sort."""
        if sort == "net":
            if isinstance(expr, tree.Name) and expr.id in self.scope.shared:
                return self._name(expr)  # what reads shared weights takes its name; others refuse it
            inner = Evaluator(self.scope.without_wires(), self.facts, self.report, self.make_net)
            return inner.diagram(expr)
        if sort == "axis" and isinstance(expr, tree.Name) and expr.id in self.scope.axes:
            size = self.scope.statics.get(expr.id)
            return AxisRef(name=expr.id, size=size if isinstance(size, Dim) else None)
        return self.static(expr)

    def _combinator(self, name: str, expr: tree.Call) -> terms.Diagram:
        args = expr.args
        wanted = 2 if name == "seq" else 1
        if len(args) != wanted or any(a.name is not None for a in args):
            shape = "seq(i in 0..n, f(i))" if name == "seq" else f"{name}(f)"
            fail("E0213", f"`{name}` takes {wanted} argument{'s' * (wanted > 1)}", expr.span, help=f"write {shape}")
        if name == "each":
            return terms.Each(self.diagram(args[0].value), expr.span)
        if name == "transpose":
            body = self.diagram(args[0].value)
            if isinstance(body, terms.Use):
                return terms.Use(body.shared, not body.transposed, expr.span)
            return terms.Transpose(body, expr.span)
        return self._sequence(args[0].value, args[1].value, expr.span)

    def _sequence(self, index: tree.Expr, body: tree.Expr, span: Span | None) -> terms.Diagram:
        if not isinstance(index, tree.In):
            fail("E0213", "the first argument of `seq` is a range", index.span, help="write seq(i in 0..n, f(i))")
        start = dimension(index.start, self.lookup, self.scope.words)
        stop = dimension(index.stop, self.lookup, self.scope.words)

        def step(i: Dim) -> terms.Diagram:
            scope = self.scope.without_wires()
            scope.statics = {**scope.statics, index.name: i}
            return Evaluator(scope, self.facts, self.report, self.make_net).diagram(body)

        return terms.Sequence(index.name, start, stop, step, span)

    # -- static values ---------------------------------------------------------------------------------------

    def lookup(self, name: str) -> Any:
        if name in self.scope.wires and name not in self.scope.statics:
            self.scope.used.add(name)
            fail("E0212", f"`{name}` is a wire, no static value: what it carries is known when the net runs")
        value = self.scope.statics.get(name)
        return None if isinstance(value, terms.Diagram) else value

    def static(self, expr: tree.Expr) -> Any:
        """The static value of an expression; an `if` is decided by the facts."""
        if isinstance(expr, tree.If):
            decided = decide(condition(expr.condition, self.lookup, self.scope.words), self.facts)
            if decided is not None:
                return self.static(expr.then if decided else expr.otherwise)
        return evaluate(expr, self.lookup, self.scope.words)

    # -- braced bodies ---------------------------------------------------------------------------------------

    def body(self, body: tree.Body, inputs: tuple[str, ...], span: Span | None, linear: bool) -> terms.Body:
        """The term of a braced body. With `linear`, a name that is never used is reported."""
        scope = self.scope
        scope.wires.update((name, word(span, name, r"[(,]\s*")) for name in inputs)
        statements: list[terms.Let] = []
        for statement in body.statements:
            if isinstance(statement, tree.Share):
                shared = terms.Shared(statement.name, self.diagram(statement.value), statement.span)
                if self._declare(statement.name, word(statement.span, statement.name)):
                    scope.shared[statement.name] = shared
                statements.append(terms.Let((statement.name,), shared, statement.span))
                continue
            value = self.diagram(statement.value)
            for target in statement.targets:
                place = word(statement.span, target)
                if target != "_" and self._declare(target, place):
                    scope.wires[target] = place
            statements.append(terms.Let(statement.targets, value, statement.span))
        result = self.diagram(body.result)
        if linear:
            self._unused()
        return terms.Body(inputs, tuple(statements), result, body.span)

    def _declare(self, name: str, span: Span | None) -> bool:
        scope = self.scope
        if name in scope.wires or name in scope.shared or name in scope.statics:
            first = scope.wires.get(name) or (scope.shared[name].span if name in scope.shared else None)
            what = "is written twice"
            if name in scope.statics:
                what = "is a static value of this net, and cannot be a wire as well"
                scope.hidden.add(name)
            notes = [Note("first written here", first)] if first is not None else []
            self.report.add(
                Diagnostic("E0210", f"`{name}` {what}", span, notes=tuple(notes), help="choose another name")
            )
            return False
        return True

    def _unused(self) -> None:
        scope = self.scope
        places = {**scope.wires, **{n: word(s.span, n) for n, s in scope.shared.items()}}
        for name, span in places.items():
            if name not in scope.used:
                drop = f"drop it in words, `_ = {name} >> drop`, or leave it out" if name in scope.wires else ""
                self.report.add(Diagnostic("E0209", f"`{name}` is never used", span, help=drop))


OTHER_NAME = "to use the box, give the net another name"


def hidden_box(name: str) -> Note:
    """What is told of a name that a file has given to a net of its own, where the box may be meant."""
    return Note(f"`{name}` is the net of this file here, which hides the box of that name")


def net_params(declaration: Declaration) -> tuple[Param, ...]:
    """The static parameters of a declaration; their sorts come from annotations or defaults."""
    params = () if isinstance(declaration, (tree.Section, tree.Map)) else declaration.params
    if isinstance(declaration, tree.Formula):
        params = tuple(p for p in params if not is_wire(p))
    return tuple(_param(p) for p in params)


def is_wire(param: tree.Param) -> bool:
    """Whether a parameter of a formula is a wire: one with a type."""
    annotation = param.annotation
    return annotation is not None and not (isinstance(annotation, tree.Name) and annotation.id in SORTS)


def _param(param: tree.Param) -> Param:
    default: Any = REQUIRED
    if param.default is not None:
        default = evaluate(param.default, lambda _: None)
    sort = "int"
    annotation = param.annotation
    if isinstance(annotation, tree.Name) and annotation.id in SORTS:
        sort = annotation.id
    elif annotation is not None:
        sort = "net"
    elif isinstance(default, bool):
        sort = "bool"
    elif isinstance(default, float):
        sort = "float"
    elif isinstance(default, str):
        sort = "str"
    elif isinstance(default, tuple):
        sort = "ints"
    return Param(param.name, sort, default)


def quantified(declaration: Declaration) -> tuple[str, ...]:
    """The quantified dimension names of a declaration's type: they may be given by keyword too."""
    if not isinstance(declaration, (tree.Net, tree.BoxDecl)):
        return ()
    params = {p.name for p in declaration.params}
    found: dict[str, None] = {}
    stack: list[object] = [declaration.type]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Name) and not node.id[0].isupper() and node.id not in params:
            found[node.id] = None
        elif isinstance(node, tree.Call):
            stack.extend(a.value for a in node.args)
        elif isinstance(node, tree.Label):
            stack.append(node.body)
        elif isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, tree.Expr):
            stack.extend(getattr(node, s) for s in node.__dataclass_fields__ if s not in ("span", "comments"))
    return tuple(sorted(found))
