"""The layers against the exact algebra of `catnet.symmetry`: the same bases, orders, signs and counts."""

from __future__ import annotations

import random

import pytest
import torch

from catnet.nn import (
    Intertwiner,
    IntertwinerSum,
    Irreps,
    IrrepsLinear,
    Part,
    PermutationLinear,
    TensorProduct,
    coupling,
)
from catnet.nn.fibres import named
from catnet.nn.steerable import Turns
from catnet.symmetry import C, D, Element, Group, O, Rep, S, hom, irrep, regular, trivial, vector
from catnet.symmetry.solve.dense import dense
from tests.nn.rotations import represent

LETTERS = {1: "e", -1: "o"}


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def rep(irreps: str) -> Rep:
    """The representation of O(3) that `Irreps` of the same text means."""
    parts = [block.mul * irrep(O(3), block.l, LETTERS[block.parity]) for block in Irreps(irreps)]
    return sum(parts[1:], parts[0])


@pytest.mark.parametrize("irreps", ["1x0e + 1x0o + 2x1o + 1x1e", "1x2e + 1x3o", "1x4e + 1x5e"])
def test_bases_of_irreducibles_agree(irreps: str) -> None:
    rng = random.Random(0)
    for _ in range(4):
        element = O(3).sample(rng)
        matrix = rep(irreps).matrix(element)
        assert (matrix - represent(irreps, vector(O(3)).matrix(element))).abs().max() < 1e-11


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_layers_are_equivariant_for_elements_of_the_algebra(dtype: torch.dtype, bound: float) -> None:
    torch.manual_seed(0)
    linear = IrrepsLinear("8x0e + 4x1o", "3x1o + 2x0e").to(dtype)
    product = TensorProduct("2x0e + 3x1o", "1x0e + 2x1o + 1x2e", "2x0e + 3x1o + 2x1e + 1x3o").to(dtype)
    rng = random.Random(1)
    for _ in range(5):
        g = O(3).sample(rng)
        matrices = {str(v): rep(str(v)).matrix(g) for v in (linear.irreps_in, linear.irreps_out)}
        x = draw(10, 20)
        after = linear(x.to(dtype)).double() @ matrices[str(linear.irreps_out)].T
        before = linear((x @ matrices[str(linear.irreps_in)].T).to(dtype))
        assert (before - after).norm() / after.norm() < bound
        left, right, out = (rep(str(v)).matrix(g) for v in (product.left, product.right, product.out))
        x, y = draw(10, len(left)), draw(10, len(right))
        after = product(x.to(dtype), y.to(dtype)).double() @ out.T
        before = product((x @ left.T).to(dtype), (y @ right.T).to(dtype))
        assert (before - after).norm() / after.norm() < bound


@pytest.mark.parametrize("degrees", [(1, 1, 0), (1, 1, 1), (1, 1, 2), (2, 1, 2), (2, 2, 3)])
def test_couplings_span_the_intertwiners(degrees: tuple[int, int, int]) -> None:
    a, b, c = degrees
    letters = [LETTERS[(-1) ** degree] for degree in (a, b, a + b)]
    left, right, out = (irrep(O(3), d, p) for d, p in zip(degrees, letters, strict=True))
    basis = hom(left @ right, out)
    assert basis.dimension == 1
    solved = basis.float64()[0].T.reshape(2 * a + 1, 2 * b + 1, 2 * c + 1)
    ours = coupling(*degrees)
    scale = (solved * ours).sum() / ours.square().sum()
    assert (solved - scale * ours).abs().max() / solved.abs().max() < 1e-12


def test_a_basis_as_a_layer() -> None:
    group = D(4)
    source, target = regular(group), regular(group)
    basis = hom(source, target)
    invariants = hom(trivial(group), target)
    layer = Intertwiner(basis.elements, 8, 8, 3, 2, invariants.float64().squeeze(-1)).double()
    sparse = [{i: v for (i, _), v in element.items()} for element in invariants.elements]
    other = Intertwiner(basis.float64(), 8, 8, 3, 2, sparse).double()
    other.load_state_dict(layer.state_dict())
    assert torch.equal(
        torch.cat([t.flatten() for t in layer.assemble()]), torch.cat([t.flatten() for t in other.assemble()])
    )
    assert layer.weight.shape == (3, 2, 8)
    rng, x = random.Random(0), draw(4, 16)
    for _ in range(5):
        g = group.sample(rng)
        into, out = torch.kron(torch.eye(2), source.matrix(g)), torch.kron(torch.eye(3), target.matrix(g))
        after = layer(x) @ out.T
        assert (layer(x @ into.T) - after).norm() / after.norm() < 1e-12


def test_the_parts_of_a_basis_as_a_layer() -> None:
    group = D(6)
    source = 3 * irrep(group, 1) + 2 * trivial(group) + regular(group)
    target = 2 * regular(group) + 2 * irrep(group, 1)
    basis = hom(source, target)
    parts = [
        Part(
            *(p.source_start.value, p.source_count.value, p.source.number()),
            *(p.target_start.value, p.target_count.value, p.target.number()),
            dense(p.solution.elements, p.target, p.source),
        )
        for p in basis.parts
    ]
    layer = IntertwinerSum(parts, source.number(), target.number()).double()
    assert sum(p.numel() for p in layer.parameters()) == basis.dimension
    rng, x = random.Random(0), draw(4, source.number())
    for assembled in (True, False):
        layer.dense = assembled
        for _ in range(5):
            g = group.sample(rng)
            after = layer(x) @ target.matrix(g).T
            assert (layer(x @ source.matrix(g).T) - after).norm() / after.norm() < 1e-12


@pytest.mark.parametrize(("order_in", "order_out"), [(1, 1), (2, 1), (2, 2), (1, 3)])
def test_diagrams_of_permutations_agree(order_in: int, order_out: int) -> None:
    point = vector(S(7))

    def power(order: int) -> Rep:
        return point if order == 1 else power(order - 1) @ point

    basis = hom(power(order_in), power(order_out))
    theirs = {tuple(block.legs for block in diagram.blocks) for diagram in basis.diagrams or ()}
    assert {tuple(sorted(blocks)) for blocks in theirs} == set(PermutationLinear(order_in, order_out, 1, 1).diagrams)


@pytest.mark.parametrize(("name", "group"), [("C4", C(4)), ("D4", D(4))])
def test_fibres_of_the_grid_agree(name: str, group: Group) -> None:
    one_dimensional = {"C4": {"B": 2}, "D4": {"A2": "A2", "B1": "B1", "B2": "B2"}}[name]
    pairs = {"trivial": trivial(group), "regular": regular(group), "E": irrep(group, 1)}
    pairs |= {fibre: irrep(group, label) for fibre, label in one_dimensional.items()}
    for fibre, theirs in pairs.items():
        ours = [named(name, fibre).matrix(1), named(name, fibre).matrix(0, True)]
        words = [Element(group, ((i, 1),)) for i in range(len(group.generators))]
        for word, matrix in zip(words, ours, strict=False):
            assert torch.equal(theirs.matrix(word), matrix)


@pytest.mark.parametrize("turns", [Turns(7, False), Turns(6, True)])
def test_fibres_of_finer_turns_agree(turns: Turns) -> None:
    group = D(turns.n) if turns.mirrors else C(turns.n)
    for name, theirs in {"regular": regular(group), 1: irrep(group, 1), 2: irrep(group, 2)}.items():
        for g, (turned, mirrored) in enumerate(turns.elements):
            word = Element(group, ((0, turned), (1, 1)) if mirrored else ((0, turned),))
            assert (theirs.matrix(word) - turns.matrices(name)[g]).abs().max() < 1e-12
