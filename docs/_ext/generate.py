"""A Sphinx extension of these pages alone: writes what is made from the sources, and reads our docstrings.

What is generated lies in `docs/generated/`, which git ignores: the boxes, the error index, the command line, the
standard library, and what modules list in `__all__`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import page_api
import page_boxes
import page_codes
import page_commands
import page_std
from docstrings import as_rst
from sphinx.application import Sphinx


def write_pages(app: Sphinx) -> None:
    """Write every generated page that is not there as it should be, and remove those that should not be there."""
    root = Path(app.srcdir) / "generated"
    made = {root / "boxes" / f"{name}.md": text for name, text in page_boxes.pages()}
    made |= {root / "python" / f"{name}.md": text for name, text in page_api.pages()}
    made |= {root / "errors" / f"{name}.md": text for name, text in page_codes.pages()}
    made |= {root / f"{name}.md": text for pages in (page_commands, page_std) for name, text in pages.pages()}
    for path in set(root.rglob("*.md")) - made.keys():
        path.unlink()
    for path, text in made.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:  # what is equal is not built again
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def read_docstring(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Our docstrings are plain text with code between backticks: tell autodoc so."""
    lines[:] = as_rst(lines)


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls."""
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-docstring", read_docstring)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
