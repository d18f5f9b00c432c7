"""Tensors without entries: sizes, strides and storages as polynomials, for what a forward pass keeps and holds.

The code of a box runs on sketches as it would on tensors (`catnet.analysis.operations`). A `Tape` notes what was
allocated and used, hence how much is alive at once, and what autograd keeps for backward. Views share storages, as
in PyTorch: only where strides do not allow a view is anything copied. A batch axis stands in front; an axis pack
(`...s`) counts as one axis of size 1, as it does in FLOPs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self

from catnet.types.dims import Dim

ZERO, ONE = Dim.const(0), Dim.const(1)
MOST_MAXIMA = 12
Shape = tuple[Dim, ...]


class Unknown(Exception):
    """Something whose memory cannot be told."""


@dataclass(eq=False, slots=True)
class Storage:
    """A piece of memory. `outside`: an input of what is looked at. `lasting`: a parameter, a buffer; never counted."""

    size: Dim
    outside: bool = False
    lasting: bool = False


@dataclass(slots=True)
class Event:
    """One operation: what it reads, what it allocates, and how much more than that is alive meanwhile."""

    uses: tuple[Storage, ...]
    makes: tuple[Storage, ...]
    within: tuple[Dim, ...] = ()  # the greatest of these is alive at once, what it makes included


@dataclass
class Tape:
    """What happened in a forward pass, in training (with gradients) or in evaluation (without)."""

    training: bool
    cls: type[Any]
    real: int = 4
    known: Callable[[Dim], Dim] = lambda dim: dim
    events: list[Event] = field(default_factory=list)
    kept: dict[Storage, None] = field(default_factory=dict)
    touched: dict[Storage, None] = field(default_factory=dict)  # what one node keeps, whether another does or not
    wanted: tuple[Shape, ...] = ()  # the shapes of the outputs of the box that is running
    held: list[Any] = field(default_factory=list)  # tensors in local variables, to the end
    loop: tuple[int, Dim] = (0, ZERO)  # how many turns are run, of how many

    def bytes(self, kind: str) -> int:
        """The size of an entry."""
        return {"R": self.real, "C": 2 * self.real, "Bool": 1, "Byte": 1}.get(kind, 8)

    def fresh(
        self,
        shape: Sequence[Dim | int],
        uses: Iterable[Sketch] = (),
        kind: str = "R",
        strides: Shape | None = None,
        grad: bool | None = None,
    ) -> Any:
        """A new tensor, dense; it needs a gradient if it is real and one of those that it is made of does."""
        sizes = tuple(s if isinstance(s, Dim) else Dim.const(s) for s in shape)
        uses = tuple(uses)
        storage = Storage(self.known(product(sizes)) * self.bytes(kind))
        self.events.append(Event(tuple(u.storage for u in uses), (storage,)))
        needs = kind in "RC" and any(u.grad for u in uses) if grad is None else grad
        return self.cls(self, sizes, strides or dense(sizes), storage, needs, kind)

    def use(self, sketches: Iterable[Sketch]) -> None:
        """These are alive until now."""
        self.events.append(Event(tuple(s.storage for s in sketches), ()))

    def lasting(self, shape: Sequence[Dim], grad: bool) -> Any:
        """A parameter, or a buffer."""
        size = product(shape) * self.real
        return self.cls(self, tuple(shape), dense(tuple(shape)), Storage(size, True, True), grad and self.training)

    def keep(self, result: Sketch, *saved: Sketch) -> None:
        """Autograd keeps these for the gradient of a result that needs one."""
        if result.grad and self.training:
            new = {s.storage: None for s in saved if not s.storage.lasting}
            self.kept.update(new)
            self.touched.update(new)

    def same(self, a: Dim, b: Dim) -> bool:
        """Whether two sizes are equal, as far as is known."""
        return a == b or self.known(a) == self.known(b)


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """A tensor without entries; its operations are in `operations`."""

    tape: Tape
    shape: Shape
    strides: Shape
    storage: Storage
    grad: bool = False
    kind: str = "R"

    def alias(self, shape: Sequence[Dim], strides: Sequence[Dim]) -> Self:
        """The same storage, looked at in another way."""
        return type(self)(self.tape, tuple(shape), tuple(strides), self.storage, self.grad, self.kind)


def product(sizes: Iterable[Dim]) -> Dim:
    """The product of sizes."""
    total = ONE
    for size in sizes:
        total = total * size
    return total


@lru_cache(maxsize=4096)
def dense(shape: Shape) -> Shape:
    """The strides of a contiguous tensor."""
    strides: list[Dim] = []
    step = ONE
    for size in reversed(shape):
        strides.append(step)
        step = step * size
    return tuple(reversed(strides))


@lru_cache(maxsize=65536)
def magnitude(dim: Dim) -> int:
    """A number by which strides are put in order: the value where every name is 64."""
    return dim.value if dim.value is not None else dim.evaluate(dict.fromkeys(dim.symbols, 64))


def like(shape: Shape, models: Sequence[Sketch]) -> Shape:
    """The strides of a new tensor that is computed entry by entry from others: the order of their axes is kept."""
    contiguous = dense(shape)
    if all(m.strides == contiguous for m in models if len(m.shape) == len(shape)):
        return contiguous
    spread = [_spread(m, len(shape)) for m in models]
    order = list(reversed(range(len(shape))))  # fastest first
    for i in range(1, len(order)):
        at = i
        for j in reversed(range(i)):
            swap = _swapped(order[j], order[at], shape, spread)
            if swap > 0:
                order[j], order[at], at = order[at], order[j], j
            elif swap < 0:
                break
    strides, step = [ONE] * len(shape), ONE
    for axis in order:
        strides[axis] = step
        step = step * shape[axis]
    return tuple(strides)


def _spread(model: Sketch, axes: int) -> list[int]:
    """Strides as numbers, 0 where an axis is missing or has one entry."""
    own = [0 if n == ONE else magnitude(s) for n, s in zip(model.shape, model.strides, strict=True)]
    return [0] * (axes - len(own)) + own


def _swapped(a: int, b: int, shape: Shape, models: list[list[int]]) -> int:
    """1 if axis a is slower than axis b, -1 if it is faster, 0 if nothing says (as PyTorch's TensorIterator)."""
    for strides in models:
        if strides[a] and strides[b]:
            if strides[a] != strides[b]:
                return 1 if strides[a] > strides[b] else -1
            if magnitude(shape[a]) > magnitude(shape[b]):
                return 1
    return 0


def merged(sketch: Sketch, first: int, last: int) -> Dim | None:
    """The stride of axes `first` to `last` seen as one; None where they are not evenly spaced."""
    tape, stride = sketch.tape, ONE
    below: Dim | None = None
    axes = list(zip(sketch.shape, sketch.strides, strict=True))[first : last + 1]
    for size, step in reversed(axes):
        if size == ONE:
            continue
        if below is None:
            stride = step
        elif not tape.same(step, below):
            return None
        below = step * size
    return stride


def positive(dim: Dim) -> bool:
    """Whether a polynomial is at least 0 for all positive names, as far as its coefficients say."""
    if all(c >= 0 for c in dim.coefficients.values()):
        return True
    shifted = dim.subst({name: Dim.sym(name) + 1 for name in dim.symbols})
    return all(c >= 0 for c in shifted.coefficients.values())


def maxima(dims: Iterable[Dim]) -> tuple[Dim, ...]:
    """Those that no other one is known to be at least as great as."""
    numbers = 0
    found: list[Dim] = []
    for dim in dims:
        if dim.value is not None:
            numbers = max(numbers, dim.value)
        elif not any(dim == other or positive(other - dim) for other in found):
            found = [other for other in found if not positive(dim - other)] + [dim]
    least = Dim.const(numbers)
    if numbers and not any(positive(other - least) for other in found):
        found.append(least)
    return tuple(found[-MOST_MAXIMA:]) or (ZERO,)


def peak(events: Sequence[Event], results: Iterable[Storage]) -> tuple[Dim, ...]:
    """How much of what the events allocate is alive at once: the greatest of these sizes."""
    last: dict[Storage, int] = {}
    for index, event in enumerate(events):
        last.update(dict.fromkeys((*event.uses, *event.makes), index))
    last.update(dict.fromkeys(results, len(events)))
    ends: dict[int, list[Storage]] = {}
    for storage, index in last.items():
        ends.setdefault(index, []).append(storage)
    mine = {s for event in events for s in event.makes}
    live, found = ZERO, [ZERO]
    for index, event in enumerate(events):
        made = live
        for storage in event.makes:
            made = made + storage.size
        found += [live + size for size in event.within] or [made]
        live = made
        for storage in ends.get(index, ()):
            if storage in mine:
                live = live - storage.size
        if len(found) > 64:
            found = list(maxima(found))
    return maxima(found)
