"""Isomorphisms of fibres, charts, atlases and transitions: the laws that hold by construction, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from catnet.nn.bundles import (
    Affine,
    Atlas,
    Circle,
    CircleSpline,
    Composite,
    Coupling,
    Cover,
    Euclidean,
    FreeTrivialisation,
    Interval,
    Isomorphism,
    LinearIsomorphism,
    LineSpline,
    NegativeLogLikelihood,
    OutsideEveryChartError,
    Permutation,
    Polar,
    ProjectionResidual,
    Standardise,
    StructureGroup,
    Trivialisation,
)

BASE = 2


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    """All tests of this file run in float64."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def shaken(module: nn.Module, size: float = 0.7) -> nn.Module:
    for parameter in module.parameters():
        nn.init.normal_(parameter, 0, size)
    return module


ISOMORPHISMS: dict[str, Callable[[], Isomorphism]] = {
    "affine": lambda: Coupling(3, BASE, Affine()),
    "affine coupling": lambda: Coupling(3, BASE, Affine(), passive=[1]),
    "spline": lambda: Coupling(3, BASE, LineSpline()),
    "spline coupling": lambda: Coupling(3, BASE, LineSpline(5, 2.0), passive=[0, 2], active=[1]),
    "circle": lambda: Coupling(3, BASE, CircleSpline(), passive=[1, 2]),
    "circle, given an angle": lambda: Coupling(3, BASE, CircleSpline(4), passive=[0], active=[2], angles=[0]),
    "GL": lambda: LinearIsomorphism("GL(3)", BASE),
    "SO": lambda: LinearIsomorphism("SO(3)", BASE, translation=False),
    "permutation": lambda: Permutation([2, 0, 1]),
    "polar": lambda: Polar(3),
    "standardise": lambda: Standardise.fitted(torch.randn(50, BASE), torch.randn(50, 3) * torch.tensor([1, 2, 5]) + 1),
    "composite": lambda: Composite(
        LinearIsomorphism("GL(3)", BASE),
        Polar(3),
        Coupling(3, BASE, CircleSpline(), [1, 2]),
        Coupling(3, BASE, LineSpline(), [0], angles=[0]),
        Permutation([1, 0, 2]),
    ),
}


@pytest.mark.parametrize("make", ISOMORPHISMS.values(), ids=ISOMORPHISMS)
def test_isomorphisms_invert_and_know_their_determinants(make: Callable[[], Isomorphism]) -> None:
    layer = make()
    shaken(layer, 0.3 if isinstance(layer, Composite) else 0.7)
    x, base = 2 * torch.rand(200, 3) - 1, torch.randn(200, BASE)
    y, slope = layer(x, base)
    back, other = layer.inverse(y, base)
    assert (back - x).abs().max() < 1e-10
    assert (slope + other).abs().max() < 1e-9
    rows = [torch.autograd.functional.jacobian(lambda u, k=k: layer(u, base[k])[0], x[k]) for k in range(20)]
    exact = torch.linalg.slogdet(torch.stack(rows)).logabsdet
    assert (exact - slope[:20]).abs().max() < 1e-9


def test_isomorphisms_start_as_the_identity() -> None:
    x, base = torch.randn(50, 3), torch.randn(50, BASE)
    for name in ("affine", "spline", "circle", "GL", "SO"):
        y, slope = ISOMORPHISMS[name]()(x, base)
        assert (y - x).remainder(2 * math.pi).sub(math.pi).abs().sub(math.pi).abs().max() < 1e-12, name
        assert slope.abs().max() < 1e-12


def test_data_are_brought_to_unit_size_along_their_longest_axis() -> None:
    base = torch.randn(400, BASE)
    x = base @ torch.randn(BASE, 3) + 5 + 7 * torch.randn(400, 1) * torch.tensor([0.6, 0.0, 0.8])
    y, _ = Standardise.fitted(base, x)(x, base)
    assert y.mean(0).abs().max() < 1e-12
    assert abs(y[:, 0].square().mean() - 1) < 1e-12
    assert y[:, 1:].abs().max() < 1e-7


def test_a_circle_spline_has_no_seam() -> None:
    """A full turn changes nothing, and value and slope go on across the cut at pi."""
    transform = CircleSpline(6)
    free = torch.randn(transform.parameters).expand(4, -1)
    here = torch.tensor([math.pi - 1e-9, -math.pi + 1e-9, 1.0, 1.0 + 2 * math.pi])
    y, slope = transform(here, free)
    gap = torch.remainder(y[0] - y[1] + math.pi, 2 * math.pi) - math.pi
    assert gap.abs() < 1e-6
    assert (slope[0] - slope[1]).abs() < 1e-6
    assert (y[2] - y[3]).abs() < 1e-12


@pytest.mark.parametrize("space", [Euclidean(2), Interval(), Circle()], ids=repr)
def test_priors_are_densities_and_sampled_as_such(space: Euclidean | Interval | Circle) -> None:
    like = torch.zeros(())
    points = space.sample(like, (20000,))
    assert points.shape == (20000, space.dim)
    edges = torch.linspace(-4, 4, 4001) if not isinstance(space, Circle) else torch.linspace(-math.pi, math.pi, 4001)
    line = (
        edges.unsqueeze(-1).expand(-1, space.dim) if space.dim == 1 else torch.cartesian_prod(edges[::40], edges[::40])
    )
    mass = space.log_prob(line).exp()
    step = edges[1] - edges[0]
    total = torch.trapezoid(mass, edges) if space.dim == 1 else mass.sum() * (40 * step) ** 2
    assert abs(total.item() - 1) < 1e-3
    below = (edges < 0.5).to(mass) if space.dim == 1 else (line[:, 0] < 0.5).to(mass)
    wanted = torch.trapezoid(mass * below, edges) if space.dim == 1 else (mass * below).sum() * (40 * step) ** 2
    assert abs((points[:, 0] < 0.5).double().mean() - wanted) < 0.015
    assert torch.allclose(space.point(space.vector(points)), points)


@pytest.mark.parametrize("name", ["O(1)", "SO(2)", "U(1)", "O(3)", "SO(3)", "SO(5)", "GL(1)", "GL(3)"])
@pytest.mark.parametrize("rotations", ["exp", "cayley"])
def test_parametrisations_stay_in_their_component(name: str, rotations: str) -> None:
    group = StructureGroup(name, rotations)
    g = group.matrices(2 * torch.randn(100, group.parameters))
    assert group.distance(g).max() < 1e-12
    assert (torch.linalg.det(g) > 0).all()
    assert (group.inverse(g) @ g - torch.eye(group.dim)).abs().max() < (1e-12 if group.orthogonal else 1e-5)
    assert torch.equal(group.matrices(torch.zeros(group.parameters)), torch.eye(group.dim))


def test_the_nearest_element_is_one() -> None:
    for name in ("O(1)", "O(3)", "SO(3)", "U(1)"):
        group = StructureGroup(name)
        m = torch.randn(50, group.dim, group.dim)
        g = group.nearest(m)
        assert group.distance(g).max() < 1e-12
        other = group.matrices(torch.randn(50, group.parameters))
        assert ((g - m).square().sum((-2, -1)) <= (other - m).square().sum((-2, -1)) + 1e-12).all()


@pytest.mark.parametrize(
    ("name", "words"),
    [("SO(0)", "no structure group"), ("U(2)", "no structure group"), ("Sp(2)", "no structure group")],
)
def test_unknown_groups_are_refused(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        StructureGroup(name)


# -- covers ------------------------------------------------------------------------------------------------------


def circle(angle: Tensor) -> Tensor:
    return torch.stack([angle.cos(), angle.sin()], -1)


@pytest.mark.parametrize("charts", [3, 4, 7])
def test_arcs_cover_the_circle_two_at_a_time(charts: int) -> None:
    cover = Cover.circle(charts)
    base = circle(torch.linspace(0, 2 * math.pi, 1001))
    weights = cover.weights(base)
    assert (weights.sum(-1) - 1).abs().max() < 1e-12
    assert (weights >= 0).all()
    count = cover.inside(base).sum(-1)
    assert count.min() == 1
    assert count.max() == 2
    assert len(cover.nerve) == charts
    assert weights.diff(dim=0).abs().max() < 0.1


def test_a_cover_is_learned_from_points() -> None:
    points = circle(2 * math.pi * torch.rand(300))
    cover = Cover.from_points(points, 6)
    assert cover.inside(points).any(-1).all()
    assert len(cover.nerve) >= 6
    with pytest.raises(ValueError, match="4 charts cannot be learned from 2"):
        Cover.from_points(torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0]]), 4)


def test_points_outside_every_chart_are_told_which_there_are() -> None:
    cover = Cover(torch.tensor([[0.0], [3.0]]), torch.tensor([1.0, 1.0]), ["west", "east"])
    assert cover.nerve == []
    with pytest.raises(OutsideEveryChartError, match=r"no chart holds 2 of 3 .* \(1.5\), .* west, .* east"):
        cover.weights(torch.tensor([[0.0], [1.5], [9.0]]))
    with pytest.raises(ValueError, match="1 coordinates, not 2"):
        cover.weights(torch.zeros(3, 2))


# -- trivialisations and atlases ---------------------------------------------------------------------------------


def chart_of_a_torus() -> Trivialisation:
    layers = [LinearIsomorphism("GL(3)", BASE), Polar(3), Coupling(3, BASE, CircleSpline(), [1, 2])]
    return Trivialisation(Composite(*layers, Coupling(3, BASE, LineSpline(), [0], angles=[0])), Circle())


def atlas() -> Atlas:
    found = Atlas(Cover.circle(3), [chart_of_a_torus() for _ in range(3)])
    for each in found.trivialisations:
        shaken(each, 0.3)
    return found


def test_the_projection_is_the_first_component_exactly() -> None:
    chart = shaken(chart_of_a_torus(), 0.3)
    base, f = torch.randn(100, BASE), math.pi * (2 * torch.rand(100, 1) - 1)
    over, x = chart.inverse(base, f)
    assert torch.equal(over, base)
    again, g, normal, _ = chart(over, x)
    assert torch.equal(again, base)
    assert (f - g).abs().max() < 1e-10
    assert normal.abs().max() < 1e-10


def test_transitions_of_an_atlas_are_a_cocycle_for_any_parameters() -> None:
    bundle = atlas()
    base, f, normal = torch.randn(100, BASE), 3 * (2 * torch.rand(100, 1) - 1), torch.randn(100, 2) / 3
    whole = torch.cat([f, normal], -1)

    def go(into: str, out_of: str, y: Tensor) -> Tensor:
        return bundle.transition(into, out_of, base, y[:, :1], y[:, 1:])

    def apart(y: Tensor, z: Tensor) -> float:
        angle = torch.remainder(y[:, :1] - z[:, :1] + math.pi, 2 * math.pi) - math.pi
        return max(angle.abs().max().item(), ((y[:, 1:] - z[:, 1:]).abs() / (1 + z[:, 1:].abs())).max().item())

    assert apart(go("chart0", "chart0", whole), whole) < 1e-9
    two = go("chart2", "chart1", go("chart1", "chart0", whole))
    assert apart(two, go("chart2", "chart0", whole)) < 1e-9


def test_the_density_of_an_atlas_is_the_mixture_of_its_charts() -> None:
    bundle = atlas()
    base, x = circle(torch.rand(64) * 7), torch.randn(64, 3)
    weights = bundle.cover.weights(base)
    charts = torch.stack([t.log_prob(base, x) for t in bundle.trivialisations], -1)
    assert torch.allclose(bundle(base, x).exp(), (weights * charts.exp()).sum(-1))
    bundle.zero_grad()
    NegativeLogLikelihood(bundle)(base, x).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in bundle.parameters())
    assert bundle.sample(base[:5], 7).shape == (5, 7, 3)
    with pytest.raises(OutsideEveryChartError, match=r"chart0, .* chart1, .* chart2"):
        bundle(3 * base, x)


def test_the_free_form_measures_its_residual() -> None:
    free = FreeTrivialisation(shaken(LinearIsomorphism("GL(3)", 0), 0.3), 2, Euclidean(1))
    z, base = torch.randn(500, 3), torch.randn(500, 2)
    wanted = (free(z)[0] - base).norm(dim=-1).mean()
    assert torch.equal(ProjectionResidual(free)(z, base), wanted)
    assert wanted > 0.1
    first, f, _ = free(z)
    assert (free.inverse(first, f) - z).abs().max() < 1e-10
    with pytest.raises(ValueError, match="2 \\+ 2 coordinates, the total space 3"):
        FreeTrivialisation(free.isomorphism, 2, Euclidean(2))


def test_training_the_free_form_brings_the_residual_down() -> None:
    z = torch.randn(400, 3)
    base = z @ torch.tensor([[1.0, 0.5], [0.0, 1.0], [2.0, -1.0]])
    free = FreeTrivialisation(LinearIsomorphism("GL(3)", 0), 2, Euclidean(1))
    loss = ProjectionResidual(free)
    start = loss(z, base).item()
    optimiser = torch.optim.Adam(free.parameters(), 0.05)
    for _ in range(150):
        optimiser.zero_grad()
        loss(z, base).backward()
        optimiser.step()
    assert loss(z, base).item() < 0.1 * start
