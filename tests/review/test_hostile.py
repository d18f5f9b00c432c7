"""What a hostile file once did: each of these ended in a hang, a traceback or code that nobody had allowed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import catnet
from catnet.analysis.laws import check_laws
from catnet.elaborate.program import Program
from tests.conftest import RunCatnet

INJECTED = """box leaf : R[d] -> R[d] = python "{target}"
net main : R[d] -> R[d] = leaf
"""


def codes(text: str) -> list[str]:
    return [d.code for d in Program.from_text(text).check() if d.is_error]


@pytest.mark.parametrize(
    "target",
    [
        "math:sqrt; import os; os.mkdir('pwned')",
        "math:os.mkdir('pwned')",
        "math as m, os:mkdir",
        "math;import os:mkdir",
        "math:__loader__.load_module",
        "math:lambda",
        "math:",
        "math",
    ],
)
def test_only_dotted_names_reach_the_generated_source(target: str, tmp_path: Path) -> None:
    spec = tmp_path / "leaf.cat"
    spec.write_text(INJECTED.format(target=target))
    assert [d.code for d in catnet.check(spec)] == ["E0503"]
    with pytest.raises(catnet.CatnetError, match="E0503"):
        catnet.load(spec).parse("leaf").source(on="R[3]", allow=["math"])


def test_a_leaf_does_not_reach_other_modules_through_an_allowed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "review_mine.py").write_text("import os\nimport torch\n")
    monkeypatch.syspath_prepend(tmp_path)
    spec = tmp_path / "leaf.cat"
    spec.write_text(INJECTED.format(target="review_mine:os.getcwd"))
    with pytest.raises(catnet.CatnetError, match="would run code from"):
        catnet.compile(spec, "main", allow=["review_mine"])
    spec.write_text(INJECTED.format(target="review_mine:torch.nn.Tanh"))
    assert catnet.compile(spec, "main", allow=["review_mine", "torch"])(torch.zeros(3)).shape == (3,)


def test_the_wires_of_chunk_are_counted_before_they_are_made() -> None:
    assert codes("net main : R[d] -> _ = chunk(100000000)") == ["E0218"]


@pytest.mark.parametrize(
    "text",
    [
        "net main : R[-3] -> R[-3] = relu",
        "net main : R[d] -> R[d] = linear(-1) >> linear(d)",
    ],
)
def test_no_size_is_below_zero(text: str) -> None:
    assert codes(text) == ["E0207"]


def test_no_size_that_is_given_is_below_zero() -> None:
    program = Program.from_text("net main(n) : R[d] -> R[n] = linear(n)")
    for sizes in ({"n": -2, "d": 3}, {"n": 2, "d": -3}):
        with pytest.raises(catnet.CatnetError, match="E0207"):
            program["main"](**sizes).source()


def test_laws_of_huge_sizes_are_not_tried() -> None:
    program = Program.from_text("law big : linear(100000000) >> scale(2) == scale(2) >> linear(100000000)")
    assert [r.verdict for r in check_laws(program)] == ["open"]


def test_laws_leave_the_random_numbers_of_the_caller_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    check_laws(Program.from_text("law two : linear(3) >> scale(2) == scale(2) >> linear(3)"))
    assert torch.equal(before, torch.get_rng_state())


def test_an_imported_pipe_does_not_block(tmp_path: Path, catnet_cli: RunCatnet) -> None:
    os.mkfifo(tmp_path / "pipe.cat")
    (tmp_path / "main.cat").write_text('from "pipe.cat" import f\nnet main : R -> R = relu\n')
    for path in ("main.cat", "."):
        result = catnet_cli("check", path, cwd=tmp_path, timeout=60)
        assert "`pipe.cat` is not a regular file" in result.stdout


def test_a_name_of_a_million_letters_is_cut(tmp_path: Path, catnet_cli: RunCatnet) -> None:
    (tmp_path / "main.cat").write_text(f"net main : R -> R = {'a' * 1_000_000}\n")
    result = catnet_cli("check", "main.cat", cwd=tmp_path)
    assert result.returncode == 1
    assert len(result.stdout) < 5000


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_full_disk_behind_the_standard_output_is_told() -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "catnet", "explain", "E0203"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert result.returncode == 2
    assert result.stderr.startswith("error[E0602]: cannot write to the standard output")
