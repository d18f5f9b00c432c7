"""The registry of diagnostic codes: `catnet explain E0203` and the tests read it.

E01xx reading the text, E02xx names, types and structure, E03xx files and imports, E04xx laws, E05xx what is
written in Python, E06xx commands, E07xx symmetry, E08xx bundles, E09xx several devices.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from catnet.codes import (
    boxes,
    bundles,
    equivariant,
    files,
    fit,
    grids,
    groups,
    intertwiners,
    names,
    parallel,
    structure,
    symmetry,
    syntax,
    values,
)
from catnet.codes.entry import MAIN, Code
from catnet.diagnostics import fail
from catnet.types.spelling import nearest

__all__ = ["CODES", "MAIN", "Code", "explain"]

WIDTH = 100


def _registry(*groups: Iterable[Code]) -> dict[str, Code]:
    entries = sorted((entry for group in groups for entry in group), key=lambda entry: entry.code)
    made = {entry.code: entry for entry in entries}
    if len(made) != len(entries):
        raise ValueError("a code is registered twice")
    return made


CODES: Mapping[str, Code] = _registry(
    syntax.CODES,
    names.CODES,
    values.CODES,
    fit.CODES,
    structure.CODES,
    files.CODES,
    boxes.CODES,
    parallel.CODES,
    groups.CODES,
    intertwiners.CODES,
    symmetry.CODES,
    equivariant.CODES,
    grids.CODES,
    bundles.CODES,
)
"""Every code, in order."""


def find(code: str) -> Code:
    """The entry of a code, however it is written (`e203` will do); raises `CatnetError` (E0604)."""
    wanted = code.strip().upper()
    digits = wanted.removeprefix("E")
    if digits.isascii() and digits.isdigit():
        wanted = f"E{digits:0>4}"
    if wanted not in CODES:
        near = nearest(wanted, CODES)
        listed = "`catnet explain` without a code lists them all"
        fail("E0604", f"there is no code `{code}`", help=near or listed)
    return CODES[wanted]


def explain(code: str) -> str:
    """A page on one code, for a terminal."""
    entry = find(code)
    parts = [f"{entry.code}: {entry.title}", _wrapped(entry.explanation)]
    if entry.how:
        parts.append(_wrapped(entry.how))
    if entry.bad:
        beside = {**entry.files, **entry.bad_files}
        parts.append("For example, this is wrong:\n\n" + _example(entry.bad, beside))
    if entry.good:
        parts.append("and this is right:\n\n" + _example(entry.good, entry.files))
    return "\n\n".join(parts) + "\n"


def listing() -> str:
    """All codes with their titles, one a line."""
    return "".join(f"{entry.code}  {entry.title}\n" for entry in CODES.values())


def _wrapped(text: str) -> str:
    lines = textwrap.TextWrapper(WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n\n".join(lines.fill(" ".join(p.split())) for p in text.split("\n\n"))


def _example(text: str, beside: Mapping[str, str]) -> str:
    """An example, indented; with the names of the files where there are several."""
    if not beside:
        return _indented(text)
    files = {MAIN: text, **beside}
    return "\n\n".join(f"    # {name}\n{_indented(body)}" for name, body in files.items())


def _indented(text: str) -> str:
    lines = text.strip("\n").split("\n")
    cut = [line if len(line) <= WIDTH else line[: WIDTH - 4] + " ..." for line in lines]
    return textwrap.indent("\n".join(cut), "    ")
