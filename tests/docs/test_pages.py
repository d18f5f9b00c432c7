"""The pages that are made from the sources: complete, right in samples, and all of them build."""

from __future__ import annotations

import doctest
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from catnet.boxes import VOCABULARY
from catnet.codes import CODES

pytest.importorskip("sphinx")

DOCS = Path(__file__).parent.parent.parent / "docs"
MODULES = ("prose", "docstrings", "uses", "page_boxes", "page_codes", "page_commands", "page_std", "page_api")


@pytest.fixture(scope="module")
def made() -> Iterator[dict[str, ModuleType]]:
    """The modules that write the pages."""
    sys.path.insert(0, str(DOCS / "_ext"))
    yield {name: importlib.import_module(name) for name in MODULES}
    sys.path.remove(str(DOCS / "_ext"))
    for name in MODULES:
        del sys.modules[name]


def test_their_docstrings_are_right(made: dict[str, ModuleType]) -> None:
    found = {name: doctest.testmod(module) for name, module in made.items()}
    assert [name for name, result in found.items() if result.failed] == []
    assert sum(result.attempted for result in found.values()) >= 5


# -- boxes -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def boxes(made: dict[str, ModuleType]) -> dict[str, str]:
    """The section of each box, by its name."""
    pages = dict(made["page_boxes"].pages())
    del pages["index"]
    sections = [s for page in pages.values() for s in re.split(r"^## ", page, flags=re.MULTILINE)[1:]]
    return {section.partition("\n")[0]: section for section in sections}


def own(name: str) -> bool:
    return VOCABULARY[name].__module__.startswith("catnet.")


def test_every_box_has_a_section(boxes: dict[str, str]) -> None:
    assert {cls.name for name, cls in VOCABULARY.items() if own(name)} <= boxes.keys()


def test_nearly_every_box_is_used_priced_and_asked(boxes: dict[str, str]) -> None:
    """A box whose use follows neither from its signature nor from `uses.py` has no example."""
    wiring = {cls.name for cls in VOCABULARY.values() if cls.family == "wiring"}  # which leaves nothing but wires
    for part in ("```{catnet} use", "**FLOPs**"):
        lacking = {name for name, section in boxes.items() if part not in section} - wiring
        assert len(lacking) <= 8, lacking
    assert sum("| what acts |" in section for section in boxes.values()) > 150


def test_uses_are_of_boxes_that_there_are(made: dict[str, ModuleType]) -> None:
    uses = made["uses"]
    named = {re.match(r"\w+", body)[0] for bodies in uses._BODIES.values() for body in bodies}  # type: ignore[index]
    assert named | uses._TEXTS.keys() <= VOCABULARY.keys()


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "linear",
            [
                "- **type**: `R[...s, d] -> R[...s, features]`",
                "- **effect**: pure",
                "- **kind of map**: affine",
                "- **parameters**: `d*features + features`, `weight: (features, d); bias: (features)`",
                "- **FLOPs**: `2*d*features*s`",
                "- **bytes kept for backward**: `4*d*s`",
                "| `S(s) on s` | `S(s) on s` |",
            ],
        ),
        ("relu", ["| `S(s) on s` | `S(s) on s` |", "| `O(s) on s` | refused: `relu` does not commute with"]),
        ("sum", ["| `S(t) on t` | `invariant` |", "| `O(d) on d` | `O(d) on d` |"]),
        ("dropout", ["- **effect**: random", "equivariant in distribution only |"]),
        ("batch_norm", ["- **effect**: stateful"]),
        ("max_pool", ["where h >= 2, w >= 2", "- **kind of map**: piecewise linear"]),
        ("silu", ["- **also called**: `swish`"]),
    ],
)
def test_what_a_section_says(boxes: dict[str, str], name: str, lines: list[str]) -> None:
    assert [line for line in lines if line not in boxes[name]] == []


# -- codes and commands ------------------------------------------------------------------------------------------------


def test_every_code_has_a_page_on_which_its_bad_example_gets_it(made: dict[str, ModuleType]) -> None:
    pages = dict(made["page_codes"].pages())
    assert pages.keys() == {"index", *CODES}
    assert [code for code in CODES if f"[{code}]({code}.md)" not in pages["index"]] == []
    told = {code for code in CODES if f"[{code}]: " in pages[code]}
    bad = {code for code, entry in CODES.items() if entry.bad}
    assert bad - told == {"E0502"}, "all but what only Python tells"


def test_every_command_has_its_help(made: dict[str, ModuleType]) -> None:
    ((_, page),) = made["page_commands"].pages()
    for command in ("check", "show", "render", "compile", "explain"):
        assert f"\n## catnet {command}\n" in page
        assert f"usage: catnet {command}" in page


def test_the_standard_library_is_shown_and_mostly_drawn(made: dict[str, ModuleType]) -> None:
    ((_, page),) = made["page_std"].pages()
    nets = re.findall(r"^### (\w+)$", page, re.MULTILINE)
    assert {"residual", "attention", "language_model", "unet"} <= set(nets)
    assert page.count("```{catnet} ") > 0.6 * len(nets)


def test_every_name_that_a_module_offers_has_an_entry(made: dict[str, ModuleType]) -> None:
    pages = dict(made["page_api"].pages())
    for name in ("hom", "S", "Rep", "sym2"):
        assert re.search(rf"^\.\. auto\w+:: catnet\.symmetry\.{name}$", pages["symmetry"], re.MULTILINE)
    assert ".. autoexception:: catnet.weights.WeightsError" in pages["weights"]
    import catnet.nn

    assert pages["nn"].count(".. auto") == len(catnet.nn.__all__) + 1


# -- the whole ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", tmp_path / "trees", DOCS, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    for page in ("index", "tutorial/first_lines", "reference/language", "generated/errors/E0203", "mathematics"):
        assert "</html>" in (tmp_path / f"{page}.html").read_text(encoding="utf-8")
