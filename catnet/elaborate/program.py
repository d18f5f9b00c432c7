"""A program: one `.cat` file with what it imports, checked and ready to give diagrams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catnet.diagnostics import CatnetError, Diagnostic, Report, Source, Span, fail
from catnet.diagrams import terms
from catnet.diagrams.box import Param, substituted
from catnet.diagrams.graph import Graph
from catnet.diagrams.inverse import inverse_of, leaves
from catnet.diagrams.mistakes import too_large
from catnet.diagrams.typing import Typing
from catnet.elaborate import bundle_maps, bundles, generic, proving, symmetries
from catnet.elaborate.arguments import coerce, match
from catnet.elaborate.evaluate import Evaluator, Scope, net_params, quantified
from catnet.elaborate.formulas import FormulaBox
from catnet.elaborate.leaves import PythonBox, generic_statics
from catnet.elaborate.loading import STANDARD, Declaration, Loader, Module
from catnet.elaborate.nets import NetBox, body_term, net_scope
from catnet.limits import BUDGET, large_work
from catnet.syntax import tree
from catnet.syntax.parser import parse_expression
from catnet.types.dims import Dim, DimError
from catnet.types.facts import Facts
from catnet.types.infer import Binding
from catnet.types.signature import Signature
from catnet.types.spelling import nearest
from catnet.types.wires import Object

if TYPE_CHECKING:
    from catnet.bundles import Bundle

NETS = (tree.Net, tree.BoxDecl, tree.Formula, tree.Section, tree.Map)  # what a diagram may use


class Program:
    """The nets of a file. `program["net"](d = 64)` is a `Diagram`.

    `diagnostics` are those of reading; `check()` tells all.
    """

    def __init__(self, path: str | Path, roots: Iterable[str | Path] = (), budget: int = BUDGET) -> None:
        path = Path(path)
        loader = Loader(Report(), [path.parent, *map(Path, roots)])
        self._start(loader, budget)
        self.module = loader.load(path, name=str(path))

    @classmethod
    def from_text(cls, text: str, name: str = "<text>", roots: Iterable[str | Path] = ()) -> Program:
        """A program from text; imports resolve beside the current folder and in the standard library."""
        self = cls.__new__(cls)
        loader = Loader(Report(), [Path.cwd(), *map(Path, roots)])
        self._start(loader, BUDGET)
        self.module = loader.add(Source(name, text.replace("\r\n", "\n").replace("\r", "\n")), Path.cwd() / name)
        return self

    def _start(self, loader: Loader, budget: int) -> None:
        """A program of which nothing is read yet."""
        self.budget = budget
        self.report = loader.report
        self.modules = loader.modules
        self._signatures: dict[int, Signature] = {}
        self._invertible: set[Any] = set()
        self._checked: Report | None = None

    # -- nets ------------------------------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """The nets declared in this file."""
        return list(self.module.nets)

    def bundle(self, name: str, **values: Any) -> Bundle:
        """The bundle that is declared under a name, with values for its parameters.

        Raises `CatnetError`: E0601 where there is none, and what its declaration says wrong. Its laws are not asked.
        """
        found = self.module.find(name)
        if found is None or not isinstance(found[1], (tree.Bundle, tree.Derived)):
            known = [n for n, d in self.module.declarations.items() if isinstance(d, (tree.Bundle, tree.Derived))]
            hint = nearest(name, known) or (f"it has {', '.join(known)}" if known else "it declares none")
            fail("E0601", f"`{self.module.source.name}` has no bundle `{name}`", help=hint)
        return bundles.bundle_of(found[0], found[1], values)

    def __getitem__(self, name: str) -> Net:
        found = self.module.find(name)
        if found is None or not isinstance(found[1], NETS):
            known = [n for n in self.module.names if isinstance(self.module.find(n)[1], NETS)]  # type: ignore[index]
            fail(
                "E0601",
                f"`{self.module.source.name}` has no net `{name}`",
                help=nearest(name, known) or (f"it has {', '.join(known)}" if known else "it declares none"),
            )
        return Net(self, *found)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def parse(self, text: str) -> terms.Diagram:
        """A diagram from an expression in the language; the names of this program may be used."""
        report = Report()
        scope = Scope(self.module, dict(symmetries.members(self.module)))
        with large_work():
            made = Evaluator(scope, Facts(), report, self.make_net).diagram(
                parse_expression(Source("<expression>", text))
            )
        report.raise_errors()
        return made

    # -- checking --------------------------------------------------------------------------------------------

    def check(self) -> list[Diagnostic]:
        """Every mistake of the file and of the files that it imports, and what its holes are."""
        if self._checked is None:
            self._checked = Report()
            self._checked.extend(self.report)
            with large_work():
                for path, module in list(self.modules.items()):
                    if not path.is_relative_to(STANDARD) or module is self.module:
                        self._check_module(module, self._checked)
        return list(self._checked)

    def raise_errors(self) -> None:
        """Raise `CatnetError` with every mistake, if there is one."""
        errors = [d for d in self.check() if d.is_error]
        if errors:
            raise CatnetError(*errors)

    def _check_module(self, module: Module, report: Report) -> None:
        before = len(report.errors)
        for diagnostic in generic.endless_nets(module):
            report.add(diagnostic)
        right: list[tree.Net] = []
        for declaration in module.declarations.values():
            errors = len(report.errors)
            self._guarded(report, "types", module, declaration, partial(self._check_declaration, module, declaration))
            if isinstance(declaration, tree.Net) and len(report.errors) == errors:
                right.append(declaration)
        whole = len(report.errors) == before  # else what a net uses may be wrong, which is told there
        for net in right:
            self._guarded(report, f"claims {whole}", module, net, partial(self._check_claims, module, net, whole))
        if not whole:
            return
        for name in generic.recursive(module):
            net = module.nets[name]
            if all(p.default is not None for p in net.params):
                self._guarded(report, "defaults", module, net, partial(self._check_defaults, module, net))

    def _check_claims(self, module: Module, net: tree.Net, whole: bool, report: Report) -> None:
        report.extend(proving.claimed(self, module, net, whole))

    def _check_defaults(self, module: Module, net: tree.Net, report: Report) -> None:
        _ = self.make_net(module, net, {}, net.span).graph

    def _check_declaration(self, module: Module, declaration: Declaration, report: Report) -> None:
        if isinstance(declaration, tree.Net):
            _, signature = generic.check_net(self, module, declaration, report)
            self._signatures[id(declaration)] = signature
        elif isinstance(declaration, tree.Law):
            generic.check_law(self, module, declaration, report)
        elif isinstance(declaration, tree.Formula):
            FormulaBox(module, declaration, generic_statics(declaration.params)[0])
        elif isinstance(declaration, (tree.Bundle, tree.Derived)):
            bundles.report_problems(module, declaration, report)
        elif isinstance(declaration, (tree.Section, tree.Map)):
            report.extend(bundle_maps.problems(module, declaration))
        elif isinstance(declaration, (tree.Group, tree.Rep)):
            symmetries.value_of(module, declaration)
        else:
            PythonBox(self, module, declaration, generic_statics(declaration.params)[0]).target()
            for param in declaration.params:
                if isinstance(param.annotation, tree.Arrow):
                    fail("E0212", f"a box written in Python takes static values; `{param.name}` is a diagram",
                         param.span, help="compose it with the box in a net")  # fmt: skip

    def _guarded(
        self, report: Report, question: str, module: Module, declaration: Declaration, ask: Callable[[Report], None]
    ) -> None:
        """Ask one question about one declaration; what is found and what is raised goes into the report."""
        found, span = Report(), declaration.span
        try:
            ask(found)
        except CatnetError as error:
            found.extend(replace(d, span=d.span or span) for d in error.diagnostics)
        except DimError as error:
            found.add(too_large(error, span))
        report.extend(found)

    def typing(self, **options: Any) -> Typing:
        """The run that types a net's body for all its sizes."""
        return Typing(**options)

    # -- what nets ask of their program ------------------------------------------------------------------------

    def make_net(
        self,
        module: Module,
        declaration: Declaration,
        given: Mapping[str, tuple[Any, Span | None]],
        span: Span | None,
    ) -> terms.Diagram:
        """The term of a declared net or box with matched arguments."""
        assert isinstance(declaration, NETS)
        params = {p.name: p for p in net_params(declaration)}
        values = {
            k: coerce(declaration.name, params.get(k, Param(k, "int", None)), v, place)
            for k, (v, place) in given.items()
        }
        if isinstance(declaration, (tree.Section, tree.Map)):
            return bundle_maps.term_of(module, declaration, span)
        if isinstance(declaration, tree.Formula):
            return terms.Leaf(FormulaBox(module, declaration, values), span)
        kind = NetBox if isinstance(declaration, tree.Net) else PythonBox
        return terms.Leaf(kind(self, module, declaration, values), span)

    def body_graph(
        self, box: NetBox, typing: Typing, dims: Mapping[str, Dim], wires: Object, binding: Binding
    ) -> Graph:
        """Elaborate the body of a net at known types."""
        net = box.declaration
        term = self._body_term(box, typing, {**binding.dims, **dims})
        graph = typing.subgraph(net.name, term, wires, names=box.written.names, span=net.span)
        graph.doc = net.comments
        graph.where = tuple(substituted(clause, box.sizes) for clause in box.written.where)
        plain = Binding(binding.dims, binding.packs, binding.objects)
        generic.compare_outputs(typing, graph, typing.inference.outputs(box.written, plain), net)
        return graph

    def _body_term(self, box: NetBox, typing: Typing, dims: Mapping[str, Dim]) -> terms.Diagram:
        """The term of a net's body, or of its inverse."""
        scope = net_scope(box.home, box.args, box.written, dims)
        evaluator = Evaluator(scope, typing.inference.facts, typing.report, self.make_net)
        term = body_term(evaluator, box.declaration.body, box.written, box.declaration.span, linear=False)
        return inverse_of(term) if box.inverted else term

    def check_invertible(self, box: NetBox, typing: Typing) -> None:
        """Raise `TypeProblem` unless every part of a net's body has an inverse, down to the boxes."""
        if box.key() in self._invertible:
            return
        self._invertible.add(box.key())
        dims = {name: Dim.sym(name) for name in box.written.universals}
        quiet = Typing(facts=typing.inference.facts, report=Report(), generic=True)
        for part in leaves(self._body_term(box, quiet, dims)):
            if isinstance(part.box, NetBox) and part.box.inverted:
                self.check_invertible(part.box, typing)

    def resolved_signature(self, box: NetBox) -> Signature:
        """The signature of a net with its holes filled by its generic check."""
        key = id(box.declaration)
        if key not in self._signatures:
            self._signatures[key] = box.written  # a cycle meets the holes as they are
            _, self._signatures[key] = generic.check_net(self, box.home, box.declaration, Report())
        return self._signatures[key]


class Net:
    """A net of a program; calling it with static arguments gives a `Diagram`."""

    def __init__(self, program: Program, module: Module, declaration: Declaration) -> None:
        self.program = program
        self.module = module
        self.declaration = declaration
        self.__doc__ = "\n".join(declaration.comments) or None

    def __call__(self, *args: Any, **kwargs: Any) -> terms.Diagram:
        """The diagram for static arguments and, by keyword, sizes of quantified dimensions.

        Raises `CatnetError` where the program or the arguments are wrong.
        """
        declaration = self.declaration
        given = match(
            declaration.name,
            net_params(declaration),
            [(a, None) for a in args],
            {k: (v, None) for k, v in kwargs.items()},
            None,
            quantified(declaration),
        )
        self.program.raise_errors()
        return self.program.make_net(self.module, declaration, given, None)

    def __repr__(self) -> str:
        return f"<net {self.declaration.name} of {self.module.source.name}>"
