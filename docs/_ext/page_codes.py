"""The error index: a page for each code, with its bad example, what is printed about it, and the good one."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from prose import code, escaped, fenced, table
from pygments.token import Error

from catnet.cli import main
from catnet.codes import CODES
from catnet.codes.entry import MAIN, Code
from catnet.editor.lexer import CatnetLexer

GROUPS = {
    "E01": "Reading the text", "E02": "Names, types and structure", "E03": "Files and imports", "E04": "Laws",
    "E05": "What is written in Python", "E06": "Commands", "E07": "Symmetry", "E08": "Bundles",
    "E09": "Several devices",
}  # fmt: skip


def pages() -> Iterator[tuple[str, str]]:
    """The pages, by name: `index`, and one for each code."""
    yield "index", _index()
    for entry in CODES.values():
        yield entry.code, _page(entry)


def _index() -> str:
    parts = ["# Errors", "Every diagnostic has a code. `catnet explain CODE` prints its page in the terminal."]
    for start, title in GROUPS.items():
        rows = [(f"[{e.code}]({e.code}.md)", escaped(e.title)) for e in CODES.values() if e.code[:3] == start]
        parts += [f"## {start}xx: {title}", table(("code", "what it says"), rows)]
    return "\n\n".join(parts) + "\n"


def _page(entry: Code) -> str:
    parts = ["---\norphan: true\n---"]  # not in the side bar of each page: there are too many
    parts += [f"# {entry.code}: {escaped(entry.title)}", _prose(entry.explanation), _prose(entry.how)]
    if entry.bad:
        parts += ["## Wrong", *_example(entry.bad, {**entry.files, **entry.bad_files})]
        if printed := told(entry):
            parts += [fenced(printed, "text")]
    if entry.good:
        parts += ["## Right", *_example(entry.good, entry.files)]
    parts.append(f"`catnet explain {entry.code}` prints this page. [All codes](index.md)")
    return "\n\n".join(parts) + "\n"


def _prose(text: str) -> str:
    """Paragraphs, which the sources wrap as they like."""
    return "\n\n".join(escaped(" ".join(paragraph.split())) for paragraph in text.split("\n\n"))


def _example(text: str, beside: dict[str, str]) -> Iterator[str]:
    files = {MAIN: text, **beside} if beside else {"": text}
    for name, body in files.items():
        shown = body if len(body) < 3000 else f"{body[:3000]}\n..."
        yield (f"{code(name)}:\n\n" if name else "") + fenced(
            shown, "python" if name.endswith(".py") else _language(shown)
        )


def _language(text: str) -> str:
    """`cat`, unless what is wrong is that the text cannot be read."""
    return "text" if any(token is Error for token, _ in CatnetLexer().get_tokens(text)) else "cat"


def told(entry: Code) -> str:
    """What the command line prints about the bad example: `catnet check`, or the command that the entry names.

    The empty text where no command gives this code. Raises ValueError where `check` should and does not.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {MAIN: entry.bad, **entry.files, **entry.bad_files}.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        command = ["check", MAIN] if entry.stage == "check" else _command(entry)
        printed = _apart(command, folder) if entry.stage == "boxes" else _here(command, folder)
    if f"[{entry.code}]" in printed:
        return re.sub(r"\n*^\d+ errors? in .*", "", printed, flags=re.MULTILINE)
    if entry.stage == "check":
        raise ValueError(f"the bad example of {entry.code} is told:\n{printed}")
    return ""


def _here(command: list[str], folder: str) -> str:
    """What a command prints, run in this process: there are many."""
    with contextlib.chdir(folder), io.StringIO() as printed:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            main(command)
        return printed.getvalue()


def _command(entry: Code) -> list[str]:
    named = re.search(rf"`catnet (\w+ [^`]*{MAIN}[^`]*)`", entry.how)
    return shlex.split(named[1]) if named is not None else ["compile", MAIN, "block"]


def _apart(command: list[str], folder: str) -> str:
    """The same in a process of its own, for commands that import boxes."""
    done = subprocess.run([sys.executable, "-m", "catnet", *command], cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr
