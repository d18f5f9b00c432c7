"""How many kernels turn with the image: counted by characters, without a tensor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from catnet.symmetry.exact import Matrix, to_float
from catnet.symmetry.finite_groups import Cyclic, Dihedral
from catnet.symmetry.kinds import Kind
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_irreducible import Turn
from catnet.symmetry.reps_leaves import Regular, Trivial
from catnet.types.dims import Dim
from catnet.types.infer import reject


@dataclass(frozen=True)
class Kernels:
    """The kernels between two representations: free weights for each pair of blocks, and fixed vectors of a block."""

    source: Rep
    target: Rep
    free: tuple[tuple[int, ...], ...]
    fixed: tuple[int, ...]

    @property
    def empty(self) -> bool:
        """Whether there is no kernel but 0."""
        return not any(map(any, self.free))

    @property
    def unread(self) -> list[Rep]:
        """The summands of the source that no kernel reads."""
        columns = zip(*self.free, strict=True)
        return [rep for (_, rep), free in zip(self.source.blocks, columns, strict=True) if not any(free)]

    def unreached(self, bias: bool) -> tuple[list[Rep], list[Rep]]:
        """The summands of the target where every kernel is 0, and of these those that a bias reaches."""
        rows = zip(self.target.blocks, self.free, self.fixed, strict=True)
        idle = [(rep, bool(bias and fixed)) for (_, rep), free, fixed in rows if not any(free)]
        return [rep for rep, biased in idle if not biased], [rep for rep, biased in idle if biased]

    def shapes(self, bias: bool) -> dict[str, tuple[Dim, ...]]:
        """The shapes of the parameters of the layer, by name."""
        found: dict[str, tuple[Dim, ...]] = {}
        for (out, _), row in zip(self.target.blocks, self.free, strict=True):
            for (into, _), free in zip(self.source.blocks, row, strict=True):
                if free or self.target.group.size != 4:  # the layer of finer turns has empty ones
                    found[f"weight.{len(found)}"] = (out, into, Dim.const(free))
        lengths = sum((out * n for (out, _), n in zip(self.target.blocks, self.fixed, strict=True)), Dim.const(0))
        return found if not bias or lengths == 0 else {**found, "bias": (lengths,)}


@lru_cache(maxsize=256)
def kernels(source: Rep, target: Rep, size: int) -> Kernels:
    """The kernels of a square of some size, by the formula of Burnside: an average over the group of the characters
    of the target, the source and the square (for finer turns: of the circular harmonics on it)."""
    group = target.group
    assert isinstance(group, (Cyclic, Dihedral))
    elements = [(j, m) for m in range(2 if isinstance(group, Dihedral) else 1) for j in range(group.number())]
    square = [_square(group.number(), size, *element) for element in elements]
    into = [_character(rep, elements) for _, rep in source.blocks]
    out = [_character(rep, elements) for _, rep in target.blocks]
    free = tuple(tuple(_average(a, b, square) for b in into) for a in out)
    return Kernels(source, target, free, tuple(_average(a) for a in out))


def _average(*characters: list[float]) -> int:
    return round(sum(math.prod(values) for values in zip(*characters, strict=True)) / len(characters[0]))


def _character(rep: Rep, elements: list[tuple[int, int]]) -> list[float]:
    turn, *mirror = rep.matrices()
    powers = [Matrix.identity(rep.number())]
    while len(powers) < len(elements):
        powers.append(turn @ powers[-1])
    return [to_float((powers[j] @ mirror[0] if m else powers[j]).trace()).real for j, m in elements]


def _square(n: int, size: int, turns: int, mirrored: int) -> float:
    """The trace of an element on the offsets of a kernel, or on its harmonics."""
    if n == 4:
        middle = size % 2
        if mirrored:  # across a middle line, or across a diagonal
            return size if turns % 2 else size * middle
        return (size * size, middle, middle, middle)[turns]
    last, total = size // 2, 0.0
    for ring in range(last + 1):  # as in `catnet.nn.steerable`
        for frequency in range((2 * ring if ring < last else ring) + 1):
            pair = 0.0 if mirrored else 2 * math.cos(2 * math.pi * frequency * turns / n)
            total += pair if frequency else 1.0
    return total


def refuse_no_fibres(name: str, rep: Rep) -> None:
    """Refuse (E0751) what is no sum of representations of C(4) or D(4) by signed permutations."""
    group = rep.group
    if not isinstance(group, (Cyclic, Dihedral)) or group.n != 4:
        words = f"`{name}` is for representations of C(4) and D(4), not of `{group}`"
        raise reject(words, code="E0751", help="quarter turns and mirrors are what a square grid has")
    for _, block in rep.blocks:
        if not block.kind.within(Kind.SIGNED_PERMUTATION):
            words = f"`{name}` takes channels that the group permutes up to signs, and `{block}` mixes them"
            raise reject(words, code="E0751", help="take sums of regular(G), irrep(G, k) and trivial(G)")


def refuse_unfit(source: Rep, target: Rep, kernel: Dim, padding_mode: str) -> None:
    """Refuse (E0751) representations for which there is no layer."""
    group = target.group
    if kernel.value is None:
        raise reject("`conv` to a representation needs a kernel of known size", help="give a number")
    if not isinstance(group, (Cyclic, Dihedral)) or group.n.value is None:
        words = f"`conv` goes between representations of turns of the image, C(n) or D(n), and not of `{group}`"
        raise reject(words, code="E0751", help="for C(4) and D(4) it is exact")
    if group.n == 4:
        for rep in (source, target):
            refuse_no_fibres("conv", rep)
        return
    for rep in (block for whole in (source, target) for _, block in whole.blocks):
        if not isinstance(rep, (Trivial, Regular, Turn)):
            words = f"`conv` for `{group}` has no kernels to or from `{rep}`"
            raise reject(words, code="E0751", help="take trivial(G), regular(G) and planes irrep(G, k)")
    if kernel.value % 2 == 0 or padding_mode != "zeros":
        words = f"`conv` for `{group}` has kernels of odd sizes, and zeros around the image"
        raise reject(words, code="E0751", help="or take C(4) or D(4)")
