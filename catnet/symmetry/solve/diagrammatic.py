"""Tier 1: intertwiners between tensor words, as diagrams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from math import prod
from typing import NoReturn

from catnet.diagnostics import fail
from catnet.symmetry.reps import Rep
from catnet.symmetry.solve.diagrams import Block, Diagram, Leg, Space, all_diagrams, diagram_count
from catnet.symmetry.solve.independent import enough, independent, independent_from
from catnet.symmetry.solve.linear import Element
from catnet.symmetry.solve.solution import Solution
from catnet.symmetry.solve.words import Word, word

MAX_ENTRIES = 20_000_000
"""How many entries of all diagrams together are written out as matrices at most."""


def by_diagrams(source: Rep, target: Rep, budget: int) -> Solution | None:
    """The diagrams from one tensor word to another that are a basis; None where the representations are not words.

    None too where n is a number and there are too many diagrams: other tiers may do with less. Raises E0720 where
    there are too many and n is a symbol; so do the elements where they are too large to write out.
    """
    read, written = word(source), word(target)
    if read is None or written is None:
        return None
    legs = (
        *(Leg(x.factor, True, x.dual) for x in written.letters),
        *(Leg(x.factor, False, x.dual) for x in read.letters),
    )
    parts: list[list[Diagram]] = []
    least: dict[str, int] = {}
    for number, space in enumerate(read.spaces):
        own = tuple(replace(leg, factor=0) for leg in legs if leg.factor == number)
        made = _of_one_factor(space, own, budget)
        if made is None and space.size is None:
            _too_many(source, target, diagram_count([space], own), budget)
        if made is None:
            return None
        parts.append(made)
        if space.size is None and own:
            least[str(read.dims[number])] = holds_from(space, own)
    if prod(map(len, parts)) > budget:
        _too_many(source, target, prod(map(len, parts)), budget)
    found = tuple(_joined(read, legs, chosen) for chosen in product(*parts))

    def make() -> list[Element]:
        source.number(), target.number()  # E0708 where they are symbolic
        entries = sum(diagram.count_entries() for diagram in found)
        if entries > MAX_ENTRIES:
            fail(
                "E0720",
                f"the matrices of Hom({source.text}, {target.text}) have {entries:,} entries, over {MAX_ENTRIES:,}",
                help="apply its diagrams instead: they need no matrices",
            )
        return [diagram.entries() for diagram in found]

    return Solution(1, len(found), make, found, least)


@cache
def holds_from(space: Space, legs: tuple[Leg, ...]) -> int:
    """From which n on the diagrams of one factor are a basis: independent, and without epsilons for SO."""
    start = independent_from(space, legs)
    return max(start, len(legs) + 1) if space.family == "SO" else start


def _of_one_factor(space: Space, legs: tuple[Leg, ...], budget: int) -> list[Diagram] | None:
    count = diagram_count([space], legs)
    if count > budget:
        return None
    size = space.size
    known = size is None or (size >= enough(space, len(legs)) and (space.family != "SO" or size > len(legs)))
    if not known and space.family != "S" and count * count > budget:
        return None
    diagrams = list(all_diagrams((space,), legs))
    return diagrams if known else independent(diagrams)


def _joined(read: Word, legs: tuple[Leg, ...], chosen: Sequence[Diagram]) -> Diagram:
    """One diagram on all legs from one for each factor."""
    blocks: list[Block] = []
    for number, diagram in enumerate(chosen):
        places = [i for i, leg in enumerate(legs) if leg.factor == number]
        blocks += [Block(block.joint, tuple(places[i] for i in block.legs)) for block in diagram.blocks]
    return Diagram(read.spaces, legs, tuple(blocks))


def _too_many(source: Rep, target: Rep, count: int, budget: int) -> NoReturn:
    fail(
        "E0720",
        f"Hom({source.text}, {target.text}) has {count:,} diagrams, more than the budget of {budget:,} (tier 1)",
        help="give a larger `budget`, or take fewer tensor factors",
    )
