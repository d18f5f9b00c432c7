"""Points in space: pairs of them, spherical harmonics of directions, radial functions of distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.actions import aside, behind, entrywise, side_by_side
from catnet.boxes.axes import ONE, axis_position, located, one_of, only_wire, real_wire
from catnet.boxes.equivariant import carried_last
from catnet.boxes.equivariant_copies import space_of, with_last, without_last
from catnet.diagrams.acting import Acting, Action, Part, Refusal, does, ordered
from catnet.diagrams.box import Box, Kept, MapKind, Site, box, elements
from catnet.diagrams.shards import Answer, Cut, beside, passing
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import reject
from catnet.types.static import AxisRef
from catnet.types.wires import Axis, Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing
    from catnet.symmetry.groups import Group
    from catnet.symmetry.reps import Rep

MOST = 12  # the highest degree


@box("pairs", "shape")
class Pairs(Box):
    """All pairs of the entries along an axis, as two wires: at [i, j] stands entry i in the first and entry j in the
    second. The axis is that before the last if none is said: R[n, d] -> R[n, n, d] @ R[n, n, d].

        net relative : R[n, vector(G)] -> R[n, n, vector(G)] under G, S(n) on n = pairs >> sub

    gives x_i - x_j at [i, j]. Permutations of the entries permute both axes. Nothing is computed: the wires are views.
    """

    axis: AxisRef = AxisRef(index=-2)
    map_kind: ClassVar[MapKind] = "linear"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        found = located(typing, only_wire(self.name, inputs, typing), self.axis, box=self.name)
        if found is None:
            return (typing.inference.fresh_wire(), typing.inference.fresh_wire())
        wire, at = found
        axes = list(wire.axes)
        axes.insert(len(axes) + at, axes[at])
        return (wire.with_axes(axes),) * 2

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Along the axis a new one comes, along which all entries are equal: what fixes equal entries acts on it."""
        at = axis_position(acting.inputs[0], self.axis)
        taken, _ = aside(acting, (at,))
        parts: list[Part] = []
        for part in acting.actions[0]:
            if part not in taken:
                parts.append(part.moved(tuple(passing(i, at, 1) for i in part.axes)))
                continue
            if part.axes != (at,) or not part.rep.kind.within(Kind.PERMUTATION):
                raise Refusal(
                    f"`{self.name}` pairs the entries along an axis, and `{part.rep}` {does(part.rep)} them",
                    "pair an axis of points; `outer` is the tensor product of two vectors",
                )
            parts += [part, part.moved((at - 1,))]
        return (ordered(tuple(parts)),) * 2

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, cut, axis_position(inputs[0], self.axis), "pairs the entries along", 1, 2)

    def kept(self, inputs: Object, outputs: Object) -> Kept:
        return Kept()

    def code(self, site: Site) -> str:
        at, x = axis_position(site.inputs[0], self.axis), site.args[0]
        return f"torch.broadcast_tensors({x}.unsqueeze({at}), {x}.unsqueeze({at - 1}))"


@box("spherical_harmonics", "symmetry")
class SphericalHarmonics(Box):
    """The real spherical harmonics of the direction of a vector, for the degrees 0 to `lmax`: R[...s, vector(G)] to
    R[...s, trivial(G) + irrep(G, 1, "o") + irrep(G, 2, "e") + ...] for G = O(3); SO(3) has no parities.

        rep Y = trivial(G) + irrep(G, 1, "o") + irrep(G, 2, "e")
        net directions : R[n, vector(G)] -> R[n, n, Y] under G, S(n) on n = pairs >> sub >> spherical_harmonics(2)

    `scale` says what is constant on the unit sphere: "component": the squares of one degree sum to 2 l + 1;
    "orthonormal": the integral of each square is 1; "norm": the squares sum to 1. Of a zero vector degree 0 keeps its
    value, and all others are 0. With `solid` they are polynomials, |x|^l Y_l(x / |x|), smooth everywhere.
    Four operations per harmonic are counted.
    """

    lmax: Dim
    scale: str = "component"
    solid: bool = False
    map_kind: ClassVar[MapKind] = "smooth"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        one_of(self.name, "scale", self.scale, ("component", "orthonormal", "norm"))
        most = self.lmax.value
        if most is None or not 0 <= most <= MOST:
            raise reject(f"`lmax` of `{self.name}` is a known degree from 0 to {MOST}, not `{self.lmax}`",
                         help="write spherical_harmonics(2)")  # fmt: skip
        wire, rep = carried_last(self.name, typing.inference, only_wire(self.name, inputs, typing))
        wire = real_wire(typing, wire)
        if str(rep.group) not in ("O(3)", "SO(3)") or rep != rep.group.natural:
            ordered = rep.dim == 3 and str(rep.group) in ("O(3)", "SO(3)")
            raise reject(
                f"`{self.name}` takes a vector of space with the coordinates x, y, z, and `{rep}` is another "
                "representation",
                code="E0744",
                help=f"linear(vector({rep.group})) orders the coordinates" if ordered
                else "the last axis must carry vector(O(3)) or vector(SO(3))",
            )  # fmt: skip
        space = harmonics(rep.group, most)
        return (wire.with_axes((*wire.axes[:-1], Axis(space.dim, None, space))),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 4

    def act(self, acting: Acting) -> tuple[Action, ...]:
        rep = space_of(acting.inputs[0])
        (others,) = entrywise(self, without_last(self.name, acting, (rep,)))
        return with_last(others, acting, space_of(acting.outputs[0]))

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return beside(self.name, cut, -1, "takes vectors along")

    def code(self, site: Site) -> str:
        made = site.need("python:catnet.nn.spherical_harmonics:spherical_harmonics")
        scale = f", scale={self.scale!r}" if self.scale != "component" else ""
        solid = ", solid=True" if self.solid else ""
        return f"{made}({self.lmax}, {site.args[0]}{scale}{solid})"


def harmonics(group: Group, most: int) -> Rep:
    """The representation on spherical harmonics of the degrees 0 to `most`."""
    from catnet.symmetry.constructors import irrep

    def parity(degree: int) -> tuple[str, ...]:
        return ("eo"[degree % 2],) if str(group) == "O(3)" else ()

    reps = [irrep(group, degree, *parity(degree)) for degree in range(most + 1)]
    return side_by_side(reps)


@box("radial_basis", "symmetry")
class RadialBasis(Box):
    """Functions of a distance that vanish smoothly at `cutoff`: R[...s] -> R[...s, k].

    `kind` is "bessel": sqrt(2 / c) sin(m pi r / c) / r for m = 1 to k (Gasteiger et al., 2020), or "gaussian": bells
    around k distances from 0 to the cutoff; both times a polynomial that falls from 1 at 0 to 0 at the cutoff.

        net edges : R[n, n, vector(G)] -> R[n, n, 8] under G, S(n) on n =
            norm >> select(0) >> radial_basis(8, cutoff = 4.0)

    Distances are in the unit of the cutoff. Twelve operations per function are counted.
    """

    count: Dim
    cutoff: float
    kind: str = "bessel"
    map_kind: ClassVar[MapKind] = "smooth"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        one_of(self.name, "kind", self.kind, ("bessel", "gaussian"))
        if isinstance(self.cutoff, float) and not 0 < self.cutoff < float("inf"):
            raise reject(f"`cutoff` of `{self.name}` is a distance above 0, not {self.cutoff}",
                         help="write radial_basis(8, cutoff = 4.0)")  # fmt: skip
        typing.inference.demand(Pred(">=", self.count, ONE), f"`{self.name}` needs count >= 1")
        wire = real_wire(typing, only_wire(self.name, inputs, typing))
        return (wire.with_axes((*wire.axes, Axis(self.count))),)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return elements(outputs[0]) * 12

    def act(self, acting: Acting) -> tuple[Action, ...]:
        return (behind(self.name, acting, 1),)

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        return tuple(at if at is None else at - 1 for at in cut)

    def module(self, site: Site) -> str:
        cls = "BesselBasis" if self.kind == "bessel" else "GaussianBasis"
        made = site.need(f"python:catnet.nn.radial:{cls}")
        return f"{made}({site.static(self.count)}, {self.cutoff!r})"
