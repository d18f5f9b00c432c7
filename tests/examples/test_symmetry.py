"""The examples of symmetry: what their specs claim is proved, what is proved is measured, and they train."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

import catnet
from catnet import symmetry
from catnet.analysis.proof import report
from catnet.elaborate.proving import proofs

torch.set_num_threads(1)

FOLDER = Path(__file__).parents[2] / "examples" / "symmetry"
EXAMPLES = sorted(path.parent.name for path in FOLDER.glob("*/train.py"))
# The net with a symmetry, its sizes, how many groups act, and the options of the shortest training.
NETS = {
    "digits": ("classifier", {"h": 8, "w": 8}, 1, ["--epochs", "1"]),
    "lorentz": ("invariant", {}, 1, ["--steps", "5"]),
    "pairs": ("graph", {"n": 12}, 1, ["--steps", "5"]),
    "particles": ("energy", {"n": 8}, 2, ["--steps", "2"]),
    "sets": ("set_transformer", {"d": 64}, 1, ["--steps", "5"]),
}


def spec(name: str) -> Path:
    (found,) = (FOLDER / name).glob("*.cat")
    return found


def script(name: str) -> ModuleType:
    located = importlib.util.spec_from_file_location(f"symmetry_{name}", FOLDER / name / "train.py")
    assert located is not None
    assert located.loader is not None
    module = importlib.util.module_from_spec(located)
    located.loader.exec_module(module)
    return module


def test_every_example_is_tested() -> None:
    assert list(NETS) == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_specs_check(name: str) -> None:
    assert [d.render() for d in catnet.check(spec(name))] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_the_spec_claims_is_proved_and_measured(name: str) -> None:
    net, sizes, groups, _ = NETS[name]
    diagram = catnet.load(spec(name))[net](**sizes)
    found = proofs(diagram)
    assert [proof.word for proof in found] == ["proved"] * groups
    torch.manual_seed(0)
    module = diagram.compile()
    errors = symmetry.error(module.double(), **sizes)
    assert len(errors.claims) == groups
    assert errors.largest < 1e-11


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_readme_says_what_the_spec_holds(name: str) -> None:
    net = NETS[name][0]
    text = (FOLDER / name / "README.md").read_text()
    verdicts = [
        line for line in report(catnet.load(spec(name))[net]()).text().splitlines() if line.startswith("proved:")
    ]
    assert len(verdicts) == NETS[name][2]
    assert f"catnet prove examples/symmetry/{name}/{spec(name).name} {net}\n" in text
    assert [line.strip() for line in text.splitlines() if line.strip().startswith("proved:")] == verdicts


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_it_trains(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A few steps: the measured errors of the net with the symmetry are those of rounding, the plain net's are not."""
    monkeypatch.setattr(sys, "argv", ["train.py", *NETS[name][3]])
    script(name).main()
    printed = capsys.readouterr().out
    sizes = [float(found) for found in re.findall(r"(\S+) relative error when", printed)]
    assert len(sizes) >= 2
    assert sizes[0] < 1e-4
    assert sizes[-1] > 1e-3
    parameters = [int(found) for found in re.findall(r"(\d+) parameters", printed)]
    assert max(parameters) < 1.15 * min(parameters)
