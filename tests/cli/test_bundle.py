"""`catnet bundle`: text, data and picture, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Run

SPACES = """\
bundle Moebius : circle -> R[1] under O(1) {
    charts a, b, c
    a -> b : 1
    b -> c : 1
    c -> a : -1
}

bundle Monopole(m) : sphere -> C under U(1) {
    charts north(theta, phi), south(theta, phi)
    north -> south : exp(I * m * phi)
}

bundle Scaled : circle -> R[1] under O(1) {
    charts a, b, c
    a -> b : 1
    b -> c : 2
    c -> a : -1
}
"""


@pytest.fixture
def spaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spaces.cat").write_text(SPACES, encoding="utf-8")
    return tmp_path


def test_text(spaces: Path, run: Run) -> None:
    got = run("bundle", "spaces.cat", "Moebius")
    assert (got.code, got.err) == (0, "")
    assert got.out.splitlines()[0] == "bundle Moebius : circle -> R[1] under O(1)"
    assert "  holonomy around, a -> b -> c -> a: -1\n" in got.out


def test_a_bundle_with_a_broken_law_is_told_and_fails(spaces: Path, run: Run) -> None:
    got = run("bundle", "spaces.cat", "Scaled")
    assert got.code == 1
    assert "transitions in the group: refuted on 1 of 3\n    b -> c: 2 is no element of O(1)\n" in got.out
    assert got.out.endswith("facts\n  none: a law is broken\n")


def test_data(spaces: Path, run: Run) -> None:
    got = run("bundle", "spaces.cat", "Moebius", "--json")
    data = json.loads(got.out)
    assert got.code == 0
    assert (data["base"], data["fibre"], data["group"]) == ("circle", "R[1]", "O(1)")
    assert data["charts"] == {"a": [], "b": [], "c": []}
    assert data["transitions"][2] == {"source": "c", "target": "a", "matrix": [["-1"]]}
    assert [law["answer"] for law in data["laws"]] == ["proved"] * 3
    assert data["facts"]["orientable"]["value"] is False
    assert data["facts"]["holonomy"] == [
        {"name": "around", "path": ["a", "b", "c", "a"], "product": "-1", "varies": False}
    ]
    assert data["facts"]["degree"] is None


def test_data_of_a_parameter_and_of_its_value(spaces: Path, run: Run) -> None:
    data = json.loads(run("bundle", "spaces.cat", "Monopole", "--json").out)
    assert data["parameters"] == {"m": "integer"}
    assert (data["facts"]["trivial"]["value"], data["facts"]["trivial"]["verdict"]) == (None, None)
    data = json.loads(run("bundle", "spaces.cat", "Monopole", "--json", "-p", "m=2").out)
    assert data["parameters"] == {}
    assert (data["facts"]["degree"]["value"], data["facts"]["degree"]["answer"]) == ("2", "proved")
    assert data["facts"]["trivial"]["value"] is False


def test_a_decimal_is_exact(spaces: Path, run: Run) -> None:
    (spaces / "spaces.cat").write_text(
        "bundle E(k) : interval -> R[1] under GL(1) { charts a, b  a -> b : k }\n", encoding="utf-8"
    )
    data = json.loads(run("bundle", "spaces.cat", "E", "--json", "-p", "k=0.1").out)
    assert data["transitions"][0]["matrix"] == [["1/10"]]


def test_data_has_the_witness_of_a_broken_law(spaces: Path, run: Run) -> None:
    got = run("bundle", "spaces.cat", "Scaled", "--json")
    data = json.loads(got.out)
    assert got.code == 1
    assert (data["holds"], data["facts"]) == (False, None)
    (law,) = [law for law in data["laws"] if law["answer"] == "refuted"]
    assert (law["law"], law["charts"]) == ("transitions in the group", ["b", "c"])
    assert law["witness"]["text"] == "b -> c: 2 is no element of O(1)"
    got = run("bundle", "spaces.cat", "Monopole", "--json", "-p", "m=0.5")
    (law,) = [law for law in json.loads(got.out)["laws"] if law["answer"] == "refuted"]
    assert law["law"] == "single-valued"
    assert (law["witness"]["residual"], list(law["witness"]["point"])) == (pytest.approx(2.0), ["phi"])


def test_picture(spaces: Path, run: Run) -> None:
    got = run("bundle", "spaces.cat", "Moebius", "-o", "nerve.svg")
    assert (got.code, got.out, got.err) == (0, "wrote nerve.svg\n", "")
    assert (spaces / "nerve.svg").read_text(encoding="utf-8").count('class="cn-twist"') == 1


def test_the_picture_of_a_broken_bundle_is_written_and_fails(spaces: Path, run: Run) -> None:
    assert run("bundle", "spaces.cat", "Scaled", "-o", "nerve.svg").code == 1
    assert "2, refuted" in (spaces / "nerve.svg").read_text(encoding="utf-8")


def test_picture_and_data_at_once(spaces: Path, run: Run) -> None:
    got = run("bundle", "spaces.cat", "Moebius", "-o", "nerve.svg", "--json")
    assert json.loads(got.out)["name"] == "Moebius"
    assert (spaces / "nerve.svg").exists()


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (
            ["spaces.cat", "Mobius"],
            2,
            "error[E0601]: `spaces.cat` has no bundle `Mobius`\n  help: did you mean `Moebius`?",
        ),
        (["nothing.cat", "Moebius"], 2, "error[E0301]: cannot read `nothing.cat`: no such file or directory"),
        (
            ["spaces.cat", "Monopole", "-p", "m"],
            2,
            "error[E0603]: cannot read `-p m`: it is not of the form NAME=VALUE",
        ),
        (["spaces.cat", "Monopole", "-p", "k=1"], 1, "error[E0213]: `Monopole` has no parameter `k`"),
        (["spaces.cat", "Monopole", "-p", "m=two words"], 2, "error[E0603]"),
        (["spaces.cat", "Monopole", "-p", "m=many"], 2, "error[E0603]: cannot read `-p m`: a parameter of a bundle is"),
        (["spaces.cat", "Monopole", "-p", "m=true"], 2, "error[E0603]: cannot read `-p m`: a parameter of a bundle is"),
        (["spaces.cat", "Moebius", "-o", "nerve.png"], 2, "error[E0605]: cannot draw `nerve.png`: `.png` is no format"),
        (["spaces.cat", "Moebius", "-o", "nerve"], 2, "error[E0605]: cannot draw `nerve`: the name has no ending"),
        (["spaces.cat", "Moebius", "-o", "no/nerve.svg"], 2, "error[E0602]: cannot write `no/nerve.svg`"),
        (["spaces.cat"], 2, "the following arguments are required: NAME"),
    ],
)
def test_errors(spaces: Path, run: Run, args: list[str], code: int, words: str) -> None:
    got = run("bundle", *args)
    assert (got.code, got.out) == (code, "")
    assert got.err.startswith(words) or words in got.err.splitlines()[0]
    assert [path.name for path in spaces.iterdir()] == ["spaces.cat"]


def test_a_file_with_a_mistake_is_told(spaces: Path, run: Run) -> None:
    (spaces / "spaces.cat").write_text("bundle Moebius : circle -> R[1] under O(1) { charts a, b, c  a -> d : 1 }\n")
    got = run("bundle", "spaces.cat", "Moebius")
    assert (got.code, got.out) == (1, "")
    assert "error[E0803]: there is no chart `d`" in got.err


def test_it_imports_neither_torch_nor_sympy(spaces: Path) -> None:
    call = (
        "import sys; from catnet.cli import main; main(['bundle', 'spaces.cat', 'Moebius', '-o', 'nerve.svg']);"
        "main(['bundle', 'spaces.cat', 'Monopole', '--json']); assert not {'torch', 'sympy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", call], check=True, capture_output=True)
