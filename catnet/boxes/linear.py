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


@box("embedding", "linear")
class Embedding(Box):
    """The vector of each integer: a table with one row per value (`torch.nn.Embedding`).

    Fin(vocab)[...s] -> R[...s, d]. Its transpose, R[...s, d] -> R[...s, vocab], scores a vector against every
    row, as in tied embeddings (Press and Wolf, 2017).
    """

    vocab: Dim
    d: Dim
    signature: ClassVar[str] = "Fin(vocab)[...s] -> R[...s, d]"
    dagger_signature: ClassVar[str] = "R[...s, d] -> R[...s, vocab]"

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return {"weight": (self.vocab, self.d)}

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        looked_up = inputs[0].kind.name == "Fin"  # else this is the transpose, a matrix product
        return Dim.const(0) if looked_up else elements(inputs[0]) * self.d * 2

    def dagger_code(self, site: Site) -> str:
        site.need("F")
        return f"F.linear({site.args[0]}, {site.module}.weight)"

    def module(self, site: Site) -> str:
        return f"nn.Embedding({site.static(self.vocab)}, {site.static(self.d)})"


@box("one_hot", "linear")
class OneHot(Box):
    """The unit vector of each integer. Fin(n)[...s] -> R[...s, n]."""

    n: Dim
    signature: ClassVar[str] = "Fin(n)[...s] -> R[...s, n]"

    def code(self, site: Site) -> str:
        site.need("F")
        return f"F.one_hot({site.args[0]}, {site.size(self.n)}).to(torch.get_default_dtype())"
