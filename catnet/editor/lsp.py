"""From our values to those of the language server protocol."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from lsprotocol import types as lsp
from pygls import uris

from catnet.diagnostics import Diagnostic
from catnet.editor.changes import Action
from catnet.editor.completion import Offer
from catnet.editor.outline import TOKENS, Entry
from catnet.editor.places import Edit, Lines, Place, Units
from catnet.editor.session import Session, said
from catnet.editor.view import View

SEVERITY = {
    "error": lsp.DiagnosticSeverity.Error,
    "warning": lsp.DiagnosticSeverity.Warning,
    "info": lsp.DiagnosticSeverity.Information,
}
OFFERED = {
    "net": lsp.CompletionItemKind.Function,
    "box": lsp.CompletionItemKind.Method,
    "argument": lsp.CompletionItemKind.Property,
    "axis": lsp.CompletionItemKind.TypeParameter,
    "parameter": lsp.CompletionItemKind.Constant,
    "wire": lsp.CompletionItemKind.Variable,
    "keyword": lsp.CompletionItemKind.Keyword,
    "kind": lsp.CompletionItemKind.Class,
    "value": lsp.CompletionItemKind.Value,
    "file": lsp.CompletionItemKind.File,
}
ENTRIES = {"net": lsp.SymbolKind.Function, "box": lsp.SymbolKind.Interface, "law": lsp.SymbolKind.Property}


class Faces:
    """Converts places of a session's files; a file has the URI under which the editor opened it."""

    def __init__(self, session: Session, units: Units = "utf-16") -> None:
        self.session = session
        self.units = units
        self.uris: dict[Path, str] = {}
        self._lines: dict[Path, Lines] = {}

    def path(self, uri: str) -> Path:
        """The real path of a document; one that was never saved is a file of the current folder."""
        named = uris.to_fs_path(uri) if uri.startswith("file:") else None
        path = Path(os.path.realpath(named or Path.cwd() / f"{uri.rpartition(':')[2].strip('/') or 'untitled'}.cat"))
        return path

    def uri(self, path: Path) -> str:
        return self.uris.get(path) or uris.from_fs_path(str(path)) or path.as_uri()

    def lines(self, path: Path) -> Lines:
        """The lines of a file as it was last read."""
        text = self.session.text(path)
        known = self._lines.get(path)
        if known is None or known.text != text or known.units != self.units:
            known = self._lines[path] = Lines(text, self.units)
        return known

    def offset(self, view: View, position: lsp.Position) -> int:
        return self.lines(view.path).offset(position.line, position.character)

    def position(self, path: Path, offset: int) -> lsp.Position:
        return lsp.Position(*self.lines(path).position(offset))

    def range(self, place: Place) -> lsp.Range:
        return lsp.Range(self.position(place.path, place.start), self.position(place.path, place.end))

    def location(self, place: Place) -> lsp.Location:
        return lsp.Location(self.uri(place.path), self.range(place))

    def edits(self, edits: Iterable[Edit]) -> lsp.WorkspaceEdit:
        changes: dict[str, list[lsp.TextEdit]] = {}
        for edit in edits:
            changes.setdefault(self.uri(edit.place.path), []).append(self.edit(edit))
        return lsp.WorkspaceEdit(changes=changes)

    def edit(self, edit: Edit) -> lsp.TextEdit:
        return lsp.TextEdit(self.range(edit.place), edit.text)

    def diagnostic(self, place: Place, diagnostic: Diagnostic, view: View | None) -> lsp.Diagnostic:
        """A diagnostic; the notes that have places are its related information."""
        noted = [(view.place(note.span), note.text) for note in diagnostic.notes] if view is not None else []
        related = [
            lsp.DiagnosticRelatedInformation(self.location(where), text) for where, text in noted if where is not None
        ]
        return lsp.Diagnostic(
            self.range(place),
            said(diagnostic),
            SEVERITY[diagnostic.severity],
            diagnostic.code,
            source="catnet",
            tags=[lsp.DiagnosticTag.Unnecessary] if diagnostic.code == "E0209" else None,
            related_information=related or None,
        )

    def action(self, action: Action, view: View) -> lsp.CodeAction:
        place = view.place(action.diagnostic.span) or Place(view.path, 0, 0)
        return lsp.CodeAction(
            action.title,
            lsp.CodeActionKind.QuickFix,
            [self.diagnostic(place, action.diagnostic, view)],
            is_preferred=action.only,
            edit=self.edits([action.edit]),
        )

    def offer(self, offer: Offer) -> lsp.CompletionItem:
        return lsp.CompletionItem(
            offer.word, kind=OFFERED[offer.kind], detail=offer.detail or None, insert_text=offer.text or None
        )

    def symbol(self, entry: Entry) -> lsp.DocumentSymbol:
        kind = ENTRIES.get(entry.kind, lsp.SymbolKind.Class)
        return lsp.DocumentSymbol(
            entry.name, kind, self.range(entry.whole), self.range(entry.place), f"{entry.kind} {entry.detail}".strip()
        )

    def tokens(self, path: Path, meanings: Iterable[tuple[Place, str, bool]]) -> lsp.SemanticTokens:
        """Names with their meanings, each relative to the one before."""
        data: list[int] = []
        line, column = 0, 0
        for place, kind, defines in meanings:
            start, end = self.position(path, place.start), self.position(path, place.end)
            if start.line != line:
                column = 0
            data += [start.line - line, start.character - column, end.character - start.character]
            data += [TOKENS.index(kind), int(defines)]
            line, column = start.line, start.character
        return lsp.SemanticTokens(data)
