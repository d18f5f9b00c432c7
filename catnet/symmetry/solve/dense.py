"""Exact bases as tensors: the true matrices in float64, made exactly and rounded once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from catnet.symmetry.exact import to_float
from catnet.symmetry.reps import Rep
from catnet.symmetry.solve.linear import Element

if TYPE_CHECKING:
    import torch


def dense(elements: Sequence[Element], target: Rep, source: Rep) -> torch.Tensor:
    """The elements as one tensor `[number, target.dim, source.dim]`, with the scales of the bases in."""
    import torch

    complex_ = "C" in (source.field, target.field)
    shape = len(elements), target.number(), source.number()
    found = torch.zeros(shape, dtype=torch.complex128 if complex_ else torch.float64)
    rows, columns = target.scale, source.scale
    places, values = [], []
    for number, element in enumerate(elements):
        for (i, j), x in element.items():
            square = (rows[i] if rows else 1) / (columns[j] if columns else 1)
            places.append((number, i, j))
            values.append(to_float(x) * (1.0 if square == 1 else math.sqrt(square)))
    if places:
        found[tuple(torch.tensor(places).T)] = torch.tensor(values, dtype=found.dtype)
    return found
