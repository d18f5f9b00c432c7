"""Boxes on points of bundles: the end of what an axis carries of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.axes import only_wire
from catnet.diagrams.acting import Acting, Action, pointwise
from catnet.diagrams.box import Box, MapKind, Site, box
from catnet.diagrams.printing import static_tree
from catnet.diagrams.shards import Answer, Cut
from catnet.diagrams.structural import Structural
from catnet.syntax import tree
from catnet.types.infer import TypeProblem, reject
from catnet.types.signature import Signature
from catnet.types.spaces import Space
from catnet.types.wires import Axis, Object, show_object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


@box("project", "bundles")
class Project(Structural):
    """The projection of a bundle to its base: R[base(E)] @ R[E] -> R[base(E)]. It keeps the base point and drops the
    fibre, so that a section followed by it is the identity by the laws of wires alone:

        law above : s >> project(E) == id
    """

    bundle: Space
    arity = 2

    def routes(self, count: int) -> tuple[int, ...] | None:
        return (0,) if count == 2 else None

    def admit(self, typing: Typing, inputs: Object) -> None:
        from catnet.boxes.bundle_wires import base_wire, fibre_wire, need_points
        from catnet.bundles.carried import bundle_behind

        over = bundle_behind(self.name, self.bundle)
        need_points(self.name, over)
        if len(inputs) != 2:
            return
        try:
            typing.inference.apply(Signature((base_wire(over), fibre_wire(over)), ()), inputs, {})
        except TypeProblem:
            wires = show_object(typing.inference.wires(inputs))
            raise reject(f"`project` takes a base point and a fibre of `{over.name}`, and `{wires}` come",
                         code="E0737", help=f"R[base({over.name})] @ R[{over.name}]") from None  # fmt: skip


@box("forget_bundle", "bundles")
class ForgetBundle(Box):
    """`forget(E)`: the same numbers on plain axes, for every axis that carries fibre coordinates of the bundle E or
    points of its base.

    What comes after it is read in frames that were chosen, chart by chart: other frames would give other numbers.
    """

    group: Space  # called so as in the other `forget`
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if self.group.what != "bundle":
            shown = self.group.label or self.group
            raise reject(f"`forget` takes a group or a bundle, not the {self.group.what} `{shown}`",
                         code="E0212", help="forget(G) for a group G, forget(E) for a bundle E")  # fmt: skip
        wire = only_wire("forget", inputs, typing)
        plain = [Axis(a.size) if isinstance(a, Axis) and self._ends(a.space) else a for a in wire.axes]
        if tuple(plain) == wire.axes:
            raise reject(f"no axis of `{wire}` carries the bundle `{self.group}`",
                         help="leave `forget` out, or name the bundle that is there")  # fmt: skip
        return (wire.with_axes(plain),)

    def _ends(self, space: Space | None) -> bool:
        from catnet.bundles.carried import BaseOf

        found = getattr(self.group, "bundle", None)
        return space is not None and (space == self.group or (found is not None and space == BaseOf(found)))

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return cut

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return ((),) * len(acting.outputs) if acting.trivial else pointwise(self, acting, self.passes)

    def code(self, site: Site) -> str:
        return site.args[0]

    def sign(self) -> str:
        return f"forget({self.group})"

    def expression(self) -> tree.Expr:
        """`forget(E)`, as the language writes it."""
        return tree.Call(tree.Name("forget"), (tree.Arg(None, static_tree(self.group)),))
