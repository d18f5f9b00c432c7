"""What the parameters of a bundle stand for, where that is not said: read off their use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, get_args

from catnet.bundles.expressions import Expr, names_in
from catnet.bundles.normal import ANGLES, Sort
from catnet.diagnostics import fail

if TYPE_CHECKING:
    from catnet.bundles.bases import Base
    from catnet.bundles.bundle import Transition


def sorts_of(
    name: str,
    parameters: Mapping[str, Sort] | Iterable[str],
    base: Base,
    transitions: Mapping[tuple[str, str], Transition],
    given: tuple[Expr, ...],
) -> dict[str, Sort]:
    """The sort of each parameter: as said; else "integer" beside an angle, "angle" alone under exp, cos or sin, and
    "real" elsewhere.

    Raises E0801 for a sort that there is not, and for a parameter with the name of a coordinate.
    """
    said = dict(parameters) if isinstance(parameters, Mapping) else {}
    known: dict[str, Sort] = {c.name: c.sort for chart in base.charts.values() for c in chart}
    for text in parameters:
        if text in known or text == "pi":
            fail("E0801", f"the parameter `{text}` of `{name}` has the name of a coordinate", help="rename one of them")
    for sort in said.values():
        if sort not in get_args(Sort):
            fail("E0801", f"`{sort}` is no sort of a parameter", help=f"one of {', '.join(get_args(Sort))}")
    found: dict[str, Sort] = dict(said)
    open_names = [text for text in parameters if text not in found]
    if open_names:
        entries = [e for t in transitions.values() if t.matrix is not None for e in t.matrix.entries]
        arguments = list(_arguments([*entries, *given]))
        for text in open_names:
            found[text] = _sort(text, arguments, known, found)
    return found


def _sort(text: str, arguments: list[list[Expr]], known: Mapping[str, Sort], found: Mapping[str, Sort]) -> Sort:
    beside = [factors for factors in arguments if any(text in names_in(factor) for factor in factors)]
    for factors in beside:
        others = frozenset().union(*map(names_in, factors)) - {text}
        if any({**known, **found}.get(other) in ANGLES for other in others) or _has_pi(factors):
            return "integer"
    return "angle" if beside else "real"


def _has_pi(factors: list[Expr]) -> bool:
    return any(factor.op == "name" and factor.parts[0] == "pi" for factor in factors)


def _arguments(values: list[Expr]) -> Iterator[list[Expr]]:
    """The products that stand under exp, cos and sin, each as its factors."""
    seen: set[Expr] = set()
    stack = list(values)
    while stack:
        value = stack.pop()
        if value in seen:
            continue
        seen.add(value)
        if value.op in ("exp", "cos", "sin"):
            yield from _products(value.parts[0], [])
        else:
            stack += [part for part in value.parts if isinstance(part, Expr)]


def _products(value: Expr, outside: list[Expr]) -> Iterator[list[Expr]]:
    """The terms of a sum of products, multiplied out."""
    if value.op == "+":
        for part in value.parts:
            yield from _products(part, outside)
    elif value.op == "*":
        left, right = value.parts
        first, second = (left, right) if right.op in "+*" else (right, left)
        yield from _products(second, [*outside, first])
    else:
        yield [*outside, value]
