"""Texts that were written for a terminal or a docstring, as Markdown."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

CODE = re.compile(r"(`+[^`]+`+)")
_WIRE = r"(?:\b(?:R|C|Z|X|Y|S|Bool|Fin\(\w+\))(?:\[[^\]]*\])?|\(\))"
TYPE = re.compile(rf"{_WIRE}(?: @ {_WIRE})*(?: -> {_WIRE}(?: @ {_WIRE})*)+|\b[RCZ]\[[^\]]*\]")
SPECIAL = re.compile(r"([\\*<>\[\]_|~])")


def escaped(text: str) -> str:
    """Plain text that Markdown shows as it is; what stands between backticks stays code.

    >>> escaped("k*V is `a*b`")
    'k\\\\*V is `a*b`'
    """
    parts = CODE.split(text)
    return "".join(part if i % 2 else SPECIAL.sub(r"\\\1", part) for i, part in enumerate(parts))


def coded(text: str) -> str:
    """Types in plain text as code.

    >>> coded("of wires, R[t, d] -> R[d] or `R[d]`.")
    'of wires, `R[t, d] -> R[d]` or `R[d]`.'
    """
    parts = CODE.split(text)
    return "".join(part if i % 2 else TYPE.sub(r"`\g<0>`", part) for i, part in enumerate(parts))


def fenced(text: str, language: str) -> str:
    """A code block."""
    return f"```{language}\n{text.strip(chr(10))}\n```\n"


def markdown(text: str, language: str = "cat") -> str:
    """Paragraphs in plain words, with what is indented as code in a language."""
    blocks = re.split(r"\n\s*\n", text.strip("\n"))
    made: list[str] = []
    for block in blocks:
        if all(line.startswith("    ") for line in block.split("\n")):
            made.append(fenced(textwrap.dedent(block), language))
        else:
            made.append(escaped(coded(" ".join(block.split()))))
    return "\n\n".join(made) + "\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown; the cells are Markdown without `|`."""
    cells = [list(head), *map(list, rows)]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "---|" * len(cells[0]), *lines[1:]]) + "\n"


def code(text: object) -> str:
    """Code within a line."""
    shown = str(text).replace("|", "\\|")
    return f"`{shown}`" if shown else ""


def first_sentence(text: str) -> str:
    """The first sentence of a text."""
    flat = " ".join(text.split())
    found = re.match(r".*?[.:](?=\s+[A-Z`]|$)", flat)
    return (found[0] if found else flat).rstrip(":.") + "."
