"""How wide a text is, without a font: a generous estimate, so that it stays in its box in any sans serif."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

NARROW = frozenset("ijl.,:;'|![]()` ")
WIDE = frozenset("mwMW@%&")
ELLIPSIS = "\u2026"

# Characters that reorder or hide what stands beside them; shown as a replacement mark, as controls are.
_UNSAFE = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@lru_cache(maxsize=4096)
def clean(text: str) -> str:
    """Text that XML accepts and that a reader sees as it is: controls become U+FFFD, white space one blank.

    >>> clean("a\\tb")
    'a b'
    """
    if text.isascii() and text.isprintable():
        return text
    blank = " ".join(text.split())
    return "".join("\ufffd" if c in _REORDERING or unicodedata.category(c) in _UNSAFE else c for c in blank)


def shorten(text: str, limit: int) -> str:
    """The text, cut in the middle to `limit` characters: both ends of a type tell something.

    >>> shorten("R[channels * 2, height, width]", 16)
    'R[channe\u2026 width]'
    """
    if len(text) <= limit:
        return text
    head = limit // 2
    return text[:head] + ELLIPSIS + text[len(text) - (limit - head - 1) :]


@lru_cache(maxsize=4096)
def text_width(text: str, size: float) -> float:
    """The width of a text in a sans serif of this size.

    >>> text_width("MM", 10) > text_width("ii", 10)
    True
    """
    units = 0.0
    for char in text:
        if char in NARROW:
            units += 0.4
        elif char in WIDE:
            units += 0.98
        elif char.isascii():
            units += 0.7 if char.isupper() else 0.63
        elif unicodedata.combining(char):
            units += 0.0
        else:
            units += 1.1 if unicodedata.east_asian_width(char) in "WF" else 0.85
    return round(units * size, 1)
