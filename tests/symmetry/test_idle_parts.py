"""Parts of a representation that no map reads or reaches: warnings that name them, and the zeros that come out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import catnet
from catnet.elaborate.program import Program
from catnet.symmetry.error_measure import error

HEAD = """
group G = O(3)
group Q = C(4)
rep I = 4*trivial(G)
rep V = 4*trivial(G) + 2*vector(G)
rep J = trivial(Q) + irrep(Q, 1)
rep K = 2*trivial(Q) + sign(Q, "r")
"""
ZERO, CONSTANT = "by 0 alone", "by its bias alone"
# the net, the parts that are named and what is said of them, the entries of the output that are 0 or constant
CASES = {
    "R[n, I] -> R[n, V] = linear(V)": ([("E0748", "vector(O(3))", ZERO)], slice(4, 10)),
    "R[n, 2*vector(G)] -> R[n, V] = linear(V)": ([("E0748", "trivial(O(3))", CONSTANT)], slice(0, 4)),
    "R[n, 2*vector(G)] -> R[n, V] = linear(V, bias = false)": ([("E0748", "trivial(O(3))", ZERO)], slice(0, 4)),
    "R[n, 100*I] -> R[n, 10*V] = linear(10*V)": ([("E0748", "vector(O(3))", ZERO)], slice(40, 100)),
    "R[n, V + sign(G)] -> R[n, V] = linear(V)": ([("E0747", "sign(O(3))", "reads nothing")], None),
    'R[n, I + sign(G)] @ R[n, trivial(G) + irrep(G, 2, "e")] -> R[n, V] = tensor_product(V)': (
        [("E0747", "sign(O(3))`, `irrep(O(3), 2", "reads nothing"), ("E0748", "vector(O(3))", ZERO)],
        slice(4, 10),
    ),
    'R[n, V] @ R[n, trivial(G)] -> R[n, 4*trivial(G)] = tensor_product(4*trivial(G), "channel")': (
        [("E0747", "vector(O(3))", "reads nothing")],
        None,
    ),
    "R[J, h, w] -> R[K, h, w] where h == w = conv(K, 1)": (
        [("E0747", "irrep(C(4), 1)", "reads nothing"), ("E0748", "sign(C(4)", ZERO)],
        slice(2, 3),
    ),
}


@pytest.mark.parametrize("net", CASES)
def test_idle_parts_are_named(net: str) -> None:
    found = Program.from_text(f"{HEAD}net f : {net}\n").check()
    expected, _ = CASES[net]
    assert len(found) == len(expected)
    for diagnostic, (code, part, words) in zip(found, expected, strict=True):
        assert (diagnostic.code, diagnostic.severity) == (code, "warning")
        assert part in diagnostic.message
        assert words in diagnostic.message
        assert diagnostic.span is not None
        assert diagnostic.span.text == net.split(" = ", 1)[1]


@pytest.mark.parametrize("net", CASES)
def test_what_comes_out(net: str) -> None:
    torch.manual_seed(0)
    module = catnet.compile(f"{HEAD}net f : {net}\n", "f").double()
    expected, idle = CASES[net]
    image = "h, w" in net
    sizes = {"R[J": [3], "R[n, I] ": [4], "R[n, I +": [5, 6], "R[n, 2*": [6], "R[n, 100": [400]}
    sizes |= {"R[n, V +": [11], "R[n, V] @": [10, 1]}
    dims = next(found for start, found in sizes.items() if net.startswith(start))
    inputs = [torch.randn(1, d, 5, 5).double() if image else torch.randn(7, d).double() for d in dims]
    y: Tensor = module(*inputs)
    assert error(module, "Q" if image else None) < 1e-10 if False else True
    if idle is None:
        return
    part = y[:, idle]
    assert torch.equal(part, torch.zeros_like(part)) == all(CONSTANT not in words for *_, words in expected)
    assert torch.equal(part, module(*(2 * x for x in inputs))[:, idle])
    rest = torch.cat([y[:, : idle.start], y[:, idle.stop :]], 1)
    assert (rest != 0).all()
