"""From their state dict to ours, strictly: nothing is left over, nothing is left out, every shape fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from catnet.weights.table import Map, Rule

if TYPE_CHECKING:
    from torch import Tensor

SHOWN = 8  # so many keys of a kind are named in a message


class WeightsError(ValueError):
    """Weights that do not fit a module: what is missing, unexpected or of another shape."""


def convert(
    state: Mapping[str, Tensor], table: Map, shapes: Mapping[str, Sequence[int]] | None = None
) -> dict[str, Tensor]:
    """Our state dict for one of theirs. Raises `WeightsError`, which tells every mistake at once.

    `shapes` says which keys there must be, and of which shape; without it only the rules are followed. All that a
    map does is linear in the tensors, so that gradients can be brought over in the same way.
    """
    made: dict[str, Tensor] = {}
    origin: dict[str, str] = {}
    mistakes: dict[str, list[str]] = {}
    for key, tensor in state.items():
        if table.ignores(key):
            continue
        twin = table.tied.get(table.plain(key))
        if twin is not None:
            _check_tied(state, table, key, twin, mistakes)
            continue
        found = table.find(key)
        if found is None:
            mistakes.setdefault("no rule of the map speaks of", []).append(f"`{key}`")
            continue
        rule, ours = found
        parts = _parts(rule, tensor, len(ours))
        if parts is None:
            what = f"`{key}`, of shape {_shape(tensor.shape)}"
            mistakes.setdefault("the map cannot take apart", []).append(what)
            continue
        for name, part in zip(ours, parts, strict=True):
            if name in made:
                both = f"`{name}`, which `{origin[name]}` and `{key}` give"
                mistakes.setdefault("there are two tensors for", []).append(both)
            made[name], origin[name] = part, key
    if shapes is not None:
        _compare(made, origin, shapes, mistakes)
    if mistakes:
        raise WeightsError(_words(table, mistakes))
    return made


def _parts(rule: Rule, tensor: Tensor, count: int) -> Sequence[Tensor] | None:
    """What a rule makes of a tensor; None where its shape does not allow it."""
    if rule.flip:
        if tensor.dim() != 2:
            return None
        tensor = tensor.t()
    if rule.squeeze:
        if any(n != 1 for n in tensor.shape[: rule.squeeze]) or tensor.dim() < rule.squeeze:
            return None
        tensor = tensor.reshape(tensor.shape[rule.squeeze :])
    if count == 1:
        return (tensor,)
    return tensor.chunk(count) if tensor.dim() and tensor.shape[0] % count == 0 else None


def _check_tied(state: Mapping[str, Tensor], table: Map, key: str, twin: str, mistakes: dict[str, list[str]]) -> None:
    """A tensor that is tied to another in our module must be equal to it, or be that one."""
    import torch

    other = state.get(twin, state.get(table.strip + twin))
    if other is None:
        mistakes.setdefault("tied weights are missing", []).append(f"`{twin}`, for `{key}`")
    elif state[key].shape != other.shape or not (other.is_meta or torch.equal(state[key], other)):
        mistakes.setdefault("tied weights differ", []).append(f"`{key}` and `{twin}`")


def _compare(
    made: Mapping[str, Tensor],
    origin: Mapping[str, str],
    shapes: Mapping[str, Sequence[int]],
    mistakes: dict[str, list[str]],
) -> None:
    """Record what is missing, what is left over and what has another shape."""
    missing = [f"`{name}`" for name in shapes if name not in made]
    if missing:
        mistakes["nothing fills"] = missing
    left = [f"`{origin[n]}`" + (f" (as `{n}`)" if origin[n] != n else "") for n in made if n not in shapes]
    if left:
        mistakes["the module has no place for"] = left
    wrong = [
        f"`{name}` is {_shape(shapes[name])}, and {_shape(tensor.shape)} comes"
        for name, tensor in made.items()
        if name in shapes and tuple(tensor.shape) != tuple(shapes[name])
    ]
    if wrong:
        mistakes["the shapes differ"] = wrong


def _shape(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes)) or "a scalar"


def _words(table: Map, mistakes: Mapping[str, list[str]]) -> str:
    """The message: one line for each kind of mistake."""
    lines = ["the weights do not fit the module" + (f" by the map `{table.name}`" if table.name else "")]
    for what, things in mistakes.items():
        more = f", and {len(things) - SHOWN} more" if len(things) > SHOWN else ""
        lines.append(f"  {what}: {', '.join(things[:SHOWN])}{more}")
    return "\n".join(lines)
