"""Reads sources: text to syntax tree, item by item, so that every broken item costs one error."""

from __future__ import annotations

import gc
import importlib.resources
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal

import lark.lexer
from lark import Lark
from lark.common import LexerConf
from lark.exceptions import UnexpectedInput
from lark.lexer import ContextualLexer

from catnet.diagnostics import CatnetError, Diagnostic, Source, Span
from catnet.syntax import tree
from catnet.syntax.build import Builder
from catnet.syntax.comments import attach
from catnet.syntax.errors import outside_diagnostic, syntax_diagnostic
from catnet.syntax.scan import Chunk, nesting_diagnostic, scan

MAX_SIZE = 16 * 2**20
"""How many characters a source may have."""

START = ("item", "expr", "type", "action")

_LOCK = threading.Lock()  # the one parser carries the source it reads as state


def parse(source: Source) -> tuple[tree.File, list[Diagnostic]]:
    """Parse a file: the items that are right, and one diagnostic for each that is not. Never raises."""
    problem = _size_problem(source)
    if problem is not None:
        return tree.File((), source=source), [problem]
    pieces = scan(source)
    items: list[tree.Item] = []
    loose: list[tuple[int, tuple[str, ...]]] = []
    diagnostics: list[Diagnostic] = []
    with _LOCK, _no_garbage_collection():
        for chunk in pieces.chunks:
            documentation: tuple[str, ...] = ()
            for number, block in enumerate(chunk.above, 1):
                words = tuple([comment.text for comment in block])
                if chunk.documented and number == len(chunk.above):
                    documentation = words
                else:
                    loose.append((len(items), words))
            try:
                items.append(_parse_item(source, chunk, documentation))
            except CatnetError as error:
                diagnostics.extend(error.diagnostics)
    trailing = [tuple([comment.text for comment in block]) for block in pieces.trailing]
    loose += [(len(items), block) for block in trailing[:-1]]
    return tree.File(tuple(items), trailing[-1] if trailing else (), source, tuple(loose)), diagnostics


def parse_expression(source: Source) -> tree.Expr:
    """Parse one expression; raises `CatnetError`."""
    return _parse_whole(source, "expr")


def parse_type(source: Source) -> tree.Expr:
    """Parse one type: an `Arrow` or an object; raises `CatnetError`."""
    return _parse_whole(source, "type")


def parse_action(source: Source) -> tree.Under:
    """Parse what may follow `under`: `S(n) on n`; raises `CatnetError`."""
    with _LOCK:
        pieces = scan(source)
        stop = pieces.chunks[-1].end if pieces.chunks else 0
        action: tree.Under = _run(source, Chunk(0, stop, None), "action")
    return action


def grammar_text() -> str:
    """The grammar: beside this file where catnet is installed, at the top of the repository otherwise."""
    packaged = importlib.resources.files("catnet.syntax").joinpath("catnet.lark")
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return Path(__file__).parents[2].joinpath("grammar", "catnet.lark").read_text(encoding="utf-8")


class _Lexer(ContextualLexer):
    """Lark's contextual lexer, minus a check of the grammar that is the tests' business.

    Where the package interegular happens to be installed, that check takes minutes on Unicode names.
    """

    def __init__(self, conf: LexerConf, *args: Any, **kwargs: Any) -> None:
        conf.skip_validation = True
        super().__init__(conf, *args, **kwargs)


@cache
def _parser() -> tuple[Lark, Builder]:
    builder = Builder()
    with _no_comparison_of_terminals():
        made = Lark(
            grammar_text(),
            parser="lalr",
            lexer="contextual",
            start=list(START),
            transformer=builder,
            maybe_placeholders=False,
            _plugins={"ContextualLexer": _Lexer},
        )
    return made, builder


@contextmanager
def _no_comparison_of_terminals() -> Iterator[None]:
    """Lark also compares the terminals of its own grammar of grammars, where interegular is installed: that
    would double the time of a cold start."""
    before = lark.lexer.has_interegular
    lark.lexer.has_interegular = False
    try:
        yield
    finally:
        lark.lexer.has_interegular = before


def _run(source: Source, chunk: Chunk, start: str) -> Any:
    """Parse one chunk from a start symbol, or raise its diagnostic. The lock is held."""
    if chunk.too_deep is not None:
        raise CatnetError(nesting_diagnostic(source, chunk.too_deep))
    parser, builder = _parser()
    builder.source, builder.base = source, chunk.start
    try:
        return parser.parse(source.text[chunk.start : chunk.end], start=start)
    except UnexpectedInput as error:
        raise CatnetError(syntax_diagnostic(error, source, chunk)) from None
    finally:
        builder.source = Source("", "")


def _parse_item(source: Source, chunk: Chunk, documentation: tuple[str, ...]) -> tree.Item:
    if chunk.keyword is None:
        raise CatnetError(outside_diagnostic(source, chunk))
    item: tree.Item = _run(source, chunk, "item")
    if documentation or chunk.inside:
        attach(item, documentation, chunk.inside, source)
    return item


def _parse_whole(source: Source, start: Literal["expr", "type"]) -> tree.Expr:
    problem = _size_problem(source)
    if problem is not None:
        raise CatnetError(problem)
    chunk = Chunk(0, 0, None)
    pieces = scan(source)
    for piece in pieces.chunks:  # an item keyword inside an expression is an error that the parser tells
        chunk.too_deep = chunk.too_deep if chunk.too_deep is not None else piece.too_deep
        chunk.start = min(chunk.start, piece.start) if chunk.end else piece.start
        chunk.end = piece.end
        chunk.inside += [c for block in piece.above for c in block] + piece.inside
    chunk.inside += [comment for block in pieces.trailing for comment in block]
    with _LOCK, _no_garbage_collection():
        expression: tree.Expr = _run(source, chunk, start)[0]
    if chunk.inside:
        attach(expression, (), chunk.inside, source)
    return expression


def _size_problem(source: Source) -> Diagnostic | None:
    size = len(source.text)
    if size <= MAX_SIZE:
        return None
    message = f"this file has {size:,} characters; at most {MAX_SIZE:,} are read"
    return Diagnostic("E0106", message, Span(source, 0, 0), help="split it, and import the parts")


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Trees hold no cycles, and collecting while a large one grows doubles the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
