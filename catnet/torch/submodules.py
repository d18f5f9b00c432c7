"""What the submodules of generated code are called, found without writing the code.

So the names are known of nets with sizes that are still open, too, of which no code can be written.
"""

from __future__ import annotations

from catnet.diagrams.box import Box, Site, UnboundSize
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.labels import MODULE_ATTRIBUTES, OWN_ATTRIBUTES
from catnet.diagrams.repeat import Loop
from catnet.torch.names import Names, identifier
from catnet.types.infer import TypeProblem


def submodule_names(graph: Graph) -> list[str | None]:
    """The attribute that the generated class gives each node, None for those that have none."""
    labels = {n.label for n in graph.nodes if n.label is not None}
    taken = Names(MODULE_ATTRIBUTES | labels | set(OWN_ATTRIBUTES))
    owners: dict[int, str] = {}
    found: list[str | None] = []
    for node in graph.nodes:
        if node.owner is not None and id(node.owner) in owners:
            found.append(owners[id(node.owner)])
        elif not _has_submodule(node):
            found.append(None)
        else:
            name = node.label if node.label is not None else taken.new(identifier(_wanted(node)))
            taken.taken.add(name)
            found.append(name)
            if node.owner is not None:
                owners[id(node.owner)] = name
    return found


def element(graph: Graph) -> tuple[Node | None, Graph | None]:
    """What stands in the place of a part of this graph: a single layer, or the class of a graph.

    A part that is exactly one net is that net; one that is exactly one layer is that layer.
    """
    only = graph.nodes[0] if len(graph.nodes) == 1 else None
    if only is None or only.inputs != graph.inputs or only.outputs != graph.outputs:
        return None, graph
    if only.label is not None or isinstance(only.box, Loop):
        return None, graph
    if len(only.graphs) == 1 and not only.box.in_statements and only.owner is None:
        return None, only.graphs[0]
    plain = type(only.box).code is Box.code and not only.box.in_statements
    alone = not only.graphs and plain and _has_submodule(only) and only.box.register != "buffer"
    return (only, None) if alone else (None, graph)


def unwrapped(graph: Graph) -> Graph:
    """The graph of a net, where a graph is nothing but one use of that net."""
    while len(graph.nodes) == 1:
        node = graph.nodes[0]
        single = len(node.graphs) == 1 and not isinstance(node.box, Loop) and not node.box.in_statements
        if not single or node.label is not None or node.inputs != graph.inputs or node.outputs != graph.outputs:
            break
        graph = node.graphs[0]
    return graph


def _wanted(node: Node) -> str:
    """The name that a part without a label asks for."""
    if node.label is not None:
        return node.label
    made = isinstance(node.box, Loop) or node.box.in_statements or node.owner is not None
    return element_name(node.graphs[0]) if node.graphs and made else node.box.name


def element_name(graph: Graph) -> str:
    """A step of a repeat is known by what it is, where it is a single part, else by the name of its graph."""
    layer, inner = element(graph)
    return graph.nodes[0].box.name if layer is not None or inner is not graph else graph.name


def _has_submodule(node: Node) -> bool:
    if node.graphs:
        return True
    if type(node.box).module is Box.module:
        return False
    try:
        return node.box.module(Site(node.dom, node.cod, ["x"] * len(node.inputs), "", lambda what: what)) is not None
    except (UnboundSize, TypeProblem):
        return True  # to compile it, its sizes will have to be known
