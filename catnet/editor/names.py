"""What each name in an item means: definitions, references and renaming ask this one walk.

Names are looked up as the elaborator does: the index of a `seq`, static parameters and sizes, the wires and shared
morphisms of a body, then the declarations of the file, then the vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from catnet.boxes import VOCABULARY
from catnet.diagnostics import Span
from catnet.editor.highlight import COMBINATORS, NAME
from catnet.editor.pieces import VALUES, nodes
from catnet.elaborate.evaluate import is_wire, quantified
from catnet.elaborate.loading import Declaration, Module
from catnet.syntax import tree
from catnet.syntax.comments import children

_SKIPPED = re.compile(rf'(?P<other>\#[^\n]*|"(?:[^"\\\n]|\\.)*"|[0-9]\w*)|(?P<name>{NAME})')
KINDS = ("R", "C", "Z", "Bool", "Fin")


@dataclass(frozen=True)
class Symbol:
    """What a name means.

    `kind` is `declared`, `parameter`, `size`, `pack`, `type`, `wire`, `share`, `index`, `chart`, `coordinate`, `label`,
    `box` (of the vocabulary), `argument` (of one), `kind` or `file`. `owner` is the declaration that a local name
    belongs to; `at` tells apart what may bind one name twice.
    """

    kind: str
    name: str
    path: Path | None = None
    owner: str = ""
    at: int = 0


@dataclass(frozen=True)
class Occurrence:
    """A name as it stands in the text of an item, and whether this is where it is declared."""

    symbol: Symbol
    start: int
    end: int
    defines: bool = False


@dataclass(frozen=True)
class _Scope:
    """What the names of one item mean inside it."""

    module: Module
    owner: str
    local: dict[str, Symbol] = field(default_factory=dict)

    def with_(self, kind: str, *names: str, at: int = 0) -> _Scope:
        new = {n: Symbol(kind, n, self.module.path, self.owner, at) for n in names if n != "_"}
        return replace(self, local={**self.local, **new})

    def meaning(self, name: str) -> Symbol | None:
        if name in self.local:
            return self.local[name]
        found = self.module.find(name)
        if found is not None:
            return Symbol("declared", found[1].name, found[0].path)
        if name in VOCABULARY or name in COMBINATORS:
            return Symbol("box", name)
        return None


def occurrences(module: Module, item: tree.Item) -> list[Occurrence]:
    """Every name of an item that means something, in the order of the text; places are within the item's own text."""
    walk = _Walk(module, item)
    walk.whole()
    return sorted(walk.found, key=lambda o: o.start)


def words(span: Span, start: int | None = None) -> Iterator[tuple[str, int, int]]:
    """The names in a span with their places; comments, texts and numbers are stepped over."""
    for match in _SKIPPED.finditer(span.source.text, span.start if start is None else start, span.end):
        if match["name"] is not None:
            yield match["name"], match.start(), match.end()


class _Walk:
    """Collects the names of one item."""

    def __init__(self, module: Module, item: tree.Item) -> None:
        self.module = module
        self.item = item
        self.found: list[Occurrence] = []

    def note(self, symbol: Symbol | None, place: tuple[str, int, int] | None, defines: bool = False) -> None:
        if symbol is not None and place is not None and place[0] != "_":
            self.found.append(Occurrence(symbol, place[1], place[2], defines))

    def whole(self) -> None:
        item = self.item
        assert item.span is not None
        if isinstance(item, tree.Import):
            self.imports(item)
            return
        assert isinstance(item, Declaration)
        places = list(words(item.span))
        # the second word: the first is `net` or the like
        self.note(Symbol("declared", item.name, self.module.path), places[1] if len(places) > 1 else None, True)
        scope = _Scope(self.module, item.name)
        params: tuple[tree.Param, ...] = getattr(item, "params", ())
        scope = scope.with_("parameter", *(p.name for p in params))
        if isinstance(item, (tree.Net, tree.BoxDecl)):
            scope = self.typed(item, scope)
            self.body(item.body if isinstance(item, tree.Net) else (), scope)
        elif isinstance(item, tree.Formula):
            self.formula(item, scope)
        elif isinstance(item, tree.Bundle):
            self.bundle(item, scope)
        else:
            self.params(params, scope)
            self.expr(tuple(part for part in children(item) if not isinstance(part, tree.Param)), scope)

    def imports(self, item: tree.Import) -> None:
        assert item.span is not None
        text = item.span.source.text
        opening = text.find('"', item.span.start)
        self.found.append(Occurrence(Symbol("file", item.path), opening + 1, text.find('"', opening + 1)))
        for place in list(words(item.span))[-len(item.names) :]:
            home = self.module.imported.get(place[0])
            if home is not None:
                self.note(Symbol("declared", home[1].name, home[0].path), place)

    # -- headers -------------------------------------------------------------------------------------------------

    def typed(self, item: tree.Net | tree.BoxDecl, scope: _Scope) -> _Scope:
        """The header of a net or a box; the scope of its body."""
        sizes = [n for n in quantified(item) if not self.is_value(n)]
        for param in item.params:
            for node in nodes(param.annotation) if isinstance(param.annotation, tree.Arrow) else ():
                if isinstance(node, tree.Name) and not node.id[0].isupper() and node.id not in scope.local:
                    sizes.append(node.id)
        scope = scope.with_("size", *(n for n in sizes if not self.is_value(n)))
        scope = scope.with_("type", *self.type_variables(item, scope))
        self.params(item.params, scope)
        self.domain(item.type.dom, scope)
        self.type(item.type.cod, scope)
        for clause in item.where:
            self.expr(clause, scope)
        self.under(item.under, scope)
        parts = item.type.dom.parts if isinstance(item.type.dom, tree.Fan) else (item.type.dom,)
        return scope.with_("wire", *(p.name for p in parts if isinstance(p, tree.Label)))

    def type_variables(self, item: tree.Net | tree.BoxDecl, scope: _Scope) -> list[str]:
        """`X` in `f: X -> X`."""
        named = (n for n in nodes((item.type, item.params)) if isinstance(n, tree.Name))
        free = (n.id for n in named if n.id[0].isupper() and n.id not in KINDS and n.id not in scope.local)
        return [name for name in free if not self.is_value(name)]

    def is_value(self, name: str) -> bool:
        """Whether a name in a type is a group, a representation or a bundle of the file, and no size."""
        found = self.module.find(name)
        return found is not None and isinstance(found[1], VALUES)

    def params(self, params: tuple[tree.Param, ...], scope: _Scope) -> None:
        for param in params:
            self.note(scope.local[param.name], self.first(param), True)
            if isinstance(param.annotation, tree.Name) and param.annotation.id in (
                "int",
                "float",
                "bool",
                "str",
                "rep",
            ):
                pass  # the sorts are no names of the file
            elif param.annotation is not None:
                self.type(param.annotation, scope)
            if param.default is not None:
                self.expr(param.default, scope)

    def domain(self, dom: tree.Expr, scope: _Scope) -> None:
        inner = scope.with_("wire", *(p.name for p in children(dom) if isinstance(p, tree.Label)))
        inner = inner.with_("wire", *([dom.name] if isinstance(dom, tree.Label) else []))
        for part in dom.parts if isinstance(dom, tree.Fan) else (dom,):
            if isinstance(part, tree.Label):
                self.note(inner.local[part.name], self.first(part), True)
                part = part.body
            self.type(part, scope)

    def type(self, expr: tree.Expr, scope: _Scope) -> None:
        """The names of a type: the first place of a size, a pack or a type variable is where it is declared."""
        for node in nodes(expr):
            place = self.first(node)
            if isinstance(node, tree.Pack):
                self.first_is_definition(Symbol("pack", node.id, scope.module.path, scope.owner), place)
            elif isinstance(node, tree.Name):
                symbol = scope.meaning(node.id)
                if node.id in KINDS and (symbol is None or symbol.kind == "box"):
                    symbol = Symbol("kind", node.id)
                self.first_is_definition(symbol, place)

    def first_is_definition(self, symbol: Symbol | None, place: tuple[str, int, int] | None) -> None:
        new = symbol is not None and symbol.kind in ("size", "pack", "type")
        self.note(symbol, place, new and not any(o.symbol == symbol for o in self.found))

    def under(self, clauses: tuple[tree.Under, ...], scope: _Scope) -> None:
        for clause in clauses:
            self.expr(clause.group, scope)
            if clause.axes and clause.span is not None:
                for place in list(words(clause.span))[-len(clause.axes) :]:
                    self.note(scope.meaning(place[0]), place)

    # -- bodies --------------------------------------------------------------------------------------------------

    def body(self, body: object, scope: _Scope) -> None:
        if not isinstance(body, tree.Body):
            self.expr(body, scope)
            return
        for statement in body.statements:
            assert statement.span is not None
            places = list(words(statement.span))
            self.expr(statement.value, scope)
            if isinstance(statement, tree.Share):
                scope = scope.with_("share", statement.name)
                self.note(scope.local[statement.name], places[1], True)
                continue
            new = [t for t in statement.targets if t not in scope.local]
            scope = scope.with_("wire", *new)
            for place in places[: len(statement.targets)]:
                self.note(scope.local.get(place[0]), place, True)
        self.expr(body.result, scope)

    def expr(self, value: object, scope: _Scope) -> None:
        """The names of an expression."""
        if isinstance(value, tuple):
            for part in value:
                self.expr(part, scope)
        elif isinstance(value, tree.Name):
            self.note(scope.meaning(value.id), self.first(value))
        elif isinstance(value, tree.Label):
            self.note(
                Symbol("label", value.name, self.module.path, scope.owner, self.start(value)), self.first(value), True
            )
            self.expr(value.body, scope)
        elif isinstance(value, tree.Call):
            self.call(value, scope)
        elif isinstance(value, tree.Node):
            for child in children(value):
                self.expr(child, scope)

    def call(self, call: tree.Call, scope: _Scope) -> None:
        self.expr(call.fn, scope)
        called = scope.meaning(call.fn.id) if isinstance(call.fn, tree.Name) else None
        for arg in call.args:
            if isinstance(arg.value, tree.In):  # seq(i in 0..n, f(i))
                self.expr((arg.value.start, arg.value.stop), scope)
                scope = scope.with_("index", arg.value.name, at=self.start(arg.value))
                self.note(scope.local[arg.value.name], self.first(arg), True)
                continue
            if arg.name is not None:
                self.note(self.argument(called, arg.name), self.first(arg))
            self.expr(arg.value, scope)

    def argument(self, called: Symbol | None, name: str) -> Symbol | None:
        """What the name in `f(name = ...)` means."""
        if called is None or called.kind not in ("box", "declared"):
            return None
        if called.kind == "box":
            return Symbol("argument", name, None, called.name)
        found = self.module.find(called.name)
        if found is None:
            return None
        home, item = found
        kind = "parameter" if any(p.name == name for p in getattr(item, "params", ())) else "size"
        return Symbol(kind, name, home.path, item.name)

    # -- formulas and bundles ------------------------------------------------------------------------------------

    def formula(self, item: tree.Formula, scope: _Scope) -> None:
        sizes = {
            node.id
            for param in item.params
            if is_wire(param)
            for node in nodes(param.annotation)
            if isinstance(node, tree.Name) and not node.id[0].isupper() and not self.is_value(node.id)
        }
        scope = scope.with_("size", *sorted(sizes))
        self.params(item.params, scope)
        self.expr(item.value, scope)

    def bundle(self, item: tree.Bundle, scope: _Scope) -> None:
        self.params(item.params, scope)
        self.type(item.type.dom, scope)
        self.type(item.type.cod, scope)
        self.under(item.under, scope)
        inner = scope.with_("coordinate", *(c for chart in item.charts for c in chart.coordinates))
        charts = scope.with_("chart", *(chart.name for chart in item.charts)).local
        for chart in item.charts:
            assert chart.span is not None
            name, *coordinates = words(chart.span)
            self.note(charts[chart.name], name, True)
            for place in coordinates:
                self.note(inner.local[place[0]], place, True)
        for step in item.transitions:
            assert step.span is not None
            for place in list(words(step.span))[:2]:
                self.note(charts.get(place[0]), place)
            self.expr(step.value, inner)

    # -- places --------------------------------------------------------------------------------------------------

    @staticmethod
    def start(node: tree.Node) -> int:
        return node.span.start if node.span is not None else 0

    @staticmethod
    def first(node: tree.Node) -> tuple[str, int, int] | None:
        """The first name in a node's text."""
        return next(words(node.span), None) if node.span is not None else None
