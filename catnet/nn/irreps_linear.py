"""Linear maps between sums of irreducible representations of O(3)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from catnet.nn.irreps import Irreps


class IrrepsLinear(nn.Module):
    """The linear maps between two sums of irreducible representations of O(3), one small matrix for each irreducible.

    By Schur's lemma equal irreducibles mix their copies and different ones do not meet. For each block of the output
    with `mul` copies there is a weight [mul, all copies of it in the input]; scalars of even parity have a bias.
    Weights start uniform with the variance of `nn.Linear`. Inputs [..., irreps_in.dim], outputs [..., irreps_out.dim].

    Raises ValueError where a block of the output has no equal in the input: it could only be 0.

    >>> IrrepsLinear("8x0e + 4x1o", "2x1o + 3x0e")
    IrrepsLinear(8x0e + 4x1o -> 2x1o + 3x0e)
    """

    def __init__(self, irreps_in: str | Irreps, irreps_out: str | Irreps, bias: bool = True) -> None:
        super().__init__()
        self.irreps_in, self.irreps_out = Irreps(irreps_in), Irreps(irreps_out)
        self.sources = [
            [i for i, block in enumerate(self.irreps_in) if block.irrep == out.irrep] for out in self.irreps_out
        ]
        for out, sources in zip(self.irreps_out, self.sources, strict=True):
            if not sources:
                raise ValueError(f"no linear map but 0 reaches {out} from {self.irreps_in}: leave it out")
        fan_in = [sum(self.irreps_in[i].mul for i in sources) for sources in self.sources]
        self.weight = nn.ParameterList(
            nn.Parameter(torch.empty(b.mul, n)) for n, b in zip(fan_in, self.irreps_out, strict=True)
        )
        invariants = sum(b.mul for b in self.irreps_out if b.irrep == (0, 1))
        self.bias = nn.Parameter(torch.empty(invariants)) if bias and invariants else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        scalars = [w for w, block in zip(self.weight, self.irreps_out, strict=True) if block.irrep == (0, 1)]
        with torch.no_grad():
            for weight in self.weight:
                weight.uniform_(-1, 1).div_(math.sqrt(weight.shape[1]))
            if self.bias is not None:
                self.bias.uniform_(-1, 1).div_(math.sqrt(scalars[0].shape[1]))

    def forward(self, x: Tensor) -> Tensor:
        """[..., irreps_in.dim] -> [..., irreps_out.dim]."""
        blocks = self.irreps_in.split(x)
        scalars = [block.mul for block in self.irreps_out if block.irrep == (0, 1)]
        biases = iter(() if self.bias is None else self.bias.split(scalars))
        outputs = []
        for out, sources, weight in zip(self.irreps_out, self.sources, self.weight, strict=True):
            source = blocks[sources[0]] if len(sources) == 1 else torch.cat([blocks[i] for i in sources], -2)
            if out.l:
                outputs.append((weight @ source).flatten(-2))
            else:
                outputs.append(F.linear(source.squeeze(-1), weight, next(biases, None) if out.parity > 0 else None))
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs, -1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.irreps_in} -> {self.irreps_out})"
