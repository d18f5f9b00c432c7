"""catnet: a small string-diagram language for neural architectures.

    >>> import catnet
    >>> from catnet import linear, relu
    >>> net = linear(256) >> relu >> linear(10)
    >>> net.type
    'R[...s, d] -> R[...s, 10]'
    >>> net == catnet.parse("linear(256) >> relu >> linear(10)")
    True

`load` reads a `.cat` file, `check` tells its mistakes, `compile` makes an `nn.Module`. Every box of the
vocabulary is an attribute of this module. Nothing here imports torch until a module is compiled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "AxisRef",
    "Box",
    "CatnetError",
    "Diagnostic",
    "Diagram",
    "Dim",
    "InputError",
    "Kept",
    "Program",
    "Site",
    "box",
    "check",
    "compile",
    "load",
    "parse",
]

if TYPE_CHECKING:
    from torch import nn

    from catnet import testing as testing
    from catnet import weights as weights
    from catnet.declare import box
    from catnet.diagnostics import CatnetError, Diagnostic
    from catnet.diagrams.box import Box, Kept, Site
    from catnet.diagrams.terms import Diagram
    from catnet.elaborate.program import Program
    from catnet.torch.module import InputError
    from catnet.types.dims import Dim
    from catnet.types.static import AxisRef
    from catnet.vocabulary import Word
    from catnet.vocabulary import each as each
    from catnet.vocabulary import fan as fan
    from catnet.vocabulary import share as share
    from catnet.vocabulary import transpose as transpose

    def __getattr__(name: str) -> Word: ...  # to type checkers every other name is a box

    from catnet.rewrite import Mode

_LAZY = {
    "CatnetError": "catnet.diagnostics",
    "Diagnostic": "catnet.diagnostics",
    "Diagram": "catnet.diagrams.terms",
    "Program": "catnet.elaborate.program",
    "InputError": "catnet.torch.module",
    "AxisRef": "catnet.types.static",
    "Box": "catnet.diagrams.box",
    "Dim": "catnet.types.dims",
    "Kept": "catnet.diagrams.box",
    "Site": "catnet.diagrams.box",
    "box": "catnet.declare",
    "load_ipython_extension": "catnet.notebook",  # `%load_ext catnet`
}


def load(path: str | Path, *, roots: Iterable[str | Path] = (), budget: int | None = None) -> Program:
    """Read a `.cat` file. `roots` are further folders that its imports may reach; `budget` is how many boxes
    its nets may expand to.

    Raises `CatnetError` where the file cannot be read; mistakes inside it are told by `Program.check()`, and
    raised when a net is asked for.
    """
    from catnet.elaborate.program import Program

    return Program(path, roots) if budget is None else Program(path, roots, budget)


def check(path: str | Path, *, roots: Iterable[str | Path] = ()) -> list[Diagnostic]:
    """Every mistake in a `.cat` file and in what it imports; an empty list where there is none."""
    from catnet.diagnostics import CatnetError

    try:
        return load(path, roots=roots).check()
    except CatnetError as error:
        return list(error.diagnostics)


def compile(
    spec: str | Path | Diagram,
    net: str | None = None,
    /,
    *,
    on: str | None = None,
    allow: Iterable[str] = (),
    roots: Iterable[str | Path] = (),
    optimise: Mode | None = None,
    at: Mapping[str, int] | None = None,
    **params: Any,
) -> nn.Module:
    """An ordinary `nn.Module`, from a `.cat` file and the name of a net, or from a diagram.

    `params` are the net's static arguments and the sizes that must be known; `on` is the type of the inputs
    for a diagram that does not say it; `allow` names the modules that `box ... = python` leaves may be
    imported from. `optimise`, "train" or "infer", rewrites the net by its laws where that is cheaper (the
    default is the literal reading); `at` gives typical values of sizes that stay dynamic, and of `batch`, to decide
    it. Raises `CatnetError`.

        catnet.compile("attention.cat", "attention", heads=4, d=64)
        catnet.compile(catnet.linear(256) >> catnet.relu, on="R[784]")
        catnet.compile("attention.cat", "attention", heads=4, d=64, optimise="train", at={"t": 2048, "batch": 8})
    """
    from catnet.diagrams.terms import Diagram
    from catnet.rewrite import rewriter
    from catnet.torch import compile_diagram

    rewrite = rewriter(optimise, at)
    if isinstance(spec, Diagram):
        if net is not None or params:
            raise TypeError("a diagram has its arguments already: write catnet.compile(diagram, on = ...)")
        made = compile_diagram(spec, allow, on, rewrite)
        return made.eval() if optimise == "infer" else made
    program = load(spec, roots=roots)
    if net is None:
        raise TypeError(f"which net? {spec} has {', '.join(program.names) or 'none'}")
    made = compile_diagram(program[net](**params), allow, on, rewrite)
    return made.eval() if optimise == "infer" else made


def parse(text: str) -> Diagram:
    """A diagram from an expression in the language, such as `linear(256) >> relu`. Raises `CatnetError`."""
    from catnet.elaborate.program import Program

    return Program.from_text("").parse(text)


def _attribute(name: str) -> Any:
    """What is not loaded yet: classes, submodules, and the boxes of the vocabulary."""
    import importlib

    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    if name in ("testing", "weights"):
        return importlib.import_module(f"catnet.{name}")
    if not name.startswith("_"):
        from catnet.boxes import VOCABULARY
        from catnet.vocabulary import COMBINATORS, word

        if name in COMBINATORS:
            return COMBINATORS[name]
        if name in VOCABULARY:
            return word(name)
    raise AttributeError(f"module 'catnet' has no attribute {name!r}")


if not TYPE_CHECKING:
    __getattr__ = _attribute
