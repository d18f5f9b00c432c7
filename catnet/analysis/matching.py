"""Which part of one net is which of another: by path first, then by a sequence alignment of how they are written."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher

from catnet.analysis.parts import Part

LONGEST = 500  # parts in a row that `difflib` aligns, which takes quadratic time

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


Run = tuple[str, int, int, int, int]  # how it is told, and the places in both sequences


def _aligned(before: Sequence[Hashable], after: Sequence[Hashable]) -> Iterator[Run]:
    """Runs that are equal or replace each other, as `difflib` tells them.

    Long sequences are cut first where a part that occurs once in each is in both in the same order.
    """
    cuts = _anchors(before, after) if max(len(before), len(after)) > LONGEST else []
    i, j = 0, 0
    for at, other in [*cuts, (len(before), len(after))]:
        yield from _short(before[i:at], after[j:other], i, j)
        if (at, other) != (len(before), len(after)):
            yield "equal", at, at + 1, other, other + 1
        i, j = at + 1, other + 1


def _short(before: Sequence[Hashable], after: Sequence[Hashable], i: int, j: int) -> Iterator[Run]:
    """The runs of two sequences that begin at the places `i` and `j`; what is too long is not looked into."""
    if max(len(before), len(after)) > LONGEST:
        yield "replace", i, i + len(before), j, j + len(after)
        return
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        yield kind, i + i1, i + i2, j + j1, j + j2


def _anchors(before: Sequence[Hashable], after: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The longest row of places of parts that occur once in each sequence, in the same order (as in patience diff)."""
    places = {token: i for i, token in enumerate(before)}
    others = {token: j for j, token in enumerate(after)}
    once = Counter(before), Counter(after)
    common = [(i, others[t]) for t, i in places.items() if once[0][t] == 1 and once[1].get(t) == 1]
    ends: list[int] = []  # the smallest end of an increasing row of each length, as its place in `common`
    back: list[int] = []
    for k, (_, j) in enumerate(common := sorted(common)):
        length = bisect_left(ends, j, key=lambda e: common[e][1])
        back.append(ends[length - 1] if length else -1)
        ends[length : length + 1] = [k]
    row = []
    k = ends[-1] if ends else -1
    while k >= 0:
        row.append(common[k])
        k = back[k]
    return row[::-1]
