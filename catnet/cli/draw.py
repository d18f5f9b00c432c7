"""`catnet render FILE NET -o PICTURE`, in the format of the picture's name, and `catnet draw`, for a terminal."""

from __future__ import annotations

import shutil
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from catnet.cli import FINE
from catnet.cli.output import one_line, print_safely
from catnet.diagnostics import fail

if TYPE_CHECKING:
    from catnet.diagrams.terms import Diagram

PictureFormat = Literal["svg", "pdf", "png", "tex", "dot"]
FORMATS: dict[str, PictureFormat] = {
    ".svg": "svg", ".pdf": "pdf", ".png": "png", ".tex": "tex", ".dot": "dot", ".gv": "dot",
}  # fmt: skip
WIDEST = 120  # columns: in wider rows the eye loses its line


def picture_format(out: str) -> PictureFormat:
    """The format that a file's name asks for; raises `CatnetError` (E0605).

    >>> picture_format("net.PDF")
    'pdf'
    """
    suffix = Path(out).suffix.lower()
    if suffix not in FORMATS:
        said = f"`{suffix}` is no format" if suffix else "the name has no ending that says the format"
        fail("E0605", f"cannot draw `{out}`: {said}", help="write -o NAME.svg, or .pdf, .png, .tex, .dot")
    return FORMATS[suffix]


def render(options: Namespace, diagram: Callable[[Namespace], Diagram]) -> int:
    """`catnet render FILE NET -o FILE`: the picture in a file; `diagram` reads the net that the options name."""
    from catnet.draw import draw
    from catnet.files import write_atomically

    format = picture_format(options.out)
    write_atomically(options.out, draw(diagram(options), format, depth=options.depth, direction=options.direction))
    print(f"wrote {one_line(options.out)}")
    return FINE


def draw_text(options: Namespace, diagram: Callable[[Namespace], Diagram]) -> int:
    """`catnet draw FILE NET`: the picture in characters, as wide as the terminal; `diagram` reads the net."""
    from catnet.draw import readable_depth, text
    from catnet.draw.words import unwrapped

    graph = unwrapped(diagram(options).graph)
    width = options.width or min(WIDEST, shutil.get_terminal_size((text.WIDTH, 24)).columns - 1)
    depth = options.depth or readable_depth(graph)
    ascii = options.ascii or not _shows(text.SIGNS.values())
    print_safely(text.write(graph, f"{graph.name} : {graph.type}", depth, width, ascii))
    return FINE


def _shows(signs: Iterable[str]) -> bool:
    """Whether the terminal's encoding has the characters of a picture."""
    try:
        "".join(["│─╯┬■▼", *signs]).encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
