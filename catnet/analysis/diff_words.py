"""The difference of two nets as text and as data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from catnet.analysis.diff import Change, Difference, Figures, KeyChanges
from catnet.analysis.known import Known
from catnet.analysis.parts import Key, Part, Shape
from catnet.analysis.show import counted
from catnet.diagrams.costs import Costs
from catnet.draw.measure import shorten
from catnet.types.dims import Dim

SIGNS = {"changed": "~", "added": "+", "removed": "-", "renamed": "~", "rewired": "~", "retyped": "~"}
MOST_KEYS = 40  # lines of keys of one kind
INDENT = "    "


def lines(found: Difference) -> Iterator[str]:
    """The difference as text, line by line; `+` and `-` stand at the beginning of what is new and what is gone."""
    yield from heading(found)
    yield ""
    if found.equal:
        yield "The two are one diagram: they compose the same boxes in the same way."
    elif not found.changes and not found.crossed:
        yield "No difference is found, but the two are not proved to be one diagram."
    shown = [change for change in found.changes if change.kind != "retyped"]
    price = _Price(found)
    for change in shown:
        yield from _change(change, price)
    for path in found.crossed:
        yield f"~ {path or 'the whole'}: outputs come from elsewhere"
    if shown or found.crossed:
        yield ""
    retyped = len(found.changes) - len(shown)
    if retyped:
        yield f"{_parts(retyped)} without weights {'is' if retyped == 1 else 'are'} the same on other types."
    yield f"{_parts(found.same)} {'is' if found.same == 1 else 'are'} as before."
    yield ""
    yield figures_text("parameters", found.parameters)
    yield figures_text("FLOPs", found.flops)
    yield ""
    yield from _keys(found.keys)


def heading(found: Difference) -> Iterator[str]:
    """The names and types of both nets, once where they are the same."""
    old, new = f"{found.old.name} : {found.old.type}", f"{found.new.name} : {found.new.type}"
    yield from [f"  {old}"] if old == new else [f"- {old}", f"+ {new}"]


def _parts(number: int) -> str:
    return f"{number:,} part{'s' * (number != 1)}"


def place(part: Part) -> str:
    """Where a part stands: its path, or in brackets that of the module around it."""
    return part.path or f"({part.scope or 'the whole'})"


class _Price:
    """The figures of parts, with what the `where` clauses of their nets say put in."""

    def __init__(self, found: Difference) -> None:
        self.costs = Costs()
        self.old, self.new = Known(found.old.where), Known(found.new.where)

    def of(self, change: Change, old: bool) -> tuple[Dim, Dim]:
        """Parameters and FLOPs of the one or the other part of a change."""
        part, known = (change.old, self.old) if old else (change.new, self.new)
        assert part is not None
        return known(part.parameters(self.costs)), known(part.flops(self.costs))


def _change(change: Change, price: _Price) -> Iterator[str]:
    old, new, sign = change.old, change.new, SIGNS[change.kind]
    if old is None or new is None:
        part = old or new
        assert part is not None
        parameters, flops = map(counted, price.of(change, old is not None))
        yield f"{sign} {place(part)}: {part.text} : {part.type}"
        yield f"{INDENT}  {parameters} parameters, {flops} FLOPs"
        return
    if change.kind == "rewired":
        yield f"~ {place(new)}: {new.text} gets its inputs from elsewhere"
        return
    if change.kind == "renamed":
        yield f"~ {place(old)} -> {place(new)}: {new.text}, under another name"
        return
    yield f"~ {place(new)}"
    yield f"{INDENT}- {old.text} : {old.type}"
    yield f"{INDENT}+ {new.text} : {new.type}"
    for name, shapes in _tensors(old, new):
        yield f"{INDENT}  {name} {shapes}"
    for word, one, other in zip(("parameters", "FLOPs"), price.of(change, True), price.of(change, False), strict=True):
        if one != other:
            yield f"{INDENT}  {word} {counted(one)} -> {counted(other)}"


def _tensors(old: Part, new: Part) -> Iterator[tuple[str, str]]:
    """Parameters and buffers of a box that are not as they were, by name, with their shapes."""
    ours, theirs = old.tensors(), new.tensors()
    for name in dict.fromkeys((*ours, *theirs)):
        before, after = ours.get(name), theirs.get(name)
        if before != after:
            yield name or "value", f"{_shape(before)} -> {_shape(after)}"


def _shape(shape: Shape | None) -> str:
    return "none" if shape is None else f"({', '.join(map(str, shape))})"


def figures_text(word: str, figures: Figures, longest: int = 1000) -> str:
    """A figure before and after, each cut to `longest` characters, with the ratio where both are numbers."""
    old, new = (shorten(counted(figure), longest) for figure in (figures.old, figures.new))
    if figures.old == figures.new:
        return f"{word}: {new}, as before"
    ratio = f" (x {figures.ratio:.4g})" if figures.ratio is not None else ""
    return f"{word}: {old} -> {new}{ratio}"


def _keys(keys: KeyChanges) -> Iterator[str]:
    """What becomes of a checkpoint."""
    if keys.loads:
        yield f"state dict: all {counted(keys.after)} keys are kept, so a checkpoint of the old net loads into the new."
        return
    kept = f"{counted(keys.kept)} of {counted(keys.before)} keys are kept"
    yield f"state dict: {kept}; the new net has {counted(keys.after)}."
    yield from _listed(f"~ {group}" for group in _groups((o, n) for o, n in keys.reshaped))
    yield from _listed(f"- {group}" for group in _groups((k, None) for k in keys.gone))
    yield from _listed(f"+ {group}" for group in _groups((k, None) for k in keys.new))
    if keys.unknown:
        yield f"Not counted, because it is written in Python: {', '.join(keys.unknown)}."
    if not keys.exact:
        yield "Numbers of repeats are open or large: keys are compared as patterns."


def _listed(groups: Iterable[str]) -> Iterator[str]:
    shown = list(groups)
    yield from (f"  {group}" for group in shown[:MOST_KEYS])
    if len(shown) > MOST_KEYS:
        yield f"  {shown[0][0]} ... {len(shown) - MOST_KEYS} more lines"


def _groups(keys: Iterable[tuple[Key, Key | None]]) -> Iterator[str]:
    """Keys that differ in numbers only, as one line."""
    groups: dict[tuple[str, str], list[str]] = {}
    for old, new in keys:
        shapes = (
            _shape(old.shape)
            if new is None or old.shape == new.shape
            else f"{_shape(old.shape)} -> {_shape(new.shape)}"
        )
        if new is not None and old.counts != new.counts:
            shapes += f", {counted(old.number)} -> {counted(new.number)} of them"
        pattern = re.sub(r"(?<![^.])\d+(?![^.])", "*", old.name)
        groups.setdefault((pattern, shapes), []).append(old.name)
    for (pattern, shapes), names in groups.items():
        yield (
            f"{names[0]} {shapes}" if len(names) == 1 else f"{pattern} {shapes}, {len(names):,} keys, {_between(names)}"
        )


def _between(names: list[str]) -> str:
    """The first and the last of names that differ in numbers only, by these numbers."""
    ends = [".".join(re.findall(r"(?<![^.])\d+(?![^.])", name)) for name in (names[0], names[-1])]
    return f"{ends[0]} to {ends[1]}"


# -- data ----------------------------------------------------------------------------------------------------


def data(found: Difference) -> dict[str, Any]:
    """The difference as JSON has it: figures are integers where they are known, else polynomials as text."""
    price, keys = _Price(found), found.keys
    return {
        "old": {"net": found.old.name, "type": found.old.type},
        "new": {"net": found.new.name, "type": found.new.type},
        "equal": found.equal,
        "parameters": figures_data(found.parameters),
        "flops": figures_data(found.flops),
        "same": found.same,
        "outputs_from_elsewhere": found.crossed,
        "changes": [
            {"kind": change.kind, "old": _part(change, True, price), "new": _part(change, False, price)}
            for change in found.changes
        ],
        "state_dict": {
            "loads": keys.loads,
            "exact": keys.exact,
            "not_counted": list(keys.unknown),
            "kept": _plain(keys.kept),
            "old": _plain(keys.before),
            "new": _plain(keys.after),
            "reshaped": [{"old": _key(old), "new": _key(new)} for old, new in keys.reshaped],
            "removed": [_key(key) for key in keys.gone],
            "added": [_key(key) for key in keys.new],
        },
    }


def figures_data(figures: Figures) -> dict[str, int | str]:
    """A figure of both nets as JSON has it."""
    return {"old": _plain(figures.old), "new": _plain(figures.new)}


def _part(change: Change, old: bool, price: _Price) -> dict[str, Any] | None:
    part = change.old if old else change.new
    if part is None:
        return None
    parameters, flops = price.of(change, old)
    return {
        "path": part.path,
        "in": part.scope,
        "box": part.text,
        "type": part.type,
        "parameters": _plain(parameters),
        "flops": _plain(flops),
        "tensors": {name: [_plain(d) for d in shape] for name, shape in part.tensors().items()},
    }


def _key(key: Key) -> dict[str, Any]:
    return {"name": key.name, "shape": [_plain(d) for d in key.shape], "counts": [_plain(d) for d in key.counts]}


def _plain(figure: Dim) -> int | str:
    return figure.value if figure.value is not None else str(figure)
