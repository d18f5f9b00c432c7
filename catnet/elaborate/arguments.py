"""Static arguments: matching what is written in `f(a, k = v)` with the parameters of a box or a net."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from catnet.diagnostics import Span, fail
from catnet.diagrams.box import REQUIRED, VOCABULARY, Box, Param
from catnet.diagrams.terms import Diagram
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.spaces import Member, Space
from catnet.types.spelling import nearest, respelt
from catnet.types.static import INTEGERS, AxisRef, Condition, Unknown, describe

SORT_WORDS = {
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "str": "a text in quotes",
    "axis": "an axis, by index or by name",
    "ints": "an integer or a tuple of integers",
    "net": "a diagram",
    "rep": "a representation",
    "group": "a group",
}


def match(
    name: str,
    params: Sequence[Param],
    positional: Sequence[tuple[Any, Span | None]],
    keyword: Mapping[str, tuple[Any, Span | None]],
    span: Span | None,
    extra: Sequence[str] = (),
) -> dict[str, tuple[Any, Span | None]]:
    """Pair arguments with parameter names; values are not looked at.

    Raises `CatnetError` (E0211 missing, E0213 unknown or too many). `extra` are names that may also be given
    by keyword (a net's quantified dimensions).
    """
    given: dict[str, tuple[Any, Span | None]] = {}
    if len(positional) > len(params):
        shown = f"{len(params) or 'no'} static argument{'s' * (len(params) != 1)}"
        given_words = f"{len(positional)} {'is' if len(positional) == 1 else 'are'} given"
        fail("E0213", f"`{name}` takes {shown}, {given_words}", positional[len(params)][1] or span)
    for param, value in zip(params, positional, strict=False):
        given[param.name] = value
    known = [p.name for p in params]
    for key, value in keyword.items():
        if key in given:
            fail("E0213", f"the argument `{key}` of `{name}` is given twice", value[1] or span)
        if key not in known and key not in extra:
            offer = nearest(key, [*known, *extra])
            listed = f"it takes {', '.join(f'`{k}`' for k in known)}" if known else "it takes none"
            fixes = respelt(key, [*known, *extra], _before(value[1]))
            fail("E0213", f"`{name}` has no argument `{key}`", value[1] or span, help=offer or listed, fixes=fixes)
        given[key] = value
    missing = [p.name for p in params if p.default is REQUIRED and p.name not in given]
    if missing:
        shown = ", ".join(f"{m} = ..." for m in missing)
        words = f"argument{'s' * (len(missing) > 1)} {', '.join(f'`{m}`' for m in missing)}"
        fail("E0211", f"`{name}` needs the static {words}", span, help=f"write {name}({shown})")
    return given


def _before(value: Span | None) -> Span | None:
    """Where the name stands in `name = value`."""
    found = re.search(r"\w+(?=\s*=[\s(]*\Z)", value.source.text[: value.start]) if value is not None else None
    return Span(value.source, found.start(), found.end()) if value is not None and found is not None else None


def coerce(name: str, param: Param, value: Any, span: Span | None) -> Any:
    """A value as the sort that a parameter wants; raises `CatnetError` (E0212)."""
    made = converted(param.sort, value)
    if made is None:
        got = "a diagram" if isinstance(value, Diagram) else describe(value)
        divided = param.sort in ("int", "ints") and isinstance(value, (float, Unknown))
        words = f"`{param.name}` of `{name}` is {SORT_WORDS[param.sort]}, got {got}"
        fail("E0212", words, span, help=INTEGERS if divided else "")
    return made


def converted(sort: str, value: Any) -> Any:
    """A value as a sort; None where it is not one of it.

    >>> converted("ints", [3, 5]), converted("int", "3")
    ((Dim('3'), Dim('5')), None)
    """
    return _COERCE[sort](value)


def make_box(cls: type[Box], given: Mapping[str, tuple[Any, Span | None]]) -> Box:
    """A box from matched arguments."""
    if cls.between_spaces and any(isinstance(value, Space) for value, _ in given.values()):
        cls = VOCABULARY[cls.between_spaces]
    params = {p.name: p for p in cls.params()}
    for key, (_, span) in given.items():
        if key not in params and not cls.open_keywords:
            taken = f"between representations it takes {', '.join(f'`{name}`' for name in params)}"
            fail("E0213", f"`{cls.name}` has no argument `{key}`", span, help=taken)
    values = {
        k: coerce(cls.name, params.get(k) or Param(k, "int", REQUIRED), value, span)
        for k, (value, span) in given.items()
    }
    if cls.open_keywords:
        values[cls.open_keywords] = tuple((k, values.pop(k)) for k in sorted(values.keys() - params.keys()))
    return cls(**values)


def _int(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return Dim.const(value)
    return value if isinstance(value, Dim) else None


def _float(value: Any) -> Any:
    if isinstance(value, Dim):
        return float(value.value) if value.value is not None else Unknown(str(value), "float")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return _unknown(value, "float")


def _bool(value: Any) -> Any:
    if isinstance(value, (Pred, Condition)):
        return Unknown(str(value), "bool")
    return value if isinstance(value, bool) else _unknown(value, "bool")


def _str(value: Any) -> Any:
    return value if isinstance(value, str) else _unknown(value, "str")


def _unknown(value: Any, sort: str) -> Any:
    """A value of a sort that is not known yet, or None."""
    return value if isinstance(value, Unknown) and value.sort == sort else None


def _axis(value: Any) -> Any:
    if isinstance(value, Dim) and value.value is not None:
        value = value.value
    if isinstance(value, int) and not isinstance(value, bool):
        return AxisRef(index=value)
    if isinstance(value, str):
        return AxisRef(name=value)
    return value if isinstance(value, AxisRef) else None


def _ints(value: Any) -> Any:
    parts = value if isinstance(value, (tuple, list)) else (value,)
    made = tuple(_int(p) for p in parts)
    return None if any(m is None for m in made) else made


def _net(value: Any) -> Any:
    return value if isinstance(value, Diagram) else None


_COERCE = {
    "int": _int,
    "float": _float,
    "bool": _bool,
    "str": _str,
    "axis": _axis,
    "ints": _ints,
    "net": _net,
    "rep": lambda value: value if isinstance(value, Space) else None,
    "group": lambda value: value if isinstance(value, Member) and not isinstance(value, Space) else None,
}
