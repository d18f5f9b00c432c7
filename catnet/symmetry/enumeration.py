"""Listing the elements of a finite group, its conjugacy classes, and orders of groups too large to list."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import lru_cache

from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.symmetry.elements import Word
from catnet.symmetry.groups import MAX_ELEMENTS, Conjugacy, FiniteGroup, Permutation, composed, inverted

MAX_CELLS = 20_000_000  # points of all listed elements together

Tree = dict[Permutation, tuple[Permutation, int] | None]
"""Elements in the order found; with each the element before it and the generator that leads on (the first: None)."""


def elements(generators: Sequence[Permutation], name: str) -> Tree:
    """The elements of a permutation group, breadth first. Raises E0707 where they are too many."""
    degree = len(generators[0]) if generators else 1
    start = tuple(range(degree))
    found: Tree = {start: None}
    queue = deque([start])
    most = min(MAX_ELEMENTS, MAX_CELLS // max(1, degree))
    while queue:
        element = queue.popleft()
        for i, generator in enumerate(generators):
            if (after := composed(element, generator)) not in found:
                if len(found) >= most:
                    fail("E0707", f"`{name}` has more than {most} elements: too many to list")
                found[after] = element, i
                queue.append(after)
    return found


def word_in(tree: Tree, element: Permutation) -> Word:
    """An element as a word, by the way that found it."""
    letters: list[tuple[int, int]] = []
    while (step := tree[element]) is not None:
        spend(1 + len(element) // 8)  # it is hashed
        element, i = step
        if letters and letters[-1][0] == i:
            letters[-1] = i, letters[-1][1] + 1
        else:
            letters.append((i, 1))
    return tuple(reversed(letters))


@lru_cache(maxsize=16)
def conjugacy_classes(group: FiniteGroup) -> list[Conjugacy]:
    """The conjugacy classes, each with a shortest element as its representative."""
    generators = group.realisation()
    if group.count_elements() > MAX_ELEMENTS:
        fail("E0707", f"`{group}` has more than {MAX_ELEMENTS} elements: they are not listed")
    tree = elements(generators, str(group))
    inverses = [inverted(generator) for generator in generators]
    seen: set[Permutation] = set()
    classes = []
    for element in tree:
        if element in seen:
            continue
        orbit, stack = {element}, [element]
        while stack:
            inner = stack.pop()
            for generator, inverse in zip(generators, inverses, strict=True):
                if (moved := composed(composed(generator, inner), inverse)) not in orbit:
                    orbit.add(moved)
                    stack.append(moved)
        seen |= orbit
        classes.append(Conjugacy(len(orbit), word_in(tree, element), element))
    return classes


def group_order(generators: Sequence[Permutation]) -> int:
    """The order of a permutation group, by the algorithm of Schreier and Sims."""
    from catnet.symmetry.chains import chain

    return chain(generators).order()


def contains(generators: Sequence[Permutation], permutation: Permutation) -> bool:
    """Whether a permutation lies in the group that others generate."""
    from catnet.symmetry.chains import chain

    return permutation in chain(generators)
