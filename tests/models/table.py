"""The table of docs/models.md: every model against its reference. `python -m tests.models.table` writes it again."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from tests.models.parity import MODELS, Case, Difference, compare

PAGE = Path(__file__).parent.parent.parent / "docs" / "models.md"
HEAD = """# Models against their references

Written by `python -m tests.models.table`; the tests in `tests/models` hold these numbers to their bars. Each model of
`examples/models` is compiled at a small size, takes the random weights of its reference through the map, and both get
the same input, in evaluation and in training (with the same random numbers, where there is dropout). The table shows
the greatest difference of the outputs, of all gradients (weights and input) and of the running statistics; `0` means
that every bit is equal. Weights that the map transposes lie in memory as the reference's do, else a matrix product
adds in another order. The parameters are those at the published sizes.

| model | reference | map | parameters | float32 outputs | float32 gradients | float64 outputs | float64 gradients |
|---|---|---|---:|---:|---:|---:|---:|
"""
REFERENCES = {"hf": "transformers", "timm": "timm", "torch": "torch.nn"}


def cases() -> list[Case]:
    """The case of every model, by name."""
    names = sorted(path.stem for path in MODELS.glob("*.cat"))
    return [importlib.import_module(f"tests.models.test_{name}").CASE for name in names]


def shown(differences: list[Difference]) -> str:
    """The greatest of some differences, or 0 where all bits are equal."""
    if all(d.equal for d in differences):
        return "0"
    return f"{max(d.relative for d in differences):.1e} relative"


def row(case: Case) -> str:
    """One line of the table."""
    numbers = []
    for dtype in (torch.float32, torch.float64):
        found = [compare(case, dtype, train=train) for train in (False, True)]
        numbers.append(shown([d for f in found for d in (f.output, f.buffers)]))
        numbers.append(shown([f.gradient for f in found]))
    name = case.map if isinstance(case.map, str) else ""
    reference = REFERENCES.get(name.split("-")[0], "written in the test")
    shipped = f"`{name}`" if name else "in the test"
    return f"| `{case.net}` | {reference} | {shipped} | {case.published:,} | {' | '.join(numbers)} |\n"


if __name__ == "__main__":
    PAGE.write_text(HEAD + "".join(map(row, cases())), encoding="utf-8")
    print(f"wrote {PAGE}")
