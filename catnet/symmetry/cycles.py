"""Permutations as people write them: cycles of points counted from 1, `(1 2 3)(4 5)`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.symmetry.groups import MAX_ELEMENTS, Permutation

Written = str | Sequence[int]
"""A permutation by its cycles, or by the images of the points from 0."""


def read_permutations(texts: Sequence[Written], degree: int | None = None) -> tuple[Permutation, ...]:
    """Permutations of one set: each by cycles in text (points from 1) or by the list of images (points from 0).

    The degree is the greatest point where it is not given. Raises E0712 for what is no permutation.

    >>> read_permutations(["(1 2 3)", "(1 2)"])
    ((1, 2, 0), (1, 0, 2))
    """
    greatest = max(map(_extent, texts), default=1)
    size = degree or greatest
    if greatest > size:
        fail("E0712", f"a permutation of {size} points names the point {greatest}")
    if size > MAX_ELEMENTS:
        fail("E0707", f"a permutation of {size} points is too large: at most {MAX_ELEMENTS} are permuted")
    spend(len(texts) * size)
    return tuple(
        _from_cycles(_cycles(text), size) if isinstance(text, str) else _from_images(text, size) for text in texts
    )


def _extent(text: Written) -> int:
    """The number of points that a permutation speaks of, at least one."""
    if isinstance(text, str):
        return max((point for cycle in _cycles(text) for point in cycle), default=1)
    return max(1, len(text))


def _cycles(text: str) -> list[list[int]]:
    if not re.fullmatch(r"\s*(\([\d\s,]*\)\s*)+", text):
        fail("E0712", f"`{text}` is not a permutation in cycles", help='write "(1 2 3)(4 5)", points counted from 1')
    cycles = [[int(point) for point in re.findall(r"\d+", cycle)] for cycle in re.findall(r"\(([^)]*)\)", text)]
    seen: set[int] = set()
    for point in (point for cycle in cycles for point in cycle):
        if point < 1 or point in seen:
            reason = "points are counted from 1" if point < 1 else f"the point {point} stands in it twice"
            fail("E0712", f"`{text}` is not a permutation: {reason}")
        seen.add(point)
    return cycles


def _from_cycles(cycles: list[list[int]], size: int) -> Permutation:
    images = list(range(size))
    for cycle in cycles:
        for here, there in zip(cycle, [*cycle[1:], *cycle[:1]], strict=True):
            images[here - 1] = there - 1
    return tuple(images)


def _from_images(images: Sequence[int], size: int) -> Permutation:
    if sorted(images) != list(range(size)):
        fail("E0712", f"{list(images)} is not a list of the images of {size} points, counted from 0")
    return tuple(images)


def cycle_text(p: Permutation) -> str:
    """A permutation in cycles, in quotes as the language takes it."""
    seen: set[int] = set()
    cycles = []
    for start in range(len(p)):
        cycle = []
        while start not in seen:
            seen.add(start)
            cycle.append(start + 1)
            start = p[start]
        if len(cycle) > 1:
            cycles.append(f"({' '.join(map(str, cycle))})")
    return f'"{"".join(cycles) or "()"}"'
