"""Errors of equivariance as text and as SVG: a bar for each layer, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catnet.symmetry.error_measure import ClaimError, Errors, LayerError

LEAST = -17  # the power of ten at which bars begin: below it lies what double precision cannot tell from 0
WIDTH = 34  # of a bar of length 1 in a text
SHOWN = 3  # names of submodules that were not measured
ROW, SCALE, TOP = 18.0, 360.0, 58.0  # of the picture, in pixels


def share(value: float) -> float:
    """The length of a bar: 0 for an error of 1e-17 and less, 1 for an error of 1 and more.

    >>> share(0.0), share(1.0)
    (0.0, 1.0)
    """
    if value <= 0:
        return 0.0
    return min(1.0, max(0.0, 1 - math.log10(value) / LEAST)) if math.isfinite(value) else 1.0


def text(errors: Errors) -> str:
    """One sentence a claim, then a bar for each layer that was measured."""
    return "\n".join(line for claim in errors.claims for line in _lines(claim))


def summary(claim: ClaimError) -> str:
    """`S(n) on n: relative error 1.1e-16 at most, 7.3e-17 on average, over 8 elements`."""
    words = f"{claim.claim}: relative error {claim.largest:.1e} at most, {claim.mean:.1e} on average, "
    words += f"over {claim.samples} element{'s' * (claim.samples != 1)}"
    return words if claim.derivative is None else f"{words}; Lie derivative {claim.derivative:.1e}"


def _lines(claim: ClaimError) -> Iterator[str]:
    yield summary(claim)
    if claim.remark:
        yield f"  {claim.remark}"
    width = max((len(layer.name) for layer in claim.layers), default=0)
    for layer in claim.layers:
        bar = "#" * round(share(layer.largest) * WIDTH)
        yield f"  {layer.name:<{width}}  {layer.largest:.1e}  {bar}"
    if claim.unmeasured:
        more = f" and {len(claim.unmeasured) - SHOWN} more" if len(claim.unmeasured) > SHOWN else ""
        yield f"  not measured, as nothing says their types (layers=...): {', '.join(claim.unmeasured[:SHOWN])}{more}"


def draw(errors: Errors) -> str:
    """The picture: a panel for each claim, a bar for each layer from the first to the last, and one for the whole."""
    from catnet.draw.measure import text_width
    from catnet.draw.svg import FONT, INK, PAPER, escape
    from catnet.symmetry.error_measure import LayerError

    panels = [(c, [*c.layers, LayerError("the whole", c.largest, c.mean)]) for c in errors.claims]
    names = [layer.name for _, layers in panels for layer in layers]
    left = 24 + max(text_width(name, 12) for name in names)
    width = max(left + SCALE + 84, *(text_width(summary(claim), 13) + 36 for claim, _ in panels))
    body: list[str] = []
    y = 0.0
    for claim, layers in panels:
        body += _panel(claim, layers, left, y)
        y += TOP + ROW * len(layers) + 14
    title = escape("; ".join(summary(claim) for claim in errors.claims))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{y:.0f}" \
viewBox="0 0 {width:.0f} {y:.0f}" role="img" font-family="{FONT}" font-size="12">
<title>{title}</title>
<style>{_style()}</style>
<rect class="cn-paper" width="100%" height="100%" fill="{PAPER}"/>
<g class="cn-ink" fill="{INK}">
{chr(10).join(body)}
</g>
</svg>
"""


def _panel(claim: ClaimError, layers: list[LayerError], left: float, y: float) -> Iterator[str]:
    from catnet.draw.svg import MUTED, escape

    yield f'<text x="14" y="{y + 22:.1f}" font-size="13" font-weight="bold">{escape(summary(claim))}</text>'
    bottom = y + TOP + ROW * len(layers)
    for power in range(-16, 1, 4):
        x = left + SCALE * share(10.0**power)
        mark = "1" if power == 0 else f"1e{power}"
        yield f'<path class="cn-grid" d="M{x:.1f} {y + TOP - 8:.1f}V{bottom - 2:.1f}" stroke="{MUTED}" opacity="0.4"/>'
        at = f'x="{x:.1f}" y="{y + TOP - 13:.1f}" text-anchor="middle"'
        yield f'<text class="cn-muted" {at} fill="{MUTED}">{mark}</text>'
    for row, layer in enumerate(layers):
        top, length = y + TOP + ROW * row, SCALE * share(layer.largest)
        yield f'<text x="{left - 10:.1f}" y="{top + 8:.1f}" text-anchor="end">{escape(layer.name)}</text>'
        yield f'<rect class="cn-bar" x="{left:.1f}" y="{top - 2:.1f}" width="{length:.1f}" height="12" fill="{BAR}"/>'
        yield f'<text x="{left + length + 6:.1f}" y="{top + 8:.1f}">{layer.largest:.1e}</text>'


BAR, DARK_BAR = "#3f7fb5", "#6aa9dc"


def _style() -> str:
    """The dark mode; every colour stands on its element too."""
    from catnet.draw.svg import DARK_INK, DARK_MUTED, DARK_PAPER

    rules = f".cn-paper{{fill:{DARK_PAPER}}}.cn-ink{{fill:{DARK_INK}}}.cn-muted{{fill:{DARK_MUTED}}}"
    return f"@media (prefers-color-scheme: dark){{{rules}.cn-grid{{stroke:{DARK_MUTED}}}.cn-bar{{fill:{DARK_BAR}}}}}"
