"""A plain interpreter of typed graphs, to compare compiled modules with.

It walks the nodes over a dict of values and knows one simple rule per box, written here from the documentation
and not from the code generator. The weights are those of the compiled module, handed out in the order in which
the graph meets the boxes: a `parameter` belongs to the class itself and so comes before all submodules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from catnet.diagrams.graph import Graph, Node

Rule = Callable[[Node, list[Tensor], list[Tensor]], list[Tensor]]


@dataclass
class Weights:
    """The weights of one graph: for each node its own, or those of its inner graphs, one for each step."""

    own: dict[int, list[Tensor]] = field(default_factory=dict)
    inner: dict[int, list[Weights]] = field(default_factory=dict)


def interpret(graph: Graph, module: nn.Module, inputs: list[Tensor]) -> list[Tensor]:
    """The outputs of a graph with the weights of the module that it compiled to."""
    named = list(module.named_parameters())
    supply = iter(named)
    weights = _allot(graph, supply)
    left = [name for name, _ in supply]
    assert not left, f"the module has weights that the graph does not: {left}"
    return _run(graph, weights, inputs)


def _allot(graph: Graph, supply: Iterator[tuple[str, Tensor]]) -> Weights:
    """Hand out the weights in order, to each node or to each of its steps; shared morphisms get them once."""
    weights = Weights()
    homes: dict[int, int] = {}
    direct = [i for i, n in enumerate(graph.nodes) if n.box.name == "parameter"]
    others = [i for i, n in enumerate(graph.nodes) if n.box.name != "parameter"]
    for index in direct + others:
        node = graph.nodes[index]
        if node.owner is not None and id(node.owner) in homes:
            first = homes[id(node.owner)]
            weights.own[index] = weights.own.get(first, [])
            weights.inner[index] = weights.inner.get(first, [])
            continue
        if node.owner is not None:
            homes[id(node.owner)] = index
        if node.graphs:
            steps = node.count.value or 1
            graphs = node.graphs if len(node.graphs) > 1 else node.graphs * steps
            weights.inner[index] = [_allot(g, supply) for g in graphs]
        else:
            shapes = [tuple(d.value for d in s) for s in _parameters(node).values()]
            weights.own[index] = [_next(supply, shape, node.label) for shape in shapes]
    return weights


def _parameters(node: Node) -> dict[str, tuple]:  # type: ignore[type-arg]
    box = node.box
    if box.name == "transpose":  # used first as a transpose, a shared layer still has all its parameters
        of = box.of  # type: ignore[attr-defined]
        return of.parameters(node.cod, node.dom)  # type: ignore[no-any-return]
    return box.parameters(node.dom, node.cod)


def _next(supply: Iterator[tuple[str, Tensor]], shape: tuple[int | None, ...], label: str | None) -> Tensor:
    name, tensor = next(supply)
    assert tuple(tensor.shape) == shape, f"`{name}` has shape {tuple(tensor.shape)}, the graph says {shape}"
    assert label is None or label in name.split("."), f"`{name}` is not under its label `{label}`"
    return tensor


def _run(graph: Graph, weights: Weights, inputs: list[Tensor]) -> list[Tensor]:
    values: dict[int, Tensor] = {id(v): x for v, x in zip(graph.inputs, inputs, strict=True)}
    for index, node in enumerate(graph.nodes):
        args = [values[id(v)] for v in node.inputs]
        if node.graphs:
            graphs = node.graphs if len(node.graphs) > 1 else node.graphs * (node.count.value or 1)
            for inner, own in zip(graphs, weights.inner[index], strict=True):
                args = _run(inner, own, args)
            results = args
        else:
            results = RULES[node.box.name](node, args, weights.own.get(index, []))
        for value, result in zip(node.outputs, results, strict=True):
            shape = tuple(a.size.value for a in value.wire.axes)  # type: ignore[union-attr]
            assert tuple(result.shape[result.dim() - len(shape) :]) == shape, f"{node.box.name}: {result.shape}"
            values[id(value)] = result
    return [values[id(v)] for v in graph.outputs]


def _add(node: Node, xs: list[Tensor], _: list[Tensor]) -> list[Tensor]:
    signs = node.box.signs or (1,) * len(xs)  # type: ignore[attr-defined]
    total = signs[0] * xs[0]
    for sign, x in zip(signs[1:], xs[1:], strict=True):
        total = total + x if sign == 1 else total - x
    return [total]


def _mul(_: Node, xs: list[Tensor], __: list[Tensor]) -> list[Tensor]:
    total = xs[0]
    for x in xs[1:]:
        total = total * x
    return [total]


def _linear(_: Node, xs: list[Tensor], ws: list[Tensor]) -> list[Tensor]:
    out = torch.einsum("...i,oi->...o", xs[0], ws[0])
    return [out + ws[1] if len(ws) > 1 else out]


def _transpose(_: Node, xs: list[Tensor], ws: list[Tensor]) -> list[Tensor]:
    return [torch.einsum("...o,oi->...i", xs[0], ws[0])]


def _flatten(node: Node, xs: list[Tensor], _: list[Tensor]) -> list[Tensor]:
    rank = len(node.dom[0].axes)
    return [xs[0].reshape(*xs[0].shape[: xs[0].dim() - rank], -1)]


def _concat(node: Node, xs: list[Tensor], _: list[Tensor]) -> list[Tensor]:
    rank = len(node.dom[0].axes)
    batch = torch.broadcast_shapes(*(x.shape[: x.dim() - rank] for x in xs))
    return [torch.cat([x.expand((*batch, *x.shape[x.dim() - rank :])) for x in xs], -1)]


def _rearrange(node: Node, xs: list[Tensor], _: list[Tensor]) -> list[Tensor]:
    """Split, permute and join by index arithmetic, one name at a time."""
    left, right = (side.strip() for side in node.box.pattern.split("->"))  # type: ignore[attr-defined]
    sizes = {k: v.value for k, v in node.box.sizes}  # type: ignore[attr-defined]
    x = xs[0]
    batch = list(x.shape[: x.dim() - len(node.dom[0].axes)])
    groups = [g.strip("()").split() for g in _groups(left)]
    shape: list[int] = []
    for group, axis in zip(groups, node.dom[0].axes, strict=True):
        known = 1
        for name in group:
            known *= sizes.get(name, 1)
        for name in group:
            sizes.setdefault(name, axis.size.value // known)  # type: ignore[union-attr]
            shape.append(sizes[name])
    order = [n for g in groups for n in g]
    x = x.reshape(batch + shape)
    wanted = [n for g in _groups(right) for n in g.strip("()").split()]
    x = x.permute(*range(len(batch)), *(len(batch) + order.index(n) for n in wanted))
    joined = []
    for group in _groups(right):
        size = 1
        for name in group.strip("()").split():
            size *= sizes[name]
        joined.append(size)
    return [x.reshape(batch + joined)]


def _groups(side: str) -> list[str]:
    import re

    return re.findall(r"\([^)]*\)|\w+", side)


def _layer_norm(_: Node, xs: list[Tensor], ws: list[Tensor]) -> list[Tensor]:
    x = xs[0]
    centred = x - x.mean(-1, keepdim=True)
    return [centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + 1e-5) * ws[0] + ws[1]]


def _entrywise(function: Callable[[Tensor], Tensor]) -> Rule:
    return lambda _, xs, __: [function(xs[0])]


RULES: dict[str, Rule] = {
    "add": _add,
    "mul": _mul,
    "sub": lambda _, xs, __: [xs[0] - xs[1]],
    "linear": _linear,
    "transpose": _transpose,
    "flatten": _flatten,
    "concat": _concat,
    "rearrange": _rearrange,
    "layer_norm": _layer_norm,
    "relu": _entrywise(F.relu),
    "tanh": _entrywise(torch.tanh),
    "neg": _entrywise(torch.neg),
    "square": _entrywise(lambda x: x * x),
    "softmax": _entrywise(lambda x: torch.softmax(x, -1)),
    "dropout": _entrywise(lambda x: x),  # in evaluation
    "scale": lambda node, xs, _: [xs[0] * node.box.by],  # type: ignore[attr-defined]
    "sum": lambda node, xs, _: [xs[0].sum(node.box.over.index)],  # type: ignore[attr-defined]
    "mean": lambda node, xs, _: [xs[0].mean(node.box.over.index)],  # type: ignore[attr-defined]
    "parameter": lambda _, __, ws: [ws[0]],
}
