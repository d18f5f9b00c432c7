"""`catnet diff`: what changed between two nets and two files, and that what it says of checkpoints is so."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from catnet.analysis.diff import Difference, diff, marks
from catnet.analysis.diff_files import diagrams, diff_files, header, overview_lines
from catnet.analysis.diff_words import data, lines
from catnet.analysis.matching import paired
from catnet.analysis.parts import parts_of
from catnet.cli import main
from catnet.draw.diff import draw_diff
from catnet.elaborate.program import Program

GOLDEN = Path(__file__).parent / "golden"
OLD = """
net mlp(h) : R[t, d] -> R[t, d] = fc: linear(h) >> relu >> proj: linear(d) >> dropout(0.1)

net attention(heads) : R[t, d] -> R[t, d] where d % heads == 0 =
    (q: linear(d), k: linear(d), v: linear(d))
 >> each(rearrange("t (h c) -> h t c", h = heads))
 >> sdpa
 >> rearrange("h t c -> t (h c)")
 >> out: linear(d)

net block(heads, h) : R[t, d] -> R[t, d] where d % heads == 0 =
    id + (ln_1: layer_norm >> attn: attention(heads)) >> id + (ln_2: layer_norm >> mlp: mlp(h))

net model(layers = 3, d = 64, vocab = 1000) : Fin(vocab)[t] -> R[t, vocab] where d % 4 == 0 =
    wte: embedding(vocab, d) >> blocks: block(4, 4*d) ^ layers >> ln_f: layer_norm >> head: linear(vocab)

net twice(f: X -> X) : X -> X = f >> f
net old_name : R[d] -> R[d] = relu >> tanh
net gone : R[d] -> R[2*d] = linear(2*d)
"""
NEW = """
# Other formatting, other names of sizes: the same net.
net twice(f: X -> X) : X -> X =
    f
 >> f

net attention(heads) : R[n, e] -> R[n, e] where e % heads == 0 =
    (q: linear(e), k: linear(e), v: linear(e))
 >> each(rearrange("t (h c) -> h t c", h = heads)) >> sdpa
 >> rearrange("h t c -> t (h c)") >> out: linear(e)

net mlp(h, p = 0.0) : R[t, d] -> R[t, d] = fc: linear(h) >> gelu >> proj: linear(d, bias = false)

net block(heads, h) : R[t, d] -> R[t, d] where d % heads == 0 =
    id + (ln_1: rms_norm >> attn: attention(heads)) >> id + (ln_2: layer_norm >> mlp: mlp(h))

net model(layers = 4, d = 64, vocab = 1000) : Fin(vocab)[t] -> R[t, vocab] where d % 4 == 0 =
    wte: embedding(vocab, d) >> blocks: block(4, 4*d) ^ layers >> norm: layer_norm >> head: linear(vocab)

net new_name : R[d] -> R[d] = relu >> tanh
net fresh(k) : R[d] -> R[k] = linear(k)
"""


def net(text: str, type_: str = "R[4] -> _") -> Program:
    return Program.from_text(f"net f : {type_} = {text}\n")


def between(old: str, new: str, type_: str = "R[4] -> _") -> Difference:
    return diff(net(old, type_)["f"](), net(new, type_)["f"]())


def kinds(found: Difference) -> list[tuple[str, str | None, str | None]]:
    return [(c.kind, c.old and (c.old.path or c.old.text), c.new and (c.new.path or c.new.text)) for c in found.changes]


# -- parts -------------------------------------------------------------------------------------------------


def test_equal_nets_have_no_changes_however_they_are_written() -> None:
    found = between("(linear(8) >> id) >> (relu >> linear(4))", "linear(8) >> relu >> linear(4)")
    assert (found.equal, found.same, found.changes, found.crossed) == (True, 3, [], [])
    assert found.keys.loads
    once = between("linear(4)", "linear(4) ^ 1")
    assert once.equal
    assert not once.keys.loads  # `linear.0.weight`


def test_a_box_in_the_place_of_another() -> None:
    assert kinds(between("linear(8) >> relu >> linear(4)", "linear(8) >> gelu >> linear(4)")) == [
        ("changed", "relu", "gelu")
    ]


def test_what_is_put_in_between_is_new_and_the_rest_stays() -> None:
    found = between("relu >> tanh >> relu >> tanh", "relu >> tanh >> sigmoid >> relu >> tanh")
    assert kinds(found) == [("added", None, "sigmoid")]
    assert found.same == 4
    assert kinds(between("relu >> sigmoid >> tanh", "relu >> tanh")) == [("removed", "sigmoid", None)]


def test_parts_go_by_their_paths_first() -> None:
    found = between("a: linear(4) >> b: linear(4, bias = false)", "b: linear(4, bias = false) >> a: linear(4)")
    assert {kind for kind, *_ in kinds(found)} == {"rewired"}
    assert found.keys.loads
    assert not found.equal


def test_another_label_is_another_key_of_the_same_part() -> None:
    found = between("a: linear(4) >> relu", "b: linear(4) >> relu")
    assert kinds(found) == [("renamed", "a", "b")]
    assert found.equal
    assert not found.keys.loads


def test_other_wires_between_the_same_boxes() -> None:
    one = "{ return (x >> a: tanh) @ (x >> b: relu) }"
    program = Program.from_text(f"net f : (x: R[4]) -> R[4] @ R[4] {one}\n")
    other = Program.from_text(
        f"net f : (x: R[4]) -> R[4] @ R[4] {one.replace('a: tanh', 'relu').replace('b: relu', 'tanh')}\n"
    )
    found = diff(program["f"](), other["f"]())
    assert not found.equal
    assert found.changes or found.crossed
    crossed = between("linear(4) @ linear(4)", "linear(4) @ linear(4) >> swap", "R[4] @ R[4] -> R[4] @ R[4]")
    assert (crossed.changes, crossed.crossed) == ([], [""])


def test_a_type_that_changes_is_told_with_the_shapes() -> None:
    found = between("a: linear(8) >> relu >> b: linear(2)", "a: linear(6) >> relu >> b: linear(2)")
    assert kinds(found) == [("changed", "a", "a"), ("retyped", "relu", "relu"), ("changed", "b", "b")]
    assert [(old.name, new.shape) for old, new in found.keys.reshaped] == [
        ("a.weight", found.keys.reshaped[0][1].shape),
        ("a.bias", found.keys.reshaped[1][1].shape),
        ("b.weight", found.keys.reshaped[2][1].shape),
    ]


def test_repeats_are_compared_step_by_step() -> None:
    found = between("h: (linear(4) >> relu) ^ 2", "h: (linear(4) >> gelu) ^ 5")
    assert kinds(found) == [("changed", "h.*", "h.*"), ("changed", "relu", "gelu")]
    assert (found.keys.kept.value, len(found.keys.new), found.keys.gone) == (4, 6, ())
    grown = between("h: seq(i in 0..3, linear(4 + i))", "h: seq(i in 0..4, linear(4 + i))")
    assert ("added", None, "h.3") in kinds(grown)


def test_long_pipelines_are_aligned_by_their_named_parts() -> None:
    old = " >> ".join(["linear(4) >> relu"] * 600)
    found = between(old, f"gelu >> {old} >> tanh")
    assert kinds(found) == [("added", None, "gelu"), ("added", None, "tanh")]
    assert found.same == 1200


def test_long_rows_without_names_end() -> None:
    old = " >> ".join(["relu >> tanh"] * 600)
    assert between(old, f"sigmoid >> {old}").changes


def test_matching_keeps_the_order_of_the_new_net() -> None:
    old = parts_of(net("a: linear(4) >> relu >> b: linear(4) >> tanh")["f"]().graph.nodes[0].graphs[0])
    new = parts_of(net("b: linear(4) >> relu >> a: linear(4)")["f"]().graph.nodes[0].graphs[0])
    pairs = [(a and a.text, b and b.text) for a, b in paired(old, new)]
    assert [b for _, b in pairs if b is not None] == [p.text for p in new]
    assert len([a for a, _ in pairs if a is not None]) == len(old)


# -- checkpoints: what is said is so -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("linear(4) >> relu", "linear(4) >> gelu"),
        ("linear(4) >> batch_norm", "linear(4) >> batch_norm(affine = false)"),
        ("linear(4) >> batch_norm", "linear(4) >> batch_norm(track = false)"),
        ("linear(4) >> batch_norm(affine = false)", "linear(4) >> batch_norm(affine = false, eps = 0.1)"),
        ("linear(4) ^ 3", "linear(4) ^ 4"),
        ("linear(4) ^ 3", "linear(4) >> linear(4) >> linear(4)"),
        ("a: linear(8)", "b: linear(8)"),
        ("a: linear(8)", "a: linear(8) >> relu >> dropout(0.5)"),
        ("a: (linear(8) >> relu)", "a: linear(8) >> relu"),
    ],
)
def test_a_checkpoint_loads_exactly_where_it_is_said(old: str, new: str) -> None:
    found = between(old, new)
    before, after = net(old)["f"]().compile(), net(new)["f"]().compile()
    ours, theirs = before.state_dict(), after.state_dict()
    kept = {k for k, t in ours.items() if k in theirs and theirs[k].shape == t.shape}
    assert found.keys.kept.value == len(kept)
    assert {k.name for k in found.keys.gone} == ours.keys() - theirs.keys()
    assert {k.name for k in found.keys.new} == theirs.keys() - ours.keys()
    if found.keys.loads:
        after.load_state_dict(ours)
    else:
        with pytest.raises(RuntimeError):
            after.load_state_dict(ours)


def test_open_numbers_are_compared_as_patterns() -> None:
    program = Program.from_text("net f(n) : R[4] -> R[4] = linear(4) ^ n\nnet g(n) : R[4] -> R[4] = linear(4) ^ n\n")
    found = diff_files(program, program)
    assert {change.kind for change in found} == {"same"}


def test_of_what_is_written_in_python_nothing_is_claimed() -> None:
    text = 'box mine : R[d] -> R[d] = python "m:L"\nnet f : R[8] -> R[8] = mine >> relu\n'
    found = diff(*(Program.from_text(text)["f"]() for _ in range(2)))
    assert not found.keys.loads
    said = "\n".join(lines(found))
    assert "Not counted, because it is written in Python: mine." in said
    assert "loads into" not in said
    assert "not proved to be one diagram" in said


# -- words ---------------------------------------------------------------------------------------------------


def test_golden_nets(golden: Callable[[Path, str], None]) -> None:
    found = diff(*diagrams(Program.from_text(OLD)["model"], Program.from_text(NEW)["model"], {}))
    golden(GOLDEN / "diff-model.txt", "\n".join(lines(found)) + "\n")
    golden(GOLDEN / "diff-model.json", json.dumps(data(found), indent=1) + "\n")


def test_golden_files(golden: Callable[[Path, str], None]) -> None:
    golden(
        GOLDEN / "diff-files.txt",
        "\n".join(overview_lines(diff_files(Program.from_text(OLD), Program.from_text(NEW)))) + "\n",
    )


def test_names_of_sizes_and_formatting_do_not_count() -> None:
    found = {change.name: change for change in diff_files(Program.from_text(OLD), Program.from_text(NEW))}
    assert {name: change.kind for name, change in found.items()} == {
        "attention": "same",
        "twice": "same",
        "mlp": "changed",
        "block": "changed",
        "model": "changed",
        "new_name": "renamed",
        "fresh": "added",
        "gone": "removed",
    }
    attention = found["attention"].found
    assert attention is not None
    assert attention.equal
    assert attention.keys.loads


# -- the picture ---------------------------------------------------------------------------------------------


def test_a_long_header_is_one_line() -> None:
    text = "net f(layers = 2, vocab = 100, d = 32, n = 4, k = 2) : (tokens: R[t, d], context: R[t, d]) -> R[t, d]"
    assert header(Program.from_text(text + " = add")["f"]) == text.removeprefix("net ")


def test_the_picture_marks_what_changed_with_a_colour_and_a_sign() -> None:
    found = between("linear(8) >> relu >> dropout(0.5)", "linear(8) >> gelu >> tanh >> sigmoid")
    root = ET.fromstring(draw_diff(found.old, found.new, *marks(found)))
    marked = [g for g in root.iter("{http://www.w3.org/2000/svg}g") if g.find("{*}title") is not None]
    words = [g.findtext("{*}title") for g in marked if g.findtext("{*}title") in ("gone", "new", "changed")]
    signs = [g.findtext("{*}text") for g in marked if g.findtext("{*}title") in ("gone", "new", "changed")]
    expected = {"gone": "\u2212", "new": "+", "changed": "~"}
    assert [expected[w or ""] for w in words] == signs
    assert sorted(words) == sorted(
        ["gone" if c.new is None else "new" if c.old is None else "changed" for c in found.changes]
        + ["changed" for c in found.changes if c.old is not None and c.new is not None]
    )


def test_a_closed_box_is_marked_for_what_is_in_it() -> None:
    text = "net g : R[4] -> R[4] = {}\nnet f : R[4] -> R[4] = {}\n"
    deep = " >> ".join(["g"] * 60)
    old, new = (Program.from_text(text.format(body, deep))["f"]() for body in ("relu >> tanh", "relu >> gelu"))
    found = diff(old, new)
    picture = draw_diff(found.old, found.new, *marks(found))
    assert picture.count("<title>changed</title>") == 120


# -- the command ---------------------------------------------------------------------------------------------


@pytest.fixture
def specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.cat").write_text(OLD, encoding="utf-8")
    (tmp_path / "new.cat").write_text(NEW, encoding="utf-8")
    (tmp_path / "bad.cat").write_text("net f : R[d] -> R[d] = linear(3)\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["old.cat", "new.cat"], 0, "~ model"),
        (["old.cat", "old.cat"], 0, "7 nets as before"),
        (["old.cat", "new.cat", "mlp", "-p", "h=8", "-p", "d=4", "-p", "p=0.5"], 0, "gelu"),
        (["old.cat:block", "new.cat:mlp"], 0, "- block"),
        (["old.cat:old_name", "new.cat:new_name"], 0, "The two are one diagram"),
        (["old.cat", "bad.cat"], 1, "error[E0203]"),
        (["old.cat", "none.cat"], 2, "error[E0301]"),
        (["old.cat", "new.cat", "modle"], 2, "error[E0601]"),
        (["old.cat", "new.cat", "mlp", "-p", "q=8"], 2, "error[E0213]"),
        (["old.cat", "new.cat", "-o", "net.svg"], 2, "error[E0610]"),
        (["old.cat", "new.cat", "model", "-o", "net.dot"], 2, "error[E0605]"),
        (["old.cat"], 2, "NEW"),
    ],
)
def test_the_command(specs: Path, command: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *command]) == code
    printed = capsys.readouterr()
    assert said in printed.out + printed.err
    assert "\x1b" not in printed.out  # not a terminal


def test_the_command_writes_data_and_a_picture(specs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "old.cat", "new.cat", "model", "-o", "net.svg"]) == 0
    assert capsys.readouterr().out == "wrote net.svg\n"
    ET.fromstring((specs / "net.svg").read_text(encoding="utf-8"))
    assert main(["diff", "old.cat", "new.cat", "model", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["parameters"]["old"] < found["parameters"]["new"]
    assert main(["diff", "old.cat", "new.cat", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["nets"]) == 8


def test_on_a_terminal_it_has_colours(
    specs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("catnet.cli.output._is_terminal", lambda stream: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert main(["diff", "old.cat", "new.cat"]) == 0
    printed = capsys.readouterr().out
    assert "\x1b[33m~ model\x1b[0m" in printed
    assert "\x1b[32m+ fresh(k) : R[d] -> R[k]\x1b[0m" in printed


def test_the_difference_needs_no_torch(specs: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from catnet.cli import main; main(['diff', 'old.cat', 'new.cat', 'model', '-o', 'd.svg']); "
        "sys.exit(any(m in sys.modules for m in ('torch', 'sympy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
