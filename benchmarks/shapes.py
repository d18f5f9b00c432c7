"""What other shapes of spec cost: many nets, long bodies, wide fans, repeats."""

from __future__ import annotations

from benchmarks.process import fresh
from benchmarks.report import Table, bar, seconds

STAGES = ("parse", "check", "graph", "emit", "compile")


def run(quick: bool = False) -> list[Table]:
    """One table."""
    count, runs = (100, 1) if quick else (10_000, 5)
    table = Table(
        "Stages for other shapes",
        ("spec", *STAGES, "all", "bar"),
        note=f"CPU time, the least of {runs} fresh processes; imports and the parser's tables are not counted.",
    )

    def row(title: str, kind: str, size: int, repeat: int = 1) -> dict[str, float]:
        found = fresh("benchmarks.stages:measure", kind, size, repeat, runs=runs)
        total = sum(found[s] for s in STAGES)
        table.rows.append((title, *(seconds(found[s]) for s in STAGES), seconds(total), ""))
        return found

    row(f"{count // 10:,} nets of 10 boxes (one compiled)", "small_nets", count)
    row(f"a braced body of {count:,} statements", "statements", count)
    row(f"a fan of {count:,} boxes", "fan", count)
    few = row("a block of 6 boxes, ^ 10", "stack", 10, 20)
    many = row("a block of 6 boxes, ^ 1,000", "stack", 1_000, 20)
    ratio = many["check"] / few["check"]
    _say(table, bar(f"check as for ^ 10 (ratio {ratio:.2f}, under 1.5)", ratio < 1.5))
    decoder = row("a 12-layer decoder like GPT-2, ^ 12", "gpt2", 12)
    total = sum(decoder[s] for s in STAGES)
    _say(table, bar("all under 50 ms", total < 0.05))
    return [table]


def _say(table: Table, text: str) -> None:
    """Put a bar into the last row."""
    table.rows[-1] = (*table.rows[-1][:-1], text)
