"""Python names in generated code."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Iterable

RESERVED = frozenset({"self", "nn", "F", "torch", "math", "Tensor", "InputError"})
CALLED = frozenset({"float", "max", "min", "range", "tuple", "zip"})  # Python's own that a `forward` may call


def identifier(text: str, default: str = "x") -> str:
    """A safe Python identifier that resembles `text`.

    >>> identifier("class"), identifier("3d conv"), identifier("")
    ('class_', 'x3d_conv', 'x')
    """
    text = unicodedata.normalize("NFKC", text)
    name = "".join(c if ("a" + c).isidentifier() else "_" for c in text).strip("_") or default
    if not name[0].isalpha():
        name = default + name
    return name + "_" if keyword.iskeyword(name) or name in RESERVED else name


def camel(text: str) -> str:
    """A class name: `layer_norm` becomes `LayerNorm`.

    >>> camel("gpt2"), camel("layer_norm"), camel("tensor")
    ('Gpt2', 'LayerNorm', 'TensorNet')
    """
    parts = [p for p in identifier(text, "Net").split("_") if p]
    name = "".join(p[0].upper() + p[1:] for p in parts)
    return name + "Net" if name in RESERVED or name in ("None", "True", "False") else name


class Names:
    """Hands out names that are not taken."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self._given: set[str] = set()
        self._last: dict[str, int] = {}  # the number that each wanted name was last given, so as not to search

    def new(self, wanted: str, joint: str = "_") -> str:
        """`wanted`, or `wanted_2`, `wanted_3`, ... if it is taken; `joint` stands before the number."""
        name, number = wanted, self._last.get(wanted, 1)
        while name in self.taken:
            number += 1
            name = f"{wanted}{joint}{number}"
        self._last[wanted] = number
        self.taken.add(name)
        self._given.add(name)
        return name

    def unused(self, wanted: str) -> str:
        """A name that was never handed out, not even one that is free again; nor will it be."""
        name, number = wanted, 1
        while name in self.taken or name in self._given:
            number += 1
            name = f"{wanted}_{number}"
        self.taken.add(name)
        self._given.add(name)
        return name
