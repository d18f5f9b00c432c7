"""How long an editor waits for the diagnostics of a large file, when it is opened and after one edit."""

from __future__ import annotations

import re
import statistics
import time
from pathlib import Path

from benchmarks.report import Table, bar, seconds
from catnet.editor.checking import Workspace

ROOT = Path(__file__).parent.parent
MODELS = ("gpt2", "llama", "mlp_mixer", "resnet18", "densenet121", "vit", "unet", "deep_sets", "lstm", "gru")
EDITS = {  # of the first model in the file: what is replaced, and by what
    "a body": (r"c_fc: linear\(4\*d\)", "c_fc: linear(3*d)"),
    "a remark above all": (r"\A", "# a remark\n\n"),
    "a mistake": (r"ln_1: layer_norm", "ln_1: layer_nrom"),
    "a signature that others use": (r"net (attention_\d+)\(heads\)", r"net \1(heads, further = 1)"),
}


def text(lines: int) -> str:
    """A file of about so many lines: the example models, again and again, each time under other names."""
    imports: dict[str, set[str]] = {}
    parts: list[str] = []
    turn = 0
    while sum(part.count("\n") for part in parts) < lines:
        name = MODELS[turn % len(MODELS)]
        found = (ROOT / "examples" / "models" / f"{name}.cat").read_text(encoding="utf-8")
        for path, names in re.findall(r'^from "(.*?)" import (.*)$', found, re.MULTILINE):
            imports.setdefault(path, set()).update(re.split(r",\s*", names))
        found = re.sub(r"^from .*\n", "", found, flags=re.MULTILINE)
        for own in re.findall(r"^(?:net|group|rep|law)\s+(\w+)", found, re.MULTILINE):
            found = re.sub(rf"\b{own}\b", f"{own}_{turn}", found)
        parts.append(found.strip() + "\n")
        turn += 1
    heads = [f'from "{path}" import {", ".join(sorted(names))}' for path, names in sorted(imports.items())]
    return "\n".join([*heads, "", *parts])


def checked(workspace: Workspace, path: Path, content: str) -> float:
    """Seconds from a text to its diagnostics."""
    workspace.overlay[path] = content
    start = time.perf_counter()
    workspace.program(path).check()
    return time.perf_counter() - start


def run(quick: bool = False) -> list[Table]:
    """One table: opening the file, and each kind of edit, there and back."""
    content = text(60 if quick else 500)
    path, turns = Path("/benchmark.cat"), 1 if quick else 7
    lines = content.count("\n")
    table = Table(
        f"Diagnostics while typing in a file of {lines} lines",
        ("what", "median", "largest", "items checked", "bar"),
        note="The example models under changing names. `items checked` is how many answers were not taken from memory.",
    )
    workspace = Workspace()
    first = checked(workspace, path, content)
    table.rows.append(("opening it, cold", seconds(first), "", str(workspace.asked), ""))
    for what, (old, new) in EDITS.items():
        edited = re.sub(old, new, content, count=1)
        before = workspace.asked
        taken = [checked(workspace, path, version) for _ in range(turns) for version in (edited, content)]
        asked = (workspace.asked - before) / len(taken)
        figures = seconds(statistics.median(taken)), seconds(max(taken)), f"{asked:.1f}"
        table.rows.append((what, *figures, "" if quick else bar("under 100 ms", max(taken) < 0.1)))
    return [table]
