"""What a box looks like: its shape and colours by family, and the words in it.

Colours are tints of the Okabe-Ito palette, which colour-blind readers can tell apart; families differ in
shape too, so that a black-and-white print loses nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from catnet.boxes.iterate import Iteration
from catnet.diagrams.box import Box
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.repeat import Loop
from catnet.draw.measure import ELLIPSIS, clean, shorten, text_width
from catnet.types.dims import Dim
from catnet.types.spaces import Space

SHAPES = ("rect", "chamfer", "pill", "bars", "slant", "hexagon", "chevron", "fold", "double", "circle")


@dataclass(frozen=True)
class Look:
    """Shape, fill and line colours on a light and on a dark page."""

    shape: str
    fill: str
    line: str
    dark_fill: str
    dark_line: str


BLUE = ("#dcebf7", "#0072b2", "#16354a", "#7cc0ee")
SKY = ("#e4f3fb", "#2a86b8", "#1b3a4b", "#8fd0f5")
ORANGE = ("#fcecc9", "#a86f00", "#463410", "#f0b84a")
GREEN = ("#d9f0e8", "#007a5a", "#123c31", "#5fd0ae")
PURPLE = ("#f5e4ee", "#a3487c", "#44273a", "#e0a0c4")
RED = ("#fbe3d4", "#b94a00", "#4a2714", "#f2986a")
GREY = ("#f0f0f0", "#555555", "#33363a", "#b4b8bc")
PLAIN = ("#ffffff", "#333333", "#22252a", "#d0d4d8")

PLAIN_LOOK = Look("rect", *PLAIN)
LOOKS: dict[str, Look] = {
    "linear": Look("rect", *BLUE),
    "convolution": Look("chamfer", *SKY),
    "activation": Look("pill", *ORANGE),
    "norm": Look("bars", *GREEN),
    "axes": Look("slant", *GREY),
    "wiring": Look("slant", *GREY),
    "reduce": Look("slant", *SKY),
    "source": Look("pill", *BLUE),
    "iterate": Look("double", *PURPLE),
    "attention": Look("chevron", *PURPLE),
    "symmetry": Look("hexagon", *GREEN),
    "bundles": Look("hexagon", *SKY),
    "loss": Look("slant", *ORANGE),
    "arithmetic": Look("pill", *PLAIN),
    "net": Look("double", *PLAIN),
    "block": Look("double", *PLAIN),
    "python": Look("fold", *RED),
    "random": Look("pill", *RED),
}
_ALIASES = {"conv": "convolution", "nonlinearity": "activation", "shape": "axes", "normalisation": "norm"}
SIGNS = {"+": "+", "-": "\u2212", "*": "\u00d7"}


def look_of(box: Box) -> Look:
    """The look of a box; families that this table does not know get a plain rectangle.

    >>> from catnet.diagrams.structural import Scale
    >>> look_of(Scale(0.5)).shape
    'pill'
    """
    family = _ALIASES.get(box.family, box.family)
    return LOOKS.get(family, PLAIN_LOOK)


def circle_sign(node: Node) -> str | None:
    """The sign of a sum, a difference or a product, which are small circles; None for other boxes."""
    return SIGNS.get(node.box.sign()) if node.box.family == "arithmetic" else None


# -- words --------------------------------------------------------------------------------------------------


def arguments(box: Box) -> str:
    """The static arguments of a box that are not at their defaults, as the language writes them.

    Diagrams as arguments are left out: they are seen inside.

    >>> from catnet.boxes.linear import Linear
    >>> arguments(Linear(Dim.const(64), bias=False))
    '64, bias = false'
    """
    statics: Mapping[str, Any] = box.statics() if not isinstance(box, Loop) else {}
    defaults = _defaults(type(box))  # type: ignore[arg-type]
    given = getattr(box, "given", None)
    shown = []
    positional = True
    for name, value in statics.items():
        default = defaults.get(name, dataclasses.MISSING)
        if default is not dataclasses.MISSING and value == default:
            continue
        positional = positional and name in defaults and default is dataclasses.MISSING
        if name == getattr(box, "open_keywords", None):  # sizes by name: `rearrange(..., h = 4)`
            shown += [f"{key} = {_static(size)}" for key, size in value]
            continue
        text = _static(value)
        if text is not None and (given is None or name in given or isinstance(value, Dim)):
            shown.append(text if positional else f"{name} = {text}")
    return ", ".join(shown)


@cache
def _defaults(kind: type[Box]) -> dict[str, Any]:
    return {f.name: f.default for f in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else {}


def _static(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        parts = [_static(v) for v in value]
        if len(parts) == 1:
            return parts[0]
        return None if None in parts else f"({', '.join(p for p in parts if p is not None)})"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Space):
        return value.label or str(value)
    if isinstance(value, (int, Dim)) or type(value).__name__ == "AxisRef":
        return str(value)
    return None


def call(box: Box) -> str:
    """A box as it is written: `linear(64)`; a box that draws its own sign is named by it.

    >>> from catnet.boxes.linear import Linear
    >>> call(Linear(Dim.const(64)))
    'linear(64)'
    """
    if box.sign() != box.name:
        return clean(box.sign())
    args = arguments(box)
    return clean(f"{box.name}({args})" if args else box.name)


def repeats(node: Node) -> str:
    """`x 12` for a repeat, with a word where its steps differ; empty for other boxes."""
    if not isinstance(node.box, Loop):
        return ""
    note = f", first of {len(node.graphs)} shown" if len(node.graphs) > 1 else ""
    return clean(f"x {node.count}{note}")


def inside(node: Node, longest: int = 40) -> tuple[Graph | None, str]:
    """The graph to show inside a composite box, and its title, of names that are cut to `longest` characters.

    A repeat of one net, or a net that only calls another, is one frame and not two.
    """
    if not node.graphs or not _same_wires(node):
        return None, ""
    names = [] if isinstance(node.box, Loop) else [call(node.box)]
    graph = node.graphs[0]
    while (inner := only_part(graph)) is not None and not isinstance(inner.box, Loop):
        names.append(call(inner.box) if inner.label is None else f"{clean(inner.label)}: {call(inner.box)}")
        graph = inner.graphs[0]
    if node.label is not None and names[:1] != [clean(node.label)]:
        names[:1] = [f"{clean(node.label)}: {names[0]}" if names else clean(node.label)]
    return graph, " > ".join(shorten(n, longest) for n in names[:4])


def _same_wires(node: Node) -> bool:
    """Whether the wires of a composite box are those of what is inside, in order: then a frame can show it."""
    box, graph = node.box, node.graphs[0]
    in_order = not isinstance(box, Iteration) or box.entries(node.dom) == tuple(range(len(graph.inputs)))
    return in_order and len(graph.outputs) == len(node.outputs)


def only_part(graph: Graph) -> Node | None:
    """The net or repeat that is all there is in a graph, wired straight through."""
    if len(graph.nodes) != 1 or isinstance(graph.nodes[0].box, Iteration):
        return None
    node = graph.nodes[0]
    if len(node.graphs) != 1 or node.inputs != graph.inputs or node.outputs != graph.outputs:
        return None
    return node


@dataclass(frozen=True)
class Face:
    """The words in a box, and the room that they need. `small` is a second line."""

    text: str
    small: str
    width: float
    height: float


def _whole_arguments(text: str, limit: int) -> str:
    """As many arguments as fit, whole."""
    if len(text) <= limit:
        return text
    head, comma, _ = text[:limit].rpartition(", ")
    return f"{head}, {ELLIPSIS}" if comma else shorten(text, limit)


def face_of(node: Node) -> Face:
    """The words in a closed box: its label or sign, then its arguments."""
    box = node.box
    if circle_sign(node) is not None:
        return Face(circle_sign(node) or "", "", 22.0, 22.0)
    if node.graphs and isinstance(box, Loop):
        graph, title = inside(node)
        text = title or (clean(graph.name) if graph is not None else "steps")
        text, _, given = text.partition("(") if text.endswith(")") else (text, "", "")
        small = ", ".join(filter(None, (clean(f"x {node.count}"), given.removesuffix(")"))))
    else:
        text = clean(box.sign())
        small = clean(arguments(box)) if box.sign() == box.name else ""
        if node.label is not None and clean(node.label) != text:
            text = f"{clean(node.label)}: {text}"
    text, small = shorten(text, 26), _whole_arguments(small, 34)
    room = 34.0 if look_of(box).shape in ("slant", "hexagon", "chevron") else 24.0
    width = max(text_width(text, 12), text_width(small, 9.5)) + room
    return Face(text, small, max(44.0, round(width, 1)), 40.0 if small else 30.0)
