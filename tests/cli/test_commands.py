"""Each command, in its good case and in its bad ones: output, exit code, and what is written."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from catnet.cli import commands, main

from .conftest import BAD, GOOD, Run


class TestCheck:
    def test_right_files_are_counted(self, specs: Path, run: Run) -> None:
        got = run("check", "good.cat")
        assert (got.code, got.out, got.err) == (0, "1 file, no mistakes\n", "")

    def test_mistakes_are_told_and_counted(self, specs: Path, run: Run) -> None:
        got = run("check", "good.cat", "bad.cat")
        assert got.code == 1
        assert "error[E0201]: unknown name `liner`" in got.out
        assert got.out.endswith("\n\n1 error in 1 file (2 checked)\n")

    def test_a_folder_is_searched(self, specs: Path, run: Run) -> None:
        for folder in ("deep/er", ".hidden"):
            (specs / folder).mkdir(parents=True)
            (specs / folder / "more.cat").write_text(BAD)
        (specs / "note.txt").write_text(BAD)
        got = run("check", ".")
        assert got.code == 1
        assert got.out.endswith("2 errors in 2 files (3 checked)\n")
        assert ".hidden" not in got.out

    def test_a_mistake_in_a_file_that_several_import_is_told_once(self, specs: Path, run: Run) -> None:
        for name in ("one", "two"):
            (specs / f"{name}.cat").write_text('from "bad.cat" import f\nnet g : R[d] -> R[8] = f\n')
        got = run("check", "one.cat", "two.cat", "bad.cat")
        assert got.out.count("E0201") == 1

    def test_json_is_data_and_has_the_same_exit_code(self, specs: Path, run: Run) -> None:
        got = run("check", "--json", "bad.cat")
        data = json.loads(got.out)
        assert got.code == 1
        assert data["files"] == ["bad.cat"]
        (found,) = data["diagnostics"]
        assert found["code"] == "E0201"
        assert found["span"]["start"] == {"offset": 23, "line": 1, "column": 24}

    def test_holes_are_answered_and_are_no_mistake(self, specs: Path, run: Run) -> None:
        (specs / "hole.cat").write_text("net f : R[d] -> R[_] = linear(8)\n")
        got = run("check", "hole.cat")
        assert got.code == 0
        assert "info[E0230]: this hole is `8`" in got.out

    @pytest.mark.parametrize(
        ("path", "reason"),
        [("nothing.cat", "no such file"), ("bytes.cat", "not UTF-8"), ("empty", "no .cat file in `empty`")],
    )
    def test_what_cannot_be_read_ends_with_2(self, specs: Path, run: Run, path: str, reason: str) -> None:
        (specs / "bytes.cat").write_bytes(b"net \xff\xfe")
        (specs / "empty").mkdir()
        got = run("check", path)
        assert got.code == 2
        assert reason in got.out + got.err

    def test_a_link_out_of_the_folder_is_not_followed_by_an_import(self, specs: Path, run: Run) -> None:
        inside = specs / "inside"
        inside.mkdir()
        (inside / "link.cat").symlink_to(specs / "good.cat")
        (inside / "main.cat").write_text('from "link.cat" import residual\nnet f : X -> X = residual(id)\n')
        assert "E0302" in run("check", "inside/main.cat").out
        assert run("check", "--root", ".", "inside/main.cat").code == 0


class TestShow:
    def test_the_table(self, specs: Path, run: Run) -> None:
        got = run("show", "good.cat", "classifier", "-p", "d=16")
        assert got.code == 0
        assert "residual(layer_norm >> linear(64)) x 3" in got.out
        assert got.out.splitlines()[0] == "classifier(d = 16) : R[t, 16] -> R[t, 10]"

    def test_an_unknown_net_is_answered_with_the_nearest(self, specs: Path, run: Run) -> None:
        got = run("show", "good.cat", "clasifier")
        assert got.code == 2
        assert "did you mean `classifier`?" in got.err

    def test_a_wrong_file_is_refused_with_its_mistakes(self, specs: Path, run: Run) -> None:
        got = run("show", "bad.cat", "f")
        assert (got.code, got.out) == (1, "")
        assert "E0201" in got.err

    @pytest.mark.parametrize(
        ("given", "code"),
        [("width", "E0603"), ("width=", "E0603"), ("depth=3", "E0213"), ("width=wide", "E0212")],
    )
    def test_wrong_arguments_end_with_2(self, specs: Path, run: Run, given: str, code: str) -> None:
        got = run("show", "good.cat", "classifier", "-p", given)
        assert (got.code, got.out) == (2, "")
        assert f"error[{code}]" in got.err


class TestRender:
    @pytest.mark.parametrize(("name", "start"), [("n.svg", "<svg"), ("N.DOT", "digraph"), ("n.gv", "digraph")])
    def test_the_ending_chooses_the_format(self, specs: Path, run: Run, name: str, start: str) -> None:
        got = run("render", "good.cat", "classifier", "-o", name)
        assert (got.code, got.out) == (0, f"wrote {name}\n")
        assert start in (specs / name).read_text()[:300]

    @pytest.mark.parametrize(
        ("out", "code"), [("net.gif", "E0605"), ("net", "E0605"), ("no/net.svg", "E0602"), ("d.svg", "E0602")]
    )
    def test_other_places_are_refused(self, specs: Path, run: Run, out: str, code: str) -> None:
        (specs / "d.svg").mkdir()
        got = run("render", "good.cat", "classifier", "-o", out)
        assert got.code == 2
        assert f"error[{code}]" in got.err

    def test_without_a_file_it_is_wrong_usage(self, specs: Path, run: Run) -> None:
        assert run("render", "good.cat", "classifier").code == 2


class TestCompile:
    def test_the_source_is_printed_or_written(self, specs: Path, run: Run) -> None:
        printed = run("compile", "good.cat", "classifier", "-p", "d=16")
        assert printed.code == 0
        assert "nn.Linear(16, 64)" in printed.out
        written = run("compile", "good.cat", "classifier", "-p", "d=16", "-o", "model.py")
        assert (written.code, written.out) == (0, "wrote model.py\n")
        assert (specs / "model.py").read_text() == printed.out
        compile(printed.out, "model.py", "exec")

    def test_a_size_that_must_be_known_is_asked_for(self, specs: Path, run: Run) -> None:
        got = run("compile", "good.cat", "classifier", "-o", "model.py")
        assert got.code == 1
        assert "E0214" in got.err
        assert not (specs / "model.py").exists()

    def test_python_leaves_come_only_from_allowed_modules(self, specs: Path, run: Run) -> None:
        (specs / "leaf.cat").write_text('box b : R[d] -> R[d] = python "mine:B"\nnet f : R[8] -> R[8] = b\n')
        refused = run("compile", "leaf.cat", "f")
        assert refused.code == 1
        assert "E0501" in refused.err
        allowed = run("compile", "leaf.cat", "f", "--allow", "mine")
        assert allowed.code == 0
        assert "from mine import B" in allowed.out


class TestFmt:
    UGLY = "net f:R[d]->R[d]=linear(d)>>relu # the end\n"
    NEAT = "net f : R[d] -> R[d] = linear(d) >> relu # the end\n"

    def test_files_are_formatted_in_place(self, specs: Path, run: Run) -> None:
        (specs / "ugly.cat").write_text(self.UGLY)
        got = run("fmt", "ugly.cat")
        assert (got.code, got.out) == (0, "formatted ugly.cat\n1 file changed\n")
        again = run("fmt", "ugly.cat")
        assert (again.code, again.out) == (0, "1 file in style\n")
        assert "linear(d) >> relu" in (specs / "ugly.cat").read_text()
        assert "# the end" in (specs / "ugly.cat").read_text()

    def test_check_changes_nothing_and_shows_the_difference(self, specs: Path, run: Run) -> None:
        (specs / "ugly.cat").write_text(self.UGLY)
        got = run("fmt", "--check", "ugly.cat")
        assert got.code == 1
        assert f"-{self.UGLY}" in got.out
        assert got.out.endswith("1 file would change\n")
        assert (specs / "ugly.cat").read_text() == self.UGLY

    def test_line_ends_are_part_of_the_style(self, specs: Path, run: Run) -> None:
        run("fmt", "good.cat")
        neat = (specs / "good.cat").read_bytes()
        (specs / "good.cat").write_bytes(neat.replace(b"\n", b"\r\n"))
        assert run("fmt", "--check", "good.cat").code == 1
        assert run("fmt", "good.cat").code == 0
        assert (specs / "good.cat").read_bytes() == neat

    def test_a_broken_file_stays_as_it_is_and_the_others_are_formatted(self, specs: Path, run: Run) -> None:
        (specs / "ugly.cat").write_text(self.UGLY)
        (specs / "broken.cat").write_text("net f : R[d] -> = (\n")
        got = run("fmt", "broken.cat", "ugly.cat")
        assert got.code == 1
        assert "E0101" in got.err
        assert (specs / "broken.cat").read_text() == "net f : R[d] -> = (\n"
        assert (specs / "ugly.cat").read_text() != self.UGLY

    def test_standard_input_goes_to_standard_output(
        self, specs: Path, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(self.UGLY))
        got = run("fmt", "-")
        assert got.code == 0
        assert "linear(d) >> relu" in got.out
        monkeypatch.setattr("sys.stdin", io.StringIO(got.out))
        assert run("fmt", "--check", "-").code == 0
        monkeypatch.setattr("sys.stdin", io.StringIO(self.UGLY))
        assert run("fmt", "--check", "-").code == 1
        assert run("fmt", "-", "good.cat").code == 2


class TestLaw:
    def test_verdicts(self, specs: Path, run: Run) -> None:
        got = run("law", "good.cat")
        assert got.code == 0
        assert got.out.startswith("units  proved")

    def test_a_refuted_law_ends_with_1(self, specs: Path, run: Run) -> None:
        (specs / "law.cat").write_text("law no : relu == neg >> relu\nlaw yes : relu == relu\n")
        got = run("law", "law.cat")
        assert got.code == 1
        assert "error[E0401]" in got.out
        assert run("law", "law.cat", "yes").code == 0

    def test_no_law_and_an_unknown_one(self, specs: Path, run: Run) -> None:
        (specs / "none.cat").write_text("net f : R[d] -> R[d] = relu\n")
        assert run("law", "none.cat").out == "none.cat declares no law\n"
        assert run("law", "good.cat", "unit").code == 2


class TestExplain:
    def test_a_page_and_the_listing(self, run: Run) -> None:
        page = run("explain", "E0203")
        assert page.code == 0
        assert page.out.startswith("E0203: two types do not fit\n\n")
        assert "E0203  two types do not fit\n" in run("explain").out

    def test_an_unknown_code(self, run: Run) -> None:
        got = run("explain", "E0223x")
        assert got.code == 2
        assert "did you mean `E0223`" in got.err


class TestMain:
    def test_no_command_prints_the_help_and_ends_with_2(self, run: Run) -> None:
        got = run()
        assert got.code == 2
        assert "catnet check net.cat" in got.out

    @pytest.mark.parametrize("command", ["check", "show", "render", "compile", "fmt", "law", "explain"])
    def test_every_command_has_help_with_examples(self, run: Run, command: str) -> None:
        got = run(command, "--help")
        assert got.code == 0
        assert f"  catnet {command} " in got.out.split("examples:")[1]
        assert max(map(len, got.out.split("\n"))) <= 110

    @pytest.mark.parametrize("args", [["frob"], ["check"], ["check", "--frob", "a"], ["show", "good.cat"]])
    def test_wrong_usage_ends_with_2_and_says_where_help_is(self, run: Run, args: list[str]) -> None:
        got = run(*args)
        assert (got.code, got.out) == (2, "")
        assert "--help" in got.err

    def test_an_interrupt_ends_with_130(self, specs: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(options: object) -> int:
            raise KeyboardInterrupt

        monkeypatch.setattr(commands, "check", interrupted)
        got = run("check", "good.cat")
        assert (got.code, got.err) == (130, "interrupted\n")

    def test_a_mistake_of_our_own_is_no_traceback(self, specs: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(options: object) -> int:
            raise KeyError("\x1b[31mred")

        monkeypatch.setattr(commands, "check", broken)
        got = run("check", "good.cat")
        assert got.code == 1
        assert "catnet itself failed (KeyError" in got.err
        assert "Traceback" not in got.err
        assert "\x1b" not in got.err
        monkeypatch.setenv("CATNET_DEBUG", "1")
        with pytest.raises(KeyError):
            main(["check", "good.cat"])


def test_the_good_spec_is_in_style(specs: Path, run: Run) -> None:
    (specs / "good.cat").write_text(GOOD)
    run("fmt", "good.cat")
    assert run("fmt", "--check", "good.cat").code == 0
