"""Group elements as words: powers of discrete generators and exponentials of Lie algebra elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catnet.diagnostics import fail

if TYPE_CHECKING:
    from catnet.symmetry.groups import Group

Word = tuple[tuple[int, int], ...]
"""A product of powers of generators, `(index, power)` from left to right; the empty word is the identity."""


@dataclass(frozen=True)
class Flow:
    """`exp(sum_i c_i A_i)` for the Lie algebra generators A_i, by pairs (i, c_i)."""

    coefficients: tuple[tuple[int, float], ...]


Letter = tuple[int, int] | Flow


@dataclass(frozen=True)
class Element:
    """A group element written as a product of letters, left to right. Products and inverses only join words.

    Two words may be one element; `Rep.matrix` evaluates a word in a representation.
    """

    group: Group
    letters: tuple[Letter, ...] = ()

    def __mul__(self, other: Element) -> Element:
        if self.group != other.group:
            fail("E0709", f"elements of `{self.group}` and `{other.group}` cannot be multiplied")
        return Element(self.group, self.letters + other.letters)

    def inverse(self) -> Element:
        """The inverse: the letters inverted, last first."""
        return Element(self.group, tuple(_inverted(letter) for letter in reversed(self.letters)))

    def __str__(self) -> str:
        return "*".join(_text(self.group, letter) for letter in self.letters) or "1"


def _inverted(letter: Letter) -> Letter:
    if isinstance(letter, Flow):
        return Flow(tuple((i, -c) for i, c in letter.coefficients))
    return letter[0], -letter[1]


def _text(group: Group, letter: Letter) -> str:
    if isinstance(letter, Flow):
        return f"exp({' + '.join(f'{c:.3g}*{group.algebra[i]}' for i, c in letter.coefficients)})"
    return word_text(group.generators, (letter,))


def word_text(names: tuple[str, ...], word: Word) -> str:
    """`r^4`, `(r*s)^2`: a word in the names of generators."""
    for length in range(1, len(word) // 2 + 1):
        if len(word) % length == 0 and word[:length] * (len(word) // length) == word:
            inner = word_text(names, word[:length])
            return f"({inner})^{len(word) // length}" if "*" in inner else f"{inner}^{len(word) // length}"
    return "*".join(names[i] if power == 1 else f"{names[i]}^{power}" for i, power in word) or "1"
