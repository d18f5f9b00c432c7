"""The Pygments lexer: `pygmentize -l catnet net.cat`, and fences marked `cat` in documentation."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups
from pygments.token import Name, Whitespace, string_to_tokentype

from catnet.editor.highlight import ROLES, Rule, rules, vocabulary


def _action(rule: Rule) -> Any:
    if rule.role:
        return _token(rule.role)
    return bygroups(*(Whitespace if role is None else _token(role) for role in rule.groups))


def _token(role: str) -> Any:
    return string_to_tokentype(f"Token.{ROLES[role].token}")


@cache
def _boxes() -> frozenset[str]:
    return frozenset(vocabulary())


class CatnetLexer(RegexLexer):
    """Colours `.cat` text; boxes of the vocabulary are `Name.Builtin`.

    >>> for token, text in CatnetLexer().get_tokens("linear(3)"):
    ...     print(token, repr(text))
    Token.Name.Builtin 'linear'
    Token.Punctuation '('
    Token.Literal.Number '3'
    Token.Punctuation ')'
    Token.Text.Whitespace '\\n'
    """

    name = "catnet"
    url = ""
    aliases: ClassVar[list[str]] = ["catnet", "cat"]
    filenames: ClassVar[list[str]] = ["*.cat"]
    mimetypes: ClassVar[list[str]] = ["text/x-catnet"]
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [(r"\s+", Whitespace), *((rule.pattern, _action(rule)) for rule in rules())]
    }

    def get_tokens_unprocessed(self, text: str, stack: Any = ("root",)) -> Iterator[tuple[int, Any, str]]:
        """The tokens of a text. The vocabulary is loaded only now: Pygments imports this module to list lexers."""
        plain = {_token(role) for role in ("use", "type", "name")}
        declared = False  # what follows `net` is the net's own name
        for place, token, word in super().get_tokens_unprocessed(text, stack):
            known = token in plain and word in _boxes() and not declared
            if token is not Whitespace:
                declared = token is _token("item")
            yield place, Name.Builtin if known else token, word
