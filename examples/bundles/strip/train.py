"""Read digits drawn on a Moebius strip: a plain network, one for the cylinder, and one with the strip's own transition.

    python examples/bundles/strip/train.py [--epochs 10]

The pictures are scikit-learn's handwritten digits, each drawn on a strip that is closed with a twist. Training shows
them in the middle; the test moves them along the strip, where those that pass the seam come back mirrored.
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
from catnet.nn.bundles import MirrorFields

SPEC = Path(__file__).parent / "strips.cat"
ACROSS, ALONG = 8, 16  # rows and columns of a strip
PICTURE = MirrorFields([(1, "trivial")])


def data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training and test images [n, 1, 8, 16], each digit in the middle of its strip, with their labels."""
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    images = F.pad(images, ((ALONG - 8) // 2,) * 2)
    labels = torch.tensor(digits.target)
    train, test = train_test_split(range(len(labels)), test_size=0.2, stratify=digits.target, random_state=0)
    return images[train], labels[train], images[test], labels[test]


def train(model: nn.Module, name: str, images: Tensor, labels: Tensor, epochs: int) -> None:
    """AdamW with a one-cycle learning rate."""
    steps = epochs * -(-len(images) // 64)
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=1e-2, total_steps=steps)
    quiet = 0.1 if sys.stderr.isatty() else 5.0  # seconds between lines where each is kept
    with tqdm(total=steps, desc=name, unit="step", mininterval=quiet) as bar:
        for _ in range(epochs):
            for rows in torch.randperm(len(images)).split(64):
                loss = F.cross_entropy(model(images[rows]), labels[rows])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
                bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
                bar.update()


def errors(model: nn.Module, images: Tensor, labels: Tensor) -> list[float]:
    """The share of wrong answers for each shift, from 0 to twice around, after which a picture is back as it was."""
    with torch.no_grad():
        moved = (PICTURE.shift(images, shift) for shift in range(2 * ALONG))
        return [(model(x).argmax(-1) != labels).float().mean().item() for x in moved]


def main() -> None:
    """Train the three and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)  # nets this small are no faster on two
    images, labels, test_images, test_labels = data()
    for name in ("plain", "on_cylinder", "on_moebius"):
        torch.manual_seed(0)
        model = catnet.compile(SPEC, name, h=ACROSS, l=ALONG)
        start = time.perf_counter()
        train(model, name, images, labels, options.epochs)
        seconds = time.perf_counter() - start
        found = errors(model.eval(), test_images, test_labels)
        size = sum(p.numel() for p in model.parameters())
        print(f"{name}: {size} parameters, {seconds:.0f} s; error {found[0]:.1%} centred, "
              f"{sum(found) / len(found):.1%} shifted, {max(found):.1%} at the worst shift")  # fmt: skip


if __name__ == "__main__":
    main()
