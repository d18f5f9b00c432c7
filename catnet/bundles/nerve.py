"""Charts as nodes, overlaps as edges: spanning trees, closed paths, and cocycles of signs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Path = tuple[str, ...]
"""Charts from one to the next; a closed path ends where it begins."""

SHOWN = 6  # charts at either end of a path that is cut


@dataclass(frozen=True, eq=False)
class Frames:
    """A spanning forest: for each chart the one before it (None for a root), in an order from the roots outwards."""

    before: Mapping[str, str | None]
    parts: int

    def path(self, chart: str) -> Path:
        """The charts from the root to a chart."""
        found = [chart]
        while (chart_before := self.before[found[-1]]) is not None:
            found.append(chart_before)
        return tuple(reversed(found))

    def loop(self, source: str, target: str) -> Path:
        """The closed path that an edge outside the tree closes: from where the two branches part, and back."""
        left, right = self.path(source), self.path(target)
        shared = 0
        while shared < min(len(left), len(right)) and left[shared] == right[shared]:
            shared += 1
        start = shared - 1
        return (*left[start:], *reversed(right[start:]))


def spanning_tree(neighbours: Mapping[str, Sequence[str]]) -> Frames:
    """A spanning forest, breadth first."""
    before: dict[str, str | None] = {}
    parts = 0
    for root in neighbours:
        if root in before:
            continue
        before[root] = None
        parts += 1
        queue = deque([root])
        while queue:
            chart = queue.popleft()
            for other in neighbours[chart]:
                if other not in before:
                    before[other] = chart
                    queue.append(other)
    return Frames(before, parts)


def closing_edges(tree: Frames, edges: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The edges outside a spanning tree: one for each independent closed path."""
    for a, b in edges:
        if tree.before[a] != b and tree.before[b] != a:
            yield a, b


def steps(path: Path) -> list[tuple[str, str]]:
    """The pairs of neighbours along a path."""
    return list(pairwise(path))


def odd_loop(tree: Frames, edges: Sequence[tuple[str, str]], sign: Callable[[str, str], int]) -> Path | None:
    """A closed path whose product of signs is -1; None where the signs are a coboundary."""
    total: dict[str, int] = {}
    for chart, previous in tree.before.items():  # from the roots outwards
        total[chart] = 1 if previous is None else total[previous] * sign(previous, chart)
    for a, b in closing_edges(tree, edges):
        if total[a] * sign(a, b) * total[b] == -1:
            return tree.loop(a, b)
    return None


def path_text(path: Path) -> str:
    """`a -> b -> a`; of a long path its beginning and its end."""
    shown = path if len(path) <= 2 * SHOWN else (*path[:SHOWN], "...", *path[-SHOWN:])
    return " -> ".join(shown)


def circuit(charts: Sequence[str]) -> Path:
    """The closed path through charts in this order."""
    return (*charts, charts[0])
