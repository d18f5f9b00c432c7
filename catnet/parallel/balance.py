"""Where to cut a row of pieces so that no stage has much more work than another."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise


def balanced(work: Sequence[int], sent: Mapping[int, int], count: int) -> list[int] | None:
    """The places of `count - 1` cuts: the greatest work of a stage is as small as it can be, and among such cuts as
    few bytes as possible are sent. None where there are not so many cuts.

    `work` is that of each piece; `sent` has the bytes that cross each cut that is allowed, cut k standing before
    piece k.

    >>> balanced([1, 1, 1, 1, 4], {1: 8, 2: 8, 3: 2, 4: 8}, 2)
    [4]
    >>> balanced([2, 2, 0, 4], {2: 8, 3: 1}, 2)
    [3]
    """
    places = [0, *sorted(sent), len(work)]
    if len(places) - 1 < count:
        return None
    until = [0, *accumulate(work)]
    before = [until[place] for place in places]
    limit = _least_limit(before, count)
    return _cheapest(places, before, [sent.get(place, 0) for place in places], count, limit)


def _least_limit(before: Sequence[int], count: int) -> int:
    """The smallest greatest work that `count` stages can have: by bisection."""
    low, high = max(b - a for a, b in pairwise(before)), before[-1]
    while low < high:
        middle = (low + high) // 2
        if _stages_needed(before, middle) <= count:
            high = middle
        else:
            low = middle + 1
    return low


def _stages_needed(before: Sequence[int], limit: int) -> int:
    """How many stages it takes where each takes as much as it may."""
    stages, start = 1, before[0]
    for here, after in pairwise(before):
        if after - start > limit:
            stages, start = stages + 1, here
    return stages


def _cheapest(places: Sequence[int], before: Sequence[int], sent: Sequence[int], count: int, limit: int) -> list[int]:
    """Among the cuts that keep the limit those that send the least: by dynamic programming over the stages."""
    end = len(places) - 1
    best: list[float] = [0.0 if at == 0 else float("inf") for at in range(end + 1)]
    choices: list[list[int]] = []
    for _ in range(count):
        following: list[float] = [float("inf")] * (end + 1)
        chosen = [0] * (end + 1)
        window: deque[int] = deque()  # places where the stage may start, the cheapest first
        for at in range(1, end + 1):
            while window and best[window[-1]] >= best[at - 1]:
                window.pop()
            window.append(at - 1)
            while window and before[at] - before[window[0]] > limit:
                window.popleft()
            if window:
                chosen[at] = window[0]
                following[at] = best[window[0]] + sent[at]
        best = following
        choices.append(chosen)
    cuts: list[int] = []
    at = end
    for chosen in reversed(choices):
        at = chosen[at]
        cuts.append(places[at])
    return cuts[-2::-1]
