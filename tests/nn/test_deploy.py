"""Every layer: full precision through casts, copies, pickles, state dicts, `torch.compile` and `torch.export`."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from catnet.nn import (
    BesselBasis,
    EquivariantLayerNorm,
    FibreActivation,
    FibreBatchNorm2d,
    FrameCanonicalise,
    Gate,
    GaussianBasis,
    GroupConv2d,
    Intertwiner,
    IntertwinerSum,
    InvariantPool,
    IrrepsLinear,
    NormActivation,
    Norms,
    Part,
    PermutationLinear,
    SortCanonicalise,
    SphericalHarmonics,
    SteerableConv2d,
    Symmetrise,
    TensorProduct,
)

THIRDS = [{(0, 0): 1 / 3, (0, 1): -1 / 7, (1, 1): 1 / 3}, {(1, 0): 1 / 9}]
SPARSE = [{(i, (i + k) % 6): 1 / 3 for i in range(6)} for k in range(6)]
SUM = [Part(0, 3, 2, 0, 2, 2, THIRDS), Part(6, 1, 6, 4, 1, 6, SPARSE)]
WIDE = [Part(0, 64, 3, 0, 64, 3, [{(i, i): 1 for i in range(3)}])]
TURNS = torch.stack([torch.tensor([[0.0, -1.0], [1.0, 0.0]]).matrix_power(k) for k in range(4)]).double()
STEERED = [(1, "regular"), (1, 2)]
MIXED = [(2, "regular"), (1, "E"), (1, "B")]


class Case(NamedTuple):
    """How to make a layer, and the shapes of what it takes."""

    make: Callable[[], nn.Module]
    shapes: list[tuple[int, ...]]


CASES = {
    "intertwiner": Case(lambda: Intertwiner(THIRDS, 2, 2, 3, 4, [{0: 1 / 3}]), [(5, 8)]),
    "sparse intertwiner": Case(lambda: Intertwiner(SPARSE, 6, 6, 2, 2), [(5, 12)]),
    "sum": Case(lambda: IntertwinerSum(SUM, 12, 10, [{1: 1 / 3}]), [(5, 12)]),
    "wide sum": Case(lambda: IntertwinerSum(WIDE, 192, 192), [(5, 192)]),
    "irreps linear": Case(lambda: IrrepsLinear("4x0e + 2x1o", "3x0e + 5x1o"), [(5, 10)]),
    "full product": Case(lambda: TensorProduct("2x1o + 1x2e", "2x1o", "2x0e + 1x1e + 1x3o"), [(5, 11), (5, 6)]),
    "one copy": Case(lambda: TensorProduct("2x0e + 2x1o", "1x1o", "2x0e + 2x1o", "channel"), [(5, 8), (5, 3)]),
    "given weights": Case(lambda: TensorProduct("2x1o", "2x1o", "2x2e", shared=False), [(5, 6), (5, 6), (5, 8)]),
    "norm activation": Case(lambda: NormActivation("2x0e + 2x1o"), [(5, 8)]),
    "norms": Case(lambda: Norms("2x0e + 2x1o"), [(5, 8)]),
    "gate": Case(lambda: Gate("2x0e", "2x1o"), [(5, 10)]),
    "layer norm": Case(lambda: EquivariantLayerNorm("2x0e + 2x1o"), [(5, 8)]),
    "harmonics": Case(lambda: SphericalHarmonics(4), [(5, 3)]),
    "bessel": Case(lambda: BesselBasis(4, 3.0), [(5, 4)]),
    "gaussian": Case(lambda: GaussianBasis(4, 3.0), [(5, 4)]),
    "group convolution": Case(lambda: GroupConv2d("C4", MIXED, MIXED, 3, padding=1), [(2, 11, 5, 5)]),
    "fibre activation": Case(lambda: FibreActivation("C4", MIXED), [(2, 11, 5, 5)]),
    "fibre batch norm": Case(lambda: FibreBatchNorm2d("C4", [(2, "regular")]), [(2, 8, 5, 5)]),
    "invariant pool": Case(lambda: InvariantPool("C4", MIXED), [(2, 11, 5, 5)]),
    "steerable": Case(lambda: SteerableConv2d("C8", [(2, "trivial"), (1, 1)], STEERED, 5), [(2, 4, 7, 7)]),
    "sets": Case(lambda: PermutationLinear(1, 1, 3, 4), [(5, 3)]),
    "pairs": Case(lambda: PermutationLinear(2, 2, 3, 4), [(2, 5, 5, 3)]),
    "symmetrise": Case(lambda: Symmetrise(nn.Linear(2, 2), TURNS, TURNS.mT), [(5, 2)]),
    "sort": Case(lambda: SortCanonicalise(nn.Linear(3, 2)), [(2, 5, 3)]),
    "frame": Case(lambda: FrameCanonicalise(nn.Linear(3, 3), "SO(3)", "vector"), [(2, 5, 3)]),
}  # fmt: skip


QUICK = ("intertwiner", "group convolution")
SLOWLY = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in CASES]


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def inputs(case: Case) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(*shape, generator=generator) for shape in case.shapes]


def made(case: Case) -> nn.Module:
    torch.manual_seed(1)
    return case.make()


def constants(module: nn.Module) -> list[Tensor]:
    """The buffers that no state dict has."""
    kept = module.state_dict()
    return [b for name, b in module.named_buffers() if name not in kept and b.is_floating_point()]


def test_double_is_exact(case: Case) -> None:
    previous = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        exact = made(case)
    finally:
        torch.set_default_dtype(previous)
    for through in (made(case).double(), made(case).half().float().double(), copy.deepcopy(made(case).half()).double()):
        pairs = zip(constants(exact), constants(through), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)


@torch.no_grad()
def test_copies_pickles_and_state_dicts(case: Case) -> None:
    module, x = made(case).eval(), inputs(case)
    y = module(*x)
    assert torch.equal(pickle.loads(pickle.dumps(module))(*x), y)
    assert torch.equal(copy.deepcopy(module)(*x), y)
    torch.manual_seed(2)
    other = case.make().eval()
    other(*x)  # keeps weights of its own, which loading must replace
    saved = io.BytesIO()
    torch.save(module.state_dict(), saved)
    saved.seek(0)
    other.load_state_dict(torch.load(saved, weights_only=True))
    assert torch.equal(other(*x), y)


def test_made_on_the_meta_device(case: Case) -> None:
    module, x = made(case).eval(), inputs(case)
    with torch.device("meta"):
        empty = case.make()
    assert all(p.is_meta for p in empty.parameters())
    real = empty.to_empty(device="cpu").eval()
    real.load_state_dict(module.state_dict())
    with torch.no_grad():
        assert torch.equal(real(*x), module(*x))


@pytest.mark.parametrize("case", SLOWLY, indirect=True)
def test_export(case: Case) -> None:
    module, x = made(case).eval(), inputs(case)
    with torch.no_grad():
        y = module(*x)
    exported = torch.export.export(module, tuple(x)).module()
    with torch.no_grad():
        assert torch.allclose(exported(*x), y, atol=1e-6)


@pytest.mark.parametrize("case", SLOWLY, indirect=True)
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_one_graph_under_compile(case: Case, mode: str) -> None:
    module, x = made(case).train(mode == "train"), inputs(case)
    torch._dynamo.reset()
    compiled = torch.compile(copy.deepcopy(module), backend="aot_eager", fullgraph=True)
    expected = module(*x)
    found = compiled(*x)
    assert torch.allclose(found, expected, atol=1e-6)
    if found.requires_grad:
        found.square().sum().backward()
        expected.square().sum().backward()
        for mine, theirs in zip(compiled.parameters(), module.parameters(), strict=True):
            assert torch.allclose(mine.grad, theirs.grad, rtol=1e-4, atol=1e-4)
