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


def heights(columns: list[list[Item]], size: Sizes, gap: float) -> dict[int, float]:
    """The top of every item: in order, never closer than `gap`, and with wires as straight as that allows.

    The columns are those of one row; what they are joined to in other rows does not pull.
    """
    y: dict[int, float] = {}
    for column in columns:
        _settle(column, size, gap, y, [_pull(item, size, y, back=False) for item in column])
    for _ in range(ROUNDS):
        level = _lane_levels(columns, y)
        before = dict(y)
        for column in reversed(columns):
            _settle(column, size, gap, y, [_wish(item, size, y, level) for item in column])
        for column in columns:
            _settle(column, size, gap, y, [_wish(item, size, y, level) for item in column])
        if all(abs(y[key] - value) < 0.05 for key, value in before.items()):
            break
    _straighten(columns, size, gap, y)
    return {key: round(value, 1) for key, value in y.items()}


def _pull(item: Item, size: Sizes, y: dict[int, float], back: bool) -> float | None:
    """The top at which an item would face its neighbours on one side; None without any."""
    own = size[id(item)]
    wishes = []
    if back:
        for port, slots in enumerate(item.targets):
            wishes += [y[id(i)] + size[id(i)].ins[p] - own.outs[port] for i, p in slots if id(i) in y]
    else:
        for port, slot in enumerate(item.sources):
            if slot is not None and id(slot[0]) in y:
                wishes.append(y[id(slot[0])] + size[id(slot[0])].outs[slot[1]] - own.ins[port])
    return sum(wishes) / len(wishes) if wishes else None


def _wish(item: Item, size: Sizes, y: dict[int, float], level: dict[int, float]) -> float | None:
    """Where an item wants to stand, with neighbours on both sides; a lane keeps one level."""
    if id(item) in level:
        return level[id(item)]
    before, after = _pull(item, size, y, back=False), _pull(item, size, y, back=True)
    if before is None or after is None:
        return after if before is None else before
    return (before + after) / 2


def _lane_levels(columns: list[list[Item]], y: dict[int, float]) -> dict[int, float]:
    """One level for each lane over all its columns: the one farthest from where the wire starts."""
    level: dict[int, float] = {}
    chains: list[list[Item]] = []
    of: dict[int, list[Item]] = {}
    for column in columns:
        for item in column:
            if item.kind != "lane" or item.sources[0] is None:
                continue
            source = item.sources[0][0]
            chain = of.get(id(source)) if source.kind == "lane" else None
            if chain is None or chain[-1] is not source:
                chain = []
                chains.append(chain)
            chain.append(item)
            of[id(item)] = chain
    for chain in chains:
        start = chain[0].sources[0]
        origin = y.get(id(start[0]), y[id(chain[0])]) if start is not None else 0.0
        far = max((y[id(i)] for i in chain), key=lambda at: abs(at - origin))
        level.update((id(i), far) for i in chain)
    return level


def _settle(column: list[Item], size: Sizes, gap: float, y: dict[int, float], wishes: Sequence[float | None]) -> None:
    """The places nearest to the wishes (least squares) that keep order and distance: pool those too close."""
    if len(column) == 1:
        y[id(column[0])] = y.get(id(column[0]), 0.0) if wishes[0] is None else wishes[0]
        return
    offset = 0.0
    offsets: list[float] = []
    pools: list[tuple[float, float, int]] = []  # the sum of wishes, their weight, how many items
    for item, wish in zip(column, wishes, strict=True):
        offsets.append(offset)
        if wish is None:  # nothing pulls: stay where it was, or right under the one above
            wish = y.get(id(item), pools[-1][0] / pools[-1][1] + offset if pools else 0.0)
        weight = 3.0 if item.kind == "lane" else 1.0
        pool = ((wish - offset) * weight, weight, 1)
        while pools and pools[-1][0] / pools[-1][1] > pool[0] / pool[1]:
            last = pools.pop()
            pool = last[0] + pool[0], last[1] + pool[1], last[2] + pool[2]
        pools.append(pool)
        offset += size[id(item)].across + size[id(item)].room + gap
    at = 0
    for total, weight, count in pools:
        for _ in range(count):
            y[id(column[at])] = total / weight + offsets[at]
            at += 1


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
