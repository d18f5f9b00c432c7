"""The playground: what its Python answers, and the page itself in headless Chromium."""

from __future__ import annotations

import functools
import http.server
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "playground"
DIGITS = (ROOT / "examples" / "digits" / "digits.cat").read_text("utf-8")


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"playground_{name}", PAGE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reading, build = loaded("reading"), loaded("build")


def test_a_text_is_read() -> None:
    found = json.loads(reading.read(DIGITS, "residual_block", 1))
    assert found["names"] == ["conv_block", "residual_block", "classifier"]
    assert (found["name"], found["type"]) == ("residual_block", "R[c, h, w] -> R[c, h, w]")
    assert found["svg"].startswith("<svg")
    assert found["diagnostics"] == []
    assert json.loads(reading.read(DIGITS, "gone"))["name"] == "classifier"


def test_a_mistake_has_its_place_in_characters() -> None:
    text = "# \N{GRINNING FACE}\nnet f : R[3] -> R[4] = linear(5)"
    (told,) = json.loads(reading.read(text))["diagnostics"]
    assert text[told["start"] : told["end"]] == "linear(5)"
    assert told["severity"] == "error"
    assert json.loads(reading.read("net net net"))["names"] == []


def test_formatting_leaves_what_cannot_be_parsed() -> None:
    assert reading.formatted("net  f:R[3]->R[4]=linear(4)") == "net f : R[3] -> R[4] = linear(4)\n"
    assert "net f : R[" in reading.formatted("net f : R[")


def test_the_archive_is_all_that_the_page_needs(tmp_path: Path) -> None:
    """Python without the site packages reads a text from the archive alone, and imports neither torch nor sympy."""
    build.pack(tmp_path / "a.zip")
    build.pack(tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    zipfile.ZipFile(tmp_path / "a.zip").extractall(tmp_path / "lib")
    asked = (
        "import reading, sys; print(reading.read(sys.stdin.read())); assert not {'torch', 'sympy'} & set(sys.modules)"
    )
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "lib")}
    command = [sys.executable, "-S", "-c", asked]
    found = subprocess.run(command, input=DIGITS, env=env, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["name"] == "classifier"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing is told of each request."""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("npm") or not shutil.which("chromium"), reason="needs npm and chromium")
def test_the_page_in_chromium(tmp_path: Path) -> None:
    build.build(tmp_path / "page")
    subprocess.run(["npm", "install", "--silent", "--prefix", tmp_path, "playwright-core@1"], check=True)
    handler = functools.partial(Quiet, directory=str(tmp_path / "page"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    script, url = Path(__file__).with_name("playground.mjs"), f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        command = ["node", script, tmp_path, url, shutil.which("chromium") or "", tmp_path / "page.png"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    finally:
        server.shutdown()
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["complaints"] == []
    assert seen["first"]["type"] == "classifier : R[1, h, w] -> R[10]"
    assert seen["first"]["boxes"] > 20
    assert "width = 24" not in seen["edited"]["text"]
    assert seen["wrong"]["marked"] == ["rellu", "linear(5)"]
    assert "did you mean `relu`" in seen["wrong"]["messages"]
    assert "net g : R[3] -> R[4] = linear(5)" in seen["formatted"]["text"]
    assert seen["bundle"]["type"] == "Moebius : circle -> R[1] under O(1)"
    print(f"load {seen['load']} ms, median edit {sorted(seen['edits'])[5]:.0f} ms")
