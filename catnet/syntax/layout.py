"""A small pretty printer: documents that say where a line may break, and the best layout of one.

The idea is Wadler's and Lindig's: a group is printed on one line if it fits with what must follow it, and is
broken at all its own breaks otherwise. Added to that: a broken line may start with an operator that hangs to
the left of the indentation, and documents may be made late, so that no step recurses and a limit stops the
work early.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Union

Doc = Union[str, "Break", "Nest", "Group", "Lazy", list["Doc"]]


@dataclass(frozen=True, slots=True)
class Break:
    """A place for a new line: `flat` where the group fits; otherwise a new line that begins with `lead`.

    `lead` hangs left of the indentation, so that what follows it is aligned.
    """

    flat: str = " "
    lead: str = ""
    hard: bool = False


HARD = Break(hard=True)
SOFT = Break("")
SPACE = Break(" ")


@dataclass(frozen=True, slots=True)
class Nest:
    """Breaks inside are indented by so much more."""

    by: int
    doc: Doc


@dataclass(frozen=True, slots=True)
class Group:
    """On one line if it fits. A `hard` one never is: it holds a hard break (a comment, say)."""

    doc: Doc
    hard: bool = False


class Lazy:
    """A document that is made when it is first needed."""

    __slots__ = ("_doc", "_make")

    def __init__(self, make: Callable[[], Doc]) -> None:
        self._make: Callable[[], Doc] | None = make
        self._doc: Doc = ""

    def get(self) -> Doc:
        if self._make is not None:
            self._doc, self._make = self._make(), None
        return self._doc


def render(doc: Doc, width: int, limit: int | None = None) -> str:
    """Lay out a document in lines of at most `width` where that can be; stop after `limit` characters."""
    out: list[str] = []
    column = total = 0
    stack: list[tuple[int, bool, Doc]] = [(0, False, doc)]
    while stack:
        indent, flat, part = stack.pop()
        match part:
            case str():
                out.append(part)
                column += len(part)
                total += len(part)
            case Break() if flat and not part.hard:
                out.append(part.flat)
                column += len(part.flat)
                total += len(part.flat)
            case Break():
                out.append("\n" + " " * max(0, indent - len(part.lead)) + part.lead)
                column = max(indent, len(part.lead))
                total += column + 1
            case list():
                stack.extend([(indent, flat, piece) for piece in reversed(part)])
            case Nest():
                stack.append((indent + part.by, flat, part.doc))
            case Lazy():
                stack.append((indent, flat, part.get()))
            case Group():
                fits = flat or (not part.hard and _fits(width - column, part.doc, stack))
                stack.append((indent, fits and not part.hard, part.doc))
        if limit is not None and total > limit:
            out.append(" ...")
            break
    return "".join(out)


def _fits(room: int, doc: Doc, rest: list[tuple[int, bool, Doc]]) -> bool:
    """Whether a document fits on one line, with what follows it up to the next possible break."""
    todo: list[tuple[bool, Doc]] = [(True, doc)]
    following = len(rest)
    while room >= 0:
        if not todo:
            if following == 0:
                return True
            following -= 1
            todo.append(rest[following][1:])
        flat, part = todo.pop()
        match part:
            case str():
                room -= len(part)
            case Break():
                if part.hard or not flat:
                    return True
                room -= len(part.flat)
            case list():
                todo.extend([(flat, piece) for piece in reversed(part)])
            case Nest():
                todo.append((flat, part.doc))
            case Lazy():
                todo.append((flat, part.get()))
            case Group():
                todo.append((flat and not part.hard, part.doc))
    return False
