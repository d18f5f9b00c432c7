"""Comparisons, what is true of two truths, and the choice between two wires."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from catnet.boxes.axes import count, only_wire
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.joining import compared, summed
from catnet.diagrams.shards import Answer, Cut, together
from catnet.diagrams.structural import Pointwise
from catnet.symmetry.kinds import Kind as MatrixKind
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.wires import BOOLEAN, REAL, Kind, Object, Pack, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


def parted(typing: Typing, wire: Wire) -> Wire:
    """The wire with a kind and axes of their own, so that another wire can have the axes without the kind."""
    inference = typing.inference
    kind, pack = Kind(inference.fresh("k"), variable=True), Pack(inference.fresh("s"))
    inference.unify(Wire(kind, (pack,)), wire)
    return inference.wire(wire)


class Comparison(Pointwise):
    """Two wires of one type, compared entry by entry."""

    arity = 2  # type: ignore[assignment]
    ordered: ClassVar[bool] = True

    def rule(self, typing: Typing, inputs: Object) -> Object:
        count(self.name, inputs, 2)
        wire = parted(typing, super().rule(typing, inputs)[0])
        if self.ordered and wire.kind.name in ("C", "Bool"):
            raise reject(
                f"`{self.name}` compares numbers by size, and `{wire}` has no order",
                help="`eq` and `ne` compare any two wires of one type",
            )
        return (Wire(BOOLEAN, wire.axes),)

    def code(self, site: Site) -> str:
        return f"{site.args[0]} {self.word} {site.args[1]}"

    def sign(self) -> str:
        return self.word


@box("eq", "arithmetic")
class Equal(Comparison):
    """Whether two entries are equal. X[...s] @ X[...s] -> Bool[...s], for wires of any kind."""

    word: ClassVar[str] = "=="
    ordered: ClassVar[bool] = False


@box("ne", "arithmetic")
class Unequal(Comparison):
    """Whether two entries differ. X[...s] @ X[...s] -> Bool[...s], for wires of any kind."""

    word: ClassVar[str] = "!="
    ordered: ClassVar[bool] = False


@box("lt", "arithmetic")
class Less(Comparison):
    """Whether the first entry is less. X[...s] @ X[...s] -> Bool[...s], for wires of numbers but C."""

    word: ClassVar[str] = "<"


@box("le", "arithmetic")
class LessOrEqual(Comparison):
    """Whether the first entry is at most the second. X[...s] @ X[...s] -> Bool[...s], for wires of numbers
    but C."""

    word: ClassVar[str] = "<="


@box("gt", "arithmetic")
class Greater(Comparison):
    """Whether the first entry is greater. X[...s] @ X[...s] -> Bool[...s], for wires of numbers but C."""

    word: ClassVar[str] = ">"


@box("ge", "arithmetic")
class GreaterOrEqual(Comparison):
    """Whether the first entry is at least the second. X[...s] @ X[...s] -> Bool[...s], for wires of numbers
    but C."""

    word: ClassVar[str] = ">="


class Connective(Box):
    """What is true of two truths, entry by entry."""

    arity = 2
    signature: ClassVar[str] = "Bool[...s] @ Bool[...s] -> Bool[...s]"
    word: ClassVar[str] = ""

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (compared(self.name, acting, self.passes),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return together(self.name, cut)

    def code(self, site: Site) -> str:
        return f"{site.args[0]} {self.word} {site.args[1]}"


@box("logical_and", "arithmetic")
class And(Connective):
    """Whether both are true. Bool[...s] @ Bool[...s] -> Bool[...s]."""

    word: ClassVar[str] = "&"


@box("logical_or", "arithmetic")
class Or(Connective):
    """Whether one at least is true. Bool[...s] @ Bool[...s] -> Bool[...s]."""

    word: ClassVar[str] = "|"


@box("logical_xor", "arithmetic")
class Xor(Connective):
    """Whether just one is true. Bool[...s] @ Bool[...s] -> Bool[...s]."""

    word: ClassVar[str] = "^"


@box("logical_not", "arithmetic")
class Not(Box):
    """True for false, and false for true. Bool[...s] -> Bool[...s]; its own inverse."""

    signature: ClassVar[str] = "Bool[...s] -> Bool[...s]"

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return together(self.name, cut)

    def inverse(self, inputs: Object) -> Box | None:
        return self

    def code(self, site: Site) -> str:
        return f"~{site.args[0]}"


@box("choose", "arithmetic")
class Choose(Box):
    """The entry of the second wire where the first is true, else that of the third (`torch.where`; `where` is
    a word of the language). Bool[...s] @ X[...s] @ X[...s] -> X[...s]. Linear for fixed truths."""

    arity = 3
    map_kind: ClassVar[MapKind] = "piecewise linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        count(self.name, inputs, 3)
        inference = typing.inference
        inference.unify(inputs[2], inputs[1], 2)
        inference.unify(inputs[0], Wire(BOOLEAN, inference.wire(inputs[1]).axes), 0)
        return (inference.wire(inputs[1]),)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """A choice that is the same along an axis is linear in the wires to choose from."""
        places = {at for action in acting.actions[1:] for part in action for at in part.axes}
        if not acting.actions[0] and places <= acting.flat(0):
            return (summed(self.name, acting, (1, 2)),)
        return (compared(self.name, acting, MatrixKind.PERMUTATION),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return together(self.name, cut)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0])

    def code(self, site: Site) -> str:
        return f"torch.where({', '.join(site.args)})"


@box("to_real", "arithmetic")
class ToReal(Box):
    """Truths as 0 and 1, and whole numbers, as reals in the precision of the net.
    Bool[...s] -> R[...s], Z[...s] -> R[...s] or Fin(n)[...s] -> R[...s]."""

    register: ClassVar[Literal["", "buffer"]] = "buffer"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = parted(typing, only_wire(self.name, inputs, typing))
        if wire.kind.name in ("R", "C"):
            raise reject(
                f"`to_real` takes truths or whole numbers, not `{wire}`",
                help="leave it out" if wire.kind == REAL else "",
            )
        return (Wire(REAL, wire.axes),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return together(self.name, cut)

    def module(self, site: Site) -> str:
        return "torch.empty(0)"  # its input has no precision of reals: this follows `.double()`

    def code(self, site: Site) -> str:
        return f"{site.args[0]}.to({site.module}.dtype)"
