"""`python -m benchmarks [NAME ...]`: measure, print the tables, and with `--write` keep them in results.md."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from benchmarks import NAMES
from benchmarks.report import Table, as_markdown, as_text, machine

RESULTS = Path(__file__).parent / "results.md"
HEAD = "# What catnet costs\n\nWritten by `python -m benchmarks --write`; the bars are those of the project's plan.\n"


def main() -> None:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed and size on this machine.")
    parser.add_argument("names", metavar="NAME", nargs="*", choices=[[], *NAMES], help=f"which: {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that all works, the figures say little")
    parser.add_argument("--write", action="store_true", help=f"keep the tables in benchmarks/{RESULTS.name}")
    given = parser.parse_args()
    print(machine(), flush=True)
    tables: list[Table] = []
    for name in given.names or NAMES:
        for table in importlib.import_module(f"benchmarks.{name}").run(given.quick):
            print("\n" + as_text(table), flush=True)
            tables.append(table)
    if given.write:
        parts = [HEAD, machine(), *(as_markdown(t) for t in tables)]
        RESULTS.write_text("\n".join(parts), encoding="utf-8")
        print(f"\nwritten to {RESULTS}")


if __name__ == "__main__":
    main()
