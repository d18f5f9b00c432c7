"""Learn the forces between atoms from a few hundred clusters, with and without the symmetry of space.

    python examples/symmetry/particles/train.py [--steps 1000]

The data are clusters of eight atoms that attract and repel each other in pairs (Lennard-Jones) and in threes
(Axilrod and Teller, 1943), in units of the pair's depth and width. The nets give the energy, forces are its gradient.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

import catnet
from catnet import symmetry

SPEC = Path(__file__).parent / "particles.cat"
ATOMS, CLUSTERS, TESTED = 8, 400, 200
TYPE = "R[n, vector(O(3))] -> R[n, vector(O(3))]"  # of the forces
STRENGTH = 0.5  # of the interaction of three atoms
# The net, whether it is shown clusters turned at random, and how many times as many steps it gets.
RUNS = (("plain", False, 4), ("plain", True, 4), ("plain", True, 16))


def potential(x: Tensor) -> Tensor:
    """The energies [count] of clusters [count, atoms, 3]."""
    i, j = torch.triu_indices(ATOMS, ATOMS, 1)
    inverse = ((x[:, i] - x[:, j]) ** 2).sum(-1).reciprocal() ** 3
    a, b, c = torch.tensor(list(itertools.combinations(range(ATOMS), 3))).T
    p, q, r = (((x[:, u] - x[:, v]) ** 2).sum(-1) for u, v in ((a, b), (b, c), (c, a)))
    angles = 3 * (p + q - r) * (q + r - p) * (r + p - q) / (8 * p * q * r)
    return (4 * (inverse**2 - inverse)).sum(-1) + STRENGTH * ((1 + angles) / (p * q * r) ** 1.5).sum(-1)


def forces(energy: nn.Module, x: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
    """The energies [count, 1] and the forces [count, atoms, 3], which can be trained on where that is asked for."""
    x = x.detach().requires_grad_()
    found = energy(x)
    return found, -torch.autograd.grad(found.sum(), x, create_graph=training)[0]


def clusters(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Clusters near minima of the energy, [count, atoms, 3], shaken and turned; their energies and forces."""
    x = 2.2 * torch.rand(count, ATOMS, 3, dtype=torch.float64)
    for _ in range(400):
        x = x + (0.01 * forces(potential, x)[1]).clamp(-0.05, 0.05)
    x = turned((x - x.mean(1, keepdim=True) + 0.05 * torch.randn_like(x)).detach())
    energies, pulls = forces(potential, x)
    return x.float(), energies.detach().float().unsqueeze(-1), pulls.float()


def turned(x: Tensor) -> Tensor:
    """Each cluster turned at random, and half of them mirrored."""
    turns, _ = torch.linalg.qr(torch.randn(len(x), 3, 3, dtype=x.dtype))
    return x @ turns


class Scaled(nn.Module):
    """An energy in the units of the data: a net gives numbers near one."""

    def __init__(self, net: nn.Module, energies: Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("mean", energies.mean())
        self.register_buffer("spread", energies.std())

    def forward(self, x: Tensor) -> Tensor:
        return self.mean + self.spread * self.net(x)


def train(model: nn.Module, name: str, data: tuple[Tensor, ...], steps: int, turn: bool) -> None:
    """Adam with a one-cycle learning rate on the squared errors of the energy, for each atom, and of the forces."""
    optimiser = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=2e-3, total_steps=steps)
    quiet = 0.1 if sys.stderr.isatty() else 5.0  # seconds between lines where each is kept
    with tqdm(total=steps, desc=name, unit="step", mininterval=quiet) as bar:
        for _ in range(steps):
            x, energies, pulls = pick(data)
            if turn:
                both = turned(torch.cat((x, pulls), 1))
                x, pulls = both.split(ATOMS, 1)
            found, given = forces(model, x, training=True)
            loss = ((found - energies) / ATOMS).square().mean() + (given - pulls).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            bar.set_postfix(loss=f"{loss.item():.4f}", refresh=False)
            bar.update()


def pick(data: tuple[Tensor, ...]) -> list[Tensor]:
    """Sixteen clusters of the data."""
    rows = torch.randint(len(data[0]), (16,))
    return [part[rows] for part in data]


def errors(model: nn.Module, data: tuple[Tensor, ...]) -> tuple[float, float]:
    """The mean absolute errors of the energy of an atom, and of a component of a force."""
    found, given = forces(model, data[0])
    return ((found - data[1]) / ATOMS).abs().mean().item(), (given - data[2]).abs().mean().item()


def main() -> None:
    """Train three times and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1000)
    options = parser.parse_args()
    torch.set_num_threads(1)  # nets this small are no faster on two
    torch.manual_seed(0)
    training, test = clusters(CLUSTERS), clusters(TESTED)
    spread = (test[1] - test[1].mean()).abs().mean() / ATOMS
    print(f"energies of an atom spread by {spread:.4f}, forces are {test[2].abs().mean():.4f} in the mean")
    for net, turn, times in RUNS:
        torch.manual_seed(1)
        name = f"{net}, shown turned clusters" if turn else net
        model = Scaled(catnet.compile(SPEC, net, n=ATOMS), training[1])
        start = time.perf_counter()
        train(model, name, training, times * options.steps, turn)
        seconds = time.perf_counter() - start
        size = sum(p.numel() for p in model.parameters())
        energy, force = errors(model, test)
        print(f"{name}: {size} parameters, {seconds:.0f} s; error of energies {energy:.4f}, of forces {force:.4f}")
        pull = symmetry.error(lambda x, model=model: forces(model, x)[1], "O(3)", type=TYPE, inputs=test[0])
        print(f"  {pull.largest:.0e} relative error when clusters are turned, of the forces")


if __name__ == "__main__":
    main()
