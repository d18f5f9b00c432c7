"""Normalisation layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.axes import is_open, is_unknown, known_axes, only_wire, options, real_wire
from catnet.boxes.linear import last
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.wires import Axis, Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


@box("layer_norm", "norm")
class LayerNorm(Box):
    """Subtract the mean and divide by the standard deviation of the last axis, then scale and shift
    (Ba et al., 2016; `torch.nn.LayerNorm`). R[...s, d] -> R[...s, d]; 7 operations per entry are counted."""

    eps: float = 1e-5
    affine: bool = True
    bias: bool = True
    signature: ClassVar[str] = "R[...s, d] -> R[...s, d]"
    map_kind: ClassVar[MapKind] = "smooth"

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        if not self.affine:
            return {}
        names = ("weight", "bias") if self.bias else ("weight",)
        return {name: (last(inputs),) for name in names}

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 7

    def module(self, site: Site) -> str:
        given = options(
            eps=(self.eps, 1e-5),
            elementwise_affine=(self.affine, True),
            bias=(self.bias or not self.affine, True),
        )
        return f"nn.LayerNorm({site.static(last(site.inputs))}{given})"


@box("rms_norm", "norm")
class RmsNorm(Box):
    """Divide by the root of the mean square of the last axis, then scale (Zhang and Sennrich, 2019;
    `torch.nn.RMSNorm`). R[...s, d] -> R[...s, d]; 4 operations per entry are counted."""

    eps: float = 1e-6
    affine: bool = True
    signature: ClassVar[str] = "R[...s, d] -> R[...s, d]"
    map_kind: ClassVar[MapKind] = "smooth"

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return {"weight": (last(inputs),)} if self.affine else {}

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 4

    def module(self, site: Site) -> str:
        given = options(elementwise_affine=(self.affine, True))
        return f"nn.RMSNorm({site.static(last(site.inputs))}, eps={self.eps!r}{given})"


def channels(inputs: Object) -> Dim:
    """The size of the first axis."""
    axis = inputs[0].axes[0]
    assert isinstance(axis, Axis)
    return axis.size


class ChannelNorm(Box):
    """A normalisation whose first axis is the channels; any number of further axes up to three."""

    affine: bool
    map_kind: ClassVar[MapKind] = "smooth"
    batch_axes: ClassVar[int | None] = 1

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        if is_open(wire):
            return (typing.inference.fresh_wire(),)
        wire = real_wire(typing, wire)
        axes = known_axes(self.name, wire)
        if not 1 <= len(axes) <= 4:
            raise reject(
                f"`{self.name}` takes a channel axis and up to three further axes, not `{wire}`",
                help="`rearrange` brings the axes into this form",
            )
        return (wire,)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        size = channels(inputs)
        return {"weight": (size,), "bias": (size,)} if self.affine else {}


@box("batch_norm", "norm")
class BatchNorm(ChannelNorm):
    """Normalise each channel by the statistics of the batch, then scale and shift (Ioffe and Szegedy, 2015;
    `torch.nn.BatchNorm1d` to `3d`). R[c], R[c, t], R[c, h, w] or R[c, d, h, w], unchanged.

    Keeps running statistics, which evaluation uses: the effect is `stateful`. A batch axis is required.
    Two operations per entry are counted, as in evaluation.
    """

    eps: float = 1e-5
    momentum: float = 0.1
    affine: bool = True
    effect = "stateful"

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 2

    def module(self, site: Site) -> str:
        wire = site.inputs[0]
        kind = max(1, len(wire.axes) - 1)
        given = options(eps=(self.eps, 1e-5), momentum=(self.momentum, 0.1), affine=(self.affine, True))
        return f"nn.BatchNorm{kind}d({site.static(channels(site.inputs))}{given})"


@box("group_norm", "norm")
class GroupNorm(ChannelNorm):
    """Normalise groups of channels over all further axes, then scale and shift (Wu and He, 2018;
    `torch.nn.GroupNorm`). The type is unchanged; a batch axis is required. 7 operations per entry count.
    """

    groups: Dim
    eps: float = 1e-5
    affine: bool = True

    def rule(self, typing: Typing, inputs: Object) -> Object:
        outputs = super().rule(typing, inputs)
        if not is_unknown(outputs[0]):
            size = channels(outputs)
            typing.inference.demand(
                Pred.divides(size, self.groups), f"`group_norm` needs {size} channels % {self.groups} == 0"
            )
        return outputs

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 7

    def module(self, site: Site) -> str:
        given = options(eps=(self.eps, 1e-5), affine=(self.affine, True))
        return f"nn.GroupNorm({site.static(self.groups)}, {site.static(channels(site.inputs))}{given})"
