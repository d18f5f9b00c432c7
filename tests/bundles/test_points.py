"""What axes carry of bundles: the fibre, the base, sums and products; what fits, what does not, and what ends it."""

from __future__ import annotations

import pytest

from catnet.diagnostics import CatnetError
from catnet.elaborate.program import Program

SPACES = """
bundle Cylinder : circle -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : 1 }
bundle Moebius : circle -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : -1 }
bundle Band : circle -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : -1 }
bundle Two = Moebius + Moebius
bundle Monopole(m) : sphere -> C under U(1) {
    charts north(theta, phi), south(theta, phi)
    north -> south : exp(I * m * phi)
}
bundle Ring : graph -> R[2] under SO(2) { charts p, q  p -> q : 1 }
rep V = 2*vector(SO(3))
"""


def problems(text: str) -> list[tuple[str, str, str]]:
    """The code, the message and the help of each mistake."""
    return [(d.code, d.message, d.help) for d in Program.from_text(SPACES + text).check()]


@pytest.mark.parametrize(
    "net",
    [
        "R[base(Moebius)] @ R[n, Moebius] -> R[base(Moebius)] @ R[n, Moebius] = id @ scale(2)",
        "R[n, Moebius] -> R[n, Band] = id",  # a bundle is what it says, under any name
        "R[n, Two] -> R[n, Moebius + Moebius] = id",
        "R[n, 2*Moebius] -> R[n, Two] = id",
        "R[n, determinant(Two)] -> R[n, Cylinder] = id",
        "R[n, Moebius*Moebius] -> R[n, Cylinder] = id",
        "C[n, dual(Monopole(1))] -> C[n, Monopole(-1)] = id",
        "R[n, base(Moebius)] -> R[n, base(Cylinder)] = id",
        "R[n, Moebius] -> R[n, 1] = forget(Moebius)",
        "R[n, base(Moebius)] -> R[n, 2] = forget(Moebius)",
        "C[n, Monopole(2)] -> C[n, 1] = forget(Monopole(2))",
        "R[n, Two] -> R[n, 3] = forget(Two) >> linear(3)",
    ],
)
def test_what_fits(net: str) -> None:
    assert problems(f"net f : {net}") == []


@pytest.mark.parametrize(
    ("net", "code", "message", "help"),
    [
        (
            "R[n, Moebius] -> R[n, Cylinder] = id",
            "E0737",
            "`Moebius` against `Cylinder`",
            "map f : Moebius -> Cylinder",
        ),
        ("R[n, Moebius] -> R[n, 1] = id", "E0737", "`Moebius` against the plain axis", "forget(Moebius)"),
        ("R[n, 1] -> R[n, Moebius] = id", "E0737", "against `Moebius`", "say in the signature"),
        ("R[n, base(Moebius)] -> R[n, 2] = id", "E0737", "`base(Moebius)` against", "forget(Moebius)"),
        ("C[n, Monopole(1)] -> C[n, Monopole(2)] = id", "E0737", "`Monopole(1)` against `Monopole(2)`", "map f"),
        ("R[n, Moebius] -> R[n, Moebius] = forget(Cylinder)", "E0224", "carries the bundle `Cylinder`", "leave"),
        ("R[n, V] -> R[n, 6] = forget(V)", "E0212", "not the representation `V`", "forget(G)"),
        ("R[n, Moebius] -> R[n, Moebius] = linear(Moebius)", "E0735", "`Moebius` on the last axis", "map f"),
        ("R[n, Moebius] -> R[n, V] = linear(V)", "E0735", "is a bundle", "forget(E)"),
        ("R[n, Monopole(1)] -> R[n, Monopole(1)] = id", "E0817", "complex numbers", "C[n, Monopole(1)]"),
        ("C[n, Moebius] -> C[n, Moebius] = id", "E0817", "real numbers", "R[n, Moebius]"),
        ("R[base(Ring)] -> R[base(Ring)] = id", "E0801", "have no coordinates", "R[n, E]"),
        ("C[n, Monopole] -> C[n, Monopole] = id", "E0212", "a declaration that takes arguments", ""),
        ("R[n, Moebius + Ring] -> R[n, Moebius + Ring] = id", "E0816", "over another base", "pull"),
        ("R[n, 80*Moebius] -> R[n, 80*Moebius] = id", "E0218", "a fibre of dimension 80", "smaller"),
    ],
)
def test_what_does_not_fit(net: str, code: str, message: str, help: str) -> None:
    (found,) = problems(f"net f : {net}")
    assert found[0] == code
    assert message in found[1]
    assert help in found[2]


def test_a_parameter_that_is_open() -> None:
    (found,) = problems("net f(m) : C[n, Monopole(m)] -> C[n, Monopole(m)] = id")
    assert found == ("E0801", "the parameter `m` of `Monopole` has no number here", "write Monopole(m = 1)")


def test_a_bundle_is_no_claim_of_a_group() -> None:
    program = Program.from_text(SPACES + "net f : R[n, Moebius] -> R[n, 3] = linear(3)")
    assert program.check() == []
    assert Program.from_text(SPACES + "net g : R[n, V] -> R[n, Moebius] = linear(1)").check()[0].code == "E0737"


def test_forget_is_printed_and_compiles_to_nothing() -> None:
    program = Program.from_text(SPACES + "net f : R[n, Two] -> R[n, 2] = forget(Two) >> relu")
    assert "forget(Two)" in program["f"]().draw()
    assert "forget" not in program["f"]().source().split("def forward")[1]


def test_project_keeps_the_base_point() -> None:
    program = Program.from_text(SPACES + "net f : R[base(Two)] @ R[Two] -> R[base(Two)] = project(Two)")
    assert program.check() == []
    assert program["f"]().normal_form.cells == ()
    assert program["f"]().normal_form.outputs == ((-1, 0),)


@pytest.mark.parametrize(
    ("net", "code"),
    [
        ("R[base(Moebius)] @ R[Two] -> R[base(Moebius)] = project(Moebius)", "E0737"),
        ("R[base(Moebius)] -> R[base(Moebius)] = project(Moebius)", "E0204"),
        ("R[2, Ring] @ R[2, Ring] -> R[2, Ring] = project(Ring)", "E0801"),
    ],
)
def test_project_refuses(net: str, code: str) -> None:
    assert [p[0] for p in problems(f"net f : {net}")] == [code]


def test_a_broken_bundle_is_told_once() -> None:
    text = SPACES.replace("bundle Two = Moebius + Moebius", "bundle Two = Moebius + Rong")
    found = [d.code for d in Program.from_text(text + "net f : R[n, Two] -> R[n, Two] = id").check()]
    assert found == ["E0201"]
    with pytest.raises(CatnetError):
        Program.from_text(text + "net f : R[n, Two] -> R[n, Two] = id")["f"]()
