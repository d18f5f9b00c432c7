"""The installed command as a process: what only a process can show, and what it loads."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

import catnet

from .conftest import GOOD

RunCatnet = Callable[..., "subprocess.CompletedProcess[str]"]
HEAVY = {"torch", "sympy", "numpy", "networkx"}

_PROBE = """
import json, sys
{before}
from catnet.cli import main
code = main({command!r})
loaded = sorted({{name.partition(".")[0] for name in sys.modules}} & set({heavy!r}))
print(json.dumps([code, loaded]), file=sys.stderr)
"""


def test_the_command_is_installed_and_knows_its_version(catnet_cli: RunCatnet) -> None:
    got = catnet_cli("--version")
    assert (got.returncode, got.stdout) == (0, f"catnet {catnet.__version__}\n")


def test_check_end_to_end(catnet_cli: RunCatnet, tmp_path: Path) -> None:
    (tmp_path / "bad.cat").write_text("net f : R[d] -> R[8] = liner(8)\n")
    got = catnet_cli("check", "bad.cat", cwd=tmp_path)
    assert (got.returncode, got.stderr) == (1, "")
    assert "did you mean `linear`" in got.stdout


def test_a_reader_that_leaves_early_is_no_error_message() -> None:
    command = [Path(sysconfig.get_path("scripts")) / "catnet", "explain"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def loaded(command: list[str], folder: Path, before: str = "") -> list[str]:
    """Which heavy packages are loaded after a command has run; it must end well."""
    probe = _PROBE.format(before=before, command=command, heavy=sorted(HEAVY))
    got = subprocess.run(
        [sys.executable, "-c", probe], cwd=folder, capture_output=True, text=True, timeout=120, check=True
    )
    code, names = json.loads(got.stderr.splitlines()[-1])
    assert code == 0, got.stderr
    return names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one right spec in style."""
    (tmp_path / "good.cat").write_text(GOOD)
    return tmp_path


LIGHT = [
    "--help",
    "check good.cat",
    "fmt good.cat",
    "show good.cat classifier",
    "render good.cat classifier -o net.svg",
    "render good.cat classifier -o net.dot",
    "law good.cat units",
    "explain E0203",
]


@pytest.mark.parametrize("command", LIGHT)
def test_these_commands_load_no_heavy_package(folder: Path, command: str) -> None:
    assert loaded(command.split(), folder) == []


def test_the_proof_can_fail(folder: Path) -> None:
    """A meta-test: what one of the commands would load, the proof sees."""
    assert loaded(["check", "good.cat"], folder, before="import sympy") == ["sympy"]
