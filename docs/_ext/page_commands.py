"""The page on the command line: what `catnet COMMAND --help` prints, for every command."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from unittest.mock import patch

from prose import fenced

from catnet.cli.parser import make_parser


def pages() -> Iterator[tuple[str, str]]:
    """The one page."""
    with patch.dict(os.environ, {"COLUMNS": "100", "NO_COLOR": "1"}):
        made = make_parser()
        parts = ["# The command line", fenced(made.format_help(), "text")]
        for name, command in _commands(made).items():
            parts += [f"## catnet {name}", fenced(command.format_help(), "text")]
    yield "commands", "\n\n".join(parts) + "\n"


def _commands(made: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of the commands, by name."""
    return next(dict(a.choices) for a in made._actions if isinstance(a, argparse._SubParsersAction))
