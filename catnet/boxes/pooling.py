"""Pooling over spatial axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import shifted
from catnet.boxes.axes import (
    ONE,
    ZERO,
    ints_text,
    is_open,
    known_axes,
    only_wire,
    options,
    per_axis,
    product,
    real_wire,
)
from catnet.boxes.convolution import WORDS, image, ints_option, windows, windows_along
from catnet.boxes.grids import Along, Rule, on_grid, pooled_away
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.wires import Axis, Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


def channelwise(map_kind: MapKind) -> Kind:
    """The matrices on the channels with which a mean, or a maximum, of cells commutes."""
    return Kind.GENERAL if map_kind == "linear" else Kind.POSITIVE_MONOMIAL


class Pooling(Box):
    """One number per window and channel; `stride` is the kernel where it is not given."""

    kernel: tuple[Dim, ...]
    stride: tuple[Dim, ...]
    padding: tuple[Dim, ...]
    ceil_mode: bool
    dilation: tuple[Dim, ...] = (ONE,)
    batch_axes: ClassVar[int | None] = 1
    call: ClassVar[str] = ""
    pads: ClassVar[str] = "nothing"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        found = image(typing, self.name, inputs)
        if found is None or not isinstance(self.ceil_mode, bool):
            return (typing.inference.fresh_wire(),)
        wire, axes = found
        spec = self.spec(len(axes) - 1)
        for k, p, d in zip(spec[0], spec[2], spec[3], strict=True):
            reason = f"`{self.name}` needs a padding of at most half its kernel"
            typing.inference.demand(Pred(">=", d * (k - 1) + 1, p * 2), reason)
        sizes = windows(typing, self.name, [a.size for a in axes[1:]], spec, ceil=self.ceil_mode)
        spatial = [Axis(n, a.tag if n == a.size else None) for n, a in zip(sizes, axes[1:], strict=True)]
        return (wire.with_axes((axes[0], *spatial)),)

    def spec(self, count: int) -> list[tuple[Dim, ...]]:
        """Kernel, stride, padding and dilation, per axis."""
        given = {"kernel": self.kernel, "stride": self.stride or self.kernel, "padding": self.padding}
        given["dilation"] = self.dilation
        return [per_axis(self.name, word, given[word], count) for word in WORDS]

    @property
    def passes(self) -> Kind:
        """On the channels: each has its own windows."""
        return channelwise(self.map_kind)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if acting.trivial:
            return super().act(acting)
        spec = self.spec(len(acting.inputs[0].axes) - 1)
        along = windows_along(acting.inputs, acting.outputs, spec, self.pads)
        alike = all(len(set(values)) == 1 for values in spec)
        return (on_grid(Rule(self.name, along, alike, passes=self.passes), acting),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        count = len(known_axes(self.name, inputs[0])) - 1
        return elements(outputs[0]) * product(per_axis(self.name, "kernel", self.kernel, count))

    def arguments(self) -> str:
        """What stands last in the call."""
        return options(ceil_mode=(self.ceil_mode, False))

    def code(self, site: Site) -> str:
        site.need("F")
        text = f"{site.args[0]}, {ints_text(site, self.kernel)}"
        if self.stride and self.stride != self.kernel:
            text += f", stride={ints_text(site, self.stride)}"
        text += ints_option(site, "padding", self.padding, ZERO)
        text += ints_option(site, "dilation", self.dilation, ONE) + self.arguments()
        return f"{self.call}{len(site.inputs[0].axes) - 1}d({text})"


@box("max_pool", "convolution")
class MaxPool(Pooling):
    """The maximum of each window: R[c, h, w] -> R[c, h', w'],
    n' = (n + 2*padding - dilation*(kernel - 1) - 1)//stride + 1.

    With `ceil_mode` the division is rounded up: a last window may hang over the end of the padded image, if
    it begins before the padding at that end.
    """

    kernel: tuple[Dim, ...]
    stride: tuple[Dim, ...] = ()
    padding: tuple[Dim, ...] = (ZERO,)
    dilation: tuple[Dim, ...] = (ONE,)
    ceil_mode: bool = False
    map_kind: ClassVar[MapKind] = "piecewise linear"
    call: ClassVar[str] = "F.max_pool"


@box("avg_pool", "convolution")
class AveragePool(Pooling):
    """The mean of each window: R[c, h, w] -> R[c, h', w'], n' = (n + 2*padding - kernel)//stride + 1.

    Padding is counted as zeros, unless `count_include_pad` is false. `ceil_mode` is as for `max_pool`; what
    hangs over is not counted.
    """

    kernel: tuple[Dim, ...]
    stride: tuple[Dim, ...] = ()
    padding: tuple[Dim, ...] = (ZERO,)
    ceil_mode: bool = False
    count_include_pad: bool = True
    map_kind: ClassVar[MapKind] = "linear"
    call: ClassVar[str] = "F.avg_pool"

    def arguments(self) -> str:
        return super().arguments() + options(count_include_pad=(self.count_include_pad, True))


class AdaptivePool(Box):
    """One number per window and channel, with windows chosen such that `size` of them cover each axis."""

    size: tuple[Dim, ...]
    batch_axes: ClassVar[int | None] = 1
    call: ClassVar[str] = ""

    def rule(self, typing: Typing, inputs: Object) -> Object:
        found = image(typing, self.name, inputs)
        if found is None:
            return (typing.inference.fresh_wire(),)
        wire, axes = found
        sizes = per_axis(self.name, "size", self.size, len(axes) - 1)
        for size in dict.fromkeys(sizes):
            typing.inference.demand(Pred(">=", size, ONE), f"`{self.name}` needs {size} >= 1")
        return (wire.with_axes((axes[0], *map(Axis, sizes))),)

    @property
    def passes(self) -> Kind:
        return channelwise(self.map_kind)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Windows stand alike from both ends; those of a whole size lie side by side."""
        count = len(acting.inputs[0].axes) - 1
        sizes = per_axis(self.name, "size", self.size, count)
        if acting.trivial:
            return super().act(acting)
        if all(size == ONE for size in sizes):
            return (pooled_away(self.name, acting, count, self.passes),)
        along = [
            self._along(acting, axis.size, n)
            for axis, n in zip(known_axes("", acting.inputs[0])[1:], sizes, strict=True)
        ]
        return (on_grid(Rule(self.name, tuple(along), len(set(sizes)) == 1, passes=self.passes), acting),)

    def _along(self, acting: Acting, size: Dim, out: Dim) -> Along:
        from catnet.symmetry.turns import ratio

        whole = ratio(size, out, acting.facts)
        if whole is None:
            return Along(size, out, lost=f"makes {out} windows of {size} cells, not all of one size")
        return Along(size, out, down=whole, still=whole == ONE)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0])

    def code(self, site: Site) -> str:
        site.need("F")
        count = len(known_axes(self.name, site.inputs[0])) - 1
        sizes = [site.size(n) for n in self.size]
        size = sizes[0] if len(set(sizes)) == 1 else f"({', '.join(sizes)})"
        return f"{self.call}{count}d({site.args[0]}, {size})"


@box("adaptive_avg_pool", "convolution")
class AdaptiveAveragePool(AdaptivePool):
    """The mean of each of `size` windows that cover an axis of n entries, window i from i*n//size up to, not
    including, (i + 1)*n/size rounded up (He et al., 2014): R[c, h, w] -> R[c, size, size], for one to three
    spatial axes. `size` is one number or a tuple. Counted is one operation per entry.
    """

    size: tuple[Dim, ...]
    map_kind: ClassVar[MapKind] = "linear"
    call: ClassVar[str] = "F.adaptive_avg_pool"


@box("adaptive_max_pool", "convolution")
class AdaptiveMaxPool(AdaptivePool):
    """The maximum of each window, with the windows of `adaptive_avg_pool`: R[c, h, w] -> R[c, size, size]."""

    size: tuple[Dim, ...]
    map_kind: ClassVar[MapKind] = "piecewise linear"
    call: ClassVar[str] = "F.adaptive_max_pool"


class GlobalPool(Box):
    """One number for all axes after the first: R[c, h, w] -> R[c], for any number of them."""

    method: ClassVar[str] = ""

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        if is_open(wire):
            return (typing.inference.fresh_wire(),)
        wire = real_wire(typing, wire)
        axes = known_axes(self.name, wire)
        if len(axes) < 2:
            one = "mean" if self.method == "mean" else "max"
            raise reject(
                f"`{self.name}` takes a channel axis and at least one further axis, not `{wire}`",
                help=f"`{one}(over = ...)` takes the {one}{'imum' * (one == 'max')} over one axis",
            )
        return (wire.with_axes(axes[:1]),)

    @property
    def passes(self) -> Kind:
        return channelwise(self.map_kind)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Invariant in all that moves the cells."""
        if acting.trivial:
            return super().act(acting)
        count = len(acting.inputs[0].axes) - 1
        return (shifted(pooled_away(self.name, acting, count, self.passes), -1, -count),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0])

    def code(self, site: Site) -> str:
        count = len(site.inputs[0].axes)
        where = "-1" if count == 2 else f"({', '.join(str(i) for i in range(1 - count, 0))})"
        return f"{site.args[0]}.{self.method}({where})"


@box("global_avg_pool", "convolution")
class GlobalAveragePool(GlobalPool):
    """The mean over all axes after the first: R[c, h, w] -> R[c], for any number of them."""

    map_kind: ClassVar[MapKind] = "linear"
    method: ClassVar[str] = "mean"


@box("global_max_pool", "convolution")
class GlobalMaxPool(GlobalPool):
    """The maximum over all axes after the first: R[c, h, w] -> R[c], for any number of them."""

    map_kind: ClassVar[MapKind] = "piecewise linear"
    method: ClassVar[str] = "amax"
