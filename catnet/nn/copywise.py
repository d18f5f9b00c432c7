"""Layers that treat each copy in a vector of representations as a whole: an activation and a normalisation.

`blocks` and what is asked of the group are those of `catnet.nn.copies`. Generated code holds copies of these
definitions.

>>> x = torch.tensor([-2.0, 2.0, 3.0, 4.0])  # two numbers and a vector of the plane
>>> CopywiseActivation(((2, 1), (1, 2)), torch.ones_like)(x)
tensor([-2.,  2.,  3.,  4.])
>>> CopywiseNorm(((2, 1), (1, 2)), invariant=(0,))(x).detach().round(decimals=3)
tensor([-1.0000,  1.0000,  0.8490,  1.1310])
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from catnet.nn.copies import join_copies, norms_of_copies, scale_copies, split_copies


class CopywiseActivation(nn.Module):
    """`x phi(|x| + b)` for each copy x, where each has its own number b, which starts at 0: [..., d] -> [..., d]."""

    def __init__(self, blocks: tuple[tuple[int, int], ...], phi: Callable[[Tensor], Tensor], bias: bool = True) -> None:
        super().__init__()
        self.blocks, self.phi = blocks, phi
        self.bias = nn.Parameter(torch.zeros(sum(copies for copies, _ in blocks))) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Scale each copy by a function of its norm."""
        norms = norms_of_copies(x, self.blocks)
        return scale_copies(x, self.phi(norms if self.bias is None else norms + self.bias), self.blocks)

    def extra_repr(self) -> str:
        """The blocks and the function."""
        return f"{self.blocks}, {getattr(self.phi, '__name__', self.phi)}"


class CopywiseNorm(nn.Module):
    """Each block divided by the root of its mean square entry, then each copy times its own weight.

    The blocks with a number in `invariant` hold numbers that no group moves: they are normalised by
    `torch.nn.functional.layer_norm`, with a bias. [..., d] -> [..., d].
    """

    def __init__(self, blocks: tuple[tuple[int, int], ...], invariant: tuple[int, ...] = (), eps: float = 1e-5) -> None:
        super().__init__()
        self.blocks, self.invariant, self.eps = blocks, invariant, eps
        shifted = sum(blocks[i][0] for i in invariant)
        self.weight = nn.Parameter(torch.ones(sum(copies for copies, _ in blocks)))
        self.bias = nn.Parameter(torch.zeros(shifted)) if shifted else None

    def forward(self, x: Tensor) -> Tensor:
        """Normalise block by block."""
        weights = self.weight.split([copies for copies, _ in self.blocks])
        biases = iter(() if self.bias is None else self.bias.split([self.blocks[i][0] for i in self.invariant]))
        outputs = []
        for number, (block, weight) in enumerate(zip(split_copies(x, self.blocks), weights, strict=True)):
            if number in self.invariant:
                flat = block.flatten(-2)
                outputs.append(
                    nn.functional.layer_norm(flat, flat.shape[-1:], weight, next(biases), self.eps).unsqueeze(-1)
                )
            else:
                scale = (block.square().mean((-2, -1), keepdim=True) + self.eps).rsqrt()
                outputs.append(block * (scale * weight.unsqueeze(-1)))
        return join_copies(outputs)

    def extra_repr(self) -> str:
        """The blocks."""
        return f"{self.blocks}, invariant={self.invariant}"
