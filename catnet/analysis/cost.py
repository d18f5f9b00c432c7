"""What a diagram costs: trainable parameters and floating-point operations, as exact polynomials, and its memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catnet.diagrams.costs import Costs
from catnet.diagrams.graph import Graph
from catnet.types.dims import Dim

if TYPE_CHECKING:
    from catnet.analysis.memory import Bytes


def parameters(graph: Graph) -> Dim:
    """The number of trainable parameters of a graph."""
    return Costs().parameters(graph)


def flops(graph: Graph) -> Dim:
    """Floating-point operations of a graph for one sample; a multiply-add counts as two."""
    return Costs().flops(graph)


def kept(graph: Graph, batch: Dim | int = 1, real: int = 4) -> Dim:
    """Bytes that autograd keeps for backward on the CPU, in training, for a batch and reals of so many bytes.

    Parameters, buffers and the inputs of the graph, which are taken to need no gradient, are not counted.
    """
    return _memory(graph, True, batch, real).kept


def peak(graph: Graph, batch: Dim | int = 1, real: int = 4) -> Dim:
    """The most bytes that are alive at once in a forward pass without gradients, in evaluation.

    Parameters, buffers, the inputs of the graph and what operations allocate inside are not counted.
    """
    return Dim.max(*_memory(graph, False, batch, real).peak)


def _memory(graph: Graph, training: bool, batch: Dim | int, real: int) -> Bytes:
    from catnet.analysis.known import Known
    from catnet.analysis.memory import Memory

    size = batch if isinstance(batch, Dim) else Dim.const(batch)
    return Memory(training, size, real, Known(graph.where)).whole(graph).figures
