"""Linear maps with weights."""

from __future__ import annotations

from typing import ClassVar

from catnet.diagrams.box import Box, Site, box, elements
from catnet.types.dims import Dim
from catnet.types.wires import Axis, Object


def last(wires: Object) -> Dim:
    """The size of the last axis of the first wire."""
    axis = wires[0].axes[-1]
    assert isinstance(axis, Axis)
    return axis.size


@box("linear", "linear")
class Linear(Box):
    """`y = x W^T + b` on the last axis (`torch.nn.Linear`)."""

    features: Dim
    bias: bool = True
    signature: ClassVar[str] = "R[...s, d] -> R[...s, features]"
    dagger_signature: ClassVar[str] = "R[...s, features] -> R[...s, d]"
    map_kind: ClassVar = "affine"

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        shapes: dict[str, tuple[Dim, ...]] = {"weight": (self.features, last(inputs))}
        if self.bias:
            shapes["bias"] = (self.features,)
        return shapes

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * last(inputs) * 2

    def dagger_code(self, site: Site) -> str:
        site.need("F")
        return f"F.linear({site.args[0]}, {site.module}.weight.t())"

    def module(self, site: Site) -> str:
        bias = "" if self.bias else ", bias=False"
        return f"nn.Linear({site.static(last(site.inputs))}, {site.static(self.features)}{bias})"
