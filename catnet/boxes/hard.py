"""Activations made of straight pieces, and the shrinkers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from catnet.boxes.actions import refuse_on
from catnet.boxes.activation import Entrywise
from catnet.boxes.axes import ONE, is_open, known_axes, only_wire, options, real_wire
from catnet.boxes.elementary import opposite, ordered
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, MapKind, Site, box
from catnet.diagrams.shards import Answer, Cut, beside
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


class Pieces(Entrywise):
    """A function of one number that is linear in pieces and does not jump."""

    map_kind: ClassVar[MapKind] = "piecewise linear"


@box("relu6", "activation")
class Relu6(Pieces):
    """`min(max(x, 0), 6)` (Howard et al., 2017). R[...s] -> R[...s]."""

    call: ClassVar[str] = "F.relu6"


@box("hardtanh", "activation")
class Hardtanh(Pieces):
    """`x` where it lies between `min` and `max`, else the nearer of the two. R[...s] -> R[...s]."""

    min: float = -1.0
    max: float = 1.0
    call: ClassVar[str] = "F.hardtanh"

    @property
    def parity(self) -> Literal["", "odd"]:  # type: ignore[override]
        """Odd between bounds that are."""
        return "odd" if opposite(self.min, self.max) else ""

    def rule(self, typing: Typing, inputs: Object) -> Object:
        ordered(self.name, self.min, self.max)
        return super().rule(typing, inputs)

    def arguments(self) -> str:
        return options(min_val=(self.min, -1.0), max_val=(self.max, 1.0))


@box("hardsigmoid", "activation")
class Hardsigmoid(Pieces):
    """`min(max(x + 3, 0), 6) / 6`, a cheap `sigmoid` (Howard et al., 2019). R[...s] -> R[...s]."""

    call: ClassVar[str] = "F.hardsigmoid"


@box("hardswish", "activation")
class Hardswish(Entrywise):
    """`x hardsigmoid(x)`, a cheap `silu` (Howard et al., 2019). R[...s] -> R[...s]."""

    map_kind: ClassVar[MapKind] = "none"  # a parabola between two lines
    call: ClassVar[str] = "F.hardswish"


@box("softshrink", "activation")
class Softshrink(Pieces):
    """`x - lambd` for x > lambd, `x + lambd` for x < -lambd, else 0. R[...s] -> R[...s]."""

    lambd: float = 0.5
    call: ClassVar[str] = "F.softshrink"
    parity: ClassVar = "odd"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if isinstance(self.lambd, float) and self.lambd < 0.0:
            raise reject(f"`lambd` of `softshrink` is at least 0, not {self.lambd:g}", help="write softshrink(0.5)")
        return super().rule(typing, inputs)

    def arguments(self) -> str:
        return options(lambd=(self.lambd, 0.5))


@box("hardshrink", "activation")
class Hardshrink(Entrywise):
    """`x` where |x| > lambd, else 0. R[...s] -> R[...s]."""

    lambd: float = 0.5
    map_kind: ClassVar[MapKind] = "none"  # it jumps
    call: ClassVar[str] = "F.hardshrink"
    parity: ClassVar = "odd"

    def arguments(self) -> str:
        return options(lambd=(self.lambd, 0.5))


@box("threshold", "activation")
class Threshold(Entrywise):
    """`x` where x > threshold, else `value`. R[...s] -> R[...s]."""

    threshold: float
    value: float
    map_kind: ClassVar[MapKind] = "none"  # it jumps
    call: ClassVar[str] = "F.threshold"

    def arguments(self) -> str:
        return f", {self.threshold!r}, {self.value!r}"


@box("prelu", "activation")
class PRelu(Pieces):
    """`x` for x > 0, else `a x` with a trainable a that starts at `init` (He et al., 2015; `torch.nn.PReLU`).

    One a for all entries, R[...s] -> R[...s]; with `per_channel` one for each entry of the first axis,
    R[c, ...] -> R[c, ...] for any number of known axes.
    """

    per_channel: bool = False
    init: float = 0.25
    homogeneous: ClassVar = True
    code = Box.code  # a layer like any other

    @property
    def batch_axes(self) -> int | None:  # type: ignore[override]
        """PyTorch looks for the channels behind one batch axis."""
        return 1 if self.per_channel is True else None

    @property
    def batch_needed(self) -> int:  # type: ignore[override]
        """Without a batch axis it would take the second axis for the channels."""
        return 1 if self.per_channel is True else 0

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if self.per_channel is not True:
            return super().rule(typing, inputs)
        wire = only_wire(self.name, inputs, typing)
        if is_open(wire):
            return (typing.inference.fresh_wire(),)
        wire = real_wire(typing, wire)
        if not known_axes(self.name, wire):
            raise reject("`prelu(per_channel = true)` takes a channel axis, not `R`", help="write prelu")
        return (wire,)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if self.per_channel is True:
            remedy = "take `prelu`, with one weight for all entries"
            refuse_on(self.name, acting, (-len(acting.inputs[0].axes),), "has a weight for each channel", remedy)
        return super().act(acting)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        if self.per_channel is not True:
            return cut
        return beside(self.name, cut, -len(inputs[0].axes), "has a weight for each entry of")

    def _count(self, inputs: Object) -> Dim:
        return known_axes(self.name, inputs[0])[0].size if self.per_channel else ONE

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return {"weight": (self._count(inputs),)}

    def module(self, site: Site) -> str:
        number = site.static(self._count(site.inputs))
        given = options(num_parameters=(number, 1), init=(self.init, 0.25))
        return f"nn.PReLU({given[2:]})"
