"""One file as it stands in the editor: what the language features are asked with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catnet.diagnostics import Diagnostic, Span
from catnet.editor.checking import EditedProgram, Types, Workspace, own_modules
from catnet.editor.names import Occurrence, Symbol, occurrences
from catnet.editor.pieces import Layout
from catnet.editor.places import Place
from catnet.elaborate.loading import STANDARD, Declaration, Module
from catnet.syntax import tree


@dataclass(frozen=True, eq=False)
class Item:
    """An item of a file, and where it starts."""

    module: Module
    item: tree.Item
    start: int

    def place(self, span: Span) -> Place:
        """The place of a span of the item."""
        return Place(self.module.path, self.start + span.start, self.start + span.end)

    def of(self, occurrence: Occurrence) -> Place:
        """The place of a name in the item."""
        return Place(self.module.path, self.start + occurrence.start, self.start + occurrence.end)


@dataclass(frozen=True, eq=False)
class View:
    """A file with the program that was read from it and what is wrong with it."""

    workspace: Workspace
    path: Path
    program: EditedProgram
    diagnostics: list[Diagnostic]

    @property
    def layout(self) -> Layout:
        return self.layout_of(self.program.module)

    @property
    def text(self) -> str:
        return self.layout.source.text

    def layout_of(self, module: Module) -> Layout:
        """A file of the program in pieces."""
        return self.program.layouts[module.path]

    def place(self, span: Span | None) -> Place | None:
        """Where a span stands now; None where it is of no file."""
        if span is None:
            return None
        layout = self.program.layouts.get(Path(span.source.name))
        found = layout.place(span) if layout is not None else None
        return Place(Path(span.source.name), *found) if found is not None else None

    def items(self, module: Module) -> Iterator[Item]:
        """The items of a file that were read without a mistake."""
        layout = self.layout_of(module)
        for piece, start in zip(layout.pieces, layout.starts, strict=True):
            for item in piece.items:
                yield Item(module, item, start)

    def item_at(self, offset: int) -> Item | None:
        """The item in which a character stands."""
        found = self.layout.piece_at(offset)
        if found is None or not found[0].items:
            return None
        return Item(self.program.module, found[0].items[0], found[1])

    def name_at(self, offset: int) -> tuple[Item, Occurrence] | None:
        """The name at a character, or one that ends there."""
        item = self.item_at(offset)
        for occurrence in occurrences(item.module, item.item) if item is not None else ():
            assert item is not None
            if occurrence.start <= offset - item.start <= occurrence.end:
                return item, occurrence
        return None

    def types(self, item: Item) -> Types | None:
        """What was found of the types inside a net."""
        return self.program.types(item.item) if isinstance(item.item, Declaration) else None

    def declaration(self, symbol: Symbol) -> tuple[Module, Declaration] | None:
        """The declaration that a symbol is, or belongs to."""
        name = symbol.name if symbol.kind == "declared" else symbol.owner
        module = self.program.modules.get(symbol.path) if symbol.path is not None else None
        item = module.declarations.get(name) if module is not None else None
        return (module, item) if module is not None and item is not None else None

    def imported_file(self, symbol: Symbol) -> Place | None:
        """The beginning of the file that an import names."""
        if symbol.kind != "file":
            return None
        for candidate in (self.path.parent / symbol.name, STANDARD.parent / symbol.name, *self._in_roots(symbol.name)):
            path = Path(os.path.realpath(candidate))
            if path in self.program.modules:
                return Place(path, 0, 0)
        return None

    def _in_roots(self, name: str) -> list[Path]:
        return [root / name for root in self.workspace.roots]

    def definition(self, symbol: Symbol) -> Place | None:
        """Where a name is declared."""
        found = self.declaration(symbol)
        if found is None:
            return None
        module, declaration = found
        for item in self.items(module):
            if item.item is declaration:
                places = (item.of(o) for o in occurrences(module, declaration) if o.defines and o.symbol == symbol)
                return next(places, None)
        return None

    def references(self, symbol: Symbol) -> list[Place]:
        """Every place where a name means this, in this file and the files that it imports."""
        return sorted(
            item.of(occurrence)
            for module in own_modules(self.program)
            for item in self.items(module)
            for occurrence in occurrences(module, item.item)
            if occurrence.symbol == symbol
        )
