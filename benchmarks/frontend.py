"""What a large spec costs at each stage, from text to class."""

from __future__ import annotations

from benchmarks.process import in_turns
from benchmarks.report import Table, bar, seconds, times

GROWTH = 12
STAGES = {
    "parse": ("parse",),
    "check": ("check",),
    "parse + check": ("parse", "check"),
    "graph": ("graph",),
    "normal form": ("normal form",),
    "emit": ("emit",),
    "compile + execute": ("compile", "execute"),
    "emit + compile + execute": ("emit", "compile", "execute"),
}
BARS = {"check": 1.0, "parse + check": 6.0, "emit + compile + execute": 1.0}
KINDS = {
    "distinct": "linear(8) >> relu >> linear(9) >> relu >> ...",
    "widths": "linear(8) >> linear(9) >> linear(10) >> ..., no box twice",
}


def run(quick: bool = False) -> list[Table]:
    """A table for each kind of chain."""
    small, large, runs = (10, 100, 1) if quick else (1_000, 10_000, 7)
    return [_table(kind, words, small, large, runs) for kind, words in list(KINDS.items())[: 1 if quick else None]]


def _table(kind: str, words: str, small: int, large: int, runs: int) -> Table:
    one, ten = in_turns("benchmarks.stages:measure", [(kind, size, 1, True) for size in (small, large)], runs)
    table = Table(
        f"Stages for {large:,} boxes: {words}",
        ("stage", f"{small:,}", f"{large:,}", "growth", "bar"),
        note=f"CPU time, the least of {runs} fresh processes; imports and the parser's tables are not counted.\n"
        "`compile + execute` is Python's own work on the emitted text.",
    )
    for stage, parts in STAGES.items():
        before, after = sum(one[p] for p in parts), sum(ten[p] for p in parts)
        python_alone = stage == "compile + execute"
        bars = [] if python_alone else [bar(f"growth under {GROWTH}", after / before < GROWTH)]
        if stage in BARS:
            bars.insert(0, bar(f"under {BARS[stage]:.0f} s", after < BARS[stage]))
        table.rows.append((stage, seconds(before), seconds(after), times(after / before), ", ".join(bars)))
    memory = [found["memory"] / 1e6 for found in (one, ten)]
    figures = (*(f"{m:.0f} MB" for m in memory), times(memory[1] / memory[0]))
    table.rows.append(("peak memory, to emit", *figures, bar("under 600 MB", memory[1] < 600)))
    return table
