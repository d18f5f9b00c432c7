"""Measuring in fresh processes, so that no figure profits from what an earlier one has loaded or cached."""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TIMEOUT = 600


def fresh(function: str, *args: Any, runs: int = 1) -> dict[str, float]:
    """Run "module:function" in `runs` new processes, one after the other; the least of each of its figures."""
    return in_turns(function, [args], runs)[0]


def in_turns(function: str, calls: Sequence[tuple[Any, ...]], runs: int) -> list[dict[str, float]]:
    """As `fresh`, for several argument lists in turns, so that a slow minute of the machine hits all alike."""
    best: list[dict[str, float]] = [{} for _ in calls]
    for _ in range(runs):
        for least, args in zip(best, calls, strict=True):
            done = _python("-m", "benchmarks.process", function, json.dumps(args))
            if done.returncode:
                raise RuntimeError(f"{function}{args} failed:\n{done.stderr[-2000:]}")
            for name, value in json.loads(done.stdout.splitlines()[-1]).items():
                least[name] = min(value, least.get(name, value))
    return best


def command(*args: str, runs: int = 5) -> float:
    """The least CPU seconds (user and system) of a cold `python ARGS`."""
    best = float("inf")
    for _ in range(runs):
        before = _children()
        done = _python(*args)
        if done.returncode:
            raise RuntimeError(f"python {' '.join(args)} failed:\n{done.stderr[-2000:]}")
        best = min(best, _children() - before)
    return best


def peak_memory() -> int:
    """The peak memory of this process in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _python(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _main() -> None:
    module, _, name = sys.argv[1].partition(":")
    print(json.dumps(getattr(importlib.import_module(module), name)(*json.loads(sys.argv[2]))))


if __name__ == "__main__":
    _main()
