"""Convolutions on grids: exact under quarter turns and mirrors, measured in between; parameter counts; kept kernels."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from catnet.nn import (
    Fibre,
    FibreActivation,
    FibreBatchNorm2d,
    Fibres,
    GroupConv2d,
    InvariantPool,
    SteerableConv2d,
    turn_error,
)
from catnet.nn.fibres import kernel_orbits, named
from catnet.nn.steerable import Turns

SCALARS = [(3, "trivial")]
REGULAR = [(2, "regular")]
IRREDUCIBLE = {
    "C4": [(2, "trivial"), (1, "B"), (3, "E")],
    "D4": [(2, "trivial"), (1, "A2"), (1, "B1"), (1, "B2"), (2, "E")],
}
GEOMETRY = [(5, 1, 1, "zeros"), (6, 1, 1, "circular"), (5, 2, 1, "zeros"), (7, 2, 2, "circular")]


def elements(group: str) -> list[tuple[int, bool]]:
    return [(turns, mirrored) for mirrored in ([False, True] if group == "D4" else [False]) for turns in range(4)]


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def worst(layer: nn.Module, x: Tensor, into: Fibres, out: Fibres, group: str) -> float:
    """The norm of the error relative to that of the output, the largest over the group."""
    y = layer(x)
    moved = [(layer(into.act(x, *g)) - out.act(y, *g)).norm() for g in elements(group)]
    return (torch.stack(moved).max() / y.norm()).item()


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
@pytest.mark.parametrize("geometry", GEOMETRY, ids=str)
@pytest.mark.parametrize("group", ["C4", "D4"])
def test_convolutions_are_equivariant(group: str, geometry: tuple, dtype: torch.dtype, bound: float) -> None:
    torch.manual_seed(0)
    size = 9 if geometry[0] % 2 else 10
    for into in (SCALARS, REGULAR, IRREDUCIBLE[group]):
        for out in (SCALARS, REGULAR, IRREDUCIBLE[group]):
            conv = GroupConv2d(group, into, out, *geometry).to(dtype)
            x = random(2, conv.into.channels, size, size + 2).to(dtype)
            assert worst(conv, x, conv.into, conv.out, group) < bound


@pytest.mark.parametrize("group", ["C4", "D4"])
def test_kernels_are_symmetric_bit_for_bit(group: str) -> None:
    conv = GroupConv2d(group, [*REGULAR, *IRREDUCIBLE[group]], [*REGULAR, *IRREDUCIBLE[group]], 5)
    kernel = conv.assembled()[0].detach()
    for g in elements(group):
        left, right = conv.out.matrix(*g).float(), conv.into.matrix(*g).float()
        turned = torch.einsum(
            "ij,jkhw->ikhw", left, kernel.rot90(g[0], (2, 3)) if not g[1] else kernel.flip(3).rot90(g[0], (2, 3))
        )
        assert torch.equal(torch.einsum("ikhw,jk->ijhw", turned, right), kernel)


@pytest.mark.parametrize("group", ["C4", "D4"])
def test_a_whole_classifier_is_invariant(group: str) -> None:
    torch.manual_seed(0)
    mixed = [(4, "regular"), (2, "E")]
    layers = [
        GroupConv2d(group, [(1, "trivial")], REGULAR, 3, padding=1),
        FibreBatchNorm2d(group, REGULAR),
        FibreActivation(group, REGULAR),
        GroupConv2d(group, REGULAR, mixed, 3, stride=2, padding=1),
        FibreActivation(group, mixed, torch.tanh),
        InvariantPool(group, mixed),
        nn.AdaptiveAvgPool2d(1),
    ]
    net = nn.Sequential(*layers).double()
    x = random(4, 1, 9, 9)
    for mode in (True, False):
        net.train(mode)
        scalars = Fibres(group, [(6, "trivial")])
        assert worst(net, x, layers[0].into, scalars, group) < 1e-12


@pytest.mark.parametrize(("group", "order"), [("C4", 4), ("D4", 8)])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7])
def test_regular_to_regular_has_order_times_size_squared(group: str, order: int, size: int) -> None:
    assert kernel_orbits(named(group, "regular"), named(group, "regular"), size, size)[2] == order * size**2


@pytest.mark.parametrize("group", ["C4", "D4"])
def test_kernels_are_counted_by_characters(group: str) -> None:
    names = {"C4": ["trivial", "B", "E", "regular"], "D4": ["trivial", "A2", "B1", "B2", "E", "regular"]}[group]
    for size in (1, 3, 4):
        grid = torch.arange(size * size).reshape(size, size)
        for out in names:
            for into in names:
                total = 0.0
                for turns, mirrored in elements(group):
                    moved = torch.rot90(grid.flip(1) if mirrored else grid, turns, (0, 1))
                    traces = [named(group, name).matrix(turns, mirrored).trace().item() for name in (out, into)]
                    total += traces[0] * traces[1] * (moved == grid).sum().item()
                count = kernel_orbits(named(group, out), named(group, into), size, size)[2]
                assert count == total / len(elements(group))


def test_a_fibre_of_ones_own() -> None:
    two = Fibre("C4", ((1, 1), (0, 1)))  # functions on the two diagonals
    conv = GroupConv2d("C4", [(1, two)], [(2, two)], 3).double()
    assert worst(conv, random(1, 2, 6, 6), conv.into, conv.out, "C4") < 1e-12


BAD = {
    "do not obey the relations": lambda: Fibre("C4", ((1, 1), (2, 1), (0, 1))),
    "not a signed permutation": lambda: Fibre("C4", ((0, 2),)),
    "a fibre of D4 has a mirror": lambda: Fibre("D4", ((0, 1),)),
    "has no fibre 'A2'": lambda: GroupConv2d("C4", SCALARS, [(1, "A2")], 3),
    "the group of a grid is C4 or D4": lambda: Fibre("C6", ((0, 1),)),
    "there is no kernel but 0 of size 3": lambda: GroupConv2d("D4", SCALARS, [(1, "A2")], 3),
    "padding_mode is": lambda: GroupConv2d("C4", SCALARS, SCALARS, 3, padding_mode="reflect"),
    "a stride of 2 breaks the turns": lambda: GroupConv2d("C4", SCALARS, SCALARS, 3, 2, 1)(torch.ones(1, 3, 8, 8)),
    "no mean is fixed": lambda: FibreBatchNorm2d("C4", [(1, "E")]),
    "its size is odd": lambda: SteerableConv2d("C8", SCALARS, SCALARS, 4),
    "a frequency from 1 to 7": lambda: SteerableConv2d("C16", SCALARS, [(1, 8)], 5),
    "C or D and a number": lambda: SteerableConv2d("SO2", SCALARS, SCALARS, 5),
}


@pytest.mark.parametrize("message", BAD)
def test_refusals(message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BAD[message]()


def test_a_stride_that_is_refused_would_break_the_turns() -> None:
    x = random(1, 3, 8, 8)
    weight = GroupConv2d("C4", SCALARS, SCALARS, 3).double().assemble()[0]
    y = nn.functional.conv2d(x, weight, stride=2, padding=1)
    turned = nn.functional.conv2d(x.rot90(1, (-2, -1)), weight, stride=2, padding=1)
    assert (turned - y.rot90(1, (-2, -1))).abs().max() > 0.1


@pytest.mark.parametrize("group", ["C16", "D16", "C8", "D6"])
def test_finer_turns_are_approximate_and_quarter_turns_exact(group: str) -> None:
    torch.manual_seed(0)
    blocks = {"scalars": [(1, "trivial")], "regular": [(1, "regular")], "planes": [(2, "trivial"), (1, 1), (2, 2)]}
    for into in blocks.values():
        for out in (blocks["regular"], blocks["planes"]):
            conv = SteerableConv2d(group, into, out, 5)
            errors = turn_error(conv)
            for error, (turns, _) in zip(errors, conv.turns.elements, strict=True):
                assert error < (1e-12 if 4 * turns % conv.turns.n == 0 else 0.1)
            assert max(errors) > 1e-4  # which is why it is called approximate
            assert max(turn_error(conv, fineness=0.45)) > max(turn_error(conv, fineness=0.05))


def test_fibres_of_turns_are_representations() -> None:
    for turns in (Turns(6, False), Turns(5, True)):
        index = {element: g for g, element in enumerate(turns.elements)}
        for name in ("trivial", "regular", 1, 2):
            matrices = turns.matrices(name)
            for (j, m), g in index.items():
                for (i, other), h in index.items():
                    product = ((j - i if m else j + i) % turns.n, m != other)
                    assert torch.allclose(matrices[g] @ matrices[h], matrices[index[product]], rtol=0, atol=1e-12)


def test_steerable_layers_run_on_images_as_they_are_measured() -> None:
    torch.manual_seed(0)
    conv = SteerableConv2d("C8", [(2, "trivial")], [(3, "regular"), (1, 2)], 5, padding=2).double()
    x, rho = random(2, 2, 9, 9), conv.matrices(conv.out)
    turned = torch.einsum("ij,bjhw->bihw", rho[2], conv(x).rot90(1, (-2, -1)))
    assert torch.allclose(conv(x.rot90(1, (-2, -1))), turned, rtol=0, atol=1e-12)
