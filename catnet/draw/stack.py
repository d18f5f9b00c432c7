"""How high everything stands: a column is a stack whose items keep their order and face their wires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

from catnet.draw.layers import Item

ROUNDS = 3


class Sized(Protocol):
    """What stacking needs to know of an item's size."""

    @property
    def across(self) -> float: ...
    @property
    def room(self) -> float: ...
    @property
    def ins(self) -> tuple[float, ...]: ...
    @property
    def outs(self) -> tuple[float, ...]: ...


Sizes = Mapping[int, Sized]
Pull = tuple[int, float]  # a neighbour, by its number, and how far below its top an item would face it


def heights(columns: list[list[Item]], size: Sizes, gap: float) -> dict[int, float]:
    """The top of every item: in order, never closer than `gap`, and with wires as straight as that allows.

    The columns are those of one row; what they are joined to in other rows does not pull.
    """
    stack = _Stack(columns, size, gap)
    for column in stack.columns:
        stack.settle(column, [stack.mean(stack.before[i]) for i in column])
    for _ in range(ROUNDS):
        level = stack.lane_levels()
        before = list(stack.y)
        for column in (*reversed(stack.columns), *stack.columns):
            stack.settle(column, [level[i] if i in level else stack.wish(i) for i in column])
        if all(abs(new - old) < 0.05 for new, old in zip(stack.y, before, strict=True)):
            break
    y = {id(item): at for item, at in zip(stack.items, stack.y, strict=True)}
    _straighten(columns, size, gap, y)
    return {key: round(value, 1) for key, value in y.items()}


class _Stack:
    """The items of a row by number: what pulls at each from both sides, and where its top is."""

    def __init__(self, columns: list[list[Item]], size: Sizes, gap: float) -> None:
        self.items = [item for column in columns for item in column]
        number = {id(item): i for i, item in enumerate(self.items)}
        self.y = [0.0] * len(self.items)
        self.step = [size[key].across + size[key].room + gap for key in number]
        self.weight = [3.0 if item.kind == "lane" else 1.0 for item in self.items]
        self.before: list[list[Pull]] = [[] for _ in self.items]
        self.after: list[list[Pull]] = [[] for _ in self.items]
        self.columns: list[range] = []
        start = 0
        for column in columns:
            self.columns.append(range(start, start + len(column)))
            start += len(column)
        for i, item in enumerate(self.items):
            own = size[id(item)]
            for port, slot in enumerate(item.sources):
                j = number.get(id(slot[0])) if slot is not None else None
                if j is not None and slot is not None:
                    apart = size[id(slot[0])].outs[slot[1]] - own.ins[port]
                    self.before[i].append((j, apart))
                    self.after[j].append((i, -apart))

    def mean(self, pulls: list[Pull]) -> float | None:
        """The top at which an item would face its neighbours on one side; None without any."""
        if len(pulls) == 1:
            return self.y[pulls[0][0]] + pulls[0][1]
        return sum(self.y[j] + apart for j, apart in pulls) / len(pulls) if pulls else None

    def wish(self, i: int) -> float | None:
        """Where an item wants to stand, with neighbours on both sides."""
        before, after = self.mean(self.before[i]), self.mean(self.after[i])
        if before is None or after is None:
            return after if before is None else before
        return (before + after) / 2

    def lane_levels(self) -> dict[int, float]:
        """One level for each lane over all its columns: the one farthest from where the wire starts."""
        chains: dict[int, list[int]] = {}
        last: dict[int, int] = {}  # the chain that a lane ends so far
        for i, item in enumerate(self.items):
            if item.kind == "lane":
                source = self.before[i][0][0] if self.before[i] else None
                first = last.pop(source) if source in last and source is not None else i
                chains.setdefault(first, []).append(i)
                last[i] = first
        level: dict[int, float] = {}
        for first, chain in chains.items():
            origin = self.y[self.before[first][0][0]] if self.before[first] else self.y[first]
            far = max((self.y[i] for i in chain), key=lambda at: abs(at - origin))
            level.update(dict.fromkeys(chain, far))
        return level

    def settle(self, column: range, wishes: Sequence[float | None]) -> None:
        """The places nearest to the wishes (least squares) that keep order and distance: pool those too close.

        What nothing pulls stays where it was.
        """
        y = self.y
        if len(column) == 1:
            if wishes[0] is not None:
                y[column[0]] = wishes[0]
            return
        offset = 0.0
        offsets: list[float] = []
        pools: list[tuple[float, float, int]] = []  # the sum of wishes, their weight, how many items
        for i, wish in zip(column, wishes, strict=True):
            offsets.append(offset)
            weight = self.weight[i]
            total, count = ((y[i] if wish is None else wish) - offset) * weight, 1
            while pools and pools[-1][0] * weight > total * pools[-1][1]:
                above = pools.pop()
                total, weight, count = above[0] + total, above[1] + weight, above[2] + count
            pools.append((total, weight, count))
            offset += self.step[i]
        at = 0
        for total, weight, count in pools:
            mean = total / weight
            for k in range(at, at + count):
                y[column[k]] = mean + offsets[k]
            at += count


# -- tracks --------------------------------------------------------------------------------------------------


def _tracks(columns: list[list[Item]], size: Sizes) -> tuple[dict[int, int], dict[int, float], int]:
    """Chains of items that one wire passes straight: each item's track, and its top from the track's level.

    Two tracks never cross, so 'above' is an order among them.
    """
    track: dict[int, int] = {}
    rise: dict[int, float] = {}
    count = 0
    clean: set[int] = set()
    for column in columns:
        for item in column:
            source = item.sources[0] if id(item) in clean else None
            if source is not None:
                track[id(item)] = track[id(source[0])]
                rise[id(item)] = rise[id(source[0])] + size[id(source[0])].outs[0] - size[id(item)].ins[0]
            else:
                track[id(item)], rise[id(item)] = count, 0.0
                count += 1
        clean = _uncrossed(column)
    return track, rise, count


def _uncrossed(column: list[Item]) -> set[int]:
    """The items of the next column that one wire reaches, alone and without crossing another wire."""
    ends = [(slot, item) for item in column for slots in item.targets for slot in slots]
    at = [(target.place, port) for (target, port), _ in ends]
    found: set[int] = set()
    first_after = [(10**9, 0)] * (len(at) + 1)
    for i in range(len(at) - 1, -1, -1):
        first_after[i] = min(at[i], first_after[i + 1])
    highest = (-1, 0)
    for i, ((target, _), source) in enumerate(ends):
        alone = len(target.sources) == 1 and len(source.outs) == 1 and len(source.targets[0]) == 1
        if alone and highest < at[i] < first_after[i + 1]:
            found.add(id(target))
        highest = max(highest, at[i])
    return found


def _straighten(columns: list[list[Item]], size: Sizes, gap: float, y: dict[int, float]) -> None:
    """Make every track level, as near as possible to where its items stand.

    Pushing down what is too close gives one solution, pushing up another; their mean keeps all distances too.
    """
    track, rise, count = _tracks(columns, size)
    total, members = [0.0] * count, [0] * count
    below: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    above = [0] * count
    for column in columns:
        for item in column:
            total[track[id(item)]] += y[id(item)] - rise[id(item)]
            members[track[id(item)]] += 1
        for a, b in pairwise(column):
            apart = rise[id(a)] + size[id(a)].across + size[id(a)].room + gap - rise[id(b)]
            below[track[id(a)]].append((track[id(b)], apart))
            above[track[id(b)]] += 1
    order = [t for t in range(count) if not above[t]]
    for t in order:  # grows while it is walked
        for other, _ in below[t]:
            above[other] -= 1
            if not above[other]:
                order.append(other)
    wish = [a / n for a, n in zip(total, members, strict=True)]
    down, up = list(wish), list(wish)
    for t in order:
        for other, apart in below[t]:
            down[other] = max(down[other], down[t] + apart)
    for t in reversed(order):
        up[t] = min([up[t], *(up[other] - apart for other, apart in below[t])])
    for column in columns:
        for item in column:
            t = track[id(item)]
            y[id(item)] = (down[t] + up[t]) / 2 + rise[id(item)]
