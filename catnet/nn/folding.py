"""Batch normalisation as a part of the layer beside it, for evaluation, where its statistics are fixed.

With s = w / sqrt(v + eps) and t = c - m s, for running mean m and variance v, weight w and bias c, it is x -> s x + t
on each channel. Both functions work on a state dict while it is loaded: the entries of the literal layers go, those of
one layer come. `prefix` stands before the names of the layers. Without the entries of literal layers they do nothing,
so that a folded layer loads its own entries too. All is computed in float64 and rounded once.
"""

from __future__ import annotations

import torch
from torch import Tensor


def fold_norm_after(state: dict[str, Tensor], prefix: str, layer: str, norm: str, eps: float, axis: int = 0) -> None:
    """Fold a batch normalisation into the layer before it: s (W x + b) + t = (s W) x + (s b + t). The output channels
    are `axis` of the weight: 0 in linear layers and convolutions, 1 in transposed convolutions."""
    layer, norm = f"{prefix}{layer}.", f"{prefix}{norm}."
    weight = state.get(layer + "weight")
    norms = _scale_and_shift(state, norm, eps, weight, axis)
    if weight is None or norms is None:
        return
    scale, shift = norms
    bias = state[layer + "bias"].double() if layer + "bias" in state else torch.zeros_like(shift)
    state[layer + "weight"] = (weight.double() * _along(scale, weight, axis)).to(weight.dtype)
    state[layer + "bias"] = (scale * bias + shift).to(weight.dtype)


def fold_norm_before(state: dict[str, Tensor], prefix: str, norm: str, layer: str, eps: float) -> None:
    """Fold a batch normalisation into the layer after it: W (s x + t) + b = (W s) x + (W t + b). For a convolution
    this is exact where it pads with its own entries, or not at all."""
    layer, norm = f"{prefix}{layer}.", f"{prefix}{norm}."
    weight = state.get(layer + "weight")
    norms = _scale_and_shift(state, norm, eps, weight, 1)
    if weight is None or norms is None:
        return
    scale, shift = norms
    exact = weight.double()
    added = exact.reshape(*exact.shape[:2], -1).sum(2) @ shift
    bias = state[layer + "bias"].double() if layer + "bias" in state else torch.zeros_like(added)
    state[layer + "weight"] = (exact * _along(scale, weight, 1)).to(weight.dtype)
    state[layer + "bias"] = (bias + added).to(weight.dtype)


def _scale_and_shift(
    state: dict[str, Tensor], norm: str, eps: float, weight: Tensor | None, axis: int
) -> tuple[Tensor, Tensor] | None:
    """The s and t of a batch normalisation, which is taken out of the state dict; None where it does not fit."""
    mean, variance = state.get(norm + "running_mean"), state.get(norm + "running_var")
    if weight is None or mean is None or variance is None or weight.shape[axis] != mean.numel():
        return None
    found = {name: state.pop(norm + name, None) for name in ("weight", "bias", "running_mean", "running_var")}
    state.pop(norm + "num_batches_tracked", None)
    scale = (variance.double() + eps).rsqrt()
    if found["weight"] is not None:
        scale = scale * found["weight"].double()
    shift = -mean.double() * scale
    return scale, shift if found["bias"] is None else shift + found["bias"].double()


def _along(vector: Tensor, weight: Tensor, axis: int) -> Tensor:
    """A vector with ones for axes, so that it multiplies along one axis of a weight."""
    return vector.reshape([-1 if i == axis else 1 for i in range(weight.dim())])
