"""Activations and other functions of one entry, and softmax over one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from catnet.boxes.actions import cut_up, on_axis, permuted
from catnet.boxes.axes import LAST, axis_position, located, one_of, only_wire, options, real_wire
from catnet.boxes.parts import axis_at, part_of, with_size
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered, pointwise
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.joining import absolute
from catnet.diagrams.shards import Answer, Cut, beside
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.static import AxisRef
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing


TWO = Dim.const(2)


class Entrywise(Box):
    """A function f of one real number, on every entry; one operation per entry is counted.

    `parity` says that f(-x) is -f(x) ("odd") or f(x) ("even"), `homogeneous` that f(c x) = c f(x) for positive c.
    """

    signature: ClassVar[str] = "R[...s] -> R[...s]"
    map_kind: ClassVar[MapKind] = "smooth"
    call: ClassVar[str] = ""
    parity: ClassVar[Literal["", "odd", "even"]] = ""
    homogeneous: ClassVar[bool] = False

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0])

    @property
    def passes(self) -> Kind:
        if self.map_kind == "linear":
            return Kind.GENERAL
        if self.parity == "odd":
            return Kind.SIGNED_PERMUTATION
        return Kind.POSITIVE_MONOMIAL if self.homogeneous else Kind.PERMUTATION

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """An even function loses the signs: what it gives is acted on by the absolute values."""
        if self.parity != "even":
            return super().act(acting)
        (after,) = pointwise(self, acting, Kind.SIGNED_PERMUTATION)
        return (ordered(tuple(part.on(absolute(part.rep)) for part in after)),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return cut

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
    homogeneous: ClassVar = True


@box("gelu", "activation")
class Gelu(Entrywise):
    """`x P(Z <= x)` for a standard normal Z (Hendrycks and Gimpel, 2016). R[...s] -> R[...s].

    `approximate = "tanh"` is the approximation that GPT-2 uses.
    """

    approximate: str = "none"
    call: ClassVar[str] = "F.gelu"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        one_of(self.name, "approximate", self.approximate, ("none", "tanh"))
        return super().rule(typing, inputs)

    def arguments(self) -> str:
        return options(approximate=(self.approximate, "none"))


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
    parity: ClassVar = "odd"


@box("elu", "activation")
class Elu(Entrywise):
    """`x` for x > 0, else `alpha (exp(x) - 1)` (Clevert et al., 2015). R[...s] -> R[...s]."""

    alpha: float = 1.0
    call: ClassVar[str] = "F.elu"

    def arguments(self) -> str:
        return options(alpha=(self.alpha, 1.0))


@box("leaky_relu", "activation")
class LeakyRelu(Entrywise):
    """`x` for x > 0, else `slope x` (Maas et al., 2013). R[...s] -> R[...s]."""

    slope: float = 0.01
    map_kind: ClassVar[MapKind] = "piecewise linear"
    call: ClassVar[str] = "F.leaky_relu"
    homogeneous: ClassVar = True

    def arguments(self) -> str:
        return options(negative_slope=(self.slope, 0.01))


@box("softplus", "activation")
class Softplus(Entrywise):
    """`log(1 + exp(beta x)) / beta`, and x itself where `beta x` exceeds `threshold`. R[...s] -> R[...s]."""

    beta: float = 1.0
    threshold: float = 20.0
    call: ClassVar[str] = "F.softplus"

    def arguments(self) -> str:
        return options(beta=(self.beta, 1.0), threshold=(self.threshold, 20.0))


@box("logsigmoid", "activation")
class LogSigmoid(Entrywise):
    """The logarithm of `sigmoid`, computed stably. R[...s] -> R[...s]."""

    call: ClassVar[str] = "F.logsigmoid"


@box("mish", "activation")
class Mish(Entrywise):
    """`x tanh(softplus(x))` (Misra, 2019). R[...s] -> R[...s]."""

    call: ClassVar[str] = "F.mish"


@box("softsign", "activation")
class Softsign(Entrywise):
    """`x / (1 + |x|)`. R[...s] -> R[...s]."""

    call: ClassVar[str] = "F.softsign"
    parity: ClassVar = "odd"


@box("tanhshrink", "activation")
class Tanhshrink(Entrywise):
    """`x - tanh(x)`. R[...s] -> R[...s]."""

    call: ClassVar[str] = "F.tanhshrink"
    parity: ClassVar = "odd"


@box("celu", "activation")
class Celu(Entrywise):
    """`x` for x > 0, else `alpha (exp(x/alpha) - 1)` (Barron, 2017), differentiable for every alpha but 0.
    R[...s] -> R[...s]."""

    alpha: float = 1.0
    call: ClassVar[str] = "F.celu"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if self.alpha == 0.0:
            raise reject("`celu` divides by `alpha`, which is 0", help="`relu` is the limit for small alpha")
        return super().rule(typing, inputs)

    def arguments(self) -> str:
        return options(alpha=(self.alpha, 1.0))


@box("selu", "activation")
class Selu(Entrywise):
    """`scale x` for x > 0, else `scale alpha (exp(x) - 1)` with the constants that keep mean 0 and variance 1
    (Klambauer et al., 2017). R[...s] -> R[...s]."""

    map_kind: ClassVar[MapKind] = "none"  # its slope jumps at 0
    call: ClassVar[str] = "F.selu"


@box("quick_gelu", "activation")
class QuickGelu(Entrywise):
    """`x sigmoid(1.702 x)`, the approximation of `gelu` that CLIP uses (Hendrycks and Gimpel, 2016).
    R[...s] -> R[...s]."""

    def code(self, site: Site) -> str:
        return f"{site.args[0]} * torch.sigmoid(1.702 * {site.args[0]})"


@box("squared_relu", "activation", "relu2")
class SquaredRelu(Entrywise):
    """`max(x, 0)^2` (So et al., 2021, "Primer"). R[...s] -> R[...s]."""

    def code(self, site: Site) -> str:
        site.need("F")
        return f"torch.square(F.relu({site.args[0]}))"


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

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Permutations pass, those of the axis itself too."""
        axis = axis_position(acting.inputs[0], self.axis)
        rep, rest = on_axis(self.name, acting, axis)
        (others,) = super().act(rest)
        if rep is None:
            return (others,)
        permuted(self.name, rep, "compares the entries along", "take `norm_activation` or `gate`")
        return (ordered((*others, Part((axis,), rep))),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, cut, axis_position(inputs[0], self.axis), "works across")

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


@box("softmin", "activation")
class Softmin(OverAxis):
    """`softmax` of `-x` along an axis (the last, if none is said). R[...s] -> R[...s]."""

    axis: AxisRef = LAST
    call: ClassVar[str] = "F.softmin"


@box("glu", "activation")
class Glu(OverAxis):
    """The first half of an axis times the sigmoid of its second half (Dauphin et al., 2017):
    R[...s, 2*d] -> R[...s, d] for the last axis."""

    axis: AxisRef = LAST
    call: ClassVar[str] = "F.glu"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire = only_wire(self.name, inputs, typing)
        found = located(typing, wire, self.axis, box=self.name)
        if found is None:
            return (typing.inference.fresh_wire(),)
        wire, position = real_wire(typing, found[0]), found[1]
        return (with_size(wire, position, part_of(typing, self.name, axis_at(wire, position).size, TWO)),)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Both halves of an axis that is acted on must be permuted alike."""
        axis = axis_position(acting.inputs[0], self.axis)
        rep, rest = on_axis(self.name, acting, axis)
        (others,) = pointwise(self, rest, Kind.PERMUTATION)
        if rep is None:
            return (others,)
        halves = cut_up(rep, [rep.dim // 2] * 2)
        if halves is None or halves[0] != halves[1]:
            raise Refusal(
                f"`glu` multiplies one half of an axis by the other, and they are no two equal parts of `{rep}`",
                "`gate` takes representations",
            )
        permuted(self.name, rep, "multiplies entries of both halves of", "`gate` takes representations")
        return (ordered((*others, Part((axis,), halves[0]))),)
