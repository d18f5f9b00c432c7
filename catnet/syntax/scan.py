"""Splits a source into declarations before anything is parsed.

Item keywords are reserved, so they always start a new item: a bracket that is never closed in one net cannot
swallow the nets after it, and every broken item costs exactly one error. This pass knows comments, strings,
brackets and keywords, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from catnet.diagnostics import Diagnostic, Source, Span

MAX_BRACKETS = 200
"""How deep brackets may nest. The tree has its own, smaller bound (`build.MAX_DEPTH`)."""

ITEM_WORDS = frozenset({"net", "box", "law", "group", "rep", "bundle", "section", "from"})
RESERVED = (
    ITEM_WORDS
    | {"import", "where", "under", "return", "share", "if", "then", "else", "and", "or", "not", "in"}
    | {"true", "false", "python"}
)

CLOSER = {"(": ")", "[": "]", "{": "}"}

# A keyword starts an item where it is the first word of its line, and inside a line where what follows it can
# only be an item (so that the slip `pool(from = 3)` is one error, told where it stands). `map` is no keyword but at the
# start of a line where a name and `:` follow.
_PIECE = re.compile(
    r"""
      (?P<comment>\#[^\n]*)
    | (?P<string>"(?:[^"\\\n]|\\[^\n])*"?)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<item>\b(?:net|box|law|group|rep|bundle|section)\b(?=(?:\s|\#[^\n]*\n)+[^\W\d]) | \bfrom\b(?=\s*")
             | ^[ \t\r\f]*\b(?:net|box|law|group|bundle|section|from)\b
             | ^[ \t\r\f]*\bmap\b(?=[ \t]+[^\W\d]\w*[ \t]*:))
    """,
    re.VERBOSE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Comment:
    """One `#` comment: its place and its words, without `# `."""

    start: int
    end: int
    text: str


@dataclass(slots=True)
class Chunk:
    """The text of one item: from its keyword to the end of its last token."""

    start: int
    end: int
    keyword: str | None
    """The item keyword, or None for text that belongs to no item."""
    above: list[list[Comment]] = field(default_factory=list)
    """Comments before the item, in blocks that blank lines part."""
    documented: bool = False
    """Whether the last block of `above` touches the item."""
    inside: list[Comment] = field(default_factory=list)
    too_deep: int | None = None
    """The offset of the first bracket that is nested too deep."""


@dataclass(slots=True)
class Scan:
    """What a source consists of."""

    chunks: list[Chunk]
    trailing: list[list[Comment]]


def scan(source: Source) -> Scan:
    """Split a source at its item keywords."""
    text = source.text
    begin = 1 if text.startswith("\ufeff") else 0
    chunks: list[Chunk] = []
    chunk = Chunk(begin, begin, None)
    pending: list[Comment] = []
    brackets = 0
    for match in _PIECE.finditer(text, begin):
        kind = match.lastgroup
        if kind == "comment":
            pending.append(Comment(match.start(), match.end(), comment_text(match.group())))
        elif kind == "open":
            brackets += 1
            if brackets > MAX_BRACKETS and chunk.too_deep is None:
                chunk.too_deep = match.start()
        elif kind == "close":
            brackets = max(0, brackets - 1)
        elif kind == "item":
            word = match.group().lstrip()
            start = match.end() - len(word)
            above = _finish(chunk, start, pending, text)
            if _has_text(chunk):
                chunks.append(chunk)
            chunk, pending, brackets = Chunk(start, start, word), [], 0
            _place_above(chunk, above, text)
    trailing = _finish(chunk, len(text), pending, text)
    if _has_text(chunk):
        chunks.append(chunk)
    return Scan(chunks, list(_blocks(trailing, text)))


def comment_text(comment: str) -> str:
    """The words of `# words`: without the mark, one space after it and carriage returns."""
    words = comment[1:].replace("\r", "").rstrip()
    return words[1:] if words.startswith(" ") else words


def _has_text(chunk: Chunk) -> bool:
    return chunk.keyword is not None or chunk.end > chunk.start


def _finish(chunk: Chunk, stop: int, comments: list[Comment], text: str) -> list[Comment]:
    """Close a chunk that reaches at most to `stop`; hand back the comments that come after its last token."""
    after: list[Comment] = []
    end = _rstrip(text, chunk.start, stop)
    inside = list(comments)
    while inside and inside[-1].end >= end and inside[-1].start >= chunk.start:
        after.append(inside.pop())
        end = _rstrip(text, chunk.start, after[-1].start)
    after.reverse()
    if chunk.keyword is not None and after and "\n" not in text[end : after[0].start]:
        inside.append(after.pop(0))  # a remark at the end of the item's last line is about that line
    chunk.end = end
    chunk.inside = inside
    return after


def _rstrip(text: str, start: int, stop: int) -> int:
    while stop > start and text[stop - 1] in " \t\r\n\f":
        stop -= 1
    return stop


def _place_above(chunk: Chunk, comments: list[Comment], text: str) -> None:
    chunk.above = list(_blocks(comments, text))
    if comments:
        chunk.documented = text.count("\n", comments[-1].end, chunk.start) < 2


def _blocks(comments: list[Comment], text: str) -> Iterator[list[Comment]]:
    block: list[Comment] = []
    for comment in comments:
        if block and text.count("\n", block[-1].end, comment.start) > 1:
            yield block
            block = []
        block.append(comment)
    if block:
        yield block


def open_brackets(text: str, start: int, stop: int) -> list[int]:
    """Offsets of the brackets that are still open at `stop`."""
    stack: list[int] = []
    for match in _PIECE.finditer(text, start, stop):
        if match.lastgroup == "open":
            stack.append(match.start())
        elif match.lastgroup == "close" and stack and CLOSER[text[stack[-1]]] == match.group():
            stack.pop()
    return stack


def nesting_diagnostic(source: Source, offset: int) -> Diagnostic:
    """What a bracket nested too deep gets."""
    return Diagnostic(
        "E0102",
        f"brackets are nested more than {MAX_BRACKETS} levels deep",
        Span(source, offset, offset + 1),
        help="give the inner part a name: declare it as a net of its own",
    )
