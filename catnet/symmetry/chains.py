"""Chains of stabilisers: the order of a permutation group, its members and stabilisers, without a list of its elements.

Sources: C. Sims, Computational methods in the study of permutation groups (1970); D. Knuth, Efficient representation
of perm groups (1991).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from catnet.symmetry.groups import Permutation, composed, inverted


class Chain:
    """A permutation group: a base point, for each point of its orbit a permutation that takes the base point there,
    and the chain of the stabiliser of the base point. Without a base point it is the group of one element.

    >>> whole = chain([(1, 2, 3, 4, 0), (1, 0, 2, 3, 4)])
    >>> whole.order(), whole.below.order(), (1, 2, 0, 3, 4) in whole
    (120, 24, True)
    """

    def __init__(self, point: int | None, degree: int) -> None:
        self.generators: list[Permutation] = []
        self.point = point
        self.places = {} if point is None else {point: tuple(range(degree))}
        self._below: Chain | None = None

    @property
    def below(self) -> Chain:
        """The stabiliser of the base point."""
        if self._below is None:
            self._below = Chain(None, 0)
        return self._below

    def add(self, element: Permutation) -> None:
        """Join an element to the generators. By Schreier's lemma the permutations that lead from the base point to a
        point of its orbit, by a generator, and back, generate the stabiliser."""
        if element in self:
            return
        if self.point is None:
            self.point = next(i for i, image in enumerate(element) if i != image)
            self.places[self.point] = tuple(range(len(element)))
        self.generators.append(element)
        steps = [(point, element) for point in self.places]
        while steps:
            point, generator = steps.pop()
            moved = composed(generator, self.places[point])
            if (image := generator[point]) in self.places:
                self.below.add(composed(inverted(self.places[image]), moved))
            else:
                self.places[image] = moved
                steps += [(image, other) for other in self.generators]

    def __contains__(self, element: Permutation) -> bool:
        level = self
        while level.point is not None:
            place = level.places.get(element[level.point])
            if place is None:
                return False
            element, level = composed(inverted(place), element), level.below
        return all(i == image for i, image in enumerate(element))

    def order(self) -> int:
        """The number of elements: the product of the lengths of the orbits."""
        lengths, level = [], self
        while level.point is not None:
            lengths.append(len(level.places))
            level = level.below
        return math.prod(lengths)


def chain(generators: Sequence[Permutation], point: int | None = None) -> Chain:
    """The chain of the group that these permutations generate, from a base point where one is given."""
    found = Chain(point, len(generators[0]) if generators else 0)
    for generator in generators:
        found.add(generator)
    return found
