"""Boxes whose weights are computed from those of literal layers.

The generated class keeps its own layer, and brings a state dict of the literal module into its own form while it is
being loaded, by functions of `catnet.nn`.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from catnet.boxes.linear import Linear, last
from catnet.diagrams.box import Box, Site
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.labels import MODULE_ATTRIBUTES, OWN_ATTRIBUTES
from catnet.diagrams.normal import box_key
from catnet.rewrite.rule import View
from catnet.torch.names import Names
from catnet.torch.submodules import submodule_names
from catnet.types.dims import Dim
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing
    from catnet.rewrite.price import Price, Prices


@dataclass(frozen=True)
class Layer:
    """A layer of the literal module: its name there, its box and its types."""

    name: str
    box: Box
    inputs: Object
    outputs: Object


def call(function: str, *arguments: object) -> str:
    """The call of a loading function, for the names of layers and further arguments.

    >>> call("fold_norm_after", "conv", "norm", 1e-05)
    "fold_norm_after(state, prefix, 'conv', 'norm', 1e-05)"
    """
    return f"{function}(state, prefix, {', '.join(map(repr, arguments))})"


class Derived(Box):
    """A layer, `made`, that stands for literal `layers`; `steps` are the calls that compute its weights from theirs,
    with functions from `files` of `catnet.nn`. `evaluates` says that this holds in evaluation alone."""

    family = "linear"

    def __init__(
        self, made: Box, layers: tuple[Layer, ...], steps: tuple[str, ...], files: tuple[str, ...], evaluates: bool
    ) -> None:
        self.made = made
        self.layers = layers
        self.steps = steps
        self.helpers = tuple(sorted({"taking", *files, *(["evaluating"] if evaluates else [])}))
        self.evaluates = evaluates
        self.name = made.name  # type: ignore[misc]
        self.arity = made.arity
        self.map_kind = made.map_kind  # type: ignore[misc]
        self.batch_axes = made.batch_axes  # type: ignore[misc]

    def key(self) -> Hashable:
        """What it is computed from, and how."""
        return ("derived", box_key(self.made), self.layers, self.steps)

    def statics(self) -> dict[str, object]:
        return self.made.statics()

    def rule(self, typing: Typing, inputs: Object) -> Object:
        return self.made.rule(typing, inputs)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        return self.made.parameters(inputs, outputs)

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        return self.made.flops(inputs, outputs)

    def module(self, site: Site) -> str | None:
        made = self.made.module(site)
        assert made is not None
        return made[:-1] + ', device="meta")'

    def fresh_weights(self, site: Site) -> str:
        made = {layer.name: layer.box.module(replace(site, inputs=layer.inputs, outputs=layer.outputs))
                for layer in self.layers}  # fmt: skip
        if len(made) > 2 and len(set(made.values())) == 1:
            return f"take_weights(self, **{{name: {next(iter(made.values()))} for name in {tuple(made)}}})"
        return f"take_weights(self, {', '.join(f'{name}={text}' for name, text in made.items())})"

    def loading(self) -> list[str]:
        return list(self.steps)

    def sign(self) -> str:
        return self.made.sign()


def plain(box: Box) -> Box:
    """The box that the code calls: what a rewritten layer is made of, else the box itself."""
    return box.made if isinstance(box, Derived) else box


def origin(node: Node, name: str) -> tuple[tuple[Layer, ...], tuple[str, ...], tuple[str, ...]]:
    """The literal layers that a node's weights come from, the steps so far, and the files that they need."""
    if isinstance(node.box, Derived):
        files = tuple(f for f in node.box.helpers if f not in ("taking", "evaluating"))
        return node.box.layers, node.box.steps, files
    return (Layer(name, node.box, node.dom, node.cod),), (), ()


class Naming:
    """The names of the submodules of a graph, and new ones that none of them has."""

    def __init__(self, view: View) -> None:
        self._graph = view.graph

    @cached_property
    def _names(self) -> dict[int, str]:
        rows = zip(self._graph.nodes, submodule_names(self._graph), strict=True)
        return {id(node): name for node, name in rows if name is not None}

    @cached_property
    def _taken(self) -> Names:
        return Names({*self._names.values(), *MODULE_ATTRIBUTES, *OWN_ATTRIBUTES})

    def __getitem__(self, node: Node) -> str:
        """The name of a node's submodule."""
        return self._names[id(node)]

    def new(self, wanted: str) -> str:
        """A name for a submodule that there was not."""
        return self._taken.new(wanted)


class SliceLinear(Linear):
    """One slice of n linear layers side by side, on values with a first axis of the slices, before all batch axes.

    The types are those of one slice. Its name is `linear`, so that the names of the literal layers stay.
    """

    helpers = ("stacking",)

    def __init__(self, of: Linear, slices: int) -> None:
        object.__setattr__(self, "features", of.features)
        object.__setattr__(self, "bias", of.bias)
        object.__setattr__(self, "slices", slices)

    slices: int

    def key(self) -> Hashable:
        """The layer and the number of slices."""
        return ("slices", self.features, self.bias, self.slices)

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        shapes = super().parameters(inputs, outputs)
        return {name: (Dim.const(self.slices), *shape) for name, shape in shapes.items()}

    def module(self, site: Site) -> str:
        bias = "" if self.bias else ", bias=False"
        return f"StackedLinear({self.slices}, {site.static(last(site.inputs))}, {site.static(self.features)}{bias})"


class SideBySide(Box):
    """Equal parts side by side as one that runs once, on their inputs stacked along a new first axis.

    `part` is the graph of one part, `slices` the same graph with every linear layer a `SliceLinear`; `names` are the
    names of the parts in the literal module, `fan` says whether all see the same inputs.
    """

    family = "linear"
    broadcasts = False
    opaque = True
    helpers = ("stacking",)

    def __init__(self, name: str, part: Graph, slices: Graph, names: tuple[str, ...], fan: bool) -> None:
        self.name = name  # type: ignore[misc]
        self.part = part
        self.slices = slices
        self.names = names
        self.fan = fan
        self.arity = len(part.inputs) * (1 if fan else len(names))

    def key(self) -> Hashable:
        """The names of the parts and what one part is."""
        from catnet.diagrams.normal import normal_form

        return ("side by side", self.names, self.fan, normal_form(self.part))

    def statics(self) -> dict[str, object]:
        return {"names": self.names, "fan": self.fan}

    def rule(self, typing: Typing, inputs: Object) -> Object:
        assert typing.node is not None
        for port, wire in enumerate(inputs):
            typing.inference.unify(wire, self.part.dom[port % len(self.part.dom)], port)
        typing.node.graphs = (self.slices,)
        return self.part.cod * len(self.names)

    def calls(self, inputs: Object) -> Dim:
        """As many times as there are parts, for counting FLOPs."""
        return Dim.const(len(self.names))

    def price(self, prices: Prices, inputs: Object) -> Price:
        """The work of all parts at the calls of one, and the stacking."""
        return prices.side_by_side(self.part, len(self.names), () if self.fan else inputs)

    def loading(self) -> list[str]:
        return [call("stack_parts", self.name, self.names)]

    def statements(self, site: Site) -> list[str]:
        """The inputs stacked, the call, the outputs taken apart."""
        count, width = len(self.names), len(self.part.inputs)
        if self.fan:
            given = [f"{a}.expand({count}, *{a}.shape)" for a in site.args]
        else:
            given = [f"torch.stack(({', '.join(site.args[i::width])}))" for i in range(width)]
        return [f"{', '.join(site.results)} = {site.inner[0]}({', '.join(given)}).unbind()"]
