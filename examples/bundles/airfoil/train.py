"""Which settings of a wind tunnel give this level of noise? A model of the fibres of the airfoil self-noise table.

    python examples/bundles/airfoil/train.py [--data DIR] [--steps 800] [--fibres 60] [--out airfoil.svg]

Base: the scaled sound pressure level; total space: the five settings at which it was measured.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tables
from histograms import picture

from catnet.nn import bundles as blocks

NEIGHBOURS = 15
PUBLISHED = 3.07  # mean fibre distance that the evaluation notebook of bundle networks prints
COLUMNS = ("frequency", "angle", "chord", "velocity", "thickness")
LEVELS, BAND = (2.0, 4.0, 6.0, 8.0), 0.5  # of the picture: true rows are those of a level within the band


def data(folder: Path | None) -> tuple[tables.Table, tables.Table]:
    """Training and test rows, from a folder or from the repository, where the level is the last of six columns."""
    if folder is not None:
        return tables.read(folder, "airfoil", 1)
    text = tables.fetch("00291/airfoil_self_noise.dat")
    return tables.scaled(torch.tensor([[float(entry) for entry in line.split()] for line in text.splitlines()]), 1)


def cover(table: tables.Table, charts: int = 4, overlap: float = 0.3) -> blocks.Cover:
    """Intervals of levels that overlap, each with about as many rows."""
    edges = torch.quantile(tables.unit(table.base[:, 0]), torch.linspace(0, 1, charts + 1))
    edges[0], edges[-1] = -1.1, 1.1
    half = edges.diff() / 2
    return blocks.Cover((edges[:-1] + half).unsqueeze(-1), half * (1 + overlap))


def nearest(table: tables.Table) -> tables.Fibre:
    """The published protocol: for each row of a fibre the table is drawn anew, with repetition, and one of the
    15 rows whose levels are nearest is taken.
    """

    def fibre(base: Tensor) -> Tensor:
        drawn = torch.randint(len(table.x), (tables.SAMPLES, len(table.x)))
        near = (table.base[drawn, 0] - base).abs().topk(NEIGHBOURS, largest=False).indices
        chosen = near.gather(1, torch.randint(NEIGHBOURS, (tables.SAMPLES, 1)))
        return table.x[drawn.gather(1, chosen).squeeze(1)]

    return fibre


def main() -> int:
    """Train, compare with true fibres in two ways, and draw."""
    options = tables.options(__doc__.splitlines()[0], 800, "airfoil.svg")
    torch.set_num_threads(1)  # nets this small are no faster on two
    torch.manual_seed(0)
    try:
        train, test = data(options.data)
    except tables.NoDataError as error:
        print(error, file=sys.stderr)
        return 2
    model = tables.atlas(cover(train), len(COLUMNS))
    tables.train(model, train, options.steps, "airfoil")
    every = train + test
    fibres = {
        "charts": tables.generated(model),
        "nearest rows of the training table": nearest(train),
        "any rows of the training table": tables.anywhere(train),
        "true against true": nearest(every),
    }
    published = tables.distances(fibres, nearest(every), every.base, options.fibres)
    held_out = tables.distances(fibres | {"true against true": nearest(test)}, nearest(test), test.base, options.fibres)
    rows: dict[str, list[float | None]] = {name: [published[name], held_out[name]] for name in fibres}
    rows["bundle network, as published"] = [PUBLISHED, None]
    print(tables.report(rows, ("all rows", "test rows")))
    made = tables.generated(model)
    shown = {
        f"level {level:g}": (every.x[(every.base[:, 0] - level).abs() < BAND], made(torch.tensor([level])))
        for level in LEVELS
    }
    options.out.write_text(picture(COLUMNS, shown))
    print(f"wrote {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
