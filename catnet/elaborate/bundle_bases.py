"""The base of a bundle that is declared: a named space, what the transitions join, or what comes as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.spelling import nearest
from catnet.types.static import evaluate

if TYPE_CHECKING:
    from catnet.bundles import Base

BASES = ("circle", "interval", "torus", "sphere", "graph", "complex", "grid", "mesh", "learned")
DATA = ("graph", "mesh")  # which may come as data, at run time


def base_of(item: tree.Bundle, charts: Mapping[str, tuple[str, ...]]) -> Base:
    """The base space with its cover; on a graph or a complex the transitions say which charts meet.

    Raises E0801 for what is no base, and what `catnet.bundles` raises for a cover that is none.
    """
    from catnet import bundles

    expr = item.type.dom
    call = expr if isinstance(expr, tree.Call) else None
    name: tree.Expr = call.fn if call is not None else expr
    word = name.id if isinstance(name, tree.Name) else ""
    if word not in BASES:
        fail(
            "E0801",
            f"`{word or 'this'}` is no base space",
            expr.span,
            help=nearest(word, BASES) or f"one of {', '.join(BASES)}",
        )
    if word == "learned":
        return _unfitted(item, call, bool(charts))
    if not charts or word == "mesh":
        return _data(item, word, bool(charts))
    if word == "grid":
        return _pixels(item, call, list(charts))
    edges = [(t.source, t.target) for t in item.transitions]
    if word == "graph":
        return bundles.graph(edges, nodes=list(charts))
    if word == "complex":
        meetings = Counter(chart for edge in edges for chart in edge)
        spend(8 * sum(min(meetings[a], meetings[b]) for a, b in edges))  # triangles that are looked for
        return bundles.flag_complex(edges)
    named = {a.name: plain(evaluate(a.value, lambda _: None)) for a in call.args if a.name} if call is not None else {}
    covered: Any = charts if any(charts.values()) else list(charts)
    made: Base = getattr(bundles, word)(covered, **named)
    return made


def _data(item: tree.Bundle, word: str, declared: bool) -> Base:
    """A graph or a mesh that comes as data. Raises E0801 for another base, and for the charts of a mesh."""
    from catnet import bundles

    if declared:
        hint = "leave out the part in braces; `complex` is a complex that is declared"
        fail("E0801", f"the mesh of `{item.name}` comes as data", item.type.dom.span, help=hint)
    if word not in DATA:
        words = f"`{item.name}` has no charts: a graph or a mesh may come as data, the {word} does not"
        fail("E0801", words, item.span, help="write { charts a, b, c ... } after the structure group")
    return replace(getattr(bundles, word)([]), data=item.name)


def _pixels(item: tree.Bundle, call: tree.Call | None, charts: list[str]) -> Base:
    """A plane grid, whose charts are its pixels row by row. Raises E0801 for another number of them."""
    from catnet import bundles

    given = call.args if call is not None else ()
    sizes = [plain(evaluate(arg.value, lambda _: None)) for arg in given if arg.name is None]
    if len(sizes) != 2 or len(given) != 2 or not all(isinstance(size, int) for size in sizes):
        fail("E0801", "`grid` takes the numbers of rows and columns", item.type.dom.span, help="grid(2, 3)")
    if sizes[0] * sizes[1] != len(charts):
        words = f"a grid of {sizes[0]} x {sizes[1]} has {sizes[0] * sizes[1]} pixels, and here are {len(charts)} charts"
        fail("E0801", words, item.span, help="the charts are the pixels, row by row")
    return bundles.grid(sizes[0], sizes[1], charts=charts)


def _unfitted(item: tree.Bundle, call: tree.Call | None, declared: bool) -> Base:
    """A base that is learned. Raises E0801 for other arguments, and for charts that are declared."""
    from catnet.bundles.data_spaces import unfitted

    span, given = item.type.dom.span, call.args if call is not None else ()
    sizes = [plain(evaluate(arg.value, lambda _: None)) for arg in given if arg.name is None]
    if len(sizes) != 2 or len(given) != 2:
        fail("E0801", "`learned` takes the coordinates of a point and the number of charts", span, help="learned(3, 8)")
    if declared:
        hint = "leave out the part in braces"
        fail("E0801", f"the charts of `{item.name}` are fitted to data", span, help=hint)
    return unfitted(item.name, *sizes)


def plain(value: Any) -> Any:
    if isinstance(value, Dim):
        return value.value
    return tuple(map(plain, value)) if isinstance(value, tuple) else value
