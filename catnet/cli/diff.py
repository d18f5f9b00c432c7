"""`catnet diff OLD NEW [NET]`: two specs side by side."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from catnet.cli import FINE
from catnet.cli.arguments import parameters
from catnet.cli.output import has_colour, one_line, print_safely, printable
from catnet.diagnostics import fail

if TYPE_CHECKING:
    from catnet.analysis.diff import Difference
    from catnet.elaborate.program import Program

COLOURS = {"+": "32", "-": "31", "~": "33"}


def target(text: str) -> tuple[str, str | None]:
    """The file and the net that `FILE` or `FILE:NET` says.

    >>> target("specs/net.cat:block"), target("C:/net.cat")
    (('specs/net.cat', 'block'), ('C:/net.cat', None))
    """
    file, colon, net = text.rpartition(":")
    if colon and file and net.isidentifier() and not Path(text).exists():
        return file, net
    return text, None


def compare(options: Namespace) -> int:
    """`catnet diff OLD NEW [NET]`: 0 where the two could be compared, be they equal or not."""
    from catnet.analysis.diff_files import diff_files, overview_data, overview_lines

    given = parameters(options.params)
    (old, ours), (new, theirs) = target(options.old), target(options.new)
    ours, theirs = ours or options.net or theirs, theirs or options.net or ours
    if options.out is not None and ours is None:
        fail("E0610", "a picture shows one net of each file", help="name it: catnet diff OLD NEW NET -o NAME.svg")
    before, after = _program(old, options), _program(new, options)
    if ours is not None and theirs is not None:
        return _nets(options, before, ours, after, theirs)
    changes = diff_files(before, after, given)
    if options.json:
        print(json.dumps({"old": old, "new": new, "nets": overview_data(changes)}, indent=2))
        return FINE
    _show([*overview_lines(changes)])
    if any(change.found is not None and not change.found.equal for change in changes):
        _show(["", "`catnet diff OLD NEW NET` shows the parts of one net."])
    return FINE


def _nets(options: Namespace, before: Program, ours: str, after: Program, theirs: str) -> int:
    """Two nets, part by part."""
    from catnet.analysis.diff import diff
    from catnet.analysis.diff_files import diagrams
    from catnet.analysis.diff_words import data, lines

    found = diff(*diagrams(before[ours], after[theirs], parameters(options.params)))
    if options.out is not None:
        _draw(found, options)
    if options.json:
        print(json.dumps(data(found), indent=2))
    elif options.out is None:
        _show([*lines(found)])
    return FINE


def _draw(found: Difference, options: Namespace) -> None:
    """The picture of both nets, in the format of the file's name."""
    from catnet.analysis.diff import marks
    from catnet.cli.draw import picture_format
    from catnet.draw.convert import convert
    from catnet.draw.diff import draw_diff
    from catnet.files import write_atomically

    format = picture_format(options.out)
    if format == "tex" or format == "dot":
        fail(
            "E0605", f"cannot draw `{options.out}`: two nets side by side are SVG, PDF or PNG", help="write -o NAME.svg"
        )
    picture = draw_diff(found.old, found.new, *marks(found))
    write_atomically(options.out, picture if format == "svg" else convert(picture, format))
    if not options.json:
        print(f"wrote {one_line(options.out)}")


def _program(file: str, options: Namespace) -> Program:
    from catnet.elaborate.program import Program

    program = Program(file, options.root, options.budget)
    program.raise_errors()
    return program


def _show(lines: list[str]) -> None:
    """Print lines; on a terminal, those that begin with a sign in its colour."""
    if not has_colour():
        print_safely("\n".join(lines))
        return
    for line in map(printable, lines):
        colour = COLOURS.get(line.lstrip()[:1]) if line.lstrip()[1:2] == " " else None
        print(f"\x1b[{colour}m{line}\x1b[0m" if colour else line)
