"""The fibres of bundles over a circle as a picture: true points beside generated ones, over some base points."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

SIZE, GAP, TOP = 78, 10, 46  # of a square, between squares, and above the first row
REACH = 0.75  # half of what a square shows of the plane of a fibre
COLOURS = {"true": "#1f4e79", "generated": "#c0504d"}


def picture(surfaces: Mapping[str, tuple[Tensor, Tensor, Tensor]]) -> str:
    """An SVG from angles [n], true and generated points [n, samples, 3] of each surface.

    A square is the half plane over a base point: across it goes the way out from the axis, up the height.
    """
    parts, height = [], float(TOP)
    for name, (angles, true, made) in surfaces.items():
        parts.append(f'<text x="{GAP}" y="{height - 24:.0f}" font-weight="bold">{name}</text>')
        for k, angle in enumerate(angles.tolist()):
            left = GAP + 90 + k * (SIZE + GAP)
            degrees = round(math.degrees(angle), 1)
            middle = left + SIZE / 2
            parts.append(f'<text x="{middle:.1f}" y="{height - 6:.0f}" text-anchor="middle">{degrees:g}°</text>')
            for row, (kind, points) in enumerate((("true", true[k]), ("generated", made[k]))):
                parts.append(_square(left, height + row * (SIZE + GAP), points, angle, COLOURS[kind]))
        for row, (kind, colour) in enumerate(COLOURS.items()):
            middle = height + row * (SIZE + GAP) + SIZE / 2
            parts.append(f'<text x="{GAP}" y="{middle:.1f}" fill="{colour}">{kind}</text>')
        height += 2 * (SIZE + GAP) + TOP
    width = GAP + 90 + max(len(angles) for angles, _, _ in surfaces.values()) * (SIZE + GAP)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height - TOP + GAP:.0f}"'
        ' font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n'
    )
    return head + "\n".join(parts) + "\n</svg>\n"


def _square(left: float, top: float, points: Tensor, angle: float, colour: str) -> str:
    """Points [samples, 3] in the half plane over an angle, where the middle is at distance 2 from the axis."""
    out = points[:, 0] * math.cos(angle) + points[:, 1] * math.sin(angle) - 2
    places = SIZE / 2 * (1 + torch.stack([out, -points[:, 2]], -1) / REACH)
    shown = places[((places > 0) & (places < SIZE)).all(-1)].tolist()
    dots = "".join(f"M{left + x:.1f} {top + y:.1f}h0" for x, y in shown)
    frame = f'<rect x="{left}" y="{top}" width="{SIZE}" height="{SIZE}" fill="none" stroke="#bbbbbb"/>'
    style = f'stroke="{colour}" stroke-opacity="0.6" stroke-width="2.2" stroke-linecap="round"'
    return f'{frame}\n<path {style} d="{dots}"/>'
