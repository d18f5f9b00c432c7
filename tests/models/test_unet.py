"""The U-Net against a flat one, written as in most implementations (milesial/Pytorch-UNet)."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor, nn

from catnet.weights import Map, Rule
from tests.models.parity import Case, agrees, checked, fills


def double_conv(n: int, k: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n, k, 3, padding=1, bias=False),
        nn.BatchNorm2d(k),
        nn.ReLU(inplace=True),
        nn.Conv2d(k, k, 3, padding=1, bias=False),
        nn.BatchNorm2d(k),
        nn.ReLU(inplace=True),
    )


class Reference(nn.Module):
    """Way down, way up, all levels in a row."""

    def __init__(self, depth: int, c: int, channels: int, classes: int) -> None:
        super().__init__()
        self.inc = double_conv(channels, c)
        wide = [c * 2**i for i in range(depth + 1)]
        self.down = nn.ModuleList(double_conv(n, 2 * n) for n in wide[:-1])
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * n, n, 2, stride=2) for n in wide[-2::-1])
        self.conv = nn.ModuleList(double_conv(2 * n, n) for n in wide[-2::-1])
        self.outc = nn.Conv2d(c, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.inc(x)
        kept = []
        for down in self.down:
            kept.append(x)
            x = down(nn.functional.max_pool2d(x, 2))
        for up, conv in zip(self.up, self.conv, strict=True):
            x = conv(torch.cat([kept.pop(), up(x)], dim=1))
        scores: Tensor = self.outc(x)
        return scores


def flat(depth: int) -> Map:
    """From the levels in a row to levels inside levels."""
    parts = {"0": "conv", "1": "batch_norm", "3": "conv_2", "4": "batch_norm_2"}
    rules = [Rule("outc.{p*}", "head.{p*}")]
    for number, own in parts.items():
        rules.append(Rule(f"inc.{number}.{{p*}}", f"stem.{own}.{{p*}}"))
        for i in range(depth):
            level = "levels." + "inner." * i
            rules.append(Rule(f"down.{i}.{number}.{{p*}}", f"{level}down.{own}.{{p*}}"))
            rules.append(Rule(f"conv.{depth - 1 - i}.{number}.{{p*}}", f"{level}merge.{own}.{{p*}}"))
    rules += [Rule(f"up.{depth - 1 - i}.{{p*}}", "levels." + "inner." * i + "up.{p*}") for i in range(depth)]
    return Map("flat-unet", tuple(rules))


CASE = Case(
    net="unet",
    sizes={"depth": 3, "width": 4, "classes": 2},
    build=lambda: Reference(3, 4, 3, 2),
    inputs=(2, 3, 16, 24),
    map=flat(3),
    published=31_037_698,
    full=lambda: Reference(4, 64, 3, 2),
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
def test_unet_is_the_reference(dtype: torch.dtype, train: bool) -> None:
    agrees(CASE, dtype, train)


def test_unet_is_checked_and_has_the_published_size() -> None:
    checked(CASE)


@pytest.mark.slow
def test_unet_has_a_place_for_every_published_tensor() -> None:
    fills(dataclasses.replace(CASE, map=flat(4)))
