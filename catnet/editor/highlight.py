"""How a `.cat` text is coloured: one table of patterns, of which the Pygments lexer and the TextMate grammar are made.

The table is no second definition of the syntax: tests hold it against the terminals of `grammar/catnet.lark`. Every
pattern stays within what Python's `re` and Oniguruma (TextMate) read alike, and within one line.
"""

from __future__ import annotations

from dataclasses import dataclass

from catnet.syntax.scan import ITEM_WORDS, RESERVED


@dataclass(frozen=True)
class Role:
    """What a piece of text is: its Pygments token, and its TextMate scope without the language at the end."""

    token: str
    scope: str


ROLES = {
    "comment": Role("Comment.Single", "comment.line.number-sign"),
    "string": Role("String", "string.quoted.double"),
    "open string": Role("Error", "invalid.illegal.string"),
    "item": Role("Keyword.Declaration", "storage.type.declaration"),
    "declared": Role("Name.Function", "entity.name.function"),
    "keyword": Role("Keyword", "keyword.control"),
    "word operator": Role("Operator.Word", "keyword.operator.word"),
    "truth": Role("Keyword.Constant", "constant.language"),
    "number": Role("Number", "constant.numeric"),
    "pack": Role("Name.Variable", "variable.other.pack"),
    "label": Role("Name.Label", "entity.name.label"),
    "argument": Role("Name.Attribute", "variable.parameter"),
    "kind": Role("Keyword.Type", "support.type"),
    "box": Role("Name.Builtin", "support.function.box"),
    "use": Role("Name.Function", "entity.name.function.use"),
    "type": Role("Name.Class", "entity.name.type"),
    "hole": Role("Keyword.Pseudo", "variable.language.hole"),
    "name": Role("Name", "variable.other"),
    "operator": Role("Operator", "keyword.operator"),
    "punctuation": Role("Punctuation", "punctuation"),
}

NAME = r"(?!\d)\w+"
OPERATORS = (
    *(">>", "≫", "->", "→", "==", "!=", "≠", "<=", "≤", ">=", "≥", "...", "..", "//"),
    *("<", ">", "@", "⊗", "+", "-", "−", "*", "/", "%", "^", "="),
)
PUNCTUATION = "()[]{},:;"
COMBINATORS = ("each", "seq", "transpose")
LOGIC = ("and", "or", "not", "in")
TRUTHS = ("true", "false")


@dataclass(frozen=True)
class Rule:
    """A pattern and what it finds: one role for all of it, or one for each of its groups (None: blanks)."""

    pattern: str
    role: str = ""
    groups: tuple[str | None, ...] = ()


def rules() -> tuple[Rule, ...]:
    """The table: at each place the first rule that fits is taken.

    The boxes of the vocabulary are not in it, so that a new box is no new grammar: the Pygments lexer looks them up,
    and editors are told by the language server.
    """
    items = _words(ITEM_WORDS - {"from"})
    keywords = RESERVED - set(LOGIC) - set(TRUTHS) - (ITEM_WORDS - {"from"})
    return (
        Rule(r"#[^\n]*", "comment"),
        Rule(r'"(?:[^"\\\n]|\\[^\n])*"', "string"),
        Rule(r'"[^"\n]*', "open string"),
        Rule(rf"({items})([ \t]+)(?!{_words(RESERVED)})({NAME})", groups=("item", None, "declared")),
        Rule(rf"\b(map)([ \t]+)({NAME})(?=[ \t]*:)", groups=("item", None, "declared")),  # no reserved word
        Rule(items, "item"),
        Rule(_words(keywords), "keyword"),
        # two words that are reserved only in their place: after the group of an `under`, and before a chart
        Rule(r"(?<=[\w)\]][ \t])on\b(?=[ \t]+[\w(])", "keyword"),
        Rule(rf"\bcharts\b(?=[ \t]+{NAME})", "keyword"),
        Rule(_words(LOGIC), "word operator"),
        Rule(_words(TRUTHS), "truth"),
        Rule(r"(?:[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]+|[0-9]+\.[0-9]+|[0-9]+)\w*", "number"),
        Rule(rf"(\.\.\.)({NAME})", groups=("operator", "pack")),
        Rule(r"\b_\b", "hole"),
        Rule(rf"{NAME}(?=[ \t]*:)", "label"),
        Rule(rf"{NAME}(?=[ \t]*=(?!=))", "argument"),
        Rule(r"\b(?:R|ℝ|C|ℂ|Z|ℤ|Bool)\b(?!\()|\bFin\b(?=\()", "kind"),
        Rule(rf"{NAME}(?=\()", "use"),
        Rule(r"\b[A-Z]\w*", "type"),
        Rule(NAME, "name"),
        Rule("|".join(_escaped(sign) for sign in OPERATORS), "operator"),
        Rule("[" + "".join(_escaped(sign) for sign in PUNCTUATION) + "]", "punctuation"),
    )


def vocabulary() -> tuple[str, ...]:
    """The words that name boxes and ways to combine them."""
    from catnet.boxes import VOCABULARY

    return tuple(sorted({*VOCABULARY, *COMBINATORS}))


def _words(words: frozenset[str] | set[str] | tuple[str, ...]) -> str:
    return rf"\b(?:{'|'.join(sorted(words))})\b"


def _escaped(sign: str) -> str:
    """A sign as a pattern: `re.escape` would also escape what Oniguruma need not read escaped."""
    return "".join(f"\\{c}" if c in r".*+^/()[]{}|?$-" else c for c in sign)
