"""The command line: `catnet check`, `fmt`, `show`, `cost`, `optimise`, `render`, `compile`, `law`, `explain`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from catnet.cli.output import complain, prepare, print_safely
from catnet.cli.parser import make_parser
from catnet.diagnostics import CatnetError, Diagnostic

FINE, WRONG, USAGE = 0, 1, 2
INTERRUPTED, PIPE_CLOSED = 130, 141  # 128 + the number of the signal, as shells have it

_COMMAND_CODES = {
    "E0507", "E0601", "E0602", "E0603", "E0604", "E0605", "E0606", "E0607", "E0608", "E0609", "E0610",
    "E0901", "E0902", "E0903",
}  # fmt: skip
_ARGUMENT_CODES = {"E0211", "E0212", "E0213", "E0301"}  # about the command where they have no place in a text


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 fine, 1 the program is wrong, 2 not to be done as asked."""
    prepare()
    try:
        code = _run(argv)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print_safely("interrupted", sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        with contextlib.suppress(OSError, ValueError):  # Python flushes once more when it ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:  # the disk is full
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        reason = (error.strerror or str(error)).lower()
        complain([Diagnostic("E0602", f"cannot write to the standard output: {reason}")])
        return USAGE


def _run(argv: Sequence[str] | None) -> int:
    parser = make_parser()
    try:
        options = parser.parse_args(argv)
    except SystemExit as end:  # --help and --version end with 0, what argparse refuses with 2
        return int(end.code or 0)
    if options.command is None:
        parser.print_help()
        return USAGE
    from catnet.cli import commands
    from catnet.limits import large_work

    try:
        with large_work():
            commands.import_boxes(getattr(options, "boxes", []))
            code: int = getattr(commands, options.command)(options)
            return code
    except CatnetError as error:
        complain(error.diagnostics)
        return exit_code(error.diagnostics)
    except (KeyboardInterrupt, OSError):
        raise
    except Exception as error:
        return _our_fault(error)


def exit_code(diagnostics: Sequence[Diagnostic]) -> int:
    """What a run ends with that found these."""
    errors = [d for d in diagnostics if d.is_error]
    if any(d.code in _COMMAND_CODES or (d.span is None and d.code in _ARGUMENT_CODES) for d in errors):
        return USAGE
    return WRONG if errors else FINE


def _our_fault(error: Exception) -> int:
    """A mistake in catnet itself, or the machine's limits."""
    if os.environ.get("CATNET_DEBUG"):
        raise error
    kind = type(error).__name__
    if isinstance(error, (RecursionError, MemoryError)):
        print_safely("error: this program is too large for the memory of this process", sys.stderr)
    else:
        print_safely(f"error: catnet itself failed ({kind}: {error})", sys.stderr)
        help = "please report it, with the file and the command; CATNET_DEBUG=1 shows where"
        print_safely(f"  help: {help}", sys.stderr)
    return WRONG
