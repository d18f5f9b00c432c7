"""One affine layer for two in a row: W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2).

The functions work on a state dict while it is loaded: the entries of the literal layers go, those of their product
come, under the name of the first. `prefix` stands before the names of the layers. Without the entries of literal
layers they do nothing, so that a product loads its own entries too. All is computed in float64 and rounded once.
"""

from __future__ import annotations

import torch
from torch import Tensor


def premultiply(state: dict[str, Tensor], prefix: str, first: str, second: str) -> None:
    """Multiply the second of two linear layers, or a second convolution whose kernel is one entry, into the first."""
    first, second = f"{prefix}{first}.", f"{prefix}{second}."
    inner, outer = state.get(first + "weight"), state.get(second + "weight")
    if inner is None or outer is None or outer.shape[1] != inner.shape[0]:
        return
    del state[second + "weight"]
    matrix = outer.double().flatten(1)
    product = (matrix @ inner.double().flatten(1)).unflatten(1, inner.shape[1:])
    state[first + "weight"] = product.to(inner.dtype)
    biases = state.pop(first + "bias", None), state.pop(second + "bias", None)
    if biases[0] is not None or biases[1] is not None:
        zero = torch.zeros(matrix.shape[0], dtype=matrix.dtype, device=matrix.device)
        bias = zero if biases[0] is None else matrix @ biases[0].double()
        state[first + "bias"] = (bias if biases[1] is None else bias + biases[1].double()).to(inner.dtype)


def scale_layer(state: dict[str, Tensor], prefix: str, layer: str, into: str, by: float, bias: bool) -> None:
    """Multiply the weight of a layer by a number, its bias only where the number comes after the layer. The scaled
    layer has another name, as nothing else tells its entries from those of the literal one."""
    layer, into = f"{prefix}{layer}.", f"{prefix}{into}."
    weight = state.pop(layer + "weight", None)
    if weight is None:
        return
    state[into + "weight"] = (weight.double() * by).to(weight.dtype)
    if layer + "bias" in state:
        own = state.pop(layer + "bias")
        state[into + "bias"] = (own.double() * by).to(own.dtype) if bias else own
