"""Boxes that join wires and take parts of them: any kind of wire, no arithmetic."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import cut_up, on_axis, plain, shifted, side_by_side
from catnet.boxes.axes import LAST, ONE, ZERO, axis_position, is_open, is_unknown, located, only_wire, trailing
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered
from catnet.diagrams.box import Box, MapKind, Site, box
from catnet.diagrams.joining import summed
from catnet.diagrams.shards import Answer, Cut, beside, passing, together
from catnet.diagrams.structural import MAX_WIRES, too_many_wires
from catnet.types.dims import Dim
from catnet.types.facts import Pred, Verdict
from catnet.types.infer import reject
from catnet.types.spaces import Space
from catnet.types.static import AxisRef
from catnet.types.wires import Axis, AxisLike, Object, Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catnet.diagrams.typing import Typing
    from catnet.symmetry.reps import Rep


def with_size(wire: Wire, position: int, size: Dim, tag: str | None = None) -> Wire:
    """The wire with another size for the axis at a position from the end."""
    axes = list(wire.axes)
    axes[position] = Axis(size, tag)
    return wire.with_axes(axes)


def without_axis(wire: Wire, position: int) -> Wire:
    """The wire without the axis at a position from the end."""
    axes = list(wire.axes)
    del axes[position]
    return wire.with_axes(axes)


def axis_at(wire: Wire, position: int) -> Axis:
    """The axis at a position from the end."""
    return trailing(wire)[position]


def part_of(typing: Typing, box: str, size: Dim, parts: Dim) -> Dim:
    """The size of each of `parts` equal parts of an axis, which must divide."""
    if any(n.startswith("?") for n in size.symbols):
        part = typing.inference.fresh_dim()
        typing.inference.equal(size, part * parts)
        return part
    typing.inference.demand(Pred.divides(size, parts), f"`{box}` needs {size} % {parts} == 0")
    return size // parts


def taken_apart(name: str, acting: Acting, axis: int, sizes: Sequence[Dim]) -> tuple[Action, ...]:
    """The actions on parts of an axis, of which a direct sum must be cut between its summands."""
    rep, rest = on_axis(name, acting, axis)
    others = rest.actions[0]
    if rep is None:
        return (others,) * len(sizes)
    reps = cut_up(rep, sizes)
    if reps is None:
        raise Refusal(
            f"`{name}` takes a part of an axis, and `{rep}` does not fall apart there",
            "cut a direct sum V + W between V and W; of permuted entries `sum(over = n)` is invariant",
        )
    return tuple(ordered((*others, Part((axis,), part))) for part in reps)


@box("concat", "shape")
class Concat(Box):
    """Join wires along one axis (the last, if none is said): the sizes add, all other axes are equal.

    R[...s, a] @ R[...s, b] -> R[...s, a + b], and likewise for any number of wires.
    """

    axis: AxisRef = LAST
    arity = None
    map_kind: ClassVar[MapKind] = "linear"
    broadcasts: ClassVar[bool] = False

    def rule(self, typing: Typing, inputs: Object) -> Object:
        inference = typing.inference
        if not inputs:
            raise reject("`concat` takes at least one wire, but none come", code="E0204")
        wires = inference.wires(inputs)
        lead = next((i for i, w in enumerate(wires) if not is_unknown(w)), 0)
        found = located(typing, wires[lead], self.axis, box=self.name, port=lead)
        if found is None:
            return (inference.fresh_wire(),)
        model, position = found
        total = ZERO
        for port, wire in enumerate(wires):
            size = axis_at(model, position).size if port == lead else inference.fresh_dim()
            if port != lead:
                inference.unify(wire, with_size(model, position, size), port)
            total = total + inference.dim(size)
        joined = inference.wire(with_size(model, position, total))
        return (_carrying(joined, position, [axis_at(w, position) for w in inference.wires(inputs)]),)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """The direct sum along the axis; on the other axes all wires must be acted on alike."""
        axis = axis_position(acting.inputs[0], self.axis)
        reps: list[Rep] = []
        for port, wire in enumerate(acting.inputs):
            rep, acting = on_axis(self.name, acting, axis, port)
            reps.append(plain(acting, axis_at(wire, axis).size) if rep is None else rep)
        return (ordered((*summed(self.name, acting), Part((axis,), side_by_side(reps)))),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        joined = together(self.name, cut)
        return beside(self.name, joined, axis_position(inputs[0], self.axis), "joins wires along")

    def code(self, site: Site) -> str:
        position = axis_position(site.inputs[0], self.axis)
        return f"torch.cat(({', '.join(site.args)}), dim={position})" if len(site.args) > 1 else site.args[0]


def _carrying(wire: Wire, position: int, parts: Sequence[Axis]) -> Wire:
    """A wire whose axis carries the direct sum of what its parts carry, where all carry representations of a group, or
    all carry bundles."""
    spaces = [part.space for part in parts if part.space is not None]
    groups = {getattr(space, "group", None) for space in spaces}
    bundles = all(space.what == "bundle" for space in spaces)
    if len(spaces) < len(parts) or not (bundles or (None not in groups and len(groups) == 1)):
        return wire
    joined: Space = functools.reduce(operator.add, spaces) if bundles else side_by_side(spaces)  # type: ignore[arg-type]
    axes = list(wire.axes)
    axes[position] = Axis(axis_at(wire, position).size, None, joined)
    return wire.with_axes(axes)


@box("stack", "shape")
class Stack(Box):
    """Wires of one type as one wire with a new axis at `at` (0: in front, -1: last).

    R[...s] @ R[...s] -> R[2, ...s] for `at = 0`, where the number of axes is known.
    """

    at: Dim = ZERO
    arity = None
    map_kind: ClassVar[MapKind] = "linear"
    broadcasts: ClassVar[bool] = False

    def rule(self, typing: Typing, inputs: Object) -> Object:
        inference = typing.inference
        if not inputs:
            raise reject("`stack` takes at least one wire, but none come", code="E0204")
        for port, wire in enumerate(inputs[1:], start=1):
            inference.unify(wire, inputs[0], port)
        wire = inference.wire(inputs[0])
        if is_open(wire):
            return (inference.fresh_wire(),)
        position = self._position(wire)
        axes: list[AxisLike] = list(wire.axes)
        axes.insert(len(axes) + 1 + position, Axis(Dim.const(len(inputs))))
        return (wire.with_axes(axes),)

    def _position(self, wire: Wire) -> int:
        at, count = self.at.value, len(trailing(wire))
        if at is not None and -count - 1 <= at < 0:
            return at
        if at is not None and 0 <= at <= count and count == len(wire.axes):
            return at - count - 1
        raise reject(f"a new axis cannot stand at {self.at} of `{wire}`", code="E0223",
                     help=f"places are -{count + 1} to -1, counted from the end")  # fmt: skip

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (shifted(summed(self.name, acting), self._position(acting.inputs[0]), 1),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        joined = together(self.name, cut)
        if isinstance(joined, str) or joined[0] is None:
            return joined
        return (passing(joined[0], self._position(inputs[0]), 1),)

    def code(self, site: Site) -> str:
        comma = "," if len(site.args) == 1 else ""
        return f"torch.stack(({', '.join(site.args)}{comma}), dim={self._position(site.inputs[0])})"


@box("split", "shape")
class Split(Box):
    """Cut an axis into parts of the given sizes, one wire each: `split((a, b))` is
    R[...s, a + b] -> R[...s, a] @ R[...s, b]."""

    sizes: tuple[Dim, ...]
    axis: AxisRef = LAST
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        inference = typing.inference
        wire = only_wire(self.name, inputs, typing)
        found = located(typing, wire, self.axis, box=self.name)
        if found is None:
            return tuple(inference.fresh_wire() for _ in self.sizes)
        wire, position = found
        total, size = sum(self.sizes, ZERO), axis_at(wire, position).size
        verdict = inference.equal(size, total)
        if not (verdict is True or verdict):
            no = isinstance(verdict, Verdict) and verdict.kind == "no"
            raise reject(
                f"`split` cuts {total} entries, the axis of `{wire}` has {size}" if no else
                f"`split` needs `{size} == {total}`, which is not known here",
                help="" if no else f"if it always holds, say so: where {size} == {total}",
                code="E0203" if no else "E0206",
            )  # fmt: skip
        return tuple(with_size(wire, position, s) for s in self.sizes)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        axis = axis_position(acting.inputs[0], self.axis)
        return taken_apart(self.name, acting, axis, self.sizes)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        at = axis_position(inputs[0], self.axis)
        return beside(self.name, cut, at, "takes parts of", wires=len(outputs))

    def code(self, site: Site) -> str:
        sizes = ", ".join(site.size(s) for s in self.sizes)
        comma = "," if len(self.sizes) == 1 else ""
        value = f"{site.args[0]}.split(({sizes}{comma}), dim={axis_position(site.inputs[0], self.axis)})"
        return value + "[0]" if len(self.sizes) == 1 else value


@box("chunk", "shape")
class Chunk(Box):
    """Cut an axis into `parts` equal parts, one wire each: `chunk(2)` is
    R[...s, 2*d] -> R[...s, d] @ R[...s, d]."""

    parts: Dim
    axis: AxisRef = LAST
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        inference = typing.inference
        wire = only_wire(self.name, inputs, typing)
        parts = self.parts.value
        if parts is None or parts < 1:
            raise reject(f"`chunk` needs a known number of parts, at least 1, not `{self.parts}`",
                         help="the number of wires cannot depend on a parameter")  # fmt: skip
        if parts > MAX_WIRES:
            raise too_many_wires()
        found = located(typing, wire, self.axis, box=self.name)
        if found is None:
            return tuple(inference.fresh_wire() for _ in range(parts))
        wire, position = found
        part = part_of(typing, self.name, axis_at(wire, position).size, self.parts)
        return tuple(with_size(wire, position, part) for _ in range(parts))

    def act(self, acting: Acting) -> tuple[Action, ...]:
        axis = axis_position(acting.inputs[0], self.axis)
        return taken_apart(self.name, acting, axis, [axis_at(w, axis).size for w in acting.outputs])

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        at = axis_position(inputs[0], self.axis)
        return beside(self.name, cut, at, "takes parts of", wires=len(outputs))

    def code(self, site: Site) -> str:
        value = f"{site.args[0]}.chunk({self.parts}, dim={axis_position(site.inputs[0], self.axis)})"
        return value + "[0]" if self.parts.value == 1 else value


@box("slice", "shape")
class Slice(Box):
    """The entries `start` to `stop - 1` of an axis (the last, if none is said):
    R[...s, n] -> R[...s, stop - start]."""

    start: Dim
    stop: Dim
    axis: AxisRef = LAST
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        inference = typing.inference
        wire = only_wire(self.name, inputs, typing)
        found = located(typing, wire, self.axis, box=self.name)
        if found is None:
            return (inference.fresh_wire(),)
        wire, position = found
        size = axis_at(wire, position).size
        inference.demand(Pred(">=", self.start, ZERO), f"`slice` needs {self.start} >= 0")
        inference.demand(Pred(">", self.stop, self.start), f"`slice` needs {self.stop} > {self.start}")
        inference.demand(Pred(">=", size, self.stop), f"`slice` needs {size} >= {self.stop}")
        return (with_size(wire, position, self.stop - self.start),)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        axis = axis_position(acting.inputs[0], self.axis)
        size = axis_at(acting.inputs[0], axis).size
        return taken_apart(self.name, acting, axis, (self.start, self.stop - self.start, size - self.stop))[1:2]

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, cut, axis_position(inputs[0], self.axis), "takes a part of")

    def code(self, site: Site) -> str:
        position = axis_position(site.inputs[0], self.axis)
        start = "" if self.start == ZERO else site.size(self.start)
        return f"{site.args[0]}[..., {start}:{site.size(self.stop)}{', :' * (-1 - position)}]"


@box("select", "shape")
class Select(Box):
    """One entry of an axis, which vanishes: `select(0, axis = t)` is R[t, d] -> R[d]; -1 is the last."""

    index: Dim
    axis: AxisRef = LAST
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        inference = typing.inference
        wire = only_wire(self.name, inputs, typing)
        found = located(typing, wire, self.axis, box=self.name)
        if found is None:
            return (inference.fresh_wire(),)
        wire, position = found
        size = axis_at(wire, position).size
        if self.index.value is not None and self.index.value < 0:
            least = -self.index
        else:
            least = self.index + 1
        inference.demand(Pred(">=", size, least), f"`select({self.index})` needs {size} >= {least}")
        return (without_axis(wire, position),)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        axis = axis_position(acting.inputs[0], self.axis)
        size = axis_at(acting.inputs[0], axis).size
        start = self.index if self.index.value is None or self.index.value >= 0 else size + self.index
        (_, taken, _) = taken_apart(self.name, acting, axis, (start, ONE, size - start - ONE))
        rest = tuple(part for part in taken if part.axes != (axis,))
        if rest != taken:
            raise Refusal(f"`{self.name}` takes an entry that `{acting.group}` changes", "take it with `slice`")
        return (shifted(rest, axis, -1),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        at = axis_position(inputs[0], self.axis)
        return beside(self.name, cut, at, "takes an entry of", change=-1)

    def code(self, site: Site) -> str:
        position = axis_position(site.inputs[0], self.axis)
        return f"{site.args[0]}[..., {site.size(self.index)}{', :' * (-1 - position)}]"
