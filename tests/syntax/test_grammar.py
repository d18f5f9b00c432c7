"""The grammar itself: no conflicts, no terminals that collide, every terminal named."""

from __future__ import annotations

from typing import Any

import pytest
from lark import Lark
from lark.parsers.lalr_parser import LALR_Parser

from catnet.syntax import scan
from catnet.syntax.errors import _OPERATORS, _READABLE, _STARTERS
from catnet.syntax.parser import START, _Lexer, grammar_text


def build(text: str, **plugins: Any) -> Lark:
    """The parser of a grammar, without the check of terminals (which has a test of its own)."""
    plugins = {"ContextualLexer": _Lexer, **plugins}
    return Lark(text, parser="lalr", lexer="contextual", start=list(START), _plugins=plugins)


def strictly(conf: Any, debug: bool, strict: bool) -> LALR_Parser:
    return LALR_Parser(conf, debug=debug, strict=True)


def test_no_conflict() -> None:
    build(grammar_text(), LALR_Parser=strictly)


def test_the_check_for_conflicts_can_fail() -> None:
    dangling = grammar_text().replace("?negative: power", "?negative: power | if_")
    with pytest.raises(Exception, match="conflict"):
        build(dangling, LALR_Parser=strictly)


def test_terminals_do_not_collide() -> None:
    pytest.importorskip("interegular")  # what Lark's strict mode compares terminals with
    ascii_only = grammar_text().replace(r"\w", "[A-Za-z0-9_]").replace(r"\U0010ffff", "~")
    Lark(
        ascii_only, parser="lalr", lexer="contextual", start=list(START), strict=True
    )  # all of Unicode would take it minutes


def test_every_terminal_is_named_and_readable() -> None:
    terminals = {terminal.name: terminal for terminal in build(grammar_text()).terminals}
    assert not [name for name in terminals if name.startswith("__ANON")]
    words = {name for name, t in terminals.items() if str(t.pattern.value).isalpha()}
    assert set(terminals) <= words | set(_READABLE) | _OPERATORS | _STARTERS | {"BLANK", "COMMENT"}


def test_reserved_words_agree() -> None:
    lark = build(grammar_text())
    keywords = {str(t.pattern.value) for t in lark.terminals if str(t.pattern.value).isalpha()}
    assert keywords - {"on", "charts", "map"} == scan.RESERVED
    (name,) = (t for t in lark.terminals if t.name == "NAME")
    assert set(name.pattern.value.split("(?:")[1].split(")")[0].split("|")) == scan.RESERVED | {"_"}
