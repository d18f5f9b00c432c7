"""Keeping the keys of the state dict: submodules without a label are named by their place among others.

The name of a part with weights may not change when parts around it go. Where it would, the part gets its old name as
a label.
"""

from __future__ import annotations

from collections.abc import Mapping

from catnet.diagrams.box import Box, Site, UnboundSize
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.labels import MODULE_ATTRIBUTES
from catnet.diagrams.repeat import Loop
from catnet.torch.names import Names, identifier
from catnet.types.infer import TypeProblem


def submodule_names(graph: Graph) -> list[str | None]:
    """The attribute that the generated class gives each node, None for those that have none."""
    labels = {n.label for n in graph.nodes if n.label is not None}
    taken = Names(MODULE_ATTRIBUTES | labels | {"check_inputs"})
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


def keeps_names(old: Graph, new: Graph, stayed: Mapping[int, Node]) -> bool:
    """Whether the parts with weights that stayed (old nodes by the id of the new) have their old names in a rewritten
    graph; labels are put where that helps.

    It cannot help where the new graph is a single part: then the part itself takes the place of the class.
    """
    if not any(node.fresh for node in stayed.values()):
        return True
    if len(new.nodes) == 1 < len(old.nodes):
        return False
    before = {id(node): name for name, node in zip(submodule_names(old), old.nodes, strict=True)}
    for now, node in zip(submodule_names(new), new.nodes, strict=True):
        own = stayed.get(id(node))
        if own is not None and own.fresh and now != before[id(own)]:
            node.label = before[id(own)]
    return True


def _wanted(node: Node) -> str:
    """The name that a part without a label asks for."""
    if node.label is not None:
        return node.label
    made = isinstance(node.box, Loop) or hasattr(node.box, "statements") or node.owner is not None
    return _element_name(node.graphs[0]) if node.graphs and made else node.box.name


def _element_name(graph: Graph) -> str:
    """A step of a repeat is known by what it is, where it is a single part, else by the name of its graph."""
    only = graph.nodes[0] if len(graph.nodes) == 1 else None
    if only is None or only.inputs != graph.inputs or only.outputs != graph.outputs:
        return graph.name
    if only.label is not None or isinstance(only.box, Loop):
        return graph.name
    if len(only.graphs) == 1 and not hasattr(only.box, "statements") and only.owner is None:
        return only.box.name
    plain = type(only.box).code is Box.code and not hasattr(only.box, "statements")
    alone = not only.graphs and plain and _has_submodule(only) and only.box.register != "buffer"
    return only.box.name if alone else graph.name


def _has_submodule(node: Node) -> bool:
    if node.graphs:
        return True
    if type(node.box).module is Box.module:
        return False
    try:
        return node.box.module(Site(node.dom, node.cod, ["x"] * len(node.inputs), "", lambda what: what)) is not None
    except (UnboundSize, TypeProblem):
        return True  # to compile it, its sizes will have to be known
