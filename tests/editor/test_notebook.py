"""`%%catnet` in a real IPython shell."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("IPython")

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

CELL = """
net hidden(k) : R[d] -> R[k] = linear(k) >> relu

net classifier(width, classes = 3) : R[h, w] -> R[classes] = flatten >> hidden(width) >> linear(classes)
"""


NO_HISTORY = Config(HistoryManager={"enabled": False})


class Shell:
    """A notebook without its pages."""

    def __init__(self) -> None:
        InteractiveShell.clear_instance()
        self.shell = InteractiveShell.instance(displayhook_class=DisplayHook, config=NO_HISTORY)
        self.shell.display_pub = CapturingDisplayPublisher(parent=self.shell, shell=self.shell)
        self.run("%load_ext catnet")

    def run(self, cell: str) -> Any:
        """Run a cell; what it raises is kept in the answer, and shown as IPython shows it."""
        return self.shell.run_cell(cell, store_history=False)

    def magic(self, line: str, cell: str = CELL) -> Any:
        return self.run(f"%%catnet {line}\n{cell}")

    @property
    def pictures(self) -> list[str]:
        shown = [output["data"] for output in self.shell.display_pub.outputs]
        return [data["image/svg+xml"] for data in shown if "image/svg+xml" in data]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    hooks = sys.displayhook, sys.excepthook
    yield Shell()
    InteractiveShell.clear_instance()
    sys.displayhook, sys.excepthook = hooks


def test_a_cell_is_drawn_compiled_and_bound(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.magic("classifier width=8 h=4 w=5").success
    module = shell.shell.user_ns["classifier"]
    assert module(torch.zeros(2, 4, 5)).shape == (2, 3)
    (picture,) = shell.pictures
    assert picture.lstrip().startswith("<svg")
    assert "classifier: R[4, 5] -> R[3], 195 parameters" in capsys.readouterr().out


def test_the_last_net_is_meant_where_none_is_named(shell: Shell) -> None:
    assert shell.magic("width=8 h=4 w=5 --as model --hide").success
    assert isinstance(shell.shell.user_ns["model"], torch.nn.Module)
    assert "classifier" not in shell.shell.user_ns
    assert shell.pictures == []


def test_python_values_stand_in_braces(shell: Shell) -> None:
    shell.run("sizes = dict(width=8, h=4, w=5)")
    assert shell.magic("classifier width={sizes['width']} h={sizes['h']} w=5").success


def test_a_diagram_needs_no_sizes(shell: Shell) -> None:
    assert shell.magic("hidden k=7 --diagram").success
    assert shell.shell.user_ns["hidden"].type == "R[d] -> R[7]"


def test_a_mistake_is_shown_as_on_the_command_line(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    result = shell.magic("classifier width=8", CELL.replace("relu", "rleu"))
    assert not result.success
    shown = capsys.readouterr().out
    assert "error[E0201]: unknown name `rleu`" in shown
    assert "--> <cell>:2:" in shown
    assert "did you mean `relu`" in shown
    assert "Traceback" not in shown
    assert "classifier" not in shell.shell.user_ns


@pytest.mark.parametrize(
    ("line", "cell", "told"),
    [
        ("classifier", CELL, "E0211"),
        ("clasifier width=3", CELL, "did you mean `classifier`?"),
        ("classifier width=(", CELL, "E0603"),
        ("classifier width=8", CELL, "E0214"),
        ("classifier b", CELL, "E0603"),
        ("--as 3", CELL, "no name in Python"),
        ("--unknown", CELL, "%%catnet"),
        ('"', CELL, "cannot read"),
        ("", "group G = S(3)", "declares no net"),
    ],
)
def test_what_cannot_be_done_is_said(
    line: str, cell: str, told: str, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not shell.magic(line, cell).success
    shown = "".join(capsys.readouterr())
    assert told in shown
    assert "Traceback" not in shown


def test_holes_are_told(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.magic("", "net f : R[4] -> _ = linear(2)").success
    assert "this hole is `R[2]`" in capsys.readouterr().out


def test_imports_are_found_beside_the_notebook(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "parts.cat").write_text(CELL, encoding="utf-8")
    text = 'from "parts.cat" import hidden\nnet f : R[4] -> R[2] = hidden(2)'
    assert shell.magic("", text).success
    assert shell.magic("", text.replace("parts", "none")).success is False


def test_boxes_in_python_are_imported_only_where_allowed(shell: Shell) -> None:
    text = 'box twice : R[d] -> R[d] = python "torch.nn:Identity"\nnet f : R[4] -> R[4] = twice'
    assert not shell.magic("", text).success
    assert shell.magic("--allow torch.nn", text).success
