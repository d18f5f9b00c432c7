"""What do red and white wines of this quality consist of? A model of the fibres of the wine quality table.

    python examples/bundles/wine/train.py [--data DIR] [--steps 600] [--fibres 60] [--out wine.svg]

Base: quality and colour (0 red, 10 white); total space: eleven physical and chemical measurements.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tables
from histograms import picture

from catnet.nn import bundles as blocks

COLOURS = {"red": 0.0, "white": 10.0}
COLUMNS = (
    *("fixed acids", "volatile acids", "citric acid", "sugar", "chlorides", "free SO2", "all SO2"),
    *("density", "pH", "sulphates", "alcohol"),
)


def data(folder: Path | None) -> tuple[tables.Table, tables.Table]:
    """Training and test rows, from a folder or from the repository, where there is a file for each colour."""
    if folder is not None:
        return tables.read(folder, "wine", 2)
    rows = []
    for colour, value in COLOURS.items():
        text = tables.fetch(f"wine-quality/winequality-{colour}.csv")
        rows += [[*map(float, row), value] for row in list(csv.reader(text.splitlines(), delimiter=";"))[1:]]
    return tables.scaled(torch.tensor(rows), 2)


def cover() -> blocks.Cover:
    """Two charts for each colour, one of lower and one of higher quality, that overlap in between."""
    names = [f"{colour}, {quality}" for colour in COLOURS for quality in ("lower", "higher")]
    centres = torch.tensor([[-0.5, -1.0], [0.5, -1.0], [-0.5, 1.0], [0.5, 1.0]])
    return blocks.Cover(centres, torch.full((4,), 0.85), names)


def same(table: tables.Table) -> tables.Fibre:
    """Rows of a table with the very base point, drawn with repetition; it has to have one."""

    def fibre(base: Tensor) -> Tensor:
        rows = table.x[(table.base - base).abs().amax(-1) < 1e-3]
        return rows[torch.randint(len(rows), (tables.SAMPLES,))]

    return fibre


def kinds(table: tables.Table, least: int) -> Tensor:
    """The base points that have so many rows or more, [k, 2]."""
    found, counts = table.base.unique(dim=0, return_counts=True)
    return found[counts >= least]


def main() -> int:
    """Train, compare with true fibres in two ways, and draw."""
    options = tables.options(__doc__.splitlines()[0], 600, "wine.svg")
    torch.set_num_threads(1)  # nets this small are no faster on two
    torch.manual_seed(0)
    try:
        train, test = data(options.data)
    except tables.NoDataError as error:
        print(error, file=sys.stderr)
        return 2
    model = tables.atlas(cover(), len(COLUMNS))
    tables.train(model, train, options.steps, "wine")
    fibres = {
        "charts": tables.generated(model),
        "training rows of this kind": same(train),
        "any rows of the training table": tables.anywhere(train),
    }
    held_out = kinds(test, 15)
    every = tables.distances(
        fibres | {"true against true": same(train + test)}, same(train + test), kinds(train, 3), options.fibres
    )
    tested = tables.distances(fibres | {"true against true": same(test)}, same(test), held_out, options.fibres)
    print(tables.report({name: [every[name], tested[name]] for name in every}, ("all rows", "test rows")))
    names = {value: colour for colour, value in COLOURS.items()}
    true, made = same(train + test), tables.generated(model)
    shown = {f"{names[b[1].item()]}, quality {3 + 0.6 * b[0].item():.0f}": (true(b), made(b)) for b in held_out}
    options.out.write_text(picture(COLUMNS, shown))
    print(f"wrote {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
