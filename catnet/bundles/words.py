"""Words in a free groupoid: products of invertible letters, of which nothing is known but that they cancel.

A letter is a name with an exponent 1 or -1. `phi_a * phi_b^-1 * phi_b * phi_c^-1` reduces to `phi_a * phi_c^-1`
whatever the maps are, so what follows by cancelling alone holds for learned maps and in every dimension.
"""

from __future__ import annotations

from dataclasses import dataclass

Letter = tuple[str, int]


@dataclass(frozen=True)
class Word:
    """A reduced product of letters; the rightmost acts first.

    >>> a, b = Word.letter("phi_a"), Word.letter("phi_b")
    >>> a * b.inverse() * b, (a * b.inverse()).inverse(), a * a.inverse()
    (phi_a, phi_b*phi_a^-1, 1)
    """

    letters: tuple[Letter, ...] = ()

    @staticmethod
    def letter(name: str) -> Word:
        """The word of one letter."""
        return Word(((name, 1),))

    def __mul__(self, other: Word) -> Word:
        left, right = list(self.letters), list(other.letters)
        start = 0
        while left and start < len(right) and left[-1] == (right[start][0], -right[start][1]):
            left.pop()
            start += 1
        return Word((*left, *right[start:]))

    def inverse(self) -> Word:
        """The letters inverted, last first."""
        return Word(tuple((name, -power) for name, power in reversed(self.letters)))

    def renamed(self, names: dict[str, str]) -> Word:
        """The word with letters renamed."""
        return Word(tuple((names.get(name, name), power) for name, power in self.letters))

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.letters)

    def __repr__(self) -> str:
        return "*".join(name if power == 1 else f"{name}^-1" for name, power in self.letters) or "1"
