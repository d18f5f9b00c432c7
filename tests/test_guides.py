"""The documentation keeps its word: every block is run, and every command prints what the page shows.

A block of any language whose first line is `# NAME` is that file. Other Python blocks run in order, in one namespace; a
console block is a command and what it prints; a `{catnet}` block is checked, and gets the codes that it says and no
other. With CATNET_GOLDEN=write, what the commands print is written into the page.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from catnet.cli import main
from catnet.fences import options, render

DOCS = Path(__file__).parent.parent / "docs"
WRITTEN = ("*.md", "tutorial/*.md", "reference/**/*.md", "guides/*.md", "decisions/*.md")
BLOCK = re.compile(r"^(```+)([^\n`]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
MARKUP = {"{contents}", "{toctree}", "{eval-rst}", "{include}", "{literalinclude}"}
SHOWN = {"md", "yaml", "ebnf", "sh", "lua", "lisp"}  # nothing in them is to be run

PAGES = sorted({page for pattern in WRITTEN for page in DOCS.glob(pattern) if page.name != "gallery.md"})


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the further words of its first line, its options and its text."""

    language: str
    words: str
    options: dict[str, str]
    text: str


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page in Markdown."""
    for found in BLOCK.finditer(page):
        language, _, words = found[2].partition(" ")
        text, given = found[3], dict[str, str]()
        while language.startswith("{") and (option := re.match(r":(\S+):[ ]*(.*)\n", text)) is not None:
            given[option[1]] = option[2]
            text = text[option.end() :]
        yield Block(language, words, given, text.lstrip("\n") if given else text)


@pytest.mark.usefixtures("own_boxes")
@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_every_block_of_a_page(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    written = text = page.read_text(encoding="utf-8")
    names: dict[str, object] = {}
    exec("import catnet", names)
    for block in blocks(text):
        file = re.match(r"# (\w+\.\w+)\n", block.text)
        if file is not None:
            (tmp_path / file[1]).write_text(block.text, encoding="utf-8")
        if block.language == "{catnet}":
            got = render(block.text, options(f"{block.words} {block.options.get('params', '')}"))
            assert {d.code for d in got.errors} == set(block.options.get("error", "").split()), got.messages
        elif block.language == "console":
            command, _, output = block.text.partition("\n")
            main(shlex.split(command.removeprefix("$ catnet ")))
            printed = "".join(capsys.readouterr())
            if os.environ.get("CATNET_GOLDEN") == "write":
                written = written.replace(f"```console\n{block.text}```", f"```console\n{command}\n{printed}```")
            else:
                assert printed == output
        elif file is None and block.language == "python":
            exec(compile(block.text, f"<{page.stem}>", "exec"), names)
            capsys.readouterr()  # what it prints is not shown
        else:
            assert file is not None or block.language in MARKUP | SHOWN, f"a block in `{block.language}` is not run"
    if written != text:
        page.write_text(written, encoding="utf-8")


def test_the_pages_are_there_and_have_blocks() -> None:
    found = {page.relative_to(DOCS).as_posix(): list(blocks(page.read_text(encoding="utf-8"))) for page in PAGES}
    assert {"guides/symmetry.md", "guides/writing_a_box.md", "tutorial/first_lines.md"} <= found.keys()
    languages = {block.language for page in found.values() for block in page}
    assert {"python", "cat", "console", "{catnet}"} <= languages


def test_a_block_is_read_with_its_options() -> None:
    page = "````{catnet} f\n:params: d=4\n:error: E0203 E0206\n\n# a.cat\n```\n````\n```cat\nx\n```\n"
    first, second = blocks(page)
    assert first == Block("{catnet}", "f", {"params": "d=4", "error": "E0203 E0206"}, "# a.cat\n```\n")
    assert second == Block("cat", "", {}, "x\n")
