"""Vectors that are copies of representations side by side: their norms, a factor for each, a normalisation.

`blocks` says how a last axis is laid out: pairs (copies, width), the copies of a block one after the other. The
matrices of a group on each copy are taken to be orthogonal wherever a norm is taken. Generated code holds copies of
these definitions.

>>> x = torch.tensor([-2.0, 1.0, 3.0, 4.0])  # two numbers and a vector of the plane
>>> norms_of_copies(x, ((2, 1), (1, 2)))
tensor([2., 1., 5.])
>>> scale_copies(x, torch.tensor([1.0, 1.0, 0.5]), ((2, 1), (1, 2)))
tensor([-2.0000,  1.0000,  1.5000,  2.0000])
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def split_copies(x: Tensor, blocks: tuple[tuple[int, int], ...]) -> list[Tensor]:
    """The blocks of x [..., d], each as a view [..., copies, width]."""
    parts = x.split([copies * width for copies, width in blocks], -1)
    return [part.unflatten(-1, block) for part, block in zip(parts, blocks, strict=True)]


def join_copies(parts: list[Tensor]) -> Tensor:
    """Blocks [..., copies, width] as one vector [..., d]."""
    flat = [part.flatten(-2) for part in parts]
    return flat[0] if len(flat) == 1 else torch.cat(flat, -1)


def scale_copies(x: Tensor, factors: Tensor, blocks: tuple[tuple[int, int], ...]) -> Tensor:
    """Each copy in x [..., d] times its own factor, of [..., copies]."""
    parts = factors.split([copies for copies, _ in blocks], -1)
    return join_copies(
        [block * part.unsqueeze(-1) for block, part in zip(split_copies(x, blocks), parts, strict=True)]
    )


def norms_of_copies(x: Tensor, blocks: tuple[tuple[int, int], ...]) -> Tensor:
    """The norm of each copy, sqrt(<x, x> + 1e-12), which is smooth at 0: [..., d] -> [..., copies]."""
    norms = [(block.square().sum(-1) + 1e-12).sqrt() for block in split_copies(x, blocks)]
    return norms[0] if len(norms) == 1 else torch.cat(norms, -1)


class CopywiseActivation(nn.Module):
    """`x phi(|x| + b)` for each copy x, where each has its own number b, which starts at 0: [..., d] -> [..., d]."""

    def __init__(
        self, blocks: tuple[tuple[int, int], ...], phi: Callable[[Tensor], Tensor], bias: bool = True
    ) -> None:
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

    def __init__(
        self, blocks: tuple[tuple[int, int], ...], invariant: tuple[int, ...] = (), eps: float = 1e-5
    ) -> None:
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
