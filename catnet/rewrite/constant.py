"""Computing once what depends on nothing but known sizes: masks, positions, tables of sines.

Each becomes a buffer that the module makes when it is made, follows `.to(device)`, and is not saved. Reals made from
`constant`s are left alone: a buffer keeps them in the precision in which the module was made, so after `.double()` the
result would be another one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Hashable, Iterator
from dataclasses import replace
from typing import Any, ClassVar, Literal

from catnet.boxes.axes import ZERO, trailing
from catnet.boxes.mask import OfLength
from catnet.boxes.positions import Rotary, Sinusoidal
from catnet.boxes.source import Source
from catnet.diagrams.box import Box, Site, UnboundSize
from catnet.diagrams.graph import Node
from catnet.diagrams.terms import Leaf
from catnet.diagrams.typing import Typing
from catnet.rewrite.rule import Match, Measure, Miss, Rule, View, is_free
from catnet.types.infer import TypeProblem
from catnet.types.wires import Axis, Object, Wire

LARGEST = 2**24  # entries of a buffer
INPUT = "INPUT"  # stands in code for a wire of which only the device and the number format matter


class Folding(Rule):
    """Make a buffer of what is computed from known sizes alone, and have `rotary` keep its table where t is known."""

    name: ClassVar[str] = "constant folding"
    law: ClassVar[str] = "a map from () is its one value"
    measure: ClassVar[Measure] = "always"

    def find(self, view: View) -> Iterator[Match | Miss]:
        cones: dict[int, tuple[Node, ...]] = {}  # for each value that may be folded all nodes that it comes from
        fixed: set[int] = set()  # further values that depend on nothing
        for node in view.graph.nodes:
            if isinstance(node.box, Rotary):
                yield from _rotary(node)
            cone = _cone(node, cones)
            if cone is not None:
                cones[id(node.outputs[0])] = cone
            elif is_free(node) and all(id(v) in cones or id(v) in fixed for v in node.inputs):
                fixed.update(id(v) for v in node.outputs)
        for node in view.graph.nodes:
            if node.outputs and id(node.outputs[0]) in cones and _feeds_others(node, view, cones):
                yield from _fold(node, cones[id(node.outputs[0])])
            elif node.inputs and node.outputs and id(node.outputs[0]) in fixed and _feeds_others(node, view, fixed):
                yield Miss(node, "as a buffer it would keep the precision in which the module is made")


def _feeds_others(node: Node, view: View, among: Container[int]) -> bool:
    """Whether the output of a node goes anywhere but to nodes whose outputs are among some."""
    value = id(node.outputs[0])
    users = view.users.get(value, [])
    return value in view.results or any(id(v) not in among for user in users for v in user.outputs)


def _cone(node: Node, cones: dict[int, tuple[Node, ...]]) -> tuple[Node, ...] | None:
    """The nodes that a node's output comes from, itself last, if they come from known sizes alone."""
    if not is_free(node) or node.graphs or len(node.outputs) != 1 or isinstance(node.box, Folded):
        return None
    wire = node.outputs[0].wire
    if isinstance(node.box, Sinusoidal):
        return (node,) if _known(wire) else None
    if not _known(wire) or wire.kind.name in ("R", "C"):
        return None
    if isinstance(node.box, OfLength):
        return (node,)
    inner = [cones.get(id(v)) for v in node.inputs]
    if not inner or any(part is None or part[-1].outputs[0].wire.kind.name == "R" for part in inner):
        return None
    return (*dict.fromkeys(n for part in inner for n in part or ()), node)


def _known(wire: Wire) -> bool:
    """Whether every size of a wire is a number."""
    kind = wire.kind.size
    return (kind is None or kind.value is not None) and all(
        isinstance(a, Axis) and a.size.value is not None for a in wire.axes
    )


def _entries(wire: Wire) -> int:
    count = 1
    for axis in trailing(wire):
        count *= axis.size.value or 0
    return count


def _fold(node: Node, cone: tuple[Node, ...]) -> Iterator[Match | Miss]:
    wire = node.outputs[0].wire
    if _entries(wire) > LARGEST:
        yield Miss(node, f"the buffer would have {_entries(wire):,} entries; at most {LARGEST:,} are kept")
        return
    if _expression(cone, lambda what: what) is None:
        yield Miss(node, f"`{node.box.name}` is not computed by one expression")
        return
    yield Match((node,), (), node.outputs, Leaf(Folded(cone, wire)))


def _rotary(node: Node) -> Iterator[Match | Miss]:
    assert isinstance(node.box, Rotary)
    wire = node.inputs[0].wire
    if node.box.context != ZERO or len(trailing(wire)) < 2 or node.owner is not None:
        return
    t, c = (axis.size for axis in trailing(wire)[-2:])
    if t.value is None or c.value is None:
        yield Miss(node, f"its table depends on {t}, which is known at run time only: say rotary(context = ...)")
    elif 2 * t.value * c.value <= LARGEST:
        yield Match((node,), node.inputs, node.outputs, Leaf(replace(node.box, context=t)))


def _expression(cone: tuple[Node, ...], need: Callable[[str], Any]) -> str | None:
    """One Python expression for the last node of a cone; None where a box is written in another way."""
    texts: dict[int, str] = {}
    for node in cone:
        try:
            text = _text(node, [texts.get(id(v), INPUT) for v in node.inputs], need)
        except (UnboundSize, TypeProblem):
            return None
        if text is None or INPUT in text:
            return None
        texts[id(node.outputs[0])] = text
    return texts[id(cone[-1].outputs[0])]


def _text(node: Node, args: list[str], need: Callable[[str], Any]) -> str | None:
    box = node.box
    bracketed = [a if re.fullmatch(r"[\w.]+(\([^()]*\))?", a) else f"({a})" for a in args]
    site = Site(node.dom, node.cod, bracketed, "", need, results=["RESULT"], batched=[False] * len(args))
    made = box.module(site)
    if made is not None and box.register != "buffer":
        return None
    site.module = f"({made})"
    if not box.in_statements:
        text: str | None = made if isinstance(box, Source) else box.code(site)
    else:
        text = _inlined(box.statements(site))
    return None if text is None else text.replace(f", device={INPUT}.device", "").replace(f".to({INPUT}.dtype)", "")


def _inlined(statements: list[str]) -> str | None:
    """Assignments to single names, each put in the place of its name in those that follow."""
    known: dict[str, str] = {}
    value = ""
    for statement in statements:
        name, _, value = statement.partition(" = ")
        if not name.isidentifier():
            return None
        value = re.sub(r"[A-Za-z_]\w*", lambda found: known.get(found[0], found[0]), value)
        known[name] = f"({value})"
    return value


class Folded(Box):
    """A value that is computed when the module is made; a buffer that is not saved."""

    family = "source"
    arity = 0
    register: ClassVar[Literal["", "buffer"]] = "buffer"

    def __init__(self, cone: tuple[Node, ...], wire: Wire) -> None:
        self.cone = cone
        self.wire = wire
        self.name = cone[-1].box.name  # type: ignore[misc]

    def key(self) -> Hashable:
        """What it computes."""
        return ("folded", _expression(self.cone, lambda what: what), self.wire)

    def statics(self) -> dict[str, Any]:
        return {}

    def rule(self, typing: Typing, inputs: Object) -> Object:
        return (self.wire,)

    def module(self, site: Site) -> str | None:
        return _expression(self.cone, site.need)

    def code(self, site: Site) -> str:
        return site.module
