"""Count the triangles of graphs: an invariant net on pairs of vertices against a plain one of the same size.

    python examples/symmetry/pairs/train.py [--steps 1500]

Half of the graphs join any two vertices at random, half join points of a square that are near each other: these have
more triangles for as many edges. What is learned is the share of all triples that are triangles. The net on pairs is
tested on larger graphs, too.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

import catnet
from catnet import symmetry

SPEC = Path(__file__).parent / "graphs.cat"
VERTICES, GRAPHS = 12, 2000
CLAIM, TYPE = "S(n) on n", "R[n, n, 1] -> R[1]"


def graphs(count: int, n: int = VERTICES) -> tuple[Tensor, Tensor]:
    """Tables of edges, [count, n, n, 1], and how many hundredths of all triples are triangles, [count, 1]."""
    points, i = torch.rand(count, n, 2), torch.tril_indices(n, n, -1)
    far = torch.where(torch.arange(count)[:, None] % 2 == 0, torch.cdist(points, points)[:, i[0], i[1]],
                      torch.rand(count, i.shape[1]))  # fmt: skip
    rank = far.argsort(1).argsort(1) / i.shape[1]
    edges = torch.zeros(count, n, n)
    edges[:, i[0], i[1]] = (rank < 0.2 + 0.5 * torch.rand(count, 1)).float()
    edges = edges + edges.mT
    triangles = (edges @ edges @ edges).diagonal(dim1=-2, dim2=-1).sum(-1, keepdim=True)
    return edges.unsqueeze(-1), 100 * triangles / (n * (n - 1) * (n - 2))


def train(model: nn.Module, name: str, data: tuple[Tensor, Tensor], steps: int) -> None:
    """Adam with a one-cycle learning rate on the squared error, in units of the targets' spread."""
    optimiser = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=2e-2, total_steps=steps)
    mean, spread = data[1].mean(), data[1].std()
    quiet = 0.1 if sys.stderr.isatty() else 5.0  # seconds between lines where each is kept
    with tqdm(total=steps, desc=name, unit="step", mininterval=quiet) as bar:
        for _ in range(steps):
            rows = torch.randint(len(data[0]), (64,))
            loss = F.mse_loss(model(data[0][rows]), (data[1][rows] - mean) / spread)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            bar.set_postfix(loss=f"{loss.item():.5f}", refresh=False)
            bar.update()


def error(model: nn.Module, test: tuple[Tensor, Tensor], training: Tensor) -> float:
    """The mean absolute error, in hundredths of all triples."""
    with torch.no_grad():
        found = training.mean() + training.std() * model(test[0])
    return (found - test[1]).abs().mean().item()


def guess(data: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> float:
    """The mean absolute error of the best polynomial, of degree four, of how many edges a graph has."""
    share, other = (part[0].mean((1, 2)).double() ** torch.arange(5) for part in (data, test))
    found = other @ torch.linalg.lstsq(share, data[1].double()).solution
    return (found - test[1]).abs().mean().item()


def main() -> None:
    """Train both nets and compare them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1500)
    options = parser.parse_args()
    torch.set_num_threads(1)  # nets this small are no faster on two
    torch.manual_seed(0)
    training, test, larger = graphs(GRAPHS), graphs(1000), graphs(300, 20)
    spread = (test[1] - test[1].mean()).abs().mean()
    print(f"{test[1].mean():.1f} of 100 triples are triangles, with a mean deviation of {spread:.1f}")
    print(f"a guess by the number of edges is off by {guess(training, test):.2f}")
    for name in ("graph", "plain"):
        torch.manual_seed(1)
        model = catnet.compile(SPEC, name, n=VERTICES)
        start = time.perf_counter()
        train(model, name, training, options.steps)
        seconds = time.perf_counter() - start
        size = sum(p.numel() for p in model.parameters())
        print(f"{name}: {size} parameters, {seconds:.0f} s; error {error(model, test, training[1]):.2f}")
        if name == "graph":  # its weights fit all sizes
            other = catnet.compile(SPEC, name, n=20)
            other.load_state_dict(model.state_dict())
            print(f"  {error(other, larger, training[1]):.2f} for graphs of 20 vertices")
        wrong = symmetry.error(model, CLAIM, type=TYPE, inputs=test[0][:100]).largest
        print(f"  {wrong:.0e} relative error when vertices are renumbered")


if __name__ == "__main__":
    main()
