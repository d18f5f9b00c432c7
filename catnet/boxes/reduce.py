"""Reductions over one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import on_axis, permuted
from catnet.boxes.axes import axis_position, located, only_wire, real_wire
from catnet.boxes.parts import without_axis
from catnet.diagrams.acting import Acting, Action, pointwise
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.shards import Answer, Cut, beside
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.static import AxisRef
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


class Reduction(Box):
    """One number for all entries along an axis, which vanishes: R[...s, n] -> R[...s]."""

    over: AxisRef
    map_kind: ClassVar[MapKind] = "piecewise linear"
    method: ClassVar[str] = ""

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        found = located(typing, wire, self.over, box=self.name)
        if found is None:
            return (typing.inference.fresh_wire(),)
        return (without_axis(real_wire(typing, found[0]), found[1]),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0])

    @property
    def passes(self) -> Kind:
        return Kind.GENERAL if self.map_kind == "linear" else Kind.POSITIVE_MONOMIAL

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Invariant in an axis that is permuted."""
        rep, rest = on_axis(self.name, acting, axis_position(acting.inputs[0], self.over))
        if rep is not None:
            remedy = "an invariant of a vector is `dot` with itself; of a sum of representations, `split` it first"
            permuted(self.name, rep, "reduces", remedy)
        return pointwise(self, rest, self.passes)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, cut, axis_position(inputs[0], self.over), "reduces", change=-1)

    def code(self, site: Site) -> str:
        return f"{site.args[0]}.{self.method}({axis_position(site.inputs[0], self.over)})"


@box("sum", "reduce")
class Sum(Reduction):
    """The sum over an axis: `sum(over = t)` is R[t, d] -> R[d]."""

    over: AxisRef
    map_kind: ClassVar[MapKind] = "linear"
    method: ClassVar[str] = "sum"


@box("mean", "reduce")
class Mean(Reduction):
    """The mean over an axis: `mean(over = t)` is R[t, d] -> R[d]."""

    over: AxisRef
    map_kind: ClassVar[MapKind] = "linear"
    method: ClassVar[str] = "mean"


@box("max", "reduce")
class Maximum(Reduction):
    """The greatest entry along an axis: `max(over = t)` is R[t, d] -> R[d]."""

    over: AxisRef
    method: ClassVar[str] = "amax"


@box("min", "reduce")
class Minimum(Reduction):
    """The least entry along an axis: `min(over = t)` is R[t, d] -> R[d]."""

    over: AxisRef
    method: ClassVar[str] = "amin"
