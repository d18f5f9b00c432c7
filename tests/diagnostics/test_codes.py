"""The registry of codes: complete, and each example does what its page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import catnet
from catnet.cli.commands import import_boxes
from catnet.codes import CODES, MAIN, Code, explain, listing
from catnet.diagnostics import CatnetError
from catnet.diagrams.typing import Typing
from catnet.elaborate.program import Program

SOURCES = Path(catnet.__file__).parent
CHECKED = [entry for entry in CODES.values() if entry.stage == "check"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own to write examples in; the budget is small, so that E0218 comes quickly."""
    folder = tmp_path / "specs"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setitem(Typing.__init__.__kwdefaults__, "budget", 2_000)
    return folder


def write(folder: Path, entry: Code, bad: bool) -> None:
    """The files of an example."""
    files = {MAIN: entry.bad if bad else entry.good, **entry.files, **(entry.bad_files if bad else {})}
    for name, body in files.items():
        (folder / name).write_text(body, encoding="utf-8")


def used_codes() -> set[str]:
    """Every code that the sources raise: a string of its own, outside the registry."""
    paths = [p for p in SOURCES.rglob("*.py") if p.parent.name != "codes"]
    return {code for path in paths for code in re.findall(r'"(E\d{4})"', path.read_text(encoding="utf-8"))}


def test_every_code_that_is_used_is_registered() -> None:
    assert used_codes() - CODES.keys() == set()


def test_every_registered_code_is_used() -> None:
    raised = used_codes() | set(re.findall(r'"(E06\d\d)"', (SOURCES / "codes/__init__.py").read_text()))
    assert CODES.keys() - raised == set()


@pytest.mark.parametrize("entry", CHECKED, ids=lambda entry: entry.code)
def test_the_bad_example_gets_its_code_and_no_other(entry: Code, here: Path) -> None:
    write(here, entry, bad=True)
    assert [d.code for d in Program(MAIN).check()] == [entry.code]


BOXES = [entry for entry in CODES.values() if entry.stage == "boxes"]


@pytest.mark.usefixtures("own_boxes")
@pytest.mark.parametrize("entry", BOXES, ids=lambda entry: entry.code)
def test_the_bad_module_gets_its_code_and_no_other(entry: Code, here: Path) -> None:
    write(here, entry, bad=True)
    with pytest.raises(CatnetError) as caught:
        _ = import_boxes(["mine"]), Program(MAIN)["layer"]().source()  # type: ignore[func-returns-value]
    assert [d.code for d in caught.value.diagnostics] == [entry.code]


@pytest.mark.usefixtures("own_boxes")
@pytest.mark.parametrize("entry", [e for e in CODES.values() if e.good], ids=lambda entry: entry.code)
def test_the_good_example_is_right(entry: Code, here: Path) -> None:
    write(here, entry, bad=False)
    import_boxes(["mine"] if entry.stage == "boxes" else [])
    assert [d.code for d in Program(MAIN).check()] == []


@pytest.mark.parametrize(
    "entry", [e for e in CODES.values() if e.stage not in ("check", "boxes")], ids=lambda e: e.code
)
def test_what_checking_does_not_find_passes_the_check_and_says_how_it_comes(entry: Code, here: Path) -> None:
    assert entry.how
    if entry.bad:
        write(here, entry, bad=True)
        assert [d.code for d in Program(MAIN).check()] == []


@pytest.mark.parametrize("code", CODES)
def test_a_page_has_the_title_the_text_and_the_examples(code: str) -> None:
    page, entry = explain(code), CODES[code]
    assert page.startswith(f"{code}: {entry.title}\n\n")
    assert max(map(len, page.split("\n"))) <= 104
    for text in (entry.bad, entry.good):
        first = text.split("\n")[0]
        assert first[:90] in page
    assert entry.title == entry.title.strip().rstrip(".")
    assert len(entry.explanation) > 80


@pytest.mark.parametrize("written", ["E0203", "e0203", " E203 ", "203"])
def test_a_code_is_found_however_it_is_written(written: str) -> None:
    assert explain(written) == explain("E0203")


def test_an_unknown_code_is_refused_with_the_nearest() -> None:
    with pytest.raises(CatnetError) as caught:
        explain("E0230x")
    assert caught.value.diagnostics[0].code == "E0604"
    assert "`E0230`" in caught.value.diagnostics[0].help


def test_the_listing_has_a_line_for_each_code() -> None:
    assert [line.split("  ")[0] for line in listing().splitlines()] == list(CODES)
