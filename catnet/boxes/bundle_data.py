"""What the boxes of graphs and meshes share: types that name a bundle, data wires, and how frames change."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from catnet.boxes.axes import trailing
from catnet.diagnostics import Source
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered
from catnet.diagrams.box import Box, Site
from catnet.diagrams.shards import Answer, Cut, beside
from catnet.symmetry.groups import Group
from catnet.symmetry.kinds import Kind
from catnet.symmetry.lie_groups import Orthogonal
from catnet.syntax import tree
from catnet.syntax.parser import parse_type
from catnet.types.dims import Dim
from catnet.types.infer import reject
from catnet.types.signature import Port, Signature, read_signature
from catnet.types.spaces import Space
from catnet.types.wires import Axis, Object, Wire

if TYPE_CHECKING:
    from catnet.bundles.bundle import Bundle
    from catnet.diagrams.typing import Typing


@functools.cache
def _tree(text: str) -> tree.Arrow:
    return parse_type(Source("<bundle>", text))  # type: ignore[return-value]


def section_of(text: str, bundle: Space, **others: Space) -> Signature:
    """A type as text in which S is a bundle; other capitals are `others`."""
    found = read_signature(_tree(text), (), {"S": bundle, **others})
    dom, cod = (tuple(map(_unnamed, ports)) for ports in (found.dom, found.cod))
    return replace(found, dom=dom, cod=cod)


def _unnamed(port: Port) -> Port:
    """A wire whose axes go by the names of what they carry."""
    assert isinstance(port, Wire)
    return port.with_axes(replace(a, tag=None) if isinstance(a, Axis) and a.space is not None else a for a in port.axes)


def real_bundle(box: str, bundle: Space) -> Bundle:
    """The bundle of a box over a graph or a mesh, of real vector spaces; refuses anything else."""
    from catnet.bundles.carried import FibreOf  # here and below: only a spec with bundles asks

    if not isinstance(bundle, FibreOf):
        raise reject(f"`{box}` takes a bundle, not the {bundle.what} `{bundle}`", code="E0801",
                     help=f"bundle S : graph -> R[2] under O(2), then {box}(S)")  # fmt: skip
    found = bundle.bundle
    if not found.base.discrete:
        words = f"`{box}` joins the nodes of a graph or a mesh, and `{found.name}` is a bundle over the {found.base}"
        raise reject(words, code="E0820", help=f"bundle {found.name} : graph -> {found.fibre} under ...")
    if found.fibre.field != "R" or found.fibre.kind != "vector space":
        raise reject(f"`{box}` takes real vectors, and the fibre of `{found.name}` is {found.fibre}", code="E0820",
                     help="U(1) on C is SO(2) on R[2]")  # fmt: skip
    return found


def open_base(box: str, bundle: Space) -> Bundle:
    """The bundle of a box whose graph comes as data; refuses one that is declared by transitions."""
    found = real_bundle(box, bundle)
    if not found.base.data:
        raise reject(f"`{box}` makes maps along edges, and those of `{found.name}` are declared", code="E0820",
                     help=f"bundle {found.name} : {found.base} -> {found.fibre} under {found.structure}")  # fmt: skip
    return found


def family(box: str, bundle: Space) -> str:
    """The structure group as `catnet.nn.bundles.StructureGroup` names it; refuses one of which it has no matrices."""
    from catnet.bundles.structures import GeneralLinear

    group = real_bundle(box, bundle).structure.group
    if isinstance(group, GeneralLinear):
        return f"GL({group.n})"
    if isinstance(group, Orthogonal) and group.q == 0 and bundle.bundle.structure.natural:  # type: ignore[attr-defined]
        return f"{'SO' if group.special else 'O'}({group.p})"
    raise reject(f"`{box}` parametrises O(k), SO(k) and GL(k), not `{group}`", code="E0820",
                 help="take one of these as the structure group")  # fmt: skip


class Transporting(Box):
    """A map of sections along the edges of a graph: it takes R[...s, n, S, c], and for a graph that comes as data the
    edges Fin(n)[2, e] and the maps R[e, S, S] along them."""

    bundle: Space
    arity = None
    broadcasts: ClassVar[bool] = False
    transports: ClassVar[bool] = True
    needs_maps: ClassVar[bool] = True
    start: ClassVar[str] = "n"  # on which the features are that come in
    result: ClassVar[str] = "n"  # and go out
    came: ClassVar[Literal["node", "target"]] = "node"  # in which frames
    at: ClassVar[Literal["node", "target"]] = "node"

    # -- types and cost

    @property
    def declared(self) -> Bundle | None:
        """The bundle, where it is declared by transitions."""
        found = real_bundle(self.name, self.bundle)
        return None if found.base.data else found

    @property
    def size(self) -> Dim:
        """The dimension of the fibre."""
        return self.bundle.dim

    @property
    def orthogonal(self) -> bool:
        """Whether maps in the structure group keep lengths."""
        structure = real_bundle(self.name, self.bundle).structure
        return isinstance(structure.group, Group) and structure.rep.kind.within(Kind.ORTHOGONAL)

    def rule(self, typing: Typing, inputs: Object) -> Object:
        declared = self.declared
        sizes = {"n": "n", "e": "e"}
        data = " @ Fin(n)[2, e]" + (" @ R[e, S, S]" if self.needs_maps else "")
        if declared is not None:
            sizes = {"n": str(len(declared.base.charts)), "e": str(len(declared.transitions))}
            data = ""
        text = f"R[...s, {sizes[self.start]}, S, c]{data} -> R[...s, {sizes[self.result]}, S, c]"
        outputs, _ = typing.inference.apply(section_of(text, self.bundle), inputs, {})
        return outputs

    def nodes(self, inputs: Object) -> Dim:
        """The number of nodes."""
        return trailing(inputs[0])[-3].size

    def edges(self, inputs: Object) -> Dim:
        """The number of edges."""
        return trailing(inputs[1])[-1].size if len(inputs) > 1 else Dim.const(len(self.declared.transitions))  # type: ignore[union-attr]

    def on_edges(self, inputs: Object) -> Dim:
        """The number of entries of features at the ends of edges."""
        total = self.edges(inputs)
        for place, axis in enumerate(reversed(inputs[0].axes)):
            total = total * (1 if place == 2 else getattr(axis, "size", 1))
        return total

    # -- symmetry

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """Frames change at the nodes, and the maps with them; or one element of the structure group acts everywhere.

        On the channels and further axes anything may act: they are treated alike, linearly."""
        if acting.trivial:
            return super().act(acting)
        x, *data = acting.actions
        mine = tuple(part for part in x if set(part.axes) & {-3, -2})
        expected, out = self._frames(acting)
        if mine != expected or any(
            tuple(found) != wanted for found, wanted in zip(data, self._data(acting), strict=True)
        ):
            raise Refusal(self._differs(acting))
        rest = [part for part in x if part not in mine]
        if acting.group.local and not data:
            acting.remark(f"the transitions of `{self.bundle}` change with the frames")
        return (ordered((*rest, *out)),)

    def _frames(self, acting: Acting) -> tuple[Action, Action]:
        """How the group changes frames where features come in and where they go out."""
        from catnet.bundles.gauge import Framed, Gauge
        from catnet.diagrams.frames import placed

        group = acting.group
        if isinstance(group, Gauge):
            fits = group.space == self.bundle
            return tuple(
                ordered((placed((-3, -2), Framed(group, group.rep, at)),)) if fits else ()
                for at in (self.came, self.at)
            )  # type: ignore[return-value]
        structure = real_bundle(self.name, self.bundle).structure
        if self.declared is None and group == structure.group and any(part.axes == (-2,) for part in acting.actions[0]):
            both = ordered((Part((-2,), structure.rep),))
            return both, both
        return (), ()

    def _data(self, acting: Acting) -> list[Action]:
        """What must act on the edges and the maps."""
        from catnet.bundles.gauge import Along, Ends, Gauge
        from catnet.diagrams.frames import placed

        group, count = acting.group, len(acting.inputs) - 1
        if isinstance(group, Gauge):
            fits = group.space == self.bundle
            found: list[Action] = [(placed((-2, -1), Ends(group)),), (placed((-3, -2, -1), Along(group, group.rep)),)]
            return [ordered(parts) if fits else () for parts in found[:count]]
        frames, _ = self._frames(acting)
        maps = tuple(Part((place,), frames[0].rep) for place in (-2, -1)) if frames else ()
        return [(), maps][:count]

    def _differs(self, acting: Acting) -> str:
        if acting.group.local:
            wires = "features" + (", edges and maps" if self.needs_maps else " and edges")
            return f"`{self.name}` takes {wires} as the frames of `{self.bundle}` change them, and others come here"
        return f"`{self.name}` joins nodes along edges, and `{acting.group}` acts on them, or not alike on all wires"

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        if any(at is not None for at in cut[1:]):
            return f"`{self.name}` reads the whole graph, and an axis of it is cut"
        answer = beside(self.name, cut, -2, "takes vectors along")
        return beside(self.name, answer, -3, "joins the nodes along")

    # -- code

    def module(self, site: Site) -> str | None:
        declared = self.declared
        if declared is None:
            return None
        made = site.need("python:catnet.nn.bundles:Connection")
        charts = {name: i for i, name in enumerate(declared.base.charts)}
        edges = [(charts[a], charts[b]) for a, b in declared.transitions]
        return f"{made}({edges!r}, {[_numbers(declared, *pair) for pair in declared.transitions]!r})"

    def called(self, site: Site, function: str, *further: str) -> str:
        """The call of a function of `catnet.nn.bundles.edge_lists`."""
        made = site.need(f"python:catnet.nn.bundles.edge_lists:{function}")
        x, *data = site.args
        wires = data or [f"*{site.module}({x})" if self.needs_maps else f"{site.module}.edges"]
        return f"{made}({', '.join([x, *wires, *further])})"


def _numbers(bundle: Bundle, source: str, target: str) -> list[list[float]]:
    """A constant transition in floating point; refuses one with parameters."""
    from catnet.bundles.evaluating import Numeric
    from catnet.bundles.normal import Sorts

    matrix = bundle.transition(source, target)
    if matrix.names:
        names = ", ".join(sorted(matrix.names))
        words = f"the transition {source} -> {target} of `{bundle.name}` has no numbers: it depends on {names}"
        raise reject(words, code="E0820", help="give the parameters of the bundle")
    at = Numeric(Sorts({}), {})
    return [[at(entry).real for entry in row] for row in matrix.rows]
