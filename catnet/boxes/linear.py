"""Linear maps with weights."""

from __future__ import annotations

from typing import ClassVar, Literal

from catnet.boxes.actions import LINEAR, behind, entrywise, refuse_on
from catnet.boxes.axes import shape_text
from catnet.diagrams.acting import Acting, Action, unfit
from catnet.diagrams.box import Box, Site, box, elements
from catnet.diagrams.joining import multiplied
from catnet.diagrams.shards import Answer, Cut, beside
from catnet.symmetry.kinds import Kind
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
    parallel: ClassVar[bool] = True
    between_spaces: ClassVar[str] = "intertwiner"

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        shapes: dict[str, tuple[Dim, ...]] = {"weight": (self.features, last(inputs))}
        if self.bias:
            shapes["bias"] = (self.features,)
        return shapes

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * last(inputs) * 2

    @property
    def passes(self) -> Kind:
        """A bias is fixed by permutations of the other axes only."""
        return Kind.PERMUTATION if self.bias else Kind.GENERAL

    def act(self, acting: Acting) -> tuple[Action, ...]:
        refuse_on(self.name, acting, (-1,), "has free weights along an axis", LINEAR)
        return super().act(acting)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, cut, -1, "sums over")

    def dagger_code(self, site: Site) -> str:
        site.need("F")
        return f"F.linear({site.args[0]}, {site.module}.weight.t())"

    def module(self, site: Site) -> str:
        bias = "" if self.bias else ", bias=False"
        return f"nn.Linear({site.static(last(site.inputs))}, {site.static(self.features)}{bias})"


@box("bilinear", "linear")
class Bilinear(Box):
    """`y_k = x^T W_k z + b_k` on the last axes of two wires (`torch.nn.Bilinear`).

    R[...s, d] @ R[...s, e] -> R[...s, features]. Counted are the products with W, then those with z.
    """

    features: Dim
    bias: bool = True
    arity = 2
    signature: ClassVar[str] = "R[...s, d] @ R[...s, e] -> R[...s, features]"
    map_kind: ClassVar = "smooth"
    broadcasts: ClassVar[bool] = False

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        shapes: dict[str, tuple[Dim, ...]] = {"weight": (self.features, last(inputs), last(inputs[1:]))}
        return {**shapes, "bias": (self.features,)} if self.bias else shapes

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * (last(inputs) + 1) * last(inputs[1:]) * 2

    def act(self, acting: Acting) -> tuple[Action, ...]:
        for port in range(2):
            refuse_on(self.name, acting, (-1,), "has free weights along an axis", LINEAR, port)
        after = multiplied(self.name, acting, range(2))
        for part in after if self.bias else ():
            if not part.rep.kind.within(Kind.PERMUTATION):
                raise unfit(self.name, part.rep)
        return (after,)

    def module(self, site: Site) -> str:
        sizes = f"{site.static(last(site.inputs))}, {site.static(last(site.inputs[1:]))}"
        return f"nn.Bilinear({sizes}, {site.static(self.features)}{'' if self.bias else ', bias=False'})"


@box("stacked_linear", "linear")
class StackedLinear(Box):
    """A linear map of its own for each of `experts` groups of vectors, as one batched product: entry e of the
    experts axis gets `x W_e + b_e`, with W of shape (experts, d, features) (Shazeer et al., 2017).

    R[...s, experts, n, d] -> R[...s, experts, n, features]. Its parameters are `weight` and `bias` (experts,
    features), each expert's with the initial distribution of `linear`.
    """

    experts: Dim
    features: Dim
    bias: bool = True
    signature: ClassVar[str] = "R[...s, experts, n, d] -> R[...s, experts, n, features]"
    dagger_signature: ClassVar[str] = "R[...s, experts, n, features] -> R[...s, experts, n, d]"
    map_kind: ClassVar = "affine"

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        shapes: dict[str, tuple[Dim, ...]] = {"weight": (self.experts, last(inputs), self.features)}
        return {**shapes, "bias": (self.experts, self.features)} if self.bias else shapes

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * last(inputs) * 2

    @property
    def passes(self) -> Kind:
        """As of `linear`."""
        return Kind.PERMUTATION if self.bias else Kind.GENERAL

    def act(self, acting: Acting) -> tuple[Action, ...]:
        refuse_on(self.name, acting, (-1,), "has free weights along an axis", LINEAR)
        refuse_on(self.name, acting, (-3,), "has weights of its own for each expert", "`linear` has the same for all")
        return entrywise(self, acting)

    def module(self, site: Site) -> str:
        width = site.static(last(site.inputs))
        spread = f".uniform_(-{width}**-0.5, {width}**-0.5)"
        shapes = self.parameters(site.inputs, site.outputs)
        made = [
            f"({name!r}, nn.Parameter(torch.empty({shape_text(site, shape)}){spread}))"
            for name, shape in shapes.items()
        ]
        return f"nn.ParameterDict([{', '.join(made)}])"

    def code(self, site: Site) -> str:
        value = f'torch.einsum("...end,edf->...enf", {site.args[0]}, {site.module}.weight)'
        return f"{value} + {site.module}.bias.unsqueeze(-2)" if self.bias else value

    def dagger_code(self, site: Site) -> str:
        return f'torch.einsum("...enf,edf->...end", {site.args[0]}, {site.module}.weight)'


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

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (behind(self.name, acting, 1),)

    def dagger_code(self, site: Site) -> str:
        site.need("F")
        return f"F.linear({site.args[0]}, {site.module}.weight)"

    def module(self, site: Site) -> str:
        return f"nn.Embedding({site.static(self.vocab)}, {site.static(self.d)})"


@box("one_hot", "linear")
class OneHot(Box):
    """The unit vector of each integer, in the precision of the net. Fin(n)[...s] -> R[...s, n]."""

    n: Dim
    signature: ClassVar[str] = "Fin(n)[...s] -> R[...s, n]"
    register: ClassVar[Literal["", "buffer"]] = "buffer"

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (behind(self.name, acting, 1),)

    def module(self, site: Site) -> str:
        return "torch.empty(0)"  # its input has no precision of reals: this follows `.double()`

    def code(self, site: Site) -> str:
        site.need("F")
        return f"F.one_hot({site.args[0]}, {site.size(self.n)}).to({site.module}.dtype)"
