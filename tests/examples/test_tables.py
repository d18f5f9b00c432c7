"""The examples of bundles that learn from tables: on made-up tables of the same form, and without any."""

from __future__ import annotations

import importlib.util
import io
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor

FOLDER = Path(__file__).parents[2] / "examples" / "bundles"
KINDS = {"airfoil": (5, 1), "wine": (11, 2)}


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The scripts set the number of threads and extend the path."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def script(name: str) -> ModuleType:
    located = importlib.util.spec_from_file_location(f"bundles_{name}", FOLDER / name / "train.py")
    assert located is not None
    assert located.loader is not None
    module = importlib.util.module_from_spec(located)
    located.loader.exec_module(module)
    return module


def rows(name: str, count: int) -> Tensor:
    """Rows that follow their base point closely."""
    dim, base_dim = KINDS[name]
    base = 10 * torch.rand(count, 1) if base_dim == 1 else torch.randint(2, (count, 2)) * torch.tensor([5.0, 10.0])
    x = base[:, :1] + 0.3 * torch.randn(count, dim)
    return torch.cat([x, base], -1)


def write(folder: Path, name: str) -> None:
    torch.manual_seed(0)
    for part, count in {"train": 160, "test": 80}.items():
        lines = [",".join(f"{entry:.6g}" for entry in row) for row in rows(name, count).tolist()]
        head = ",".join(f"c{i}" for i in range(sum(KINDS[name])))
        (folder / f"{name}_{part}.csv").write_text("\n".join([head, *lines]) + "\n")


def run(module: ModuleType, options: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["train.py", *options])
    return int(module.main())


@pytest.mark.parametrize("name", KINDS)
def test_a_table_is_read_learned_compared_and_drawn(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, name)
    out = tmp_path / "fibres.svg"
    found = []
    for steps in ("1", "8"):
        options = ["--data", str(tmp_path), "--steps", steps, "--fibres", "3", "--out", str(out)]
        assert run(script(name), options, monkeypatch) == 0
        text = capsys.readouterr().out
        lines = re.findall(r"^(\S.*?)\s+(\d+\.\d+)\s+(?:\d+\.\d+|-)$", text, re.MULTILINE)
        found.append({label: float(first) for label, first in lines})
    assert found[1]["charts"] < found[0]["charts"]
    assert found[0]["true against true"] < 0.5 * found[0]["any rows of the training table"]
    assert "nan" not in out.read_text()
    assert out.read_text().count("stroke-width") == KINDS[name][0] * 4  # levels, or qualities times colours


@pytest.mark.parametrize("name", KINDS)
def test_without_data_one_line_says_so(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(*args: object, **kwargs: object) -> None:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    for options, words in ((["--data", str(tmp_path)], f"{name}_train.csv"), ([], "no route to host")):
        assert run(script(name), options, monkeypatch) == 2
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1
    (tmp_path / f"{name}_train.csv").write_text("a,b\n1,two\n")
    assert run(script(name), ["--data", str(tmp_path)], monkeypatch) == 2
    assert "two" in capsys.readouterr().err


def test_originals_are_scaled_and_split(monkeypatch: pytest.MonkeyPatch) -> None:
    airfoil = "\n".join(f"{800 + i}\t{i % 7}\t0.{i % 3}\t{i % 4}\t0.002{i}\t{100 + i}" for i in range(50))
    head = ";".join(f'"{c}"' for c in "abcdefghijk") + ';"quality"'
    wine = "\n".join([head, *(";".join(str((i + j) % 9) for j in range(12)) for i in range(50))])
    texts = {"airfoil_self_noise.dat": airfoil, "winequality-red.csv": wine, "winequality-white.csv": wine}
    asked = []

    def served(address: str, timeout: float) -> io.BytesIO:
        asked.append(address)
        return io.BytesIO(texts[address.rsplit("/", 1)[-1]].encode())

    monkeypatch.setattr(urllib.request, "urlopen", served)
    for name, (dim, base_dim) in KINDS.items():
        train, test = script(name).data(None)
        every = torch.cat([(train + test).x, (train + test).base], -1)
        assert every.amin(0).abs().max() < 1e-5
        assert (every.amax(0) - 10).abs().max() < 1e-4
        assert len(test.x) == (10 if name == "airfoil" else 20)
        assert train.x.shape == (4 * len(test.x), dim)
        assert train.base.shape[1] == base_dim
    assert len(asked) == 3
