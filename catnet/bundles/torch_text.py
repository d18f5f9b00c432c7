"""What is declared chart by chart as code: arguments of the modules in `catnet.nn.bundles.by_chart`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catnet.bundles.bases import Base
from catnet.bundles.evaluating import Numeric
from catnet.bundles.expressions import Expr, names_in
from catnet.bundles.normal import Sorts
from catnet.bundles.spaces import circle


def places_text(base: Base) -> str:
    """The arguments of `Places` for a base whose points have coordinates.

    >>> places_text(circle(("a", "b", "c")))
    '("circle", ("a", "b", "c"))'
    """
    charts = list(base.charts)
    names = ", ".join(f'"{chart}"' for chart in charts)
    words = [f'"{base.kind}"', f"({names}{',' * (len(charts) == 1)})"]
    if base.kind == "interval" or (base.kind == "circle" and base.spans != circle(charts).spans):
        words.append(f"{[base.spans[chart] for chart in charts]!r}")
    if base.kind == "torus" and "second" in base.loops:
        words.append(f"grid=({len(base.loops['first']) - 1}, {len(base.loops['second']) - 1})")
    if base.kind == "sphere" and [c.sort for c in base.charts[charts[0]]] == ["real", "real"]:
        words.append("stereographic=True")
    return f"({', '.join(words)})"


def values_text(base: Base, values: Mapping[str, Any]) -> str:
    """What stands over each chart, as a list: nested lists of numbers, or functions of the chart's coordinates."""
    texts = [over_text(base, chart, values[chart]) for chart in base.charts]
    return f"[{texts[0]}] * {len(texts)}" if len({*texts}) == 1 else f"[{', '.join(texts)}]"


def over_text(base: Base, chart: str, value: Any) -> str:
    """What stands over one chart."""
    text = _nested(value)
    if not _names(value):
        return text
    return f"lambda {', '.join(c.name for c in base.charts[chart])}: {text}"


def _names(value: Any) -> frozenset[str]:
    return names_in(value) if isinstance(value, Expr) else frozenset().union(*map(_names, value))


def _nested(value: Any) -> str:
    return f"[{', '.join(map(_nested, value))}]" if isinstance(value, tuple) else code_of(value)


def code_of(value: Expr) -> str:
    """An expression as Python code on tensors.

    >>> from catnet.bundles import I, cos, exp, name
    >>> code_of(exp(I * name("phi")) / 2), code_of(cos(2 * name("phi")) ** 2)
    ('0.5 * torch.exp(1j * phi)', 'torch.cos(2.0 * phi)**2')
    """
    return _code(value, 0)


def _code(value: Expr, level: int) -> str:
    if not names_in(value):
        number = Numeric(Sorts({}), {})(value)
        text = repr(number.real if abs(number.imag) < 1e-15 * abs(number) or not number else _neat(number))
        return f"({text})" if text.startswith("-") and level else text
    if value.op == "name":
        return str(value.parts[0])
    if value.op in ("exp", "cos", "sin"):
        return f"torch.{value.op}({_code(value.parts[0], 0)})"
    if value.op == "^":
        return f"{_code(value.parts[0], 3)}**{value.parts[1]}"
    left, right = value.parts
    own = {"+": 1, "*": 2, "/": 2}[value.op]
    text = f"{_code(left, own)} {value.op} {_code(right, own + (value.op == '/'))}"
    return f"({text})" if level > own else text


def _neat(number: complex) -> complex:
    return complex(0.0, number.imag) if abs(number.real) < 1e-15 * abs(number) else number
