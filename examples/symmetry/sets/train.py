"""Count the different digits in a set of pictures: two nets for sets against a plain one of the same size.

    python examples/symmetry/sets/train.py [--steps 4000]

The pictures are scikit-learn's handwritten digits; those of the test are in no set of training. A set has six pictures
of one to six different digits; the nets for sets are tested on sets of ten, too.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

import catnet
from catnet import symmetry

SPEC = Path(__file__).parent / "sets.cat"
SIZE, CLASSES = 6, 6
CLAIM, TYPE = "S(n) on n", "R[n, 64] -> R[6]"


class Sets:
    """Draws sets of pictures, [count, n, 64], and how many different digits are in them, less one: [count]."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images = images
        self.rows = [torch.nonzero(labels == digit).squeeze(1) for digit in range(10)]

    def draw(self, count: int, n: int = SIZE) -> tuple[Tensor, Tensor]:
        kinds = torch.randint(1, CLASSES + 1, (count, 1))  # how many different ones
        digits = torch.rand(count, 10).argsort(1)  # of which the first so many
        which = torch.where(torch.arange(n) < kinds, torch.arange(n), (torch.rand(count, n) * kinds).long())
        digits = digits.gather(1, which).gather(1, torch.rand(count, n).argsort(1))
        chosen = torch.empty(count, n, dtype=torch.long)
        for digit, rows in enumerate(self.rows):
            here = digits == digit
            chosen[here] = rows[torch.randint(len(rows), (int(here.sum()),))]
        return self.images[chosen], kinds.squeeze(1) - 1


def data() -> tuple[Sets, Sets]:
    """Sets for training and for the test; a fifth of the pictures is kept for the test."""
    digits = load_digits()
    images, labels = torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target)
    train, test = train_test_split(range(len(labels)), test_size=0.2, stratify=digits.target, random_state=0)
    return Sets(images[train], labels[train]), Sets(images[test], labels[test])


def train(model: nn.Module, name: str, sets: Sets, steps: int) -> None:
    """AdamW with a one-cycle learning rate on new sets in each step."""
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=steps)
    quiet = 0.1 if sys.stderr.isatty() else 5.0  # seconds between lines where each is kept
    with tqdm(total=steps, desc=name, unit="step", mininterval=quiet) as bar:
        for _ in range(steps):
            images, targets = sets.draw(128)
            loss = F.cross_entropy(model(images), targets)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
            bar.update()


def accuracy(model: nn.Module, sets: tuple[Tensor, Tensor]) -> float:
    """The share of sets that are counted right."""
    with torch.no_grad():
        return (model(sets[0]).argmax(-1) == sets[1]).float().mean().item()


def main() -> None:
    """Train the three nets and compare them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=4000)
    options = parser.parse_args()
    torch.set_num_threads(1)  # nets this small are no faster on two
    torch.manual_seed(0)
    training, test = data()
    six, ten = test.draw(2000), test.draw(2000, 10)
    for name in ("deep_sets", "set_transformer", "plain"):
        torch.manual_seed(1)
        sizes = {"n": SIZE} if name == "plain" else {}
        model = catnet.compile(SPEC, name, d=64, **sizes)
        start = time.perf_counter()
        train(model.train(), name, training, options.steps)
        seconds = time.perf_counter() - start
        model.eval()
        size = sum(p.numel() for p in model.parameters())
        more = "" if name == "plain" else f", of sets of ten {accuracy(model, ten):.3f}"
        print(f"{name}: {size} parameters, {seconds:.0f} s; accuracy {accuracy(model, six):.3f}{more}")
        error = symmetry.error(model, CLAIM, type=TYPE, inputs=six[0]).largest
        print(f"  {error:.0e} relative error when pictures are exchanged")


if __name__ == "__main__":
    main()
