"""What may be written after `catnet`, and the help for it."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from catnet.cli.options import Parser, add_boxes, add_command, add_net, add_params, add_roots, add_typical, positive

REAL_BYTES = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}

_ABOUT = """\
catnet: neural networks as string diagrams. A .cat file says what a network is; catnet checks that it
composes, shows what it costs, draws it and compiles it to PyTorch.
"""

_START = """\
the way through:
  catnet check net.cat                          does it compose? every mistake at once
  catnet show net.cat classifier                parts, types, parameters, FLOPs
  catnet cost net.cat classifier --batch 32     the same with memory: kept for backward, peak
  catnet render net.cat classifier -o net.svg   the picture
  catnet compile net.cat classifier -o model.py PyTorch source that runs without catnet

exit codes: 0 all is well, 1 the program is wrong, 2 it cannot be done as asked (usage, files)
`catnet COMMAND --help` tells more about a command.
"""


class _Version(argparse.Action):
    """`--version`, looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        from catnet import __version__

        print(f"catnet {__version__}")
        parser.exit()


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = Parser(prog="catnet", description=_ABOUT, epilog=_START)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and stop")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=Parser)
    _add_check(commands)
    _add_show(commands)
    _add_cost(commands)
    _add_optimise(commands)
    _add_plan(commands)
    _add_render(commands)
    _add_draw(commands)
    _add_diff(commands)
    _add_compile(commands)
    _add_fmt(commands)
    _add_law(commands)
    _add_prove(commands)
    _add_basis(commands)
    _add_bundle(commands)
    _add_explain(commands)
    _add_lsp(commands)
    return parser


def _add_check(commands: Any) -> None:
    command = add_command(
        commands,
        "check",
        "tell every mistake in files, without running anything",
        "catnet check net.cat",
        "catnet check specs/            every .cat file in the folder",
        "catnet check --json net.cat    the same as data, for editors and scripts",
        "catnet check --boxes mine.boxes net.cat    with boxes declared in mine/boxes.py",
    )
    command.add_argument("paths", nargs="+", metavar="PATH", help="a .cat file, or a folder of them")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    add_roots(command)


def _add_show(commands: Any) -> None:
    command = add_command(
        commands,
        "show",
        "print a table of a net's parts: types, parameters, FLOPs",
        "catnet show net.cat classifier",
        "catnet show net.cat block -p heads=8 -p d=512",
        "catnet show net.cat block -p heads=8          sizes not given stay names in the totals",
    )
    add_net(command)


def _add_cost(commands: Any) -> None:
    command = add_command(
        commands,
        "cost",
        "print what a net costs: parameters, FLOPs, bytes kept for backward, peak live bytes",
        "catnet cost net.cat classifier",
        "catnet cost net.cat block -p heads=8 -p d=512   sizes not given stay names in the figures",
        "catnet cost net.cat block --batch 32 --dtype bfloat16",
        "catnet cost net.cat block --json                the same as data",
    )
    add_net(command)
    command.add_argument("--batch", type=positive, default=1, metavar="N", help="for a batch of N samples (default 1)")
    command.add_argument(
        "--dtype", choices=sorted(REAL_BYTES), default="float32", help="the format of real numbers (default float32)"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def _add_optimise(commands: Any) -> None:
    command = add_command(
        commands,
        "optimise",
        "tell how a net can be rewritten by its laws to run faster, and what that saves",
        "catnet optimise net.cat block --at t=512           for training, at a typical length",
        "catnet optimise net.cat block --for infer -p d=64",
        "catnet optimise net.cat block --json               the same as data",
    )
    add_net(command)
    command.add_argument(
        "--for", dest="mode", choices=["train", "infer"], default="train", help="what it is used for (default train)"
    )
    add_typical(command)
    command.add_argument("--batch", type=positive, default=1, metavar="N", help="for a batch of N samples (default 1)")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def _add_plan(commands: Any) -> None:
    command = add_command(
        commands,
        "plan",
        "say how a net goes on several devices: FSDP units, tensor parallelism, pipeline stages",
        "catnet plan net.cat llama -p layers=4",
        "catnet plan net.cat llama --tensor 8             is it right between 8 ranks?",
        "catnet plan net.cat llama --part 'layers.*.mlp'   cut this part alone, or say why it cannot be",
        "catnet plan net.cat llama --stages 4 --batch 32   stages of a pipeline, with FLOPs and bytes sent",
    )
    add_net(command)
    command.add_argument("--tensor", type=positive, metavar="N", help="check the tensor-parallel plan for N ranks")
    command.add_argument(
        "--part", dest="parts", action="append", metavar="PATH", help="cut this part (may be repeated; default all)"
    )
    command.add_argument("--stages", type=positive, metavar="N", help="cut the net into N stages of a pipeline")
    command.add_argument("--batch", type=positive, default=1, metavar="N", help="for a batch of N samples (default 1)")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def _add_render(commands: Any) -> None:
    command = add_command(
        commands,
        "render",
        "draw a net: SVG, PDF, PNG, a LaTeX document, or DOT text for Graphviz",
        "catnet render net.cat classifier -o net.svg",
        "catnet render net.cat block -p heads=8 -o block.pdf    needs pip install 'catnet[pictures]'; so does .png",
        "catnet render net.cat block -p heads=8 -o block.tex    for pdflatex",
        "catnet render net.cat classifier -o net.svg --depth 1 --direction down    nets closed, from top to bottom",
    )
    add_net(command)
    command.add_argument("--depth", type=positive, metavar="N", help="levels of boxes to show (default: as fits)")
    command.add_argument(
        "--direction", choices=("right", "down"), default="right", help="the way in which wires run (default right)"
    )
    command.add_argument(
        "-o", dest="out", metavar="FILE", required=True, help="where to write it: NAME.svg, .pdf, .png, .tex or .dot"
    )


def _add_draw(commands: Any) -> None:
    command = add_command(
        commands,
        "draw",
        "draw a net in the terminal",
        "catnet draw net.cat classifier",
        "catnet draw net.cat block -p heads=8 --depth 1    nets and repeats closed",
        "catnet draw net.cat block -p heads=8 --ascii      for a terminal that shows nothing else",
    )
    add_net(command)
    command.add_argument("--text", action="store_true", help="in characters; this is the default")
    command.add_argument("--depth", type=positive, metavar="N", help="levels of boxes to show (default: as fits)")
    command.add_argument("--width", type=positive, metavar="N", help="columns to use (default: those of the terminal)")
    command.add_argument("--ascii", action="store_true", help="with the characters of ASCII alone")


def _add_diff(commands: Any) -> None:
    command = add_command(
        commands,
        "diff",
        "show two specs side by side: parts, types, parameters, cost, keys of the state dict",
        "catnet diff old.cat new.cat                 which nets are new, gone, renamed, changed",
        "catnet diff old.cat new.cat block -p heads=8    the parts of one net",
        "catnet diff net.cat:small net.cat:large     two nets of one file",
        "catnet diff old.cat new.cat block -o diff.svg   both pictures, what changed marked",
    )
    command.add_argument("old", metavar="OLD", help="a .cat file, or FILE:NET")
    command.add_argument("new", metavar="NEW", help="a .cat file, or FILE:NET")
    command.add_argument("net", metavar="NET", nargs="?", help="a net of both files")
    add_params(command)
    command.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    command.add_argument("-o", dest="out", metavar="FILE", help="draw both nets: NAME.svg, .pdf or .png")
    add_roots(command)


def _add_compile(commands: Any) -> None:
    command = add_command(
        commands,
        "compile",
        "write a net as PyTorch source that runs without catnet",
        "catnet compile net.cat classifier -o model.py",
        "catnet compile net.cat block -p d=512 -p heads=8    prints the source",
        "catnet compile net.cat block --optimise train --at t=512    rewritten by its laws, to run faster",
    )
    add_net(command)
    command.add_argument("-o", dest="out", metavar="FILE", help="where to write it (default: print it)")
    command.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="MODULE",
        help='a Python module that `box ... = python "MODULE:..."` may use (may be repeated)',
    )
    command.add_argument("--optimise", choices=["train", "infer"], help="rewrite the net where that is cheaper")
    add_typical(command)


def _add_fmt(commands: Any) -> None:
    command = add_command(
        commands,
        "fmt",
        "format files in place; comments stay",
        "catnet fmt net.cat specs/",
        "catnet fmt --check specs/      change nothing; exit 1 and show what would change",
        "catnet fmt - < net.cat         from standard input to standard output",
    )
    command.add_argument(
        "paths", nargs="+", metavar="PATH", help="a .cat file, a folder of them, or - for standard input"
    )
    command.add_argument("--check", action="store_true", help="change nothing; show what would change")


def _add_law(commands: Any) -> None:
    command = add_command(
        commands,
        "law",
        "decide the laws of a file: proved, tested or refuted",
        "catnet law net.cat",
        "catnet law net.cat residual_is_linear",
    )
    command.add_argument("file", metavar="FILE", help="a .cat file")
    command.add_argument("name", metavar="NAME", nargs="?", help="one law of it (default: all)")
    add_roots(command)


def _add_prove(commands: Any) -> None:
    command = add_command(
        commands,
        "prove",
        "prove that a net commutes with a group, or show the boxes that do not",
        "catnet prove net.cat deep_sets                        what the net says: under S(n) on n",
        'catnet prove net.cat deep_sets --under "S(n) on n"    another question, from outside',
        "catnet prove net.cat potential --json                 the same as data",
    )
    add_net(command)
    command.add_argument(
        "--under",
        action="append",
        default=[],
        metavar="GROUP",
        help='a group and where it acts: "S(n) on n" (may be repeated)',
    )
    command.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def _add_basis(commands: Any) -> None:
    command = add_command(
        commands,
        "basis",
        "list the linear maps that commute with a group",
        'catnet basis "S(n)" "V*V -> V*V"        V is the natural representation',
        'catnet basis "SO(3)" "V*V -> V"         the cross product',
        'catnet basis "O(1, 3)" "V*V -> 1"       a number is that many trivial representations',
        'catnet basis "C(8)" "2*V -> V" --json   the same as data',
    )
    command.add_argument("group", metavar="GROUP", help="a group, such as S(n) or SO(3) * C(4)")
    command.add_argument("map", metavar="MAP", help="SOURCE -> TARGET, two representations of it")
    command.add_argument("--limit", type=positive, default=60, metavar="N", help="print at most N (default 60)")
    command.add_argument(
        "--budget", type=positive, default=10**6, metavar="N", help="how many unknowns to solve for (default 1,000,000)"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def _add_bundle(commands: Any) -> None:
    command = add_command(
        commands,
        "bundle",
        "print a bundle: charts, laws, orientability, flatness, holonomy, the classes that decide",
        "catnet bundle spaces.cat Moebius",
        "catnet bundle spaces.cat Monopole -p m=1",
        "catnet bundle spaces.cat Moebius -o nerve.svg    the picture: charts, transitions, the twist",
        "catnet bundle spaces.cat Moebius --json          the same as data",
    )
    command.add_argument("file", metavar="FILE", help="a .cat file")
    command.add_argument("name", metavar="NAME", help="the name of a bundle in it")
    command.add_argument(
        "-p", dest="params", action="append", default=[], metavar="NAME=VALUE", help="a parameter (may be repeated)"
    )
    command.add_argument("-o", dest="out", metavar="FILE", help="draw the nerve with its transitions: NAME.svg")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    add_roots(command)


def _add_explain(commands: Any) -> None:
    command = add_command(
        commands,
        "explain",
        "tell what a diagnostic code means, or what a box does",
        "catnet explain E0203",
        "catnet explain conv       what the box does, and its static arguments",
        "catnet explain boxes      list all boxes",
        "catnet explain            list all codes",
    )
    command.add_argument("code", metavar="CODE", nargs="?", help="the code, as in error[E0203], or the name of a box")
    add_boxes(command)


def _add_lsp(commands: Any) -> None:
    command = add_command(
        commands,
        "lsp",
        "serve an editor: mistakes while typing, hover, completion, renaming",
        "catnet lsp                     speaks the language server protocol over standard input and output",
        "catnet lsp --root ../shared    with a folder outside the workspace that imports may reach",
        "catnet lsp --boxes mine.boxes  with boxes declared in mine/boxes.py",
    )
    command.add_argument("--stdio", action="store_true", help="what some editors add; there is no other way to speak")
    add_roots(command)
