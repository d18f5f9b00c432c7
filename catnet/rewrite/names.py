"""Keeping the keys of the state dict: submodules without a label are named by their place among others.

The name of a part with weights may not change when parts around it go. Where it would, the part gets its old name as
a label.
"""

from __future__ import annotations

from collections.abc import Mapping

from catnet.diagrams.graph import Graph, Node
from catnet.torch.submodules import submodule_names


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
