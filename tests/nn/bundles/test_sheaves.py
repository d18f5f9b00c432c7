"""Transport and diffusion on graphs: against dense matrices, changes of frames, batches, cost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from catnet.nn.bundles import (
    BundleDiffusion,
    ConnectionDiffusion,
    EdgeMaps,
    Graph,
    SheafDiffusion,
    StructureGroup,
    change_frames,
    coboundary,
    degree_blocks,
    diffuse,
    sheaf_laplacian,
    transport,
)


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def graph(nodes: int = 12, edges: int = 30) -> Graph:
    source = torch.randint(nodes, (edges,))
    return Graph.of(nodes, torch.stack([source, (source + torch.randint(1, nodes, (edges,))) % nodes], -1))


def dense_coboundary(g: Graph, at_source: Tensor, at_target: Tensor) -> Tensor:
    """The coboundary as one matrix [edges * m, nodes * k], built entry by entry."""
    m, k = at_source.shape[1:]
    d = torch.zeros(len(g.source), m, g.nodes, k)
    for e, (s, t) in enumerate(zip(g.source.tolist(), g.target.tolist(), strict=True)):
        d[e, :, t] += at_target[e]
        d[e, :, s] -= at_source[e]
    return d.reshape(len(g.source) * m, g.nodes * k)


def test_the_laplacian_is_that_of_the_dense_coboundary() -> None:
    g = graph()
    x, at_source, at_target = torch.randn(12, 3, 4), torch.randn(30, 2, 3), torch.randn(30, 2, 3)
    d = dense_coboundary(g, at_source, at_target)
    flat = x.reshape(36, 4)
    assert torch.allclose(coboundary(x, g, at_source, at_target).reshape(-1, 4), d @ flat)
    assert torch.allclose(sheaf_laplacian(x, g, at_source, at_target).reshape(36, 4), d.T @ d @ flat)
    blocks = (d.T @ d).reshape(12, 3, 12, 3)
    assert torch.allclose(degree_blocks(g, at_source, at_target), torch.stack([blocks[v, :, v] for v in range(12)]))
    square = torch.randn(30, 3, 3)
    one = torch.eye(3).expand(30, 3, 3)
    assert torch.allclose(sheaf_laplacian(x, g, square), sheaf_laplacian(x, g, square, one))
    assert torch.allclose(degree_blocks(g, square), degree_blocks(g, square, one))


def test_a_trivial_bundle_gives_the_graph_laplacian() -> None:
    g = graph()
    x = torch.randn(12, 1, 2)
    adjacency = torch.zeros(12, 12)
    for s, t in zip(g.source.tolist(), g.target.tolist(), strict=True):
        adjacency[s, t] += 1
        adjacency[t, s] += 1
    laplacian = torch.diag(adjacency.sum(1)) - adjacency
    assert torch.allclose(sheaf_laplacian(x, g, torch.ones(30, 1, 1))[:, 0], laplacian @ x[:, 0])
    assert torch.equal(g.degrees().double(), adjacency.sum(1))
    arrived = torch.zeros(12, 12).index_put((g.target, g.source), torch.ones(()), accumulate=True)
    assert torch.allclose(transport(x, g, torch.ones(30, 1, 1))[:, 0], arrived @ x[:, 0])


def test_diffusion_converges_to_the_heat_kernel() -> None:
    g = graph()
    x, at_source, at_target = torch.randn(12, 2, 3), torch.randn(30, 2, 2), torch.randn(30, 2, 2)
    d = dense_coboundary(g, at_source, at_target)
    blocks = torch.block_diag(*degree_blocks(g, at_source, at_target)) + torch.eye(24)
    wanted = torch.linalg.matrix_exp(-1.5 * torch.linalg.solve(blocks, d.T @ d)) @ x.reshape(24, 3)
    errors = [
        (diffuse(x, g, at_source, at_target, 1.5, n).reshape(24, 3) - wanted).abs().max().item() for n in (20, 40, 80)
    ]
    assert errors[2] < 0.02
    assert 1.7 < errors[0] / errors[1] < 2.3
    assert 1.7 < errors[1] / errors[2] < 2.3


@pytest.mark.parametrize("family", ["SO(3)", "general(3)"])
def test_diffusion_never_raises_the_energy(family: str) -> None:
    g, group = graph(), StructureGroup(family)
    maps = group.matrices(torch.randn(30, group.parameters))
    x = torch.randn(12, 3, 2)
    energies = []
    for _ in range(30):
        energies.append(coboundary(x, g, maps).square().sum().item())
        x = diffuse(x, g, maps, orthogonal=group.orthogonal)
    assert all(b <= a * (1 + 1e-12) for a, b in pairwise(energies))
    assert energies[-1] < 0.5 * energies[0]


def test_changing_frames_changes_the_results_alike() -> None:
    g = graph(40, 120)
    rotations, signed = StructureGroup("SO(3)"), torch.diag(torch.tensor([1.0, 1.0, -1.0]))
    h = rotations.matrices(torch.randn(40, 3))
    h = torch.where(torch.rand(40, 1, 1) < 0.5, h @ signed, h)  # both components of O(3)
    hs, ht = h[g.source], h[g.target]
    x, given = torch.randn(40, 3, 5), rotations.matrices(torch.randn(120, 3))
    turned = change_frames(given, hs, ht)
    general, other = torch.randn(120, 4, 3), torch.randn(120, 4, 3)  # restriction maps: the fibres of edges stay
    layer = ConnectionDiffusion(5, 6)
    pairs = [
        (transport(h @ x, g, turned), h @ transport(x, g, given)),
        (sheaf_laplacian(h @ x, g, turned), h @ sheaf_laplacian(x, g, given)),
        (diffuse(h @ x, g, turned, None, 2.0, 5, True), h @ diffuse(x, g, given, None, 2.0, 5, True)),
        (
            diffuse(h @ x, g, general @ hs.mT, other @ ht.mT, 2.0, 5),
            h @ diffuse(x, g, general, other, 2.0, 5),
        ),
        (layer(h @ x, g, turned), h @ layer(x, g, given)),
    ]
    for found, wanted in pairs:
        assert (found - wanted).abs().max() / wanted.abs().max() < 1e-12
    assert (transport(h @ x, g, given) - h @ transport(x, g, given)).abs().max() > 0.1


def test_graphs_side_by_side_do_not_mix() -> None:
    graphs = [graph(5, 8), graph(9, 20), Graph.of(2, torch.zeros(0, 2, dtype=torch.int64))]
    maps, x = torch.randn(28, 2, 2), torch.randn(16, 2, 3)
    whole = diffuse(x, Graph.union(graphs), maps)
    assert torch.equal(whole[14:], x[14:]), "a node without edges keeps its features"
    assert torch.allclose(whole[:5], diffuse(x[:5], graphs[0], maps[:8]))
    assert torch.allclose(whole[5:14], diffuse(x[5:14], graphs[1], maps[8:]))
    many = torch.stack([x, 2 * x])
    assert torch.allclose(diffuse(many, Graph.union(graphs), maps)[1], 2 * whole)


@pytest.mark.parametrize("family", ["O(3)", "SO(2)", "O(1)", "diagonal(3)", "general(2)"])
def test_learned_maps_do_not_see_the_direction_of_an_edge(family: str) -> None:
    g, maps = graph(), EdgeMaps(family, 5)
    features = torch.randn(12, 5)
    back = Graph(g.nodes, g.target, g.source)
    for found, wanted in zip(maps(features, g), reversed(maps(features, back)), strict=True):
        assert torch.allclose(found, wanted)
        assert maps.group.distance(found).max() < 1e-12
    layer = SheafDiffusion(family, 4)
    x = torch.randn(12, layer.group.dim, 4)
    assert torch.allclose(layer(x, g), layer(x, back))
    layer(x, g).square().sum().backward()
    used = [p for p in layer.parameters() if layer.group.parameters or not any(p is q for q in layer.maps.parameters())]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in used)


def test_bundle_diffusion_is_diffusion_along_the_flat_connection() -> None:
    g, layer = graph(), BundleDiffusion(3, 4, 5, time=2.0, steps=6)
    x = torch.randn(12, 3, 4)
    frame = layer.group.matrices(layer.frames(x.flatten(1)))
    along = frame[g.target].mT @ frame[g.source]
    wanted = diffuse(layer.mix(x), g, along, None, 2.0, 6, True) + layer.bias
    assert torch.allclose(layer(x, g), torch.nn.functional.gelu(wanted))


def test_bad_input_is_refused() -> None:
    g, x = graph(), torch.randn(12, 3, 2)
    with pytest.raises(ValueError, match=r"edge 1, \[2, 9\], has a node that is not one of 0 to 4"):
        Graph.of(5, torch.tensor([[0, 1], [2, 9]]))
    with pytest.raises(ValueError, match="edge 0 goes from node 3 to itself"):
        Graph.of(5, torch.tensor([[3, 3]]))
    with pytest.raises(ValueError, match=r"not torch\.float64"):
        Graph.of(5, torch.zeros(3, 2))
    with pytest.raises(ValueError, match=r"fibres R\[3\] need maps \[30, m, 3\], not \[30, 2, 2\]"):
        transport(x, g, torch.ones(30, 2, 2))
    with pytest.raises(ValueError, match="with 12 nodes"):
        transport(x[:5], g, torch.ones(30, 3, 3))
    with pytest.raises(ValueError, match="take 4 steps or more"):
        diffuse(x, g, torch.ones(30, 3, 3), time=3.5, steps=2)
    with pytest.raises(ValueError, match=r"x is \[nodes, 2, 4\]"):
        SheafDiffusion("SO(2)", 4)(x, g)


def test_a_hundred_thousand_edges_and_linear_cost() -> None:
    """A training step of a learned sheaf takes under 2 s; four times the edges take less than ten times as long."""
    torch.set_default_dtype(torch.float32)

    def step(nodes: int, edges: int) -> float:
        layer, x, g = SheafDiffusion("SO(2)", 8, hidden=16), torch.randn(nodes, 2, 8), graph(nodes, edges)
        start = time.process_time()
        layer(x, g).square().mean().backward()
        return time.process_time() - start

    step(100, 100)
    small, large = min(step(2500, 25_000) for _ in range(3)), min(step(10_000, 100_000) for _ in range(3))
    assert large < 2
    assert large < 10 * small
