"""Classify the nodes of graphs where neighbours differ: diffusion on a learned sheaf against plain diffusion.

    python examples/bundles/sheaves/train.py [--steps 150] [--seeds 2]

Two random graphs. In one each node sees its surroundings in a frame of its own; in the other most edges join classes
that go together. Plain diffusion adds up what neighbours say as they say it; on a sheaf, maps that are learned for
each edge translate it first. The nets are those of `sheaves.cat`.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

import catnet
from catnet.nn.bundles import Graph

Data = tuple[Graph, Tensor, Tensor]  # with features [nodes, features] and classes [nodes]
NODES, DEGREE, CLASSES, FEATURES, GROUPS = 1000, 8, 4, 8, 20
SPEC = Path(__file__).parent / "sheaves.cat"
NETS = {
    "alone": "no graph",
    "plain": "plain diffusion",
    "turning": "sheaf, SO(2)",
    "general": "sheaf, GL(2)",
    "known": "known maps",
}
SEEDS = 2


def pairs() -> Data:
    """Three edges in four join the classes 0 and 1, or 2 and 3; features are their class's mean with noise."""
    labels = torch.arange(NODES) % CLASSES
    members = [(labels == c).nonzero().squeeze(-1) for c in range(CLASSES)]
    source = torch.randint(NODES, (NODES * DEGREE // 2,))
    mixed = torch.rand(len(source)) < 0.25
    other = torch.where(mixed, torch.randint(CLASSES, source.shape), labels[source] ^ 1)
    target = torch.stack(members)[other, torch.randint(NODES // CLASSES, source.shape)]
    features = torch.randn(CLASSES, FEATURES)[labels] + 1.5 * torch.randn(NODES, FEATURES)
    return joined(source, target), features, labels


def frames() -> Data:
    """Groups of nodes share a direction, which each node sees with noise in a frame of its own; edges join a group.

    The features are the noisy direction and the angle of the frame, as cosine and sine. The class is the quadrant of
    the direction without noise, in the frame of the node.
    """
    group = torch.arange(NODES) % GROUPS
    frame = 2 * math.pi * torch.rand(NODES)
    angle = 2 * math.pi * torch.rand(GROUPS)[group] - frame
    source = torch.randint(NODES, (NODES * DEGREE // 2,))
    target = GROUPS * torch.randint(NODES // GROUPS, source.shape) + group[source]
    seen = torch.stack([angle.cos(), angle.sin()], -1) + 0.7 * torch.randn(NODES, 2)
    features = torch.cat([seen, frame.cos().unsqueeze(-1), frame.sin().unsqueeze(-1)], -1)
    return joined(source, target), features, (angle % (2 * math.pi) / (math.pi / 2)).long().clamp_max(CLASSES - 1)


def joined(source: Tensor, target: Tensor) -> Graph:
    """The graph with these edges, less those from a node to itself."""
    return Graph.of(NODES, torch.stack([source, target], -1)[source != target])


def inputs(name: str, graph: Graph, features: Tensor) -> tuple[Tensor, ...]:
    """What the net of this name takes."""
    edges = torch.stack([graph.source, graph.target])
    if name == "alone":
        return (features,)
    if name == "plain":
        return features, edges, torch.ones(len(graph.source), 1, 1)
    if name == "known":  # from one frame to the other: the features are a direction and the frame
        c, s = features[:, 2:].unbind(-1)
        turn = torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2)
        return features[:, :2, None], edges, turn[graph.target].mT @ turn[graph.source]
    return features, edges


def fit(make: Callable[[], Data], name: str, seed: int, steps: int, bar: tqdm) -> tuple[float, int]:
    """Train on half of the nodes; accuracy on a quarter, at the step that is best on another, and parameters."""
    torch.manual_seed(seed)
    graph, features, labels = make()
    order = torch.randperm(NODES)
    train, valid, test = order.split([NODES // 2, NODES // 4, NODES // 4])
    sizes = {} if name == "known" else {"d": features.shape[1]}
    model = catnet.compile(SPEC, name, **sizes)
    given = inputs(name, graph, features)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-3)
    best, found = -1.0, 0.0
    for _ in range(steps):
        loss = F.cross_entropy(model.train()(*given)[train], labels[train])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            right = (model.eval()(*given).argmax(-1) == labels).double()
        if right[valid].mean() > best:
            best, found = right[valid].mean().item(), right[test].mean().item()
        bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
        bar.update()
    return found, sum(p.numel() for p in model.parameters())


def main() -> None:
    """Train all on several graphs and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    options = parser.parse_args()
    torch.set_num_threads(1)  # nets this small are no faster on two
    quiet = 0.1 if sys.stderr.isatty() else 5.0  # seconds between lines where each is kept
    for make in (frames, pairs):
        torch.manual_seed(0)
        graph, _, labels = make()
        alike = (labels[graph.source] == labels[graph.target]).double().mean()
        print(f"{make.__name__}: {len(graph.source)} edges, {alike:.0%} of them between nodes of one class")
        for name, words in NETS.items():
            if name == "known" and make is pairs:
                continue
            start = time.perf_counter()
            with tqdm(total=options.seeds * options.steps, desc=words, unit="step", mininterval=quiet) as bar:
                runs = [fit(make, name, seed, options.steps, bar) for seed in range(options.seeds)]
            scores = [score for score, _ in runs]
            print(f"  {words}: {runs[0][1]} parameters, {time.perf_counter() - start:.0f} s; "
                  f"accuracy {sum(scores) / len(scores):.3f} ({min(scores):.3f} to {max(scores):.3f})")  # fmt: skip


if __name__ == "__main__":
    main()
