"""Builds the syntax tree while Lark's LALR parser reduces.

There is no parse tree in between and no recursion. What stands on the parser's value stack for an expression
is the tuple `(node, start, end, depth)`: the extent includes parentheses, which the node's own span leaves
out, so that what encloses `(a + b) * c` starts at its bracket.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Any, NamedTuple, TypeVar, cast

from lark import Token

from catnet.diagnostics import Note, Source, Span, fail
from catnet.syntax import tree

MAX_DEPTH = 100
"""How deep a tree may nest: later passes walk it by recursion, and Python stops at about 1,000 frames."""

MAX_DIGITS = 18

Built = tuple[Any, int, int, int]
"""A node, its extent as offsets into the item's text, and how deep it nests."""

Children = list[Any]

V = TypeVar("V", tree.Formula, tree.Group, tree.Rep, tree.Derived)

_ASCII = {"≠": "!=", "≤": "<=", "≥": ">=", "−": "-"}


class _Default(NamedTuple):
    value: tree.Expr
    end: int


class Builder:
    """The callbacks of the grammar; set `source` and `base` before each item."""

    def __init__(self) -> None:
        self.source = Source("", "")
        self.base = 0

    # ------------------------------------------------------------ helpers

    def span(self, start: int, end: int) -> Span:
        return Span(self.source, self.base + start, self.base + end)

    def token_span(self, token: Token) -> Span:
        return self.span(_start(token), _end(token))

    def identifier(self, token: Token) -> str:
        """The name that a token spells; the double-struck R is the ASCII one."""
        name = str(token)
        if name.isascii():
            return name
        if name == "ℝ":
            return "R"
        if not name.isidentifier() or unicodedata.normalize("NFKC", name) != name:
            fail(
                "E0103",
                f"`{shortened(name)}` cannot be a name",
                self.token_span(token),
                notes=[Note("Python would read it as another name, or not as a name at all")],
                help=_plain_name(name),
            )
        return name

    def deeper(self, start: int, end: int, *depths: int) -> int:
        """One more than the deepest part, within bounds."""
        depth = 1 + max(depths)
        if depth > MAX_DEPTH:
            fail(
                "E0102",
                f"this expression nests more than {MAX_DEPTH} levels deep",
                self.span(start, end),
                help="give the inner part a name: declare it as a net of its own",
            )
        return depth

    def parts(self, parts: list[Built]) -> tuple[tuple[Any, ...], int, int, int]:
        """The nodes of a flat list of parts, its extent and its depth."""
        start, end = parts[0][1], parts[-1][2]
        depth = self.deeper(start, end, *[part[3] for part in parts])
        return tuple([part[0] for part in parts]), start, end, depth

    # ------------------------------------------------------------ atoms

    def name(self, children: Children) -> Built:
        token = children[0]
        start, end = token.start_pos, token.end_pos
        return tree.Name(self.identifier(token), span=self.span(start, end)), start, end, 1

    def number(self, children: Children) -> Built:
        token = children[0]
        start, end = token.start_pos, token.end_pos
        return tree.Number(self.value(token), span=self.span(start, end)), start, end, 1

    def value(self, token: Token) -> int | float:
        """The number that a token spells; refuses what is no number, infinite or too long."""
        text = str(token)
        if text.isascii() and text.isdigit():
            if len(text) <= MAX_DIGITS:
                return int(text)
            digits = f"an integer may have {MAX_DIGITS} digits; this one has {len(text)}"
            fail("E0104", "this integer is too long", self.token_span(token), notes=[Note(digits)])
        try:
            number = float(text) if text.isascii() and "_" not in text else math.nan
        except ValueError:
            number = math.nan
        if math.isnan(number):
            digits = text[: len(text) - len(text.lstrip("0123456789"))]
            rest = text[len(digits) :]
            help = f"to multiply, write `{digits} * {rest}`" if rest.isidentifier() and len(text) < 40 else ""
            fail("E0104", f"`{shortened(text)}` is not a number", self.token_span(token), help=help)
        if math.isinf(number):
            note = Note("the largest is about 1.8e308")
            fail(
                "E0104",
                f"`{shortened(text)}` is too large for a number",
                self.token_span(token),
                notes=[note],
            )
        return number

    def text(self, children: Children) -> Built:
        token = children[0]
        start, end = token.start_pos, token.end_pos
        return tree.Text(_unquote(token), span=self.span(start, end)), start, end, 1

    def true(self, children: Children) -> Built:
        start, end = children[0].start_pos, children[0].end_pos
        return tree.Truth(True, span=self.span(start, end)), start, end, 1

    def false(self, children: Children) -> Built:
        start, end = children[0].start_pos, children[0].end_pos
        return tree.Truth(False, span=self.span(start, end)), start, end, 1

    def hole(self, children: Children) -> Built:
        start, end = children[0].start_pos, children[0].end_pos
        return tree.Hole(span=self.span(start, end)), start, end, 1

    def unit(self, children: Children) -> Built:
        start, end = children[0].start_pos, children[1].end_pos
        return tree.Unit(span=self.span(start, end)), start, end, 1

    def pack(self, children: Children) -> Built:
        start, end = children[0].start_pos, children[1].end_pos
        return tree.Pack(self.identifier(children[1]), span=self.span(start, end)), start, end, 1

    def parenthesised(self, children: Children) -> Built:
        node, _, _, depth = children[1]
        return node, children[0].start_pos, children[2].end_pos, depth

    def fan(self, children: Children) -> Built:
        parts, _, _, depth = self.parts(children[1:-1])
        start, end = children[0].start_pos, children[-1].end_pos
        return tree.Fan(parts, span=self.span(start, end)), start, end, depth

    def list_(self, children: Children) -> Built:
        parts, _, _, depth = self.parts(children[1:-1])
        start, end = children[0].start_pos, children[-1].end_pos
        return tree.List(parts, span=self.span(start, end)), start, end, depth

    # ------------------------------------------------------------ tight operators

    def call(self, children: Children) -> Built:
        fn, start, _, depth = children[0]
        end = children[-1].end_pos
        args = children[2:-1]
        depth = self.deeper(start, end, depth, *[arg[3] for arg in args])
        seen = False
        for arg in args:
            if arg[0].name is not None:
                seen = True
            elif seen:
                fail(
                    "E0101",
                    "an argument without a name follows one with a name",
                    arg[0].span,
                    help="put the arguments without a name first",
                )
        node = tree.Call(fn, tuple([arg[0] for arg in args]), span=self.span(start, end))
        return node, start, end, depth

    def index(self, children: Children) -> Built:
        base, start, _, depth = children[0]
        end = children[-1].end_pos
        items = children[2:-1]
        depth = self.deeper(start, end, depth, *[item[3] for item in items])
        node = tree.Index(base, tuple([item[0] for item in items]), span=self.span(start, end))
        return node, start, end, depth

    def positional(self, children: Children) -> Built:
        value, start, end, depth = children[0]
        return tree.Arg(None, value, span=self.span(start, end)), start, end, depth

    def keyword(self, children: Children) -> Built:
        start = children[0].start_pos
        value, _, end, depth = children[1]
        return tree.Arg(self.identifier(children[0]), value, span=self.span(start, end)), start, end, depth

    def range_(self, children: Children) -> Built:
        start = children[0].start_pos
        (first, _, _, one), (last, _, end, two) = children[1:]
        span = self.span(start, end)
        node = tree.In(self.identifier(children[0]), first, last, span=span)
        return tree.Arg(None, node, span=span), start, end, self.deeper(start, end, one, two)

    def label(self, children: Children) -> Built:
        start = children[0].start_pos
        body, _, end, depth = children[1]
        node = tree.Label(self.identifier(children[0]), body, span=self.span(start, end))
        return node, start, end, self.deeper(start, end, depth)

    def power(self, children: Children) -> Built:
        (base, start, _, one), (exponent, _, end, two) = children
        node = tree.Power(base, exponent, span=self.span(start, end))
        return node, start, end, self.deeper(start, end, one, two)

    def negate(self, children: Children) -> Built:
        start = children[0].start_pos
        body, _, end, depth = children[1]
        return tree.Negate(body, span=self.span(start, end)), start, end, self.deeper(start, end, depth)

    # ------------------------------------------------------------ loose operators

    def product(self, children: Children) -> Built:
        nodes, start, end, depth = self.parts(children[::2])
        ops = cast(Any, [str(op) for op in children[1::2]])
        rest = tuple(zip(ops, nodes[1:], strict=True))
        return tree.Product(nodes[0], rest, span=self.span(start, end)), start, end, depth

    def sum(self, children: Children) -> Built:
        nodes, start, end, depth = self.parts(children[::2])
        ops = cast(Any, [_ASCII.get(op, str(op)) for op in children[1::2]])
        rest = tuple(zip(ops, nodes[1:], strict=True))
        return tree.Sum(nodes[0], rest, span=self.span(start, end)), start, end, depth

    def beside(self, children: Children) -> Built:
        nodes, start, end, depth = self.parts(children)
        return tree.Beside(nodes, span=self.span(start, end)), start, end, depth

    def chain(self, children: Children) -> Built:
        nodes, start, end, depth = self.parts(children)
        return tree.Chain(nodes, span=self.span(start, end)), start, end, depth

    def compare(self, children: Children) -> Built:
        nodes, start, end, depth = self.parts(children[::2])
        op = cast(Any, _ASCII.get(children[1], str(children[1])))
        return tree.Compare(op, *nodes, span=self.span(start, end)), start, end, depth

    def not_(self, children: Children) -> Built:
        start = children[0].start_pos
        body, _, end, depth = children[1]
        return tree.Not(body, span=self.span(start, end)), start, end, self.deeper(start, end, depth)

    def and_(self, children: Children) -> Built:
        nodes, start, end, depth = self.parts(children)
        return tree.Logic("and", nodes, span=self.span(start, end)), start, end, depth

    def or_(self, children: Children) -> Built:
        nodes, start, end, depth = self.parts(children)
        return tree.Logic("or", nodes, span=self.span(start, end)), start, end, depth

    def if_(self, children: Children) -> Built:
        start = children[0].start_pos
        nodes, _, end, depth = self.parts(children[1:])
        return tree.If(*nodes, span=self.span(start, end)), start, end, depth

    def arrow(self, children: Children) -> Built:
        nodes, start, end, depth = self.parts(children)
        return tree.Arrow(*nodes, span=self.span(start, end)), start, end, depth

    # ------------------------------------------------------------ bodies

    def assign(self, children: Children) -> tree.Assign:
        *targets, (value, _, end, _) = children
        names = tuple([self.identifier(token) for token in targets])
        return tree.Assign(names, value, span=self.span(targets[0].start_pos, end))

    def share(self, children: Children) -> tree.Share:
        word, name, (value, _, end, _) = children
        return tree.Share(self.identifier(name), value, span=self.span(word.start_pos, end))

    def body(self, children: Children) -> Built:
        opening, *statements, result, closing = children
        start, end = _start(opening), _end(closing)
        return tree.Body(tuple(statements), result[0], span=self.span(start, end)), start, end, 1

    # ------------------------------------------------------------ items

    def params(self, children: Children) -> tuple[tree.Param, ...]:
        return tuple(children[1:-1])

    def param(self, children: Children) -> tree.Param:
        token = children[0]
        start, end = token.start_pos, token.end_pos
        annotation = default = None
        for child in children[1:]:
            if isinstance(child, _Default):
                default, end = child
            else:
                annotation, _, end, _ = child
        return tree.Param(self.identifier(token), annotation, default, span=self.span(start, end))

    def default(self, children: Children) -> _Default:
        return _Default(children[0][0], children[0][2])

    def sort(self, children: Children) -> Built:
        """The annotation `rep`, as a name that no other name can be."""
        start, end = children[0].start_pos, children[0].end_pos
        return tree.Name(str(children[0]), span=self.span(start, end)), start, end, 1

    def where(self, children: Children) -> tuple[tree.Expr, ...]:
        return tuple([child[0] for child in children])

    def under(self, children: Children) -> tuple[tree.Under, ...]:
        return tuple(children)

    def action(self, children: Children) -> tree.Under:
        group, start, end, _ = children[0]
        axes: tuple[str, ...] = ()
        if len(children) > 1:
            axes, end = children[1]
        return tree.Under(group, axes, span=self.span(start, end))

    def axes(self, children: Children) -> tuple[tuple[str, ...], int]:
        names = tuple([self.identifier(t) for t in children if t.type == "NAME"])
        return names, children[-1].end_pos

    def import_(self, children: Children) -> tree.Import:
        word, path, _, *names = children
        identifiers = tuple([self.identifier(name) for name in names])
        return tree.Import(_unquote(path), identifiers, span=self.span(word.start_pos, names[-1].end_pos))

    def net(self, children: Children) -> tree.Net:
        word, name, params, arrow, where, under, body = children
        span = self.span(word.start_pos, body[2])
        return tree.Net(self.identifier(name), params, arrow[0], where, under, body[0], span=span)

    def box(self, children: Children) -> tree.BoxDecl:
        word, name, params, arrow, where, under, _, target = children
        span = self.span(word.start_pos, target.end_pos)
        return tree.BoxDecl(self.identifier(name), params, arrow[0], where, under, _unquote(target), span=span)

    def formula(self, children: Children) -> tree.Formula:
        return self._valued(tree.Formula, children)

    def group(self, children: Children) -> tree.Group:
        return self._valued(tree.Group, children)

    def rep(self, children: Children) -> tree.Rep:
        return self._valued(tree.Rep, children)

    def derived(self, children: Children) -> tree.Derived:
        return self._valued(tree.Derived, children)

    def bundle(self, children: Children) -> tree.Bundle:
        word, name, params, arrow, under, *rest = children
        _, *parts, closing = rest or (None, None)
        charts = tuple([part for part in parts if isinstance(part, tree.Chart)])
        transitions = tuple([part for part in parts if isinstance(part, tree.Transition)])
        ends = (
            [closing.end_pos] if closing is not None else [u.span.end - self.base for u in under if u.span is not None]
        )
        span = self.span(word.start_pos, max(ends, default=arrow[2]))
        return tree.Bundle(self.identifier(name), params, arrow[0], under, charts, transitions, span=span)

    def chart(self, children: Children) -> tree.Chart:
        name, *coordinates = [self.identifier(t) for t in children if t.type == "NAME"]
        span = self.span(children[0].start_pos, children[-1].end_pos)
        return tree.Chart(name, tuple(coordinates), span=span)

    def transition(self, children: Children) -> tree.Transition:
        source, target, (value, _, end, _) = children
        names = self.identifier(source), self.identifier(target)
        return tree.Transition(*names, value, span=self.span(source.start_pos, end))

    def section(self, children: Children) -> tree.Section:
        word, name, bundle, _, *components, closing = children
        span = self.span(word.start_pos, closing.end_pos)
        return tree.Section(self.identifier(name), bundle[0], tuple(components), span=span)

    def map(self, children: Children) -> tree.Map:
        word, name, arrow, _, *components, closing = children
        span = self.span(word.start_pos, closing.end_pos)
        return tree.Map(self.identifier(name), arrow[0], tuple(components), span=span)

    def component(self, children: Children) -> tree.Component:
        chart, (value, _, end, _) = children
        return tree.Component(self.identifier(chart), value, span=self.span(chart.start_pos, end))

    def _valued(self, kind: type[V], children: Children) -> V:
        word, name, params, value = children
        return kind(self.identifier(name), params, value[0], span=self.span(word.start_pos, value[2]))

    def law(self, children: Children) -> tree.Law:
        word, name, params, left, right = children
        span = self.span(word.start_pos, right[2])
        return tree.Law(self.identifier(name), params, left[0], right[0], span=span)


def shortened(text: str) -> str:
    """A token as a message shows it."""
    return text if len(text) <= 40 else text[:37] + "..."


def _start(token: Token) -> int:
    return cast(int, token.start_pos)


def _end(token: Token) -> int:
    return cast(int, token.end_pos)


def _unquote(token: Token) -> str:
    body = str(token)[1:-1]
    if "\\" not in body:
        return body
    return body.replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\")


def _plain_name(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name) if len(name) <= 40 else ""
    return f"write `{plain}`" if plain.isidentifier() and plain != name else ""
