"""Nets, net parameters and Python leaves as boxes.

A net is known by its signature in a generic check, and by its body's graph otherwise. Graphs are shared: the
same net at the same arguments and input types is elaborated once in a run.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from catnet.diagnostics import CatnetError, Diagnostic, Note, Span, fail
from catnet.diagrams import mistakes, printing, terms
from catnet.diagrams.box import REQUIRED, Box, substituted
from catnet.diagrams.graph import Graph
from catnet.elaborate.evaluate import Evaluator, Scope, net_params
from catnet.elaborate.loading import Module
from catnet.elaborate.symmetries import members
from catnet.syntax import tree
from catnet.types.dims import Dim
from catnet.types.facts import Facts, Pred
from catnet.types.infer import Binding, TypeProblem, reject
from catnet.types.signature import Signature, read_signature
from catnet.types.spaces import Space, put
from catnet.types.wires import Axis, Kind, Object, ObjectVar, Wire

if TYPE_CHECKING:
    from catnet.diagrams.typing import Typing
    from catnet.elaborate.program import Program

MAX_DEPTH = 256  # nets inside nets


class Declared(Box):
    """What nets and Python leaves have in common: a written signature and static arguments."""

    arity = None

    def __init__(
        self,
        program: Program,
        module: Module,
        declaration: tree.Net | tree.BoxDecl,
        args: Mapping[str, Any],
    ) -> None:
        self.program = program
        self.home = module
        self.declaration = declaration
        params = net_params(declaration)
        defaults = {p.name: p.default for p in params if p.default is not REQUIRED}
        self.args: dict[str, Any] = {**defaults, **args}
        self.given = {p.name for p in params if p.name in args}
        self.name = declaration.name  # type: ignore[misc]
        self.written: Signature = read_signature(declaration.type, declaration.where, self.symbols)
        if not any(isinstance(p, ObjectVar) for p in self.written.dom):
            self.arity = len(self.written.dom)

    @property
    def symbols(self) -> dict[str, Any]:
        """The static arguments for reading the signature: integers stay symbols, which `sizes` replaces.

        So no name of the caller can be caught by a quantified name of the declaration.
        """
        params = {p.name for p in net_params(self.declaration)}
        static = {k: v for k, v in self.args.items() if k in params and not isinstance(v, terms.Diagram)}
        own = {k: Dim.sym(k) if isinstance(v, Dim) else v for k, v in static.items()}
        return {**members(self.home), **own}

    @property
    def sizes(self) -> dict[str, Dim]:
        """The integer arguments, those for quantified dimensions among them."""
        return {k: v for k, v in self.args.items() if isinstance(v, Dim)}

    def statics(self) -> dict[str, Any]:
        return dict(self.args)

    def key(self) -> tuple[Hashable, ...]:
        """What makes two uses the same net: the declaration and the arguments."""
        args = tuple((k, id(v) if isinstance(v, terms.Diagram) else v) for k, v in sorted(self.args.items()))
        return (id(self.declaration), args)

    def expression(self) -> tree.Expr:
        """The call as an expression, for `repr`."""
        params = net_params(self.declaration)
        names = [p.name for p in params]
        required = list(itertools.takewhile(lambda p: p.default is REQUIRED, params))
        args = [tree.Arg(None, printing.static_tree(self.args[p.name])) for p in required]
        for name, value in self.args.items():
            if name not in names[: len(required)] and (name in self.given or name not in names):
                args.append(tree.Arg(name, printing.static_tree(value)))
        callee = tree.Name(self.name)
        return tree.Call(callee, tuple(args)) if args else callee

    def apply(self, typing: Typing, inputs: Object) -> tuple[Object, Binding]:
        """The outputs by the signature, with the `where` clauses demanded."""
        signature = self.written
        outputs, binding = typing.inference.apply(signature, inputs, self.sizes)
        for clause in signature.where:
            typing.inference.demand(substituted(clause, binding.dims), f"`{self.name}` assumes `{clause}`")
        return outputs, binding


class NetBox(Declared):
    """A use of a net, or of its inverse."""

    family = "net"
    declaration: tree.Net
    inverted = False

    def inverse(self, inputs: Object) -> NetBox:
        """The inverse of the net; that every part of its body has one is found out when it is typed."""
        box = NetBox(self.program, self.home, self.declaration, self.args)
        box.given, box.inverted = self.given, not self.inverted
        if box.inverted:
            box.written = dataclasses.replace(self.written, dom=self.written.cod, cod=self.written.dom, names=())
            box.arity = None if any(isinstance(p, ObjectVar) for p in box.written.dom) else len(box.written.dom)
        return box

    def key(self) -> tuple[Hashable, ...]:
        return (*super().key(), self.inverted)

    def expression(self) -> tree.Expr:
        call = super().expression()
        return tree.Power(call, tree.Negate(tree.Number(1))) if self.inverted else call

    def rule(self, typing: Typing, inputs: Object) -> Object:
        if typing.generic and self.written.holes:
            self.written = self.program.resolved_signature(self)
        outputs, binding = self._outputs(typing, inputs)
        if typing.generic:
            if self.inverted:
                self.program.check_invertible(self, typing)
            if any(isinstance(value, Space) for value in self.args.values()):
                self.expand(typing, binding)  # its own check leaves open what the representation is
            return outputs
        graph = self.expand(typing, binding)
        assert typing.node is not None
        typing.node.graphs = (graph,)
        if self.written.holes and len(graph.cod) == len(outputs):
            for port, (wire, hole) in enumerate(zip(graph.cod, outputs, strict=True)):
                typing.inference.unify(wire, hole, port)
        return typing.inference.wires(outputs)

    def _outputs(self, typing: Typing, inputs: Object) -> tuple[Object, Binding]:
        """Outputs by the signature; net arguments are typed where that is asked or tells something new."""
        inference = typing.inference
        binding: Binding
        signature = self.written
        missing = [p for p in signature.cod if isinstance(p, ObjectVar) and p not in signature.dom]
        nets = [p for p in self.declaration.params if isinstance(self.args.get(p.name), terms.Diagram)]
        if not nets:
            return self.apply(typing, inputs)
        probe = Signature(
            signature.dom,
            tuple(p for p in signature.cod if p not in missing),
            signature.names,
            signature.where,
            signature.universals,
            signature.holes,
        )
        saved, self.written = self.written, probe
        try:
            _, binding = self.apply(typing, inputs)
        finally:
            self.written = saved
        for param in nets:
            self._check_argument(typing, param, binding, quick=not typing.generic and not missing)
        return inference.outputs(signature, binding), binding

    def _check_argument(self, typing: Typing, param: tree.Param, binding: Binding, quick: bool) -> None:
        """A net argument must have the annotated type; its outputs may bind what is open."""
        assert isinstance(param.annotation, tree.Arrow)
        inference = typing.inference
        wanted = read_signature(param.annotation, (), self.symbols)
        fresh = [n for n in wanted.universals if n not in binding.dims]
        if (
            quick
            and not fresh
            and not any(
                n in s for n in binding.dims for s in (inference.dim(binding.dims[n]).symbols,) if n.startswith("?")
            )
        ):
            return
        binding.dims.update({n: inference.fresh_dim(n) for n in fresh})
        dom = _bound(typing, wanted.dom, binding)
        if dom is None:
            return
        argument: terms.Diagram = self.args[param.name]
        graph = typing.subgraph(param.name, argument, dom)
        at = 0
        for port in wanted.cod:
            if isinstance(port, ObjectVar):
                known = binding.objects.get(port.name)
                take = graph.cod[at : at + len(known)] if known is not None else graph.cod[at:]
                if known is None:
                    binding.objects[port.name] = known = take
                patterns = known
            else:
                take, patterns = graph.cod[at : at + 1], (inference.put(port, binding),)
            at += len(patterns)
            if len(take) != len(patterns):
                raise self._bad_argument(param, argument, graph, wanted)
            for wire, pattern in zip(take, patterns, strict=True):
                try:
                    inference.unify(wire, pattern)
                except TypeProblem:
                    raise self._bad_argument(param, argument, graph, wanted, patterns) from None
        if at != len(graph.cod):
            raise self._bad_argument(param, argument, graph, wanted)

    def _bad_argument(
        self,
        param: tree.Param,
        argument: terms.Diagram,
        graph: Graph,
        wanted: Signature,
        patterns: Object = (),
    ) -> TypeProblem:
        from catnet.types.wires import show_object

        asked = f"`{show_object(wanted.dom)} -> {show_object(wanted.cod)}`"
        return reject(
            f"the argument `{param.name}` of `{self.name}` must be {asked}; here it is `{graph.type}`",
            code="E0203",
            help=f"end it with what gives `{show_object(patterns)}`" if patterns else "",
        )

    def expand(self, typing: Typing, binding: Binding) -> Graph:
        """The graph of the body under a binding; shared within the run."""
        inference = typing.inference
        dims = {n: inference.dim(d) for n, d in binding.dims.items() if n in self.written.universals}
        wires = _bound(typing, self.written.dom, binding)
        assert wires is not None
        key = (self.key(), tuple(sorted(dims.items())), wires)
        known = typing.memo.get(key)
        if known is not None:
            return known
        if key in typing.stack or len(typing.stack) >= MAX_DEPTH:
            raise self._endless(typing, key)
        typing.stack[key] = self
        try:
            graph = self.program.body_graph(self, typing, dims, wires, binding)
        finally:
            del typing.stack[key]
        open_variables = any(n.startswith("?") for w in wires for n in (*w.symbols, w.kind.name))
        if not open_variables:
            typing.memo[key] = graph
        return graph

    def _endless(self, typing: Typing, key: Hashable) -> CatnetError:
        chain = [b for b in typing.stack.values() if isinstance(b, Declared)] + [self]
        shown = [str_call(box) for box in (chain[:3] + chain[-3:] if len(chain) > 6 else chain)]
        if len(chain) > 6:
            shown.insert(3, f"... ({len(chain) - 6} more)")
        why = "it uses itself with the same arguments" if key in typing.stack else f"more than {MAX_DEPTH} levels"
        return CatnetError(
            Diagnostic(
                "E0217",
                f"`{self.name}` never ends: {why}",
                typing.node.span if typing.node is not None else self.declaration.span,
                notes=(Note("the chain: " + " > ".join(shown)),),
                help="guard the recursion with `if n == 0 then ... else ...` on an argument that gets smaller",
            )
        )

    # -- at the top of a run -----------------------------------------------------------------------------------

    def opening(self) -> tuple[list[Wire], Facts, int]:
        """The input wires, the facts and the budget when this net is what is compiled: sizes not given stay symbols."""
        wires: list[Wire] = []
        for port in self.written.dom:
            if isinstance(port, ObjectVar):
                raise CatnetError(
                    Diagnostic(
                        "E0214",
                        f"`{self.name}` takes any `{port}`: use it in a net with a concrete type",
                        self.declaration.span,
                    )
                )
            wires.append(_with_sizes(port, self.sizes))
        for problem in mistakes.negative(wires, f"`{self.name}` would take", self.declaration.span):
            raise CatnetError(problem)
        facts = Facts()
        for clause in self.written.where:
            put = substituted(clause, self.sizes)
            if isinstance(put, Pred):
                if not put.symbols and not put.evaluate({}):
                    raise CatnetError(
                        Diagnostic(
                            "E0207", f"`{self.name}` assumes `{clause}`, which these sizes break", self.declaration.span
                        )
                    )
                facts = facts.assume(put)
        return wires, facts, self.program.budget


def _with_sizes(wire: Wire, dims: Mapping[str, Dim]) -> Wire:
    axes = [_axis_with_sizes(a, dims) if isinstance(a, Axis) else a for a in wire.axes]
    size = wire.kind.size
    kind = wire.kind if size is None else Kind(wire.kind.name, size.subst(dims))
    return Wire(kind, tuple(axes))


def _axis_with_sizes(axis: Axis, dims: Mapping[str, Dim]) -> Axis:
    return Axis(axis.size.subst(dims), axis.tag, axis.space and put(axis.space, dims))


def _bound(typing: Typing, ports: tuple[Any, ...], binding: Binding) -> Object | None:
    """The wires of a domain under a binding; None if an object variable is still open."""
    wires: list[Wire] = []
    for port in ports:
        if isinstance(port, ObjectVar):
            bound = binding.objects.get(port.name)
            if bound is None:
                return None
            wires.extend(bound)
        else:
            wires.append(typing.inference.put(port, binding))
    resolved = typing.inference.wires(wires)
    own = [p for p in ports if isinstance(p, Wire)]
    if len(own) == len(ports):  # inside, an axis is known by the name that the signature gives it
        return tuple(_retagged(w, p) for w, p in zip(resolved, own, strict=True))
    return resolved


def _retagged(wire: Wire, port: Wire) -> Wire:
    if len(wire.axes) != len(port.axes):
        return wire
    axes = [
        Axis(a.size, p.tag, a.space) if isinstance(a, Axis) and isinstance(p, Axis) else a
        for a, p in zip(wire.axes, port.axes, strict=True)
    ]
    return wire.with_axes(axes)


def str_call(box: Declared) -> str:
    """`unet(depth = 3)`: a net with its integer arguments, for messages."""
    shown = ", ".join(f"{k} = {v}" for k, v in box.args.items() if not isinstance(v, terms.Diagram))
    return f"{box.name}({shown})"


def net_scope(module: Module, statics: Mapping[str, Any], signature: Signature, dims: Mapping[str, Dim]) -> Scope:
    """The scope inside a net: its parameters and its quantified dimensions."""
    tags = {
        axis.tag
        for port in (*signature.dom, *signature.cod)
        if isinstance(port, Wire)
        for axis in port.axes
        if isinstance(axis, Axis) and axis.tag is not None
    }
    return Scope(module, {**members(module), **statics, **dims}, frozenset(signature.universals | tags))


def _uses_any(expr: tree.Expr, names: tuple[str, ...]) -> bool:
    stack: list[object] = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Name) and node.id in names:
            return True
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, tree.Node):
            stack.extend(getattr(node, s) for s in node.__dataclass_fields__ if s not in ("span", "comments"))
    return False


def body_term(
    evaluator: Evaluator, body: tree.Expr | tree.Body, signature: Signature, span: Span | None, linear: bool
) -> terms.Diagram:
    """The term of a net's body."""
    names = tuple(n for n in signature.names if n is not None)
    if isinstance(body, tree.Body):
        return evaluator.body(body, names, span, linear)
    if names and not _uses_any(body, names):
        shown = ", ".join(f"`{n}`" for n in names)
        start = " @ ".join(names)
        fail("E0209", f"the inputs are named {shown}, but the body does not use the names", body.span,
             help=f"start with `{start} >> ...`, or give the types without names")  # fmt: skip
    if names:  # named wires with an expression for a body: the same as a braced body that only returns
        return evaluator.body(tree.Body((), body, span=body.span), names, span, linear)
    return evaluator.diagram(body)
