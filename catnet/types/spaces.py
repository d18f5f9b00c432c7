"""What rooms above bring into static expressions: groups, representations, and the functions that make them."""

from __future__ import annotations

import copy
import functools
import importlib
import operator
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from catnet.types.dims import Dim

if TYPE_CHECKING:
    from catnet.types.wires import Wire

MAX_POWER = 16

FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""What may be called in a static expression besides `max`, `min` and `sqrt`; rooms above put their words here."""

WORDS = "catnet.symmetry.words"
BUNDLE_WORDS = {
    "base": "catnet.bundles.carried",
    "gauge": "catnet.bundles.gauge",
    "determinant": "catnet.bundles.carried",
    "associated": "catnet.bundles.carried",
    "along": "catnet.bundles.strips",
    "across": "catnet.bundles.strips",
}
"""The modules that fill these tables. They are imported when a word is met that is in none, and not before."""


def learn_words(word: str) -> None:
    """Have `FUNCTIONS` filled with a word, where some room has it."""
    if word not in FUNCTIONS:
        importlib.import_module(BUNDLE_WORDS.get(word, WORDS))


EXACT_FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""Functions of numbers inside the arguments of those, where numbers are exact."""

NUMBERS: tuple[type, ...] = ()
"""Exact numbers besides integers and fractions."""


class Member:
    """A static value that is no number: a group or a representation. `str` is its text in the language.

    A group that is `local` has an element at each node of a graph: see `catnet.bundles.gauge`.
    """

    local: ClassVar[bool] = False


Acts = tuple[tuple[tuple[int, ...], "Space"], ...]
"""Representations, each with the places of its axes from the end."""


class Space(Member):
    """What an axis carries besides its size: a representation of a group, in a fixed basis and layout, or what belongs
    to a bundle (`catnet.bundles.carried`).

    Two spaces of one dimension are different unless they are equal. `label` is the name that a declaration gave it,
    for messages and pictures alone; `what` is its sort in words.
    """

    label: str = ""
    what: ClassVar[str] = "representation"

    @property
    def entries(self) -> str:
        """The kind of the wires on which it may stand; "" for any."""
        return ""

    def named(self, label: str) -> Self:
        """The same space under a name."""
        made = copy.copy(self)
        object.__setattr__(made, "label", label)  # it takes no part in what the space is, so frozen ones may have it
        return made

    @property
    def titled(self) -> str:
        """What it is, behind the name that a declaration gave it: `V = 4*trivial(O(3)) + 2*vector(O(3))`."""
        text = str(self)
        return f"{self.label} = {text}" if self.label not in ("", text) else text

    @property
    def dim(self) -> Dim:
        """The number of coordinates."""
        raise NotImplementedError  # a representation says it

    @property
    def sizes(self) -> tuple[Dim, ...]:
        """Sizes that it names and that may still be open when two spaces meet: they are asked to be equal."""
        return ()

    def subst(self, dims: Mapping[str, Dim]) -> Space:
        """The space with names of sizes replaced."""
        return self

    def placed(self, x: Any) -> Any:
        """Random numbers, a tensor [..., dim], as points of the space: only some spaces have not all numbers."""
        return x

    def acts(self, wire: Wire, place: int, group: object) -> Acts:
        """What a group does to a wire because of this space on the axis at a place from the end."""
        return ()


def put(space: Space, dims: Mapping[str, Dim]) -> Space:
    """A space with names of sizes replaced, in its label too: `V(k)` becomes `V(8)`."""
    made = space.subst(dims)
    label = re.sub(r"\b[^\W\d]\w*\b(?!\()", lambda word: str(dims.get(word[0], word[0])), space.label)
    return made.named(label) if label else made


def joined(op: str, a: Any, b: Any) -> Any:
    """`V + W`, `3*V`, the tensor product `V*W`, `V ^ 2`, the product `G*H`; `NotImplemented` for what is none."""
    try:
        if op == "+" and isinstance(a, Space) and isinstance(b, Space):
            return a + b  # type: ignore[operator]
        if op == "*" and isinstance(a, Space) and isinstance(b, Space):
            return a @ b  # type: ignore[operator]
        if op == "*" and isinstance(b, Space) and isinstance(a, Dim):
            return b.__rmul__(a)  # type: ignore[attr-defined]
        if op == "*" and isinstance(a, Member) and isinstance(b, Member):
            return a * b  # type: ignore[operator]
        if op == "^" and isinstance(a, Space) and isinstance(b, Dim) and 0 < (b.value or 0) <= MAX_POWER:
            return functools.reduce(operator.matmul, [a] * (b.value or 1))
    except TypeError:  # that the two do not go together is the answer
        return NotImplemented
    return NotImplemented
