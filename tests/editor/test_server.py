"""A real session: `catnet lsp` in a process of its own, spoken to over its standard input and output."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import sysconfig
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls")

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

from catnet.cli import main
from catnet.editor.lsp import Faces
from catnet.editor.outline import TOKENS
from catnet.editor.session import Session

CATNET = str(Path(sysconfig.get_path("scripts")) / "catnet")
SECONDS = 60  # until a test gives up: the machine may be busy

# The script letter is two units in UTF-16: every column behind it is one more than the characters before it.
TEXT = """# 𝒳 and its shape
net head(k) : R[t, d] -> R[t, k] = # 𝒳
    linear(k)
 >> relu

net whole(heads) : R[t, d] -> R[t, 3] where d % heads == 0 =
    gelu(approximate = "tanh") >> head(3) # 𝒳
"""


class Editor(LanguageClient):
    """An editor that remembers what the server tells it."""

    def __init__(self) -> None:
        super().__init__("test", "1")
        self.told: dict[str, list[lsp.Diagnostic]] = {}
        self.news = asyncio.Event()
        self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(partial(self._told))
        self.logged: list[str] = []
        self.feature(lsp.WINDOW_LOG_MESSAGE)(lambda params: self.logged.append(params.message))

    def _told(self, params: lsp.PublishDiagnosticsParams) -> None:
        self.told[params.uri] = list(params.diagnostics)
        self.news.set()

    async def codes(self, uri: str) -> list[str]:
        """The codes that the server tells next."""
        await asyncio.wait_for(self.news.wait(), SECONDS)
        self.news.clear()
        assert not self.logged
        return [str(d.code) for d in self.told[uri]]

    async def opening(self, path: Path, text: str) -> str:
        item = lsp.TextDocumentItem(path.as_uri(), "catnet", 1, text)
        self.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return path.as_uri()

    def edit(self, uri: str, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        change = lsp.TextDocumentContentChangePartial(lsp.Range(lsp.Position(*start), lsp.Position(*end)), text)
        document = lsp.VersionedTextDocumentIdentifier(2, uri)
        self.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))


def talk(folder: Path, say: Callable[[Editor], Awaitable[None]], *options: str, units: str = "utf-16") -> None:
    """Start a server for a folder, say something, and end it as the protocol asks."""

    async def run() -> None:
        editor = Editor()
        await editor.start_io(CATNET, "lsp", *options)
        kinds = [lsp.PositionEncodingKind(units)]
        able = lsp.ClientCapabilities(general=lsp.GeneralClientCapabilities(position_encodings=kinds))
        given = lsp.InitializeParams(able, workspace_folders=[lsp.WorkspaceFolder(folder.as_uri(), "folder")])
        await asyncio.wait_for(editor.initialize_async(given), SECONDS)
        editor.initialized(lsp.InitializedParams())
        await asyncio.wait_for(say(editor), 5 * SECONDS)
        await editor.shutdown_async(None)
        editor.exit(None)
        await editor.stop()

    asyncio.run(run())


def at(uri: str, line: int, column: int) -> Any:
    return {"text_document": lsp.TextDocumentIdentifier(uri), "position": lsp.Position(line, column)}


def test_mistakes_are_told_while_they_are_made(tmp_path: Path) -> None:
    async def say(editor: Editor) -> None:
        uri = await editor.opening(tmp_path / "a.cat", TEXT)
        assert await editor.codes(uri) == []
        editor.edit(uri, (6, 34), (6, 38), "haed")  # behind two letters that are as they seem, no script letter
        assert await editor.codes(uri) == ["E0201"]
        (told,) = editor.told[uri]
        assert told.message == "unknown name `haed`\nhelp: did you mean `head` or `heads`?"
        assert (told.range.start, told.range.end) == (lsp.Position(6, 34), lsp.Position(6, 38))
        editor.edit(uri, (6, 34), (6, 38), "𝒳; head")
        assert await editor.codes(uri) == ["E0103"]
        editor.edit(uri, (6, 34), (6, 36), "")  # the script letter is two units
        editor.edit(uri, (6, 34), (6, 36), "")
        assert await editor.codes(uri) == []
        editor.edit(uri, (1, 27), (1, 28), "u")  # R[t, d] -> R[u, k]
        assert await editor.codes(uri) == ["E0203"]
        related = editor.told[uri][0].related_information or []
        assert {r.location.uri for r in related} == {uri}
        assert "the signature is here" in [r.message for r in related]
        editor.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(uri)))
        assert await editor.codes(uri) == []

    talk(tmp_path, say)


@pytest.mark.parametrize(("units", "column"), [("utf-16", 8), ("utf-8", 10), ("utf-32", 7)])
def test_columns_count_what_was_agreed(units: str, column: int, tmp_path: Path) -> None:
    async def say(editor: Editor) -> None:
        uri = await editor.opening(tmp_path / "a.cat", 'net f : R[d] -> R[d] =\n"𝒳" >> lin\n')
        await editor.codes(uri)
        (told,) = [d for d in editor.told[uri] if d.code == "E0201"]
        assert told.range.start == lsp.Position(1, column)
        found = await editor.text_document_completion_async(lsp.CompletionParams(**at(uri, 1, column + 3)))
        assert "linear" in [item.label for item in found]  # type: ignore[union-attr]

    talk(tmp_path, say, units=units)


def test_questions_and_changes(tmp_path: Path) -> None:
    (tmp_path / "library.cat").write_text(TEXT, encoding="utf-8")

    async def say(editor: Editor) -> None:
        uses = 'from "library.cat" import head\n\n# 𝒳\nnet f : R[t, d] -> _ = head(k = 8) >>  linear(4)\n'
        uri = await editor.opening(tmp_path / "uses.cat", uses)
        document = lsp.TextDocumentIdentifier(uri)
        library = (tmp_path / "library.cat").as_uri()
        assert await editor.codes(uri) == ["E0230"]

        hovered = await editor.text_document_hover_async(lsp.HoverParams(**at(uri, 3, 24)))
        assert "net head(k) : R[t, d] -> R[t, k]" in hovered.contents.value  # type: ignore[union-attr]
        assert "here: `R[t, d] -> R[t, 8]`" in hovered.contents.value  # type: ignore[union-attr]

        place = await editor.text_document_definition_async(lsp.DefinitionParams(**at(uri, 3, 24)))
        assert (place.uri, place.range.start) == (library, lsp.Position(1, 4))  # type: ignore[union-attr]
        place = await editor.text_document_definition_async(lsp.DefinitionParams(**at(uri, 0, 8)))
        assert (place.uri, place.range.start) == (library, lsp.Position(0, 0))  # type: ignore[union-attr]

        changed = await editor.text_document_rename_async(lsp.RenameParams(new_name="width", **at(uri, 3, 28)))
        where = {u: [(e.range.start.line, e.range.start.character) for e in es] for u, es in changed.changes.items()}  # type: ignore[union-attr]
        assert where == {library: [(1, 9), (1, 30), (2, 11)], uri: [(3, 28)]}
        with pytest.raises(JsonRpcException, match="is not a name"):
            await editor.text_document_rename_async(lsp.RenameParams(new_name="net", **at(uri, 3, 28)))
        nothing = await editor.text_document_prepare_rename_async(lsp.PrepareRenameParams(**at(uri, 3, 40)))
        assert nothing is None, "a box of the vocabulary keeps its name"

        context = lsp.ReferenceContext(include_declaration=False)
        found = await editor.text_document_references_async(lsp.ReferenceParams(context, **at(uri, 3, 24)))
        assert sorted((p.uri == uri, p.range.start.line) for p in found or ()) == [(False, 6), (True, 0), (True, 3)]

        (edit,) = await editor.text_document_formatting_async(  # type: ignore[misc]
            lsp.DocumentFormattingParams(document, lsp.FormattingOptions(4, True))
        )
        assert edit.new_text == "net f : R[t, d] -> _ = head(k = 8) >> linear(4)\n"

        whole = lsp.Range(lsp.Position(0, 0), lsp.Position(9, 0))
        (action,) = await editor.text_document_code_action_async(  # type: ignore[misc]
            lsp.CodeActionParams(document, whole, lsp.CodeActionContext([]))
        )
        assert (action.title, action.is_preferred) == ("write `R[t, 4]`", True)
        assert action.edit.changes[uri][0].new_text == "R[t, 4]"  # type: ignore[union-attr,index]

        hints = await editor.text_document_inlay_hint_async(lsp.InlayHintParams(document, whole))
        assert [(h.position, h.label) for h in hints or ()] == [(lsp.Position(3, 20), " R[t, 4]")]

        help = await editor.text_document_signature_help_async(lsp.SignatureHelpParams(**at(uri, 3, 46)))
        assert [(s.label, help.active_parameter) for s in help.signatures] == [("linear(features, bias = true)", 0)]  # type: ignore[union-attr]

        symbols = await editor.text_document_document_symbol_async(lsp.DocumentSymbolParams(document))
        assert [(s.name, s.detail) for s in symbols or ()] == [("f", "net R[t, d] -> _")]  # type: ignore[union-attr]

        tokens = await editor.text_document_semantic_tokens_full_async(lsp.SemanticTokensParams(document))
        assert list(tokens.data[:5]) == [3, 4, 1, TOKENS.index("function"), 1]  # type: ignore[union-attr]

        offers = await editor.text_document_completion_async(lsp.CompletionParams(**at(uri, 3, 28)))
        assert [i.insert_text for i in offers if i.label == "k"] == ["k = "]  # type: ignore[union-attr]
        item = lsp.CompletionItem("linear", kind=lsp.CompletionItemKind.Method)
        documented = await editor.completion_item_resolve_async(item)
        assert "torch.nn.Linear" in documented.documentation.value  # type: ignore[union-attr]

    talk(tmp_path, say)


def test_a_file_that_changes_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "library.cat").write_text(TEXT, encoding="utf-8")

    async def say(editor: Editor) -> None:
        uri = await editor.opening(tmp_path / "uses.cat", 'from "library.cat" import head\nnet f : R[d] -> R[d] = id\n')
        library = (tmp_path / "library.cat").as_uri()
        assert await editor.codes(uri) == []
        (tmp_path / "library.cat").write_text(TEXT.replace("relu", "rleu"), encoding="utf-8")
        event = lsp.FileEvent(library, lsp.FileChangeType.Changed)
        editor.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
        await editor.codes(uri)
        while library not in editor.told:
            await editor.codes(uri)
        assert [d.code for d in editor.told[library]] == ["E0201"]

    talk(tmp_path, say)


def test_own_boxes_and_roots(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "parts.cat").write_text(TEXT, encoding="utf-8")
    (tmp_path / "work").mkdir()

    async def say(editor: Editor) -> None:
        text = 'from "parts.cat" import head\nnet f : R[t, d] -> R[t, 3] = head(3)\n'
        assert await editor.codes(await editor.opening(tmp_path / "work" / "uses.cat", text)) == []

    talk(tmp_path / "work", say, "--root", str(tmp_path / "shared"))


def test_documents_that_were_never_saved() -> None:
    faces = Faces(Session())
    path = faces.path("untitled:Untitled-1")
    assert path == Path.cwd() / "Untitled-1.cat"
    faces.uris[path] = "untitled:Untitled-1"
    assert faces.uri(path) == "untitled:Untitled-1"


def test_the_server_needs_neither_torch_nor_sympy() -> None:
    code = (
        "import sys; from pathlib import Path; from catnet.editor.server import make_server; s = make_server()\n"
        f"s.session.change(Path('/a.cat'), {TEXT!r}); print(s.session.diagnostics())\n"
        "print(sorted({'torch', 'sympy', 'IPython'} & set(sys.modules))); s.worker.shutdown()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_without_pygls_it_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "catnet.editor.server", raising=False)
    monkeypatch.delitem(sys.modules, "catnet.editor.lsp", raising=False)
    monkeypatch.setitem(sys.modules, "pygls", None)
    assert main(["lsp"]) == 2
    assert "pip install 'catnet[lsp]'" in capsys.readouterr().err
