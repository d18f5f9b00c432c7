"""Names that were meant: what is offered where a name is unknown."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

from catnet.diagnostics import Fix, Span


def nearest(name: str, known: Iterable[str]) -> str:
    """A help line that offers the known names closest to `name`, or the empty string.

    >>> nearest("gelo", ["gelu", "relu", "conv"])
    'did you mean `gelu`?'
    """
    close = closest(name, known)
    if not close:
        return ""
    offer = f"did you mean {' or '.join(f'`{other}`' for other in close)}?"
    strange = [c for c in name if not c.isascii() and c not in close[0]]
    return f"{offer} `{strange[0]}` is {unicodedata.name(strange[0], 'no letter')}" if strange else offer


def closest(name: str, known: Iterable[str]) -> list[str]:
    """The known names that a name may be meant for: none, one or two."""
    spelled: dict[str, str] = {}
    for other in sorted(set(known)):
        spelled.setdefault(_plain(other), other)
    wanted = _plain(name)
    close = [wanted] if wanted in spelled else difflib.get_close_matches(wanted, spelled, n=2, cutoff=0.6)
    return [spelled[c] for c in close]


def respelt(name: str, known: Iterable[str], span: Span | None) -> tuple[Fix, ...]:
    """The changes that `nearest` offers, where the name stands at a place by itself."""
    if span is None or span.text != name:
        return ()
    return tuple(Fix(f"write `{other}`", span, other) for other in closest(name, known))


def _plain(name: str) -> str:
    """A name without what spellings differ in: `LayerNorm` and `layer_norm` are `layernorm`."""
    return name.casefold().replace("_", "")
