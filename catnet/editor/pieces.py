"""A file in pieces: the text of each item is read once, and again only when it changes.

The tree of an item has places within its own text, so it stays right wherever the item moves; `Layout` knows where
each piece stands now.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

from catnet.diagnostics import Diagnostic, Source, Span
from catnet.syntax import tree
from catnet.syntax.comments import children
from catnet.syntax.parser import MAX_SIZE, parse
from catnet.syntax.scan import Chunk, scan

VALUES = (tree.Group, tree.Rep, tree.Bundle, tree.Derived)  # what is worked out for a whole file at once


@dataclass(frozen=True, eq=False)
class Piece:
    """The text of one item with the comments that belong to it, and what was read from it."""

    source: Source
    items: tuple[tree.Item, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class Uses:
    """The names that an item uses, and those in its header; whether its type has holes and its body looks inwards."""

    names: tuple[str, ...]
    header: tuple[str, ...]
    holes: bool
    inwards: bool


_USES: WeakKeyDictionary[Source, Uses] = WeakKeyDictionary()
_INWARDS = re.compile(r"\^\s*[-−]|\btranspose\b")  # what looks into the bodies of the nets that it is applied to


def uses(item: tree.Item) -> Uses:
    """The names of an item; worked out once for each text, of which one item was read."""
    assert item.span is not None
    known = _USES.get(item.span.source)
    if known is None:
        header = (item.params, item.type, item.where, item.under) if isinstance(item, tree.Net) else ()
        holes = any(isinstance(node, tree.Hole) for node in nodes(header))
        inwards = _INWARDS.search(item.span.text) is not None
        known = Uses(tuple(sorted(names_of(item))), tuple(sorted(names_of(header))), holes, inwards)
        _USES[item.span.source] = known
    return known


@dataclass(frozen=True, eq=False)
class Layout:
    """A text as pieces: piece number n starts at `starts[n]`."""

    source: Source
    pieces: tuple[Piece, ...]
    starts: tuple[int, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    """What is wrong with the text as a whole."""

    @cached_property
    def _at(self) -> dict[Source, int]:
        return {piece.source: start for piece, start in zip(self.pieces, self.starts, strict=True)}

    @property
    def file(self) -> tree.File:
        """The items of all pieces."""
        return tree.File(tuple(item for piece in self.pieces for item in piece.items), source=self.source)

    @property
    def problems(self) -> list[Diagnostic]:
        """The mistakes of reading."""
        return [*self.diagnostics, *(d for piece in self.pieces for d in piece.diagnostics)]

    def place(self, span: Span) -> tuple[int, int] | None:
        """Where a span of a piece, or of the whole text, stands in the text; None if it is of another text."""
        start = 0 if span.source is self.source else self._at.get(span.source)
        if start is None:
            start = self._of_an_earlier_text(span)
        return None if start is None else (start + span.start, start + span.end)

    def _of_an_earlier_text(self, span: Span) -> int | None:
        """Where the item starts now that a span is of, if all of it up to there is as it was."""
        before = span.source.text[: span.end]
        if span.source.name != self.source.name or span.end == 0:
            return None
        return next(
            (s for p, s in zip(self.pieces, self.starts, strict=True) if p.source.text.startswith(before)), None
        )

    def piece_at(self, offset: int) -> tuple[Piece, int] | None:
        """The piece in which an offset lies (its end is part of it), with the piece's start."""
        number = bisect.bisect_right(self.starts, offset) - 1
        if number < 0:
            return None
        piece, start = self.pieces[number], self.starts[number]
        return (piece, start) if offset <= start + len(piece.source.text) else None


def lay_out(source: Source, before: Layout | None = None) -> Layout:
    """Read a text; what is word for word in the layout `before` is not read again."""
    if before is not None and before.source.text == source.text:
        return before
    if len(source.text) > MAX_SIZE:
        return Layout(source, (), (), tuple(parse(source)[1]))
    known: dict[str, list[Piece]] = {}
    for piece in reversed(before.pieces if before is not None else ()):
        known.setdefault(piece.source.text, []).append(piece)
    extents = [_extent(chunk) for chunk in scan(source).chunks]
    pieces = tuple(_piece(source, start, end, known) for start, end in extents)
    return Layout(source, pieces, tuple(start for start, _ in extents))


def _piece(source: Source, start: int, end: int, known: Mapping[str, list[Piece]]) -> Piece:
    text = source.text[start:end]
    if known.get(text):
        return known[text].pop()  # each once: two items of one text are two declarations
    own = Source(source.name, text)
    file, diagnostics = parse(own)
    return Piece(own, file.items, tuple(diagnostics))


def _extent(chunk: Chunk) -> tuple[int, int]:
    """From the comment that documents an item to its last token, or to the remark behind it on its last line."""
    start = chunk.above[-1][0].start if chunk.documented and chunk.above else chunk.start
    return start, max(chunk.end, chunk.inside[-1].end if chunk.inside else 0)


def names_of(value: object) -> frozenset[str]:
    """Every name in a tree, or in a tuple of trees."""
    return frozenset(node.id for node in nodes(value) if isinstance(node, tree.Name))


def nodes(value: object) -> Iterator[tree.Node]:
    """A tree's nodes, outer ones first."""
    stack = [value]
    while stack:
        top = stack.pop()
        if isinstance(top, tuple):
            stack.extend(reversed(top))
        elif isinstance(top, tree.Node):
            yield top
            stack.extend(reversed(list(children(top))))
