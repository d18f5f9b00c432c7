"""Two processes on this machine against one: the same outputs, and the same gradient of every weight."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BOUND = 1e-13  # of double precision


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of two ranks found."""
    return run(2, tmp_path_factory.mktemp("ranks") / "store", "tensor,forced,fsdp,pipes")


def run(world: int, store: Path, jobs: str) -> list[dict[str, Any]]:
    """What each of some ranks found."""
    command = [sys.executable, "-m", "tests.parallel.worker"]
    ranks = [
        subprocess.Popen(
            [*command, str(rank), str(world), str(store), jobs],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(world)
    ]  # fmt: skip
    try:
        results = [rank.communicate(timeout=300) for rank in ranks]
    finally:
        for rank in ranks:
            rank.kill()
    assert not any(rank.returncode for rank in ranks), "".join(err for _, err in results)
    return [json.loads(out.splitlines()[-1]) for out, _ in results]


@pytest.mark.parametrize("job", ["tensor", "fsdp", "pipes"])
def test_two_ranks_compute_what_one_process_does(found: list[dict[str, Any]], job: str) -> None:
    for rank in found:
        for name, case in rank[job].items():
            assert case["outputs"] < BOUND, (name, case)
            assert case["gradients"] < BOUND, (name, case)


def test_the_weights_are_cut(found: list[dict[str, Any]]) -> None:
    assert all(case["blocks"] for rank in found for case in rank["tensor"].values())
    assert [case["units"] for case in found[0]["fsdp"].values()] == [4, 1]


def test_what_the_planner_refuses_would_have_been_wrong(found: list[dict[str, Any]]) -> None:
    for name, case in found[0]["forced"].items():
        assert max(case["outputs"], case["gradients"]) > 1e-3, (name, case)


@pytest.mark.slow
def test_tensor_parallelism_and_sharding_together(tmp_path: Path) -> None:
    for rank in run(4, tmp_path / "store", "both"):
        for name, case in rank["both"].items():
            assert max(case.values()) < BOUND, (name, case)
