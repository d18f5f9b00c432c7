"""One function per command. Each imports what it needs itself, so that no command loads more than it uses."""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from catnet.cli import FINE, WRONG, exit_code
from catnet.cli.arguments import cat_files, parameters
from catnet.cli.output import complain, one_line, print_result, print_safely, tell
from catnet.diagnostics import CatnetError, Diagnostic, Report, Source, fail

if TYPE_CHECKING:
    from catnet.bundles import Bundle
    from catnet.diagrams.graph import Graph
    from catnet.diagrams.terms import Diagram
    from catnet.elaborate.program import Program


def import_boxes(modules: Iterable[str]) -> None:
    """Import the modules that `--boxes` names, so that the boxes they declare are there.

    They are found as Python finds modules, and in the current folder after all others. Raises `CatnetError`: E0507
    where that fails, and what `@catnet.box` raises.
    """
    import importlib

    for name in modules:
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())  # last, so that no file here stands in for a module that is installed
        try:
            importlib.import_module(name)
        except CatnetError:
            raise
        except Exception as error:
            words = f"cannot import the boxes of `{one_line(name)}`: {type(error).__name__}: {error}"
            fail("E0507", words, help="name a module as in Python's `import`: --boxes package.module")


def check(options: Namespace) -> int:
    """`catnet check PATHS`: every mistake of every file, each once."""
    files = cat_files(options.paths)
    found = _checked(files, options.root, options.budget)
    if options.json:
        import json

        data = {"files": [str(f) for f in files], "diagnostics": [d.to_json() for d in found]}
        print(json.dumps(data, indent=2))
        return exit_code(found)
    tell(found)
    if found:
        print()
    print(_summary(found, len(files)))
    return exit_code(found)


def _checked(files: Iterable[Path], roots: list[str], budget: int) -> list[Diagnostic]:
    """The diagnostics of all files; what two files import alike is told once."""
    from catnet.elaborate.program import Program

    report = Report()
    seen: set[tuple[str, str, str, int]] = set()
    for path in files:
        try:
            found = Program(path, roots, budget).check()
        except CatnetError as error:
            found = list(error.diagnostics)
        for diagnostic in found:
            span = diagnostic.span
            place = (os.path.normpath(span.source.name), span.start) if span is not None else ("", 0)
            key = (diagnostic.code, diagnostic.message, *place)
            if key not in seen:
                seen.add(key)
                report.add(diagnostic)
    return list(report)


def _summary(found: list[Diagnostic], files: int) -> str:
    errors = [d for d in found if d.is_error]
    if not errors:
        return f"{_count(files, 'file')}, no mistakes"
    places = {d.span.source.name if d.span is not None else d.message for d in errors}
    checked = f" ({files} checked)" if files > 1 else ""
    return f"{_count(len(errors), 'error')} in {_count(len(places), 'file')}{checked}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def show(options: Namespace) -> int:
    """`catnet show FILE NET`: the table of parts."""
    from catnet.analysis.show import show as table

    print_safely(table(_diagram(options)))
    return FINE


def cost(options: Namespace) -> int:
    """`catnet cost FILE NET`: the table of parts with memory, or the same as data."""
    from catnet.analysis.table import cost as table
    from catnet.cli.parser import REAL_BYTES

    found = table(_diagram(options), options.batch, REAL_BYTES[options.dtype])
    if options.json:
        import json

        print(json.dumps(found.json(), indent=2))
        return FINE
    print_safely(found.text())
    return FINE


def plan(options: Namespace) -> int:
    """`catnet plan FILE NET`: how the net goes on several devices, as text or as data."""
    from catnet.parallel import plan as planned
    from catnet.parallel.words import data, text

    found = planned(_diagram(options), parts=options.parts)
    stages = found.stages(options.stages, batch=options.batch) if options.stages else ()
    if options.json:
        import json

        print(json.dumps(data(found, options.tensor, stages), indent=2))
        return FINE
    print_safely(text(found, options.tensor, stages))
    return FINE


def optimise(options: Namespace) -> int:
    """`catnet optimise FILE NET`: what `optimise=` would rewrite, or the same as data."""
    from catnet.cli.arguments import typical_sizes
    from catnet.rewrite import open_sizes, optimised
    from catnet.rewrite.report import as_json, as_text

    graph = _diagram(options).graph
    found = optimised(graph, options.mode, typical_sizes(options.at, open_sizes(graph)), batch=options.batch)
    if options.json:
        import json

        print(json.dumps(as_json(graph, found), indent=2))
        return FINE
    print_safely(as_text(graph, found))
    return FINE


def bundle(options: Namespace) -> int:
    """`catnet bundle FILE NAME`: what is known of a bundle."""
    from catnet.elaborate.bundles import decide
    from catnet.elaborate.program import Program

    program = Program(options.file, options.root, options.budget)
    program.report.raise_errors()
    values = {}
    for name, value in parameters(options.params).items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            fail("E0603", f"cannot read `-p {name}`: a parameter of a bundle is a number", help="for example -p m=1")
        values[name] = Fraction(str(value))  # 0.1 is a tenth, as in a file
    made = program.bundle(options.name, **values)
    decide(program.module, options.name, made)
    if options.out is not None:
        _draw_nerve(made, options.out)
    if options.json:
        import json

        print(json.dumps(made.json(), indent=2))
    elif options.out is not None:
        print(f"wrote {one_line(options.out)}")
    else:
        print_safely(made.describe())
    return FINE if made.laws().hold else WRONG


def _draw_nerve(made: Bundle, out: str) -> None:
    """The picture of a bundle, written to a file."""
    suffix = Path(out).suffix.lower()
    if suffix != ".svg":
        said = f"`{suffix}` is no format" if suffix else "the name has no ending that says the format"
        fail("E0605", f"cannot draw `{out}`: {said}", help="write -o NAME.svg")
    from catnet.draw.nerve import draw_nerve
    from catnet.files import write_atomically

    write_atomically(out, draw_nerve(made))


def prove(options: Namespace) -> int:
    """`catnet prove FILE NET`: box by box, what becomes of the action of a group."""
    from catnet.analysis.proof import report

    found = report(_diagram(options), options.under)
    if options.json:
        import json

        print(json.dumps(found.json(), indent=2))
    else:
        tell(found.problems)
        print_safely(found.text())
    return exit_code(found.problems)


def render(options: Namespace) -> int:
    """`catnet render FILE NET -o FILE`: the picture."""
    from catnet.cli.draw import render as drawn

    return drawn(options, _diagram)


def draw(options: Namespace) -> int:
    """`catnet draw FILE NET`: the picture in the terminal."""
    from catnet.cli.draw import draw_text

    return draw_text(options, _diagram)


def diff(options: Namespace) -> int:
    """`catnet diff OLD NEW [NET]`: two specs side by side."""
    from catnet.cli.diff import compare

    return compare(options)


def compile(options: Namespace) -> int:
    """`catnet compile FILE NET`: PyTorch source, printed or written."""
    from catnet.torch import source

    diagram = _diagram(options)
    text = source(diagram, options.allow, rewrite=_rewrite(options, diagram))
    if options.out in (None, "-"):
        print_result(text)
        return FINE
    from catnet.files import write_atomically

    write_atomically(options.out, text)
    print(f"wrote {one_line(options.out)}")
    return FINE


def _rewrite(options: Namespace, diagram: Diagram) -> Callable[[Graph], Graph] | None:
    """What `--optimise` asks for."""
    if options.optimise is None and not options.at:
        return None
    from catnet.cli.arguments import typical_sizes
    from catnet.rewrite import open_sizes, rewriter

    if options.optimise is None:
        fail("E0607", "`--at` decides what `--optimise` does", help="add --optimise train, or infer")
    return rewriter(options.optimise, typical_sizes(options.at, open_sizes(diagram.graph)))


def _program(options: Namespace) -> Program:
    from catnet.elaborate.program import Program

    program = Program(options.file, options.root, options.budget)
    program.raise_errors()
    return program


def _diagram(options: Namespace) -> Diagram:
    given = parameters(options.params)
    program = _program(options)
    diagram = program[options.net](**given)
    _ = diagram.graph  # the mistakes that these sizes bring
    return diagram


def fmt(options: Namespace) -> int:
    """`catnet fmt PATHS`: format in place, or tell what would change."""
    found: list[Diagnostic] = []
    changed = 0
    if "-" in options.paths:
        return _fmt_stdin(options)
    files = cat_files(options.paths)
    for path in files:
        try:
            changed += _fmt_file(path, options.check)
        except CatnetError as error:
            found += error.diagnostics
    complain(found)
    if changed or not found:
        done = "would change" if options.check else "changed"
        print(f"{_count(changed, 'file')} {done}" if changed else f"{_count(len(files), 'file')} in style")
    return exit_code(found) or (WRONG if options.check and changed else FINE)


def _fmt_file(path: Path, check: bool) -> bool:
    """Format one file; whether it changed. Raises `CatnetError` where it cannot be read or is wrong."""
    from catnet.elaborate.loading import read_source
    from catnet.files import write_atomically

    source = read_source(path)
    text = _formatted(source)
    if text == source.text and text.encode() == path.read_bytes():
        return False
    if check:
        print_safely(_difference(source, text))
    else:
        write_atomically(path, text)
        print(f"formatted {one_line(str(path))}")
    return True


def _fmt_stdin(options: Namespace) -> int:
    if len(options.paths) > 1:
        fail("E0606", "`-` stands alone: standard input is one file", help="name the files without `-`")
    try:
        given = sys.stdin.read()
    except UnicodeDecodeError:
        fail("E0301", "standard input is not UTF-8 text", help="save the file as UTF-8")
    source = Source("<stdin>", given.replace("\r\n", "\n").replace("\r", "\n"))
    text = _formatted(source)
    if not options.check:
        print_result(text)
        return FINE
    if text != given:
        print_safely(_difference(source, text))
    return WRONG if text != given else FINE


def _formatted(source: Source) -> str:
    from catnet.syntax.formatter import format_source

    text, problems = format_source(source)
    if problems:
        raise CatnetError(*problems)
    return text


def _difference(source: Source, text: str) -> str:
    import difflib

    name = one_line(source.name)
    lines = difflib.unified_diff(
        source.text.splitlines(), text.splitlines(), f"{name} (now)", f"{name} (in style)", lineterm=""
    )
    return "\n".join(lines) or f"{name}: line ends or the end of the file change"


def law(options: Namespace) -> int:
    """`catnet law FILE [NAME]`: the verdict on each law."""
    from catnet.analysis.laws import check_laws

    program = _program(options)
    results = check_laws(program, None if options.name is None else [options.name])
    if not results:
        print_safely(f"{one_line(options.file)} declares no law")
        return FINE
    width = max(len(result.name) for result in results)
    for result in results:
        print_safely(f"{result.name:<{width}}  {result.verdict:<8}  {result.detail}".rstrip())
    refuted = [result.diagnostic for result in results if result.diagnostic is not None]
    if refuted:
        print()
        tell(refuted)
    return WRONG if refuted or any(result.verdict == "refuted" for result in results) else FINE


def basis(options: Namespace) -> int:
    """`catnet basis GROUP MAP`: the linear maps that commute with a group."""
    from catnet.cli.basis import basis as listed

    return listed(options)


def lsp(options: Namespace) -> int:
    """`catnet lsp`: the language server."""
    from catnet.cli.lsp import serve

    return serve(options)


def explain(options: Namespace) -> int:
    """`catnet explain CODE`: what a code means, or what a box does; without one, all codes."""
    from catnet import codes

    asked = options.code
    if asked is None or re.fullmatch(r"\s*[Ee]?\d+\w*\s*", asked):
        text = codes.listing() if asked is None else codes.explain(asked)
    else:
        from catnet.cli import words

        text = words.listing() if asked == "boxes" else words.page(asked)
    print_safely(text.rstrip("\n"))
    return FINE
