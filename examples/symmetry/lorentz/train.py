"""Learn a squared amplitude of particle physics from four momenta, with and without the symmetry of space and time.

    python examples/symmetry/lorentz/train.py [--steps 1500]

The data are Bhabha scattering, an electron and a positron into the same, without masses: to lowest order its
amplitude is known (Peskin and Schroeder, An Introduction to Quantum Field Theory, problem 5.2). Each event is seen by
an observer who moves at random; both nets are then tested on observers who move faster than any in training.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

import catnet
from catnet import symmetry

SPEC = Path(__file__).parent / "lorentz.cat"
EVENTS = 4000
CLAIM, TYPE = "O(1, 3)", "R[4, vector(O(1, 3))] -> R[1]"
SLOW, FAST = 1.0, 2.5  # the greatest rapidity of the observers of training, and of the others


def turned(count: int) -> Tensor:
    """Random rotations of space, [count, 4, 4]."""
    q, r = torch.linalg.qr(torch.randn(count, 3, 3, dtype=torch.float64))
    q = q * r.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)
    found = torch.eye(4, dtype=torch.float64).repeat(count, 1, 1)
    found[:, 1:, 1:] = q * q.det().sign()[:, None, None]
    return found


def boosted(count: int, low: float, high: float) -> Tensor:
    """Boosts along z by a rapidity between two bounds, [count, 4, 4]."""
    y = low + (high - low) * torch.rand(count, dtype=torch.float64)
    found = torch.eye(4, dtype=torch.float64).repeat(count, 1, 1)
    found[:, 0, 0] = found[:, 3, 3] = y.cosh()
    found[:, 0, 3] = found[:, 3, 0] = y.sinh()
    return found


def events(count: int, low: float, high: float) -> tuple[Tensor, Tensor]:
    """Momenta (E, x, y, z) of e- e+ -> e- e+, [count, 4, 4], and log(|M|^2 / 2 e^4), [count, 1]."""
    energy = 0.5 + torch.rand(count, dtype=torch.float64)
    cosine = 1.8 * torch.rand(count, dtype=torch.float64) - 0.9
    sine, zero = (1 - cosine**2).sqrt(), torch.zeros(count, dtype=torch.float64)
    ways = [(zero, zero + 1), (zero, zero - 1), (sine, cosine), (-sine, -cosine)]
    momenta = torch.stack([torch.stack((zero + 1, x, zero, z), -1) for x, z in ways], 1) * energy[:, None, None]
    s = 4 * energy**2
    t, u = -s * (1 - cosine) / 2, -s * (1 + cosine) / 2
    squared = (s**2 + u**2) / t**2 + 2 * u**2 / (s * t) + (u**2 + t**2) / s**2
    observer = turned(count) @ boosted(count, low, high) @ turned(count)
    return (momenta @ observer.mT).float(), squared.log().float().unsqueeze(-1)


def train(model: nn.Module, name: str, inputs: Tensor, targets: Tensor, steps: int) -> None:
    """Adam with a one-cycle learning rate on the squared error."""
    optimiser = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=steps)
    quiet = 0.1 if sys.stderr.isatty() else 5.0  # seconds between lines where each is kept
    with tqdm(total=steps, desc=name, unit="step", mininterval=quiet) as bar:
        for _ in range(steps):
            rows = torch.randint(len(inputs), (256,))
            loss = F.mse_loss(model(inputs[rows]), targets[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            bar.set_postfix(loss=f"{loss.item():.5f}", refresh=False)
            bar.update()


def error(model: nn.Module, data: tuple[Tensor, Tensor]) -> float:
    """The root of the mean squared error."""
    with torch.no_grad():
        return math.sqrt(F.mse_loss(model(data[0]), data[1]).item())


def main() -> None:
    """Train both nets and compare them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1500)
    options = parser.parse_args()
    torch.set_num_threads(1)  # nets this small are no faster on two
    torch.manual_seed(0)
    training, slow, fast = events(EVENTS, 0.0, SLOW), events(2000, 0.0, SLOW), events(2000, SLOW, FAST)
    print(f"the targets spread by {training[1].std():.3f}")
    for name in ("invariant", "plain"):
        torch.manual_seed(1)
        model = catnet.compile(SPEC, name)
        start = time.perf_counter()
        train(model, name, *training, options.steps)
        seconds = time.perf_counter() - start
        size = sum(p.numel() for p in model.parameters())
        print(f"{name}: {size} parameters, {seconds:.0f} s; error {error(model, slow):.4f}, "
              f"of faster observers {error(model, fast):.4f}")  # fmt: skip
        moved = symmetry.error(model.double(), CLAIM, type=TYPE, inputs=fast[0].double()).largest
        print(f"  {moved:.0e} relative error when observers change, in double precision")


if __name__ == "__main__":
    main()
