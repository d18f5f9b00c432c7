"""Attention written out, as one box: softmax of scaled scores, with masks, biases and dropout, times values.

The fused operation never holds the matrix of weights (Dao et al., 2022). What is recognised is what
`catnet.rewrite.scores` can read as scores.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from catnet.boxes.activation import Softmax
from catnet.boxes.attention import ScaledDotProductAttention
from catnet.boxes.axes import ZERO, axis_position, trailing
from catnet.boxes.einsum import Term
from catnet.boxes.random import Dropout
from catnet.diagrams.graph import Node, Value
from catnet.diagrams.structural import Add, Scale
from catnet.diagrams.terms import Body, Diagram, Leaf, Tensor, Then, Var
from catnet.rewrite.contraction import pattern_of
from catnet.rewrite.rule import Match, Measure, Miss, Rule, View, is_free
from catnet.rewrite.scores import Scores, Unreadable, arranged, read_scores, source_of


class Attention(Rule):
    """Put `sdpa` in the place of softmax attention that is written out."""

    name: ClassVar[str] = "attention"
    law: ClassVar[str] = (
        "softmax(s q k^T + bias) v = sdpa(q, k, v, bias), scale s; entries filled with -1e8 or less count 0"
    )
    measure: ClassVar[Measure] = "always"

    def find(self, view: View) -> Iterator[Match | Miss]:
        for node in view.graph.nodes:
            found = pattern_of(node)
            if found is None or len(found[0]) != 2:
                continue
            for port in (0, 1):
                reading = _read(node, port, view)
                if reading is not None:
                    yield reading
                    break


def _read(node: Node, port: int, view: View) -> Match | Miss | None:
    """The match that ends in a product whose input `port` is the weights; None where they come from no softmax."""
    softmax, nodes, dropout = _softmax(node.inputs[port])
    if softmax is None:
        return None
    if not all(view.used_once(n.outputs[0]) for n in nodes):
        return Miss(node, "the weights of the values are used elsewhere too, and `sdpa` does not give them")
    values = _values(node, port)
    if values is None:
        return Miss(node, "the product with the values is not a sum over the keys alone")
    try:
        scores = read_scores(softmax.inputs[0], view)
    except Unreadable as reason:
        return Miss(node, str(reason))
    return _Fused(node, values, scores, dropout, (*nodes, *scores.nodes)).match(view)


def _softmax(value: Value) -> tuple[Node | None, list[Node], float]:
    """The softmax over the last axis that gives a value, the nodes from there, and the probability of dropout."""
    nodes: list[Node] = []
    dropout = 0.0
    node = value.node
    if node is not None and isinstance(node.box, Dropout) and node.owner is None:
        nodes.append(node)
        dropout = node.box.p
        node = node.inputs[0].node
    if node is None or not isinstance(node.box, Softmax) or not is_free(node):
        return None, [], 0.0
    if axis_position(node.inputs[0].wire, node.box.axis) != -1:
        return None, [], 0.0
    return node, [*nodes, node], dropout


@dataclass(frozen=True)
class _Values:
    """The wire of the values with the names of its axes, in which order `sdpa` wants them, and the same of the
    result."""

    wire: Value
    names: Term
    wanted: Term
    given: Term
    result: Term


def _values(node: Node, port: int) -> _Values | None:
    found = pattern_of(node)
    assert found is not None
    terms, result = found
    weights, names = terms[port], terms[1 - port]
    if len(weights) < 2 or len(set(weights)) < len(weights):
        return None
    *heads, row, key = weights
    entry = [n for n in names if n not in weights]
    wanted, given = (*heads, key, *entry), (*heads, row, *entry)
    if len(entry) != 1 or sorted(names) != sorted(wanted) or sorted(result) != sorted(given):
        return None
    return _Values(node.inputs[1 - port], names, wanted, given, result)


@dataclass(frozen=True)
class _Fused:
    """Everything that `sdpa` needs to know."""

    last: Node
    values: _Values
    scores: Scores
    dropout: float
    nodes: tuple[Node, ...]

    def match(self, view: View) -> Match:
        scores, values = self.scores, self.values
        key, swap, between = source_of(scores.key, scores.key_names, scores.key_wanted, view)
        query, turn, before = source_of(scores.query, scores.query_names, scores.query_wanted, view)
        wires = [query, key, values.wire, *(bias for bias, _ in scores.biases)]
        parts: list[Diagram] = [
            _then(Var("q"), turn),
            _then(Var("k"), swap),
            _then(Var("v"), arranged(values.names, values.wanted)),
        ]
        biases = [_scaled(Var(f"b{i}"), factor) for i, (_, factor) in enumerate(scores.biases)]
        if biases:
            parts.append(biases[0] if len(biases) == 1 else Then((Tensor(tuple(biases)), Leaf(Add()))))
        whole = Then((Tensor(tuple(parts)), Leaf(self._box(view))))
        names = ("q", "k", "v", *(f"b{i}" for i in range(len(biases))))
        replacement = Body(names, (), _then(whole, arranged(values.given, values.result)))
        nodes = tuple(dict.fromkeys((self.last, *self.nodes, *between, *before)))
        return Match(nodes, tuple(wires), self.last.outputs, replacement)

    def _box(self, view: View) -> ScaledDotProductAttention:
        scores = self.scores
        place = scores.query_names.index(scores.query_wanted[-1]) - len(scores.query_names)
        width = view.aim.number(trailing(scores.query.wire)[place].size)
        usual = width is not None and math.isclose(scores.factor, width**-0.5, rel_tol=1e-15)
        scale = 0.0 if usual else scores.factor
        return ScaledDotProductAttention(scores.causal, scale, scores.window or ZERO, self.dropout)


def _then(term: Diagram, more: Diagram | None) -> Diagram:
    return term if more is None else Then((term, more))


def _scaled(term: Diagram, factor: float) -> Diagram:
    return term if factor == 1.0 else Then((term, Leaf(Scale(factor))))
