"""From graph to Python source: nested readable classes, one statement per box, the labels as submodules.

Each named net becomes one class; a repeat is a `nn.ModuleList` and a loop; a box is the PyTorch layer that a
person would have taken. The text imports only torch (and what `box ... = python` leaves ask for).
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass, field

from catnet.diagnostics import CatnetError, Diagnostic
from catnet.diagrams.box import Site, UnboundSize
from catnet.diagrams.graph import Graph, Node
from catnet.diagrams.labels import MODULE_ATTRIBUTES, OWN_ATTRIBUTES
from catnet.diagrams.repeat import Loop
from catnet.limits import large_work
from catnet.torch.checks import INPUT_ERROR, check_lines
from catnet.torch.helpers import files_for, names_in, text_of
from catnet.torch.locals import Locals
from catnet.torch.modules import Submodule, constants
from catnet.torch.names import RESERVED, Names, camel, identifier
from catnet.torch.submodules import element, element_name, unwrapped
from catnet.torch.text import (
    INDENT,
    assigned,
    batch_of,
    docstring,
    indented,
    is_open,
    numbered,
    result_type,
    returned,
    safe,
    spec_line,
)
from catnet.types.dims import Dim
from catnet.types.infer import TypeProblem
from catnet.types.static import Unknown as UnknownStatic


@dataclass(frozen=True)
class Emitted:
    """A class that was written: its name, whether it owns state, and which outputs have batch axes."""

    name: str
    batched: tuple[bool, ...]
    body: ClassBody


# What constructs a part, what it is called, which of its outputs have batch axes, and its class if it has one of ours
Element = tuple[str, str, tuple[bool, ...], "ClassBody | None"]


@dataclass
class Writer:
    """Collects the classes and imports of one file; equal classes are written once."""

    classes: dict[str, str] = field(default_factory=dict)  # text with `@@` for the name: the name
    order: list[str] = field(default_factory=list)
    needs: dict[str, str] = field(default_factory=dict)  # what is imported: the name that it has here
    names: Names = field(default_factory=lambda: Names(RESERVED | set(dir(builtins))))
    memo: dict[tuple[int, tuple[bool, ...], bool], Emitted] = field(default_factory=dict)
    helpers: tuple[str, ...] = ()  # files of `catnet.nn` of which the source holds copies
    evaluates: bool = False  # whether any class so far is for evaluation alone
    claims: Sequence[str] = ()  # what the class of the whole says of its symmetry

    def __post_init__(self) -> None:
        self.names.taken |= names_in(self.helpers)

    def need(self, what: str) -> str:
        """Ask for an import: "F", "math", or "python:package.module:Name"; returns the name to use."""
        if what not in self.needs:
            own = what.rsplit(":", 1)[-1].split(".")[0]
            self.needs[what] = self.names.new(own) if what.startswith("python:") else what
        return self.needs[what]

    def class_of(self, graph: Graph, batched: tuple[bool, ...], *, top: bool = False, even: bool = False) -> Emitted:
        """The class of a graph whose inputs have batch axes as `batched` says.

        With `even`, all its outputs have them as soon as one input has.
        """
        key = (id(graph), batched, even)
        if key in self.memo and not top:
            return self.memo[key]
        body = ClassBody(self, graph, batched, top=top, even=even)
        text = body.text()
        name = self.classes.get(text)
        if name is None:
            name = self.names.new(camel(graph.name), joint="")
            self.classes[text] = name
            self.order.append(text.replace("@@", name, 1))
        made = Emitted(name, body.output_flags, body)
        if not top:
            self.memo[key] = made
        return made

    def file(self, head: Sequence[str]) -> str:
        """The whole source."""
        imports = ["import torch", "from torch import Tensor, nn"]
        if "math" in self.needs:
            imports.insert(0, "import math\n")
        if "F" in self.needs:
            imports.append("from torch.nn import functional as F")
        for need, own in self.needs.items():
            if need.startswith("python:"):
                _, module, name = need.split(":", 2)
                name = name.split(".")[0]
                imports.append(f"from {module} import {name}" + (f" as {own}" if own != name else ""))
        copies = text_of(self.helpers)
        parts = ['"""' + "\n".join(head) + '\n"""', "\n".join(imports), INPUT_ERROR.rstrip(), *copies, *self.order]
        return "\n\n\n".join([parts[0] + "\n\n" + parts[1], *parts[2:]]) + "\n"


class ClassBody(Locals):
    """Writes one class."""

    def __init__(
        self, writer: Writer, graph: Graph, batched: tuple[bool, ...], *, top: bool, even: bool = False
    ) -> None:
        super().__init__(graph)
        self.writer = writer
        self.top = top
        self.flags: dict[int, bool] = {id(v): b for v, b in zip(graph.inputs, batched, strict=True)}
        labels = {n.label for n in graph.nodes if n.label is not None}
        self.attributes = Names(MODULE_ATTRIBUTES | labels | set(OWN_ATTRIBUTES))
        self.init: list[str] = []
        self.lines: list[str] = []
        self.loading: list[str] = []
        self.evaluates = False
        self.owners: dict[int, str] = {}
        self.modules: dict[int, Submodule] = {}  # by node
        for index, node in enumerate(graph.nodes):
            self._node(index, node)
        if even and any(batched):
            self._even_outputs()
        self.output_flags = tuple(self.flags[id(v)] for v in graph.outputs)

    # -- nodes ---------------------------------------------------------------------------------------------

    def _node(self, index: int, node: Node) -> None:
        box = node.box
        args = [self.names[id(v)] for v in node.inputs]
        flags = [self.flags[id(v)] for v in node.inputs]
        together = not box.broadcasts or isinstance(box, Loop) or (node.owner is not None and node.graphs)
        if together and any(flags) and not all(flags):
            args, flags = self._expanded(node, args, flags)
        lonely = box.batch_needed > 0 and not all(flags)  # parameters alone, where PyTorch wants a batch axis
        if lonely:
            args = [f"{a}.unsqueeze(0)" for a in args]
        site = self._site(node, args, flags)
        for value in () if node.graphs else box.statics().values():
            if isinstance(value, UnknownStatic):
                raise CatnetError(_unknown_number(value, node))
        try:
            outputs = self._state(node, site)
            if self.dead(node):
                for value in node.outputs:
                    self.flags[id(value)] = any(flags)
                return
            site.results = self.result_names(index, node)
            where = spec_line(node)
            statements = self._statements(node, site)
            if lonely:
                statements = [f"{s}.squeeze(0)" for s in statements]
        except UnboundSize as error:
            raise CatnetError(_unbound(error.dim, node)) from None
        except TypeProblem as problem:  # a type that is still too open for code
            hint = problem.help or 'say what comes in: diagram.compile(on = "R[8, 8]")'
            raise CatnetError(Diagnostic("E0214", problem.detail, node.span, help=hint)) from None
        self.lines += [statements[0] + where, *statements[1:]] if statements else []
        for value in node.inputs:
            name = self.names[id(value)]
            if self.last_use.get(id(value)) == index and name not in site.results:
                self.locals.taken.discard(name)  # needed no more: later results may take the name
        for value, name, flag in zip(node.outputs, site.results, outputs, strict=True):
            self.names[id(value)] = name
            self.flags[id(value)] = flag

    def _site(self, node: Node, args: list[str], flags: list[bool]) -> Site:
        """What a box may ask of the place where its code stands."""
        return Site(
            node.dom,
            node.cod,
            args,
            "",
            self.writer.need,
            size_of=lambda dim: self.size(dim, node, args),
            fresh=lambda hint: self.locals.new(identifier(hint)),
            batched=flags,
            graphs=node.graphs,
        )

    def _expanded(self, node: Node, args: list[str], flags: list[bool]) -> tuple[list[str], list[bool]]:
        """Give the batch axes of the first batched input to those that have none."""
        batch = next(
            (
                batch_of(a, v.wire)
                for a, v, f in zip(args, node.inputs, flags, strict=True)
                if f and not is_open(v.wire)
            ),
            None,
        )
        if batch is None:
            return args, flags
        out = list(args)
        for i, flag in enumerate(flags):
            if not flag:
                name = self.locals.new(args[i])
                self.lines.append(f"{name} = {args[i]}.expand({batch} + {args[i]}.shape)")
                out[i] = name
        return out, [True] * len(flags)

    def _even_outputs(self) -> None:
        """Give the batch axes of the first batched input to the outputs that have none."""
        model = next((v for v in self.graph.inputs if self.flags[id(v)] and not is_open(v.wire)), None)
        for value in dict.fromkeys(self.graph.outputs):
            if not self.flags[id(value)] and model is not None:
                name = self.names[id(value)]
                batch = self.read("batch", batch_of(self.input_of(model), model.wire))
                own = self.names[id(value)] = self.locals.new(name)
                self.lines.append(f"{own} = {name}.expand({batch} + {name}.shape)")
                self.flags[id(value)] = True

    def _state(self, node: Node, site: Site) -> tuple[bool, ...]:
        """Register the node's submodule, if it has one; return which outputs have batch axes."""
        plain = tuple(node.box.gives_batch(site) for _ in node.outputs)
        if node.owner is not None and id(node.owner) in self.owners:
            site.module = self.owners[id(node.owner)]
            return plain
        if isinstance(node.box, Loop):
            self._loop(node, site)
            return plain
        if node.graphs:
            return self._composite(node, site, plain)
        made = node.box.module(site)
        if made is not None:
            self._register(node, site, made, node.label or node.box.name)
        return plain

    def _register(
        self, node: Node, site: Site, made: str, wanted: str, bodies: tuple[ClassBody | None, ...] = ()
    ) -> None:
        name = wanted if node.label is not None else self.attributes.new(identifier(wanted))
        self.attributes.taken.add(name)
        kind = getattr(node.box, "register", "")
        if kind == "buffer":
            self.init.append(f"self.register_buffer({name!r}, {made}, persistent=False)")
        else:
            self.init.append(f"self.{name} = {made}")
        site.module = f"self.{name}"
        self.modules[id(node)] = Submodule(name, bodies)
        fresh = node.box.fresh_weights(site)
        self.init += [fresh] if fresh is not None else []
        self.loading += node.box.loading()
        self.evaluates = self.evaluates or node.box.evaluates
        if node.owner is not None:
            self.owners[id(node.owner)] = site.module

    def _composite(self, node: Node, site: Site, plain: tuple[bool, ...]) -> tuple[bool, ...]:
        if node.box.in_statements:  # its inner net gets inputs of its own, all with batch axes
            every = tuple(True for _ in node.graphs[0].inputs)
            made, name, _, body = self._element(node.graphs[0], every, even=True)
            flags = plain
        elif node.owner is not None:  # every use must be served, with batch axes or without
            made, name, _, body = self._element(node.graphs[0], tuple(True for _ in node.inputs), even=True)
            flags = plain
        else:
            made, name, flags, body = self._element(node.graphs[0], tuple(site.batched))
            name = node.box.name
        self._register(node, site, made, node.label or name, (body,))
        site.inner = [site.module]
        return flags

    def _loop(self, node: Node, site: Site) -> None:
        """A repeat: a ModuleList of equal or of different parts."""
        first = getattr(node.box, "first", None)
        parts = [self._element(g, tuple(any(site.batched) for _ in g.inputs), even=True) for g in node.graphs]
        if len(node.graphs) == 1:
            count = node.count.value
            if count is None:
                raise UnboundSize(node.count)
            made = f"nn.ModuleList([{parts[0][0]} for _ in range({count})])"
        else:
            made = f"nn.ModuleList([{', '.join(part for part, *_ in parts)}])"
        if first is not None:
            made = numbered([part for part, *_ in parts], first, node.count.value or 0)
        bodies = tuple(body for *_, body in parts)
        self._register(node, site, made, node.label or parts[0][1], bodies)
        if first is not None:
            site.module += ".values()"

    def _element(self, graph: Graph, flags: tuple[bool, ...], *, even: bool = False) -> Element:
        """One part of this class: see `element`."""
        layer, inner = element(graph)
        if layer is not None:
            site = Site(layer.dom, layer.cod, [], "", self.writer.need, batched=list(flags))
            made = layer.box.module(site)
            assert made is not None  # it is a layer
            return made, layer.box.name, tuple(layer.box.gives_batch(site) for _ in graph.outputs), None
        assert inner is not None  # what is no layer is a class
        body = self.writer.class_of(inner, flags, even=even)
        return f"{body.name}()", element_name(graph), body.batched, body.body

    def _statements(self, node: Node, site: Site) -> list[str]:
        if isinstance(node.box, Loop):
            return self._loop_statements(node, site)
        if node.box.in_statements:
            return list(node.box.statements(site))
        called = f"{site.module}({', '.join(site.args)})" if node.graphs else node.box.code(site)
        return [assigned(site.results, called)]

    def _loop_statements(self, node: Node, site: Site) -> list[str]:
        if any(len(g.inputs) != len(g.outputs) for g in node.graphs):
            return self._unrolled(node, site)
        step = self.locals.new("layer")
        self.locals.taken.discard(step)
        left = ", ".join(site.results)
        lines = [] if site.args == site.results else [f"{left} = {', '.join(site.args)}"]
        return [*lines, f"for {step} in {site.module}:", INDENT + assigned(site.results, f"{step}({left})")]

    def _unrolled(self, node: Node, site: Site) -> list[str]:
        """A repeat whose steps take and give different numbers of wires: one statement for each step."""
        lines: list[str] = []
        names = site.args
        for i, graph in enumerate(node.graphs):
            last = i == len(node.graphs) - 1
            results = site.results if last else [self.locals.new("y") for _ in graph.outputs]
            lines.append(assigned(results, f"{site.module}[{i}]({', '.join(names)})"))
            names = results
        return lines

    # -- text ----------------------------------------------------------------------------------------------

    def text(self) -> str:
        """The class, with `@@` in the place of its name."""
        self.writer.evaluates = self.writer.evaluates or self.evaluates
        refuses = self.evaluates or (self.top and self.writer.evaluates)
        base = "Evaluation" if refuses else "nn.Module"
        lines = [f"class @@({base}):", *indented(docstring(self.graph, self.inputs, self.top))]
        if self.top:
            lines += ["", f"{INDENT}check_inputs = True  # set to False to skip the check of the inputs"]
            lines += indented([*self.writer.claims, *constants(self)])
        if self.init:
            lines += ["", f"{INDENT}def __init__(self) -> None:", f"{INDENT * 2}super().__init__()"]
            lines += [INDENT * 2 + line for line in self.init]
            if refuses and self.top:
                lines.append(f"{INDENT * 2}self.eval()")
        takes = "".join(f", {name}: Tensor" for name in self.inputs)
        lines += ["", f"{INDENT}def forward(self{takes}) -> {result_type(self.graph)}:"]
        check = self.top and bool(self.inputs)
        if check:
            lines += [
                f"{INDENT * 2}if self.check_inputs and not torch.compiler.is_compiling():",
                f"{INDENT * 3}self._check({', '.join(self.inputs)})",
            ]
        lines += [f"{INDENT * 2}{name} = {code}" for code, name in self.prologue.items()]
        lines += [INDENT * 2 + line for line in self.lines]
        lines.append(f"{INDENT * 2}return {returned([self.names[id(v)] for v in self.graph.outputs])}")
        if check:
            lines += ["", f"{INDENT}@staticmethod", f"{INDENT}def _check({takes[2:]}) -> None:"]
            checks = check_lines(self.graph, self.inputs, self.writer.need) or ["pass"]
            lines += [INDENT * 2 + line for line in checks]
        if self.loading:
            lines += ["", f"{INDENT}def _load_from_state_dict(self, state, prefix, *rest):"]
            lines += [INDENT * 2 + line for line in self.loading]
            lines.append(f"{INDENT * 2}super()._load_from_state_dict(state, prefix, *rest)")
        return "\n".join(lines)


def _unknown_number(value: UnknownStatic, node: Node) -> Diagnostic:
    return Diagnostic(
        "E0214",
        f"the number `{value}` must be known when compiling: `{node.box.name}` has it in its code",
        node.span,
        help="give the sizes in it: -p NAME=... on the command line, NAME = ... from Python",
    )


def _unbound(dim: Dim, node: Node) -> Diagnostic:
    name = sorted(dim.symbols)[0]
    return Diagnostic(
        "E0214",
        f"the size `{dim}` must be known when compiling: `{node.box.name}` makes parameters or steps of it",
        node.span,
        help=f'give it: -p {name}=... on the command line, {name} = ... from Python (or on = "R[...]", the input type)',
    )


@large_work()
def emit(graph: Graph, title: str, claims: Sequence[str] = ()) -> tuple[str, str]:
    """The source of a module for a graph, and the name of its class. Raises as `written` does."""
    writer, made = written(graph, claims)
    return writer.file([safe(title)]), made.name


def written(graph: Graph, claims: Sequence[str] = ()) -> tuple[Writer, Emitted]:
    """All classes of a module for a graph, and the class of the whole.

    Raises `CatnetError`: E0214 where a size that must be known is not, E0218 over budget.
    """
    budget = graph.budget
    graph = unwrapped(graph)
    if graph.size > budget:
        words = f"this net has {graph.size:,} boxes; at most {budget:,} are compiled"
        raise CatnetError(Diagnostic("E0218", words, graph.span, help="if that is meant, raise the budget: --budget N"))
    writer = Writer(helpers=files_for(graph), claims=claims)
    return writer, writer.class_of(graph, tuple(True for _ in graph.inputs), top=True)


def python_leaves(graph: Graph) -> list[tuple[str, str, Node]]:
    """The module and the name of every Python leaf, with the node that asks for it."""
    leaves = [node for _, node in graph.walk() if node.box.family == "python"]
    return [(*node.box.target(), node) for node in leaves]  # type: ignore[attr-defined]
