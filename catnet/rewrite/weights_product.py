"""One affine layer for two in a row, and numbers that scale into the layer beside them, for inference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from catnet.boxes.axes import ONE, ZERO
from catnet.boxes.convolution import Convolution
from catnet.boxes.linear import Linear
from catnet.diagrams.box import Box
from catnet.diagrams.graph import Node
from catnet.diagrams.structural import Scale
from catnet.diagrams.terms import Labelled, Leaf
from catnet.rewrite.rule import Match, Measure, Miss, Mode, Rule, View
from catnet.rewrite.weights_boxes import Derived, Naming, call, origin, plain

AFFINE = (Linear, Convolution)


class Premultiply(Rule):
    """Multiply two linear layers in a row into one, or a convolution and one of single entries after it."""

    name: ClassVar[str] = "premultiplication"
    law: ClassVar[str] = "W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2)"
    modes: ClassVar[tuple[Mode, ...]] = ("infer",)

    def find(self, view: View) -> Iterator[Match | Miss]:
        names = Naming(view)
        for node in view.graph.nodes:
            first = node.inputs[0].node if len(node.inputs) == 1 else None
            if first is None or not _in_a_row(first.box, node.box):
                continue
            reason = _refusal(first, node, view)
            if reason:
                yield Miss(node, reason)
                continue
            yield _product(first, node, names)


class ScaleWeights(Rule):
    """Multiply a number into the weights of the layer beside it."""

    name: ClassVar[str] = "scaled weights"
    law: ClassVar[str] = "s (W x + b) = (s W) x + s b, and W (s x) + b = (s W) x + b for a number s"
    modes: ClassVar[tuple[Mode, ...]] = ("infer",)
    measure: ClassVar[Measure] = "always"

    def find(self, view: View) -> Iterator[Match | Miss]:
        names = Naming(view)
        for node in view.graph.nodes:
            if not isinstance(node.box, Scale) or node.owner is not None:
                continue
            before, after = view.maker(node.inputs[0]), view.only_user(node.outputs[0])
            for layer in (before, after):
                if layer is None or layer.owner is not None or not isinstance(plain(layer.box), AFFINE):
                    continue
                yield _scaled(node, layer, layer is before, names)
                break


def _in_a_row(first: Box, second: Box) -> bool:
    pair = plain(first), plain(second)
    return all(isinstance(b, Linear) for b in pair) or all(isinstance(b, Convolution) for b in pair)


def _refusal(first: Node, second: Node, view: View) -> str:
    """Why two layers in a row are not multiplied, whatever that costs; the empty string if they may be."""
    if first.owner is not None or second.owner is not None:
        return "the weights are shared with other uses"
    if not view.used_once(first.outputs[0]):
        return f"what the first `{first.box.name}` gives is used elsewhere too"
    outer, inner = plain(second.box), plain(first.box)
    if isinstance(outer, Convolution) and isinstance(inner, Convolution):
        if any(k != ONE for k in (*outer.kernel, *outer.stride)) or any(p != ZERO for p in outer.padding):
            return "the second convolution sees more than one entry of the first, or leaves some out"
        if outer.groups != ONE or inner.groups != ONE:
            return "a convolution has groups"
    return ""


def _product(first: Node, second: Node, names: Naming) -> Match:
    name, other = names[first], names[second]
    inner, outer = plain(first.box), plain(second.box)
    assert isinstance(inner, AFFINE)
    assert isinstance(outer, AFFINE)
    width = {"features" if isinstance(outer, Linear) else "channels": _width(outer)}
    made = type(inner)(**{**inner.statics(), **width, "bias": inner.bias or outer.bias})
    one, two = origin(first, name), origin(second, other)
    step = call("premultiply", name, other)
    box = Derived(made, one[0] + two[0], (*one[1], *two[1], step), (*one[2], *two[2], "premultiplying"), True)
    keys = f"{name}.*, {other}.* -> {name}.weight" + (f", {name}.bias" if made.bias else "")
    return Match((first, second), first.inputs, second.outputs, Labelled(name, Leaf(box)), keys)


def _width(box: Linear | Convolution) -> object:
    return box.features if isinstance(box, Linear) else box.channels


def _scaled(scale: Node, layer: Node, after: bool, names: Naming) -> Match:
    assert isinstance(scale.box, Scale)
    name = names[layer]
    into = names.new(f"{name}_scaled")
    made = plain(layer.box)
    layers, steps, files = origin(layer, name)
    step = call("scale_layer", name, into, scale.box.by, after)
    box = Derived(made, layers, (*steps, step), (*files, "premultiplying"), True)
    nodes = (layer, scale) if after else (scale, layer)
    return Match(nodes, nodes[0].inputs, nodes[1].outputs, Labelled(into, Leaf(box)), f"{name}.* -> {into}.*")
