"""`catnet optimise`: what can be rewritten, and what was left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

SPEC = """\
# Attention and its linear kin, written out.
net mixed(d = 64) : (x: R[t, d]) -> R[t, d] {
    w = (x, x) >> einsum("i c, j c -> i j") >> scale(0.125) >> softmax
    y = (w, x) >> matmul
    s = (y, y >> rearrange("t c -> c t")) >> matmul
    return (s, y) >> matmul
}

net stack : R[t, 64] -> R[t, 64] = layers: mixed ^ 3
net plain : R[t, d] -> R[t, d] = relu
"""
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mixed.cat").write_text(SPEC, encoding="utf-8")
    return "mixed.cat"


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("open", ["stack"]),
        ("long", ["stack", "--at", "t=512"]),
        ("short", ["stack", "--at", "t=32", "--for", "infer", "--batch", "8"]),
        ("nothing", ["plain"]),
    ],
)
def test_the_report(name: str, args: list[str], spec: str, run: Run, golden) -> None:  # type: ignore[no-untyped-def]
    found = run("optimise", spec, *args)
    assert (found.code, found.err) == (0, "")
    golden(GOLDEN / f"optimise-{name}.txt", found.out)


def test_data(spec: str, run: Run) -> None:
    found = json.loads(run("optimise", spec, "stack", "--at", "t=512", "--json").out)
    assert found["sizes"] == {"t": 512}
    assert [(a["rule"], a["place"], a["copies"]) for a in found["applied"]] == [
        ("attention", "mixed.cat:4", 3),
        ("reassociation", "mixed.cat:6", 3),
    ]
    linear = found["applied"][1]
    assert linear["before"]["flops"] == 2 * 2 * 512 * 512 * 64
    assert linear["after"]["flops"] == 2 * 2 * 512 * 64 * 64
    assert linear["predicted_gain"] > 4
    assert found["missed"] == []
    unknown = json.loads(run("optimise", spec, "stack", "--json").out)
    assert unknown["whole"]["predicted_gain"] is None
    assert [m["reason"] for m in unknown["missed"]] == ["it pays where t > 64, which is not known: say typical sizes"]


@pytest.mark.parametrize("given", ["q=3", "t=0", "t=x", "t", "t=-1"])
def test_sizes_that_cannot_be_used(given: str, spec: str, run: Run) -> None:
    found = run("optimise", spec, "stack", "--at", given)
    assert found.code == 2
    assert found.err.startswith("error[E0607]")


def test_compiled_source(spec: str, run: Run) -> None:
    literal, fast = run("compile", spec, "stack"), run("compile", spec, "stack", "--optimise", "train", "--at", "t=512")
    assert "F.softmax" in literal.out
    assert "F.softmax" not in fast.out
    assert "F.scaled_dot_product_attention" in fast.out
    refused = run("compile", spec, "stack", "--at", "t=512")
    assert (refused.code, refused.err.partition(":")[0]) == (2, "error[E0607]")
