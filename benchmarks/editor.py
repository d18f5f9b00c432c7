"""How long an editor waits for the diagnostics of a large file, when it is opened and after one edit."""

from __future__ import annotations

import asyncio
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.report import Table, bar, seconds
from catnet.editor.changes import formatting
from catnet.editor.checking import Workspace
from catnet.editor.completion import complete
from catnet.editor.hints import hints
from catnet.editor.hover import hover
from catnet.editor.outline import meanings
from catnet.editor.session import Session

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0  # seconds after which no diagnostics are a failure
MODELS = ("gpt2", "llama", "mlp_mixer", "resnet18", "densenet121", "vit", "unet", "deep_sets", "lstm", "gru")
EDITS = {  # of the first model in the file: what is replaced, and by what
    "a body": (r"c_fc: linear\(4\*d\)", "c_fc: linear(3*d)"),
    "a remark above all": (r"\A", "# a remark\n\n"),
    "a mistake": (r"ln_1: layer_norm", "ln_1: layer_nrom"),
    "a signature that others use": (r"net (attention_\d+)\(heads\)", r"net \1(heads, further = 1)"),
}


def text(lines: int) -> str:
    """A file of about so many lines: the example models, again and again, each time under other names."""
    imports: dict[str, set[str]] = {}
    parts: list[str] = []
    turn = 0
    while sum(part.count("\n") for part in parts) < lines:
        name = MODELS[turn % len(MODELS)]
        found = (ROOT / "examples" / "models" / f"{name}.cat").read_text(encoding="utf-8")
        for path, names in re.findall(r'^from "(.*?)" import (.*)$', found, re.MULTILINE):
            imports.setdefault(path, set()).update(re.split(r",\s*", names))
        found = re.sub(r"^from .*\n", "", found, flags=re.MULTILINE)
        for own in re.findall(r"^(?:net|group|rep|law)\s+(\w+)", found, re.MULTILINE):
            found = re.sub(rf"\b{own}\b", f"{own}_{turn}", found)
        parts.append(found.strip() + "\n")
        turn += 1
    heads = [f'from "{path}" import {", ".join(sorted(names))}' for path, names in sorted(imports.items())]
    return "\n".join([*heads, "", *parts])


def checked(workspace: Workspace, path: Path, content: str) -> float:
    """CPU seconds from a text to its diagnostics."""
    workspace.overlay[path] = content
    start = time.process_time()
    workspace.program(path).check()
    return time.process_time() - start


async def over_the_protocol(content: str, edits: list[str]) -> list[float]:
    """Seconds on the wall from each edit, the whole text, to its diagnostics, in a session with `catnet lsp`."""
    from lsprotocol import types as lsp
    from pygls.lsp.client import LanguageClient

    editor, told, uri = LanguageClient("benchmark", "1"), asyncio.Event(), "file:///benchmark.cat"
    editor.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: told.set())
    await editor.start_io(sys.executable, "-m", "catnet", "lsp")
    await editor.initialize_async(lsp.InitializeParams(lsp.ClientCapabilities()))
    editor.initialized(lsp.InitializedParams())
    editor.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, "catnet", 1, content)))
    await asyncio.wait_for(told.wait(), PATIENCE)
    taken = []
    for version, text in enumerate(edits, 2):
        told.clear()
        start = time.perf_counter()
        document = lsp.VersionedTextDocumentIdentifier(version, uri)
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        editor.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))
        await asyncio.wait_for(told.wait(), PATIENCE)
        taken.append(time.perf_counter() - start)
    await editor.shutdown_async(None)
    editor.exit(None)
    await editor.stop()
    return taken


def questions(path: Path, content: str, turns: int) -> Table:
    """How long single questions take in a file that is checked."""
    session = Session()
    session.change(path, content)
    view = session.checked(path)
    middle = content.index("linear", len(content) // 2)
    asked: dict[str, Callable[[], object]] = {
        "hover": lambda: hover(view, middle),
        "completion": lambda: complete(view, middle),
        "definition": lambda: view.definition(view.name_at(middle)[1].symbol),  # type: ignore[index]
        "types between the lines, all": lambda: hints(view, 0, len(content)),
        "colours by meaning, all": lambda: list(meanings(view)),
        "formatting": lambda: formatting(view),
    }
    table = Table("Questions in that file", ("what", "median", "largest"))
    for what, ask in asked.items():
        taken = []
        for _ in range(turns):
            start = time.process_time()
            ask()
            taken.append(time.process_time() - start)
        table.rows.append((what, seconds(statistics.median(taken)), seconds(max(taken))))
    return table


def run(quick: bool = False) -> list[Table]:
    """One table: opening the file, and each kind of edit, there and back."""
    content = text(60 if quick else 500)
    path, turns = Path("/benchmark.cat"), 1 if quick else 7
    lines = content.count("\n")
    table = Table(
        f"Diagnostics while typing in a file of {lines} lines",
        ("what", "median", "largest", "items checked", "bar"),
        note="The example models under changing names. `items checked`: how many answers were not taken from memory.\n"
        "In an editor, by the clock on the wall: the text goes to `catnet lsp`, which waits 30 ms for a further edit,\n"
        "and the diagnostics come back.",
    )
    workspace = Workspace()
    first = checked(workspace, path, content)
    table.rows.append(("opening it, cold", seconds(first), "", str(workspace.asked), ""))
    for what, (old, new) in EDITS.items():
        edited = re.sub(old, new, content, count=1)
        before = workspace.asked
        taken = [checked(workspace, path, version) for _ in range(turns) for version in (edited, content)]
        asked = (workspace.asked - before) / len(taken)
        figures = seconds(statistics.median(taken)), seconds(max(taken)), f"{asked:.1f}"
        table.rows.append((what, *figures, "" if quick else bar("under 100 ms", max(taken) < 0.1)))
    old, new = EDITS["a body"]
    taken = asyncio.run(over_the_protocol(content, [re.sub(old, new, content, count=1), content] * turns))
    figures = seconds(statistics.median(taken)), seconds(max(taken)), ""
    table.rows.append(("a body, in an editor", *figures, "" if quick else bar("under 100 ms", max(taken) < 0.1)))
    return [table, questions(path, content, turns)]
