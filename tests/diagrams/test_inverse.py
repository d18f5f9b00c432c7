"""`f ^ -1`: what has an inverse, and that it is one."""

from __future__ import annotations

import pytest
import torch

import catnet
from catnet import CatnetError, Diagram, id, linear, neg, rearrange, relu, roll, scale, swap
from catnet.elaborate.program import Program

ISOMORPHISMS = [
    ("id", "R[4]"),
    ("scale(0.25)", "R[4]"),
    ("neg", "R[4]"),
    ("roll(1, axis = -1)", "R[4]"),
    ('rearrange("a b -> b a")', "R[2, 3]"),
    ('rearrange("(a b) c -> c (b a)", a = 2)', "R[4, 3]"),
    ("scale(2) >> roll(3, axis = -1) >> neg", "R[5]"),
    ("swap", "R[2] @ R[3]"),
    ("(neg @ scale(2)) >> swap", "R[2] @ R[3]"),
    ("each(neg >> roll(1, axis = -1))", "R[2] @ R[3]"),
    ("roll(1, axis = -1) ^ 3", "R[5]"),
    ("(neg ^ -1) ^ -1", "R[3]"),
    ("half", "R[3]"),
]


@pytest.mark.parametrize(("text", "type"), ISOMORPHISMS)
def test_an_inverse_undoes_on_both_sides(text: str, type: str) -> None:
    source = (
        "net half : R[3] -> R[3] = scale(0.5) >> roll(1, axis = -1)\n"
        f"net back : {type} -> {type} = ({text}) >> ({text}) ^ -1\n"
    )
    program = Program.from_text(source)
    there, back = program["back"]().graph, program["back"]().compile().double()
    inputs = [torch.randn([2, *(a.size.value for a in w.axes)], dtype=torch.float64) for w in there.dom]
    out = back(*inputs)
    for x, y in zip(inputs, out if isinstance(out, tuple) else (out,), strict=True):
        torch.testing.assert_close(x, y, rtol=0, atol=1e-15)


@pytest.mark.parametrize("diagram", [swap, neg, id, swap @ neg])
def test_laws_of_inverses(diagram: Diagram) -> None:
    assert (diagram**-1) ** -1 == diagram


def test_the_inverse_of_a_chain_is_the_chain_of_inverses() -> None:
    f, g = scale(0.5), rearrange("a b -> b a")
    assert (f >> g) ** -1 == g**-1 >> f**-1
    assert (f @ g) ** -1 == f**-1 @ g**-1
    assert (f**3) ** -1 == (f**-1) ** 3


@pytest.mark.parametrize(
    "text", ["relu", "linear(4)", "scale(0)", "neg >> relu", "copy", "drop", "(id, neg)", "id + id"]
)
def test_what_has_no_inverse_is_named(text: str) -> None:
    with pytest.raises(CatnetError, match="E0220"):
        _ = (catnet.parse(text) ** -1).graph


def test_weights_are_not_inverted() -> None:
    with pytest.raises(CatnetError, match="E0220"):
        _ = ((relu >> linear(3)) ** -1).graph


def test_roll_is_there() -> None:
    assert roll(1, axis=-1) ** -1 == roll(-1, axis=-1)
