"""Renaming: every place of a name in the files that are open and those that they import.

What would come out is read once more before anything is changed: where a name would then mean something else than
before, the change is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from catnet.diagnostics import fail
from catnet.editor.checking import EditedLoader, Workspace, own_modules
from catnet.editor.highlight import NAME
from catnet.editor.names import Symbol, occurrences
from catnet.editor.places import Edit, Place, applied
from catnet.editor.view import View
from catnet.elaborate.loading import STANDARD, Module
from catnet.syntax.scan import RESERVED

FIXED = ("box", "argument", "kind", "file")  # what is not declared in a file


def nameable(view: View, offset: int) -> Place | None:
    """The name at a character, if it can be renamed."""
    found = view.name_at(offset)
    if found is None or found[1].symbol.kind in FIXED or _standard(found[1].symbol):
        return None
    return found[0].of(found[1])


def rename(views: Iterable[View], view: View, offset: int, new: str) -> list[Edit]:
    """The edits that give the name at a character another one, in the files of all views.

    Raises `CatnetError` (E0101 for what is no name, E0202 where it is taken).
    """
    found = view.name_at(offset)
    if found is None or nameable(view, offset) is None:
        fail("E0201", "there is no name here that a file declares")
    if re.fullmatch(NAME, new) is None or new in RESERVED or new == "_" or not new.isidentifier():
        fail("E0101", f"`{new}` is not a name", help="a name has letters, digits and `_`, and is no reserved word")
    symbol = found[1].symbol
    modules = {m.path: (v, m) for v in [view, *views] for m in own_modules(v.program)}
    _refuse_unread(modules.values(), symbol)
    places = {place for v, _ in modules.values() for place in v.references(symbol)}
    edits = [Edit(place, new) for place in sorted(places)]
    _check(view.workspace, {path: module for path, (_, module) in modules.items()}, symbol, new, edits)
    return edits


def _refuse_unread(modules: Iterable[tuple[View, Module]], symbol: Symbol) -> None:
    """Raise E0101 where an item that cannot be read may use the name: by itself, or as in `owner(name = ...)`."""
    if symbol.kind not in ("declared", "parameter", "size"):
        return
    wanted = {symbol.name, symbol.owner or symbol.name}
    for view, module in modules:
        for piece in view.layout_of(module).pieces:
            if piece.diagnostics and wanted <= set(re.findall(r"\w+", piece.source.text)):
                words = f"`{symbol.name}` may be used in an item of `{module.path.name}` that has a syntax error"
                fail("E0101", words, help="mend that first")


def _check(workspace: Workspace, modules: dict[Path, Module], symbol: Symbol, new: str, edits: list[Edit]) -> None:
    """Raise E0202 unless every name means after the change what it meant before, under its new name."""
    trial = Workspace(workspace.roots, workspace.budget, dict(workspace.overlay))
    for path, module in modules.items():
        own = [edit for edit in edits if edit.place.path == path]
        trial.overlay[path] = applied(module.source.text, own)
    taken = {s for module in modules.values() for s in _meanings(module, symbol, symbol.name)}
    if replace(symbol, name=new, at=0) in taken:
        fail("E0202", f"`{new}` is another {symbol.kind} here already", help="choose another name")
    for path, module in modules.items():
        loader = EditedLoader(trial, path)
        after = _meanings(loader.load(path), symbol, symbol.name)
        if after != _meanings(module, symbol, new) or len(loader.report.errors) > len(_problems(workspace, path)):
            fail("E0202", f"`{new}` already means something where `{symbol.name}` is used", help="choose another name")


def _problems(workspace: Workspace, path: Path) -> list[object]:
    loader = EditedLoader(workspace, path)
    loader.load(path)
    return list(loader.report.errors)


def _meanings(module: Module, symbol: Symbol, new: str) -> list[Symbol]:
    """What the names of a file mean, in order, with one of them under another name."""
    return [
        _renamed(occurrence.symbol, symbol, new)
        for item in module.file.items
        for occurrence in occurrences(module, item)
    ]


def _renamed(symbol: Symbol, old: Symbol, new: str) -> Symbol:
    symbol = replace(symbol, at=0)
    if symbol == replace(old, at=0):
        return replace(symbol, name=new)
    if old.kind == "declared" and symbol.owner == old.name and symbol.path == old.path:
        return replace(symbol, owner=new)
    return symbol


def _standard(symbol: Symbol) -> bool:
    return symbol.path is not None and symbol.path.is_relative_to(STANDARD)
