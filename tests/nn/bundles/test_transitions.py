"""Transitions in a structure group, declared, learned and read off points; holonomy."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from catnet.nn.bundles import (
    Affine,
    Atlas,
    Composite,
    Coupling,
    Cover,
    FibreConsistency,
    Interval,
    Isomorphism,
    LinearIsomorphism,
    NegativeLogLikelihood,
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


def circle(angle: Tensor) -> Tensor:
    return torch.stack([angle.cos(), angle.sin()], -1)


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
