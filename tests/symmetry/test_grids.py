"""Groups that move the cells of an image: what the rules say, against what the compiled nets do."""

from __future__ import annotations

import copy
import pickle
import random
from collections.abc import Iterator

import pytest
import torch

from catnet.boxes.norm import BatchNorm
from catnet.diagrams.acting import Action, Part
from catnet.diagrams.terms import Diagram
from catnet.elaborate.program import Program
from catnet.elaborate.proving import Proof, opened, proofs
from catnet.nn import GroupConv2d, SteerableConv2d, turn_error
from catnet.nn.group_convolution import check_turns
from catnet.symmetry.constructors import C, D, p4, translations, vector
from catnet.symmetry.groups import Group
from catnet.symmetry.turns import Turned, on_cells
from catnet.types.dims import Dim
from catnet.types.facts import Facts
from catnet.types.wires import Wire
from tests.boxes.helpers import program
from tests.symmetry.acted import difference, moved_by

torch.set_num_threads(1)

HEAD = """group G = C(4)
group M = D(4)
rep I = 2*trivial(G)
rep V = 2*regular(G)
rep X = regular(G) + irrep(G, 1) + irrep(G, 2)
rep J = 2*trivial(M)
rep Y = regular(M) + irrep(M, 1) + irrep(M, "B1")
rep P = 2*regular(M)
"""


class Net:
    """A net of some size, compiled in float64 with weights that are not special."""

    def __init__(self, text: str, **sizes: int) -> None:
        made = Program.from_text(HEAD + text)
        assert [d.render() for d in made.check() if d.is_error and d.code != "E0731"] == []
        self.diagram = made[made.names[-1]](**sizes)
        self.graph = opened(self.diagram.graph)

    def module(self) -> torch.nn.Module:
        torch.manual_seed(0)
        module = self.diagram.compile().double()
        for p in module.parameters():
            torch.nn.init.normal_(p)
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer.normal_()
            elif name.endswith("running_var"):
                buffer.uniform_(0.5, 2.0)
        return module

    def proofs(self) -> list[Proof]:
        return proofs(self.diagram)

    def errors(self, group: Group, before: tuple[Action, ...], after: tuple[Action, ...]) -> Iterator[float]:
        """The relative errors of `f(rho x) = rho' f(x)` for some elements, in evaluation and in training."""
        module, rng = self.module(), random.Random(0)
        xs = [torch.randn(2, *shape_of(wire), dtype=torch.float64) for wire in self.graph.dom]
        for training in (False, True):
            module.train(training)
            for _ in range(3):
                g = group.sample(rng)
                moved = [moved_by(x, a, g) for x, a in zip(xs, before, strict=True)]
                with torch.no_grad():
                    yield difference(copy.deepcopy(module)(*moved), moved_by(copy.deepcopy(module)(*xs), after[0], g))


SQUARE = "where h == w"
NETS = {
    "lift and convolve": f"net f : R[I, h, w] -> R[V, h, w] {SQUARE} under G on (h, w), translations(h, w) on (h, w) ="
    ' conv(V, 3, padding = 1, padding_mode = "circular") >> relu >> conv(V, 1, bias = false)',
    "zeros around": f"net f : R[V, h, w] -> R[V, h, w] {SQUARE} under G on (h, w) = conv(V, 3, padding = 1)",
    "irreducible fibres": f"net f : R[X, h, w] -> R[X, h, w] {SQUARE} under G on (h, w) ="
    " conv(X, 3, padding = 1) >> fibre_relu >> conv(X, 5, padding = 2)",
    "mirrors": f"net f : R[J, h, w] -> R[Y, h, w] {SQUARE} under M on (h, w) = conv(Y, 3, padding = 1) >> fibre_relu",
    "one channel of two groups": f"net f : R[I, h, w] -> R[I, h, w] {SQUARE} under G on (h, w) ="
    " conv(X, 3, padding = 1) >> invariant_pool >> conv(I, 3, padding = 1)",
    "batch norm": f"net f : R[V, h, w] -> R[V, h, w] {SQUARE} under G on (h, w), translations(h, w) on (h, w) ="
    " fibre_batch_norm >> relu",
    "classifier": "net f : R[J, h, w] -> R[5] where h == w, h % 2 == 1, h >= 5 under M on (h, w) ="
    " conv(P, 3, padding = 1) >> fibre_batch_norm >> relu >> conv(P, 3, stride = 2, padding = 1) >> fibre_batch_norm"
    " >> relu >> max_pool(3, stride = 1, padding = 1) >> invariant_pool >> global_avg_pool >> linear(5)",
    "pools": "net f : R[3, h, w] -> R[3, h//2, w//2] where h == w, h % 2 == 0, h >= 4 under M on (h, w) ="
    " avg_pool(2) >> max_pool(3, stride = 1, padding = 1)",
    "norms of cells": f"net f : R[3, h, w] -> R[3, h, w] {SQUARE} under M on (h, w) ="
    " batch_norm >> instance_norm >> gelu",
    "one by one": f"net f : R[3, h, w] -> R[4, h, w] {SQUARE} under M on (h, w) = conv(4, 1)",
    "one by one in strides": "net f : R[3, h, w] -> R[4, (h + 1)//2, (w + 1)//2] where h == w, h % 2 == 1"
    " under M on (h, w) = conv(4, 1, stride = 2)",
    "up": f"net f : R[3, h, w] -> R[3, 2*h, 2*w] {SQUARE} under M on (h, w) = upsample(2)",
    "up smoothly": f'net f : R[3, h, w] -> R[3, 3*h, 3*w] {SQUARE} under M on (h, w) = upsample(3, mode = "bilinear")',
    "adaptive": f"net f : R[3, h, w] -> R[3] {SQUARE} under M on (h, w) = adaptive_avg_pool(4) >> global_max_pool",
    "pixels": "net f : R[3, h, w] -> R[3, h, w] where h == w, h % 2 == 0, h >= 2 under M on (h, w) ="
    " pixel_unshuffle(2) >> tanh >> pixel_shuffle(2)",
    "transposed": f'net f : R[3, h, w] -> R[3, w, h] {SQUARE} under M on (h, w) = rearrange("c h w -> c w h")'
    " >> max_pool(3, stride = 1, padding = 1)",
    "a half turn": "net f : R[3, h, w] -> R[3, h//2, w] where h % 2 == 0, h >= 2 under C(2) on (h, w) ="
    " avg_pool((2, 1)) >> flip(axis = -1)",
    "a mirror": "net f : R[3, h, w] -> R[3, h, w//2] where w % 2 == 0, w >= 2 under D(1) on (h, w) = max_pool((1, 2))",
    "tokens": f'net f : R[3, h, w] -> R[5] {SQUARE} under M on (h, w) = rearrange("c h w -> (h w) c") >> linear(5)'
    " >> (id, id, id) >> sdpa >> mean(over = 0)",
    "circles": "net f : R[3, t] -> R[4, t] where t >= 5 under C(t) on t ="
    ' conv(4, 3, padding = 1, padding_mode = "circular") >> relu >> conv(4, 3, padding = 2, dilation = 2,'
    ' padding_mode = "circular") >> roll(2)',
    "circles in strides": "net f : R[3, t] -> R[4, t//2] where t % 2 == 0, t >= 4 under C(t//2) on t ="
    ' conv(4, 4, stride = 2, padding = 1, padding_mode = "circular")',
    "shifts of blocks": "net f : R[3, h, w] -> R[4, h//2, w//2] where h % 2 == 0, w % 2 == 0"
    ' under translations(h//2, w//2) on (h, w) = conv(4, 3, padding = 1, padding_mode = "circular") >> max_pool(2)',
    "down and up": "net f : R[3, h, w] -> R[3, h, w] where h % 2 == 0, w % 2 == 0"
    " under translations(h//2, w//2) on (h, w) = avg_pool(2) >> upsample(2)",
    "patches": "net f : R[3, h, w] -> R[4, h//3, w//3] where h % 3 == 0, w % 3 == 0"
    " under translations(h//3, w//3) on (h, w) = conv(4, 3, stride = 3)",
    "patches again": "net f : R[3, h, w] -> R[2, 2*h, 2*w] under translations(h, w) on (h, w) ="
    " conv_transpose(2, 2, stride = 2)",
    "all of p4": f"net f : R[3, h, w] -> R[3] {SQUARE} under p4(h, h) on (h, w) ="
    " conv(4, 1) >> relu >> global_avg_pool >> linear(3)",
    "rolled": "net f : R[3, h, w] -> R[3, h, w] under translations(h, w) on (h, w) = roll(1, axis = 1) >> cos",
    "shuffled shifts": "net f : R[3, h, w] -> R[12, h//2, w//2] where h % 2 == 0, w % 2 == 0"
    " under translations(h//2, w//2) on (h, w) = pixel_unshuffle(2)",
}
SIZES = {"classifier": 7, "one by one in strides": 7}


def shape_of(wire: Wire) -> list[int]:
    return [axis.size.value or 0 for axis in wire.axes]  # type: ignore[union-attr]


def sizes(name: str) -> dict[str, int]:
    n = SIZES.get(name, 6)
    if "[3, t]" in NETS[name]:
        return {"t": n}
    return {"h": n, "w": n if "h == w" in NETS[name] else n + 6}


@pytest.mark.parametrize("name", NETS)
def test_what_is_proved_is_true(name: str) -> None:
    """For all sizes at once, and in numbers for one."""
    assert [d.render() for d in program(HEAD + NETS[name]).check()] == []
    net = Net(NETS[name], **sizes(name))
    for proof in net.proofs():
        assert proof.holds
        assert proof.word == "proved"
        assert not proof.limits
        assert any(proof.inputs)
        assert max(net.errors(proof.group, proof.inputs, proof.outputs)) < 1e-12  # type: ignore[arg-type]


def claim(dom: str, cod: str, under: str, body: str, where: str = "h == w") -> str:
    """A net on an image that says what acts on it."""
    said = f" under {under} on (h, w)" if under else ""
    return f"net f : {dom} -> {cod}{f' where {where}' if where else ''}{said} = {body}"


SAME = ("R[3, h, w]", "R[3, h, w]")
T, EVEN = "translations(h, w)", "h % 2 == 0, w % 2 == 0, h >= 4, w >= 4"
STRIDED = 'conv(4, 3, stride = 2, padding = 1, padding_mode = "circular")'
REFUSED = [
    (claim(*SAME, "G", "conv(3, 3, padding = 1)"), "weights of its own for each place", "conv(W, kernel)"),
    (claim("R[V, h, w]", "R[4, h, w]", "G", "conv(4, 1)"), "free weights along the channels", "conv(W"),
    (claim("R[V, h, w]", "R[V, h, w]", "G", "batch_norm"), "for each channel", "fibre_batch_norm"),
    (claim("R[X, h, w]", "R[X, h, w]", "G", "relu"), "relu", "norm_activation"),
    (
        claim("R[3, h, w]", "R[3, h//2, w//2]", "G", "max_pool(2)", "h == w, h >= 2"),
        "do not stand alike from both ends of h cells unless",
        "say so in the type: where ",
    ),
    (claim("R[3, h, w]", "R[3, 2*h, w]", "G", "upsample((2, 1))"), "rows and columns differently", "one number"),
    (claim("R[3, h, w]", "R[3, 9, 6]", "G", "adaptive_avg_pool((9, 6))"), "rows and columns", "one number"),
    (claim("R[8, h, w]", "R[2, 2*h, 2*w]", "G", "pixel_shuffle(2)"), "squares of pixels", "upsample"),
    (claim("R[3, h, w]", "R[5]", "G", "flatten >> linear(5)"), "free weights along an axis", "linear(W)"),
    (claim("R[3, h, w]", "R[4, h//2, w//2]", T, STRIDED, EVEN), "in strides of 2, 2 cells", "translations(h//2, w//2)"),
    (
        claim("R[3, h, w]", "R[4, h - 2, w - 2]", T, "conv(4, 3)", "h >= 3, w >= 3"),
        "makes h - 2 cells of h",
        "circular",
    ),
    ("net f : R[3, t] -> R[3, t] under S(t) on t = conv(3, 3, padding = 1)", "does not keep neighbours", "shifts"),
    (claim(*SAME, "p4(h, h)", "conv(3, 3, padding = 1)"), "weights of its own for each place", "conv(W"),
    (claim("R[3, h, w]", "R[3, 2*h, 2*w]", "p4(h, h)", "upsample(2)"), "changes the cells", "as two"),
    (
        claim("R[V, h, w]", "R[V, w, h]", "G", 'rearrange("c h w -> c w h") >> conv(V, 3, padding = 1)'),
        "does not turn",
        "",
    ),
    (claim(*SAME, T, "flip(axis = 1)", ""), "`flip`", ""),
    (claim(*SAME, "G", "roll(1, axis = 1)"), "`roll`", ""),
    (claim(*SAME, "C(8)", "max_pool(3, stride = 1, padding = 1)"), "90 degrees", "conv(W"),
    (claim("R[V, h, w]", "R[V, h, w]", "", "conv(V, 3, padding = 1)"), "acts on its channels alone", "under C(4) on"),
]


@pytest.mark.parametrize(
    ("text", "reason", "remedy"), REFUSED, ids=[t.partition(" = ")[2][-40:] for t, _, _ in REFUSED]
)
def test_what_is_refused_says_why_and_what_to_take(text: str, reason: str, remedy: str) -> None:
    found = [d for d in Program.from_text(HEAD + text).check() if d.is_error]
    assert [d.code for d in found][:1] == ["E0731"], [d.render() for d in found]
    assert reason in found[0].message
    assert remedy in (found[0].help or "")


WRONG_TYPES = {
    "net f : R[3, h, w] -> R[V, h, w] = conv(V, 3, padding = 1)": "E0735",
    "net f : R[J, h, w] -> R[V, h, w] = conv(V, 3, padding = 1)": "E0735",
    "net f : R[I, h, w] -> R[irrep(G, 2), h, w] = conv(irrep(G, 2), 1)": "E0736",
    "net f : R[2*trivial(S(3)), h, w] -> R[vector(S(3)), h, w] = conv(vector(S(3)), 1)": "E0751",
    "net f : R[X, h, w] -> R[X, h, w] = fibre_batch_norm": "E0751",
    "net f : R[regular(C(8)), h, w] -> R[regular(C(8)), h, w] = fibre_relu": "E0751",
    'net f : R[regular(C(8)), h, w] -> R[sign(C(8), "r"), h, w] = conv(sign(C(8), "r"), 3)': "E0751",
    "net f : R[I, h, w] -> R[V, h, w] = conv(V, 3, padding = 1, dilation = 2)": "E0213",
    "net f : R[3, h, w] -> R[3, h, w] under C(4) on (h, w) = relu": "E0733",
    "net f : R[3, h, w] -> R[3, h, w] under S(h) on (h, w) = relu": "E0733",
    "net f : R[3, h, w] -> R[3, h, w] under translations(h//2, w) on (h, w) = relu": "E0733",
}


@pytest.mark.parametrize("text", WRONG_TYPES)
def test_types_that_have_no_layer(text: str) -> None:
    found = [d for d in Program.from_text(HEAD + text).check() if d.is_error]
    assert WRONG_TYPES[text] in [d.code for d in found], [d.render() for d in found]


def test_a_stride_that_breaks_turns_is_a_type_error() -> None:
    text = "net f : R[I, h, w] -> _ where h >= 3, w >= 3 = conv(V, 3, stride = 2, padding = 1)"
    codes = [d.code for d in Program.from_text(HEAD + text).check() if d.is_error]
    assert codes
    assert set(codes) <= {"E0206", "E0207", "E0232"}


def test_nearly_is_told() -> None:
    text = "net f : R[3, h, w] -> R[4, h, w] under translations(h, w) on (h, w) = conv(4, 3, padding = 1)"
    (info,) = program(text).check()
    assert (info.code, info.severity) == ("E0750", "info")
    assert "the outermost 1 cell" in info.message
    (proof,) = Net(text, h=5, w=6).proofs()
    assert proof.holds
    assert len(proof.limits) == 1


# -- layers ------------------------------------------------------------------------------------------------------------


def layer(rep: str, group: str, body: str) -> Diagram:
    """One box on a 6 by 6 image."""
    text = HEAD + claim(f"R[{rep}, h, w]", "_", group, body, "h == w, h >= 6, h % 2 == 0")
    made = Program.from_text(text)
    hole = [d.message.split("`")[1] for d in made.check() if d.code == "E0230"]
    return Program.from_text(text.replace("-> _", f"-> {hole[0]}"))["f"](h=6, w=6)


LAYERS = {
    "I, G": ["conv(V, 3)", "conv(X, 3, bias = false)", "conv(V, 4, stride = 2)"],
    "V, G": ["conv(V, 5)", "conv(X, 2)", "conv(I, 1)", "fibre_batch_norm", "fibre_relu", "invariant_pool"],
    "X, G": ["conv(V, 3)", "conv(X, 2)", "conv(X, 1)", "fibre_relu", "invariant_pool"],
    "Y, M": ["conv(Y, 3)", "conv(P, 2)", "conv(Y, 4)", "fibre_relu", "invariant_pool"],
    "2*regular(C(8)), C(8)": ["conv(regular(C(8)) + irrep(C(8), 1), 3)", "conv(3*trivial(C(8)), 5)"],
    "irrep(D(8), 2) + trivial(D(8)), D(8)": ["conv(regular(D(8)) + irrep(D(8), 1), 5)", "conv(irrep(D(8), 2), 1)"],
}


@pytest.mark.parametrize(("given", "body"), [(g, b) for g, bodies in LAYERS.items() for b in bodies])
def test_the_parameters_are_those_of_the_layer(given: str, body: str) -> None:
    rep, _, group = given.rpartition(", ")
    diagram = layer(rep, group, body)
    (node,) = opened(diagram.graph).nodes
    said = {name: tuple(n.value for n in shape) for name, shape in node.box.parameters(node.dom, node.cod).items()}
    module = diagram.compile()
    made = {name.split(".", 1)[1]: tuple(p.shape) for name, p in module.named_parameters()}
    assert said == made
    x = torch.randn(2, *shape_of(node.dom[0]))
    assert list(module(x).shape[1:]) == shape_of(node.cod[0])
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        twin.load_state_dict(module.state_dict())
        assert torch.equal(twin.eval()(x), module.eval()(x))


@pytest.mark.parametrize(("group", "order"), [("C(4)", 4), ("D(4)", 8)])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_regular_to_regular_has_order_times_the_area(group: str, order: int, k: int) -> None:
    diagram = layer(f"2*regular({group})", group, f"conv(3*regular({group}), {k}, bias = false)")
    (node,) = opened(diagram.graph).nodes
    (shape,) = node.box.parameters(node.dom, node.cod).values()
    assert [n.value for n in shape] == [3, 2, order * k * k]


def test_it_is_the_layer_of_catnet_nn() -> None:
    module = layer("V", "G", "conv(V, 3)").compile()
    (found,) = [m for m in module.modules() if isinstance(m, GroupConv2d)]
    assert (found.group, found.into.channels, found.out.channels) == ("C4", 8, 8)


def test_errors_in_float32() -> None:
    net = Net(NETS["classifier"], **sizes("classifier"))
    module = net.module().float().eval()
    x = torch.randn(2, 2, 7, 7)
    assert difference(module(torch.rot90(x, 1, (-2, -1))).detach().double(), module(x).detach().double()) < 1e-5


@pytest.mark.parametrize("k", [1, 3, 5, 7])
def test_finer_turns_are_as_exact_as_is_said(k: int) -> None:
    from catnet.boxes.group_convolution import ERRORS, FINEST

    worst = 0.0
    for group in ("C8", "D16"):
        for into, out in (((1, "trivial"), (2, "regular")), ((2, "regular"), (2, "regular")), ((2, 1), (2, 2))):
            torch.manual_seed(0)
            worst = max(worst, *turn_error(SteerableConv2d(group, [into], [out], k), FINEST, samples=8))
    assert worst < ERRORS.get(k, 1e-12)


def test_finer_turns_are_tested() -> None:
    text = claim("R[regular(C(8)), h, w]", "R[V8, h, w]", "C(8)", "conv(V8, 5, padding = 2) >> relu")
    (proof,) = Net("rep V8 = 2*regular(C(8))\n" + text, h=9, w=9).proofs()
    assert (proof.holds, proof.word, len(proof.limits)) == (True, "tested", 1)
    assert "below 2 %" in proof.limits[0][1]


# -- the groups --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", [C(1), C(2), C(4), D(1), D(2), D(4)])
def test_turns_are_those_of_torch(group: Group) -> None:
    n = group.size.value or 0  # type: ignore[union-attr]
    h, w = (5, 5) if n == 4 else (4, 5)
    x = torch.arange(h * w, dtype=torch.float64).reshape(h, w)
    rep = Turned(group, Dim.const(h), Dim.const(w))  # type: ignore[arg-type]
    turned = moved_by(x, (Part((-2, -1), rep),), group.generator("r"))
    assert torch.equal(turned, torch.rot90(x, 4 // n, (-2, -1)))
    if "s" in group.generators:
        assert torch.equal(moved_by(x, (Part((-2, -1), rep),), group.generator("s")), x.flip(-1))
    from catnet.symmetry.relations import check_relations

    check_relations(group, rep.matrices(), "turns")


def test_which_groups_move_cells() -> None:
    h, w = Dim.sym("h"), Dim.sym("w")
    assert on_cells(C(4), [h, w], Facts()) is None
    assert on_cells(C(4), [h, h], Facts()) == Turned(C(4), h, h)
    assert on_cells(translations(h, w), [h, w], Facts()) == vector(translations(h, w))
    assert on_cells(translations(2, 3), [Dim.const(4), Dim.const(3)], Facts()) is not None
    assert on_cells(p4(2, 2), [Dim.const(4), Dim.const(4)], Facts()) is None


# -- planted mistakes --------------------------------------------------------------------------------------------------


def test_a_stale_batch_norm_rule_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BatchNorm, "per_channel", "")
    net = Net(claim("R[V, h, w]", "R[V, h, w]", "G", "batch_norm"), h=4, w=4)
    (proof,) = net.proofs()
    assert proof.holds
    assert max(net.errors(proof.group, proof.inputs, proof.outputs)) > 1e-3  # type: ignore[arg-type]


def test_a_free_kernel_that_passes_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catnet.boxes.convolution.TURNED_WEIGHTS", "")
    net = Net(f"net f : R[3, h, w] -> R[4, h, w] {SQUARE} under G on (h, w) = conv(4, 3, padding = 1)", h=5, w=5)
    (proof,) = net.proofs()
    assert proof.holds
    assert max(net.errors(proof.group, proof.inputs, proof.outputs)) > 1e-3  # type: ignore[arg-type]


def test_a_layer_that_forgets_its_sizes_would_be_seen() -> None:
    with pytest.raises(ValueError, match="breaks the turns"):
        check_turns(torch.zeros(1, 8, 8), 3, 2, 1)
