"""The guides keep their word: every block is run, and every command prints what the guide shows.

A block whose first line is `# NAME` is that file. Other Python blocks run in order, in one namespace; a console block
is a command and what it prints.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from catnet.cli import main

GUIDES = Path(__file__).parent.parent / "docs" / "guides"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.usefixtures("own_boxes")
@pytest.mark.parametrize("guide", sorted(GUIDES.glob("*.md")), ids=lambda path: path.stem)
def test_every_block_of_a_guide(
    guide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, object] = {}
    blocks = BLOCK.findall(guide.read_text(encoding="utf-8"))
    assert {language for language, _ in blocks} == {"python", "cat", "console"}
    exec("import catnet", names)
    for language, text in blocks:
        file = re.match(r"# (\w+\.\w+)\n", text)
        if file is not None:
            (tmp_path / file[1]).write_text(text, encoding="utf-8")
        elif language == "python":
            exec(compile(text, "<guide>", "exec"), names)
        else:
            command, _, output = text.partition("\n")
            main(shlex.split(command.removeprefix("$ catnet ")))
            assert "".join(capsys.readouterr()) == output
