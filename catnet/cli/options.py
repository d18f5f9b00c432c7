"""What several commands share: how a command is laid out, and the arguments that name nets, sizes and folders."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

from catnet.cli.output import printable
from catnet.limits import BUDGET


class Parser(argparse.ArgumentParser):
    """An argparse parser that keeps layout in help texts and control characters out of messages."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {printable(message)}\n  help: {self.prog} --help\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        if message:
            (file or sys.stderr).write(message)


def add_command(commands: Any, name: str, line: str, *examples: str) -> argparse.ArgumentParser:
    """A command with a line of help and examples."""
    shown = "\n".join(f"  {example}" for example in examples)
    made: argparse.ArgumentParser = commands.add_parser(
        name, help=line, description=line[0].upper() + line[1:] + ".", epilog=f"examples:\n{shown}\n"
    )
    return made


def add_net(command: argparse.ArgumentParser) -> None:
    """FILE NET, and what goes with a net."""
    command.add_argument("file", metavar="FILE", help="a .cat file")
    command.add_argument("net", metavar="NET", help="the name of a net in it")
    add_params(command)
    add_roots(command)


def add_params(command: argparse.ArgumentParser) -> None:
    """`-p`, the static arguments of a net."""
    command.add_argument(
        "-p",
        dest="params",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a static argument or a size: -p d=64, -p bias=false, -p 'kernel=(3,5)' (may be repeated)",
    )


def add_typical(command: argparse.ArgumentParser) -> None:
    """`--at`, typical values of open sizes."""
    command.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="NAME=SIZE",
        help="a typical value of a size that stays open (may be repeated)",
    )


def add_boxes(command: argparse.ArgumentParser) -> None:
    """`--boxes`, modules of boxes."""
    command.add_argument(
        "--boxes",
        action="append",
        default=[],
        metavar="MODULE",
        help="a Python module of your own boxes, which is imported, that is, run (may be repeated)",
    )


def add_roots(command: argparse.ArgumentParser) -> None:
    """What reading a file needs: boxes, folders, and the budget of expansion."""
    add_boxes(command)
    command.add_argument(
        "--root",
        action="append",
        default=[],
        metavar="FOLDER",
        help="a further folder that imports may reach (may be repeated)",
    )
    command.add_argument(
        "--budget",
        type=positive,
        default=BUDGET,
        metavar="N",
        help=f"how many boxes a net may expand to (default {BUDGET:,})",
    )


def positive(text: str) -> int:
    """A whole number from 1, for argparse."""
    if not text.isdecimal() or not 0 < int(text[:20]) < 10**18:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from 1")
    return int(text)
