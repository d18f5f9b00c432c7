"""The outlines of closed boxes as SVG elements."""

from __future__ import annotations

from catnet.draw.geometry import Placed, Point
from catnet.draw.looks import LOOKS, Look, circle_sign, look_of

DASHES = {"random": "5 3", "stateful": "1.5 2.5"}


def number(value: float) -> str:
    """A coordinate: at most one decimal, so that equal pictures are equal texts."""
    text = f"{value:.1f}"
    if text.endswith(".0"):
        return text[:-2] if text != "-0.0" else "0"
    return text


def pair(point: Point) -> str:
    """A point in the data of a path."""
    return f"{number(point[0])} {number(point[1])}"


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
    if points := corners(look.shape, box):
        shown = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        fold = f'<path d="M{number(x + w - 10)} {number(y)}v10h10" {style}/>' if look.shape == "fold" else ""
        return f'<polygon points="{shown}" stroke-linejoin="round" {style}/>{fold}'
    round_by = min(h / 2, 12.0) if look.shape == "pill" else 3.0
    rect = _rect(x, y, w, h, round_by, style)
    if look.shape == "bars":
        bars = "".join(f"M{number(at)} {number(y)}v{number(h)}" for at in (x + 5, x + w - 5))
        return f'{rect}<path d="{bars}" {style}/>'
    if look.shape == "double":
        return rect + _rect(x + 3, y + 3, w - 6, h - 6, 2.0, style)
    return rect


def _rect(x: float, y: float, w: float, h: float, r: float, paint: str) -> str:
    return f'<rect x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}" rx="{number(r)}" {paint}/>'


def corners(shape: str, box: Placed) -> list[Point]:
    """The corners of a shape that is a polygon; of others none."""
    left, top, right, low = box.x, box.y, box.x + box.width, box.y + box.height
    middle = top + box.height / 2
    if shape == "slant":
        return [(left + 10, top), (right, top), (right - 10, low), (left, low)]
    if shape == "hexagon":
        return [
            (left, middle),
            (left + 10, top),
            (right - 10, top),
            (right, middle),
            (right - 10, low),
            (left + 10, low),
        ]
    if shape == "chevron":
        return [(left, top), (right - 10, top), (right, middle), (right - 10, low), (left, low), (left + 10, middle)]
    if shape == "fold":
        return [(left, top), (right - 10, top), (right, top + 10), (right, low), (left, low)]
    if shape == "chamfer":
        inner, upper, lower = (left + 6, right - 6), top + 6, low - 6
        return [(left, upper), (inner[0], top), (inner[1], top), (right, upper),
                (right, lower), (inner[1], low), (inner[0], low), (left, lower)]  # fmt: skip
    return []
