"""Equal boxes on equal inputs are one."""

from __future__ import annotations

import pytest

from catnet.rewrite.sharing import Sharing
from tests.rewrite.equality import boxes, by, equal, graph_of_net, reals

EQUAL = {
    "pure boxes": ("net f : R[t, d] -> R[t, d] = (relu >> exp) * (relu >> exp) + relu", ["add", "exp", "mul", "relu"]),
    "arguments count": (
        "net f : R[t, d] -> R[t, d] = scale(0.5) + scale(0.25) + scale(0.5)",
        ["add", "scale", "scale"],
    ),
    "pure nets": (
        "net f : R[t, d] -> R[t, d] = g + g\nnet g : R[t, d] -> R[t, d] = sin >> exp",
        ["add", "exp", "sin"],
    ),
    "one share": (
        "net f : (x: R[t, d]) -> R[t, d] {\n share w = linear(d)\n return (x >> w) + (x >> w >> relu)\n}",
        ["add", "linear", "relu"],
    ),
    "pure norms": (
        "net f : R[t, d] -> R[t, d] = (normalize >> linear(d)) + (normalize >> linear(d))",
        ["add", "linear", "linear", "normalize"],
    ),
}


@pytest.mark.parametrize("case", EQUAL)
def test_equal_parts_are_computed_once(case: str) -> None:
    text, left = EQUAL[case]
    literal = graph_of_net(text, d=3)
    found = by(Sharing, literal)
    assert boxes(found.graph) == left
    equal(literal, found.graph, reals([(4, 3)], (2,)))


APART = {
    "two layers": "net f : R[t, 4] -> R[t, 4] = linear(4) + linear(4)",
    "two draws": "net f : R[t, 4] -> R[t, 4] = dropout(0.5) + dropout(0.5)",
    "two statistics": "net f : R[4, h, w] -> R[4, h, w] = batch_norm + batch_norm",
    "a shared draw": "net f : (x: R[t, 4]) -> R[t, 4] {\n share w = dropout(0.5)\n return (x >> w) + (x >> w)\n}",
    "a shared part with a draw": (
        "net f : (x: R[t, 4]) -> R[t, 4] {\n share w = linear(4) >> dropout(0.5)\n return (x >> w) + (x >> w)\n}"
    ),
    "other inputs": "net f : (x: R[t, 4], y: R[t, 4]) -> R[t, 4] { return (x >> relu) + (y >> relu) }",
    "two outputs": "net f : R[t, 4] -> R[t, 2] @ R[t, 2] = chunk(2)",
}


@pytest.mark.parametrize("case", APART)
def test_what_differs_stays_apart(case: str) -> None:
    graph = graph_of_net(APART[case])
    found = by(Sharing, graph)
    assert found.applied == ()
    assert found.graph is graph


def test_weights_keep_their_names() -> None:
    """Merging `layer_norm`s without weights would call the third, which has some, `layer_norm_2`."""
    text = """net f : (x: R[t, 4]) -> R[t, 4] {
        a = x >> layer_norm(affine = false) >> relu
        b = x >> layer_norm(affine = false) >> exp
        return a + b >> layer_norm
    }
    """
    literal = graph_of_net(text)
    found = by(Sharing, literal)
    assert boxes(found.graph) == ["add", "exp", "layer_norm", "layer_norm", "relu"]
    equal(literal, found.graph, reals([(3, 4)]))
