"""`catnet basis`: what it prints, as text and as data, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Run


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_pairs_of_points(run: Run) -> None:
    got = run("basis", "S(n)", "V*V -> V*V")
    lines = got.out.splitlines()
    assert got.code == 0
    assert lines[:3] == [
        "S(n): V*V -> V*V",
        "dimension 15, from n >= 4 (1 at n = 1, 8 at n = 2, 14 at n = 3)",
        "found by diagrams (tier 1); counted again by class functions at n = 4 and n = 5",
    ]
    assert len(lines) == 4 + 15
    assert "   9  x[j, i] -> y[i, j]  transpose" in lines
    assert "   8  x[i, k] -> y[i, j]  sum over k, then spread over j" in lines


def test_the_cross_product(run: Run) -> None:
    assert "   1  eps[i, j, k] x[j, k] -> y[i]  sum over j, k\n" in run("basis", "SO(3)", "V*V -> V").out


def test_numbers_are_shown_in_the_true_basis(run: Run) -> None:
    got = run("basis", "SO(3)", "irrep(G, 1)*irrep(G, 1) -> 1 * irrep(G, 2)")
    assert "y0 = x2 + x6; y1 = x1 + x3; y2 = -1/3*sqrt(3)*x0 + 2/3*sqrt(3)*x4 - 1/3*sqrt(3)*x8" in got.out


def test_data(run: Run) -> None:
    data = json.loads(run("basis", "--json", "S(n)", "V -> V + 2*trivial(G)").out)
    assert (data["dimension"], data["from"], data["tier"]) == (4, {"n": 2}, 1)
    assert [part["dimension"] for part in data["parts"]] == [2, 1]
    assert data["parts"][1]["target_count"] == "2"
    data = json.loads(run("basis", "--json", "C(3)", "V -> V").out)
    assert data["parts"][0]["elements"][0] == [[0, 0, "1"], [1, 1, "1"], [2, 2, "1"]]
    assert data["counted"] == {"dimension": 3, "method": "class functions", "at": ""}


def test_long_lists_are_cut(run: Run) -> None:
    got = run("basis", "S(4)", "V*V*V -> V", "--limit", "3")
    assert got.out.endswith("      ... and 12 more\n")


def test_what_has_no_map_is_named(run: Run) -> None:
    got = run("basis", "O(3)", "V*V + V -> 1")
    assert got.out.endswith("nothing reads vector(O(3)): no equivariant map from it\n")


@pytest.mark.parametrize(
    ("group", "text", "code", "said"),
    [
        ("SO(3)", "V*V", "E0723", "a map is written `SOURCE -> TARGET`"),
        ("7", "V -> V", "E0723", "this is not a group but the integer `7`"),
        ("SO(3)", "G -> V", "E0723", "this is not a representation but the group `SO(3)`"),
        ("SO(3)", "vector(O(3)) -> V", "E0723", "this is a representation of O(3), not of SO(3)"),
        ("SO(3)", "V -> W", "E0201", "unknown name `W`"),
        ("SO(x", "V -> V", "E0101", "is not closed"),
        ("C(n)", "V -> V", "E0708", "not known for symbolic `n`"),
        ("C(200)", "V*V*V -> V", "E0720", "too large to solve at tier 2 (orbits): a matrix of 200 x 8,000,000"),
        ("C(3) * C(4)", "V -> V", "E0201", "unknown name `V`"),
    ],
)
def test_refusals(run: Run, group: str, text: str, code: str, said: str) -> None:
    got = run("basis", group, text)
    assert got.code == 1
    assert f"error[{code}]" in got.err
    assert said in got.err


def test_neither_torch_nor_sympy_is_loaded() -> None:
    code = "import sys; from catnet.cli import main; main(['basis', 'SO(3)', 'V*V -> irrep(G, 2) + V'])"
    probe = f"{code}; print(*(m for m in ('torch', 'sympy') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n\n")
