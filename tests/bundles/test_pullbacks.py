"""`pullback` in the language: a map of bases, chart by chart."""

from __future__ import annotations

import pytest

from catnet.diagnostics import CatnetError
from catnet.elaborate.program import Program

HEAD = """bundle Moebius : circle -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : -1 }
bundle Monopole(m) : sphere -> C under U(1) {
    charts north(theta, phi), south(theta, phi)
    north -> south : exp(I * m * phi)
}
"""


@pytest.mark.parametrize(
    ("charts", "holonomy", "trivial"),
    [
        ("p = a, q = b, r = c", "-1", False),
        ("p = a, q = b, r = c, s = a, t = b, u = c", "1", True),
        ("p = a, q = b, r = c, s = a, t = b, u = c, v = a, w = b, x = c", "-1", False),
        ("p = a, q = a, r = b, s = b, t = a", "1", True),  # there and back
        ("p = c, q = b, r = a", "-1", False),  # the other way around
    ],
)
def test_around_the_circle(charts: str, holonomy: str, trivial: bool) -> None:
    program = Program.from_text(f"{HEAD}bundle P = pullback(Moebius, circle, {charts})")
    assert [str(d) for d in program.check()] == []
    facts = program.bundle("P").facts()
    assert (facts.holonomies[0].text, facts.trivial.value) == (holonomy, trivial)


def test_the_degree_is_multiplied() -> None:
    text = "bundle P = pullback(Monopole, sphere, north = north(theta, 3*phi), south = south(theta, 3*phi))"
    program = Program.from_text(HEAD + text)
    assert [str(d) for d in program.check()] == []
    assert str(program.bundle("P").facts().degree.value) == "3*m"
    assert str(program.bundle("P", m=-2).facts().degree.value) == "-6"


@pytest.mark.parametrize(
    ("value", "code", "says"),
    [
        ("pullback(Moebius)", "E0801", "needs the space"),
        ("pullback(Moebius, graph, p = a)", "E0801", "needs the space"),
        ("pullback(Moebius, circle, p = a, q = b, r = d)", "E0803", "no chart of `Moebius`"),
        ("pullback(Moebius, circle, p = a, q = b)", "E0810", "circle"),
        ("pullback(Monopole, sphere, north = north(phi), south = south)", "E0816", "2 coordinates"),
        ("pullback(Monopole, sphere, north = north(theta, 2*phi), south = south)", "E0816", "by either chart"),
        ("pullback(Nothing, circle, p = a)", "E0201", "no bundle `Nothing`"),
    ],
)
def test_a_wrong_map_is_told(value: str, code: str, says: str) -> None:
    found = Program.from_text(f"{HEAD}bundle P = {value}").check()
    assert [d.code for d in found] == [code]
    assert says in found[0].message
    with pytest.raises(CatnetError):
        Program.from_text(f"{HEAD}bundle P = {value}").bundle("P")


def test_a_torn_map_is_told() -> None:
    steps = "a -> b : 1  b -> c : 1  c -> d : 1  d -> a : 1"
    four = f"bundle Four : circle -> R[1] under O(1) {{ charts a, b, c, d  {steps} }}"
    (found,) = Program.from_text(f"{four}\nbundle P = pullback(Four, circle, p = a, q = c, r = b)").check()
    assert found.code == "E0816"
    assert "torn" in found.message
