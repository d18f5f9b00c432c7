"""Whether a formula commutes with a group: symbolically for its generators, and for its Lie algebra to first order.

For a generator g, `f(rho(g) x) - rho'(g) f(x)` must vanish; for an element A of the Lie algebra,
`drho'(A) f(x) - Df(x) drho(A) x` must (the two together are the whole group, where the generators reach every
component). What SymPy cannot decide is tested at random points, and said to be.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catnet.diagrams.acting import Acting, Action, Part, Refusal, on
from catnet.types.dims import Dim

if TYPE_CHECKING:
    from catnet.elaborate.formulas import FormulaBox
    from catnet.symmetry.reps import Rep

MAX_ENTRIES = 24  # coordinates that are made symbols
MAX_OPERATIONS = 20_000  # in one expression that is to be shown to vanish
SAMPLES = 20
NEAR = 1e-9


def commutes(box: FormulaBox, acting: Acting, inside: Sequence[Action]) -> tuple[Part, ...]:
    """The action on the formula's own axes of the output; raises `Refusal` with a witness where it does not commute."""
    if not any(inside):
        return ()
    reps = [_rep(box.name, wire, action) for wire, action in zip(box.wires, inside, strict=True)]
    out = _out(box, reps)
    sizes = [1 if rep is None else rep.number() for rep in reps]
    if sum(sizes) > MAX_ENTRIES:
        raise Refusal(f"`{box.name}` has {sum(sizes)} coordinates; a formula is checked with at most {MAX_ENTRIES}")
    residuals = _Residuals(box, reps, out)
    undecided = 0
    for what, residual in residuals:
        size = _at_random_points(residual, residuals.symbols)
        if size > NEAR:
            raise Refusal(
                f"`{box.name}` does not commute with {what} of `{acting.group}`: it is off by {size:.2g} at some point"
            )
        undecided += not _vanishes(residual)
    if undecided:
        acting.word = "tested"
        acting.remarks.append(f"`{box.name}` is tested at {SAMPLES} points (error below {NEAR:g}), not proved")
    return () if out is None else (Part((-1,), out),)


def _rep(name: str, wire: Any, action: Action) -> Rep | None:
    if len(wire.axes) > 1:
        raise Refusal(
            f"the wires of `{name}` have several axes: its symmetry is not worked out", "write the formula for R[V]"
        )
    if not wire.axes:
        return None
    rep = on(action, -1)
    if rep is None and wire.axes[0].size.value is None:
        raise Refusal(f"the size `{wire.axes[0]}` of `{name}` must be a number for its symmetry to be worked out")
    return rep or _fixed(wire.axes[0].size)


class _Plain:
    """A space on which nothing acts."""

    def __init__(self, size: int) -> None:
        self.size = size

    def number(self) -> int:
        return self.size


def _fixed(size: Dim) -> Any:
    assert size.value is not None
    return _Plain(size.value)


def _out(box: FormulaBox, reps: Sequence[Any]) -> Any:
    """What acts on the result: what acts on the wire that has its axis."""
    axes = box.written.cod[0].axes  # type: ignore[union-attr]
    if not axes:
        return None
    rep = next(rep for rep, wire in zip(reps, box.wires, strict=True) if wire.axes == axes)
    return None if isinstance(rep, _Plain) else rep


class _Residuals:
    """What must vanish, with words for the element that it belongs to."""

    def __init__(self, box: FormulaBox, reps: Sequence[Any], out: Any) -> None:
        import sympy

        self.box, self.reps, self.out = box, reps, out
        self.scalar = [not wire.axes for wire in box.wires]
        counts = [1 if rep is None else rep.number() for rep in reps]
        letters = iter(sympy.symbols(f"x0:{sum(counts)}", real=True))
        self.points = [list(itertools.islice(letters, n)) for n in counts]
        self.symbols = [x for point in self.points for x in point]
        group = next(rep.group for rep in (*reps, out) if rep is not None and not isinstance(rep, _Plain))
        self.discrete, self.infinitesimal = group.generators, group.algebra

    def __iter__(self) -> Any:
        value = self._value(self.points)
        for k, name in enumerate(self.discrete):
            moved = self._value([self._moved(rep, x, k, False) for rep, x in zip(self.reps, self.points, strict=True)])
            yield f"the generator {name}", _difference(moved, self._moved(self.out, value, k, False))
        for k, name in enumerate(self.infinitesimal):
            speed = [s for rep, x in zip(self.reps, self.points, strict=True) for s in self._moved(rep, x, k, True)]
            change = [sum(v.diff(x) * s for x, s in zip(self.symbols, speed, strict=True)) for v in value]
            yield f"the generator {name} of the Lie algebra", _difference(change, self._moved(self.out, value, k, True))

    def _value(self, points: Sequence[list[Any]]) -> list[Any]:
        values = [p[0] if scalar else p for p, scalar in zip(points, self.scalar, strict=True)]
        found = self.box.over(_Symbolic(), values).value
        return found if isinstance(found, list) else [found]

    def _moved(self, rep: Any, x: list[Any], which: int, infinitesimal: bool) -> list[Any]:
        """The image of a vector under a generator; nothing moves what no representation acts on."""
        if rep is None or isinstance(rep, _Plain):
            return [x_i * 0 for x_i in x] if infinitesimal else x
        import sympy

        matrix = (rep.algebra() if infinitesimal else rep.matrices())[which]
        scale, image = rep.scale, [sympy.Integer(0)] * len(x)
        for (i, j), number in matrix.entries.items():
            factor = sympy.sqrt(_rational(scale[i]) / _rational(scale[j])) if scale is not None else 1
            image[i] = image[i] + _number(number) * factor * x[j]
        return image


class _Symbolic:
    """Formulas over SymPy expressions; a vector is a list."""

    def number(self, value: float) -> Any:
        import sympy

        return sympy.Rational(str(value)) if value != int(value) else sympy.Integer(int(value))

    def binary(self, op: str, a: Any, b: Any, extra: tuple[int, int]) -> Any:
        if isinstance(a, list) or isinstance(b, list):
            count = len(a) if isinstance(a, list) else len(b)
            pairs = zip(_spread(a, count), _spread(b, count), strict=True)
            return [self.binary(op, x, y, (0, 0)) for x, y in pairs]
        return {"+": a + b, "-": a - b, "*": a * b}[op] if op in "+-*" else a / b if op == "/" else a**b

    def entrywise(self, name: str, a: Any) -> Any:
        import sympy

        if isinstance(a, list):
            return [self.entrywise(name, x) for x in a]
        if name == "sigmoid":
            return 1 / (1 + sympy.exp(-a))
        if name == "relu":
            return sympy.Max(a, 0)
        return getattr(sympy, "Abs" if name == "abs" else name)(a)

    def total(self, a: Any) -> Any:
        return sum(a[1:], a[0])


def _spread(value: Any, count: int) -> list[Any]:
    return value if isinstance(value, list) else [value] * count


def _difference(a: list[Any], b: list[Any]) -> list[Any]:
    return [x - y for x, y in zip(a, b, strict=True)]


def _rational(value: Fraction) -> Any:
    import sympy

    return sympy.Rational(value.numerator, value.denominator)


def _number(value: Any) -> Any:
    """An exact real number as a SymPy one."""
    import sympy

    if isinstance(value, (int, Fraction)):
        return _rational(Fraction(value))
    turn = 2 * sympy.pi / value.n
    return sum(_rational(Fraction(c)) * sympy.cos(turn * k) for k, c in enumerate(value.coefficients))


def _at_random_points(residual: list[Any], symbols: list[Any]) -> float:
    """The largest residual, relative to 1, at random points."""
    import sympy

    rng = random.Random(0)
    largest = 0.0
    f = sympy.lambdify(symbols, residual, "math")
    for _ in range(SAMPLES):
        try:
            found = f(*(rng.uniform(-2, 2) for _ in symbols))
        except (ValueError, ZeroDivisionError, OverflowError):  # outside the formula's domain
            continue
        largest = max([largest, *(abs(complex(x)) for x in found)])
    return largest


def _vanishes(residual: list[Any]) -> bool:
    """Whether SymPy shows that all entries are zero."""
    import sympy

    for entry in residual:
        if entry == 0:
            continue
        if entry.count_ops() > MAX_OPERATIONS:
            return False
        top = sympy.expand(sympy.numer(sympy.together(entry)))
        if top != 0 and sympy.simplify(top) != 0:
            return False
    return True
