"""Boxes that only rearrange entries: any kind of wire, no arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.axes import is_open, known_axes, only_wire, product
from catnet.boxes.pattern import Pattern, move
from catnet.boxes.patterned import Patterned, joined
from catnet.boxes.regrouping import regrouped
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, MapKind, Site, box
from catnet.diagrams.shards import Answer, Cut
from catnet.types.dims import Dim
from catnet.types.wires import Axis, Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


@box("flatten", "shape")
class Flatten(Box):
    """All axes of the wire as one, the last varying fastest: R[a, b, c] -> R[a*b*c]; R -> R[1]."""

    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        if is_open(wire):
            return (typing.inference.fresh_wire(),)
        axes = known_axes(self.name, wire)
        if len(axes) == 1:
            return (wire,)
        return (wire.with_axes((Axis(product([a.size for a in axes])),)),)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        axes = known_axes(self.name, acting.inputs[0])
        names = tuple(f"axis{i}" for i in range(len(axes)))
        sizes = {name: axis.size for name, axis in zip(names, axes, strict=True)}
        pattern = Pattern(tuple((name,) for name in names), (names,))
        return (regrouped(self.name, acting, pattern, sizes, self.passes),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        if cut[0] != -len(inputs[0].axes):
            return f"`{self.name}` joins the axis that is cut behind another"
        return (-1,)

    def code(self, site: Site) -> str:
        count = len(known_axes(self.name, site.inputs[0]))
        if count == 1:
            return site.args[0]
        return f"{site.args[0]}.flatten({-count})" if count else f"{site.args[0]}.unsqueeze(-1)"


@box("rearrange", "shape")
class Rearrange(Patterned):
    """Split, permute and join axes by a pattern, as in einops: `rearrange("t (h c) -> h t c", h = 4)`.

    Brackets group the parts of one axis, the last varying fastest. Sizes that do not follow are given by
    name. The pattern speaks of the trailing axes; `...` stands for axes that it does not name, `1` for an
    axis of size 1. An isomorphism.
    """

    pattern: str
    sizes: tuple[tuple[str, Dim], ...] = ()
    map_kind: ClassVar[MapKind] = "linear"

    def inverse(self, inputs: Object) -> Box | None:
        left, _, right = self.pattern.partition("->")
        return type(self)(f"{right.strip()} -> {left.strip()}", self.sizes)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return self.carried(inputs[0], cut)

    def code(self, site: Site) -> str:
        pattern, value, _ = self.taken_apart(site)
        return move(value, pattern.names, pattern.order) + joined(pattern)
