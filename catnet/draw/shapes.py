"""The outlines of closed boxes as SVG elements."""

from __future__ import annotations

from catnet.draw.geometry import Placed
from catnet.draw.looks import LOOKS, Look, circle_sign, look_of

DASHES = {"random": "5 3", "stateful": "1.5 2.5"}


def number(value: float) -> str:
    """A coordinate: at most one decimal, so that equal pictures are equal texts."""
    text = f"{value:.1f}"
    if text.endswith(".0"):
        return text[:-2] if text != "-0.0" else "0"
    return text


def dashes(box: Placed) -> str:
    dashes = DASHES.get(box.node.box.effect)
    return f' stroke-dasharray="{dashes}"' if dashes else ""


def paint(look: Look) -> str:
    return f'fill="{look.fill}" stroke="{look.line}" stroke-width="1.3"'


def outline(box: Placed) -> str:
    """The outline of a closed box."""
    look = look_of(box.node.box)
    name = next((k for k, v in LOOKS.items() if v is look), "plain")
    style = f'class="cn-{name}" {paint(look)}{dashes(box)}'
    x, y, w, h = box.x, box.y, box.width, box.height
    if circle_sign(box.node) is not None:
        return f'<circle cx="{number(x + w / 2)}" cy="{number(y + h / 2)}" r="{number(w / 2)}" {style}/>'
    if look.shape == "slant":
        return _polygon([(x + 10, y), (x + w, y), (x + w - 10, y + h), (x, y + h)], style)
    if look.shape == "hexagon":
        middle, left, right = y + h / 2, x + 10, x + w - 10
        points = [(x, middle), (left, y), (right, y), (x + w, middle), (right, y + h), (left, y + h)]
        return _polygon(points, style)
    if look.shape == "fold":
        points = [(x, y), (x + w - 10, y), (x + w, y + 10), (x + w, y + h), (x, y + h)]
        return _polygon(points, style) + f'<path d="M{number(x + w - 10)} {number(y)}v10h10" {style}/>'
    round_by = min(h / 2, 12.0) if look.shape == "pill" else 3.0
    rect = _rect(x, y, w, h, round_by, style)
    if look.shape == "bars":
        return (
            rect
            + f'<path d="M{number(x + 5)} {number(y)}v{number(h)}M{number(x + w - 5)} {number(y)}v{number(h)}" {style}/>'
        )
    if look.shape == "double":
        return rect + _rect(x + 3, y + 3, w - 6, h - 6, 2.0, style)
    return rect


def _rect(x: float, y: float, w: float, h: float, r: float, paint: str) -> str:
    return f'<rect x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}" rx="{number(r)}" {paint}/>'


def _polygon(points: list[tuple[float, float]], paint: str) -> str:
    shown = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return f'<polygon points="{shown}" stroke-linejoin="round" {paint}/>'
