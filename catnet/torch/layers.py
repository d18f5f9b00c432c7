"""Layers whose weights live in an exact basis: what generated code calls to construct them."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

from catnet.diagnostics import Source
from catnet.nn.blockwise import Block, Blockwise
from catnet.symmetry.equivariant import Paths, paths
from catnet.symmetry.exact import to_float
from catnet.symmetry.reps import Rep
from catnet.syntax.parser import parse_expression
from catnet.types.static import evaluate


def representation(text: str) -> Rep:
    """The representation that a text of the language means, such as `"8*trivial(O(3)) + 4*vector(O(3))"`."""
    import catnet.symmetry.words  # noqa: F401

    found = evaluate(parse_expression(Source("<representation>", text)), lambda _: None)
    if not isinstance(found, Rep):
        raise TypeError(f"`{text}` is no representation")
    return found


def intertwiner(source: str, target: str, bias: bool = True) -> Blockwise:
    """The linear maps that commute with a group, from one representation to another.

    >>> layer = intertwiner("2*vector(SO(3))", "vector(SO(3))")
    >>> [tuple(p.shape) for p in layer.parameters()]
    [(1, 2, 1)]
    """
    found = paths(representation(source), representation(target), bias)
    return Blockwise([_block(path) for path in found], representation(target).number(), representation(source).number())


def _block(path: Any) -> Block:
    part: Paths = path
    scale = _Scale(part.source, part.target)
    basis = None if part.is_identity else [scale.true(element) for element in part.elements]
    return Block(
        part.source_start, part.source_count, part.source.number(),
        part.target_start, part.target_count, part.target.number(),
        basis, [{row: to_float(x).real for row, x in vector.items()} for vector in part.invariants],
    )  # fmt: skip


class _Scale:
    """From the entries of the exact form to those in the true basis."""

    def __init__(self, source: Rep, target: Rep) -> None:
        self.source, self.target = source.scale, target.scale

    def true(self, element: Mapping[tuple[int, int], Any]) -> dict[tuple[int, int], float]:
        made = {}
        for (i, j), x in element.items():
            up = self.target[i] if self.target is not None else 1
            down = self.source[j] if self.source is not None else 1
            made[i, j] = to_float(x).real * sqrt(up / down)
        return made
