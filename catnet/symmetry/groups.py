"""What a group is to catnet: named generators, relations, a natural representation, and its elements as words.

Finite groups are also faithful permutation groups (`realisation`), from which their order, elements and conjugacy
classes are counted. A Lie group is given by its Lie algebra and by generators of its group of components. Sizes may
be symbolic; what needs matrices or elements then asks for a number (E0708).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from catnet.diagnostics import fail
from catnet.limits import spend
from catnet.symmetry.elements import Element, Word
from catnet.symmetry.exact import Matrix
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.spaces import Member

if TYPE_CHECKING:
    from catnet.symmetry.reps import Rep
    from catnet.symmetry.strata import Laurent, Stratum

Field = Literal["R", "C"]
Permutation = tuple[int, ...]

MAX_ELEMENTS = 100_000
"""How many elements, or points of an orbit, are enumerated at most."""


class Group(Member):
    """A group. Equal and hashable as a value; `str` gives its text in the language.

    `generators` names the discrete generators (of a Lie group those of its components), `algebra` the generators
    of the Lie algebra. `order` is an integer or a `Dim`; None for an infinite group, and where a symbolic order is
    no dimension (`S(n)`): `finite` tells these apart.
    """

    finite: bool = True

    @property
    def order(self) -> int | Dim | None:
        raise NotImplementedError

    @property
    def generators(self) -> tuple[str, ...]:
        raise NotImplementedError

    @property
    def algebra(self) -> tuple[str, ...]:
        return ()

    @property
    def relations(self) -> tuple[Word, ...] | None:
        """Words that present the group (of a Lie group: its components); None if none are known."""
        return None

    @property
    def size(self) -> Dim | None:
        """The dimension of the natural representation, None where there is no natural one."""
        return None

    @property
    def field(self) -> Field:
        """Over which numbers the natural representation is."""
        return "R"

    @property
    def natural_kind(self) -> Kind:
        """The kind of the natural representation, also for symbolic sizes."""
        raise NotImplementedError

    def natural_matrices(self) -> tuple[Matrix, ...]:
        """The discrete generators in the natural representation."""
        raise NotImplementedError

    def natural_algebra(self) -> tuple[Matrix, ...]:
        """The Lie algebra generators in the natural representation."""
        return ()

    def natural_form(self) -> Matrix | None:
        """An invariant bilinear form of the natural representation."""
        size = self.size
        return None if size is None or size.value is None else Matrix.identity(size.value)

    def natural_character(self, stratum: Stratum, power: int) -> Laurent | None:
        """The character of the natural representation, where it is known better than by matrices."""
        return None

    @cached_property
    def natural(self) -> Rep | None:
        """The natural representation: permutation, cyclic shift, vector; None for a product."""
        from catnet.symmetry.reps_leaves import Natural

        return None if self.size is None else Natural(self)

    @property
    def parameters(self) -> tuple[Dim, ...]:
        """The sizes that may be symbolic."""
        return ()

    @property
    def is_symbolic(self) -> bool:
        """Whether a size is not a number yet."""
        return any(dim.value is None for dim in self.parameters)

    def subst(self, mapping: Mapping[str, Dim | int]) -> Group:
        """The group with names in its sizes replaced."""
        return self

    def need_numbers(self, what: str) -> None:
        """Raise E0708 where a size is symbolic."""
        if self.is_symbolic:
            name = min(frozenset().union(*(dim.symbols for dim in self.parameters)))
            fail(
                "E0708",
                f"{what} of `{self}` needs a number for `{name}`",
                help=f'substitute one: .subst({{"{name}": 4}})',
            )

    # Elements

    def identity(self) -> Element:
        """The identity, as the empty word."""
        return Element(self)

    def generator(self, which: int | str) -> Element:
        """A discrete generator, by index or name."""
        index = which if isinstance(which, int) else self.generators.index(which)
        return Element(self, ((index, 1),))

    def sample(self, rng: random.Random) -> Element:
        """A random element: uniform for finite groups of known structure, else of full support."""
        raise NotImplementedError

    def strata(self) -> Sequence[Stratum]:
        """The pieces over which class functions are averaged (see `catnet.symmetry.strata`)."""
        raise NotImplementedError

    def word_at(self, stratum: Stratum) -> Word:
        """The component of a stratum (of a finite group: an element) as a word in the discrete generators."""
        raise NotImplementedError

    def signs(self) -> tuple[int, ...] | None:
        """The sign of each discrete generator (parity, determinant); None where the group has none of that name."""
        return None

    def __mul__(self, other: Group) -> Group:
        from catnet.symmetry.product_groups import product

        return product(self, other)

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Conjugacy:
    """A conjugacy class of a finite group: how many elements, one of them as a word and as a permutation."""

    size: int
    word: Word
    permutation: Permutation

    def share(self, order: int) -> Fraction:
        return Fraction(self.size, order)


class FiniteGroup(Group):
    """A finite group with a faithful permutation action, by its generators."""

    def realisation(self) -> tuple[Permutation, ...]:
        """The discrete generators as permutations of a set on which the group acts faithfully."""
        raise NotImplementedError

    def listing(self) -> list[Permutation]:
        """The elements as permutations of `realisation`, in the order of the regular representation's basis."""
        from catnet.symmetry.enumeration import elements

        self.need_numbers("a list of the elements")
        return list(elements(self.realisation(), str(self)))

    def word_at(self, stratum: Stratum) -> Word:
        assert isinstance(stratum.place, Conjugacy)
        return stratum.place.word

    def classes(self) -> Sequence[Conjugacy]:
        """The conjugacy classes. Raises E0707 where the group is too large to list."""
        from catnet.symmetry.enumeration import conjugacy_classes

        self.need_numbers("a list of the classes")
        return conjugacy_classes(self)

    def count_elements(self) -> int:
        """The order as a number. Raises E0708 where a size is symbolic."""
        self.need_numbers("the order")
        order = self.order
        value = order.value if isinstance(order, Dim) else order
        if value is None:
            fail("E0707", f"`{self}` is too large: its order is not worked out")
        return value

    def sample(self, rng: random.Random) -> Element:
        self.need_numbers("an element")
        letters = range(len(self.generators))
        word = [(rng.choice(letters), rng.choice((1, -1))) for _ in range(rng.randrange(24, 48))] if letters else []
        return Element(self, tuple(word))

    def strata(self) -> Sequence[Stratum]:
        from catnet.symmetry.strata import Stratum

        order = self.count_elements()
        return [Stratum(c.share(order), 0, {(): 1}, c) for c in self.classes()]


def composed(p: Permutation, q: Permutation) -> Permutation:
    """First q, then p: the images of the product p q."""
    spend(1 + len(q) // 8)
    return tuple(p[i] for i in q)


def inverted(p: Permutation) -> Permutation:
    """The inverse permutation."""
    spend(1 + len(p) // 8)
    result = [0] * len(p)
    for i, image in enumerate(p):
        result[image] = i
    return tuple(result)


def power_of(p: Permutation, exponent: int) -> Permutation:
    """A power of a permutation, by its cycles."""
    spend(len(p))
    result, seen = [0] * len(p), [False] * len(p)
    for start in range(len(p)):
        if not seen[start]:
            cycle = [start]
            while (after := p[cycle[-1]]) != start:
                cycle.append(after)
            for k, point in enumerate(cycle):
                seen[point] = True
                result[point] = cycle[(k + exponent) % len(cycle)]
    return tuple(result)


def permutation_of(word: Word, generators: Sequence[Permutation], degree: int) -> Permutation:
    """The permutation that a word is."""
    result = tuple(range(degree))
    for i, power in word:
        result = composed(result, power_of(generators[i], power))
    return result


def need_group(value: object, name: str) -> None:
    """Raise E0701 where the argument of a function is no group."""
    if not isinstance(value, Group):
        fail("E0701", f"`{name}` takes a group, not `{value}`", help="for example S(5), or SO(3)")


def as_size(n: int | Dim, least: int, what: str) -> Dim:
    """A size as a `Dim`. Raises E0701 for what is not an integer of at least `least`."""
    if isinstance(n, Dim):
        dim = n
    elif isinstance(n, int) and not isinstance(n, bool):
        dim = Dim.const(n)
    else:
        fail("E0701", f"`{what}` is given {n!r}, which is not a size", help="give an integer, or a dimension")
    if dim.value is not None and dim.value < least:
        fail("E0701", f"`{what}` needs a size of at least {least}, not {dim.value}")
    return dim
