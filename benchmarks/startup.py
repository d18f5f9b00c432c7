"""What a person waits for: the command line from a cold start."""

from __future__ import annotations

from benchmarks.process import command
from benchmarks.report import Table, bar, seconds

DIGITS = "examples/digits/digits.cat"
BAR = 0.5
COMMANDS = {
    "catnet check digits.cat": ("-m", "catnet", "check", DIGITS),
    "catnet show digits.cat classifier": ("-m", "catnet", "show", DIGITS, "classifier"),
    "catnet compile digits.cat classifier": ("-m", "catnet", "compile", DIGITS, "classifier"),
    "catnet --help": ("-m", "catnet", "--help"),
    "beside it: python -c pass": ("-c", "pass"),
    "beside it: python -c 'import torch'": ("-c", "import torch"),
}


def run(quick: bool = False) -> list[Table]:
    """One table."""
    runs = 1 if quick else 7
    table = Table(
        "The command line, cold",
        ("command", "CPU", "bar"),
        note=f"User and system time of the whole process, the least of {runs}.",
    )
    for title, args in COMMANDS.items():
        if quick and "torch" in args[-1]:
            continue
        spent = command(*args, runs=runs)
        verdict = bar(f"under {BAR} s", spent < BAR) if title.startswith("catnet check") else ""
        table.rows.append((title, seconds(spent), verdict))
    return [table]
