"""Each command ends soon on hostile groups, formulas and leaves: one coded diagnostic with a place, and no file."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from .conftest import Run

LONG = " + ".join(f"x*sin(dot(x, x)*{i})" for i in range(600))
HOSTILE = {
    "a long formula": (
        f"box f(x: R[vector(O(3))]) = {LONG}\nnet m : R[n, vector(O(3))] -> R[n, vector(O(3))] under O(3) = f\n",
        "E0731",
    ),
    "a formula of many coordinates": (
        "rep V = vector(SO(100000))\nbox f(x: R[V]) = x*dot(x, x)\nnet m : R[n, V] -> R[n, V] = f\n",
        "E0731",
    ),
    "a long number": (
        f"box f(x: R[vector(O(3))]) = x*1{'0' * 5000}\nnet m : R[n, vector(O(3))] -> R[n, vector(O(3))] = f\n",
        "E0104",
    ),
    "a leaf outside": ('box f : R[d] -> R[d] = python "../../x:y"\nnet m : R[n, d] -> R[n, d] = f\n', "E0503"),
    "a call for a leaf": (
        "box f : R[d] -> R[d] = python \"os:system('x')\"\nnet m : R[n, d] -> R[n, d] = f\n",
        "E0503",
    ),
    "a product of high degree": (
        "rep V = irrep(SO(3), 60)\nnet m : R[n, V] @ R[n, V] -> R[n, V] = tensor_product(V)\n",
        "E0720",
    ),
    "a fine group of turns": (
        "group Q = C(100000)\nrep V = regular(Q)\n"
        "net m : R[V, h, w] -> R[V, h, w] where h == w = conv(V, 5, padding = 2)\n",
        "E0707",
    ),
}
COMMANDS = {
    "check": "check a.cat",
    "show": "show a.cat m",
    "cost": "cost a.cat m",
    "render": "render a.cat m -o out.svg",
    "compile": "compile a.cat m -o out.py",
    "prove": "prove a.cat m",
    "plan": "plan a.cat m --tensor 2",
    "optimise": "optimise a.cat m",
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name == "a fine group of turns" else name for name in HOSTILE],
)
def test_it_ends_soon_with_one_diagnostic(specs: Path, run: Run, name: str, command: str) -> None:
    text, code = HOSTILE[name]
    (specs / "a.cat").write_text(text, encoding="utf-8")
    start = time.process_time()
    got = run(*COMMANDS[command].split())
    assert time.process_time() - start < 20
    told = got.out + got.err
    assert got.code == 1
    assert re.findall(r"error\[(E\d+)\]", told) == [code]
    assert "--> a.cat:" in told
    assert "Traceback" not in told
    assert not list(specs.glob("out*"))


BASES = {
    "a group that is not closed": ("S(n", "V -> V", "E0101"),
    "half a map": ("O(3)", "V ->", "E0101"),
    "wrong arguments": ("permutations(1)", "V -> V", "E0213"),
    "a long circle": ("C(10000000000000)", "V -> V", "E0720"),
    "a high power": ("SO(3)", "V*V*V*V*V*V*V*V -> V*V*V*V*V*V*V", "E0720"),
    "many partitions": ("S(n)", "V*V*V*V*V*V*V -> V*V*V*V*V*V*V*V", "E0720"),
}


@pytest.mark.parametrize("name", BASES)
def test_a_basis_that_is_out_of_reach(run: Run, name: str) -> None:
    group, map, code = BASES[name]
    start = time.process_time()
    got = run("basis", group, map)
    assert time.process_time() - start < 20
    assert got.code == 1
    assert re.findall(r"error\[(E\d+)\]", got.out + got.err) == [code]
    assert "Traceback" not in got.out + got.err
