"""The rule of every box: what it lets pass and why it refuses, and that no rule is wrongly permissive, by numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from catnet.boxes import VOCABULARY
from catnet.boxes.activation import Relu
from catnet.boxes.attention import ScaledDotProductAttention
from catnet.boxes.linear import Linear
from catnet.boxes.norm import BatchNorm, RmsNorm
from catnet.boxes.parts import Concat
from catnet.boxes.reduce import Reduction
from catnet.diagrams.acting import Action, Part, ordered, show
from catnet.diagrams.structural import Add
from catnet.symmetry.constructors import SO, C, O, S, trivial, vector
from catnet.symmetry.groups import Group
from catnet.symmetry.kinds import Kind
from catnet.symmetry.reps import Rep
from catnet.symmetry.reps_leaves import sign
from tests.analysis.cases import CASES
from tests.symmetry.acted import Subject, cases
from tests.symmetry.nets import FURTHER, ITERATED

EXACT = 1e-12
SUBJECTS = [(*dom.split(" -> "), body) for dom, body in CASES] + [
    (*dom.split(" -> "), body) for dom, bodies in FURTHER.items() for body in bodies
]
REFUSED = {"lstm_cell", "gru_cell", "rnn_cell", "lstm", "gru", "rnn"}
"""Boxes with free weights along all their axes, or in the order of one: nothing may act on them."""
SPATIAL = {"conv", "conv_transpose", "max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool"} | {
    "global_avg_pool", "global_max_pool", "upsample", "resize", "pixel_shuffle", "pixel_unshuffle"
}  # fmt: skip
"""Boxes of grids, which have tests of their own."""
DRAWN = {"gumbel_softmax"}
"""What draws in evaluation too, so that one run tells nothing."""


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def wrong(subject: Subject, draws: int, most: int) -> tuple[list[str], int]:
    """The actions that pass and should not, and how many passed; about so many are measured."""
    passed = [
        (case, after)
        for case in cases(subject.graph.dom, draws)
        if not isinstance(after := subject.answer(case.group, case.actions), str)
    ]
    if names(subject) & DRAWN:
        return [], len(passed)
    step = max(1, len(passed) // most)
    found = []
    for case, after in passed[::step]:
        error = subject.error(case.group, case.actions, after)
        if not error < EXACT:
            found.append(f"{case} -> {after}: {error:.1e}")
    return found, len(passed)


def names(subject: Subject) -> set[str]:
    return {node.box.name for _, node in subject.graph.walk() if not node.graphs or hasattr(node.box, "opaque")}


# -- numerical truth ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dom", "cod", "body"), SUBJECTS, ids=[f"{d}-{b}".replace(" ", "") for d, _, b in SUBJECTS])
def test_what_passes_commutes(dom: str, cod: str, body: str) -> None:
    subject = Subject(dom, body, cod)
    found, _ = wrong(subject, draws=0, most=4)
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize(("dom", "cod", "body"), SUBJECTS, ids=[f"{d}-{b}".replace(" ", "") for d, _, b in SUBJECTS])
def test_whatever_passes_commutes(dom: str, cod: str, body: str) -> None:
    subject = Subject(dom, body, cod)
    found, _ = wrong(subject, draws=20, most=10_000)
    assert found == []


@pytest.mark.parametrize(("before", "dom", "body", "cod"), ITERATED, ids=[f"{b}-{p[:60]}" for p, _, b, _ in ITERATED])
def test_iterated_nets_commute(before: str, dom: str, body: str, cod: str) -> None:
    subject = Subject(dom, body, cod, before, **({"t": 3} if "[t" in dom else {}), n=3)
    found, passed = wrong(subject, draws=4, most=30)
    assert found == []
    assert passed > 0


def test_every_box_is_asked_and_lets_something_pass() -> None:
    asked: set[str] = set()
    passing: set[str] = set()
    subjects = [(d, c, b, "", {}) for d, c, b in SUBJECTS]
    subjects += [(d, c, b, p, {"n": 3} | ({"t": 3} if "[t" in d else {})) for p, d, b, c in ITERATED]
    for dom, cod, body, before, sizes in subjects:
        subject = Subject(dom, body, cod, before, **sizes)
        asked |= names(subject)
        if not names(subject) <= passing and any(
            not isinstance(subject.answer(case.group, case.actions), str) for case in cases(subject.graph.dom, 0)
        ):
            passing |= names(subject)
    wiring = {name for name, cls in VOCABULARY.items() if cls.family == "wiring"}
    mine = (
        {cls.name for cls in VOCABULARY.values() if cls.family not in ("symmetry", "grid", "bundles")}
        - wiring
        - {"intertwiner"}
    )
    assert mine - asked == set()
    assert asked - passing - SPATIAL == REFUSED | {"parameter"}


# -- the table ---------------------------------------------------------------------------------------------------------

s3, s4, o3, c4, lorentz = S(3), S(4), O(3), C(4), SO(1, 3)
V, signs, turned = vector(o3), sign(c4, "r"), vector(s3) @ sign(s3)
TWO = 2 * trivial(o3) + V


def at(rep: Rep, *axes: int) -> Action:
    return (Part(axes, rep),)


PASSES: list[tuple[Group, str, str, list[Action], list[Action]]] = [
    (s3, "R[3,4] -> _", "relu", [at(vector(s3), -2)], [at(vector(s3), -2)]),
    (s3, "R[4,3] -> _", "tanh", [at(turned, -1)], [at(turned, -1)]),
    (c4, "R[3,5] -> _", "abs", [at(5 * signs, -1)], [()]),
    (s3, "R[4,3] -> _", "square", [at(turned, -1)], [at(vector(s3), -1)]),
    (o3, "R[3,4] -> _", "linear(5,bias=false)", [at(V, -2)], [at(V, -2)]),
    (o3, "R[4,3] -> _", "rms_norm(affine=false)", [at(V, -1)], [at(V, -1)]),
    (s4, "R[2,4,5] -> _", "batch_norm", [at(vector(s4), -2)], [at(vector(s4), -2)]),
    (s4, "R[4,5] -> _", "mean(over=0)", [at(vector(s4), -2)], [()]),
    (s4, "R[4,5] -> _", "softmax(axis=0)", [at(vector(s4), -2)], [at(vector(s4), -2)]),
    (o3, "R[4,3] @ R[4,3] -> _", "dot", [at(V, -1), at(V, -1)], [()]),
    (o3, "R[3] @ R[3] -> _", "outer", [at(V, -1), at(V, -1)], [(Part((-2,), V), Part((-1,), V))]),
    (o3, "R[4,5] @ R[4,3] -> _", "concat", [at(TWO, -1), at(V, -1)], [at(2 * trivial(o3) + 2 * V, -1)]),
    (o3, "R[4,5] -> R[4,2] @ R[4,3]", "split((2,3))", [at(TWO, -1)], [(), at(V, -1)]),
    (o3, "R[4,3] -> _", "flatten", [at(V, -1)], [at(4 * V, -1)]),
    (o3, "R[3,4] -> _", "flatten", [at(V, -2)], [at(V @ (4 * trivial(o3)), -1)]),
    (o3, "R[6] -> _", 'rearrange("(n v) -> v n",n=2)', [at(2 * V, -1)], [at(V, -2)]),
    (c4, "R[4] -> _", "roll(1)", [at(vector(c4), -1)], [at(vector(c4), -1)]),
    (o3, "R[2,3] @ R[4,3] @ R[4,5] -> _", "sdpa", [at(V, -1), at(V, -1), at(TWO, -1)], [at(TWO, -1)]),
    (o3, "R[4,3] @ R[4,3] -> _", "mse", [at(V, -1), at(V, -1)], [()]),
    (o3, "R[2,3] -> _", "feature_dropout", [at(V, -1)], [at(V, -1)]),
    (s3, "R[3,4] -> _", 'id + (sum(over=0) >> repeat("d -> n d",n=3))', [at(vector(s3), -2)], [at(vector(s3), -2)]),
]


@pytest.mark.parametrize(("group", "type_", "body", "before", "after"), PASSES, ids=[f"{r[2]}-{r[3]}" for r in PASSES])
def test_what_passes(group: Group, type_: str, body: str, before: list[Action], after: list[Action]) -> None:
    dom, cod = type_.split(" -> ")
    assert list(Subject(dom, body, cod).answer(group, tuple(before))) == after


REFUSALS: list[tuple[Group, str, str, list[Action], str]] = [
    (
        o3,
        "R[4,3] -> _",
        "relu",
        [at(V, -1)],
        "mixes entries instead of permuting them [take an equivariant box: `norm_act",
    ),
    (c4, "R[4,3] -> _", "relu", [at(3 * signs, -1)], "changes signs of entries"),
    (c4, "R[4,3] -> _", "sigmoid", [at(3 * signs, -1)], "changes signs of entries"),
    (o3, "R[4,3] -> _", "tanh", [at(V, -1)], "mixes entries"),
    (o3, "R[4,3] -> _", "square", [at(V, -1)], "mixes entries"),
    (
        o3,
        "R[4,3] -> _",
        "linear(5)",
        [at(V, -1)],
        "free weights along an axis, and `vector(O(3))` acts there [take `linear(W)`",
    ),
    (o3, "R[3,4] -> _", "linear(5)", [at(V, -2)], "mixes entries"),
    (s3, "R[3,4,5] -> _", "stacked_linear(3,5)", [at(vector(s3), -3)], "weights of its own for each expert"),
    (c4, "R[4,3] -> _", "mean(over=1)", [at(3 * signs, -1)], 'reduces an axis, and `3*sign(C(4), "r")` changes signs'),
    (o3, "R[4,3] -> _", "sum(over=1)", [at(V, -1)], "mixes its entries [an invariant of a vector is `dot`"),
    (s4, "R[4,5] -> _", "max(over=0)", [at(vector(s4) @ sign(s4), -2)], "changes signs"),
    (o3, "R[4,3] -> _", "softmax", [at(V, -1)], "compares the entries along an axis"),
    (s3, "R[4,3] -> _", "cumsum", [at(vector(s3), -1)], "depends on the order"),
    (s3, "R[4,3] -> _", "argmax", [at(vector(s3), -1)], "gives a place along an axis"),
    (
        s3,
        "R[4,3] -> _",
        "layer_norm",
        [at(vector(s3), -1)],
        "gain for each entry, and `vector(S(3))` acts on them [write layer_norm(",
    ),
    (o3, "R[4,3] -> _", "layer_norm(affine=false)", [at(V, -1)], "mixes entries"),
    (o3, "R[4,3] -> _", "rms_norm", [at(V, -1)], "[write rms_norm(affine = false)]"),
    (s4, "R[4,5] -> _", "batch_norm", [at(vector(s4), -2)], "a gain and a bias for each channel"),
    (s4, "R[4,5] -> _", "batch_norm(affine=false)", [at(vector(s4), -2)], "running statistics for each channel"),
    (s4, "R[4,5] -> _", "group_norm(2,affine=false)", [at(vector(s4), -2)], "statistics of its group"),
    (s3, "R[3,4] @ R[3,4] -> _", "add", [at(vector(s3), -2), ()], "joins `S(3) on 3` with `invariant` [both must"),
    (
        o3,
        "R[4,3] @ R[4,3] -> _",
        "add",
        [at(V, -1), at(V @ sign(o3), -1)],
        "joins `O(3) on 3` with `vector(O(3))*sign(O(3))",
    ),
    (o3, "R[4,3] @ R[4,3] -> _", "mul", [at(V, -1), at(V, -1)], "one by one, and it mixes them [take `dot`"),
    (
        lorentz,
        "R[4] @ R[4] -> _",
        "dot",
        [at(vector(lorentz), -1)] * 2,
        "not dual to one another [bring one to the dual",
    ),
    (
        o3,
        "R[4,3] @ R[5,3] -> _",
        'einsum("i d, j d -> i j")',
        [at(V, -1), ()],
        "with one on which it does not [both must",
    ),
    (
        s3,
        "R[3,4] @ R[3,4] @ R[3,4] -> _",
        "sdpa(causal=true)",
        [at(vector(s3), -2)] * 3,
        "a causal mask of `sdpa` keeps nothing",
    ),
    (
        o3,
        "R[4,3] @ R[4,3] @ R[4,3] -> _",
        "sdpa",
        [at(V, -1), (), ()],
        "acts on the entries of the queries of `sdpa` alone",
    ),
    (
        s3,
        "R[3,4] @ R[3,4] @ R[3,4] -> _",
        "sdpa",
        [(), at(vector(s3), -2), ()],
        "keys and values of `sdpa` are not permuted alike",
    ),
    (
        s3,
        "R[2,4] @ R[3,4] @ R[3,4] @ R[2,3] -> _",
        "sdpa",
        [(), at(vector(s3), -2), at(vector(s3), -2), ()],
        "the mask of `sdpa`",
    ),
    (s3, "R[3,4] -> _", "rotary", [at(vector(s3), -2)], "depends on the order of the tokens"),
    (s3, "R[3,4] -> _", "id + position_embedding(8)", [at(vector(s3), -2)], "depends on the order of the tokens"),
    (s3, "R[3,4] -> _", "causal_mask", [at(vector(s3), -2)], "depends on the order of the entries"),
    (s4, "R[3,4] -> R[3,2] @ R[3,2]", "chunk(2)", [at(vector(s4), -1)], "does not fall apart there"),
    (o3, "R[5] -> _", "slice(0,3)", [at(TWO, -1)], "does not fall apart there"),
    (o3, "R[3] -> _", "select(0)", [at(V, -1)], "does not fall apart there"),
    (s4, "R[4] -> _", "flip", [at(vector(s4), -1)], "moves the entries of an axis"),
    (s4, "R[4] -> _", 'pad(1,1,mode="circular")', [at(vector(s4), -1)], "repeats entries of an axis"),
    (o3, "R[4,3] -> _", "dropout", [at(V, -1)], "draws for each entry, and `vector(O(3))` mixes them [one draw"),
    (o3, "R[4,3] @ R[4,3] -> _", "mae", [at(V, -1), at(V, -1)], "mixes entries"),
    (s4, "R[3,4] @ Fin(4)[3] -> _", "cross_entropy", [at(vector(s4), -1), ()], "takes the score that the target names"),
    (o3, "R[6,3] -> _", "lstm(3)", [at(V, -1)], "free weights along an axis"),
    (S(6), "R[6,3] -> _", "gru(3)", [at(vector(S(6)), -2)], "goes along an axis in its order"),
    (s3, "R[3,9] -> _", "conv(4,3)", [at(vector(s3), -2)], "conv"),
]


@pytest.mark.parametrize(
    ("group", "type_", "body", "before", "reason"), REFUSALS, ids=[f"{r[2]}-{r[3]}" for r in REFUSALS]
)
def test_why_a_box_refuses(group: Group, type_: str, body: str, before: list[Action], reason: str) -> None:
    dom, cod = type_.split(" -> ")
    answer = Subject(dom, body, cod).answer(group, tuple(before))
    assert isinstance(answer, str), f"passes as {answer}"
    assert reason in answer


def test_dropout_is_equivariant_in_distribution_only() -> None:
    from catnet.diagrams.equivariance import Walk

    walk = Walk(s3)
    graph = Subject("R[3,4]", "dropout").graph
    assert walk.through(graph, (at(vector(s3), -2),)) == (at(vector(s3), -2),)
    assert walk.steps[0].remarks == ("`dropout` draws for each entry: its output is equivariant in distribution only",)


def test_an_action_on_several_axes_is_shown_by_their_names() -> None:
    graph = Subject("R[6]", 'rearrange("(a b) -> a b",a=2)').graph
    (after,) = Subject("R[6]", 'rearrange("(a b) -> a b",a=2)').answer(S(6), (at(vector(S(6)), -1),))
    assert show(after, graph.cod[0]) == "S(6) on (2, 3)"  # type: ignore[arg-type]


SETS = """
net deep_sets(h) : R[n, d] -> R[h] under S(n) on n = linear(h) >> relu >> linear(h) >> sum(over = n) >> linear(h)
net layer(h) : R[n, d] -> R[n, h] under S(n) on n =
    linear(h) + (mean(over = n) >> linear(h) >> repeat("d -> n d", n = n))
net gated : R[n, d] -> R[n, d] under S(n) on n = id * (max(over = n) >> sigmoid >> repeat("d -> n d", n = n))
net heads : R[n, 8] -> R[n, 8] under S(n) on n =
    id + (layer_norm >> (linear(8), linear(8), linear(8)) >> each(rearrange("n (h c) -> h n c", h = 2)) >> sdpa
    >> rearrange("h n c -> n (h c)"))
net running : R[t, n, d] -> R[t, n, d] under S(n) on n =
    (id @ zeros((n, d))) >> scan(add >> tanh >> copy, over = t) >> (id @ drop)
"""


def test_nets_on_sets_of_any_size_are_proved() -> None:
    from tests.boxes.helpers import program

    program(SETS)  # checks what the nets say of themselves


# -- planted wrong rules -----------------------------------------------------------------------------------------------


def passing_everything(self: Any, acting: Any) -> tuple[Action, ...]:
    """A rule that looks at nothing: what acts on the first wire acts on the output."""
    return (acting.actions[0],)


def dropping_the_axis(self: Reduction, acting: Any) -> tuple[Action, ...]:
    """A rule that takes every sum for invariant."""
    from catnet.boxes.actions import aside, shifted
    from catnet.boxes.axes import axis_position

    place = axis_position(acting.inputs[0], self.over)
    _, rest = aside(acting, (place,))
    return (shifted(rest.actions[0], place, -1),)


def sum_in_the_wrong_order(self: Concat, acting: Any) -> tuple[Action, ...]:
    (after,) = ORIGINAL_CONCAT(self, replace(acting, actions=acting.actions[::-1], inputs=acting.inputs[::-1]))
    return (ordered(after),)


def blind_to_order(self: ScaledDotProductAttention, acting: Any) -> tuple[Action, ...]:
    return ORIGINAL_SDPA(replace(self, causal=False), acting)


ORIGINAL_CONCAT, ORIGINAL_SDPA = Concat.act, ScaledDotProductAttention.act
PLANTED: dict[str, tuple[type, str, Any, str, str]] = {
    "relu on vectors": (Relu, "passes", Kind.GENERAL, "R[4,3]", "relu"),
    "bias on a vector": (Linear, "passes", Kind.GENERAL, "R[3,4]", "linear(5)"),
    "mean over a signed axis": (Reduction, "act", dropping_the_axis, "R[4,3]", "mean(over=1)"),
    "equal size, another representation": (Add, "act", passing_everything, "R[3] @ R[3]", "add"),
    "stale batch norm": (BatchNorm, "per_channel", "", "R[4,5]", "batch_norm(affine=false)"),
    "a gain per entry": (RmsNorm, "_fits", lambda *_: None, "R[4,3]", "rms_norm"),
    "the sum in another order": (Concat, "act", sum_in_the_wrong_order, "R[4,4] @ R[4,3]", "concat"),
    "a causal mask on a set": (
        ScaledDotProductAttention,
        "act",
        blind_to_order,
        "R[3,4] @ R[3,4] @ R[3,4]",
        "sdpa(causal=true)",
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_wrong_rule_is_caught(planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cls, name, rule, dom, body = PLANTED[planted]
    subject = Subject(dom, body)
    assert wrong(subject, draws=2, most=60)[0] == []
    monkeypatch.setattr(cls, name, rule)
    found, _ = wrong(subject, draws=2, most=60)
    assert found
    assert all(float(text.rpartition(": ")[2]) > 1e-6 for text in found), "not by rounding"
