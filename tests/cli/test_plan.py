"""`catnet plan`: text, data, and what is said of wishes that cannot be met."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

TEXT = """\
net mlp : R[t, 8] -> R[t, 8] = id + (up: linear(16) >> gelu >> down: linear(8))
net main : R[t, 8] -> R[t, 3] = layers: mlp ^ 4 >> head: linear(3)
"""


@pytest.fixture
def net(specs: Path) -> Path:
    (specs / "net.cat").write_text(TEXT)
    return specs


def test_the_text(run: Run, net: Path) -> None:
    done = run("plan", "net.cat", "main", "--stages", "2", "--batch", "4")
    assert done.code == 0
    assert (
        done.out
        == """\
FSDP units
  layers.*
  and what is left, as one

tensor parallelism
  layers.*: between 2, 4, 8 or 16 ranks
    column  up
    row     down
  not head: its outputs leave the net, or one step of a repeat: no map sums over the cut (net.cat:2:52)

pipeline stages
     parts                 type                  FLOPs  bytes sent
  0  layers.0 to layers.1  R[t, 8] -> R[t, 8]  4,288*t       128*t
  1  layers.2 to head      R[t, 8] -> R[t, 3]  4,480*t           0
  balanced for t = 1024 (assumed); give sizes with -p
"""
    )


def test_the_data(run: Run, net: Path) -> None:
    data = json.loads(run("plan", "net.cat", "main", "--json", "--tensor", "8", "--stages", "2").out)
    assert data["fsdp_units"] == ["layers.*"]
    assert data["tensor_plan"] == {"layers.*.up": "column", "layers.*.down": "row"}
    assert data["tensor_ways"] == 16
    assert [s["first"] for s in data["stages"]] == ["layers.0", "layers.2"]
    assert data["refused"][0]["place"] == "net.cat:2:52"


@pytest.mark.parametrize(
    ("wish", "code", "end"),
    [
        (["--tensor", "3"], "E0902", 2),
        (["--stages", "6"], "E0903", 2),
        (["--part", "layer.*"], "E0901", 2),
        (["--part", "head"], "E0904", 1),
        (["--tensor", "0"], "", 2),
    ],
)
def test_wishes_that_cannot_be_met(run: Run, net: Path, wish: list[str], code: str, end: int) -> None:
    done = run("plan", "net.cat", "main", *wish)
    assert done.code == end
    assert code in done.err
    assert done.out == ""


def test_planning_imports_no_torch(net: Path) -> None:
    code = (
        "import sys; from catnet.cli import main; main(['plan', 'net.cat', 'main', '--stages', '2'])\n"
        "print('torch' in sys.modules, 'sympy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False False"
