"""Masks: what may see what, as boolean wires. True means that it may be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import refuse_on, shifted
from catnet.boxes.axes import ONE, ZERO, axis_position, located, only_wire, trailing
from catnet.boxes.parts import axis_at
from catnet.diagrams.acting import Acting, Action, unfit
from catnet.diagrams.box import Box, Site, box
from catnet.symmetry.kinds import Kind as MatrixKind
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.static import AxisRef
from catnet.types.wires import BOOLEAN, Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

POSITIONS = AxisRef(index=-2)


def band(shape: str, near: str, window: str = "") -> str:
    """Code of the matrix in which entry (i, j) says whether j <= i, and i - j < window where one is given.

    >>> band("3, 4", "x")
    'torch.ones(3, 4, dtype=torch.bool, device=x.device).tril()'
    """
    code = f"torch.ones({shape}, dtype=torch.bool, device={near}.device).tril()"
    return f"{code}.triu(1 - {window})" if window else code


class OfLength(Box):
    """Something that depends on nothing but the size t of one axis of its input; it has no batch axes."""

    over: AxisRef

    def of_length(self, typing: Typing, inputs: Object, wire: Wire, length: Axis) -> Object:
        """The outputs for an axis of this length."""
        raise NotImplementedError  # each subclass says its own

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        found = located(typing, wire, self.over, box=self.name)
        if found is None:
            return (typing.inference.fresh_wire(),)
        return self.of_length(typing, inputs, found[0], axis_at(*found))

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Invariant, as it depends on nothing that the group changes. It is in the order of its axis, so an action on
        that axis ends here."""
        place = axis_position(acting.inputs[0], self.over)
        what = "depends on the order of the entries along an axis"
        refuse_on(self.name, acting, (place,), what, "leave it out: a set has no order")
        return ((),) * len(acting.outputs)

    def gives_batch(self, site: Site) -> bool:
        return False

    def length(self, site: Site) -> str:
        """The length as code."""
        position = axis_position(site.inputs[0], self.over)
        size = trailing(site.inputs[0])[position].size
        return str(size.value) if size.value is not None else f"{site.args[0]}.shape[{position}]"


@box("causal_mask", "attention")
class CausalMask(OfLength):
    """Position i sees positions 0..i: `causal_mask` is R[...s, t, d] -> Bool[t, t].

    Its input gives only the length t, of the axis `over` (the last but one, if none is said; -1 for tokens).
    """

    over: AxisRef = POSITIONS

    def of_length(self, typing: Typing, inputs: Object, wire: Wire, length: Axis) -> Object:
        return (Wire(BOOLEAN, (length, length)),)

    def code(self, site: Site) -> str:
        length = self.length(site)
        return band(f"{length}, {length}", site.args[0])


@box("window_mask", "attention")
class WindowMask(OfLength):
    """Position i sees the last n positions up to itself, i-n+1..i: R[...s, t, d] -> Bool[t, t] (Beltagy et al.,
    2020). Its input gives only the length t, of the axis `over` (the last but one, if none is said)."""

    n: Dim
    over: AxisRef = POSITIONS

    def of_length(self, typing: Typing, inputs: Object, wire: Wire, length: Axis) -> Object:
        typing.inference.demand(Pred(">=", self.n, ONE), f"`window_mask` needs {self.n} >= 1")
        return (Wire(BOOLEAN, (length, length)),)

    def code(self, site: Site) -> str:
        length = self.length(site)
        return band(f"{length}, {length}", site.args[0], site.size(self.n))


@box("padding_mask", "attention")
class PaddingMask(Box):
    """Which tokens are none: every query sees the tokens that are not `pad`. Z[...s, t] -> Bool[...s, 1, t]."""

    pad: Dim = ZERO
    signature: ClassVar[str] = "Z[...s, t] -> Bool[...s, 1, t]"

    def act(self, acting: Acting) -> tuple[Action, ...]:
        for part in acting.actions[0]:
            if not part.rep.kind.within(MatrixKind.PERMUTATION):
                raise unfit(self.name, part.rep)
        return (shifted(acting.actions[0], -2, 1),)

    def code(self, site: Site) -> str:
        return f"({site.args[0]} != {site.size(self.pad)}).unsqueeze(-2)"
