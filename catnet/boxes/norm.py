"""Normalisation layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import aside, entrywise, on_axis, refuse_on
from catnet.boxes.axes import (
    LAST,
    ONE,
    axis_position,
    is_open,
    is_unknown,
    known_axes,
    located,
    only_wire,
    opened,
    options,
    real_wire,
    trailing,
)
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered, unfit
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.shards import Answer, Cut
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.static import AxisRef
from catnet.types.wires import Axis, Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


class TrailingNorm(Box):
    """A normalisation over the last `axes` axes, which then scales (and shifts) each of their entries."""

    eps: float
    affine: bool
    axes: Dim
    signature: ClassVar[str] = "R[...s, d] -> R[...s, d]"
    map_kind: ClassVar[MapKind] = "smooth"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if self.axes == ONE:
            return super().rule(typing, inputs)
        count = self.axes.value
        if count is None or count < 1:
            raise reject(f"`axes` of `{self.name}` is a known number of axes, at least 1, not `{self.axes}`",
                         help="the number of axes cannot depend on a parameter")  # fmt: skip
        wire = real_wire(typing, opened(typing.inference, only_wire(self.name, inputs, typing), count))
        if len(trailing(wire)) < count:
            raise reject(f"`{self.name}(axes = {count})` takes {count} axes, not `{wire}`",
                         help="batch axes are not part of a type")  # fmt: skip
        return (wire,)

    def normalised(self, inputs: Object) -> tuple[Dim, ...]:
        """The sizes of the axes that are normalised together."""
        count = self.axes.value or 1
        return tuple(axis.size for axis in trailing(inputs[0])[-count:])

    def shape(self, site: Site) -> str:
        """These sizes as code."""
        sizes = [site.static(n) for n in self.normalised(site.inputs)]
        return str(sizes[0]) if len(sizes) == 1 else str(tuple(sizes))

    @property
    def odd(self) -> bool:
        """Whether the opposite of the input gives the opposite of the output."""
        return True

    @property
    def inside(self) -> Kind:
        """The matrices on the axes that are normalised together with which it commutes, without a gain."""
        return Kind.PERMUTATION

    @property
    def passes(self) -> Kind:
        return Kind.SIGNED_PERMUTATION if self.odd else Kind.PERMUTATION

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """The axes that are normalised, then the others."""
        count = len(self.normalised(acting.inputs))
        taken, rest = aside(acting, range(-count, 0))
        for part in taken:
            self._fits(part, count)
        (others,) = entrywise(self, rest)
        return (ordered((*others, *taken)),)

    def _fits(self, part: Part, count: int) -> None:
        if self.affine:
            raise Refusal(
                f"`{self.name}` has a gain for each entry, and `{part.rep}` acts on them",
                f"write {self.name}(affine = false)"
                if part.rep.kind.within(self.inside)
                else "take `equivariant_norm`",
            )
        if not part.rep.kind.within(self.inside):
            raise unfit(self.name, part.rep)
        if min(part.axes) < -count:
            raise Refusal(f"`{self.name}` normalises over some of the axes on which `{part.rep}` acts together")

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        (at,) = cut
        inside = at is not None and at >= -len(self.normalised(inputs))
        return f"`{self.name}` normalises over the axis that is cut" if inside else cut


@box("layer_norm", "norm")
class LayerNorm(TrailingNorm):
    """Subtract the mean and divide by the standard deviation of the last axis, or of the last `axes` axes
    together, then scale and shift (Ba et al., 2016; `torch.nn.LayerNorm`). R[...s, d] -> R[...s, d]; 7
    operations per entry are counted."""

    eps: float = 1e-5
    affine: bool = True
    bias: bool = True
    axes: Dim = ONE

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        if not self.affine:
            return {}
        names = ("weight", "bias") if self.bias else ("weight",)
        return {name: self.normalised(inputs) for name in names}

    @property
    def odd(self) -> bool:
        return not (self.affine and self.bias)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 7

    def module(self, site: Site) -> str:
        given = options(
            eps=(self.eps, 1e-5),
            elementwise_affine=(self.affine, True),
            bias=(self.bias or not self.affine, True),
        )
        return f"nn.LayerNorm({self.shape(site)}{given})"


@box("rms_norm", "norm")
class RmsNorm(TrailingNorm):
    """Divide by the root of the mean square of the last axis, or of the last `axes` axes together, then scale
    (Zhang and Sennrich, 2019; `torch.nn.RMSNorm`). R[...s, d] -> R[...s, d]; 4 operations per entry are
    counted. In float32 equal to Llama's own code to the last bit (which computes in float32 whatever comes)."""

    eps: float = 1e-6
    affine: bool = True
    axes: Dim = ONE

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return {"weight": self.normalised(inputs)} if self.affine else {}

    @property
    def inside(self) -> Kind:
        return Kind.ORTHOGONAL

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 4

    def module(self, site: Site) -> str:
        given = options(elementwise_affine=(self.affine, True))
        return f"nn.RMSNorm({self.shape(site)}, eps={self.eps!r}{given})"


@box("normalize", "norm")
class Normalize(Box):
    """Divide by the Euclidean norm along an axis (the last, if none is said), or by `eps` where that is
    greater (`torch.nn.functional.normalize`). R[...s] -> R[...s]; 3 operations per entry are counted."""

    axis: AxisRef = LAST
    eps: float = 1e-12
    map_kind: ClassVar[MapKind] = "smooth"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        found = located(typing, wire, self.axis, box=self.name)
        return (real_wire(typing, wire if found is None else found[0]),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 3

    @property
    def passes(self) -> Kind:
        return Kind.SIGNED_PERMUTATION

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """The length along an axis does not change when that is turned."""
        axis = axis_position(acting.inputs[0], self.axis)
        rep, rest = on_axis(self.name, acting, axis)
        if rep is not None and not rep.kind.within(Kind.ORTHOGONAL):
            raise unfit(self.name, rep)
        (others,) = entrywise(self, rest)
        return (ordered((*others, Part((axis,), rep))) if rep is not None else others,)

    def code(self, site: Site) -> str:
        site.need("F")
        given = options(eps=(self.eps, 1e-12))
        return f"F.normalize({site.args[0]}, dim={axis_position(site.inputs[0], self.axis)}{given})"


def channels(inputs: Object) -> Dim:
    """The size of the first axis."""
    axis = inputs[0].axes[0]
    assert isinstance(axis, Axis)
    return axis.size


class ChannelNorm(Box):
    """A normalisation whose first axis is the channels; `least` axes at least, up to three after the first."""

    affine: bool
    least: ClassVar[int] = 1
    map_kind: ClassVar[MapKind] = "smooth"
    batch_axes: ClassVar[int | None] = 1

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        if is_open(wire):
            return (typing.inference.fresh_wire(),)
        wire = real_wire(typing, wire)
        axes = known_axes(self.name, wire)
        if not self.least <= len(axes) <= 4:
            further = "up to" if self.least == 1 else "one to"
            raise reject(
                f"`{self.name}` takes a channel axis and {further} three further axes, not `{wire}`",
                help="`rearrange` brings the axes into this form",
            )
        return (wire,)

    @property
    def per_channel(self) -> str:
        """What each channel has of its own; "" where all are treated alike."""
        return "a gain and a bias" if self.affine else ""

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Permutations of the further axes, over which statistics run; of the channels where all are alike."""
        channel = -len(acting.inputs[0].axes)
        if self.per_channel:
            what = f"has {self.per_channel} for each channel"
            remedy = "take layer_norm(affine = false), or `equivariant_norm` on a representation"
            if self.batch_needed and len(acting.inputs[0].axes) == 3:
                remedy = "`fibre_batch_norm` takes statistics over whole fibres of C(4) or D(4)"
            refuse_on(self.name, acting, (channel,), what, remedy)
        on_axis(self.name, acting, channel)
        return entrywise(self, acting)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        size = channels(inputs)
        return {"weight": (size,), "bias": (size,)} if self.affine else {}


@box("batch_norm", "norm")
class BatchNorm(ChannelNorm):
    """Normalise each channel by the statistics of the batch, then scale and shift (Ioffe and Szegedy, 2015;
    `torch.nn.BatchNorm1d` to `3d`). R[c], R[c, t], R[c, h, w] or R[c, d, h, w], unchanged.

    Keeps running statistics, which evaluation uses: the effect is `stateful`. Without `track` there are none,
    and evaluation uses the statistics of the batch too; it stays `stateful`, as what it does with one input
    depends on the others. A batch axis is required. Two operations per entry are counted, as in evaluation.
    """

    eps: float = 1e-5
    momentum: float = 0.1
    affine: bool = True
    track: bool = True
    batch_needed: ClassVar[int] = 1
    effect = "stateful"

    @property
    def per_channel(self) -> str:
        return super().per_channel or ("running statistics" if self.track else "")

    def buffers(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        shape = (channels(inputs),)
        return {"running_mean": shape, "running_var": shape, "num_batches_tracked": ()} if self.track else {}

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 2

    def module(self, site: Site) -> str:
        wire = site.inputs[0]
        kind = max(1, len(wire.axes) - 1)
        given = options(
            eps=(self.eps, 1e-5),
            momentum=(self.momentum, 0.1),
            affine=(self.affine, True),
            track_running_stats=(self.track, True),
        )
        return f"nn.BatchNorm{kind}d({site.static(channels(site.inputs))}{given})"


@box("group_norm", "norm")
class GroupNorm(ChannelNorm):
    """Normalise groups of channels over all further axes, then scale and shift (Wu and He, 2018;
    `torch.nn.GroupNorm`). The type is unchanged; a batch axis is required. 7 operations per entry count.
    """

    groups: Dim
    eps: float = 1e-5
    affine: bool = True
    batch_needed: ClassVar[int] = 1

    def rule(self, typing: Typing, inputs: Object) -> Object:
        outputs = super().rule(typing, inputs)
        if not is_unknown(outputs[0]):
            size = channels(outputs)
            typing.inference.demand(
                Pred.divides(size, self.groups), f"`group_norm` needs {size} channels % {self.groups} == 0"
            )
        return outputs

    @property
    def per_channel(self) -> str:
        return super().per_channel or ("" if self.groups == ONE else "statistics of its group")

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if self.per_channel:
            return super().act(acting)
        return entrywise(self, acting)  # the statistics are those of all entries together

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 7

    def module(self, site: Site) -> str:
        given = options(eps=(self.eps, 1e-5), affine=(self.affine, True))
        return f"nn.GroupNorm({site.static(self.groups)}, {site.static(channels(site.inputs))}{given})"


@box("instance_norm", "norm")
class InstanceNorm(ChannelNorm):
    """Normalise each channel of each image by its own mean and deviation, then, with `affine`, scale and shift
    (Ulyanov et al., 2016; `torch.nn.InstanceNorm1d` to `3d`). R[c, t], R[c, h, w] or R[c, d, h, w], unchanged.
    7 operations per entry are counted."""

    eps: float = 1e-5
    affine: bool = False
    least: ClassVar[int] = 2

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 7

    def module(self, site: Site) -> str:
        given = options(eps=(self.eps, 1e-5), affine=(self.affine, False))
        return f"nn.InstanceNorm{len(site.inputs[0].axes) - 1}d({site.static(channels(site.inputs))}{given})"
