"""Pooling and resampling over spatial axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.axes import (
    ONE,
    ZERO,
    ints_text,
    is_open,
    known_axes,
    only_wire,
    per_axis,
    product,
    real_wire,
)
from catnet.boxes.convolution import image, windows
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.wires import Axis, Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


class Pooling(Box):
    """One number per window and channel; `stride` is the kernel where it is not given."""

    kernel: tuple[Dim, ...]
    stride: tuple[Dim, ...]
    padding: tuple[Dim, ...]
    batch_axes: ClassVar[int | None] = 1
    call: ClassVar[str] = ""

    def rule(self, typing: Typing, inputs: Object) -> Object:
        found = image(typing, self.name, inputs)
        if found is None:
            return (typing.inference.fresh_wire(),)
        wire, axes = found
        count = len(axes) - 1
        kernel, stride, padding = (
            per_axis(self.name, name, value, count)
            for name, value in (
                ("kernel", self.kernel),
                ("stride", self.stride or self.kernel),
                ("padding", self.padding),
            )
        )
        for k, p in zip(kernel, padding, strict=True):
            reason = f"`{self.name}` needs a padding of at most half its kernel"
            typing.inference.demand(Pred(">=", k, p * 2), reason)
        spec = [kernel, stride, padding, (ONE,) * count]
        sizes = windows(typing, self.name, [a.size for a in axes[1:]], spec)
        return (wire.with_axes((axes[0], *map(Axis, sizes))),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        count = len(known_axes(self.name, inputs[0])) - 1
        return elements(outputs[0]) * product(per_axis(self.name, "kernel", self.kernel, count))

    def code(self, site: Site) -> str:
        site.need("F")
        text = f"{site.args[0]}, {ints_text(site, self.kernel)}"
        if self.stride and self.stride != self.kernel:
            text += f", stride={ints_text(site, self.stride)}"
        if any(p != ZERO for p in self.padding):
            text += f", padding={ints_text(site, self.padding)}"
        return f"{self.call}{len(site.inputs[0].axes) - 1}d({text})"


@box("max_pool", "convolution")
class MaxPool(Pooling):
    """The maximum of each window: R[c, h, w] -> R[c, h', w'], n' = (n + 2*padding - kernel)//stride + 1."""

    kernel: tuple[Dim, ...]
    stride: tuple[Dim, ...] = ()
    padding: tuple[Dim, ...] = (ZERO,)
    map_kind: ClassVar[MapKind] = "piecewise linear"
    call: ClassVar[str] = "F.max_pool"


@box("avg_pool", "convolution")
class AveragePool(Pooling):
    """The mean of each window, padding counted as zeros: R[c, h, w] -> R[c, h', w'],
    n' = (n + 2*padding - kernel)//stride + 1."""

    kernel: tuple[Dim, ...]
    stride: tuple[Dim, ...] = ()
    padding: tuple[Dim, ...] = (ZERO,)
    map_kind: ClassVar[MapKind] = "linear"
    call: ClassVar[str] = "F.avg_pool"


@box("global_avg_pool", "convolution")
class GlobalAveragePool(Box):
    """The mean over all axes after the first: R[c, h, w] -> R[c], for any number of them."""

    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        if is_open(wire):
            return (typing.inference.fresh_wire(),)
        wire = real_wire(typing, wire)
        axes = known_axes(self.name, wire)
        if len(axes) < 2:
            raise reject(
                f"`global_avg_pool` takes a channel axis and at least one further axis, not `{wire}`",
                help="`mean(over = ...)` takes the mean over one axis",
            )
        return (wire.with_axes(axes[:1]),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0])

    def code(self, site: Site) -> str:
        count = len(site.inputs[0].axes)
        where = "-1" if count == 2 else f"({', '.join(str(i) for i in range(1 - count, 0))})"
        return f"{site.args[0]}.mean({where})"


@box("upsample", "convolution")
class Upsample(Box):
    """Each entry repeated `factor` times along every axis after the first (nearest neighbour):
    R[c, h, w] -> R[c, factor*h, factor*w]."""

    factor: tuple[Dim, ...]
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        found = image(typing, self.name, inputs)
        if found is None:
            return (typing.inference.fresh_wire(),)
        wire, axes = found
        factors = per_axis(self.name, "factor", self.factor, len(axes) - 1)
        for f in factors:
            typing.inference.demand(Pred(">=", f, ONE), f"`upsample` needs {f} >= 1")
        spatial = [Axis(a.size * f) for a, f in zip(axes[1:], factors, strict=True)]
        return (wire.with_axes((axes[0], *spatial)),)

    def code(self, site: Site) -> str:
        count = len(site.inputs[0].axes) - 1
        factors = per_axis(self.name, "factor", self.factor, count)
        steps = [(site.static(f), i - count) for i, f in enumerate(factors)]
        return site.args[0] + "".join(f".repeat_interleave({f}, {at})" for f, at in steps if f != 1)
