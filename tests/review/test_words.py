"""Messages that misled a stranger: one mistake gives one diagnostic, with the fix that helps."""

from __future__ import annotations

import pytest

from catnet.cli import words
from catnet.diagnostics import Diagnostic
from catnet.diagrams.box import VOCABULARY
from catnet.elaborate.program import Program
from tests.conftest import RunCatnet


def errors(text: str) -> list[Diagnostic]:
    return [d for d in Program.from_text(text).check() if d.is_error]


def only(text: str) -> Diagnostic:
    (error,) = errors(text)
    return error


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Linear(d)", "linear"),
        ("ReLU", "relu"),
        ("LayerNorm", "layer_norm"),
        ("Dropout(0.1)", "dropout"),
        ("linear(d, False)", "false"),
    ],
)
def test_a_name_in_the_spelling_of_pytorch_is_known_again(written: str, meant: str) -> None:
    assert only(f"net main : R[d] -> R[d] = {written}").help == f"did you mean `{meant}`?"


def test_a_letter_that_only_looks_right_is_named() -> None:
    assert only("net main : R[d] -> R[d] = r\u0435lu").help.endswith("`\u0435` is CYRILLIC SMALL LETTER IE")


def test_named_inputs_that_a_body_does_not_use_are_one_mistake() -> None:
    error = only("net main : (x: R[d], t: R[e]) -> R[d + e] = concat(axis = -1)")
    assert error.code == "E0209"
    assert error.help == "start with `x @ t >> ...`, or give the types without names"


def test_what_follows_from_a_reported_demand_is_not_reported_again() -> None:
    text = """net main : R[c, h, w] -> R[c, h//2, w//2] where w >= 2 =
        max_pool(2) >> conv(2*c, 3, padding = 1) >> conv(c, 3, padding = 1)"""
    assert only(text).help.endswith("where h >= 2")


def test_a_wrong_right_side_has_no_second_error_for_its_names() -> None:
    text = """net cell(h) : R[d] @ R[h] -> R[h] @ R[h] = concat >> linear(h) >> copy
    net main(h) : (xs: R[t, d]) -> R[t, h] {
        ys, last = xs >> scan(cell(h), over = t)
        _ = last >> drop
        return ys
    }"""
    assert only(text).message.startswith("wrong number of wires: `cell` takes 2 wires")


def test_a_convolution_without_padding_is_told_of_it() -> None:
    text = "net main(k) : R[c, h, w] -> R[c + k, h, w] where h >= 3, w >= 3 = (id, conv(k, 3)) >> concat(axis = 0)"
    assert only(text).help == "with `padding = 1`, `conv` keeps the sizes"


def test_a_strided_convolution_is_not_answered_with_a_linear_map() -> None:
    text = """net main(k) : R[c, h, w] -> R[k, h//2, w//2] where h >= 1, w >= 1 =
        conv(k, 3, stride = 2, padding = 1) >> relu"""
    assert only(text).help == ""


def test_ranges_of_integers_are_told_apart() -> None:
    error = only("net main(a, b) : Fin(a) -> R[3] = embedding(b, 3)")
    assert "integers of different ranges, `Fin(a)` against `Fin(b)`" in error.message


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("net main : R[d] -> R[d] = (relu, tanh) >> linear(d)", "`add` or `concat` makes one wire of them"),
        ("net main : R[d] -> R[d] = relu @ relu >> add", "`(f, g)` gives the same wire to each part"),
    ],
)
def test_a_wrong_number_of_wires_gets_the_usual_fix(text: str, help: str) -> None:
    assert only(text).help.startswith(help)


def test_explain_tells_what_a_box_takes(catnet_cli: RunCatnet) -> None:
    page = catnet_cli("explain", "linear").stdout
    assert page.startswith("linear(features, bias = true)\n\n`y = x W^T")
    assert "\n  linear               `y = x W^T" in catnet_cli("explain", "boxes").stdout
    wrong = catnet_cli("explain", "linaer")
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "error[E0604]: there is no code and no box `linaer`\n  help: did you mean `linear` or `bilinear`?\n",
    )


def test_every_box_has_a_page() -> None:
    for name in VOCABULARY:
        assert words.page(name).startswith(VOCABULARY[name].name)


@pytest.mark.parametrize(
    "text",
    [
        "net main : R[d] -> R[d] {\n    share w = linear(d)\n    return w ^ 2\n}",
        "net main : (x: R) -> R[3] {\n    share w = linear(3)\n    return (x >> w) + (x >> w)\n}",
    ],
)
def test_uses_of_a_shared_morphism_that_do_not_fit_are_told(text: str) -> None:
    assert {e.code for e in errors(text)} <= {"E0204", "E0203", "E0209", "E0224"}


def test_what_has_no_inverse_is_called_by_its_name() -> None:
    text = "net main : (x: R[d]) -> R[d] {\n    share w = neg\n    return x >> w >> w ^ -1\n}"
    assert only(text).message == "the shared `w` has no inverse"
