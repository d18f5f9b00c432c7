"""One picture opens alike in a browser, in librsvg and in CairoSVG: of the size it says, and with the same ink."""

from __future__ import annotations

import importlib.util
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from catnet.draw import draw
from catnet.draw.convert import size
from catnet.elaborate.program import Program

PIL = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

PROGRAM = """
net residual(f: X -> X) : X -> X = id + f
net shown(k = 8) : (x: R[n, k], y: R[n, k]) -> R[n, 4*k] {
    share w = linear(k)
    a = x >> w >> layer_norm >> dropout(0.1)
    b = y >> transpose(w) >> residual(linear(2*k) >> relu >> linear(k)) ^ 12
    c = (a, b, a) >> sdpa
    return a @ b @ c @ (x * y) >> concat(axis = -1)
}
"""
CELLS = 24  # the picture is compared as so many columns of grey, from 0 to 255
SEEN = 15  # how much a cell's grey may differ; fonts are not the same everywhere


def picture(direction: str) -> str:
    return draw(Program.from_text(PROGRAM)["shown"](), direction=direction)  # type: ignore[arg-type]


def chromium(svg: Path, png: Path) -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed")
    width, height = size(svg.read_text(encoding="utf-8"))
    page = svg.with_suffix(".html")
    page.write_text(f'<body style="margin:0"><img src="{svg.name}" style="display:block">', encoding="utf-8")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={svg.parent / 'user'}",
    ]
    window = f"--window-size={round(width)},{round(height)}"
    subprocess.run(
        [program, *flags, window, f"--screenshot={png}", page.as_uri()], check=True, capture_output=True, timeout=120
    )


def librsvg(svg: Path, png: Path) -> None:
    if shutil.which("rsvg-convert") is None:
        pytest.skip("rsvg-convert (librsvg) is not installed")
    subprocess.run(["rsvg-convert", str(svg), "-o", str(png)], check=True, capture_output=True, timeout=60)


def cairosvg(svg: Path, png: Path) -> None:
    if importlib.util.find_spec("cairosvg") is None:
        pytest.skip("CairoSVG is not installed")
    from catnet.draw.convert import convert

    image = PIL.open(io.BytesIO(convert(svg.read_text(encoding="utf-8"), "png")))
    image.resize((image.width // 2, image.height // 2), PIL.Resampling.BOX).save(png)


RENDERERS = {"chromium": chromium, "librsvg": librsvg, "cairosvg": cairosvg}


def rendered(name: str, svg: str, folder: Path) -> PIL.Image:
    """A picture as one of the renderers shows it."""
    source, png = folder / "picture.svg", folder / f"{name}.png"
    source.write_text(svg, encoding="utf-8")
    RENDERERS[name](source, png)
    return PIL.open(png).convert("RGBA")


def cells(image: PIL.Image) -> list[float]:
    """How dark each part of a picture is, on white paper."""
    paper = PIL.new("RGBA", image.size, "white")
    grey = PIL.alpha_composite(paper, image).convert("L")
    rows = round(CELLS * image.height / image.width)
    return [255 - value for value in grey.resize((CELLS, rows), PIL.Resampling.BOX).tobytes()]


def differences(one: PIL.Image, other: PIL.Image) -> list[float]:
    return [abs(a - b) for a, b in zip(cells(one), cells(other), strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["right", "down"])
@pytest.mark.parametrize("name", RENDERERS)
def test_it_is_rendered_as_large_as_it_says_and_alike(name: str, direction: str, tmp_path: Path) -> None:
    svg = picture(direction)
    image = rendered(name, svg, tmp_path)
    width, height = size(svg)
    assert abs(image.width - width) <= 1
    assert abs(image.height - height) <= 1
    found = cells(image)
    assert sum(value > 4 for value in found) > 0.25 * len(found)
    other = rendered("librsvg" if name == "cairosvg" else "cairosvg", svg, tmp_path)
    assert max(differences(image, other)) < SEEN


@pytest.mark.parametrize("direction", ["right", "down"])
def test_a_box_that_is_not_there_would_be_seen(direction: str, tmp_path: Path) -> None:
    svg = picture(direction)
    without = re.sub("<polygon [^>]*/>", "", svg, count=1)
    assert without != svg
    image = rendered("cairosvg", svg, tmp_path)
    assert max(differences(image, rendered("cairosvg", without, tmp_path))) > SEEN
