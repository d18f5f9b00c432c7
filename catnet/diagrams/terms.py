"""Diagrams as terms: what the text says, after its static values are known.

A term is untyped structure. Its meaning is the typed port graph that `catnet.diagrams.typing` makes of it;
equality and hash are those of the graph's normal form, so bracketing, `id`s and text order never matter.
Terms are built by the elaborator from `.cat` text and by Python's operators alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

from catnet.diagnostics import Span
from catnet.diagrams.box import Box
from catnet.syntax.formatter import format_expression
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.static import Condition, Unknown

if TYPE_CHECKING:
    from catnet.diagrams.graph import Graph
    from catnet.diagrams.normal import NormalForm
    from catnet.rewrite import Mode


class Diagram:
    """A parametrised morphism. Build it from boxes with `>>`, `@`, `+`, `-`, `*` and `**`.

    `f >> g` composes, `f @ g` sets side by side, `f + g` and `f * g` are pointwise on the same input,
    `f ** n` repeats with fresh parameters, `f ** -1` inverts, `f.labelled("q")` names the submodule.

    Two diagrams are equal when they are the same graph up to the laws of a symmetric monoidal category with
    copying; boxes with parameters or effects are never merged or dropped. Labels take no part in it.
    """

    span: Span | None = None

    def __rshift__(self, other: Diagram) -> Diagram:
        return Then((self, _diagram(other)))

    def __matmul__(self, other: Diagram) -> Diagram:
        return Tensor((self, _diagram(other)))

    def __add__(self, other: Diagram) -> Diagram:
        return Sum(((1, self), (1, _diagram(other))))

    def __sub__(self, other: Diagram) -> Diagram:
        return Sum(((1, self), (-1, _diagram(other))))

    def __mul__(self, other: Diagram | float) -> Diagram:
        return Product((self, _factor(other)))

    def __rmul__(self, other: float) -> Diagram:
        return Product((_factor(other), self))

    def __neg__(self) -> Diagram:
        return Product((-1.0, self))

    def __pow__(self, count: int | Dim) -> Diagram:
        if count == -1:
            return Inverse(self)
        return Repeat(self, count if isinstance(count, Dim) else Dim.const(count))

    def labelled(self, label: str) -> Diagram:
        """The same morphism under a name: `q: linear(d)`."""
        return Labelled(label, self)

    # -- meaning ---------------------------------------------------------------------------------------------

    @cached_property
    def graph(self) -> Graph:
        """The typed port graph, with the most general type where none is declared.

        Raises `CatnetError` with every mistake found.
        """
        from catnet.diagrams.typing import graph_of

        return graph_of(self)

    def typed(self, on: str) -> Graph:
        """The typed port graph on inputs of a given type, such as `"R[t, 64] @ R[8]"`."""
        from catnet.diagrams.typing import graph_of
        from catnet.types.signature import read_object

        return graph_of(self, read_object(on))

    @cached_property
    def normal_form(self) -> NormalForm:
        """The canonical form that equality and hash work on."""
        from catnet.diagrams.normal import normal_form

        return normal_form(self.graph)

    @property
    def type(self) -> str:
        """The type in the language, such as `R[...s, d] -> R[...s, 8]`."""
        return self.graph.type

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Diagram):
            return NotImplemented
        return self is other or self.normal_form == other.normal_form

    def __hash__(self) -> int:
        return hash(self.normal_form)

    def __repr__(self) -> str:
        from catnet.diagrams.printing import to_tree
        from catnet.limits import large_work

        with large_work():
            return format_expression(to_tree(self), width=1_000_000)

    # -- readings: each room is imported when it is asked for ---------------------------------------------------

    def source(
        self,
        *,
        on: str | None = None,
        allow: Iterable[str] = (),
        optimise: Mode | None = None,
        at: Mapping[str, int] | None = None,
    ) -> str:
        """The Python source of the module that this diagram compiles to (see `compile` and `catnet.torch.source`)."""
        from catnet.rewrite import rewriter
        from catnet.torch import source

        return source(self, allow, on, rewriter(optimise, at))

    def compile(
        self,
        *,
        on: str | None = None,
        allow: Iterable[str] = (),
        optimise: Mode | None = None,
        at: Mapping[str, int] | None = None,
    ) -> Any:
        """An ordinary `torch.nn.Module`; `on` is the type of the inputs where the diagram does not say it.

        `optimise`, "train" or "infer", rewrites the diagram by its laws where that is cheaper; the default is the
        literal reading. `at` gives typical values of sizes that stay dynamic and of `batch`, `{"t": 2048}`, to decide
        it. A module for "infer" comes in evaluation; where its weights are others, it refuses `train()`.
        """
        from catnet.rewrite import rewriter
        from catnet.torch import compile_diagram

        made = compile_diagram(self, allow, on, rewriter(optimise, at))
        return made.eval() if optimise == "infer" else made

    @overload
    def draw(
        self,
        format: Literal["svg", "tex", "dot", "text"] = "svg",
        *,
        depth: int | None = None,
        direction: Literal["right", "down"] = "right",
    ) -> str: ...
    @overload
    def draw(
        self,
        format: Literal["pdf", "png"],
        *,
        depth: int | None = None,
        direction: Literal["right", "down"] = "right",
    ) -> bytes: ...
    def draw(
        self,
        format: Literal["svg", "tex", "dot", "text", "pdf", "png"] = "svg",
        *,
        depth: int | None = None,
        direction: Literal["right", "down"] = "right",
    ) -> str | bytes:
        """The picture: SVG, a LaTeX document, DOT or characters for a terminal as a text; `pdf` and `png` as bytes.

        `depth` is how many levels of boxes to show (by default as many as stay readable), `direction` the way in
        which the wires run.
        """
        from catnet.draw import draw

        return draw(self, format, depth=depth, direction=direction)

    def _repr_svg_(self) -> str:
        return self.draw("svg")

    def show(self) -> str:
        """The table of labelled parts with types, parameters and FLOPs."""
        from catnet.analysis.show import show

        return show(self)

    def to_networkx(self) -> Any:
        """The graph as a `networkx.MultiDiGraph` (see `catnet.diagrams.view`)."""
        from catnet.diagrams.view import to_networkx

        return to_networkx(self.graph)


def _diagram(value: object) -> Diagram:
    if isinstance(value, Diagram):
        return value
    raise TypeError(f"expected a diagram, got {type(value).__name__}")


def _factor(value: object) -> Diagram | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise ValueError(f"a diagram is scaled by a finite number, not {value}")
        return float(value)
    return _diagram(value)


@dataclass(frozen=True, eq=False, repr=False)
class Leaf(Diagram):
    """One box."""

    box: Box
    span: Span | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Then(Diagram):
    """`f >> g >> h`. Parts may themselves be `Then`: `flat` walks them without recursion."""

    parts: tuple[Diagram, ...]
    span: Span | None = None

    def flat(self) -> Iterator[Diagram]:
        """The parts in order, with nested compositions opened."""
        return _flat(self)


@dataclass(frozen=True, eq=False, repr=False)
class Tensor(Diagram):
    """`f @ g @ h`."""

    parts: tuple[Diagram, ...]
    span: Span | None = None

    def flat(self) -> Iterator[Diagram]:
        """The parts in order, with nested tensors opened."""
        return _flat(self)


def _flat(term: Then | Tensor) -> Iterator[Diagram]:
    stack: list[Diagram] = [term]
    kind = type(term)
    while stack:
        top = stack.pop()
        if isinstance(top, kind):
            stack.extend(reversed(top.parts))
        else:
            yield top


@dataclass(frozen=True, eq=False, repr=False)
class Fan(Diagram):
    """`(f, g, h)`: the same input to each."""

    parts: tuple[Diagram, ...]
    span: Span | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Sum(Diagram):
    """`f + g - h`: each part with its sign."""

    parts: tuple[tuple[int, Diagram], ...]
    span: Span | None = None

    def flat(self) -> list[tuple[int, Diagram]]:
        """The summands with their signs, left-nested sums opened (as addition associates to the left)."""
        rest: list[tuple[int, Diagram]] = []
        term: Diagram = self
        while isinstance(term, Sum):
            rest.extend(reversed(term.parts[1:]))
            sign, term = term.parts[0]
        return [(sign, term), *reversed(rest)]


@dataclass(frozen=True, eq=False, repr=False)
class Product(Diagram):
    """`f * g`: the pointwise product; a number scales."""

    parts: tuple[Diagram | float | Unknown, ...]
    span: Span | None = None

    def flat(self) -> list[Diagram | float | Unknown]:
        """The factors, left-nested products opened."""
        rest: list[Diagram | float | Unknown] = []
        term: Diagram | float | Unknown = self
        while isinstance(term, Product):
            rest.extend(reversed(term.parts[1:]))
            term = term.parts[0]
        return [term, *reversed(rest)]


@dataclass(frozen=True, eq=False, repr=False)
class Each(Diagram):
    """`each(f)`: f on every wire, fresh parameters each."""

    body: Diagram
    span: Span | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Repeat(Diagram):
    """`f ^ n`: n copies in sequence, fresh parameters each."""

    body: Diagram
    count: Dim
    span: Span | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Sequence(Diagram):
    """`seq(i in a..b, f(i))`. `step` gives the diagram for one value of the index."""

    index: str
    start: Dim
    stop: Dim
    step: Callable[[Dim], Diagram]
    span: Span | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Labelled(Diagram):
    """`q: f`."""

    label: str
    body: Diagram
    span: Span | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Choice(Diagram):
    """`if p then f else g` where p is not decided: only a generic check meets this."""

    condition: Pred | Condition
    then: Diagram
    otherwise: Diagram
    span: Span | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Inverse(Diagram):
    """`f ^ -1`."""

    body: Diagram
    span: Span | None = None


@dataclass(frozen=True, eq=False)
class Shared:
    """`share w = f`: one parametrised morphism; its identity is what the uses have in common."""

    name: str
    body: Diagram
    span: Span | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Use(Diagram):
    """A use of a shared morphism; `transposed` is its dagger, `reading` a box that stands there instead and uses the
    same weights."""

    shared: Shared
    transposed: bool = False
    span: Span | None = None
    reading: Box | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Transpose(Diagram):
    """`transpose(f)` of a morphism that is not shared."""

    body: Diagram
    span: Span | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Var(Diagram):
    """A named wire of a braced body."""

    name: str
    span: Span | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Let:
    """One statement `a, b = f` of a braced body; `shared` holds a `share` statement instead."""

    targets: tuple[str, ...]
    value: Diagram | Shared
    span: Span | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Body(Diagram):
    """A braced body: named inputs, statements, a result."""

    inputs: tuple[str, ...]
    statements: tuple[Let, ...]
    result: Diagram
    span: Span | None = None


@dataclass(frozen=True, eq=False, repr=False)
class ExprHole(Diagram):
    """`_` in the place of a diagram: any type; reported."""

    span: Span | None = field(default=None)


@dataclass(frozen=True, eq=False, repr=False)
class Broken(Diagram):
    """A part whose mistake is already reported: it takes anything and gives an unknown wire."""

    span: Span | None = None


def handler(table: dict[type, Any], term: Diagram) -> Any:
    """The entry of a table by class for a term, or for the nearest class that it derives from."""
    found = table.get(type(term))
    return found if found is not None else next(table[c] for c in type(term).__mro__ if c in table)
