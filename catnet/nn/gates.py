"""Nonlinearities and normalisation for vectors of irreducible representations of O(3)."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from catnet.nn.irreps import Irreps

SMALLEST = 1e-6  # added to norms, in quadrature: it keeps their derivatives finite at 0


class Norms(nn.Module):
    """The norm of each irreducible copy, [..., irreps.dim] -> [..., irreps.copies]: invariant.

    The norm is sqrt(<x, x> + 1e-12), which is smooth at 0.

    >>> Norms("1x0e + 1x1o")(torch.tensor([-1.0, 3.0, 0.0, 4.0]))
    tensor([1., 5.])
    """

    def __init__(self, irreps: str | Irreps) -> None:
        super().__init__()
        self.irreps = Irreps(irreps)

    def forward(self, x: Tensor) -> Tensor:
        """The norms, in the order of the copies."""
        return torch.cat([_norm(block) for block in self.irreps.split(x)], -1)

    def extra_repr(self) -> str:
        """The representation."""
        return str(self.irreps)


class NormActivation(nn.Module):
    """`x phi(|x| + b)` for each irreducible copy x, where `phi` acts on numbers and each copy has its own bias b.

    It is equivariant for O(3), and smooth wherever `phi` is. `activation` defaults to the sigmoid.

    >>> NormActivation("2x1o", torch.ones_like)(torch.arange(6.0))
    tensor([0., 1., 2., 3., 4., 5.])
    """

    def __init__(
        self, irreps: str | Irreps, activation: Callable[[Tensor], Tensor] = torch.sigmoid, bias: bool = True
    ) -> None:
        super().__init__()
        self.irreps, self.activation = Irreps(irreps), activation
        self.bias = nn.Parameter(torch.zeros(self.irreps.copies)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """[..., irreps.dim] -> [..., irreps.dim]."""
        blocks = self.irreps.split(x)
        norms = torch.cat([_norm(block) for block in blocks], -1)
        factors = self.activation(norms if self.bias is None else norms + self.bias)
        parts = factors.split([block.mul for block in self.irreps], -1)
        return _join([block * part.unsqueeze(-1) for block, part in zip(blocks, parts, strict=True)])

    def extra_repr(self) -> str:
        """The representation."""
        return str(self.irreps)


class Gate(nn.Module):
    """Scalars through an activation, and every other copy times its own gate, an activated scalar of even parity.

    The input is `irreps_in`: the `scalars` first, then one gate 0e for each copy of `gated`, then `gated`; the output
    is `irreps_out`, the scalars and what was gated. Scalars of odd parity are no numbers to activate: put them
    among `gated`.

    Raises ValueError where `scalars` are not of degree 0 and even parity.

    >>> gate = Gate("4x0e", "2x1o + 1x2e")
    >>> gate.irreps_in, gate.irreps_out
    (Irreps('4x0e + 3x0e + 2x1o + 1x2e'), Irreps('4x0e + 2x1o + 1x2e'))
    """

    def __init__(
        self,
        scalars: str | Irreps,
        gated: str | Irreps,
        activation: Callable[[Tensor], Tensor] = F.silu,
        gate: Callable[[Tensor], Tensor] = torch.sigmoid,
    ) -> None:
        super().__init__()
        self.scalars, self.gated, self.activation, self.gate = Irreps(scalars), Irreps(gated), activation, gate
        for block in self.scalars:
            if block.irrep != (0, 1):
                raise ValueError(f"{block} is not invariant: an activation acts on 0e alone; put it among `gated`")
        self.irreps_in = Irreps([*self.scalars, (self.gated.copies, 0, 1), *self.gated])
        self.irreps_out = Irreps([*self.scalars, *self.gated])

    def forward(self, x: Tensor) -> Tensor:
        """[..., irreps_in.dim] -> [..., irreps_out.dim]."""
        if x.shape[-1] != self.irreps_in.dim:
            raise ValueError(f"the last axis has length {x.shape[-1]}; {self.irreps_in} has {self.irreps_in.dim}")
        scalars, gates, gated = x.split([self.scalars.dim, self.gated.copies, self.gated.dim], -1)
        parts = self.gate(gates).split([block.mul for block in self.gated], -1)
        blocks = zip(self.gated.split(gated), parts, strict=True)
        return torch.cat([self.activation(scalars), _join([x * part.unsqueeze(-1) for x, part in blocks])], -1)

    def extra_repr(self) -> str:
        """The representations."""
        return f"{self.irreps_in} -> {self.irreps_out}"


class EquivariantLayerNorm(nn.Module):
    """Layer normalisation of each block: its copies are divided by the root of their mean square entry.

    The mean over copies is taken off the scalars of even parity alone: nothing else has an invariant mean. Each copy
    has its own scale, each copy of 0e its own shift. [..., irreps.dim] -> [..., irreps.dim].

    >>> y = EquivariantLayerNorm("4x0e")(torch.tensor([0.0, 1.0, 2.0, 3.0]))
    >>> torch.allclose(y, F.layer_norm(torch.tensor([0.0, 1.0, 2.0, 3.0]), [4]))
    True
    """

    def __init__(self, irreps: str | Irreps, eps: float = 1e-5) -> None:
        super().__init__()
        self.irreps, self.eps = Irreps(irreps), eps
        self.weight = nn.Parameter(torch.ones(self.irreps.copies))
        self.bias = nn.Parameter(torch.zeros(sum(b.mul for b in self.irreps if b.irrep == (0, 1))))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        weights = self.weight.split([block.mul for block in self.irreps])
        biases = iter(self.bias.split([block.mul for block in self.irreps if block.irrep == (0, 1)]))
        outputs = []
        for block, part, weight in zip(self.irreps, self.irreps.split(x), weights, strict=True):
            if block.irrep == (0, 1):
                outputs.append(
                    F.layer_norm(part.squeeze(-1), [block.mul], weight, next(biases), self.eps).unsqueeze(-1)
                )
            else:
                scale = (part.square().mean((-2, -1), keepdim=True) + self.eps).rsqrt()
                outputs.append(part * (scale * weight.unsqueeze(-1)))
        return _join(outputs)

    def extra_repr(self) -> str:
        """The representation."""
        return str(self.irreps)


def _norm(block: Tensor) -> Tensor:
    return (block.square().sum(-1) + SMALLEST**2).sqrt()


def _join(blocks: list[Tensor]) -> Tensor:
    flat = [block.flatten(-2) for block in blocks]
    return flat[0] if len(flat) == 1 else torch.cat(flat, -1)
