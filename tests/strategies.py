"""Random well-typed nets at small fixed sizes.

`specs()` draws a whole `.cat` file; `parts()` one expression. Each part comes four times over: as text, as the
diagram that Python's operators build (where there is one: braced bodies and nets exist in text only), as its
type, and as a function on tensors that says what it means (`run`), written without any of catnet.

In `run` every weight is `fill(shape)`, so that the meaning of the wiring can be compared without knowing which
weight is which; `tests.reference` checks the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from torch import Tensor
from torch.nn import functional as F

import catnet
from catnet.diagrams import terms
from catnet.diagrams.arity import arity, split
from catnet.diagrams.terms import Diagram
from catnet.types.dims import Dim
from catnet.types.static import AxisRef
from catnet.types.wires import Wire, real

Shape = tuple[int, ...]
Run = Callable[[list[Tensor]], list[Tensor]]

SHAPES: tuple[Shape, ...] = ((), (2,), (3,), (4,), (2, 3), (2, 2))
# Names that the generated code might want for itself, or give to something else.
WIRES = ("x", "y", "z", "x_2", "y_2", "u", "layer", "batch", "nn", "F", "torch", "max", "range", "self", "class")
LABELS = ("q", "x", "y", "layer", "linear", "linear_2", "list", "print", "nn", "F", "block", "steps", "out")

shapes = st.sampled_from(SHAPES)


@dataclass(frozen=True, eq=False)  # hashing a diagram types it
class Part:
    """One expression: its text, its type, its meaning and, where Python can build it, its diagram."""

    text: str
    dom: tuple[Shape, ...]
    cod: tuple[Shape, ...]
    run: Run
    diagram: Diagram | None = None

    @property
    def type(self) -> str:
        """The type in the language."""
        return f"{show(self.dom)} -> {show(self.cod)}"

    @property
    def wires(self) -> tuple[Wire, ...]:
        """The domain as catnet's wires."""
        return tuple(real(*shape) for shape in self.dom)


@dataclass(repr=False)
class Spec:
    """A file whose last net is `main`."""

    text: str
    main: Part

    def __repr__(self) -> str:
        return self.text


@dataclass
class Room:
    """What a part may use: declarations are collected in `nets`; labels are unique within one net."""

    nets: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=lambda: list(LABELS))
    text_only: bool = True  # whether nets and braced bodies may be drawn
    may_label: bool = True

    def inner(self) -> Room:
        """Room for a part with labels of its own."""
        return Room(self.nets, list(LABELS), self.text_only, self.may_label)

    def unlabelled(self) -> Room:
        """Room for a part that is used more than once."""
        return Room(self.nets, [], self.text_only, False)


def show(shapes: Sequence[Shape]) -> str:
    """An object in the language."""
    return " @ ".join(f"R[{', '.join(map(str, s))}]" if s else "R" for s in shapes) or "()"


def fill(*shape: int) -> Tensor:
    """The weight of a shape: numbers without pattern, always the same."""
    count = math.prod(shape)
    return (torch.sin(torch.arange(1, count + 1, dtype=torch.float64) * (1.7 + 0.3 * len(shape))) * 0.8).reshape(shape)


def batched(values: Sequence[Tensor], shapes: Sequence[Shape], batch: Shape) -> list[Tensor]:
    """Values with all batch axes, as what was made from parameters alone has none."""
    return [v.expand((*batch, *s)) for v, s in zip(values, shapes, strict=True)]


# -- leaves ---------------------------------------------------------------------------------------------------


def _one(text: str, shape: Shape, cod: Shape, function: Callable[[Tensor], Tensor], diagram: Diagram) -> Part:
    return Part(text, (shape,), (cod,), lambda xs: [function(xs[0])], diagram)


def _linear(shape: Shape, k: int, bias: bool = True) -> Part:
    def run(x: Tensor) -> Tensor:
        return F.linear(x, fill(k, shape[-1]), fill(k) if bias else None)

    text = f"linear({k})" if bias else f"linear({k}, bias = false)"
    return _one(text, shape, (*shape[:-1], k), run, catnet.linear(k, bias=bias))


def _flatten(shape: Shape) -> Part:
    size = math.prod(shape)

    def run(x: Tensor) -> Tensor:
        return x.reshape(*x.shape[: x.dim() - len(shape)], size)

    return _one("flatten", shape, (size,), run, catnet.flatten)


def _rearrange(pattern: str, shape: Shape, cod: Shape, move: Callable[[Tensor], Tensor], **sizes: int) -> Part:
    given = "".join(f", {k} = {v}" for k, v in sizes.items())
    made = terms.Leaf(_box("rearrange", pattern, tuple((k, Dim.const(v)) for k, v in sizes.items())))
    return _one(f'rearrange("{pattern}"{given})', shape, cod, move, made)


def _box(name: str, *fields: object) -> catnet.diagrams.box.Box:  # type: ignore[name-defined]
    from catnet.boxes import VOCABULARY

    return VOCABULARY[name](*fields)  # type: ignore[call-arg]


def _parameter(shape: Shape) -> Part:
    inside = ", ".join(map(str, shape))
    text = f"parameter({inside})" if len(shape) == 1 else f"parameter(({inside}))"
    made = terms.Leaf(_box("parameter", tuple(map(Dim.const, shape))))
    return Part(text, (), (shape,), lambda _: [fill(*shape)], made)


def _reduction(name: str, shape: Shape, axis: int) -> Part:
    def run(x: Tensor) -> Tensor:
        return x.sum(axis) if name == "sum" else x.mean(axis)

    cod = tuple(s for i, s in enumerate(shape) if i != len(shape) + axis)
    return _one(f"{name}(over = {axis})", shape, cod, run, terms.Leaf(_box(name, AxisRef(index=axis))))


def _layer_norm(shape: Shape) -> Part:
    def run(x: Tensor) -> Tensor:
        d = shape[-1]
        return F.layer_norm(x, (d,), fill(d), fill(d))

    return _one("layer_norm", shape, shape, run, catnet.layer_norm)


_ENTRYWISE: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[], Diagram]]] = {
    "relu": (torch.relu, lambda: catnet.relu),
    "tanh": (torch.tanh, lambda: catnet.tanh),
    "neg": (torch.neg, lambda: catnet.neg),
    "scale(0.5)": (lambda x: x * 0.5, lambda: catnet.scale(0.5)),
    "square": (torch.square, lambda: catnet.square),
    "dropout": (lambda x: x, lambda: catnet.dropout),  # in evaluation
}


def _entrywise(name: str, shape: Shape) -> Part:
    function, diagram = _ENTRYWISE[name]
    return _one(name, shape, shape, function, diagram())


@st.composite
def leaves_on(draw: DrawFn, shape: Shape) -> Part:
    """A box with one input wire and one output wire."""
    options: list[Part] = [_entrywise(name, shape) for name in _ENTRYWISE] + [_flatten(shape)]
    if shape:
        options += [_linear(shape, 2), _linear(shape, 3), _linear(shape, 4, bias=False), _layer_norm(shape)]
        options += [_linear(shape, shape[-1]), _reduction("mean", shape, -1), _reduction("sum", shape, -len(shape))]
        options.append(_one("softmax", shape, shape, lambda x: torch.softmax(x, -1), catnet.softmax))
    if len(shape) == 2:
        a, b = shape
        options.append(_rearrange("a b -> b a", shape, (b, a), lambda x: x.transpose(-1, -2)))
        options.append(_rearrange("a b -> (b a)", shape, (a * b,), lambda x: x.transpose(-1, -2).flatten(-2)))
    if len(shape) == 1 and shape[0] % 2 == 0:
        n = shape[0] // 2
        options.append(
            _rearrange("(a b) -> b a", shape, (n, 2), lambda x: x.unflatten(-1, (2, n)).transpose(-1, -2), a=2)
        )
    return draw(st.sampled_from(options))


def _id(dom: tuple[Shape, ...]) -> Part:
    return Part("id", dom, dom, lambda xs: xs, catnet.id)


def _joins(dom: tuple[Shape, ...]) -> list[Part]:
    """What takes several wires, or none."""
    out = [Part("drop", dom, (), lambda _: [], catnet.drop)]
    if len(dom) == 1:
        out.append(Part("copy", dom, dom * 2, lambda xs: xs * 2, catnet.copy))
        out.append(Part("copy(3)", dom, dom * 3, lambda xs: xs * 3, catnet.copy(3)))
    if len(dom) == 2:
        out.append(Part("swap", dom, dom[::-1], lambda xs: xs[::-1], catnet.swap))
    if len(dom) == 2 and dom[0] == dom[1]:
        out.append(Part("sub", dom, dom[:1], lambda xs: [xs[0] - xs[1]], catnet.sub))
    if len(dom) > 1 and len(set(dom)) == 1:
        out.append(Part("add", dom, dom[:1], lambda xs: [_sum(xs)], catnet.add))
        out.append(Part("mul", dom, dom[:1], lambda xs: [math.prod(xs)], catnet.mul))  # type: ignore[list-item]
    if len(dom) > 1 and dom[0] and all(len(s) == len(dom[0]) and s[:-1] == dom[0][:-1] for s in dom):
        cod = (*dom[0][:-1], sum(s[-1] for s in dom))

        def concat(xs: list[Tensor]) -> list[Tensor]:
            lead = torch.broadcast_shapes(*(x.shape[: x.dim() - len(cod)] for x in xs))
            return [torch.cat([x.expand((*lead, *s)) for x, s in zip(xs, dom, strict=True)], -1)]

        out.append(Part("concat", dom, (cod,), concat, catnet.concat))
    return out


def _sum(xs: Sequence[Tensor]) -> Tensor:
    total = xs[0]
    for x in xs[1:]:
        total = total + x
    return total


# -- combinators ----------------------------------------------------------------------------------------------


def _built(parts: Sequence[Part], build: Callable[[list[Diagram]], Diagram]) -> Diagram | None:
    made = [p.diagram for p in parts if p.diagram is not None]
    return build(made) if len(made) == len(parts) else None


def chain(*parts: Part) -> Part:
    """`f >> g`."""

    def run(xs: list[Tensor]) -> list[Tensor]:
        for part in parts:
            xs = part.run(xs)
        return xs

    def build(made: list[Diagram]) -> Diagram:
        total = made[0]
        for diagram in made[1:]:
            total = total >> diagram
        return total

    return Part(f"({' >> '.join(p.text for p in parts)})", parts[0].dom, parts[-1].cod, run, _built(parts, build))


def beside(*parts: Part) -> Part:
    """`f @ g`."""

    def run(xs: list[Tensor]) -> list[Tensor]:
        out: list[Tensor] = []
        at = 0
        for part in parts:
            out += part.run(xs[at : at + len(part.dom)])
            at += len(part.dom)
        return out

    dom = tuple(s for p in parts for s in p.dom)
    cod = tuple(s for p in parts for s in p.cod)
    return Part(
        f"({' @ '.join(p.text for p in parts)})", dom, cod, run, _built(parts, lambda ds: terms.Tensor(tuple(ds)))
    )


def fan(*parts: Part) -> Part:
    """`(f, g)`."""

    def run(xs: list[Tensor]) -> list[Tensor]:
        return [y for p in parts for y in p.run(xs)]

    cod = tuple(s for p in parts for s in p.cod)
    return Part(
        f"({', '.join(p.text for p in parts)})", parts[0].dom, cod, run, _built(parts, lambda ds: catnet.fan(*ds))
    )


def total(first: Part, *rest: tuple[str, Part]) -> Part:
    """`f + g - h`."""

    def run(xs: list[Tensor]) -> list[Tensor]:
        out = first.run(xs)
        for sign, part in rest:
            more = part.run(xs)
            out = [a + b if sign == "+" else a - b for a, b in zip(out, more, strict=True)]
        return out

    def build(made: list[Diagram]) -> Diagram:
        out = made[0]
        for (sign, _), diagram in zip(rest, made[1:], strict=True):
            out = out + diagram if sign == "+" else out - diagram
        return out

    text = first.text + "".join(f" {sign} {part.text}" for sign, part in rest)
    return Part(f"({text})", first.dom, first.cod, run, _built([first, *(p for _, p in rest)], build))


def product(first: Part, second: Part) -> Part:
    """`f * g`."""

    def run(xs: list[Tensor]) -> list[Tensor]:
        return [a * b for a, b in zip(first.run(xs), second.run(xs), strict=True)]

    text = f"({first.text} * {second.text})"
    return Part(text, first.dom, first.cod, run, _built([first, second], lambda ds: ds[0] * ds[1]))


def scaled(factor: float, part: Part) -> Part:
    """`0.5 * f`."""

    def run(xs: list[Tensor]) -> list[Tensor]:
        return [y * factor for y in part.run(xs)]

    return Part(f"({factor} * {part.text})", part.dom, part.cod, run, _built([part], lambda ds: factor * ds[0]))


def repeated(part: Part, count: int) -> Part:
    """`f ^ n` of a part that keeps its type."""
    assert part.dom == part.cod

    def run(xs: list[Tensor]) -> list[Tensor]:
        for _ in range(count):
            xs = part.run(xs)
        return xs

    return Part(f"({part.text} ^ {count})", part.dom, part.cod, run, _built([part], lambda ds: ds[0] ** count))


def labelled(name: str, part: Part) -> Part:
    """`q: f`."""
    diagram = part.diagram.labelled(name) if part.diagram is not None else None
    return Part(f"({name}: {part.text})", part.dom, part.cod, part.run, diagram)


def each(part: Part, count: int) -> Part:
    """`each(f)` on several wires."""

    def run(xs: list[Tensor]) -> list[Tensor]:
        return [y for x in xs for y in part.run([x])]

    diagram = catnet.each(part.diagram) if part.diagram is not None else None
    return Part(f"each({part.text})", part.dom * count, part.cod * count, run, diagram)


def adapter(dom: tuple[Shape, ...], cod: Shape, fresh: bool = False) -> Part:
    """Some map to one wire of a given shape; with `fresh`, from parameters alone."""
    if not dom or fresh:
        made = _parameter(cod)
        return chain(Part("drop", dom, (), lambda _: [], catnet.drop), made) if dom else made
    first = dom[0]
    if first == cod:
        part = _entrywise("tanh", first)
    else:
        part = _flatten(first)
        if cod == ():
            part = chain(part, _reduction("sum", part.cod[0], -1))
        else:
            part = chain(part, _linear(part.cod[0], math.prod(cod)))
        if len(cod) == 2:
            a, b = cod
            size = (a * b,)
            part = chain(part, _rearrange("(a b) -> a b", size, cod, lambda x: x.unflatten(-1, (a, b)), a=a))
    if len(dom) == 1:
        return part
    return beside(part, Part("drop", dom[1:], (), lambda _: [], catnet.drop))


def fitting(part: Part, cod: tuple[Shape, ...]) -> Part:
    """A part brought to a given codomain."""
    if part.cod == cod:
        return part
    goals = [adapter(part.cod, shape) for shape in cod]
    if not goals:
        return chain(part, Part("drop", part.cod, (), lambda _: [], catnet.drop))
    return chain(part, goals[0] if len(goals) == 1 else fan(*goals))


# -- random parts ---------------------------------------------------------------------------------------------


@st.composite
def parts(draw: DrawFn, dom: tuple[Shape, ...], depth: int = 3, room: Room | None = None) -> Part:
    """A random part with a given domain."""
    room = room or Room(text_only=False)
    if depth == 0:
        return draw(_simple(dom))
    kinds = ["chain", "chain", "fan", "sum", "product", "scaled", "repeat", "fresh", "simple"]
    if len(dom) > 1:
        kinds += ["beside", "beside"]
    if len(dom) > 1 and len(set(dom)) == 1:
        kinds.append("each")
    if room.labels and room.may_label:
        kinds.append("label")
    if room.text_only:
        kinds += ["net", "body", "higher"]
    return draw(_MAKE[draw(st.sampled_from(kinds))](dom, depth - 1, room))


@st.composite
def _simple(draw: DrawFn, dom: tuple[Shape, ...]) -> Part:
    options = [_id(dom), *_joins(dom)] if dom else [_parameter(draw(shapes))]
    if len(dom) == 1:
        return draw(st.one_of(leaves_on(dom[0]), leaves_on(dom[0]), st.sampled_from(options)))
    return draw(st.sampled_from(options))


@st.composite
def _chain(draw: DrawFn, dom: tuple[Shape, ...], depth: int, room: Room) -> Part:
    made = [draw(parts(dom, depth, room))]
    for _ in range(draw(st.integers(1, 2))):
        made.append(draw(parts(made[-1].cod, depth, room)))
        if len(made[-1].cod) > 4:
            made.append(adapter(made[-1].cod, draw(shapes)))
    return chain(*made)


@st.composite
def _beside(draw: DrawFn, dom: tuple[Shape, ...], depth: int, room: Room) -> Part:
    cut = draw(st.integers(1, len(dom) - 1))
    made = [draw(parts(dom[:cut], depth, room)), draw(parts(dom[cut:], depth, room))]
    if draw(st.integers(0, 4)) == 0:
        made.insert(draw(st.integers(0, 2)), _parameter(draw(shapes)))
    return beside(*(_explicit(p) for p in made))


def _explicit(part: Part) -> Part:
    """A part that says itself how many wires it takes, so that `@` can share them out."""
    count = arity(part.diagram, {}) if part.diagram is not None else None
    if count == len(part.dom) and split([count], len(part.dom)) is not None:
        return part
    ids = [_id((shape,)) for shape in part.dom]
    scales = [_entrywise("scale(0.5)", shape) for shape in part.dom]
    return chain(beside(*scales), part) if len(ids) > 1 else chain(scales[0], part) if ids else part


@st.composite
def _fan(draw: DrawFn, dom: tuple[Shape, ...], depth: int, room: Room) -> Part:
    count = draw(st.integers(2, 3))
    return fan(*(draw(parts(dom, depth, room)) for _ in range(count)))


@st.composite
def _sums(draw: DrawFn, dom: tuple[Shape, ...], depth: int, room: Room) -> Part:
    first = draw(parts(dom, depth, room))
    more = draw(st.integers(1, 2))
    rest = [(draw(st.sampled_from("+-")), fitting(draw(parts(dom, depth, room)), first.cod)) for _ in range(more)]
    return total(first, *rest)


@st.composite
def _products(draw: DrawFn, dom: tuple[Shape, ...], depth: int, room: Room) -> Part:
    first = draw(parts(dom, depth, room))
    return product(first, fitting(draw(parts(dom, depth, room)), first.cod))


@st.composite
def _scaled(draw: DrawFn, dom: tuple[Shape, ...], depth: int, room: Room) -> Part:
    return scaled(draw(st.sampled_from([0.5, 2.0, -1.5, -1.0])), draw(parts(dom, depth, room)))


@st.composite
def _repeats(draw: DrawFn, dom: tuple[Shape, ...], depth: int, room: Room) -> Part:
    body = fitting(draw(parts(dom, depth, room.inner())), dom)
    return repeated(body, draw(st.integers(1, 3)))


@st.composite
def _fresh(draw: DrawFn, dom: tuple[Shape, ...], depth: int, room: Room) -> Part:
    """Something beside a wire that is made from parameters alone: it has no batch axes until it is joined."""
    other = draw(parts(dom, depth, room))
    joined = len(other.cod) == 1 and other.cod[0] != () and draw(st.booleans())
    own = adapter(dom, other.cod[0] if joined else draw(shapes), fresh=True)
    both = fan(*([own, other] if draw(st.booleans()) else [other, own]))
    if not joined:
        return both
    return chain(both, next(p for p in _joins(both.cod) if p.text == "concat"))


@st.composite
def _each(draw: DrawFn, dom: tuple[Shape, ...], depth: int, room: Room) -> Part:
    return each(draw(parts(dom[:1], depth, room.unlabelled())), len(dom))


@st.composite
def _labels(draw: DrawFn, dom: tuple[Shape, ...], depth: int, room: Room) -> Part:
    name = room.labels.pop(draw(st.integers(0, len(room.labels) - 1)))
    part = draw(parts(dom, depth, room.inner()))
    if isinstance(part.diagram, terms.Leaf) and part.text in ("id", "drop", "copy", "copy(3)", "swap"):
        return part  # wiring is no submodule
    return labelled(name, part)


@st.composite
def _nets(draw: DrawFn, dom: tuple[Shape, ...], depth: int, room: Room) -> Part:
    """A use of a net that is declared for it, or of one with a braced body."""
    inner = room.inner()
    part = draw(parts(dom, depth, inner))
    name = f"net{len(room.nets)}"
    room.nets.append(f"net {name} : {part.type} = {part.text}")
    return Part(name, part.dom, part.cod, part.run)


@st.composite
def _higher(draw: DrawFn, dom: tuple[Shape, ...], depth: int, room: Room) -> Part:
    """A net that takes a net."""
    dom_part = draw(parts(dom, 0, room))
    if len(dom_part.cod) != 1:
        return dom_part
    part = fitting(draw(parts(dom_part.cod, depth, room.unlabelled())), dom_part.cod)
    name = draw(st.sampled_from(["residual", "twice", "minus"]))
    texts = {"residual": "id + f", "twice": "f >> f", "minus": "f - relu >> f"}
    declaration = f"net {name}(f: X -> X) : X -> X = {texts[name]}"
    if name == "minus":
        name, declaration = "minus", "net minus(f: X -> X) : X -> X = f - id"
    if declaration not in room.nets:
        room.nets.append(declaration)
    meaning = {
        "residual": total(_id(part.dom), ("+", part)),
        "twice": chain(part, part),
        "minus": total(part, ("-", _id(part.dom))),
    }[name]
    return chain(dom_part, Part(f"{name}({part.text})", part.dom, part.cod, meaning.run))


@st.composite
def _bodies(draw: DrawFn, dom: tuple[Shape, ...], depth: int, room: Room) -> Part:
    """A net with a braced body: named wires, used several times, shared morphisms, dropped wires."""
    inner = room.inner()
    names = list(draw(st.permutations(WIRES)))
    wires: list[tuple[str, Shape]] = [(names.pop(), shape) for shape in dom]
    lines: list[str] = []
    steps: list[tuple[list[int], Run]] = []
    used: set[str] = set()
    takes = ", ".join(f"{name}: {show([shape])}" for name, shape in wires)

    def statement(args: list[int], text: str, run: Run, cod: tuple[Shape, ...]) -> None:
        used.update(wires[i][0] for i in args)
        fed = ", ".join(wires[i][0] for i in args)
        fed = f"({fed})" if len(args) > 1 else fed
        targets = [names.pop() for _ in cod]
        value = f"{fed} >> {text}" if args else text
        lines.append(f"{', '.join(targets) or '_'} = {value}")
        steps.append((args, run))
        wires.extend(zip(targets, cod, strict=True))

    for number in range(draw(st.integers(1, 3))):
        count = draw(st.integers(0 if not wires else 1, min(2, len(wires))))
        args = [draw(st.integers(0, len(wires) - 1)) for _ in range(count)]
        long = [i for i, (_, shape) in enumerate(wires) if shape]
        if long and draw(st.booleans()):
            _share(draw, f"w{number}", list(long), wires, lines, statement)
            continue
        part = draw(parts(tuple(wires[i][1] for i in args), depth, inner))
        if len(part.cod) + len(wires) > 9:
            part = fitting(part, part.cod[:1])
        statement(args, part.text, part.run, part.cod)
    if not wires:
        statement([], "parameter(2)", lambda _: [fill(2)], ((2,),))
    results = draw(st.lists(st.integers(0, len(wires) - 1), min_size=1, max_size=3))
    used.update(wires[i][0] for i in results)
    lines += [f"_ = {name} >> drop" for name, _ in wires if name not in used]
    result = ", ".join(wires[i][0] for i in results)
    lines.append(f"return ({result})" if len(results) > 1 else f"return {result}")

    def run(xs: list[Tensor]) -> list[Tensor]:
        values = list(xs)
        for args, step in steps:
            values += step([values[i] for i in args])
        return [values[i] for i in results]

    cod = tuple(wires[i][1] for i in results)
    name = f"body{len(room.nets)}"
    head = f"net {name} : ({takes}) -> {show(cod)}" if dom else f"net {name} : () -> {show(cod)}"
    room.nets.append(head + " {\n    " + "\n    ".join(lines) + "\n}")
    return Part(name, dom, cod, run)


def _share(
    draw: DrawFn,
    name: str,
    long: list[int],
    wires: list[tuple[str, Shape]],
    lines: list[str],
    statement: Callable[[list[int], str, Run, tuple[Shape, ...]], None],
) -> None:
    """`share w = linear(k)`, used on wires with one size of last axis, perhaps transposed."""
    at = draw(st.sampled_from(long))
    d, k = wires[at][1][-1], draw(st.integers(2, 4))
    lines.append(f"share {name} = linear({k})")

    def forward(xs: list[Tensor]) -> list[Tensor]:
        return [F.linear(xs[0], fill(k, d), fill(k))]

    def back(xs: list[Tensor]) -> list[Tensor]:
        return [xs[0] @ fill(k, d)]

    statement([at], name, forward, ((*wires[at][1][:-1], k),))
    if draw(st.integers(0, 3)):
        again = draw(st.sampled_from([i for i in long if wires[i][1][-1] == d]))
        statement([again], name, forward, ((*wires[again][1][:-1], k),))
    if draw(st.booleans()):
        last = len(wires) - 1
        statement([last], f"transpose({name})", back, ((*wires[last][1][:-1], d),))


_MAKE: dict[str, Callable[[tuple[Shape, ...], int, Room], SearchStrategy[Part]]] = {
    "chain": _chain,
    "beside": _beside,
    "fan": _fan,
    "sum": _sums,
    "product": _products,
    "scaled": _scaled,
    "repeat": _repeats,
    "fresh": _fresh,
    "each": _each,
    "label": _labels,
    "net": _nets,
    "higher": _higher,
    "body": _bodies,
    "simple": lambda dom, _depth, _room: _simple(dom),
}

doms = st.lists(shapes, min_size=1, max_size=3).map(tuple)
batches = st.sampled_from([(), (2,), (3, 2)])


@st.composite
def specs(draw: DrawFn, depth: int = 3) -> Spec:
    """A whole file; its last net is `main`."""
    room = Room()
    part = draw(_bodies(draw(doms), depth - 1, room) if draw(st.booleans()) else parts(draw(doms), depth, room))
    if not part.cod:
        part = fitting(part, (draw(shapes),))
    text = "\n".join([*room.nets, f"net main : {part.type} = {part.text}"]) + "\n"
    return Spec(text, part)


@st.composite
def built(draw: DrawFn, dom: tuple[Shape, ...] | None = None, depth: int = 2, labels: bool = True) -> Part:
    """A part that Python builds too."""
    room = Room(text_only=False) if labels else Room(text_only=False).unlabelled()
    return draw(parts(draw(doms) if dom is None else dom, depth, room))
