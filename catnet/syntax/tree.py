"""The syntax tree: frozen dataclasses with source spans.

One expression language serves diagrams, static values, dimensions and types; what an expression means is
decided where it is used (see `catnet.elaborate`). Spans never take part in equality, so a tree that is
printed and parsed again is equal to the first. Parentheses are not kept: the formatter puts back those that
precedence asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from catnet.diagnostics import Source, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything with a place in a source. `comments` are the `#` lines right above it (text without `# `)."""

    span: Span | None = field(default=None, compare=False, repr=False)
    comments: tuple[str, ...] = field(default=(), compare=False, repr=False)


class Expr(Node):
    """An expression."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Name(Expr):
    """`relu`, `d`, `X`."""

    id: str


@dataclass(frozen=True, slots=True)
class Number(Expr):
    """`3`, `0.5`, `1e-5`; never negative (see `Negate`)."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Text(Expr):
    """A string in double quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Truth(Expr):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Hole(Expr):
    """`_`: to be inferred and reported."""


@dataclass(frozen=True, slots=True)
class Unit(Expr):
    """`()`: no wire."""


@dataclass(frozen=True, slots=True)
class Pack(Expr):
    """`...s`: any number of axes; stands only inside `Index.items`."""

    id: str


@dataclass(frozen=True, slots=True)
class Arg(Node):
    """A static argument: `3*d` or `bias = false`."""

    name: str | None
    value: Expr


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """`linear(3*d, bias = false)`. `fn` is nearly always a `Name`."""

    fn: Expr
    args: tuple[Arg, ...]


@dataclass(frozen=True, slots=True)
class Index(Expr):
    """`R[t, d]`, `Fin(n)[t]`."""

    base: Expr
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Label(Expr):
    """`q: linear(d)`; in a named domain, `x: R[t, d]`."""

    name: str
    body: Expr


@dataclass(frozen=True, slots=True)
class Power(Expr):
    """`f ^ n`, `f ^ -1`, `2 ^ k`. `^` does not associate."""

    base: Expr
    exponent: Expr


@dataclass(frozen=True, slots=True)
class Negate(Expr):
    """`-e`."""

    body: Expr


@dataclass(frozen=True, slots=True)
class Product(Expr):
    """`a * b // c`, left to right: `first` then (operator, operand) pairs."""

    first: Expr
    rest: tuple[tuple[Literal["*", "/", "//", "%"], Expr], ...]


@dataclass(frozen=True, slots=True)
class Sum(Expr):
    """`a + b - c`, left to right."""

    first: Expr
    rest: tuple[tuple[Literal["+", "-"], Expr], ...]


@dataclass(frozen=True, slots=True)
class Beside(Expr):
    """`f @ g @ h`: side by side, at least two parts."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Chain(Expr):
    """`f >> g >> h`: then, at least two parts."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Fan(Expr):
    """`(f, g, h)`: the same input to each, at least two parts; as a static value, a tuple."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class List(Expr):
    """`[[0, -1], [1, 0]]`: static values in a row, at least one."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Compare(Expr):
    """`a % b == 0`."""

    op: Literal["==", "!=", "<", "<=", ">", ">="]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Logic(Expr):
    """`p and q and r`, `p or q`: at least two parts."""

    op: Literal["and", "or"]
    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not(Expr):
    """`not p`."""

    body: Expr


@dataclass(frozen=True, slots=True)
class If(Expr):
    """`if c then f else g`, decided when compiling."""

    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True)
class In(Expr):
    """`i in 0..n`, the first argument of `seq`; n is not included."""

    name: str
    start: Expr
    stop: Expr


@dataclass(frozen=True, slots=True)
class Arrow(Expr):
    """A type `dom -> cod`."""

    dom: Expr
    cod: Expr


@dataclass(frozen=True, slots=True)
class Assign(Node):
    """`x = expr` or `a, b = expr` in a braced body; the target `_` drops in words."""

    targets: tuple[str, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Share(Node):
    """`share w = linear(k)` in a braced body."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Body(Node):
    """`{ statements; return result }`."""

    statements: tuple[Assign | Share, ...]
    result: Expr


@dataclass(frozen=True, slots=True)
class Param(Node):
    """A static parameter: `heads`, `causal = false`, `f: X -> X`, `p: float = 0.1`."""

    name: str
    annotation: Expr | None = None
    default: Expr | None = None


@dataclass(frozen=True, slots=True)
class Under(Node):
    """`S(n) on n`, `C(4) on (h, w)`, or `G` alone: a group that acts, and the axes of the inputs on which it does.

    Without axes it acts on those that carry one of its representations.
    """

    group: Expr
    axes: tuple[str, ...] = ()


class Item(Node):
    """A top-level declaration."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Import(Item):
    """`from "std/transformer.cat" import block, attention`."""

    path: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Net(Item):
    """`net NAME(params) : TYPE where P, Q under G on n = EXPR`, or with a braced body in the place of `= EXPR`.

    `type` is an `Arrow`. The documentation is `comments`.
    """

    name: str
    params: tuple[Param, ...]
    type: Arrow
    where: tuple[Expr, ...]
    under: tuple[Under, ...]
    body: Expr | Body


@dataclass(frozen=True, slots=True)
class BoxDecl(Item):
    """`box NAME(params) : TYPE where P = python "package.module:Callable"`."""

    name: str
    params: tuple[Param, ...]
    type: Arrow
    where: tuple[Expr, ...]
    under: tuple[Under, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Formula(Item):
    """`box f(x: R[V]) = x / (1 + dot(x, x))`: a map written as a formula; annotated parameters are its wires."""

    name: str
    params: tuple[Param, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Law(Item):
    """`law NAME(params) : EXPR == EXPR`."""

    name: str
    params: tuple[Param, ...]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Group(Item):
    """`group O = O(3)`."""

    name: str
    params: tuple[Param, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Rep(Item):
    """`rep V = 8*trivial(O) + 4*vector(O)`."""

    name: str
    params: tuple[Param, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Chart(Node):
    """`north(theta, phi)`: a chart and the names of its coordinates."""

    name: str
    coordinates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transition(Node):
    """`a -> b : [[-1]]`: the transition function from one chart to another."""

    source: str
    target: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Bundle(Item):
    """`bundle NAME(params) : BASE -> FIBRE under GROUP { charts ...; a -> b : ... }`. `type` is an `Arrow`.

    Without the part in braces there are no charts: the nodes and the maps along edges come as data.
    """

    name: str
    params: tuple[Param, ...]
    type: Arrow
    under: tuple[Under, ...]
    charts: tuple[Chart, ...]
    transitions: tuple[Transition, ...]


@dataclass(frozen=True, slots=True)
class Derived(Item):
    """`bundle E = dual(F)`: a bundle made of others."""

    name: str
    params: tuple[Param, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Component(Node):
    """`a : [0, sin(phi)]`: what a section or a map of bundles is over one chart."""

    chart: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Section(Item):
    """`section NAME : E { a : ...  b : ... }`: components over each chart of the bundle that `bundle` says."""

    name: str
    bundle: Expr
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Map(Item):
    """`map NAME : E -> F { a : [[...]]  b : ... }`: a matrix over each chart. `type` is an `Arrow`."""

    name: str
    type: Arrow
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class File:
    """A parsed file; `trailing` are the comments after the last item.

    `loose` are comment blocks that a blank line parts from the item below them: pairs of the index of that
    item and the block. They document nothing (a licence, a heading) and only matter for printing.
    """

    items: tuple[Item, ...]
    trailing: tuple[str, ...] = field(default=(), compare=False)
    source: Source | None = field(default=None, compare=False, repr=False)
    loose: tuple[tuple[int, tuple[str, ...]], ...] = field(default=(), compare=False, repr=False)
