"""Pictures for print and for pages without SVG: PDF and PNG, made from our SVG by CairoSVG.

CairoSVG is an extra, `catnet[pictures]`, and is imported only here, when a picture in such a format is asked for.
"""

from __future__ import annotations

import re
from typing import Literal

from catnet.diagnostics import fail

ConvertedFormat = Literal["pdf", "png"]
SHARP = 2.0  # pixels of a PNG to a unit of the SVG
MOST_PIXELS = 64_000_000  # 256 MB while it is drawn
LONGEST = 32_000  # pixels of a side: Cairo counts to 32,767
LONGEST_PAGE = 19_000.0  # units of a side: 14,400 points are what readers of PDF show


def convert(svg: str, format: ConvertedFormat) -> bytes:
    """An SVG picture of ours as a PDF page of its size, or as a PNG of twice its size (less where that is too large).

    Raises `CatnetError` (E0608) where CairoSVG or the Cairo library is not installed.
    """
    try:
        import cairosvg
    except ImportError as error:
        fail(
            "E0608",
            f"a picture as {format.upper()} needs CairoSVG, which is not installed ({error})",
            help="pip install 'catnet[pictures]', or write NAME.svg",
        )
    except OSError:
        fail(
            "E0608",
            f"a picture as {format.upper()} needs the Cairo library, which CairoSVG does not find",
            help="install it: apt install libcairo2, or brew install cairo; or write NAME.svg",
        )
    width, height = size(svg)
    if format == "pdf":
        made = cairosvg.svg2pdf(bytestring=svg.encode(), scale=min(1.0, LONGEST_PAGE / max(width, height)))
    else:
        made = cairosvg.svg2png(bytestring=svg.encode(), scale=scale_of(width, height))
    return bytes(made)


def size(svg: str) -> tuple[float, float]:
    """Width and height of an SVG picture of ours, in its units.

    >>> size('<svg xmlns="..." width="320.5" height="90" viewBox="0 0 320.5 90">')
    (320.5, 90.0)
    """
    found = re.search(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"', svg)
    if found is None:
        raise ValueError("a picture says its width and height in numbers")
    return float(found[1]), float(found[2])


def scale_of(width: float, height: float) -> float:
    """How many pixels a unit gets: two, or as many as Cairo and the memory allow.

    >>> scale_of(400, 300), scale_of(64_000, 100)
    (2.0, 0.5)
    """
    return min(SHARP, LONGEST / max(width, height), (MOST_PIXELS / (width * height)) ** 0.5)
