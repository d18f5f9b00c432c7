"""From a fence in a document to a picture and a type: one pure function, and the forms that Markdown tools ask for.

>>> found = render("net f : R[t, d] -> R[t, 8] = linear(8) >> relu")
>>> found.name, found.type, found.svg[:4], found.diagnostics
('f', 'R[t, d] -> R[t, 8]', '<svg', ())

A fence holds a file of the language, or one expression. Neither torch nor sympy is imported, no code of the text is
run, and imports reach the standard library and what lies below the current folder.
"""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, get_args

from catnet.analysis.show import show as parts_table
from catnet.cli.arguments import parameters
from catnet.diagnostics import CatnetError, Diagnostic, fail
from catnet.diagrams.box import REQUIRED
from catnet.diagrams.terms import Diagram
from catnet.draw import draw, draw_graph
from catnet.draw.convert import size
from catnet.draw.words import unwrapped
from catnet.elaborate.evaluate import net_params
from catnet.elaborate.generic import recursive
from catnet.elaborate.program import Program
from catnet.limits import large_work
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.spelling import nearest

__all__ = ["Fence", "Options", "Show", "fence", "options", "render", "superfence"]

Show = Literal["source", "picture", "type", "table"]
BUNDLES = (tree.Bundle, tree.Derived)
_ITEM = re.compile(r"\s*(#[^\n]*\n\s*)*(net|box|law|group|rep|bundle|from)\b")
_DARK = re.compile(r"@media \(prefers-color-scheme: dark\)\{((?:[^{}]*\{[^{}]*\})*)\}")
_NOT_LIGHT = 'html:not([data-theme="light"]) body:not([data-theme="light"]) '
_SAID_DARK = '[data-theme="dark"] '


@dataclass(frozen=True)
class Options:
    """What a fence asks for: a net or a bundle of the text (the last one, if it does not say), values for its
    parameters and sizes, how many levels of boxes are opened (None: as many as stay readable), and what is shown.
    Integer parameters without a value stay names, but for nets that use themselves."""

    net: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    depth: int | None = None
    show: tuple[Show, ...] = ("source", "picture", "type")


@dataclass(frozen=True)
class Fence:
    """What a text says. `name` is that of the net or bundle; `type`, `svg` and `table` are empty where there is none or
    where the text is wrong; `diagnostics` are all that the checker has to say."""

    text: str
    name: str = ""
    type: str = ""
    svg: str = ""
    table: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are mistakes."""
        return tuple(d for d in self.diagnostics if d.is_error)

    @property
    def messages(self) -> str:
        """All diagnostics as the command line prints them."""
        return "\n\n".join(d.render() for d in self.diagnostics)

    def html(self, show: Sequence[Show] = Options.show) -> str:
        """The parts that are asked for, then the diagnostics if there are any, as HTML that needs no style sheet.

        The picture is inline SVG, no wider than the page. It is dark where the page says so by a `data-theme` of
        `html` or `body`, as many documentation themes do, else where the reader's system is.
        """
        parts = [_pre(self.text.strip("\n"), "catnet-source")] if "source" in show else []
        if "picture" in show and self.svg:
            parts.append(_figure(self.svg))
        if "type" in show and self.type:
            parts.append(f'<p class="catnet-type"><code>{html.escape(f"{self.name} : {self.type}")}</code></p>')
        if "table" in show and self.table:
            parts.append(_pre(self.table, "catnet-table"))
        if self.diagnostics:
            parts.append(_pre(self.messages, "catnet-diagnostics"))
        return "\n".join(parts)


def render(text: str, asked: Options | None = None, /, *, name: str = "net.cat") -> Fence:
    """Check a text and draw the net or the bundle that is asked for; `name` is what diagnostics call the text.

    Raises nothing for a wrong text or a net that is not in it: that is told in `diagnostics`.

    >>> [d.code for d in render("net f : R[4] -> R[5] = linear(6)").diagnostics]
    ['E0203']
    """
    asked = asked or Options()
    try:
        with large_work():
            return _rendered(text, asked, name)
    except CatnetError as error:
        return Fence(text, diagnostics=error.diagnostics)


def _rendered(text: str, asked: Options, name: str) -> Fence:
    if not _ITEM.match(text):
        diagram = Program.from_text("").parse(text.strip("\n"))
        return _drawn(text, repr(diagram), diagram, asked, ())
    program = Program.from_text(text, name)
    found = tuple(program.check())
    if any(d.is_error for d in found):
        return Fence(text, diagnostics=found)
    net = asked.net or _last(program)
    if isinstance(program.module.declarations.get(net), BUNDLES):
        return _nerve(text, program, net, asked, found)
    if not net:
        return Fence(text, diagnostics=found)
    return _drawn(text, net, program[net](**{**_open(program, net), **asked.params}), asked, found)


def _last(program: Program) -> str:
    """The net or bundle that is declared last; the empty text where there is none."""
    found = program.module.declarations.items()
    return next((name for name, item in reversed(found) if isinstance(item, (tree.Net, *BUNDLES))), "")


def _open(program: Program, name: str) -> dict[str, Any]:
    """The integer parameters of a net that have no default: they stay names, unless it is a recursion, which would not
    end."""
    found = program.module.find(name)
    if found is None or not isinstance(found[1], tree.Net) or name in recursive(found[0]):
        return {}
    return {p.name: Dim.sym(p.name) for p in net_params(found[1]) if p.sort == "int" and p.default is REQUIRED}


def _drawn(text: str, name: str, diagram: Diagram, asked: Options, found: tuple[Diagnostic, ...]) -> Fence:
    graph = unwrapped(diagram.graph)
    svg = draw(diagram) if asked.depth is None else draw_graph(graph, depth=asked.depth, of=diagram)
    return Fence(text, name, graph.type, svg, parts_table(diagram), found)


def _nerve(text: str, program: Program, name: str, asked: Options, found: tuple[Diagnostic, ...]) -> Fence:
    """A bundle: its nerve with the transitions; the table is its description."""
    from catnet.draw.nerve import draw_nerve

    made = program.bundle(name, **{k: Fraction(str(v)) for k, v in asked.params.items()})
    described = made.describe()
    return Fence(text, name, described.partition("\n")[0].partition(" : ")[2], draw_nerve(made), described, found)


# -- the form of HTML --------------------------------------------------------------------------------------------------


def _pre(text: str, css: str) -> str:
    return f'<pre class="{css}" style="overflow-x: auto">{html.escape(text)}</pre>'


def _figure(svg: str) -> str:
    """A picture that shrinks with the page, down to a width at which its text can be read, and then scrolls."""
    width, _ = size(svg)
    style = f"max-width: 100%; height: auto; min-width: {min(width, 0.55 * width + 60):.0f}px"
    opened = _themed(svg).replace("<svg", f'<svg style="{style}"', 1)
    return f'<figure class="catnet-picture" style="overflow-x: auto; margin: 1em 0">{opened}</figure>'


def _themed(svg: str) -> str:
    """The picture with its dark colours following the page's `data-theme`, where it has one."""

    def themed(found: re.Match[str]) -> str:
        rules = found[1]
        by_system = f"@media (prefers-color-scheme: dark){{{_under(_NOT_LIGHT, rules)}}}"
        return by_system + _under(_SAID_DARK, rules)

    return _DARK.sub(themed, svg)


def _under(ancestor: str, rules: str) -> str:
    """Rules of a style sheet that hold below an ancestor only."""
    return "".join(
        ",".join(ancestor + s.strip() for s in selectors.split(",")) + f"{{{body}}}"
        for selectors, body in re.findall(r"([^{}]*)\{([^{}]*)\}", rules)
    )


# -- what Markdown tools ask for ---------------------------------------------------------------------------------------


def options(words: str) -> Options:
    """What stands behind a fence's language: a net, values for its parameters, and `--depth=N` or `--show=WORDS`.

    Raises `CatnetError` (E0603) for what cannot be read.

    >>> options("block heads=8 --show=type")
    Options(net='block', params={'heads': 8}, depth=None, show=('type',))
    """
    try:
        given = shlex.split(words)
    except ValueError:
        fail("E0603", f"cannot read `{words}`: a quotation mark has no partner")
    own = dict(word.partition("=")[::2] for word in given if word.startswith("--"))
    for name in own.keys() - {"--depth", "--show"}:
        fail("E0603", f"a fence has no option `{name}`", help="it has --depth=N and --show=WORDS")
    nets = [word for word in given if "=" not in word and word not in own]
    if len(nets) > 1:
        fail("E0603", f"cannot read `{words}`: a fence shows one net", help=f"leave out `{nets[1]}`")
    params = parameters(word for word in given if "=" in word and not word.startswith("--"))
    return Options(nets[0] if nets else "", params, _depth(own.get("--depth")), shown(own.get("--show")))


def _depth(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= len(text) <= 3 or int(text) < 1:
        fail("E0603", f"cannot read `--depth={text}`: it is a whole number from 1")
    return int(text)


def shown(text: str | None) -> tuple[Show, ...]:
    """The words of `show`, which are divided by commas or blanks. Raises `CatnetError` (E0603) for another word."""
    if text is None:
        return Options.show
    words = text.replace(",", " ").split()
    for word in words:
        if word not in get_args(Show):
            help = nearest(word, get_args(Show)) or f"a fence shows {', '.join(get_args(Show))}"
            fail("E0603", f"a fence cannot show `{word}`", help=help)
    return tuple(words)  # type: ignore[arg-type]


def fence(text: str, info: str = "") -> str:
    """The HTML of a fence: its text, and the words behind its three backticks, as every Markdown tool gives them.

    The first word of `info` may be the language. What is wrong, in the text or in `info`, is shown in the page.

    >>> fence("linear(8) >> relu", "catnet --show=type")
    '<p class="catnet-type"><code>linear(8) &gt;&gt; relu : R[...s, d] -&gt; R[...s, 8]</code></p>'
    """
    language, _, rest = info.strip().partition(" ")
    try:
        asked = options(rest if language in ("catnet", "cat") else info)
    except CatnetError as error:
        return Fence(text, diagnostics=error.diagnostics).html()
    return render(text, asked).html(asked.show)


def superfence(source: str, language: str, css_class: str, options: Mapping[str, Any], md: Any, **more: Any) -> str:
    """`fence` as the SuperFences of pymdownx call it, and so MkDocs: `format: !!python/name:catnet.fences.superfence`.

    Its options are those of the directive for Sphinx, in an attribute list behind the three backticks:
    `{.catnet net=block params="heads=8" show=picture}`.
    """
    given = {**options, **more.get("attrs", {})}
    words = [f"--{name}={given[name]}" for name in ("depth", "show") if given.get(name)]
    return fence(source, " ".join([str(given.get("net", "")), str(given.get("params", "")), *map(shlex.quote, words)]))
