"""Wires and objects: a wire carries one tensor, an object is a list of wires.

A wire has a scalar kind and a list of *trailing* axes; all further leading axes of the tensor are batch and
are not part of the type. Axis packs (`...s`) stand for any number of axes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from catnet.types.dims import Dim
from catnet.types.spaces import Space

KINDS = ("R", "C", "Z", "Bool", "Fin")


@dataclass(frozen=True, slots=True)
class Kind:
    """What one entry is: `R`, `C`, `Z`, `Bool`, or `Fin` with its size (integers in 0..size-1).

    An object variable `X` is a kind with `variable=True`; so is an inference variable (`?...`).
    """

    name: str
    size: Dim | None = None
    variable: bool = False

    def __str__(self) -> str:
        return f"{self.name}({self.size})" if self.size is not None else self.name


REAL = Kind("R")
COMPLEX = Kind("C")
INTEGER = Kind("Z")
BOOLEAN = Kind("Bool")


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its size, the name (`tag`) by which the surrounding text speaks of it, and what it carries.

    The tag is how `over = n` finds its axis when two axes have the same size; it takes no part in equality. An
    axis with a `space` is no plain axis: only the same space fits it.
    """

    size: Dim
    tag: str | None = field(default=None, compare=False)
    space: Space | None = None

    def __str__(self) -> str:
        return str(self.size) if self.space is None else self.tag or self.space.label or str(self.space)


@dataclass(frozen=True, slots=True)
class Pack:
    """Any number of axes: `...s`. Names that start with `?` are inference variables."""

    name: str

    def __str__(self) -> str:
        return f"...{self.name}"


AxisLike = Axis | Pack


@dataclass(frozen=True, slots=True)
class Wire:
    """One wire: `R[...s, d]` is `Wire(REAL, (Pack("s"), Axis(d)))`."""

    kind: Kind
    axes: tuple[AxisLike, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}[{', '.join(map(str, self.axes))}]" if self.axes else str(self.kind)

    @property
    def symbols(self) -> frozenset[str]:
        """Every dimension name that occurs."""
        found = self.kind.size.symbols if self.kind.size is not None else frozenset()
        for axis in self.axes:
            if isinstance(axis, Axis):
                found |= axis.size.symbols
        return found

    def with_axes(self, axes: Iterable[AxisLike]) -> Wire:
        """The same kind with other axes."""
        return Wire(self.kind, tuple(axes))


@dataclass(frozen=True, slots=True)
class ObjectVar:
    """A capitalised name in a signature: any list of wires."""

    name: str

    def __str__(self) -> str:
        return self.name


Object = tuple[Wire, ...]


def show_object(wires: Iterable[Wire | ObjectVar]) -> str:
    """`R[t, d] @ R[h]`, or `()`."""
    return " @ ".join(map(str, wires)) or "()"


def real(*sizes: Dim | int) -> Wire:
    """A wire of reals; integers stand for constant sizes.

    >>> print(real(8, 8))
    R[8, 8]
    """
    return Wire(REAL, tuple(Axis(s if isinstance(s, Dim) else Dim.const(s)) for s in sizes))
