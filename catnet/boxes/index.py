"""Boxes that find, pick and order entries along one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import entrywise, refuse_on, shifted
from catnet.boxes.axes import LAST, ONE, axis_position, count, is_unknown, located, only_wire, real_wire, trailing
from catnet.boxes.parts import axis_at, with_size, without_axis
from catnet.diagrams.acting import Acting, Action, ordered, unfit
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.joining import compared
from catnet.symmetry.kinds import Kind as MatrixKind
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.static import AxisRef
from catnet.types.wires import Axis, AxisLike, Kind, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


def indices(wire: Wire, size: Dim) -> Wire:
    """A wire of the same axes that holds integers below a size."""
    return Wire(Kind("Fin", size), wire.axes)


class Extreme(Box):
    """The place of an extreme entry along an axis, which vanishes."""

    axis: AxisRef
    method: ClassVar[str] = ""

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        found = located(typing, wire, self.axis, box=self.name)
        if found is None:
            return (typing.inference.fresh_wire(),)
        wire = real_wire(typing, found[0])
        return (indices(without_axis(wire, found[1]), axis_at(wire, found[1]).size),)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        place = axis_position(acting.inputs[0], self.axis)
        refuse_on(self.name, acting, (place,), "gives a place along an axis", "take `max` or `min`, the entry itself")
        return (shifted(entrywise(self, acting)[0], place, -1),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0])

    def code(self, site: Site) -> str:
        return f"{site.args[0]}.{self.method}({axis_position(site.inputs[0], self.axis)})"


@box("argmax", "shape")
class ArgMax(Extreme):
    """Where the greatest entry along an axis stands: R[...s, n] -> Fin(n)[...s]."""

    axis: AxisRef = LAST
    method: ClassVar[str] = "argmax"


@box("argmin", "shape")
class ArgMin(Extreme):
    """Where the least entry along an axis stands: R[...s, n] -> Fin(n)[...s]."""

    axis: AxisRef = LAST
    method: ClassVar[str] = "argmin"


class Ordered(Box):
    """Entries along an axis by size, and where they stood: two wires."""

    axis: AxisRef

    def taken(self, typing: Typing, size: Dim) -> Dim:
        """How many entries are left."""
        return size

    def act(self, acting: Acting) -> tuple[Action, ...]:
        place = axis_position(acting.inputs[0], self.axis)
        refuse_on(self.name, acting, (place,), "gives places along an axis", "take `max`, `min` or `sum`")
        return entrywise(self, acting)

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        found = located(typing, wire, self.axis, box=self.name)
        if found is None:
            return (typing.inference.fresh_wire(), typing.inference.fresh_wire())
        wire, position = real_wire(typing, found[0]), found[1]
        axis = axis_at(wire, position)
        taken = self.taken(typing, axis.size)
        values = wire if taken == axis.size else with_size(wire, position, taken)
        return values, indices(values, axis.size)


@box("top_k", "shape")
class TopK(Ordered):
    """The k greatest entries along an axis, greatest first, and where they stood:
    R[...s, n] -> R[...s, k] @ Fin(n)[...s, k], k <= n."""

    k: Dim
    axis: AxisRef = LAST
    map_kind: ClassVar[MapKind] = "piecewise linear"

    def taken(self, typing: Typing, size: Dim) -> Dim:
        typing.inference.demand(Pred(">=", self.k, ONE), f"`top_k` needs k >= 1, not {self.k}")
        typing.inference.demand(Pred(">=", size, self.k), f"`top_k` needs {size} >= {self.k}")
        return self.k

    def code(self, site: Site) -> str:
        return f"{site.args[0]}.topk({site.size(self.k)}, {axis_position(site.inputs[0], self.axis)})"


@box("sort", "shape")
class Sort(Ordered):
    """The entries along an axis in rising order (falling, if `descending`), and where they stood; equal entries
    keep their order. R[...s, n] -> R[...s, n] @ Fin(n)[...s, n]."""

    axis: AxisRef = LAST
    descending: bool = False
    map_kind: ClassVar[MapKind] = "piecewise linear"

    def code(self, site: Site) -> str:
        falling = ", descending=True" if self.descending else ""
        position = axis_position(site.inputs[0], self.axis)
        return f"{site.args[0]}.sort(stable=True, dim={position}{falling})"


@box("cumsum", "reduce")
class CumulativeSum(Box):
    """Sums of the entries up to each place of an axis (the last, if none is said). R[...s] -> R[...s]."""

    axis: AxisRef = LAST
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        found = located(typing, wire, self.axis, box=self.name)
        return (real_wire(typing, wire if found is None else found[0]),)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        place = axis_position(acting.inputs[0], self.axis)
        refuse_on(self.name, acting, (place,), "depends on the order of the entries along an axis", "take `sum`")
        return entrywise(self, acting)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0])

    def code(self, site: Site) -> str:
        return f"{site.args[0]}.cumsum({axis_position(site.inputs[0], self.axis)})"


class Picking(Box):
    """Entries of the first wire along an axis, as the second wire, of integers, says."""

    axis: AxisRef
    arity = 2
    map_kind: ClassVar[MapKind] = "linear"

    def result(self, typing: Typing, wire: Wire, position: int, index: Wire) -> Wire:
        """The output, where both wires are known."""
        raise NotImplementedError  # each subclass says its own

    def rule(self, typing: Typing, inputs: Object) -> Object:
        count(self.name, inputs, 2)
        wire, index = typing.inference.wires(inputs)
        found = None if is_unknown(wire) else located(typing, wire, self.axis, box=self.name)
        if found is None or is_unknown(index):
            return (typing.inference.fresh_wire(),)
        wire, position = found
        typing.inference.unify(index, indices(index, axis_at(wire, position).size), 1)
        return (typing.inference.wire(self.result(typing, wire, position, typing.inference.wire(index))),)


@box("gather", "shape")
class Gather(Picking):
    """For every place the entry that an index says: y[.., i, ..] = x[.., index[.., i, ..], ..] along an axis.

    R[...s, n] @ Fin(n)[...s, k] -> R[...s, k]; the other axes of both wires are equal (`torch.gather`).
    """

    axis: AxisRef = LAST
    broadcasts: ClassVar[bool] = False

    def result(self, typing: Typing, wire: Wire, position: int, index: Wire) -> Wire:
        size = typing.inference.fresh_dim("k")
        wanted = with_size(wire, position, size)
        typing.inference.unify(index, Wire(index.kind, wanted.axes), 1)
        return with_size(wire, position, typing.inference.dim(size))

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Along the other axes both wires are permuted alike; the places of the numbers are those of the output."""
        place = axis_position(acting.inputs[0], self.axis)
        what = "takes the entries that numbers name along an axis"
        refuse_on(self.name, acting, (place,), what, "contract with unit vectors, `one_hot` and `einsum`")
        refuse_on(self.name, acting, (place,), what, "permute what comes in instead", port=1)
        return (compared(self.name, acting, MatrixKind.PERMUTATION),)

    def code(self, site: Site) -> str:
        return f"{site.args[0]}.gather({axis_position(site.inputs[0], self.axis)}, {site.args[1]})"


@box("take", "shape")
class Take(Picking):
    """Whole slices of an axis by their numbers: `take(axis = 0)` is X[n, ...s] @ Fin(n)[m] -> X[m, ...s], rows of
    a table (`torch.index_select`). Each sample may have numbers of its own."""

    axis: AxisRef = AxisRef(index=0)

    def result(self, typing: Typing, wire: Wire, position: int, index: Wire) -> Wire:
        if len(index.axes) != 1 or len(trailing(index)) != 1:
            raise reject(
                f"the numbers for `take` have one axis, and these are `{index}`",
                help="`flatten` joins axes; `gather` takes one number for each entry",
                port=1,
                code="E0203",
            )
        axes: list[AxisLike] = list(wire.axes)
        axes[position] = Axis(trailing(index)[0].size, trailing(index)[0].tag)
        return wire.with_axes(axes)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Linear along the other axes; permutations of the numbers permute the output."""
        place = axis_position(acting.inputs[0], self.axis)
        what = "takes the entries that numbers name along an axis"
        refuse_on(self.name, acting, (place,), what, "contract with unit vectors, `one_hot` and `einsum`")
        for part in acting.actions[1]:
            if not part.rep.kind.within(MatrixKind.PERMUTATION):
                raise unfit(self.name, part.rep, 1)
        return (ordered((*acting.actions[0], *(p.moved((place,)) for p in acting.actions[1]))),)

    def code(self, site: Site) -> str:
        (value, index), wire = site.args, site.inputs[0]
        position = axis_position(wire, self.axis)
        flags = site.batched or [True, True]
        if not flags[1]:
            return f"{value}.index_select({position}, {index})"
        if not flags[0]:
            value = f"{value}.expand({index}.shape[:-1] + {value}.shape)"
        before, after = len(trailing(wire)) + position, -1 - position
        if len(trailing(wire)) != len(wire.axes):
            raise reject("`take` needs to know all axes", help="name the axes in the signature")
        spread = ".unsqueeze(-2)" * before + ".unsqueeze(-1)" * after
        return f"{value}.take_along_dim({index}{spread}, {position})"
