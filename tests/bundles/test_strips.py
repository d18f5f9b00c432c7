"""Images on strips: the words of the language, what they prove, and what the compiled nets do."""

from __future__ import annotations

import random

import pytest
import torch

from catnet.elaborate.program import Program
from catnet.elaborate.proving import opened, proofs
from catnet.nn.bundles import MirrorFields
from catnet.types.wires import Wire
from tests.symmetry.acted import difference, moved_by

torch.set_num_threads(1)

CLOSED = "bundle {} : circle -> R[1] under O(1) {{ charts a, b, c  a -> b : 1  b -> c : 1  c -> a : {} }}\n"
HEAD = (
    CLOSED.format("Moebius", -1)
    + CLOSED.format("Cylinder", 1)
    + """bundle Plane : interval -> R[1] under O(1) { charts a, b  a -> b : 1 }
rep V = 2*trivial(C(2)) + irrep(C(2), 1) + regular(C(2))
rep W = irrep(C(2), 1) + 3*regular(C(2)) + trivial(C(2))
rep P = 3*regular(C(2))
"""
)
BANDS = ("Moebius", "Cylinder", "Plane")
NETS = [
    "net f : R[V, across(E, 5), along(E, 6)] -> R[W, across(E, 5), along(E, 6)] = strip_conv(W, 3)",
    "net f : R[V, across(E, 4), along(E, 7)] -> R[W, across(E, 4), along(E, 7)] ="
    " strip_conv(V, 5) >> strip_relu >> strip_conv(W, 1, bias = false)",
    "net f : R[V, across(E, 5), along(E, 6)] -> R[4] = strip_conv(W, 3) >> strip_relu >> strip_pool >> linear(4)",
    "net f : R[V, across(E, 4), along(E, 6)] -> R[P, across(E, 4), along(E, 6)] ="
    " strip_conv(P, 3) >> group_norm(1, affine = false) >> relu >> (id + strip_conv(P, 3))",
]


def made(band: str, text: str) -> Program:
    return Program.from_text(HEAD + text.replace("(E,", f"({band},"))


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("text", NETS)
def test_what_is_proved_holds_in_numbers(text: str, band: str) -> None:
    program = made(band, text)
    assert [str(d) for d in program.check()] == []
    diagram = program["f"]()
    torch.manual_seed(0)
    module = diagram.compile().double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    (wire,) = opened(diagram.graph).dom
    x = torch.randn(2, *sizes(wire), dtype=torch.float64)
    found = proofs(diagram)
    assert {str(proof.group) for proof in found} == {"C(2)"} | ({f"the steps along {band}"} - {"the steps along Plane"})
    rng = random.Random(0)
    for proof in found:
        assert proof.word == "proved"
        for _ in range(3):
            g = proof.group.sample(rng)
            (before,), (after,) = proof.inputs, proof.outputs
            assert before, "nothing acts"
            assert difference(module(moved_by(x, before, g)).detach(), moved_by(module(x).detach(), after, g)) < 1e-12


def sizes(wire: Wire) -> list[int]:
    return [axis.size.value or 0 for axis in wire.axes]  # type: ignore[union-attr]


def test_a_step_is_the_shift_of_the_plain_module() -> None:
    diagram = made("Moebius", NETS[0])["f"]()
    (proof,) = [p for p in proofs(diagram) if "steps" in str(p.group)]
    x = torch.randn(1, 5, 5, 6, dtype=torch.float64)
    step = proof.group.sample(random.Random(1))
    ((_, count),) = step.letters
    fields = MirrorFields([(2, "trivial"), (1, "sign"), (1, "regular")])
    assert torch.equal(moved_by(x, proof.inputs[0], step), fields.shift(x, count))


def test_the_sizes_of_parameters() -> None:
    text = "net f(k) : R[V, across(E, h), along(E, l)] -> R[k*regular(C(2)), across(E, h), along(E, l)] where l >= 1 ="
    program = made("Moebius", f"{text} strip_conv(k*regular(C(2)), 3) >> strip_relu")
    assert [str(d) for d in program.check()] == []
    diagram = program["f"](k=4, h=5, l=6)
    shapes = {name: tuple(p.shape) for name, p in diagram.compile().named_parameters()}
    assert shapes == {"strip_conv.weight": (4 * 5 * 9,), "strip_conv.bias": (4,), "strip_relu.bias": (0,)}


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ("strip_conv(P, 3) >> max_pool(2) >> global_avg_pool >> linear(2)", "E0731", "without a stride"),
        ("strip_conv(P, 3) >> avg_pool(3, stride = 1, padding = 1) >> global_avg_pool >> linear(2)", "E0731", "strip"),
        ("conv(8, 3, padding = 1) >> relu >> global_avg_pool >> linear(2)", "E0731", "the steps along Moebius"),
        ("strip_conv(W, 3) >> relu >> strip_pool >> linear(2)", "E0731", "relu"),
        ("strip_conv(W, 3) >> batch_norm >> strip_pool >> linear(2)", "E0731", "batch_norm"),
        ("strip_conv(P, 3) >> flatten >> linear(2)", "E0731", "linear"),
        ("strip_conv(2*regular(C(3)), 3) >> strip_pool >> linear(2)", "E0830", "the mirror of a strip is C(2)"),
        ("strip_conv(P, 2) >> strip_pool >> linear(2)", "E0207", "centre"),
        ("strip_conv(P, 15) >> strip_pool >> linear(2)", "E0207", "as long as its kernel reaches"),
        ("max_pool(2) >> strip_pool >> linear(2)", "E0830", "takes an image on a strip"),
    ],
)
def test_what_a_strip_refuses(body: str, code: str, says: str) -> None:
    found = made("Moebius", f"net f : R[V, across(E, 4), along(E, 6)] -> R[2] = {body}").check()
    assert {d.code for d in found} == {code}
    assert any(says in d.render() for d in found)


@pytest.mark.parametrize(
    ("axes", "code", "says"),
    [
        ("R[3, across(Moebius, 4), along(Moebius, 6)]", "E0735", "3*trivial(C(2))"),
        ("R[V, across(Moebius, 4), along(Cylinder, 6)]", "E0830", "name one bundle"),
        ("R[V, 4, 6]", "E0830", "not `R[V, 4, 6]`"),
        ("R[V, across(Two, 4), along(Two, 6)]", "E0830", "a bundle of lines"),
        ("R[V, across(V, 4), along(V, 6)]", "E0801", "`across` takes a bundle"),
    ],
)
def test_a_wire_that_is_no_image_on_a_strip(axes: str, code: str, says: str) -> None:
    text = f"bundle Two = Moebius + Moebius\nnet f : {axes} -> R[3] = strip_conv(P, 3) >> strip_pool"
    found = [d for d in Program.from_text(HEAD + text).check() if d.is_error]
    assert code in {d.code for d in found}
    assert any(says in d.render() for d in found)


def test_strips_of_other_lengths_and_bundles_do_not_fit() -> None:
    text = "net f : R[V, across(Moebius, 4), along(Moebius, l)] -> R[V, across({}, 4), along({}, {})] = id"
    for band, length, code in (("Moebius", "l", ""), ("Moebius", "2*l", "E0737"), ("Cylinder", "l", "E0737")):
        found = Program.from_text(HEAD + text.format(band, band, length)).check()
        assert [d.code for d in found if d.is_error] == ([code] if code else [])
