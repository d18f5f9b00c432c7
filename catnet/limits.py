"""Room for large programs: how deep a walk may go, and how the garbage collector is kept out of it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from catnet.diagnostics import CatnetError, Diagnostic, fail

BUDGET = 200_000  # boxes: in one typing run (a repeat counts once), and in one module (repeats counted out)
DEPTH = 20_000  # Python frames; a net inside a net takes about ten
STEPS = 4_000_000  # of exact arithmetic for one question: some seconds


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


class _Spent(Exception):
    """A meter has run out; it never leaves `bounded`."""


_LEFT: ContextVar[list[int] | None] = ContextVar("_LEFT", default=None)


@contextmanager
def bounded(code: str, what: str, *about: object, steps: int = STEPS, help: str = "") -> Iterator[None]:
    """A meter for one question about groups and representations, which a few characters make as large as one likes.

    The loops that work on them `spend` steps. When these are used up, a diagnostic of this code says that `what`,
    with `about` in the places of its braces, is too much. A meter inside another one leaves it what is left.
    """
    outer = _LEFT.get()
    given = steps if outer is None else min(steps, outer[0])
    meter = [given]
    token = _LEFT.set(meter)
    try:
        yield
    except _Spent:
        words = what.format(*(_short(str(part)) for part in about))
        fail(
            code,
            f"{words} takes more than {steps:,} steps of exact arithmetic, the most that is spent on it",
            help=help,
        )
    finally:
        _LEFT.reset(token)
        if outer is not None:
            outer[0] -= given - max(0, meter[0])


def spend(steps: int) -> None:
    """Charge the innermost meter for work that is about to be done, such as a list of so many entries."""
    meter = _LEFT.get()
    if meter is not None:
        meter[0] -= steps
        if meter[0] < 0:
            raise _Spent


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:50]}...{text[-24:]}"
