"""Imports: which file a path means, what may be reached, and what a wrong import gets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import catnet
from catnet import CatnetError, Diagnostic
from catnet.cli import main
from catnet.elaborate import loading

BLOCK = "net block : R[d] -> R[d] = linear(d) >> relu\n"
USE = 'from "{}" import block\nnet use : R[d] -> R[d] = block >> block\n'

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below a folder of its own: `write("a/net.cat", text)`."""

    def make(name: str, text: str | bytes = BLOCK) -> Path:
        path = tmp_path / "specs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


def mistake(path: Path) -> Diagnostic:
    """The one mistake of a file."""
    (found,) = catnet.check(path)
    return found


# -- what is found -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("importer", "path", "imported"),
    [
        ("net.cat", "block.cat", "block.cat"),
        ("net.cat", "./block.cat", "block.cat"),
        ("net.cat", "parts/block.cat", "parts/block.cat"),
        ("net.cat", "parts/deep/../block.cat", "parts/block.cat"),
        ("net.cat", "Größe 1.cat", "Größe 1.cat"),
    ],
)
def test_beside_and_below(write: Write, importer: str, path: str, imported: str) -> None:
    write(imported)
    (write(imported).parent / "deep").mkdir(exist_ok=True)
    use = write(importer, USE.format(path))
    assert catnet.check(use) == []
    assert catnet.load(use)["use"]().type == "R[d] -> R[d]"


def test_an_import_is_looked_for_beside_the_file_that_says_it(write: Write) -> None:
    write("parts/block.cat", 'from "base.cat" import base\nnet block : R[d] -> R[d] = base >> base\n')
    write("parts/base.cat", "net base : R[d] -> R[d] = tanh\n")
    write("base.cat", "net base : R[d] -> R[d] = wrong\n")  # never read
    use = write("net.cat", USE.format("parts/block.cat"))
    program = catnet.load(use)
    assert program.check() == []
    assert "torch.tanh" in program["use"](d=2).source()
    assert len(program.modules) == 3


def test_a_file_in_a_nested_folder_may_reach_up_to_the_root(write: Write) -> None:
    write("block.cat")
    write("parts/middle.cat", 'from "../block.cat" import block\nnet middle : R[d] -> R[d] = block\n')
    top = write("net.cat", 'from "parts/middle.cat" import middle\nnet use : R[d] -> R[d] = middle\n')
    assert catnet.check(top) == []


def test_the_standard_library(write: Write) -> None:
    text = 'from "std/blocks.cat" import residual\nnet use : R[d] -> R[d] = residual(linear(d))\n'
    assert catnet.check(write("net.cat", text)) == []
    text = 'from "std/transformer.cat" import block\nnet use : R[t, 8] -> R[t, 8] = block(heads = 2, hidden = 16)\n'
    assert catnet.load(write("net.cat", text))["use"](t=3).compile() is not None


def test_a_file_beside_comes_before_the_standard_library(write: Write) -> None:
    write("std/blocks.cat", "net residual : R[d] -> R[d] = tanh\n")
    use = write("net.cat", 'from "std/blocks.cat" import residual\nnet use : R[d] -> R[d] = residual\n')
    assert "torch.tanh" in catnet.load(use)["use"](d=2).source()


def test_the_standard_library_itself_may_be_checked() -> None:
    for path in sorted(loading.STANDARD.glob("*.cat")):
        assert [d.render() for d in catnet.check(path) if d.is_error] == []


def test_several_names_and_boxes_may_be_imported(write: Write) -> None:
    write("block.cat", BLOCK + 'net other(k) : R[d] -> R[k] = linear(k)\nbox leaf : X -> X = python "mine:Leaf"\n')
    text = 'from "block.cat" import block, other, leaf\nnet use : R[d] -> R[3] = block >> leaf >> other(3)\n'
    assert catnet.check(write("net.cat", text)) == []


def test_two_files_that_import_the_same_file_share_it(write: Write) -> None:
    write("block.cat")
    write("left.cat", 'from "block.cat" import block\nnet left : R[d] -> R[d] = block >> tanh\n')
    write("right.cat", 'from "./block.cat" import block\nnet right : R[d] -> R[d] = block >> relu\n')
    text = 'from "left.cat" import left\nfrom "right.cat" import right\nfrom "block.cat" import block\n'
    program = catnet.load(write("net.cat", text + "net use : R[d] -> R[d] = left >> right >> block\n"))
    assert program.check() == []
    assert len(program.modules) == 4
    source = program["use"](d=2).source()
    assert source.count("\nclass Block") == 1


def test_a_mistake_in_a_shared_file_is_told_once(write: Write) -> None:
    write("block.cat", "net block : R[d] -> R[d] = liner(d)\n")
    write("left.cat", 'from "block.cat" import block\nnet left : R[d] -> R[d] = block\n')
    text = 'from "left.cat" import left\nfrom "block.cat" import block\n'
    found = mistake(write("net.cat", text + "net use : R[d] -> R[d] = left >> block\n"))
    assert found.code == "E0201"
    assert str(found.span).endswith("block.cat:1:28")


def test_a_name_that_is_imported_twice_from_one_file_is_one_name(write: Write) -> None:
    write("block.cat")
    text = 'from "block.cat" import block\n' + USE.format("./block.cat")
    assert catnet.check(write("net.cat", text)) == []


def test_two_different_nets_of_one_name_collide(write: Write) -> None:
    write("one.cat")
    write("two.cat")
    found = mistake(write("net.cat", 'from "one.cat" import block\n' + USE.format("two.cat")))
    assert (found.code, found.message) == ("E0202", "`block` is imported twice")
    found = mistake(write("net.cat", USE.format("one.cat") + BLOCK))
    assert (found.code, found.message) == ("E0202", "`block` is declared twice")


def test_imported_names_are_not_passed_on(write: Write) -> None:
    write("block.cat")
    write("middle.cat", 'from "block.cat" import block\nnet middle : R[d] -> R[d] = block\n')
    found = mistake(write("net.cat", USE.format("middle.cat")))
    assert (found.code, found.message) == ("E0304", '"middle.cat" declares no `block`')


# -- what is missing ---------------------------------------------------------------------------------------------


def test_a_missing_file_gets_the_nearest(write: Write) -> None:
    write("blocks.cat")
    found = mistake(write("net.cat", USE.format("block.cat")))
    assert found.code == "E0301"
    assert found.message.startswith('there is no file "block.cat" beside `')
    assert found.help.startswith("did you mean `blocks.cat`")
    assert str(found.span).endswith("net.cat:1:1")
    assert mistake(write("net.cat", USE.format("std/block.cat"))).help.startswith("did you mean `std/blocks.cat`")


def test_a_missing_name_gets_the_nearest(write: Write) -> None:
    write("block.cat", BLOCK.replace("block", "blocks"))
    found = mistake(write("net.cat", USE.format("block.cat")))
    assert (found.code, found.message) == ("E0304", '"block.cat" declares no `block`')
    assert found.help == "did you mean `blocks`?"


def test_a_file_that_is_wrong_is_not_blamed_on_its_importer(write: Write) -> None:
    write("block.cat", "net block : R[d] -> R[d] = linear(d >> relu\n")
    found = mistake(write("net.cat", USE.format("block.cat")))
    assert found.code == "E0101"
    assert str(found.span).startswith(str(write("block.cat").parent / "block.cat"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"net block : R[d] -> R[d] = relu # \xff\n", "is not UTF-8 text: byte 34 is 0xff"),
        (BLOCK.encode("utf-16"), "is not UTF-8 text: byte 0 is 0xff"),
        (b"\xc0\xaf", "is not UTF-8 text: byte 0 is 0xc0"),
    ],
)
def test_a_file_that_is_not_utf8(write: Write, content: bytes, words: str) -> None:
    write("block.cat", content)
    found = mistake(write("net.cat", USE.format("block.cat")))
    assert found.code == "E0301"
    assert words in found.message
    assert found.help == "save the file as UTF-8"


@pytest.mark.parametrize("path", ["parts", ".", "parts/"])
def test_a_directory(write: Write, path: str) -> None:
    write("parts/block.cat")
    found = mistake(write("net.cat", USE.format(path)))
    assert found.code == "E0301"
    assert "is a directory, not a .cat file" in found.message


@pytest.mark.parametrize("path", ["", "a" * 5000 + ".cat", "block.cat/net.cat"])
def test_paths_that_are_no_paths(write: Write, path: str) -> None:
    write("block.cat")
    assert mistake(write("net.cat", USE.format(path))).code == "E0301"


# -- what is out of reach ----------------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside that of the specs, with a file in it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "block.cat").write_text(BLOCK, encoding="utf-8")
    return folder


def assert_outside(path: Path) -> None:
    found = mistake(path)
    assert found.code == "E0302"
    assert "lies outside the folders that may be imported from" in found.message
    assert found.help == "move the file, or allow its folder with --root"
    assert found.notes[0].text.startswith(f"allowed: {os.path.realpath(path.parent)}")


@pytest.mark.parametrize("path", ["../elsewhere/block.cat", "parts/../../elsewhere/block.cat", "../elsewhere/none.cat"])
def test_through_dots(write: Write, outside: Path, path: str) -> None:
    write("parts/block.cat")
    assert_outside(write("net.cat", USE.format(path)))


def test_through_an_absolute_path(write: Write, outside: Path) -> None:
    assert_outside(write("net.cat", USE.format(outside / "block.cat")))
    assert_outside(write("net.cat", USE.format("/etc/passwd")))


def test_through_a_link(write: Write, outside: Path) -> None:
    use = write("net.cat", USE.format("block.cat"))
    (use.parent / "block.cat").symlink_to(outside / "block.cat")
    assert_outside(use)


def test_through_a_link_to_a_folder(write: Write, outside: Path) -> None:
    use = write("net.cat", USE.format("parts/block.cat"))
    (use.parent / "parts").symlink_to(outside, target_is_directory=True)
    assert_outside(use)


def test_through_the_standard_library(write: Write, outside: Path) -> None:
    assert_outside(write("net.cat", USE.format("std/../../elsewhere/block.cat")))


def test_a_link_that_leads_nowhere(write: Write) -> None:
    use = write("net.cat", USE.format("block.cat"))
    (use.parent / "block.cat").symlink_to("block.cat")
    assert mistake(use).code == "E0301"


def test_a_link_inside_is_fine(write: Write) -> None:
    write("parts/real.cat")
    use = write("net.cat", USE.format("block.cat"))
    (use.parent / "block.cat").symlink_to("parts/real.cat")
    assert catnet.check(use) == []


def test_a_root_allows(write: Write, outside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in ("../elsewhere/block.cat", "block.cat", str(outside / "block.cat")):
        use = write("net.cat", USE.format(path))
        assert catnet.check(use, roots=[outside]) == []
        assert catnet.load(use, roots=[str(outside)])["use"](d=2).compile() is not None
        assert catnet.compile(use, "use", roots=[outside], d=2) is not None
        assert main(["check", str(use), "--root", str(outside)]) == 0
    use = write("net.cat", USE.format("../elsewhere/block.cat"))
    assert main(["check", str(use)]) == 1
    assert "E0302" in "".join(capsys.readouterr())
    assert catnet.check(use, roots=[outside / "deeper"])[0].code == "E0302"


def test_a_root_does_not_allow_its_neighbours(write: Write, outside: Path) -> None:
    (outside.parent / "elsewhere2").mkdir()
    (outside.parent / "elsewhere2" / "block.cat").write_text(BLOCK, encoding="utf-8")
    use = write("net.cat", USE.format("../elsewhere2/block.cat"))
    assert catnet.check(use, roots=[outside])[0].code == "E0302"


# -- cycles and budgets ------------------------------------------------------------------------------------------


def test_a_cycle(write: Write) -> None:
    write("a.cat", 'from "b.cat" import b\nnet a : R[d] -> R[d] = b\n')
    write("b.cat", 'from "c.cat" import c\nnet b : R[d] -> R[d] = c\n')
    write("c.cat", 'from "a.cat" import a\nnet c : R[d] -> R[d] = a\n')
    found = mistake(write("a.cat", 'from "b.cat" import b\nnet a : R[d] -> R[d] = b\n'))
    assert found.code == "E0303"
    assert found.message == "the imports form a cycle: a.cat imports b.cat imports c.cat imports a.cat"
    assert str(found.span).endswith("c.cat:1:1")
    assert found.help == "move what both need into a third file"


def test_a_file_that_imports_itself(write: Write) -> None:
    found = mistake(write("net.cat", 'from "net.cat" import use\nnet own : R[d] -> R[d] = use\n'))
    assert found.message == "the imports form a cycle: net.cat imports net.cat"


def test_a_cycle_through_a_link(write: Write) -> None:
    use = write("net.cat", 'from "link.cat" import use\nnet own : R[d] -> R[d] = use\n')
    (use.parent / "link.cat").symlink_to("net.cat")
    assert mistake(use).code == "E0303"


def test_a_chain_of_files_is_bounded(write: Write) -> None:
    for i in range(loading.MAX_FILES + 5):
        write(f"f{i}.cat", f'from "f{i + 1}.cat" import f{i + 1}\nnet f{i} : R[d] -> R[d] = f{i + 1}\n')
    found = mistake(write("f0.cat", 'from "f1.cat" import f1\nnet f0 : R[d] -> R[d] = f1\n'))
    assert (found.code, found.message) == ("E0218", f"more than {loading.MAX_FILES} files are imported")


def test_all_mistakes_of_all_files_are_told_in_one_run(write: Write) -> None:
    write("block.cat", "net block : R[d] -> R[8] = linear(9)\n")
    text = 'from "none.cat" import none\nfrom "block.cat" import block\nnet a : R[d] -> R[8] = liner(8)\n'
    found = catnet.check(write("net.cat", text))
    assert sorted(d.code for d in found) == ["E0201", "E0203", "E0301"]
    with pytest.raises(CatnetError) as caught:
        catnet.load(write("net.cat", text))["a"]()
    assert len(caught.value.diagnostics) == 3
