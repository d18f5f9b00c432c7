"""Boxes written as a formula: `box f(x: R[V]) = x / (1 + dot(x, x))`.

A formula is built from its wires, numbers, `+ - * / ^` and a few functions. It is read by one walk over whatever can
compute: text for code, SymPy for the proof that it commutes with a group. Operations act entry by entry; a wire with
fewer axes is repeated along the further axes of the other, as a scalar is along a vector.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from catnet.diagnostics import Span, fail
from catnet.diagrams import printing
from catnet.diagrams.acting import Acting, Action, Part, ordered
from catnet.diagrams.box import Box, Site, elements
from catnet.elaborate.evaluate import is_wire, net_params
from catnet.elaborate.loading import Module
from catnet.elaborate.symmetries import members
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.signature import Signature, read_signature
from catnet.types.spelling import nearest, respelt
from catnet.types.static import evaluate
from catnet.types.wires import REAL, AxisLike, Object, ObjectVar, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

ENTRYWISE = ("sqrt", "exp", "log", "sin", "cos", "tanh", "sigmoid", "relu", "abs")
REDUCING = {"dot": 2, "norm": 1, "sum": 1}  # along the last axis, with the number of arguments

T = TypeVar("T")
Axes = tuple[AxisLike, ...]


class Arithmetic(Protocol[T]):
    """What a formula is read over: values with some number of axes."""

    def number(self, value: float) -> T: ...
    def binary(self, op: str, a: T, b: T, extra: tuple[int, int]) -> T:
        """`a op b`; `extra` says how many axes each lacks at its end."""
        ...

    def entrywise(self, name: str, a: T) -> T: ...
    def total(self, a: T) -> T:
        """The sum along the last axis."""
        ...


@dataclass(frozen=True)
class Shaped(Generic[T]):
    """A value with its axes."""

    value: T
    axes: Axes


class Reader(Generic[T]):
    """Reads a formula over an arithmetic; `names` are its wires and its static numbers."""

    def __init__(self, over: Arithmetic[T], names: Mapping[str, Shaped[T] | float]) -> None:
        self.over = over
        self.names = names

    def read(self, expr: tree.Expr) -> Shaped[T]:
        """The value of an expression. Raises `CatnetError` (E0201, E0739) with the place."""
        match expr:
            case tree.Number():
                return Shaped(self.over.number(float(expr.value)), ())
            case tree.Name():
                return self._name(expr)
            case tree.Negate():
                return self._binary("*", Shaped(self.over.number(-1.0), ()), self.read(expr.body), expr.span)
            case tree.Sum() | tree.Product():
                value = self.read(expr.first)
                for op, part in expr.rest:
                    value = self._binary(op, value, self.read(part), expr.span)
                return value
            case tree.Power():
                return self._power(expr)
            case tree.Call(fn=tree.Name()):
                return self._call(expr, expr.fn.id)  # type: ignore[attr-defined]
        fail("E0739", "this has no place in a formula", expr.span, help=_HELP)

    def _name(self, expr: tree.Name) -> Shaped[T]:
        found = self.names.get(expr.id)
        if found is None:
            fixes = respelt(expr.id, self.names, expr.span)
            fail("E0201", f"unknown name `{expr.id}`", expr.span, help=nearest(expr.id, self.names), fixes=fixes)
        return found if isinstance(found, Shaped) else Shaped(self.over.number(found), ())

    def _binary(self, op: str, a: Shaped[T], b: Shaped[T], span: Span | None) -> Shaped[T]:
        if op not in ("+", "-", "*", "/"):
            fail("E0739", f"`{op}` has no place in a formula", span, help=_HELP)
        long, short = (a, b) if len(a.axes) >= len(b.axes) else (b, a)
        if long.axes[: len(short.axes)] != short.axes:
            words = f"`{op}` joins {_axes(a.axes)} with {_axes(b.axes)}"
            fail(
                "E0739",
                words,
                span,
                help="both must have the same axes, or the axes of the one begin those of the other",
            )
        extra = (len(long.axes) - len(a.axes), len(long.axes) - len(b.axes))
        return Shaped(self.over.binary(op, a.value, b.value, extra), long.axes)

    def _power(self, expr: tree.Power) -> Shaped[T]:
        base = self.read(expr.base)
        exponent = evaluate(expr.exponent, lambda name: self.names.get(name) if name in self.names else None)
        if isinstance(exponent, Dim) and exponent.value is not None:
            exponent = float(exponent.value)
        if not isinstance(exponent, float):
            fail(
                "E0739",
                "an exponent in a formula is a number",
                expr.exponent.span,
                help="write x ^ 2, or exp(y * log(x))",
            )
        return Shaped(self.over.binary("^", base.value, self.over.number(exponent), (0, len(base.axes))), base.axes)

    def _call(self, expr: tree.Call, name: str) -> Shaped[T]:
        wanted = REDUCING.get(name, 1)
        if name not in (*ENTRYWISE, *REDUCING) or any(arg.name is not None for arg in expr.args):
            fail(
                "E0739",
                f"`{name}` has no place in a formula",
                expr.span,
                help=nearest(name, (*ENTRYWISE, *REDUCING)) or _HELP,
            )
        if len(expr.args) != wanted:
            fail("E0739", f"`{name}` takes {wanted} value{'s' * (wanted > 1)} in a formula", expr.span)
        args = [self.read(arg.value) for arg in expr.args]
        if name in ENTRYWISE:
            return Shaped(self.over.entrywise(name, args[0].value), args[0].axes)
        if not args[0].axes:
            fail("E0739", f"`{name}` sums along the last axis, and this has none", expr.span)
        if name == "norm":
            args.append(args[0])
        total = args[0] if name == "sum" else self._binary("*", args[0], args[1], expr.span)
        reduced = Shaped(self.over.total(total.value), total.axes[:-1])
        return Shaped(self.over.entrywise("sqrt", reduced.value), reduced.axes) if name == "norm" else reduced


_HELP = f"a formula is made of its wires, numbers, + - * / ^ and {', '.join((*REDUCING, *ENTRYWISE))}"


def _axes(axes: Axes) -> str:
    return f"`R[{', '.join(map(str, axes))}]`" if axes else "a scalar"


class CodeText:
    """Formulas as PyTorch expressions."""

    def number(self, value: float) -> str:
        return repr(value)

    def binary(self, op: str, a: str, b: str, extra: tuple[int, int]) -> str:
        left, right = (
            v + ".unsqueeze(-1)" * n if n and not _is_number(v) else v for v, n in zip((a, b), extra, strict=True)
        )
        return f"({left} {'**' if op == '^' else op} {right})"

    def entrywise(self, name: str, a: str) -> str:
        return f"torch.{name}({a})"

    def total(self, a: str) -> str:
        return f"{a}.sum(-1)"


def _is_number(text: str) -> bool:
    return text.lstrip("-")[:1].isdigit()


class FormulaBox(Box):
    """A use of a box that is written as a formula."""

    family = "formula"
    map_kind = "smooth"

    def __init__(self, module: Module, declaration: tree.Formula, args: Mapping[str, Any]) -> None:
        self.home, self.declaration = module, declaration
        params = net_params(declaration)
        self.args = {p.name: p.default for p in params} | dict(args)
        self.name = declaration.name  # type: ignore[misc]
        self.inputs = [p for p in declaration.params if is_wire(p)]
        if not self.inputs:
            fail("E0739", f"the formula `{self.name}` has no wire", declaration.span, help="write box f(x: R[d]) = ...")
        parts = tuple(tree.Label(p.name, p.annotation, span=p.span) for p in self.inputs if p.annotation is not None)
        dom = tree.Fan(parts) if len(parts) > 1 else parts[0]
        read = read_signature(tree.Arrow(dom, tree.Unit(), span=declaration.span), (), {**members(module), **self.args})
        self.wires = tuple(_one_wire(port, p) for port, p in zip(read.dom, self.inputs, strict=True))
        result = self.over(CodeText(), [p.name for p in self.inputs])
        self.written = Signature(self.wires, (Wire(REAL, result.axes),), (), (), read.universals, read.holes)
        self.arity = len(self.inputs)

    def over(self, arithmetic: Arithmetic[T], values: list[T]) -> Shaped[T]:
        """The formula of some values, read over an arithmetic."""
        names: dict[str, Shaped[T] | float] = {k: _plain(v) for k, v in self.args.items()}
        for param, wire, value in zip(self.inputs, self.wires, values, strict=True):
            names[param.name] = Shaped(value, wire.axes)
        return Reader(arithmetic, names).read(self.declaration.value)

    def statics(self) -> dict[str, Any]:
        return dict(self.args)

    def key(self) -> Hashable:
        return (id(self.declaration), tuple(sorted(self.args.items())))

    def expression(self) -> tree.Expr:
        args = tuple(tree.Arg(k, printing.static_tree(v)) for k, v in self.args.items())
        return tree.Call(tree.Name(self.name), args) if args else tree.Name(self.name)

    def rule(self, typing: Typing, inputs: Object) -> Object:
        return typing.inference.apply(self.written, inputs)[0]

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return self.operations([elements(wire) for wire in inputs])

    def operations(self, entries: Sequence[Dim]) -> Dim:
        """How many operations it does, one for each entry of each result, by the numbers of entries of its inputs."""
        counted = _Counted()
        self.over(counted, list(entries))
        return counted.total_operations

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if acting.trivial:
            return ((),)
        from catnet.elaborate.formula_proofs import commutes

        inside, outside = [], set()
        for action, wire in zip(acting.actions, self.wires, strict=True):
            inside.append(tuple(part for part in action if -part.axes[0] <= len(wire.axes)))
            outside.add(
                tuple(Part((i + len(wire.axes),), p.rep) for p in action for i in p.axes if -i > len(wire.axes))
            )
        common = acting_outside(self.name, outside)
        moved = commutes(self, acting, inside)
        own = len(self.written.cod[0].axes)  # type: ignore[union-attr]
        return (ordered((*moved, *(Part((part.axes[0] - own,), part.rep) for part in common))),)

    def code(self, site: Site) -> str:
        return self.over(CodeText(), list(site.args)).value


class _Counted:
    """Formulas as numbers of entries; counts an operation for each entry of each result."""

    def __init__(self) -> None:
        self.total_operations = Dim.const(0)

    def _spend(self, count: Dim) -> Dim:
        self.total_operations = self.total_operations + count
        return count

    def number(self, value: float) -> Dim:
        return Dim.const(1)

    def binary(self, op: str, a: Dim, b: Dim, extra: tuple[int, int]) -> Dim:
        return self._spend(b if extra[0] else a)

    def entrywise(self, name: str, a: Dim) -> Dim:
        return self._spend(a)

    def total(self, a: Dim) -> Dim:
        self._spend(a)
        return Dim.const(1)


def acting_outside(name: str, outside: set[tuple[Part, ...]]) -> tuple[Part, ...]:
    """The one action on the axes in front of a formula's own, along which it works entry by entry."""
    from catnet.diagrams.acting import Refusal
    from catnet.symmetry.kinds import Kind

    if len(outside) > 1:
        raise Refusal(f"`{name}` joins wires on which the group acts differently")
    (common,) = outside
    for part in common:
        if not part.rep.kind.within(Kind.PERMUTATION):
            raise Refusal(f"`{name}` works entry by entry, and `{part.rep}` mixes entries")
    return common


def _one_wire(port: Wire | ObjectVar, param: tree.Param) -> Wire:
    if not isinstance(port, Wire) or port.kind != REAL:
        fail("E0739", f"the wire `{param.name}` of a formula carries reals", param.span, help="write x: R[d]")
    return port


def _plain(value: Any) -> float:
    number = value.value if isinstance(value, Dim) else value
    if isinstance(number, int) and abs(number) >= 2**1023:
        fail("E0739", "a number in a formula is a float64: below 2^1023")
    return float(number) if isinstance(number, (int, float)) else 1.0  # a generic check: the type does not depend on it
