"""How many wires a term takes, where its structure says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catnet.diagrams import terms
from catnet.diagrams.box import Box


def arity(term: terms.Diagram, scope: Mapping[str, Any]) -> int | None:
    """The number of input wires, or None where any number will do."""
    while True:
        if isinstance(term, terms.Leaf):
            return term.box.arity
        if isinstance(term, terms.Then):
            first = next((p for p in term.flat() if not _is_identity(p)), None)
            if first is None:  # nothing but `id`s
                return None
            term = first
        elif isinstance(term, terms.Inverse):
            inverse = _inverse(term.body)
            if inverse is not None:
                return inverse.arity
            term = term.body
        elif isinstance(term, (terms.Labelled, terms.Repeat, terms.Transpose)):
            term = term.body
        elif isinstance(term, terms.Use):
            if term.reading is not None:
                return term.reading.arity
            term = term.shared.body
        elif isinstance(term, terms.Sequence):
            term = term.step(term.start)
        else:
            return _of_parts(term, scope)


def _inverse(term: terms.Diagram) -> Box | None:
    """The inverse of one box whose inverse has wires of its own, where there is one."""
    leaf = term.shared.body if isinstance(term, terms.Use) else term
    box = leaf.box if isinstance(leaf, terms.Leaf) else None
    return box.inverse(()) if box is not None and box.readings else None


def opening_width(term: terms.Diagram) -> int:
    """How many input wires a term gets where nothing says it: one for each part that takes any number."""
    known = arity(term, {})
    if known is not None:
        return known
    if isinstance(term, terms.Then):
        first = next((p for p in term.flat() if not _is_identity(p)), None)
        return 1 if first is None else opening_width(first)
    if isinstance(term, terms.Tensor):
        return sum(opening_width(p) for p in term.flat())
    if isinstance(term, (terms.Labelled, terms.Repeat, terms.Inverse)):
        return opening_width(term.body)
    if isinstance(term, terms.Fan):
        return max((opening_width(p) for p in term.parts), default=1)
    return 1


def _is_identity(term: terms.Diagram) -> bool:
    return isinstance(term, terms.Leaf) and term.box.name == "id"


def _of_parts(term: terms.Diagram, scope: Mapping[str, Any]) -> int | None:
    if isinstance(term, terms.Tensor):
        counts = [arity(p, scope) for p in term.flat()]
        known = [n for n in counts if n is not None]
        return sum(known) if len(known) == len(counts) else None
    if isinstance(term, terms.Fan):
        return _first([arity(p, scope) for p in term.parts])
    if isinstance(term, terms.Sum):
        return _first([arity(p, scope) for _, p in term.flat()])
    if isinstance(term, terms.Product):
        return _first([arity(p, scope) for p in term.flat() if isinstance(p, terms.Diagram)])
    if isinstance(term, terms.Choice):
        return _first([arity(term.then, scope), arity(term.otherwise, scope)])
    if isinstance(term, terms.Var):
        return 0
    if isinstance(term, terms.Body):
        return len(term.inputs)
    return None


def _first(counts: Sequence[int | None]) -> int | None:
    return next((n for n in counts if n is not None), None)


def split(counts: Sequence[int | None], total: int) -> list[int] | None:
    """Share `total` wires among parts: an open part takes one, or, if it is the only one, what is left.

    >>> split([1, None, 2], 5)
    [1, 2, 2]
    >>> split([None, None], 2)
    [1, 1]
    """
    free = [i for i, n in enumerate(counts) if n is None]
    fixed = sum(n for n in counts if n is not None)
    out = [1 if n is None else n for n in counts]
    if len(free) == 1:
        out[free[0]] = total - fixed
        return out if total >= fixed else None
    return out if sum(out) == total else None
