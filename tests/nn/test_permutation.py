"""Maps between tensors over a set against their definition by sums of delta functions."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from catnet.nn import PermutationLinear, set_partitions

ORDERS = [(k, m) for k in range(4) for m in range(4) if k + m <= 5]


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def move(x: Tensor, order: int, places: Tensor) -> Tensor:
    """Permute the axes that stand for the set: after one batch axis."""
    for axis in range(1, order + 1):
        x = x.index_select(axis, places)
    return x


def delta(blocks: tuple[tuple[int, ...], ...], legs: int, n: int) -> Tensor:
    """1 where all indices of each block agree."""
    found = torch.zeros([n] * legs, dtype=torch.float64)
    for index in itertools.product(range(n), repeat=legs):
        found[index] = all(len({index[leg] for leg in block}) == 1 for block in blocks)
    return found


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
@pytest.mark.parametrize(("order_in", "order_out"), ORDERS)
def test_maps_are_equivariant(order_in: int, order_out: int, dtype: torch.dtype, bound: float) -> None:
    layer, n = PermutationLinear(order_in, order_out, 3, 4).to(dtype), 6
    x = random(2, *[n] * order_in, 3).to(dtype)
    y = layer(x, n)
    assert y.shape == (2, *[n] * order_out, 4)
    for seed in range(3):
        places = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
        after = move(y, order_out, places)
        assert (layer(move(x, order_in, places), n) - after).norm() / after.norm() < bound


@pytest.mark.parametrize("n", [1, 2, 4])
@pytest.mark.parametrize(("order_in", "order_out"), ORDERS)
def test_maps_are_their_diagrams(order_in: int, order_out: int, n: int) -> None:
    layer = PermutationLinear(order_in, order_out, 2, 3).double()
    x = random(2, *[n] * order_in, 2)
    expected = torch.zeros(2, n**order_out, 3, dtype=torch.float64)
    for diagram, weight in zip(layer.diagrams, layer.weight, strict=True):
        means = sum(min(block) >= order_out for block in diagram)
        matrix = delta(diagram, order_in + order_out, n).reshape(n**order_out, n**order_in) / n**means
        expected = expected + matrix @ (x.reshape(2, -1, 2) @ weight)
    for pattern, bias in zip(set_partitions(order_out), layer.bias, strict=True):
        expected = expected + delta(pattern, order_out, n).reshape(-1, 1) * bias
    assert torch.allclose(layer(x, n).reshape(2, -1, 3), expected, rtol=0, atol=1e-13)


def test_sets_and_pairs_by_hand() -> None:
    sets = PermutationLinear(1, 1, 3, 4).double()
    x = random(2, 5, 3)
    assert sets.diagrams == [((0, 1),), ((0,), (1,))]
    expected = x @ sets.weight[0] + x.mean(1, keepdim=True) @ sets.weight[1] + sets.bias[0]
    assert torch.allclose(sets(x), expected, rtol=0, atol=1e-14)
    transpose = PermutationLinear(2, 2, 3, 4, bias=False, diagrams=[((0, 3), (1, 2))]).double()
    x = random(2, 5, 5, 3)
    assert torch.allclose(transpose(x), x.transpose(1, 2) @ transpose.weight[0], rtol=0, atol=1e-14)
    diagonal = PermutationLinear(1, 2, 3, 4, bias=False, diagrams=[((0, 1, 2),)]).double()
    x = random(5, 3)
    expected = torch.diag_embed((x @ diagonal.weight[0]).T).permute(1, 2, 0)
    assert torch.equal(diagonal(x), expected)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("order_in", "order_out"), [(1, 1), (2, 2), (1, 3), (2, 0)])
def test_gradients(order_in: int, order_out: int, bias: bool) -> None:
    layer = PermutationLinear(order_in, order_out, 2, 2, bias).double()
    x = random(*[3] * order_in, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, *_: layer(x), (x, *layer.parameters()))


def test_bell_numbers_and_sizes() -> None:
    assert [len(PermutationLinear(2, order, 1, 1).diagrams) for order in range(5)] == [2, 5, 15, 52, 203]


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"end in the axes \[n, n, 3\]"):
        PermutationLinear(2, 2, 3, 4)(torch.ones(4, 5, 3))
    with pytest.raises(ValueError, match="end in the axes"):
        PermutationLinear(2, 2, 3, 4)(torch.ones(5, 3))
    with pytest.raises(ValueError, match="give `n`"):
        PermutationLinear(0, 1, 3, 4)(torch.ones(3))
    with pytest.raises(ValueError, match="no partition of the legs 0 to 1"):
        PermutationLinear(1, 1, 3, 4, diagrams=[((0,), (0, 1))])


def test_the_cost_is_linear_in_the_entries() -> None:
    # a dense map of pairs of 300 points would have 8.1e9 entries
    assert PermutationLinear(2, 2, 1, 1)(torch.ones(300, 300, 1)).shape == (300, 300, 1)
