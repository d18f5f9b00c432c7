"""The examples of bundles: what their specs declare is proved, and they train."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

import catnet

FOLDER = Path(__file__).parents[2] / "examples" / "bundles"
SPECS = sorted(FOLDER.glob("*/*.cat"))
ORIENTABLE = {"Cylinder": True, "Moebius": False, "Torus": True, "Klein": False}


@pytest.fixture(autouse=True)
def _settings() -> Iterator[None]:
    """The scripts set the number of threads and the dtype."""
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    yield
    torch.set_num_threads(threads)
    torch.set_default_dtype(dtype)


def script(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER / name))
    located = importlib.util.spec_from_file_location(f"bundles_{name}", FOLDER / name / "train.py")
    assert located is not None
    assert located.loader is not None
    module = importlib.util.module_from_spec(located)
    located.loader.exec_module(module)
    return module


def printed(name: str, options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr(sys, "argv", ["train.py", *options])
    script(name, monkeypatch).main()
    return capsys.readouterr().out


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_check_and_their_laws_are_proved(path: Path) -> None:
    assert [d.render() for d in catnet.check(path)] == []
    program = catnet.load(path)
    names = re.findall(r"^bundle (\w+)", path.read_text(), re.MULTILINE)
    assert names
    for name in names:
        bundle = program.bundle(name)
        assert bundle.laws().proved
        if bundle.base.data:  # nothing is known of it before it comes
            continue
        assert bundle.facts().orientable.value is ORIENTABLE[name]


def test_declared_transitions_become_those_of_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the direction in which the modules read them: a holonomy that is not its own inverse would show it."""
    from catnet.bundles import SO, R, bundle, circle
    from catnet.nn.bundles import Transitions
    from catnet.nn.bundles.by_chart import Places
    from catnet.nn.bundles.declared import cover_of

    turn = [[0, -1], [1, 0]]
    quarter = {("a", "b"): turn, ("b", "c"): [[1, 0], [0, 1]], ("c", "a"): [[1, 0], [0, 1]]}
    made = bundle("Quarter", circle(("a", "b", "c")), R(2), SO(2), quarter)
    module = script("fibres", monkeypatch)
    cover = cover_of(Places("circle", ("a", "b", "c")))
    transitions = Transitions(cover, "SO(2)", module.declared(made), triples=())
    assert transitions("b", "a", torch.tensor([1.0, 0.0])).tolist() == turn


def test_the_twist_is_read_off_the_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "fibres.svg"
    text = printed("fibres", ["--steps", "10", "--out", str(out)], monkeypatch, capsys)
    assert re.findall(r"determinant (\S+)", text) == ["+1", "-1"]
    torus, klein, moebius, cylinder = map(float, re.findall(r"missed by (\S+)", text))
    assert torus < klein
    assert moebius < cylinder
    assert out.read_text().count("<path") == 2 * 2 * 8


@pytest.mark.slow
def test_the_strip_is_read_alike_everywhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed("strip", ["--epochs", "2"], monkeypatch, capsys)
    rows = {
        name: (float(centred), float(worst))
        for name, centred, worst in re.findall(r"^(\w+): .* error (\S+)% centred, .* (\S+)% at the", text, re.MULTILINE)
    }
    assert rows["on_moebius"][1] <= rows["on_moebius"][0] + 0.6  # rounding may turn an answer
    assert rows["plain"][1] > rows["plain"][0] + 5


def test_sheaves_train(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed("sheaves", ["--steps", "1", "--seeds", "1"], monkeypatch, capsys)
    assert len(re.findall(r"accuracy 0\.\d+", text)) == 9
    shares = [int(found) for found in re.findall(r"(\d+)% of them", text)]
    assert all(share < 30 for share in shares)
