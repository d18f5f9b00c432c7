"""The vision transformer against `timm`'s."""

from __future__ import annotations

import pytest
import torch

from tests.models.parity import Case, agrees, checked, fills
from tests.models.references import timm

CASE = Case(
    net="vit",
    sizes={"layers": 3, "heads": 2, "d": 32, "patch": 4, "size": 12, "classes": 7},
    build=lambda: timm().create_model(
        "vit_base_patch16_224", img_size=12, patch_size=4, embed_dim=32, depth=3, num_heads=2, num_classes=7
    ),
    inputs=(2, 3, 12, 12),
    map="timm-vit",
    published=86_567_656,
    full=lambda: timm().create_model("vit_base_patch16_224"),
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
def test_vit_is_the_reference(dtype: torch.dtype, train: bool) -> None:
    agrees(CASE, dtype, train)


def test_vit_is_checked_and_has_the_published_size() -> None:
    checked(CASE)


@pytest.mark.slow
def test_vit_has_a_place_for_every_published_tensor() -> None:
    fills(CASE)
