"""Colours: the table of patterns against the terminals of the grammar, on every `.cat` text that there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lark import Lark, Token
from lark.exceptions import UnexpectedInput
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename

from catnet.boxes import VOCABULARY
from catnet.codes import CODES
from catnet.diagnostics import Source
from catnet.editor import highlight, textmate
from catnet.editor.highlight import NAME, OPERATORS, PUNCTUATION, ROLES, rules
from catnet.editor.lexer import CatnetLexer
from catnet.elaborate.evaluate import COMBINATORS
from catnet.syntax.parser import START, _Lexer, grammar_text
from catnet.syntax.scan import scan
from catnet.types.signature import _SIMPLE_KINDS

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(p for p in ROOT.rglob("*.cat") if not any(part.startswith(".") for part in p.relative_to(ROOT).parts))
EXAMPLES = [text for code in CODES.values() for text in (code.bad, code.good) if "net " in text or "box " in text]

TERMINALS = {  # what each terminal of the grammar may be coloured as
    "item": "NET BOX LAW GROUP REP BUNDLE SECTION MAP",
    "keyword": "_CHARTS FROM IMPORT _WHERE _UNDER _ON _RETURN SHARE IF _THEN _ELSE PYTHON",
    "word operator": "_AND _OR NOT _IN",
    "truth": "TRUE FALSE",
    "hole": "HOLE",
    **dict.fromkeys(("declared", "pack", "label", "argument", "kind", "box", "use", "type", "name"), "NAME"),
    "number": "NUMBER",
    "string": "STRING",
    "punctuation": "LPAR RPAR LSQB RSQB LBRACE RBRACE _COMMA _COLON _SEMICOLON",
    "operator": "_EQ ELLIPSIS _RANGE _EQEQ NOT_EQ LESS LESS_EQ GREATER GREATER_EQ _THEN_OP _ARROW _AT PLUS MINUS STAR"
    " SLASH SLASHES PERCENT _CARET",
    "comment": "COMMENT",
}
ALLOWED: dict[str, set[str]] = {}
for role, terminals in TERMINALS.items():
    for terminal in terminals.split():
        ALLOWED.setdefault(terminal, set()).add(role)


@pytest.fixture(scope="module")
def lark() -> Lark:
    return Lark(
        grammar_text(), parser="lalr", lexer="contextual", start=list(START), _plugins={"ContextualLexer": _Lexer}
    )


def coloured(text: str) -> dict[tuple[int, int], str]:
    """The pieces of a text with their Pygments tokens."""
    found = CatnetLexer(ensurenl=False, stripnl=False).get_tokens_unprocessed(text)
    return {(start, start + len(word)): str(token).removeprefix("Token.") for start, token, word in found}


def tokens(lark: Lark, text: str) -> Iterator[tuple[int, int, str]]:
    """The tokens of the grammar in a file, as far as its items are right."""
    for chunk in scan(Source("", text)).chunks:
        try:
            for token in lark.parse_interactive(text[chunk.start : chunk.end], start="item").iter_parse():
                assert isinstance(token, Token)
                yield chunk.start + token.start_pos, chunk.start + token.end_pos, token.type
        except UnexpectedInput:
            continue


def disagreements(lark: Lark, text: str) -> list[str]:
    pieces = coloured(text)
    wanted = {name: {string_token(role) for role in roles} for name, roles in ALLOWED.items()}
    return [
        f"{text[start:end]!r} at {start}: {terminal} is {pieces.get((start, end))}"
        for start, end, terminal in tokens(lark, text)
        if pieces.get((start, end)) not in wanted[terminal]
    ]


def string_token(role: str) -> str:
    token = ROLES[role].token
    return f"Literal.{token}" if token in ("String", "Number") else token


def test_every_terminal_has_a_colour(lark: Lark) -> None:
    assert {terminal.name for terminal in lark.terminals} == {*ALLOWED, "BLANK"}
    assert {*TERMINALS, "open string"} == set(ROLES)


def test_signs_are_those_of_the_grammar(lark: Lark) -> None:
    signs: set[str] = set()
    for terminal in lark.terminals:
        if ALLOWED.get(terminal.name, set()) & {"operator", "punctuation"}:
            text = str(terminal.pattern.value)  # one sign, or `(?:>>|≫)` with signs escaped
            signs |= {
                sign.replace("\\", "") for sign in text.removeprefix("(?:").removesuffix(")").split("|") or [text]
            }
    assert signs - {""} | {")"} == {*OPERATORS, *PUNCTUATION}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_colours_agree_with_the_grammar(path: Path, lark: Lark) -> None:
    assert disagreements(lark, path.read_text(encoding="utf-8")) == []


def test_colours_agree_on_the_examples_of_the_codes(lark: Lark) -> None:
    assert len(EXAMPLES) > 100
    assert [d for text in EXAMPLES for d in disagreements(lark, text)] == []


def test_a_disagreement_would_be_seen(lark: Lark) -> None:
    two_blanks = "net f : R[n, d] -> R[d] under S(n)  on n = sum(over = n)"  # the formatter leaves one
    assert disagreements(lark, two_blanks.replace("  ", " ")) == []
    assert disagreements(lark, two_blanks) == ["'on' at 36: _ON is Name"]


def test_words_agree() -> None:
    kinds = next(rule.pattern for rule in rules() if rule.role == "kind")
    assert all(re.match(kinds, f"{kind}[n]") for kind in _SIMPLE_KINDS)
    assert re.match(kinds, "C(4)") is None, "the cyclic group is no kind"
    assert highlight.COMBINATORS == COMBINATORS
    assert all(re.fullmatch(NAME, word) for word in VOCABULARY)


def test_the_lexer_is_found_by_pygments() -> None:
    assert type(get_lexer_by_name("cat")).__name__ == type(get_lexer_by_name("catnet")).__name__ == "CatnetLexer"
    assert type(get_lexer_for_filename("net.cat")).__name__ == "CatnetLexer"


def test_names_are_told_apart() -> None:
    text = 'net relu(k) : R[...s, d] -> C[X] = q: linear(k, bias = false) >> f(3) >> _ >> "open'
    found = coloured(text)
    at = {word: re.search(rf"\b{word}\b", text).start() for word in re.findall(r"\w+", text)}  # type: ignore[union-attr]
    named = {word: found.get((start, start + len(word))) for word, start in at.items()}
    assert named == {
        "net": "Keyword.Declaration",
        "relu": "Name.Function",
        "k": "Name",
        "R": "Keyword.Type",
        "s": "Name.Variable",
        "d": "Name",
        "C": "Keyword.Type",
        "X": "Name.Class",
        "q": "Name.Label",
        "linear": "Name.Builtin",
        "bias": "Name.Attribute",
        "false": "Keyword.Constant",
        "f": "Name.Function",
        "3": "Literal.Number",
        "_": "Keyword.Pseudo",
        "open": None,
    }
    assert list(found.values())[-1] == "Error"


def test_the_textmate_grammar_is_the_same_table(golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "editors/vscode/syntaxes/catnet.tmLanguage.json", textmate.text())
