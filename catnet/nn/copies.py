"""Vectors that are copies of representations side by side: their norms, and a factor for each.

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

import torch
from torch import Tensor


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
    return join_copies([block * part.unsqueeze(-1) for block, part in zip(split_copies(x, blocks), parts, strict=True)])


def norms_of_copies(x: Tensor, blocks: tuple[tuple[int, int], ...]) -> Tensor:
    """The norm of each copy, sqrt(<x, x> + 1e-12), which is smooth at 0: [..., d] -> [..., copies]."""
    norms = [(block.square().sum(-1) + 1e-12).sqrt() for block in split_copies(x, blocks)]
    return norms[0] if len(norms) == 1 else torch.cat(norms, -1)
