"""Testing a box: what its class says against what its code does, on random numbers.

>>> import catnet.testing
>>> found = catnet.testing.check_box(catnet.linear(4), on="R[t, 8]")
>>> [f.what for f in found if f.verdict == "tested"]
['type', 'parameters', 'flops', 'effect', 'map_kind', 'transpose', 'kept']
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from catnet.diagnostics import CatnetError
from catnet.diagrams import terms
from catnet.diagrams.box import Site
from catnet.diagrams.graph import Graph, Node
from catnet.types.dims import Dim
from catnet.types.signature import read_object
from catnet.types.wires import Axis, Kind, Object, Wire, show_object

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["Finding", "check_box"]

SIZES = (3, 4, 5, 6, 7)
"""What the free sizes of an input type become, in order of their names."""
BATCH = (2, 3)
CLOSE = 1e-8  # relative, in float64


@dataclass(frozen=True)
class Finding:
    """What one property of a box came to: `tested` (held on the inputs that were tried), `wrong`, or `not tested`, with
    the reason."""

    what: str
    verdict: Literal["tested", "wrong", "not tested"]
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.what}: {self.verdict}" + (f" ({self.detail})" if self.detail else "")


def check_box(box: terms.Diagram, on: str, *, seed: int = 0) -> list[Finding]:
    """Compare what a box says of itself with what its code does.

    `box` is one box, such as `catnet.linear(4)`; `on` the type of its inputs, `"R[t, 8]"` (free sizes become small
    numbers). Looked at are the type (with zero, one and two batch axes, as far as the box takes them), `parameters`
    against the module, `flops` against PyTorch's counter (which knows products and convolutions only: what ours says
    beyond it may be some operations per entry), `effect` (a pure box draws no random numbers and changes no buffer),
    `map_kind`, `dagger_code`, `inverse`, and the bytes kept for backward on the CPU.

    Returns what was found. Raises `AssertionError` with all that is wrong, and `CatnetError` where the box does not
    take such inputs. Nothing here is a proof: random inputs were tried.
    """
    subject = _Subject(box, _sized(read_object(on)), seed)
    found: list[Finding] = []
    for check in _CHECKS:
        found.append(Finding(check.__name__[1:], *check(subject)))
        if found[0].verdict == "wrong":  # the others ask for the outputs that the type says
            break
    wrong = [str(f) for f in found if f.verdict == "wrong"]
    if wrong:
        raise AssertionError(f"`{box!r}` on {show_object(subject.wires)}:\n  " + "\n  ".join(wrong))
    return found


def _sized(wires: Object) -> Object:
    """A type with a small number for each free size."""
    names = sorted(frozenset().union(*(w.symbols for w in wires)))
    sizes = {name: Dim.const(SIZES[i % len(SIZES)]) for i, name in enumerate(names)}
    made = []
    for wire in wires:
        axes = [_sized_axis(a, sizes) if isinstance(a, Axis) else a for a in wire.axes]
        size = wire.kind.size
        made.append(Wire(wire.kind if size is None else Kind(wire.kind.name, size.subst(sizes)), tuple(axes)))
    return tuple(made)


def _sized_axis(axis: Axis, sizes: dict[str, Dim]) -> Axis:
    return Axis(axis.size.subst(sizes), None, axis.space and axis.space.subst(sizes))


class _Subject:
    """The box on inputs of known sizes: its node, its module in float64, random inputs, and runs."""

    def __init__(self, diagram: terms.Diagram, wires: Object, seed: int) -> None:
        if not isinstance(diagram, terms.Leaf):
            raise TypeError(f"one box is checked at a time, and `{diagram!r}` is more")
        self.diagram = diagram
        self.wires = wires
        self.seed = seed
        self.graph: Graph = terms.Labelled("it", diagram).typed(show_object(wires))
        self.node: Node = self.graph.nodes[0]

    @cached_property
    def module(self) -> nn.Module:
        """The compiled box, in float64."""
        import torch

        torch.manual_seed(self.seed)
        made: nn.Module = terms.Labelled("it", self.diagram).compile(on=show_object(self.wires)).double()
        return made

    @property
    def batches(self) -> list[tuple[int, ...]]:
        """Batch axes that the box takes, none if it may be."""
        least, most = self.graph.batch_needed, self.graph.batch_axes
        return [BATCH[:n] for n in range(least, 1 + max(least, 2 if most is None else min(2, most)))]

    def inputs(self, batch: Sequence[int], more: int = 0) -> list[Tensor]:
        """Random inputs; reals are positive, so that logarithms and roots of them exist."""
        import torch

        draw = torch.Generator().manual_seed(self.seed + 1 + more)
        return [_random(wire, batch, draw) for wire in self.wires]

    def run(self, inputs: Sequence[Tensor], training: bool = False, seed: int = 0) -> list[Tensor]:
        """The outputs."""
        import torch

        torch.manual_seed(seed)
        found = self.module.train(training)(*inputs)
        return [found] if not isinstance(found, tuple) else list(found)


def _value(size: Dim) -> int:
    """A size as a number: all are known here."""
    assert size.value is not None, size
    return size.value


def _shape(wire: Wire) -> tuple[int, ...]:
    return tuple(_value(a.size) for a in wire.axes if isinstance(a, Axis))


def _random(wire: Wire, batch: Sequence[int], draw: Any) -> Tensor:
    import torch

    shape = (*batch, *_shape(wire))
    if wire.kind.name == "R":
        return torch.rand(shape, generator=draw, dtype=torch.float64) + 0.1
    if wire.kind.name == "C":
        return torch.randn(shape, generator=draw, dtype=torch.complex128)
    if wire.kind.name == "Bool":
        return torch.rand(shape, generator=draw) > 0.3
    return torch.randint(_value(wire.kind.size) if wire.kind.size is not None else 3, shape, generator=draw)


# -- the checks: each says its verdict, and why ----------------------------------------------------------------------

Verdict = tuple[Literal["tested", "wrong", "not tested"], str]


def _type(it: _Subject) -> Verdict:
    for batch in it.batches:
        found = it.run(it.inputs(batch), training=it.node.box.effect == "pure")
        if len(found) != len(it.node.cod):
            return "wrong", f"the code gives {len(found)} outputs, the type has {len(it.node.cod)}"
        site = Site(it.node.dom, it.node.cod, ["x"] * len(it.wires), "", lambda what: what)
        site.batched = [True] * len(it.wires)
        front = batch if it.node.box.gives_batch(site) else ()
        for tensor, wire in zip(found, it.node.cod, strict=True):
            shape = (*front, *_shape(wire))
            if tuple(tensor.shape) != shape or not _is_of(tensor, wire.kind):
                came = f"a {str(tensor.dtype).removeprefix('torch.')} tensor of shape {tuple(tensor.shape)}"
                return "wrong", f"`{wire}` with batch axes {batch} should be {shape}, the code gives {came}"
    return "tested", f"batch axes: {', '.join(map(str, it.batches))}"


def _is_of(tensor: Tensor, kind: Kind) -> bool:
    import torch

    if kind.name in ("R", "C"):
        return tensor.is_complex() if kind.name == "C" else tensor.is_floating_point()
    if kind.name == "Bool":
        return tensor.dtype == torch.bool
    whole = not tensor.is_floating_point() and not tensor.is_complex() and tensor.dtype != torch.bool
    if kind.size is None or not tensor.numel() or not whole:
        return whole
    return int(tensor.min()) >= 0 and int(tensor.max()) < _value(kind.size)


def _parameters(it: _Subject) -> Verdict:
    if it.node.graphs:
        return "not tested", "the parameters are those of the nets inside"
    said = it.node.box.parameters(it.node.dom, it.node.cod)
    ours = {f"it.{k}".rstrip("."): tuple(d.value for d in v) for k, v in said.items()}
    theirs = {k: tuple(p.shape) for k, p in it.module.named_parameters()}
    if ours != theirs:
        return "wrong", f"`parameters` says {ours}, the module has {theirs}"
    return "tested", f"{len(theirs)} in the module" if theirs else "there are none"


def _flops(it: _Subject) -> Verdict:
    from torch.utils.flop_counter import FlopCounterMode

    from catnet.diagrams.costs import Costs

    inputs = it.inputs((1,) * it.graph.batch_needed)
    with FlopCounterMode(display=False) as counter:
        outputs = it.run(inputs)
    ours, counted = Costs().node_flops(it.node).value, counter.get_total_flops()
    if counted == 0:
        return "not tested", "PyTorch counts none here"
    entries = sum(t.numel() for t in (*inputs, *outputs))
    if ours is None or not counted <= ours <= counted + 20 * entries:
        return "wrong", f"`flops` says {ours}, PyTorch counts {counted}"
    return "tested", f"{ours}, PyTorch counts {counted}"


def _effect(it: _Subject) -> Verdict:
    import torch

    effect = it.node.box.effect
    if effect == "stateful" or (effect == "pure" and it.node.fresh and it.node.graphs):
        return "not tested", "a box with an effect, or nets inside, may do anything"
    x = it.inputs(it.batches[-1])
    before = {k: v.clone() for k, v in it.module.named_buffers()}
    runs = [it.run(x, training=True, seed=seed) for seed in ((1, 2) if effect == "pure" else (1, 1))]
    if not all(torch.equal(a, b) for a, b in zip(*runs, strict=True)):
        return "wrong", f'`effect` is "{effect}", but two runs in training differ'
    if not all(torch.equal(v, before[k]) for k, v in it.module.named_buffers()):
        return "wrong", f'`effect` is "{effect}", but a run in training changes a buffer'
    return "tested", "two runs in training"


def _map_kind(it: _Subject) -> Verdict:
    kind = it.node.box.map_kind
    if kind not in ("linear", "affine", "piecewise linear"):
        return "not tested", f'"{kind}" promises nothing that numbers show'
    import torch

    real = [wire.kind.name in ("R", "C") for wire in it.wires]
    batch = it.batches[-1]
    x, y = it.inputs(batch), it.inputs(batch, more=1)

    def mix(a: float, b: float) -> list[Tensor]:
        return [a * p + b * q if r else p for p, q, r in zip(x, y, real, strict=True)]

    if kind == "piecewise linear":  # near a random point: no corner is likely so close
        step = 1e-6
        points = [mix(1 + step, -step), mix(1 - step, step), x]
        factors = (1.0, 1.0, -2.0)
    else:
        a, b = (0.7, -1.9) if kind == "linear" else (0.7, 0.3)
        points, factors = [mix(a, b), x, mix(0, 1)], (1.0, -a, -b)
    with torch.no_grad():
        runs = [it.run(p) for p in points]
    for outputs in zip(*runs, strict=True):
        if not outputs[0].is_floating_point() and not outputs[0].is_complex():
            continue
        gap = sum(f * t for f, t in zip(factors, outputs, strict=True))
        assert not isinstance(gap, int)
        size = sum(abs(f) * float(t.norm()) for f, t in zip(factors, outputs, strict=True))
        if float(gap.norm()) > CLOSE * size:
            off = f"{float(gap.norm()) / size:.1e} (relative)"
            return "wrong", f'`map_kind` is "{kind}", but the outputs are off by {off}'
    return "tested", f"{kind}, to {CLOSE:g}"


def _transpose(it: _Subject) -> Verdict:
    box = it.node.box
    if not box.dagger_signature:
        return "not tested", "it has none"
    if any(w.kind.name != "R" for w in (*it.wires, *it.node.cod)):
        return "not tested", "not all wires are real"
    import torch

    shared = terms.Shared("it", it.diagram)
    both = terms.Tensor((terms.Use(shared), terms.Use(shared, True)))
    torch.manual_seed(it.seed)
    module = both.compile(on=show_object((*it.wires, *it.node.cod))).double().eval()
    (x,), batch = it.inputs(it.batches[-1]), it.batches[-1]
    y = _random(it.node.cod[0], batch, torch.Generator().manual_seed(it.seed + 9))
    with torch.no_grad():
        fx, fy = module(x, y)
        start, _ = module(torch.zeros_like(x), y)
    one, two = float(((fx - start) * y).sum()), float((x * fy).sum())
    if abs(one - two) > CLOSE * (abs(one) + abs(two)):
        return "wrong", f"(f x, y) is {one:.6g}, (x, transpose(f) y) is {two:.6g}"
    return "tested", "(f x, y) == (x, transpose(f) y)"


def _inverse(it: _Subject) -> Verdict:
    box = None if it.node.graphs else it.node.box.inverse(it.node.dom)
    if box is None:
        return "not tested", "it has none"
    import torch

    there_and_back = terms.Then((it.diagram, terms.Leaf(box)))
    x = it.inputs(it.batches[-1])
    try:
        module = there_and_back.compile(on=show_object(it.wires)).double().eval()
    except CatnetError as error:
        return "not tested", error.diagnostics[0].message
    found = module(*x)
    for a, b in zip(x, found if isinstance(found, tuple) else (found,), strict=True):
        if a.shape != b.shape or not torch.allclose(a.to(b.dtype), b, rtol=CLOSE, atol=CLOSE):
            return "wrong", "f and then its inverse is not the identity"
    return "tested", "f >> f ^ -1 == id"


def _kept(it: _Subject) -> Verdict:
    import torch

    from catnet.analysis.known import Known
    from catnet.analysis.memory import Memory

    batch = it.batches[-1][:1]
    memory = Memory(True, Dim.const(batch[0] if batch else 1), 8, Known())
    said = memory.whole(it.graph, True).figures.kept.value
    if memory.unknown:
        return "not tested", "`catnet cost` cannot follow its code, and says so: define `kept`"
    x = [t.requires_grad_() if t.is_floating_point() else t for t in it.inputs(batch)]
    outside = {t.untyped_storage().data_ptr() for t in (*x, *it.module.parameters(), *it.module.buffers())}
    sizes: dict[int, int] = {}
    held: list[Any] = []

    def pack(tensor: Tensor) -> Tensor:
        held.append(tensor)  # so that no other tensor gets its place
        if tensor.untyped_storage().data_ptr() not in outside:
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        held.append(it.run(x, training=True))
    if said != sum(sizes.values()):
        return "wrong", f"cost says {said} bytes, autograd keeps {sum(sizes.values())} (float64)"
    return "tested", f"{said} bytes"


_CHECKS: tuple[Callable[[_Subject], Verdict], ...] = (
    _type,
    _parameters,
    _flops,
    _effect,
    _map_kind,
    _transpose,
    _inverse,
    _kept,
)
