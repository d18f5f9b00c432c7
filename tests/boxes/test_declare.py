"""`@catnet.box`: a user's own boxes, what is refused and how it is told, and that our own keep the same rules."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import catnet
from catnet.boxes import VOCABULARY
from catnet.declare import _unusable, wrong
from catnet.diagnostics import CatnetError, Diagnostic
from catnet.diagrams.structural import Pointwise, Structural
from catnet.elaborate.program import Program

pytestmark = pytest.mark.usefixtures("own_boxes")
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a module with one class, decorated as asked, into a folder from which it can be imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def written(body: str, name: str = "bent", module: str = "gates", bases: str = "catnet.Box") -> Path:
        head = f'import catnet\n\n\n@catnet.box("{name}", family="activation")\nclass Bent({bases}):\n'
        path = tmp_path / f"{module}.py"
        path.write_text(head + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n")
        return path

    return written


TYPE = 'signature = "R[...s, d] -> R[...s, d]"\n'
CODE = "def code(self, site):\n    return site.args[0]\n"


def refused(module: str = "gates") -> Diagnostic:
    """The one diagnostic that importing the module gives."""
    with pytest.raises(CatnetError) as caught:
        __import__(module)
    (found,) = caught.value.diagnostics
    return found


def test_a_box_is_usable_from_python_and_from_a_file(write: Write) -> None:
    write(f"steep: float = 1.0\n{TYPE}def code(self, site):\n    return f'{{site.args[0]}} * {{self.steep}}'\n")
    assert [d.code for d in Program.from_text("net f : R[t, 3] -> R[t, 3] = bent(2.0)").check()] == ["E0201"]
    import gates  # type: ignore[import-not-found]

    program = Program.from_text("net f : R[t, 3] -> R[t, 3] = bent(2.0)")
    assert program.check() == []
    x = torch.randn(5, 3)
    assert torch.equal(program["f"]().compile()(x), 2 * x)
    assert program["f"]() == program["f"]()
    made = catnet.bent(steep=2.0) >> catnet.relu
    assert repr(made) == "bent(steep = 2.0) >> relu"
    assert made == catnet.parse("bent(steep = 2.0) >> relu")
    assert "bent" in made.draw()
    assert gates.Bent(2.0) == gates.Bent(2.0)


def test_a_mistake_in_a_file_is_told_as_with_our_own(write: Write) -> None:
    write(f"steep: float = 1.0\n{TYPE}{CODE}")
    __import__("gates")
    (found,) = Program.from_text("net f : R[t, 3] -> R[t, 3] = bent(steepness = 2.0)").check()
    assert (found.code, found.help) == ("E0213", "did you mean `steep`?")


def test_inputs_are_counted_by_the_signature(write: Write) -> None:
    write('signature = "R[d] @ R[d] -> R[d]"\ndef code(self, site):\n    return " - ".join(site.args)\n')
    __import__("gates")
    module = (catnet.bent @ catnet.relu).compile(on="R[2] @ R[2] @ R[2]")
    a, b, c = torch.randn(3, 2)
    assert torch.equal(module(a, b, c)[0], a - b)


def test_defaults_are_brought_to_their_sort(write: Write) -> None:
    fields = "size: catnet.Dim = 4\nkernel: tuple[catnet.Dim, ...] = 3\naxis: catnet.AxisRef = -1\np: float = 1\n"
    write(fields + TYPE + CODE)
    __import__("gates")
    defaults = {p.name: p.default for p in VOCABULARY["bent"].params()}
    four, three = catnet.Dim.const(4), catnet.Dim.const(3)
    assert defaults == {"size": four, "kernel": (three,), "axis": catnet.AxisRef(-1), "p": 1.0}


def test_declaring_again_replaces(write: Write, tmp_path: Path) -> None:
    path = write(TYPE + CODE)
    text = compile(path.read_text(), str(path), "exec")
    for _ in range(2):  # as a notebook's cell that is run twice
        exec(text, {"__name__": "notebook"})
    write(TYPE + CODE, module="others")
    found = refused("others")
    assert found.code == "E0504"
    assert "`notebook.Bent`" in found.message


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("relu", "there is a box of that name, `catnet.boxes.activation.Relu`"),
        ("net", "it is a word of the language"),
        ("seq", "it is a word of the language"),
        ("float", "it is a word of the language"),
        ("train", "`torch.nn.Module` has an attribute of that name"),
        ("class", "it is a Python keyword"),
        ("load", "`catnet.load` is something else"),
        ("draw", "`catnet.draw` is something else"),
        ("Bent", "a name is ASCII letters"),
        ("größe", "a name is ASCII letters"),
        ("two words", "a name is ASCII letters"),
    ],
)
def test_names_that_are_refused(write: Write, name: str, why: str) -> None:
    write(TYPE + CODE, name=name)
    found = refused()
    assert found.code == "E0504"
    assert found.message.startswith(f"a box cannot be called `{name}`: {why}")
    assert "class Bent(catnet.Box):" in found.render()
    assert "Bent" not in {cls.__name__ for cls in VOCABULARY.values()}


RULES = {
    "type": (CODE, "`bent` says no type"),
    "unreadable type": ('signature = "R[d -> R[d]"\n' + CODE, "the type of `bent` cannot be read"),
    "no kind": ('signature = "Q[d] -> Q[d]"\n' + CODE, "the type of `bent` cannot be read: `Q` is not a type"),
    "where": (TYPE + 'where = ("d %% 2",)\n' + CODE, "the type of `bent` cannot be read"),
    "free name": (TYPE + 'where = ("k > 2",)\n' + CODE, "`k` of `k > 2` stands neither in the type nor among"),
    "output": ('signature = "R[d] -> R[k]"\n' + CODE, "`k` stands only in the output of `R[d] -> R[k]`"),
    "pack": ('signature = "R[d] -> R[...s, d]"\n' + CODE, "`...s` stands only in the output"),
    "object": ('signature = "R[d] -> X"\n' + CODE, "`X` stands only in the output"),
    "sort": ("size: int = 3\n" + TYPE + CODE, "`size` of `bent` is a `int`, which is no sort"),
    "list": ("size: list[int]\n" + TYPE + CODE, "`size` of `bent` is a `list[int]`, which is no sort"),
    "default": ("p: float = 'half'\n" + TYPE + CODE, "`p` of `Bent` is a number, its default is 'half'"),
    "annotated": ('signature: str = "R[d] -> R[d]"\n' + CODE, "`signature` would be a static argument of `Bent`"),
    "annotation": ("p: 'Real' = 1.0\n" + TYPE + CODE, "the annotations of `Bent` cannot be read: name 'Real'"),
    "code": (TYPE, "`bent` says no code"),
    "effect": (TYPE + "effect = 'noisy'\n" + CODE, '`effect` of `bent` is one of "pure", "random", "stateful"'),
    "map_kind": (TYPE + "map_kind = 'cubic'\n" + CODE, "`map_kind` of `bent` is one of"),
    "arity": (TYPE + "arity = 2\n" + CODE, "`bent` has arity 2, its type has 1 inputs"),
    "module": (TYPE + CODE + "def parameters(self, i, o):\n    return {}\n", "`bent` has parameters, but no `module`"),
    "transpose": (TYPE + "dagger_signature = 'R[d] -> R[d]'\n" + CODE, "`bent` has one of `dagger_signature` and"),
}


@pytest.mark.parametrize("rule", RULES)
def test_classes_that_break_the_rules(write: Write, rule: str) -> None:
    body, message = RULES[rule]
    write(body)
    found = refused()
    assert found.code == "E0505"
    assert found.message.startswith(message)
    assert "gates.py:5:1" in found.render()
    assert "bent" not in VOCABULARY


def test_a_class_that_is_no_box(write: Write) -> None:
    write(TYPE + CODE, bases="object")
    assert refused().message == "`Bent` is not a `catnet.Box`"


METHODS = {
    "nothing": ("def code(self, site):\n    site.args[0]\n", "`code` of the box `bent` must give a Python expression"),
    "no Python": ("def code(self, site):\n    return 'x +'\n", "must give a Python expression, as text: `x +` is none"),
    "outputs": ("def code(self, site):\n    return '(x, x)'\n", "`(x, x)` has 2 results, the box has 1 output"),
    "error": (
        "def code(self, site):\n    return site.argz\n",
        "failed: AttributeError: 'Site' object has no attribute",
    ),
    "flops": (CODE + "def flops(self, i, o):\n    return 3\n", "`flops` of the box `bent` must give a `Dim`"),
    "rule": (CODE + "def rule(self, typing, inputs):\n    return inputs[0]\n", "must give a tuple of wires"),
    "statements": ("def statements(self, site):\n    return 'x = 1'\n", "must give Python statements, as a list"),
    "module": (CODE + "def module(self, site):\n    return 'nn.Linear(3'\n", "as text, or None: `nn.Linear(3` is none"),
    "shapes": (
        CODE + "def module(self, site):\n    return None\ndef parameters(self, i, o):\n    return {'weight': 3}\n",
        "`parameters` of the box `bent` must give a dict from names to tuples of `Dim`",
    ),
}


@pytest.mark.parametrize("case", METHODS)
def test_methods_that_give_what_they_must_not(write: Write, case: str) -> None:
    body, message = METHODS[case]
    path = write(TYPE + body)
    __import__("gates")
    with pytest.raises(CatnetError) as caught:
        _ = (diagram := catnet.parse("bent")).typed("R[3]"), diagram.show(), diagram.source(on="R[3]")
    (found,) = caught.value.diagnostics
    assert found.code == "E0506"
    assert message in found.message
    assert found.span is not None
    method = re.match(r"def (\w+)", found.span.text)
    assert method is not None
    assert f"`{method[1]}`" in found.message
    assert str(found.span).startswith("gates.py:")
    assert path.read_text().splitlines()[found.span.source.position(found.span.start)[0] - 1].strip() == found.span.text


def test_a_mistake_of_a_rule_is_told_by_check(write: Write) -> None:
    write("def rule(self, typing, inputs):\n    return inputs[7]\n" + CODE)
    __import__("gates")
    (found,) = Program.from_text("net f : R[3] -> R[3] = bent").check()
    assert (found.code, found.message) == (
        "E0506",
        "`rule` of the box `bent` failed: IndexError: tuple index out of range",
    )


def test_refusals_and_open_sizes_pass_as_they_are(write: Write) -> None:
    write(
        """
        size: catnet.Dim
        def rule(self, typing, inputs):
            from catnet.types.infer import reject
            if self.size.value == 3:
                raise reject("`bent` does not like 3")
            return inputs
        def code(self, site):
            return f"{site.args[0]} * {site.static(self.size)}"
        """
    )
    __import__("gates")
    (found,) = Program.from_text("net f : R[3] -> R[3] = bent(3)").check()
    assert found.message == "`bent` does not like 3"
    with pytest.raises(CatnetError, match="E0214"):
        Program.from_text("net f(k) : R[3] -> R[3] = bent(k)")["f"](catnet.Dim.sym("k")).source()


def test_our_own_boxes_keep_the_rules() -> None:
    """All but those that the language has operators for, whose arguments are never written."""
    for name, cls in VOCABULARY.items():
        if not issubclass(cls, (Structural, Pointwise)):
            assert [d.message for d in wrong(cls)] == [], name
        assert _unusable(cls.name, cls) in ("", "it is a word of the language"), name
