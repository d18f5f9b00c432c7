"""How long a picture takes, and beside it DisCoPy (`pip install discopy`), Graphviz and torchview
(`pip install torchview`), each at the sizes that it reaches."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import subprocess
import tempfile
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.process import fresh, peak_memory
from benchmarks.report import Table, bar, seconds, times

BARS = {1_000: 0.2, 10_000: 2.0}  # seconds
MEMORY = 200_000_000  # bytes of the whole process, the diagram included
SHAPES = {
    "chain": "a chain, wrapped into rows",
    "residual": "residual blocks of four boxes, in sequence",
    "wide": "100 wires with chains on them",
    "parallel": "all boxes side by side",
    "nested": "nets of ten boxes in nets of ten, all drawn open",
}
PEERS = {
    "discopy": (30, 100),
    "graphviz": (100, 1_000, 3_000),
    "torchview": (100, 1_000),
}
TITLES = {
    "discopy": "DisCoPy: `draw` to SVG, by matplotlib",
    "graphviz": "Graphviz: `dot -Tsvg` of catnet's DOT text",
    "torchview": "torchview: traced on the meta device, drawn by `dot`",
}


def run(quick: bool = False) -> list[Table]:
    """Two tables: catnet by shape of the diagram, and residual blocks elsewhere."""
    sizes = (20, 100) if quick else tuple(BARS)
    runs = 1 if quick else 3
    return [_shapes(sizes, runs), _peers(quick, runs)]


def _shapes(sizes: tuple[int, ...], runs: int) -> Table:
    table = Table(
        "Pictures: catnet's SVG, folding off",
        ("shape", *(f"{size:,} boxes" for size in sizes), "growth", "peak memory", "bar"),
        note=f"CPU time of `draw_graph`, the least of {runs} fresh processes; the typed graph is made before.",
    )
    for name, title in list(SHAPES.items())[: 2 if sizes[0] < 1_000 else None]:
        found = [fresh("benchmarks.draw:catnet", name, size, runs=runs) for size in sizes]
        took = [figures["seconds"] for figures in found]
        memory = found[-1]["bytes"]
        met = all(t <= BARS.get(size, 2.0) for t, size in zip(took, sizes, strict=True)) and memory <= MEMORY
        table.rows.append(
            (
                title,
                *map(seconds, took),
                times(took[-1] / took[0]),
                f"{memory / 1e6:.0f} MB",
                bar("0.2 s, 2 s, 200 MB", met),
            )
        )
    return table


def _peers(quick: bool, runs: int) -> Table:
    table = Table(
        "Pictures elsewhere: residual blocks of four boxes",
        ("what", "boxes", "time", "catnet", "ratio"),
        note="CPU time from a diagram (torchview: a module) to SVG text, children included.",
    )
    for name, sizes in PEERS.items():
        if not _installed(name):
            table.rows.append((f"{TITLES[name]}: not installed", "", "", "", ""))
            continue
        for size in sizes[:1] if quick else sizes:
            own = fresh("benchmarks.draw:catnet", "residual", size, runs=runs)["seconds"]
            took = fresh(f"benchmarks.draw:{name}", size, runs=1)["seconds"]
            table.rows.append((TITLES[name], f"{size:,}", seconds(took), seconds(own), times(took / own)))
    return table


def _installed(name: str) -> bool:
    drawn_by_dot = name != "discopy" and shutil.which("dot") is None
    return not drawn_by_dot and (name == "graphviz" or importlib.util.find_spec(name) is not None)


# -- in a fresh process ------------------------------------------------------------------------------------------


def catnet(shape: str, count: int) -> dict[str, float]:
    """The picture of a graph of this shape, with everything open."""
    from catnet.draw import draw_graph

    draw_graph(_graph(shape, 20), depth=9)  # modules are loaded
    graph = _graph(shape, count)
    start = process_time()
    draw_graph(graph, depth=9)
    return {"seconds": process_time() - start, "bytes": peak_memory()}


def _graph(shape: str, count: int) -> Any:
    from catnet.diagrams.block import Block
    from catnet.diagrams.structural import Identity
    from catnet.diagrams.terms import Leaf, Sum, Tensor, Then
    from catnet.diagrams.typing import graph_of
    from catnet.types.wires import real

    def chain(start: int, length: int) -> Any:
        return Then(tuple(_linear(8 + (start + i) % 100) for i in range(length)))

    if shape == "residual":
        block = Sum(((1, Leaf(Identity())), (1, _linear(32) >> _relu() >> _linear(8))))
        return graph_of(Then((block,) * (count // 4)), [real(8)])
    if shape == "wide":
        wires = min(100, count // 2)
        return graph_of(Tensor(tuple(chain(i, count // wires) for i in range(wires))), [real(8)] * wires)
    if shape == "parallel":
        return graph_of(Tensor(tuple(_linear(8 + i % 100) for i in range(count))), [real(8)] * count)
    if shape == "nested":
        parts = [Leaf(Block(f"part {i}", chain(i, 10))) for i in range(max(1, count // 11))]
        outer = [Leaf(Block(f"part {i}", Then(tuple(parts[i : i + 10])))) for i in range(0, len(parts), 10)]
        return graph_of(Then(tuple(outer)), [real(8)])
    return graph_of(chain(0, count), [real(8)])


def _linear(size: int) -> Any:
    from catnet.boxes.linear import Linear
    from catnet.diagrams.terms import Leaf
    from catnet.types.dims import Dim

    return Leaf(Linear(Dim.const(size)))


def _relu() -> Any:
    from catnet.boxes.activation import Relu
    from catnet.diagrams.terms import Leaf

    return Leaf(Relu())


def discopy(count: int) -> dict[str, float]:
    """The same as a monoidal diagram, in which a copy and a sum are boxes."""
    monoidal = importlib.import_module("discopy.monoidal")  # no dependency: only for this table
    wire = monoidal.Ty("R[8]")
    copy, add = monoidal.Box("copy", wire, wire @ wire), monoidal.Box("+", wire @ wire, wire)
    inside = (
        monoidal.Box("linear", wire, wire) >> monoidal.Box("relu", wire, wire) >> monoidal.Box("linear", wire, wire)
    )
    block = copy >> wire @ inside >> add
    diagram = monoidal.Id(wire).then(*[block] * (count // 4))
    with tempfile.TemporaryDirectory() as folder:
        start = process_time()
        diagram.draw(path=str(Path(folder) / "picture.svg"), show=False)
        return {"seconds": process_time() - start}


def graphviz(count: int) -> dict[str, float]:
    """Our own DOT text, laid out by Graphviz."""
    from catnet.draw import draw_graph

    graph = _graph("residual", count)
    start = _spent()
    subprocess.run(["dot", "-Tsvg"], input=draw_graph(graph, "dot").encode(), capture_output=True, check=True)
    return {"seconds": _spent() - start}


def torchview(count: int) -> dict[str, float]:
    """The same as a module."""
    from torch import Tensor, nn

    draw_graph = importlib.import_module("torchview").draw_graph  # no dependency: only for this table

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inside = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 8))

        def forward(self, x: Tensor) -> Tensor:
            return x + self.inside(x)

    module = nn.Sequential(*(Residual() for _ in range(count // 4)))
    start = _spent()
    draw_graph(module, input_size=(1, 8), device="meta", depth=9).visual_graph.pipe(format="svg")
    return {"seconds": _spent() - start}


def _spent() -> float:
    """CPU seconds of this process and of the children that have ended."""
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + used.ru_utime + used.ru_stime
