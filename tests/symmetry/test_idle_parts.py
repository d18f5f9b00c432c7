"""Parts of a representation that no map reads or reaches: warnings that name them, and the zeros that come out."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch

from catnet.elaborate.program import Program
from catnet.symmetry.error_measure import error

HEAD = """
group G = O(3)
group Q = C(4)
rep I = 4*trivial(G)
rep V = 4*trivial(G) + 2*vector(G)
rep W = 10*I + 20*vector(G)  # too large for one assembled matrix
rep J = trivial(Q) + irrep(Q, 1)
rep K = 2*trivial(Q) + sign(Q, "r")
"""
ZERO, CONSTANT = "by 0 alone", "by its bias alone"


class Case(NamedTuple):
    """The shapes of the inputs, what is told (code, part, words), and the entries that come out 0 or constant."""

    shapes: list[tuple[int, ...]]
    told: list[tuple[str, str, str]]
    idle: slice | None


CASES = {
    "R[n, I] -> R[n, V] = linear(V)": Case([(7, 4)], [("E0748", "vector(O(3))", ZERO)], slice(4, 10)),
    "R[n, 2*vector(G)] -> R[n, V] = linear(V)": Case([(7, 6)], [("E0748", "trivial(O(3))", CONSTANT)], slice(0, 4)),
    "R[n, 2*vector(G)] -> R[n, V] = linear(V, bias = false)": Case(
        [(7, 6)], [("E0748", "trivial(O(3))", ZERO)], slice(0, 4)
    ),
    "R[n, 100*I] -> R[n, W] = linear(W)": Case([(7, 400)], [("E0748", "vector(O(3))", ZERO)], slice(40, 100)),
    "R[n, V + sign(G)] -> R[n, V] = linear(V)": Case([(7, 11)], [("E0747", "sign(O(3))", "reads nothing")], None),
    'R[n, I + sign(G)] @ R[n, trivial(G) + irrep(G, 2, "e")] -> R[n, V] = tensor_product(V)': Case(
        [(7, 5), (7, 6)],
        [("E0747", "sign(O(3))`, `irrep(O(3), 2", "reads nothing"), ("E0748", "vector(O(3))", ZERO)],
        slice(4, 10),
    ),
    'R[n, V] @ R[n, trivial(G)] -> R[n, I] = tensor_product(I, "channel")': Case(
        [(7, 10), (7, 1)], [("E0747", "vector(O(3))", "reads nothing")], None
    ),
    "R[J, h, w] -> R[K, h, w] where h == w = conv(K, 1)": Case(
        [(7, 3, 5, 5)], [("E0747", "irrep(C(4), 1)", "reads nothing"), ("E0748", "sign(C(4)", ZERO)], slice(2, 3)
    ),
}


def program(net: str) -> str:
    claim = "Q on (h, w)" if "h, w" in net else "G"
    return f"{HEAD}net f : {net.replace(' = ', f' under {claim} = ', 1)}\n"


@pytest.mark.parametrize("net", CASES)
def test_idle_parts_are_named(net: str) -> None:
    found = Program.from_text(program(net)).check()
    assert len(found) == len(CASES[net].told)
    for diagnostic, (code, part, words) in zip(found, CASES[net].told, strict=True):
        assert (diagnostic.code, diagnostic.severity) == (code, "warning")
        assert part in diagnostic.message
        assert words in diagnostic.message
        assert diagnostic.span is not None
        assert diagnostic.span.text == net.split(" = ", 1)[1]


@pytest.mark.parametrize("net", CASES)
@torch.no_grad()
def test_what_comes_out(net: str) -> None:
    torch.manual_seed(0)
    shapes, told, idle = CASES[net]
    module = Program.from_text(program(net))["f"]().compile().double().eval()
    assert error(module).largest < 1e-12
    inputs = [torch.randn(*shape, dtype=torch.float64) for shape in shapes]
    y = module(*inputs)
    entries = torch.arange(y.shape[1])
    still = torch.isin(entries, entries[idle] if idle else entries[:0])
    assert torch.equal(y[:, still], module(*(2 * x for x in inputs))[:, still])
    constant = any(words == CONSTANT for *_, words in told)
    alive = (y != 0).transpose(0, 1).flatten(1).all(1)
    assert torch.equal(alive, ~still | constant)
