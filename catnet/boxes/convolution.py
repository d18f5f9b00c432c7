"""Convolutions: a channel axis, then one to three spatial axes."""

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
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.wires import Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

Ints = tuple[Dim, ...]
_WORDS = ("kernel", "stride", "padding", "dilation")


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


def windows(typing: Typing, name: str, sizes: list[Dim], spec: list[Ints]) -> list[Dim]:
    """How many windows fit on each spatial axis; `spec` is kernel, stride, padding and dilation per axis."""
    out = []
    for values, least, word in zip(spec, (ONE, ONE, ZERO, ONE), _WORDS, strict=True):
        for value in dict.fromkeys(values):
            typing.inference.demand(Pred(">=", value, least), f"`{name}` needs a {word} of at least {least}")
    for size, k, s, p, d in zip(sizes, *spec, strict=True):
        width, span = size + p * 2, d * (k - 1) + 1
        reason = f"`{name}` needs a kernel that fits, {width} >= {span}"
        typing.inference.demand(Pred(">=", width, span), reason)
        out.append((width - span) // s + 1)
    return out


@box("conv", "convolution")
class Convolution(Box):
    """Cross-correlation with a kernel over one to three spatial axes (`torch.nn.Conv1d` to `3d`).

    R[c, w] -> R[channels, w'], R[c, h, w] -> R[channels, h', w'] or R[c, d, h, w] -> R[channels, d', h', w'],
    where n' = (n + 2*padding - dilation*(kernel - 1) - 1)//stride + 1. Kernel, stride, padding and dilation
    are one number for all axes or a tuple.
    """

    channels: Dim
    kernel: tuple[Dim, ...]
    stride: tuple[Dim, ...] = (ONE,)
    padding: tuple[Dim, ...] = (ZERO,)
    dilation: tuple[Dim, ...] = (ONE,)
    groups: Dim = ONE
    bias: bool = True
    map_kind: ClassVar[MapKind] = "affine"
    batch_axes: ClassVar[int | None] = 1

    def rule(self, typing: Typing, inputs: Object) -> Object:
        found = image(typing, self.name, inputs)
        if found is None:
            return (typing.inference.fresh_wire(),)
        wire, axes = found
        sizes = windows(typing, self.name, [a.size for a in axes[1:]], self._spec(len(axes) - 1))
        if self.groups != ONE:
            for size, what in ((axes[0].size, "input"), (self.channels, "output")):
                typing.inference.demand(
                    Pred.divides(size, self.groups),
                    f"`conv` needs {what} channels in equal groups, {size} % {self.groups} == 0",
                )
        spatial = [Axis(n, a.tag if n == a.size else None) for n, a in zip(sizes, axes[1:], strict=True)]
        return (wire.with_axes((Axis(self.channels), *spatial)),)

    def _spec(self, count: int) -> list[Ints]:
        return [per_axis(self.name, name, getattr(self, name), count) for name in _WORDS]

    def _weight(self, inputs: Object) -> Ints:
        axes = known_axes(self.name, inputs[0])
        kernel = per_axis(self.name, "kernel", self.kernel, len(axes) - 1)
        return (self.channels, axes[0].size // self.groups, *kernel)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        weight = {"weight": self._weight(inputs)}
        return {**weight, "bias": (self.channels,)} if self.bias else weight

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * product(self._weight(inputs)[1:]) * 2

    def module(self, site: Site) -> str:
        axes = known_axes(self.name, site.inputs[0])
        text = f"{site.static(axes[0].size)}, {site.static(self.channels)}, {ints_text(site, self.kernel)}"
        for name, value, default in (
            ("stride", self.stride, ONE),
            ("padding", self.padding, ZERO),
            ("dilation", self.dilation, ONE),
        ):
            if any(v != default for v in value):
                text += f", {name}={ints_text(site, value)}"
        if self.groups != ONE:
            text += f", groups={site.static(self.groups)}"
        return f"nn.Conv{len(axes) - 1}d({text}{'' if self.bias else ', bias=False'})"
