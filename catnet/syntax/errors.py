"""Says in the user's words what the parser found, what it expected, and what to do about the common slips."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from catnet.diagnostics import Diagnostic, Note, Source, Span
from catnet.syntax.build import shortened
from catnet.syntax.scan import CLOSER, RESERVED, Chunk, open_brackets

_STARTERS = {"NAME", "NUMBER", "STRING", "TRUE", "FALSE", "HOLE", "LPAR", "LSQB", "IF", "NOT", "MINUS"}
_COMPARATORS = {"_EQEQ", "NOT_EQ", "LESS", "LESS_EQ", "GREATER", "GREATER_EQ"}
_OPERATORS = _COMPARATORS | {
    *("STAR", "SLASH", "SLASHES", "PERCENT", "PLUS", "MINUS", "_AT", "_THEN_OP", "_CARET"),
    *("_AND", "_OR", "LPAR", "LSQB"),
}

_READABLE = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a string",
    "HOLE": "`_`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "_COMMA": "`,`",
    "_COLON": "`:`",
    "_SEMICOLON": "`;`",
    "_EQ": "`=`",
    "ELLIPSIS": "`...`",
    "_RANGE": "`..`",
    "_EQEQ": "`==`",
    "_ARROW": "`->`",
    "_THEN_OP": "`>>`",
    "_AT": "`@`",
    "_CARET": "`^`",
    "MINUS": "`-`",
    "_WHERE": "`where`",
    "_UNDER": "`under`",
    "_ON": "`on`",
    "_CHARTS": "`charts`",
    "_RETURN": "`return`",
    "_THEN": "`then`",
    "_ELSE": "`else`",
    "_IN": "`in`",
    "_AND": "`and`",
    "_OR": "`or`",
    "$END": "the end",
}

_CHARACTERS = {
    "'": "strings stand in double quotes",
    "`": "names stand without quotes",
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`, or `!=` for unequal",
    "~": "write `not`",
    ".": "a number is written `0.5` or `2.0`; `...s` stands for any axes, `0..n` for a range",
    "→": "write `->`",
    "×": "write `*` or `@`",
    "·": "write `*`",
    "∘": "write `g >> f` for f after g",
    "⟩": "write `>>`",
    "“": 'strings stand in straight quotes: `"`',
    "”": 'strings stand in straight quotes: `"`',
    "\\": "a line needs no `\\` at its end: newlines carry no meaning",
    "\0": "this does not look like a text file",
}

_FOREIGN = {
    "def": "a net is declared by `net NAME(params) : A -> B = EXPR`",
    "class": "a net is declared by `net NAME(params) : A -> B = EXPR`",
    "fn": "a net is declared by `net NAME(params) : A -> B = EXPR`",
    "func": "a net is declared by `net NAME(params) : A -> B = EXPR`",
    "function": "a net is declared by `net NAME(params) : A -> B = EXPR`",
    "let": "a net is declared by `net NAME(params) : A -> B = EXPR`",
    "lambda": "there are no anonymous functions: declare a net and pass it by name",
    "elif": "write `else if`",
    "for": "repeat with `f ^ n` or `seq(i in 0..n, f(i))`",
    "while": "repeat with `f ^ n` or `seq(i in 0..n, f(i))`",
    "import": 'imports read `from "FILE.cat" import NAME`',
}

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class _Slip:
    """What the parser met, and where."""

    source: Source
    chunk: Chunk
    start: int
    found: str
    """The offending text; empty at the end."""
    accepts: frozenset[str]

    @property
    def before(self) -> str:
        """The token before the place."""
        text = self.source.text[max(self.chunk.start, self.start - 80) : self.start].rstrip()
        match = re.search(r"(\w+|>>|->|==|\*|\S)\Z", text)
        return match[0] if match else ""

    @property
    def keyword(self) -> str:
        return self.chunk.keyword or ""


def syntax_diagnostic(error: UnexpectedInput, source: Source, chunk: Chunk) -> Diagnostic:
    """The diagnostic for what Lark raised about a chunk."""
    start, end = _place(error, source, chunk)
    found = source.text[start:end]
    span = Span(source, start, end)
    special = _special(source, found, span, error)
    if special is not None:
        return special
    interactive = getattr(error, "interactive_parser", None)
    accepts = frozenset(interactive.accepts() if interactive is not None else ())
    slip = _Slip(source, chunk, start, found, accepts)
    unclosed = _unclosed(slip)
    expected = _expected(accepts)
    message = f"found {_found(slip)}"
    if len(expected) == 1:
        message += f", expected {expected[0]}"
    elif expected:
        message += f", expected one of: {', '.join(expected)}"
    return Diagnostic(
        "E0101", message, span, _label(slip, expected), unclosed, _help(slip) or _bracket_help(slip, unclosed)
    )


def outside_diagnostic(source: Source, chunk: Chunk) -> Diagnostic:
    """Text that belongs to no item."""
    text = source.text[chunk.start : chunk.end]
    start = chunk.start + len(text) - len(text.lstrip(" \t\r\n\f"))
    for comment in chunk.inside:  # step over comments to the first word
        if comment.start == start:
            rest = source.text[comment.end : chunk.end]
            start = comment.end + len(rest) - len(rest.lstrip(" \t\r\n\f"))
    match = _WORD.match(source.text, start, chunk.end)
    word = match[0] if match else source.text[start : start + 1]
    span = Span(source, start, start + len(word))
    help = _FOREIGN.get(word, "")
    if not help and source.text[start + len(word) : chunk.end].lstrip()[:1] in tuple(":=("):
        help = _FOREIGN["def"]
    return Diagnostic(
        "E0101",
        f"found {_quoted(word)}, expected a declaration: `box`, `bundle`, `from`, `group`, `law`, `map`, `net`, `rep` "
        "or `section`",
        span,
        help=help,
    )


def _place(error: UnexpectedInput, source: Source, chunk: Chunk) -> tuple[int, int]:
    if isinstance(error, UnexpectedToken):
        if error.token.type == "$END":
            return chunk.end, chunk.end
        start = chunk.start + (error.token.start_pos or 0)
        return start, start + len(error.token)
    start = chunk.start + (error.pos_in_stream or 0)
    match = _WORD.match(source.text, start, chunk.end)
    return start, match.end() if match else start + 1


def _special(source: Source, found: str, span: Span, error: UnexpectedInput) -> Diagnostic | None:
    """Slips that are about the characters alone, whatever was expected."""
    if not isinstance(error, UnexpectedCharacters) or found in RESERVED:
        return None
    if found == '"':
        stop = source.text.find("\n", span.start)
        line = Span(source, span.start, len(source.text) if stop < 0 else stop)
        if re.match(r'"(?:[^"\\\n]|\\.)*"', line.text) is None:
            return Diagnostic("E0104", "this string has no closing quote on its line", line)
        message = "this string has a character or an escape that strings may not have"
        help = r"a backslash is written `\\`, a quote `\"`; there are no other escapes"
        return Diagnostic("E0104", message, line, help=help)
    what = f"character {_quoted(found)}" if found.isprintable() else f"character U+{ord(found[0]):04X}"
    return Diagnostic("E0103", f"the {what} has no meaning here", span, help=_CHARACTERS.get(found, ""))


def _quoted(text: str) -> str:
    return f"`{shortened(text)}`"


def _found(slip: _Slip) -> str:
    found = slip.found
    if not found:
        return f"the end of the {'declaration' if slip.keyword else 'expression'}"
    if found in RESERVED:
        return f"the reserved word `{found}`"
    if found[0] == '"':
        return f"the string {_quoted(found)}"
    if found[0].isdigit():
        return f"the number {_quoted(found)}"
    return f"the name {_quoted(found)}" if found[0].isalpha() or found[0] == "_" else _quoted(found)


def _expected(accepts: frozenset[str]) -> list[str]:
    """What could have stood there, sorted, with expressions and operators summed up."""
    names = set(accepts)
    readable = set()
    if {"NUMBER", "STRING", "LPAR"} <= names:
        readable.add("an expression")
        names -= _STARTERS
    if "STAR" in names or len(names & _OPERATORS) > 3:
        readable.add("an operator")
        names -= _OPERATORS
    names.discard("_SEMICOLON")
    readable |= {_READABLE.get(name, f"`{name.strip('_').lower()}`") for name in names}
    return sorted(readable, key=lambda word: word.strip("`"))


def _label(slip: _Slip, expected: list[str]) -> str:
    return f"expected {expected[0]}" if len(expected) == 1 else "here"


def _unclosed(slip: _Slip) -> tuple[Note, ...]:
    """The bracket to blame, where the place could have closed it."""
    if slip.found and slip.found not in (")", "]", "}", "=", "return", "share", "where", "under", "{", ";"):
        return ()
    stack = open_brackets(slip.source.text, slip.chunk.start, slip.start)
    if not stack or (slip.source.text[stack[-1]] == "{" and slip.found):
        return ()
    bracket = slip.source.text[stack[-1]]
    return (Note(f"this `{bracket}` is not closed", Span(slip.source, stack[-1], stack[-1] + 1)),)


def _bracket_help(slip: _Slip, unclosed: tuple[Note, ...]) -> str:
    if unclosed and unclosed[0].span is not None:
        return f"close it with `{CLOSER[unclosed[0].span.text]}`"
    if slip.found in (")", "]", "}"):
        stack = open_brackets(slip.source.text, slip.chunk.start, slip.start)
        return "" if stack else f"no bracket is open that this `{slip.found}` could close"
    return ""


def _help(slip: _Slip) -> str:
    for rule in _RULES:
        help = rule(slip)
        if help:
            return help
    return ""


def _reserved_name(slip: _Slip) -> str:
    if slip.found in RESERVED and "NAME" in slip.accepts:
        return f"`{slip.found}` is reserved; choose another name"
    return ""


def _late_where(slip: _Slip) -> str:
    before = slip.source.text[slip.chunk.start : slip.start]
    if slip.found == "where" and re.search(r"\bunder\b", before):
        return "`where` stands before `under`: net f : A -> B where k >= 1 under G = ..."
    return ""


def _foreign_word(slip: _Slip) -> str:
    return _FOREIGN.get(slip.found, "") or _FOREIGN.get(slip.before, "")


def _equals(slip: _Slip) -> str:
    if slip.found == "==" and "_EQ" in slip.accepts:
        return "write one `=` to define; `==` compares"
    if slip.found != "=":
        return ""
    if slip.before == ")" and {"_RETURN", "RBRACE"} & slip.accepts:
        return "targets stand without parentheses: `a, b = EXPR`"
    return "" if "NUMBER" in slip.accepts else "`==` compares; `=` stands before a body, a value or a default"


def _missing_arrow(slip: _Slip) -> str:
    if "_ARROW" in slip.accepts and slip.found in ("=", "where", "under", "{", "") and slip.keyword in ("net", "box"):
        return f"the type of a {slip.keyword} says what goes in and what comes out: `A -> B`"
    if slip.found in ("->", "→"):
        return "`->` stands in types only; write `>>` for composition"
    return ""


def _missing_equals(slip: _Slip) -> str:
    if "_EQ" in slip.accepts and "_WHERE" in slip.accepts and slip.found != "==":
        return "put `=` before the body" if slip.keyword != "box" else ""
    return ""


def _missing_return(slip: _Slip) -> str:
    if "_RETURN" in slip.accepts and slip.found == "}":
        return "a body ends in `return EXPR`"
    return ""


def _missing_else(slip: _Slip) -> str:
    return "an `if` always has an `else`" if "_ELSE" in slip.accepts else ""


def _operators(slip: _Slip) -> str:
    if slip.before == "*" and slip.found == "*":
        return "a power is written `^`"
    if slip.found == "^" and "_CARET" not in slip.accepts:
        return "`^` does not associate: put parentheses"
    if slip.found in ("==", "!=", "<", "<=", ">", ">=") and "NUMBER" not in slip.accepts:
        return "comparisons do not chain: write `a < b and b < c`"
    if slip.found == ">" and slip.before in (">", "|"):
        return "composition is written `>>`"
    return ""


def _box_target(slip: _Slip) -> str:
    if slip.keyword == "box" and "PYTHON" in slip.accepts:
        return 'a box is written in Python: `= python "package.module:Callable"`'
    return ""


def _import_path(slip: _Slip) -> str:
    if slip.keyword == "from" and "STRING" in slip.accepts:
        return 'imports read `from "FILE.cat" import NAME`'
    return ""


_RULES: tuple[Callable[[_Slip], str], ...] = (
    _foreign_word,
    _late_where,
    _reserved_name,
    _missing_arrow,
    _equals,
    _missing_return,
    _missing_else,
    _missing_equals,
    _operators,
    _box_target,
    _import_path,
)
