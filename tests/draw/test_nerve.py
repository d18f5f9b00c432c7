"""The picture of a bundle: where it is crossed, what it says, and that it is well-formed whatever the names."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from catnet.bundles import GL, Bundle, O, R, Word, bundle, circle, graph, interval
from catnet.draw.nerve import draw_nerve
from catnet.elaborate.program import Program

GOLDEN = Path(__file__).parent / "golden"
PROGRAM = """
bundle Moebius : circle -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : -1 }
bundle Twice = Moebius + Moebius
bundle Monopole(m) : sphere -> C under U(1) {
    charts north(theta, phi), south(theta, phi)
    north -> south : exp(I * m * phi)
}
bundle Scaled : circle -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 2  c -> a : -1 }
bundle Net : graph -> R[1] under O(1) { charts p, q, r, s
    p -> q : 1  q -> r : -1  p -> r : 1  r -> s : 1  q -> s : -1
}
"""


def declared(name: str, **values: int) -> Bundle:
    return Program.from_text(PROGRAM).bundle(name, **values)


def paths(picture: str, kind: str) -> int:
    return sum(e.get("class") == f"cn-{kind}" for e in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}path"))


@pytest.mark.parametrize("name", ["Monopole", "Scaled", "Net"])
def test_golden(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"nerve-{name}.svg", draw_nerve(declared(name)))


def test_the_picture_of_the_guide(golden: Callable[[Path, str], None]) -> None:
    golden(Path(__file__).parents[2] / "docs" / "pictures" / "moebius.svg", draw_nerve(declared("Moebius")))


@pytest.mark.parametrize(
    ("name", "values", "bands", "twists", "broken"),
    [
        ("Moebius", {}, 2, 1, 0),
        ("Twice", {}, 2, 1, 0),
        ("Monopole", {}, 0, 1, 0),
        ("Monopole", {"m": 0}, 1, 0, 0),
        ("Scaled", {}, 1, 1, 1),
        ("Net", {}, 3, 2, 0),
    ],
)
def test_a_band_is_crossed_where_the_transition_is_not_one(
    name: str, values: dict[str, int], bands: int, twists: int, broken: int
) -> None:
    picture = draw_nerve(declared(name, **values))
    assert [paths(picture, kind) for kind in ("band", "twist", "broken")] == [bands, twists, broken]


def test_it_is_accessible_and_has_no_scripts() -> None:
    picture = draw_nerve(declared("Moebius"))
    root = ET.fromstring(picture)
    title, desc = root[0], root[1]
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", f"{title.get('id')} {desc.get('id')}")
    assert (title.text, desc.text) == (
        "Moebius",
        "A bundle over the circle with fibre R[1] and structure group O(1): 3 charts, 3 overlaps, 0 triple overlaps; "
        "transitions are not one on c -> a. orientable: no, flat: yes, trivial: no; "
        "holonomy around, a -> b -> c -> a: -1.",
    )
    assert "prefers-color-scheme: dark" in picture
    assert not [word for word in ("<script", "var(", "href", "onload") if word in picture]


def test_a_refuted_law_is_told_at_its_band() -> None:
    picture = draw_nerve(declared("Scaled"))
    assert ">2, refuted<" in picture
    assert (
        "b -&gt; c: 2; it is not one; transitions in the group: refuted, b -&gt; c: 2 is no element of O(1)" in picture
    )
    assert "orientable" not in picture


def test_learned_maps_are_dashed() -> None:
    turns = {("a", "b"): Word.letter("p"), ("b", "c"): Word.letter("q"), ("c", "a"): Word()}
    picture = draw_nerve(bundle("Learned", circle(("a", "b", "c")), R(2), GL(2), turns))
    assert picture.count("stroke-dasharray") == 2
    assert paths(picture, "twist") == 0
    assert "orientable: not decided" in picture


def test_a_bundle_whose_charts_come_as_data_is_told_in_words() -> None:
    text = "bundle Turns : graph -> R[2] under SO(2)"
    picture = draw_nerve(Program.from_text(text).bundle("Turns"))
    root = ET.fromstring(picture)
    assert root[0].text == "Turns"
    assert "The graph and the maps along its edges come as data" in picture


@pytest.mark.parametrize("count", [1, 2, 3, 41, 300])
def test_any_number_of_charts(count: int) -> None:
    names = [f"n{k}" for k in range(count)]
    base = interval(names) if count < 3 else graph([(a, b) for a, b in zip(names, names[1:] + names[:1], strict=True)])
    turns = dict.fromkeys(base.overlaps, -1)
    picture = draw_nerve(bundle("Ring", base, R(1), O(1), turns))
    root = ET.fromstring(picture)
    assert paths(picture, "twist") == len(base.overlaps)
    assert float(root.get("width", "")) < 1100


def test_hostile_names_stay_text() -> None:
    made = bundle("<b>\x00&", graph([("a<", 'b"')]), R(1), O(1), {("a<", 'b"'): -1})
    root = ET.fromstring(draw_nerve(made))
    assert root[0].text == "<b>\ufffd&"
