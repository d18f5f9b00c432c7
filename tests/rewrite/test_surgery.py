"""Replacing parts of a graph by hand."""

from __future__ import annotations

import pytest

import catnet
from catnet.diagnostics import CatnetError
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.terms import Diagram
from catnet.rewrite.rule import Match
from catnet.rewrite.surgery import WrongRewrite, spliced, typed
from catnet.types.facts import Facts
from catnet.types.infer import TypeProblem
from tests.rewrite.equality import boxes, equal, graph_of_net, reals


def inner(text: str) -> Graph:
    """The graph inside a net."""
    (node,) = graph_of_net(text).nodes
    return node.graphs[0]


def named(graph: Graph, name: str) -> Node:
    return next(node for node in graph.nodes if node.box.name == name)


def instead(node: Node, replacement: Diagram) -> Match:
    return Match((node,), node.inputs, node.outputs, replacement)


def test_a_part_is_replaced_and_the_old_graph_stays() -> None:
    graph = inner("net f : R[t, 4] -> R[t, 4] = linear(4) >> tanh >> linear(4)")
    one = catnet.scale(0.0) >> catnet.exp
    two = (catnet.scale(2.0) >> catnet.sigmoid >> catnet.scale(2.0)) - one  # tanh(x) = 2 sigmoid(2x) - 1
    made = spliced(graph, [typed(instead(named(graph, "tanh"), two), Facts())])
    assert made is not None
    assert "tanh" in boxes(graph)
    assert "tanh" not in boxes(made)
    equal(graph, made, reals([(3, 4)]))
    assert {node.span for node in made.nodes if node.box.name == "sigmoid"} == {named(graph, "tanh").span}


def test_a_replacement_is_checked() -> None:
    graph = inner("net f : R[t, 4] -> R[t, 4] = tanh")
    with pytest.raises(TypeProblem):
        typed(instead(named(graph, "tanh"), catnet.linear(5)), Facts())
    with pytest.raises(CatnetError):
        typed(instead(named(graph, "tanh"), catnet.parse("chunk(3) >> add")), Facts())
    with pytest.raises(WrongRewrite, match="1 wires are replaced by 2"):
        typed(instead(named(graph, "tanh"), catnet.parse("(relu, relu)")), Facts())


def test_what_is_used_elsewhere_is_not_lost() -> None:
    graph = inner("net f : (x: R[t, 4]) -> R[t, 4] {\n y = x >> relu\n return (y >> exp) + y\n}")
    relu, exp = named(graph, "relu"), named(graph, "exp")
    match = Match((relu, exp), relu.inputs, exp.outputs, catnet.parse("relu >> exp"))
    with pytest.raises(WrongRewrite, match="used elsewhere"):
        spliced(graph, [typed(match, Facts())])


def test_changes_that_wait_for_one_another_are_refused() -> None:
    graph = inner("net f : (x: R[4], y: R[4]) -> R[4] @ R[4] { return (x >> relu >> exp, y >> sin >> cos) }")
    relu, exp, sin, cos = (named(graph, name) for name in ("relu", "exp", "sin", "cos"))
    pair = catnet.parse("relu @ cos")
    first = Match((relu, cos), relu.inputs + cos.inputs, relu.outputs + cos.outputs, pair)
    second = Match((exp, sin), exp.inputs + sin.inputs, exp.outputs + sin.outputs, catnet.parse("exp @ sin"))
    assert spliced(graph, [typed(first, Facts()), typed(second, Facts())]) is None
    made = spliced(graph, [typed(first, Facts())])
    assert made is not None
    equal(graph, made, reals([(4,), (4,)]))


def test_keys_do_not_get_shorter() -> None:
    """A graph of a single layer becomes that layer where it is a step of a repeat, and its key loses a part."""
    graph = inner("net f : (x: R[t, 4]) -> R[t, 4] {\n _ = x >> relu >> drop\n return x >> linear(4)\n}")
    change = typed(instead(named(graph, "relu"), catnet.parse("id")), Facts())
    assert spliced(graph, [change]) is None
