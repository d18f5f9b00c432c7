"""The order of products: chains of matrices, and sums of products by names."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from catnet.analysis.cost import flops
from catnet.rewrite.chain import Reassociation, cheapest
from catnet.rewrite.contraction import ContractionOrder
from tests.rewrite.equality import apart, boxes, by, equal, graph_of_net, modules, reals, reasons, results

LINEAR = """net f : (q: R[t, d], k: R[t, d], v: R[t, d]) -> R[t, d] {
    s = (q, k >> rearrange("t c -> c t")) >> matmul >> scale(0.5)
    return (s, v) >> matmul
}
"""
NAMED = """net f : (q: R[h, t, d], k: R[h, t, d], v: R[h, t, e]) -> R[h, t, e] {
    s = (q, k) >> einsum("h i d, h j d -> h i j") >> scale(0.5)
    return (s, v) >> SECOND
}
"""


def cost(tree: object, sizes: list[int]) -> tuple[int, int, int]:
    """Multiplications of a bracketing, and the first and last matrix of it."""
    if isinstance(tree, int):
        return 0, tree, tree
    assert isinstance(tree, tuple)
    (a, first, cut), (b, _, last) = cost(tree[0], sizes), cost(tree[1], sizes)
    return a + b + sizes[first] * sizes[cut + 1] * sizes[last + 1], first, last


def every(first: int, last: int) -> list[object]:
    """All bracketings of the matrices from first to last."""
    if first == last:
        return [first]
    return [(a, b) for cut in range(first, last) for a in every(first, cut) for b in every(cut + 1, last)]


@given(st.lists(st.integers(1, 9), min_size=3, max_size=7))
def test_the_cheapest_bracketing_is_the_cheapest(sizes: list[int]) -> None:
    best = min(cost(tree, sizes)[0] for tree in every(0, len(sizes) - 2))
    assert cost(cheapest(sizes), sizes)[0] == best


@st.composite
def brackets(draw: DrawFn, first: int, last: int) -> str:
    """A chain of products in any bracketing, with factors here and there."""
    if first == last:
        return f"a{first}"
    cut = draw(st.integers(first, last - 1))
    left, right = draw(brackets(first, cut)), draw(brackets(cut + 1, last))
    factor = draw(st.sampled_from(["", "", " >> scale(0.5)", " >> scale(-2.0)"]))
    return f"(({left}) @ ({right}) >> matmul{factor})"


@settings(max_examples=40)
@given(st.lists(st.integers(1, 6), min_size=4, max_size=6).flatmap(
    lambda sizes: st.tuples(st.just(sizes), brackets(0, len(sizes) - 2))), st.sampled_from([(), (2,)]))  # fmt: skip
def test_a_chain_in_any_order(case: tuple[list[int], str], batch: tuple[int, ...]) -> None:
    sizes, body = case
    wires = ", ".join(f"a{i}: R[{a}, {b}]" for i, (a, b) in enumerate(pairwise(sizes)))
    literal = graph_of_net(f"net f : ({wires}) -> R[{sizes[0]}, {sizes[-1]}] {{ return {body} }}")
    found = by(Reassociation, literal)
    assert flops(found.graph).value <= flops(literal).value  # type: ignore[operator]
    equal(literal, found.graph, reals(list(pairwise(sizes)), batch))


def test_long_attention_without_softmax_is_linear() -> None:
    literal = graph_of_net(LINEAR)
    found = by(Reassociation, literal, t=100, d=10)
    (applied,) = found.applied
    assert str(applied.after.flops) == "4*d^2*t + d*t"
    equal(literal, found.graph, reals([(20, 3)] * 3))
    left = by(Reassociation, literal, t=10, d=100)
    assert left.applied == ()
    assert left.graph is literal
    assert "t <= d: it would cost 1.1 times the FLOPs" in reasons(left) or "cheapest" in reasons(left)


def test_sizes_that_are_not_known_are_named() -> None:
    found = by(Reassociation, graph_of_net(LINEAR))
    assert found.applied == ()
    assert "it pays where t > d" in reasons(found)
    assert "t > 64" in reasons(by(Reassociation, graph_of_net(LINEAR, d=64)))


def test_a_where_clause_decides() -> None:
    known = LINEAR.replace("-> R[t, d] {", "-> R[t, d] where t > d {", 1)
    assert len(by(Reassociation, graph_of_net(known)).applied) == 1


@pytest.mark.parametrize("second", ['einsum("h i j, h j e -> h i e")', 'einsum("i j, j e -> i e")', "matmul"])
def test_named_attention_without_softmax(second: str) -> None:
    literal = graph_of_net(NAMED.replace("SECOND", second))
    found = by(ContractionOrder, literal, t=64, d=8, e=8, h=2)
    if second.startswith('einsum("i j'):
        assert found.applied == ()  # the names of the two do not meet
        return
    if second == "matmul":
        assert found.applied == ()
        return
    assert len(found.applied) == 1
    equal(literal, found.graph, reals([(2, 9, 3), (2, 9, 3), (2, 9, 4)], (2,)))
    assert by(ContractionOrder, literal, t=4, d=64, e=64, h=2).applied == ()


def test_a_product_that_is_used_elsewhere_stays() -> None:
    text = LINEAR.replace("-> R[t, d] {", "-> R[t, d] @ R[t, t] {").replace(">> matmul\n}", ">> matmul, s\n}")
    text = text.replace("return (s, v) >> matmul, s", "return ((s, v) >> matmul, s)")
    assert by(Reassociation, graph_of_net(text), t=100, d=10).applied == ()


def test_an_effect_between_stays() -> None:
    text = LINEAR.replace(">> scale(0.5)", ">> dropout(0.5)")
    assert by(Reassociation, graph_of_net(text), t=100, d=10).applied == ()


@st.composite
def networks(draw: DrawFn) -> tuple[list[str], str]:
    """The names of three to five wires, and of a result."""
    wires = []
    for _ in range(draw(st.integers(3, 5))):
        names = draw(st.lists(st.sampled_from("abcde"), min_size=0, max_size=3, unique=True))
        wires.append(" ".join(names))
    used = sorted({n for wire in wires for n in wire.split()})
    result = draw(st.permutations(used))[: draw(st.integers(0, len(used)))] if used else []
    return wires, " ".join(result)


@settings(max_examples=40)
@given(networks(), st.lists(st.integers(1, 5), min_size=5, max_size=5), st.sampled_from([(), (2,)]))
def test_sums_of_products_in_the_cheapest_order(
    network: tuple[list[str], str], numbers: list[int], batch: tuple[int, ...]
) -> None:
    wires, result = network
    sizes = dict(zip("abcde", numbers, strict=True))

    def shape(names: str) -> tuple[int, ...]:
        return tuple(sizes[n] for n in names.split())

    def wire(names: str) -> str:
        return f"R[{', '.join(map(str, shape(names)))}]" if names else "R"

    pattern = f"{', '.join(wires)} -> {result}"
    text = f'net f : {" @ ".join(map(wire, wires))} -> {wire(result)} = einsum("{pattern}")'
    literal = graph_of_net(text)
    found = by(ContractionOrder, literal)
    assert flops(found.graph).value <= flops(literal).value  # type: ignore[operator]
    assert not found.applied or boxes(found.graph) == ["einsum"] * (len(wires) - 1)
    one, two = modules(literal, found.graph)
    inputs = reals([shape(w) for w in wires], batch)
    scale = math.prod(x.norm().item() + 1 for x in inputs)  # sums may cancel
    ours, theirs = ([y / scale for y in results(m, inputs)] for m in (two, one))
    assert max((a - b).abs().max().item() for a, b in zip(ours, theirs, strict=True)) < 1e-12


def test_weights_without_batch_axes_keep_their_place() -> None:
    text = """net f : (x: R[8, 3]) -> R[8, 5] {
        u = u: parameter((3, 20))
        v = v: parameter((20, 5))
        return (x, u, v) >> einsum("t a, a b, b c -> t c")
    }
    """
    literal = graph_of_net(text)
    found = by(ContractionOrder, literal)
    assert len(found.applied) == 1
    one, two = modules(literal, found.graph)
    assert list(one.state_dict()) == ["u", "v"]
    assert apart(results(one, reals([(8, 3)], (4,))), results(two, reals([(8, 3)], (4,)))) < 1e-12


def test_too_many_wires_are_left() -> None:
    names = [f"a{i}" for i in range(11)]
    pattern = ", ".join(f"{a} {b}" for a, b in pairwise(names)) + " -> a0 a10"
    text = f'net f : {" @ ".join(["R[2, 2]"] * 10)} -> R[2, 2] = einsum("{pattern}")'
    assert "too many" in reasons(by(ContractionOrder, graph_of_net(text)))
