"""MLP-Mixer against `timm`'s."""

from __future__ import annotations

import pytest
import torch

from tests.models.parity import Case, agrees, checked, fills
from tests.models.references import timm

CASE = Case(
    net="mlp_mixer",
    sizes={"layers": 3, "d": 32, "patch": 4, "size": 12, "classes": 7},
    build=lambda: timm("timm.models.mlp_mixer").MlpMixer(
        img_size=12, patch_size=4, embed_dim=32, num_blocks=3, num_classes=7
    ),
    inputs=(2, 3, 12, 12),
    map="timm-mixer",
    published=59_880_472,
    full=lambda: timm().create_model("mixer_b16_224"),
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
def test_mlp_mixer_is_the_reference(dtype: torch.dtype, train: bool) -> None:
    agrees(CASE, dtype, train)


def test_mlp_mixer_is_checked_and_has_the_published_size() -> None:
    checked(CASE)


@pytest.mark.slow
def test_mlp_mixer_has_a_place_for_every_published_tensor() -> None:
    fills(CASE)
