"""Train the classifier of digits.cat on scikit-learn's handwritten digits, and draw it.

    python examples/digits/train.py [--epochs 20] [--out examples/digits/out]

Writes the picture (classifier.svg) and the generated source (classifier.py) into the output folder.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

import catnet
from catnet.files import write_atomically

SPEC = Path(__file__).parent / "digits.cat"


def data(seed: int) -> tuple[torch.Tensor, ...]:
    """Training images and labels, test images and labels; a fifth is kept for the test, stratified."""
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    labels = torch.tensor(digits.target)
    train, test = train_test_split(range(len(labels)), test_size=0.2, stratify=digits.target, random_state=seed)
    return images[train], labels[train], images[test], labels[test]


def shifted(images: torch.Tensor) -> torch.Tensor:
    """Each image moved by up to one pixel: the only augmentation."""
    down, right = torch.randint(-1, 2, (2,)).tolist()
    return torch.roll(F.pad(images, (1, 1, 1, 1)), (down, right), (-2, -1))[..., 1:-1, 1:-1]


def accuracy(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """The share of images whose likeliest class is right."""
    model.eval()
    with torch.no_grad():
        return (model(images).argmax(-1) == labels).float().mean().item()


def train(model: nn.Module, images: torch.Tensor, labels: torch.Tensor, epochs: int, batch: int = 64) -> None:
    """AdamW with a one-cycle learning rate."""
    steps = epochs * -(-len(images) // batch)
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=5e-3, total_steps=steps)
    model.train()
    quiet = 0.1 if sys.stderr.isatty() else 5.0  # seconds between lines where each is kept
    with tqdm(total=steps, desc="training", unit="step", mininterval=quiet) as bar:
        for _ in range(epochs):
            for rows in torch.randperm(len(images)).split(batch):
                loss = F.cross_entropy(model(shifted(images[rows])), labels[rows])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
                bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
                bar.update()


def main() -> None:
    """Compile, draw, train and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)  # a net this small is no faster on two, and much slower where a core is busy

    diagram = catnet.load(SPEC)["classifier"]()
    model = diagram.compile()
    images, labels, test_images, test_labels = data(options.seed)

    start = time.perf_counter()
    train(model, images, labels, options.epochs)
    seconds = time.perf_counter() - start
    score = accuracy(model, test_images, test_labels)
    print(f"test accuracy {score:.4f} on {len(test_labels)} digits, after {seconds:.0f} s of training")

    options.out.mkdir(parents=True, exist_ok=True)
    for name, text in (("classifier.svg", diagram.draw()), ("classifier.py", diagram.source())):
        write_atomically(options.out / name, text)
        print(f"wrote {options.out / name}")


if __name__ == "__main__":
    main()
