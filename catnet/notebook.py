"""`%%catnet` in IPython and Jupyter: a cell in the language is checked, drawn, compiled and bound to a name.

    %load_ext catnet

    %%catnet classifier width=8
    net classifier(width, classes = 10) : R[h, w] -> R[classes] = flatten >> linear(width) >> relu >> linear(classes)

binds `classifier` to an `nn.Module`. IPython is imported when this module is: nothing else of catnet needs it.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.display import SVG, display

import catnet
from catnet.cli.arguments import parameters
from catnet.diagnostics import CatnetError
from catnet.diagrams.terms import Diagram
from catnet.elaborate.program import Program


class CellError(CatnetError):
    """A cell with mistakes. IPython shows them as `catnet check` prints them, without a traceback through catnet."""

    def _render_traceback_(self) -> list[str]:
        return str(self).split("\n")


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are those of a magic."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}\n{self.format_usage().strip()}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="%%catnet", add_help=False, allow_abbrev=False)
    parser.add_argument("net", nargs="?", metavar="NET")
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE")
    parser.add_argument("--as", dest="name", metavar="NAME")
    parser.add_argument("--diagram", action="store_true")
    parser.add_argument("--hide", action="store_true")
    parser.add_argument("--root", action="append", default=[], metavar="FOLDER")
    parser.add_argument("--allow", action="append", default=[], metavar="MODULE")
    return parser


def _arguments(line: str) -> argparse.Namespace:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"cannot read `{line}`: {error}") from None
    given = _parser().parse_intermixed_args(words)
    if given.net is not None and "=" in given.net:  # no net is named: the first word is a value
        given.net, given.values = None, [given.net, *given.values]
    if given.name is not None and not given.name.isidentifier():
        raise UsageError(f"`{given.name}` is no name in Python")
    return given


@magics_class
class CatnetMagics(Magics):
    """The magic of the language."""

    shell: InteractiveShell

    @cell_magic("catnet")  # type: ignore[arg-type]
    def cell(self, line: str, cell: str) -> None:
        """`%%catnet [NET] [NAME=VALUE ...]`: check, draw, compile and bind a net of the cell.

        NET is the last net of the cell where none is named; values are its static arguments and the sizes that must be
        known. The module is bound to the net's name.

        `--as NAME` binds it to another one, `--diagram` binds the diagram and compiles nothing, `--hide` draws nothing,
        `--root FOLDER` is a further folder that imports may reach, `--allow MODULE` a module that boxes written in
        Python may come from.
        """
        given = _arguments(line)
        try:
            name, diagram = _read(cell, given, self._told)
            if not given.hide:
                display(SVG(diagram.draw("svg")))
            bound = diagram if given.diagram else catnet.compile(diagram, allow=given.allow)
        except CatnetError as error:
            raise CellError(*error.diagnostics) from None
        self.shell.push({given.name or name: bound})
        print(f"{given.name or name}: {diagram.type}{_parameters(bound)}")

    def _told(self, text: str) -> None:
        print(text + "\n")


def _read(cell: str, given: argparse.Namespace, tell: Callable[[str], None]) -> tuple[str, Diagram]:
    """The net of a cell that is asked for, with its diagram at the given values; raises `CatnetError`."""
    program = Program.from_text(cell, "<cell>", given.root)
    found = program.check()
    program.raise_errors()
    for diagnostic in found:
        tell(diagnostic.render())
    if given.net is None and not program.names:
        raise UsageError("this cell declares no net")
    name = given.net if given.net is not None else program.names[-1]
    diagram = program[name](**parameters(given.values))
    _ = diagram.graph  # the mistakes that these values bring
    return name, diagram


def _parameters(bound: Any) -> str:
    """`, 1,234 parameters` of a module."""
    if isinstance(bound, Diagram):
        return ""
    return f", {sum(parameter.numel() for parameter in bound.parameters()):,} parameters"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `%load_ext catnet` runs."""
    shell.register_magics(CatnetMagics)
