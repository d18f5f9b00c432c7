"""Arithmetic of wires (`add`, `mul` and `scale` are in `catnet.diagrams.structural`)."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import contracted
from catnet.boxes.axes import count, real_wire, trailing
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.joining import multiplied, summed
from catnet.diagrams.shards import Answer, Cut, together
from catnet.diagrams.structural import Add, Pointwise
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


class Two(Pointwise):
    """Two wires of one type, combined entry by entry."""

    arity = 2  # type: ignore[assignment]

    def rule(self, typing: Typing, inputs: Object) -> Object:
        count(self.name, inputs, 2)
        return tuple(real_wire(typing, w) for w in super().rule(typing, inputs))

    def code(self, site: Site) -> str:
        return f"{site.args[0]} {self.word} {site.args[1]}"

    def sign(self) -> str:
        return self.word


@box("sub", "arithmetic")
class Subtract(Two):
    """The first wire minus the second. R[...s] @ R[...s] -> R[...s]."""

    word: ClassVar[str] = "-"
    map_kind: ClassVar[MapKind] = "linear"

    def key(self) -> Hashable:
        """The same box as in `f - g`."""
        return Add((1, -1)).key()

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (summed(self.name, acting),)


@box("div", "arithmetic")
class Divide(Two):
    """The first wire divided by the second, entry by entry. R[...s] @ R[...s] -> R[...s]."""

    word: ClassVar[str] = "/"
    map_kind: ClassVar[MapKind] = "smooth"

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (multiplied(self.name, acting, (0,)),)


@box("matmul", "arithmetic")
class MatrixProduct(Box):
    """The product of matrices. R[...s, a, b] @ R[...s, b, c] -> R[...s, a, c]."""

    arity = 2
    signature: ClassVar[str] = "R[...s, a, b] @ R[...s, b, c] -> R[...s, a, c]"
    map_kind: ClassVar[MapKind] = "smooth"

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * trailing(inputs[0])[-1].size * 2

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        joined = together(self.name, cut)
        if isinstance(joined, str) or joined[0] is None or joined[0] <= -3:
            return joined
        return f"`{self.name}` acts on the axis that is cut"

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (contracted(self.name, acting, (("a", "b"), ("b", "c")), ("a", "c")),)

    def code(self, site: Site) -> str:
        return f"{site.args[0]} @ {site.args[1]}"

    def sign(self) -> str:
        return "@"


@box("outer", "arithmetic")
class OuterProduct(Box):
    """All products of an entry of the first wire with one of the second.
    R[...s, a] @ R[...s, b] -> R[...s, a, b]."""

    arity = 2
    signature: ClassVar[str] = "R[...s, a] @ R[...s, b] -> R[...s, a, b]"
    map_kind: ClassVar[MapKind] = "smooth"

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0])

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (contracted(self.name, acting, (("a",), ("b",)), ("a", "b")),)

    def code(self, site: Site) -> str:
        return f"{site.args[0]}.unsqueeze(-1) * {site.args[1]}.unsqueeze(-2)"


def _with_duals(wires: Object) -> Object:
    """Two wires, with the dual of what the first carries on its last axis taken for the same on the second."""
    last = [axis for wire in wires for axis in trailing(wire)[-1:] if axis.space is not None]
    if len(last) == len(wires) == 2 and last[0].space != last[1].space:
        from catnet.symmetry.reps import Rep
        from catnet.symmetry.reps_nodes import dual

        first, second = last[0].space, last[1].space
        if isinstance(first, Rep) and isinstance(second, Rep) and dual(first) == second:
            return wires[0], replace(wires[1], axes=(*wires[1].axes[:-1], last[0]))
    return wires


@box("dot", "arithmetic")
class DotProduct(Box):
    """The sum of the products of entries along the last axis. R[...s, d] @ R[...s, d] -> R[...s].

    A representation there meets itself or its dual."""

    arity = 2
    signature: ClassVar[str] = "R[...s, d] @ R[...s, d] -> R[...s]"
    map_kind: ClassVar[MapKind] = "smooth"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        return super().rule(typing, _with_duals(tuple(map(typing.inference.wire, inputs))))

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0]) * 2

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (contracted(self.name, acting, (("d",), ("d",)), ()),)

    def code(self, site: Site) -> str:
        return f"({site.args[0]} * {site.args[1]}).sum(-1)"


class Extremum(Two):
    """The greater or the lesser of two entries."""

    map_kind: ClassVar[MapKind] = "piecewise linear"

    @property
    def passes(self) -> Kind:
        return Kind.POSITIVE_MONOMIAL

    def code(self, site: Site) -> str:
        return f"torch.{self.name}({site.args[0]}, {site.args[1]})"

    def sign(self) -> str:
        return self.name


@box("maximum", "arithmetic")
class GreaterOfTwo(Extremum):
    """The greater of two entries; `max(over = ...)` is for one wire. R[...s] @ R[...s] -> R[...s]."""


@box("minimum", "arithmetic")
class LesserOfTwo(Extremum):
    """The lesser of two entries; `min(over = ...)` is for one wire. R[...s] @ R[...s] -> R[...s]."""
