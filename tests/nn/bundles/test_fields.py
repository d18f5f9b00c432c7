"""Convolution on meshes and strips: geometry, gauge and coordinate independence in float64."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from catnet.nn.bundles import (
    FieldActivation,
    MeshConv,
    MirrorFields,
    PlaneFields,
    StripActivation,
    StripConv2d,
    StripPool,
    Surface,
    holonomy,
    pad_strip,
)


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def sphere(rings: int = 6, around: int = 10) -> tuple[Tensor, Tensor]:
    """A sphere of triangles, its poles included, turned outwards."""
    points, faces = [[0.0, 0.0, 1.0]], []
    for i in range(1, rings):
        polar = math.pi * i / rings
        for j in range(around):
            turn = 2 * math.pi * (j + i / 2) / around
            points.append([math.sin(polar) * math.cos(turn), math.sin(polar) * math.sin(turn), math.cos(polar)])
    points.append([0.0, 0.0, -1.0])
    last = len(points) - 1
    for j in range(around):
        k = (j + 1) % around
        faces.append([0, 1 + j, 1 + k])
        bottom = 1 + (rings - 2) * around
        faces.append([last, bottom + k, bottom + j])
        for i in range(rings - 2):
            a = 1 + i * around
            faces += [[a + j, a + around + j, a + k], [a + k, a + around + j, a + around + k]]
    return torch.tensor(points), torch.tensor(faces)


def plane(size: int = 5) -> tuple[Tensor, Tensor]:
    """A flat square of triangles, a little shaken within its plane."""
    grid = torch.cartesian_prod(torch.arange(float(size)), torch.arange(float(size)))
    points = torch.cat([grid + 0.2 * torch.rand(size * size, 2), torch.zeros(size * size, 1)], -1)
    faces = []
    for i in range(size - 1):
        for j in range(size - 1):
            a, b = i * size + j, (i + 1) * size + j
            faces += [[a, b, a + 1], [a + 1, b, b + 1]]
    return points, torch.tensor(faces)


def test_holonomies_sum_to_the_euler_characteristic() -> None:
    """Gauss and Bonnet: 4 pi on a sphere, 0 for each triangle of a plane; the reverse loop turns back."""
    vertices, faces = sphere()
    surface = Surface.of(vertices, faces)
    turns = [holonomy(surface, face) for face in faces.tolist()]
    assert abs(abs(sum(turns)) - 4 * math.pi) < 1e-9
    assert max(abs(turn) for turn in turns) < 0.5
    assert abs(holonomy(surface, faces[7].tolist()) + holonomy(surface, faces[7].flip(0).tolist())) < 1e-12
    vertices, faces = plane()
    flat = Surface.of(vertices, faces)
    assert max(abs(holonomy(flat, face)) for face in faces.tolist()) < 1e-12
    with pytest.raises(ValueError, match="0 and 24 are no neighbours"):
        holonomy(flat, [0, 24, 1])


def test_the_logarithm_of_a_plane_is_the_difference_up_to_the_frame() -> None:
    vertices, faces = plane()
    surface = Surface.of(vertices, faces)
    there = (vertices[surface.source] - vertices[surface.target])[:, :2]
    turn = torch.atan2(there[:, 1], there[:, 0]) - surface.angle
    for p in range(len(vertices)):
        here = turn[surface.target == p]
        assert (torch.remainder(here - here[0] + math.pi, 2 * math.pi) - math.pi).abs().max() < 1e-12
    assert torch.allclose(surface.logarithm().norm(dim=-1), there.norm(dim=-1))


INTO, HIDDEN, OUT = [(2, 0), (3, 1), (1, 2)], [(4, 0), (2, 1), (2, 3)], [(1, 0), (2, 1)]


def mesh_net() -> nn.ModuleList:
    layers = [MeshConv(INTO, HIDDEN), FieldActivation(HIDDEN, torch.tanh), MeshConv(HIDDEN, OUT)]
    for parameter in layers[1].parameters():
        nn.init.normal_(parameter)
    return nn.ModuleList(layers)


def run(net: nn.ModuleList, x: Tensor, surface: Surface) -> Tensor:
    for layer in net:
        x = layer(x, surface) if isinstance(layer, MeshConv) else layer(x)
    return x


def relative(found: Tensor, wanted: Tensor) -> float:
    return ((found - wanted).abs().max() / wanted.abs().max()).item()


@pytest.mark.parametrize("shape", [sphere, plane])
def test_a_mesh_net_commutes_with_every_change_of_frames(shape) -> None:
    surface, net = Surface.of(*shape()), mesh_net()
    x, turn = torch.randn(2, surface.nodes, net[0].into.dim), 7 * torch.randn(surface.nodes)
    y = run(net, x, surface)
    # the coordinates of a vector turn against its frame
    moved = run(net, net[0].into.rotate(x, -turn), surface.turned(turn))
    assert relative(moved, net[2].out.rotate(y, -turn)) < 1e-12
    assert relative(run(net, net[0].into.rotate(x, -turn), surface), net[2].out.rotate(y, -turn)) > 1e-3


def test_a_mesh_net_sees_the_shape_and_not_its_place_or_numbering() -> None:
    vertices, faces = sphere()
    net, surface = mesh_net(), Surface.of(vertices, faces)
    numbers = torch.randn(len(vertices), 2)
    conv = MeshConv([(2, 0)], INTO)
    scalars = MeshConv(OUT, [(3, 0)])
    y = scalars(run(net, conv(numbers, surface), surface), surface)
    turn = torch.linalg.matrix_exp(torch.tensor([[0.0, 1, 2], [-1, 0, 0.5], [-2, -0.5, 0]]))
    moved = Surface.of(vertices @ turn.T + 3, faces)
    assert relative(scalars(run(net, conv(numbers, moved), moved), moved), y) < 1e-11
    order = torch.randperm(len(vertices))
    other = Surface.of(vertices[order], order.argsort()[faces])  # first neighbours, hence frames, are others
    again = scalars(run(net, conv(numbers[order], other), other), other)
    assert relative(again, y[order]) < 1e-11


def test_mesh_kernels_are_all_that_the_constraint_allows() -> None:
    """The functions rho_out(a) K(0) rho_in(-a) of a span a space of the dimension in the paper's table."""
    for (n, m), count in {(0, 0): 1, (0, 2): 2, (1, 0): 2, (1, 1): 4, (1, 2): 4}.items():
        into, out = PlaneFields([(1, n)]), PlaneFields([(1, m)])
        angles = torch.linspace(0, 6, 25)
        eye = torch.eye(into.dim).expand(25, -1, -1)
        free = torch.eye(out.dim * into.dim).reshape(-1, 1, out.dim, into.dim)
        turned = into.rotate(eye, -angles[:, None].expand(25, into.dim)).mT
        kernels = out.rotate((free @ turned).mT, angles[:, None].expand(25, into.dim)).mT
        assert torch.linalg.matrix_rank(kernels.flatten(1)) == count


@pytest.mark.parametrize(
    ("vertices", "faces", "words"),
    [
        (torch.eye(3), [[0, 1, 3]], "0 to 3 of 3"),
        (torch.eye(3), [[0, 1, 1]], r"triangle 0, \[0, 1, 1\], has no area"),
        (torch.eye(4)[:, :3], [[0, 1, 2], [0, 1, 3]], "edge 0 -> 1 as another one does: .* not oriented"),
        (torch.randn(5, 3), [[0, 1, 2], [0, 3, 4]], "vertex 0 are no single fan"),
    ],
)
def test_meshes_that_are_no_surfaces_are_refused(vertices: Tensor, faces: list, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Surface.of(vertices, torch.tensor(faces))


# -- strips ------------------------------------------------------------------------------------------------------

MIXED = [(2, "trivial"), (3, "sign"), (2, "regular")]


@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_strip_net_commutes_with_shifts_through_the_seam(size: int) -> None:
    first, second = StripConv2d([(1, "trivial")], MIXED, size), StripConv2d(MIXED, [(1, "sign"), (2, "regular")], size)
    act = StripActivation(MIXED)
    nn.init.normal_(act.bias)
    x = torch.randn(3, 1, 6, 9)
    y = second(act(first(x)))
    for steps in (1, 4, 9, 13, 18):
        moved = second(act(first(first.into.shift(x, steps))))
        assert relative(moved, second.out.shift(y, steps)) < 1e-12
    assert torch.equal(first.into.shift(x, 18), x)
    pooled = StripPool(second.out)
    assert relative(pooled(second.out.shift(y, 5)), pooled(y)) < 1e-12


def test_another_seam_is_seen() -> None:
    x = torch.randn(1, 1, 6, 9)
    fields = MirrorFields([(1, "trivial")])
    for seam, bound in (("moebius", 0.0), ("cylinder", 1e-2), ("plane", 1e-2)):
        conv = StripConv2d(fields, fields, 3, seam)
        error = relative(conv(fields.shift(x, 4)), fields.shift(conv(x), 4))
        assert (error < 1e-12) if not bound else (error > bound)
    cylinder = StripConv2d(fields, fields, 3, "cylinder")
    assert relative(cylinder(x.roll(4, -1)), cylinder(x).roll(4, -1)) < 1e-12


@pytest.mark.parametrize("seam", ["moebius", "cylinder", "plane"])
def test_kernels_intertwine_the_mirror(seam: str) -> None:
    conv = StripConv2d(MIXED, MIXED, 3, seam)
    kernel = conv.assemble()[0]
    moved = kernel.flip(-2)[conv.out.partner][:, conv.into.partner]
    moved = moved * conv.out.signs[:, None, None, None] * conv.into.signs[None, :, None, None]
    assert torch.equal(moved, kernel)
    x = torch.randn(2, conv.into.channels, 5, 7)
    assert relative(conv(conv.into.mirror(x)), conv.out.mirror(conv(x))) < 1e-12
    # The number of parameters is the dimension of the intertwiners: the trace of the action, averaged over the mirror.
    fixed = conv.out.mirror(torch.eye(conv.out.channels).reshape(-1, conv.out.channels, 1, 1))
    middle_row = 3  # the places of a 3x3 kernel that the mirror leaves
    character = fixed.flatten(1).diagonal().sum() ** 2 * middle_row
    assert conv.weight.numel() == (kernel.numel() + character) / 2


def test_what_a_kernel_sees_beyond_the_seam() -> None:
    fields = MirrorFields([(1, "sign")])
    x = torch.arange(6.0).reshape(1, 2, 3) + 1
    wide = pad_strip(x, fields, 1, "moebius")
    assert wide[0, 1:3].tolist() == [[-6, 1, 2, 3, -4], [-3, 4, 5, 6, -1]]
    assert wide[0, 0].abs().sum() == wide[0, 3].abs().sum() == 0


def test_bad_strips_are_refused() -> None:
    with pytest.raises(ValueError, match="seam is"):
        StripConv2d(MIXED, MIXED, 3, "klein")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="its size is odd, not 4"):
        StripConv2d(MIXED, MIXED, 4)
    with pytest.raises(ValueError, match="'even'"):
        MirrorFields([(1, "even")])
    with pytest.raises(ValueError, match="reaches 2 columns needs a strip as long, not 1"):
        StripConv2d([(1, "sign")], MIXED, 5)(torch.randn(1, 1, 4, 1))
    with pytest.raises(ValueError, match=r"\[..., 9, height, width\]"):
        StripConv2d(MIXED, MIXED, 3)(torch.randn(1, 1, 4, 4))
