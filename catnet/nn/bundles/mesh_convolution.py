"""Gauge equivariant convolution on a triangle mesh (de Haan, Weiler, Cohen, Welling, 2021)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from catnet.nn.bundles.edge_lists import side_by_side
from catnet.nn.bundles.surfaces import PlaneFields, Surface


class MeshConv(nn.Module):
    """y_p = S x_p + the mean over neighbours q of K(angle of q) carry(x_q) + b: it commutes with turns of all frames.

    The kernel obeys K(a) = rho_out(a) K(0) rho_in(-a), so K(0) is any matrix: the neighbour's features are turned into
    the frame of the edge, multiplied by it, and turned back (for orders n, m > 0 these are the four real kernels of
    orders m - n and m + n in Table 1 of the paper). S commutes with SO(2): numbers for order 0, complex numbers between
    copies of the same order m > 0. The bias lies along order 0.

    `into` and `out` are blocks (copies, order). [..., nodes, into.dim] to [..., nodes, out.dim].

    >>> corners = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    >>> surface = Surface.of(corners, torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]))
    >>> conv = MeshConv([(1, 0)], [(2, 0), (3, 1)])
    >>> conv(torch.randn(4, 1), surface).shape
    torch.Size([4, 8])
    """

    def __init__(self, into: Sequence[tuple[int, int]], out: Sequence[tuple[int, int]], bias: bool = True) -> None:
        super().__init__()
        self.into, self.out = PlaneFields(into), PlaneFields(out)
        self.kernel = nn.Parameter(torch.empty(self.out.dim, self.into.dim))
        self.own = nn.ParameterDict()
        for o, (out_copies, order) in enumerate(self.out):
            for i, (in_copies, other) in enumerate(self.into):
                if order == other:
                    self.own[f"{o}_{i}"] = nn.Parameter(torch.empty(2 if order else 1, out_copies, in_copies))
        numbers = sum(copies for copies, order in self.out if not order)
        self.bias = nn.Parameter(torch.empty(numbers)) if bias and numbers else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters, of the size of those of `nn.Linear`."""
        bound = 1 / math.sqrt(2 * self.into.dim)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: Tensor, surface: Surface) -> Tensor:
        """Convolve. Raises ValueError for another number of nodes or entries."""
        if x.dim() < 2 or x.shape[-2] != surface.nodes:
            raise ValueError(f"features are [..., {surface.nodes}, {self.into.dim}] on this surface, not {[*x.shape]}")
        in_edge_frame = self.into.rotate(x.index_select(-2, surface.source), surface.transport - surface.angle)
        message = self.out.rotate(F.linear(in_edge_frame, self.kernel), surface.angle)
        total = message.new_zeros(*x.shape[:-1], self.out.dim).index_add(-2, surface.target, message)
        mean = total / surface.degrees().clamp_min(1).to(x.dtype).unsqueeze(-1)
        return mean + self._self_interaction(x)

    def along(self, x: Tensor, edges: Tensor, directions: Tensor, transporters: Tensor) -> Tensor:
        """The same, with the mesh as tensors: `edges` [2, e] from neighbours to the vertices where they are seen in
        `directions` [e, 2], and rotations `transporters` [e, 2, 2] from the frames of the ones to those of the others
        (see `Surface.edges`). All may have batch axes in front, a mesh for each sample."""

        def one_mesh(y: Tensor, one: Tensor, seen: Tensor, turns: Tensor) -> Tensor:
            angle, turn = torch.atan2(seen[:, 1], seen[:, 0]), torch.atan2(turns[:, 1, 0], turns[:, 0, 0])
            return self(y, Surface(y.shape[-2], one[0], one[1], angle, turn, angle))

        return side_by_side(one_mesh, x, edges, (directions, transporters), x.shape[-2], tail=1)

    def _self_interaction(self, x: Tensor) -> Tensor:
        parts, rows = self.into.split(x), []
        start = 0
        for o, (copies, order) in enumerate(self.out):
            row = x.new_zeros(*x.shape[:-1], copies, 2 if order else 1)
            for i, part in enumerate(parts):
                if f"{o}_{i}" not in self.own:
                    continue
                weight = self.own[f"{o}_{i}"]
                row = row + weight[0] @ part
                if order:
                    row = row + weight[1] @ torch.stack([-part[..., 1], part[..., 0]], -1)
            if not order and self.bias is not None:
                row = row + self.bias[start : start + copies].unsqueeze(-1)
                start += copies
            rows.append(row.flatten(-2))
        return torch.cat(rows, -1)

    def extra_repr(self) -> str:
        """The fields."""
        return f"{list(self.into)} -> {list(self.out)}"


class FieldActivation(nn.Module):
    """An activation of the numbers, and v sigmoid(|v| + b) for each vector v of order m > 0: gauge equivariant."""

    def __init__(self, fields: Sequence[tuple[int, int]], activation: Callable[[Tensor], Tensor] = F.relu) -> None:
        super().__init__()
        self.fields, self.activation = PlaneFields(fields), activation
        self.bias = nn.Parameter(torch.zeros(sum(copies for copies, order in self.fields if order)))

    def forward(self, x: Tensor) -> Tensor:
        """[..., dim] to the same."""
        biases = iter(self.bias.split([copies for copies, order in self.fields if order]))
        blocks = []
        for part, (_, order) in zip(self.fields.split(x), self.fields, strict=True):
            if order:
                norm = (part.square().sum(-1, keepdim=True) + 1e-12).sqrt()
                part = part * torch.sigmoid(norm + next(biases).unsqueeze(-1))
            else:
                part = self.activation(part)
            blocks.append(part.flatten(-2))
        return torch.cat(blocks, -1)
