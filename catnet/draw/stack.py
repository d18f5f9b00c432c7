"""How high everything stands: each column is a stack whose items keep their order and want to face their wires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from catnet.draw.layers import Item

ROUNDS = 3


class Sized(Protocol):
    """What stacking needs to know of an item's size."""

    @property
    def height(self) -> float: ...
    @property
    def ins(self) -> tuple[float, ...]: ...
    @property
    def outs(self) -> tuple[float, ...]: ...


def heights(columns: list[list[Item]], size: dict[int, Sized], gap: float) -> dict[int, float]:
    """The top of every item: in order, never closer than `gap`, and with wires as straight as that allows."""
    y: dict[int, float] = {}
    for column in columns:
        _settle(column, size, gap, y, [_pull(item, size, y, back=False) for item in column])
    for _ in range(ROUNDS):
        level = _lane_levels(columns, y)
        for column in reversed(columns):
            _settle(column, size, gap, y, [_wish(item, size, y, level) for item in column])
        for column in columns:
            _settle(column, size, gap, y, [_wish(item, size, y, level) for item in column])
    return {key: round(value, 1) for key, value in y.items()}


def _pull(item: Item, size: dict[int, Sized], y: dict[int, float], back: bool) -> float | None:
    """The top at which an item would face its neighbours on one side; None without any."""
    own = size[id(item)]
    wishes = []
    if back:
        for port, slots in enumerate(item.targets):
            wishes += [y[id(i)] + size[id(i)].ins[p] - own.outs[port] for i, p in slots]
    else:
        for port, slot in enumerate(item.sources):
            if slot is not None:
                wishes.append(y[id(slot[0])] + size[id(slot[0])].outs[slot[1]] - own.ins[port])
    return sum(wishes) / len(wishes) if wishes else None


def _wish(item: Item, size: dict[int, Sized], y: dict[int, float], level: dict[int, float]) -> float | None:
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
        origin = y[id(start[0])] if start is not None else 0.0
        far = max((y[id(i)] for i in chain), key=lambda at: abs(at - origin))
        level.update((id(i), far) for i in chain)
    return level


def _settle(
    column: list[Item], size: dict[int, Sized], gap: float, y: dict[int, float], wishes: Sequence[float | None]
) -> None:
    """The places nearest to the wishes (least squares) that keep order and distance: pool adjacent violators."""
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
        offset += size[id(item)].height + gap
    at = 0
    for total, weight, count in pools:
        for _ in range(count):
            y[id(column[at])] = total / weight + offsets[at]
            at += 1
