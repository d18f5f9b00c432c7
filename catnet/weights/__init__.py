"""Published weights in compiled modules: `catnet.weights.load(module, "gpt2.safetensors", map="hf-gpt2")`.

Labels in the language are keys of the state dict, so many checkpoints load as they are. Where a reference keeps its
weights under other names or in other layouts, a map says so; see `catnet.weights.table` for writing one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from catnet.weights.convert import WeightsError, convert
from catnet.weights.files import read
from catnet.weights.maps import MAPS, SAME
from catnet.weights.table import Map, Rule

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["MAPS", "SAME", "Map", "Rule", "WeightsError", "convert", "load", "named", "read"]


def load(
    module: nn.Module,
    weights: str | Path | Mapping[str, Tensor],
    map: str | Map | None = None,
    *,
    assign: bool = False,
) -> None:
    """Fill a compiled module with the weights of a reference: a file, or a state dict.

    A file is safetensors (the package comes with `catnet[weights]`), an index of such shards, or what `torch.save`
    made of a state dict. `map` is the name of a shipped map (`MAPS`) or one of your own; without it the keys must be
    ours. Strict: every tensor of theirs is used or declared ignored, every one of ours is filled, shapes are equal.
    With `assign` the module takes the tensors themselves, with their precision, device and layout, instead of
    copying them. Raises `WeightsError`, and then the module is as it was.
    """
    state = weights if isinstance(weights, Mapping) else read(weights)
    shapes = {name: tensor.shape for name, tensor in module.state_dict().items()}
    module.load_state_dict(convert(state, named(map), shapes), strict=True, assign=assign)


def named(map: str | Map | None) -> Map:
    """The map of a name; a map is itself, and without one every key stays as it is."""
    if map is None:
        return Map("", (SAME,))
    if isinstance(map, Map):
        return map
    if map not in MAPS:
        raise WeightsError(f"there is no map `{map}`; there are {', '.join(f'`{n}`' for n in sorted(MAPS))}")
    return MAPS[map]
