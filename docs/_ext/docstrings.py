"""Docstrings in plain text, with code between single backticks, as reStructuredText for autodoc."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

CODE = re.compile(r"`+([^`]+)`+")
SPECIAL = re.compile(r"([\\*|_])")
SECTION = re.compile(r"(Args|Returns|Raises):$")


def as_rst(lines: Sequence[str]) -> list[str]:
    """The lines of a docstring, with literal blocks where it is indented.

    >>> as_rst(["`f*g` is k*V:", "", "    f >> g"])
    ['``f*g`` is k\\\\*V:', '', '::', '', '    f >> g', '']
    >>> as_rst(["It is `f", "g`."])
    ['It is ``f g``.', '']
    """
    return list(_lines(lines))


def _lines(lines: Sequence[str]) -> Iterator[str]:
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    literal = False
    for paragraph in filter(None, paragraphs):
        indented = all(line.startswith("    ") for line in paragraph)
        if indented and not literal:
            yield from ("::", "")
        literal = indented
        if indented or paragraph[0].startswith(">>>"):
            yield from paragraph
        elif SECTION.match(paragraph[0].strip()):
            yield from _section(paragraph)
        else:
            yield from _escaped("\n".join(paragraph)).split("\n")
        yield ""


def _section(paragraph: Sequence[str]) -> Iterator[str]:
    """`Args:` and its entries as a definition list."""
    yield _escaped(paragraph[0].strip())
    yield ""
    for line in paragraph[1:]:
        name, colon, rest = line.strip().partition(": ")
        entry = len(line) - len(line.lstrip()) == 4 and colon
        yield f"- ``{name}``: {_escaped(rest)}" if entry else f"  {_escaped(line.strip())}"


def _escaped(text: str) -> str:
    """Text whose code, which may go over the end of a line, stands in double backticks."""
    parts = re.split(r"(`+[^`]+`+)", text)
    return "".join(_code(part) if i % 2 else SPECIAL.sub(r"\\\1", part) for i, part in enumerate(parts))


def _code(part: str) -> str:
    return CODE.sub(lambda m: f"``{' '.join(m[1].split())}``", part)
