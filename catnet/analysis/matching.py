"""Which part of one net is which of another: by path first, then by a sequence alignment of how they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher

from catnet.analysis.parts import Part

LONGEST = 2000  # parts of one graph that are aligned; the rest is taken in order

Pair = tuple[Part | None, Part | None]


def paired(old: Sequence[Part], new: Sequence[Part]) -> list[Pair]:
    """The parts of two graphs side by side, in order; None where one has no counterpart.

    A part with a submodule goes with the one of the same name. Of the others, equal ones that stand alike go together,
    and a row of parts that replaces a row of the same length, one by one.
    """
    ours, theirs = _by_name(old), _by_name(new)
    common = ours.keys() & theirs.keys()
    partner = {ours[key]: theirs[key] for key in common}
    named = {id(old[i]): key for key, i in ours.items() if key in common}
    named |= {id(new[j]): key for key, j in theirs.items() if key in common}
    before = [named.get(id(part)) or ("", part.text) for part in old]
    after = [named.get(id(part)) or ("", part.text) for part in new]
    found: list[Pair] = []
    for kind, i1, i2, j1, j2 in _aligned(before, after):
        free_old = [i for i in range(i1, i2) if i not in partner]
        free_new = {j for j in range(j1, j2) if id(new[j]) not in named}
        together = kind == "equal" or len(free_old) == len(free_new)
        left = iter(free_old)
        if not together:
            found += [(old[i], None) for i in free_old]
        for j in range(j1, j2):
            if j not in free_new:
                found.append((old[ours[named[id(new[j])]]], new[j]))
            elif together:
                found.append((old[next(left)], new[j]))
            else:
                found.append((None, new[j]))
    return found


def _by_name(parts: Sequence[Part]) -> dict[tuple[str, Hashable], int]:
    """The places of the parts that have a name in their module; uses of one shared part are counted."""
    uses: Counter[str] = Counter()
    found: dict[tuple[str, Hashable], int] = {}
    for i, part in enumerate(parts):
        if part.name is not None:
            found[part.name, uses[part.name]] = i
            uses[part.name] += 1
    return found


def _aligned(before: Sequence[Hashable], after: Sequence[Hashable]) -> Iterator[tuple[str, int, int, int, int]]:
    """Runs that are equal or replace each other, as `difflib` tells them; in linear time where they are long."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    stop = 0
    while stop < min(len(before), len(after)) - start and before[-1 - stop] == after[-1 - stop]:
        stop += 1
    middle = len(before) - stop, len(after) - stop
    yield "equal", 0, start, 0, start
    if max(middle) - start > LONGEST:
        yield "replace", start, middle[0], start, middle[1]
    else:
        matcher = SequenceMatcher(None, before[start : middle[0]], after[start : middle[1]], autojunk=False)
        for kind, i1, i2, j1, j2 in matcher.get_opcodes():
            yield kind, start + i1, start + i2, start + j1, start + j2
    yield "equal", middle[0], len(before), middle[1], len(after)
