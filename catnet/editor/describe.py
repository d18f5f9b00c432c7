"""Boxes and declarations in a few words, as Markdown."""

from __future__ import annotations

import inspect
import math
import re
from dataclasses import replace

import catnet.boxes  # noqa: F401  (fills the vocabulary)
from catnet.diagnostics import CatnetError
from catnet.diagrams.box import REQUIRED, VOCABULARY, Box, Param
from catnet.diagrams.printing import static_tree
from catnet.elaborate.arguments import SORT_WORDS as SORT_WORDS
from catnet.elaborate.evaluate import net_params
from catnet.elaborate.loading import Declaration
from catnet.syntax import tree
from catnet.syntax.formatter import format_expression, format_item

COMBINATORS = {
    "each": "each(f)\n\nf on every wire, each with parameters of its own.",
    "seq": "seq(i in 0..n, f(i))\n\nf(0), then f(1), and so on; n is not included.",
    "transpose": "transpose(f)\n\nThe transposed map of a linear box; of a shared one, with the same weights.",
}


def parameters(item: Declaration) -> tuple[Param, ...]:
    """The static parameters of a declaration; where a default is wrong, nothing is known of the sorts."""
    if not hasattr(item, "params"):
        return ()
    try:
        return net_params(item)
    except CatnetError:
        return tuple(Param(p.name, "int", REQUIRED) for p in item.params)


def call(cls: type[Box]) -> str:
    """How a box is written, with its static arguments.

    >>> call(VOCABULARY["linear"])
    'linear(features, bias = true)'
    """
    shown = ", ".join(map(parameter, cls.params()))
    return f"{cls.name}({shown})" if shown else str(cls.name)


def parameter(param: Param) -> str:
    """`bias = true`."""
    default = param.default
    if default is REQUIRED:
        return param.name
    if isinstance(default, float) and math.isinf(default):
        return f"{param.name} = none"
    return f"{param.name} = {format_expression(static_tree(default))}"


def box(name: str) -> str:
    """What a word of the vocabulary does: how it is written, its type where that is one text, and its documentation."""
    if name in COMBINATORS:
        head, _, text = COMBINATORS[name].partition("\n\n")
        return f"{fenced(head)}\n\n{text}"
    cls = VOCABULARY[name]
    head = call(cls) + (f" : {cls.signature}" if cls.signature else "")
    head += f" where {', '.join(cls.where)}" if cls.signature and cls.where else ""
    return f"{fenced(head)}\n\n{inspect.getdoc(cls) or ''}".rstrip()


def argument(name: str, owner: str) -> str:
    """What is known of a static argument of a box."""
    found = next((p for p in VOCABULARY[owner].params() if p.name == name), None) if owner in VOCABULARY else None
    if found is None:
        return f"`{name}`: an argument of `{owner}`"
    return f"`{parameter(found)}`: {SORT_WORDS[found.sort]}, an argument of `{owner}`"


def head(item: Declaration) -> str:
    """A declaration without its body.

    >>> from catnet.diagnostics import Source
    >>> from catnet.syntax.parser import parse
    >>> head(parse(Source("", "net f(k): R[d]->R[k] where k>=1 = linear(k)"))[0].items[0])
    'net f(k) : R[d] -> R[k] where k >= 1'
    """
    if isinstance(item, tree.Net):
        text = format_item(replace(item, comments=(), body=tree.Hole()))
        return re.sub(r"\s*=\s*_\Z", "", text)
    if not hasattr(item, "value"):
        return format_item(replace(item, comments=())).partition("{")[0].rstrip()
    return format_item(replace(item, comments=()))


def declaration(item: Declaration) -> str:
    """A declaration without its body, and its documentation."""
    text = "\n".join(item.comments)
    return f"{fenced(head(item))}\n\n{text}".rstrip()


def fenced(text: str) -> str:
    """A text as a block of code."""
    return f"```catnet\n{text}\n```"
