"""What bad sources get: one diagnostic for each broken item, in the user's words."""

from __future__ import annotations

import pytest

from catnet.diagnostics import Diagnostic, Source
from catnet.syntax import tree
from catnet.syntax.parser import MAX_SIZE, parse
from catnet.syntax.scan import MAX_BRACKETS

# source, code, underlined text, part of the message, part of the help
BAD = [
    ("net a : X -> X = f >> ", "E0101", "", "the end of the declaration, expected an expression", ""),
    ("net a : X = f", "E0101", "=", "expected `->`", "`A -> B`"),
    ("net a : X where p = f", "E0101", "where", "expected `->`", "`A -> B`"),
    ("net a : X -> X { b = f }", "E0101", "}", "`return`", "a body ends in `return EXPR`"),
    ("net a : X -> X { }", "E0101", "}", "`return`", "a body ends in `return EXPR`"),
    ("net a : X -> X linear(3)", "E0101", "linear", "the name `linear`", "put `=` before the body"),
    ("net a : X -> X == id", "E0101", "==", "found `==`", "write one `=` to define"),
    ("net a : X -> X where p = 3 = id", "E0101", "=", "found `=`", "`==` compares"),
    ("net a : X -> X = f ^ 2 ^ 3", "E0101", "^", "found `^`", "does not associate"),
    ("net a : X -> X = f ** 2", "E0101", "*", "expected an expression", "a power is written `^`"),
    ("net a : X -> X = 1 < b < 2", "E0101", "<", "found `<`", "comparisons do not chain"),
    ("net a : R[n] -> R[n] under S(n) on n where p = id", "E0101", "where", "found the", "stands before `under`"),
    ("net a : X -> X = lambda x: x", "E0101", "x", "the name `x`", "no anonymous functions"),
    ("net a : X -> X = if p then f", "E0101", "", "expected `else`", "always has an `else`"),
    ("net a : X -> X = if p then f elif q", "E0101", "elif", "the name `elif`", "write `else if`"),
    ("net law : X -> X = f", "E0101", "law", "the reserved word `law`", "choose another name"),
    ("net a(share) : X -> X = f", "E0101", "share", "the reserved word `share`", "choose another name"),
    ("net a : X -> X = pool(in = 3)", "E0101", "in", "the reserved word `in`", "choose another name"),
    ("net a : X -> X = pool(from = 3)", "E0101", "from", "the reserved word `from`", "choose another name"),
    ("net a : X -> X = f(k = 1, 2)", "E0101", "2", "without a name follows", "first"),
    ("net a : X -> X = f)", "E0101", ")", "found `)`", "no bracket is open"),
    ("net a : X -> X = f -> g", "E0101", "->", "found `->`", "write `>>` for composition"),
    ("net a : X -> X { (b, c) = f return b }", "E0101", "(", "found `(`", ""),
    ("net a : X -> X { x = f (b, c) = g return b }", "E0101", "=", "found `=`", "without parentheses"),
    ("def a(x): return x", "E0101", "def", "expected a declaration", "`net NAME(params) : A -> B = EXPR`"),
    ("import torch", "E0101", "import", "expected a declaration", 'from "FILE.cat" import NAME'),
    ("a = linear(3)", "E0101", "a", "expected a declaration", "a net is declared by"),
    ("from torch import nn", "E0101", "torch", "expected a string", 'from "FILE.cat" import NAME'),
    ('box a : X -> X = "m:C"', "E0101", '"m:C"', "expected `python`", '`= python "package.module:Callable"`'),
    ("law a : f >> g", "E0101", "", "expected `==`", ""),
    ("net", "E0101", "", "expected a name", ""),
    ("net a : X -> X = f(R[3)", "E0101", ")", "found `)`", "close it with `]`"),
    (
        "net a : X -> X = " + "(" * 201 + "f" + ")" * 201,
        "E0102",
        "(",
        f"{MAX_BRACKETS} levels",
        "a net of its own",
    ),
    ("net a : X -> X = " + "f(" * 120 + "x" + ")" * 120, "E0102", None, "100 levels", "a net of its own"),
    ("net a : X -> X = " + "if p then f else " * 120 + "x", "E0102", None, "100 levels", "a net of its own"),
    ("net a : X -> X = f" + "(x)" * 120, "E0102", None, "100 levels", "a net of its own"),
    ("net a : X -> X = " + "not " * 120 + "x", "E0102", None, "100 levels", "a net of its own"),
    ("net a : X -> X = f $ g", "E0103", "$", "`$` has no meaning here", ""),
    ("net a : X -> X = 'abc'", "E0103", "'", "`'` has no meaning here", "double quotes"),
    ("net a : X -> X = f \x00 g", "E0103", "\x00", "U+0000", "text file"),
    ("net a : X -> X = ﬁle", "E0103", "ﬁle", "`ﬁle` cannot be a name", "write `file`"),
    ("net a : X -> X = f(x², y)", "E0103", "x²", "cannot be a name", "write `x2`"),
    ("net a : X -> X = ℝ2", "E0103", "ℝ2", "cannot be a name", "write `R2`"),
    ("net a(ᵢ) : X -> X = f", "E0103", "ᵢ", "cannot be a name", "write `i`"),
    ("net a : X -> X = linear(3d)", "E0104", "3d", "`3d` is not a number", "write `3 * d`"),
    ("net a : X -> X = linear(1_000)", "E0104", "1_000", "not a number", ""),
    ("net a : X -> X = linear(3٣)", "E0104", "3٣", "not a number", ""),
    ("net a : X -> X = linear(" + "9" * 5000 + ")", "E0104", "9" * 5000, "too long", ""),
    ("net a : X -> X = linear(1e999)", "E0104", "1e999", "too large", ""),
    ("net a : X -> X = linear(1.)", "E0103", ".", "`.` has no meaning here", "`2.0`"),
    ('net a : X -> X = f("abc)', "E0104", '"abc)', "no closing quote", ""),
    ('net a : X -> X = f("a\\n")', "E0104", None, "a character or an escape", "no other escapes"),
    ("section s : X = f", "E0101", "=", "found `=`", ""),
    ("bundle E : circle -> R[1] { a, b }", "E0101", "a", "expected `charts`", ""),
    ("bundle E : circle -> R[1] under O(1) { charts a, b  a -> b = 1 }", "E0101", "=", "expected `:`", ""),
    ("net a : X -> X = f(section = 3)", "E0101", "section", "reserved word `section`", "choose another name"),
    ("net a : X -> X = f(rep = 3)", "E0101", "rep", "reserved word `rep`", "choose another name"),
    ("net a : X -> X on n = f", "E0101", "on", "found the name `on`", ""),
    ("net a : X -> X under G on = f", "E0101", "=", "expected one of: `(`, a name", ""),
    ("group G : S(n)", "E0101", ":", "expected one of: `(`, `=`", ""),
]


def only(text: str) -> Diagnostic:
    file, diagnostics = parse(Source("bad.cat", text))
    assert not file.items
    assert len(diagnostics) == 1, "\n".join(map(str, diagnostics))
    assert diagnostics[0].render()
    assert diagnostics[0].to_json()
    return diagnostics[0]


@pytest.mark.parametrize(("text", "code", "underlined", "message", "help"), BAD)
def test_bad_source(text: str, code: str, underlined: str | None, message: str, help: str) -> None:
    diagnostic = only(text)
    assert diagnostic.code == code
    assert message in diagnostic.message
    assert help in diagnostic.help
    assert diagnostic.span is not None
    if underlined is not None:
        assert diagnostic.span.text == underlined


def test_a_message_in_full() -> None:
    assert only("net f : X -> X = (g >> h\n# more").render() == (
        "error[E0101]: found the end of the declaration, expected one of: `)`, `,`\n"
        "  --> bad.cat:1:25\n"
        " 1 | net f : X -> X = (g >> h\n"
        "   |                         ^ here\n"
        "  note: this `(` is not closed\n"
        "  --> bad.cat:1:18\n"
        " 1 | net f : X -> X = (g >> h\n"
        "   |                  -\n"
        "  help: close it with `)`"
    )


def test_four_broken_items_give_four_errors() -> None:
    text = """
net good1 : X -> X = id
net bad1 : X -> X = (f >> g
net good2 : X -> X = id
net bad2(a, : X -> X = f[
box bad3 : X -> X = python torch.nn.Linear
law bad4 : { a
law good3 : f == g
"""
    file, diagnostics = parse(Source("x.cat", text))
    assert [getattr(item, "name", None) for item in file.items] == ["good1", "good2", "good3"]
    assert [d.code for d in diagnostics] == ["E0101"] * 4
    lines = [d.span.source.position(d.span.start)[0] for d in diagnostics if d.span]
    assert lines == [3, 5, 6, 7]


def test_text_before_the_first_item_costs_one_error() -> None:
    file, diagnostics = parse(Source("x.cat", "hello world ( [\nnet f : X -> X = id"))
    assert len(file.items) == len(diagnostics) == 1
    assert isinstance(file.items[0], tree.Net)


def test_a_string_that_is_not_closed_stays_on_its_line() -> None:
    file, diagnostics = parse(Source("x.cat", 'net f : X -> X = g("a\nnet h : X -> X = id'))
    assert len(file.items) == len(diagnostics) == 1


def test_too_large_a_file() -> None:
    assert only(" " * (MAX_SIZE + 1)).code == "E0106"
