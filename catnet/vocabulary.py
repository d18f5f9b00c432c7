"""The vocabulary from Python: `linear(256) >> relu` builds the diagram that the same text builds in a `.cat` file."""

from __future__ import annotations

from typing import Any

import catnet.boxes  # noqa: F401  (fills the vocabulary)
from catnet.boxes.trivialise import reading
from catnet.diagrams import terms
from catnet.diagrams.box import REQUIRED, VOCABULARY, Box
from catnet.elaborate.arguments import make_box, match


class Word(terms.Leaf):
    """A box of the vocabulary whose static arguments all have defaults; call it to give others."""

    def __call__(self, *args: Any, **kwargs: Any) -> terms.Diagram:
        """The same box with static arguments."""
        return _leaf(type(self.box), args, kwargs)


class Maker:
    """A box of the vocabulary that needs static arguments: call it to get a diagram."""

    def __init__(self, cls: type[Box]) -> None:
        self.cls = cls
        self.__name__ = cls.name
        self.__doc__ = cls.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> terms.Diagram:
        """The box with these static arguments."""
        return _leaf(self.cls, args, kwargs)

    def __repr__(self) -> str:
        needed = ", ".join(p.name for p in self.cls.params() if p.default is REQUIRED)
        return f"<box {self.cls.name}({needed})>"


def word(name: str) -> Word | Maker:
    """The box called `name`; raises `KeyError` where there is none."""
    cls = VOCABULARY[name]
    if any(p.default is REQUIRED for p in cls.params()):
        return Maker(cls)
    return Word(cls())


def _leaf(cls: type[Box], args: tuple[Any, ...], kwargs: dict[str, Any]) -> terms.Diagram:
    extra = tuple(kwargs) if cls.open_keywords else ()
    keywords = {k: (v, None) for k, v in kwargs.items()}
    given = match(cls.name, cls.params(), [(a, None) for a in args], keywords, None, extra)
    return reading(make_box(cls, given))


def each(body: terms.Diagram) -> terms.Diagram:
    """`each(f)`: f on every wire, fresh parameters each."""
    return terms.Each(body)


def fan(*parts: terms.Diagram) -> terms.Diagram:
    """`(f, g, h)`: the same input to each."""
    return terms.Fan(parts)


def share(name: str, body: terms.Diagram) -> terms.Diagram:
    """One parametrised morphism; every use of the result has the same weights, registered as `name`."""
    return terms.Use(terms.Shared(name, body))


def transpose(body: terms.Diagram) -> terms.Diagram:
    """The transpose of a linear box; of a shared one, with the same weights."""
    if isinstance(body, terms.Use):
        return terms.Use(body.shared, not body.transposed)
    return terms.Transpose(body)


COMBINATORS = {"each": each, "fan": fan, "share": share, "transpose": transpose}
