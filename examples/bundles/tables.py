"""Tables of measurements as bundles: where they come from, a model of their fibres, how far it is from true ones.

Shared by the examples `airfoil` and `wine`. A table has base columns and total columns, all scaled to [0, 10]; the
fibre over a base point is the set of rows that have it.
"""

from __future__ import annotations

import argparse
import csv
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from tqdm import tqdm

from catnet.nn import bundles as blocks

ARCHIVE = "https://archive.ics.uci.edu/ml/machine-learning-databases"
SAMPLES = 200  # points of a fibre that are compared
NOISE = 0.1  # what training adds to the columns at the end, most of which have few different values


class NoDataError(Exception):
    """The data are neither in a folder nor to be had from the network."""


@dataclass(frozen=True)
class Table:
    """Base points [n, base_dim] and rows x [n, dim], scaled to [0, 10]."""

    base: Tensor
    x: Tensor

    def __add__(self, other: Table) -> Table:
        return Table(torch.cat([self.base, other.base]), torch.cat([self.x, other.x]))


# -- where they come from ----------------------------------------------------------------------------------------


def options(description: str, steps: int, out: str) -> argparse.Namespace:
    """The command line of an example."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the CSV files; without it they are fetched")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--fibres", type=int, default=60, help="how many fibres are compared with true ones")
    parser.add_argument("--out", type=Path, default=Path(out))
    return parser.parse_args()


def read(folder: Path, name: str, base_dim: int) -> tuple[Table, Table]:
    """NAME_train.csv and NAME_test.csv, of which the last `base_dim` columns are the base. Raises `NoDataError`."""
    found = []
    for part in ("train", "test"):
        path = folder / f"{name}_{part}.csv"
        try:
            with path.open(newline="", encoding="utf-8") as file:
                rows = torch.tensor([[float(entry) for entry in row] for row in list(csv.reader(file))[1:]])
        except OSError as error:
            raise NoDataError(f"no data: {path}: {error.strerror}") from None
        except ValueError as error:
            raise NoDataError(f"no data: {path} is no table of numbers: {error}") from None
        found.append(Table(rows[:, -base_dim:], rows[:, :-base_dim]))
    return found[0], found[1]


def fetch(address: str) -> str:
    """A text from the UCI Machine Learning Repository. Raises `NoDataError` where it is out of reach."""
    try:
        with urllib.request.urlopen(f"{ARCHIVE}/{address}", timeout=20) as answer:
            return str(answer.read().decode())
    except OSError as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise NoDataError(f"no data: {ARCHIVE}/{address}: {reason}; give a folder by --data") from None


def scaled(rows: Tensor, base_dim: int) -> tuple[Table, Table]:
    """Rows [n, dim + base_dim], each column brought from its least and most to [0, 10]; a fifth, drawn, is the test."""
    low, high = rows.amin(0), rows.amax(0)
    rows = 10 * (rows - low) / (high - low)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))
    test, train = rows[order].split([len(rows) // 5, len(rows) - len(rows) // 5])
    return Table(train[:, -base_dim:], train[:, :-base_dim]), Table(test[:, -base_dim:], test[:, :-base_dim])


# -- a model -----------------------------------------------------------------------------------------------------


def unit(base: Tensor) -> Tensor:
    """Base points from [0, 10] to [-1, 1], where covers are."""
    return base / 5 - 1


def atlas(cover: blocks.Cover, dim: int) -> blocks.Atlas:
    """Over each chart an isomorphism of the rows with R^dim: splines, each given the base point and earlier columns.

    Columns have few different values, and a spline can be nearly flat between them.
    """
    base_dim = cover.centres.shape[-1]

    def chart() -> blocks.Trivialisation:
        middle = torch.full((dim,), 5.0), torch.zeros(dim, base_dim), torch.eye(dim)
        layers: list[blocks.Isomorphism] = [blocks.Standardise(*middle, torch.tensor(2.5))]
        for k in range(dim):
            layers.append(blocks.Coupling(dim, base_dim, blocks.LineSpline(12), passive=range(k), active=[k]))
        return blocks.Trivialisation(blocks.Composite(*layers), blocks.Euclidean(dim))

    return blocks.Atlas(cover, [chart() for _ in cover.names])


def train(model: blocks.Atlas, table: Table, steps: int, name: str) -> None:
    """Likelihood of rows with noise that falls; the rate of learning falls to 0."""
    likelihood = blocks.NegativeLogLikelihood(model)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, total_iters=steps)
    quiet = 0.1 if sys.stderr.isatty() else 5.0  # seconds between lines where each is kept
    with tqdm(total=steps, desc=name, unit="step", mininterval=quiet) as bar:
        for step in range(steps):
            rows = torch.randperm(len(table.x))[:300]
            noise = NOISE + 0.5 * (1 - step / steps) ** 2
            x = table.x[rows]
            loss = likelihood(unit(table.base[rows]), x + noise * torch.randn_like(x))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
            optimiser.step()
            schedule.step()
            bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
            bar.update()


# -- how far it is from true fibres ------------------------------------------------------------------------------

Fibre = Callable[[Tensor], Tensor]  # SAMPLES rows over a base point [base_dim], [SAMPLES, dim]


def generated(model: blocks.Atlas) -> Fibre:
    """The fibres of a model."""

    def fibre(base: Tensor) -> Tensor:
        with torch.no_grad():
            return model.sample(unit(base).unsqueeze(0), SAMPLES).squeeze(0)

    return fibre


def anywhere(table: Table) -> Fibre:
    """Rows of a table whatever their base point: what knows nothing of the base."""
    return lambda base: table.x[torch.randint(len(table.x), (SAMPLES,))]


def distance(a: Tensor, b: Tensor) -> float:
    """The 1-Wasserstein distance of two samples of equal size, by optimal assignment."""
    cost = torch.cdist(a, b)
    return cost[linear_sum_assignment(cost.numpy())].mean().item()


def distances(fibres: dict[str, Fibre], true: Fibre, bases: Tensor, count: int) -> dict[str, float]:
    """The mean distance of each from the true fibres over the same `count` base points drawn from `bases`."""
    torch.manual_seed(0)
    drawn = bases[torch.randint(len(bases), (count,))]
    wanted = [true(base) for base in drawn]
    return {
        name: sum(distance(fibre(base), x) for base, x in zip(drawn, wanted, strict=True)) / count
        for name, fibre in fibres.items()
    }


def report(rows: dict[str, Sequence[float | None]], heads: Sequence[str]) -> str:
    """Distances in columns, as text."""
    width = max(map(len, rows))
    lines = [" " * width + "".join(f"{head:>16}" for head in heads)]
    for name, values in rows.items():
        lines.append(name.ljust(width) + "".join(f"{'-' if v is None else f'{v:.2f}':>16}" for v in values))
    return "\n".join(lines)
