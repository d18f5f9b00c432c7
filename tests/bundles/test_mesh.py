"""Fields on a mesh in the language: types, proofs, and turns of all frames in numbers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from catnet.elaborate.program import Program
from catnet.elaborate.proving import proofs
from catnet.nn.bundles import MeshConv, PlaneFields, Surface
from catnet.symmetry.constructors import SO, irrep, vector
from catnet.symmetry.elements import Element, Flow
from tests.bundles.frames import gauge_error

torch.set_num_threads(1)

MESH = """bundle T : mesh -> R[2] under SO(2)
rep V = 3*trivial(SO(2))
rep W = 2*trivial(SO(2)) + 3*vector(SO(2)) + 2*irrep(SO(2), 2)
"""
DATA = "edges: Fin(n)[2, e], seen: R[e, T], turns: R[e, T, T]"
NETS = {
    "fields": f"""net f : (x: R[n, W], {DATA}) -> R[n, W] under gauge(T) {{
    return (x, edges, seen, turns) >> gauge_conv(T, W)
}}""",
    "surface": f"""net f(k = 5) : (x: R[n, V], {DATA}) -> R[n, k] under gauge(T) {{
    y = (x, edges, seen, turns) >> gauge_conv(T, W) >> field_activation("silu")
    z = (y, edges, seen, turns) >> gauge_conv(T, W, bias = false) >> norm_activation >> linear(W)
    return z + y >> norm >> linear(k) >> relu
}}""",
    "gated": f"""net f : (x: R[n, W], {DATA}) -> R[n, W] under gauge(T) {{
    gates = x >> norm >> linear(7) >> sigmoid
    y = (x, edges, seen, turns) >> gauge_conv(T, W)
    return (gates, y) >> gate
}}""",
    "heat": f"""net f(c = 2) : (x: R[n, T, c], {DATA.replace(", seen: R[e, T]", "")}) -> R[n, T, c] under gauge(T) =
    {{ return (x, edges, turns) >> diffuse(T, time = 3.0, steps = 4) }}""",
}


def tetrahedra(corners: int = 12) -> tuple[Tensor, Tensor]:
    """A closed surface: two cones over one polygon, with vertices that are moved at random."""
    draw = torch.Generator().manual_seed(0)
    angle = 2 * math.pi * torch.arange(corners, dtype=torch.float64) / corners
    around = torch.stack([angle.cos(), angle.sin(), torch.zeros_like(angle)], -1)
    poles = torch.tensor([[0, 0, 1.0], [0, 0, -1.0]], dtype=torch.float64)
    vertices = torch.cat([around, poles])
    vertices = vertices + 0.1 * torch.randn(vertices.shape, generator=draw, dtype=torch.float64)
    faces = [[i, (i + 1) % corners, corners] for i in range(corners)]
    faces += [[(i + 1) % corners, i, corners + 1] for i in range(corners)]
    return vertices, torch.tensor(faces)


@pytest.mark.parametrize("net", NETS)
def test_nets_on_meshes_are_proved_and_commute(net: str) -> None:
    text = MESH + NETS[net]
    assert Program.from_text(text).check() == []
    for seed in range(3):
        assert gauge_error(text, seed=seed) < 1e-12


def test_a_real_mesh_in_other_frames() -> None:
    """The wires of `Surface`, whose own `turned` changes the frames."""
    net = Program.from_text(MESH + NETS["surface"])["f"]().compile().double()
    surface, angles = Surface.of(*tetrahedra()), torch.randn(14, dtype=torch.float64)
    x = torch.randn(14, 3, dtype=torch.float64)
    with torch.no_grad():
        a, b = (net(x, s.edges(), s.directions(), s.maps()) for s in (surface, surface.turned(angles)))
    assert (a - b).abs().max() / a.abs().max() < 1e-12
    assert a.std(0).max() > 0.01


def test_the_box_is_the_layer() -> None:
    net = Program.from_text(MESH + NETS["fields"])["f"]().compile().double()
    surface, x = Surface.of(*tetrahedra()), torch.randn(14, 12, dtype=torch.float64)
    layer = net.gauge_conv
    assert isinstance(layer, MeshConv)
    data = surface.edges(), surface.directions(), surface.maps()
    assert torch.allclose(net(x, *data), layer(x, surface), atol=1e-12)
    many = torch.stack([x, 2 * x])
    same = net(many, *(t.expand(2, *t.shape) for t in data))
    other = net(many, *(torch.stack([t, t]) for t in data))
    assert torch.allclose(same, other)
    assert torch.allclose(same[1], net(2 * x, *data), atol=1e-12)


def test_a_turn_of_all_frames_by_one_angle_is_a_claim_too() -> None:
    under = {str(proof): proof.word for proof in proofs(Program.from_text(MESH + NETS["gated"])["f"]())}
    assert under == {"gauge(T)": "proved", "SO(2)": "proved"}


@pytest.mark.parametrize("planted", ["relu", "roll(1, axis = 0)", "softmax(axis = 0)", "layer_norm(affine = false)"])
def test_what_does_not_commute_is_refused(planted: str) -> None:
    text = MESH + NETS["fields"].replace("gauge_conv(T, W)", f"gauge_conv(T, W) >> {planted}")
    found = Program.from_text(text).check()
    assert {d.code for d in found} == {"E0731"}
    assert "gauge(T)" in found[0].message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("net f : (x: R[n, W], edges: Fin(n)[2, e], seen: R[e, 2], turns: R[e, T, T]) -> R[n, W]", "E0737"),
        ("net f : (x: R[n, 12], edges: Fin(n)[2, e], seen: R[e, T], turns: R[e, T, T]) -> R[n, W]", "E0735"),
        ("net f : (x: R[n, W], edges: Fin(m)[2, e], seen: R[e, T], turns: R[e, T, T]) -> R[n, W]", "E0205"),
    ],
)
def test_wires_that_do_not_fit(text: str, code: str) -> None:
    body = " { return (x, edges, seen, turns) >> gauge_conv(T, W) }"
    assert [d.code for d in Program.from_text(MESH + text + body).check()] == [code]


def test_a_bundle_of_another_kind_is_refused() -> None:
    body = "net f : R[n, W] @ Fin(n)[2, e] @ R[e, S] @ R[e, S, S] -> R[n, W] = gauge_conv(S, W)"
    for declared in ("bundle S : mesh -> R[3] under SO(3)\n", "bundle S : mesh -> R[2] under O(2)\n"):
        assert [d.code for d in Program.from_text(MESH + declared + body).check()] == ["E0820"]


def test_parameters_and_cost() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    from catnet.diagrams.costs import Costs

    diagram = Program.from_text(MESH + NETS["fields"].replace("R[n, W]", "R[14, W]").replace("(n)", "(14)"))["f"]()
    node = next(n for _, n in diagram.graph.walk() if n.box.name == "gauge_conv")
    module = diagram.compile()
    ours = {f"gauge_conv.{k}": tuple(d.value for d in v) for k, v in node.box.parameters(node.dom, node.cod).items()}
    assert ours == {k: tuple(p.shape) for k, p in module.named_parameters()}
    surface = Surface.of(*(t.float() if t.is_floating_point() else t for t in tetrahedra()))
    with FlopCounterMode(display=False) as counter:
        module(torch.randn(14, 12), surface.edges(), surface.directions(), surface.maps())
    said = Costs().node_flops(node).subst({"e": len(surface.source)}).value
    assert said is not None
    assert counter.get_total_flops() <= said <= 3 * counter.get_total_flops()


def test_the_picture_names_the_boxes() -> None:
    assert "gauge_conv(T, W)" in Program.from_text(MESH + NETS["surface"])["f"]().draw()


@pytest.mark.parametrize("order", [1, 2, 3])
def test_irreducibles_turn_as_the_layer_turns_them(order: int) -> None:
    rep, x = irrep(SO(2), order), torch.randn(2, dtype=torch.float64)
    element = Element(SO(2), (Flow(((0, 0.7),)),))
    turned = PlaneFields([(1, order)]).rotate(x, torch.tensor(0.7, dtype=torch.float64))
    assert torch.allclose(rep.matrix(element) @ x, turned, atol=1e-14)
    assert rep == vector(SO(2)) if order == 1 else rep != vector(SO(2))
    assert str(rep) == ("vector(SO(2))" if order == 1 else f"irrep(SO(2), {order})")
