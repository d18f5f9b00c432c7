"""What `rearrange`, `reduce` and `repeat` share: fitting a pattern to a wire, and code for both of its sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.axes import is_open, known_axes, only_wire, opened, product, trailing
from catnet.boxes.pattern import Group, Pattern, read_pattern
from catnet.boxes.regrouping import regrouped
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, Site
from catnet.diagrams.shards import Answer, Cut
from catnet.types.dims import Dim
from catnet.types.facts import Pred, Verdict
from catnet.types.infer import Inference, reject
from catnet.types.spelling import nearest
from catnet.types.wires import Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


class Patterned(Box):
    """A box that takes the axes of a wire apart and puts them together as a pattern says.

    `loses` and `gains` say whether names may stand only on the left, or only on the right.
    """

    pattern: str
    sizes: tuple[tuple[str, Dim], ...]
    open_keywords: ClassVar[str] = "sizes"
    loses: ClassVar[bool] = False
    gains: ClassVar[bool] = False

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        if not isinstance(self.pattern, str):
            return (typing.inference.fresh_wire(),)
        pattern = self._fitted(wire)
        unknown = [n for n, _ in self.sizes if n not in pattern.names + pattern.order]
        if unknown:
            raise reject(
                f'the pattern "{self.pattern}" has no axis `{unknown[0]}`',
                help=nearest(unknown[0], pattern.names) or "leave the argument out",
                code="E0213",
            )
        wire = opened(typing.inference, wire, len(pattern.left))
        axes = trailing(wire)[len(trailing(wire)) - len(pattern.left) :]
        sizes = dict(self.sizes)
        for group, axis in zip(pattern.left, axes, strict=True):
            self._split(typing.inference, group, axis.size, sizes)
        whole = {g[0]: a for g, a in zip(pattern.left, axes, strict=True) if len(g) == 1}
        front = wire.axes[: len(wire.axes) - len(pattern.left)]
        self._new_sizes(pattern, sizes)
        right = [
            whole[group[0]] if len(group) == 1 and group[0] in whole else Axis(product([sizes[n] for n in group]))
            for group in pattern.right
        ]
        return (typing.inference.wire(wire.with_axes((*front, *right))),)

    def _new_sizes(self, pattern: Pattern, sizes: dict[str, Dim]) -> None:
        missing = [n for n in pattern.order if n not in sizes]
        if missing:
            raise reject(
                f'nothing says the size of the new axis `{missing[0]}` of "{self.pattern}"',
                help=f'give it: {self.name}("{self.pattern}", {missing[0]} = ...)',
                code="E0211",
            )

    def _fitted(self, wire: Wire) -> Pattern:
        """The pattern with `...` counted out for this wire."""
        pattern = read_pattern(self.pattern, lose=self.loses, gain=self.gains)
        named = sum(group != ("...",) for group in pattern.left)
        if pattern.leads:
            pattern = pattern.spread(0)
        else:
            pattern = pattern.spread(max(0, len(known_axes(self.name, wire)) - named))
        if len(trailing(wire)) < len(pattern.left) and not is_open(wire):
            raise reject(
                f'the pattern "{self.pattern}" names {named} ax{"i" if named == 1 else "e"}s, '
                f"`{wire}` has {len(trailing(wire))}",
                help="the left side names the last axes of the wire, in order",
            )
        return pattern

    def _split(self, inference: Inference, group: Group, size: Dim, sizes: dict[str, Dim]) -> None:
        """Find the sizes of the components of one axis."""
        known = product([sizes[n] for n in group if n in sizes])
        missing = [n for n in group if n not in sizes]
        if len(missing) > 1:
            shown = " and ".join(f"`{n}`" for n in missing)
            raise reject(
                f"the sizes of {shown} do not follow from `{size}`",
                help=f'give all but one: {self.name}("{self.pattern}", {missing[0]} = ...)',
            )
        if not missing:
            self._same(inference, group, size, known)
        elif len(group) == 1:
            sizes[missing[0]] = size
        elif any(n.startswith("?") for n in size.symbols):
            sizes[missing[0]] = inference.fresh_dim(missing[0])
            inference.equal(size, known * sizes[missing[0]])
        else:
            inference.demand(Pred.divides(size, known), f"`{self.name}` needs {size} % {known} == 0")
            sizes[missing[0]] = size // known

    def _same(self, inference: Inference, group: Group, size: Dim, known: Dim) -> None:
        verdict = inference.equal(size, known)
        if verdict is True or verdict:
            return
        what = f"`({' '.join(group)})`" if len(group) > 1 else f"`{group[0] if group else 1}`"
        no = isinstance(verdict, Verdict) and verdict.kind == "no"
        raise reject(
            f"{what} has size {known}, but the axis has size {size}" if no else
            f"{what} has size {known}, and that the axis has this size, `{size} == {known}`, is not known",
            help="" if no else f"if it always holds, say so: where {size} == {known}",
            code="E0203" if no else "E0206",
        )  # fmt: skip

    def act(self, acting: Acting) -> tuple[Action, ...]:
        wire = acting.inputs[0]
        pattern, sizes = self._fitted(wire), dict(self.sizes)
        count = len(pattern.left)
        for group, axis in zip(pattern.left, trailing(wire)[-count:] if count else (), strict=True):
            known = product([sizes[n] for n in group if n in sizes])
            sizes.update((n, axis.size // known) for n in group if n not in sizes)
        return (regrouped(self.name, acting, pattern, sizes, self.passes),)

    def taken_apart(self, site: Site) -> tuple[Pattern, str, dict[str, Dim]]:
        """The pattern, code of the input with one axis for each component of its left side, all sizes."""
        pattern = self._fitted(site.inputs[0])
        sizes = dict(self.sizes)
        value = site.args[0]
        count = len(pattern.left)
        axes = trailing(site.inputs[0])[-count:] if count else ()
        for at, (group, axis) in enumerate(zip(pattern.left, axes, strict=True)):
            known = product([sizes[n] for n in group if n in sizes])
            sizes.update((n, axis.size // known) for n in group if n not in sizes)
            if len(group) > 1:
                value += f".unflatten({at - count}, ({', '.join(_parts(site, [sizes[n] for n in group]))}))"
            elif not group:
                value += f".squeeze({at - count})"
        return pattern, value, sizes

    def carried(self, wire: Wire, cut: Cut) -> Answer:
        """Where the pattern takes a cut axis: its first component must come first again."""
        pattern, (at,) = self._fitted(wire), cut
        if at is None or at < -len(pattern.left):
            return (None if at is None else at + len(pattern.left) - len(pattern.right),)
        group = pattern.left[at]
        if not group:
            return f"`{self.name}` removes the axis that is cut"
        if self._left_open(wire, group, at) != 0:
            return f"`{self.name}` fixes the number of the blocks that it makes of the axis that is cut"
        target = next((g for g in pattern.right if group[0] in g), None)
        if target is None:
            return f"`{self.name}` reduces the axis that is cut"
        if target[0] != group[0]:
            return f"`{self.name}` joins the axis that is cut behind another"
        if len(group) > 1 and len(target) > 1:  # nothing says that the number of blocks is divided
            return f"`{self.name}` joins the axis that is cut with another as it splits it"
        return (pattern.right.index(target) - len(pattern.right),)

    def _left_open(self, wire: Wire, group: Group, at: int) -> int:
        """Which component of an axis the code leaves open."""
        axis, sizes = trailing(wire)[at], dict(self.sizes)
        known = product([sizes[n] for n in group if n in sizes])
        return _open_part([sizes.get(n, axis.size // known) for n in group])


def _open_part(sizes: list[Dim]) -> int:
    """Which size of a split is left open: one that the others determine, the first of them if there are some."""
    fixed = [s.value is not None for s in sizes]
    return next((i for i in range(len(sizes)) if all(f for j, f in enumerate(fixed) if j != i)), 0)


def _parts(site: Site, sizes: list[Dim]) -> list[str]:
    """The sizes of a split as code; the one that sharding may shrink, the first if possible, is left open."""
    free = _open_part(sizes)
    return ["-1" if i == free else site.size(s) for i, s in enumerate(sizes)]


def joined(pattern: Pattern) -> str:
    """Code that joins the components of each axis on the right."""
    text = ""
    after = len(pattern.order)
    for group in pattern.right:
        if len(group) > 1:
            end = after - len(group)
            text += f".flatten({-after})" if end == 0 else f".flatten({-after}, {-end - 1})"
        elif not group:
            text += f".unsqueeze({-after - 1})"
        after -= len(group)
    return text
