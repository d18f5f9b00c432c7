"""`catnet cost`: parameters, FLOPs, bytes kept for backward and peak live bytes, of each part and of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from catnet.analysis.memory import Bytes, Memory
from catnet.analysis.show import Parts, Row, footnotes, free_sizes, opened, table, wide_totals, worked_out
from catnet.diagrams import terms
from catnet.diagrams.graph import Graph, Node
from catnet.limits import large_work
from catnet.types.dims import Dim

HEADS = ("parameters", "FLOPs", "kept bytes", "peak bytes")
REAL = 4  # bytes of a real: float32


class CostParts(Parts):
    """The rows of `show` with the two figures of memory beside them; FLOPs are those of the batch."""

    def __init__(self, graph: Graph, batch: Dim, real: int) -> None:
        super().__init__(graph)
        self.batch = batch
        self.trains = Memory(True, batch, real, self.known)
        self.infers = Memory(False, batch, real, self.known)

    def of_graph(self, graph: Graph) -> tuple[Dim | str, ...]:
        own, flops = super().of_graph(graph)
        trains, infers = self.trains.graphs.get(id(graph)), self.infers.graphs.get(id(graph))
        if trains is None:  # the whole, which is asked for first
            trains, infers = self.trains.whole(graph).figures, self.infers.whole(graph).figures
        return own, self._times(flops), trains.kept, _greatest(infers)

    def of_node(self, node: Node) -> tuple[Dim | str, ...]:
        own, flops = super().of_node(node)
        trains, infers = self.trains.parts.get(id(node)), self.infers.parts.get(id(node))
        if trains is None or infers is None:  # it leaves no code
            return own, self._times(flops), Dim.const(0), Dim.const(0)
        return own, self._times(flops), trains.kept, _greatest(infers)

    def _times(self, flops: Dim | str) -> Dim | str:
        return flops if isinstance(flops, str) else flops * self.batch


def _greatest(found: Bytes | None) -> Dim:
    return Dim.max(*found.peak) if found is not None else Dim.const(0)


@dataclass(frozen=True)
class CostTable:
    """What a diagram costs. `whole` and each of `rows` have the figures of `HEADS`, in order."""

    name: str
    graph: Graph
    batch: Dim
    real: int
    rows: list[Row]
    whole: Row
    unknown: tuple[str, ...]  # parts that are written in Python
    unfollowed: tuple[str, ...]  # parts whose code cannot be followed: nothing is known of what they keep

    def text(self) -> str:
        """Aligned plain text, with footnotes that say what is counted."""
        lines = [f"{self.name} : {self.graph.type}" if self.name else self.graph.type, ""]
        lines += table([*self.rows, self.whole], HEADS)
        return "\n".join([*lines, "", *wide_totals(HEADS, self.whole), *self._notes()])

    def _notes(self) -> Iterator[str]:
        samples = "one sample" if self.batch.value == 1 else f"a batch of {self.batch}"
        yield f"All figures are for {samples}, with reals of {self.real} bytes. FLOPs: a multiply-add counts as 2."
        yield "Kept: what autograd keeps in training, on the CPU. A storage counts once in a row and once in the total;"
        yield "  a row counts its inputs too. Parameters, buffers and the inputs of the whole are not counted."
        yield "Peak: most that is alive at once in a forward pass without gradients, as the generated code holds it;"
        yield "  what operations allocate inside is not counted, nor are parameters, buffers and a part's own inputs."
        if self.unfollowed:
            yield f"Kept and peak bytes leave out what cannot be followed: {', '.join(self.unfollowed)}."
        yield from footnotes(self.graph, [*self.rows, self.whole], self.unknown)

    def json(self) -> dict[str, Any]:
        """The same as data: figures are integers where they are known, else polynomials as text."""
        return {
            "net": self.name,
            "type": self.graph.type,
            "batch": _plain(self.batch),
            "bytes_per_real": self.real,
            "free": free_sizes(self.graph, self.whole),
            "total": _named(self.whole),
            "parts": [
                {"depth": row.depth, "name": row.name, "from": row.dom, "to": row.cod, **_named(row)}
                for row in self.rows
            ],
            "not_counted": list(dict.fromkeys((*self.unknown, *self.unfollowed))),
        }


def _named(row: Row) -> dict[str, int | str]:
    heads = (head.replace(" ", "_").lower() for head in HEADS)
    return {head: _plain(figure) for head, figure in zip(heads, row.figures, strict=False)}


def _plain(figure: Dim | str) -> int | str:
    return figure.value if isinstance(figure, Dim) and figure.value is not None else str(figure)


@large_work()
def cost(diagram: terms.Diagram, batch: Dim | int = 1, real: int = REAL) -> CostTable:
    """What a diagram costs for a batch (a number, or a name as a `Dim`) and reals of so many bytes.

    Raises `CatnetError` where the diagram is wrong, and E0225 where a total outgrows what dimensions may be.
    """
    name, graph = opened(diagram.graph)
    size = batch if isinstance(batch, Dim) else Dim.const(batch)
    parts = CostParts(graph, size, real)
    rows, whole = worked_out(graph, parts)
    unfollowed = {**parts.trains.unknown, **parts.infers.unknown}
    return CostTable(name, graph, size, real, rows, whole, tuple(parts.unknown), tuple(unfollowed))
