"""Permutations as people write them: cycles of points counted from 1, `(1 2 3)(4 5)`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catnet.diagnostics import fail
from catnet.symmetry.groups import Permutation


def read_permutations(texts: Sequence[str | Sequence[int]], degree: int | None = None) -> tuple[Permutation, ...]:
    """Permutations of one set: each by cycles in text (points from 1) or by the list of images (points from 0).

    The degree is the greatest point where it is not given. Raises E0712 for what is no permutation.

    >>> read_permutations(["(1 2 3)", "(1 2)"])
    ((1, 2, 0), (1, 0, 2))
    """
    parsed = [_cycles(text) if isinstance(text, str) else list(text) for text in texts]
    greatest = max((_extent(text, p) for text, p in zip(texts, parsed, strict=True)), default=1)
    size = degree or max(greatest, 1)
    if greatest > size:
        fail("E0712", f"a permutation of {size} points names the point {greatest}")
    return tuple(
        _from_cycles(p, size) if isinstance(text, str) else _from_images(p, size)
        for text, p in zip(texts, parsed, strict=True)
    )


def _extent(text: str | Sequence[int], parsed: list) -> int:  # type: ignore[type-arg]
    if isinstance(text, str):
        return max((point for cycle in parsed for point in cycle), default=1)
    return len(parsed)


def _cycles(text: str) -> list[list[int]]:
    if not re.fullmatch(r"\s*(\(\s*(\d+[\s,]*)*\)\s*)+", text):
        fail("E0712", f"`{text}` is not a permutation in cycles", help='write "(1 2 3)(4 5)", points counted from 1')
    cycles = [[int(point) for point in re.findall(r"\d+", cycle)] for cycle in re.findall(r"\(([^)]*)\)", text)]
    points = [point for cycle in cycles for point in cycle]
    for point in points:
        if point < 1 or points.count(point) > 1:
            reason = "points are counted from 1" if point < 1 else f"the point {point} stands in it twice"
            fail("E0712", f"`{text}` is not a permutation: {reason}")
    return cycles


def _from_cycles(cycles: list[list[int]], size: int) -> Permutation:
    images = list(range(size))
    for cycle in cycles:
        for here, there in zip(cycle, [*cycle[1:], *cycle[:1]], strict=True):
            images[here - 1] = there - 1
    return tuple(images)


def _from_images(images: list[int], size: int) -> Permutation:
    if sorted(images) != list(range(size)):
        fail("E0712", f"{images} is not a list of the images of {size} points, counted from 0")
    return tuple(images)


def cycle_text(p: Permutation) -> str:
    """A permutation in cycles, in quotes as the language takes it."""
    seen, cycles = set(), []
    for start in range(len(p)):
        cycle = []
        while start not in seen:
            seen.add(start)
            cycle.append(start + 1)
            start = p[start]
        if len(cycle) > 1:
            cycles.append(f"({' '.join(map(str, cycle))})")
    return f'"{"".join(cycles) or "()"}"'
