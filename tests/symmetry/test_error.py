"""Measuring equivariance: what is known by other means comes out, and what breaks a symmetry is seen where it does."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from torch import Tensor, nn

import catnet
from catnet import symmetry
from catnet.diagnostics import CatnetError
from catnet.elaborate.program import Program
from catnet.symmetry import SO, C, vector
from catnet.symmetry.error_chart import share

torch.set_num_threads(1)

SPEC = """
group G = O(3)
rep V = 3*trivial(G) + 2*vector(G)
rep W(k) = k*V
net total(h, k) : R[n, d] -> R[k] under S(n) on n = linear(h) >> relu >> sum(over = n) >> linear(k)
net turns(k) : (x: R[n, V]) -> R[n, W(k)] under G, S(n) on n = x >> linear(W(k))
net grid : R[c, h, w] -> R[c, h, w] under translations(h, w) on (h, w) =
    conv(c, 3, padding = 1, padding_mode = "circular")
net silent(h) : R[n, d] -> R[n, h] = linear(h)
"""


class Positions(nn.Module):
    """A learned table of positions: what breaks the symmetry of a set."""

    def __init__(self, n: int, d: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(n, d))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table


def radial(x: Tensor) -> Tensor:
    """Equivariant under O(3), not linear."""
    return x * torch.exp(-x.pow(2).sum(-1, keepdim=True))


def compiled(net: str, **sizes: int) -> nn.Module:
    torch.manual_seed(0)
    return Program.from_text(SPEC)[net](**sizes).compile().double()


# -- numbers that are known by other means ---------------------------------------------------------------------


def test_the_error_of_a_shift_is_worked_out_by_hand() -> None:
    """Under the exchange of two entries, x + c has the error |c - Pc| / max(|Px + c|, |P(x + c)|)."""
    x, c = torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([0.5, 0.0], dtype=torch.float64)
    errors = symmetry.error(lambda x: x + c, "S(2) on n", type="R[n] -> R[n]", inputs=x, samples=4)
    by_hand = (0.5**2 + 0.5**2) ** 0.5 / max((2.5**2 + 1.0**2) ** 0.5, (2.0**2 + 1.5**2) ** 0.5)
    assert errors.largest == pytest.approx(by_hand, rel=1e-12)
    assert errors.mean == pytest.approx(by_hand, rel=1e-12)  # the identity is not among the samples


@pytest.mark.parametrize("size", [1e-9, 1e-3, 1.0])
def test_the_lie_derivative_of_a_shift_is_worked_out_by_hand(size: float) -> None:
    """Of x + c it is A c: for the three rotations about axes, with c along one, |c| / |x + c| at the most."""
    x, c = torch.randn(5, 3, dtype=torch.float64), torch.tensor([0, 0, size], dtype=torch.float64)
    errors = symmetry.error(lambda x: x + c, "SO(3)", type="R[n, vector(SO(3))] -> R[n, vector(SO(3))]", inputs=x)
    assert errors.derivative == pytest.approx(size * 5**0.5 / (x + c).norm().item(), rel=1e-6)


def test_the_lie_derivative_of_an_invariant_is_its_slope_along_the_orbit() -> None:
    """Of the first entry under SO(2) at (a, b) it is |b| / |a|."""
    x = torch.tensor([2.0, 3.0], dtype=torch.float64)
    errors = symmetry.error(lambda x: x[..., :1], "SO(2)", type="R[vector(SO(2))] -> R[1]", inputs=x)
    assert errors.derivative == pytest.approx(1.5, rel=1e-12)


@pytest.mark.parametrize(
    ("run", "under", "type"),
    [
        (radial, "O(3)", "R[n, vector(O(3))] -> R[n, vector(O(3))]"),
        (radial, "S(n) on n", "R[n, 3] -> R[n, 3]"),
        (lambda x: x[..., 0] ** 2 - x[..., 1:].pow(2).sum(-1), "O(1, 3)", "R[n, vector(O(1, 3))] -> R[n]"),
        (lambda x: x @ x.mT, "O(3)", "R[n, vector(O(3))] -> R[n, n]"),
        (lambda x: x @ x.mT, "S(n) on n", "R[n, 3] -> R[n, n]"),
        (lambda x: x.mT @ x, "S(n) on n", "R[n, n] -> R[n, n]"),
        (lambda x, y: (x + y, (x * y).sum(-1)), "O(3)", "R[vector(O(3))] @ R[vector(O(3))] -> R[vector(O(3))] @ R"),
        (lambda x: torch.fft.fft(x).abs(), "C(n) on n", "R[n] -> R[k]"),
        (lambda z: z * z.norm(dim=-1, keepdim=True), "U(2)", "C[vector(U(2))] -> C[vector(U(2))]"),
        (lambda t: t.sort(-1).values, "S(n) on n", "Fin(7)[n] -> Fin(7)[k]"),
        (lambda t: ~t, "S(n) on n", "Bool[n] -> Bool[n]"),
        (lambda x: x.mean((-2, -1)), "p4m(6, 6) on (h, w)", "R[c, h, w] -> R[c]"),
        (lambda x: x.mT.flip(-1), "C(4) on (h, w)", "R[h, w] -> R[h, w]"),
        (lambda x: x.roll(1, -1), "C(3) on t", "R[t] -> R[t]"),
    ],
)
def test_what_commutes_has_no_error(run: Callable[..., Tensor], under: str, type: str) -> None:
    errors = symmetry.error(run, under, type=type)
    assert errors.largest < 1e-12
    assert errors.derivative is None or errors.derivative < 1e-12


@pytest.mark.parametrize(
    ("run", "under", "type"),
    [
        (torch.relu, "O(3)", "R[n, vector(O(3))] -> R[n, vector(O(3))]"),
        (lambda x: x[..., :2, :], "S(n) on n", "R[n, 3] -> R[k, 3]"),
        (lambda x: (x**2).sum(-1), "O(1, 3)", "R[n, vector(O(1, 3))] -> R[n]"),
        (lambda t: t.cumsum(-1), "S(n) on n", "Fin(7)[n] -> Z[n]"),
        (lambda x: x.cumsum(-1), "C(n) on n", "R[n] -> R[n]"),
        (nn.Conv2d(1, 1, 3, padding=1), "C(4) on (h, w)", "R[1, h, w] -> R[1, h, w]"),
        (nn.Conv2d(1, 1, 3, padding=1), "translations(h, w) on (h, w)", "R[1, h, w] -> R[1, h, w]"),
    ],
)
def test_what_does_not_commute_has_a_large_error(run: Callable[..., Tensor], under: str, type: str) -> None:
    errors = symmetry.error(run, under, type=type)
    assert errors.largest > 0.05
    assert errors.derivative is None or errors.derivative > 0.05


def test_a_coarser_shift_is_a_shift_by_several_cells() -> None:
    every_other = torch.tensor([1.0, 2.0]).repeat(3)
    asked = {"type": "R[t] -> R[t]", "inputs": torch.randn(2, 6)}
    assert symmetry.error(lambda x: x * every_other, "C(3) on t", **asked).largest == 0.0
    assert symmetry.error(lambda x: x * every_other, "C(6) on t", **asked).largest > 0.05


def test_what_is_no_number_is_no_small_error() -> None:
    assert symmetry.error(lambda x: x / 0, "S(n) on n", type="R[n] -> R[n]").largest == float("inf")


def test_a_derivative_that_is_no_number_is_no_small_one() -> None:
    at = torch.zeros(2, 3)
    errors = symmetry.error(lambda x: x.square().sum(-1).sqrt(), "O(3)", type="R[vector(O(3))] -> R", inputs=at)
    assert errors.largest == 0.0
    assert errors.derivative == float("inf")


def test_an_approximate_symmetry_is_measured_as_such() -> None:
    """A bump that is sampled on a grid: nearly the same when its centre is turned by an eighth."""

    def bump(c: Tensor) -> Tensor:
        axis = torch.linspace(-4, 4, 17, dtype=c.dtype)
        here = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1)
        return torch.exp(-((here - c[..., None, None, :]) ** 2).sum(-1)).sum((-2, -1)).unsqueeze(-1)

    errors = symmetry.error(bump, "SO(2)", type="R[vector(SO(2))] -> R[1]")
    assert 1e-10 < errors.largest < 1e-3


# -- modules that catnet compiled ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "sizes", "claims"),
    [("total", {"h": 8, "k": 2, "d": 3}, 1), ("turns", {"k": 2}, 2), ("grid", {"c": 2}, 1)],
)
def test_a_compiled_net_knows_its_claims(net: str, sizes: dict[str, int], claims: int) -> None:
    module = compiled(net, **sizes)
    for each in (module, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        errors = symmetry.error(each)
        assert len(errors.claims) == claims
        assert errors.largest < 1e-12
    single = symmetry.error(copy.deepcopy(module).float())
    assert 0 < single.largest < 1e-6 or net == "grid"


def test_the_claims_stand_in_the_source() -> None:
    program = Program.from_text(SPEC)
    source = program["turns"](k=2).source()
    assert "symmetry_type = 'R[n, 3*trivial(O(3)) + 2*vector(O(3))] -> R[n, 3*trivial" in source
    assert (
        "symmetry_under = (  # measured by `catnet.symmetry.error`\n        'O(3)',\n        'S(n) on n',\n" in source
    )
    assert "S(5) on n" in program["total"](h=8, k=2, d=3, n=5).source()
    assert "'R[n, 3] -> R[2]'" in program["total"](h=8, k=2, d=3, n=5).source()
    assert "symmetry" not in program["silent"](h=2, d=3).source()


def test_other_claims_may_be_asked_of_a_compiled_net() -> None:
    module = compiled("total", h=8, k=2, d=3)
    assert symmetry.error(module, "C(n) on n", n=4).largest < 1e-12
    assert symmetry.error(module, "O(3)", type="R[n, vector(O(3))] -> R[k]").largest > 0.05


def test_a_broken_weight_is_seen() -> None:
    """A module whose claim was proved, and which somebody changed."""
    module = compiled("turns", k=2)
    module.intertwiner = nn.Linear(9, 18).double()
    assert symmetry.error(module).claims[0].largest > 0.05


# -- layers ------------------------------------------------------------------------------------------------------


def test_the_layer_that_breaks_the_symmetry_is_seen() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), Positions(5, 8), nn.Linear(8, 2)).double()
    (claim,) = symmetry.error(net, "S(n) on n", type="R[n, 3] -> R[n, 2]", n=5).claims
    assert [layer.name for layer in claim.layers] == ["0", "1", "2", "3"]
    sizes = [layer.largest for layer in claim.layers]
    assert max(sizes[:2]) < 1e-12
    assert min(sizes[2:]) > 0.05
    assert sizes[3] == claim.largest


def test_types_of_layers_can_be_said() -> None:
    module = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 4), nn.Linear(4, 1)).double()
    with torch.no_grad():
        module[0].weight.copy_(2 * torch.eye(3))
    asked = {"under": "O(3)", "type": "R[n, vector(O(3))] -> R[n, 1]"}
    assert symmetry.error(module, **asked).claims[0].unmeasured == ("0", "1", "2")
    (claim,) = symmetry.error(module, **asked, layers={"0": "R[n, vector(O(3))]"}).claims
    assert claim.unmeasured == ("1", "2")
    assert claim.layers[0].largest < 1e-12


def test_each_use_of_a_layer_is_measured() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.layer(self.layer(x))
            return y

    (claim,) = symmetry.error(Twice(), "S(n) on n", type="R[n, 3] -> R[n, 3]").claims
    assert [layer.name for layer in claim.layers] == ["layer", "layer (2)"]


# -- the module is left as it was --------------------------------------------------------------------------------


def test_modes_hooks_and_statistics_are_left_alone() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.BatchNorm1d(4))
    net[1].eval()
    before = copy.deepcopy(net.state_dict())
    symmetry.error(net, "S(3) on n", type="R[n] -> R[k]", inputs=torch.randn(2, 3))
    assert [part.training for part in net] == [True, False, True]
    assert all(not part._forward_hooks for part in net.modules())
    assert all(torch.equal(a, b) for a, b in zip(before.values(), net.state_dict().values(), strict=True))


def test_transformers_of_pytorch_have_a_lie_derivative() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    net = nn.Sequential(nn.Linear(3, 8), layer).double()
    fast = torch.backends.mha.get_fastpath_enabled()
    errors = symmetry.error(net, ["S(n) on n", "O(3)"], type="R[n, vector(O(3))] -> R[n, 8]")
    assert errors.claims[0].largest < 1e-12
    assert errors.claims[1].derivative is not None
    assert errors.claims[1].derivative > 0.05
    assert torch.backends.mha.get_fastpath_enabled() == fast


class Opaque(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.clone()


@pytest.mark.parametrize("run", [Opaque.apply, lambda x: radial(x.detach())])
def test_a_missing_derivative_is_said(run: Callable[[Tensor], Tensor]) -> None:
    errors = symmetry.error(run, "O(3)", type="R[n, vector(O(3))] -> R[n, vector(O(3))]")
    assert errors.largest < 1e-12
    assert errors.derivative is None
    assert "no Lie derivative" in repr(errors)


def test_a_module_that_takes_gradients_inside_is_measured() -> None:
    """Forces from an invariant energy."""

    def force(x: Tensor) -> Tensor:
        x = x.detach().requires_grad_()
        return -torch.autograd.grad((x @ x.mT).square().sum(), x)[0]

    assert symmetry.error(force, "O(3)", type="R[n, vector(O(3))] -> R[n, vector(O(3))]").largest < 1e-12


# -- what is shown -------------------------------------------------------------------------------------------------


def test_the_text_has_a_bar_for_each_layer() -> None:
    errors = symmetry.error(nn.Sequential(nn.Linear(2, 2), Positions(6, 2)), "S(n) on n", type="R[n, 2] -> R[n, 2]")
    first, zero, one = repr(errors).splitlines()
    assert first.startswith("S(n) on n: relative error ")
    assert first.endswith("over 8 elements")
    assert zero.count("#") < one.count("#")


def test_the_picture_is_well_formed_and_has_a_bar_for_each_layer() -> None:
    net = nn.Sequential(nn.Linear(2, 2), Positions(6, 2))
    errors = symmetry.error(net, ["S(n) on n", "C(n) on n"], type="R[n, 2] -> R[n, 2]")
    picture = ElementTree.fromstring(errors.draw())
    bars = [e for e in picture.iter() if e.get("class") == "cn-bar"]
    assert len(bars) == 2 * 3  # two claims, each with two layers and the whole
    width = float(picture.get("width", "0"))
    assert all(float(bar.get("width", "-1")) >= 0 and float(bar.get("x", "0")) < width for bar in bars)


@pytest.mark.parametrize(("value", "length"), [(0.0, 0.0), (1e-20, 0.0), (1.0, 1.0), (2.0, 1.0), (float("inf"), 1.0)])
def test_bars_stay_between_nothing_and_all(value: float, length: float) -> None:
    assert share(value) == length


def test_the_result_is_frozen() -> None:
    errors = symmetry.error(radial, "O(3)", type="R[n, vector(O(3))] -> R[n, vector(O(3))]")
    with pytest.raises(dataclasses.FrozenInstanceError):
        errors.claims = ()  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        errors.claims[0].largest = 0.0  # type: ignore[misc]


def test_the_same_seed_gives_the_same_numbers() -> None:
    asked = {"under": "O(3)", "type": "R[n, vector(O(3))] -> R[n, vector(O(3))]"}
    assert symmetry.error(radial, **asked) == symmetry.error(radial, **asked)
    assert symmetry.error(radial, **asked) != symmetry.error(radial, **asked, seed=1)


# -- groups and representations of one's own, and mistakes ---------------------------------------------------------


def test_names_stand_for_groups_representations_and_sizes() -> None:
    G = SO(3)
    V = 2 * vector(G)
    errors = symmetry.error(lambda x: 2 * x, "G", type="R[n, V] -> R[n, V]", G=G, V=V, n=3)
    assert errors.largest < 1e-12
    assert symmetry.error(lambda x: 2 * x, G, type="R[n, V] -> R[n, V]", V=V).claims[0].claim == "SO(3)"
    assert symmetry.error(lambda x: x, "T on n", type="R[n] -> R[n]", T=C(5)).largest == 0.0


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"type": "R[n, 3] -> R[n, 3]", "under": "S(n) on m"}, "E0732"),
        ({"type": "R[n, 3] -> R[n, 3]", "under": "O(3)"}, "E0732"),
        ({"type": "R[n, 3] -> R[n, 3]", "under": "S(4) on n", "inputs": torch.randn(5, 3)}, "E0733"),
        ({"type": "R[h, w] -> R[h, w]", "under": "C(4) on (h, w)", "inputs": torch.randn(5, 3)}, "E0733"),
        ({"type": "R[n, 3] -> R[n, 3]", "under": "n on n"}, "E0730"),
        ({"type": "R[n, 3]", "under": "S(n) on n"}, "E0227"),
        ({"type": "X -> R[n, 3]", "under": "S(n) on n"}, "E0227"),
        ({"type": "R[n, V] -> R[n, 3]", "under": "S(n) on n"}, "E0201"),
    ],
)
def test_wrong_claims_are_diagnostics(asked: dict[str, object], code: str) -> None:
    with pytest.raises(CatnetError) as caught:
        symmetry.error(radial, **asked)  # type: ignore[arg-type]
    assert [d.code for d in caught.value.diagnostics] == [code]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"type": "R[n, 3] -> R[n, 3]", "inputs": torch.randn(4, 5)}, "must be 3"),
        ({"type": "R[n, n] -> R[n, 3]", "inputs": torch.randn(4, 5)}, "must be"),
        ({"type": "R[n, 3] -> R[n, 3]", "inputs": torch.randn(4)}, "has 2 axes"),
        ({"type": "R[n, 3] -> R[n, 3]", "inputs": (torch.randn(4, 3), torch.randn(4, 3))}, "has 1 input, and 2 came"),
        ({"type": "R[n, 3] -> R[n, 3] @ R"}, "has 2 outputs, and 1 came"),
        ({"type": "R[n, 3] -> R[n, 4]"}, "must be 4"),
        ({"type": "R[n, 3] -> R[n, n]"}, "must be"),
        ({"type": "R[n, 3] -> R[k, n, 3, 2]", "inputs": torch.randn(4, 3)}, "has 4 axes"),
    ],
)
def test_tensors_that_do_not_have_the_type_are_refused(asked: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        symmetry.error(radial, "S(n) on n", **asked)  # type: ignore[arg-type]


def test_a_module_that_says_nothing_must_be_told() -> None:
    with pytest.raises(TypeError, match="type="):
        symmetry.error(nn.Linear(3, 3), "S(n) on n")
    with pytest.raises(TypeError, match="under="):
        symmetry.error(nn.Linear(3, 3), type="R[n, 3] -> R[n, 3]")


def test_claims_of_a_file(tmp_path: Path) -> None:
    spec = tmp_path / "nets.cat"
    spec.write_text(SPEC)
    assert symmetry.error(catnet.compile(spec, "turns", k=1).double()).largest < 1e-12
