"""What comes from files and names never steers the terminal, and never ends in a traceback."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catnet.cli.output import one_line, printable, tell
from catnet.diagnostics import Diagnostic

from .conftest import Run

ESCAPE = "\x1b[31mred\x1b[0m\x07\u202e\x9b2J"
CONTROLS = [c for c in map(chr, (*range(32), 127, *range(128, 160), 0x202E, 0x2066)) if c not in "\n\t"]

TEXTS = [
    f"# {ESCAPE}\nnet f : R[d] -> R[8] = liner(8)\n",
    f'net f : R[d] -> R[8] = linear("{ESCAPE}")\n',
    f"net f : R[d] -> R[8] = linear(8) {ESCAPE}\n",
    f'from "{ESCAPE}.cat" import f\n',
    f'box b : R[d] -> R[d] = python "{ESCAPE}"\n',
    f"net f : R[d] -> R[8] = linear(8) # {ESCAPE}\nnet f:R[d]->R[8]=linear(8)\n",
]

COMMANDS = ["check", "fmt --check", "law", "show f", "compile f", "render f -o x.svg"]


def assert_harmless(*outputs: str) -> None:
    for output in outputs:
        assert not [c for c in CONTROLS if c in output]
        assert "Traceback" not in output


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("command", ["check", "fmt --check", "law", "show f", "compile f", "render f -o x.svg"])
def test_control_characters_in_a_source_stay_out(specs: Path, run: Run, text: str, command: str) -> None:
    (specs / "hostile.cat").write_text(text, encoding="utf-8")
    word, *rest = command.split()
    flags = [r for r in rest if r.startswith("--")]
    got = run(word, *flags, "hostile.cat", *[r for r in rest if r not in flags])
    assert got.code in (0, 1, 2)
    assert_harmless(got.out, got.err)


@pytest.mark.parametrize("name", ["a\x1b[31mb.cat", "two\nlines.cat", "\u202eright.cat"])
def test_control_characters_in_a_file_name_stay_out(specs: Path, run: Run, name: str) -> None:
    (specs / name).write_text("net f:R[d]->R[8]=liner(8)\n")
    for command in (
        ["check", name],
        ["check", "--json", name],
        ["fmt", "--check", name],
        ["show", name, "f"],
    ):
        got = run(*command)
        assert_harmless(got.out, got.err)
        assert "\nlines" not in got.out + got.err
    assert_harmless(*vars_of(run("fmt", name)), *vars_of(run("check", f"{name}.missing")))


def vars_of(outcome: object) -> list[str]:
    return [v for v in vars(outcome).values() if isinstance(v, str)]


@pytest.mark.parametrize("argument", [ESCAPE, "-p" + ESCAPE, "--" + ESCAPE])
def test_control_characters_in_arguments_stay_out(specs: Path, run: Run, argument: str) -> None:
    for command in ([argument], ["check", argument], ["show", "good.cat", argument], ["explain", argument]):
        got = run(*command)
        assert got.code == 2
        assert_harmless(got.out, got.err)


def test_a_name_that_is_no_text_is_shown_escaped(specs: Path, run: Run) -> None:
    assert "\\udcff" in run("check", "\udcff.cat").out


@given(st.text())
def test_printable_keeps_what_is_printable_and_nothing_else(text: str) -> None:
    assert_harmless(printable(text), one_line(text))
    assert "\n" not in one_line(text)
    if text.isprintable():
        assert printable(text) == one_line(text) == text


class Terminal:
    """A stream that says it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.text += text


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    mistake = Diagnostic("E0201", "unknown name `x\x1b[2J`")
    shown = {}
    for wanted in ("", "1"):
        monkeypatch.setenv("NO_COLOR", wanted)
        monkeypatch.setenv("TERM", "xterm")
        terminal = Terminal()
        tell([mistake], terminal)  # type: ignore[arg-type]
        shown[wanted] = terminal.text
    assert shown[""] == "\x1b[1;31merror[E0201]\x1b[0m: unknown name `x\\x1b[2J`\n"
    assert shown["1"] == "error[E0201]: unknown name `x\\x1b[2J`\n"
    assert sys.stdout is not None


DEEP = [
    "net f : R[d] -> R[d] = " + "relu >> (" * 60 + "id" + ")" * 60,
    "\n".join(f"net n{i} : R[d] -> R[d] = n{i + 1} >> n{i + 1}" for i in range(200))
    + "\nnet n200 : R[d] -> R[d] = relu",
    "net f : R[d] -> R[d] = linear(d) ^ 999999999999",
    "net f : R[2] -> R[2] = linear(2^2^2)",
    "net f : R[2] -> R[2] = (linear(4) >> linear(2)) ^ (10^4000)",
    "net f : R[d] -> R[d] = " + "+".join(["relu"] * 3000),
    "net f(n) : R[d] -> R[d] = if n == 0 then relu else f(n - 1) >> f(n - 1)\nnet g : R[d] -> R[d] = f(100)",
]


@pytest.mark.parametrize("text", DEEP, ids=range(len(DEEP)))
def test_what_expands_without_end_still_ends(specs: Path, run: Run, text: str) -> None:
    (specs / "deep.cat").write_text(text)
    name = text.split()[1].split("(")[0] if "net g" not in text else "g"
    for command in (["check", "deep.cat"], ["show", "deep.cat", name], ["fmt", "--check", "deep.cat"]):
        got = run(*command)
        assert got.code in (0, 1), got
        assert "itself failed" not in got.err
        assert_harmless(got.out, got.err)
