"""The typed graph: its shape, its size, its view for NetworkX, and large diagrams."""

from __future__ import annotations

import functools
import operator

import networkx
import pytest

import catnet
from catnet import CatnetError, Diagram, copy, drop, fan, id, linear, relu, swap, tanh
from catnet.diagrams import terms
from catnet.diagrams.graph import Graph
from catnet.diagrams.view import to_networkx
from catnet.elaborate.program import Program


def boxes(graph: Graph) -> list[str]:
    """The names of the boxes, in order."""
    return [n.box.name for n in graph.nodes]


def test_structure_costs_no_nodes() -> None:
    graph = ((id @ copy) >> (swap @ id) >> (relu @ tanh @ drop)).graph
    assert boxes(graph) == ["relu", "tanh"]
    assert graph.nodes[0].inputs == (graph.inputs[1],)
    assert graph.nodes[1].inputs == (graph.inputs[0],)
    assert graph.outputs == (graph.nodes[0].outputs[0], graph.nodes[1].outputs[0])


def test_a_repeat_is_one_node_however_often() -> None:
    graph = ((linear(8) >> relu) ** 1000).graph
    (node,) = graph.nodes
    (inner,) = node.graphs
    assert boxes(inner) == ["linear", "relu"]
    assert graph.size == 2000
    assert sum(1 for _ in graph.walk()) == 3


def test_equal_uses_of_a_net_have_one_graph() -> None:
    program = Program.from_text("net f : R[4] -> R[4] = linear(4) >> relu\nnet main : R[4] -> R[4] = f >> f >> (f + f)")
    graph = program["main"]().graph
    uses = [n for _, n in graph.walk() if n.box.name == "f"]
    assert len(uses) == 4
    assert len({id_of(n.graphs[0]) for n in uses}) == 1


def id_of(value: object) -> int:
    """`id`, which the vocabulary hides here."""
    import builtins

    return builtins.id(value)


def test_steps_that_differ_have_graphs_of_their_own() -> None:
    graph = catnet.parse("seq(i in 1..4, linear(2*i))").graph
    (node,) = graph.nodes
    assert [str(g.cod[0]) for g in node.graphs] == ["R[...s, 2]", "R[...s, 4]", "R[...s, 6]"]


def test_networkx_has_boxes_wires_and_ports() -> None:
    diagram = Program.from_text(
        "net main : (x: R[3], y: R[4]) -> R[7] @ R[3] {\n"
        "    z = x >> q: linear(3)\n"
        "    return ((y >> relu, z) >> concat, z)\n"
        "}"
    )["main"]()
    view = to_networkx(diagram.graph.nodes[0].graphs[0])
    assert isinstance(view, networkx.MultiDiGraph)
    names = {data["box"].name: node for node, data in view.nodes(data=True) if "box" in data}
    assert set(names) == {"linear", "relu", "concat"}
    assert view.nodes[names["linear"]]["label"] == "q"
    assert view.nodes[names["linear"]]["effect"] == "pure"
    assert view.nodes[names["linear"]]["family"] == "linear"
    edges = {(a, b, d["source"], d["target"], str(d["wire"])) for a, b, d in view.edges(data=True)}
    assert edges == {
        (("in", 0), names["linear"], 0, 0, "R[3]"),
        (("in", 1), names["relu"], 0, 0, "R[4]"),
        (names["relu"], names["concat"], 0, 0, "R[4]"),
        (names["linear"], names["concat"], 0, 1, "R[3]"),
        (names["concat"], ("out", 0), 0, 0, "R[7]"),
        (names["linear"], ("out", 1), 0, 0, "R[3]"),
    }
    assert networkx.is_directed_acyclic_graph(view)
    assert view.graph["type"] == "R[3] @ R[4] -> R[7] @ R[3]"


def test_networkx_tells_output_ports_apart() -> None:
    view = (catnet.chunk(2) >> swap).to_networkx()
    ports = {(b, d["source"]) for a, b, d in view.edges(data=True) if a == 0}
    assert ports == {(("out", 0), 1), (("out", 1), 0)}


def test_twenty_thousand_compositions_in_a_loop() -> None:
    def chain(count: int) -> Diagram:
        diagram: Diagram = linear(8)
        for _ in range(count):
            diagram = diagram >> relu
        return diagram

    long = chain(20_000)
    assert long.type == "R[...s, d] -> R[...s, 8]"
    assert len(long.graph.nodes) == 20_001
    assert repr(long).count(">>") == 20_000
    again = functools.reduce(operator.rshift, [linear(8), *[relu] * 20_000])
    assert long == again
    assert hash(long) == hash(again)
    assert long != chain(19_999)


@pytest.mark.parametrize("join", [operator.rshift, operator.matmul, operator.add, operator.mul])
def test_nothing_is_too_deep_on_the_left(join: object) -> None:
    diagram = functools.reduce(join, [relu] * 2_000)  # type: ignore[arg-type]
    assert len(diagram.graph.nodes) >= 2_000
    assert diagram == functools.reduce(join, [relu] * 2_000)  # type: ignore[arg-type]
    assert repr(diagram).count("relu") == 2_000


@pytest.mark.parametrize("depth", [500, 200_000])
def test_deep_on_the_right_works_or_is_refused(depth: int) -> None:
    diagram: Diagram = relu
    for _ in range(depth):
        diagram = tanh + diagram
    if depth == 500:
        assert len(diagram.graph.nodes) == 2 * depth + 1
        assert repr(diagram).count("tanh") == depth
        return
    with pytest.raises(CatnetError, match="E0218"):
        _ = diagram.graph
    with pytest.raises(CatnetError, match="E0218"):
        repr(diagram)


@pytest.mark.slow
def test_python_cannot_double_its_way_past_the_budget() -> None:
    diagram: Diagram = linear(4)
    for _ in range(40):
        diagram = diagram >> diagram
    with pytest.raises(CatnetError, match="E0218"):
        _ = diagram.graph


@pytest.mark.parametrize("text", ["each(copy) ^ 60 >> drop", "(id, id) ^ 60 >> drop", "copy(1000000000) >> drop"])
def test_wires_cannot_double_past_the_budget(text: str) -> None:
    with pytest.raises(CatnetError, match="E0218"):
        _ = catnet.parse(text).graph


def test_equality_over_budget_is_answered() -> None:
    assert linear(8) ** 1_000_000 == linear(8) ** 1_000_000
    assert linear(8) ** 1_000_000 != linear(8) ** 1_000_001
    assert hash(relu**1_000_000) == hash(relu**1_000_000)
    doubled = "net a0 : R[4] -> R[4] = relu\n" + "".join(
        f"net a{i + 1} : R[4] -> R[4] = a{i} >> a{i}\n" for i in range(40)
    )
    left, right = (Program.from_text(doubled)["a40"]().normal_form for _ in range(2))
    assert left == right
    assert left != Program.from_text(doubled)["a39"]().normal_form


def test_types_are_the_most_general() -> None:
    assert relu.type == "R[...s] -> R[...s]"
    assert (linear(256) >> relu).type == "R[...s, d] -> R[...s, 256]"
    assert swap.type == "X @ Y -> Y @ X"
    assert fan(linear(2), id).type == "R[...s, d] -> R[...s, 2] @ R[...s, d]"
    assert terms.Tensor(()).type == "() -> ()" or terms.Tensor(()).graph.inputs == ()


def test_a_wrong_diagram_tells_all_its_mistakes() -> None:
    wrong = (linear(3) @ linear(4)) >> catnet.add
    with pytest.raises(CatnetError) as caught:
        _ = wrong.graph
    assert [d.code for d in caught.value.diagnostics] == ["E0203"]
    with pytest.raises(CatnetError):
        _ = wrong == wrong >> id
