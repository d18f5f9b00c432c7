"""True and generated fibres of a table as a picture: a histogram of each column over some base points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

WIDE, HIGH, GAP, LEFT, TOP, BINS = 92, 54, 12, 120, 56, 21
COLOURS = {"true": "#1f4e79", "generated": "#c0504d"}


def picture(columns: Sequence[str], fibres: Mapping[str, tuple[Tensor, Tensor]]) -> str:
    """An SVG from true and generated rows [n, columns] in [0, 10] over each base point; generated ones as a line."""
    width, height = LEFT + len(columns) * (WIDE + GAP), TOP + len(fibres) * (HIGH + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif"'
        ' font-size="12">\n<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{GAP}" y="18"><tspan fill="{COLOURS["true"]}">filled: true</tspan>'
        f'<tspan fill="{COLOURS["generated"]}" dx="12">line: generated</tspan></text>',
    ]
    for k, column in enumerate(columns):
        parts.append(
            f'<text x="{LEFT + k * (WIDE + GAP) + WIDE / 2}" y="{TOP - 10}" text-anchor="middle">{column}</text>'
        )
    for row, (name, (true, made)) in enumerate(fibres.items()):
        top = TOP + row * (HIGH + GAP)
        parts.append(f'<text x="{GAP}" y="{top + HIGH / 2}">{name}</text>')
        for k in range(len(columns)):
            parts.append(_histogram(LEFT + k * (WIDE + GAP), top, true[:, k], made[:, k]))
    return "\n".join(parts) + "\n</svg>\n"


def _histogram(left: float, top: float, true: Tensor, made: Tensor) -> str:
    """Shares of values in bins of half a unit; the tallest fills the height, and what is outside goes to the ends."""
    shares = [torch.histc(values.clamp(0, 10), BINS, -0.25, 10.25) / len(values) for values in (true, made)]
    most = max(float(share.max()) for share in shares)
    steps = []
    for share in shares:
        corners = []
        for i, value in enumerate((share / most).tolist()):
            y = top + HIGH * (1 - value)
            corners += [f"{left + i * WIDE / BINS:.1f} {y:.1f}", f"{left + (i + 1) * WIDE / BINS:.1f} {y:.1f}"]
        steps.append("L".join(corners))
    foot = top + HIGH
    area = f"M{left} {foot}L{steps[0]}L{left + WIDE} {foot}Z"
    return (
        f'<path d="{area}" fill="{COLOURS["true"]}" fill-opacity="0.35"/>\n'
        f'<path d="M{steps[1]}" fill="none" stroke="{COLOURS["generated"]}" stroke-width="1.3"/>\n'
        f'<path d="M{left} {foot}h{WIDE}" stroke="#999999"/>'
    )
