"""DeepSets against a reference with the layers and the keys of the authors' code (PointClouds/classifier.py)."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import catnet
from tests.models.parity import Case, agrees, checked, fills


class Equivariant(nn.Module):
    """What every point has less than the greatest, through one linear map."""

    def __init__(self, d: int, k: int) -> None:
        super().__init__()
        self.Gamma = nn.Linear(d, k)

    def forward(self, x: Tensor) -> Tensor:
        greatest, _ = x.max(1, keepdim=True)
        y: Tensor = self.Gamma(x - greatest)
        return y


class Reference(nn.Module):
    """Three such layers, the maximum over the points, two layers."""

    def __init__(self, k: int, d: int, classes: int) -> None:
        super().__init__()
        layers = [Equivariant(d, k), nn.Tanh(), Equivariant(k, k), nn.Tanh(), Equivariant(k, k), nn.Tanh()]
        self.phi = nn.Sequential(*layers)
        self.ro = nn.Sequential(nn.Dropout(0.5), nn.Linear(k, k), nn.Tanh(), nn.Dropout(0.5), nn.Linear(k, classes))

    def forward(self, x: Tensor) -> Tensor:
        greatest, _ = self.phi(x).max(1)
        scores: Tensor = self.ro(greatest)
        return scores


CASE = Case(
    net="deep_sets",
    sizes={"width": 16, "classes": 5},
    build=lambda: Reference(16, 3, 5),
    inputs=(2, 9, 3),
    map="deep-sets",
    published=3 * 256 + 256 + 2 * (256 * 256 + 256) + 256 * 256 + 256 + 256 * 40 + 40,
    full=lambda: Reference(256, 3, 40),
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
def test_deep_sets_is_the_reference(dtype: torch.dtype, train: bool) -> None:
    agrees(CASE, dtype, train)


def test_deep_sets_is_checked_and_has_the_published_size() -> None:
    checked(CASE)


def test_the_order_of_the_points_does_not_matter() -> None:
    module = catnet.compile(CASE.path, "deep_sets", **CASE.sizes).eval()
    x = torch.randn(4, 30, 3)
    torch.testing.assert_close(module(x[:, torch.randperm(30)]), module(x))


@pytest.mark.slow
def test_deep_sets_has_a_place_for_every_published_tensor() -> None:
    fills(CASE)
