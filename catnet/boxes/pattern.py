"""The patterns of `rearrange`: "t (h c) -> h t c" names axes, and brackets say which ones are one axis.

`reduce` may lose names on the way, `repeat` may have new ones. A pattern speaks of the trailing axes; further
leading axes stay in front. `...` stands for axes that the pattern does not name, `1` for an axis of size 1 that is
removed (left) or added (right).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from catnet.types.infer import reject

Group = tuple[str, ...]  # the components of one axis, first varies slowest; () is an axis of size 1
DOTS = "..."
_TOKEN = re.compile(r"\s*(\.\.\.|->|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|\(|\)|\S)")


@dataclass(frozen=True)
class Pattern:
    """Both sides of a pattern, as groups of component names."""

    left: tuple[Group, ...]
    right: tuple[Group, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The components, in the order of the left side."""
        return tuple(name for group in self.left for name in group)

    @property
    def order(self) -> tuple[str, ...]:
        """The components, in the order of the right side."""
        return tuple(name for group in self.right for name in group)

    def spread(self, count: int) -> Pattern:
        """`...` replaced by `count` components of their own; a leading `...` on both sides is left out."""
        if (DOTS,) not in self.left:
            return self
        own: tuple[Group, ...] = tuple((f"{DOTS}{i}",) for i in range(count))

        def put(side: tuple[Group, ...]) -> tuple[Group, ...]:
            at = side.index((DOTS,))
            return (*side[:at], *own, *side[at + 1 :])

        return Pattern(put(self.left), put(self.right))

    @property
    def leads(self) -> bool:
        """Whether unnamed axes stay in front, as batch axes do."""
        dots = (DOTS,)
        return dots not in self.left or (self.left[0] == dots and self.right[0] == dots)


@lru_cache(maxsize=1024)
def read_pattern(text: str, *, lose: bool = False, gain: bool = False) -> Pattern:
    """Read a pattern; raises `TypeProblem` (E0224) saying what is wrong with it.

    Names may stand only on the left if it may `lose` axes, only on the right if it may `gain` some.
    """
    left, arrow, right = text.partition("->")
    if not arrow or "->" in right:
        raise bad(text, "it has no `->`" if not arrow else "it has more than one `->`")
    pattern = Pattern(_side(text, left), _side(text, right))
    for side, word in ((pattern.names, "left"), (pattern.order, "right")):
        twice = [n for n in side if side.count(n) > 1]
        if twice:
            raise bad(text, f"`{twice[0]}` stands twice on the {word}")
    only_left = [n for n in pattern.names if n not in pattern.order and not (lose and n != DOTS)]
    only_right = [n for n in pattern.order if n not in pattern.names and not (gain and n != DOTS)]
    if lose and all(n in pattern.order for n in pattern.names):
        raise bad(text, "no axis vanishes", "`rearrange` keeps all axes")
    if gain and all(n in pattern.names for n in pattern.order):
        raise bad(text, "no axis is new", "`rearrange` only moves axes")
    if only_left or only_right:
        name, word = (only_left[0], "left") if only_left else (only_right[0], "right")
        raise bad(text, f"`{name}` stands only on the {word}", _missing(name, word))
    return pattern


def _missing(name: str, word: str) -> str:
    if name == DOTS:
        return "write `...` on both sides, or leave it out: further leading axes stay in front"
    if word == "left":
        return f"an axis cannot vanish here: use `mean(over = ...)` or `select`, or put `{name}` on the right"
    return f"put `{name}` on the left, in brackets with the axis that it is a part of"


def bad(text: str, why: str, help: str = "") -> Exception:
    """A pattern that says nothing."""
    return reject(f'the pattern "{text}" cannot be read: {why}', help=help or 'a pattern: "t (h c) -> h t c"')


def _side(text: str, side: str) -> tuple[Group, ...]:
    groups: list[Group] = []
    inside: list[str] | None = None
    for token in _TOKEN.findall(side):
        if token == "(":
            if inside is not None:
                raise bad(text, "brackets inside brackets")
            inside = []
        elif token == ")":
            if inside is None:
                raise bad(text, "a `)` without its `(`")
            groups.append(tuple(inside))
            inside = None
        elif token == "1":
            if inside is None:
                groups.append(())
        elif token == DOTS or token.isidentifier():
            if token == DOTS and inside is not None:
                raise bad(text, "`...` stands inside brackets", "`flatten` joins all axes")
            if inside is None:
                groups.append((token,))
            else:
                inside.append(token)
        else:
            help = "name the axis, and give its size: rearrange(..., h = 4)"
            raise bad(text, f"`{token}` is not a name", help)
    if inside is not None:
        raise bad(text, "a `(` without its `)`")
    return tuple(groups)


def move(value: str, before: Sequence[str], after: Sequence[str]) -> str:
    """Code that brings trailing axes from one order to another, counted from the end."""
    if list(before) == list(after):
        return value
    size = len(before)
    changed = [i for i in range(size) if before[i] != after[i]]
    if len(changed) == 2:
        return f"{value}.transpose({changed[0] - size}, {changed[1] - size})"
    single = _single_move(before, after)
    if single is not None:
        return f"{value}.movedim({single[0] - size}, {single[1] - size})"
    source = tuple(before.index(after[i]) - size for i in changed)
    return f"{value}.movedim({source}, {tuple(i - size for i in changed)})"


def _single_move(before: Sequence[str], after: Sequence[str]) -> tuple[int, int] | None:
    for source, name in enumerate(before):
        rest = [n for n in before if n != name]
        target = list(after).index(name)
        if [*rest[:target], name, *rest[target:]] == list(after):
            return source, target
    return None
