"""`catnet basis GROUP MAP`: reading the two texts, and printing the basis."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from catnet.cli import FINE
from catnet.cli.output import print_safely
from catnet.diagnostics import Source, Span, fail
from catnet.symmetry import words  # noqa: F401  (what groups and representations are called)
from catnet.symmetry.groups import Group
from catnet.symmetry.intertwiners import hom
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_leaves import Natural, Trivial
from catnet.syntax.parser import parse_expression
from catnet.types.dims import Dim
from catnet.types.spaces import FUNCTIONS
from catnet.types.static import describe, evaluate


def basis(options: Namespace) -> int:
    """`catnet basis "S(n)" "V*V -> V*V"`: the equivariant maps, readable or as data."""
    group = read_group(options.group)
    source, target = read_map(options.map, group)
    found = hom(source, target, options.budget)
    if options.json:
        import json

        print(json.dumps(found.data(), indent=2))
        return FINE
    print_safely(found.describe(options.limit, f"{group}: {' '.join(options.map.split())}"))
    return FINE


def read_group(text: str) -> Group:
    """The group that a text says; lower-case names in it are sizes. Raises `CatnetError` (E0723).

    >>> read_group("S(n) * O(3)")
    S(n) * O(3)
    """
    source = Source("<group>", text)
    expression = parse_expression(source)
    value = evaluate(expression, _size, FUNCTIONS)
    if not isinstance(value, Group):
        fail("E0723", f"this is not a group but {describe(value)}", expression.span, help="for example S(n) or SO(3)")
    return value


def read_map(text: str, group: Group) -> tuple[Rep, Rep]:
    """Source and target that a text such as `V*V -> V` says. Raises `CatnetError` (E0723).

    `V` is the natural representation, `G` the group, a number so many trivial ones.

    >>> read_map("2*V -> 1", read_group("SO(3)"))
    (2*vector(SO(3)), trivial(SO(3)))
    """
    sides = text.split("->")
    if len(sides) != 2:
        place = Span(Source("<map>", text), 0, len(text))
        fail("E0723", "a map is written `SOURCE -> TARGET`", place, help="for example V*V -> V")
    return _representation(sides[0], group), _representation(sides[1], group)


def _representation(text: str, group: Group) -> Rep:
    known: dict[str, Any] = {"G": group}
    if group.size is not None:
        known["V"] = Natural(group)
    expression = parse_expression(Source("<map>", text.strip()))
    value = evaluate(expression, lambda name: known.get(name) or _size(name), (*known, *FUNCTIONS))
    if isinstance(value, Dim) and (value.value is None or value.value > 0):
        value = value * Trivial(group)
    if not isinstance(value, Rep):
        fail(
            "E0723",
            f"this is not a representation but {describe(value)}",
            expression.span,
            help=f"for example {'V*V + 2*V' if 'V' in known else 'trivial(G)'}, `V` the natural representation",
        )
    if value.group != group:
        fail("E0723", f"this is a representation of {value.group}, not of {group}", expression.span)
    return value


def _size(name: str) -> Dim | None:
    return Dim.sym(name) if name.islower() else None
