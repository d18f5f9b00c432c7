"""Inference: unification of wires, and the demands that boxes make.

Inference variables are dimension symbols, packs and kinds whose names start with `?`. Equality of dimensions
modulo what is assumed is decided by `catnet.types.facts`; what is left open is kept and asked again at the end.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from catnet.types.dims import Dim
from catnet.types.facts import Facts, Pred, Verdict
from catnet.types.signature import Signature
from catnet.types.spaces import Space, put
from catnet.types.static import Condition, decide
from catnet.types.wires import Axis, AxisLike, Kind, Object, ObjectVar, Pack, Wire, show_object


class TypeProblem(Exception):
    """Why a box does not accept its inputs, before it is known where this stands in a text.

    `reason` selects the diagnostic; `port` is the wire concerned; `got` and `expected` are shown in full;
    `axis` counts the differing axis from the end; `detail` is a witness or an extra sentence.
    """

    def __init__(
        self,
        reason: Literal["count", "axis", "space", "rank", "kind", "open", "box"],
        *,
        port: int = 0,
        got: Wire | Object | None = None,
        expected: Wire | Object | None = None,
        axis: int | None = None,
        detail: str = "",
        help: str = "",
        code: str = "",
    ) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.port = port
        self.got = got
        self.expected = expected
        self.axis = axis
        self.detail = detail
        self.help = help
        self.code = code


def reject(detail: str, *, help: str = "", port: int = 0, code: str = "E0224") -> TypeProblem:
    """A box's own refusal, in its own words."""
    return TypeProblem("box", detail=detail, help=help, port=port, code=code)


@dataclass(frozen=True)
class Demand:
    """A predicate that a box needs, with the box's reason and whoever asked (a typing node)."""

    predicate: Pred | Condition
    reason: str
    asker: Any


@dataclass
class Binding:
    """What one use of a signature bound: universals, packs and object variables."""

    dims: dict[str, Dim]
    packs: dict[str, str]
    objects: dict[str, Object]
    batch: tuple[AxisLike, ...] = ()


def _unused(letters: str, taken: set[str]) -> str:
    numbers = itertools.chain([""], map(str, itertools.count(2)))
    name = next(letter + number for number in numbers for letter in letters if letter + number not in taken)
    taken.add(name)
    return name


class Inference:
    """The state of one typing run: facts, solved variables, open equations, demands."""

    def __init__(self, facts: Facts | None = None) -> None:
        self.facts = facts or Facts()
        self.dims: dict[str, Dim] = {}
        self.packs: dict[str, tuple[AxisLike, ...]] = {}
        self.kinds: dict[str, Kind] = {}
        self.tags: dict[str, str] = {}
        self.spaces: dict[str, Space] = {}  # what the axis carries whose size a variable became
        self.open: list[tuple[Dim, Dim, Any]] = []
        self.demands: list[Demand] = []
        self.asker: Any = None
        self._count = 0

    # -- variables -----------------------------------------------------------------------------------------

    def fresh(self, hint: str = "") -> str:
        """A new variable name."""
        self._count += 1
        return f"?{hint}.{self._count}"

    def fresh_dim(self, hint: str = "d") -> Dim:
        """A new dimension variable."""
        return Dim.sym(self.fresh(hint))

    def fresh_wire(self) -> Wire:
        """A wire of which nothing is known."""
        name = self.fresh("w")
        return Wire(Kind(name, variable=True), (Pack(name),))

    def dim(self, dim: Dim) -> Dim:
        """A dimension with the solved variables put in."""
        if dim.value is not None or not self.dims:
            return dim
        start = dim.is_symbol
        while known := {name: self.dims[name] for name in dim.symbols if name in self.dims}:
            dim = dim.subst(known)  # ends: `_solve` never lets a variable stand in its own solution
        if start in self.dims:
            self.dims[start] = dim  # shorten the way for the next who asks
        return dim

    def axes(self, axes: Sequence[AxisLike]) -> tuple[AxisLike, ...]:
        """Axes with the solved variables put in."""
        out: list[AxisLike] = []
        for axis in axes:
            if isinstance(axis, Pack):
                solved = self.packs.get(axis.name)
                out.extend((axis,) if solved is None else self.axes(solved))
            elif axis.size.value is not None:
                out.append(axis)
            else:
                name = axis.size.is_symbol
                tag, space = axis.tag, axis.space
                if name is not None and name in self.dims:
                    tag, space = self.tags.get(name, tag), self.spaces.get(name, space)
                    other = self.dims[name].is_symbol
                    if other is not None:
                        tag, space = tag or self.tags.get(other), space or self.spaces.get(other)
                out.append(Axis(self.dim(axis.size), tag, space and self._put(space)))
        return tuple(out)

    def kind(self, kind: Kind) -> Kind:
        """A kind with the solved variables put in."""
        while kind.variable and kind.name in self.kinds:
            kind = self.kinds[kind.name]
        return Kind(kind.name, self.dim(kind.size)) if kind.size is not None else kind

    def wire(self, wire: Wire) -> Wire:
        """A wire with the solved variables put in."""
        if not (self.dims or self.packs or self.kinds):
            return wire
        return Wire(self.kind(wire.kind), self.axes(wire.axes))

    def wires(self, wires: Sequence[Wire]) -> Object:
        """`wire` for each."""
        return tuple(self.wire(w) for w in wires)

    def open_variables(self, wires: Sequence[Wire]) -> bool:
        """Whether anything in these wires is still to be inferred."""
        return any("?" in str(self.wire(w)) for w in wires)

    def name_variables(self, wire: Wire, taken: set[str]) -> None:
        """Solve what is open in a wire by rigid names that are not `taken` (which grows)."""
        unknown = wire.kind.variable and wire.kind.name.startswith("?")
        if unknown:
            self.kinds[wire.kind.name] = Kind(_unused("XYZUVW", taken), variable=True)
        for axis in wire.axes:
            if isinstance(axis, Pack) and axis.name.startswith("?"):
                whole = unknown and wire.axes == (Pack(wire.kind.name),)
                self.packs[axis.name] = () if whole else (Pack(_unused("suvw", taken)),)
            elif isinstance(axis, Axis):
                self._name_sizes(axis.size, taken)
        if wire.kind.size is not None:
            self._name_sizes(wire.kind.size, taken)

    def _name_sizes(self, size: Dim, taken: set[str]) -> None:
        for name in sorted(size.symbols):
            if name.startswith("?"):
                self.dims[name] = Dim.sym(_unused("dknmlabc", taken))

    # -- unification ---------------------------------------------------------------------------------------

    def equal(self, a: Dim, b: Dim) -> Verdict | bool:
        """Make two dimensions equal: True, or the verdict that says why not (a falsy value)."""
        if a == b:
            return True
        a, b = self.dim(a), self.dim(b)
        if a == b or self._solve(a, b):
            return True
        if any(name.startswith("?") for name in a.symbols | b.symbols):
            self.open.append((a, b, self.asker))
            return True
        return self.facts.equal(a, b)

    def _solve(self, a: Dim, b: Dim) -> bool:
        for name, value in ((b.is_symbol, a), (a.is_symbol, b)):
            if name is not None and name.startswith("?") and name not in value.symbols:
                self.dims[name] = value
                return True
        difference = a - b
        for name in sorted(n for n in difference.symbols if n.startswith("?")):
            linear = difference.linear_in(name)
            if linear is None:
                continue
            factor, rest = linear
            if factor.value in (1, -1):
                self.dims[name] = -rest if factor.value == 1 else rest
                return True
            if not any(n.startswith("?") for n in factor.symbols | rest.symbols):
                numerator = -rest
                if factor.value is not None and factor.value < 0:
                    factor, numerator = -factor, rest
                self.demand(Pred.divides(self.facts.simplify(numerator), factor), "the sizes must divide")
                self.dims[name] = numerator // factor
                return True
        return False

    def unify(self, got: Wire, expected: Wire, port: int = 0) -> None:
        """Make `got` (what comes) fit `expected` (what is asked); raise `TypeProblem` if it cannot."""
        self._unify_kinds(got, expected, port)
        left, right = self.axes(got.axes), self.axes(expected.axes)
        tail = 0
        while tail < min(len(left), len(right)):
            a, b = left[-1 - tail], right[-1 - tail]
            if isinstance(a, Pack) or isinstance(b, Pack):
                break
            self._unify_axis(a, b, got, expected, port, tail)
            tail += 1
        left, right = left[: len(left) - tail], right[: len(right) - tail]
        head = 0
        while head < min(len(left), len(right)):
            a, b = left[head], right[head]
            if isinstance(a, Pack) or isinstance(b, Pack):
                break
            self._unify_axis(a, b, got, expected, port, tail + len(left) - head - 1)
            head += 1
        self._unify_packs(left[head:], right[head:], got, expected, port)

    def _unify_packs(
        self, left: Sequence[AxisLike], right: Sequence[AxisLike], got: Wire, expected: Wire, port: int
    ) -> None:
        if list(left) == list(right):
            return
        for pack, other in ((right, left), (left, right)):
            if len(pack) == 1 and isinstance(pack[0], Pack) and pack[0].name.startswith("?"):
                if pack[0] not in other:
                    self.packs[pack[0].name] = tuple(other)
                    return
        raise TypeProblem("rank", port=port, got=self.wire(got), expected=self.wire(expected))

    def _unify_axis(self, a: Axis, b: Axis, got: Wire, expected: Wire, port: int, tail: int) -> None:
        for variable, tag in ((b.size.is_symbol, a.tag), (a.size.is_symbol, b.tag)):
            if variable is not None and tag is not None and variable.startswith("?"):
                self.tags.setdefault(variable, tag)
        if a.space != b.space and not self._carry(a, b) and not self._sized(a.space, b.space):
            raise TypeProblem("space", port=port, got=self.wire(got), expected=self.wire(expected), axis=tail)
        verdict = self.equal(a.size, b.size)
        if verdict is True or verdict:
            return
        assert isinstance(verdict, Verdict)
        raise TypeProblem(
            "axis" if verdict.kind == "no" else "open",
            port=port,
            got=self.wire(got),
            expected=self.wire(expected),
            axis=tail,
            detail=verdict.describe() if verdict.kind == "no" else "",
        )

    def _carry(self, a: Axis, b: Axis) -> bool:
        """Let an axis whose size is still a variable carry what the other one does."""
        for open_axis, space in ((b, a.space), (a, b.space)):
            variable = open_axis.size.is_symbol
            if variable is not None and variable.startswith("?") and open_axis.space is None and space is not None:
                self.spaces[variable] = space
                return True
        return False

    def _sized(self, a: Space | None, b: Space | None) -> bool:
        """Whether two spaces are one where the sizes that they name are equal, which is asked of them."""
        if a is None or b is None or type(a) is not type(b) or not a.sizes:
            return False
        return all(self.equal(x, y) for x, y in zip(a.sizes, b.sizes, strict=True)) and self._put(a) == self._put(b)

    def _put(self, space: Space) -> Space:
        """A space with the solved variables put in."""
        known = {name: self.dim(Dim.sym(name)) for size in space.sizes for name in size.symbols}
        return put(space, known) if known else space

    def _unify_kinds(self, got: Wire, expected: Wire, port: int) -> None:
        a, b = self.kind(got.kind), self.kind(expected.kind)
        if a == b or (a.name == "Fin" and b.name == "Z"):
            return
        for variable, other in ((b, a), (a, b)):
            if variable.variable and variable.name.startswith("?"):
                self.kinds[variable.name] = other
                return
        if a.name == b.name == "Fin" and a.size is not None and b.size is not None:
            if self.equal(a.size, b.size):
                return
        raise TypeProblem("kind", port=port, got=self.wire(got), expected=self.wire(expected))

    # -- demands -------------------------------------------------------------------------------------------

    def demand(self, predicate: Pred | Condition | bool, reason: str) -> None:
        """Ask that a predicate hold; it is decided when the typing run ends."""
        if predicate is True:
            return
        if predicate is False:
            raise TypeProblem("box", detail=reason, code="E0207")
        self.demands.append(Demand(predicate, reason, self.asker))

    def resolved(self, predicate: Pred | Condition) -> Pred | Condition:
        """A predicate with the solved variables put in."""
        if isinstance(predicate, Condition):
            return Condition(predicate.op, tuple(self.resolved(p) for p in predicate.parts))
        return Pred(predicate.op, self.dim(predicate.left), self.dim(predicate.right))

    def decided(self, predicate: Pred | Condition) -> bool | None:
        """Whether a predicate holds, if the facts decide it."""
        return decide(self.resolved(predicate), self.facts)

    # -- signatures ----------------------------------------------------------------------------------------

    def instantiate(self, signature: Signature, given: Mapping[str, Dim] | None = None) -> Binding:
        """Fresh variables for the universals and packs of a signature; `given` are fixed beforehand."""
        dims = {name: self.fresh_dim(name) for name in sorted(signature.universals)}
        dims.update(given or {})
        dims.update({name: self.fresh_dim() for name, _ in signature.holes})
        packs = {
            axis.name: self.fresh("s")
            for port in (*signature.dom, *signature.cod)
            if isinstance(port, Wire)
            for axis in port.axes
            if isinstance(axis, Pack)
        }
        return Binding(dims, packs, {})

    def apply(
        self, signature: Signature, inputs: Sequence[Wire], given: Mapping[str, Dim] | None = None
    ) -> tuple[Object, Binding]:
        """The outputs of a box of this signature on these inputs, and what the universals became."""
        binding = self.instantiate(signature, given)
        dom = self._spread(signature, inputs, binding)
        implied = not signature.has_packs and any(isinstance(p, Wire) for p in signature.dom)
        batch = Pack(self.fresh("b"))
        for port, (got, (expected, bound)) in enumerate(zip(inputs, dom, strict=True)):
            pattern = expected if bound else self.put(expected, binding)
            if implied and not bound and not pattern.kind.variable:
                pattern = pattern.with_axes((batch, *pattern.axes))
            self.unify(got, pattern, port)
        binding.batch = self.axes((batch,)) if implied and inputs else ()
        if any(isinstance(a, Pack) and a.name == batch.name for a in binding.batch):
            binding.batch = ()
            self.packs[batch.name] = ()
        return self.outputs(signature, binding), binding

    def outputs(self, signature: Signature, binding: Binding) -> Object:
        """The codomain under a binding."""
        cod: list[Wire] = []
        for port in signature.cod:
            if isinstance(port, ObjectVar):
                bound = binding.objects.get(port.name)
                if bound is None:
                    raise reject(
                        f"nothing says what the output `{port}` is: it stands in no input",
                        code="E0226",
                        help="write the output type in full",
                    )
                cod.extend(bound)
            else:
                wire = self.put(port, binding)
                cod.append(wire.with_axes((*binding.batch, *wire.axes)) if binding.batch else wire)
        return self.wires(cod)

    def put(self, port: Wire, binding: Binding) -> Wire:
        """A wire of a signature with its universals and packs replaced."""
        axes: list[AxisLike] = []
        for axis in port.axes:
            if isinstance(axis, Pack):
                axes.append(Pack(binding.packs[axis.name]))
            else:
                axes.append(self._put_axis(axis, binding) if axis.size.symbols else axis)
        kind = port.kind
        if kind.size is not None:
            kind = Kind(kind.name, kind.size.subst(binding.dims))
        elif kind.variable and kind.name in binding.packs:  # a hole for a whole wire
            kind = Kind(binding.packs[kind.name], variable=True)
        return Wire(kind, tuple(axes))

    def _put_axis(self, axis: Axis, binding: Binding) -> Axis:
        space = axis.space and put(axis.space, binding.dims)
        return Axis(axis.size.subst(binding.dims), axis.tag, space)

    def _spread(self, signature: Signature, inputs: Sequence[Wire], binding: Binding) -> list[tuple[Wire, bool]]:
        """The domain, and for each wire whether it comes from an object variable (then it is not a pattern)."""
        fixed = sum(isinstance(p, Wire) for p in signature.dom)
        variables = [p for p in signature.dom if isinstance(p, ObjectVar)]
        spare = len(inputs) - fixed
        names = list(dict.fromkeys(v.name for v in variables))
        if not variables:
            if spare != 0:
                raise self._count_problem(signature, inputs)
        elif len(names) == 1 and spare % len(variables) == 0 and spare >= 0:
            width = spare // len(variables)
        elif spare == len(variables):
            width = 1
        else:
            raise self._count_problem(signature, inputs)
        dom: list[tuple[Wire, bool]] = []
        at = 0
        for port in signature.dom:
            if isinstance(port, Wire):
                dom.append((port, False))
                at += 1
                continue
            here = tuple(inputs[at : at + width])
            at += width
            dom += [(wire, True) for wire in binding.objects.setdefault(port.name, here)]
        return dom

    def _count_problem(self, signature: Signature, inputs: Sequence[Wire]) -> TypeProblem:
        return TypeProblem(
            "count",
            got=self.wires(inputs),
            detail=f"takes {len(signature.dom)} wire{'s' * (len(signature.dom) != 1)}, `{show_object(signature.dom)}`",
        )
