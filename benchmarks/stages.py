"""From text to class, stage by stage, each with its CPU time. Runs in a fresh process: see `process.fresh`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from time import process_time
from typing import TypeVar

from benchmarks import specs
from benchmarks.process import peak_memory

T = TypeVar("T")


class Clock:
    """Collects the CPU seconds of named steps."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def time(self, name: str, work: Callable[[], T]) -> T:
        """Do some work and note what it took; what earlier work left to the collector is cleared before."""
        gc.collect()
        start = process_time()
        made = work()
        self.spent[name] = process_time() - start
        return made


def measure(kind: str, size: int, repeat: int = 1, execution: bool = False) -> dict[str, float]:
    """The stages of one kind of spec (a function of `specs`), the least of `repeat` goes each; and the execution
    of the source, for which torch is loaded after all else.

    Imports and the tables of the parser, which are made once in a process, are not counted.
    """
    text, net, params = getattr(specs, kind)(size)
    once(*specs.distinct(4))
    goes = [once(text, net, params) for _ in range(repeat)]
    best = {stage: min(go[stage] for go in goes) for stage in goes[0]}
    best["memory"] = peak_memory()
    if "torch" in sys.modules:
        raise RuntimeError("torch is loaded: the memory is not that of the front end")
    return best | execute(text, net, params) if execution else best


def once(text: str, net: str, params: dict[str, int]) -> dict[str, float]:
    """Every stage that needs no torch, once."""
    from catnet.elaborate.program import Program
    from catnet.torch.emit import emit

    clock = Clock()
    program = clock.time("parse", lambda: Program.from_text(text))
    mistakes = clock.time("check", program.check)
    if mistakes:
        raise RuntimeError(f"the spec is wrong: {mistakes[0]}")
    diagram = program[net](**params)
    graph = clock.time("graph", lambda: diagram.graph)
    clock.time("normal form", lambda: diagram.normal_form)
    source, _ = clock.time("emit", lambda: emit(graph, "a benchmark"))
    clock.time("compile", lambda: compile(source, "<benchmark>", "exec"))
    return clock.spent


def execute(text: str, net: str, params: dict[str, int]) -> dict[str, float]:
    """Run the source, which makes the classes (not yet a module, whose weights would be the cost)."""
    import torch  # noqa: F401 - loaded before the clock starts

    from catnet.elaborate.program import Program
    from catnet.torch.emit import emit

    code = compile(emit(Program.from_text(text)[net](**params).graph, "a benchmark")[0], "<benchmark>", "exec")
    clock = Clock()
    clock.time("execute", lambda: exec(code, {"__name__": "benchmark"}))
    return clock.spent
