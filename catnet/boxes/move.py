"""Boxes that move entries along one axis: roll, flip, pad."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import entrywise, on_axis, plain, side_by_side
from catnet.boxes.axes import LAST, ZERO, axis_position, located, one_of, only_wire, real_wire
from catnet.boxes.convolution import PADDING, room
from catnet.boxes.grids import placed
from catnet.boxes.parts import axis_at, with_size
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered
from catnet.diagrams.box import Box, MapKind, Site, box
from catnet.diagrams.shards import Answer, Cut, beside
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.static import AxisRef
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing
    from catnet.symmetry.reps import Rep


class Permutation(Box):
    """A permutation of the entries along one axis, of any kind of wire."""

    axis: AxisRef
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        found = located(typing, wire, self.axis, box=self.name)
        return (wire if found is None else found[0],)

    def images(self, size: int) -> tuple[int, ...]:
        """Where each entry of an axis of this size goes."""
        raise NotImplementedError  # roll and flip say theirs

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """On its own axis, what commutes with this permutation passes."""
        axis = axis_position(acting.inputs[0], self.axis)
        grid = [part for part in acting.actions[0] if axis in part.axes and len(part.axes) > 1]
        if grid and placed(acting, grid[0]) and self.passes_grid(grid[0].rep):
            return (acting.actions[0],)
        rep, rest = on_axis(self.name, acting, axis)
        if rep is not None and not self._commutes(rep):
            raise Refusal(
                f"`{self.name}` moves the entries of an axis, which does not commute with `{rep}`",
                "take `linear(W)` to a representation W",
            )
        return (ordered((*rest.actions[0], *((Part((axis,), rep),) if rep is not None else ()))),)

    def _commutes(self, rep: Rep) -> bool:
        from catnet.symmetry.exact import Matrix

        if rep.dim.value is None or rep.group.is_symbolic or rep.scale is not None:
            return False  # not known
        moved = Matrix.permutation(self.images(rep.dim.value))
        return all(m @ moved == moved @ m for m in (*rep.matrices(), *rep.algebra()))

    def passes_grid(self, rep: Rep) -> bool:
        """Whether what moves the cells of a grid commutes with it."""
        return False

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, cut, axis_position(inputs[0], self.axis), "moves entries along")


@box("roll", "shape")
class Roll(Permutation):
    """Every entry `shift` places further along an axis (the last, if none is said); what passes the end comes
    in at the front (`torch.roll`). X[...s] -> X[...s]; `roll(-shift)` is its inverse."""

    shift: Dim
    axis: AxisRef = LAST

    def images(self, size: int) -> tuple[int, ...]:
        return tuple((i + (self.shift.value or 0)) % size for i in range(size))

    def _commutes(self, rep: Rep) -> bool:
        """Shifts commute with shifts, for any size."""
        from catnet.symmetry.finite_groups import Cyclic

        if isinstance(rep.group, Cyclic) and rep == rep.group.natural:
            return True
        return self.shift.value is not None and super()._commutes(rep)

    def passes_grid(self, rep: Rep) -> bool:
        from catnet.symmetry.turns import shifts

        return shifts(rep) is not None

    def inverse(self, inputs: Object) -> Box | None:
        return Roll(-self.shift, self.axis)

    def code(self, site: Site) -> str:
        position = axis_position(site.inputs[0], self.axis)
        return f"{site.args[0]}.roll({site.size(self.shift)}, {position})"


@box("flip", "shape")
class Flip(Permutation):
    """An axis (the last, if none is said) in the opposite order. X[...s] -> X[...s]; its own inverse."""

    axis: AxisRef = LAST

    def images(self, size: int) -> tuple[int, ...]:
        return tuple(range(size))[::-1]

    def passes_grid(self, rep: Rep) -> bool:
        """Half turns and mirrors commute with one another."""
        from catnet.symmetry.turns import Turned

        return isinstance(rep, Turned) and rep.group.n.value in (1, 2)

    def inverse(self, inputs: Object) -> Box | None:
        return self

    def code(self, site: Site) -> str:
        return f"{site.args[0]}.flip({axis_position(site.inputs[0], self.axis)})"


@box("pad", "shape")
class Pad(Box):
    """`before` and `after` further entries at the ends of an axis (the last, if none is said):
    R[...s, n] -> R[...s, before + n + after].

    `mode` says which: "constant" (`value`, 0 if none is said), those next to the end, mirrored ("reflect",
    without the end itself), the end repeated ("replicate"), or those of the other end ("circular").
    For wires that are not real `value` is left at 0.
    """

    before: Dim
    after: Dim
    axis: AxisRef = LAST
    mode: str = "constant"
    value: float = 0.0
    map_kind: ClassVar[MapKind] = "affine"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        one_of(self.name, "mode", self.mode, ("constant", *PADDING))
        wire = only_wire(self.name, inputs, typing)
        if self.value != 0.0:
            if self.mode in PADDING:
                raise reject('`value` of `pad` is for the mode "constant"', help="leave one of the two out")
            wire = real_wire(typing, wire)
        found = located(typing, wire, self.axis, box=self.name)
        if found is None:
            return (typing.inference.fresh_wire(),)
        wire, position = found
        size = axis_at(wire, position).size
        for amount in dict.fromkeys((self.before, self.after)):
            typing.inference.demand(Pred(">=", amount, ZERO), f"`pad` needs {amount} >= 0")
            room(typing, self.name, size, amount, self.mode)
        return (with_size(wire, position, self.before + size + self.after),)

    @property
    def passes(self) -> Kind:
        """Zeros are fixed by all matrices, other numbers by permutations."""
        return Kind.PERMUTATION if self.value else Kind.GENERAL

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Numbers beside a representation are invariants."""
        axis = axis_position(acting.inputs[0], self.axis)
        rep, rest = on_axis(self.name, acting, axis)
        (others,) = entrywise(self, rest)
        if rep is None:
            return (others,)
        if self.mode != "constant":
            raise Refusal(
                f"`{self.name}` repeats entries of an axis, and `{rep}` acts there", 'mode = "constant" passes'
            )
        whole = side_by_side((plain(acting, self.before), rep, plain(acting, self.after)))
        return (ordered((*others, Part((axis,), whole))),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, cut, axis_position(inputs[0], self.axis), "lengthens")

    def code(self, site: Site) -> str:
        position = axis_position(site.inputs[0], self.axis)
        value = site.args[0]
        if self.mode == "constant":
            site.need("F")
            before, after = site.size(self.before), site.size(self.after)
            filled = f", value={self.value!r}" if self.value else ""
            return f"F.pad({value}, ({'0, 0, ' * (-1 - position)}{before}, {after}){filled})"
        parts = [value]
        if self.before != ZERO:
            parts.insert(0, self._front(site, position))
        if self.after != ZERO:
            parts.append(self._back(site, position))
        return f"torch.cat(({', '.join(parts)}), dim={position})" if len(parts) > 1 else value

    def _front(self, site: Site, at: int) -> str:
        """The entries in front, for a mode that takes them from the axis itself."""
        value, count = site.args[0], site.size(self.before)
        if self.mode == "reflect":
            return f"{value}.narrow({at}, 1, {count}).flip({at})"
        if self.mode == "replicate":
            return f"{value}.narrow({at}, 0, 1).repeat_interleave({count}, {at})"
        return f"{value}.narrow({at}, {site.size(-self.before)}, {count})"

    def _back(self, site: Site, at: int) -> str:
        """The entries behind, for a mode that takes them from the axis itself."""
        value, count = site.args[0], site.size(self.after)
        if self.mode == "reflect":
            return f"{value}.narrow({at}, {site.size(-self.after - 1)}, {count}).flip({at})"
        if self.mode == "replicate":
            return f"{value}.narrow({at}, -1, 1).repeat_interleave({count}, {at})"
        return f"{value}.narrow({at}, 0, {count})"
