"""Batch normalisation into the layer beside it, for inference (as in Ioffe and Szegedy, 2015, section 3.1, where the
normalisation with fixed statistics is a linear map)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from catnet.boxes.axes import ONE, ZERO
from catnet.boxes.convolution import Convolution, TransposedConvolution
from catnet.boxes.linear import Linear
from catnet.boxes.norm import BatchNorm
from catnet.diagrams.box import Box
from catnet.diagrams.graph import Node
from catnet.diagrams.terms import Labelled, Leaf
from catnet.rewrite.rule import Match, Measure, Miss, Mode, Rule, View
from catnet.rewrite.weights_boxes import Derived, Layer, Naming, call, origin, plain

FOLDABLE = (Linear, Convolution, TransposedConvolution)


class FoldNorm(Rule):
    """Fold `batch_norm` into the layer before it, else into the one after it."""

    name: ClassVar[str] = "batch norm folding"
    law: ClassVar[str] = "s (W x + b) + t = (s W) x + (s b + t), and W (s x + t) + b = (W s) x + (W t + b)"
    modes: ClassVar[tuple[Mode, ...]] = ("infer",)
    measure: ClassVar[Measure] = "always"

    def find(self, view: View) -> Iterator[Match | Miss]:
        norms = [n for n in view.graph.nodes if isinstance(n.box, BatchNorm)]
        if not norms:
            return
        names = Naming(view)
        for norm in norms:
            found = folded(norm, view, names)
            if found is not None:
                yield found


def folded(norm: Node, view: View, names: Naming) -> Match | Miss | None:
    """A batch normalisation with what it is folded into, or why it is not; None where no layer is near."""
    before = norm.inputs[0].node
    user = view.only_user(norm.outputs[0])
    near = before is not None and isinstance(plain(before.box), FOLDABLE)
    reasons = [_refusal_before(before, norm, view)] if before is not None and near else []
    if reasons == [""] and before is not None:
        axis = 1 if isinstance(plain(before.box), TransposedConvolution) else 0
        return _match(before, norm, before, names, axis)
    if user is not None and isinstance(plain(user.box), (Linear, Convolution)):
        reasons.append(_refusal_after(norm, user))
        if reasons[-1] == "":
            return _match(norm, user, user, names, 0)
    return Miss(norm, reasons[0]) if reasons else None


def _refusal_before(layer: Node, norm: Node, view: View) -> str:
    """Why a normalisation is not folded into the layer before it; the empty string if it is."""
    own = _refusal(layer, norm)
    if own:
        return own
    if not view.used_once(layer.outputs[0]):
        return f"what `{layer.box.name}` gives is used without the normalisation too"
    box = plain(layer.box)
    if isinstance(box, Linear) and len(layer.cod[0].axes) != 1:
        return "`linear` acts on the last axis, `batch_norm` on the first"
    if isinstance(box, TransposedConvolution) and box.groups != ONE:
        return "the transposed convolution has groups"
    return ""


def _refusal_after(norm: Node, layer: Node) -> str:
    """Why a normalisation is not folded into the layer after it; the empty string if it is."""
    own = _refusal(layer, norm)
    if own:
        return own
    box = plain(layer.box)
    if isinstance(box, Linear):
        return "" if len(norm.cod[0].axes) == 1 else "`linear` acts on the last axis, `batch_norm` on the first"
    assert isinstance(box, Convolution)
    if box.groups != ONE:
        return "the convolution has groups"
    if box.padding_mode == "zeros" and any(p != ZERO for p in box.padding):
        return "the convolution pads with zeros, which the normalisation would shift"
    return ""


def _refusal(layer: Node, norm: Node) -> str:
    assert isinstance(norm.box, BatchNorm)
    if layer.owner is not None or norm.owner is not None:
        return "the weights are shared with other uses"
    if not norm.box.track:
        return "without running statistics it normalises by the batch in evaluation too"
    return ""


def with_bias(box: Box) -> Box:
    """The same linear layer or convolution with a bias."""
    return type(box)(**{**box.statics(), "bias": True})


def _match(first: Node, second: Node, layer: Node, names: Naming, axis: int) -> Match:
    norm = second if layer is first else first
    assert isinstance(norm.box, BatchNorm)
    name, norm_name = names[layer], names[norm]
    layers, steps, files = origin(layer, name)
    own = (Layer(norm_name, norm.box, norm.dom, norm.cod),)
    if layer is first:
        layers = layers + own
        step = call("fold_norm_after", name, norm_name, norm.box.eps, *([axis] if axis else []))
    else:
        layers = own + layers
        step = call("fold_norm_before", norm_name, name, norm.box.eps)
    box = Derived(with_bias(plain(layer.box)), layers, (*steps, step), (*files, "folding"), True)
    keys = f"{norm_name}.* -> {name}.weight, {name}.bias"
    return Match((first, second), first.inputs, second.outputs, Labelled(name, Leaf(box)), keys)
