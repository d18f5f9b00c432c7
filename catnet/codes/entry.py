"""What the registry holds: one `Code` per kind of diagnostic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MAIN = "net.cat"
"""The name of the file that an example checks, where it has several."""

Stage = Literal["check", "compile", "law", "fmt", "command", "boxes"]


@dataclass(frozen=True)
class Code:
    """One kind of mistake: what it is called, what it means, and an example of it with its repair.

    `bad` and `good` are texts of `net.cat`; `files` stand beside both, `bad_files` beside the bad one only.
    `stage` is the work that finds it: for "check", `catnet check net.cat` gives `bad` this code and no other,
    and has nothing to say about `good`. For the other stages `how` tells when it comes; texts may be empty. For "boxes"
    it is a Python module beside, `mine.py`, that is wrong.
    """

    code: str
    title: str
    explanation: str
    bad: str = ""
    good: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    bad_files: Mapping[str, str] = field(default_factory=dict)
    stage: Stage = "check"
    how: str = ""
