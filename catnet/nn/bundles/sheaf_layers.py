"""Layers that learn the maps of a bundle on a graph and diffuse along them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from catnet.nn.bundles.isomorphisms import Conditioner
from catnet.nn.bundles.sheaves import Graph, diffuse, sheaf_laplacian
from catnet.nn.bundles.structure_groups import StructureGroup


class EdgeMaps(nn.Module):
    """Restriction maps learned from the features at the two ends of an edge (Bodnar et al., 2022).

    `group` names the family: `O(k)` and `SO(k)` keep lengths, `diagonal(k)`, `general(k)`. The map at the target is the
    same function with the ends exchanged, so the direction in which an edge is written does not matter. A layer starts
    near 1 for every edge. Raises ValueError for another name.

    >>> maps = EdgeMaps("SO(2)", 5)
    >>> at_source, at_target = maps(torch.randn(3, 5), Graph.of(3, torch.tensor([[0, 1], [1, 2]])))
    >>> at_source.shape
    torch.Size([2, 2, 2])
    """

    def __init__(
        self,
        group: str | StructureGroup,
        features: int,
        hidden: int = 32,
        rotations: Literal["exp", "cayley"] = "exp",
    ) -> None:
        super().__init__()
        self.group = StructureGroup(group, rotations) if isinstance(group, str) else group
        self.network = Conditioner(2 * features, max(self.group.parameters, 1), hidden)
        last = self.network.last
        nn.init.normal_(last.weight, 0, 0.1 / last.in_features**0.5)

    def forward(self, features: Tensor, graph: Graph) -> tuple[Tensor, Tensor]:
        """Maps [edges, k, k] at the sources and at the targets, from features [nodes, features]."""
        return self._at_ends(features.index_select(0, graph.source), features.index_select(0, graph.target))

    def along(self, features: Tensor, edges: Tensor) -> Tensor:
        """One map for each edge [..., 2, edges], from the fibre at its source to that at its target, from features
        [..., nodes, features]: the inverse of that at the target times that at the source, [..., edges, k, k]."""
        batch = edges.shape[:-2]
        if any(edges.stride()[: len(batch)]):
            here, there = (features.take_along_dim(end.unsqueeze(-1), -2) for end in edges.unbind(-2))
        else:  # one graph, expanded
            here, there = (features.index_select(-2, end) for end in edges[(0,) * len(batch)])
        at_source, at_target = self._at_ends(here, there)
        return self.group.inverse(at_target) @ at_source

    def _at_ends(self, here: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        both = torch.stack([torch.cat([here, there], -1), torch.cat([there, here], -1)])
        at_source, at_target = self.group.matrices(self.network(both)[..., : self.group.parameters])
        return at_source, at_target


class SheafDiffusion(nn.Module):
    """One layer of neural sheaf diffusion, x - phi(M (1 (x) W1) x W2), with maps learned from x (Bodnar et al., 2022).

    x is [nodes, k, channels]; M is the normalised sheaf Laplacian of `diffuse`. W1 mixes the entries of a fibre and W2
    the channels. The maps are read off the entries of x, so frames at the nodes are part of the model: it is no gauge
    equivariant layer, as the published one is not. `mix_fibre=False` leaves W1 out.
    """

    def __init__(self, group: str, channels: int, mix_fibre: bool = True, hidden: int = 32) -> None:
        super().__init__()
        self.group, self.channels = StructureGroup(group), channels
        k = self.group.dim
        self.maps = EdgeMaps(self.group, k * channels, hidden)
        self.fibre = nn.Parameter(torch.eye(k)) if mix_fibre else None
        self.mix = nn.Linear(channels, channels, bias=False)

    def forward(self, x: Tensor, graph: Graph) -> Tensor:
        """[nodes, k, channels] to the same. Raises ValueError for another size."""
        if x.dim() != 3 or x.shape[1:] != (self.group.dim, self.channels):
            raise ValueError(f"x is [nodes, {self.group.dim}, {self.channels}], not {[*x.shape]}")
        at_source, at_target = self.maps(x.flatten(1), graph)
        y = self.mix(x if self.fibre is None else self.fibre @ x)
        return x - F.elu(y - diffuse(y, graph, at_source, at_target, orthogonal=self.group.orthogonal))


class BundleDiffusion(nn.Module):
    """phi(H W x + b), with H the heat flow of a flat bundle that has a learned frame at each node.

    It is the layer of bundle neural networks (Bamberger et al., 2025). The frames A_v in SO(k), learned from node
    features, transport by A_v^T A_u. So the flow is that of the plain graph between turning into the common frame and
    back: A^T exp(-time L) A, which costs one product for each node and edges of numbers. `steps` explicit steps of the
    normalised Laplacian approximate the exponential.

    x is [nodes, k, channels]; the frames are read off `position` [nodes, features], or off x itself.
    """

    def __init__(
        self,
        k: int,
        channels: int,
        out_channels: int,
        time: float = 1.0,
        steps: int = 4,
        position: int | None = None,
        hidden: int = 32,
    ) -> None:
        super().__init__()
        self.group, self.channels, self.time, self.steps = StructureGroup(f"SO({k})"), channels, time, steps
        features = k * channels if position is None else position
        self.frames = Conditioner(features, max(self.group.parameters, 1), hidden)
        nn.init.normal_(self.frames.last.weight, 0, 1 / hidden**0.5)
        self.mix = nn.Linear(channels, out_channels, bias=False)
        self.bias = nn.Parameter(torch.zeros(k, out_channels))

    def forward(self, x: Tensor, graph: Graph, position: Tensor | None = None) -> Tensor:
        """[nodes, k, channels] to [nodes, k, out_channels]."""
        if x.dim() != 3 or x.shape[1:] != (self.group.dim, self.channels):
            raise ValueError(f"x is [nodes, {self.group.dim}, {self.channels}], not {[*x.shape]}")
        free = self.frames(x.flatten(1) if position is None else position)
        frame = self.group.matrices(free[..., : self.group.parameters])
        common = frame @ self.mix(x)
        return F.gelu(frame.mT @ heat(common, graph, self.time, self.steps) + self.bias)


def heat(x: Tensor, graph: Graph, time: float, steps: int) -> Tensor:
    """Heat flow of a plain graph on [nodes, k, channels]: `diffuse` where every map is 1, without the products."""
    entries = x.flatten(1).unsqueeze(1)
    one = x.new_ones(1, 1, 1).expand(len(graph.source), 1, 1)
    return diffuse(entries, graph, one, time=time, steps=steps, orthogonal=True).reshape(x.shape)


class ConnectionDiffusion(nn.Module):
    """Gauge equivariant diffusion along given orthogonal maps.

    y = x - step M x, M the normalised connection Laplacian, then channels are mixed by one matrix, and each vector v
    becomes v sigmoid(|v| + b). Every part commutes with orthogonal frames at the nodes. The step is learned, in (0, 1).
    [..., nodes, k, channels] to [..., nodes, k, out_channels].
    """

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.step = nn.Parameter(torch.zeros(()))
        self.mix = nn.Linear(channels, out_channels, bias=False)
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x: Tensor, graph: Graph, maps: Tensor) -> Tensor:
        """`maps` [edges, k, k] are orthogonal, from the fibre over the source to that over the target."""
        degree = graph.degrees().clamp_min(1).to(x.dtype).reshape(-1, 1, 1)
        y = self.mix(x - torch.sigmoid(self.step) * sheaf_laplacian(x, graph, maps) / degree)
        norm = (y.square().sum(-2, keepdim=True) + 1e-12).sqrt()
        return y * torch.sigmoid(norm + self.bias)


class FibreActivation(nn.Module):
    """v phi(|v| + b) for each vector v of the fibre, which commutes with orthogonal frames at the nodes.

    There is one b for each of `channels`, none where `channels` is None. [..., k, channels] to the same.
    """

    def __init__(self, channels: int | None, phi: Callable[[Tensor], Tensor] = torch.sigmoid) -> None:
        super().__init__()
        self.phi = phi
        self.bias = nn.Parameter(torch.zeros(channels)) if channels is not None else None

    def forward(self, x: Tensor) -> Tensor:
        """The vectors, each longer or shorter by its own length."""
        norm = (x.square().sum(-2, keepdim=True) + 1e-12).sqrt()
        return x * self.phi(norm if self.bias is None else norm + self.bias)
