"""Rewriting diagrams by their laws, so that they run faster: what `optimise=` does.

A rule states a law; the cost of both sides, at the sizes that are known, decides whether it is applied. The result is
an ordinary graph, which every reading takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import get_args

from catnet.diagrams.graph import Graph
from catnet.rewrite.engine import Rewritten, rewritten
from catnet.rewrite.rule import Aim, Mode, Rule

__all__ = ["Aim", "Mode", "Rewritten", "Rule", "open_sizes", "optimised", "rewriter", "rules"]


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order in which they are tried."""
    from catnet.rewrite.attention import Attention
    from catnet.rewrite.chain import Reassociation
    from catnet.rewrite.constant import Folding
    from catnet.rewrite.contraction import ContractionOrder
    from catnet.rewrite.sharing import Sharing
    from catnet.rewrite.weights_batch import JoinRows, Stack
    from catnet.rewrite.weights_fold import FoldNorm
    from catnet.rewrite.weights_product import Premultiply, ScaleWeights

    weights = (FoldNorm(), ScaleWeights(), Premultiply(), JoinRows(), Stack())
    return (Attention(), Reassociation(), ContractionOrder(), Sharing(), Folding(), *weights)


def optimised(
    graph: Graph, mode: Mode, sizes: Mapping[str, int] | None = None, *, batch: int = 1, real: int = 4
) -> Rewritten:
    """A graph rewritten for training (`"train"`) or for inference (`"infer"`), with a record of what was done.

    `sizes` are typical values of sizes that the graph leaves open; `batch` and `real` (bytes of a real) go into the
    figures. Raises `ValueError` for a size that is not open or not positive.
    """
    known = open_sizes(graph)
    if batch < 1:
        raise ValueError(f"a batch has at least 1 sample, not {batch}")
    for name, size in (sizes or {}).items():
        if name not in known:
            raise ValueError(f"there is no open size `{name}`: open are {', '.join(sorted(known)) or 'none'}")
        if size < 1:
            raise ValueError(f"a typical size is at least 1, and `{name}` is {size}")
    return rewritten(graph, Aim(mode, dict(sizes or {}), batch, real), rules())


def open_sizes(graph: Graph) -> frozenset[str]:
    """The names of sizes in the input types of a graph."""
    return frozenset(name for wire in graph.dom for name in wire.symbols)


def rewriter(mode: Mode | None, at: Mapping[str, int] | None = None) -> Callable[[Graph], Graph] | None:
    """What `optimise=` does to a graph; None for the literal reading.

    `at` gives typical sizes; `batch` among them, where no size has that name, is the number of samples. Raises
    `ValueError` for another mode.
    """
    if mode is None:
        if at:
            raise ValueError("`at` decides what `optimise` does: say optimise = 'train' or 'infer' with it")
        return None
    if mode not in get_args(Mode):
        raise ValueError(f"`optimise` is 'train' or 'infer', not {mode!r}")
    given = dict(at or {})

    def rewrite(graph: Graph) -> Graph:
        sizes = {name: size for name, size in given.items() if name != "batch" or name in open_sizes(graph)}
        batch = given.get("batch", 1) if "batch" not in sizes else 1
        return optimised(graph, mode, sizes, batch=batch).graph

    return rewrite
