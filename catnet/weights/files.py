"""Reading checkpoints. No format that is read here can run code: safetensors, or torch.load(weights_only=True)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catnet.weights.convert import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

INDEX = ".index.json"  # ends the name of a file that says which shard holds which tensor
WRAPPERS = ("state_dict", "model")  # under which training scripts put the weights among other things


def read(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a file: safetensors, an index of shards (`model.safetensors.index.json`), or PyTorch's own.

    Raises `WeightsError` where the file holds anything else, or is not there.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"there is no file `{path}`")
    if path.name.endswith(INDEX):
        return _read_shards(path)
    return _read_safetensors(path) if _is_safetensors(path) else _read_torch(path)


def _is_safetensors(path: Path) -> bool:
    """Whether the file begins as safetensors do: eight bytes of a length, then a JSON object."""
    with path.open("rb") as stream:
        head = stream.read(9)
    return path.suffix == ".safetensors" or head[8:] == b"{"


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise WeightsError(f"`{path}` needs the package safetensors: pip install 'catnet[weights]'") from None
    try:
        return dict(load_file(path))
    except SafetensorError as error:
        raise WeightsError(f"`{path}` cannot be read as safetensors: {error}") from None


def _read_torch(path: Path) -> dict[str, Tensor]:
    import pickle

    import torch

    try:
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise WeightsError(
            f"`{path}` holds more than tensors, or is damaged; it is not loaded, as loading it could run code. "
            "Save its state_dict as safetensors where you trust it"
        ) from None
    except Exception as error:  # a damaged file fails in many ways
        raise WeightsError(f"`{path}` cannot be read: {error}") from None
    for name in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(name), dict):
            found = found[name]
    if not isinstance(found, dict) or not all(isinstance(v, torch.Tensor) for v in found.values()):
        raise WeightsError(f"`{path}` is not a state dict: names with a tensor each")
    return found


def _read_shards(path: Path) -> dict[str, Tensor]:
    """All tensors of the shards that an index names; they lie beside it."""
    try:
        names = set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WeightsError(f"`{path}` is no index of shards: it has no `weight_map`") from None
    found: dict[str, Tensor] = {}
    for name in sorted(map(str, names)):
        if name in ("", ".", "..") or "/" in name or "\\" in name:
            raise WeightsError(f"`{path}` names a shard outside its folder: `{name}`")
        found.update(read(path.parent / name))
    return found
