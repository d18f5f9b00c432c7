"""Points in space: pairs of them, spherical harmonics of directions, radial functions of distances."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import aside, behind, entrywise
from catnet.boxes.axes import axis_position, is_open, located, one_of, only_wire, real_wire, trailing
from catnet.boxes.equivariant import carried_last
from catnet.boxes.equivariant_copies import space_of, with_last, without_last
from catnet.diagrams.acting import Acting, Action, Part, Refusal, does, ordered
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.shards import Answer, Cut, beside, passing
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.static import AxisRef
from catnet.types.wires import Axis, Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing
    from catnet.symmetry.groups import Group
    from catnet.symmetry.reps import Rep

MOST = 12  # the highest degree


@box("pairs", "shape")
class Pairs(Box):
    """All pairs of the entries along an axis, as two wires: at [i, j] stands entry i in the first and entry j in the
    second. The axis is that before the last if none is said: R[n, d] -> R[n, n, d] @ R[n, n, d].

        net relative : R[n, vector(G)] -> R[n, n, vector(G)] under G, S(n) on n = pairs >> sub

    gives x_i - x_j at [i, j]. Permutations of the entries permute both axes. Nothing is computed: the wires are views.
    """

    axis: AxisRef = AxisRef(index=-2)
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        found = located(typing, only_wire(self.name, inputs, typing), self.axis, box=self.name)
        if found is None:
            return (typing.inference.fresh_wire(), typing.inference.fresh_wire())
        wire, at = found
        axes = list(wire.axes)
        axes.insert(len(axes) + at, axes[at])
        return (wire.with_axes(axes),) * 2

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Along the axis a new one comes, along which all entries are equal: what fixes equal entries acts on it."""
        at = axis_position(acting.inputs[0], self.axis)
        taken, _ = aside(acting, (at,))
        parts: list[Part] = []
        for part in acting.actions[0]:
            if part not in taken:
                parts.append(part.moved(tuple(passing(i, at, 1) for i in part.axes)))
                continue
            if part.axes != (at,) or not part.rep.kind.within(Kind.PERMUTATION):
                raise Refusal(
                    f"`{self.name}` pairs the entries along an axis, and `{part.rep}` {does(part.rep)} them",
                    "pair an axis of points; `outer` is the tensor product of two vectors",
                )
            parts += [part, part.moved((at - 1,))]
        return (ordered(tuple(parts)),) * 2

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, cut, axis_position(inputs[0], self.axis), "pairs the entries along", 1, 2)

    def code(self, site: Site) -> str:
        at, x = axis_position(site.inputs[0], self.axis), site.args[0]
        size = site.size(trailing(site.inputs[0])[at].size)
        behind, front = ", ".join(["-1"] * -at), ", ".join(["-1"] * (-at - 1))
        return f"{x}.unsqueeze({at}){_expanded(x, site, at, size, True)}, {x}.unsqueeze({at - 1}){_expanded(x, site, at, size, False)}"
