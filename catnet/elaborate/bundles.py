"""Bundles of a file: their declarations become the values that `catnet.bundles` decides about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catnet.diagnostics import CatnetError, Diagnostic, Report, Span, fail
from catnet.elaborate.bundle_bases import base_of, plain
from catnet.elaborate.loading import Module
from catnet.elaborate.pullbacks import pulled_back
from catnet.elaborate.symmetries import members
from catnet.limits import bounded
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.spelling import nearest
from catnet.types.static import Unknown, evaluate

if TYPE_CHECKING:
    from catnet.bundles import Bundle, Expr, Fibre
    from catnet.bundles.laws import Laws

DERIVED = ("dual", "determinant", "tensor", "whitney_sum", "associated", "restricted", "pullback")


def bundle_of(module: Module, item: tree.Bundle | tree.Derived, values: Mapping[str, Any] | None = None) -> Bundle:
    """The bundle that a declaration means, with `values` for its parameters. Raises `CatnetError` with the place.

    Its laws are not asked: see `problems`.
    """
    given = dict(values or {})
    made = _declared(module, item) if isinstance(item, tree.Bundle) else _Derivation(module, item).value(item.value)
    known = [p.name for p in item.params] if isinstance(item, tree.Bundle) else [*made.parameters]
    unknown = [name for name in given if name not in known]
    if unknown:
        fail("E0213", f"`{item.name}` has no parameter `{unknown[0]}`", item.span, help=nearest(unknown[0], known))
    fixed = {name: value for name, value in given.items() if name in made.parameters}
    return replace(made.at(**fixed) if fixed else made, name=item.name)


def carried(module: Module, item: tree.Bundle | tree.Derived) -> Any:
    """What an axis with fibre coordinates of a bundle carries: a space, a function of the bundle's parameters that
    gives one, or `Unknown` for a declaration that is wrong."""
    from catnet.bundles.carried import FibreOf

    if isinstance(item, tree.Bundle) and item.params:
        names = [p.name for p in item.params]

        def made(*args: Any, **named: Any) -> Any:
            if len(args) > len(names):
                raise TypeError(f"it has {len(names)} parameters")
            values = {k: plain(v) for k, v in {**dict(zip(names, args, strict=False)), **named}.items()}
            for name in names:
                if values.get(name) is None:
                    fail("E0801", f"the parameter `{name}` of `{item.name}` has no number here",
                         help=f"write {item.name}({name} = 1)")  # fmt: skip
            label = f"{item.name}({', '.join(map(str, values.values()))})"
            return FibreOf(_at_values(module, item, values, label)).named(label)

        return made
    try:
        return FibreOf(_known(module, item)).named(item.name)
    except CatnetError:  # told where it is declared
        return Unknown(item.name, "bundle")


def _known(module: Module, item: tree.Bundle | tree.Derived) -> Bundle:
    """The bundle of a declaration, worked out once."""
    if id(item) not in module.bundles:
        module.bundles[id(item)] = bundle_of(module, item)
    made: Bundle = module.bundles[id(item)]
    return made


def _at_values(module: Module, item: tree.Bundle, values: Mapping[str, Any], label: str) -> Bundle:
    """The bundle with numbers for its parameters, worked out once. Raises the code of a law that it breaks there."""
    from catnet.bundles.laws import CODES, HELP

    key = (id(item), label)
    if key not in module.bundles:
        made = replace(bundle_of(module, item, values), name=label)
        for law in made.laws().refuted[:1]:
            words = f"`{label}` breaks a law, {law.name}: {law.verdict.witness}"
            fail(CODES[law.name], words, help=HELP[law.name])
        module.bundles[key] = made
    found: Bundle = module.bundles[key]
    return found


def decide(module: Module, name: str, made: Bundle) -> None:
    """Decide the laws of a declared bundle. Raises E0707 at its place where that is beyond the budget."""
    found = module.find(name)
    told_at(made.laws, found[1].span if found is not None else None)


def problems(module: Module, item: tree.Bundle | tree.Derived) -> Iterator[Diagnostic]:
    """Every law of a bundle that is refuted, at the transition where its witness is. Raises as `bundle_of` does."""
    from catnet.bundles.laws import CODES, HELP

    made = _known(module, item)
    places = {(t.source, t.target): t.span for t in item.transitions} if isinstance(item, tree.Bundle) else {}
    cocycle = False
    laws: Laws = told_at(made.laws, item.span)
    for law in laws.refuted:
        if law.name == "cocycle" and cocycle:
            continue  # one wrong transition breaks it on every triple that it is part of
        cocycle = cocycle or law.name == "cocycle"
        a, b, *_ = (*law.charts, "")
        span = places.get((a, b)) or places.get((b, a)) or item.span
        words = f"`{item.name}` breaks a law, {law.name}: {law.verdict.witness}"
        yield Diagnostic(CODES[law.name], words, span, help=HELP[law.name])


def _declared(module: Module, item: tree.Bundle) -> Bundle:
    from catnet.bundles import bundle

    charts = _charts(item)
    base = told_at(lambda: base_of(item, charts), item.type.dom.span)
    fibre = told_at(lambda: _fibre(item.type.cod), item.type.cod.span)
    group = _group(module, item)
    names = {p.name for p in item.params} | {c for chart in item.charts for c in chart.coordinates}
    rows = [(t.source, t.target, entries_of(t.value, names)) for t in item.transitions]
    return told_at(lambda: bundle(item.name, base, fibre, group, rows, [p.name for p in item.params]), item.span)


def told_at(work: Callable[[], Any], span: Span | None) -> Any:
    """What a function gives; its diagnostics are told here."""
    try:
        with bounded("E0707", "this part of a bundle"):
            return work()
    except CatnetError as error:
        raise CatnetError(*(replace(d, span=d.span or span) for d in error.diagnostics)) from None


def _charts(item: tree.Bundle) -> dict[str, tuple[str, ...]]:
    charts: dict[str, tuple[str, ...]] = {}
    for chart in item.charts:
        if chart.name in charts:
            fail("E0804", f"the chart `{chart.name}` is declared twice", chart.span, help="rename one of them")
        for place, name in enumerate(chart.coordinates):
            if name in ("I", "pi") or name in chart.coordinates[:place]:
                said = "is a number" if name in ("I", "pi") else "is there twice"
                words = f"the coordinate `{name}` of the chart `{chart.name}` {said}"
                fail("E0804", words, chart.span, help="take another name")
        charts[chart.name] = chart.coordinates
    for step in item.transitions:
        for name in (step.source, step.target):
            if name not in charts:
                fail("E0803", f"there is no chart `{name}`", step.span, help=nearest(name, charts) or _listed(charts))
    return charts


def _listed(names: Mapping[str, object]) -> str:
    return f"the charts are {', '.join(names)}"


def _fibre(expr: tree.Expr) -> Fibre:
    from catnet import bundles

    if isinstance(expr, tree.Name) and expr.id == "circle":
        return bundles.circle_fibre
    base = expr.base if isinstance(expr, tree.Index) else expr
    if isinstance(base, tree.Name) and base.id in ("R", "C"):
        size = 1
        for axis in expr.items if isinstance(expr, tree.Index) else ():
            value = evaluate(axis, lambda _: None)
            if not isinstance(value, Dim) or value.value is None:
                fail("E0801", "the dimension of a fibre is a number", axis.span)
            size *= value.value
        return bundles.R(size) if base.id == "R" else bundles.C(size)
    fail("E0801", "this is no fibre", expr.span, help="R[k], C[k] or circle")


def _group(module: Module, item: tree.Bundle) -> Any:
    from catnet.bundles import GL, Z2

    known = {**members(module), "Z2": Z2}
    if len(item.under) != 1 or item.under[0].axes:
        span = item.under[0].span if item.under else item.span
        fail(
            "E0801", f"the structure group of `{item.name}` is missing", span, help="write under O(1), under U(1), ..."
        )
    expr = item.under[0].group
    if isinstance(expr, tree.Call) and isinstance(expr.fn, tree.Name) and expr.fn.id == "GL":
        given = [plain(evaluate(a.value, lambda _: None)) for a in expr.args]
        if len(given) not in (1, 2):
            fail("E0801", f"the general linear group of `{item.name}` takes a size", expr.span, help="write GL(2)")
        return told_at(lambda: GL(*given), expr.span)
    return evaluate(expr, lambda name: known.get(name), [*known, "GL"])


def entries_of(expr: tree.Expr, names: set[str]) -> Any:
    """A matrix of expressions, or a single one."""
    if isinstance(expr, tree.List):
        return [entries_of(part, names) for part in expr.parts]
    return expression_of(expr, names)


def expression_of(expr: tree.Expr, names: set[str]) -> Expr:
    """An entry of a transition: numbers, names, `I`, `pi`, + - * / ^, exp, cos, sin, conjugate and sqrt."""
    from catnet import bundles
    from catnet.symmetry.cyclotomic import sqrt

    known = {**{n: bundles.name(n) for n in names}, "I": bundles.I, "pi": bundles.pi}
    functions = {"exp": bundles.exp, "cos": bundles.cos, "sin": bundles.sin, "conjugate": bundles.conjugate}

    def read(expr: tree.Expr) -> Any:
        match expr:
            case tree.Number():
                return bundles.expression(Fraction(str(expr.value)))
            case tree.Name() if expr.id in known:
                return known[expr.id]
            case tree.Name():
                fail("E0805", f"unknown name `{expr.id}`", expr.span, help=nearest(expr.id, [*known, *functions]))
            case tree.Negate():
                return -read(expr.body)
            case tree.Sum() | tree.Product():
                value = read(expr.first)
                for op, part in expr.rest:
                    value = _JOINED[op](value, read(part)) if op in _JOINED else _refused(op, expr.span)
                return value
            case tree.Power():
                return read(expr.base) ** read(expr.exponent)
            case tree.Call(fn=tree.Name(id="sqrt"), args=(tree.Arg(value=tree.Number(value=int() as n)),)):
                return bundles.expression(told_at(lambda: sqrt(n), expr.span))
            case tree.Call(fn=tree.Name(id=word), args=(tree.Arg(value=argument),)) if word in functions:
                return functions[word](read(argument))
        fail("E0805", "this has no place in a transition", expr.span, help=_HELP)

    found: Expr = told_at(lambda: read(expr), expr.span)
    return found


_JOINED: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
_HELP = "it is made of numbers, parameters, coordinates, I, pi, + - * / ^, exp, cos, sin, conjugate and sqrt"


def _refused(op: str, span: Span | None) -> Any:
    fail("E0805", f"`{op}` has no place in a transition", span, help=_HELP)


class _Derivation:
    """Reads what a bundle is made of: other bundles, `+`, `*`, and the functors of fibres."""

    def __init__(self, module: Module, item: tree.Derived) -> None:
        self.module = module
        self.item = item

    def value(self, expr: tree.Expr) -> Bundle:
        from catnet import bundles

        match expr:
            case tree.Name():
                return self._named(expr)
            case tree.Sum() if all(op == "+" for op, _ in expr.rest):
                return self._folded(bundles.whitney_sum, [expr.first, *(e for _, e in expr.rest)])
            case tree.Product() if all(op == "*" for op, _ in expr.rest):
                return self._folded(bundles.tensor, [expr.first, *(e for _, e in expr.rest)])
            case tree.Call(fn=tree.Name(id=word)) if word in DERIVED:
                return self._call(expr, word)
        hint = f"E + F, E * F, {', '.join(f'{word}(E)' for word in DERIVED[:2])}, associated(E, V), restricted(E, G)"
        fail("E0801", "a bundle is expected here", expr.span, help=hint)

    def _folded(self, join: Callable[[Bundle, Bundle], Bundle], parts: list[tree.Expr]) -> Bundle:
        from catnet import bundles

        made = self.value(parts[0])
        for part in parts[1:]:
            made = _joined(join, made, self.value(part), join is bundles.tensor, part.span)
        return made

    def _named(self, expr: tree.Name) -> Bundle:
        found = self.module.find(expr.id)
        if found is None or not isinstance(found[1], (tree.Bundle, tree.Derived)):
            fail("E0201", f"there is no bundle `{expr.id}`", expr.span, help=nearest(expr.id, self.module.names))
        home, item = found[0], found[1]
        assert isinstance(item, (tree.Bundle, tree.Derived))
        if item is self.item or id(item) in _BEING_READ:
            fail("E0801", f"`{expr.id}` is made of itself", expr.span)
        if id(item) not in home.bundles:
            _BEING_READ.append(id(self.item))
            try:
                home.bundles[id(item)] = bundle_of(home, item)
            finally:
                _BEING_READ.pop()
        made: Bundle = home.bundles[id(item)]
        return made

    def _call(self, expr: tree.Call, word: str) -> Bundle:
        from catnet import bundles

        args: list[Any] = [self.value(expr.args[0].value)] if expr.args else []
        if word == "pullback" and args:
            made: Bundle = told_at(lambda: pulled_back(args[0], expr), expr.span)
            return made
        known = members(self.module)
        for arg in expr.args[1:]:
            joins = word in ("tensor", "whitney_sum")
            args.append(self.value(arg.value) if joins else evaluate(arg.value, known.get, [*known]))
            if joins and len(args) == 2:
                return _joined(getattr(bundles, word), args[0], args[1], word == "tensor", expr.span)
        try:
            made = told_at(lambda: getattr(bundles, word)(*args), expr.span)
            return made
        except TypeError as error:
            fail("E0213", f"`{word}` does not take these arguments: {error}", expr.span)


_BEING_READ: list[int] = []


def _joined(join: Callable[[Bundle, Bundle], Bundle], a: Bundle, b: Bundle, product: bool, span: Span | None) -> Bundle:
    """The sum or the product of two bundles, of a fibre within the budget."""
    from catnet.bundles.carried import MAX_FIBRE

    size = a.fibre.size * b.fibre.size if product else a.fibre.size + b.fibre.size
    if size > MAX_FIBRE:
        fail("E0218", f"a fibre of dimension {size} is more than {MAX_FIBRE}", span, help="derive it of smaller ones")
    made: Bundle = told_at(lambda: join(a, b), span)
    return made


def report_problems(module: Module, item: tree.Bundle | tree.Derived, report: Report) -> None:
    """Tell every law that a bundle breaks."""
    report.extend(problems(module, item))
