"""The trained form of `trivialise`, and bundles over bases that are learned: types, inverses, residuals, covers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from catnet.bundles.bundle import Bundle
from catnet.elaborate.program import Program
from catnet.nn.bundles.covers import OutsideEveryChartError
from catnet.nn.bundles.global_trivialisations import GlobalTrivialisation
from catnet.nn.bundles.learned_covers import LearnedCover, UnfittedCoverError

GOLDEN = Path(__file__).parent / "golden"
SPACES = """
bundle Torus : circle -> circle under O(2) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : 1 }
bundle Plane : interval(low = -1, high = 3) -> R[2] under O(2) { charts left, right  left -> right : 1 }
bundle Moebius : circle -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : -1 }
bundle Phase : sphere -> C under U(1) { charts north, south  north -> south : 1 }
bundle Cloud : learned(2, 5) -> R[1] under O(1)
bundle Loops : learned(3, 4) -> circle under O(2)
"""
TRAINED = [("Torus", 2, 3, "R"), ("Plane", 1, 3, "R"), ("Phase", 3, 5, "C"), ("Cloud", 2, 3, "R")]


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    """All tests of this file run in float64, on one core."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(threads)


@pytest.mark.parametrize("program", sorted(GOLDEN.glob("*.cat")), ids=lambda p: p.stem)
def test_what_makes_none_is_told(program: Path, catnet_cli: Callable, golden: Callable) -> None:
    result = catnet_cli("check", program.name, cwd=GOLDEN)
    assert result.returncode == 1
    golden(program.with_suffix(".txt"), result.stdout + result.stderr)


def random(module: nn.Module) -> nn.Module:
    """A module with random parameters."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, 0, 0.2)
    return module


# -- the trained form


@pytest.mark.parametrize(("bundle", "size", "total", "field"), TRAINED)
@pytest.mark.parametrize("flow", ["spline", "affine"])
def test_the_trained_form_is_an_isomorphism(bundle: str, size: int, total: int, field: str, flow: str) -> None:
    program = Program.from_text(f"""{SPACES}
net there : R[n, {total}] -> R[n, {size}] @ {field}[n, {bundle}] =
    it: trivialise({bundle}, total = {total}, flow = "{flow}", form = "trained", width = 5)
net back : R[n, {size}] @ {field}[n, {bundle}] -> R[n, {total}] =
    it: trivialise({bundle}, total = {total}, flow = "{flow}", form = "trained", width = 5) ^ -1
""")
    assert program.check() == []
    there, back = random(program["there"]().compile()), program["back"]().compile()
    back.load_state_dict(there.state_dict())
    z = torch.randn(50, total)
    assert (back(*there(z)) - z).abs().max() < 1e-10
    (node,) = [n for _, n in program["there"]().graph.walk() if n.label == "it"]
    said = {name: tuple(s.value for s in shape) for name, shape in node.box.parameters(node.dom, node.cod).items()}
    assert said == {name.removeprefix("it."): tuple(p.shape) for name, p in there.named_parameters()}


@pytest.mark.parametrize(("size", "fibre"), [(2, "vector"), (2, "circle"), (1, "interval")])
@pytest.mark.parametrize("flow", ["spline", "affine"])
def test_its_determinant_is_that_of_autograd(size: int, fibre: str, flow: str) -> None:
    module = random(GlobalTrivialisation(size, fibre, flow=flow)).trivialisation  # type: ignore[arg-type]
    z = torch.randn(size + 1)
    jacobian = torch.autograd.functional.jacobian(lambda x: torch.cat(module(x)[:2], -1), z)
    assert torch.allclose(torch.linalg.slogdet(jacobian).logabsdet, module(z)[2], atol=1e-10)


LEARN = """
net learn(points = 4) : (base: R[n, base(Torus)], z: R[n, 3]) -> R[n] @ R[n, 3] @ R[n, points, 3] {
    share t = trivialise(Torus, total = 3, form = "trained", width = 16)
    return (z @ base >> residual(t)) @ (z >> t >> t ^ -1) @ (base >> sample(t, count = points))
}
"""


def torus(count: int) -> tuple[Tensor, Tensor]:
    """Points of a torus in space above points of a section of its tube: the fibres lead around the axis."""
    angle, u = 2 * math.pi * torch.rand(count), 2 * math.pi * torch.rand(count)
    around = torch.stack([angle.cos(), angle.sin()], -1)
    z = torch.cat([(2 + u.cos() / 2).unsqueeze(-1) * around, u.sin().unsqueeze(-1) / 2], -1)
    return torch.stack([u.cos(), u.sin()], -1), z


def test_its_readings_share_the_weights() -> None:
    program = Program.from_text(SPACES + LEARN)
    assert program.check() == []
    module = random(program["learn"]().compile())
    base, z = torus(20)
    off, again, made = module(base, z)
    assert {name.split(".")[0] for name, _ in module.named_parameters()} == {"t"}
    assert (again - z).abs().max() < 1e-10
    assert torch.allclose(off, (module.t(z)[0] - base).norm(dim=-1))
    assert made.shape == (20, 4, 3)
    first = module.t(made)[0]  # sampled over exact base points
    assert (first - base.unsqueeze(1)).abs().max() < 1e-10


def test_points_may_be_cut_into_blocks() -> None:
    base, z = torus(12)
    program = Program.from_text(SPACES + LEARN)
    module = random(program["learn"]().compile())
    nodes = {n.box.name: n for _, n in program["learn"]().graph.walk()}
    assert nodes["residual"].box.shards(nodes["residual"].dom, nodes["residual"].cod, (-2, -2)) == (-1,)
    assert isinstance(nodes["residual"].box.shards(nodes["residual"].dom, nodes["residual"].cod, (-1, -1)), str)
    blocks = [module(b, x)[0] for b, x in zip(base.chunk(3), z.chunk(3), strict=True)]
    assert torch.allclose(torch.cat(blocks), module(base, z)[0])


@pytest.mark.slow
def test_the_residual_falls_in_training() -> None:
    module = Program.from_text(SPACES + LEARN)["learn"]().compile()
    base, z = torus(400)
    module.t.fit(z)
    before = module.t.residual(z, base).mean().item()
    optimiser = torch.optim.Adam(module.parameters(), lr=5e-3)
    for _ in range(400):
        optimiser.zero_grad()
        module.t.residual(z, base).mean().backward()
        optimiser.step()
    fresh, above = torus(400)
    assert module.t.residual(above, fresh).mean() < before / 8


# -- a base that is learned


NET = """
net loss : (base: R[n, base(Cloud)], x: R[n, 2]) -> R @ R[n] {
    share t = trivialise(Cloud, total = 2, width = 8)
    return (base @ x >> consistency(t, fitted = true)) @ (base @ x >> log_density(t))
}
net both : (base: R[n, base(Cloud)], x: R[n, 2]) -> R[n, base(Cloud)] @ R[n, Cloud] @ R[n, 2] {
    share t = trivialise(Cloud, total = 2, width = 8)
    over, v, rest = base @ x >> t
    _, again = over @ v @ rest >> t ^ -1
    return over @ v @ again
}
net loops : R[n, base(Loops)] @ R[n, 2] -> R[n, base(Loops)] @ R[n, Loops] @ R[n, 1] = trivialise(Loops, total = 2)
"""


def cloud(count: int) -> tuple[Tensor, Tensor]:
    """Points of a plane region, and above each a short segment."""
    base = 3 * torch.rand(count, 2)
    along = 2 * torch.rand(count, 1) - 1
    return base, torch.cat([base[:, :1] + along, 0.5 * along], -1)


def test_a_learned_base_is_used_after_its_cover_is_fitted() -> None:
    program = Program.from_text(SPACES + NET)
    assert program.check() == []
    module, base_x = program["both"]().compile(), cloud(300)
    base, x = base_x
    with pytest.raises(UnfittedCoverError, match=r"model\.PATH\.cover\.fit\(points\)"):
        module(base, x)
    module.t.cover.fit(base)
    random(module)
    over, v, again = module(base, x)
    assert over is base
    assert v.shape == (300, 1)
    assert (again - x).abs().max() < 1e-10
    with pytest.raises(OutsideEveryChartError, match=r"no chart holds 1 of 300 base points: the first, \(99, 2\)"):
        module(torch.cat([base[1:], torch.tensor([[99.0, 2.0]])]), x)


def test_the_cover_is_saved_with_the_weights() -> None:
    program = Program.from_text(SPACES + NET)
    base, x = cloud(300)
    loss, both = random(program["loss"]().compile()), program["both"]().compile()
    loss.t.fit(base, x)  # fits the cover too
    both.load_state_dict(loss.state_dict())
    assert both.t.cover.nerve == loss.t.cover.nerve != []
    assert torch.equal(both.t.cover.centres, loss.t.cover.centres)
    apart, density = loss(base, x)
    assert apart > 0  # random isomorphisms of neighbouring charts disagree
    assert density.isfinite().all()
    (apart - density.mean()).backward()
    assert torch.equal(both(base, x)[0], base)
    centres = loss.t.cover.centres.clone()
    loss.t.fit(base[:50] / 2, x[:50])  # a fitted cover stays
    assert torch.equal(loss.t.cover.centres, centres)


def test_home_charts_are_the_deepest() -> None:
    cover = LearnedCover(2, 6)
    base, _ = cloud(400)
    cover.fit(base)
    depth = torch.cdist(base, cover.centres) / cover.radii
    assert torch.equal(cover.home(base), depth.argmin(-1))
    assert cover.inside(base).gather(-1, cover.home(base).unsqueeze(-1)).all()
    assert (cover.weights(base).sum(-1) - 1).abs().max() < 1e-12
    with pytest.raises(ValueError, match=r"base points are \[n, 2\] here, not \[400, 3\]"):
        cover.fit(torch.randn(400, 3))
    with pytest.raises(ValueError, match="6 charts cannot be learned from 1 different points"):
        cover.fit(torch.ones(9, 2))


def test_what_is_known_and_what_is_learned_is_told() -> None:
    program = Program.from_text(SPACES + "bundle Two = Cloud + Cloud\n")
    made = program.bundle("Cloud")
    text = made.describe()
    assert text.startswith("bundle Cloud : learned(2, 5) -> R[1] under O(1)\n\nknown\n")
    assert "\nlearned\n" in text
    assert made.json()["learned"] == {"coordinates": 2, "charts": 5}
    assert made.json()["facts"] is None
    two: Bundle = program.bundle("Two")
    assert two.fibre.size == 2
    assert two.base is made.base or two.base.data == "Cloud"


def test_two_learned_bases_are_two() -> None:
    found = Program.from_text(f"""{SPACES}
bundle Other : learned(2, 5) -> R[1] under O(1)
net f : R[n, base(Cloud)] @ R[n, 1] -> R[n, base(Other)] @ R[n, Other] = trivialise(Cloud, total = 1)
""").check()
    assert {d.code for d in found} == {"E0737"}


@pytest.mark.slow
def test_it_learns_segments_over_a_cloud() -> None:
    module = Program.from_text(SPACES + NET)["loss"]().compile()
    base, x = cloud(500)
    x = x + 0.05 * torch.randn(500, 2)
    module.t.fit(base, x)
    before = module(base, x)[1].mean().item()
    optimiser = torch.optim.Adam(module.parameters(), lr=5e-3)
    for _ in range(150):
        optimiser.zero_grad()
        apart, density = module(base, x)
        (apart - density.mean()).backward()
        optimiser.step()
    assert module(base, x)[1].mean() > before + 0.5
    made = module.t.sample(base[:100], 20, 0.0) - torch.stack([base[:100, 0], 0 * base[:100, 0]], -1).unsqueeze(1)
    off = (made[..., 0] - 2 * made[..., 1]).abs() / math.sqrt(5)  # from the line through the base point
    assert off.median() < 0.1
