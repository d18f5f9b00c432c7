"""Activations and other functions of one entry, and softmax over one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.axes import LAST, axis_position, located, only_wire, real_wire
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.static import AxisRef
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


class Entrywise(Box):
    """A function of one real number, on every entry; one operation per entry is counted."""

    signature: ClassVar[str] = "R[...s] -> R[...s]"
    map_kind: ClassVar[MapKind] = "smooth"
    call: ClassVar[str] = ""

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0])

    def arguments(self) -> str:
        """What stands in the call after the input."""
        return ""

    def code(self, site: Site) -> str:
        if self.call.startswith("F."):
            site.need("F")
        return f"{self.call}({site.args[0]}{self.arguments()})"


@box("relu", "activation")
class Relu(Entrywise):
    """`max(x, 0)`. R[...s] -> R[...s]."""

    map_kind: ClassVar[MapKind] = "piecewise linear"
    call: ClassVar[str] = "F.relu"


@box("gelu", "activation")
class Gelu(Entrywise):
    """`x P(Z <= x)` for a standard normal Z (Hendrycks and Gimpel, 2016). R[...s] -> R[...s].

    `approximate = "tanh"` is the approximation that GPT-2 uses.
    """

    approximate: str = "none"
    call: ClassVar[str] = "F.gelu"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if isinstance(self.approximate, str) and self.approximate not in ("none", "tanh"):
            raise reject(
                f'`approximate` of `gelu` is "none" or "tanh", not "{self.approximate}"',
                help='write gelu(approximate = "tanh")',
            )
        return super().rule(typing, inputs)

    def arguments(self) -> str:
        return "" if self.approximate == "none" else f", approximate={self.approximate!r}"


@box("silu", "activation", "swish")
class Silu(Entrywise):
    """`x sigmoid(x)`, also called swish (Ramachandran et al., 2017). R[...s] -> R[...s]."""

    call: ClassVar[str] = "F.silu"


@box("sigmoid", "activation")
class Sigmoid(Entrywise):
    """`1 / (1 + exp(-x))`. R[...s] -> R[...s]."""

    call: ClassVar[str] = "torch.sigmoid"


@box("tanh", "activation")
class Tanh(Entrywise):
    """The hyperbolic tangent. R[...s] -> R[...s]."""

    call: ClassVar[str] = "torch.tanh"


@box("elu", "activation")
class Elu(Entrywise):
    """`x` for x > 0, else `alpha (exp(x) - 1)` (Clevert et al., 2015). R[...s] -> R[...s]."""

    alpha: float = 1.0
    call: ClassVar[str] = "F.elu"

    def arguments(self) -> str:
        return "" if self.alpha == 1.0 else f", alpha={self.alpha!r}"


@box("leaky_relu", "activation")
class LeakyRelu(Entrywise):
    """`x` for x > 0, else `slope x` (Maas et al., 2013). R[...s] -> R[...s]."""

    slope: float = 0.01
    map_kind: ClassVar[MapKind] = "piecewise linear"
    call: ClassVar[str] = "F.leaky_relu"

    def arguments(self) -> str:
        return "" if self.slope == 0.01 else f", negative_slope={self.slope!r}"


@box("softplus", "activation")
class Softplus(Entrywise):
    """`log(1 + exp(x))`. R[...s] -> R[...s]."""

    call: ClassVar[str] = "F.softplus"


class OverAxis(Box):
    """A map of the vectors along one axis to vectors of the same length."""

    axis: AxisRef
    map_kind: ClassVar[MapKind] = "smooth"
    call: ClassVar[str] = ""

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        found = located(typing, wire, self.axis, box=self.name)
        return (real_wire(typing, wire if found is None else found[0]),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 5  # maximum, difference, exponential, sum, division

    def code(self, site: Site) -> str:
        site.need("F")
        return f"{self.call}({site.args[0]}, dim={axis_position(site.inputs[0], self.axis)})"


@box("softmax", "activation")
class Softmax(OverAxis):
    """`exp(x_i) / sum_j exp(x_j)` along an axis (the last, if none is said). R[...s] -> R[...s]."""

    axis: AxisRef = LAST
    call: ClassVar[str] = "F.softmax"


@box("log_softmax", "activation")
class LogSoftmax(OverAxis):
    """The logarithm of `softmax`, computed stably. R[...s] -> R[...s]."""

    axis: AxisRef = LAST
    call: ClassVar[str] = "F.log_softmax"
