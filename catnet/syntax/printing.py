"""Documents for expressions: precedence, spacing, and where a long expression breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from catnet.syntax import tree
from catnet.syntax.comments import children
from catnet.syntax.layout import HARD, SOFT, SPACE, Break, Doc, Group, Lazy, Nest

INDENT = 4

# How tightly each kind of expression binds, loosest first; what is not listed binds like a call.
_ARROW, _ANY, _OR, _AND, _NOT, _COMPARE, _CHAIN, _BESIDE, _SUM, _PRODUCT, _NEGATE, _POWER, _LABEL, _CALL = range(14)
_LEVELS: dict[type[tree.Node], int] = {
    tree.Arrow: _ARROW,
    tree.If: _ANY,
    tree.In: _ANY,
    tree.Not: _NOT,
    tree.Compare: _COMPARE,
    tree.Chain: _CHAIN,
    tree.Beside: _BESIDE,
    tree.Sum: _SUM,
    tree.Product: _PRODUCT,
    tree.Negate: _NEGATE,
    tree.Power: _POWER,
    tree.Label: _LABEL,
}


class Slot(NamedTuple):
    """Where an expression stands."""

    level: int
    """How tightly it must bind to stand without parentheses."""
    last: bool = True
    """Whether nothing follows that an `else` branch would take in."""
    dims: bool = False
    """Whether it is part of a dimension, where operators stand tight."""


class Expressions:
    """Makes documents for the expressions below one node."""

    def __init__(self, root: tree.Node) -> None:
        self._comments = _count_comments(root)

    # ------------------------------------------------------------ comments

    def commented(self, node: tree.Node) -> bool:
        """Whether a node carries comments or holds one that does."""
        return bool(self._comments) and self._comments[id(node)] > 0

    def leading(self, node: tree.Node) -> tuple[str, ...]:
        """The comments printed right before a node: its own, and those of what it begins with."""
        if not self.commented(node):
            return ()
        comments = node.comments
        first = _leftmost(node)
        while first is not None and not _parenthesised(*first):
            comments += first[0].comments
            first = _leftmost(first[0])
        return comments

    def broken(self, node: tree.Node) -> bool:
        """Whether a node has comments that are printed inside it."""
        return bool(self._comments) and self._comments[id(node)] > len(self.leading(node))

    # ------------------------------------------------------------ places

    def top(self, expr: tree.Expr, quiet: bool = False) -> Doc:
        """An expression that stands for itself; `quiet` where its leading comments are printed already."""
        return self.at(expr, Slot(_ARROW), quiet)

    def annotation(self, expr: tree.Expr) -> Doc:
        """The annotation of a parameter: a type."""
        return self.at(expr, Slot(_ARROW if isinstance(expr, tree.Arrow) else _BESIDE, last=False))

    def law_sides(self, law: tree.Law) -> Doc:
        left = self.at(law.left, Slot(_CHAIN, last=False))
        return [left, " ==", SPACE, self.at(law.right, Slot(_CHAIN))]

    def at(self, expr: tree.Expr, slot: Slot, quiet: bool = False) -> Doc:
        """An expression where it stands, in parentheses if it must be."""
        return Lazy(lambda: self._place(expr, slot, quiet))

    def _place(self, expr: tree.Expr, slot: Slot, quiet: bool) -> Doc:
        if _parenthesised(expr, slot):
            inner: list[Doc] = [
                *comment_docs(self.leading(expr)),
                self._bare(expr, Slot(_ANY, dims=slot.dims)),
            ]
            return bracketed("(", [inner], ")", self.commented(expr))
        if quiet:
            return self._bare(expr, slot)
        return [*comment_docs(self.leading(expr)), self._bare(expr, slot)]

    # ------------------------------------------------------------ kinds

    def _bare(self, expr: tree.Expr, slot: Slot) -> Doc:
        """An expression without parentheses and without its leading comments."""
        match expr:
            case tree.Chain() | tree.Beside() | tree.Sum() | tree.Product() | tree.Logic():
                return self._operands(expr, slot)
            case tree.Call():
                args = [self._arg(arg, slot.dims) for arg in expr.args]
                if slot.dims and args and not self.broken(expr):
                    return [self._first(expr, slot), "(", *_joined(args), ")"]
                return [self._first(expr, slot), bracketed("(", args, ")", self.broken(expr))]
            case tree.Index():
                return self._index(expr, slot)
            case tree.If():
                return self._if(expr, slot)
            case tree.Power():
                return [self._first(expr, slot), *self._exponent(expr, slot)]
            case tree.Label():
                return [f"{expr.name}: ", self.at(expr.body, Slot(_CALL, False, slot.dims))]
            case tree.Negate():
                return ["-", self.at(expr.body, slot._replace(level=_POWER))]
            case tree.Not():
                return ["not ", self.at(expr.body, slot._replace(level=_NOT))]
            case tree.Compare():
                right = self.at(expr.right, slot._replace(level=_CHAIN))
                return [self._first(expr, slot), f" {expr.op} ", right]
            case tree.Arrow():
                cod = self.at(expr.cod, _side(expr.cod))
                if isinstance(expr.dom, (tree.Label, tree.Fan)):  # its brackets are broken before the arrow is
                    return [self._first(expr, slot), " -> ", cod]
                return Group([self._first(expr, slot), Nest(INDENT, [Break(" -> ", "-> "), cod])], self.broken(expr))
            case tree.Fan():
                parts = [self.at(part, Slot(_ANY, dims=slot.dims)) for part in expr.parts]
                return bracketed("(", parts, ")", self.broken(expr))
            case tree.List():
                parts = [self.at(part, Slot(_ANY, dims=slot.dims)) for part in expr.parts]
                return bracketed("[", parts, "]", self.broken(expr))
            case tree.In():
                bounds = Slot(_SUM, last=False, dims=slot.dims)
                return [f"{expr.name} in ", self.at(expr.start, bounds), "..", self.at(expr.stop, bounds)]
        return _atom(expr)

    def _first(self, expr: tree.Expr, slot: Slot) -> Doc:
        """What an expression begins with; its comments have been printed before the whole."""
        first = _leftmost(expr, slot.dims)
        assert first is not None
        return self.at(*first, quiet=True)

    def _operands(self, expr: tree.Chain | tree.Beside | tree.Sum | tree.Product | tree.Logic, slot: Slot) -> Doc:
        """Parts joined by operators; a line that is broken starts with the operator, and the parts align."""
        level, rest = _rest(expr)
        tight = isinstance(expr, tree.Product) and _is_tight(expr, slot.dims)
        inner = Slot(level, False, slot.dims)
        docs: list[Doc] = [self._first(expr, slot)]
        for number, (op, part) in enumerate(rest, 1):
            place = inner._replace(last=slot.last) if number == len(rest) else inner
            if self.commented(part) and not _parenthesised(part, place):
                docs += [[HARD, line] for line in comment_lines(self.leading(part))]
            sign = op if tight else f" {op} "
            whole = slot.dims and not self.broken(expr)  # an axis is not taken apart
            docs += [sign if whole else Break(sign, f"{op} "), self.at(part, place, quiet=True)]
        return Group(docs, self.broken(expr))

    def _arg(self, arg: tree.Arg, dims: bool) -> Doc:
        docs = comment_docs(self.leading(arg))
        if arg.name is None:
            return [*docs, self.at(arg.value, Slot(_ANY, dims=dims), quiet=True)]
        return [*docs, f"{arg.name} = ", self.at(arg.value, Slot(_ANY, dims=dims))]

    def _index(self, expr: tree.Index, slot: Slot) -> Doc:
        items = [self.at(item, Slot(_ANY, dims=True)) for item in expr.items]
        base = self._first(expr, slot)
        if self.broken(expr):
            return [base, bracketed("[", items, "]", True)]
        return [base, "[", *_joined(items), "]"]

    def _if(self, expr: tree.If, slot: Slot) -> Doc:
        whole = Slot(_ANY, dims=slot.dims)
        docs: list[Doc] = []
        branch: tree.Expr = expr
        while isinstance(branch, tree.If) and (branch is expr or not branch.comments):
            condition = Nest(INDENT, self.at(branch.condition, whole))
            docs += ["if ", condition, " then ", Nest(INDENT, self.at(branch.then, whole)), SPACE, "else "]
            branch = branch.otherwise
        return Group([*docs, Nest(INDENT, self.at(branch, whole))], self.broken(expr))

    def _exponent(self, expr: tree.Power, slot: Slot) -> list[Doc]:
        tight = isinstance(expr.base, tree.Number) or (slot.dims and isinstance(expr.base, tree.Name))
        docs: list[Doc] = ["^" if tight else " ^ "]
        exponent = expr.exponent
        if isinstance(exponent, tree.Negate):
            docs += [*comment_docs(exponent.comments), "-"]
            exponent = exponent.body
        return [*docs, self.at(exponent, Slot(_CALL, False, slot.dims))]


def _joined(parts: Sequence[Doc]) -> list[Doc]:
    """Parts parted by commas, on one line."""
    return [[", ", part] if number else part for number, part in enumerate(parts)]


def bracketed(opening: str, parts: Sequence[Doc], closing: str, hard: bool) -> Doc:
    """Parts parted by commas; where they do not fit, one on each line."""
    if not parts:
        return opening + closing
    joined: list[Doc] = [[",", SPACE, part] if number else part for number, part in enumerate(parts)]
    return Group([opening, Nest(INDENT, [SOFT, *joined]), SOFT, closing], hard)


def comment_lines(comments: Iterable[str]) -> Iterator[str]:
    """Comments as `#` lines."""
    for comment in comments:
        for line in comment.split("\n"):
            yield f"# {line}" if line else "#"


def comment_docs(comments: Iterable[str]) -> list[Doc]:
    """Comments, each with the end of its line."""
    return [[line, HARD] for line in comment_lines(comments)]


def string_literal(value: str) -> str:
    """A string in double quotes."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _atom(expr: tree.Expr) -> str:
    match expr:
        case tree.Name():
            return expr.id
        case tree.Number():
            return _number(expr.value)
        case tree.Text():
            return string_literal(expr.value)
        case tree.Truth():
            return "true" if expr.value else "false"
        case tree.Hole():
            return "_"
        case tree.Unit():
            return "()"
        case tree.Pack():
            return f"...{expr.id}"
    raise TypeError(f"not an expression: {expr!r}")


def _number(value: int | float) -> str:
    """A number; `1e-5` where Python writes `1e-05`."""
    if isinstance(value, int):
        return str(value)
    mantissa, e, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def _level(expr: tree.Expr) -> int:
    if isinstance(expr, tree.Logic):
        return _AND if expr.op == "and" else _OR
    if isinstance(expr, tree.Number) and expr.value < 0:  # the parser makes none, but Python code may
        return _NEGATE
    return _LEVELS.get(type(expr), _CALL)


def _parenthesised(expr: tree.Expr, slot: Slot) -> bool:
    if isinstance(expr, tree.If):
        return not slot.last or slot.level > _NEGATE
    return _level(expr) < slot.level


def _side(expr: tree.Expr) -> Slot:
    """Where one side of an arrow stands; a single named wire gets parentheses for the reader's sake."""
    return Slot(_CALL if isinstance(expr, tree.Label) else _BESIDE, last=False)


def _leftmost(node: tree.Node, dims: bool = False) -> tuple[tree.Expr, Slot] | None:
    """The expression that a node begins with, and where that stands; None for what begins with a word."""
    match node:
        case tree.Chain():
            return node.parts[0], Slot(_BESIDE, False, dims)
        case tree.Beside():
            return node.parts[0], Slot(_SUM, False, dims)
        case tree.Sum():
            return node.first, Slot(_PRODUCT, False, dims)
        case tree.Product():
            return node.first, Slot(_NEGATE, False, dims)
        case tree.Logic():
            return node.parts[0], Slot(_NOT if node.op == "and" else _AND, False, dims)
        case tree.Compare():
            return node.left, Slot(_CHAIN, False, dims)
        case tree.Arrow():
            return node.dom, _side(node.dom)
        case tree.Power():
            return node.base, Slot(_LABEL, False, dims)
        case tree.Call():
            return node.fn, Slot(_CALL, False, dims)
        case tree.Index():
            return node.base, Slot(_CALL, False, dims)
        case tree.Arg(name=None):
            return node.value, Slot(_ANY, True, dims)
    return None


def _rest(
    expr: tree.Chain | tree.Beside | tree.Sum | tree.Product | tree.Logic,
) -> tuple[int, Sequence[tuple[str, tree.Expr]]]:
    """How tightly the operands bind, and all but the first with the operators before them."""
    match expr:
        case tree.Chain():
            return _BESIDE, [(">>", part) for part in expr.parts[1:]]
        case tree.Beside():
            return _SUM, [("@", part) for part in expr.parts[1:]]
        case tree.Sum():
            return _PRODUCT, expr.rest
        case tree.Product():
            return _NEGATE, expr.rest
    return _NOT if expr.op == "and" else _AND, [(expr.op, part) for part in expr.parts[1:]]


def _is_tight(expr: tree.Product, dims: bool) -> bool:
    """`3*d`, `h//2` and dimensions stand tight; `d % 2`, and what may be a product of maps, do not."""
    ops = {op for op, _ in expr.rest}
    if "%" in ops:
        return False
    numbers = isinstance(expr.first, tree.Number) or any(isinstance(e, tree.Number) for _, e in expr.rest)
    return dims or numbers or ops != {"*"}


def _count_comments(root: tree.Node) -> dict[int, int]:
    """How many comments each node holds, its own included; empty if there are none at all."""
    counts: dict[int, int] = {}
    order: list[tuple[tree.Node, list[tree.Node]]] = []
    stack = [root]
    found = False
    while stack:
        node = stack.pop()
        if id(node) in counts:
            continue
        below = list(children(node))
        counts[id(node)] = len(node.comments)
        found = found or bool(node.comments)
        order.append((node, below))
        stack.extend(below)
    if not found:
        return {}
    return _add_up(order, counts)


def _add_up(order: list[tuple[tree.Node, list[tree.Node]]], counts: dict[int, int]) -> dict[int, int]:
    for node, below in reversed(order):
        counts[id(node)] += sum(counts[id(child)] for child in below)
    return counts
