"""What the tests of the command line share: a folder with specs, and a run in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from catnet.cli import main

GOOD = """\
# A classifier of vectors.
net classifier(width = 64, classes = 10) : R[t, d] -> R[t, classes] =
    stem: linear(width) >> gelu >> residual(layer_norm >> linear(width)) ^ 3 >> head: linear(classes)

net residual(f: X -> X) : X -> X = id + f

law units : id >> relu == relu >> id
"""
BAD = "net f : R[d] -> R[8] = liner(8)\n"


@dataclass
class Outcome:
    """What a run left."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with `good.cat` in style and `bad.cat` with one mistake."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.cat").write_text(GOOD.replace("  ^", " ^"), encoding="utf-8")
    (tmp_path / "bad.cat").write_text(BAD, encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: quick, and with coverage of what it imports."""

    def call(*args: str) -> Outcome:
        code = main(args)
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return call
