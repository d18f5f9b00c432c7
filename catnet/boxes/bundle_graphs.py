"""Sections over the nodes of a graph: transport along edges, Laplacians, diffusion, learned maps, and what acts on each
fibre alone.

A section of a bundle S with c channels is R[n, S, c], with a vector of the fibre for each node and channel. Where S is
declared without a body its graph comes as data: a list of edges Fin(n)[2, e], from source to target, and the maps
R[e, S, S] along them. Where S is declared by transitions, both are constants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from catnet.boxes.actions import aside, entrywise, on_axis, shifted
from catnet.boxes.axes import one_of, trailing
from catnet.boxes.bundle_data import Transporting, family, open_base, real_bundle, section_of
from catnet.boxes.equivariant_copies import PHI
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.shards import Answer, Cut, beside
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.spaces import Space
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing

EDGES = "catnet.nn.bundles.edge_lists"
ONE = Dim.const(1)


@box("transport", "bundles")
class Transport(Transporting):
    """The vectors at the sources of edges, carried to the targets: R[n, S, c] @ Fin(n)[2, e] @ R[e, S, S] ->
    R[e, S, c]. What arrives at edge e is M_e x_s, in the frame of its target; `collect` adds it up there.

        bundle S : graph -> R[2] under O(2)
        net messages : R[n, S, c] @ Fin(n)[2, e] @ R[e, S, S] -> R[e, S, c] under gauge(S) = transport(S)

    For a bundle that is declared by transitions it is R[n, S, c] -> R[e, S, c], with n charts and e transitions in
    their order.
    """

    bundle: Space
    map_kind: ClassVar[MapKind] = "smooth"
    result: ClassVar[str] = "e"
    at: ClassVar[Literal["node", "target"]] = "target"

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * self.size * 2

    def code(self, site: Site) -> str:
        return self.called(site, "carry")


@box("sheaf_laplacian", "bundles")
class SheafLaplacian(Transporting):
    """The Laplacian of sections along maps M_e (of a sheaf, Hansen and Ghrist, 2019; for orthogonal maps the connection
    Laplacian of Singer and Wu, 2012): R[n, S, c] @ Fin(n)[2, e] @ R[e, S, S] -> R[n, S, c].

    It is the gradient of half the sum over edges of |x_t - M_e x_s|^2: symmetric, and 0 exactly on sections that agree
    along all edges. Each edge stands once, in either direction where the maps are orthogonal.

        bundle S : graph -> R[2] under O(2)
        net apart : R[n, S, c] @ Fin(n)[2, e] @ R[e, S, S] -> R[n, S, c] under gauge(S) = sheaf_laplacian(S)
    """

    bundle: Space
    map_kind: ClassVar[MapKind] = "smooth"

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return self.on_edges(inputs) * (self.size * 4 + 3)

    def code(self, site: Site) -> str:
        return self.called(site, "laplacian")


@box("diffuse", "bundles")
class Diffuse(Transporting):
    """Heat flow along the maps of a bundle for a time, in explicit steps of the normalised Laplacian:
    R[n, S, c] @ Fin(n)[2, e] @ R[e, S, S] -> R[n, S, c].

    For an orthogonal structure group a step is x - (time/steps) D^-1 L x with the degrees D (Bodnar et al., 2022), else
    (D + 1)^-1 with the blocks D of L. A step is at most 1 long: then it never lets the energy grow.

        bundle S : graph -> R[2] under O(2)
        net smooth : R[n, S, c] @ Fin(n)[2, e] @ R[e, S, S] -> R[n, S, c] under gauge(S) =
            diffuse(S, time = 2.0, steps = 4)
    """

    bundle: Space
    time: float = 1.0
    steps: Dim = ONE
    map_kind: ClassVar[MapKind] = "smooth"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        typing.inference.demand(Pred(">=", self.steps, ONE), f"`diffuse` needs steps >= 1, not {self.steps}")
        steps = self.steps.value
        if isinstance(self.time, float) and steps is not None and steps >= 1 and not 0 <= self.time <= steps:
            raise reject(
                f"a time of {self.time:g} in {steps} step{'s' * (steps != 1)} is not stable: a step is at most 1 long",
                help=f"take steps = {-int(-self.time // 1)}, or more" if self.time > 0 else "a time is at least 0",
            )
        return super().rule(typing, inputs)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        step = self.on_edges(inputs) * (self.size * 4 + 3) + elements(outputs[0]) * 2
        if self.orthogonal:
            return step * self.steps
        k, nodes = self.size, self.nodes(inputs)
        solved = (elements(outputs[0]) * k * 2) * self.steps
        return step * self.steps + solved + self.edges(inputs) * k * k * k * 2 + nodes * k * k * k * 2

    def code(self, site: Site) -> str:
        return self.called(site, "flow", f"{self.time!r}, {site.static(self.steps)}, {self.orthogonal}")


@box("collect", "bundles")
class Collect(Transporting):
    """The sum at each node of the vectors that edges bring there: R[e, S, c] @ Fin(n)[2, e] -> R[n, S, c]. They are in
    the frames of the targets, as `transport` gives them. With `mean`, their mean (0 where no edge ends).

        bundle S : graph -> R[2] under O(2)
        net neighbours : (x: R[n, S, c], edges: Fin(n)[2, e], maps: R[e, S, S]) -> R[n, S, c] under gauge(S) {
            messages = (x, edges, maps) >> transport(S)
            return (messages, edges) >> collect(S, mean = true)
        }
    """

    bundle: Space
    mean: bool = False
    map_kind: ClassVar[MapKind] = "linear"
    needs_maps: ClassVar[bool] = False
    start: ClassVar[str] = "e"
    came: ClassVar[Literal["node", "target"]] = "target"

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0]) + (elements(outputs[0]) if self.mean else 0)

    def code(self, site: Site) -> str:
        (nodes, *_) = trailing(site.outputs[0])[-3:]
        return self.called(site, "collect", site.size(nodes.size) + (", mean=True" if self.mean else ""))


@box("edge_maps", "bundles")
class EdgeMaps(Box):
    """Maps along edges learned from features of the nodes at both ends: R[n, d] @ Fin(n)[2, e] -> R[e, S, S], in the
    structure group of S for all weights (Bodnar et al., 2022).

    A network of both ends' features, in both orders, gives free parameters of a matrix at either end, F_s and F_t;
    the map is F_t^-1 F_s, so its inverse is that of the edge turned around. For O(k) and SO(k) these are rotations,
    exponentials of skew matrices or, with rotations = "cayley", Cayley transforms; for GL(k) they have a determinant
    above 0. Every edge begins near the identity.

        bundle S : graph -> R[2] under SO(2)
        net learned : R[n, 8] @ Fin(n)[2, e] -> R[e, S, S] = edge_maps(S, hidden = 16)

    The maps are read in the frames in which the features are: this is no gauge equivariant box.
    """

    bundle: Space
    hidden: Dim = Dim.const(32)
    rotations: str = "exp"
    arity = 2
    map_kind: ClassVar[MapKind] = "smooth"
    broadcasts: ClassVar[bool] = False
    transports: ClassVar[bool] = True

    def rule(self, typing: Typing, inputs: Object) -> Object:
        one_of(self.name, "rotations", self.rotations, ("exp", "cayley"))
        open_base(self.name, self.bundle)
        family(self.name, self.bundle)
        signature = section_of("R[n, d] @ Fin(n)[2, e] -> R[e, S, S]", self.bundle)
        typing.inference.demand(Pred(">=", self.hidden, ONE), f"`edge_maps` needs hidden >= 1, not {self.hidden}")
        outputs, _ = typing.inference.apply(signature, inputs, {})
        return outputs

    @property
    def free(self) -> int:
        """The number of free parameters of a matrix at one end."""
        k = self.bundle.dim.value or 1
        return max(k * k if self.group.startswith("GL") else k * (k - 1) // 2, 1)

    @property
    def group(self) -> str:
        return family(self.name, self.bundle)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        features, free, hidden = self._features(inputs), Dim.const(self.free), self.hidden
        return {
            "network.first.weight": (hidden, features * 2),
            "network.first.bias": (hidden,),
            "network.second.weight": (hidden, hidden),
            "network.second.bias": (hidden,),
            "network.last.weight": (free, hidden),
            "network.last.bias": (free,),
        }

    def _features(self, inputs: Object) -> Dim:
        return trailing(inputs[0])[-1].size

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        """Of the network for both ends, and of the product of the two matrices; an exponential counts as ten products
        for k > 2."""
        edges, k = trailing(inputs[1])[-1].size, self.bundle.dim
        network = (self._features(inputs) * 2 + self.hidden + self.free) * self.hidden * 2 + self.hidden * 10
        products = k * k * k * 2 * (1 if (k.value or 1) <= 2 and self.group[0] != "G" else 21)
        return edges * (network * 2 + products)

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if acting.trivial:
            return super().act(acting)
        raise Refusal(
            f"`{self.name}` reads maps off features, in frames that are part of the net",
            "take the maps as an input, maps: R[e, S, S]; or leave out `under`",
        )

    def module(self, site: Site) -> str:
        made = site.need("python:catnet.nn.bundles:EdgeMaps")
        given = "" if self.rotations == "exp" else f', rotations="{self.rotations}"'
        sizes = f"{site.static(self._features(site.inputs))}, {site.static(self.hidden)}"
        return f'{made}("{self.group}", {sizes}{given})'

    def code(self, site: Site) -> str:
        return f"{site.module}.along({', '.join(site.args)})"


@box("frame", "bundles")
class Frame(Box):
    """Numbers read as fibre coordinates, in frames that are chosen at the nodes: R[...s, k, c] -> R[...s, S, c].

        bundle S : graph -> R[2] under O(2)
        net begin : R[n, d] -> R[n, S, 8] = linear(16) >> rearrange("n (k c) -> n k c", k = 2) >> frame(S)

    Which frames these are is part of the net, so `under gauge(S)` stops here; `forget(S)` is the way back.
    """

    bundle: Space
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        signature = section_of("R[...s, k, c] -> R[...s, S, c]", self.bundle)
        real_bundle(self.name, self.bundle)
        outputs, _ = typing.inference.apply(signature, inputs, {"k": self.bundle.dim})
        return outputs

    def act(self, acting: Acting) -> tuple[Action, ...]:
        from catnet.bundles.gauge import Gauge  # only a spec with bundles asks

        if isinstance(acting.group, Gauge) and acting.group.space == self.bundle:
            raise Refusal(f"`{self.name}` chooses frames at the nodes", "let the section come in: x: R[n, S, c]")
        return super().act(acting)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, cut, -2, "takes the coordinates of vectors along")

    def code(self, site: Site) -> str:
        return site.args[0]


class OfFibres(Box):
    """A map of each vector of a section, R[...s, S, c], by its length."""

    bundle: Space
    map_kind: ClassVar[MapKind] = "smooth"
    result: ClassVar[str] = "R[...s, S, c]"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        section = section_of(f"R[...s, S, c] -> {self.result}", self.bundle)
        outputs, _ = typing.inference.apply(section, inputs, {})
        return outputs

    def lengths(self, acting: Acting) -> tuple[tuple[Part, ...], Action]:
        """What acts on the fibres, which must keep their lengths, and what acts on the other axes of the input."""
        rep, rest = on_axis(self.name, acting, -2)
        if rep is not None and not rep.kind.within(Kind.ORTHOGONAL):
            raise Refusal(f"`{self.name}` takes lengths, and `{rep}` does not keep them")
        (others,) = entrywise(self, rest)
        return (Part((-2,), rep),) if rep is not None else (), others


@box("fibre_norm", "bundles")
class FibreNorm(OfFibres):
    """The length of each vector of a section, which no orthogonal change of frame changes: R[...s, S, c] ->
    R[...s, c]. It is sqrt(<x, x> + 1e-12), which is smooth at 0.

        bundle S : graph -> R[2] under O(2)
        net sizes : R[n, S, c] -> R[n, c] under gauge(S) = fibre_norm(S)
    """

    bundle: Space
    result: ClassVar[str] = "R[...s, c]"

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(inputs[0]) * 2 + elements(outputs[0]) * 2

    def act(self, acting: Acting) -> tuple[Action, ...]:
        _, others = self.lengths(acting)
        return (shifted(others, -2, -1),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, cut, -2, "takes lengths along", change=-1)

    def code(self, site: Site) -> str:
        return f"({site.args[0]}.square().sum(-2) + 1e-12).sqrt()"


@box("fibre_activation", "bundles")
class FibreActivation(OfFibres):
    """`x phi(|x| + b)` for each vector x of a section: R[...s, S, c] -> R[...s, S, c]. It turns as the frame does,
    since a length does not; what relu is to numbers this is to fibres.

        bundle S : graph -> R[2] under O(2)
        net layer : R[n, S, c] -> R[n, S, c] under gauge(S) = linear(c, bias = false) >> fibre_activation(S)

    `phi` is "sigmoid", "tanh", "relu", "silu", "gelu" or "softplus". Each channel has its own b, which starts at 0
    (none with `bias = false`). Five operations per entry are counted.
    """

    bundle: Space
    phi: str = "sigmoid"
    bias: bool = True

    def rule(self, typing: Typing, inputs: Object) -> Object:
        one_of(self.name, "phi", self.phi, tuple(PHI))
        return super().rule(typing, inputs)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return {"bias": (trailing(inputs[0])[-1].size,)} if self.bias else {}

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 5

    def act(self, acting: Acting) -> tuple[Action, ...]:
        taken, others = self.lengths(acting)
        mixed, _ = aside(acting, (-1,))
        if self.bias and mixed:
            raise Refusal(f"`{self.name}` has a bias for each channel, and `{mixed[0].rep}` acts on them",
                          "write bias = false")  # fmt: skip
        return (ordered((*others, *taken)),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        answer = beside(self.name, cut, -2, "takes lengths along")
        return beside(self.name, answer, -1, "has a bias for each entry along") if self.bias else answer

    def module(self, site: Site) -> str:
        made, phi = site.need("python:catnet.nn.bundles:FibreActivation"), PHI[self.phi]
        if phi.startswith("F."):
            site.need("F")
        channels = site.static(trailing(site.inputs[0])[-1].size) if self.bias else None
        return f"{made}({channels}, {phi})"
