"""ResNet-50 against `timm`'s."""

from __future__ import annotations

import pytest
import torch

from tests.models.parity import Case, agrees, checked, fills
from tests.models.references import timm

CASE = Case(
    net="resnet50",
    sizes={"classes": 7},
    build=lambda: timm().create_model("resnet50", num_classes=7),
    inputs=(2, 3, 45, 40),
    map="timm-resnet",
    published=25_557_032,
    full=lambda: timm().create_model("resnet50"),
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
def test_resnet50_is_the_reference(dtype: torch.dtype, train: bool) -> None:
    agrees(CASE, dtype, train)


def test_resnet50_is_checked_and_has_the_published_size() -> None:
    checked(CASE)


@pytest.mark.slow
def test_resnet50_has_a_place_for_every_published_tensor() -> None:
    fills(CASE)
