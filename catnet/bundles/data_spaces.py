"""Bases given as data: graphs, meshes and grids, whose edges transport; simplicial complexes; learned covers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from catnet.bundles.bases import Base, Overlap, Pair
from catnet.bundles.nerve import Path, circuit
from catnet.diagnostics import fail

Simplex = Sequence[object]

MAX_LEARNED = 4096  # coordinates and charts of a base that is learned


def graph(edges: Iterable[tuple[object, object]], nodes: Iterable[object] = ()) -> Base:
    """A graph: its nodes are charts, each edge transports from its first node to its second.

    Raises E0801 for an edge from a node to itself and for one that is given twice.

    >>> graph([(0, 1), (1, 2), (2, 0)]).neighbours
    {'0': ['1', '2'], '1': ['0', '2'], '2': ['1', '0']}
    """
    overlaps = _edges(edges, "graph")
    named = dict.fromkeys([*map(str, nodes), *(node for pair in overlaps for node in pair)], ())
    return Base("graph", named, overlaps, dimension=1, discrete=True)


def _edges(edges: Iterable[tuple[object, object]], kind: str) -> dict[Pair, Overlap]:
    overlaps: dict[Pair, Overlap] = {}
    for a, b in edges:
        pair = str(a), str(b)
        if pair[0] == pair[1]:
            fail("E0801", f"an edge of the {kind} leads from `{a}` to itself", help="put a node in its middle")
        if pair in overlaps or pair[::-1] in overlaps:
            fail("E0801", f"the edge between `{a}` and `{b}` of the {kind} is given twice")
        overlaps[pair] = Overlap(*pair)
    return overlaps


def mesh(triangles: Iterable[Simplex]) -> Base:
    """A triangle mesh: its vertices are charts, edges transport, and around each triangle there may be curvature.

    Raises E0801 for a face that is no triangle.
    """
    faces = [_simplex(face, "mesh") for face in triangles]
    for face in faces:
        if len(face) != 3:
            fail("E0801", f"a face of the mesh has {len(face)} vertices, not three: {', '.join(face)}")
    pairs = dict.fromkeys(_pair(pair) for face in faces for pair in combinations(face, 2))
    named = dict.fromkeys([vertex for face in faces for vertex in face], ())
    overlaps = {pair: Overlap(*pair) for pair in pairs}
    return Base("mesh", named, overlaps, faces=tuple(map(circuit, faces)), dimension=2, discrete=True)


def grid(h: int, w: int, join: str = "", charts: Sequence[str] = ()) -> Base:
    """A plane grid of h by w pixels; edges transport right and down, and around each square of four there may be
    curvature.

    `join` may hold "h" and "w": then the last row (or column) meets the first, as on a strip, which needs at least
    three of them. Pixel (i, j) is the chart `i,j`, or the one of that place in `charts`, row by row. Raises E0801 for
    an empty grid, and for a seam of fewer than three.
    """
    if min(h, w) < 1 or ("h" in join and h < 3) or ("w" in join and w < 3):
        fail(
            "E0801", f"a grid of {h} x {w} cannot be joined along `{join}`" if join else f"a grid of {h} x {w} is empty"
        )
    rows, columns = h - ("h" not in join), w - ("w" not in join)
    at = [[charts[i * w + j] if charts else f"{i},{j}" for j in range(w)] for i in range(h)]
    down = [(at[i][j], at[(i + 1) % h][j]) for i in range(rows) for j in range(w)]
    right = [(at[i][j], at[i][(j + 1) % w]) for i in range(h) for j in range(columns)]
    corners = [[(i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)] for i in range(rows) for j in range(columns)]
    faces = tuple(circuit([at[i % h][j % w] for i, j in corner]) for corner in corners)
    loops: dict[str, Path] = {}
    if "w" in join:
        loops["along"] = circuit(at[0])
    if "h" in join:
        loops["across"] = circuit([row[0] for row in at])
    named = dict.fromkeys([pixel for row in at for pixel in row], ())
    overlaps = {pair: Overlap(*pair) for pair in (*right, *down)}
    return Base("grid", named, overlaps, faces=faces, loops=loops, dimension=2, contractible=not join, discrete=True)


def complex(simplices: Iterable[Simplex], kind: str = "complex") -> Base:
    """A simplicial complex as a cover: the open stars of its vertices are charts, which meet as simplices say.

    Faces of simplices need not be listed. The overlaps are contractible, so transitions without coordinates are
    all that there is up to isomorphism.
    """
    found = [_simplex(simplex, kind) for simplex in simplices]
    named = dict.fromkeys([vertex for simplex in found for vertex in simplex], ())
    pairs = dict.fromkeys(_pair(pair) for s in found for pair in combinations(s, 2))
    triples = dict.fromkeys(tuple(sorted(t, key=_order)) for s in found for t in combinations(s, 3))
    overlaps = {pair: Overlap(*pair) for pair in pairs}
    dimension = max(map(len, found), default=1) - 1
    return Base(kind, named, overlaps, tuple(triples), dimension=dimension)  # type: ignore[arg-type]


def flag_complex(edges: Iterable[tuple[object, object]]) -> Base:
    """The simplicial complex of a graph: three charts meet wherever each two of them do.

    >>> flag_complex([(0, 1), (1, 2), (0, 2), (2, 3)]).triples
    (('0', '1', '2'),)
    """
    pairs = [(str(a), str(b)) for a, b in edges]
    near: dict[str, set[str]] = {}
    for a, b in pairs:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    triangles = [(a, b, c) for a, b in pairs for c in sorted(near[a] & near[b], key=_order)]
    return complex([*pairs, *triangles])


def learned(memberships: Sequence[Sequence[float]], charts: Sequence[str], least: int = 1) -> Base:
    """A cover learned from data: `memberships[i][k]` is positive where point i lies in chart k.

    Charts meet where at least `least` points lie in both (in all three). Raises E0810 for a point outside every
    chart, E0801 for rows of another length than the charts.

    >>> sorted(learned([[1, 0.5, 0], [0, 1, 0.2], [0.1, 0, 1]], ["a", "b", "c"]).overlaps)
    [('a', 'b'), ('a', 'c'), ('b', 'c')]
    """
    counts: dict[tuple[str, ...], int] = {}
    for i, row in enumerate(memberships):
        if len(row) != len(charts):
            fail("E0801", f"point {i} has {len(row)} memberships for {len(charts)} charts")
        inside = [chart for chart, weight in zip(charts, row, strict=True) if weight > 0]
        if not inside:
            fail("E0810", f"point {i} lies outside every chart", help=f"the charts are {', '.join(charts[:8])}")
        for size in (2, 3):
            for some in combinations(inside, size):
                counts[some] = counts.get(some, 0) + 1
    met = [some for some, count in counts.items() if count >= least]
    overlaps = {(pair[0], pair[1]): Overlap(*pair) for pair in met if len(pair) == 2}
    triples = tuple(t for t in met if len(t) == 3 and all(pair in overlaps for pair in combinations(t, 2)))
    return Base("learned cover", dict.fromkeys(charts, ()), overlaps, triples)


def unfitted(name: str, size: int, charts: int) -> Base:
    """The base of a bundle `name` that is learned: points of R^size under a number of charts that are fitted to data.

    Which of them meet is known after the fit. Raises E0801 for a size or a number that is not from 1 to 4096.

    >>> str(unfitted("Cloud", 3, 8))
    'learned(3, 8)'
    """
    for value in (size, charts):
        if not isinstance(value, int) or not 1 <= value <= MAX_LEARNED:
            fail("E0801", f"`{value}` in `learned({size}, {charts})` is no number from 1 to {MAX_LEARNED}")
    return Base("learned", {}, {}, data=name, learned=(size, charts))


def _simplex(vertices: Simplex, kind: str) -> list[str]:
    found = [str(vertex) for vertex in vertices]
    if len(set(found)) != len(found) or not found:
        fail("E0801", f"a simplex of the {kind} repeats a vertex or has none: ({', '.join(found)})")
    return found


def _pair(vertices: Sequence[str]) -> Pair:
    first, second = sorted(vertices, key=_order)
    return first, second


def _order(vertex: str) -> tuple[bool, int, str]:
    """Numbers by value, before other names."""
    return (False, int(vertex), "") if vertex.isdigit() else (True, 0, vertex)
