"""Pipeline stages: a diagram cut into diagrams that follow each other, balanced by their FLOPs and what is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NoReturn

from catnet.diagnostics import fail
from catnet.diagrams.box import elements
from catnet.diagrams.graph import Graph
from catnet.diagrams.terms import Diagram
from catnet.parallel.balance import balanced
from catnet.parallel.spine import Spine, owners
from catnet.torch import compile_diagram, source
from catnet.types.dims import Dim
from catnet.types.wires import Wire

if TYPE_CHECKING:
    from torch import nn

ASSUMED = 1024
"""What a size that is left open is taken for, when stages are compared."""

_BYTES = {"R": 4, "C": 8, "Bool": 1}  # of an entry; whole numbers have 8


@dataclass(frozen=True)
class Stage:
    """A piece of a diagram that one rank runs: `index` of `count`, its first and last part, its type.

    `flops` are those of one forward pass of a batch, `sends` the bytes (in float32) that go on to the next stage.
    """

    index: int
    count: int
    first: str
    last: str
    flops: Dim
    sends: Dim
    graph: Graph = field(repr=False, compare=False)
    whole: Diagram = field(repr=False, compare=False)
    on: str | None = field(repr=False, compare=False)

    @property
    def type(self) -> str:
        """`R[t, 64] -> R[t, 64]`."""
        return self.graph.type

    def source(self, allow: Iterable[str] = ()) -> str:
        """The Python source of its module, in which the weights have the names of the whole. Raises as
        `Diagram.source` does."""
        return source(self.whole, allow, self.on, lambda _: self.graph)

    def compile(self, allow: Iterable[str] = ()) -> nn.Module:
        """Its module, made in memory; `allow` is that of `Diagram.compile`."""
        return compile_diagram(self.whole, allow, self.on, lambda _: self.graph)


def stages(
    whole: Diagram, on: str | None, spine: Spine, count: int, batch: int, sizes: Mapping[str, int]
) -> tuple[Stage, ...]:
    """Cut a module into stages. Raises `CatnetError` (E0903) where there are fewer places for cuts."""
    allowed, shared = cuts(spine)
    given = _Sizes(sizes)
    work = [given(piece.flops) for piece in spine.pieces]
    sent = {cut: sum(given(bytes_of(spine.wires[v])) for v in values) for cut, values in allowed.items()}
    chosen = balanced(work, sent, count)
    if chosen is None:
        _too_many(spine, count, len(allowed) + 1, shared)
    ends = [0, *chosen, len(spine.pieces)]
    made = []
    for index, (start, stop) in enumerate(pairwise(ends)):
        pieces = spine.pieces[start:stop]
        flops = sum((piece.flops for piece in pieces), Dim.const(0)) * batch
        sends = sum((bytes_of(spine.wires[v]) for v in allowed.get(stop, ())), Dim.const(0)) * batch
        graph = spine.graph(start, stop, f"{spine.whole.name}_{index}")
        first, last = (piece.path for piece in (pieces[0], pieces[-1]))
        made.append(Stage(index, count, first, last, flops, sends, graph, whole, on))
    return tuple(made)


class _Sizes:
    """Numbers for sizes: those that are given, and `ASSUMED` for the others."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes

    def __call__(self, dim: Dim) -> int:
        return dim.evaluate({name: self.sizes.get(name, ASSUMED) for name in dim.symbols})


def cuts(spine: Spine) -> tuple[dict[int, tuple[int, ...]], set[str]]:
    """The places where a module may be cut with the values that cross each, and the shared morphisms that forbid cuts.

    Only values with batch axes may cross: a schedule sends one part of a batch after another. All uses of one shared
    morphism are on one side: its weights are in one stage.
    """
    last: dict[int, int] = {}
    ends: dict[int, int] = {}
    for index, piece in enumerate(spine.pieces):
        last.update(dict.fromkeys(piece.inputs, index))
        ends.update(dict.fromkeys(owners([piece]), index))
    last.update(dict.fromkeys(spine.outputs, len(spine.pieces)))
    live = {v for v in spine.inputs if v in last}
    open_until, allowed, shared = 0, {}, set()
    for cut, piece in enumerate(spine.pieces[:-1], start=1):
        live = {v for v in (*live, *piece.outputs) if last.get(v, 0) >= cut}
        own = owners([piece])
        open_until = max([open_until, *(ends[o] for o in own)])
        if open_until >= cut:
            shared |= {piece.path} if own else set()
        elif all(spine.batched[v] for v in live):
            allowed[cut] = tuple(sorted(live))
    return allowed, shared


def _too_many(spine: Spine, count: int, most: int, shared: Iterable[str]) -> NoReturn:
    named = " and ".join(f"`{path}`" for path in sorted(shared))
    why = f"; the weights of {named} are used on both sides of all other cuts" if named else ""
    fail(
        "E0903",
        f"`{spine.whole.name}` cannot be cut into {count} stages: it has places for {most} at most{why}",
        spine.whole.span,
        help="ask for fewer stages" + (", or give each place weights of its own" if named else ""),
    )


def bytes_of(wire: Wire) -> Dim:
    """The bytes of one sample of a wire, with reals in float32."""
    return elements(wire) * _BYTES.get(wire.kind.name, 8)


def open_sizes(made: Iterable[Stage], sizes: Mapping[str, int]) -> Iterator[str]:
    """The sizes that were taken for `ASSUMED`."""
    dims = [dim for stage in made for dim in (stage.flops, stage.sends)]
    yield from sorted({name for dim in dims for name in dim.symbols} - sizes.keys())
