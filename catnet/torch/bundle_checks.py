"""What a compiled module asks of the graph that comes in: edges between nodes that are there, maps in their group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from catnet.boxes.bundle_wires import bundles_of
from catnet.diagrams.graph import Graph
from catnet.torch.sizes import python
from catnet.types.wires import Axis, Wire

if TYPE_CHECKING:
    from catnet.bundles.bundle import Bundle

Need = Callable[[str], str]
MOST = 64  # elements of a structure group that are listed in the code
MODULE = "catnet.nn.bundles.edge_lists"


def graph_lines(graph: Graph, names: Sequence[str], known: Mapping[str, str], need: Need) -> list[str]:
    """Statements for the body of the check; `known` reads the dynamic sizes, `need` asks for an import."""
    if not any(_over_data(value.wire) for value in graph.inputs):
        return []
    lines: list[str] = []
    wrong = next(name for name in ("wrong", "wrong_", "wrong__") if name not in names)
    for name, value in zip(names, graph.inputs, strict=True):
        wire = value.wire
        for test in (*_edges(name, wire, known, need), *_maps(name, wire, need)):
            told = f"raise InputError({name!r}, {str(wire)!r}, {name}, {wrong})"
            lines += [f"{wrong} = {test}", f"if {wrong}:", f"    {told}"]
    return lines


def _over_data(wire: Wire) -> list[Bundle]:
    """The bundles over graphs and meshes that come as data, by the axes of a wire that carry fibres."""
    return [bundle for bundle in bundles_of(wire) if bundle.base.data and bundle.base.discrete]


def _edges(name: str, wire: Wire, known: Mapping[str, str], need: Need) -> Iterator[str]:
    """The test of a list of edges Fin(n)[2, e]."""
    size = wire.kind.size
    if size is None or len(wire.axes) != 2 or not isinstance(wire.axes[0], Axis) or wire.axes[0].size != 2:
        return
    if size.symbols <= known.keys():
        yield f"{need(f'python:{MODULE}:wrong_edge')}({name}, {python(size, known)})"


def _maps(name: str, wire: Wire, need: Need) -> Iterator[str]:
    """The test of maps along edges R[e, S, S]."""
    found = _over_data(wire)
    if len(found) == 2 and len(wire.axes) == 3:
        yield f"{need(f'python:{MODULE}:wrong_map')}({name}, {_group(found[0])})"


def _group(bundle: Bundle) -> str:
    """The structure group as code: its name, or the elements of a small finite one; a larger one is known by the
    orthogonal group around it."""
    from catnet.bundles.structures import GeneralLinear  # only a spec with bundles asks
    from catnet.symmetry.lie_groups import Orthogonal

    group = bundle.structure.group
    if isinstance(group, GeneralLinear) or (isinstance(group, Orthogonal) and group.q == 0):
        return repr(str(group).removesuffix(", R)"))
    listing = bundle.structure.listing
    if listing is None or len(listing) > MOST:
        return repr(f"O({bundle.fibre.size})")
    return repr([matrix.float64() for matrix in listing])
