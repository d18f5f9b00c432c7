"""Tables that say which tensor of a published checkpoint becomes which of ours.

A map is data: rules of two patterns, tried from above; the first that fits a key is used. In a pattern `{i}` is a
number and `{at*}` any text; on the right `{i-1}` and `{i+1}` count. A rule may also transpose a matrix (`flip`), drop
axes of size 1 in front (`squeeze`), or cut a tensor into equal parts along its first axis (several patterns on the
right; after `flip`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

_HOLE = re.compile(r"\{([a-z]+)(\*|[+-][0-9]+)?\}")


@dataclass(frozen=True)
class Rule:
    """One line of a map: their keys that fit `theirs` become `ours`."""

    theirs: str
    ours: str | tuple[str, ...]
    flip: bool = False
    squeeze: int = 0

    @property
    def targets(self) -> tuple[str, ...]:
        """The patterns of our keys, one for each part that the tensor is cut into."""
        return (self.ours,) if isinstance(self.ours, str) else self.ours

    def fits(self, key: str) -> tuple[str, ...] | None:
        """Our keys for one of theirs, or None where the rule does not speak of it."""
        found = _reader(self.theirs).fullmatch(key)
        if found is None:
            return None
        return tuple(_filled(target, found.groupdict()) for target in self.targets)


@dataclass(frozen=True)
class Map:
    """How the state dict of a reference becomes that of a compiled module.

    `rules` are tried from above. Keys that fit a pattern of `ignore` are buffers that hold nothing learned. `tied`
    names keys whose tensor, where it is there, must equal another one of theirs, which is used in its place. `strip`
    is a prefix that their keys may have or not.
    """

    name: str
    rules: tuple[Rule, ...] = ()
    ignore: tuple[str, ...] = ()
    tied: Mapping[str, str] = field(default_factory=dict)
    strip: str = ""

    def plain(self, key: str) -> str:
        """Their key without the optional prefix."""
        return key.removeprefix(self.strip)

    def ignores(self, key: str) -> bool:
        """Whether one of their keys is declared to hold nothing that we need."""
        return any(_reader(pattern).fullmatch(self.plain(key)) for pattern in self.ignore)

    def find(self, key: str) -> tuple[Rule, tuple[str, ...]] | None:
        """The rule for one of their keys, with our keys; None where no rule speaks of it."""
        for rule in self.rules:
            ours = rule.fits(self.plain(key))
            if ours is not None:
                return rule, ours
        return None


@lru_cache(maxsize=1024)
def _reader(pattern: str) -> re.Pattern[str]:
    """A pattern as a regular expression; the same hole twice must be filled alike.

    >>> _reader("h.{i}.{at*}").fullmatch("h.11.attn.weight").groupdict()
    {'i': '11', 'at': 'attn.weight'}
    """
    text, end = "", 0
    seen: set[str] = set()
    for hole in _HOLE.finditer(pattern):
        name, kind = hole[1], hole[2]
        text += re.escape(pattern[end : hole.start()])
        text += f"(?P={name})" if name in seen else f"(?P<{name}>{'.+' if kind == '*' else '[0-9]+'})"
        seen.add(name)
        end = hole.end()
    return re.compile(text + re.escape(pattern[end:]))


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    """A pattern with its holes filled.

    >>> _filled("rest.{i-1}.{at*}", {"i": "3", "at": "weight"})
    'rest.2.weight'
    """

    def fill(hole: re.Match[str]) -> str:
        value, step = values[hole[1]], hole[2]
        return value if step in (None, "*") else str(int(value) + int(step))

    return _HOLE.sub(fill, pattern)
