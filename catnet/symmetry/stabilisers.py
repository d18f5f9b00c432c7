"""Counting orbits on tuples of points through stabiliser chains, for permutation groups too large to list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catnet.limits import spend
from catnet.symmetry.chains import chain
from catnet.symmetry.groups import Permutation
from catnet.symmetry.kinds import Kind
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_nodes import Sum, Tensor

MAX_SPLITS = 5_000  # stabilisers that are computed


def orbits(source: Rep, target: Rep) -> int | None:
    """The orbits of the group on the pairs of basis vectors, which are dim Hom; None where that is out of reach.

    A pair of orbits counts as many as the stabiliser of a point of the first has on the second. This never lists the
    pairs themselves, and so is independent of solving for the intertwiners.
    """
    left, right = _leaves(source), _leaves(target)
    if left is None or right is None:
        return None
    leaves = list(dict.fromkeys(leaf for _, factors in (*left, *right) for leaf in factors))
    chain = _Chain([[images(leaf) for leaf in leaves] for images in _generator_images(source)])
    total = 0
    for many, factors in left:
        for times, others in right:
            found = chain.orbits([leaves.index(leaf) for leaf in (*factors, *others)])
            if found is None:
                return None
            total += many * times * found
    return total


def _leaves(rep: Rep) -> list[tuple[int, tuple[Rep, ...]]] | None:
    """A sum of products of permutation representations: each product by its factors, with its multiplicity."""
    if not rep.kind.within(Kind.PERMUTATION):
        return None
    if isinstance(rep, Sum):
        found = []
        for count, part in rep.parts:
            inner = _leaves(part)
            if inner is None:
                return None
            found += [((count.value or 0) * many, factors) for many, factors in inner]
        return found
    if isinstance(rep, Tensor):
        products: list[tuple[int, tuple[Rep, ...]]] = [(1, ())]
        for factor in rep.factors:
            inner = _leaves(factor)
            if inner is None:
                return None
            products = [(a * b, (*x, *y)) for a, x in products for b, y in inner]
        return products
    return [(1, (rep,))]


def _generator_images(rep: Rep) -> list[Any]:
    """For each generator, the function that gives its permutation of the basis of a representation."""

    def images_of(i: int) -> Any:
        def images(leaf: Rep) -> Permutation:
            single = leaf.matrices()[i].monomial()
            assert single is not None
            return tuple(row for row, _ in single)

        return images

    return [images_of(i) for i in range(len(rep.group.generators))]


class _Chain:
    """A group acting on several sets side by side."""

    def __init__(self, images: Sequence[Sequence[Permutation]]) -> None:
        self.starts = [sum(len(p) for p in images[0][:k]) for k in range(len(images[0]))]
        self.sizes = [len(p) for p in images[0]]
        joined = (tuple(start + i for start, p in zip(self.starts, parts, strict=True) for i in p) for parts in images)
        self.generators = list(joined)
        self.splits = 0

    def orbits(self, sets: Sequence[int]) -> int | None:
        """How many orbits there are on the product of these sets."""
        return self._orbits(self.generators, list(sets))

    def _orbits(self, generators: Sequence[Permutation], sets: list[int]) -> int | None:
        if not sets:
            return 1
        start = self.starts[sets[0]]
        found = _orbit_sets(generators, range(start, start + self.sizes[sets[0]]))
        if len(sets) == 1:
            return len(found)
        total = 0
        for points in found:
            self.splits += 1
            if self.splits > MAX_SPLITS:
                return None
            inner = self._orbits(_stabiliser(generators, points[0]), sets[1:])
            if inner is None:
                return None
            total += inner
        return total


def _orbit_sets(generators: Sequence[Permutation], points: range) -> list[list[int]]:
    spend(len(points) * (1 + len(generators)))
    seen: set[int] = set()
    found = []
    for start in points:
        if start in seen:
            continue
        orbit = [start]
        seen.add(start)
        for point in orbit:
            for images in generators:
                if images[point] not in seen:
                    seen.add(images[point])
                    orbit.append(images[point])
        found.append(orbit)
    return found


def _stabiliser(generators: Sequence[Permutation], point: int) -> list[Permutation]:
    """Generators of the stabiliser of a point."""
    return chain(generators, point).below.generators
