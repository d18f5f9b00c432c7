"""A term as a syntax tree, for `repr`: the text parses back to an equal diagram."""

from __future__ import annotations

from typing import Any

from catnet.diagnostics import Source
from catnet.diagrams import terms
from catnet.diagrams.box import REQUIRED, Box
from catnet.syntax import tree
from catnet.syntax.parser import parse_expression
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.static import AxisRef, Condition


def to_tree(term: terms.Diagram) -> tree.Expr:
    """The expression that says what the term says."""
    made: tree.Expr = terms.handler(_PRINT, term)(term)
    return made


def static_tree(value: Any) -> tree.Expr:
    """A static value as an expression."""
    if isinstance(value, terms.Diagram):
        return to_tree(value)
    if isinstance(value, bool):
        return tree.Truth(value)
    if isinstance(value, (int, float)):
        return tree.Number(value) if value >= 0 else tree.Negate(tree.Number(-value))
    if isinstance(value, Dim) and value.value is not None:
        return static_tree(value.value)
    if isinstance(value, AxisRef):
        return static_tree(value.index) if value.name is None else tree.Name(value.name)
    if isinstance(value, tuple) and len(value) == 1:
        return static_tree(value[0])
    if isinstance(value, tuple):
        return tree.Fan(tuple(map(static_tree, value))) if value else tree.Unit()
    if isinstance(value, str):
        return tree.Text(value)
    return parse_expression(Source("<value>", str(value)))


def box_tree(box: Box) -> tree.Expr:
    """A box with its static arguments; those at their defaults are left out."""
    args: list[tree.Arg] = []
    positional = True
    for param in box.params():
        value = getattr(box, param.name)
        required = param.default is REQUIRED
        if not required and value == param.default:
            positional = False
            continue
        name = None if required and positional else param.name
        args.append(tree.Arg(name, static_tree(value)))
    if box.open_keywords:
        args += [tree.Arg(name, static_tree(value)) for name, value in getattr(box, box.open_keywords)]
    return tree.Call(tree.Name(box.name), tuple(args)) if args else tree.Name(box.name)


def _leaf(term: terms.Leaf) -> tree.Expr:
    own = getattr(term.box, "expression", None)
    return own() if own is not None else box_tree(term.box)


def _sum(term: terms.Sum) -> tree.Expr:
    (_, first), *rest = term.flat()
    return tree.Sum(to_tree(first), tuple(("+" if s == 1 else "-", to_tree(p)) for s, p in rest))


def _product(term: terms.Product) -> tree.Expr:
    first, *rest = (static_tree(p) for p in term.flat())
    return tree.Product(first, tuple(("*", p) for p in rest))


def _sequence(term: terms.Sequence) -> tree.Expr:
    body = to_tree(term.step(Dim.sym(term.index)))
    index = tree.In(term.index, static_tree(term.start), static_tree(term.stop))
    return tree.Call(tree.Name("seq"), (tree.Arg(None, index), tree.Arg(None, body)))


def _condition(value: Pred | Condition) -> tree.Expr:
    return parse_expression(Source("<condition>", str(value)))


def _call(name: str, body: tree.Expr) -> tree.Expr:
    return tree.Call(tree.Name(name), (tree.Arg(None, body),))


def _use(term: terms.Use) -> tree.Expr:
    name = tree.Name(term.shared.name)
    if term.reading is not None:
        return _reading(term.reading, name)
    return _call("transpose", name) if term.transposed else name


def _reading(box: Box, name: tree.Name) -> tree.Expr:
    """Another reading of shared weights: `t ^ -1`, `log_density(t)`."""
    if hasattr(box, "expression"):  # the inverse: others are words of the vocabulary
        return tree.Power(name, tree.Negate(tree.Number(1)))
    call = box_tree(box)
    rest = call.args[1:] if isinstance(call, tree.Call) else ()
    return tree.Call(tree.Name(box.name), (tree.Arg(None, name), *rest))


def _body(term: terms.Body) -> tree.Expr:
    raise TypeError("a braced body stands only in a net; print the net")


_PRINT: dict[type, Any] = {
    terms.Leaf: _leaf,
    terms.Then: lambda t: tree.Chain(tuple(map(to_tree, t.flat()))),
    terms.Tensor: lambda t: tree.Beside(tuple(map(to_tree, t.flat()))),
    terms.Fan: lambda t: tree.Fan(tuple(map(to_tree, t.parts))),
    terms.Sum: _sum,
    terms.Product: _product,
    terms.Each: lambda t: _call("each", to_tree(t.body)),
    terms.Repeat: lambda t: tree.Power(to_tree(t.body), static_tree(t.count)),
    terms.Sequence: _sequence,
    terms.Labelled: lambda t: tree.Label(t.label, to_tree(t.body)),
    terms.Choice: lambda t: tree.If(_condition(t.condition), to_tree(t.then), to_tree(t.otherwise)),
    terms.Inverse: lambda t: tree.Power(to_tree(t.body), tree.Negate(tree.Number(1))),
    terms.Use: _use,
    terms.Transpose: lambda t: _call("transpose", to_tree(t.body)),
    terms.Var: lambda t: tree.Name(t.name),
    terms.Body: _body,
    terms.ExprHole: lambda t: tree.Hole(),
}
