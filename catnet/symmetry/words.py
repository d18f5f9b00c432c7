"""The words of symmetry in the language: importing this puts them among what a static expression may call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catnet.limits import bounded
from catnet.symmetry import constructors
from catnet.symmetry.bilinear import paths
from catnet.symmetry.cyclotomic import Cyclotomic, cosine, root, sine, sqrt
from catnet.types import spaces
from catnet.types.dims import Dim

GROUPS = (
    *("C", "D", "S", "A", "SO", "O", "U", "SU", "Sp", "GL", "translations", "p4", "p4m"),
    *("permutations", "matrices"),
)
REPRESENTATIONS = (
    *("trivial", "vector", "sign", "regular", "irrep", "dual", "sym2", "alt2", "outer", "inflate", "restrict"),
    *("permutation", "representation"),
)
WORDS = (*GROUPS, *REPRESENTATIONS)


def _with_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of Python numbers, for arguments of the language."""

    def called(*args: Any, **named: Any) -> Any:
        with bounded("E0707", f"`{function.__name__}`"):
            return function(*map(_plain, args), **{name: _plain(value) for name, value in named.items()})

    return called


def _plain(value: Any) -> Any:
    if isinstance(value, Dim):
        return value if value.value is None else value.value
    return tuple(map(_plain, value)) if isinstance(value, tuple) else value


spaces.FUNCTIONS.update({name: _with_numbers(getattr(constructors, name)) for name in WORDS})
spaces.FUNCTIONS.update({function.__name__: _with_numbers(function) for function in (cosine, sine, root)})
spaces.FUNCTIONS["paths"] = paths
spaces.EXACT_FUNCTIONS["sqrt"] = sqrt
spaces.NUMBERS = (Cyclotomic,)
