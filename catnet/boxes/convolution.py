"""Convolutions: a channel axis, then one to three spatial axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import refuse_on
from catnet.boxes.axes import (
    ONE,
    ZERO,
    ints_text,
    is_open,
    known_axes,
    one_of,
    only_wire,
    options,
    per_axis,
    product,
    real_wire,
)
from catnet.boxes.grids import Along, Rule, on_grid, windowed
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.wires import Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

Ints = tuple[Dim, ...]
WORDS = ("kernel", "stride", "padding", "dilation")
PADDING = ("reflect", "replicate", "circular")
TURNED_WEIGHTS = "take `conv(W, kernel)` to a representation W of C(4) or D(4), whose kernel turns with the image"


def image(typing: Typing, name: str, inputs: Object) -> tuple[Wire, tuple[Axis, ...]] | None:
    """The wire and its axes, channels first; None where the wire is not known yet."""
    wire = only_wire(name, inputs, typing)
    if is_open(wire):
        return None
    wire = real_wire(typing, wire)
    axes = known_axes(name, wire)
    if not 2 <= len(axes) <= 4:
        raise reject(
            f"`{name}` takes a channel axis and one to three spatial axes, not `{wire}`",
            help="its types are R[c, w], R[c, h, w] and R[c, d, h, w]; batch axes are not part of a type",
        )
    return wire, axes


def at_least(typing: Typing, name: str, spec: list[Ints]) -> None:
    """Demand sensible numbers; `spec` is kernel, stride, padding and dilation per axis."""
    for values, least, word in zip(spec, (ONE, ONE, ZERO, ONE), WORDS, strict=True):
        for value in dict.fromkeys(values):
            typing.inference.demand(Pred(">=", value, least), f"`{name}` needs a {word} of at least {least}")


def windows(typing: Typing, name: str, sizes: list[Dim], spec: list[Ints], *, ceil: bool = False) -> list[Dim]:
    """How many windows fit on each spatial axis; `spec` is kernel, stride, padding and dilation per axis.

    With `ceil`, a last window may hang over the end, unless it would begin in the padding there.
    """
    at_least(typing, name, spec)
    out = []
    for size, k, s, p, d in zip(sizes, *spec, strict=True):
        width, span = size + p * 2, d * (k - 1) + 1
        if ceil:
            width = width + s - 1
        reason = f"`{name}` needs a kernel that fits, {width} >= {span}"
        typing.inference.demand(Pred(">=", width, span), reason)
        fit = (width - span) // s + 1
        spare = (span - p - s).value
        if ceil and (spare is None or spare < 0):
            fit = Dim.min(fit, (size + p - 1) // s + 1)
        out.append(fit)
    return out


def windows_along(inputs: Object, outputs: Object, spec: list[Ints], pads: str) -> tuple[Along, ...]:
    """What windows do along each spatial axis; `spec` is kernel, stride, padding and dilation per axis."""
    sizes = zip(known_axes("", inputs[0])[1:], known_axes("", outputs[0])[1:], *spec, strict=True)
    return tuple(windowed(a.size, b.size, d * (k - 1) + 1, s, p, pads) for a, b, k, s, p, d in sizes)


def room(typing: Typing, name: str, size: Dim, padding: Dim, mode: object) -> None:
    """Demand that an axis be long enough to be padded with its own entries."""
    if padding == ZERO or mode not in ("reflect", "circular"):
        return
    least = padding + 1 if mode == "reflect" else padding
    reason = f"`{name}` needs an axis of at least {least} to pad it by {padding}, {size} >= {least}"
    typing.inference.demand(Pred(">=", size, least), reason)


def ints_option(site: Site, name: str, values: Ints, default: Dim) -> str:
    """A keyword argument of integers as code, or nothing where all have the default."""
    return f", {name}={ints_text(site, values)}" if any(v != default for v in values) else ""


class Kernel(Box):
    """What convolutions and their transposes share: a kernel with its stride, padding and dilation, and weights."""

    channels: Dim
    kernel: tuple[Dim, ...]
    stride: tuple[Dim, ...]
    padding: tuple[Dim, ...]
    dilation: tuple[Dim, ...]
    groups: Dim
    bias: bool
    map_kind: ClassVar[MapKind] = "affine"
    batch_axes: ClassVar[int | None] = 1
    layer: ClassVar[str] = ""

    def rule(self, typing: Typing, inputs: Object) -> Object:
        found = image(typing, self.name, inputs)
        if found is None:
            return (typing.inference.fresh_wire(),)
        wire, axes = found
        sizes = self.sizes(typing, [a.size for a in axes[1:]])
        if self.groups != ONE:
            for size, what in ((axes[0].size, "input"), (self.channels, "output")):
                typing.inference.demand(
                    Pred.divides(size, self.groups),
                    f"`{self.name}` needs {what} channels in equal groups, {size} % {self.groups} == 0",
                )
        spatial = [Axis(n, a.tag if n == a.size else None) for n, a in zip(sizes, axes[1:], strict=True)]
        return (wire.with_axes((Axis(self.channels), *spatial)),)

    def sizes(self, typing: Typing, sizes: list[Dim]) -> list[Dim]:
        """The sizes of the spatial axes of the output, for those of the input."""
        raise NotImplementedError  # each of the two says its own

    def spec(self, count: int) -> list[Ints]:
        """Kernel, stride, padding and dilation, per axis."""
        return [per_axis(self.name, name, getattr(self, name), count) for name in WORDS]

    def weight(self, inputs: Object) -> Ints:
        """The shape of the weight; `torch.nn.Conv*d` has the output channels in front."""
        axes = known_axes(self.name, inputs[0])
        kernel = per_axis(self.name, "kernel", self.kernel, len(axes) - 1)
        return (self.channels, axes[0].size // self.groups, *kernel)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        weight = {"weight": self.weight(inputs)}
        return {**weight, "bias": (self.channels,)} if self.bias else weight

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * product(self.weight(inputs)[1:]) * 2

    def along(self, inputs: Object, outputs: Object) -> tuple[Along, ...]:
        """What it does along each spatial axis."""
        raise NotImplementedError  # each of the two says its own

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Free weights join the channels, and have an order within the window."""
        if acting.trivial:
            return super().act(acting)
        count = len(acting.inputs[0].axes) - 1
        refuse_on(self.name, acting, (-count - 1,), "has free weights along the channels", TURNED_WEIGHTS)
        spec = [per_axis(self.name, name, getattr(self, name), count) for name in WORDS]
        turned = "" if all(k == ONE for k in spec[0]) else TURNED_WEIGHTS
        passes = Kind.PERMUTATION if self.bias else Kind.GENERAL
        alike = all(len(set(values)) == 1 for values in spec)
        rule = Rule(self.name, self.along(acting.inputs, acting.outputs), alike, turned, passes)
        return (on_grid(rule, acting),)

    def more(self, site: Site) -> str:
        """Further arguments of the layer."""
        return ""

    def module(self, site: Site) -> str:
        axes = known_axes(self.name, site.inputs[0])
        text = f"{site.static(axes[0].size)}, {site.static(self.channels)}, {ints_text(site, self.kernel)}"
        text += ints_option(site, "stride", self.stride, ONE)
        text += ints_option(site, "padding", self.padding, ZERO)
        text += ints_option(site, "dilation", self.dilation, ONE)
        if self.groups != ONE:
            text += f", groups={site.static(self.groups)}"
        text += "" if self.bias else ", bias=False"
        return f"nn.{self.layer}{len(axes) - 1}d({text}{self.more(site)})"


@box("conv", "convolution")
class Convolution(Kernel):
    """Cross-correlation with a kernel over one to three spatial axes (`torch.nn.Conv1d` to `3d`).

    R[c, w] -> R[channels, w'], R[c, h, w] -> R[channels, h', w'] or R[c, d, h, w] -> R[channels, d', h', w'],
    where n' = (n + 2*padding - dilation*(kernel - 1) - 1)//stride + 1. Kernel, stride, padding and dilation
    are one number for all axes or a tuple. `padding_mode` says what stands in the padding: "zeros", the image
    mirrored at its edge ("reflect"), its edge repeated ("replicate"), or its other end ("circular").
    """

    channels: Dim
    kernel: tuple[Dim, ...]
    stride: tuple[Dim, ...] = (ONE,)
    padding: tuple[Dim, ...] = (ZERO,)
    dilation: tuple[Dim, ...] = (ONE,)
    groups: Dim = ONE
    bias: bool = True
    padding_mode: str = "zeros"
    layer: ClassVar[str] = "Conv"
    between_spaces: ClassVar[str] = "group_conv"

    def sizes(self, typing: Typing, sizes: list[Dim]) -> list[Dim]:
        one_of(self.name, "padding_mode", self.padding_mode, ("zeros", *PADDING))
        spec = self.spec(len(sizes))
        for size, padding in zip(sizes, spec[2], strict=True):
            room(typing, self.name, size, padding, self.padding_mode)
        return windows(typing, self.name, sizes, spec)

    def along(self, inputs: Object, outputs: Object) -> tuple[Along, ...]:
        return windows_along(inputs, outputs, self.spec(len(inputs[0].axes) - 1), self.padding_mode)

    def more(self, site: Site) -> str:
        return options(padding_mode=(self.padding_mode, "zeros"))


@box("conv_transpose", "convolution")
class TransposedConvolution(Kernel):
    """The transpose of a convolution with the same kernel (`torch.nn.ConvTranspose1d` to `3d`): each entry of
    the input is spread out over a window of the output (Zeiler et al., 2010).

    R[c, w] -> R[channels, w'], R[c, h, w] -> R[channels, h', w'] or R[c, d, h, w] -> R[channels, d', h', w'],
    where n' = (n - 1)*stride - 2*padding + dilation*(kernel - 1) + output_padding + 1.
    """

    channels: Dim
    kernel: tuple[Dim, ...]
    stride: tuple[Dim, ...] = (ONE,)
    padding: tuple[Dim, ...] = (ZERO,)
    output_padding: tuple[Dim, ...] = (ZERO,)
    groups: Dim = ONE
    bias: bool = True
    dilation: tuple[Dim, ...] = (ONE,)
    layer: ClassVar[str] = "ConvTranspose"

    def sizes(self, typing: Typing, sizes: list[Dim]) -> list[Dim]:
        spec = self.spec(len(sizes))
        at_least(typing, self.name, spec)
        further = per_axis(self.name, "output_padding", self.output_padding, len(sizes))
        out = []
        for size, k, s, p, d, extra in zip(sizes, *spec, further, strict=True):
            typing.inference.demand(Pred(">=", extra, ZERO), f"`{self.name}` needs {extra} >= 0")
            reason = f"`{self.name}` needs an output padding below its stride or its dilation, {extra}"
            typing.inference.demand(Pred(">", Dim.max(s, d), extra), f"{reason} < {Dim.max(s, d)}")
            made = (size - 1) * s - p * 2 + d * (k - 1) + extra + 1
            typing.inference.demand(Pred(">=", made, ONE), f"`{self.name}` needs an output, {made} >= 1")
            out.append(made)
        return out

    def along(self, inputs: Object, outputs: Object) -> tuple[Along, ...]:
        """Each cell is spread over a window: near the border those from the other side are missing."""
        axes = zip(known_axes("", inputs[0])[1:], known_axes("", outputs[0])[1:], strict=True)
        found = []
        further = per_axis(self.name, "output_padding", self.output_padding, len(inputs[0].axes) - 1)
        for (a, b), k, s, p, d, extra in zip(axes, *self.spec(len(further)), further, strict=True):
            window = d * (k - 1) + 1
            border = Dim.max(ZERO, Dim.max(window - s - p, p))
            still = window == s == ONE and p == extra == ZERO
            found.append(Along(a.size, b.size, up=s, border=border, even=Pred("==", extra, ZERO), still=still))
        return tuple(found)

    def weight(self, inputs: Object) -> Ints:
        axes = known_axes(self.name, inputs[0])
        kernel = per_axis(self.name, "kernel", self.kernel, len(axes) - 1)
        return (axes[0].size, self.channels // self.groups, *kernel)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0]) * product(self.weight(inputs)[1:]) * 2

    def more(self, site: Site) -> str:
        return ints_option(site, "output_padding", self.output_padding, ZERO)
