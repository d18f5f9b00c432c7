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
    FibreConsistency,
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
    Transitions,
    Trivialisation,
    fitted_transitions,
    loop_product,
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


# -- transitions -------------------------------------------------------------------------------------------------

FLAT = {("chart0", "chart1"): [[1.0]], ("chart1", "chart2"): [[1.0]], ("chart0", "chart2"): [[1.0]]}
MOEBIUS = {**FLAT, ("chart0", "chart2"): [[-1.0]]}
LOOP = ["chart0", "chart1", "chart2"]


@pytest.mark.parametrize("name", ["SO(2)", "SO(3)", "U(1)", "O(2)", "GL(2)"])
def test_learned_transitions_are_a_cocycle_in_the_group(name: str) -> None:
    group = StructureGroup(name)
    cover = Cover.circle(3)
    frame = group.matrices(torch.randn(3, group.parameters))
    declared = {
        (a, b): frame[i] @ group.inverse(frame[j]) for i, a in enumerate(LOOP) for j, b in enumerate(LOOP) if i < j
    }
    maps = shaken(Transitions(cover, name, declared, learned=True), 0.3)
    base = torch.randn(50, 2)
    g = {(a, b): maps(a, b, base) for a in LOOP for b in LOOP}
    eye = torch.eye(group.dim)
    for a in LOOP:
        assert (g[a, a] - eye).abs().max() < 1e-12
        for b in LOOP:
            assert group.distance(g[a, b]).max() < 1e-12
            assert (g[a, b] @ g[b, a] - eye).abs().max() < 1e-12
            for c in LOOP:
                assert (g[a, b] @ g[b, c] - g[a, c]).abs().max() < 1e-12
    assert g["chart0", "chart1"].std(0).max() > 0.01, "they depend on the base point"


def test_holonomy_is_the_twist() -> None:
    cover = Cover.circle(3)
    assert Transitions(cover, "O(1)", FLAT).holonomy(LOOP).item() == 1
    assert Transitions(cover, "O(1)", MOEBIUS, triples=()).holonomy(LOOP).item() == -1


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (MOEBIUS, "cocycle law fails on the charts chart0, chart1, chart2"),
        ({k: v for k, v in FLAT.items() if k != ("chart1", "chart2")}, "chart1 and chart2 meet: .* missing"),
        ({**FLAT, ("chart0", "chart1"): [[2.0]]}, r"chart0 -> chart1 is not in O\(1\): it is 3 away"),
        ({**FLAT, ("chart0", "chart1"): [[1.0, 0.0]]}, "chart0 -> chart1: .* 1 x 1, not 1 x 2"),
        ({**FLAT, ("chart1", "chart0"): [[-1.0]]}, "chart0 -> chart1 and chart1 -> chart0 are not inverse"),
        ({**FLAT, ("chart0", "north"): [[1.0]]}, "no chart 'north'; the charts are chart0"),
    ],
)
def test_bad_declarations_are_refused(declared: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Transitions(Cover.circle(3), "O(1)", declared)


def band(count: int, twists: int) -> tuple[Tensor, Tensor, Tensor]:
    """A band of half width 1 about a circle of radius 2 with half turns: base, points, coordinate across."""
    angle, across = 2 * math.pi * torch.rand(count), 2 * torch.rand(count) - 1
    turn = twists * angle / 2
    radius = 2 + across * turn.cos()
    return (
        circle(angle),
        torch.cat([radius.unsqueeze(-1) * circle(angle), (across * turn.sin()).unsqueeze(-1)], -1),
        across,
    )


class Ribbon(Isomorphism):
    """The exact trivialisation of a band over an arc in which the angle, measured from a start, has no jump."""

    def __init__(self, start: float, twists: int) -> None:
        super().__init__()
        self.dim, self.start, self.twists = 3, start, twists

    def _frame(self, base: Tensor) -> tuple[Tensor, Tensor]:
        angle = torch.remainder(torch.atan2(base[..., 1], base[..., 0]) - self.start, 2 * math.pi) + self.start
        turn = self.twists * angle / 2
        out, zero = torch.cat([base, 0 * base[..., :1]], -1), torch.zeros_like(turn)
        up = torch.stack([zero, zero, zero + 1], -1)
        across = turn.cos().unsqueeze(-1) * out + turn.sin().unsqueeze(-1) * up
        along = torch.stack([-base[..., 1], base[..., 0], zero], -1)
        frame = torch.stack([across, along, torch.linalg.cross(across, along)], -2)
        return frame, 2 * out

    def forward(self, x: Tensor, base: Tensor) -> tuple[Tensor, Tensor]:
        frame, middle = self._frame(base)
        return (frame @ (x - middle).unsqueeze(-1)).squeeze(-1), x.new_zeros(x.shape[:-1])

    def inverse(self, y: Tensor, base: Tensor) -> tuple[Tensor, Tensor]:
        frame, middle = self._frame(base)
        return (frame.mT @ y.unsqueeze(-1)).squeeze(-1) + middle, y.new_zeros(y.shape[:-1])


@pytest.mark.parametrize(("twists", "sign"), [(0, 1), (1, -1), (2, 1)])
def test_the_twist_is_read_off_an_atlas(twists: int, sign: int) -> None:
    base, x, across = band(400, twists)
    starts = [2 * math.pi * k / 3 - math.pi for k in range(3)]
    charts = [Trivialisation(Ribbon(start, twists), Interval()) for start in starts]
    bundle = Atlas(Cover.circle(3), charts)
    f = bundle.chart("chart1")(base, x)[1].squeeze(-1)
    assert (f.abs() - across.abs()).abs().max() < 1e-12
    found = fitted_transitions(bundle, "O(1)", base, x)
    assert loop_product(LOOP, found).item() == sign
    assert FibreConsistency(bundle, "O(1)")(base, x) < 1e-20
    declared = {pair: found[pair] for pair in bundle.cover.nerve}
    assert FibreConsistency(bundle, Transitions(bundle.cover, "O(1)", declared, triples=()))(base, x) < 1e-20
    wrong = Transitions(
        bundle.cover, "O(1)", {**declared, ("chart0", "chart1"): -declared["chart0", "chart1"]}, triples=()
    )
    assert FibreConsistency(bundle, wrong)(base, x) > 0.1
    with pytest.raises(ValueError, match="does not act on Interval"):
        fitted_transitions(bundle, "SO(2)", base, x)


def straight_chart(base: Tensor, x: Tensor) -> Trivialisation:
    """A segment brought to the first axis by the data alone, then by what training finds."""
    layers = [Standardise.fitted(base, x, 2.0), LinearIsomorphism(StructureGroup("SO(3)", "cayley"), BASE)]
    return Trivialisation(Composite(*layers, Coupling(3, BASE, Affine())), Interval())


def learned_atlas(base: Tensor, x: Tensor) -> Atlas:
    cover = Cover.circle(4, overlap=0.2)
    inside = cover.inside(base)
    return Atlas(cover, [straight_chart(base[inside[:, i]], x[inside[:, i]]) for i in range(4)])


@pytest.mark.parametrize(("twists", "sign"), [(0, 1), (1, -1), (2, 1)])
def test_the_twist_is_seen_in_points_alone(twists: int, sign: int) -> None:
    base, x, _ = band(1000, twists)
    bundle = learned_atlas(base, x)
    found = fitted_transitions(bundle, "O(1)", base, x)
    assert loop_product(bundle.cover.names, found).item() == sign
    with pytest.raises(ValueError, match="chart0 and chart2 do not meet"):
        loop_product(["chart0", "chart2"], found)


@pytest.mark.slow
@pytest.mark.parametrize(("twists", "sign"), [(0, 1), (1, -1)])
def test_training_an_atlas_keeps_the_twist_and_finds_the_fibres(twists: int, sign: int) -> None:
    base, x, across = band(1000, twists)
    bundle = learned_atlas(base, x)
    loss, consistency = NegativeLogLikelihood(bundle), FibreConsistency(bundle, "O(1)")
    noisy = x + 0.05 * torch.randn_like(x)
    start = loss(base, noisy).item()
    optimiser = torch.optim.Adam(bundle.parameters(), 5e-3)
    for _ in range(200):
        optimiser.zero_grad()
        (loss(base, noisy) + consistency(base, noisy)).backward()
        optimiser.step()
    assert loop_product(bundle.cover.names, fitted_transitions(bundle, "O(1)", base, x)).item() == sign
    assert loss(base, noisy).item() < start - 1
    assert consistency(base, x).item() < 0.02
    inside = bundle.cover.inside(base)[:, 0]
    f = bundle.chart("chart0")(base[inside], x[inside])[1].squeeze(-1)
    assert torch.corrcoef(torch.stack([f.abs(), across[inside].abs()]))[0, 1] > 0.95
