"""Averages over a group and canonical forms of modules that have no symmetry of their own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from catnet.nn import FrameCanonicalise, SortCanonicalise, Symmetrise
from catnet.nn.fibres import named
from tests.nn.rotations import rotation


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def plain(size: int, out: int) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(size, 16), nn.Tanh(), nn.Linear(16, out)).double()


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_an_average_over_matrices(dtype: torch.dtype, bound: float) -> None:
    plane = [named("D4", "E").matrix(turns, mirrored) for mirrored in (False, True) for turns in range(4)]
    regular = [named("D4", "regular").matrix(turns, mirrored) for mirrored in (False, True) for turns in range(4)]
    inside = plain(2, 8)
    layer = Symmetrise(inside, torch.stack(plane), torch.stack([g.T for g in regular])).to(dtype)
    x = random(10, 2).to(dtype)
    y = layer(x)
    for g, h in zip(plane, regular, strict=True):
        assert (layer(x @ g.T.to(dtype)) - y @ h.T.to(dtype)).norm() / y.norm() < bound
    broken = inside(x @ plane[1].T.to(dtype)) - inside(x) @ regular[1].T.to(dtype)
    assert broken.norm() / y.norm() > 0.1


def test_what_is_equivariant_already_stays() -> None:
    group = torch.stack([torch.eye(2), -torch.eye(2)]).double()
    odd = nn.Sequential(nn.Linear(2, 3, bias=False), nn.Tanh(), nn.Linear(3, 2, bias=False)).double()
    x = random(5, 2)
    assert torch.allclose(Symmetrise(odd, group, group).double()(x), odd(x), rtol=0, atol=1e-15)


def test_an_average_over_turns_of_images() -> None:
    torch.manual_seed(0)
    turns = [lambda x, k=k: x.rot90(k, (-2, -1)) for k in range(4)]
    back = [lambda x, k=k: x.rot90(-k, (-2, -1)) for k in range(4)]
    images = Symmetrise(nn.Conv2d(2, 3, 3, padding=1).double(), turns, back)
    x = random(2, 2, 6, 6)
    assert torch.allclose(images(x).rot90(1, (-2, -1)), images(x.rot90(1, (-2, -1))), rtol=0, atol=1e-14)
    invariant = Symmetrise(nn.Sequential(nn.Flatten(), plain(72, 3)), turns)
    assert torch.allclose(invariant(x), invariant(x.rot90(1, (-2, -1))), rtol=0, atol=1e-14)


def test_actions_of_different_groups() -> None:
    with pytest.raises(ValueError, match="the same elements"):
        Symmetrise(nn.Identity(), torch.ones(2, 1, 1).double(), torch.ones(3, 1, 1).double())
    with pytest.raises(TypeError, match="float64"):
        Symmetrise(nn.Identity(), torch.ones(2, 1, 1))


def test_sorting_makes_functions_of_sets() -> None:
    x = random(4, 5, 3).mul(2).round()  # with ties in the first feature
    places = torch.randperm(5, generator=torch.Generator().manual_seed(1))
    invariant = SortCanonicalise(nn.Sequential(nn.Flatten(-2), plain(15, 2)), invariant=True)
    assert torch.equal(invariant(x), invariant(x[:, places]))
    body = nn.Sequential(nn.Flatten(-2), plain(15, 10), nn.Unflatten(-1, (5, 2)))
    equivariant = SortCanonicalise(body)
    distinct = random(4, 5, 3)
    assert torch.equal(equivariant(distinct)[:, places], equivariant(distinct[:, places]))
    assert not torch.equal(body(distinct)[:, places], body(distinct[:, places]))


def test_equal_points_are_where_sorting_fails() -> None:
    layer = SortCanonicalise(nn.Sequential(nn.Flatten(-2), plain(4, 4), nn.Unflatten(-1, (2, 2))))
    y = layer(torch.ones(2, 2, dtype=torch.float64))
    assert not torch.allclose(y[0], y[1])  # an equivariant map would have to give both the same


@pytest.mark.parametrize(("group", "determinants"), [("O(3)", (1, -1)), ("SO(3)", (1,))])
@pytest.mark.parametrize("output", ["invariant", "vector"])
def test_frames(group: str, determinants: tuple[int, ...], output: str) -> None:
    body = nn.Sequential(nn.Flatten(-2), plain(18, 6), nn.Unflatten(-1, (2, 3)))
    layer, x = FrameCanonicalise(body, group, output), random(8, 6, 3)
    for determinant in determinants:
        turn = rotation(4, determinant)
        after = layer(x) @ turn.T if output == "vector" else layer(x)
        assert (layer(x @ turn.T + 3.0) - after).norm() / after.norm() < 1e-12


def test_frames_of_rotations_tell_mirror_images_apart() -> None:
    body, x = nn.Sequential(nn.Flatten(-2), plain(18, 6)), random(8, 6, 3)
    layer = FrameCanonicalise(body, "SO(3)")
    assert not torch.allclose(layer(x), layer(-x))
    with pytest.raises(ValueError, match="the group is"):
        FrameCanonicalise(body, "E(3)")
