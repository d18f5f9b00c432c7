"""Sections and maps of bundles of a file: what their declarations mean, what their laws say, and their diagrams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catnet.diagnostics import CatnetError, Diagnostic, Span, fail
from catnet.diagrams import terms
from catnet.elaborate.bundles import entries_of, told_at
from catnet.elaborate.loading import Module
from catnet.elaborate.symmetries import members
from catnet.syntax import tree
from catnet.types.spelling import nearest
from catnet.types.static import Unknown, describe, evaluate

if TYPE_CHECKING:
    from catnet.bundles import Bundle, BundleMap, Section

Declared = tree.Section | tree.Map

_CODES = {"section agrees": "E0812", "map commutes": "E0813", "single-valued": "E0815", "real": "E0811"}
_SAID = {
    "section agrees": "does not agree where two charts overlap",
    "map commutes": "does not commute with the transitions",
    "single-valued": "has more than one value",
    "real": "is not real",
}
_FIX = {
    "section agrees": "for a transition g from a to b it is s_b = g s_a",
    "map commutes": "for transitions g of the first bundle and h of the second it is h M_a = M_b g",
    "single-valued": "an angle comes back after a full turn: multiply it by an integer",
    "real": "the fibre is real: I may stand there only where it cancels",
}


def value_of(module: Module, item: Declared) -> Section | BundleMap:
    """The section or the map that a declaration means, worked out once. Raises `CatnetError` with the place.

    Its laws are not asked: see `problems`.
    """
    if id(item) not in module.bundles:
        module.bundles[id(item)] = _section(module, item) if isinstance(item, tree.Section) else _map(module, item)
    found: Section | BundleMap = module.bundles[id(item)]
    return found


def problems(module: Module, item: Declared) -> Iterator[Diagnostic]:
    """The laws that a section or a map breaks, each once, at its witness. Raises as `value_of` does."""
    value = value_of(module, item)
    places = {part.chart: part.span for part in item.components}
    told = set()
    for law in told_at(value.laws, item.span):
        if not law.verdict.holds and law.name not in told:
            told.add(law.name)  # once: one mistake is often made over every chart
            words = f"`{item.name}` {_SAID[law.name]}: {law.verdict.witness}"
            yield Diagnostic(_CODES[law.name], words, places.get(law.charts[-1], item.span), help=_FIX[law.name])


def term_of(module: Module, item: Declared, span: Span | None) -> terms.Diagram:
    """The diagram of a section or a map."""
    from catnet.boxes.bundle_maps import FibreMap, OverBase, SectionValues
    from catnet.boxes.bundle_wires import has_points

    value = value_of(module, item)
    box: Any = SectionValues(item.name, value) if isinstance(item, tree.Section) else FibreMap(item.name, value)
    return terms.Leaf(OverBase(box) if has_points(box.bundles()[0].bundle) else box, span)


def _section(module: Module, item: tree.Section) -> Section:
    from catnet.bundles import section

    bundle = _bundle(module, item.bundle)
    given = _components(item, bundle)
    wanted = bundle.fibre.size
    for part in item.components:
        count = len(part.value.parts) if isinstance(part.value, tree.List) else 1
        if count != wanted:
            zeros = ", ".join("0" * wanted)
            fail("E0811", f"`{item.name}` has {count} component{'s' * (count > 1)} over `{part.chart}`, the fibre "
                          f"{bundle.fibre} of `{bundle.name}` has {wanted}", part.value.span,
                 help=f"such as {f'[{zeros}]' if wanted > 1 else '0'}")  # fmt: skip
    _need_all(item, bundle, "E0811", "components")
    return _told(lambda: section(bundle, given), item)


def _map(module: Module, item: tree.Map) -> BundleMap:
    from catnet.bundles import bundle_map

    source, target = _bundle(module, item.type.dom), _bundle(module, item.type.cod)
    given = _components(item, source)
    _need_all(item, source, "E0813", "matrix")
    return _told(lambda: bundle_map(source, target, given), item)


def _bundle(module: Module, expr: tree.Expr) -> Bundle:
    """The bundle that an expression says; raises E0801 for anything else."""
    known = members(module)
    value = evaluate(expr, known.get, [*known])
    if isinstance(value, Unknown):
        raise CatnetError()  # told where it is declared
    found = getattr(value, "bundle", None)
    if found is None or getattr(value, "what", "") != "bundle":
        fail("E0801", f"a bundle is expected here, not {describe(value)}", expr.span, help="the name of a `bundle`")
    made: Bundle = found
    if not made.base.charts:
        fail("E0801", f"the charts of `{made.name}` come as data: nothing can be said over each of them", expr.span)
    return made


def _components(item: Declared, bundle: Bundle) -> dict[str, Any]:
    """What is written over each chart, as expressions in its coordinates."""
    charts, found = bundle.base.charts, {}
    for part in item.components:
        if part.chart not in charts:
            hint = nearest(part.chart, charts) or f"the charts are {', '.join([*charts][:8])}"
            fail("E0803", f"`{bundle.name}` has no chart `{part.chart}`", part.span, help=hint)
        if part.chart in found:
            fail("E0804", f"`{item.name}` is given twice over the chart `{part.chart}`", part.span, help="keep one")
        names = {c.name for c in charts[part.chart]} | set(bundle.parameters)
        found[part.chart] = entries_of(part.value, names)
    return found


def _need_all(item: Declared, bundle: Bundle, code: str, what: str) -> None:
    given = {part.chart for part in item.components}
    missing = [chart for chart in bundle.base.charts if chart not in given]
    if missing:
        shown = ", ".join(f"`{chart}`" for chart in missing[:8])
        fail(code, f"`{item.name}` has no {what} over the chart{'s' * (len(missing) > 1)} {shown}", item.span,
             help="a point of every chart needs a value")  # fmt: skip


def _told(work: Any, item: Declared) -> Any:
    """What a function gives; its diagnostics are told at the component of which they speak, else at the whole."""
    try:
        return told_at(work, None)
    except CatnetError as error:
        raise CatnetError(*(replace(d, span=_place(d, item)) for d in error.diagnostics)) from None


def _place(problem: Diagnostic, item: Declared) -> Span | None:
    spoken = [part.span for part in item.components if f"`{part.chart}`" in problem.message]
    return problem.span or (spoken[0] if spoken else item.span)
