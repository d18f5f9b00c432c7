"""Reading files: a `.cat` file and what it imports, only from inside the given roots, within budgets."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catnet.diagnostics import CatnetError, Diagnostic, Note, Report, Source, Span, fail
from catnet.syntax import tree
from catnet.syntax.parser import parse
from catnet.types.spelling import nearest, respelt

STANDARD = Path(__file__).parent.parent / "std"
MAX_BYTES = 16 * 2**20
MAX_FILES = 256
_DECLARED = re.compile(r"^[ \t]*(?:net|box|law|group|rep|bundle|section|map)[ \t]+(\w+)", re.MULTILINE)

Named = tree.Group | tree.Rep | tree.Bundle | tree.Derived | tree.Section | tree.Map
Declaration = tree.Net | tree.BoxDecl | tree.Formula | tree.Law | Named


@dataclass(eq=False)
class Module:
    """One file: its declarations by name, and the names that it imports with the module that declares each."""

    path: Path
    source: Source
    file: tree.File
    declarations: dict[str, Declaration] = field(default_factory=dict)
    imported: dict[str, tuple[Module, Declaration]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Names whose declaration or import is itself wrong: their uses are not reported again."""
    bundles: dict[Any, Any] = field(default_factory=dict)
    """Bundles that others are made of, by their declarations (see `catnet.elaborate.bundles`)."""
    members: dict[str, Any] | None = None
    """The values of the groups and representations that can be named here (see `catnet.elaborate.symmetries`)."""

    def find(self, name: str) -> tuple[Module, Declaration] | None:
        """The declaration that a name means in this file."""
        own = self.declarations.get(name)
        return (self, own) if own is not None else self.imported.get(name)

    @property
    def names(self) -> list[str]:
        """Every name that can be used in this file."""
        return [*self.declarations, *self.imported]

    @property
    def nets(self) -> dict[str, tree.Net]:
        return {n: d for n, d in self.declarations.items() if isinstance(d, tree.Net)}

    @property
    def laws(self) -> dict[str, tree.Law]:
        return {n: d for n, d in self.declarations.items() if isinstance(d, tree.Law)}


def read_source(path: Path, span: Span | None = None, name: str | None = None) -> Source:
    """The text of a file; raises `CatnetError` (E0301) where it is missing, a directory, or not UTF-8."""
    shown = name or str(path)
    try:
        if path.is_dir():
            fail("E0301", f"`{shown}` is a directory, not a .cat file", span)
        if span is not None and path.exists() and not path.is_file():  # reading a pipe may wait for ever
            fail("E0301", f"`{shown}` is not a regular file", span)
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        fail("E0301", f"cannot read `{shown}`: {reason}", span)
    if len(data) > MAX_BYTES:
        fail("E0106", f"`{shown}` is larger than {MAX_BYTES // 2**20} MiB", span)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        fail(
            "E0301",
            f"`{shown}` is not UTF-8 text: byte {error.start} is 0x{data[error.start]:02x}",
            span,
            help="save the file as UTF-8",
        )
    return Source(shown, text.replace("\r\n", "\n").replace("\r", "\n"))


def standard_import(name: str) -> str:
    """A help line with the import of a name that the standard library declares, or the empty string.

    >>> standard_import("swiglu")
    'from "std/transformer.cat" import swiglu'
    """
    files = [p.name for p in sorted(STANDARD.glob("*.cat")) if name in _DECLARED.findall(p.read_text("utf-8"))]
    return f'from "std/{files[0]}" import {name}' if files else ""


def word(span: Span | None, name: str, after: str = "") -> Span | None:
    """The first place in `span` where a name stands (after a pattern); all of `span` if there is none."""
    if span is None:
        return None
    # `name` does not stand in the pattern: Python compiles and keeps one expression for all names
    for found in re.finditer(rf"{after}(\b\w+\b)", span.text):
        if found[1] == name:
            return Span(span.source, span.start + found.start(1), span.start + found.end(1))
    return span


def _inside(span: Span | None, path: str) -> Span | None:
    """Where the path of an import stands between its quotes."""
    start = span.text.find(f'"{path}"') if span is not None else -1
    return (
        Span(span.source, span.start + start + 1, span.start + start + 1 + len(path)) if span and start >= 0 else None
    )


class Loader:
    """Loads modules once each. `roots` are the folders that imports may reach, besides the standard library."""

    def __init__(self, report: Report, roots: Iterable[Path] = ()) -> None:
        self.report = report
        self.roots = [Path(os.path.realpath(r)) for r in (*roots, STANDARD.parent)]
        self.modules: dict[Path, Module] = {}
        self._loading: list[Path] = []

    def load(self, path: Path, span: Span | None = None, name: str | None = None) -> Module:
        """The module of a file, with its imports."""
        real = Path(os.path.realpath(path))
        if real in self.modules:
            return self.modules[real]
        if len(self.modules) >= MAX_FILES:
            fail("E0218", f"more than {MAX_FILES} files are imported", span)
        return self.add(self.read(path, span, name), real)

    # what an editor does in its own way: texts that are not saved yet, items that were read before

    def read(self, path: Path, span: Span | None, name: str | None) -> Source:
        """The text of a file."""
        return read_source(path, span, name)

    def parse(self, source: Source) -> tuple[tree.File, list[Diagnostic]]:
        """The items of a text, and its mistakes."""
        return parse(source)

    def exists(self, path: str) -> bool:
        """Whether there is a file: no for whatever cannot be asked, such as a name that is too long."""
        return os.path.exists(path)

    def add(self, source: Source, real: Path) -> Module:
        """The module of a text that was read."""
        file, diagnostics = self.parse(source)
        self.report.extend(diagnostics)
        module = Module(real, source, file)
        if diagnostics:
            module.broken.update(_DECLARED.findall(source.text))
        self.modules[real] = module
        self._loading.append(real)
        try:
            for item in file.items:
                if isinstance(item, tree.Import):
                    self._import(module, item)
                elif isinstance(item, Declaration):
                    self._declare(module, item)
        finally:
            self._loading.pop()
        return module

    def _declare(self, module: Module, item: Declaration) -> None:
        names = [param.name for param in getattr(item, "params", ())]
        for index, param in enumerate(getattr(item, "params", ())):
            if param.name in names[:index]:
                words = f"`{item.name}` has two parameters `{param.name}`"
                self.report.add(Diagnostic("E0202", words, param.span, help="rename one of them"))
        first = module.declarations.get(item.name)
        other = module.imported.get(item.name)
        if first is None and other is None:
            module.declarations[item.name] = item
            return
        earlier = (first or other[1]).span  # type: ignore[index]
        note = Note("first declared here", word(earlier, item.name))
        place = word(item.span, item.name)
        message = f"`{item.name}` is declared twice"
        self.report.add(Diagnostic("E0202", message, place, notes=(note,), help="rename one of them"))

    def _import(self, module: Module, item: tree.Import) -> None:
        try:
            path = self._resolve(module, item)
            if path in self._loading:
                chain = " imports ".join(p.name for p in [*self._loading[self._loading.index(path) :], path])
                fail(
                    "E0303",
                    f"the imports form a cycle: {chain}",
                    item.span,
                    help="move what both need into a third file",
                )
            target = self.load(path, item.span, self._shown(module, item, path))
        except CatnetError as error:
            self.report.extend(error.diagnostics)
            module.broken.update(item.names)
            return
        for name in item.names:
            found = target.declarations.get(name)
            if found is None:
                module.broken.add(name)
                if name in target.broken:
                    continue
                self.report.add(
                    Diagnostic(
                        "E0304",
                        f'"{item.path}" declares no `{name}`',
                        item.span,
                        help=nearest(name, target.declarations),
                        fixes=respelt(name, target.declarations, word(item.span, name, r"(?:import|,)\s*")),
                    )
                )
            elif name in module.imported and module.imported[name][1] is not found:
                self.report.add(Diagnostic("E0202", f"`{name}` is imported twice", item.span))
            else:
                module.imported[name] = (target, found)

    def _resolve(self, module: Module, item: tree.Import) -> Path:
        """The real path of an import: beside the importing file, or in the standard library (`std/...`)."""
        if "\0" in item.path or not item.path:
            fail("E0301", "this is not a path", item.span)
        for candidate in self._candidates(module, item.path):
            real = Path(os.path.realpath(candidate))
            if not any(real.is_relative_to(root) for root in self.roots):
                fail(
                    "E0302",
                    f'"{item.path}" lies outside the folders that may be imported from',
                    item.span,
                    notes=[Note("allowed: " + ", ".join(map(str, self.roots[:-1])) + ', and "std/..."')],
                    help="move the file, or allow its folder with --root",
                )
            if self.exists(str(real)):
                return real
        fail(
            "E0301",
            f'there is no file "{item.path}" beside `{module.source.name}`',
            item.span,
            help=nearest(item.path, self._known(module)),
            fixes=respelt(item.path, self._known(module), _inside(item.span, item.path)),
        )

    def _shown(self, module: Module, item: tree.Import, path: Path) -> str:
        """The name of an imported file in messages: as seen from where the importing one was named."""
        if path.is_relative_to(STANDARD):
            return item.path
        return os.path.normpath(os.path.join(os.path.dirname(module.source.name), item.path))

    def _candidates(self, module: Module, path: str) -> Iterator[Path]:
        yield module.path.parent / path
        if path.startswith("std/"):
            yield STANDARD.parent / path
        for root in self.roots[:-1]:
            yield root / path

    def _known(self, module: Module) -> list[str]:
        beside = [p.name for p in module.path.parent.glob("*.cat")] if module.path.parent.is_dir() else []
        return beside + [f"std/{p.name}" for p in STANDARD.glob("*.cat")]
