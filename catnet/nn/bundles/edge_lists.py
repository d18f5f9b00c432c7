"""Transport, Laplacian and diffusion along a list of edges [2, edges], as compiled nets call them.

Features are [..., nodes, k, channels], edges [2, edges] from source to target; maps [edges, k, k] take the fibre over
a source to that over the target. Edges and maps may both have the same batch axes in front, a graph for each sample:
then features begin with these axes too, and the graphs are worked on side by side as one.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from catnet.nn.bundles.sheaves import Graph, diffuse, sheaf_laplacian
from catnet.nn.bundles.structure_groups import StructureGroup

TOLERANCE = {torch.float64: 1e-6, torch.float32: 1e-3, torch.bfloat16: 0.1, torch.float16: 0.03}
"""How far the maps that come in may be from the structure group: learned ones are rounded."""


def carry(x: Tensor, edges: Tensor, maps: Tensor) -> Tensor:
    """What arrives at the end of each edge, [..., nodes, k, channels] to [..., edges, k, channels].

    >>> x = torch.tensor([[1.0], [2.0]]).unsqueeze(-1)
    >>> carry(x, torch.tensor([[0], [1]]), torch.tensor([[[-1.0]]]))
    tensor([[[-1.]]])
    """
    return side_by_side(lambda y, one, at: at @ y.index_select(-3, one[0]), x, edges, (maps,), edges.shape[-1])


def collect(messages: Tensor, edges: Tensor, nodes: int, mean: bool = False) -> Tensor:
    """The sum of what arrives at each node (with `mean` its mean, 0 at a node without edges that end there):
    [..., edges, k, channels] to [..., nodes, k, channels].

    >>> collect(torch.ones(3, 1, 1), torch.tensor([[0, 1, 2], [1, 0, 1]]), 3).flatten()
    tensor([1., 2., 0.])
    """

    def one_graph(y: Tensor, one: Tensor) -> Tensor:
        places = nodes * (one.shape[-1] // max(edges.shape[-1], 1)) or nodes
        total = y.new_zeros(*y.shape[:-3], places, *y.shape[-2:]).index_add(-3, one[1], y)
        if not mean:
            return total
        return total / torch.bincount(one[1], minlength=places).clamp_min(1).to(y.dtype).reshape(-1, 1, 1)

    return side_by_side(one_graph, messages, edges, (), nodes, nodes=nodes)


def laplacian(x: Tensor, edges: Tensor, maps: Tensor) -> Tensor:
    """The Laplacian of `sheaf_laplacian`, where `maps` are those at the sources and the identity stands at the targets:
    [..., nodes, k, channels] to the same."""
    return side_by_side(lambda y, one, at: sheaf_laplacian(y, _graph(y, one), at), x, edges, (maps,), x.shape[-3])


def flow(x: Tensor, edges: Tensor, maps: Tensor, time: float, steps: int, orthogonal: bool) -> Tensor:
    """Heat flow of the normalised Laplacian for a time, see `diffuse`: [..., nodes, k, channels] to the same."""

    def one_graph(y: Tensor, one: Tensor, at: Tensor) -> Tensor:
        return diffuse(y, _graph(y, one), at, time=time, steps=steps, orthogonal=orthogonal)

    return side_by_side(one_graph, x, edges, (maps,), x.shape[-3])


def _graph(x: Tensor, edges: Tensor) -> Graph:
    return Graph(x.shape[-3], edges[0], edges[1])


def side_by_side(
    work: Callable[..., Tensor],
    x: Tensor,
    edges: Tensor,
    data: tuple[Tensor, ...],
    rows: int,
    tail: int = 2,
    nodes: int | None = None,
) -> Tensor:
    """`work(x, edges, *data)` on one graph: with batch axes in front of `edges` and `data`, on all of them as one.

    x has `tail` axes behind that of its nodes (or edges), and the result `rows` entries on the same axis. Samples that
    are one graph, expanded, are not copied.
    """
    batch = edges.shape[:-2]
    if not batch:
        return work(x, edges, *data)
    if not any(step for t in (edges, *data) for step in t.stride()[: len(batch)]):
        first = (0,) * len(batch)
        return work(x, edges[first], *(t[first] for t in data))
    count, axis = batch.numel(), -tail - 1
    offset = (x.shape[axis] if nodes is None else nodes) * torch.arange(count, device=edges.device)
    joined = (edges.reshape(count, *edges.shape[-2:]) + offset.reshape(-1, 1, 1)).movedim(1, 0).flatten(1)
    whole = x.reshape(count, *x.shape[len(batch) :]).movedim(0, axis - 1).flatten(axis - 1, axis)
    found = work(whole, joined, *(t.reshape(-1, *t.shape[len(batch) + 1 :]) for t in data))
    return found.unflatten(axis, (count, rows)).movedim(axis - 1, 0).unflatten(0, batch)


class Connection(nn.Module):
    """The edges of a graph and the maps along them, as constants: those of a bundle that is declared by transitions.

    `edges` are pairs of nodes, source and target. The maps are kept in float64 and given out in the dtype of x.
    """

    edges: Tensor
    maps: Tensor

    def __init__(self, edges: list[tuple[int, int]], maps: list[list[list[float]]]) -> None:
        super().__init__()
        size = len(maps[0]) if maps else 1
        self.register_buffer("edges", torch.tensor(edges, dtype=torch.int64).reshape(-1, 2).T.contiguous(), False)
        self.register_buffer("maps", torch.tensor(maps, dtype=torch.float64).reshape(-1, size, size), False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The edges [2, edges] and the maps [edges, k, k], in the dtype of x."""
        return self.edges, self.maps.to(x.dtype)


def wrong_edge(edges: Tensor, nodes: int) -> str:
    """The first edge that names a node that is not there, in words; "" where there is none."""
    outside = (edges < 0) | (edges >= nodes)
    if not bool(outside.any()):
        return ""
    *sample, e = outside.any(-2).nonzero()[0].tolist()
    pair = edges[(*sample, slice(None), e)].tolist()
    return f"edge {e}, {pair[0]} -> {pair[1]}, names a node that is not one of 0 to {nodes - 1}{_sample(sample)}"


def wrong_map(maps: Tensor, group: str | list[list[list[float]]]) -> str:
    """The first map that is not in a structure group, in words; "" where there is none.

    A group is a name of `StructureGroup`, or a list of all elements.
    """
    maps = maps.detach()
    tolerance = TOLERANCE.get(maps.dtype, 1e-3)
    if isinstance(group, str):
        if _all_rotations(maps, tolerance):  # they are in O(k), SO(k) and GL(k)
            return ""
        off = StructureGroup(group).distance(maps)
    else:
        off = (maps.unsqueeze(-3) - maps.new_tensor(group)).abs().amax((-2, -1)).amin(-1)
        group = "the structure group"
    outside = ~(off <= tolerance)  # also where a number is none
    if not bool(outside.any()):
        return ""
    *sample, e = outside.nonzero()[0].tolist()
    return f"the map of edge {e} is no element of {group}: off by {float(off[(*sample, e)]):.3g}{_sample(sample)}"


def _all_rotations(maps: Tensor, tolerance: float) -> bool:
    """Whether all maps of at most three dimensions are rotations, in less time than `StructureGroup.distance` takes."""
    k = maps.shape[-1]
    if k > 3 or not maps.numel():
        return False
    apart = (maps.mT @ maps - torch.eye(k, dtype=maps.dtype, device=maps.device)).abs().max()
    column = maps.unbind(-1)
    if k == 3:
        volume = (torch.linalg.cross(column[0], column[1]) * column[2]).sum(-1)
    else:
        volume = (
            maps[..., 0, 0] if k == 1 else column[0][..., 0] * column[1][..., 1] - column[0][..., 1] * column[1][..., 0]
        )
    return bool(apart <= tolerance) and bool((volume - 1).abs().max() <= tolerance)


def _sample(places: list[int]) -> str:
    return f", in sample {', '.join(map(str, places))}" if places else ""
