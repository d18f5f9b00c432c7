"""The VS Code extension: what its files say, its client with stand-ins for VS Code, and the package that is built."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

import catnet
from catnet.cli.parser import make_parser
from catnet.editor.highlight import ROLES
from catnet.editor.lexer import CatnetLexer
from catnet.syntax.scan import CLOSER

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "editors" / "vscode"
FILES = sorted(p for folder in ("examples", "catnet/std", "tests/syntax") for p in (ROOT / folder).rglob("*.cat"))
PACKAGE = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def test_what_the_package_names_is_there() -> None:
    contributed = PACKAGE["contributes"]
    (language,) = contributed["languages"]
    assert language["extensions"] == [".cat"]
    named = [PACKAGE["main"], language["configuration"], *(grammar["path"] for grammar in contributed["grammars"])]
    assert all((FOLDER / name).is_file() for name in named)
    assert all((FOLDER / name).exists() for name in PACKAGE["files"] if name != "node_modules")
    for grammar in contributed["grammars"]:
        assert json.loads((FOLDER / grammar["path"]).read_text(encoding="utf-8"))["scopeName"] == grammar["scopeName"]
    assert PACKAGE["version"] == catnet.__version__
    assert (FOLDER / "LICENSE").read_text(encoding="utf-8") == (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_an_untrusted_folder_does_not_choose_the_command() -> None:
    settings = set(PACKAGE["contributes"]["configuration"]["properties"])
    assert set(PACKAGE["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]) == settings


def test_brackets_and_comments_are_those_of_the_language() -> None:
    given = json.loads((FOLDER / "language-configuration.json").read_text(encoding="utf-8"))
    assert dict(given["brackets"]) == CLOSER
    assert given["comments"] == {"lineComment": "#"}
    assert re.fullmatch(given["wordPattern"], "layer_norm")


@needs_node
def test_the_client_starts_the_server_and_says_when_it_cannot() -> None:
    script = Path(__file__).parent / "activate.js"
    run = subprocess.run(["node", script, FOLDER / "client.js"], capture_output=True, text=True, check=True)
    done: list[list[Any]] = json.loads(run.stdout)
    start = ["client", "catnet", "/opt/catnet", ["lsp", "--root", "../shared"], [{"language": "catnet"}]]
    assert done[:5] == [start, ["start"], ["stop"], start, ["start"]]
    assert [what for what, *_ in done[5:]] == ["client", "start", "error"]
    assert "pip install 'catnet[lsp]'" in done[-1][1]
    assert make_parser().parse_args(start[3]).command == "lsp", "the command line takes what the client gives"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the extension with what it needs from npm."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("vscode") / "extension"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("node_modules", "*.vsix"))
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"npm cannot install: {done.stderr[-300:]}")
    return folder


@pytest.mark.slow
def test_it_builds_to_a_package(installed: Path) -> None:
    done = subprocess.run(["npm", "run", "package"], cwd=installed, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stdout.replace("WARNING  This extension consists of", ""), done.stdout
    (package,) = installed.glob("*.vsix")
    with zipfile.ZipFile(package) as content:
        names = content.namelist()
    assert {"extension/client.js", "extension/syntaxes/catnet.tmLanguage.json", "extension/package.json"} <= set(names)
    assert "extension/node_modules/vscode-languageclient/node.js" in names
    assert not any("vsce" in name or "vscode-textmate" in name for name in names), "tools stay at home"


@pytest.mark.slow
def test_vscode_colours_as_pygments_does(installed: Path) -> None:
    """Character by character, but for boxes, which TextMate does not know, and blanks."""
    texts = [p.read_text(encoding="utf-8") for p in FILES]
    texts.append('net f : R[d] -> R[d] under S(n) on n = on >> "a\\"b" >> "open\nmap = 3d ≠ 𝒳_1 → ...s 0..n\n')
    script = Path(__file__).parent / "textmate.js"
    done = subprocess.run(
        ["node", script, installed], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    token_of = {f"{role.scope}.catnet": role.token for role in ROLES.values()}
    compared = 0
    for text, pieces in zip(texts, json.loads(done.stdout), strict=True):
        units = text.encode("utf-16-le")
        theirs = ["Text"] * len(text)
        for start, end, scopes in pieces:
            first, last = (len(units[: 2 * at].decode("utf-16-le")) for at in (start, min(end, len(units) // 2)))
            theirs[first:last] = [token_of.get(scopes[-1], "Text")] * (last - first)
        for place, token, word in CatnetLexer(ensurenl=False, stripnl=False).get_tokens_unprocessed(text):
            name = str(token).removeprefix("Token.").removeprefix("Literal.")
            for at in range(place, place + len(word)):
                if not text[at].isspace() and name != "Name.Builtin":
                    compared += 1
                    assert theirs[at] == name, (word, text[max(0, at - 30) : at + 30])
    assert compared > 10_000
