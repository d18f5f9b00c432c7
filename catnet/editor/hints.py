"""Inferred types between the lines: of what a statement names, and of what leaves a line of a composition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catnet.diagnostics import Span
from catnet.editor.checking import Types
from catnet.editor.hover import wire_type
from catnet.editor.names import words
from catnet.editor.pieces import nodes
from catnet.editor.view import Item, View
from catnet.syntax import tree

LONGEST = 60  # a longer type is for the hover


@dataclass(frozen=True)
class Hint:
    """A text that is shown at a character and does not stand there."""

    offset: int
    text: str


def hints(view: View, start: int, end: int) -> list[Hint]:
    """The hints between two characters of a file, in order."""
    found: dict[int, Hint] = {}
    for item in view.items(view.program.module):
        types, net = view.types(item), item.item
        if types is None or not isinstance(net, tree.Net) or net.span is None:
            continue
        if item.start + net.span.end < start or item.start > end:
            continue
        for hint in (*_named(view, item, net), *_passing(item, net, types), *_holes(view, item)):
            if len(hint.text) <= LONGEST and start <= hint.offset <= end:
                found.setdefault(hint.offset, hint)
    return [found[offset] for offset in sorted(found)]


def _named(view: View, item: Item, net: tree.Net) -> Iterator[Hint]:
    """`y: R[t, d] = ...`."""
    for statement in net.body.statements if isinstance(net.body, tree.Body) else ():
        if isinstance(statement, tree.Assign) and statement.span is not None:
            for name, _, end in list(words(statement.span))[: len(statement.targets)]:
                known = wire_type(view, item, name) if name != "_" else None
                if known is not None:
                    yield Hint(item.start + end, f": {known}")


def _passing(item: Item, net: tree.Net, types: Types) -> Iterator[Hint]:
    """What leaves the last part of a line of a composition, where it is not what came in and the next line goes on."""
    for chain in nodes(net.body):
        if not isinstance(chain, tree.Chain):
            continue
        for part, following in zip(chain.parts, chain.parts[1:], strict=False):
            if part.span is None or following.span is None:
                continue
            between = part.span.source.text[part.span.end : following.span.start]
            shown = types.of(part.span.start, part.span.end)
            if "\n" in between and shown is not None and shown[0] != shown[1]:
                yield Hint(item.start + _line_end(part.span), f" {shown[1]}")


def _line_end(span: Span) -> int:
    """The end of the line on which a part ends, without blanks."""
    text = span.source.text
    stop = text.find("\n", span.end)
    return len(text[: len(text) if stop < 0 else stop].rstrip())


def _holes(view: View, item: Item) -> Iterator[Hint]:
    """What a `_` was found to be."""
    for diagnostic in view.diagnostics:
        place = view.place(diagnostic.span)
        if diagnostic.code == "E0230" and place is not None and place.path == view.path:
            yield Hint(place.end, f" {diagnostic.message.partition('`')[2].rstrip('`')}")
