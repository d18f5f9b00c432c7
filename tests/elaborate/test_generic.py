"""Generic checks: a net is checked once, for all values of its parameters and sizes."""

from __future__ import annotations

import pytest

from catnet import CatnetError, Diagnostic
from catnet.elaborate.program import Program

LAYER = "net layer(k) : R[d] -> R[d + k] = (id, linear(k)) >> concat\n"
DOUBLE = 'net double : R[c, h] -> R[2*c, h] = rearrange("c h -> h c") >> linear(2*c) >> rearrange("h c -> c h")\n'
HALVE = "net halve : R[d] -> R[d//2] where d % 2 == 0 = linear(d//2)\n"


def found(text: str) -> list[Diagnostic]:
    return Program.from_text(text).check()


def good(text: str) -> Program:
    program = Program.from_text(text)
    assert [d.render() for d in program.check()] == []
    return program


def mistake(text: str) -> Diagnostic:
    (only,) = found(text)
    return only


def codes(text: str) -> list[str]:
    return [d.code for d in found(text)]


# -- repeats of unknown length, by induction ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        LAYER + "net dense(n, k) : R[d] -> R[d + n*k] = layer(k) ^ n",
        LAYER + "net dense(n, k) : R[d] -> R[d + 3*n*k] = (layer(k) >> layer(2*k)) ^ n",
        LAYER + "net dense(n) : R[t, d] -> R[t, d + 3*n] = seq(i in 0..n, layer(3))",
        LAYER + "net dense(n, k) : R[d] -> R[d + n*k] = stage: layer(k) ^ n",
        DOUBLE + "net pyramid(n) : R[c, h] -> R[c * 2^n, h] = double ^ n",
        DOUBLE + "net pyramid(n) : R[c, h] -> R[c * 4^n, h] = (double >> double) ^ n",
        "net stairs(n) : R[0] -> R[n] = seq(i in 0..n, linear(i + 1))",
        "net stairs(a, n) : R[a] -> R[a + n] = seq(i in a..a + n, linear(i + 1))",
        "net tower(n) : R[d] -> R[d] = (linear(2*d) >> relu >> linear(d)) ^ n",
        "net two(n) : R[d] @ R[e] -> R[d] @ R[e] = (linear(d) @ relu) ^ n",
        "net shift(n) : R[d] @ R[e] -> R[d + n] @ R[e] = (((id, linear(1)) >> concat) @ tanh) ^ n",
        "net inner(n, m) : R[d] -> R[d + n*m] = seq(i in 0..n, seq(j in 0..m, (id, linear(1)) >> concat))",
    ],
)
def test_growing_types_are_proved_for_every_length(text: str) -> None:
    good(text)


@pytest.mark.parametrize(
    "text",
    [
        LAYER + "net dense(n, k) : R[d] -> R[d + n*k + 1] = layer(k) ^ n",
        LAYER + "net dense(n, k) : R[d] -> R[d + k] = layer(k) ^ n",
        DOUBLE + "net pyramid(n) : R[c, h] -> R[2*c*n, h] = double ^ n",
        "net stairs(n) : R[0] -> R[n + 1] = seq(i in 0..n, linear(i + 1))",
        "net tower(n) : R[d] -> R[e] = linear(d) ^ n",
    ],
)
def test_a_wrong_promise_for_a_growing_type_is_seen(text: str) -> None:
    assert mistake(text).code == "E0203"


@pytest.mark.parametrize(
    "text",
    [
        "net f(n) : R[d] -> R[8] = linear(8) ^ n",
        "net f(n) : R[d] -> R[d] = (id, id) ^ n",
        'net f(n) : R[d] -> R[d] = (linear(4*d) >> rearrange("(a b) -> a b", a = 4)) ^ n',
        'net f(n) : R[d, e] -> R[d, e] = rearrange("a b -> b a") ^ n',
        "net f(n) : R[d] -> R[d + n] = seq(i in 0..n, (id, linear(i)) >> concat)",  # grows by 0, 1, 2, ...
        "net f(n) : R[d] -> R[d] = seq(i in 0..n, linear(i * i))",
    ],
)
def test_what_is_not_inductive_is_refused(text: str) -> None:
    assert codes(text) == ["E0219"]


def test_the_refusal_shows_one_step() -> None:
    only = mistake("net f(n) : R[d] -> R[8] = linear(8) ^ n")
    assert only.code == "E0219"
    assert only.message.endswith("here one step goes from `R[d]` to `R[8]`")


def test_a_known_length_needs_no_induction() -> None:
    program = good("net f : R[2] -> R[9] = seq(i in 0..3, linear((i + 1) * (i + 1)))")
    shapes = [p.shape[0] for p in program["f"]().compile().parameters() if p.dim() == 2]
    assert shapes == [1, 4, 9]
    good('net f : R[d, e] -> R[e, d] = rearrange("a b -> b a") ^ 3')
    assert codes('net f : R[d, e] -> R[d, e] = rearrange("a b -> b a") ^ 3') == ["E0203"]


def test_what_is_proved_holds_at_each_size() -> None:
    program = good(LAYER + DOUBLE + "net dense(n, k) : R[d] -> R[d + n*k] = layer(k) ^ n\n"
                   "net pyramid(n) : R[c, h] -> R[c * 2^n, h] = double ^ n")  # fmt: skip
    for n in range(4):
        assert program["dense"](n, 3, d=5).type == f"R[5] -> R[{5 + 3 * n}]"
        assert program["dense"](n, 3, d=5).graph.type == f"R[5] -> R[{5 + 3 * n}]"
        assert program["pyramid"](n, c=3, h=7).graph.type == f"R[3, 7] -> R[{3 * 2**n}, 7]"


def test_a_number_of_repeats_is_not_negative() -> None:
    only = mistake("net f(n) : R[d] -> R[d] = relu ^ (n - 1)")
    assert (only.code, only.message) == (
        "E0206", "`^` needs a number of repeats, n - 1 >= 0, which is not known here",
    )  # fmt: skip
    good("net f(n) : R[d] -> R[d] where n >= 1 = relu ^ (n - 1)")
    good("net f(n) : R[d] -> R[d] = if n == 0 then id else relu ^ (n - 1)")
    assert codes("net f(a, b) : R[d] -> R[d] = seq(i in a..b, relu)") == ["E0206"]
    good("net f(a, b) : R[d] -> R[d] where a <= b = seq(i in a..b, relu)")


def test_a_number_of_repeats_that_is_minus_one_is_no_inverse() -> None:
    program = good("net f(n = 1) : R[d] -> R[d] = scale(2.0) ^ n\nnet g : R[d] -> R[d] = scale(2.0) ^ -1")
    with pytest.raises(CatnetError, match=r"E0207.*the number of repeats is -1"):
        _ = program["f"](-1).graph
    assert program["g"]().graph.type == "R[d] -> R[d]"


# -- branches ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "net f(k) : R[d] -> R[k] = if k == d then id else linear(k)",
        "net f(s) : R[d] -> R[d] = if s == 1 then id else linear(d)",
        "net f(k) : R[d] -> R[k] = if d != k then linear(k) else relu",
        "net f(n) : R[d] -> R[d] where n >= 3 = if n >= 2 then relu else unknown_box_that_is_never_met",
        "net f(heads) : R[t, d] -> R[t, heads, d//heads] where heads >= 1 =\n"
        '    (if d % heads == 0 then id else linear(heads * (d//heads))) >> rearrange("t (h c) -> t h c", h = heads)',
        HALVE + "net f : R[d] -> R[d//2] = if d % 2 == 0 then halve else linear(d//2)",
        "net f(big = true) : R[d] -> R[d] = if big then linear(4*d) >> linear(d) else linear(d)",
        "net f(n) : R[d] -> R[d] = if n > 0 and n < 5 then relu ^ n else id",
    ],
)
def test_each_branch_is_checked_under_its_assumption(text: str) -> None:
    good(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("net f(k) : R[d] -> R[k] = if k == d then linear(k) else id", ["E0203"]),
        ("net f(k) : R[d] -> R[d] = if k == 1 then relu else linear(k)", ["E0203"]),
        ("net f(k) : R[d] -> R[d] = if k == 1 then liner(d) else rellu", ["E0201", "E0201"]),
        (HALVE + "net f : R[d] -> R[d//2] = if d % 2 == 1 then halve else linear(d//2)", ["E0207"]),
        (HALVE + "net f : R[d] -> R[d//2] = if d % 3 == 0 then halve else linear(d//2)", ["E0206"]),
        ("net f(k) : R[d] -> R[_] = linear(if k == 1 then 2 else 3)", ["E0222"]),
    ],
)
def test_a_mistake_in_one_branch_is_seen(text: str, expected: list[str]) -> None:
    assert [d.code for d in found(text) if d.is_error and d.code != "E0232"] == expected


# -- nets as arguments -------------------------------------------------------------------------------------------

RESIDUAL = "net residual(f: X -> X) : X -> X = id + f\n"
APPLY = "net apply(f: R[d] -> R[k], k) : R[t, d] -> R[t, k] = f\n"


def test_nets_as_arguments() -> None:
    good(RESIDUAL + "net f : R[d] -> R[d] = residual(linear(d)) >> residual(residual(relu))")
    good(RESIDUAL + "net own(k) : R[d] -> R[d] = linear(k) >> linear(d)\nnet f : R[d] -> R[d] = residual(own(3))")
    good("net app(f: R[d] -> R[e]) : R[d] -> R[e] = f >> relu\nnet g : R[4] -> R[5] = app(linear(5))")
    good("net twice(f: X -> X) : X -> X = f >> f\nnet g(n) : R[d] -> R[d] = twice(twice(linear(d)) ^ n)")


@pytest.mark.parametrize(
    ("argument", "here"),
    [("linear(5)", "R[4] -> R[5]"), ("copy", "R[4] -> R[4] @ R[4]"), ("tanh >> linear(3)", "R[4] -> R[3]")],
)
def test_an_argument_of_the_wrong_type(argument: str, here: str) -> None:
    only = mistake(RESIDUAL + f"net g : R[4] -> R[4] = residual({argument})")
    assert only.code == "E0203"
    assert only.message == f"the argument `f` of `residual` must be `X -> X`; here it is `{here}`"
    assert only.span is not None
    assert only.span.text == f"residual({argument})"


@pytest.mark.parametrize(
    ("use", "code"),
    [
        ("residual(3)", "E0212"),
        ('residual("relu")', "E0212"),
        ("residual(linear)", "E0211"),
        ("residual", "E0211"),
        ("residual()", "E0211"),
        ("residual(relu, relu)", "E0213"),
        ("residual(g = relu)", "E0213"),
        ("residual(embedding(3, 4))", "E0205"),
        ("residual(rellu)", "E0201"),
    ],
)
def test_other_wrong_arguments(use: str, code: str) -> None:
    assert mistake(RESIDUAL + f"net g : R[4] -> R[4] = {use}").code == code


def test_an_argument_is_only_what_its_type_says() -> None:
    assert codes("net f(g: R[d] -> R[d]) : R[d] -> R[8] = g") == ["E0203"]
    assert codes("net f(g: X -> X) : X -> X = g >> relu") == ["E0205"]
    assert codes("net f(g: R[d] -> R[d]) : R[d] -> R[d] = g(3)") == ["E0213"]


# -- holes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("net f : R[d] -> _ = linear(3)", ["this hole is `R[3]`"]),
        ("net f(k) : R[t, d] -> R[_, _] = linear(2*k)", ["this hole is `t`", "this hole is `2*k`"]),
        ("net f : _ -> R[t, 4] = embedding(9, 4)", ["this hole is `Fin(9)[t]`"]),
        ("net f : R[_] @ R[d] -> R[d] = add", ["this hole is `d`"]),
        (LAYER + "net f(n) : R[d] -> R[_] = layer(3) ^ n", ["this hole is `d + 3*n`"]),
        ("net f : R[d] -> _ = linear(3)\nnet g : R[d] -> _ = f >> relu", ["this hole is `R[3]`"] * 2),
        ("net g : R[d] -> _ = f >> relu\nnet f : R[d] -> _ = linear(3)", ["this hole is `R[3]`"] * 2),
    ],
)
def test_holes_are_filled(text: str, told: list[str]) -> None:
    assert [(d.code, d.is_error) for d in found(text)] == [("E0230", False)] * len(told)
    assert sorted(d.message for d in found(text)) == sorted(told)


def test_a_filled_hole_is_a_type_like_any_other() -> None:
    text = "net f : R[d] -> _ = linear(3)\nnet g : R[d] -> R[4] = f"
    assert [d.code for d in found(text) if d.is_error] == ["E0203"]
    assert Program.from_text("net f : R[d] -> _ = linear(3)")["f"](d=5).graph.type == "R[5] -> R[3]"


def test_holes_that_nothing_fills() -> None:
    assert mistake("net f : R[_] -> R[4] = linear(4)").code == "E0232"
    only = mistake("net f : R[t, 8] -> R[t, 4] = linear(3) >> _")
    assert (only.code, only.message) == ("E0231", "a diagram is missing here; it receives `R[t, 3]`")


# -- where -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "where", "expected"),
    [
        ("R[4] -> R[2]", "", []),  # proved
        ("R[2*e] -> R[e]", "", []),
        ("R[d] -> R[d//2]", "d % 4 == 0", []),
        ("R[d] -> R[d//2]", "d % 2 == 0", []),
        ("R[6*a + 4*b] -> R[3*a + 2*b]", "", []),
        ("R[5] -> R[2]", "", ["E0207"]),  # violated
        ("R[2*e + 1] -> R[e]", "", ["E0207"]),
        ("R[d] -> R[d//2]", "", ["E0206"]),  # unprovable
        ("R[3*e] -> R[(3*e)//2]", "", ["E0206"]),
        ("R[d] -> R[d//2]", "d % 3 == 0", ["E0206"]),
    ],
)
def test_a_where_clause_is_demanded_of_every_use(type_: str, where: str, expected: list[str]) -> None:
    assert codes(HALVE + f"net f : {type_} {where and 'where ' + where} = halve") == expected


def test_the_clause_to_add_is_offered_in_the_names_of_the_user() -> None:
    only = mistake(HALVE + "net f : R[3*e] -> R[(3*e)//2] = halve")
    assert only.message == "`halve` assumes `d % 2 == 0`, which is not known here"
    assert only.help.startswith("if it always holds, say so in the signature: where ")
    clause = only.help.partition("where ")[2]
    good(HALVE + f"net f : R[3*e] -> R[(3*e)//2] where {clause} = halve")


def test_where_clauses_are_asked_again_of_the_sizes_that_are_given() -> None:
    program = good(HALVE)
    assert program["halve"](d=6).graph.type == "R[6] -> R[3]"
    with pytest.raises(CatnetError, match=r"E0207.*`halve` assumes `d % 2 == 0`, which these sizes break"):
        _ = program["halve"](d=5).graph


def test_assumptions_that_exclude_each_other() -> None:
    only = mistake("net f : R[d] -> R[d] where d > 5, d < 3 = relu")
    assert (only.code, only.message) == ("E0207", "the assumptions of `f` exclude each other")


def test_where_clauses_of_nets_inside_nets_are_passed_on() -> None:
    text = HALVE + "net quarter : R[d] -> R[d//4] where d % 4 == 0 = halve >> halve\n"
    good(text + "net f : R[8] -> R[2] = quarter")
    assert codes(text + "net f : R[6] -> R[1] = quarter") == ["E0207"]


# -- names are not captured --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "net f(k) : R[d] -> R[k] = linear(k)\nnet g(d) : R[k] -> R[d] = f(d)",
        "net f(k) : R[d] -> R[k] = linear(k)\nnet g(k) : R[d, k] -> R[d, k] = f(2*k) >> f(k)",
        LAYER + "net g(d) : R[k] -> R[k + d] = layer(d)",
        LAYER + "net g(n, k) : R[d] -> R[d + n + k] = layer(k) >> layer(n)",
        LAYER + "net h(i) : R[d] -> R[d + 2*i] = seq(i in 0..i, layer(2))",
        'net f : R[a, b] -> R[b, a] = rearrange("x y -> y x")\nnet g : R[b, a] -> R[a, b] = f\n'
        "net h : R[a, a] -> R[a, a] = f",
        "net f(g: R[d] -> R[d], k) : R[e] -> R[e] where e >= k = relu ^ k\n"
        "net h(k) : R[d] -> R[d] where d >= 2*k = f(linear(d), 2*k)",
        RESIDUAL + "net g(k, f) : R[d] -> R[d] = residual(linear(k) >> linear(f) >> linear(d))",
    ],
)
def test_names_of_the_caller_keep_their_meaning(text: str) -> None:
    good(text)


@pytest.mark.parametrize(
    "text",
    [
        LAYER + "net g(d) : R[k] -> R[2*d] = layer(d)",
        LAYER + "net g(n, k) : R[d] -> R[d + 2*n] = layer(k) >> layer(n)",
        "net f(k) : R[d] -> R[k] = linear(k)\nnet g(d) : R[k] -> R[k] = f(d)",
    ],
)
def test_a_mistake_that_capture_would_hide_is_seen(text: str) -> None:
    assert mistake(text).code == "E0203"


def test_instances_agree_with_the_generic_check() -> None:
    program = good(LAYER + "net g(d) : R[k] -> R[k + d] = layer(d)\nnet h(n) : R[d] -> R[d + 2*n] = g(n) >> g(n)")
    assert program["g"](3, k=5).graph.type == "R[5] -> R[8]"
    assert program["h"](3, d=5).graph.type == "R[5] -> R[11]"
    assert program["h"](3, d=5).compile() is not None


# -- recursion ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "net f(n) : R[d] -> R[d] = if n == 0 then id else linear(d) >> f(n - 1)",
        "net f(n = 5) : R[d] -> R[d] = if n <= 0 then id else linear(d) >> f(n - 2)",
        "net f(n) : R[d] -> R[d * 2^n] = if n == 0 then id else linear(2*d) >> f(n - 1)",
        "net even(n) : R[d] -> R[d] = if n == 0 then id else odd(n - 1)\n"
        "net odd(n) : R[d] -> R[d] = if n == 0 then relu else even(n - 1)\nnet f : R[d] -> R[d] = even(7)",
        "net f(n) : R[d] -> R[d] = if n == 0 then id else (f(n - 1), f(n - 1)) >> add",
    ],
)
def test_recursion_with_a_guard(text: str) -> None:
    good(text)


def test_recursion_runs() -> None:
    program = good("net f(n) : R[d] -> R[d * 2^n] = if n == 0 then id else linear(2*d) >> f(n - 1)")
    module = program["f"](3, d=2).compile()
    assert [p.shape[0] for p in module.parameters() if p.dim() == 2] == [4, 8, 16]
    assert program["f"](0, d=2).graph.type == "R[2] -> R[2]"


@pytest.mark.parametrize(
    ("text", "chain"),
    [
        ("net f : R[d] -> R[d] = relu >> f", "f > f"),
        ("net f(n) : R[d] -> R[d] = linear(d) >> f(n - 1)", "f > f"),
        ("net f : R[d] -> R[d] = g\nnet g : R[d] -> R[d] = tanh >> h\nnet h : R[d] -> R[d] = f", "f > g > h > f"),
        ("net f(n) : R[d] -> R[d] = (if n == 0 then id else relu) >> f(n)", "f > f"),
    ],
)
def test_recursion_without_a_guard(text: str, chain: str) -> None:
    only = mistake(text)
    assert only.code == "E0217"
    assert [n.text for n in only.notes] == [f"the chain: {chain}"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("net f(n) : R[d] -> R[d] = if n == 0 then id else f(n + 1)\nnet g : R[d] -> R[d] = f(3)", "levels"),
        ("net f(n = 3) : R[d] -> R[d] = if n == 0 then id else relu >> f(n - 2)", "levels"),
        ("net f(n = 3) : R[d] -> R[d] = if n == 0 then id else relu >> f(n)", "the same arguments"),
    ],
)
def test_a_guard_that_is_never_met(text: str, why: str) -> None:
    only = mistake(text)
    assert only.code == "E0217"
    assert why in only.message
    assert only.notes[0].text.startswith("the chain: ")


def test_a_recursion_that_contradicts_its_type() -> None:
    text = "net f(n) : R[d] -> R[d * 2^n] = if n == 0 then id else linear(3*d) >> f(n - 1)"
    assert set(codes(text)) == {"E0203"}
