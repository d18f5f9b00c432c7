"""Tensor words at a smaller n: beyond some n there are as many intertwiners for each n, and characters cost less.

For S(n), O(p, q), SO(p, q), U(n), GL(n) and Sp(n) diagrams on so many legs are a basis for every n from a bound
on (`independent.enough`), so the dimension at the bound is the dimension at every larger n. The signature of O(p, q)
plays no part, as the complexified group is the same (Weyl's unitary trick).
"""

from __future__ import annotations

from dataclasses import replace

from catnet.symmetry.finite_groups import Symmetric
from catnet.symmetry.general_linear import GeneralLinear
from catnet.symmetry.groups import Group
from catnet.symmetry.lie_groups import Orthogonal, Symplectic, Unitary
from catnet.symmetry.product_groups import product
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_leaves import Natural, Trivial
from catnet.symmetry.reps_nodes import dual, tensor_product
from catnet.symmetry.reps_outer import outer
from catnet.symmetry.solve.diagrams import Space
from catnet.symmetry.solve.independent import enough
from catnet.symmetry.solve.words import Word, factors_of, word
from catnet.types.dims import Dim


def stable(source: Rep, target: Rep) -> tuple[Rep, Rep, str] | None:
    """The same words of a smaller group with as many intertwiners, and a text that tells its sizes.

    None where the representations are no words, sizes are symbolic, or no factor is large.
    """
    read, written = word(source), word(target)
    if read is None or written is None or source.group.is_symbolic:
        return None
    factors, small = factors_of(source.group), []
    for number, (factor, space) in enumerate(zip(factors, read.spaces, strict=True)):
        legs = sum(letter.factor == number for letter in (*read.letters, *written.letters))
        small.append(_smaller(factor, space, legs))
    if small == list(factors):
        return None
    names = [str(group) for group, factor in zip(small, factors, strict=True) if group != factor]
    return _spelled(read, small), _spelled(written, small), f"{' and '.join(names)}, which has as many"


def _smaller(group: Group, space: Space, legs: int) -> Group:
    """The group at the bound, or the group itself where it is not larger."""
    least = enough(space, legs)
    if space.family == "SO":
        least = max(least, legs + 1)
    if space.size is None or space.size <= least:
        return group
    size = Dim.const(least)
    if isinstance(group, Orthogonal):
        return replace(group, p=size, q=Dim.const(0))
    if isinstance(group, Symmetric | Unitary | GeneralLinear | Symplectic):
        return replace(group, n=size)
    return group


def _spelled(read: Word, factors: list[Group]) -> Rep:
    """The word over other factors."""
    letters: list[Rep] = []
    for letter in read.letters:
        natural: Rep = Natural(factors[letter.factor])
        own = dual(natural) if letter.dual else natural
        letters.append(outer(*(own if i == letter.factor else Trivial(f) for i, f in enumerate(factors))))
    return tensor_product([Trivial(product(*factors)), *letters])
