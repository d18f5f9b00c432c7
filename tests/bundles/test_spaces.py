"""Base spaces: covers, nerves and loops, and what is no base."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from catnet.bundles import (
    Base,
    Expr,
    circle,
    complex,
    graph,
    grid,
    interval,
    learned,
    mesh,
    names,
    sphere,
    substitute,
    torus,
)
from catnet.bundles.deciding import Domain
from catnet.bundles.nerve import closing_edges
from catnet.diagnostics import CatnetError


def euler(base: Base) -> int:
    """Charts less overlaps plus triples less the fourfold overlaps of a product of arcs (one a block of four)."""
    return len(base.charts) - len(base.overlaps) + len(base.triples)


def test_standard_covers_have_the_nerves_of_their_spaces() -> None:
    assert euler(circle(tuple("abcde"))) == 0
    assert euler(interval(tuple("abcd"))) == 1
    assert euler(sphere(tuple("abcd"))) == 2
    product = torus([f"{i}{j}" for i in range(3) for j in range(4)], grid=(3, 4))
    assert len(product.overlaps) == 4 * 12
    assert euler(product) - 12 == 0
    assert {len(n) for n in product.neighbours.values()} == {8}


def test_a_complex_is_its_own_nerve() -> None:
    octahedron = [(a, b, c) for a in (0, 1) for b in (2, 3) for c in (4, 5)]
    base = complex(octahedron)
    assert euler(base) == 2
    assert base.dimension == 2
    assert len(list(closing_edges(base.tree, base.overlaps))) == 12 - 5


def test_meshes_and_grids_carry_faces_and_demand_no_cocycle() -> None:
    tetrahedron = mesh([(0, 1, 2), (0, 3, 1), (1, 3, 2), (2, 3, 0)])
    assert (len(tetrahedron.charts), len(tetrahedron.overlaps), len(tetrahedron.faces)) == (4, 6, 4)
    assert tetrahedron.triples == ()
    strip = grid(2, 5, join="w")
    assert (len(strip.overlaps), len(strip.faces)) == (2 * 5 + 5, 5)
    assert strip.loops["along"] == ("0,0", "0,1", "0,2", "0,3", "0,4", "0,0")
    assert grid(3, 3).contractible
    assert not strip.contractible


def test_the_ranges_of_overlaps_are_where_both_arcs_are() -> None:
    arcs = {"a": (0, 0.5), "b": (0.25, 0.75), "c": (0.625, 1.125)}
    base = circle({c: ["phi"] for c in "abc"}, arcs)
    ranges = {pair: [x / 6.283185307179586 for x in o.ranges["phi"]] for pair, o in base.overlaps.items()}
    assert ranges["a", "b"] == pytest.approx([0.25, 0.5])
    assert ranges["c", "a"] == pytest.approx([1.0, 1.125])


def test_changes_of_coordinates_are_inverse_to_each_other() -> None:
    base = sphere({"n": ["u", "v"], "s": ["p", "q"]}, "stereographic")
    there, back = base.overlap("n", "s"), base.overlap("s", "n")
    domain = Domain({"u": "real", "v": "real"}, positive=there.positive)
    rests: list[Expr] = []
    for name, value in back.change.items():
        rests.append(substitute(value, there.change) - names(name)[0])
    assert domain.vanish(rests, ("n", "s")).answer == "proved"


def test_charts_may_call_the_same_coordinate_by_other_names() -> None:
    base = sphere({"n": ["t", "f"], "s": ["theta", "phi"]})
    assert str(base.overlap("n", "s").change["phi"]) == "f"
    assert str(base.overlap("s", "n").change["f"]) == "phi"


def test_loops_may_be_named() -> None:
    square = graph([(0, 1), (1, 2), (2, 3), (3, 0)]).with_loops({"round": ("0", "1", "2", "3", "0")})
    assert square.loops["round"][1] == "1"


def test_a_cover_from_data_joins_charts_with_common_points() -> None:
    rows = [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1], [1, 0, 0, 1], [0.5, 0.5, 0, 0]]
    base = learned(rows, tuple("abcd"))
    assert sorted(base.overlaps) == [("a", "b"), ("a", "d"), ("b", "c"), ("c", "d")]
    assert learned(rows, tuple("abcd"), least=2).overlaps.keys() == {("a", "b")}


BAD: dict[str, tuple[Callable[[], object], str, str]] = {
    "two arcs": (lambda: circle(("a", "b")), "E0810", "two arcs meet in two pieces"),
    "a gap": (lambda: circle("abc", {"a": (0, 0.3), "b": (0.4, 0.7), "c": (0.6, 1.1)}), "E0810", "turns 0.3 to 0.4"),
    "three meet": (lambda: circle("abc", {"a": (0, 0.8), "b": (0.3, 0.9), "c": (0.6, 1.1)}), "E0810", "do not follow"),
    "open end": (lambda: interval(("a", "b"), ranges={"a": (0, 0.6), "b": (0.5, 0.9)}), "E0810", "0.9 to 1"),
    "hole": (lambda: interval(("a", "b"), ranges={"a": (0, 0.4), "b": (0.5, 1)}), "E0810", "no chart covers 0.4"),
    "one chart": (lambda: sphere(("a",)), "E0810", "1 chart do"),
    "two annuli": (lambda: torus(("a", "b")), "E0810", "annuli"),
    "wrong grid": (lambda: torus(tuple("abc"), grid=(3, 3)), "E0801", "3 x 3"),
    "shared names": (
        lambda: sphere({"a": ["u", "v"], "b": ["u", "v"]}, "stereographic"),
        "E0801",
        "names of their own",
    ),
    "one coordinate": (lambda: sphere({"a": ["phi"], "b": ["phi"]}), "E0801", "1 coordinates, not 2"),
    "same chart": (lambda: circle(("a", "a", "b")), "E0801", "same name"),
    "loop": (lambda: graph([(1, 1)]), "E0801", "to itself"),
    "double edge": (lambda: graph([(1, 2), (2, 1)]), "E0801", "given twice"),
    "square face": (lambda: mesh([(0, 1, 2, 3)]), "E0801", "not three"),
    "flat seam": (lambda: grid(3, 2, join="w"), "E0801", "joined"),
    "outside": (lambda: learned([[1, 0], [0, 0]], ("a", "b")), "E0810", "point 1 lies outside every chart"),
    "open loop": (lambda: circle().with_loops({"x": ("a", "b")}), "E0801", "not closed"),
    "torn loop": (lambda: circle(tuple("abcd")).with_loops({"x": ("a", "c", "a")}), "E0803", "do not overlap"),
    "short row": (lambda: learned([[1]], ("a", "b")), "E0801", "1 memberships"),
    "far charts": (lambda: circle(tuple("abcd")).overlap("a", "c"), "E0803", "`a` meets b, d"),
    "misspelt": (lambda: sphere().overlap("north", "sout"), "E0803", "south"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_base_is_refused(name: str) -> None:
    make, code, said = BAD[name]
    with pytest.raises(CatnetError) as caught:
        make()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert said in diagnostic.render()
