"""Any net made equivariant: by an average over a finite group, or by moving the input to a standard place."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catnet.boxes.axes import ONE, known_axes, only_wire, real_wire
from catnet.boxes.equivariant import carried_last
from catnet.boxes.equivariant_copies import space_of, with_last, without_last
from catnet.boxes.iterate import Iteration, inside
from catnet.diagrams.acting import Acting, Action
from catnet.diagrams.box import MapKind, Site, box
from catnet.diagrams.graph import Graph
from catnet.diagrams.terms import Diagram
from catnet.symmetry.kinds import Kind
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.spaces import Space
from catnet.types.wires import REAL, Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing
    from catnet.symmetry.reps import Rep

MOST = 1024  # elements of a group that are averaged over


class MadeEquivariant(Iteration):
    """A net of plain axes, called on other forms of the input, as a map from the representation on the last axis to W.

    The net must itself commute with what acts on the other axes.
    """

    f: Diagram
    features: Space
    arity: int | None = 1
    map_kind: ClassVar[MapKind] = "none"

    def rule(self, typing: Typing, inputs: Object) -> Object:
        wire, rep = carried_last(self.name, typing.inference, only_wire(self.name, inputs, typing))
        wire = real_wire(typing, wire)
        axes = known_axes(self.name, wire)
        target: Rep = self.features  # type: ignore[assignment]
        if rep.group != target.group:
            words = f"`{rep}` is a representation of `{rep.group}`, and `{target}` one of `{target.group}`"
            raise reject(words, code="E0735", help="both must be representations of one group")
        self.fits(rep, target, len(axes))
        graph = inside(typing, "f", self.f, (wire.with_axes((*axes[:-1], Axis(rep.dim))),))
        return (self._output(typing, graph),)

    def fits(self, rep: Rep, target: Rep, axes: int) -> None:
        """Refuse a group for which this cannot be done."""
        raise NotImplementedError  # each says its own

    def _output(self, typing: Typing, graph: Graph) -> Wire:
        """The output of the net with the representation on its last axis."""
        found = typing.inference.wires(graph.cod)
        last = found[0].axes[-1] if len(found) == 1 and found[0].axes else None
        if (
            not isinstance(last, Axis)
            or found[0].kind != REAL
            or not typing.inference.equal(last.size, self.features.dim)
        ):
            raise reject(
                f"the net in `{self.name}` must give one wire whose last axis has the {self.features.dim} entries of "
                f"`{self.features}`, not `{' @ '.join(map(str, found))}`",
                code="E0203",
                help=f"end it with linear({self.features.dim})",
            )
        wire = typing.inference.wire(found[0])
        return wire.with_axes((*wire.axes[:-1], Axis(self.features.dim, None, self.features)))

    def act(self, acting: Acting) -> tuple[Action, ...]:
        rest = without_last(self.name, acting, (space_of(acting.inputs[0]),))
        (others,) = acting.inner(acting.graphs[0], rest.actions)
        return with_last(others, acting, self.features)  # type: ignore[arg-type]


@box("symmetrise", "symmetry")
class Symmetrise(MadeEquivariant):
    """Any net as an equivariant one, by its average over a finite group: the mean of `rho_W(g)^-1 f(rho_V(g) x)`.

    `symmetrise(f, W)` takes R[..., V] to R[..., W], where f takes plain axes of these sizes to each other and need
    not know of the group. It is f itself if that is equivariant already. f runs once for each element, on one batch;
    groups of up to 1024 elements are averaged over.

        group G = D(4)
        net any : R[8] -> R[1] = linear(32) >> relu >> linear(1)
        net layer : R[regular(G)] -> R[trivial(G)] under G = symmetrise(any, trivial(G))
    """

    f: Diagram
    features: Space

    def fits(self, rep: Rep, target: Rep, axes: int) -> None:
        size = rep.group.order if rep.group.finite else None
        number = size.value if isinstance(size, Dim) else size
        if number is None or number > MOST:
            found = "infinite" if not rep.group.finite else f"of order {size}"
            raise reject(
                f"`{self.name}` averages over all elements of a group, and `{rep.group}` is {found}",
                code="E0746",
                help=f"at most {MOST} elements: take boxes between representations instead, or a finite subgroup",
            )

    def calls(self, inputs: Object) -> Dim:
        order = space_of(inputs[0]).group.order
        return Dim.const(0) + (1 if order is None else order)

    def statements(self, site: Site) -> list[str]:
        made = site.need("python:catnet.torch.layers:average")
        (wire,) = site.inputs
        source = space_of(wire)
        site.static(source.dim), site.static(self.features.dim)
        given = f"{str(source)!r}, {str(self.features)!r}, {len(wire.axes)}"
        return [f"{site.results[0]} = {made}({site.inner[0]}, {site.args[0]}, {given})"]


@box("canonicalise", "symmetry")
class Canonicalise(MadeEquivariant):
    """Any net of a cloud of points, in the cloud's own principal axes: R[n, vector(G)] -> R[..., W] for G = O(3) or
    SO(3), where f takes R[n, 3].

    W is k*trivial(G) for invariants, or k*vector(G): directions in the frame, which are turned back. The frame's
    origin is the mean of the points; its axes are those of the covariance, each with the sign that makes the third
    moment along it positive (for SO(3) the third is the cross product of the others).

        net shape : R[n, 3] -> R[16] = linear(64) >> relu >> sum(over = n) >> linear(16)
        net layer : R[n, vector(G)] -> R[16*trivial(G)] under G, S(n) on n = canonicalise(shape, 16*trivial(G))

    Exact off the stabilisers: where two principal moments agree, or a mirror maps the cloud to itself, the frame
    jumps, and the map is discontinuous.
    """

    f: Diagram
    features: Space

    def fits(self, rep: Rep, target: Rep, axes: int) -> None:
        group = rep.group
        if str(group) not in ("O(3)", "SO(3)") or rep != group.natural or axes != 2:
            raise reject(
                f"`{self.name}` takes a cloud of points, R[n, vector(O(3))] or R[n, vector(SO(3))], and `{rep}` is on "
                f"the last of {axes} axes",
                code="E0746",
                help="`symmetrise` averages over any finite group",
            )
        if target.kind is not Kind.TRIVIAL and any(part != rep for _, part in target.blocks):
            raise reject(
                f"`{self.name}` gives invariants or vectors, not `{target}`",
                code="E0746",
                help=f"take k*trivial({group}) or k*vector({group})",
            )

    def calls(self, inputs: Object) -> Dim:
        return ONE

    def act(self, acting: Acting) -> tuple[Action, ...]:
        if space_of(acting.inputs[0]).group == acting.group:
            acting.limit("off the clouds whose principal moments agree or that have a mirror: there it jumps")
        return super().act(acting)

    def statements(self, site: Site) -> list[str]:
        made = site.need("python:catnet.torch.layers:in_frame")
        group = space_of(site.inputs[0]).group
        turned = self.features.kind is not Kind.TRIVIAL  # type: ignore[attr-defined]
        return [f"{site.results[0]} = {made}({site.inner[0]}, {site.args[0]}, {str(group)!r}, turned={turned})"]
