"""Learn the fibres of a torus and of a Moebius band from points, and tell from the points which bundle they lie on.

    python examples/bundles/fibres/train.py [--steps 400] [--out fibres.svg]

The spec says all of it: the bundles, the trivialisation, an isomorphism with base times fibre over each chart, and the
loss. The charts are told the fibre, a circle or an interval, and not how it is twisted. Their transitions are then read
off the points and compared with those of the bundles that the spec declares.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from itertools import pairwise
from pathlib import Path

import torch
from picture import picture
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from tqdm import tqdm

import catnet
from catnet.bundles import Bundle
from catnet.nn import bundles as blocks

SPEC = Path(__file__).parent / "surfaces.cat"
POINTS, SAMPLES, FIBRES = 1000, 200, 8
# The data, and the declared bundles between which they are to decide: the first is the right one.
QUESTIONS = {"torus": ("Torus", "Klein"), "Moebius band": ("Moebius", "Cylinder")}


def points(data: str, angle: Tensor) -> Tensor:
    """A random point over each angle [n], [n, 3]: distances are quarters of those of a torus of radii 8 and 2."""
    u = torch.rand_like(angle)
    if data == "torus":
        out, up = (2 * math.pi * u).cos() / 2, (2 * math.pi * u).sin() / 2
    else:
        out, up = (u - 0.5) * (angle / 2).cos(), (u - 0.5) * (angle / 2).sin()
    return torch.stack([(2 + out) * angle.cos(), (2 + out) * angle.sin(), up], -1)


def on_circle(angle: Tensor) -> Tensor:
    """Base points [n, 2]."""
    return torch.stack([angle.cos(), angle.sin()], -1)


def declared(bundle: Bundle) -> dict[tuple[str, str], Tensor]:
    """Its transitions as matrices, {(i, j): from the frame of chart j to that of chart i}."""
    found = {}
    for source, target in bundle.transitions:
        rows = bundle.transition(source, target).rows
        found[target, source] = torch.tensor([[float(entry.value) for entry in row] for row in rows])
    return found


def train(loss: torch.nn.Module, name: str, base: Tensor, x: Tensor, steps: int) -> None:
    """The loss of the spec, of points with noise that falls."""
    optimiser = torch.optim.Adam(loss.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=5e-3, total_steps=steps)
    quiet = 0.1 if sys.stderr.isatty() else 5.0  # seconds between lines where each is kept
    with tqdm(total=steps, desc=name, unit="step", mininterval=quiet) as bar:
        for step in range(steps):
            rows = torch.randperm(len(x))[:250]
            noise = 0.003 + 0.1 * (1 - step / steps) ** 2  # a surface in space has no density
            shaken = x[rows] + noise * torch.randn(len(rows), 3)
            value = loss(base[rows], shaken)
            optimiser.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(loss.parameters(), 10.0)
            optimiser.step()
            schedule.step()
            bar.set_postfix(loss=f"{value.item():.3f}", refresh=False)
            bar.update()


def disagreement(atlas: blocks.Atlas, bundle: Bundle, read: dict[tuple[str, str], Tensor], data: Tensor) -> float:
    """The mean square by which fibre coordinates of neighbours miss the declared transitions.

    Frames are free in each chart: they are chosen such that all transitions but the last are as declared.
    """
    base, x = data.split((2, 3), -1)
    wanted, names = declared(bundle), atlas.cover.names
    frames = {names[0]: torch.eye(atlas.fibre.vector_dim)}
    for here, there in pairwise(names):
        frames[there] = wanted[there, here] @ frames[here] @ read[here, there]
    own = {(i, j): frames[i].mT @ matrix @ frames[j] for (i, j), matrix in wanted.items()}
    transitions = blocks.Transitions(atlas.cover, str(bundle.structure.group), own, triples=())
    return blocks.FibreConsistency(atlas, transitions)(base, x).item()


def distance(a: Tensor, b: Tensor) -> float:
    """The 1-Wasserstein distance of two samples of equal size."""
    cost = torch.cdist(a, b)
    return cost[linear_sum_assignment(cost.numpy())].mean().item()


def learn(data: str, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """Train and report; angles [n] of test fibres, points on them, and generated ones, [n, samples, 3]."""
    spec = catnet.load(SPEC)
    candidates = [spec.bundle(name) for name in QUESTIONS[data]]
    group = str(candidates[0].structure.group)
    angle = 2 * math.pi * torch.rand(POINTS)
    base, x = on_circle(angle), points(data, angle)
    loss = spec[data.replace(" ", "_")]().compile()
    loss.t.fit(base, x)  # standardises: training starts where the points are
    start = time.perf_counter()
    train(loss, data, base, x, steps)
    seconds = time.perf_counter() - start
    test = 2 * math.pi * (torch.arange(FIBRES) + 0.5) / FIBRES
    true, again = (points(data, test[:, None].expand(-1, SAMPLES)) for _ in range(2))
    atlas = loss.t.atlas
    with torch.no_grad():
        made = loss.t.sample(on_circle(test), SAMPLES, thickness=0.0)  # normal coordinates hold the noise of training
        read = blocks.fitted_transitions(atlas, group, base, x)
        sign = torch.linalg.det(blocks.loop_product(atlas.cover.names, read)).item()
        far, floor = (sum(map(distance, true, other)) / FIBRES for other in (made, again))
        print(f"{data}: {seconds:.0f} s; generated fibres are {4 * far:.2f} from true ones, true ones {4 * floor:.2f}"
              f"; once around, the fibre comes back with determinant {sign:+.0f}")  # fmt: skip
        for bundle in candidates:
            missed = disagreement(atlas, bundle, read, torch.cat([base, x], -1))
            print(f"  the transitions of {bundle.name} are missed by {missed:.3f}")
    return test, true, made


def main() -> None:
    """Learn both surfaces and draw their fibres."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--out", type=Path, default=Path("fibres.svg"))
    options = parser.parse_args()
    torch.set_num_threads(1)  # nets this small are no faster on two
    torch.set_default_dtype(torch.float64)  # transitions are checked to be in the group to 1e-9
    torch.manual_seed(0)
    options.out.write_text(picture({data: learn(data, options.steps) for data in QUESTIONS}))
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
