"""A picture in words: the sentence for those who hear it read, and the tooltip of each box."""

from __future__ import annotations

import re

from catnet.diagnostics import CatnetError
from catnet.diagrams.costs import Costs
from catnet.diagrams.graph import Graph, Node, Value
from catnet.diagrams.repeat import Loop
from catnet.draw.looks import call, circle_sign, inside, only_part
from catnet.draw.measure import clean, shorten
from catnet.types.dims import DimError
from catnet.types.wires import Object

MOST_PARTS = 24
MOST_TYPES = 8
_NUMBER = re.compile(r"(?<!\w)\d+(?!\w)")
_OPERATIONS = {"+": "a sum", "\u2212": "a difference", "\u00d7": "a product"}


def unwrapped(graph: Graph) -> Graph:
    """The graph of the net itself, where a diagram is nothing but one call of it."""
    while (node := only_part(graph)) is not None and not isinstance(node.box, Loop):
        graph = node.graphs[0]
    return graph


def sentence(graph: Graph, name: str) -> str:
    """What a graph takes, gives and is made of, as one sentence.

    >>> from catnet.boxes.linear import Linear
    >>> from catnet.diagrams.terms import Leaf
    >>> from catnet.types.dims import Dim
    >>> sentence((Leaf(Linear(Dim.const(8))) >> Leaf(Linear(Dim.const(2)))).graph, "two")
    'two: takes R[...s, d], gives R[...s, 2]; linear(8), then linear(2).'
    """
    parts = _parts(graph)
    made = f"; {parts}" if parts else "; the wires only"
    return f"{clean(name)}: takes {object_text(graph.dom)}, gives {object_text(graph.cod)}{made}."


def object_text(wires: Object) -> str:
    """A list of wires as words."""
    shown = [shorten(clean(str(w)), 60) for w in wires[:MOST_TYPES]]
    if len(wires) > MOST_TYPES:
        shown.append(f"{len(wires) - MOST_TYPES} more")
    return " and ".join(shown) or "nothing"


def wire_text(value: Value, count: int = 1) -> str:
    """A wire's type, short enough for a label; of wires drawn as one with their number."""
    text = shorten(clean(str(value.wire)), 30)
    return f"{count} \u00d7 {text}" if count > 1 else text


def end_label(value: Value, count: int = 1) -> str:
    """The label where a wire begins or ends: its name and its type."""
    text = wire_text(value, count)
    return f"{shorten(clean(value.name), 20)}: {text}" if value.name else text


def _parts(graph: Graph) -> str:
    """The boxes in the order of the wires: `then` after what feeds them, `beside` where they do not meet."""
    text = ""
    before: Node | None = None
    for node in graph.nodes[:MOST_PARTS]:
        if before is not None:
            fed = any(v.node is before for v in node.inputs)
            text += ", then " if fed else ", beside it "
        text += part_text(node)
        before = node
    left = len(graph.nodes) - MOST_PARTS
    return text + (f", and {left} more box{'es' * (left > 1)}" if left > 0 else "")


def part_text(node: Node) -> str:
    """One box in a sentence: `q: linear(64)`, `12 times residual`, `a sum of 2`."""
    sign = circle_sign(node)
    if sign is not None:
        return f"{_OPERATIONS[sign]} of {len(node.inputs)}"
    if isinstance(node.box, Loop):
        graph, title = inside(node)
        what = title or (f"({_inner(graph)})" if graph is not None else "a part that changes")
        return f"{node.count} times {what}"
    text = shorten(call(node.box), 60)
    return text if node.label in (None, text) else f"{clean(node.label or '')}: {text}"


def _inner(graph: Graph) -> str:
    shown = ", ".join(shorten(call(n.box), 30) for n in graph.nodes[:6])
    return shown + (f" and {len(graph.nodes) - 6} more" if len(graph.nodes) > 6 else "")


def tooltip(node: Node, costs: Costs | None = None) -> str:
    """The name, type and effect of a box; with `costs` also its parameters and FLOPs, all copies of a repeat counted.

    >>> from catnet.boxes.linear import Linear
    >>> from catnet.diagrams.terms import Leaf
    >>> from catnet.types.dims import Dim
    >>> tooltip(Leaf(Linear(Dim.const(40))).typed("R[t, 30]").nodes[0], Costs())
    'linear(40) : R[t, 30] -> R[t, 40]; 1,240 parameters, 2,400*t FLOPs'
    """
    text = f"{part_text(node)} : {_short_object(node.dom)} -> {_short_object(node.cod)}"
    if node.box.effect != "pure":
        text += f" ({node.box.effect})"
    if node.owner is not None:
        text += ", shares its weights"
    return text + (_figures(node, costs) if costs is not None else "")


def _figures(node: Node, costs: Costs) -> str:
    """What a box costs, as far as it can be told and is not nothing."""
    try:
        found = (costs.node_parameters(node), "parameters"), (costs.node_flops(node), "FLOPs")
    except (CatnetError, DimError):  # an input of any type, or more than dimensions may be
        return ""
    told = [f"{shorten(_NUMBER.sub(_thousands, str(dim)), 60)} {word}" for dim, word in found if dim.value != 0]
    return f"; {', '.join(told)}" if told else ""


def _thousands(digits: re.Match[str]) -> str:
    return f"{int(digits[0]):,}"


def _short_object(wires: Object) -> str:
    shown = [shorten(clean(str(w)), 60) for w in wires[:MOST_TYPES]]
    return " @ ".join([*shown, "..."] if len(wires) > MOST_TYPES else shown) or "()"
