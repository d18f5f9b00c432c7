"""Fields on a triangle mesh: sections of bundles associated to its tangent bundle, and convolutions of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.axes import one_of, trailing
from catnet.boxes.bundle_data import real_bundle, section_of
from catnet.boxes.equivariant import carried_last
from catnet.boxes.equivariant_copies import OfCopies, space_of
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered
from catnet.diagrams.box import Box, MapKind, Site, box, elements
from catnet.diagrams.printing import static_tree
from catnet.diagrams.shards import Answer, Cut, beside
from catnet.symmetry.kinds import Kind
from catnet.symmetry.lie_groups import Orthogonal
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.spaces import Space
from catnet.types.wires import Object, Wire

if TYPE_CHECKING:
    from catnet.bundles.bundle import Bundle
    from catnet.diagrams.typing import Typing
    from catnet.symmetry.reps import Rep

TYPE = "R[...s, n, V] @ Fin(n)[2, e] @ R[e, S] @ R[e, S, S] -> R[...s, n, W]"
ACTIVATIONS = {"relu": "torch.relu", "silu": "F.silu", "gelu": "F.gelu", "tanh": "torch.tanh", "elu": "F.elu"}


def tangent(box: str, bundle: Space) -> Bundle:
    """A bundle of planes under SO(2) over a graph or a mesh that comes as data; refuses any other."""
    found = real_bundle(box, bundle)
    group = found.structure.group
    plane = isinstance(group, Orthogonal) and group.special and group.p == 2 and group.q == 0
    if not plane or not found.base.data or found.fibre.size != 2:
        raise reject(f"`{box}` takes the tangent planes of a mesh that comes as data, and that is not `{found}`",
                     code="E0820", help=f"bundle {found.name} : mesh -> R[2] under SO(2)")  # fmt: skip
    return found


def orders(box: str, rep: Rep) -> list[tuple[int, int]]:
    """The summands of a representation of SO(2) as `catnet.nn.bundles.PlaneFields` names them: (copies, order).

    Refuses sizes that are symbols, and summands that are no irreducibles.

    >>> from catnet.symmetry.constructors import SO, irrep, trivial, vector
    >>> orders("gauge_conv", 3 * trivial(SO(2)) + vector(SO(2)) + 2 * irrep(SO(2), 2))
    [(3, 0), (1, 1), (2, 2)]
    """
    found = []
    for count, block in rep.blocks:
        order = _order(block)
        if order is None or count.value is None:
            what = f"`{block}` is no irreducible" if order is None else f"`{count}` copies are no number"
            raise reject(f"`{box}` maps between sums of irreducibles of `{rep.group}`, and {what}", code="E0822",
                         help="m*trivial(SO(2)) + n*vector(SO(2)) + k*irrep(SO(2), 2)")  # fmt: skip
        found.append((count.value, order))
    return found


def _order(block: Rep) -> int | None:
    """How often the plane turns while frames turn once; None for what is no irreducible in the usual basis."""
    if block.kind is Kind.TRIVIAL and block.dim == 1:
        return 0
    (flow,) = block.algebra()
    turn = flow[1, 0]
    usual = block.dim == 2 and flow[0, 1] == -turn and flow[0, 0] == 0 == flow[1, 1] and block.scale is None
    return int(str(turn)) if usual and isinstance(turn, int) and turn > 0 else None


@box("gauge_conv", "bundles")
class GaugeConvolution(Box):
    """A convolution of fields on a triangle mesh that commutes with turns of the frames at all vertices (de Haan and
    others, 2021): R[n, V] @ Fin(n)[2, e] @ R[e, T] @ R[e, T, T] -> R[n, W], with `gauge_conv(T, W)`.

    V and W are representations of SO(2), sums of trivial(SO(2)), vector(SO(2)) and irrep(SO(2), m). The further wires
    are the mesh: edges from each neighbour to the vertex where it is seen, the unit vectors towards neighbours in the
    frames of these vertices, and the rotations that carry vectors along edges; `catnet.nn.bundles.Surface` has them as
    `edges()`, `directions()` and `maps()`. A vertex adds a map of its own field to the mean over its neighbours of a
    kernel K(angle) = rho_W(angle) K(0) rho_V(-angle) applied to what is carried from them.

        bundle T : mesh -> R[2] under SO(2)
        rep V = 2*trivial(SO(2)) + vector(SO(2))
        net layer : R[n, V] @ Fin(n)[2, e] @ R[e, T] @ R[e, T, T] -> R[n, V] under gauge(T) = gauge_conv(T, V)
    """

    bundle: Space
    features: Space
    bias: bool = True
    arity = 4
    map_kind: ClassVar[MapKind] = "smooth"
    broadcasts: ClassVar[bool] = False
    transports: ClassVar[bool] = True

    def rule(self, typing: Typing, inputs: Object) -> Object:
        bundle = tangent(self.name, self.bundle)
        wire, rep = carried_last(self.name, typing.inference, typing.inference.wire(inputs[0]))
        for side in (rep, self.features):
            if getattr(side, "group", None) != bundle.structure.group:
                raise reject(f"`{self.name}` maps between representations of SO(2), and `{side}` is none",
                             code="E0735", help="rep V = 2*trivial(SO(2)) + vector(SO(2))")  # fmt: skip
            orders(self.name, side)  # type: ignore[arg-type]
        given = (wire, *inputs[1:])
        found, _ = typing.inference.apply(section_of(TYPE, self.bundle, V=rep, W=self.features), given, {})
        return found

    def expression(self) -> tree.Expr:
        """`gauge_conv(T, W)`, as the language writes it."""
        args = [tree.Arg(None, static_tree(self.bundle)), tree.Arg(None, static_tree(self.features))]
        args += [] if self.bias else [tree.Arg("bias", tree.Truth(False))]
        return tree.Call(tree.Name(self.name), tuple(args))

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        into, out = (orders(self.name, space_of(wire)) for wire in (inputs[0], outputs[0]))
        shapes: dict[str, tuple[Dim, ...]] = {"kernel": (space_of(outputs[0]).dim, space_of(inputs[0]).dim)}
        for o, (out_copies, order) in enumerate(out):
            for i, (in_copies, other) in enumerate(into):
                if order == other:
                    shape = (2 if order else 1, out_copies, in_copies)
                    shapes[f"own.{o}_{i}"] = tuple(map(Dim.const, shape))
        numbers = sum(number for number, order in out if not order)
        return {**shapes, "bias": (Dim.const(numbers),)} if self.bias and numbers else shapes

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        into, out = (orders(self.name, space_of(wire)) for wire in (inputs[0], outputs[0]))
        edges, nodes = trailing(inputs[1])[-1].size, trailing(inputs[0])[-2].size
        further = elements(Wire(inputs[0].kind, inputs[0].axes[:-2]))
        dims = space_of(inputs[0]).dim, space_of(outputs[0]).dim
        message = dims[0] * dims[1] * 2 + (dims[0] + dims[1]) * 4
        own = sum(a * b * (8 if m else 2) for a, m in out for b, k in into if m == k)
        return further * (edges * message + nodes * (dims[1] * 2 + own))

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Frames turn at all vertices, the directions and the rotations with them; or all by one angle."""
        if acting.trivial:
            return super().act(acting)
        expected, out = self._expected(acting)
        rest = tuple(part for part in acting.actions[0] if part not in expected[0])
        mine = (tuple(part for part in acting.actions[0] if part in expected[0]), *acting.actions[1:])
        if mine != expected or any(set(part.axes) & {-2, -1} for part in rest):
            words = f"`{self.name}` commutes with frames that turn on all its wires, and {acting.group} acts otherwise"
            raise Refusal(words, "let the field, the edges, the directions and the rotations come in as they are")
        if self.bias and rest:
            raise Refusal(f"`{self.name}` has a bias, and `{rest[0].rep}` acts on further axes", "write bias = false")
        return (ordered((*rest, *out)),)

    def _expected(self, acting: Acting) -> tuple[tuple[Action, ...], Action]:
        from catnet.bundles.gauge import Along, Ends, Framed, Gauge  # only a spec with bundles asks
        from catnet.diagrams.frames import placed

        group, rep, plane = acting.group, space_of(acting.inputs[0]), tangent(self.name, self.bundle).structure.rep
        if isinstance(group, Gauge) and group.space == self.bundle:
            field = ordered((placed((-2, -1), Framed(group, rep)),))
            seen: tuple[Action, ...] = (
                (placed((-2, -1), Ends(group)),),
                (placed((-2, -1), Framed(group, plane, "target")),),
                (placed((-3, -2, -1), Along(group, plane)),),
            )
            return (field, *seen), ordered((placed((-2, -1), Framed(group, self.features)),))  # type: ignore[arg-type]
        if group == rep.group:
            both = (Part((-2,), plane), Part((-1,), plane))
            field, after = (ordered((Part((-1,), r),)) for r in (rep, self.features))  # type: ignore[arg-type]
            return (field, (), (Part((-1,), plane),), both), after
        return ((), (), (), ()), ()

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        if any(at is not None for at in cut[1:]):
            return f"`{self.name}` reads the whole mesh, and an axis of it is cut"
        answer = beside(self.name, cut, -1, "takes the copies of a representation along")
        return beside(self.name, answer, -2, "joins the vertices along")

    def module(self, site: Site) -> str:
        made = site.need("python:catnet.nn.bundles:MeshConv")
        into, out = (orders(self.name, space_of(wire)) for wire in (site.inputs[0], site.outputs[0]))
        return f"{made}({into}, {out}{'' if self.bias else ', bias=False'})"

    def code(self, site: Site) -> str:
        return f"{site.module}.along({', '.join(site.args)})"


@box("field_activation", "bundles")
class FieldActivation(OfCopies):
    """An activation of the invariant numbers, and `x sigmoid(|x| + b)` for each vector x of order m > 0:
    R[...s, V] -> R[...s, V] for a representation V of SO(2).

        bundle T : mesh -> R[2] under SO(2)
        rep V = 2*trivial(SO(2)) + vector(SO(2))
        net layer : R[n, V] -> R[n, V] under gauge(T) = field_activation("relu")

    `phi` is "relu", "silu", "gelu", "tanh" or "elu". Each vector has its own b, which starts at 0. Five operations per
    entry are counted.
    """

    phi: str = "relu"
    helpers: ClassVar[tuple[str, ...]] = ()  # type: ignore[misc]

    def fits(self, typing: Typing, rep: Rep) -> None:
        one_of(self.name, "phi", self.phi, tuple(ACTIVATIONS))
        if str(rep.group) != "SO(2)":
            raise reject(f"`{self.name}` takes a representation of SO(2), not of `{rep.group}`", code="E0822",
                         help="`norm_activation` and `gate` are for any group")  # fmt: skip
        orders(self.name, rep)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        found = orders(self.name, space_of(inputs[0]))
        return {"bias": (Dim.const(sum(number for number, order in found if order)),)}

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 5

    def module(self, site: Site) -> str:
        made, phi = site.need("python:catnet.nn.bundles:FieldActivation"), ACTIVATIONS[self.phi]
        if phi.startswith("F."):
            site.need("F")
        return f"{made}({orders(self.name, space_of(site.inputs[0]))}, {phi})"
