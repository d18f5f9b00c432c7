"""Groups, representations and bundles of hostile specs end soon, with one coded diagnostic."""

from __future__ import annotations

import time

import pytest

from catnet.elaborate.program import Program

HOSTILE = {
    "a long circle": "group G = C(100000000000000000)\nrep V = vector(G)\nnet f : R[n, V] -> R[n, V] = linear(V)\n",
    "a high degree": "rep V = irrep(SO(3), 100000)\nnet f : R[n, V] -> R[n, V] = linear(V)\n",
    "a large regular one": "rep V = regular(S(20))\nnet f : R[n, V] -> R[n, V] = linear(V)\n",
    "high powers": "rep V = vector(SO(9)) ^ 16\nnet f : R[n, V] -> R[n, V] = linear(V)\n",
    "doubled bundles": "bundle B : circle -> R[1] under O(1) { charts a, b, c  a -> b : 1  b -> c : 1  c -> a : 1 }\n"
    + "".join(f"bundle B{i} = {f'B{i - 1}' if i else 'B'} + {f'B{i - 1}' if i else 'B'}\n" for i in range(40)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_ends_soon(name: str) -> None:
    start = time.process_time()
    found = Program.from_text(HOSTILE[name]).check()
    assert time.process_time() - start < 20
    assert all(d.code and d.span is not None for d in found)
