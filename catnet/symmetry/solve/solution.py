"""What solving for one pair of summands gives: the intertwiners between them, and how they were found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from catnet.symmetry.solve.diagrams import Diagram
from catnet.symmetry.solve.linear import Element

METHODS = {
    0: "Schur's lemma",
    1: "diagrams",
    2: "orbits",
    3: "elimination over the rationals",
    4: "elimination over a field of roots of unity",
}


@dataclass(frozen=True, eq=False)
class Solution:
    """A basis of the intertwiners between two representations.

    `tier` tells how it was found (`METHODS`). `diagrams` are there at tier 1. Where sizes are symbolic, `least`
    maps each size, as text, to the value from which on `dimension` holds. Elements are made when they are asked
    for: with symbolic sizes there are none.
    """

    tier: int
    dimension: int
    make: Callable[[], list[Element]]
    diagrams: tuple[Diagram, ...] | None = None
    least: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def elements(self) -> list[Element]:
        """The matrices, sparse and exact, by (output index, input index); before `scale` where there is one."""
        return self.make()
