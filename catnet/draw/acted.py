"""Which axes a group acts on, in a picture: their names are bold where a wire is labelled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from catnet.diagnostics import CatnetError
from catnet.diagrams.acting import show
from catnet.draw.geometry import Label, Panel
from catnet.draw.measure import ELLIPSIS

if TYPE_CHECKING:
    from catnet.diagrams.terms import Diagram


def mark(panel: Panel, diagram: Diagram) -> str:
    """Mark the labels of a panel by what acts on their wires; returns the claims that hold, in words.

    A diagram that names no group, and one whose claim does not hold, is left as it is: a picture is no proof.
    """
    from catnet.elaborate.proving import proofs

    try:
        found = [proof for proof in proofs(diagram) if proof.holds]
    except CatnetError:
        return ""
    places: dict[int, set[int]] = {}
    words: dict[int, list[str]] = {}
    for proof in found:
        for value, action in proof.walk.actions():
            for part in action:
                places.setdefault(id(value), set()).update(part.axes)
            if action:
                words.setdefault(id(value), []).append(f"{proof.group}: {show(action, value.wire)}")
    for label in _labels(panel):
        label.acted = tuple(sorted(places.get(id(label.value), ())))
        label.words = "; ".join(words.get(id(label.value), ()))
    return ", ".join(map(str, found))


def _labels(panel: Panel) -> Iterator[Label]:
    stack = [panel]
    while stack:
        top = stack.pop()
        yield from top.labels
        stack.extend(box.panel for box in top.boxes if box.panel is not None)


def pieces(label: Label) -> list[tuple[str, bool]]:
    """A label cut at its axes: each piece with whether it is acted on.

    A label that was shortened has a piece that stands for several axes; it is marked where all of them are acted on.

    >>> from catnet.diagrams.graph import Value
    >>> from catnet.types.signature import read_object
    >>> label = Label(0, 0, "R[n, d]", Value(read_object("R[n, d]")[0]), acted=(-2,))
    >>> pieces(label)
    [('R[', False), ('n', True), (', ', False), ('d', False), (']', False)]
    """
    text = label.text
    start, end = text.find("["), text.rfind("]") + 1
    if not label.acted or not 0 <= start < end:
        return [(text, False)]
    axes = _split(text[start + 1 : end - 1])
    hidden = len(label.value.wire.axes) - len(axes)  # how many axes the piece with the ellipsis stands for besides one
    found = [(text[: start + 1], False)]
    place = -len(axes) - hidden
    for number, axis in enumerate(axes):
        covered = 1 + (hidden if ELLIPSIS in axis else 0)
        found += [(", ", False)] * (number > 0)
        found.append((axis, all(k in label.acted for k in range(place, place + covered))))
        place += covered
    return [*found, (text[end - 1 :], False)]


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no bracket."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
