"""What quarter turns and mirrors of a grid do to the channels at a point: fibres of the groups C4 and D4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

ORDERS = {"C4": 4, "D4": 8}


@dataclass(frozen=True)
class Fibre:
    """A representation of C4 or D4 by signed permutations, which all their irreducible ones over the reals are.

    A signed permutation is a tuple with, for each index, its image and sign: `(j, s)` at i sends e_i to s e_j.
    `turn` is that of the quarter turn counterclockwise, `mirror` that of the exchange of left and right (D4 alone).
    Raises ValueError unless turn^4 = mirror^2 = (turn mirror)^2 = 1.

    >>> named("D4", "E").turn
    ((1, 1), (0, -1))
    """

    group: str
    turn: tuple[tuple[int, int], ...]
    mirror: tuple[tuple[int, int], ...] | None = None

    def __post_init__(self) -> None:
        if self.group not in ORDERS:
            raise ValueError(f"the group of a grid is C4 or D4, not {self.group!r}")
        if (self.mirror is not None) != (self.group == "D4"):
            raise ValueError("a fibre of D4 has a mirror, one of C4 has none")
        one = tuple((i, 1) for i in range(self.dim))
        for matrix in (self.turn, self.mirror or one):
            if sorted(j for j, _ in matrix) != list(range(self.dim)) or any(s not in (1, -1) for _, s in matrix):
                raise ValueError(f"{matrix} is not a signed permutation of {self.dim} entries")
        relations = [_power(self.turn, 4)]
        if self.mirror is not None:
            relations += [_power(self.mirror, 2), _power(_after(self.turn, self.mirror), 2)]
        if any(relation != one for relation in relations):
            raise ValueError(f"the matrices of this fibre do not obey the relations of {self.group}")

    @property
    def dim(self) -> int:
        """Channels of one copy."""
        return len(self.turn)

    @property
    def permutes(self) -> bool:
        """Whether all signs are +: pointwise maps are equivariant then."""
        return all(s == 1 for _, s in (*self.turn, *(self.mirror or ())))

    @property
    def generators(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """The signed permutations of the turn and, for D4, of the mirror."""
        return (self.turn,) if self.mirror is None else (self.turn, self.mirror)

    def matrix(self, turns: int, mirrored: bool = False) -> Tensor:
        """The float64 matrix of `turns` quarter turns after a mirror (or none)."""
        steps = [self.turn] * (turns % 4) + ([self.mirror] if mirrored and self.mirror is not None else [])
        found = torch.eye(self.dim, dtype=torch.float64)
        for step in steps:
            factor = torch.zeros_like(found)
            for i, (j, sign) in enumerate(step):
                factor[j, i] = sign
            found = found @ factor
        return found


def named(group: str, name: str) -> Fibre:
    """A fibre by name.

    Both groups: "trivial"; "regular", in the order turn^0..turn^3, then turn^0 mirror..turn^3 mirror; "E", the plane,
    where the turn is a rotation and the mirror diag(1, -1).
    C4: "B", where a turn is -1. D4: "A2", "B1", "B2", where (turn, mirror) are (1, -1), (-1, 1), (-1, -1).

    Raises ValueError for another name.
    """
    ones = {"trivial": (1, 1), "A2": (1, -1), "B": (-1, 1), "B1": (-1, 1), "B2": (-1, -1)}
    other = {"C4": ("A2", "B1", "B2"), "D4": ("B",)}[group] if group in ORDERS else ()
    full = group == "D4"
    if name in ones and name not in other:
        turn, mirror = ones[name]
        return Fibre(group, ((0, turn),), ((0, mirror),) if full else None)
    if name == "E":
        return Fibre(group, ((1, 1), (0, -1)), ((0, 1), (1, -1)) if full else None)
    if name == "regular":
        # turn * turn^a mirror^b = turn^(a+1) mirror^b; mirror * turn^a mirror^b = turn^-a mirror^(b+1)
        sheets = range(2 if full else 1)
        turn_to = tuple((4 * b + (a + 1) % 4, 1) for b in sheets for a in range(4))
        mirror_to = tuple((4 * (1 - b) + -a % 4, 1) for b in sheets for a in range(4))
        return Fibre(group, turn_to, mirror_to if full else None)
    names = [n for n in ("trivial", "A2", "B", "B1", "B2", "E", "regular") if n not in other]
    raise ValueError(f"{group} has no fibre {name!r}: there are {', '.join(names)}")


def kernel_orbits(out: Fibre, into: Fibre, height: int, width: int) -> tuple[Tensor, Tensor, int]:
    """The equivariant kernels between two fibres, entry by entry.

    A kernel K[a, b, y, x] is equivariant when K(g p) = out(g) K(p) into(g)^-1 for offsets p: its entries are equal up
    to sign along orbits. The result is, for each entry of shape [out.dim, into.dim, height, width], the number of
    its free parameter and its sign (0 on the orbits whose signs clash), and the count of parameters.

    >>> kernel_orbits(named("C4", "regular"), named("C4", "regular"), 3, 3)[2]  # order of the group times 9
    36
    """
    if height != width:
        raise ValueError(f"quarter turns need a square kernel, not {height} x {width}")
    shape = (out.dim, into.dim, height, width)
    grid = torch.arange(height * width).reshape(height, width)
    moves = (torch.rot90(grid, 1, (0, 1)), torch.flip(grid, (1,)))
    orbits = _Orbits(out.dim * into.dim * height * width)
    for rho, sigma, moved in zip(out.generators, into.generators, moves, strict=False):
        came_from = moved.flatten().tolist()  # the new image at a place shows what stood at came_from[place]
        for a, (a2, s) in enumerate(rho):
            for b, (b2, t) in enumerate(sigma):
                before, after = (a * into.dim + b) * len(came_from), (a2 * into.dim + b2) * len(came_from)
                for place, old in enumerate(came_from):
                    orbits.join(before + old, after + place, s * t)
    numbers, signs, count = orbits.number()
    return torch.tensor(numbers).reshape(shape), torch.tensor(signs, dtype=torch.float64).reshape(shape), count


class _Orbits:
    """Union-find in which each entry has a sign relative to its root; a root that equals its negative is dead."""

    def __init__(self, size: int) -> None:
        self.parent, self.sign, self.dead = list(range(size)), [1] * size, [False] * size

    def find(self, entry: int) -> tuple[int, int]:
        path = []
        while self.parent[entry] != entry:
            path.append(entry)
            entry = self.parent[entry]
        sign = 1
        for step in reversed(path):
            sign *= self.sign[step]
            self.parent[step], self.sign[step] = entry, sign
        return entry, sign

    def join(self, one: int, other: int, sign: int) -> None:
        """Say that the two entries are equal up to a sign."""
        (a, s), (b, t) = self.find(one), self.find(other)
        if a == b:
            self.dead[a] = self.dead[a] or s * t != sign
        else:
            self.parent[b], self.sign[b] = a, s * t * sign
            self.dead[a] = self.dead[a] or self.dead[b]

    def number(self) -> tuple[list[int], list[int], int]:
        """For each entry its orbit's number among the living ones and its sign, (0, 0) on dead ones; and how many."""
        numbers: dict[int, int] = {}
        found = [self.find(entry) for entry in range(len(self.parent))]
        for root, _ in found:
            if not self.dead[root]:
                numbers.setdefault(root, len(numbers))
        places = [(0, 0) if self.dead[root] else (numbers[root], sign) for root, sign in found]
        return [n for n, _ in places], [s for _, s in places], len(numbers)


def _after(second: Sequence[tuple[int, int]], first: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple((second[j][0], s * second[j][1]) for j, s in first)


def _power(matrix: tuple[tuple[int, int], ...], exponent: int) -> tuple[tuple[int, int], ...]:
    found = matrix
    for _, _ in pairwise(range(exponent)):
        found = _after(matrix, found)
    return found


class Fibres(tuple[tuple[int, Fibre], ...]):
    """The channels of a grid: blocks of copies of fibres of one group, each [copies, fibre.dim], in order."""

    __slots__ = ()

    def __new__(cls, group: str, blocks: Sequence[tuple[int, str | Fibre]]) -> Fibres:
        """From blocks (copies, fibre or its name). Raises ValueError for another group and for no copies."""
        if isinstance(blocks, Fibres):
            return blocks
        found = [(copies, named(group, fibre) if isinstance(fibre, str) else fibre) for copies, fibre in blocks]
        for copies, fibre in found:
            if copies < 1 or fibre.group != group:
                raise ValueError(f"a block has at least one copy of a fibre of {group}, not {copies} of {fibre.group}")
        return super().__new__(cls, found)

    @property
    def channels(self) -> int:
        """All channels."""
        return sum(copies * fibre.dim for copies, fibre in self)

    def __getnewargs__(self) -> tuple[str, tuple[tuple[int, Fibre], ...]]:
        return self[0][1].group, tuple(self)

    def matrix(self, turns: int, mirrored: bool = False) -> Tensor:
        """The float64 matrix of a group element on all channels."""
        return torch.block_diag(*[f.matrix(turns, mirrored) for copies, f in self for _ in range(copies)])

    def act(self, x: Tensor, turns: int, mirrored: bool = False) -> Tensor:
        """Move images [..., channels, height, width]: first the mirror, then the turns, of both grid and channels.

        >>> x = torch.arange(4.0).reshape(1, 2, 2)
        >>> Fibres("C4", [(1, "trivial")]).act(x, 1)
        tensor([[[1., 3.],
                 [0., 2.]]])
        """
        moved = torch.rot90(x.flip(-1) if mirrored else x, turns, (-2, -1))
        return torch.einsum("ij,...jhw->...ihw", self.matrix(turns, mirrored).to(x), moved)
