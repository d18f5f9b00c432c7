"""What every test may use: the Hypothesis profiles and the command line.

CATNET_HYPOTHESIS chooses a profile: `ci` (the same cases every time, as `make test` runs them), `dev` (new
cases each time, the default) or `thorough` (many more, as `make test-all` runs them).
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

# Test processes run side by side, so each gets one thread. Set before anything imports torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

# Time limits say more about the machine than about catnet, so no profile sets a deadline.
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    max_examples=50,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile(
    "thorough",
    deadline=None,
    max_examples=1000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("CATNET_HYPOTHESIS") or ("ci" if os.environ.get("CI") else "dev"))

ROOT = Path(__file__).resolve().parent.parent

RunCatnet = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Bases that are solved go to a folder of the test run, not to the user's cache."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def own_boxes(tmp_path: Path) -> Iterator[None]:
    """Lets a test import modules below `tmp_path` and declare boxes, and forgets all of them afterwards."""
    from catnet.boxes import VOCABULARY

    boxes, path = dict(VOCABULARY), list(sys.path)
    yield
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]
    sys.path[:] = path
    VOCABULARY.clear()
    VOCABULARY.update(boxes)


@pytest.fixture
def catnet_cli() -> RunCatnet:
    """Run the installed `catnet` as a person would: `catnet_cli("check", "a.cat")`, from the repository root.

    Nothing is raised on a failing command: look at `returncode`, `stdout` and `stderr` of the answer.
    """
    command = Path(sysconfig.get_path("scripts")) / "catnet"

    def run(
        *args: str | os.PathLike[str],
        stdin: str = "",
        cwd: str | os.PathLike[str] = ROOT,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [command, *args],
            input=stdin,
            cwd=cwd,
            timeout=timeout,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"},
        )

    return run


@pytest.fixture
def golden() -> Callable[[Path, str], None]:
    """Compare a text with a file: `golden(path, text)`. With CATNET_GOLDEN=write the file is written instead.

    After writing, read the difference as you would read code: a golden file promises what people see.
    """

    def check(path: Path, text: str) -> None:
        if os.environ.get("CATNET_GOLDEN") == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"no golden file {path}: make it with CATNET_GOLDEN=write"
        assert text == path.read_text(encoding="utf-8")

    return check
