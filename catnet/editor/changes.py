"""Changes that an editor offers: the fixes of diagnostics, and the style of the whole file."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from catnet.diagnostics import Diagnostic
from catnet.editor.places import Edit, Place
from catnet.editor.view import View
from catnet.syntax.formatter import format_source


@dataclass(frozen=True)
class Action:
    """A change with its title, and the mistake that it mends."""

    title: str
    diagnostic: Diagnostic
    edit: Edit
    only: bool
    """Whether the diagnostic has no other fix."""


def actions(view: View, start: int, end: int) -> Iterator[Action]:
    """The fixes of the diagnostics that touch a range of the file."""
    for diagnostic in view.diagnostics:
        place = view.place(diagnostic.span)
        if place is None or place.path != view.path or place.end < start or place.start > end:
            continue
        for fix in diagnostic.fixes:
            where = view.place(fix.span)
            if where is not None:
                yield Action(fix.title, diagnostic, Edit(where, fix.text), len(diagnostic.fixes) == 1)


def formatting(view: View) -> list[Edit]:
    """The edits that bring a file into style, line by line, so that the cursor stays where it is; none for a file with
    syntax errors."""
    new, problems = format_source(view.layout.source)
    if problems:
        return []
    before, after = view.text.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    changed = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [
        Edit(Place(view.path, starts[i], starts[j]), "".join(after[m:n]))
        for tag, i, j, m, n in changed
        if tag != "equal"
    ]
