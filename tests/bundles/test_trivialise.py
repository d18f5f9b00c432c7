"""`trivialise` and what reads its weights: exact inverses, densities, the base point kept, and training."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from catnet.diagrams.inverse import inverse_of
from catnet.elaborate.program import Program
from catnet.nn.bundles.by_chart import Places
from catnet.nn.bundles.declared import BundleAtlas, cover_of
from catnet.vocabulary import share, word

SPACES = """
bundle Moebius : circle -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : -1 }
bundle Klein : circle -> circle under O(2) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : [[1, 0], [0, -1]] }
bundle Rod : interval(low = -1, high = 3) -> R[2] under O(2) { charts left, right  left -> right : 1 }
bundle Tangent : sphere -> R[2] under SO(2) {
    charts north(theta, phi), south(theta, phi)
    north -> south : [[cos(2*phi), -sin(2*phi)], [sin(2*phi), cos(2*phi)]]
}
bundle Monopole(m) : sphere -> C under U(1) {
    charts north(theta, phi), south(theta, phi)
    north -> south : exp(I * m * phi)
}
bundle Phases : sphere -> circle under U(1) {
    charts north(theta, phi), south(theta, phi)
    north -> south : exp(I * phi)
}
bundle Corners : sphere -> R[1] under O(1) {
    charts a, b, c, d
    a -> b : 1  a -> c : 1  a -> d : 1  b -> c : 1  b -> d : 1  c -> d : 1
}
bundle Donut : torus -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : -1 }
"""
BUNDLES = {  # the number of coordinates, and of those that are normal
    "Moebius": [(1, 0), (3, 2)],
    "Klein": [(1, 0), (3, 2)],
    "Rod": [(2, 0), (3, 1)],
    "Tangent": [(2, 0)],
    "Monopole(1)": [(2, 0), (3, 1)],
    "Phases": [(1, 0), (2, 1)],
    "Corners": [(2, 1)],
    "Donut": [(1, 0)],
}
CASES = [(name, *sizes) for name, all_sizes in BUNDLES.items() for sizes in all_sizes]


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


def compiled(types: str, body: str) -> nn.Module:
    """The module of a net, with random parameters."""
    made = Program.from_text(f"{SPACES}\nnet f : {types} = {body}")["f"]().compile()
    for parameter in made.parameters():
        nn.init.normal_(parameter, 0, 0.2)
    return made


def ends(bundle: str, total: int, normal: int) -> tuple[str, str]:
    kind = "C" if bundle in ("Monopole(1)", "Phases") else "R"
    rest = f" @ R[n, {normal}]" if normal else ""
    return f"R[n, base({bundle})] @ R[n, {total}]", f"R[n, base({bundle})] @ {kind}[n, {bundle}]{rest}"


def points(bundle: str, count: int) -> Tensor:
    if bundle == "Rod":
        return 4 * torch.rand(count, 1) - 1
    x = torch.randn(count, {"Moebius": 2, "Klein": 2, "Donut": 4}.get(bundle, 3))
    parts = x.unflatten(-1, (-1, 2)) if bundle == "Donut" else x
    return (parts / parts.norm(dim=-1, keepdim=True)).reshape(x.shape)


def coordinates(bundle: str, total: int, count: int) -> Tensor:
    """Points over base points; a circle alone has angles."""
    loop = bundle in ("Klein", "Phases") and total == 1
    return (2 * torch.rand(count, 1) - 1) * math.pi if loop else torch.randn(count, total)


@pytest.mark.parametrize(("bundle", "total", "normal"), CASES)
@pytest.mark.parametrize("flow", ["spline", "affine"])
def test_it_is_an_isomorphism_over_the_base(bundle: str, total: int, normal: int, flow: str) -> None:
    dom, cod = ends(bundle, total, normal)
    t = f'trivialise({bundle}, total = {total}, flow = "{flow}", width = 16)'
    base, x = points(bundle, 50), coordinates(bundle, total, 50)
    module = compiled(f"{dom} -> {cod}", t)
    back = compiled(f"{cod} -> {dom}", f"{t} ^ -1")
    back.load_state_dict(module.state_dict())
    same, *image = module(base, x)
    assert same is base
    over, again = back(base, *image)
    assert over is base  # the projection of the inverse is the first component exactly
    assert (again - x).abs().max() < 1e-10


@pytest.mark.parametrize(("bundle", "total", "normal"), CASES)
def test_the_parameters_are_those_that_it_says(bundle: str, total: int, normal: int) -> None:
    dom, cod = ends(bundle, total, normal)
    for flow in ("spline", "affine"):
        body = f'trivialise({bundle}, total = {total}, flow = "{flow}", layers = 3, width = 5)'
        net = Program.from_text(f"{SPACES}\nnet f : {dom} -> {cod} = it: {body}")["f"]()
        (node,) = [n for _, n in net.graph.walk() if n.label == "it"]
        said = {name: tuple(s.value for s in shape) for name, shape in node.box.parameters(node.dom, node.cod).items()}
        have = {name.removeprefix("it."): tuple(p.shape) for name, p in net.compile().named_parameters()}
        assert said == have


@pytest.mark.parametrize("flow", ["spline", "affine"])
@pytest.mark.parametrize(("fibre", "total"), [("vector", 3), ("interval", 2), ("circle", 3)])
def test_the_density_is_that_of_the_determinant(fibre: str, total: int, flow: str) -> None:
    """Against autograd's Jacobian, where one chart alone holds the point."""
    atlas = BundleAtlas(Places("circle", ("a", "b", "c")), fibre, total, 2 if fibre == "vector" else 1, flow=flow)  # type: ignore[arg-type]
    for parameter in atlas.parameters():
        nn.init.normal_(parameter, 0, 0.2)
    angle = torch.tensor(math.pi / 3)  # the middle of the first arc
    base = torch.stack([angle.cos(), angle.sin()]).expand(1, 2)
    x = torch.randn(1, total)
    chart = atlas.atlas.chart("a")
    _, f, normal, _ = chart(base, x)
    jacobian = torch.autograd.functional.jacobian(lambda y: torch.cat(chart(base, y)[1:3], -1).squeeze(0), x)
    expected = torch.linalg.slogdet(jacobian.squeeze(1)).logabsdet + atlas.fibre.log_prob(f)
    if normal.shape[-1]:
        expected = expected - 0.5 * (normal.square() + math.log(2 * math.pi)).sum(-1)
    assert torch.allclose(atlas.log_density(base, x), expected, atol=1e-10)


SHARED = """
net model(points = 4) : (base: R[n, base(Klein)], x: R[n, 3]) -> R[n, 3] @ R[n, points, 3] @ R[n] @ R {
    share t = trivialise(Klein, total = 3, width = 8)
    over, again = base @ x >> t >> t ^ -1
    _ = over >> drop
    return again @ (base >> sample(t, count = points)) @ (base @ x >> log_density(t)) @ (base @ x >> consistency(t))
}
"""


def test_one_trivialisation_has_four_readings() -> None:
    program = Program.from_text(SPACES + SHARED)
    assert program.check() == []
    module = program["model"]().compile()
    assert {name.split(".")[0] for name, _ in module.named_parameters()} == {"t"}
    base, x = points("Klein", 30), torch.randn(30, 3)
    again, made, density, apart = module(base, x)
    assert (again - x).abs().max() < 1e-12
    assert made.shape == (30, 4, 3)
    assert density.shape == (30,)
    assert apart.shape == ()
    (apart - density.mean()).backward()
    assert all(p.grad is not None for p in module.parameters())


def test_a_reading_is_printed_as_it_is_written() -> None:
    program = Program.from_text(SPACES)
    made = program.parse('trivialise(Klein, total = 3, prior = "uniform")')
    assert repr(made) == 'trivialise(Klein, 3, prior = "uniform")'
    t = share("t", made)
    assert repr(inverse_of(t)) == "t ^ -1"
    assert repr(inverse_of(made)) == f"{made!r} ^ -1"
    assert repr(word("sample")(t, count=4)) == "sample(t, 4)"
    assert inverse_of(inverse_of(t)) == t
    source = Program.from_text(SPACES + SHARED)["model"]().source()
    for call in ("self.t(base, x)", "self.t.inverse(", "self.t.sample(base, 4)", "self.t.log_density(base, x)"):
        assert call in source


def test_points_may_be_cut_into_blocks() -> None:
    """What each box says of an axis of points that is cut between ranks, against what it gives for the blocks."""
    base, x = points("Klein", 12), torch.randn(12, 3)
    dom = "R[n, base(Klein)] @ R[n, 3]"
    cut: dict[str, tuple[str, tuple[Tensor, ...]]] = {
        "trivialise(Klein, total = 3)": (f"{dom} -> R[n, base(Klein)] @ R[n, Klein] @ R[n, 2]", (base, x)),
        "log_density(trivialise(Klein, total = 3))": (f"{dom} -> R[n]", (base, x)),
        "forget(Klein)": ("R[n, base(Klein)] -> R[n, 2]", (base,)),
    }
    for body, (types, values) in cut.items():
        net = Program.from_text(f"{SPACES}\nnet f : {types} = it: {body}")["f"]()
        (node,) = [n for _, n in net.graph.walk() if n.label == "it"]
        answer = node.box.shards(node.dom, node.cod, (-2,) * len(values))
        assert not isinstance(answer, str)
        module = net.compile()
        whole, *blocks = (module(*v) for v in (values, *zip(*(v.chunk(3) for v in values), strict=True)))
        wholes = whole if isinstance(whole, tuple) else (whole,)
        for port, (place, all_) in enumerate(zip(answer, wholes, strict=True)):
            assert place is not None
            parts = [b[port] if isinstance(b, tuple) else b for b in blocks]
            assert torch.allclose(torch.cat(parts, place), all_)
        if len(values) > 1:
            assert isinstance(node.box.shards(node.dom, node.cod, (-1,) * len(values)), str)


@pytest.mark.parametrize(
    ("types", "body", "code", "message"),
    [
        ("R[base(Rod)] @ R[1] -> R[base(Rod)] @ R[Rod]", "trivialise(Rod, total = 1)", "E0818", "does not fit into 1"),
        ("R[base(Klein)] @ R[3] -> R[base(Klein)] @ R[Klein]", "trivialise(Klein, total = 3)", "E0204", "gives 3"),
        ("R[base(Rod)] @ R[2] -> R[base(Rod)] @ R[Rod]", 'trivialise(Rod, total = 2, flow = "x")', "E0224", "spline"),
        ("R[base(Rod)] @ R[2] -> R[base(Rod)] @ R[Rod]", 'trivialise(Rod, total = 2, prior = "interval")', "E0224",
         '"normal"'),
        ("R[base(Klein)] @ R[2] -> R[base(Rod)] @ R[Rod]", "trivialise(Rod, total = 2)", "E0737", "`base(Klein)`"),
        ("R[base(Klein)] @ R[2] -> R", "log_density(linear(3))", "E0212", "reads a trivialisation"),
        ("R[2, 3] -> R[2, 3]", "trivialise(3, total = 2)", "E0212", "got"),
    ],
)  # fmt: skip
def test_what_makes_none_is_told(types: str, body: str, code: str, message: str) -> None:
    found = Program.from_text(f"{SPACES}\nnet f : {types} = {body}").check()
    assert found[0].code == code
    assert message in found[0].message


def test_home_cells_lie_inside_the_charts_of_the_cover() -> None:
    for kind, charts in (
        ("circle", "abcde"),
        ("torus", "abc"),
        ("sphere", "ab"),
        ("sphere", "abcd"),
        ("interval", "ab"),
    ):
        spans = [(-1.0, 1.25), (0.75, 3.0)] if kind == "interval" else None
        places = Places(kind, charts, spans)
        x = points({"circle": "Klein", "torus": "Donut", "sphere": "Phases", "interval": "Rod"}[kind], 400)
        inside = cover_of(places).inside(x)
        assert inside.gather(-1, places.home(x).unsqueeze(-1)).all()
        assert (cover_of(places).weights(x).sum(-1) - 1).abs().max() < 1e-12


def test_consistency_is_zero_where_the_charts_agree_and_sees_a_twist() -> None:
    """All charts the identity: they agree as on a cylinder, and miss the one transition -1 of a Moebius band."""
    places = Places("circle", ("a", "b", "c"))
    pairs = [("a", "b"), ("b", "c"), ("c", "a")]
    base, x = points("Klein", 200), torch.randn(200, 1)
    straight = BundleAtlas(places, "vector", 1, transitions={pair: [[1.0]] for pair in pairs})
    assert straight.consistency(base, x) == 0
    twisted = BundleAtlas(places, "vector", 1, transitions={p: [[-1.0 if p == ("c", "a") else 1.0]] for p in pairs})
    assert twisted.consistency(base, x) > 0.5


LEARN = """
bundle Torus : circle -> circle under O(2) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : 1 }
net loss : (base: R[n, base(Torus)], x: R[n, 3]) -> R {
    share t = trivialise(Torus, total = 3, width = 16)
    return (base @ x >> consistency(t)) - (base @ x >> log_density(t) >> mean(over = n))
}
net made : (base: R[n, base(Torus)]) -> R[n, 100, 3] {
    share t = trivialise(Torus, total = 3, width = 16)
    return base >> sample(t, count = 100)
}
"""


@pytest.mark.slow
def test_it_learns_the_fibres_of_a_torus() -> None:
    """Circles of radius 1/2 in the half planes around an axis: made points are near them, neighbours agree better."""
    program = Program.from_text(LEARN)
    loss = program["loss"]().compile()
    angle, u = 2 * math.pi * torch.rand(600), 2 * math.pi * torch.rand(600)
    base = torch.stack([angle.cos(), angle.sin()], -1)
    x = torch.stack([(2 + u.cos() / 2) * angle.cos(), (2 + u.cos() / 2) * angle.sin(), u.sin() / 2], -1)
    loss.t.fit(base, x)
    before = loss.t.consistency(base, x).item()
    optimiser = torch.optim.Adam(loss.parameters(), lr=5e-3)
    for step in range(200):
        rows = torch.randperm(600)[:100]
        shaken = x[rows] + (0.02 + 0.1 * (1 - step / 200) ** 2) * torch.randn(100, 3)
        optimiser.zero_grad()
        loss(base[rows], shaken).backward()
        optimiser.step()
    made = program["made"]().compile()
    made.load_state_dict(loss.state_dict())
    found = made(base[:50])
    off = (((found[..., :2].norm(dim=-1) - 2) ** 2 + found[..., 2] ** 2).sqrt() - 0.5).abs()
    assert off.median() < 0.15
    assert loss.t.consistency(base, x) < before / 2
