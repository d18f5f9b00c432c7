"""Bundles in the language: declarations, laws that `check` tells, derived bundles, the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from catnet.cli import main
from catnet.elaborate.program import Program

MOEBIUS = "bundle Moebius : circle -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : [[-1]] }\n"
MONOPOLE = (
    "bundle Monopole(m) : sphere -> C under U(1) {\n"
    "    charts north(theta, phi), south(theta, phi)\n"
    "    north -> south : exp(I * m * phi)\n}\n"
)


def errors(text: str) -> list[str]:
    return [d.code for d in Program.from_text(text).check()]


def test_the_moebius_band_is_not_orientable() -> None:
    made = Program.from_text(MOEBIUS).bundle("Moebius")
    assert errors(MOEBIUS) == []
    assert made.laws().proved
    assert made.facts().orientable.value is False


def test_a_parameter_gets_a_value() -> None:
    program = Program.from_text(MONOPOLE)
    assert program.check() == []
    assert str(program.bundle("Monopole").facts().degree.value) == "m"
    assert program.bundle("Monopole", m=0).facts().trivial.value is True


@pytest.mark.parametrize(
    ("derived", "orientable"),
    [
        ("Moebius + Moebius", True),
        ("Moebius * Moebius", True),
        ("dual(Moebius)", False),
        ("determinant(Moebius)", False),
    ],
)
def test_derived_bundles(derived: str, orientable: bool) -> None:
    text = MOEBIUS + f"bundle E = {derived}\n"
    assert errors(text) == []
    assert Program.from_text(text).bundle("E").facts().orientable.value is orientable


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("bundle E : cirle -> R[1] under O(1) { charts a, b, c  a -> b : 1 }", "E0801", "cirle"),
        ("bundle E : circle -> T[1] under O(1) { charts a, b, c  a -> b : 1 }", "E0801", "T[1]"),
        ("bundle E : circle -> R[1] { charts a, b, c  a -> b : 1 }", "E0801", "bundle"),
        ("bundle E : circle -> R[1] under O(1) { charts a, b  a -> b : 1 }", "E0810", "circle"),
        ("bundle E : circle -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 1 }", "E0802", "bundle"),
        ("bundle E : circle -> R[1] under O(1) { charts a, b, c  a -> d : 1 }", "E0803", "a -> d : 1"),
        ("bundle E : circle -> R[1] under O(1) { charts a, a, c  a -> c : 1 }", "E0804", "a"),
        (MOEBIUS.replace("[[-1]]", "[[-2]]"), "E0807", "c -> a : [[-2]]"),
        (MOEBIUS.replace("[[-1]]", "[[1, 0], [0, 1]]"), "E0806", "bundle"),
        (MOEBIUS.replace("[[-1]]", "[[phi]]"), "E0805", "phi"),
        (MOEBIUS.replace("[[-1]]", "[[foo(2)]]"), "E0805", "foo(2)"),
        (MOEBIUS.replace("[[-1]]", "[[2 % 3]]"), "E0805", "2 % 3"),
        (MONOPOLE.replace("m * phi", "m * phi / 2"), "E0815", "north -> south : exp(I * m * phi / 2)"),
        ("bundle E = dual(F)", "E0201", "F"),
        ("bundle E = E + E", "E0801", "E"),
        ("bundle E = F\nbundle F = dual(E)", "E0801", ""),
        (MOEBIUS + "bundle E = dual(Moebius, 3)", "E0213", "dual(Moebius, 3)"),
        (MOEBIUS + "bundle E = 3*Moebius", "E0801", "3"),
    ],
)
def test_a_wrong_declaration_is_told_with_its_place(text: str, code: str, place: str) -> None:
    found = Program.from_text(text).check()
    assert found
    assert found[0].code == code
    assert found[0].span is not None
    assert found[0].span.text.startswith(place)


def test_the_command_describes_a_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spaces.cat"
    path.write_text(MOEBIUS + MONOPOLE)
    assert main(["bundle", str(path), "Moebius"]) == 0
    assert "orientable: no (proved" in capsys.readouterr().out
    assert main(["bundle", str(path), "Monopole", "-p", "m=2"]) == 0
    assert "degree 2" in capsys.readouterr().out
    assert main(["bundle", str(path), "Mobius"]) == 2
    assert "did you mean `Moebius`" in capsys.readouterr().err


def test_a_law_is_asked_at_the_values_of_parameters_on_an_axis() -> None:
    net = "net f : C[n, Monopole({})] -> C[n, Monopole({})] = id"
    assert Program.from_text(MONOPOLE + net.format(2, 2)).check() == []
    found = Program.from_text(MONOPOLE + net.format("0.5", "0.5")).check()
    assert [(d.code, d.span.text if d.span else "") for d in found] == [("E0815", "Monopole(0.5)")]


@pytest.mark.parametrize(("old", "new"), [("(theta, phi)", "(phi, phi)"), ("theta", "pi")])
def test_coordinates_have_names_of_their_own(old: str, new: str) -> None:
    assert [d.code for d in Program.from_text(MONOPOLE.replace(old, new)).check()] == ["E0804"]


def test_two_parameters_of_one_name() -> None:
    found = Program.from_text(MONOPOLE.replace("Monopole(m)", "Monopole(m, m)")).check()
    assert [d.code for d in found] == ["E0202"]
    assert [d.code for d in Program.from_text("net f(k, k) : R[k] -> R[k] = id").check()] == ["E0202"]


GRID = """bundle Signs : grid(2, 3) -> R[1] under O(1) {
    charts a, b, c, d, e, f
    a -> b : 1   b -> c : 1   d -> e : 1   e -> f : 1
    a -> d : 1   b -> e : 1   c -> f : 1
}
net f : R[6, Signs, k] -> R[6, Signs, k] = diffuse(Signs, time = 1.0, steps = 4)
"""


def test_the_charts_of_a_grid_are_its_pixels_row_by_row() -> None:
    program = Program.from_text(GRID)
    assert program.check() == []
    assert program.bundle("Signs").facts().trivial.value is True
    curved = Program.from_text(GRID.replace("d -> e : 1", "d -> e : -1")).bundle("Signs").facts()
    assert (curved.orientable.value, curved.flat.value, curved.trivial.value) == (False, False, False)
    plane = GRID.replace("R[1] under O(1)", "R[2] under SO(2)").replace("d -> e : 1", "d -> e : [[0, -1], [1, 0]]")
    turned = Program.from_text(plane).bundle("Signs").facts()
    assert (turned.orientable.value, turned.flat.value, turned.trivial.value) == (True, False, True)


@pytest.mark.parametrize("size", ["grid(3, 3)", "grid", "grid(6)", "grid(2, w = 3)"])
def test_a_grid_of_another_size(size: str) -> None:
    assert [d.code for d in Program.from_text(GRID.replace("grid(2, 3)", size)).check()] == ["E0801"]
