"""Read digits that lie in any of four ways: a net that turns with the image against a plain one of the same size.

    python examples/symmetry/digits/train.py [--epochs 40]

The pictures are scikit-learn's handwritten digits. The test shows each in all four ways; training shows them upright,
and to the plain net also turned at random, which is what one does without the symmetry.
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

SPEC = Path(__file__).parent / "digits.cat"
CLAIM, TYPE = "C(4) on (h, w)", "R[1, h, w] -> R[10]"
RUNS = (("classifier", False), ("plain", False), ("plain", True))  # the net, and whether it is shown turned digits


def data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Upright training images and their labels, test images in all four ways and their labels."""
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    labels = torch.tensor(digits.target)
    train, test = train_test_split(range(len(labels)), test_size=0.2, stratify=digits.target, random_state=0)
    turned = torch.cat([torch.rot90(images[test], turns, (-2, -1)) for turns in range(4)])
    return images[train], labels[train], turned, labels[test].repeat(4)


def train(model: nn.Module, name: str, images: Tensor, labels: Tensor, epochs: int, turn: bool) -> None:
    """AdamW with a one-cycle learning rate; with `turn`, each batch is shown in a random way."""
    steps = epochs * -(-len(images) // 64)
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=1e-2, total_steps=steps)
    quiet = 0.1 if sys.stderr.isatty() else 5.0  # seconds between lines where each is kept
    with tqdm(total=steps, desc=name, unit="step", mininterval=quiet) as bar:
        for _ in range(epochs):
            for rows in torch.randperm(len(images)).split(64):
                turns = int(torch.randint(4, ())) if turn else 0
                loss = F.cross_entropy(model(torch.rot90(images[rows], turns, (-2, -1))), labels[rows])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
                bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
                bar.update()


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The share of images whose likeliest class is right."""
    with torch.no_grad():
        return (model(images).argmax(-1) == labels).float().mean().item()


def main() -> None:
    """Train three times and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40)
    options = parser.parse_args()
    torch.set_num_threads(1)  # nets this small are no faster on two
    images, labels, test_images, test_labels = data()
    upright = len(test_labels) // 4
    for net, turn in RUNS:
        torch.manual_seed(0)
        name = f"{net}, shown turned digits" if turn else net
        model = catnet.compile(SPEC, net, h=8, w=8)
        start = time.perf_counter()
        train(model.train(), name, images, labels, options.epochs, turn)
        seconds = time.perf_counter() - start
        model.eval()
        size = sum(p.numel() for p in model.parameters())
        scores = [accuracy(model, test_images[:n], test_labels[:n]) for n in (upright, None)]
        print(f"{name}: {size} parameters, {seconds:.0f} s; accuracy {scores[0]:.3f} upright, {scores[1]:.3f} turned")
        error = symmetry.error(model, CLAIM, type=TYPE, inputs=test_images[:upright]).largest
        print(f"  {error:.0e} relative error when images are turned")


if __name__ == "__main__":
    main()
