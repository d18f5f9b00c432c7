"""The bundle that a map of bases pulls back: `pullback(E, circle, p = a, q = b, ...)`, chart by chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catnet.diagnostics import fail
from catnet.syntax import tree
from catnet.types.spelling import nearest

if TYPE_CHECKING:
    from catnet.bundles import Base, Bundle, Expr

SPACES = ("circle", "interval", "torus", "sphere")


def pulled_back(bundle: Bundle, expr: tree.Call) -> Bundle:
    """The bundle over a named space whose charts, in order, go into those of a bundle's base.

    A chart says where it goes by a name, or by a call that gives the coordinates of the image in its own, which are
    named like those of the image: `p = a(2*t)`. Raises E0816 for a map that is torn or that two charts see
    differently, E0801 and E0803 for what is no base and no chart.
    """
    from catnet import bundles
    from catnet.bundles import BaseMap

    base = expr.args[1].value if len(expr.args) > 1 and expr.args[1].name is None else None
    word = base.id if isinstance(base, tree.Name) else ""
    if base is None or word not in SPACES:
        example = f"pullback({bundle.name}, circle, p = a, q = b, ...)"
        fail("E0801", "a pullback needs the space that is mapped into the base", expr.span, help=example)
    images = {arg.name: _image(bundle, arg.value) for arg in expr.args[2:] if arg.name is not None}
    named = {chart: [c.name for c in bundle.base.charts[image]] for chart, (image, _) in images.items()}
    source: Base = getattr(bundles, word)(named if any(named.values()) else list(named))
    charts = {chart: image for chart, (image, _) in images.items()}
    over = BaseMap(word, source, bundle.base, charts, {chart: values for chart, (_, values) in images.items()})
    for law in over.laws():
        if not law.verdict.holds:
            where = " -> ".join(law.charts)
            words = f"the map of the {word} is not the same by either chart: {where}: {law.verdict.witness}"
            fail("E0816", words, expr.span, help="give both charts the same points where they overlap")
    return bundles.pullback(bundle, over)


def _image(bundle: Bundle, value: tree.Expr) -> tuple[str, dict[str, Expr]]:
    """Into which chart a chart goes, and the coordinates of the image that differ from its own."""
    from catnet.elaborate.bundles import expression_of

    name = value.fn if isinstance(value, tree.Call) else value
    if not isinstance(name, tree.Name) or name.id not in bundle.base.charts:
        known = bundle.base.charts
        said = f"`{name.id}`" if isinstance(name, tree.Name) else "this"
        hint = nearest(name.id, known) if isinstance(name, tree.Name) else ""
        listed = f"it has {', '.join(known)}" if known else "its charts come as data, and have no names"
        fail("E0803", f"{said} is no chart of `{bundle.name}`", value.span, help=hint or listed)
    coordinates = [c.name for c in bundle.base.charts[name.id]]
    args = [arg.value for arg in value.args] if isinstance(value, tree.Call) else []
    if args and len(args) != len(coordinates):
        words = f"a point of `{name.id}` has {len(coordinates)} coordinates, and here are {len(args)}"
        fail("E0816", words, value.span, help=f"{name.id}({', '.join(coordinates)})")
    known_names = {*coordinates, *bundle.parameters}
    return name.id, {c: expression_of(arg, known_names) for c, arg in zip(coordinates, args, strict=False)}
