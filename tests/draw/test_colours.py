"""The colours of pictures: words can be read on every fill, in light and dark, and colour-blind readers can tell boxes
of one shape apart."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

import catnet.boxes  # noqa: F401  (fills the vocabulary)
from catnet.diagrams.box import VOCABULARY
from catnet.draw.looks import _ALIASES, LOOKS, PLAIN_LOOK, SHAPES, Look
from catnet.draw.shapes import DASHES
from catnet.draw.svg import DARK_INK, DARK_MUTED, DARK_PAPER, INK, MUTED, PAPER

ALL = {**LOOKS, "plain": PLAIN_LOOK}
TEXT, GRAPHIC = 4.5, 3.0  # WCAG 2.2, criteria 1.4.3 and 1.4.11
TOLD_APART = 10.0  # CIE 1976; about 2 can just be seen side by side

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SIGHT = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
}


def linear(colour: str) -> list[float]:
    """Linear RGB of `#rrggbb`."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def contrast(one: str, other: str) -> float:
    dark, light = sorted(
        sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear(c), strict=True)) for c in (one, other)
    )
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, sight: str) -> tuple[float, float, float]:
    """CIE L*a*b* of a colour as it is seen."""
    rgb = linear(colour)
    r, g, b = (min(1.0, max(0.0, sum(w * p for w, p in zip(row, rgb, strict=True)))) for row in SIGHT[sight])
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
    )
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert lab("#ffffff", "full") == pytest.approx((100, 0, 0), abs=0.1)


@pytest.mark.parametrize("name", ALL)
def test_words_and_outlines_are_seen(name: str) -> None:
    look = ALL[name]
    assert contrast(INK, look.fill) >= TEXT
    assert contrast(MUTED, look.fill) >= TEXT
    assert contrast(DARK_INK, look.dark_fill) >= TEXT
    assert contrast(DARK_MUTED, look.dark_fill) >= TEXT
    assert contrast(look.line, PAPER) >= GRAPHIC
    assert contrast(look.dark_line, DARK_PAPER) >= GRAPHIC


def test_words_and_wires_are_seen_on_the_page() -> None:
    for ink in (INK, MUTED):
        assert contrast(ink, PAPER) >= TEXT
    for ink in (DARK_INK, DARK_MUTED):
        assert contrast(ink, DARK_PAPER) >= TEXT


def alike() -> list[tuple[str, str]]:
    """Families of one shape in different colours; random boxes are told by their dashes too."""
    shown = {name: look for name, look in ALL.items() if name not in DASHES}
    return [(a, b) for a, b in combinations(shown, 2) if ALL[a].shape == ALL[b].shape and ALL[a] != ALL[b]]


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(("one", "other"), alike())
def test_boxes_of_one_shape_are_told_apart(one: str, other: str, sight: str) -> None:
    def apart(colour: str) -> float:
        return math.dist(*(lab(getattr(ALL[name], colour), sight) for name in (one, other)))

    assert apart("line") >= TOLD_APART
    assert apart("dark_line") >= TOLD_APART


def test_red_and_green_of_one_lightness_would_not_be_told_apart() -> None:
    red, green = "#b05a4a", "#7d7a3c"
    assert math.dist(lab(red, "full"), lab(green, "full")) > 2 * TOLD_APART
    assert math.dist(lab(red, "deuteranopia"), lab(green, "deuteranopia")) < TOLD_APART


def test_every_family_has_a_look() -> None:
    families = {
        _ALIASES.get(cls.family, cls.family) for cls in VOCABULARY.values() if cls.__module__.startswith("catnet.")
    }
    assert families <= set(LOOKS)
    assert {look.shape for look in ALL.values()} <= set(SHAPES)
    assert isinstance(PLAIN_LOOK, Look)
