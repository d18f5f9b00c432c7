"""What wires carry, in pictures: the axes on which a group acts are bold, and bundles are told and drawn."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from catnet.diagrams.graph import Value
from catnet.draw import draw
from catnet.draw.acted import pieces
from catnet.draw.carried import bundles, wire_words
from catnet.draw.geometry import Label
from catnet.draw.words import wire_text
from catnet.elaborate.program import Program
from catnet.types.signature import read_object

STRIPS = """
bundle Moebius : circle -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : -1 }
bundle Turns : graph -> R[2] under SO(2)
net along_it : R[n, Moebius] -> R[n, Moebius] = id
net plain : R[n, k] -> R[n, k] = relu
net on_data : R[n, Turns] -> R[n, Turns] = id
"""


LONG = "first_axis, second_axis, third_axis, fourth_axis"  # shown as R[first_axis, s\u2026, fourth_axis]


@pytest.mark.parametrize(
    ("axes", "acted", "bold"),
    [
        ("n, d", (-2,), ["n"]),
        ("n, d", (), []),
        ("n, max(a, b), d", (-2, -1), ["max(a, b)", "d"]),
        (LONG, (-4,), ["first_axis"]),
        (LONG, (-1,), ["fourth_axis"]),
        (LONG, (-2,), []),  # the middle piece stands for two axes, of which one is acted on
        (LONG, (-3, -2), ["s\u2026"]),
    ],
)
def test_the_axes_that_are_acted_on_are_bold(axes: str, acted: tuple[int, ...], bold: list[str]) -> None:
    value = Value(read_object(f"R[{axes}]")[0])
    label = Label(0, 0, wire_text(value), value, acted)
    found = pieces(label)
    assert "".join(text for text, _ in found) == label.text
    assert [text for text, marked in found if marked] == bold


def test_a_group_is_named_and_its_axes_are_bold() -> None:
    picture = draw(Program.from_text("net f : R[n, d] -> R[n, 8] under S(n) on n = linear(8) >> linear(8)")["f"]())
    assert "under S(n) on n" in picture
    assert "It commutes with S(n) on n." in picture
    assert re.search(r'<tspan class="cn-ink" font-weight="bold" fill="#222222">n</tspan>, 8', picture)


def test_a_bundle_is_told_and_its_nerve_stands_below() -> None:
    program = Program.from_text(STRIPS)
    diagram = program["along_it"]()
    assert [str(bundle) for bundle in bundles(diagram.graph)] == ["bundle Moebius : circle -> R[1] under O(1)"]
    assert wire_words(diagram.graph.dom[0]) == "R[n, Moebius]; bundle Moebius : circle -> R[1] under O(1)"
    picture = draw(diagram)
    root = ET.fromstring(picture)
    assert "Wires speak of the bundle Moebius : circle -> R[1] under O(1)." in (root[1].text or "")
    assert picture.count('class="cn-twist"') == 1
    assert ".cn-twist{" in picture


def test_other_pictures_have_no_nerve() -> None:
    program = Program.from_text(STRIPS)
    assert "cn-twist" not in draw(program["plain"]())
    data = draw(program["on_data"]())
    assert "Wires speak of the bundle Turns : graph -&gt; R[2] under SO(2)." in data
    assert "cn-band" not in data
