"""Equal layers side by side as one product: rows of one matrix where they see one input, a batched product else.

`join_rows` and `stack_parts` work on a state dict while it is loaded: the entries of the literal layers go, those of
one layer come. `prefix` stands before all names. Without the entries of all literal layers they do nothing, so that a
joined layer loads its own entries too.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def join_rows(state: dict[str, Tensor], prefix: str, into: str, layers: tuple[str, ...]) -> None:
    """The layers as one with all their output channels, one after the other: weights (k, ...) become (n*k, ...)."""
    for key in ("weight", "bias"):
        found = [f"{prefix}{layer}.{key}" for layer in layers]
        if all(name in state for name in found):
            state[f"{prefix}{into}.{key}"] = torch.cat([state.pop(name) for name in found])


def stack_parts(state: dict[str, Tensor], prefix: str, into: str, parts: tuple[str, ...]) -> None:
    """Equal parts as one: every entry of a part, of any shape, gets a first axis of the parts."""
    first = f"{prefix}{parts[0]}."
    for key in [name.removeprefix(first) for name in state if name.startswith(first)]:
        found = [f"{prefix}{part}.{key}" for part in parts]
        if all(name in state for name in found):
            state[f"{prefix}{into}.{key}"] = torch.stack([state.pop(name) for name in found])


class StackedLinear(nn.Module):
    """A linear map for each entry of the first axis: (n, ..., d) -> (n, ..., k), as one batched product.

    `weight` is (n, k, d) and `bias` (n, k): each slice is a `torch.nn.Linear(d, k)`, and initialised as such.
    """

    def __init__(self, n: int, d: int, k: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n, k, d))
        self.bias = nn.Parameter(torch.empty(n, k)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Numbers between -1/sqrt(d) and 1/sqrt(d), with equal probability."""
        bound = max(self.weight.shape[-1], 1) ** -0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        n, k, d = self.weight.shape
        rows = x.reshape(n, -1, d)
        if self.bias is None:
            y = torch.bmm(rows, self.weight.mT)
        else:
            y = torch.baddbmm(self.bias.unsqueeze(1), rows, self.weight.mT)
        return y.reshape((*x.shape[:-1], k))

    def extra_repr(self) -> str:
        n, k, d = self.weight.shape
        return f"{n} x ({d} -> {k}), bias={self.bias is not None}"
