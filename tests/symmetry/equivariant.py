"""Nets of boxes between representations, and how far one is from commuting with what is proved of it."""

from __future__ import annotations

import random
import re
from typing import Any

import torch

from catnet.elaborate.proving import proofs
from tests.boxes.helpers import program
from tests.symmetry.acted import difference, moved_by, sizes_of

EXACT, SINGLE = 1e-12, 1e-6

HEAD = """
group O = O(3)
group R = SO(3)
group L = SO(1, 3)
group C = C(4)
rep V = 4*trivial(O) + 2*vector(O)
rep Y = trivial(O) + irrep(O, 1, "o") + irrep(O, 2, "e")
rep W = 3*trivial(O) + 2*sign(O) + 2*irrep(O, 1, "e") + vector(O) + irrep(O, 3, "o")
rep U = 3*trivial(O) + 2*irrep(O, 1, "e") + vector(O) + irrep(O, 3, "o")
rep F = 2*trivial(C) + 2*regular(C) + irrep(C, 1)
rep P = 2*trivial(S(3)) + vector(S(3)) + sign(S(3))
net tokens(k) : R[n, p] -> R[n, k] under S(n) on n =
    linear(9) >> id + (mean(over = n) >> repeat("d -> n d", n = n)) >> tanh >> linear(k)
net total(k) : R[n, p] -> R[k] under S(n) on n = linear(9) >> tanh >> sum(over = n) >> linear(k)
"""

EQUIVARIANT = [
    ("R[n, V] -> R[n, V] under O, S(n) on n", f'norm_activation("{phi}")')
    for phi in ("sigmoid", "tanh", "relu", "silu", "gelu", "softplus")
] + [
    ("R[n, V] -> R[n, 6*trivial(O)] under O, S(n) on n", "norm"),
    ("R[n, W] -> R[n, 9*trivial(O)] under O, S(n) on n", "norm"),
    ("R[n, F] -> R[n, 5*trivial(C)] under C, S(n) on n", "norm"),
    ("R[n, W] -> R[n, W] under O, S(n) on n", "norm_activation"),
    ("R[n, P] -> R[n, P] under S(3), C(n) on n", 'norm_activation("silu", bias = false)'),
    ("R[n, W] -> R[n, W] under O, S(n) on n", "equivariant_norm"),
    ("R[n, F] -> R[n, F] under C, S(n) on n", "equivariant_norm"),
    ("R[n, W] -> R[n, W] under O, S(n) on n", "(linear(9*trivial(O)) >> sigmoid, id) >> gate"),
    ("R[n, W] -> R[n, W] under O, S(n) on n", "(norm >> linear(9) >> tanh, id) >> gate"),
    ("R[n, 2*vector(L)] -> R[n, 2*vector(L)] under L, S(n) on n",
     "((id, id) >> tensor_product(2*trivial(L)) >> tanh, id) >> gate"),
    ("R[n, V] @ R[n, Y] -> R[n, U] under O, S(n) on n", "(id @ copy) >> (tensor_product(V) @ id) >> tensor_product(U)"),
    ("R[n, V] @ R[n, Y] -> R[n, 4*trivial(O) + 2*vector(O)] under O, S(n) on n", 'tensor_product(V, "channel")'),
    ("R[n, V] @ R[n, V] @ R[n, 112] -> R[n, V] under O, S(n) on n", "tensor_product(V, shared = false)"),
    ("R[n, V] @ R[n, Y] @ R[n, 8*trivial(O)] -> R[n, V] under O, S(n) on n",
     'tensor_product(V, "channel", shared = false)'),
    ("R[n, vector(R)] @ R[n, vector(R)] -> R[n, trivial(R) + vector(R) + irrep(R, 2)] under R, S(n) on n",
     "tensor_product(trivial(R) + vector(R) + irrep(R, 2))"),
    ("R[n, F] @ R[n, F] -> R[n, F] under C, S(n) on n", "tensor_product(F)"),
    ("R[n, P] @ R[n, P] -> R[n, P] under S(3), S(n) on n", "tensor_product(P)"),
    ("R[n, vector(L)] @ R[n, vector(L)] -> R[n, trivial(L) + sym2(vector(L))] under L",
     "tensor_product(trivial(L) + sym2(vector(L)))"),
    ("R[n, vector(O)] -> R[n, Y] under O, S(n) on n", "spherical_harmonics(2)"),
    ('R[n, vector(O)] -> R[n, Y] under O, S(n) on n', 'spherical_harmonics(2, "norm", solid = true)'),
    ("R[n, vector(R)] -> R[n, trivial(R) + irrep(R, 1) + irrep(R, 2) + irrep(R, 3)] under R, S(n) on n",
     "spherical_harmonics(3)"),
    ("R[n, vector(O)] -> R[n, n, vector(O)] under O, S(n) on n", "pairs >> sub"),
    ("R[n, d] -> R[n, n, 2*d] under S(n) on n", "pairs >> concat"),
    ("R[n, m, d] -> R[n, n, m, d] under S(n) on n, S(m) on m", "pairs(n) >> mul"),
    ("R[n, n] -> R[n, n, 5] under S(n) on n", "abs >> radial_basis(5, cutoff = 2.0)"),
    ("R[n] -> R[n, 5] under S(n) on n", 'radial_basis(5, cutoff = 2.0, kind = "gaussian")'),
    ("R[n, d] -> R[n, n, 3*trivial(O)] under S(n) on n", "linear(3) >> invariant(O) >> pairs >> add"),
    ("R[n, n, c] -> R[n, n, 4] under S(n) on n", "permutation_linear(4)"),
    ("R[n, n, c] -> R[n, n, 4] under C(n) on n", "permutation_linear(4) >> relu >> permutation_linear(4)"),
    ("R[n, n, c] -> R[4] under S(n) on n", "permutation_linear(4, 2, 0)"),
    ("R[m, n, c] -> R[m, n, n, 4] under S(n) on n, S(m) on m", "permutation_linear(4, 1, 2)"),
    ("R[n, regular(D(3))] -> R[n, irrep(D(3), 1)] under D(3), S(n) on n", "symmetrise(tokens(2), irrep(D(3), 1))"),
    ("R[n, vector(S(3))] -> R[3*trivial(S(3))] under S(3), S(n) on n", "symmetrise(total(3), 3*trivial(S(3)))"),
    ("R[3, irrep(C, 1)] -> R[2, F] under C",
     'symmetrise(rearrange("c d -> (c d)") >> linear(24) >> relu >> rearrange("(a b) -> a b", a = 2), F)'),
    ("R[n, vector(O)] -> R[5*trivial(O)] under O, S(n) on n", "canonicalise(total(5), 5*trivial(O))"),
    ("R[n, vector(R)] -> R[n, 2*vector(R)] under R, S(n) on n", "canonicalise(tokens(6), 2*vector(R))"),
    ("R[n, vector(O)] -> R[n, vector(O)] under O, S(n) on n",
     "canonicalise(tokens(3), vector(O)) >> linear(vector(O))"),
    ("R[n, n, n, c] -> R[n, 4] under S(n) on n", "permutation_linear(4, 3, 1, bias = false)"),
]  # fmt: skip
SIZES = {"n": 4, "m": 3, "d": 2, "c": 2}


def net(signature: str, body: str) -> Any:
    """The diagram of a net with numbers for its sizes."""
    used = {name: size for name, size in SIZES.items() if re.search(rf"\b{name}\b", signature.partition(" under ")[0])}
    return program(f"{HEAD}\nnet f : {signature} = {body}")["f"](**used)


def error(diagram: Any, dtype: torch.dtype, draws: int = 4) -> float:
    """The greatest error over all groups that are proved and sampled elements, relative to the greatest output."""
    torch.manual_seed(0)
    module, worst = diagram.compile().to(dtype), 0.0
    x = [torch.randn(*[2, *sizes_of(wire)], dtype=dtype) for wire in diagram.graph.dom]
    found = proofs(diagram)
    assert [proof.word for proof in found] == ["proved"] * len(found)
    with torch.no_grad():
        plain = outputs(module(*x))
        for proof in found:
            for seed in range(draws):
                element = proof.group.sample(random.Random(seed))
                moved = [moved_by(t.double(), a, element).to(dtype) for t, a in zip(x, proof.inputs, strict=True)]
                for y, z, action in zip(outputs(module(*moved)), plain, proof.outputs, strict=True):
                    assert action is not None
                    worst = max(worst, difference(y.double(), moved_by(z.double(), action, element)))
    return worst


def outputs(found: Any) -> tuple[torch.Tensor, ...]:
    return found if isinstance(found, tuple) else (found,)
