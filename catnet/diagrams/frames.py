"""What a box does with changes of frame at all nodes: the rule of `under gauge(S)`.

A box that treats nodes apart, f(x)_v = f(x_v), and commutes with the structure group acting on all fibres alike,
commutes with an element of the group at each node: f(h x)_v = f(h_v x_v) = h_v f(x_v). The first is what `Box.shards`
says of a cut along the axis of the nodes, the second is `Box.act` for the structure group. Boxes that join nodes, along
edges whose maps change as well, have a rule of their own in `act`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from catnet.bundles.gauge import Along, Ends, Framed, Gauge
from catnet.diagrams.acting import Acting, Action, Part, Refusal, ordered
from catnet.diagrams.shards import Cut
from catnet.types.dims import Dim
from catnet.types.spaces import Space
from catnet.types.wires import Axis, Wire

if TYPE_CHECKING:
    from catnet.diagrams.box import Box


def placed(axes: tuple[int, ...], rep: Space) -> Part:
    """What changes frames, on some axes of a wire."""
    return Part(axes, rep)  # type: ignore[arg-type]  # of a group that is an element at each node


def of_frames(box: Box, acting: Acting) -> tuple[Action, ...]:
    """What a change of frames on the inputs of a box does to its outputs; raises `Refusal` where it does not commute.

    What is inside a box, and boxes that transport, are asked themselves.
    """
    if acting.trivial or acting.graphs or box.transports:
        return box.act(acting)
    parts = [part for action in acting.actions for part in action]
    if box.name == "forget_bundle":
        raise Refusal(f"`{box.sign()}` ends the symmetry here", "leave it out where the net says `under`")
    if any(isinstance(part.rep, Ends) for part in parts):
        raise Refusal(f"`{box.name}` takes the list of edges, along which maps go, apart")
    if any(isinstance(part.rep, Along) for part in parts):
        if box.map_kind != "linear":
            raise Refusal(f"`{box.name}` is no linear map, and the frames at both ends change the maps along edges")
        return box.act(acting)  # a representation on three axes together, as any other
    return _apart(box, acting)


def _apart(box: Box, acting: Acting) -> tuple[Action, ...]:
    """The rule for a box that treats nodes apart: what one element of the structure group does, at each node."""
    gauge = acting.group
    assert isinstance(gauge, Gauge)
    sorts = {part.rep.at for action in acting.actions for part in action}  # type: ignore[attr-defined]
    if len(sorts) > 1:
        raise Refusal(f"`{box.name}` joins frames at nodes with those at the ends of edges")
    (at,) = sorts
    alike = tuple(
        ordered(tuple(Part(part.axes[1:], part.rep.rep) for part in action))  # type: ignore[attr-defined]
        for action in acting.actions
    )
    asked = replace(acting, group=gauge.group, actions=alike)
    after = box.act(asked)
    acting.word = asked.word
    nodes = _parted(box, acting)
    return tuple(
        ordered(tuple(placed((_kept(box, place), *part.axes), Framed(gauge, part.rep, at)) for part in action))
        for place, action in zip(nodes, after, strict=True)
    )


def _kept(box: Box, place: int | None) -> int:
    if place is None:
        raise Refusal(f"`{box.name}` does not keep the axis of the nodes, each of which has a frame of its own")
    return place


def _parted(box: Box, acting: Acting) -> Cut:
    """Where the axis of the nodes comes out of a box that treats nodes apart; refuses any other box.

    A wire that the group leaves alone may have an axis of the nodes as well, the numbers of each node.
    """
    fixed = [_axis(box, action) for action in acting.actions]
    first = next(port for port, place in enumerate(fixed) if place is not None)
    size = _size(acting.inputs[first], fixed[first] or 0)
    said = ""
    for cut in product(
        *(_choices(w, place, fixed[first] or 0, size) for w, place in zip(acting.inputs, fixed, strict=True))
    ):
        answer = box.shards(acting.inputs, acting.outputs, cut)
        if isinstance(answer, str):
            said = said or answer
        elif all(p is None or _size(w, p) == size for w, p in zip(acting.outputs, answer, strict=True)):
            return answer
    words = said or f"`{box.name}` does not keep the axis that is cut entry by entry"
    raise Refusal(words.replace("the axis that is cut", "the axis of the nodes, each of which has a frame of its own"))


def _axis(box: Box, action: Action) -> int | None:
    """The axis of the nodes on a wire; refuses several."""
    places = {part.axes[0] for part in action}
    if len(places) > 1:
        raise Refusal(f"`{box.name}` takes a wire with two axes of nodes")
    return next(iter(places), None)


def _choices(wire: Wire, place: int | None, like: int, size: Dim | None) -> Iterator[int | None]:
    """Where a wire may have the axis of the nodes: on one that is acted on that is known."""
    if place is not None:
        yield place
        return
    equal = [p for p in range(-len(wire.axes), 0) if _size(wire, p) == size]
    yield from sorted(equal, key=lambda p: p != like)
    yield None


def _size(wire: Wire, place: int) -> Dim | None:
    axis = wire.axes[place] if -place <= len(wire.axes) else None
    return axis.size if isinstance(axis, Axis) else None
