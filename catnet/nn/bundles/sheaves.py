"""Bundles and sheaves on a graph: fibres on nodes, linear maps on edges; transport, Laplacian, diffusion.

Features are [..., nodes, k, channels]: `channels` vectors of the fibre R^k on each node. An edge e from s to t carries
a map [k, k]. All of it is a gather, a product for each edge and an `index_add`: linear in edges, with no matrix of the
size of the graph. Where the maps of given edges are turned by a change of frames at the nodes, the results turn along.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Graph(NamedTuple):
    """A directed graph, or several side by side: the number of nodes, and edges from `source` to `target` [edges].

    Each edge stands once; a Laplacian reads it in both directions. `Graph.of` checks; the fields are plain data.
    """

    nodes: int
    source: Tensor
    target: Tensor

    @classmethod
    def of(cls, nodes: int, edges: Tensor) -> Graph:
        """From edges [edges, 2] of node numbers.

        Raises ValueError for another shape or dtype, nodes that are not there, and edges from a node to itself.
        """
        if edges.dim() != 2 or edges.shape[1] != 2 or edges.dtype != torch.int64:
            raise ValueError(f"edges are node numbers, int64 [edges, 2], not {edges.dtype} {[*edges.shape]}")
        wrong = (edges < 0) | (edges >= nodes)
        if bool(wrong.any()):
            e = int(wrong.any(1).nonzero()[0])
            raise ValueError(f"edge {e}, {edges[e].tolist()}, has a node that is not one of 0 to {nodes - 1}")
        loops = (edges[:, 0] == edges[:, 1]).nonzero()
        if len(loops):
            raise ValueError(f"edge {int(loops[0])} goes from node {int(edges[loops[0, 0], 0])} to itself")
        return cls(nodes, edges[:, 0].contiguous(), edges[:, 1].contiguous())

    @classmethod
    def union(cls, graphs: Sequence[Graph]) -> Graph:
        """Graphs side by side, as a batch: their nodes and edges one after the other."""
        offsets = [0]
        for graph in graphs:
            offsets.append(offsets[-1] + graph.nodes)
        source = torch.cat([graph.source + start for graph, start in zip(graphs, offsets, strict=False)])
        target = torch.cat([graph.target + start for graph, start in zip(graphs, offsets, strict=False)])
        return cls(offsets[-1], source, target)

    def degrees(self) -> Tensor:
        """The number of edges at each node, in either direction, [nodes]."""
        return torch.bincount(torch.cat([self.source, self.target]), minlength=self.nodes)


def transport(x: Tensor, graph: Graph, maps: Tensor) -> Tensor:
    """Move features along the edges and add up what arrives: [..., nodes, k, channels] to [..., nodes, m, channels].

    `maps` [edges, m, k] take the fibre over an edge's source to that over its target.

    >>> ring = Graph.of(3, torch.tensor([[0, 1], [1, 2], [2, 0]]))
    >>> x = torch.tensor([1.0, 2.0, 4.0]).reshape(3, 1, 1)
    >>> transport(x, ring, torch.tensor([1.0, 1.0, -1.0]).reshape(3, 1, 1)).flatten()
    tensor([-4.,  1.,  2.])
    """
    _check(x, graph, maps)
    moved = maps @ x.index_select(-3, graph.source)
    return moved.new_zeros(*x.shape[:-3], graph.nodes, *moved.shape[-2:]).index_add(-3, graph.target, moved)


def coboundary(x: Tensor, graph: Graph, source_maps: Tensor, target_maps: Tensor | None = None) -> Tensor:
    """How far features disagree along each edge, target_maps x_t - source_maps x_s: [..., edges, m, channels].

    Maps are [edges, m, k], from the fibre of a node to that of the edge; `target_maps` are 1 by default, and then
    `source_maps` is parallel transport.
    """
    _check(x, graph, source_maps)
    there = x.index_select(-3, graph.target)
    return (there if target_maps is None else target_maps @ there) - source_maps @ x.index_select(-3, graph.source)


def sheaf_laplacian(x: Tensor, graph: Graph, source_maps: Tensor, target_maps: Tensor | None = None) -> Tensor:
    """The Laplacian L = d^T d of the coboundary d, applied to features: [..., nodes, k, channels] to the same.

    With restriction maps of a cellular sheaf it is the sheaf Laplacian (Hansen, Ghrist, 2019), with orthogonal
    `source_maps` and no `target_maps` the connection Laplacian (Singer, Wu, 2012). It is symmetric and >= 0, and 0
    exactly on global sections.

    >>> ring = Graph.of(3, torch.tensor([[0, 1], [1, 2], [2, 0]]))
    >>> trivial, twisted = torch.ones(3, 1, 1), torch.tensor([1.0, 1.0, -1.0]).reshape(3, 1, 1)
    >>> x = torch.ones(3, 1, 1)
    >>> sheaf_laplacian(x, ring, trivial).flatten(), sheaf_laplacian(x, ring, twisted).flatten()
    (tensor([0., 0., 0.]), tensor([2., 0., 2.]))
    """
    apart = coboundary(x, graph, source_maps, target_maps)
    at_target = apart if target_maps is None else target_maps.mT @ apart
    here = torch.zeros_like(x).index_add(-3, graph.target, at_target)
    return here.index_add(-3, graph.source, source_maps.mT @ apart, alpha=-1)


def degree_blocks(graph: Graph, source_maps: Tensor, target_maps: Tensor | None = None) -> Tensor:
    """The diagonal of the Laplacian, D_v = sum of F^T F over the edges at v, [nodes, k, k]."""
    k = source_maps.shape[-1]
    eye = torch.eye(k, dtype=source_maps.dtype, device=source_maps.device).expand(graph.target.shape[0], k, k)
    blocks = source_maps.new_zeros(graph.nodes, k, k).index_add(0, graph.source, source_maps.mT @ source_maps)
    return blocks.index_add(0, graph.target, eye if target_maps is None else target_maps.mT @ target_maps)


def diffuse(
    x: Tensor,
    graph: Graph,
    source_maps: Tensor,
    target_maps: Tensor | None = None,
    time: float = 1.0,
    steps: int = 1,
    orthogonal: bool = False,
) -> Tensor:
    """Heat flow exp(-time M) x by explicit steps, of the normalised Laplacian M = (D + 1)^-1 L.

    The eigenvalues of M are in [0, 2), so a step of at most 1 never lets the energy <x, (D + 1) M x> grow; a longer one
    raises ValueError, as do `steps` below 1 and a negative time. With `orthogonal` the maps are known to keep lengths:
    then D_v is the degree, there is no block to solve, and M = D^-1 L. A node without edges keeps its features.
    """
    if steps < 1 or time < 0 or time > steps:
        raise ValueError(
            f"a time of {time} in {steps} steps is not stable: steps are 1 or more, and at most 1 long; take"
            f" {max(1, -int(-time // 1)) if time >= 0 else 1} steps or more and a time >= 0"
        )
    if orthogonal:
        scale = graph.degrees().clamp_min(1).to(x.dtype).reciprocal().reshape(-1, 1, 1) * (time / steps)
        for _ in range(steps):
            x = x - scale * sheaf_laplacian(x, graph, source_maps, target_maps)
        return x
    blocks = degree_blocks(graph, source_maps, target_maps)
    eye = torch.eye(blocks.shape[-1], dtype=blocks.dtype, device=blocks.device)
    inverse = torch.linalg.inv(blocks + eye) * (time / steps)
    for _ in range(steps):
        x = x - inverse @ sheaf_laplacian(x, graph, source_maps, target_maps)
    return x


def change_frames(maps: Tensor, at_source: Tensor | None, at_target: Tensor) -> Tensor:
    """What the maps [edges, m, k] become where frames change, h_t maps h_s^T; None leaves the fibres of the edges.

    The orthogonal matrices [edges, k, k] are those of the nodes at the two ends, `h[graph.source]` and
    `h[graph.target]`.
    """
    turned = maps if at_source is None else maps @ at_source.mT
    return at_target @ turned


def _check(x: Tensor, graph: Graph, maps: Tensor) -> None:
    if x.dim() < 3 or x.shape[-3] != graph.nodes:
        raise ValueError(f"features are [..., nodes, k, channels] with {graph.nodes} nodes, not {[*x.shape]}")
    if maps.dim() != 3 or maps.shape[0] != graph.source.shape[0] or maps.shape[-1] != x.shape[-2]:
        raise ValueError(
            f"{len(graph.source)} edges and fibres R[{x.shape[-2]}] need maps"
            f" [{len(graph.source)}, m, {x.shape[-2]}], not {[*maps.shape]}"
        )
