"""The language server, `catnet lsp`: a thin face of the modules around it, over standard input and output.

Texts are kept by the event loop. All reading and checking happens in one worker thread, in order; an edit ends the
check that is under way at its next item, and the next one starts when nothing was typed for a moment. A `.cat` file is
data: the server runs no code from it, and never imports the Python that a box names.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

import catnet
from catnet.diagnostics import CatnetError
from catnet.editor import describe
from catnet.editor.changes import actions, formatting
from catnet.editor.checking import Superseded
from catnet.editor.completion import call_at, complete, parameters
from catnet.editor.hints import hints
from catnet.editor.hover import hover
from catnet.editor.lsp import Faces
from catnet.editor.outline import TOKENS, meanings, outline
from catnet.editor.places import Units
from catnet.editor.rename import nameable, rename
from catnet.editor.session import Session
from catnet.editor.view import View
from catnet.limits import BUDGET

DEBOUNCE = 0.03  # seconds without an edit before a text is checked; an edit also ends the check that it meets
STACK = 64 * 2**20  # of the worker's thread: nets inside nets are walked by recursion
FAILED = -32803  # RequestFailed: a request that is right and cannot be met

T = TypeVar("T")
Asked = Callable[[View], T]


class CatnetServer(LanguageServer):
    """The server with its session; `roots` are further folders that imports may reach."""

    def __init__(self, roots: Iterable[Path] = (), budget: int = BUDGET) -> None:
        super().__init__("catnet", catnet.__version__)
        self.session = Session(roots, budget)
        self.roots = list(self.session.workspace.roots)
        self.faces = Faces(self.session)
        before = threading.stack_size(STACK)
        self.worker = ThreadPoolExecutor(1, "catnet")
        self.worker.submit(int).result()  # starts the thread
        threading.stack_size(before)
        self.checking: asyncio.Task[None] | None = None
        self.published: set[Path] = set()

    async def work(self, task: Callable[[], T]) -> T:
        """Run something in the worker."""
        return await asyncio.get_running_loop().run_in_executor(self.worker, task)

    async def ask(self, uri: str, question: Asked[T], checked: bool = False) -> T | None:
        """The answer to a question about a document; None where it cannot be read, or changes meanwhile."""
        path = self.faces.path(uri)
        view = self.session.checked if checked else self.session.read
        try:
            return await self.work(lambda: question(view(path)))
        except (CatnetError, Superseded):
            return None

    def use_folders(self) -> None:
        """The folders of the workspace may be imported from."""
        folders = [self.faces.path(uri) for uri in self.workspace.folders]
        self.session.workspace.roots = [*folders, *self.roots]

    def changed(self, uri: str, text: str | None) -> None:
        """A document was opened, edited or (without a text) closed."""
        path = self.faces.path(uri)
        self.faces.uris[path] = uri
        self.session.change(path, text)
        self.check_soon()

    def check_soon(self) -> None:
        """Check everything that is open, when nothing was typed for a moment."""
        if self.checking is not None:
            self.checking.cancel()
        self.checking = asyncio.get_running_loop().create_task(self._check())

    async def _check(self) -> None:
        await asyncio.sleep(DEBOUNCE)
        try:
            found = await self.work(self._diagnosed)
        except Superseded:
            return  # the edit that did it has asked for the next check
        except Exception as error:
            self.window_log_message(lsp.LogMessageParams(lsp.MessageType.Error, f"the check failed: {error!r}"))
            return
        for path in {*found, *self.published}:
            self.text_document_publish_diagnostics(
                lsp.PublishDiagnosticsParams(self.faces.uri(path), found.get(path, []))
            )
        self.published = set(found)

    def _diagnosed(self) -> dict[Path, list[lsp.Diagnostic]]:
        return {
            path: [self.faces.diagnostic(place, d, self.session.checked(path) if path in self.session.open else None)
                   for place, d in found]
            for path, found in self.session.diagnostics().items()
        }  # fmt: skip


def make_server(roots: Iterable[Path] = (), budget: int = BUDGET) -> CatnetServer:
    """A server that answers, not started yet."""
    server = CatnetServer(roots, budget)
    for method, (answer, options) in FEATURES.items():
        server.feature(method, options)(functools.partial(answer, server))
    return server


# -- texts -----------------------------------------------------------------------------------------------------


def initialized(server: CatnetServer, params: lsp.InitializedParams) -> None:
    """Columns count as was agreed."""
    encoding = server.workspace.position_encoding
    server.faces.units = cast(Units, str(getattr(encoding, "value", encoding or "utf-16")))
    server.use_folders()


def folders_changed(server: CatnetServer, params: lsp.DidChangeWorkspaceFoldersParams) -> None:
    server.use_folders()
    on_disk(server, lsp.DidChangeWatchedFilesParams([]))


def opened(server: CatnetServer, params: lsp.DidOpenTextDocumentParams) -> None:
    server.changed(params.text_document.uri, params.text_document.text)


def edited(server: CatnetServer, params: lsp.DidChangeTextDocumentParams) -> None:
    uri = params.text_document.uri
    server.changed(uri, server.workspace.get_text_document(uri).source)


def closed(server: CatnetServer, params: lsp.DidCloseTextDocumentParams) -> None:
    server.changed(params.text_document.uri, None)


def on_disk(server: CatnetServer, params: lsp.DidChangeWatchedFilesParams) -> None:
    server.session.touch()
    server.check_soon()


# -- questions -------------------------------------------------------------------------------------------------


async def hovered(server: CatnetServer, params: lsp.HoverParams) -> lsp.Hover | None:
    def answer(view: View) -> lsp.Hover | None:
        found = hover(view, server.faces.offset(view, params.position))
        if found is None:
            return None
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, found[1]), server.faces.range(found[0]))

    return await server.ask(params.text_document.uri, answer, checked=True)


async def defined(server: CatnetServer, params: lsp.DefinitionParams) -> lsp.Location | None:
    def answer(view: View) -> lsp.Location | None:
        found = view.name_at(server.faces.offset(view, params.position))
        if found is None:
            return None
        place = view.imported_file(found[1].symbol) or view.definition(found[1].symbol)
        return server.faces.location(place) if place is not None else None

    return await server.ask(params.text_document.uri, answer)


async def referred(server: CatnetServer, params: lsp.ReferenceParams) -> list[lsp.Location] | None:
    def answer(view: View) -> list[lsp.Location]:
        found = view.name_at(server.faces.offset(view, params.position))
        if found is None:
            return []
        symbol = found[1].symbol
        places = {place for v in [view, *server.session.everywhere()] for place in v.references(symbol)}
        declared = view.definition(symbol)
        wanted = (p for p in sorted(places) if params.context.include_declaration or p != declared)
        return [server.faces.location(place) for place in wanted]

    return await server.ask(params.text_document.uri, answer)


async def completed(server: CatnetServer, params: lsp.CompletionParams) -> list[lsp.CompletionItem] | None:
    return await server.ask(
        params.text_document.uri,
        lambda view: [server.faces.offer(o) for o in complete(view, server.faces.offset(view, params.position))],
    )


def resolved(server: CatnetServer, item: lsp.CompletionItem) -> lsp.CompletionItem:
    """The documentation of a box, when it is looked at."""
    if item.kind == lsp.CompletionItemKind.Method:
        item.documentation = lsp.MarkupContent(lsp.MarkupKind.Markdown, describe.box(item.label))
    return item


async def arguments(server: CatnetServer, params: lsp.SignatureHelpParams) -> lsp.SignatureHelp | None:
    def answer(view: View) -> lsp.SignatureHelp | None:
        called = call_at(view, server.faces.offset(view, params.position))
        if called is None:
            return None
        name, number = called
        known = [describe.parameter(p) for p in parameters(view.program.module, name)[0]]
        label = f"{name}({', '.join(known)})"
        return lsp.SignatureHelp(
            [lsp.SignatureInformation(label, parameters=[lsp.ParameterInformation(text) for text in known])], 0, number
        )

    return await server.ask(params.text_document.uri, answer)


async def prepared(server: CatnetServer, params: lsp.PrepareRenameParams) -> lsp.Range | None:
    def answer(view: View) -> lsp.Range | None:
        place = nameable(view, server.faces.offset(view, params.position))
        return server.faces.range(place) if place is not None else None

    return await server.ask(params.text_document.uri, answer)


async def renamed(server: CatnetServer, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
    def answer(view: View) -> lsp.WorkspaceEdit:
        everywhere = list(server.session.everywhere())
        try:
            edits = rename(everywhere, view, server.faces.offset(view, params.position), params.new_name)
        except CatnetError as error:
            raise JsonRpcException(error.diagnostics[0].message, code=FAILED) from None
        return server.faces.edits(edits)

    return await server.ask(params.text_document.uri, answer)


async def formatted(server: CatnetServer, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
    return await server.ask(
        params.text_document.uri, lambda view: [server.faces.edit(edit) for edit in formatting(view)]
    )


async def acted(server: CatnetServer, params: lsp.CodeActionParams) -> list[lsp.CodeAction] | None:
    def answer(view: View) -> list[lsp.CodeAction]:
        start, end = (server.faces.offset(view, p) for p in (params.range.start, params.range.end))
        return [server.faces.action(action, view) for action in actions(view, start, end)]

    return await server.ask(params.text_document.uri, answer, checked=True)


async def hinted(server: CatnetServer, params: lsp.InlayHintParams) -> list[lsp.InlayHint] | None:
    def answer(view: View) -> list[lsp.InlayHint]:
        start, end = (server.faces.offset(view, p) for p in (params.range.start, params.range.end))
        return [
            lsp.InlayHint(server.faces.position(view.path, hint.offset), hint.text, lsp.InlayHintKind.Type)
            for hint in hints(view, start, end)
        ]

    return await server.ask(params.text_document.uri, answer, checked=True)


async def outlined(server: CatnetServer, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol] | None:
    return await server.ask(
        params.text_document.uri, lambda view: [server.faces.symbol(entry) for entry in outline(view)]
    )


async def coloured(server: CatnetServer, params: lsp.SemanticTokensParams) -> lsp.SemanticTokens | None:
    return await server.ask(params.text_document.uri, lambda view: server.faces.tokens(view.path, list(meanings(view))))


FEATURES: dict[str, tuple[Callable[..., Any], Any]] = {
    lsp.INITIALIZED: (initialized, None),
    lsp.TEXT_DOCUMENT_DID_OPEN: (opened, None),
    lsp.TEXT_DOCUMENT_DID_CHANGE: (edited, None),
    lsp.TEXT_DOCUMENT_DID_CLOSE: (closed, None),
    lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES: (on_disk, None),
    lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (folders_changed, None),
    lsp.TEXT_DOCUMENT_HOVER: (hovered, None),
    lsp.TEXT_DOCUMENT_DEFINITION: (defined, None),
    lsp.TEXT_DOCUMENT_REFERENCES: (referred, None),
    lsp.TEXT_DOCUMENT_COMPLETION: (
        completed,
        lsp.CompletionOptions(trigger_characters=["(", ",", "[", '"', "="], resolve_provider=True),
    ),
    lsp.COMPLETION_ITEM_RESOLVE: (resolved, None),
    lsp.TEXT_DOCUMENT_SIGNATURE_HELP: (arguments, lsp.SignatureHelpOptions(trigger_characters=["(", ","])),
    lsp.TEXT_DOCUMENT_PREPARE_RENAME: (prepared, None),
    lsp.TEXT_DOCUMENT_RENAME: (renamed, lsp.RenameOptions(prepare_provider=True)),
    lsp.TEXT_DOCUMENT_FORMATTING: (formatted, None),
    lsp.TEXT_DOCUMENT_CODE_ACTION: (acted, lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix])),
    lsp.TEXT_DOCUMENT_INLAY_HINT: (hinted, None),
    lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (outlined, None),
    lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: (
        coloured,
        lsp.SemanticTokensLegend(token_types=list(TOKENS), token_modifiers=["declaration"]),
    ),
}


def serve(roots: Iterable[Path] = (), budget: int = BUDGET) -> None:
    """Answer an editor over standard input and output until it says goodbye."""
    make_server(roots, budget).start_io()
