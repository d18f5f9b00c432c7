"""Classify the nodes of graphs where neighbours differ: diffusion on a learned sheaf against plain diffusion.

    python examples/bundles/sheaves/train.py [--steps 150] [--seeds 2]

Two random graphs. In one each node sees its surroundings in a frame of its own; in the other most edges join classes
that go together. Plain diffusion adds up what neighbours say as they say it; on a sheaf, maps that are learned for
each edge translate it first.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from catnet.nn.bundles import Graph, SheafDiffusion, diffuse

Data = tuple[Graph, Tensor, Tensor]  # with features [nodes, features] and classes [nodes]
NODES, DEGREE, CLASSES, FEATURES, GROUPS = 1000, 8, 4, 8, 20
K, CHANNELS, WIDE, LAYERS = 2, 8, 48, 2
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


class PlainDiffusion(nn.Module):
    """The layer of `SheafDiffusion` where every map is 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fibre = nn.Parameter(torch.eye(K))
        self.mix = nn.Linear(channels, channels, bias=False)

    def forward(self, x: Tensor, graph: Graph) -> Tensor:
        """[nodes, k, channels] to the same."""
        y = self.mix(self.fibre @ x)
        ones = torch.eye(K).expand(len(graph.source), K, K)
        return x - F.elu(y - diffuse(y, graph, ones, orthogonal=True))


class Classifier(nn.Module):
    """Features into fibres, layers of diffusion, and classes. Without layers a network that sees each node alone."""

    def __init__(self, features: int, channels: int, layer: Callable[[int], nn.Module] | None) -> None:
        super().__init__()
        self.channels, self.first = channels, nn.Linear(features, K * channels)
        self.layers = nn.ModuleList([] if layer is None else [layer(channels) for _ in range(LAYERS)])
        self.last = nn.Linear(K * channels, CLASSES)

    def forward(self, features: Tensor, graph: Graph) -> Tensor:
        """[nodes, features] to [nodes, classes]."""
        x = F.elu(self.first(features)).unflatten(-1, (K, self.channels))
        for layer in self.layers:
            x = layer(F.dropout(x, 0.2, self.training), graph)
        return self.last(x.flatten(1))


NETS: dict[str, tuple[int, Callable[[int], nn.Module] | None]] = {
    # with as many channels as make plain diffusion no smaller than that on a sheaf
    "no graph": (WIDE, None),
    "plain diffusion": (WIDE, PlainDiffusion),
    "sheaf, SO(2)": (CHANNELS, lambda channels: SheafDiffusion("SO(2)", channels)),
    "sheaf, general": (CHANNELS, lambda channels: SheafDiffusion("general(2)", channels)),
}


def fit(make: Callable[[], Data], name: str, seed: int, steps: int, bar: tqdm) -> tuple[float, int]:
    """Train on half of the nodes; accuracy on a quarter, at the step that is best on another, and parameters."""
    torch.manual_seed(seed)
    graph, features, labels = make()
    order = torch.randperm(NODES)
    train, valid, test = order.split([NODES // 2, NODES // 4, NODES // 4])
    model = Classifier(features.shape[1], *NETS[name])
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-3)
    best, found = -1.0, 0.0
    for _ in range(steps):
        loss = F.cross_entropy(model.train()(features, graph)[train], labels[train])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            right = (model.eval()(features, graph).argmax(-1) == labels).double()
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
        for name in NETS:
            start = time.perf_counter()
            with tqdm(total=options.seeds * options.steps, desc=name, unit="step", mininterval=quiet) as bar:
                runs = [fit(make, name, seed, options.steps, bar) for seed in range(options.seeds)]
            scores = [score for score, _ in runs]
            print(f"  {name}: {runs[0][1]} parameters, {time.perf_counter() - start:.0f} s; "
                  f"accuracy {sum(scores) / len(scores):.3f} ({min(scores):.3f} to {max(scores):.3f})")  # fmt: skip


if __name__ == "__main__":
    main()
