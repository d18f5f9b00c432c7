"""How Sphinx builds these pages: `make docs`, or `sphinx-build -W docs docs/_build/html`."""

from __future__ import annotations

import sys
from pathlib import Path

import catnet

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "catnet"
author = "The catnet authors"
copyright = "the catnet authors"
version = release = catnet.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "catnet.sphinx_ext", "generate"]
exclude_patterns = ["_build", "_ext", "pictures", "playground"]
suppress_warnings = ["ref.python"]  # an attribute `type` of two classes, in the annotation `type`
nitpicky = False  # signatures name types of torch and of the standard library, which are not looked up here

myst_enable_extensions = ["deflist", "attrs_inline"]
myst_heading_anchors = 3
highlight_language = "text"
smartquotes = False  # `...` and `--` mean what they are

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "catnet"
html_static_path = ["_static"]
html_css_files = ["catnet.css"]
html_copy_source = False
html_show_sourcelink = False
