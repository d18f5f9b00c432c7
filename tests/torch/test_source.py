"""The written source: it stands alone, is the same every time, passes a linter, and no text of a spec steers it."""

from __future__ import annotations

import ast
import builtins
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import catnet
from catnet.cli import main
from catnet.diagnostics import CatnetError
from catnet.diagrams.labels import refusal
from catnet.elaborate.program import Program
from catnet.limits import BUDGET
from catnet.torch.names import CALLED, RESERVED
from tests.boxes.helpers import compiled, program

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"

# Four small nets whose source is pinned: read a difference as you would read a person's code.
NETS: dict[str, tuple[str, dict[str, int]]] = {
    "classifier": (
        """\
# A block around which the input passes unchanged.
net block(width) : R[d] -> R[d] = id + (layer_norm >> linear(width) >> gelu >> linear(d))

# A residual classifier.
# Its head has no bias.
net classifier(width = 16, depth = 2, classes = 3) : R[8] -> R[classes] =
    stem: linear(width) >> blocks: block(4*width) ^ depth >> dropout(0.1) >> head: linear(classes, bias = false)
""",
        {},
    ),
    "attention": (
        """\
net attention(heads) : R[t, d] -> R[t, d] where d % heads == 0 =
    (q: linear(d), k: linear(d), v: linear(d))
 >> each(rearrange("t (h c) -> h t c", h = heads))
 >> sdpa(causal = true)
 >> rearrange("h t c -> t (h c)")
 >> out: linear(d)
""",
        {"heads": 2, "d": 8},
    ),
    "tied": (
        """\
net tied(hidden) : (x: R[d], scale: R[d]) -> R[d] @ R[hidden] {
    share code = linear(hidden)
    y = x * scale
    z = y >> code >> relu
    return (z >> transpose(code)) @ (y >> code)
}
""",
        {"hidden": 4, "d": 6},
    ),
    "recurrent": (
        """\
net cell(h) : R[d] @ R[h] -> R[h] @ R[h] = concat >> linear(h) >> tanh >> copy
net recurrent(h) : R[t, d] @ R[h] -> R[t, h] @ R[h] = steps: scan(cell(h), over = t)
""",
        {"h": 4, "d": 3},
    ),
}
SHAPES = {"classifier": [(8,)], "attention": [(5, 8)], "tied": [(6,), (6,)], "recurrent": [(5, 3), (4,)]}


def source_of(name: str) -> str:
    text, sizes = NETS[name]
    return program(text)[name](**sizes).source()


def ruff(path: Path) -> str:
    """What the linter says of syntax and names; the empty string if nothing."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--quiet", "--select", "E9,F", str(path)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False).stdout


# -- what is written ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETS)
def test_golden(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.py", source_of(name))


def test_no_golden_file_is_left_over() -> None:
    assert {p.stem for p in GOLDEN.glob("*.py")} == NETS.keys()


STAND_ALONE = """
import sys, importlib.util

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "catnet":
            raise ImportError("there is no catnet here")

sys.meta_path.insert(0, Block())
try:
    import catnet
except ImportError:
    pass
else:
    raise SystemExit("catnet can be imported: this test shows nothing")
import torch
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("model", path + ".py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    state, inputs, name = torch.load(path + ".pt")
    net = getattr(module, name)()
    net.load_state_dict(state, strict=True)
    torch.save(net.eval()(*inputs), path + ".out")
assert "catnet" not in sys.modules
"""


def test_written_files_run_where_catnet_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected: dict[str, Any] = {}
    for name, (text, sizes) in NETS.items():
        (tmp_path / f"{name}.cat").write_text(text, encoding="utf-8")
        params = [part for k, v in sizes.items() for part in ("-p", f"{k}={v}")]
        out = tmp_path / f"{name}.py"
        assert main(["compile", str(tmp_path / f"{name}.cat"), name, *params, "-o", str(out)]) == 0
        assert capsys.readouterr().out == f"wrote {out}\n"
        module = catnet.compile(tmp_path / f"{name}.cat", name, **sizes).eval()
        inputs = [torch.randn(2, *shape) for shape in SHAPES[name]]
        torch.save((module.state_dict(), inputs, type(module).__name__), tmp_path / f"{name}.pt")
        expected[name] = module(*inputs)
    command = [sys.executable, "-I", "-c", STAND_ALONE, *(str(tmp_path / name) for name in NETS)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for name, theirs in expected.items():
        torch.testing.assert_close(torch.load(tmp_path / f"{name}.out"), theirs, rtol=0, atol=0)


STANDARD = [
    ("std/transformer.cat", "block", {"heads": 2, "hidden": 16, "d": 8}),
    ("std/transformer.cat", "cross_attention", {"heads": 2, "d": 8, "e": 6}),
    ("std/transformer.cat", "language_model", {"vocab": 11, "d": 8, "depth": 2, "heads": 2, "t": 5}),
    ("std/unet.cat", "segmenter", {"depth": 2, "c": 2, "k": 3, "n": 1}),
    ("../examples/digits/digits.cat", "classifier", {}),
]
MORE = [
    "net f : (a: R[t, 4], b: R[t, 4], c: R[t, 4], m: R[t, t]) -> R[t, 4] = a @ b @ c @ m >> sdpa(causal = true)",
    "net f : R[t, 4] @ R[t, 4] -> R[t, 4] = trace(swap >> id @ tanh >> add >> copy, steps = 3) @ drop",
    "net f : R[4] @ R -> R[4] = (id @ time_features(4)) >> concat >> linear(4)\n"
    "net g : R[4] -> R[4] = flow(f, start = 0, stop = 1)",
    'net f : R[t, 8] -> R[t//2, 8] where t >= 2 = rearrange("t d -> d t") >> max_pool(2) >> rearrange("d t -> t d")',
]


def other_sources() -> list[str]:
    found = [catnet.load(ROOT / "catnet" / path)[net](**sizes).source() for path, net, sizes in STANDARD]
    for text in MORE:
        made = program(text)
        found.append(made[made.names[-1]]().source())
    return found


def test_sources_import_nothing_but_torch_and_pass_the_linter(tmp_path: Path) -> None:
    sources = [*map(source_of, NETS), *other_sources()]
    for i, text in enumerate(sources):
        (tmp_path / f"net{i}.py").write_text(text, encoding="utf-8")
        tree = ast.parse(text)
        imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
        imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert imported <= {"torch", "torch.nn", "math"}
        assert all(line.rstrip() == line for line in text.splitlines())
    assert ruff(tmp_path) == ""


def test_the_linter_would_see_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(source_of("tied") + "\nimport os\nprint(nowhere)\n", encoding="utf-8")
    assert "F401" in ruff(tmp_path)
    assert "F821" in ruff(tmp_path)


def test_no_forward_calls_a_python_function_that_a_wire_may_shadow() -> None:
    """Names that are called in a `forward` are not given to wires: see `CALLED`."""
    called: set[str] = set()
    for text in [*map(source_of, NETS), *other_sources()]:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.name == "forward":
                calls = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
                called |= {f.id for f in calls if isinstance(f, ast.Name)}
    assert called & set(dir(builtins)) <= CALLED
    assert "float" in called


def test_the_text_is_the_same_every_time() -> None:
    code = (
        "from catnet.elaborate.program import Program\nimport sys\n"
        "for text, name, sizes in eval(sys.stdin.read()):\n"
        "    print(Program.from_text(text)[name](**sizes).source())\n"
    )
    nets = repr([(text, name, sizes) for name, (text, sizes) in NETS.items()])
    outputs = set()
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=nets,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        )
        outputs.add(done.stdout)
    assert outputs == {"".join(source_of(name) + "\n" for name in NETS)}


def test_equal_classes_are_written_once() -> None:
    text = """
    net part(k) : R[4] -> R[4] = linear(k) >> relu >> linear(4)
    net whole : R[4] -> R[4] = a: part(5) >> b: part(5) >> c: part(6) >> d: part(5) ^ 3
    """
    source = program(text)["whole"]().source()
    assert source.count("\nclass Part") == 2
    assert "self.d = nn.ModuleList([Part() for _ in range(3)])" in source


def test_a_long_net_is_written_in_statements_that_python_takes() -> None:
    body = " >> ".join(["linear(2)", "relu"] * 1500)
    source = program(f"net f : R[2] -> R[2] = {body}")["f"]().source()
    compile(source, "long.py", "exec")
    assert source.count("nn.Linear(2, 2)") == 1500


# -- hostile text ------------------------------------------------------------------------------------------------

COMMENTS = [
    'ends the text: """ + print("owned") + """',
    'ends with a quote "',
    "ends with a backslash \\",
    "ends with two \\\\",
    "'''",
    '\\"""',
    "\\N{DASH} \\u0041 \\x41 \\",
    "bidi \u202e\u2066abc\u2069\u200f, line ends \u2028\u2029\u0085, zero width \u200b\ufeff",
    "form feed \x0c, escape \x1b[31m, nul \x00",
    "{x} %s {0} $HOME `id`",
]


@pytest.mark.parametrize("comment", COMMENTS)
def test_documentation_comments_stay_text(comment: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"# {comment}\n# and\n# {comment}\nnet part : R[4] -> R[4] = linear(4) >> relu\n"
    text += f"# {comment}\nnet whole : R[4] -> R[4] = part >> part\n"
    module = compiled(text)
    source = program(text)["whole"]().source()
    assert module(torch.randn(2, 4)).shape == (2, 4)
    assert capsys.readouterr().out == ""
    assert all(c.isprintable() or c == "\n" for c in source)
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    assert [c.name for c in classes] == ["InputError", "Part", "Whole"]
    plain = "".join(c if c.isprintable() else " " for c in comment).replace('"', "'").strip()
    shown = ast.get_docstring(classes[1]) or ""
    assert [line.strip() for line in shown.splitlines()[:3]] == [plain, "and", plain]


@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_a_carriage_return_ends_a_comment(end: str) -> None:
    text = f"# one{end}# two{end}net f : R[4] -> R[4] = relu{end}"
    assert (type(compiled(text)).__doc__ or "").startswith("one\n    two\n")
    with pytest.raises(CatnetError, match="E0101"):
        Program.from_text(f"# one{end}import os{end}net f : R[4] -> R[4] = relu").raise_errors()


@pytest.mark.parametrize(
    "name",
    ["Tensor", "nn", "torch", "math", "F", "InputError", "input_error", "object", "super", "exception", "value_error",
     "self", "str", "range", "forward", "None_", "_x", "__", "main2", "é", "Σ"],
)  # fmt: skip
def test_nets_of_any_name(name: str) -> None:
    text = f"net {name} : R[4] -> R[4] = linear(4) >> relu\nnet main : R[4] -> R[4] = {name} >> {name} ^ 2"
    module = compiled(text)
    assert module(torch.randn(2, 4)).shape == (2, 4)
    assert len(list(module.parameters())) == 6
    with pytest.raises(catnet.InputError):
        module(torch.randn(2, 5))
    alone: Any = program(text)[name]().compile()
    assert alone(torch.randn(2, 4)).shape == (2, 4)
    for source in (program(text)[n]().source() for n in ("main", name)):
        names = [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
        assert len(set(names)) == len(names)
        assert names[0] == "InputError"
        assert not set(names[1:]) & (RESERVED | set(dir(builtins)))


@pytest.mark.parametrize(
    "name", [*sorted(RESERVED), *sorted(CALLED), "x", "y", "layer", "print", "list", "super", "isinstance", "len", "é"]
)
def test_wires_and_labels_of_any_name(name: str) -> None:
    text = f"""
    net f(k = 2) : (other: R[n], {name}: R[t, 4], v: R[t, 4], m: R[t, t]) -> R[n] @ R[4, t] {{
        a = {name} >> linear(4) ^ k
        b = ({name} @ a @ v @ m) >> sdpa(causal = true) >> rearrange("t d -> d t")
        return other @ b
    }}
    """
    out = compiled(text)(torch.randn(2, 3), torch.randn(2, 5, 4), torch.randn(2, 5, 4), torch.randn(2, 5, 5))
    assert [tuple(y.shape) for y in out] == [(2, 3), (2, 4, 5)]
    if refusal(name):
        return
    module = compiled(f"net f : R[4] -> R[4] = {name}: linear(4) >> relu >> linear(4) ^ 2")
    assert isinstance(getattr(module, name), torch.nn.Linear)
    assert module(torch.randn(2, 4)).shape == (2, 4)


def test_the_expression_in_the_head_is_cut_and_safe() -> None:
    diagram = catnet.rearrange("t d -> t d") >> catnet.linear(4) ** 30 >> catnet.linear(5) >> catnet.linear(123456)
    source = diagram.source(on="R[3, 4]")
    first = source.splitlines()[0]
    assert first.startswith('"""Generated by catnet from `rearrange(')
    assert len(first) < 140
    assert '"' not in first.removeprefix('"""')


# -- what compile refuses ----------------------------------------------------------------------------------------


def refused(diagram: catnet.Diagram, **options: Any) -> Any:
    """The one mistake that writing the source ends with."""
    with pytest.raises(CatnetError) as caught:
        diagram.source(**options)
    (found,) = caught.value.diagnostics
    return found


def test_a_size_of_a_parameter_that_is_not_known() -> None:
    found = refused(program("net f : R[t, d] -> R[t, d] = relu >> linear(d)")["f"]())
    assert found.code == "E0214"
    assert found.message.startswith("the size `d` must be known when compiling: `linear` makes parameters")
    assert found.help.startswith("give it: -p d=... on the command line, d = ... from Python")
    assert found.span.text == "linear(d)"


def test_a_number_of_repeats_that_is_not_known() -> None:
    found = refused(program("net f : R[n, 4] -> R[n, 4] = linear(4) ^ n")["f"]())
    assert (found.code, found.help) == ("E0214", "give it: -p n=...")


def test_a_diagram_without_an_input_type() -> None:
    found = refused(catnet.id >> catnet.id)
    assert found.code == "E0214"
    assert 'diagram.compile(on = "R[64]")' in found.help
    assert (catnet.id >> catnet.relu).source(on="R[64]").count("class ") == 2


DOUBLING = "net d0 : R[2] -> R[2] = linear(2)\n" + "".join(
    f"net d{i} : R[2] -> R[2] = d{i - 1} >> d{i - 1}\n" for i in range(1, 21)
)


def test_doubling_is_checked_quickly_and_not_compiled() -> None:
    made = program(DOUBLING)
    diagram = made["d20"]()
    assert diagram.graph.size == 2**20
    found = refused(diagram)
    assert found.code == "E0218"
    assert found.message == f"this net has 1,048,576 boxes; at most {BUDGET:,} are compiled"
    assert "--budget" in found.help
    assert made["d4"]().source().count("nn.Linear(") == 2


def test_the_budget_is_an_option(tmp_path: Path) -> None:
    path = tmp_path / "net.cat"
    path.write_text(DOUBLING, encoding="utf-8")
    with pytest.raises(CatnetError, match="this net has 1,024 boxes; at most 1,000 are compiled"):
        catnet.load(path, budget=1_000)["d10"]().source()
    assert catnet.load(path, budget=1_024)["d10"]().graph.size == 1_024


# -- leaves written in Python ------------------------------------------------------------------------------------

MINE = """
from torch import nn

class Scale(nn.Module):
    def __init__(self, by=1.0, words="", flags=(1, 2), on=True):
        super().__init__()
        self.by, self.words, self.flags, self.on = by, words, flags, on

    def forward(self, x):
        return x * self.by

class Outer:
    Inner = Scale

class Fussy(nn.Module):
    def __init__(self):
        raise RuntimeError("not today")

str = range = ValueError = Tensor = Scale
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of one's own, with a leaf; its name."""
    (tmp_path / "mine_leaves").mkdir()
    (tmp_path / "mine_leaves" / "__init__.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "mine_leaves" / "sub.py").write_text(MINE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("mine_leaves", "mine_leaves.sub"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return "mine_leaves"


def leaf(target: str, head: str = "box leaf : R[d] -> R[d]", use: str = "leaf") -> catnet.Diagram:
    text = f'{head} = python "{target}"\nnet f : R[4] -> R[4] = linear(4) >> {use} >> relu'
    return program(text)["f"]()


@pytest.mark.parametrize("name", ["Scale", "Outer.Inner", "str", "range", "ValueError", "Tensor"])
def test_a_leaf_works_where_it_is_allowed(mine: str, name: str) -> None:
    module = leaf(f"{mine}:{name}", "box leaf(by) : R[d] -> R[d]", "leaf(3)").compile(allow=[mine])
    x = torch.randn(2, 4)
    assert torch.equal(module(x), module.linear(x).mul(3).relu())
    with pytest.raises(catnet.InputError):
        module(torch.randn(2, 5))


def test_static_arguments_reach_the_leaf_as_they_are(mine: str) -> None:
    head = 'box leaf(by = 0.5, words = "a \\"b\\" \\\\", flags = (3, 4), on = false) : R[d] -> R[d]'
    module = leaf(f"{mine}:Scale", head).compile(allow=[mine])
    made = module.leaf
    assert (made.by, made.words, made.flags, made.on) == (0.5, 'a "b" \\', (3, 4), False)


def test_two_leaves_of_one_name(mine: str) -> None:
    text = f"""
    box one(by) : R[d] -> R[d] = python "{mine}:Scale"
    box two(by) : R[d] -> R[d] = python "{mine}.sub:Scale"
    net scale : R[4] -> R[4] = relu >> relu
    net f : R[4] -> R[4] = one(2) >> two(3) >> scale
    """
    module: Any = program(text)["f"]().compile(allow=[mine])
    x = torch.rand(2, 4)
    torch.testing.assert_close(module(x), x * 6)
    assert type(module.one) is not type(module.two)


def test_nothing_is_imported_before_it_is_allowed(mine: str) -> None:
    for allowed in ([], ["mine"], [f"{mine}.sub"], [f"{mine}x"], ["os"]):
        found = refused(leaf(f"{mine}:Scale"), allow=allowed)
        assert found.code == "E0501"
        assert found.message == f"`leaf` would run code from `{mine}`, which is not allowed"
        assert f"--allow {mine}" in found.help
    assert mine not in sys.modules
    leaf(f"{mine}:Scale").source(allow=[mine])
    assert mine not in sys.modules, "writing the source runs nothing"
    assert leaf(f"{mine}.sub:Scale").compile(allow=[mine])(torch.ones(4)).shape == (4,)


def failed(*declarations: str, body: str, allow: list[str]) -> Any:
    with pytest.raises(CatnetError) as caught:
        program("\n".join([*declarations, f"net f : R[4] -> R[4] = {body}"]))["f"]().compile(allow=allow)
    (found,) = caught.value.diagnostics
    assert found.code == "E0502"
    return found


def test_a_leaf_that_fails_is_the_one_that_is_blamed(mine: str) -> None:
    good = f'box good : R[d] -> R[d] = python "{mine}:Scale"'
    for target, word in [
        ("mine_nowhere:Scale", "No module named 'mine_nowhere'"),
        (f"{mine}.nowhere:Scale", "No module named 'mine_leaves.nowhere'"),
        (f"{mine}:Nowhere", "has no attribute 'Nowhere'"),
        (f"{mine}:Outer.Nowhere", "has no attribute 'Nowhere'"),
        (f"{mine}:Fussy", "RuntimeError: not today"),
    ]:
        bad = f'box bad : R[d] -> R[d] = python "{target}"'
        for body in ("good >> bad", "bad >> good", "good ^ 2 >> bad ^ 2"):
            found = failed(good, bad, body=body, allow=[mine, "mine_nowhere"])
            assert word in found.message
            assert found.span.text == "bad"


def test_arguments_that_the_callable_does_not_take(mine: str) -> None:
    head = f'box bad(unheard) : R[d] -> R[d] = python "{mine}:Scale"'
    found = failed(head, body="linear(4) >> bad(3)", allow=[mine])
    assert "unexpected keyword argument 'unheard'" in found.message
    assert found.span.text == "bad(3)"
    assert found.help == "the callable gets the box's static arguments by name"


def test_a_leaf_takes_no_diagram() -> None:
    made = Program.from_text('box bad(f: R[d] -> R[d]) : R[d] -> R[d] = python "mine:Leaf"')
    (found,) = made.check()
    assert found.code == "E0212"
    assert "`f` is a diagram" in found.message
