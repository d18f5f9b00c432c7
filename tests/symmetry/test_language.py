"""Groups and representations in the language: declarations, claims, proofs, layers, formulas."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch

import catnet
from catnet.cli import main
from catnet.diagnostics import CatnetError
from catnet.elaborate.program import Program
from catnet.elaborate.proving import Proof, proofs
from catnet.torch.layers import representation

HEAD = "group G = O(3)\nrep V = 4*trivial(G) + 2*vector(G)\nrep W(k) = k*trivial(G) + k*vector(G)\n"


def errors(text: str) -> list[str]:
    return [d.code for d in Program.from_text(text).check()]


def proved(text: str, net: str = "f", under: tuple[str, ...] = (), **sizes: int) -> list[Proof]:
    return proofs(Program.from_text(text)[net](**sizes), under)


# -- declarations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("group G = 3\n", "E0730"),
        ("group G = trivial(C(3))\n", "E0730"),
        ("rep V = C(3)\n", "E0730"),
        ("rep V = V\n", "E0730"),
        ("rep V = U0\nrep U0 = V\n", "E0730"),
        ("group G = Foo(3)\n", "E0212"),
        ("group G = C(3, 4, 5, 6)\n", "E0213"),
        ("group G = C(0)\n", "E0701"),
        ("rep V = vector(C(3)) + vector(C(4))\n", "E0709"),
        ("rep V = vector(C(3)) - trivial(C(3))\n", "E0212"),
        ("rep V = vector(C(3)) ^ 99\n", "E0212"),
        ("group G = permutations(\"(1 2 3)\", order = 6)\n", "E0702"),
        ("group G = matrices([[1/3, 0.1], [0, 1]])\n", "E0706"),
    ],
)  # fmt: skip
def test_a_wrong_declaration_is_told_once_with_its_place(text: str, code: str) -> None:
    found = Program.from_text(text + "net id2 : R[d] -> R[d] = id\n").check()
    assert {d.code for d in found} == {code}
    assert all(d.span is not None for d in found)


def test_what_a_broken_declaration_is_used_for_is_not_told_again() -> None:
    text = "group G = C(0)\nrep V = 2*vector(G)\nnet f : R[n, V] -> R[n, 2*V] under G = linear(2*V)\n"
    assert errors(text) == ["E0701"]


def test_numbers_stay_exact_in_arguments() -> None:
    text = "group G = matrices([[-1/2, -sqrt(3)/2], [sqrt(3)/2, -1/2]], order = 3)\n"
    assert errors(text + "net f : R[n, vector(G)] -> R[n, 2*vector(G)] under G = linear(2*vector(G))\n") == []


def test_declarations_are_imported(tmp_path: Path) -> None:
    (tmp_path / "spaces.cat").write_text(HEAD)
    main_file = tmp_path / "main.cat"
    main_file.write_text('from "spaces.cat" import V, G, W\nnet f : R[n, V] -> R[n, W(3)] under G = linear(W(3))\n')
    assert catnet.check(main_file) == []
    assert [str(p.group) for p in proofs(catnet.load(main_file)["f"]())] == ["O(3)"]


@pytest.mark.parametrize("text", ["8*trivial(O(3)) + 4*vector(O(3))", "2*irrep(SO(3), 2)*vector(SO(3))",
                                  "regular(D(4))", "vector(permutations(\"(1 2 3)(4 5)\"))",
                                  "vector(matrices([[0, -1], [1, 0]]))"])  # fmt: skip
def test_the_text_of_a_representation_reads_back(text: str) -> None:
    assert representation(str(representation(text))) == representation(text)


# -- types ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "code"),
    [
        ("net f : R[n, V] -> R[n, 10*trivial(G)] = id", "E0737"),  # the right size, another representation
        ("net f : R[n, V] -> R[n, 10] = id", "E0737"),  # a plain axis
        ("net f : R[n, 10] -> R[n, V] = id", "E0737"),
        ("net f : R[n, V] @ R[n, 10] -> R[n, V] = add", "E0737"),
        ("net f : R[n, 2*vector(G) + 4*trivial(G)] @ R[n, V] -> R[n, V] = add", "E0737"),  # another layout
        ("net f : R[n, 10] -> R[n, V] = linear(V)", "E0735"),
        ("net f : R[n, vector(SO(3))] -> R[n, V] = linear(V)", "E0735"),
        ("net f : R[n, trivial(G)] -> R[n, vector(G)] = linear(vector(G))", "E0736"),
        ("net f : R[n, V] -> R[n, V] = linear(10)", "E0737"),
        ("net f : R[n, V] -> R[n, 10] = forget(SO(3))", "E0224"),
        ("net f : R[n, d] -> R[n, d] = linear(V) >> forget(G)", "E0735"),
    ],
)
def test_wrong_representations_are_refused_by_type(net: str, code: str) -> None:
    assert code in errors(HEAD + net + "\n")


def test_a_quantified_size_carries_what_the_axis_carries() -> None:
    text = HEAD + "net twice : R[n, d] -> R[n, d] = id + id\nnet f : R[n, V] -> R[n, V] under G = twice\n"
    assert errors(text) == []


def test_a_net_over_a_representation_is_checked_where_it_is_used() -> None:
    text = HEAD + "net up(A: rep) : R[n, A] -> R[n, 2*A] = linear({}*A)\nnet f : R[n, V] -> R[n, 2*V] = up(V)\n"
    assert errors(text.format(2)) == []
    assert errors(text.format(3)) == ["E0737"]


# -- claims --------------------------------------------------------------------------------------------------------


def test_deep_sets_is_invariant_for_all_sizes() -> None:
    text = (
        "net f(h, k) : R[n, d] -> R[k] under S(n) on n =\n"
        "    linear(h) >> relu >> linear(h) >> sum(over = n) >> linear(k)\n"
    )
    assert errors(text) == []
    (proof,) = proved(text, h=8, k=3)
    assert proof.word == "proved"
    assert proof.outputs == ((),)


def test_several_groups_are_proved_each() -> None:
    text = HEAD + "net f : R[n, V] -> R[n, 2*V] under G, S(n) on n = linear(2*V)\n"
    assert [(str(p), p.word) for p in proved(text)] == [("G", "proved"), ("S(n) on n", "proved")]


@pytest.mark.parametrize(
    ("net", "code"),
    [
        ("net f : R[n, V] -> R[n, V] = relu", "E0731"),  # without a claim too
        ("net f : R[n, V] -> R[n, V] under G = linear(V) >> forget(G) >> relu >> linear(10)", "E0737"),
        ("net f : R[n, V] -> R[n, 3] under G = forget(G) >> linear(3)", "E0731"),
        ("net f : R[n, d] -> R[n, d] under S(n) on m = id", "E0732"),
        ("net f : R[n, d] -> R[n, d] under S(n) = id", "E0732"),
        ("net f : R[n, d] -> R[n, d] under S(4) on n = id", "E0733"),
        ("net f : R[n, 4] -> R[n, 4] under SO(3) on d = id", "E0732"),
        ("net f : R[n, d] -> R[n, d] under V on n = id", "E0730"),
        ("net f : R[n, d] -> R[n, d] under S(m) on n = id", "E0201"),
        ("net f : R[n, d] -> R[m, d] where m == n under S(n) on n = id", "E0734"),
        ("net f : R[n, d] -> R[n, d] under S(n) on n = position_embedding(n)", "E0731"),
    ],
)
def test_a_claim_that_does_not_hold_is_refused_by_check(net: str, code: str) -> None:
    assert code in errors(HEAD + net + "\n")


def test_the_word_of_a_python_leaf_is_assumed() -> None:
    leaf = 'box mine : R[n, V] -> R[n, V]{} = python "mine:Layer"\n'
    net = "net f : R[m, V] -> R[m, V] under G, S(m) on m = mine >> linear(V)\n"
    assert [p.word for p in proved(HEAD + leaf.format(" under G, S(n) on n") + net)] == ["assumed", "assumed"]
    assert [p.word for p in proved_or_refused(HEAD + leaf.format(" under S(n) on n") + net)] == ["refused", "assumed"]
    assert errors(HEAD + leaf.format("") + net) == ["E0731", "E0731"]


def test_a_choice_between_parts_is_left_to_prove() -> None:
    text = "net f(k) : R[n, d] -> R[n, d] under S(n) on n = if k == 0 then relu else relu ^ k\n"
    assert errors(text) == ["E0738"]
    assert [p.word for p in proved(text, k=0)] == ["proved"]


def test_a_mistake_in_one_branch_is_found() -> None:
    text = "net f(k = 1) : R[n, d] -> R[n, d] under S(n) on n = if k == 0 then relu else cumsum(n)\n"
    assert "E0731" in errors(text)


def test_a_repeat_is_walked_once() -> None:
    text = "net f : R[n, d] -> R[n, d] under S(n) on n = (id + (linear(d) >> relu)) ^ 1000\n"
    (proof,) = proved(text)
    assert proof.word == "proved"
    assert len(proof.walk.steps) < 10


# -- the command ---------------------------------------------------------------------------------------------------


def test_prove_prints_boxes_and_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.cat"
    path.write_text(HEAD + "net f : R[n, V] -> R[n, V] under G = linear(V)\nnet g : R[n, d] -> R[n, d] = relu\n")
    assert main(["prove", str(path), "f"]) == 0
    assert "proved: f is equivariant under G" in capsys.readouterr().out
    assert main(["prove", str(path), "g", "--under", "S(n) on n", "--json"]) == 0
    (claim,) = json.loads(capsys.readouterr().out)["claims"]
    assert (claim["verdict"], claim["boxes"][0]["box"]) == ("proved", "relu")
    assert main(["prove", str(path), "g", "--under", "O(3) on d"]) == 1
    assert "E0733" in capsys.readouterr().err
    assert main(["prove", str(path), "g"]) == 1
    assert "nothing says which group acts" in capsys.readouterr().err
    assert main(["prove", str(path), "g", "--under", "S(n on n"]) == 1
    assert "E0101" in capsys.readouterr().err


# -- layers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("4*trivial(O(3)) + 2*vector(O(3))", "3*vector(O(3)) + 5*trivial(O(3))"),
        ("vector(SO(3))*vector(SO(3))", "2*vector(SO(3)) + trivial(SO(3))"),
        ("2*vector(S(4))*vector(S(4))", "vector(S(4))"),
        ("3*regular(D(4))", "regular(D(4)) + 2*sign(D(4))"),
        ("irrep(O(3), 2, 1) + 2*vector(O(3))", "2*irrep(O(3), 2, 1) + irrep(O(3), 1, -1)"),
        ("vector(SO(1, 3))*vector(SO(1, 3))", "vector(SO(1, 3))*vector(SO(1, 3))"),
    ],
)
def test_a_compiled_linear_map_commutes(source: str, target: str) -> None:
    text = f"net f : R[n, {source}] -> R[n, {target}] = linear({target})\n"
    torch.manual_seed(0)
    module = Program.from_text(text)["f"]().compile().double()
    v, w = representation(source), representation(target)
    shapes = Program.from_text(text)["f"]().graph.nodes[0].graphs[0].nodes[0]
    counted = shapes.box.parameters(shapes.dom, shapes.cod)
    found = {name.partition(".")[2]: tuple(p.shape) for name, p in module.named_parameters()}
    assert found == {name: tuple(d.value for d in shape) for name, shape in counted.items()}
    x = torch.randn(5, 3, v.number(), dtype=torch.float64)
    for seed in range(5):
        g = v.group.sample(random.Random(seed))
        moved, image = module(x @ v.matrix(g).T), module(x) @ w.matrix(g).T
        assert (moved - image).abs().max() <= 1e-12 * (1 + image.abs().max())


# -- formulas --------------------------------------------------------------------------------------------------------

FORMULAS = "group G = O(3)\nrep V = vector(G)\n"


@pytest.mark.parametrize(
    ("formula", "net", "word"),
    [
        ("box f0(x: R[V]) = x / (1 + dot(x, x))", "R[n, V] -> R[n, V] under G", "proved"),
        ("box f0(x: R[V], eps = 0.5) = sqrt(dot(x, x) + eps)", "R[n, V] -> R[n] under G", "proved"),
        ("box f0(x: R[V]) = exp(-norm(x)) * x", "R[n, V] -> R[n, V] under G", "proved"),
        ("box f0(x: R[V]) = x * tanh(x)", "R[n, V] -> R[n, V] under G", "refused"),
        ("box f0(x: R[V]) = x + 1", "R[n, V] -> R[n, V] under G", "refused"),
        ("box f0(x: R[V]) = sum(x)", "R[n, V] -> R[n] under G", "refused"),
        ("box f0(x: R[d]) = x / (1 + sum(x ^ 2))", "R[n, d] -> R[n, d] under S(n) on n", "proved"),
    ],
)
def test_formulas_are_proved_or_refused(formula: str, net: str, word: str) -> None:
    text = f"{FORMULAS}{formula}\nnet f : {net} = f0\n"
    assert [p.word for p in proved_or_refused(text)] == [word]


def proved_or_refused(text: str) -> list[Proof]:
    program = Program.from_text(text)
    diagram = program.make_net(program.module, program.module.nets["f"], {}, None)
    return proofs(diagram)


def test_a_formula_computes_what_it_says() -> None:
    text = (
        "box mix(s: R, x: R[d], a = 2.0) = (s * x - a) / sqrt(1 + dot(x, x)) ^ 3\n"
        "net f : R[n] @ R[n, d] -> R[n, d] = mix(a = 0.5)\n"
    )
    module = Program.from_text(text)["f"]().compile()
    s, x = torch.randn(2, 4), torch.randn(2, 4, 3)
    norm = (1 + (x * x).sum(-1, keepdim=True)).sqrt()
    torch.testing.assert_close(module(s, x), (s.unsqueeze(-1) * x - 0.5) / norm**3)


@pytest.mark.parametrize(
    "formula",
    ["x + y", "x >> y", "foo(x)", "dot(x)", "norm(1)", "x ^ x", "z + 1", "if 1 == 1 then x else x", "x @ x", "x % 2"],
)
def test_a_wrong_formula_is_refused_with_its_place(formula: str) -> None:
    found = Program.from_text(f"box f0(x: R[d], y: R[k]) = {formula}\n").check()
    assert found
    assert {d.code for d in found} <= {"E0739", "E0201", "E0101"}
    with pytest.raises(CatnetError):
        Program.from_text(f"box f0(x: R[d], y: R[k]) = {formula}\nnet f : R[d] @ R[k] -> R[d] = f0\n")["f"]()
