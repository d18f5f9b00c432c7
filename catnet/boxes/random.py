"""Boxes that draw random numbers: they may not be copied, merged or dropped silently."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


@box("dropout", "random")
class Dropout(Box):
    """In training, set each entry to 0 with probability p and divide the others by 1 - p (Srivastava et al.,
    2014); in evaluation the identity. R[...s] -> R[...s]."""

    p: float = 0.5
    signature: ClassVar[str] = "R[...s] -> R[...s]"
    effect = "random"
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if isinstance(self.p, float) and not 0.0 <= self.p < 1.0:
            detail = f"`p` of `dropout` is a probability below 1, not {self.p}"
            raise reject(detail, help="write dropout(0.1)")
        return super().rule(typing, inputs)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0])

    def module(self, site: Site) -> str:
        return f"nn.Dropout({self.p!r})"
