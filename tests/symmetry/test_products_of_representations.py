"""Tensor products of representations against Clebsch-Gordan coefficients, and random compositions of all boxes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from catnet.boxes import equivariant
from catnet.nn import Irreps, intertwiner
from catnet.nn import TensorProduct as OfIrreps
from catnet.symmetry import SO, O, Rep, S, irrep, trivial, vector
from catnet.symmetry.bilinear import bilinear_maps, paths
from tests.symmetry.acted import difference
from tests.symmetry.equivariant import EXACT, error, net


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


# -- the products ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lmax", [1, 2, 3])
def test_paths_are_those_of_the_triangle_rule(lmax: int) -> None:
    natural = [irrep(O(3), degree, "eo"[degree % 2]) for degree in range(lmax + 1)]
    space = sum(natural[1:], natural[0])
    text = Irreps([(1, degree, (-1) ** degree) for degree in range(lmax + 1)])
    assert paths(space, space, space) == OfIrreps(text, text, text).weights
    proper = [irrep(SO(3), degree) for degree in range(lmax + 1)]
    space = sum(proper[1:], proper[0])
    text = Irreps([(1, degree, 1) for degree in range(lmax + 1)])
    assert paths(space, space, space) == OfIrreps(text, text, text).weights


@pytest.mark.parametrize("mixing", ["full", "channel"])
def test_a_tensor_product_is_that_of_clebsch_and_gordan(mixing: Any) -> None:
    """Path by path the same map, up to the sign of the coupling."""
    space = 2 * trivial(O(3)) + 2 * irrep(O(3), 1, "o") + 2 * irrep(O(3), 2, "e")
    text = str(space)
    from catnet.torch.layers import tensor_product

    ours = tensor_product(text, text, text, mixing).double()
    theirs = OfIrreps("2x0e + 2x1o + 2x2e", "2x0e + 2x1o + 2x2e", "2x0e + 2x1o + 2x2e", mixing).double()
    assert ours.paths == theirs.paths
    x, y = torch.randn(2, 3, 18, dtype=torch.float64).unbind()
    start = 0
    for size in ours.sizes:
        with torch.no_grad():
            for layer in (ours, theirs):
                assert layer.weight is not None
                layer.weight.zero_()[start : start + size] = torch.arange(1.0, size + 1.0)
            a, b = ours(x, y), theirs(x, y)
            assert min(difference(a, b), difference(a, -b)) < EXACT
            assert float(a.abs().max()) > 1e-3
        start += size


def test_the_outputs_of_a_tensor_product_have_the_variance_of_its_inputs() -> None:
    from catnet.torch.layers import tensor_product

    torch.manual_seed(0)
    text = "16*trivial(O(3)) + 16*vector(O(3))"
    with torch.no_grad():
        found = [tensor_product(text, text, text)(*torch.randn(2, 500, 64)).square().mean() for _ in range(5)]
    assert 0.8 < float(torch.stack(found).mean()) < 1.25


def test_all_intertwiners_are_reached() -> None:
    """The weights of a tensor product are the coordinates of all of Hom(V * V, W): no bilinear map is left out."""
    V, W = trivial(S(3)) + 2 * vector(S(3)), vector(S(3)) + trivial(S(3))
    from catnet.symmetry import hom

    assert bilinear_maps(V, V, W).weights == hom(V @ V, W).dimension


def test_the_form_of_a_small_map_is_that_of_the_layer() -> None:
    assert equivariant.SMALL == intertwiner.SMALL


# -- compositions ------------------------------------------------------------------------------------------------------

BLOCKS: list[Rep] = [trivial(O(3)), vector(O(3)), irrep(O(3), 1, "e"), irrep(O(3), 2, "e"), irrep(O(3), 0, "o")]


@st.composite
def spaces(draw: st.DrawFn) -> Rep:
    """Sums that every linear map reaches: all have invariants and vectors."""
    rep = draw(st.integers(2, 4)) * BLOCKS[0] + draw(st.integers(1, 2)) * BLOCKS[1]
    for block in draw(st.lists(st.sampled_from(BLOCKS[2:]), max_size=2, unique_by=str)):
        rep = rep + draw(st.integers(1, 2)) * block
    return rep


def count(rep: Rep) -> int:
    return sum(number.value or 0 for number, _ in rep.blocks)


def within(a: Rep, b: Rep) -> bool:
    """Whether every summand of one is one of the other."""
    return {str(part) for _, part in a.blocks} <= {str(part) for _, part in b.blocks}


@st.composite
def chains(draw: st.DrawFn) -> tuple[Rep, Rep, str]:
    """A chain of equivariant boxes, what it takes and what it gives."""
    first = space = draw(spaces())
    steps: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(
            st.sampled_from(["linear", "gate", "norm", "activation", "layer_norm", "product", "residual", "join"])
        )
        if kind == "linear":
            target = draw(spaces())
            steps.append(f"linear({target})" if within(target, space) else "id")
            space = target if within(target, space) else space
        elif kind == "gate":
            steps.append(f"((linear({count(space)}*trivial(O)) >> sigmoid, id) >> gate)")
        elif kind == "norm":
            steps.append(f"(norm >> tanh >> linear({count(space)}), id) >> gate")
        elif kind == "activation":
            steps.append(draw(st.sampled_from(['norm_activation("tanh")', "norm_activation", "id - norm_activation"])))
        elif kind == "layer_norm":
            steps.append("equivariant_norm")
        elif kind == "residual":
            steps.append(f"(id + linear({space}))")
        elif kind == "join":
            steps.append("((id, id) >> concat)")
            space = space + space
        else:
            target = draw(spaces())
            reached = {c.out for c in bilinear_maps(space, space, target).couplings}
            if len(reached) == len(target.blocks):
                steps.append(f"((id, id) >> tensor_product({target}))")
                space = target
    return first, space, " >> ".join(f"({step})" for step in steps) or "id"


@given(chains())
def test_random_compositions_commute(chain: tuple[Rep, Rep, str]) -> None:
    first, last, body = chain
    diagram = net(f"R[n, {first}] -> R[n, {last}] under O, S(n) on n", body)
    assert error(diagram, torch.float64, draws=2) < EXACT
