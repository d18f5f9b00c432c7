"""Room for large programs: how deep a walk may go, and how the garbage collector is kept out of it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from catnet.diagnostics import CatnetError, Diagnostic

BUDGET = 200_000  # boxes: in one typing run (a repeat counts once), and in one module (repeats counted out)
DEPTH = 20_000  # Python frames; a net inside a net takes about ten


@contextmanager
def large_work() -> Iterator[None]:
    """Room for nets inside nets, and no garbage collection while a large graph grows.

    Depth is bounded by our own budgets, not by Python's default; where that is used up, E0218 is
    raised. Nearly all that is made here is kept, so the collector would walk it again and again for nothing:
    at 10,000 boxes it costs half as much again.
    """
    before, collects = sys.getrecursionlimit(), gc.isenabled()
    sys.setrecursionlimit(max(before, DEPTH))
    gc.disable()
    try:
        yield
    except RecursionError:
        raise CatnetError(
            Diagnostic("E0218", "the nets are nested too deeply", help="write repeats as `f ^ n`")
        ) from None
    finally:
        sys.setrecursionlimit(before)
        if collects:
            gc.enable()
