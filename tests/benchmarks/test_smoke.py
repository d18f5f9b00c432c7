"""Each benchmark runs at a tiny size. No time is tested: figures belong to `make bench`."""

from __future__ import annotations

import importlib

import pytest

from benchmarks import NAMES
from benchmarks.report import Table, as_markdown, as_text

LONG = ("bundles", "peers", "sheaves", "symmetry_layers")  # even a tiny run starts many processes


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in NAMES])
def test_a_tiny_run_fills_its_tables(name: str) -> None:
    tables: list[Table] = importlib.import_module(f"benchmarks.{name}").run(quick=True)
    for table in tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.header)}
        assert all(row[0] in as_text(table) and row[0] in as_markdown(table) for row in table.rows)
