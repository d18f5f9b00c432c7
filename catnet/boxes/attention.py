"""Attention as one box."""

from __future__ import annotations

from typing import ClassVar

from catnet.boxes.axes import trailing
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.types.dims import Dim
from catnet.types.wires import Object


@box("sdpa", "attention")
class ScaledDotProductAttention(Box):
    """`softmax(q k^T * scale) v`, the scaled dot-product attention of Vaswani et al. (2017).

    R[...s, t, c] @ R[...s, u, c] @ R[...s, u, e] -> R[...s, t, e] for queries, keys and values. `scale` is
    1/sqrt(c) where it is left at 0. With `causal`, query i sees keys 0..i. Counted are both matrix products.
    """

    causal: bool = False
    scale: float = 0.0
    arity = 3
    signature: ClassVar[str] = "R[...s, t, c] @ R[...s, u, c] @ R[...s, u, e] -> R[...s, t, e]"
    map_kind: ClassVar[MapKind] = "smooth"
    broadcasts: ClassVar[bool] = False

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        keys = trailing(inputs[1])[-2].size
        return (elements(inputs[0]) + elements(outputs[0])) * keys * 2

    def code(self, site: Site) -> str:
        site.need("F")
        causal = ", is_causal=True" if self.causal else ""
        scale = f", scale={self.scale!r}" if self.scale else ""
        return f"F.scaled_dot_product_attention({', '.join(site.args)}{causal}{scale})"
