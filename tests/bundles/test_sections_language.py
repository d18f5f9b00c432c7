"""Sections and maps of bundles in the language: syntax, laws, errors, diagrams and the code that they compile to."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import Tensor

from catnet.analysis.laws import check_laws
from catnet.diagnostics import Source
from catnet.elaborate.program import Program
from catnet.nn.bundles.covers import OutsideEveryChartError
from catnet.syntax.formatter import format_source
from catnet.syntax.parser import parse

SPACES = """
bundle Moebius : circle -> R[1] under O(1) {
    charts a(t), b(t), c(t)
    a -> b : 1
    b -> c : 1
    c -> a : -1
}
bundle Plane : circle -> R[2] under O(2) {
    charts a(t), b(t), c(t)
    a -> b : 1
    b -> c : 1
    c -> a : [[1, 0], [0, -1]]
}
bundle Monopole(m) : sphere -> C under U(1) {
    charts north(theta, phi), south(theta, phi)
    north -> south : exp(I * m * phi)
}
bundle Ring : graph -> R[2] under SO(2) {
    charts p, q, r
    p -> q : 1
    q -> r : [[0, -1], [1, 0]]
    r -> p : 1
}
bundle Rod : interval(low = -1, high = 3) -> R[1] under GL(1) { charts left(x), right(x)  left -> right : 2 + x }
bundle Donut : torus -> R[1] under O(1) { charts a(u, v), b(u, v), c(u, v)  a -> b : 1  b -> c : 1  c -> a : -1 }
"""
DECLARED = """
section zero : Moebius { a : 0  b : 0  c : 0 }
section wave : Plane { a : [cos(t), 0]  b : [cos(t), 0]  c : [cos(t), 0] }
section pole : Monopole(1) { north : sin(theta)*exp(-I*phi)  south : sin(theta) }
section nodes : Ring { p : [1, 0]  q : [0, 1]  r : [0, 0] }
section rise : Rod { left : 1  right : 2 + x }
map flip : Plane -> Plane { a : [[2, 0], [0, -1]]  b : [[2, 0], [0, -1]]  c : [[2, 0], [0, -1]] }
map stretch : Moebius -> Moebius { a : 2 + cos(t)  b : 2 + cos(t)  c : 2 + cos(t) }
map first : Plane -> Moebius { a : [[0, 1]]  b : [[0, 1]]  c : [[0, 1]] }
map turn : Ring -> Ring { p : [[0, -1], [1, 0]]  q : [[0, -1], [1, 0]]  r : [[0, -1], [1, 0]] }
map wide : Donut -> Donut { a : 2 + cos(v)  b : 2 + cos(v)  c : 2 + cos(v) }
"""
NETS = """
net there : R[n, base(Plane)] -> R[n, base(Plane)] @ R[n, Plane] = wave >> flip
net further : R[base(Plane)] @ R[Plane] -> R[base(Moebius)] @ R[Moebius] = first >> stretch
net back : R[base(Moebius)] @ R[Moebius] -> R[base(Moebius)] @ R[Moebius] = stretch ^ -1
net pole_of : R[base(Monopole(1))] -> R[base(Monopole(1))] @ C[Monopole(1)] = pole
net quarter : R[3, Ring, c] -> R[3, Ring, c] = turn
net vectors : () -> R[3, Ring] = nodes >> turn
net on_rod : R[base(Rod)] -> R[base(Rod)] @ R[Rod] = rise
net on_donut : R[base(Donut)] @ R[Donut] -> R[base(Donut)] @ R[Donut] = wide ^ -1
"""
LAWS = """
law above : wave >> project(Plane) == id
law over : flip >> project(Plane) == project(Plane)
law inverse : flip >> flip ^ -1 == id
law inverse_elsewhere : stretch ^ -1 >> stretch == id
law twice : nodes >> turn >> turn == nodes >> scale(-1)
law nothing : zero >> stretch == zero
"""


def loaded() -> Program:
    return Program.from_text(SPACES + DECLARED + NETS + LAWS)


def circle(count: int) -> tuple[Tensor, Tensor]:
    angle = torch.linspace(0, 2 * math.pi, count + 1, dtype=torch.float64)[:-1] + 0.01
    return angle, torch.stack([angle.cos(), angle.sin()], -1)


def test_everything_is_right() -> None:
    assert loaded().check() == []


def test_what_the_wires_alone_prove_is_proved() -> None:
    found = {result.name: result.verdict for result in check_laws(loaded())}
    assert found == {
        "above": "proved",
        "over": "proved",
        "inverse": "tested",
        "inverse_elsewhere": "tested",
        "twice": "tested",
        "nothing": "tested",
    }


# Syntax


def test_a_file_is_printed_and_read_back() -> None:
    text = "# about s\nsection s : 2*E { a : [cos(t),0] # here\n b : 0 }\nmap m : E->F*G {\n # there\n a : [[1]] }\n"
    once, problems = format_source(Source("<test>", text), 100)
    assert problems == []
    assert "section s : 2*E {\n" in once
    assert "map m : E -> F * G {\n    # there\n    a : [[1]]\n}" in once
    assert all(f"# {word}" in once for word in ("about s", "here", "there"))
    assert format_source(Source("<test>", once), 100) == (once, [])
    assert parse(Source("<test>", once))[0] == parse(Source("<test>", text))[0]


def test_map_is_still_a_name() -> None:
    text = "net map : R[n] -> R[n] =\n    id\n >> relu\n\nnet f(g: R[n] -> R[n]) : R[n] -> R[n] =\n    g\n >> map\n"
    program = Program.from_text(text + "\nnet h : R[4] -> R[4] = map: linear(4)\n")
    assert program.check() == []
    assert list(program) == ["map", "f", "h"]


# Laws and errors: each with its code, a part of the message, and what is underlined

WRONG = [
    ("section s : Moebius { a : 1 b : 1 c : 1 }", "E0812", "c -> a: off by 2", "a : 1"),
    ("section s : Plane { a : [1, 2, 3] b : [0, 0] c : [0, 0] }", "E0811", "3 components", "[1, 2, 3]"),
    ("section s : Plane { a : 1 b : [0, 0] c : [0, 0] }", "E0811", "1 component over `a`", "1"),
    ("section s : Plane { a : [0, 0] c : [0, 0] }", "E0811", "over the chart `b`", "section s"),
    ("section s : Plane { a : [I, 0] b : [0, 0] c : [0, 0] }", "E0811", "not real", "a : [I, 0]"),
    ("section s : Plane { a : [0, 0] d : [0, 0] c : [0, 0] }", "E0803", "no chart `d`", "d : [0, 0]"),
    ("section s : Moebius { a : 0 a : 0 b : 0 c : 0 }", "E0804", "twice over the chart `a`", "a : 0"),
    ("section s : Moebius { a : cos(t/2) b : 0 c : 0 }", "E0815", "more than one value", "a : cos(t/2)"),
    ("section s : Moebius { a : t b : 0 c : 0 }", "E0805", "`t` is an angle", "section s"),
    ("section s : Moebius { a : x b : 0 c : 0 }", "E0805", "unknown name `x`", "x"),
    ("section s : 3 { a : 0 }", "E0801", "a bundle is expected", "3"),
    ("map m : Plane -> Plane { a : [[0, 1], [1, 0]] b : 1 c : 1 }", "E0813", "matrix of 1 x 1", "b : 1"),
    ("map m : Moebius -> Moebius { a : 1 b : 2 c : 1 }", "E0813", "a -> b: off by 1", "b : 2"),
    ("map m : Plane -> Moebius { a : [[0, 1]] b : [[0, 1]] }", "E0813", "no matrix over the chart `c`", "map m"),
    ("map m : Plane -> Ring { a : 1 b : 1 c : 1 }", "E0816", "over another base", "map m"),
]


@pytest.mark.parametrize(("text", "code", "message", "place"), WRONG)
def test_what_is_wrong_is_told_where_it_stands(text: str, code: str, message: str, place: str) -> None:
    first = next(d for d in Program.from_text(SPACES + text).check() if d.code == code)
    assert message in first.message
    assert first.span is not None
    assert first.span.text.startswith(place)


def test_one_mistake_over_every_chart_is_told_once() -> None:
    text = "section s : Moebius { a : I b : I c : I }"
    assert [d.code for d in Program.from_text(SPACES + text).check()].count("E0811") == 1


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("net f : R[base(Plane)] -> R[base(Moebius)] @ R[Moebius] = wave >> stretch", "E0737", "against `Moebius`"),
        ("net f : R[n, 2] -> R[n, base(Plane)] @ R[n, Plane] = wave", "E0737", "against `base(Plane)`"),
        ("net f : R[base(Plane)] -> R[base(Plane)] @ R[Plane] = flip", "E0204", "2 wires"),
        ("net f : R[4, Ring] -> R[4, Ring] = turn", "E0203", "4"),
        ("map z : Plane -> Plane { a : cos(t) b : cos(t) c : cos(t) }\n"
         "net f : R[base(Plane)] @ R[Plane] -> R[base(Plane)] @ R[Plane] = z ^ -1", "E0813", "1 x 1"),
        ("map z : Moebius -> Moebius { a : cos(t) b : cos(t) c : cos(t) }\n"
         "net f : R[base(Moebius)] @ R[Moebius] -> R[base(Moebius)] @ R[Moebius] = z ^ -1",
         "E0814", "the determinant vanishes"),
        ("net f : R[base(Moebius)] @ R[Moebius] -> R[base(Plane)] @ R[Plane] = first ^ -1",
         "E0814", "the fibres are R[2] and R[1]"),
        ("net f : R[base(Plane)] @ R[Plane] -> R[base(Plane)] = wave ^ -1", "E0220", "`wave` has no inverse"),
    ],
)  # fmt: skip
def test_where_they_do_not_fit(text: str, code: str, message: str) -> None:
    found = Program.from_text(SPACES + DECLARED + text).check()
    assert found[0].code == code
    assert message in found[0].message


# What they compile to


def test_a_chain_of_maps_by_hand() -> None:
    angle, points = circle(60)
    module = loaded()["there"]().compile().double()
    base, v = module(points)
    assert base is points
    assert torch.allclose(v, torch.stack([2 * angle.cos(), 0 * angle], -1), atol=1e-14)
    u = torch.randn(60, 2, dtype=torch.float64)
    _, found = loaded()["further"]().compile().double()(points, u)
    assert torch.allclose(found.squeeze(-1), (2 + angle.cos()) * u[:, 1], atol=1e-14)
    back = loaded()["back"]().compile().double()
    w = torch.randn(60, 1, dtype=torch.float64)
    assert torch.allclose(back(points, w)[1], w / (2 + angle.cos()).unsqueeze(-1), atol=1e-14)


def test_values_agree_across_the_border_of_two_charts() -> None:
    """What stands over two charts differs by the transition, and by nothing else."""
    pole = loaded()["pole_of"]().compile().double()
    phi = torch.linspace(0.1, 6.2, 30, dtype=torch.float64)
    here, there = (torch.stack([phi.cos(), phi.sin(), 0 * phi + z], -1) for z in (1e-9, -1e-9))
    north, south = pole(here)[1], pole(there)[1]
    assert north.dtype == torch.complex128
    assert torch.allclose(torch.exp(1j * phi).unsqueeze(-1) * north, south, atol=1e-8)


def test_nodes_need_no_base_wire() -> None:
    x = torch.randn(2, 3, 2, 4, dtype=torch.float64)
    turned = loaded()["quarter"](c=4).compile().double()(x)
    assert torch.equal(turned, torch.stack([-x[:, :, 1], x[:, :, 0]], 2))
    assert torch.equal(loaded()["vectors"]().compile()(), torch.tensor([[0.0, 1.0], [-1.0, 0.0], [0.0, 0.0]]))


def test_points_outside_every_chart_are_named() -> None:
    rod = loaded()["on_rod"]().compile()
    with pytest.raises(OutsideEveryChartError, match=r"1 of 2 base points, the first is \(3.5\).* cover -1 to 3"):
        rod(torch.tensor([[0.0], [3.5]]))
    with pytest.raises(OutsideEveryChartError, match="charts a, b, c of the circle cover points of length 1"):
        loaded()["there"]().compile()(torch.tensor([[2.0, 0.0]]))
    rod(torch.tensor([[-1.0], [3.0]]))  # the ends belong to it


def test_constants_are_exact_in_float64_and_the_module_can_be_copied() -> None:
    text = SPACES + "map half : Moebius -> Moebius { a : sqrt(2) b : sqrt(2) c : sqrt(2) }\n"
    net = "net f : R[base(Moebius)] @ R[Moebius] -> R[base(Moebius)] @ R[Moebius] = half"
    module = copy.deepcopy(Program.from_text(text + net)["f"]().compile().double())
    _, points = circle(4)
    assert torch.allclose(module(points, torch.ones_like(points[:, :1]))[1] - math.sqrt(2), torch.zeros(1).double())
    assert module.state_dict() == {}


def test_gradients_pass_to_base_and_fibre() -> None:
    angle, _ = circle(7)
    angle.requires_grad_()
    points = torch.stack([angle.cos(), angle.sin()], -1)
    _, v = loaded()["back"]().compile().double()(points, torch.ones(7, 1, dtype=torch.float64))
    (slope,) = torch.autograd.grad(v.sum(), angle)
    assert torch.allclose(slope, angle.sin() / (2 + angle.cos()) ** 2, atol=1e-12)


def test_a_bundle_whose_charts_are_data_has_no_sections() -> None:
    found = Program.from_text("bundle S : graph -> R[2] under SO(2)\nsection s : S { a : [0, 0] }\n").check()
    assert [d.code for d in found] == ["E0801"]


def test_an_unknown_map_is_told_once() -> None:
    text = "net f : R[3] -> R[3] = nothing ^ -1"
    assert [d.code for d in Program.from_text(text).check()] == ["E0201"]
