"""Group elements as words: powers of discrete generators and exponentials of Lie algebra elements."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

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


def read_word(text: str, names: tuple[str, ...]) -> Word:
    """A word from its text, such as `(g1*g2)^5*g1^-1`. Raises E0701 for what is none in these names."""
    letters, rest = _product(re.findall(r"\w+|\S", text), names, text)
    if rest:
        _no_word(text, names)
    return letters


def _product(tokens: list[str], names: tuple[str, ...], text: str) -> tuple[Word, list[str]]:
    word, rest = _power(tokens, names, text)
    while rest and rest[0] == "*":
        more, rest = _power(rest[1:], names, text)
        word += more
    return word, rest


def _power(tokens: list[str], names: tuple[str, ...], text: str) -> tuple[Word, list[str]]:
    if tokens and tokens[0] == "(":
        inner, tokens = _product(tokens[1:], names, text)
        if not tokens or tokens[0] != ")":
            _no_word(text, names)
    elif tokens and tokens[0] in names:
        inner = ((names.index(tokens[0]), 1),)
    else:
        _no_word(text, names)
    tokens = tokens[1:]
    if not tokens or tokens[0] != "^":
        return inner, tokens
    negative = tokens[1:2] == ["-"]
    digits, tokens = tokens[1 + negative : 2 + negative], tokens[2 + negative :]
    if not digits or not digits[0].isdigit():
        _no_word(text, names)
    if negative:
        inner = tuple((i, -power) for i, power in reversed(inner))
    count = int(digits[0])
    return (((inner[0][0], inner[0][1] * count),) if len(inner) == 1 else inner * count), tokens


def _no_word(text: str, names: tuple[str, ...]) -> NoReturn:
    fail("E0701", f"`{text}` is not a word in {', '.join(names)}", help='write it as "(g1*g2)^5"')
