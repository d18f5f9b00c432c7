"""Checking while a file is written: what an item's answer depends on is kept with the answer.

A question about an item (its types, its claims of symmetry) is asked again only when its own text changed or
something that the answer depends on: for the types of a net the headers of the nets that it uses, for a proof their
bodies as well. A test compares the answers with those of a fresh `Program` after random edits.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from catnet.diagnostics import Diagnostic, Report, Source, Span
from catnet.diagrams import mistakes, terms
from catnet.diagrams.graph import Graph
from catnet.diagrams.typing import Typing, Values
from catnet.editor.pieces import VALUES, Layout, lay_out, uses
from catnet.elaborate.loading import STANDARD, Declaration, Loader, Module
from catnet.elaborate.program import Program
from catnet.limits import BUDGET
from catnet.syntax import tree
from catnet.types.infer import Inference
from catnet.types.signature import Signature
from catnet.types.wires import show_object


class Superseded(Exception):
    """The text changed while it was checked."""


@dataclass(frozen=True)
class Same:
    """An object that is equal to itself alone."""

    of: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.of is other.of

    def __hash__(self) -> int:
        return id(self.of)


@dataclass(eq=False)
class Types:
    """The types that the parts of one net have, for all its sizes."""

    inference: Inference
    placed: list[tuple[Span, Values, Values]] = field(default_factory=list)
    whole: str = ""
    """The type of the net."""

    @cached_property
    def by_place(self) -> dict[tuple[int, int], tuple[Values, Values]]:
        """Inputs and outputs of the part that stands between two offsets of the net's text."""
        whole = self.placed[-1][0].source if self.placed else None  # the net itself is placed last
        return {(s.start, s.end): (inputs, outputs) for s, inputs, outputs in self.placed if s.source is whole}

    def of(self, start: int, end: int) -> tuple[str, str] | None:
        """The input and output type of a part, as text; `_` is what nothing decides."""
        found = self.by_place.get((start, end))
        return (self.shown(found[0]), self.shown(found[1])) if found is not None else None

    def outputs(self, span: Span) -> Values | None:
        """What comes out of a part."""
        found = self.by_place.get((span.start, span.end))
        return found[1] if found is not None else None

    def shown(self, values: Values) -> str:
        """A type as text."""
        return mistakes.readable(show_object(tuple(self.inference.wire(value.wire) for value in values)))


class Tracing(Typing):
    """A typing run that remembers what stands where."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.types = Types(self.inference)

    def finish(self, graph: Graph) -> Graph:
        self.types.whole = super().finish(graph).type
        return graph

    def place(self, term: terms.Diagram, inputs: Values) -> Values:
        outputs = super().place(term, inputs)
        if term.span is not None:
            self.types.placed.append((term.span, inputs, outputs))
        return outputs


@dataclass(eq=False)
class Answer:
    """What a question found, with all that it depends on."""

    about: Declaration
    key: Hashable
    diagnostics: tuple[Diagnostic, ...]
    signature: Signature | None
    types: Types | None


@dataclass
class Workspace:
    """The texts that are being edited, and what is known of them and of the files that they import.

    `overlay` has the unsaved texts by real path; `roots` are the folders that imports may reach.
    """

    roots: list[Path] = field(default_factory=list)
    budget: int = BUDGET
    overlay: dict[Path, str] = field(default_factory=dict)
    layouts: dict[Path, Layout] = field(default_factory=dict)
    superseded: Callable[[], bool] = lambda: False
    answers: dict[tuple[str, int], Answer] = field(default_factory=dict)
    values: dict[Path, tuple[Hashable, Module]] = field(default_factory=dict)
    asked: int = 0
    """How many questions were not answered from memory."""

    def program(self, path: Path) -> EditedProgram:
        """The program of a file as it is now. Raises `CatnetError` where the file cannot be read."""
        return EditedProgram(self, path)

    def forget_unused(self, programs: list[EditedProgram]) -> None:
        """Drop the answers about items that stand in none of these programs."""
        kept = {id(d) for p in programs for m in p.modules.values() for d in m.declarations.values()}
        self.answers = {key: answer for key, answer in self.answers.items() if key[1] in kept}


class EditedLoader(Loader):
    """Reads texts as they stand in the editor, item by item."""

    def __init__(self, workspace: Workspace, path: Path) -> None:
        super().__init__(Report(), [path.parent, *workspace.roots])
        self.workspace = workspace
        self.layouts: dict[Path, Layout] = {}

    def read(self, path: Path, span: Span | None, name: str | None) -> Source:
        text = self.workspace.overlay.get(Path(path))
        if text is None:
            text = super().read(path, span, str(path)).text
        known = self.workspace.layouts.get(Path(path))
        return known.source if known is not None and known.source.text == text else Source(str(path), text)

    def exists(self, path: str) -> bool:
        return Path(path) in self.workspace.overlay or super().exists(path)

    def parse(self, source: Source) -> tuple[tree.File, list[Diagnostic]]:
        path = Path(source.name)
        self.layouts[path] = self.workspace.layouts[path] = lay_out(source, self.workspace.layouts.get(path))
        return self.layouts[path].file, self.layouts[path].problems


class EditedProgram(Program):
    """A program whose answers are kept from one edit to the next."""

    def __init__(self, workspace: Workspace, path: Path) -> None:
        loader = EditedLoader(workspace, path)
        self._start(loader, workspace.budget)
        self.workspace = workspace
        self.layouts = loader.layouts
        self.traces: list[Tracing] = []
        self.module = loader.load(path)
        for module in self.modules.values():
            self._keep_values(module)

    def typing(self, **options: Any) -> Typing:
        made = Tracing(**options)
        self.traces.append(made)
        return made

    def types(self, declaration: Declaration) -> Types | None:
        """The types inside a net that was checked."""
        answer = self.workspace.answers.get(("types", id(declaration)))
        return answer.types if answer is not None else None

    def signature(self, declaration: Declaration) -> Signature | None:
        """The type of a net that was checked, with its holes filled."""
        return self._signatures.get(id(declaration))

    def _guarded(
        self, report: Report, question: str, module: Module, declaration: Declaration, ask: Callable[[Report], None]
    ) -> None:
        if self.workspace.superseded():
            raise Superseded
        place, key = (question, id(declaration)), self._key(question, module, declaration)
        known = self.workspace.answers.get(place)
        if known is None or known.about is not declaration or not _holds(known.key, key, known.diagnostics):
            found = Report()
            self.traces.clear()
            super()._guarded(found, question, module, declaration, ask)
            types = self.traces[0].types if self.traces else None
            signature = self._signatures.get(id(declaration))
            known = Answer(declaration, key, tuple(found), signature, types)
            self.workspace.answers[place] = known
            self.workspace.asked += 1
        elif known.signature is not None:
            self._signatures.setdefault(id(declaration), known.signature)
        report.extend(known.diagnostics)

    def _keep_values(self, module: Module) -> None:
        """Groups, representations and bundles are worked out again only where one of them changed."""
        key = self._values_key(module, set())
        known = self.workspace.values.get(module.path)
        if known is not None and known[0] == key:
            module.members, module.bundles = known[1].members, known[1].bundles
        self.workspace.values[module.path] = (key, module)

    def _values_key(self, module: Module, seen: set[Path]) -> Hashable:
        seen.add(module.path)
        own = tuple((name, Same(d)) for name, d in module.declarations.items() if isinstance(d, VALUES))
        homes = {id(home): home for home, _ in module.imported.values()}
        others = tuple(self._values_key(home, seen) for home in homes.values() if home.path not in seen)
        names = tuple((name, Same(d)) for name, (_, d) in module.imported.items() if isinstance(d, VALUES))
        return own, names, others

    # -- what an answer depends on -------------------------------------------------------------------------------

    def _key(self, question: str, module: Module, declaration: Declaration) -> Hashable:
        """All that the answer to a question depends on; the last part matters where mistakes are told."""
        inwards = question != "types" or not isinstance(declaration, tree.Net) or uses(declaration).inwards
        parts: dict[Hashable, None] = {}
        if inwards:
            self._whole(module, declaration, parts)
        else:
            for name in uses(declaration).names:
                self._header(module, name, parts)
        if question != "types":
            parts[self._values_key(module, set())] = None
        return tuple(parts), tuple(module.names)

    def _header(self, module: Module, name: str, parts: dict[Hashable, None]) -> None:
        """What can be seen of a name without looking into its body."""
        found = module.find(name)
        if found is None:
            parts[(name, name in module.broken)] = None
            return
        home, item = found
        if not isinstance(item, tree.Net) or uses(item).holes:
            self._whole(home, item, parts)
            return
        parts[(name, item.params, item.type, item.where, item.under)] = None
        for inner in uses(item).header:
            declared = home.find(inner)
            if declared is not None and isinstance(declared[1], VALUES):
                self._whole(*declared, parts)

    def _whole(self, module: Module, item: Declaration, parts: dict[Hashable, None]) -> None:
        """An item and all that it is made of."""
        stack = [(module, item)]
        while stack:
            home, top = stack.pop()
            if Same(top) in parts:
                continue
            parts[Same(top)] = None
            for name in uses(top).names:
                found = home.find(name)
                if found is None:
                    parts[(name, name in home.broken)] = None
                else:
                    stack.append(found)


def _holds(old: Any, new: Any, diagnostics: tuple[Diagnostic, ...]) -> bool:
    """Whether an answer is still right. Names that may be offered in a message matter only where there is one."""
    return bool(old[0] == new[0] and (not diagnostics or old[1] == new[1]))


def own_modules(program: Program) -> Iterator[Module]:
    """The files of a program, without those of the standard library that it imports."""
    for path, module in program.modules.items():
        if module is program.module or not path.is_relative_to(STANDARD):
            yield module
