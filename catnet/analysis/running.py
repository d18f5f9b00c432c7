"""One box on sketches: its own code, run as it would be on tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import count
from types import CodeType, SimpleNamespace
from typing import Any

from catnet.analysis.operations import namespaces
from catnet.analysis.sketch import ONE, Shape, Sketch, Tape, Unknown, dense
from catnet.analysis.tensors import Tensor
from catnet.diagrams.box import Box, Kept, Site
from catnet.diagrams.graph import Graph, Node
from catnet.types.dims import Dim
from catnet.types.static import Unknown as UnknownStatic
from catnet.types.wires import Axis, Wire

Call = Callable[[Graph, Tape, list[Tensor]], list[Tensor]]


@dataclass
class Boxes:
    """Runs boxes; `call` runs the graphs inside them."""

    batch: Dim
    call: Call

    def shape(self, wire: Wire, batched: bool) -> Shape:
        """The shape of what flows along a wire."""
        own = tuple(a.size if isinstance(a, Axis) else ONE for a in wire.axes)
        return (self.batch, *own) if batched else own

    def run(self, node: Node, tape: Tape, inputs: list[Tensor]) -> list[Tensor]:
        """Run the code of one box."""
        box = _numbered(node.box)
        node = node if box is node.box else replace(node, box=box)
        kept = box.kept(node.dom, node.cod)
        if kept is not None:
            return self._told(node, tape, inputs, kept)
        lonely = box.batch_needed > 0 and not all(has_batch(inputs, node))
        given = [x.unsqueeze(0) for x in inputs] if lonely else inputs
        names: dict[str, Any] = {f"a{i}": x for i, x in enumerate(given)}
        site = _site(node, given, names)
        tape.wanted = tuple(self.shape(w, lonely or box.gives_batch(site)) for w in node.cod)
        try:
            outputs = self._code(node, site, tape, names)
        except (TypeError, AttributeError, NameError, ValueError, LookupError) as error:
            raise Unknown(f"the code of `{box.name}` cannot be followed: {error}") from error
        outputs = [y.squeeze(0) for y in outputs] if lonely else outputs
        return [_typed(y, w) for y, w in zip(outputs, node.cod, strict=True)]

    def _code(self, node: Node, site: Site, tape: Tape, names: dict[str, Any]) -> list[Tensor]:
        box = node.box
        if box.family == "python":
            raise Unknown("written in Python")
        space = namespaces(tape)
        own = SimpleNamespace(training=tape.training)
        for at, graph in enumerate(node.graphs):
            own.__dict__[f"inner{at}"] = lambda *xs, graph=graph: _one(self.call(graph, tape, list(xs)))
        site.inner = [f"self.inner{at}" for at in range(len(node.graphs))]
        made = None if node.graphs else box.module(site)
        if made is not None:
            before = len(tape.events)
            layer = eval(_compiled(made, "eval"), {**space, **names})
            del tape.events[before:]  # what is made once is not made again in every pass
            if isinstance(layer, Sketch) and not layer.storage.lasting:
                layer = tape.lasting(layer.shape, False)
            own.layer = layer
            site.module = "self.layer"
        names["self"] = own
        if not box.in_statements:
            code = _compiled(box.code(site), "eval")
            value = eval(code, {**space, **names})
            return list(value) if isinstance(value, (tuple, list)) else [value]
        site.results = [f"y{i}" for i in range(len(node.cod))]
        code = _compiled("\n".join(box.statements(site)), "exec")
        spaces = {**space, **names}
        exec(code, spaces)
        if not node.graphs:
            tape.held += [x for name, x in spaces.items() if isinstance(x, Tensor) and name not in names]
        return [spaces[name] for name in site.results]

    def _told(self, node: Node, tape: Tape, inputs: list[Tensor], kept: Kept) -> list[Tensor]:
        """A box that says itself what is kept."""
        batched = any(has_batch(inputs, node))
        trains = bool(node.box.parameters(node.dom, node.cod)) and tape.training
        outputs = []
        for wire in node.cod:
            kind = kind_of(wire)
            needs = kind in "RC" and (trains or any(x.grad for x in inputs))
            outputs.append(tape.fresh(self.shape(wire, batched), inputs, kind, grad=needs))
        for y in [y for y in outputs if y.grad][:1]:
            extra = [tape.fresh(self.shape(w, batched), inputs, kind_of(w), grad=False) for w in kept.extra]
            tape.keep(y, *(inputs[i] for i in kept.inputs), *(outputs[i] for i in kept.outputs), *extra)
        return outputs

    def opaque(self, node: Node, tape: Tape, inputs: list[Tensor]) -> list[Tensor]:
        """A box of which nothing is known but its type."""
        batched = any(has_batch(inputs, node))
        kinds = [kind_of(w) for w in node.cod]
        return [tape.fresh(self.shape(w, batched), inputs, kind, grad=tape.training and kind in "RC")
                for w, kind in zip(node.cod, kinds, strict=True)]  # fmt: skip


def _numbered(box: Box) -> Box:
    """A box with 1 in the place of numbers that are not known yet: what is kept does not depend on them."""
    unknown = {k: 1.0 for k, v in vars(box).items() if isinstance(v, UnknownStatic)}
    return replace(box, **unknown) if unknown else box  # type: ignore[type-var]


class _Size:
    """A size that is not known, in the place of an integer of a box's code: it goes by a name."""

    def __init__(self, value: Dim, names: dict[str, Any]) -> None:
        self.value, self.names = value, names

    def __repr__(self) -> str:
        name = f"size{len(self.names)}"
        self.names[name] = self.value
        return name

    def __eq__(self, other: object) -> bool:
        return self.value == (other.value if isinstance(other, _Size) else other)

    def __hash__(self) -> int:
        return hash(self.value)

    def __floordiv__(self, other: int) -> _Size:
        return _Size(self.value // other, self.names)

    def __mul__(self, other: int) -> _Size:
        return _Size(self.value * other, self.names)

    __rmul__ = __mul__

    def __add__(self, other: int) -> _Size:
        return _Size(self.value + other, self.names)


@dataclass
class _SketchSite(Site):
    """A place whose sizes need not be known; `names` are what its code finds."""

    names: dict[str, Any] = field(default_factory=dict)

    def static(self, dim: Dim) -> Any:
        return dim.value if dim.value is not None else _Size(dim, self.names)


def _known(what: str) -> str:
    """The name of an import that sketches can follow."""
    if what.startswith("python:"):
        raise Unknown(f"`{what.rpartition(':')[2]}` is no part of PyTorch")
    return what


def _site(node: Node, given: Sequence[Tensor], names: dict[str, Any]) -> _SketchSite:
    numbers = count()
    return _SketchSite(
        node.dom,
        node.cod,
        [f"a{i}" for i in range(len(given))],
        "",
        need=_known,
        size_of=lambda dim: repr(_Size(dim, names)),
        fresh=lambda hint: f"{hint}_{next(numbers)}",
        batched=has_batch(given, node),
        graphs=node.graphs,
        names=names,
    )


@lru_cache(maxsize=4096)
def _compiled(text: str, mode: str) -> CodeType:
    return compile(text, "<box>", mode)  # our own text: what `catnet compile` would write


def kind_of(wire: Wire) -> str:
    """What an entry is: whole numbers are all alike."""
    return wire.kind.name if wire.kind.name in ("R", "C", "Bool") else "Z"


def has_batch(inputs: Sequence[Sketch], node: Node) -> list[bool]:
    """Which inputs of a node have a batch axis."""
    return [len(x.shape) > len(w.axes) for x, w in zip(inputs, node.dom, strict=True)]


def _one(values: list[Tensor]) -> Any:
    return values[0] if len(values) == 1 else tuple(values)


def _typed(y: Tensor, wire: Wire) -> Tensor:
    """An output with the sizes that the type states, as the text speaks of them."""
    own = tuple(a.size if isinstance(a, Axis) else ONE for a in wire.axes)
    if len(y.shape) < len(own):
        raise Unknown("an axis is missing")
    shape = (*y.shape[: len(y.shape) - len(own)], *own)
    if shape == y.shape:
        return y
    strides = dense(shape) if y.strides == dense(y.shape) else y.strides
    return Tensor(y.tape, shape, strides, y.storage, y.grad, y.kind)
