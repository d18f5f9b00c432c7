"""The files that are open in an editor: their texts, and their views, read and checked when they are asked for."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from catnet.diagnostics import CatnetError, Diagnostic
from catnet.editor.checking import Workspace
from catnet.editor.places import Place
from catnet.editor.view import View
from catnet.limits import BUDGET, large_work

MAX_SEARCHED = 1000  # files that a renaming looks through


class Session:
    """Open files and what is known of them. Paths are real paths; newlines are `\\n` alone.

    `change` may be called while a check runs in another thread: the check then ends with `Superseded`.
    """

    def __init__(self, roots: Iterable[Path] = (), budget: int = BUDGET) -> None:
        self.workspace = Workspace([Path(os.path.realpath(root)) for root in roots], budget)
        self.version = 0
        self._views: dict[Path, tuple[int, bool, View]] = {}

    @property
    def open(self) -> list[Path]:
        """The open files."""
        return list(self.workspace.overlay)

    def change(self, path: Path, text: str | None) -> None:
        """A file was opened or edited; without a text it was closed."""
        overlay = dict(self.workspace.overlay)
        if text is None:
            overlay.pop(path, None)
        else:
            overlay[path] = text.replace("\r\n", "\n").replace("\r", "\n")
        self.workspace.overlay = overlay  # in one step, for a check that reads it in another thread
        self.version += 1

    def touch(self) -> None:
        """A file that is not open has changed on the disk."""
        self.version += 1

    def read(self, path: Path) -> View:
        """A file as it is now, not checked. Raises `CatnetError` where it cannot be read."""
        return self._view(path, checked=False)

    def checked(self, path: Path) -> View:
        """A file as it is now, with its mistakes and types. Raises `CatnetError`, and `Superseded` where it changes."""
        return self._view(path, checked=True)

    def _view(self, path: Path, checked: bool) -> View:
        version = self.version
        known = self._views.get(path)
        if known is not None and known[0] == version and known[1] >= checked:
            return known[2]
        self.workspace.superseded = lambda: self.version != version
        with large_work():
            program = self.workspace.program(path)
            view = View(self.workspace, path, program, program.check() if checked else [])
        self._views[path] = (version, checked, view)
        return view

    def diagnostics(self) -> dict[Path, list[tuple[Place, Diagnostic]]]:
        """Every mistake of the open files and of the files that they import, by file; open files without one too.

        Raises `Superseded` where a text changes meanwhile.
        """
        found: dict[Path, list[tuple[Place, Diagnostic]]] = {path: [] for path in self.open}
        views: list[View] = []
        for path in self.open:
            try:
                views.append(self.checked(path))
            except CatnetError as error:
                found[path] = [(Place(path, 0, 0), diagnostic) for diagnostic in error.diagnostics]
        for view in views:
            for diagnostic in view.diagnostics:
                place = view.place(diagnostic.span) or Place(view.path, 0, 0)
                told = found.setdefault(place.path, [])
                if not any(
                    place == p and (d.code, d.message) == (diagnostic.code, diagnostic.message) for p, d in told
                ):
                    told.append((place, diagnostic))
        self.workspace.forget_unused([view.program for view in views])
        self._views = {path: known for path, known in self._views.items() if path in found}
        return found

    def text(self, path: Path) -> str:
        """The text of a file that some view has read."""
        layout = self.workspace.layouts.get(path)
        return layout.source.text if layout is not None else ""

    def everywhere(self) -> Iterator[View]:
        """The open files and every `.cat` file below the roots, as far as they can be read."""
        below = itertools.chain.from_iterable(_below(root) for root in self.workspace.roots)
        for path in dict.fromkeys([*self.open, *itertools.islice(below, MAX_SEARCHED)]):
            try:
                yield self.read(path)
            except CatnetError:
                continue


def _below(folder: Path) -> Iterator[Path]:
    """The `.cat` files below a folder, without hidden folders and what package managers fill."""
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "node_modules")
        yield from (Path(os.path.realpath(Path(where) / name)) for name in sorted(files) if name.endswith(".cat"))


def said(diagnostic: Diagnostic) -> str:
    """The text of a diagnostic for an editor, which shows the places of its notes by itself."""
    plain = [f"note: {note.text}" for note in diagnostic.notes if note.span is None]
    helped = [f"help: {diagnostic.help}"] if diagnostic.help else []
    return "\n".join([diagnostic.message, *plain, *helped])
