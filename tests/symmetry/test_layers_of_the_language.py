"""Boxes between representations: what is proved holds to rounding, what would be silently wrong is refused."""

from __future__ import annotations

import copy
import io
import pickle
import random
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
import torch

import catnet
from catnet.boxes import VOCABULARY
from catnet.diagrams.acting import Part
from catnet.diagrams.box import Box
from catnet.elaborate.program import Program
from catnet.elaborate.proving import proofs
from catnet.symmetry import O, S, vector
from catnet.testing import check_box
from tests.boxes.helpers import program
from tests.symmetry.acted import Subject, difference
from tests.symmetry.equivariant import EQUIVARIANT, EXACT, HEAD, SINGLE, error, net

CLOUD = """
# The energy of a cloud of atoms, the same for every rotation, reflection, shift and order of the atoms.
group O = O(3)
rep X = vector(O)
rep Y = trivial(O) + irrep(O, 1, "o") + irrep(O, 2, "e")
rep H(k) = k*trivial(O) + k*irrep(O, 1, "o") + k*irrep(O, 2, "e")

# For each pair of atoms the direction from one to the other, and functions of their distance.
net edges(basis = 8, cutoff = 4.0) : R[n, X] -> R[n, n, Y] @ R[n, n, basis] where basis >= 1 under O, S(n) on n =
    pairs >> sub >> (spherical_harmonics(2), norm >> select(0) >> radial_basis(basis, cutoff = cutoff))

# What the neighbours tell each atom: their features times the directions to them, weighted by the distance.
net messages(k) : (h: R[n, H(k)], y: R[n, n, Y], r: R[n, n, b]) -> R[n, H(k)] under O, S(n) on n {
    weights = r >> linear(32) >> silu >> linear(paths(H(k), Y, H(k), "channel"))
    theirs = h >> pairs >> drop @ id
    return theirs @ y @ weights >> tensor_product(H(k), "channel", shared = false) >> mean(over = -2)
}

net layer(k) : (h: R[n, H(k)], y: R[n, n, Y], r: R[n, n, b]) -> R[n, H(k)] under O, S(n) on n {
    m = h @ y @ r >> messages(k)
    return h + (m >> (linear((3*k)*trivial(O)) >> sigmoid, linear(H(k))) >> gate)
}

# The energy as a sum over the atoms.
net energy(k = 8, kinds = 4) : (kind: Fin(kinds)[n], x: R[n, X]) -> R under O, S(n) on n {
    y, r = x >> edges
    theirs = kind >> embedding(kinds, k) >> invariant(O) >> pairs >> drop @ id
    h0 = theirs @ y >> first: tensor_product(H(k)) >> mean(over = -2)
    h1 = h0 @ y @ r >> layer(k)
    h2 = h1 @ y @ r >> layer(k)
    return h2 >> norm >> linear(k) >> silu >> linear(1) >> sum(over = n) >> select(0)
}
"""


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def energy() -> Any:
    torch.manual_seed(0)
    module = program(CLOUD)["energy"]().compile()
    for p in module.parameters():  # larger than at the start, so that the energy depends on the places visibly
        p.data.mul_(2.0)
    return module


def atoms(n: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(1)
    return torch.randint(4, (n,), generator=draw), 1.5 * torch.randn(n, 3, generator=draw, dtype=torch.float64)


# -- the cloud of atoms ------------------------------------------------------------------------------------------------


def test_the_cloud_is_proved() -> None:
    found = proofs(program(CLOUD)["energy"]())
    assert [(str(p), p.word) for p in found] == [("O", "proved"), ("S(n) on n", "proved")]


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, EXACT), (torch.float32, SINGLE)])
def test_the_energy_of_a_cloud_is_invariant(dtype: torch.dtype, bound: float) -> None:
    module, (kind, x) = energy().to(dtype), atoms()
    with torch.no_grad():
        plain = module(kind, x.to(dtype))
        assert abs(float(module(kind, 1.5 * x.to(dtype)) - plain)) > 1e-3 * abs(float(plain))
        rng = random.Random(0)
        for _ in range(10):
            turn, order = vector(O(3)).matrix(O(3).sample(rng)), torch.randperm(len(kind))
            moved = module(kind[order], (x[order] @ turn.T + torch.randn(3)).to(dtype))
            assert float((moved - plain).abs() / plain.abs()) < bound


def test_the_forces_turn_with_the_cloud_and_sum_to_zero() -> None:
    module, (kind, x) = energy().double(), atoms()
    turn = vector(O(3)).matrix(O(3).sample(random.Random(2)))

    def forces(x: torch.Tensor) -> torch.Tensor:
        at = x.clone().requires_grad_()
        return -torch.autograd.grad(module(kind, at), at)[0]

    plain = forces(x)
    assert difference(forces(x @ turn.T), plain @ turn.T) < EXACT
    assert float(plain.sum(0).abs().max()) < EXACT * max(1.0, float(plain.abs().max()))
    assert float(plain.abs().max()) > 1e-4


def test_a_compiled_cloud_is_an_ordinary_module() -> None:
    module, (kind, x) = energy().double(), atoms()
    plain = module(kind, x)
    other = program(CLOUD)["energy"]().compile().double()
    other.load_state_dict(module.state_dict())
    assert torch.equal(other(kind, x), plain)
    assert torch.equal(copy.deepcopy(module)(kind, x), plain)
    kept = io.BytesIO()
    torch.save(module.state_dict(), kept)
    assert set(torch.load(io.BytesIO(kept.getvalue()))) == set(module.state_dict())
    fused = torch.compile(module, backend="aot_eager", fullgraph=True)
    assert difference(fused(kind, x).detach(), plain.detach()) < EXACT


def test_layers_can_be_pickled() -> None:
    text = "group G = O(3)\nrep V = 4*trivial(G) + 2*vector(G)\nnet f : R[n, V] -> R[n, V] = "
    body = "linear(V) >> norm_activation >> equivariant_norm >> (id, id) >> tensor_product(V)"
    module = program(text + body)["f"]().compile()
    x = torch.randn(5, 10)
    for layer in module.children():
        again = pickle.loads(pickle.dumps(layer))
        assert again.state_dict().keys() == layer.state_dict().keys()
    layer = module.norm_activation
    assert torch.equal(pickle.loads(pickle.dumps(layer))(x), layer(x))


# -- each box --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("signature", "body"), EQUIVARIANT, ids=[f"{b}-{i}" for i, (_, b) in enumerate(EQUIVARIANT)])
def test_what_is_proved_commutes(signature: str, body: str) -> None:
    diagram = net(signature, body)
    assert error(diagram, torch.float64) < EXACT
    if "L" not in signature:  # boosts multiply rounding by their size
        frame = "canonicalise" in body  # a frame has the rounding of its moments over their gap
        assert error(diagram, torch.float32) < (10 * SINGLE if frame else SINGLE)


CHECKED = [
    ("norm", "R[n, V]"),
    ("norm_activation", "R[n, W]"),
    ('norm_activation("gelu", bias=false)', "R[n, W]"),
    ("equivariant_norm", "R[n, V]"),
    ("equivariant_norm", "R[n, 3*vector(O)]"),
    ("gate", "R[n, 6] @ R[n, V]"),
    ("invariant(O)", "R[n, d]"),
    ("pairs", "R[n, d]"),
    ("pairs(0)", "R[n, d, e]"),
    ("spherical_harmonics(3)", "R[n, vector(O)]"),
    ("radial_basis(5, 4.0)", "R[n]"),
    ('radial_basis(5, 4.0, "gaussian")', "R[n, m]"),
    ("tensor_product(V)", "R[n, V] @ R[n, Y]"),
    ("tensor_product(W)", "R[n, V] @ R[n, W]"),
    ("tensor_product(F)", "R[n, F] @ R[n, F]"),
    ('tensor_product(V, "channel")', "R[n, V] @ R[n, Y]"),
    ('tensor_product(V, "channel", shared=false)', "R[n, V] @ R[n, Y] @ R[n, 8]"),
    ("permutation_linear(5)", "R[n, n, c]"),
    ("permutation_linear(5, 2, 0)", "R[m, n, n, c]"),
    ("permutation_linear(5, 1, 2, bias=false)", "R[n, c]"),
    ("permutation_linear(5, 3, 1)", "R[n, n, n, c]"),
]


@pytest.mark.parametrize(("body", "on"), CHECKED, ids=[f"{b}-{on}" for b, on in CHECKED])
def test_a_box_is_what_it_says(body: str, on: str) -> None:
    names = dict(re.findall(r"(?:group|rep) (\w+) = (.*)", HEAD))
    for text in ("V", "Y", "W", "F", "O", "C"):  # the representations in full, as a type alone can say them
        body, on = (re.sub(rf"(?<![\w(]){text}(?!\w|\()|(?<=\(){text}(?=[,)])", names[text], t) for t in (body, on))
    found = {f.what: f.verdict for f in check_box(catnet.parse(body), on=on)}
    assert found["type"] == found["parameters"] == "tested"


MINE = sorted((cls for cls in VOCABULARY.values() if ".equivariant_" in cls.__module__), key=lambda cls: cls.name)


@pytest.mark.parametrize("cls", dict.fromkeys(MINE), ids=lambda cls: cls.name)
def test_the_example_on_the_page_of_a_box_is_right(cls: type[Box]) -> None:
    page = textwrap.dedent("\n".join(line for line in (cls.__doc__ or "").splitlines() if line.startswith(" " * 8)))
    assert "net " in page
    before = {"group G": "group G = O(3)", "rep V": "rep V = 4*trivial(G) + 2*vector(G)"}
    head = [line for start, line in before.items() if start not in page]
    found = Program.from_text("\n".join([*head, page, ""])).check()
    assert [d.render() for d in found if d.is_error] == []


# -- what is refused ---------------------------------------------------------------------------------------------------

REFUSED = [
    ("R[n, vector(O)] -> R[n, vector(O)] = symmetrise(tokens(3), vector(O))", "E0746"),
    ("R[n, vector(C)] -> R[n, irrep(C, 1)] = symmetrise(tokens(3), irrep(C, 1))", "E0203"),
    ("R[n, vector(C)] -> R[n, trivial(C)] = canonicalise(tokens(1), trivial(C))", "E0746"),
    ("R[n, vector(O)] -> R[n, sign(O)] = canonicalise(tokens(1), sign(O))", "E0746"),
    (
        "R[n, vector(C)] -> R[n, trivial(C)] under S(n) on n = symmetrise(cumsum(axis = 0) >> linear(1), trivial(C))",
        "E0731",
    ),
    ("R[n, V] -> R[n, 6] = norm", "E0737"),
    ("R[n, 10] -> R[n, 6*trivial(O)] = norm", "E0735"),
    ("R[n, vector(Sp(4))] -> R[n, vector(Sp(4))] = norm_activation", "E0740"),
    ("R[n, vector(L)] -> R[n, vector(L)] = equivariant_norm", "E0740"),
    ("R[n, 10] @ R[n, V] -> R[n, V] = gate", "E0741"),
    ("R[n, 6*sign(O)] @ R[n, V] -> R[n, V] = gate", "E0743"),
    ("R[n, V] @ R[n, V] -> R[n, V] = gate", "E0743"),
    ("R[n, V] @ R[n, vector(R)] -> R[n, V] = tensor_product(V)", "E0735"),
    ("R[n, V] @ R[n, V] -> R[n, sign(O)] = tensor_product(sign(O))", "E0736"),
    ('R[n, V] @ R[n, Y] -> R[n, 3*trivial(O)] = tensor_product(3*trivial(O), "channel")', "E0736"),
    ('R[n, V] @ R[n, Y] @ R[n, 9] -> R[n, V] = tensor_product(V, "channel", shared = false)', "E0741"),
    ("R[n, V] @ R[m, Y] -> R[n, V] where m == n + 1 = tensor_product(V)", "E0203"),
    ('R[n, irrep(O, 1, "e")] -> R[n, Y] = spherical_harmonics(2)', "E0744"),
    ("R[n, 3] -> R[n, Y] = spherical_harmonics(2)", "E0735"),
    ("R[n, V] -> R[n, V] = invariant(O)", "E0735"),
    ("R[n, m, c] -> R[n, m, 4] = permutation_linear(4)", "E0224"),
    ("R[n, n, c] -> R[n, 4] = permutation_linear(4, 9, 1)", "E0224"),
    ("R[n] -> R[n, 5] = radial_basis(5, cutoff = -1.0)", "E0224"),
    ('R[n, V] -> R[n, V] = norm_activation("softmax")', "E0224"),
    # not equivariant, though the types fit
    ("R[n, vector(O)] -> R[n, 3*trivial(O)] under O = forget(O) >> invariant(O)", "E0731"),
    ("R[n, d] -> R[n, n, 4*trivial(O)] under S(d) on d = linear(4) >> pairs >> add >> invariant(O)", "E0731"),
    ("R[n, n, c] -> R[n, n, 4] under S(c) on c = permutation_linear(4)", "E0731"),
    ("R[n, m, d] -> R[m, 4] where m == n under S(n) on n = permutation_linear(4, 2, 1)", "E0731"),
    ("R[n, vector(O)] -> R[n, 3, 3] under O = pairs(-1) >> mul >> forget(O)", "E0731"),
]


@pytest.mark.parametrize(("text", "code"), REFUSED, ids=[t for t, _ in REFUSED])
def test_what_would_be_silently_wrong_is_refused(text: str, code: str) -> None:
    found = Program.from_text(f"{HEAD}\nnet f : {text}\n").check()
    assert [d.code for d in found if d.is_error] == [code]


def test_a_factor_on_which_the_group_acts_is_refused() -> None:
    subject, six = Subject("R[4, 6] @ R[4, 6*trivial(O(3))]", "gate"), vector(S(6))
    told = subject.answer(S(6), ((Part((-1,), six),), ()))
    assert told == (
        "`gate` expects that nothing acts on the last axis, and `vector(S(6))` does "
        "[say in the type what the axis carries]"
    )
    told = subject.answer(S(4), ((Part((-2,), vector(S(4))),), ()))
    assert isinstance(told, str)
    assert "`gate` joins `S(4) on 4` with `invariant`" in told


def test_what_is_made_equivariant_already_is_left_alone() -> None:
    """The average of an equivariant net is the net."""
    text = "net f : R[n, vector(C)] -> R[n, vector(C)] = symmetrise(%s, vector(C))"
    inside = '(id + (mean(over = -1) >> repeat("n -> n d", d = 4))) >> tanh'
    one = program(HEAD + text % inside)["f"](n=3).compile()
    x = torch.randn(3, 4)
    assert difference(one(x), torch.tanh(x + x.mean(-1, keepdim=True))) < SINGLE


def test_canonicalise_says_where_it_is_not_exact() -> None:
    found = proofs(net("R[n, vector(O)] -> R[5*trivial(O)] under O", "canonicalise(total(5), 5*trivial(O))"))
    assert [limit for _, limit in found[0].limits] == [
        "off the clouds whose principal moments agree or that have a mirror: there it jumps"
    ]
