"""Intertwiners of monomial representations: orbits of pairs of basis vectors, with phases; no equations are solved.

A generator sends each basis vector to another one times a root of unity. An intertwiner is then constant along
each orbit of pairs (output, input), up to those phases; an orbit that comes back to itself with another phase
carries none. By Frobenius reciprocity it is enough to take one input in each orbit of inputs, and the orbits of
its stabiliser on the outputs: Schreier's lemma gives generators of the stabiliser.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Monomial:
    """The matrix that sends basis vector i to `root ** phase[i]` times basis vector `image[i]`."""

    image: tuple[int, ...]
    phase: tuple[int, ...]

    def points(self, order: int, less: int) -> list[int]:
        """What it does to (basis vector, power of the root), numbered vector * order + power; `less` turns back."""
        turns = [(p - less) % order for p in self.phase]
        return [j * order + (s + t) % order for j, t in zip(self.image, turns, strict=True) for s in range(order)]


@dataclass(frozen=True)
class Orbits:
    """All intertwiners of two monomial representations; `order` is that of the root of unity.

    `columns[j][i]` is the orbit of (output i, input j) times `order` plus the power of the root there, or -1 where
    every intertwiner has a zero.
    """

    order: int
    columns: tuple[list[int], ...]
    count: int

    @cached_property
    def powers(self) -> list[dict[tuple[int, int], int]]:
        """For each orbit, {(output, input): power of the root}."""
        found: list[dict[tuple[int, int], int]] = [{} for _ in range(self.count)]
        for j, column in enumerate(self.columns):
            for i, label in enumerate(column):
                if label >= 0:
                    orbit, power = divmod(label, self.order)
                    found[orbit][i, j] = power
        return found


def orbits(source: Sequence[Monomial], target: Sequence[Monomial], order: int, sizes: tuple[int, int]) -> Orbits:
    """The intertwiners from `source` to `target`: one monomial matrix per generator of the group for each.

    `order` is the order of the root of unity in both, `sizes` are the dimensions of the target and the source.

    >>> shift = Monomial((1, 2, 0), (0, 0, 0))
    >>> orbits([shift], [shift], 1, (3, 3)).count
    3
    """
    outputs, inputs = sizes
    moves = [[g.points(order, less) for less in range(order)] for g in target]
    columns: list[list[int]] = [[] for _ in range(inputs)]
    count = 0
    for tree in _trees(source, inputs):
        carried = _carried(tree, source, moves, outputs * order)
        labels = _stable_points(tree, carried, source, moves)
        values, count = _values(labels, order, count)
        for node, points in carried.items():
            back = _inverse(points)
            columns[node] = [values[point] for point in back[::order]]
    return Orbits(order, tuple(columns), count)


_Tree = list[tuple[int, int, int]]
"""An orbit of basis vectors: (vector, the one it was reached from, by which generator), the root first."""


def _trees(source: Sequence[Monomial], inputs: int) -> Iterator[_Tree]:
    seen = bytearray(inputs)
    for start in range(inputs):
        if seen[start]:
            continue
        seen[start] = 1
        tree = [(start, -1, -1)]
        for parent, _, _ in tree:
            for number, g in enumerate(source):
                node = g.image[parent]
                if not seen[node]:
                    seen[node] = 1
                    tree.append((node, parent, number))
        yield tree


def _carried(
    tree: _Tree, source: Sequence[Monomial], moves: list[list[list[int]]], points: int
) -> dict[int, list[int]]:
    """For each input of the tree, what an element that brings the root exactly there does to the outputs' points."""
    carried = {tree[0][0]: list(range(points))}
    for node, parent, number in tree[1:]:
        move = moves[number][source[number].phase[parent]]
        carried[node] = [move[i] for i in carried[parent]]
    return carried


def _stable_points(
    tree: _Tree, carried: dict[int, list[int]], source: Sequence[Monomial], moves: list[list[list[int]]]
) -> list[int]:
    """For each point of the outputs, the least point in its orbit under the stabiliser of the root.

    Most of Schreier's generators change nothing, and that is seen by one comparison of lists.
    """
    back = {node: _inverse(points) for node, points in carried.items()}
    made = {(parent, number) for _, parent, number in tree[1:]}
    labels = list(range(len(carried[tree[0][0]])))
    for node, points in carried.items():
        for number, g in enumerate(source):
            if (node, number) in made:
                continue
            move, home = moves[number][g.phase[node]], back[g.image[node]]
            round_trip = [home[move[i]] for i in points]
            if [labels[i] for i in round_trip] != labels:
                labels = _merged(labels, round_trip)
    return labels


def _merged(labels: list[int], permutation: list[int]) -> list[int]:
    """The labels when each point is put together with its image; a class is named by its least point."""
    parent = list(labels)

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    for i, j in enumerate(permutation):
        a, b = root(i), root(j)
        if a != b:
            parent[max(a, b)] = min(a, b)
    return [root(i) for i in range(len(parent))]


def _values(labels: list[int], order: int, count: int) -> tuple[list[int], int]:
    """For each point, orbit * order + power, or -1: a class that holds one output at two powers is zero.

    Points (i, s) of one class have the same x[i] / root**s. New orbits are numbered from `count` on.
    """
    orbit: dict[int, int] = {}
    found = []
    for i in range(0, len(labels), order):
        base, power = divmod(labels[i], order)
        if base not in orbit:
            alive = len(set(labels[base * order : (base + 1) * order])) == order
            orbit[base] = count if alive else -1
            count += alive
        for s in range(order):
            found.append(-1 if orbit[base] < 0 else orbit[base] * order + (-power - s) % order)
    return found, count


def _inverse(permutation: list[int]) -> list[int]:
    found = [0] * len(permutation)
    for i, j in enumerate(permutation):
        found[j] = i
    return found
