"""The named bases: interval, circle, sphere and torus, with their standard covers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

from catnet.bundles.bases import TURN, Base, Clutch, Coordinate, Overlap, Pair
from catnet.bundles.deciding import Range
from catnet.bundles.expressions import Expr, cos, name, names, pi, sin
from catnet.bundles.nerve import circuit
from catnet.bundles.normal import Sort
from catnet.diagnostics import fail

Charts = Sequence[str] | Mapping[str, Sequence[str]]
"""The names of charts, or with each the names of its coordinates."""

Turns = Mapping[str, tuple[Fraction | float, Fraction | float]]
"""For each chart the arc that it covers, in full turns."""


def _named(
    charts: Charts, kind: str, sorts: Sequence[Sort], ranges: Sequence[Range | None]
) -> dict[str, tuple[Coordinate, ...]]:
    """The charts with their coordinates; a chart has all coordinates of the space or none. Raises E0801."""
    given = charts if isinstance(charts, Mapping) else dict.fromkeys(charts, ())
    if len(set(charts)) != len(list(charts)):
        fail("E0801", f"two charts of the {kind} have the same name")
    found = {}
    for chart, coordinates in given.items():
        if len(coordinates) not in (0, len(sorts)):
            fail("E0801", f"the chart `{chart}` of the {kind} has {len(coordinates)} coordinates, not {len(sorts)}")
        triples = zip(coordinates, sorts, ranges, strict=False)
        found[chart] = tuple(Coordinate(text, sort, range_) for text, sort, range_ in triples)
    return found


def _renaming(named: Mapping[str, tuple[Coordinate, ...]], a: str, b: str) -> tuple[dict[str, Expr], dict[str, Expr]]:
    """The change of coordinates between charts whose coordinates are the same functions, maybe under other names."""
    pairs = [(x.name, y.name) for x, y in zip(named[a], named[b], strict=False) if x.name != y.name]
    return {y: name(x) for x, y in pairs}, {x: name(y) for x, y in pairs}


def _joined(named: Mapping[str, tuple[Coordinate, ...]], pair: Pair, places: Mapping[int, Range]) -> Overlap:
    """An overlap of charts with the same coordinates; `places` narrows the ranges of coordinates by their index."""
    change, back = _renaming(named, *pair)
    coordinates = named[pair[0]]
    ranges = {c.name: c.range for c in coordinates if c.range is not None}
    narrowed = {coordinates[k].name: range_ for k, range_ in places.items() if k < len(coordinates)}
    return Overlap(*pair, ranges | narrowed, change, back)


def interval(charts: Charts = ("a", "b"), low: float = 0.0, high: float = 1.0, ranges: Turns | None = None) -> Base:
    """The interval, covered by intervals from left to right; one real coordinate.

    Raises E0810 where given ranges leave a gap.
    """
    given = list(charts)
    width = (high - low) / len(given)
    spread = {c: (low + (k - 0.25) * width, low + (k + 1.25) * width) for k, c in enumerate(given)}
    spans = {c: (float(a), float(b)) for c, (a, b) in (ranges or spread).items()}
    named = _named(charts, "interval", ["real"], [(low, high)])
    if ranges is not None:
        _check_interval(spans, low, high)
    overlaps = {}
    for a, b in combinations(given, 2):
        left, right = max(spans[a][0], spans[b][0], low), min(spans[a][1], spans[b][1], high)
        if left < right:
            overlaps[a, b] = _joined(named, (a, b), {0: (left, right)})
    triples = tuple(t for t in combinations(given, 3) if max(spans[c][0] for c in t) < min(spans[c][1] for c in t))
    return Base("interval", named, overlaps, triples, dimension=1, contractible=True, spans=_inside(spans, low, high))


def _inside(spans: Mapping[str, Range], low: float, high: float) -> dict[str, Range]:
    return {chart: (max(left, low), min(right, high)) for chart, (left, right) in spans.items()}


def _check_interval(spans: Mapping[str, Range], low: float, high: float) -> None:
    """Raise E0810 where open intervals leave a point of [low, high] out."""
    reached = low
    for chart, (left, right) in sorted(spans.items(), key=lambda item: item[1]):
        if left > reached or (left == reached and reached > low):
            fail("E0810", f"no chart covers {reached:g}", help=f"`{chart}` begins at {left:g}: let it begin before")
        reached = max(reached, right)
    if reached < high:
        fail("E0810", f"no chart covers {reached:g} to {high:g}", help="let the last chart reach the end")


def circle(charts: Charts = ("a", "b", "c"), arcs: Turns | None = None) -> Base:
    """The circle, covered by arcs one after the other; one angle.

    Chart k of n covers the turns (k - 1/4)/n to (k + 5/4)/n, or the arc given. Raises E0810 where the arcs leave a
    gap, and where two arcs meet in two pieces: then a transition would need two values.

    >>> sorted(circle(("a", "b", "c")).overlaps)
    [('a', 'b'), ('b', 'c'), ('c', 'a')]
    """
    given = list(charts)
    if len(given) < 3:
        fail(
            "E0810",
            f"{len(given)} arc{'s' * (len(given) > 1)} do not cover the circle so that overlaps are connected",
            help="two arcs meet in two pieces, where a transition may have two values: take three charts or more",
        )
    named = _named(charts, "circle", ["angle"], [None])
    spans = _arcs(given, arcs)
    overlaps = {}
    for k, chart in enumerate(given):
        after = given[(k + 1) % len(given)]
        shift = 1 if k + 1 == len(given) else 0
        left, right = spans[after][0] + shift, spans[chart][1]
        if left >= right:
            where = f"the turns {float(right):g} to {float(left):g}"
            fail("E0810", f"no chart covers {where} of the circle", help=f"let `{chart}` and `{after}` overlap")
        overlaps[chart, after] = _joined(named, (chart, after), {0: _angles(left, right)})
    places = {chart: (float(left), float(right)) for chart, (left, right) in spans.items()}
    return Base("circle", named, overlaps, loops={"around": circuit(given)}, dimension=1, spans=places)


def _arcs(given: Sequence[str], arcs: Turns | None) -> dict[str, tuple[Fraction, Fraction]]:
    """The arcs in order, each beginning after the one before. Raises E0810 where three meet, or two twice."""
    n, quarter = len(given), Fraction(1, 4)
    if arcs is None:
        return {chart: ((k - quarter) / n, (k + 1 + quarter) / n) for k, chart in enumerate(given)}
    spans = {chart: (Fraction(arcs[chart][0]), Fraction(arcs[chart][1])) for chart in given}
    for k, chart in enumerate(given):
        after, third = given[(k + 1) % n], given[(k + 2) % n]
        start = spans[third][0] + (1 if k + 2 >= n else 0)
        if spans[chart][0] >= spans[after][0] + (1 if k + 1 == n else 0) or spans[chart][1] > start:
            fail(
                "E0810",
                f"the arcs of `{chart}`, `{after}` and `{third}` do not follow one another",
                help="give the arcs in turns, in order, so that only neighbours overlap: a = (0, 0.4), b = (0.3, 0.7)",
            )
    return spans


def _angles(left: Fraction | float, right: Fraction | float) -> Range:
    return float(left) * 2 * math.pi, float(right) * 2 * math.pi


def sphere(charts: Charts = ("north", "south"), coordinates: str = "polar") -> Base:
    """The sphere: two charts, each without one pole, or four that are placed like the corners of a tetrahedron.

    Of two charts, the first leaves the south pole out. "polar" coordinates are theta in (0, pi) from the north pole
    and phi; "stereographic" ones are (u, v) of the first chart and (u, v)/(u^2 + v^2) in the second. Four charts have
    no coordinates. Raises E0810 for other numbers of charts.
    """
    given = list(charts)
    if len(given) == 4:
        named = _named(charts, "sphere", [], [])
        overlaps = {pair: Overlap(*pair) for pair in combinations(given, 2)}
        return Base("sphere", named, overlaps, tuple(combinations(given, 3)), dimension=2)
    if len(given) != 2:
        fail(
            "E0810",
            f"{len(given)} chart{'s' * (len(given) > 1)} do not cover the sphere",
            help="two charts, one without each pole; or four, without coordinates",
        )
    if coordinates == "stereographic":
        return _stereographic(charts)
    if coordinates != "polar":
        fail("E0801", f"the sphere has no coordinates `{coordinates}`", help='"polar" or "stereographic"')
    named = _named(charts, "sphere", ["arc", "angle"], [(0.0, math.pi), None])
    pair = given[0], given[1]
    curve = {c.name: value for c, value in zip(named[pair[0]], (pi / 2, name(TURN)), strict=False)}
    positive = (sin(name(named[pair[0]][0].name)),) if named[pair[0]] else ()
    overlap = replace(_joined(named, pair, {}), positive=positive)
    return Base("sphere", named, {pair: overlap}, clutches=(Clutch(pair, curve),), dimension=2)


def _stereographic(charts: Charts) -> Base:
    named = _named(charts, "sphere", ["real", "real"], [None, None])
    a, b = tuple(charts)
    if not named[a] or not named[b] or {c.name for c in named[a]} & {c.name for c in named[b]}:
        fail(
            "E0801", "stereographic charts need two coordinates each, with names of their own", help="a(u, v), b(p, q)"
        )
    (u, v), (p, q) = (names(" ".join(c.name for c in named[chart])) for chart in (a, b))
    square, other = u**2 + v**2, p**2 + q**2
    change = {repr(p): u / square, repr(q): v / square}
    back = {repr(u): p / other, repr(v): q / other}
    curve = {repr(u): cos(name(TURN)), repr(v): sin(name(TURN))}
    overlap = Overlap(a, b, {}, change, back, (square,))
    return Base("sphere", named, {(a, b): overlap}, clutches=(Clutch((a, b), curve),), dimension=2)


def torus(charts: Charts = ("a", "b", "c"), grid: tuple[int, int] | None = None) -> Base:
    """The torus of two angles: covered by n >= 3 annuli one after the other in the first angle, or by a grid.

    On an annulus the second angle runs all around, so transitions may wind along it. `grid = (n, m)` names the n * m
    products of arcs row by row. Raises E0810 for too few charts, E0801 for a grid of another number of charts.
    """
    given = list(charts)
    named = _named(charts, "torus", ["angle", "angle"], [None, None])
    if grid is None:
        if len(given) < 3:
            fail(
                "E0810", f"{len(given)} annuli do not cover the torus so that overlaps are connected", help="take three"
            )
        pairs = list(zip(given, given[1:] + given[:1], strict=True))
        places = {pair: _seam(k, len(given)) for k, pair in enumerate(pairs)}
        overlaps = {pair: _joined(named, pair, {0: place}) for pair, place in places.items()}
        clutches = tuple(_winding(named[pair[0]], pair, Fraction(k + 1, len(given))) for k, pair in enumerate(pairs))
        return Base("torus", named, overlaps, loops={"around": circuit(given)}, clutches=clutches, dimension=2)
    n, m = grid
    if min(n, m) < 3 or n * m != len(given):
        fail(
            "E0801",
            f"a grid of {n} x {m} does not fit {len(given)} charts",
            help="n * m names, with n and m at least 3",
        )
    return _grid_torus(given, named, n, m)


def _winding(coordinates: tuple[Coordinate, ...], pair: Pair, turns: Fraction) -> Clutch:
    """The curve around the second angle, in the middle of an overlap."""
    values = (2 * pi * turns, name(TURN))
    return Clutch(pair, {c.name: value for c, value in zip(coordinates, values, strict=False)})


def _seam(k: int, n: int) -> Range:
    """Where arc k of n meets the next, in radians."""
    return _angles((k + Fraction(3, 4)) / n, (k + Fraction(5, 4)) / n)


def _grid_torus(given: list[str], named: Mapping[str, tuple[Coordinate, ...]], n: int, m: int) -> Base:
    at = {(i, j): given[i * m + j] for i in range(n) for j in range(m)}
    overlaps: dict[Pair, Overlap] = {}
    triples = set()
    for i, j in at:
        block = [((i + di) % n, (j + dj) % m) for di in (0, 1) for dj in (0, 1)]
        for x, y in combinations(block, 2):
            pair = at[x], at[y]
            if pair not in overlaps and pair[::-1] not in overlaps:
                overlaps[pair] = _joined(named, pair, _corner(x, y, n, m))
        triples |= {tuple(sorted((at[x] for x in three), key=given.index)) for three in combinations(block, 3)}
    loops = {"first": circuit([at[i, 0] for i in range(n)]), "second": circuit([at[0, j] for j in range(m)])}
    return Base("torus", named, overlaps, tuple(sorted(triples)), loops=loops, dimension=2)  # type: ignore[arg-type]


def _corner(x: tuple[int, int], y: tuple[int, int], n: int, m: int) -> dict[int, Range]:
    """The ranges of both angles where two products of arcs meet."""
    found = {}
    for place, (a, b, count) in enumerate(((x[0], y[0], n), (x[1], y[1], m))):
        if a == b:
            found[place] = _angles((a - Fraction(1, 4)) / count, (a + Fraction(5, 4)) / count)
        else:
            found[place] = _seam(a if (a + 1) % count == b else b, count)
    return found
