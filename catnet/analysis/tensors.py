"""The methods of tensors, on sketches: what they allocate, what they share, what autograd keeps."""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import Any, Self

from catnet.analysis.sketch import ONE, ZERO, Shape, Sketch, dense, like, merged, product
from catnet.types.dims import Dim

Size = Dim | int
KINDS = ("Byte", "Bool", "Z", "Fin", "R", "C")  # a sum is of the later of two


def dim(value: Size) -> Dim:
    """A size as a dimension."""
    return value if isinstance(value, Dim) else Dim.const(value)


def entrywise(models: Sequence[Sketch], kind: str = "R", keeps: str = "") -> Tensor:
    """A new tensor, entry by entry from others; `keeps` has "x" where they are kept, "y" where the result is."""
    shape = broadcast(models)
    result: Tensor = models[0].tape.fresh(shape, models, kind, like(shape, models))
    result.tape.keep(result, *(models if "x" in keeps else ()), *((result,) if "y" in keeps else ()))
    return result


def broadcast(models: Sequence[Sketch]) -> Shape:
    """The shape of what is computed entry by entry."""
    count = max(len(m.shape) for m in models)
    found = [ONE] * count
    for model in models:
        for at, size in enumerate(model.shape, start=count - len(model.shape)):
            found[at] = size if found[at] == ONE else found[at]
    return tuple(found)


class Views(Sketch):
    """What shares a storage."""

    __slots__ = ()

    def dim(self) -> int:
        return len(self.shape)

    @property
    def device(self) -> None:
        return None

    @property
    def dtype(self) -> str:
        return self.kind

    def _at(self, axis: int, count: int | None = None) -> int:
        return axis % (len(self.shape) if count is None else count)

    def _sized(self, axis: int, size: Size) -> Self:
        at = self._at(axis)
        return self.alias((*self.shape[:at], dim(size), *self.shape[at + 1 :]), self.strides)

    def permuted(self, order: Sequence[int]) -> Self:
        return self.alias([self.shape[i] for i in order], [self.strides[i] for i in order])

    def transpose(self, a: int, b: int) -> Self:
        order = list(range(len(self.shape)))
        a, b = self._at(a), self._at(b)
        order[a], order[b] = b, a
        return self.permuted(order)

    def t(self) -> Self:
        return self.transpose(0, 1)

    def movedim(self, source: int | tuple[int, ...], target: int | tuple[int, ...]) -> Self:
        sources = (source,) if isinstance(source, int) else source
        targets = (target,) if isinstance(target, int) else target
        places = {self._at(t): self._at(s) for s, t in zip(sources, targets, strict=True)}
        rest = iter([i for i in range(len(self.shape)) if i not in places.values()])
        return self.permuted([places[i] if i in places else next(rest) for i in range(len(self.shape))])

    def unsqueeze(self, axis: int) -> Self:
        at = self._at(axis, len(self.shape) + 1)
        step = self.shape[at] * self.strides[at] if at < len(self.shape) else ONE
        return self.alias((*self.shape[:at], ONE, *self.shape[at:]), (*self.strides[:at], step, *self.strides[at:]))

    def squeeze(self, axis: int) -> Self:
        at = self._at(axis)
        if self.shape[at] != ONE:
            return self
        return self.alias((*self.shape[:at], *self.shape[at + 1 :]), (*self.strides[:at], *self.strides[at + 1 :]))

    def unflatten(self, axis: int, sizes: Sequence[Size]) -> Self:
        at = self._at(axis)
        parts = self._filled(self.shape[at], sizes)
        steps, step = [], self.strides[at]
        for size in reversed(parts):
            steps.append(step)
            step = step * size
        shape = (*self.shape[:at], *parts, *self.shape[at + 1 :])
        return self.alias(shape, (*self.strides[:at], *reversed(steps), *self.strides[at + 1 :]))

    def _filled(self, total: Dim, sizes: Sequence[Size]) -> list[Dim]:
        """The sizes, with the one that is left open (-1) worked out."""
        parts = [dim(s) for s in sizes]
        if Dim.const(-1) in parts:
            rest = product(p for p in parts if p.value != -1)
            parts[parts.index(Dim.const(-1))] = self.tape.known(total // rest)
        return parts

    def flatten(self, first: int = 0, last: int = -1) -> Self:
        a, b = self._at(first), self._at(last)
        size = self.tape.known(product(self.shape[a : b + 1]))
        step = merged(self, a, b)
        shape = (*self.shape[:a], size, *self.shape[b + 1 :])
        if step is None:
            return self.contiguous().alias(shape, dense(shape))
        return self.alias(shape, (*self.strides[:a], step, *self.strides[b + 1 :]))

    def contiguous(self) -> Self:
        if self.is_contiguous():
            return self
        return self.tape.fresh(self.shape, (self,), self.kind)

    def is_contiguous(self) -> bool:
        wanted = dense(self.shape)
        pairs = zip(self.shape, self.strides, wanted, strict=True)
        return all(size == ONE or self.tape.same(a, b) for size, a, b in pairs)

    def reshape(self, *sizes: Any) -> Self:
        given = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple) else sizes
        shape = tuple(self._filled(product(self.shape), given))
        if shape == self.shape:
            return self
        strides = self._regrouped(shape)
        if strides is None:
            return self.contiguous().alias(shape, dense(shape))
        return self.alias(shape, strides)

    view = reshape

    def _regrouped(self, shape: Shape) -> Shape | None:
        """The strides of a view of another shape, None where it must be a copy."""
        if self.is_contiguous():
            return dense(shape)
        kept = [i for i, n in enumerate(self.shape) if n != ONE]
        own = self.permuted(kept)
        steps: list[Dim] = []
        at = 0
        for size in shape:
            have, stop = ONE, at
            while size != ONE and stop < len(kept) and not self.tape.same(have, size):
                have, stop = have * own.shape[stop], stop + 1
            step = merged(own, at, stop - 1) if stop > at else ONE
            if step is None or not self.tape.same(have, size):
                return None
            steps.append(step)
            at = stop
        return tuple(steps)

    def expand(self, *sizes: Any) -> Self:
        given = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple) else sizes
        new = len(given) - len(self.shape)
        shape, strides = [dim(s) for s in given], [ZERO] * new + list(self.strides)
        for at, size in enumerate(self.shape, start=new):
            if shape[at].value == -1 or size != ONE:
                shape[at] = size
            elif shape[at] != ONE:
                strides[at] = ZERO
        return self.alias(shape, strides)

    def expand_as(self, other: Sketch) -> Self:
        return self.expand(other.shape)

    def narrow(self, axis: int, start: Size, size: Size) -> Self:
        return self._sized(axis, size)

    def chunk(self, parts: int, dim: int = 0) -> tuple[Self, ...]:
        size = self.tape.known(self.shape[self._at(dim)] // parts)
        return tuple(self._sized(dim, size) for _ in range(int(str(parts))))

    def split(self, sizes: Sequence[Size], dim: int = 0) -> tuple[Self, ...]:
        return tuple(self._sized(dim, size) for size in sizes)

    def select(self, axis: int) -> Self:
        at = self._at(axis)
        return self.alias((*self.shape[:at], *self.shape[at + 1 :]), (*self.strides[:at], *self.strides[at + 1 :]))

    def unbind(self, axis: int) -> list[Self]:
        """One view for each entry; of a loop that is not run to its end, only for the turns that are."""
        size, (turns, count) = self.shape[self._at(axis)], self.tape.loop
        times = turns if turns and size == count else size.value
        return [self.select(axis) for _ in range(times or 0)]

    def __iter__(self) -> Any:
        return iter(self.unbind(0))

    def __getitem__(self, where: Any) -> Self:
        parts = where if isinstance(where, tuple) else (where,)
        named = sum(not isinstance(p, EllipsisType) and p is not None for p in parts)
        result, at = self, 0
        for part in parts:
            if isinstance(part, EllipsisType):
                at += len(self.shape) - named
            elif part is None:
                result, at = result.unsqueeze(at), at + 1
            elif isinstance(part, slice):
                result, at = result._sliced(at, part), at + 1
            else:
                result = result.select(at)
        return result

    def _sliced(self, at: int, part: slice) -> Self:
        if part.step is not None:
            shape, strides = list(self.shape), list(self.strides)
            shape[at] = self.tape.known((shape[at] + part.step - 1) // part.step)
            strides[at] = strides[at] * part.step
            return self.alias(shape, strides)
        stop = self.shape[at] if part.stop is None else dim(part.stop)
        return self._sized(at, self.tape.known(stop - (part.start or 0)))


class Tensor(Views):
    """What allocates."""

    __slots__ = ()
    __hash__ = object.__hash__

    def _two(self, other: Any, kind: str = "") -> Tensor:
        pair = [self, other] if isinstance(other, Sketch) else [self]
        return entrywise(pair, kind or max((p.kind for p in pair), key=KINDS.index))

    def __add__(self, other: Any) -> Tensor:
        return self._two(other)

    __radd__ = __sub__ = __rsub__ = __add__

    def __neg__(self) -> Tensor:
        return entrywise([self], self.kind)

    def abs(self) -> Tensor:
        return entrywise([self], self.kind, "x")

    def __mul__(self, other: Any) -> Tensor:
        result = self._two(other)
        if isinstance(other, Sketch):
            self.tape.keep(result, *([self] if other.grad else []), *([other] if self.grad else []))
        return result

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Tensor:
        result = entrywise([self, other] if isinstance(other, Sketch) else [self])
        if isinstance(other, Sketch):
            self.tape.keep(result, other, *([self] if other.grad else []))
        return result

    def __rtruediv__(self, other: Any) -> Tensor:
        return entrywise([self], keeps="y") * other

    def __pow__(self, other: Any) -> Tensor:
        return entrywise([self], keeps="x")

    def __rpow__(self, other: Any) -> Tensor:
        return entrywise([self], keeps="y")

    def _truth(self, other: Any) -> Tensor:
        return self._two(other, "Bool")

    __lt__ = __le__ = __gt__ = __ge__ = __and__ = __or__ = __xor__ = __eq__ = __ne__ = _truth  # type: ignore[assignment]

    def __invert__(self) -> Tensor:
        return entrywise([self], "Bool")

    def clamp(self, *bounds: Any, **named: Any) -> Tensor:
        return entrywise([self], self.kind, "x")

    def cos(self) -> Tensor:
        return entrywise([self], keeps="x")

    sin = cos

    def to(self, kind: str) -> Tensor:
        return self if kind == self.kind else entrywise([self], kind)

    def masked_fill(self, mask: Sketch, value: float) -> Tensor:
        result = entrywise([self, mask])
        self.tape.keep(result, mask)
        return result

    def triu(self, *_: Any) -> Tensor:
        return entrywise([self], self.kind)

    tril = triu

    def roll(self, shift: Size, axis: int) -> Tensor:
        return self.tape.fresh(self.shape, (self,), self.kind)

    def flip(self, axis: int) -> Tensor:
        return entrywise([self], self.kind)

    def repeat_interleave(self, times: Size, axis: int) -> Tensor:
        shape = list(self.shape)
        shape[self._at(axis)] = shape[self._at(axis)] * times
        return self.tape.fresh(shape, (self,), self.kind)

    def repeat(self, *times: int) -> Tensor:
        return self.tape.fresh([n * k for n, k in zip(self.shape, times, strict=True)], (self,), self.kind)

    def _reduced(self, axes: Any, keeps: str = "", kind: str = "R", keepdim: bool = False) -> Tensor:
        gone = {self._at(a) for a in ((axes,) if isinstance(axes, int) else axes)}
        shape = [ONE if i in gone else n for i, n in enumerate(self.shape) if keepdim or i not in gone]
        result: Tensor = self.tape.fresh(shape, (self,), kind)
        self.tape.keep(result, *((self,) if "x" in keeps else ()), *((result,) if "y" in keeps else ()))
        return result

    def sum(self, axes: Any = (), keepdim: bool = False) -> Tensor:
        return self._reduced(axes if axes != () else tuple(range(len(self.shape))), keepdim=keepdim)

    mean = sum

    def amax(self, axes: Any) -> Tensor:
        return self._reduced(axes, "xy")

    amin = amax

    def argmax(self, axis: int) -> Tensor:
        return self._reduced(axis, kind="Z")

    argmin = argmax

    def cumsum(self, axis: int) -> Tensor:
        return entrywise([self])

    def topk(self, count: Size, axis: int) -> tuple[Tensor, Tensor]:
        found = self._sized(axis, count)
        values, places = (self.tape.fresh(found.shape, (self,), kind) for kind in ("R", "Z"))
        self.tape.keep(values, places)
        return values, places

    def sort(self, *, dim: int, **_: Any) -> tuple[Tensor, Tensor]:
        return self.topk(self.shape[self._at(dim)], dim)

    def gather(self, axis: int, index: Sketch) -> Tensor:
        result = self.tape.fresh(index.shape, (self, index), self.kind)
        self.tape.keep(result, self, index)
        return result

    def index_select(self, axis: int, index: Sketch) -> Tensor:
        shape = list(self.shape)
        shape[self._at(axis)] = index.shape[0]
        result = self.tape.fresh(shape, (self, index), self.kind)
        self.tape.keep(result, index)
        return result

    def take_along_dim(self, index: Tensor, axis: int) -> Tensor:
        shape = list(broadcast([self, index]))
        shape[self._at(axis)] = index.shape[self._at(axis)]
        spread = self.tape.fresh(shape, (index,), index.kind)  # broadcast, and copied
        return self.gather(axis, spread)

    def new_empty(self, shape: Sequence[Size]) -> Tensor:
        return self.tape.fresh(shape, (), self.kind, grad=False)

    new_zeros = new_empty

    def new_full(self, shape: Sequence[Size], value: Any) -> Tensor:
        return self.new_empty(shape)

    def bernoulli_(self, *_: float) -> Tensor:
        return self

    div_ = uniform_ = bernoulli_

    def __matmul__(self, other: Tensor) -> Tensor:
        return matmul(self, other)


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Matrices, with axes of batch before them that agree or are missing from one side."""
    if len(b.shape) == 2 and len(a.shape) > 2:  # PyTorch folds the batch axes into the rows
        rows = a.reshape(-1, a.shape[-1])
        return product_of(rows, b, (*a.shape[:-1], b.shape[-1]))
    front = broadcast([a.select(-1).select(-1), b.select(-1).select(-1)])
    batch = product(front)
    left, right = (
        m.expand(*front, *m.shape[-2:]).reshape(batch, *m.shape[-2:]) if len(front) != 1 else m for m in (a, b)
    )
    return product_of(left, right, (*front, a.shape[-2], b.shape[-1]))


def product_of(a: Tensor, b: Tensor, shape: Shape) -> Tensor:
    """One call of the matrix product, on two matrices or stacks of them."""
    result: Tensor = a.tape.fresh(shape, (a, b))
    result.tape.keep(result, *([a] if b.grad else []), *([b] if a.grad else []))
    return result
