"""What a box is: one class holds its typing rule, effect, kind of map, PyTorch code, cost and picture.

A box class is a frozen dataclass whose fields are its static arguments; `@box` registers it in the vocabulary.
A box says its type either as a signature in the language (`signature = "R[...s, d] -> R[...s, features]"`)
or, where that is not enough, by overriding `rule`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, dataclass_transform, get_type_hints

from catnet.diagnostics import Source
from catnet.diagrams.acting import Acting, Action, pointwise
from catnet.diagrams.shards import Answer, Cut
from catnet.symmetry.kinds import Kind as MatrixKind
from catnet.syntax.parser import parse_expression, parse_type
from catnet.types.dims import Dim
from catnet.types.facts import Pred
from catnet.types.infer import Binding
from catnet.types.signature import Signature, read_signature
from catnet.types.spaces import Member, Space
from catnet.types.static import AxisRef, Condition, condition
from catnet.types.wires import Object, Wire

if TYPE_CHECKING:
    from catnet.diagrams.graph import Graph
    from catnet.diagrams.typing import Typing

Effect = Literal["pure", "random", "stateful"]
MapKind = Literal["linear", "affine", "piecewise linear", "smooth", "none"]


@dataclass(frozen=True)
class Param:
    """A static parameter of a box or a net: its name, its sort, and its default (`REQUIRED` if none).

    Sorts: int, float, bool, str, axis, ints (an integer or a tuple), net (a diagram).
    """

    name: str
    sort: str
    default: Any


REQUIRED = dataclasses.MISSING
SORTS: dict[Any, str] = {
    Dim: "int",
    float: "float",
    bool: "bool",
    str: "str",
    AxisRef: "axis",
    tuple[Dim, ...]: "ints",
    Space: "rep",
    Member: "group",
}


@dataclass(frozen=True)
class Kept:
    """What autograd keeps of one use of a box: inputs and outputs by port, and further tensors, by their types without
    batch axes. Parameters are not counted; a tensor that two boxes keep is one."""

    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    extra: Object = ()


class Box:
    """A morphism that is not made of others (or hides what it is made of).

    Class attributes: `name`, the word of the language; `family`, which groups the vocabulary and chooses the
    picture; `signature` and `where`, the type rule as text; `effect`; `map_kind`; `arity`, the number of input
    wires (None where any number will do); `dagger_signature`, the type of the transposed map of a linear box
    (see `dagger_code`); `batch_axes`, how many leading axes PyTorch's operation accepts
    (None: any number); `batch_needed`, how many it must have; `broadcasts`, whether inputs without batch axes
    may stand beside inputs with them; `open_keywords`, the field that collects further integer arguments by
    name, as pairs (`rearrange`); `register`, "buffer" where `module` constructs a tensor, to be a buffer that
    is not saved (else it is a module or a parameter, set as an attribute); `parallel`, whether PyTorch can cut
    its weights between ranks, by outputs or by inputs, so that the last axis of the one or the other is cut;
    `helpers`, the files of `catnet.nn` whose definitions the code uses; `evaluates`, whether the code is that
    of evaluation alone, so that the module must refuse training; `between_spaces`, the box that
    this one becomes where a static argument is a representation; `readings`, whether its inverse calls a method of
    its submodule, so that a shared one has its inverse with the same weights; `transports`, whether it joins nodes
    of a graph along edges, so that `act` itself says what changes of frame do.
    """

    name: ClassVar[str] = ""
    family: ClassVar[str] = ""
    signature: ClassVar[str] = ""
    where: ClassVar[tuple[str, ...]] = ()
    dagger_signature: ClassVar[str] = ""
    effect: Effect = "pure"
    map_kind: ClassVar[MapKind] = "none"
    arity: int | None = 1
    batch_axes: ClassVar[int | None] = None
    batch_needed: ClassVar[int] = 0
    broadcasts: ClassVar[bool] = True
    open_keywords: ClassVar[str] = ""
    register: ClassVar[Literal["", "buffer"]] = ""
    parallel: ClassVar[bool] = False
    between_spaces: ClassVar[str] = ""
    readings: ClassVar[bool] = False
    transports: ClassVar[bool] = False
    helpers: tuple[str, ...] = ()
    evaluates: bool = False

    @classmethod
    @functools.cache
    def params(cls) -> tuple[Param, ...]:
        """The static parameters, in order."""
        hints = get_type_hints(cls)
        return tuple(
            Param(f.name, SORTS.get(hints[f.name], "net"), f.default)
            for f in dataclasses.fields(cls)  # type: ignore[arg-type]
            if f.name != cls.open_keywords
        )

    def statics(self) -> dict[str, Any]:
        """The static arguments of this box, by name."""
        further = dict(getattr(self, self.open_keywords)) if self.open_keywords else {}
        return {p.name: getattr(self, p.name) for p in self.params()} | further

    @classmethod
    @functools.cache
    def type_rule(cls, text: str = "") -> tuple[Signature, tuple[Pred | Condition, ...]]:
        """The signature (or another text in its place) and the demands, read from the class's text."""
        signature = read_signature(parse_type(Source(f"<{cls.name}>", text or cls.signature)))  # type: ignore[arg-type]
        clauses = tuple(condition(parse_expression(Source(f"<{cls.name}>", text)), Dim.sym) for text in cls.where)
        return signature, tuple(c for c in clauses if not isinstance(c, bool))

    def rule(self, typing: Typing, inputs: Object) -> Object:
        """The types of the outputs for given inputs; raises `TypeProblem` where the inputs do not fit."""
        signature, clauses = self.type_rule()
        given = {name: value for name, value in self.statics().items() if isinstance(value, Dim)}
        outputs, binding = typing.inference.apply(signature, inputs, given)
        self.demand(typing, binding, clauses)
        return outputs

    def demand(self, typing: Typing, binding: Binding, clauses: Sequence[Pred | Condition]) -> None:
        """Ask the typing run for this box's demands under a binding."""
        for clause in clauses:
            typing.inference.demand(substituted(clause, binding.dims), f"`{self.name}` needs `{clause}`")

    # -- facts -----------------------------------------------------------------------------------------------

    def parameters(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        """The shapes of the trainable parameters, by the name that PyTorch gives them."""
        return {}

    def buffers(self, inputs: Object, outputs: Object) -> dict[str, tuple[Dim, ...]]:
        """The shapes of further tensors that the state dict holds, such as running statistics."""
        return {}

    def flops(self, inputs: Object, outputs: Object) -> Dim:
        """Floating-point operations for one input without batch axes; a multiply-add counts as two."""
        return Dim.const(0)

    def kept(self, inputs: Object, outputs: Object) -> Kept | None:
        """What autograd keeps for backward; None: what the operations in this box's code keep.

        Only a box whose code calls what `catnet.analysis.operations` does not know needs to say it.
        """
        return None

    def inverse(self, inputs: Object) -> Box | None:
        """The box of the inverse map on outputs, where this is an isomorphism without parameters."""
        return None

    def act(self, acting: Acting) -> tuple[Action, ...]:
        """What a group that acts on the inputs does to the outputs; raises `Refusal` where this is no equivariant map.

        Where nothing acts on the inputs, nothing acts on the outputs. A part is what is inside it. Any other box
        lets the actions pass on those axes along which it acts entry by entry (see `catnet.diagrams.acting`).
        """
        if acting.trivial:
            return ((),) * len(acting.outputs)
        if acting.graphs and not getattr(self, "opaque", False):
            return acting.inner(acting.graphs[0], acting.actions)
        if self.effect == "random":
            acting.remark(f"`{self.name}` draws for each entry: its output is equivariant in distribution only")
        return pointwise(self, acting, self.passes)

    @property
    def passes(self) -> MatrixKind:
        """Along an axis on which this box acts entry by entry: the matrices that commute with it."""
        linear = self.map_kind == "linear" and self.effect == "pure"
        return MatrixKind.GENERAL if linear else MatrixKind.PERMUTATION

    def flat(self, inputs: Object, outputs: Object) -> frozenset[int]:
        """The axes of the first output, by their places from the end, along which all entries are equal whatever
        comes in."""
        return frozenset()

    def shards(self, inputs: Object, outputs: Object, cut: Cut) -> Answer:
        """Where axes come out that are cut between ranks, each of which runs this box's code on its own block.

        `cut` has for each input the place of its cut axis from the end, or None; at least one is cut. The answer
        is the same for the outputs, where the code gives a rank the same block of every cut output; else it is a
        text, why the box does not act pointwise along the axis. Of a box that does not say, nothing is known.
        """
        return f"`{self.name}` is not known to act pointwise along the axis that is cut"

    # -- code ------------------------------------------------------------------------------------------------

    def module(self, site: Site) -> str | None:
        """The expression that constructs the submodule, or None for a box without state."""
        return None

    def code(self, site: Site) -> str:
        """The expression that computes the output (a tuple expression for several)."""
        return f"{site.module}({', '.join(site.args)})"

    def statements(self, site: Site) -> list[str]:
        """The statements that assign `site.results`, of a box whose outputs one expression does not compute."""
        return [f"{', '.join(site.results)} = {self.code(site)}"]

    @property
    def in_statements(self) -> bool:
        """Whether this box says `statements` of its own."""
        return type(self).statements is not Box.statements

    def fresh_weights(self, site: Site) -> str | None:
        """A statement that gives the new submodule its weights, where its constructor does not."""
        return None

    def loading(self) -> list[str]:
        """Statements that bring `state`, a state dict that is being loaded, from the entries of the literal module
        to those of this submodule; `prefix` stands before the names of the submodules."""
        return []

    def gives_batch(self, site: Site) -> bool:
        """Whether the outputs have batch axes at run time; a loss and a mask made from a length have none."""
        return any(site.batched)

    def dagger_code(self, site: Site) -> str:
        """The expression of the transposed map; a box with a `dagger_signature` has one."""
        raise TypeError(f"`{self.name}` has no transpose")

    def sign(self) -> str:
        """The text in the box's picture."""
        return self.name


@dataclass
class Site:
    """Where a box's code stands.

    `args` and `results` are local names; `module` is the expression of the box's submodule, `inner` those of
    its inner graphs; `batched` says which inputs have batch axes at run time. `size_of` turns a dimension into
    code, `need` asks for an import ("F", "math", "python:package.module:Name") and says the name that it got,
    `fresh` gives an unused local name. `graphs` are the inner graphs.
    """

    inputs: Object
    outputs: Object
    args: list[str]
    module: str
    need: Callable[[str], str | None]
    size_of: Callable[[Dim], str] = str
    fresh: Callable[[str], str] = str
    results: list[str] = dataclasses.field(default_factory=list)
    inner: list[str] = dataclasses.field(default_factory=list)
    batched: list[bool] = dataclasses.field(default_factory=list)
    graphs: tuple[Graph, ...] = ()

    def turned(self) -> Site:
        """The same place with inputs and outputs exchanged, for a box used as its transpose."""
        return dataclasses.replace(self, inputs=self.outputs, outputs=self.inputs)

    def static(self, dim: Dim) -> int:
        """The value of a dimension that must be known when compiling (it sizes a parameter)."""
        if dim.value is None:
            raise UnboundSize(dim)
        return dim.value

    def size(self, dim: Dim) -> str:
        """A dimension as Python code: a literal, or read off the shape of an input."""
        return str(dim.value) if dim.value is not None else self.size_of(dim)


class UnboundSize(Exception):
    """A dimension that sizes a parameter is not known when compiling."""

    def __init__(self, dim: Dim) -> None:
        super().__init__(str(dim))
        self.dim = dim


VOCABULARY: dict[str, type[Box]] = {}
B = TypeVar("B", bound=Box)


@dataclass_transform(frozen_default=True)
def box(name: str, family: str, *aliases: str) -> Callable[[type[B]], type[B]]:
    """Make a class a frozen dataclass and put it in the vocabulary under `name`."""

    def register(cls: type[B]) -> type[B]:
        made = dataclass(frozen=True)(cls)
        made.name = name
        made.family = family
        for word in (name, *aliases):
            if word in VOCABULARY:
                raise ValueError(f"the box `{word}` is declared twice")
            VOCABULARY[word] = made
        return made

    return register


def substituted(clause: Pred | Condition, dims: Mapping[str, Dim]) -> Pred | Condition:
    """A predicate with names replaced."""
    if isinstance(clause, Condition):
        return Condition(clause.op, tuple(substituted(p, dims) for p in clause.parts))
    return Pred(clause.op, clause.left.subst(dims), clause.right.subst(dims))


def elements(wire: Wire) -> Dim:
    """The number of entries of a wire without batch axes; axis packs count as one entry."""
    total = Dim.const(1)
    for axis in wire.axes:
        total = total * getattr(axis, "size", 1)
    return total
