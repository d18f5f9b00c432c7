"""A directive for Sphinx: `.cat` text in a page becomes its picture and its type, and is checked by the build.

Add `"catnet.sphinx_ext"` to `extensions` in `conf.py`. In a page in Markdown (with MyST):

    ```{catnet} block
    :params: heads=8
    :show: picture type

    net block(heads) : R[t, d] -> R[t, d] where d % heads == 0 = ...
    ```

and in reStructuredText `.. catnet:: block` in the same way. The argument is the net or bundle to show, the last one of
the text if it is left out; `params` are values for its parameters and sizes; `depth` says how many levels of boxes are
opened; `show` lists what stands in the page, of `source`, `picture`, `type` and `table`.

A text that is wrong gives a warning of Sphinx at its place in the page, or, with `sphinx-build -W`, fails the build.
A text that is meant to be wrong says which codes it gets, `:error: E0203`: then the diagnostics are shown, and other
ones are the warning.
"""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import catnet
from catnet.diagnostics import CatnetError, Diagnostic
from catnet.editor.lexer import CatnetLexer
from catnet.fences import Fence, Options, Show, options, render, shown

logger = logging.getLogger(__name__)


class Catnet(SphinxDirective):
    """The directive `catnet`: source, picture, type and table of a text in the language."""

    has_content = True
    optional_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "params": directives.unchanged_required,
        "depth": directives.positive_int,
        "show": directives.unchanged_required,
        "error": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """The nodes of the page; warns where the text is not what it should be."""
        text = "\n".join(self.content) + "\n"
        wanted = set(self.options.get("error", "").replace(",", " ").split())
        try:
            asked = self._asked()
        except CatnetError as error:
            self._warn(error.diagnostics)
            return []
        found = render(text, asked)
        got = {d.code for d in found.errors}
        if wanted - got:
            codes = ", ".join(sorted(wanted - got))
            logger.warning("the text should be refused with %s", codes, location=self._place(None), type="catnet")
        self._warn(d for d in found.errors if d.code not in wanted)
        return list(self._nodes(found, asked.show))

    def _asked(self) -> Options:
        """The options of the directive; raises `CatnetError` (E0603)."""
        words = options(" ".join([*self.arguments, self.options.get("params", "")]))
        return Options(words.net, words.params, self.options.get("depth"), shown(self.options.get("show")))

    def _nodes(self, found: Fence, show: tuple[Show, ...]) -> Any:
        if "source" in show:
            source = nodes.literal_block(found.text.rstrip("\n"), found.text.rstrip("\n"), language="cat")
            self.set_source_info(source)
            yield source
        rest: list[Show] = [part for part in show if part not in ("source", "type")]
        plain = Fence(found.text, found.name, found.type, found.svg, found.table)
        if (made := plain.html(rest)) and rest:
            yield nodes.raw("", made, format="html")
        if "type" in show and found.type:
            line = f"{found.name} : {found.type}"
            yield nodes.paragraph("", "", nodes.literal(line, line), classes=["catnet-type"])
        if found.diagnostics:
            classes = ["catnet-diagnostics", *(["catnet-wrong"] if found.errors else [])]
            yield nodes.literal_block(found.messages, found.messages, language="text", classes=classes)

    def _warn(self, diagnostics: Any) -> None:
        for diagnostic in diagnostics:
            logger.warning("%s", diagnostic.render(), location=self._place(diagnostic), type="catnet")

    def _place(self, diagnostic: Diagnostic | None) -> tuple[str, int]:
        """The page, and the line in it that a diagnostic speaks of."""
        if diagnostic is None or diagnostic.span is None:
            return self.env.docname, self.lineno
        line, _ = diagnostic.span.source.position(diagnostic.span.start)
        in_markdown = type(self.state).__module__.startswith("myst_parser")  # which counts from the directive
        return self.env.docname, self.content_offset + line + (self.lineno if in_markdown else 0)


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls: adds the directive and the lexer."""
    app.add_directive("catnet", Catnet)
    for language in ("cat", "catnet"):  # where catnet is on the path and not installed, Pygments does not know them
        app.add_lexer(language, CatnetLexer)
    return {"version": catnet.__version__, "parallel_read_safe": True, "parallel_write_safe": True}
