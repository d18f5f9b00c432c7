"""Reading checkpoints: formats that cannot run code, and nothing else."""

from __future__ import annotations

import json
import os
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

import catnet
from catnet.weights import WeightsError, read

STATE = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.zeros(2)}


def same(found: dict[str, torch.Tensor]) -> bool:
    return found.keys() == STATE.keys() and all(torch.equal(found[k], v) for k, v in STATE.items())


@pytest.mark.parametrize("name", ["a.safetensors", "a.bin"])
def test_safetensors_are_known_by_what_they_hold(tmp_path: Path, name: str) -> None:
    save_file(STATE, tmp_path / name)
    assert same(read(tmp_path / name))
    assert same(read(str(tmp_path / name)))


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"state_dict": s, "epoch": 3}, lambda s: {"model": s}])
@pytest.mark.parametrize("zipped", [True, False])
def test_pytorch_files_with_or_without_a_wrapper(tmp_path: Path, wrap: Any, zipped: bool) -> None:
    torch.save(wrap(STATE), tmp_path / "a.pt", _use_new_zipfile_serialization=zipped)
    assert same(read(tmp_path / "a.pt"))


def test_shards_lie_beside_their_index(tmp_path: Path) -> None:
    for name, tensor in STATE.items():
        save_file({name: tensor}, tmp_path / f"{name}.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {name: f"{name}.safetensors" for name in STATE}}))
    assert same(read(index))


@pytest.mark.parametrize("shard", ["../a.safetensors", "/etc/passwd", "..", "", "a\\b"])
def test_shards_elsewhere_are_refused(tmp_path: Path, shard: str) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"x": shard}}))
    with pytest.raises(WeightsError, match="outside its folder"):
        read(index)


@pytest.mark.parametrize("text", ["{}", "[]", "nonsense", '{"weight_map": 3}'])
def test_a_broken_index_is_said(tmp_path: Path, text: str) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(text)
    with pytest.raises(WeightsError, match="no index of shards"):
        read(index)


class Trap:
    """Unpickled, it would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_a_file_that_could_run_code_is_refused_and_does_not(tmp_path: Path) -> None:
    torch.save({"weight": Trap(tmp_path / "made")}, tmp_path / "zip.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps({"weight": Trap(tmp_path / "made")}, protocol=2))
    for name in ("zip.pt", "plain.pt"):
        with pytest.raises(WeightsError, match="holds more than tensors"):
            read(tmp_path / name)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("data", [b"", b"short", b"\x00" * 64, b"PK\x03\x04 and no zip", b"\x08\0\0\0\0\0\0\0{broken"])
@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
def test_a_damaged_file_is_said(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(WeightsError, match=name):
        read(tmp_path / name)


@pytest.mark.parametrize("thing", [[torch.zeros(1)], {"a": 1}, torch.zeros(2), {"model": 3}])
def test_what_is_no_state_dict_is_said(tmp_path: Path, thing: Any) -> None:
    torch.save(thing, tmp_path / "a.pt")
    with pytest.raises(WeightsError, match="not a state dict"):
        read(tmp_path / "a.pt")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="there is no file"):
        read(tmp_path / "a.pt")
    with pytest.raises(WeightsError, match="there is no file"):
        read(tmp_path)


def test_without_safetensors_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file(STATE, tmp_path / "a.safetensors")
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(WeightsError, match=r"catnet\[weights\]"):
        read(tmp_path / "a.safetensors")


def test_the_room_is_reached_from_the_package() -> None:
    assert catnet.weights.read is read
