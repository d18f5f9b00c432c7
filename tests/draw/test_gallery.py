"""The gallery of the documentation is what its script writes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_gallery", DOCS / "build_gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_gallery"] = module
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()
SOME = ["models/gpt2.cat", "models/unet.cat", "digits/digits.cat", "bundles/fibres/surfaces.cat"]


def _cases() -> list[object]:
    """Every spec; all but a few are slow."""
    names = [path.relative_to(SCRIPT.EXAMPLES).as_posix() for path in SCRIPT.files()]
    return [name if name in SOME else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("file", _cases())
def test_pictures_are_fresh(file: str) -> None:
    for picture in SCRIPT.drawn(SCRIPT.EXAMPLES / file):
        path = SCRIPT.PICTURES / picture.file
        assert path.exists(), "write the gallery: python docs/build_gallery.py"
        assert path.read_text(encoding="utf-8") == picture.svg, "write the gallery: python docs/build_gallery.py"


def test_every_model_is_on_the_page_and_the_page_is_small() -> None:
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    pictures = sorted(SCRIPT.PICTURES.glob("*.svg"))
    assert [p.name for p in pictures if f"(pictures/gallery/{p.name})" not in text] == []
    assert [f for f in SCRIPT.files() if f"### {f.relative_to(SCRIPT.EXAMPLES).as_posix()}\n" not in text] == []
    assert sum(p.stat().st_size for p in pictures) < 3_000_000


def test_a_part_of_a_model_is_no_model() -> None:
    program = SCRIPT.Program(SCRIPT.EXAMPLES / "models" / "gpt2.cat")
    assert SCRIPT.models(program) == ["gpt2"]
