"""Sample points and residue classes for the decisions of `catnet.types.facts`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from math import lcm, prod
from random import Random

from catnet.types.dims import Dim, FloorDiv

Lower = Callable[[str], int | None]

NEAR_POINTS = 40
WIDE_POINTS = 400
FAR_POINTS = 300
FAR_VALUES = (16, 18, 24, 25, 30, 31, 32, 48, 60, 64, 96, 97, 128)
MAX_CASES = 512


def near_points(names: Sequence[str], lower: Lower, count: int = NEAR_POINTS) -> Iterator[dict[str, int]]:
    """Points close to the lower bounds, nearest first."""
    starts = [_values(lower(name)) for name in names]
    if not names:
        yield {}
        return
    points = (steps for total in range(64) for steps in _compositions(total, len(names)))
    for steps in islice(points, count):
        yield {name: value(step) for name, value, step in zip(names, starts, steps, strict=True)}


def far_points(names: Sequence[str], lower: Lower, constants: Sequence[int]) -> Iterator[dict[str, int]]:
    """Points with one coordinate away from its bound, then points drawn with a fixed seed.

    The numbers tried are small ones and the neighbours of the constants that occur.
    """
    if not names:
        return
    chance = Random(0)
    marks = sorted({c + d for c in constants for d in (-1, 0, 1)} | set(FAR_VALUES))
    pools: list[list[int]] = []
    for name in names:
        low, value = lower(name), _values(lower(name))
        pools.append([value(step) for step in range(12)] + [m for m in marks if low is None or m > low])
    base = {name: pool[0] for name, pool in zip(names, pools, strict=True)}
    for mark in marks:
        yield from ({**base, name: mark} for name, pool in zip(names, pools, strict=True) if mark in pool)
    for _ in range(FAR_POINTS):
        yield {name: chance.choice(pool) for name, pool in zip(names, pools, strict=True)}


def _values(low: int | None) -> Callable[[int], int]:
    """Values from a bound upwards; without a bound, outwards from zero."""
    if low is None:
        return lambda step: (step + 1) // 2 if step % 2 else -(step // 2)
    return lambda step: low + step


def _compositions(total: int, count: int) -> Iterator[tuple[int, ...]]:
    if count == 1:
        yield (total,)
        return
    for last in range(total + 1):
        for rest in _compositions(total - last, count - 1):
            yield (*rest, last)


def constants_in(dim: Dim) -> set[int]:
    """Integers that occur in the text of a dimension, where its behaviour may change."""
    found = {abs(c) for c in dim.coefficients.values()} | {-c for c in dim.coefficients.values()}
    for atom in dim.atoms():
        for part in atom.parts:
            found |= constants_in(part)
    return {c for c in found if abs(c) < 10**6}


def moduli(dim: Dim) -> dict[str, int]:
    """For each symbol under a constant divisor, the least common multiple of those divisors."""
    found: dict[str, int] = {}
    for atom in dim.atoms():
        inner: dict[str, int] = {}
        for part in atom.parts:
            for name, m in moduli(part).items():
                inner[name] = lcm(inner.get(name, 1), m)
        if isinstance(atom, FloorDiv) and (divisor := atom.denominator.value):
            inner = {name: inner.get(name, 1) * divisor for name in atom.numerator.symbols}
        for name, m in inner.items():
            found[name] = lcm(found.get(name, 1), m)
    return found


def residue_cases(dim: Dim, limit: int = MAX_CASES) -> Iterator[tuple[Dim, Mapping[str, tuple[int, int]]]]:
    """Every residue class of the symbols under constant divisors: `x = m*x + r`, as (dim, {x: (m, r)}).

    Empty if there are no such symbols or more classes than the limit.
    """
    periods = moduli(dim)
    names = sorted(periods)
    if not names or prod(periods.values()) > limit:
        return
    for residues in product(*(range(periods[name]) for name in names)):
        case = {name: (periods[name], r) for name, r in zip(names, residues, strict=True)}
        yield dim.subst({name: Dim.sym(name) * m + r for name, (m, r) in case.items()}), case


def is_zero_in_all_classes(dim: Dim) -> bool:
    """Whether the dimension vanishes identically in every residue class (and there are some)."""
    answer = False
    for case, _ in residue_cases(dim):
        if case != 0:
            return False
        answer = True
    return answer
