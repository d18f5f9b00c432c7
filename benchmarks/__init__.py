"""Speed and size of catnet, measured on the machine at hand: `python -m benchmarks [NAME ...]`.

Each benchmark is one module with a function `run(quick) -> list[Table]`; `quick` is a tiny size that only shows
that the benchmark works. Times are CPU seconds unless a table says otherwise. Nothing here is a test: a figure
that misses its bar is printed as missed, and no more.
"""

from __future__ import annotations

NAMES = (
    "frontend",
    "shapes",
    "peers",
    "startup",
    "draw",
    "modules",
    "models",
    "optimise",
    "optimise_weights",
    "symmetry",
    "symmetry_layers",
    "bundles",
    "sheaves",
    "editor",
)
