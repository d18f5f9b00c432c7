"""Signatures: the type of a net or a box as it is written, `R[...s, d] -> R[...s, 3*d]`, read into wires.

Lower-case names that are not static parameters are universally quantified: each use of the signature gets
fresh inference variables for them (see `catnet.types.infer`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catnet.diagnostics import Source, Span, fail
from catnet.syntax import tree
from catnet.syntax.parser import parse_type
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.spaces import Space
from catnet.types.spelling import nearest, respelt
from catnet.types.static import Condition, condition, dimension, evaluate, integer
from catnet.types.wires import BOOLEAN, COMPLEX, INTEGER, REAL, Axis, AxisLike, Kind, ObjectVar, Pack, Wire

_SIMPLE_KINDS = {"R": REAL, "C": COMPLEX, "Z": INTEGER, "Bool": BOOLEAN}
Port = Wire | ObjectVar


@dataclass(frozen=True)
class Signature:
    """Domain and codomain with names and holes; `where` holds what may be assumed inside.

    `names` are the names of the domain's wires (None where unnamed). `universals` are the dimension names
    that a use must bind. `holes` are the inference variables that `_` became, with their places.
    """

    dom: tuple[Port, ...]
    cod: tuple[Port, ...]
    names: tuple[str | None, ...] = ()
    where: tuple[Pred | Condition, ...] = ()
    universals: frozenset[str] = frozenset()
    holes: tuple[tuple[str, Span | None], ...] = ()

    @property
    def has_packs(self) -> bool:
        """Whether any wire has an axis pack; if none has, leading batch axes are implied on all."""
        return any(isinstance(a, Pack) for p in (*self.dom, *self.cod) if isinstance(p, Wire) for a in p.axes)


def read_signature(
    arrow: tree.Arrow, where: Iterable[tree.Expr] = (), statics: Mapping[str, Any] | None = None
) -> Signature:
    """Read a written type. `statics` are the values of the static parameters in scope.

    Raises `CatnetError` (E0207 for a condition that never holds, E0227 for what is no type) with the place.
    """
    reader = _Reader(statics or {})
    names, dom = reader.domain(arrow.dom)
    cod = reader.object(arrow.cod)
    conditions: list[Pred | Condition] = []
    for clause in where:
        value = condition(clause, reader.lookup, [*reader.statics, *reader.universals])
        if value is False:
            fail("E0207", "this condition is false for these values", clause.span, label="never holds")
        if not isinstance(value, bool):
            conditions += _flatten(value)
    return Signature(
        tuple(dom),
        tuple(cod),
        tuple(names),
        tuple(conditions),
        frozenset(reader.universals),
        tuple(reader.holes),
    )


def read_object(text: str) -> tuple[Wire, ...]:
    """The wires of a type written as text: `"R[t, 64] @ R[8]"`. Names are dynamic sizes.

    Raises `CatnetError` (a syntax error, E0227).
    """
    expr = parse_type(Source("<type>", text))
    ports = _Reader({}).object(expr)
    wires = tuple(p for p in ports if isinstance(p, Wire))
    if len(wires) != len(ports):
        fail("E0227", "an object variable is not a type of inputs", expr.span)
    return wires


def _flatten(value: Pred | Condition) -> list[Pred | Condition]:
    if isinstance(value, Condition) and value.op == "and":
        return [p for part in value.parts for p in _flatten(part)]
    return [value]


class _Reader:
    """Reads types; collects the universally quantified names as it meets them."""

    def __init__(self, statics: Mapping[str, Any]) -> None:
        self.statics = statics
        self.universals: dict[str, Span | None] = {}
        self.holes: list[tuple[str, Span | None]] = []
        self.place: Span | None = None

    def lookup(self, name: str) -> Any:
        if name in self.statics:
            return self.statics[name]
        if name[0].isupper():
            return None
        self.universals.setdefault(name, self.place)
        return Dim.sym(name)

    def domain(self, expr: tree.Expr) -> tuple[list[str | None], list[Port]]:
        parts = expr.parts if isinstance(expr, tree.Fan) else (expr,)
        if any(isinstance(part, tree.Label) for part in parts):
            names: list[str | None] = []
            ports: list[Port] = []
            for part in parts:
                if not isinstance(part, tree.Label):
                    fail(
                        "E0227",
                        "either every wire of a domain has a name or none",
                        part.span,
                        help="write (x: R[d], y: R[k]) -> ...",
                    )
                wires = self.object(part.body)
                if len(wires) != 1:
                    fail("E0227", f"the name `{part.name}` stands for one wire", part.span)
                if part.name in names:
                    fail("E0210", f"the wire `{part.name}` is named twice", part.span)
                names.append(part.name)
                ports += wires
            return names, ports
        ports = self.object(expr)
        return [None] * len(ports), ports

    def object(self, expr: tree.Expr) -> list[Port]:
        if isinstance(expr, tree.Unit):
            return []
        if isinstance(expr, tree.Beside):
            return [port for part in expr.parts for port in self.object(part)]
        if isinstance(expr, tree.Fan):
            fail("E0227", "the wires of a type are joined by `@`", expr.span, help="write R[d] @ R[k]")
        return [self.wire(expr)]

    def wire(self, expr: tree.Expr) -> Port:
        if isinstance(expr, tree.Hole):
            name = self.hole(expr)
            return Wire(Kind(name, variable=True), (Pack(name),))
        if isinstance(expr, tree.Index):
            return self.fitting(Wire(self.kind(expr.base), self.axes(expr.items)), expr)
        if isinstance(expr, tree.Name) and expr.id not in _SIMPLE_KINDS and expr.id[0].isupper():
            bound = self.statics.get(expr.id)
            return bound if isinstance(bound, Wire) else ObjectVar(expr.id)
        return Wire(self.kind(expr), ())

    def fitting(self, wire: Wire, expr: tree.Index) -> Wire:
        """The wire, if its entries are of the kind that its axes want; raises E0817."""
        for axis, place in zip(wire.axes, expr.items, strict=True):
            space = axis.space if isinstance(axis, Axis) else None
            if space is not None and space.entries not in ("", wire.kind.name):
                words = "complex numbers" if space.entries == "C" else "real numbers"
                fail("E0817", f"`{space}` has {words} for coordinates, and `{wire}` holds others", place.span,
                     help=f"write {space.entries}[{', '.join(map(str, wire.axes))}]")  # fmt: skip
        return wire

    def kind(self, expr: tree.Expr) -> Kind:
        if isinstance(expr, tree.Name) and expr.id in _SIMPLE_KINDS:
            return _SIMPLE_KINDS[expr.id]
        is_fin = isinstance(expr, tree.Call) and isinstance(expr.fn, tree.Name) and expr.fn.id == "Fin"
        if is_fin and len(expr.args) == 1 and expr.args[0].name is None:  # type: ignore[attr-defined]
            return Kind("Fin", self.dim(expr.args[0].value))  # type: ignore[attr-defined]
        shown = f"`{expr.id}`" if isinstance(expr, tree.Name) else "this"
        hint = nearest(expr.id, [*_SIMPLE_KINDS, "Fin"]) if isinstance(expr, tree.Name) else ""
        fail(
            "E0227",
            f"{shown} is not a type",
            expr.span,
            help=hint or "types are R[...], C[...], Z[...], Bool[...], Fin(n)[...], () and capitalised variables",
            fixes=respelt(expr.id, [*_SIMPLE_KINDS, "Fin"], expr.span) if isinstance(expr, tree.Name) else (),
        )

    def axes(self, items: tuple[tree.Expr, ...]) -> tuple[AxisLike, ...]:
        axes: list[AxisLike] = []
        for item in items:
            if isinstance(item, tree.Pack):
                if any(isinstance(a, Pack) for a in axes):
                    fail("E0227", "a wire has at most one axis pack", item.span)
                axes.append(Pack(item.id))
            elif isinstance(item, tree.Hole):
                axes.append(Axis(Dim.sym(self.hole(item))))
            else:
                tag = item.id if isinstance(item, tree.Name) else None
                axes.append(self.axis(item, tag))
        return tuple(axes)

    def axis(self, expr: tree.Expr, tag: str | None) -> Axis:
        """An axis of a size, or one that carries a representation: `2*V`."""
        self.place = expr.span
        value = evaluate(expr, self.lookup, [*self.statics, *self.universals])
        if isinstance(value, Space):
            return Axis(value.dim, tag, value)
        return Axis(integer(value, expr.span), tag)

    def dim(self, expr: tree.Expr) -> Dim:
        self.place = expr.span
        return dimension(expr, self.lookup, [*self.statics, *self.universals])

    def hole(self, expr: tree.Hole) -> str:
        name = f"?_{len(self.holes)}"
        self.holes.append((name, expr.span))
        return name
