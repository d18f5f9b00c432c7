"""Functions and classes of `catnet.nn` that generated code calls: it holds copies, so that it runs without catnet."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from catnet.diagrams.graph import Graph

FOLDER = Path(__file__).parent.parent / "nn"


def files_for(graph: Graph) -> tuple[str, ...]:
    """The files of `catnet.nn` that the boxes of a graph need, by name, in one order."""
    return tuple(sorted({name for _, node in graph.walk() for name in node.box.helpers}))


@cache
def definitions(file: str) -> dict[str, str]:
    """The text of every function and class of a file of `catnet.nn`, by name.

    >>> sorted(definitions("premultiplying"))
    ['premultiply', 'scale_layer']
    """
    text = (FOLDER / f"{file}.py").read_text(encoding="utf-8")
    kinds = (ast.FunctionDef, ast.ClassDef)
    found = {d.name: ast.get_source_segment(text, d) for d in ast.parse(text).body if isinstance(d, kinds)}
    return {name: segment for name, segment in found.items() if segment is not None}


def names_in(files: Iterable[str]) -> frozenset[str]:
    """The names that the text of some files defines."""
    return frozenset(name for file in files for name in definitions(file))


def text_of(files: Iterable[str]) -> list[str]:
    """The definitions of some files."""
    return [text for file in files for text in definitions(file).values()]
