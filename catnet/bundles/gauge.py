"""Changes of frame at the nodes of a graph or a mesh, as a group that acts on wires: `under gauge(S)`.

An element of the gauge group is an element h_v of the structure group for each node v, independently. Of a section,
R[n, S, c] or R[n, V] for a representation V of the structure group, it changes the vector at v by h_v; of maps along
edges, R[e, S, S], the one from s to t becomes h_t M h_s^-1; a vector for each edge, R[e, S], is in the frame of the
edge's target. Which nodes an edge joins is said by the list of edges, Fin(n)[2, e], that has as many.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from catnet.bundles.carried import FibreOf, bundle_behind
from catnet.diagnostics import fail
from catnet.symmetry.groups import Group
from catnet.symmetry.kinds import Kind
from catnet.symmetry.reps import Rep
from catnet.types import spaces
from catnet.types.dims import Dim
from catnet.types.spaces import Acts, Member, Space
from catnet.types.wires import Axis, Wire

TWO = Dim.const(2)


def edge_count(wire: Wire) -> Dim | None:
    """How many edges a wire Fin(n)[2, e] lists; None for another wire."""
    if wire.kind.name != "Fin" or len(wire.axes) != 2:
        return None
    ends, edges = wire.axes
    return edges.size if isinstance(ends, Axis) and isinstance(edges, Axis) and ends.size == TWO else None


@dataclass(frozen=True)
class Gauge(Member):
    """`gauge(S)`. `edges` are the numbers of edges of the lists along which maps and directions go (see `along`)."""

    space: FibreOf
    edges: tuple[Dim, ...] = ()

    local: ClassVar[bool] = True  # an element at each node: see `catnet.diagrams.frames`
    natural: ClassVar[None] = None  # it acts by what the types say alone

    @property
    def group(self) -> Group:
        """The structure group, of which there is an element at each node."""
        return self.rep.group

    @property
    def rep(self) -> Rep:
        """How it acts on a fibre."""
        return self.space.bundle.structure.rep

    def along(self, wires: Iterable[Wire]) -> Gauge:
        """The same group for a net with these inputs, among which lists of edges may be.

        Raises E0821 for two lists of one length: which of them maps go along could not be told.
        """
        found: list[Dim] = []
        for wire in wires:
            edges = edge_count(wire)
            if edges is None:
                continue
            if edges in found:
                words = f"two lists of edges have the same length {edges}: along which of them maps go is not said"
                fail("E0821", words, help="give their lengths two names: Fin(n)[2, e] and Fin(n)[2, f]")
            found.append(edges)
        return replace(self, edges=tuple(found))

    def acts(self, wire: Wire) -> Acts:
        """What it does to a wire by the type alone: representations with the places of their axes from the end."""
        places = [p for p in range(-len(wire.axes), 0) if self._on(wire, p) is not None]
        found: list[tuple[tuple[int, ...], Space]] = []
        taken: set[int] = set()
        for place in places:
            front = next((p for p in range(place - 1, -len(wire.axes) - 1, -1) if p not in places), None)
            axis = wire.axes[front] if front is not None else None
            if place in taken or front is None or not isinstance(axis, Axis):
                continue
            rep = self._on(wire, place)
            assert rep is not None
            on_edges = axis.size in self.edges
            if on_edges and place + 1 in places and self._on(wire, place + 1) == rep:
                found.append(((front, place, place + 1), Along(self, rep)))
                taken.add(place + 1)
            else:
                found.append(((front, place), Framed(self, rep, "target" if on_edges else "node")))
        return tuple(found)

    def lists(self, wire: Wire) -> Acts:
        """That a wire lists edges along which maps go: nothing may change it (see `Ends`)."""
        return (((-2, -1), Ends(self)),) if edge_count(wire) in self.edges else ()

    def is_list(self, rep: Space) -> bool:
        """Whether something that acts is only the mark of a list of edges."""
        return isinstance(rep, Ends)

    def _on(self, wire: Wire, place: int) -> Rep | None:
        """The representation of the structure group by which frames change what an axis carries."""
        axis = wire.axes[place]
        space = axis.space if isinstance(axis, Axis) else None
        if isinstance(space, FibreOf):
            return self.rep if space == self.space else None
        return space if isinstance(space, Rep) and space.group == self.group else None

    def __str__(self) -> str:
        return f"gauge({self.space.label or self.space})"


class OfGauge(Space):
    """A representation of a gauge group, on several axes together."""

    group: Gauge
    rep: Rep
    remedy: ClassVar[str] = "what a net does to each frame apart commutes: see `catnet explain E0731`"

    @property
    def kind(self) -> Kind:
        """The least class of matrices that holds the image of the group."""
        return self.rep.kind

    def __str__(self) -> str:
        return str(self.group)


@dataclass(frozen=True)
class Framed(OfGauge):
    """Vectors in a frame, on two axes: those of nodes (or of edges, in the frame of each one's target), and the
    fibre's, on which the structure group acts by `rep`."""

    group: Gauge
    rep: Rep
    at: Literal["node", "target"] = "node"

    @property
    def remedy(self) -> str:  # type: ignore[override]
        """What to use in the place of a box that does not commute."""
        if self.rep == self.group.rep:
            return (
                "take `linear(c, bias = false)` on the channels, `fibre_activation` or `fibre_norm` on the vectors, and"
                " join nodes along edges: `diffuse`, `transport`"
            )
        return "take `linear(W)`, `norm_activation`, `gate` at each vertex, and join vertices along edges: `gauge_conv`"


@dataclass(frozen=True)
class Along(OfGauge):
    """Maps along edges, from the fibre at the source to that at the target, on three axes: M becomes h_t M h_s^-1."""

    group: Gauge
    rep: Rep

    remedy: ClassVar[str] = "`transport`, `sheaf_laplacian` and `diffuse` take maps along edges as they come in"


@dataclass(frozen=True)
class Ends(OfGauge):
    """A list of edges that names the frames. It does not change, and no box may change it: maps go along it."""

    group: Gauge

    remedy: ClassVar[str] = "maps go along the list of edges that comes in: hand it on as it is"

    @property
    def kind(self) -> Kind:
        return Kind.GENERAL

    def __str__(self) -> str:
        return f"edges of {self.group}"


def gauge(bundle: object) -> Gauge:
    """`gauge(S)`: changes of frame at all nodes. Raises E0820 for a bundle without nodes, and where frames do not
    change by orthogonal matrices."""
    found = bundle_behind("gauge", bundle)
    assert isinstance(bundle, FibreOf)
    if not found.base.discrete:
        words = f"`gauge({found.name})` changes frames at nodes, and `{found.name}` is a bundle over the {found.base}"
        fail("E0820", words, help="it acts over a graph or a mesh: bundle S : graph -> R[2] under O(2)")
    structure = found.structure
    orthogonal = isinstance(structure.group, Group) and structure.rep.kind.within(Kind.ORTHOGONAL)
    if found.fibre.field != "R" or found.fibre.kind != "vector space" or not orthogonal:
        words = f"frames of `{found.name}` change by {structure} on {found.fibre}; here they are real and orthogonal"
        fail("E0820", words, help="under O(k), SO(k) or a finite group on R[k]")
    return Gauge(bundle)


spaces.FUNCTIONS["gauge"] = gauge
