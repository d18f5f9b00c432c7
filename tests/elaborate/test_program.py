"""The Python faces: `load`, `check`, `compile`, `parse`, and programs as collections of nets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import catnet
from catnet import CatnetError, Diagnostic, Diagram, Program

TEXT = """\
# Scores of classes.
# One layer.
net head(classes, bias = true) : R[d] -> R[classes] = linear(classes, bias = bias)

net mlp(hidden, p = 0.5, kernel = (3, 5), name = "x") : R[t, d] -> R[t, 10] =
    linear(hidden) >> relu >> dropout(p) >> head(10)

box leaf : R[d] -> R[d] = python "mine:Leaf"

law units : id >> relu == relu
"""
BROKEN = """\
net one : R[d] -> R[8] = liner(8)
net two : R[d] -> R[8] = linear(9)
net three : R[d] -> _ = linear(4)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "net.cat"
    file.write_text(TEXT, encoding="utf-8")
    return file


@pytest.fixture
def program(path: Path) -> Program:
    return catnet.load(path)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    file = tmp_path / "broken.cat"
    file.write_text(BROKEN, encoding="utf-8")
    return file


def one(error: CatnetError) -> Diagnostic:
    (found,) = error.diagnostics
    return found


# -- load --------------------------------------------------------------------------------------------------------


def test_a_program_is_a_collection_of_nets(program: Program, path: Path) -> None:
    assert list(program) == program.names == ["head", "mlp"]
    assert repr(program["head"]) == f"<net head of {path}>"
    assert program["head"].__doc__ == "Scores of classes.\nOne layer."
    assert program["mlp"].__doc__ is None
    assert program.check() == []


def test_nets_give_diagrams(program: Program) -> None:
    diagram = program["head"](3, d=4)
    assert isinstance(diagram, Diagram)
    assert diagram.type == "R[4] -> R[3]"
    assert diagram == program["head"](classes=3, bias=True, d=4)
    assert diagram != program["head"](3, bias=False, d=4)
    assert diagram != program["head"](3), "its type is open"
    assert program["mlp"](5).type == "R[t, d] -> R[t, 10]"
    assert program["mlp"](5, t=7).type == "R[7, d] -> R[7, 10]"
    assert program["leaf"]().type == "R[d] -> R[d]"


def test_diagrams_of_a_program_compose_with_others(program: Program) -> None:
    diagram = catnet.id + (program["head"](6) >> catnet.relu >> program["head"](4))
    assert diagram.type == "R[4] -> R[4]"
    assert diagram.compile(on="R[4]")(torch.zeros(2, 4)).shape == (2, 4)


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("haed", "did you mean `head`?"),
        ("mlp2", "did you mean `mlp`?"),
        ("Head", "did you mean `head`?"),
        ("zebra", "it has head, mlp, leaf"),
        ("units", "it has head, mlp, leaf"),
    ],
)
def test_a_wrong_name_gets_the_nearest(program: Program, path: Path, name: str, help: str) -> None:
    with pytest.raises(CatnetError) as caught:
        program[name]
    found = one(caught.value)
    assert (found.code, found.message, found.help) == ("E0601", f"`{path}` has no net `{name}`", help)


def test_a_program_without_nets_says_so() -> None:
    with pytest.raises(CatnetError, match="it declares none"):
        Program.from_text("")["f"]


@pytest.mark.parametrize(
    ("args", "sizes", "code", "words"),
    [
        ((), {}, "E0211", "`mlp` needs the static argument `hidden`"),
        ((1, 0.1, (3, 5), "a", 6), {}, "E0213", "`mlp` takes 4 static arguments, 5 are given"),
        ((1,), {"hidden": 2}, "E0213", "the argument `hidden` of `mlp` is given twice"),
        ((1,), {"hiden": 2}, "E0213", "`mlp` has no argument `hiden`"),
        (("a",), {}, "E0212", '`hidden` of `mlp` is an integer, got the text "a"'),
        ((1.5,), {}, "E0212", "`hidden` of `mlp` is an integer, got the number `1.5`"),
        ((True,), {}, "E0212", "`hidden` of `mlp` is an integer, got `true`"),
        ((None,), {}, "E0212", "`hidden` of `mlp` is an integer, got `None`"),
        ((catnet.relu,), {}, "E0212", "`hidden` of `mlp` is an integer, got a diagram"),
        ((1, "a"), {}, "E0212", '`p` of `mlp` is a number, got the text "a"'),
        ((1,), {"kernel": "a"}, "E0212", '`kernel` of `mlp` is an integer or a tuple of integers, got the text "a"'),
        ((1,), {"name": 3}, "E0212", "`name` of `mlp` is a text in quotes, got `3`"),
        ((1,), {"d": "a"}, "E0212", '`d` of `mlp` is an integer, got the text "a"'),
    ],
)
def test_wrong_arguments(program: Program, args: tuple[Any, ...], sizes: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(CatnetError) as caught:
        program["mlp"](*args, **sizes)
    found = one(caught.value)
    assert (found.code, found.message) == (code, words)


def test_an_argument_that_is_nearly_right_is_offered(program: Program) -> None:
    with pytest.raises(CatnetError, match="did you mean `hidden`"):
        program["mlp"](hiddn=3)
    with pytest.raises(CatnetError, match="it takes `classes`, `bias`"):
        program["head"](3, zebra=4)


def test_sizes_that_a_net_cannot_have(program: Program) -> None:
    for sizes in ({"classes": -3}, {"classes": 3, "d": -1}):
        with pytest.raises(CatnetError, match="E0207"):
            _ = program["head"](**sizes).graph


def test_a_program_with_mistakes_gives_no_diagram(broken: Path) -> None:
    program = catnet.load(broken)
    assert program.names == ["one", "two", "three"]
    with pytest.raises(CatnetError) as caught:
        program["three"]()
    assert [d.code for d in caught.value.diagnostics] == ["E0201", "E0203"]
    assert str(caught.value).count("error[") == 2


@pytest.mark.parametrize("name", ["missing.cat", ".", "missing/net.cat"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(CatnetError) as caught:
        catnet.load(tmp_path / name)
    assert one(caught.value).code == "E0301"
    assert [d.code for d in catnet.check(tmp_path / name)] == ["E0301"]


def test_paths_may_be_texts(path: Path) -> None:
    assert catnet.load(str(path)).names == ["head", "mlp"]
    assert catnet.check(str(path)) == []


# -- check -------------------------------------------------------------------------------------------------------


def test_check_gives_every_mistake_as_data(broken: Path) -> None:
    found = catnet.check(broken)
    assert all(isinstance(d, Diagnostic) for d in found)
    assert [(d.code, d.severity, d.is_error) for d in found] == [
        ("E0201", "error", True),
        ("E0203", "error", True),
        ("E0230", "info", False),
    ]
    assert [d.span.text for d in found if d.span is not None] == ["liner", "linear(9)", "_"]


def test_diagnostics_are_json(broken: Path) -> None:
    data = json.loads(json.dumps([d.to_json() for d in catnet.check(broken)]))
    assert data[0] == {
        "code": "E0201",
        "severity": "error",
        "message": "unknown name `liner`",
        "span": {
            "file": str(broken),
            "start": {"offset": 25, "line": 1, "column": 26},
            "end": {"offset": 30, "line": 1, "column": 31},
        },
        "label": "",
        "notes": [],
        "help": "did you mean `linear` or `bilinear`?",
        "fixes": [
            {"title": f"write `{word}`", "span": data[0]["span"], "text": word} for word in ("linear", "bilinear")
        ],
    }
    assert data[2]["message"] == "this hole is `R[4]`"
    assert data[2]["span"]["start"] == {"offset": BROKEN.index("_ ="), "line": 3, "column": 21}


def test_checking_twice_tells_the_same(broken: Path) -> None:
    program = catnet.load(broken)
    assert program.check() == program.check()
    assert [d.render() for d in catnet.check(broken)] == [d.render() for d in program.check()]


# -- compile -----------------------------------------------------------------------------------------------------


def test_compile_a_net_of_a_file(path: Path) -> None:
    model = catnet.compile(path, "mlp", hidden=5, d=4, p=0.0)
    assert isinstance(model, torch.nn.Module)
    assert model(torch.zeros(2, 3, 4)).shape == (2, 3, 10)
    with pytest.raises(CatnetError, match="E0214"):
        catnet.compile(path, "mlp", hidden=5)
    with pytest.raises(CatnetError, match="did you mean `mlp`"):
        catnet.compile(path, "mlpp", hidden=5)
    with pytest.raises(TypeError, match=r"which net\? .* has head, mlp"):
        catnet.compile(path)


def test_compile_a_diagram(program: Program) -> None:
    diagram = catnet.linear(6) >> catnet.relu
    assert catnet.compile(diagram, on="R[4]")(torch.zeros(2, 4)).shape == (2, 6)
    assert catnet.compile(diagram, on="R[t, 4]")(torch.zeros(2, 3, 4)).shape == (2, 3, 6)
    assert catnet.compile(program["head"](3, d=4))(torch.zeros(4)).shape == (3,)
    for on, code in [(None, "E0214"), ("R[d]", "E0214"), ("Z[4]", "E0205"), ("R[4", "E0101"), ("R[4] @ R[4]", "E0204")]:
        with pytest.raises(CatnetError, match=code):
            catnet.compile(diagram, on=on)


def test_a_diagram_takes_no_further_arguments(program: Program) -> None:
    with pytest.raises(TypeError, match="has its arguments already"):
        catnet.compile(program["head"](3), d=4)
    with pytest.raises(TypeError, match="has its arguments already"):
        catnet.compile(program["head"](3, d=4), "head")


# -- parse and from_text -----------------------------------------------------------------------------------------


def test_parse() -> None:
    assert catnet.parse("linear(8) >> relu") == catnet.linear(8) >> catnet.relu
    assert catnet.parse("linear(8)\n  # then\n >> relu").type == "R[...s, d] -> R[...s, 8]"
    diagram = catnet.parse("id + (a: layer_norm >> each(linear(4)))")
    assert catnet.parse(repr(diagram)) == diagram


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ["E0101"]),
        ("linear(8) >>", ["E0101"]),
        ("linear(8) relu", ["E0101"]),
        ("net f : R -> R = id", ["E0101"]),
        ("liner(8)", ["E0201"]),
        ("liner(8) >> rellu", ["E0201", "E0201"]),
        ("linear(d)", ["E0201"]),
        ("linear", ["E0211"]),
        ('linear("8")', ["E0212"]),
    ],
)
def test_parse_with_mistakes(text: str, codes: list[str]) -> None:
    with pytest.raises(CatnetError) as caught:
        catnet.parse(text)
    assert [d.code for d in caught.value.diagnostics] == codes


def test_types_are_checked_when_they_are_asked_for() -> None:
    diagram = catnet.parse("linear(8) >> embedding(3, 4)")
    with pytest.raises(CatnetError, match="E0205"):
        _ = diagram.type


def test_parse_knows_the_names_of_its_program(program: Program) -> None:
    assert program.parse("head(3) >> relu").type == "R[d] -> R[3]"
    assert program.parse("head(3) >> relu") == program["head"](3) >> catnet.relu
    with pytest.raises(CatnetError, match="did you mean `head`"):
        program.parse("hed(3)")
    with pytest.raises(CatnetError, match="E0201"):
        catnet.parse("head(3)")


def test_from_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.cat").write_text("net other : R[d] -> R[d] = relu", encoding="utf-8")
    text = 'from "other.cat" import other\nfrom "std/blocks.cat" import residual\n'
    program = Program.from_text(text + "net f : R[d] -> R[d] = residual(other)\nnet g : R[d] -> R[d] = id + relu")
    assert program.check() == []
    assert program["f"]() == program["g"]() != program["other"]()
    (found,) = Program.from_text("net f : R[d] -> R[8] = liner(8)", "given.cat").check()
    assert str(found.span) == "given.cat:1:24"


def test_line_ends_of_every_kind() -> None:
    for end in ("\n", "\r\n", "\r"):
        (found,) = Program.from_text(BROKEN.splitlines()[0].join([end, end])).check()
        assert str(found.span) == "<text>:2:26"


def test_values_that_are_equal_are_used_as_keys() -> None:
    program = Program.from_text(TEXT)
    table = {program["head"](3): "a", catnet.linear(4): "b"}
    assert table[program["head"](classes=3)] == "a"
    assert table[catnet.parse("id >> linear(4)")] == "b"


def test_the_module_has_only_what_it_promises() -> None:
    assert {"load", "check", "compile", "parse", "Diagram"} <= set(catnet.__all__)
    for name in catnet.__all__:
        assert getattr(catnet, name) is not None
    with pytest.raises(AttributeError, match="module 'catnet' has no attribute 'liner'"):
        _ = catnet.liner
