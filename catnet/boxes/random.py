"""Boxes that draw random numbers: they may not be copied, merged or dropped silently."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import entrywise
from catnet.boxes.activation import OverAxis
from catnet.boxes.axes import LAST, axis_position, is_open, known_axes, one_of, only_wire, options, real_wire
from catnet.boxes.elementary import ordered
from catnet.diagrams.acting import Acting, Action, Refusal, does
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.static import AxisRef
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


class Chance(Box):
    """A box that does something with probability p in training, and is the identity in evaluation."""

    p: float
    signature: ClassVar[str] = "R[...s] -> R[...s]"
    effect = "random"
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if isinstance(self.p, float) and not 0.0 <= self.p < 1.0:
            detail = f"`p` of `{self.name}` is a probability below 1, not {self.p}"
            raise reject(detail, help=f"write {self.name}(0.1)")
        return super().rule(typing, inputs)

    def drawn(self, acting: Acting) -> int:
        """How many of the last axes share a draw."""
        return 0

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """One draw for many entries is a number there, and any representation on their axes passes. Where each entry
        has a draw of its own, permutations pass in distribution."""
        shared = self.drawn(acting)
        for part in acting.actions[0]:
            if min(part.axes) >= -shared:
                continue
            if not part.rep.kind.within(Kind.PERMUTATION):
                raise Refusal(
                    f"`{self.name}` draws for each entry, and `{part.rep}` {does(part.rep)} them",
                    "one draw for a whole representation is equivariant: `stochastic_depth`, or `feature_dropout` "
                    "with the representation behind the channels",
                )
            acting.remark(f"`{self.name}` draws for each entry: its output is equivariant in distribution only")
        return (acting.actions[0],)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0])


@box("dropout", "random")
class Dropout(Chance):
    """In training, set each entry to 0 with probability p and divide the others by 1 - p (Srivastava et al.,
    2014); in evaluation the identity. R[...s] -> R[...s]."""

    p: float = 0.5

    def module(self, site: Site) -> str:
        return f"nn.Dropout({self.p!r})"


@box("alpha_dropout", "random")
class AlphaDropout(Chance):
    """In training, set each entry with probability p to the value at which `selu` saturates, then scale and
    shift so that mean and variance stay (Klambauer et al., 2017); in evaluation the identity.
    R[...s] -> R[...s]."""

    p: float = 0.5
    map_kind: ClassVar[MapKind] = "affine"

    def module(self, site: Site) -> str:
        return f"nn.AlphaDropout({self.p!r})"


class Whole(Chance):
    """One draw for many entries: for those that agree in all batch axes and in the first `kept` axes."""

    def rule(self, typing: Typing, inputs: Object) -> Object:
        super().rule(typing, inputs)
        wire = only_wire(self.name, inputs, typing)
        if not is_open(wire):
            known_axes(self.name, wire)
        return (real_wire(typing, wire),)

    def shape(self, site: Site) -> str:
        """The shape of the draws, as code."""
        raise NotImplementedError  # each of the two says its own

    def code(self, site: Site) -> str:
        value, left = site.args[0], 1.0 - self.p
        if not self.p:
            return value
        draws = f"{value}.new_empty({self.shape(site)}).bernoulli_({left!r}).div_({left!r})"
        return f"{value} * {draws} if self.training else {value}"


def _ones(count: int) -> str:
    return f"({'1, ' * (count - 1)}1{',' * (count == 1)})"


@box("feature_dropout", "random")
class FeatureDropout(Whole):
    """In training, set each whole channel to 0 with probability p and divide the others by 1 - p (Tompson et
    al., 2015; `torch.nn.Dropout1d` to `3d`); in evaluation the identity. The first axis is the channels:
    R[c, t], R[c, h, w], or any number of further axes, unchanged."""

    p: float = 0.5

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wires = super().rule(typing, inputs)
        if not is_open(wires[0]) and len(known_axes(self.name, wires[0])) < 2:
            raise reject(
                f"`feature_dropout` takes a channel axis and at least one further axis, not `{wires[0]}`",
                help="`dropout` drops single entries",
            )
        return wires

    def drawn(self, acting: Acting) -> int:
        return len(known_axes(self.name, acting.inputs[0])) - 1

    def shape(self, site: Site) -> str:
        further = len(known_axes(self.name, site.inputs[0])) - 1
        return f"{site.args[0]}.shape[:-{further}] + {_ones(further)}"


@box("stochastic_depth", "random")
class StochasticDepth(Whole):
    """In training, set the whole wire to 0 with probability p, else divide it by 1 - p (Huang et al., 2016,
    also called drop path); in evaluation the identity. It stands at the end of a branch of a sum.

    `mode = "row"` draws for each batch entry by itself, "batch" once for all. The type is any R[a, ...] of
    known axes, unchanged.
    """

    p: float
    mode: str = "row"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        one_of(self.name, "mode", self.mode, ("row", "batch"))
        return super().rule(typing, inputs)

    def drawn(self, acting: Acting) -> int:
        return len(acting.inputs[0].axes)

    def shape(self, site: Site) -> str:
        value, axes = site.args[0], len(known_axes(self.name, site.inputs[0]))
        if self.mode == "batch":
            return "()"
        return f"{value}.shape[:-{axes}] + {_ones(axes)}" if axes else f"{value}.shape"


@box("rrelu", "random")
class RandomizedRelu(Box):
    """`x` for x > 0, else `a x`, in training with an a drawn for each entry uniformly between `lower` and
    `upper`, in evaluation with the middle of the two (Xu et al., 2015). R[...s] -> R[...s]."""

    lower: float = 0.125
    upper: float = 0.3333333333333333
    signature: ClassVar[str] = "R[...s] -> R[...s]"
    effect = "random"
    map_kind: ClassVar[MapKind] = "piecewise linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        ordered(self.name, self.lower, self.upper)
        return super().rule(typing, inputs)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        acting.remark(f"`{self.name}` draws for each entry: its output is equivariant in distribution only")
        return entrywise(self, acting)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0])

    def module(self, site: Site) -> str:
        given = options(lower=(self.lower, 0.125), upper=(self.upper, 1 / 3))
        return f"nn.RReLU({given[2:]})"


@box("gumbel_softmax", "random")
class GumbelSoftmax(OverAxis):
    """`softmax((x + g) / tau)` along an axis (the last, if none is said) with Gumbel noise g, in evaluation
    too: a differentiable draw from the distribution that has the entries as logits (Jang et al., 2017).
    R[...s] -> R[...s]. With `hard` the result is a unit vector, with the gradient of the soft one."""

    tau: float = 1.0
    hard: bool = False
    axis: AxisRef = LAST
    effect = "random"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if isinstance(self.tau, float) and self.tau <= 0.0:
            raise reject(f"`tau` of `gumbel_softmax` is positive, not {self.tau:g}", help="write gumbel_softmax(1)")
        return super().rule(typing, inputs)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        acting.remark(f"`{self.name}` draws for each entry: its output is equivariant in distribution only")
        return super().act(acting)

    def code(self, site: Site) -> str:
        site.need("F")
        given = options(tau=(self.tau, 1.0), hard=(self.hard, False))
        position = axis_position(site.inputs[0], self.axis)
        return f"F.gumbel_softmax({site.args[0]}{given}, dim={position})"
