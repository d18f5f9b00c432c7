"""Whether a formula commutes with a group: symbolically for its generators, and for its Lie algebra to first order.

For a generator g, `f(rho(g) x) - rho'(g) f(x)` must vanish; for an element A of the Lie algebra,
`drho'(A) f(x) - Df(x) drho(A) x` must (the two together are the whole group, where the generators reach every
component). What SymPy cannot decide is tested at random points, and said to be.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from catnet.diagrams.acting import Acting, Action, Part, Refusal, on
from catnet.types.dims import Dim

if TYPE_CHECKING:
    from catnet.elaborate.formulas import FormulaBox
    from catnet.symmetry.reps import Rep

MAX_ENTRIES = 24  # coordinates that are made symbols
MAX_WRITTEN = 5_000  # operations of the formula itself, for which SymPy's sums take time with their square
MAX_OPERATIONS = 20_000  # in one expression that is to be shown to vanish
MAX_LENGTH = 50_000  # operations for one generator, at random points
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
    written = box.operations([Dim.const(size) for size in sizes]).value or 0
    if written > MAX_WRITTEN:
        raise Refusal(f"`{box.name}` is too long to be checked: {written:,} operations, at most {MAX_WRITTEN:,}")
    residuals = _Residuals(box, reps, out)
    if residuals.undefined:
        raise Refusal(f"`{box.name}` has no value: it divides by zero")
    tested: list[int] = []  # at how many points, where it is not proved
    for what, moved, image in residuals:
        length = sum(entry.count_ops() for entry in (*moved, *image))
        if length > MAX_LENGTH:
            raise Refusal(f"`{box.name}` is too long to be checked: {length:,} operations, at most {MAX_LENGTH:,}")
        size, points = _at_random_points([moved, image, residuals.value], residuals.symbols)
        if size > NEAR:
            off = f"it is off by {size:.2g} at some point, relative to its size or to 1"
            raise Refusal(f"`{box.name}` does not commute with {what} of `{acting.group}`: {off}")
        if not _vanishes([x - y for x, y in zip(moved, image, strict=True)]):
            tested.append(points)
    if tested:
        if not min(tested):
            raise Refusal(f"`{box.name}` has no value at any of {SAMPLES} random points: nothing is known of it")
        acting.word = "tested"
        acting.remarks.append(f"`{box.name}` is tested at {min(tested)} points (error below {NEAR:g}), not proved")
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
    """What must be equal: words for an element, the value where it moved the arguments, and the moved value."""

    def __init__(self, box: FormulaBox, reps: Sequence[Any], out: Any) -> None:
        import sympy

        self.box, self.reps, self.out = box, reps, out
        self.scalar = [not wire.axes for wire in box.wires]
        counts = [1 if rep is None else rep.number() for rep in reps]
        letters = iter(sympy.symbols(f"x0:{sum(counts)}", real=True))
        self.points = [list(itertools.islice(letters, n)) for n in counts]
        self.symbols = [x for point in self.points for x in point]
        group = next(rep.group for rep in (*reps, out) if rep is not None and not isinstance(rep, _Plain))
        self.value = self._value(self.points)
        self.undefined = any(entry.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo) for entry in self.value)
        self.discrete, self.infinitesimal = group.generators, group.algebra

    def __iter__(self) -> Any:
        value = self.value
        for k, name in enumerate(self.discrete):
            moved = self._value([self._moved(rep, x, k, False) for rep, x in zip(self.reps, self.points, strict=True)])
            yield f"the generator {name}", moved, self._moved(self.out, value, k, False)
        for k, name in enumerate(self.infinitesimal):
            speed = [s for rep, x in zip(self.reps, self.points, strict=True) for s in self._moved(rep, x, k, True)]
            change = [sum(v.diff(x) * s for x, s in zip(self.symbols, speed, strict=True)) for v in value]
            yield f"the generator {name} of the Lie algebra", change, self._moved(self.out, value, k, True)

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


def _at_random_points(vectors: list[list[Any]], symbols: list[Any]) -> tuple[float, int]:
    """The largest difference of the first two vectors at random points, relative to the greatest entry of all or to
    1, and at how many points they have values.

    A point where float64 does not do, as it overflows or loses too many digits, is looked at with 50 digits.
    """
    import mpmath
    import sympy

    rng = random.Random(0)
    largest, points = 0.0, 0
    plain = sympy.lambdify(symbols, vectors, "math")
    precise = cache(lambda: sympy.lambdify(symbols, vectors, "mpmath"))
    for _ in range(SAMPLES):
        point = [rng.uniform(-2, 2) for _ in symbols]
        error = _error(plain, point)
        if error is None or error > NEAR:
            with mpmath.workdps(50):
                error = _error(precise(), [mpmath.mpf(x) for x in point])
        if error is not None:
            largest, points = max(largest, error), points + 1
    return largest, points


def _error(f: Any, point: list[Any]) -> float | None:
    """The largest difference of two vectors at a point; None outside of the formula's domain."""
    try:
        moved, image, value = f(*point)
        scale = max(1, *map(abs, (*moved, *image, *value)))
        errors = [float(abs(x - y) / scale) for x, y in zip(moved, image, strict=True)]
    except (ArithmeticError, ValueError, NameError, TypeError):  # such as `zoo`, which SymPy has for 1/0
        return None
    return max(errors) if all(error < math.inf for error in errors) and scale < math.inf else None


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
