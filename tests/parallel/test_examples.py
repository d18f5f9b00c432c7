"""The examples, as their README says to run them, on two processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "distributed"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fsdp", "tensor", "pipeline"])
def test_an_example_finds_no_difference(name: str) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, str(EXAMPLES / f"{name}.py")], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    for rank in (0, 1):
        assert f"{name}, rank {rank} of 2: outputs differ by at most" in done.stdout
