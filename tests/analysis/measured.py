"""What PyTorch really keeps and holds, for comparison with what `catnet.analysis.cost` says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils import _pytree
from torch.utils._python_dispatch import TorchDispatchMode

from catnet.diagrams.graph import Graph
from catnet.types.wires import Axis, Wire

BATCH = 3


def tensor(wire: Wire, grad: bool, batch: int = BATCH, dtype: torch.dtype = torch.float32) -> Tensor:
    """A random input of a type; small positive numbers where it is real."""
    shape = (batch, *(a.size.value for a in wire.axes if isinstance(a, Axis)))
    if wire.kind.name == "R":
        return (torch.rand(shape, dtype=dtype) + 0.1).requires_grad_(grad)  # type: ignore[arg-type]
    if wire.kind.name == "Bool":
        return torch.rand(shape) > 0.3  # type: ignore[arg-type]
    return torch.randint(wire.kind.size.value if wire.kind.size is not None else 4, shape)  # type: ignore[arg-type]


def inputs_of(graph: Graph, grad: bool, batch: int = BATCH, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Random inputs of a graph."""
    torch.manual_seed(1)
    return [tensor(wire, grad, batch, dtype) for wire in graph.dom]


def address(x: Tensor) -> int:
    return x.untyped_storage().data_ptr()


def lasting(module: nn.Module, inputs: Iterable[Tensor]) -> set[int]:
    """The storages of parameters, buffers and inputs, which are not counted."""
    return {address(x) for x in (*inputs, *module.parameters(), *module.buffers())}


def kept(module: nn.Module, inputs: Sequence[Tensor], without: Sequence[torch.dtype] = ()) -> int:
    """Bytes that autograd keeps: the storages of what it saves, each once."""
    outside, found, held = lasting(module, inputs), {}, []

    def pack(x: Tensor) -> Tensor:
        held.append(x)  # so that no other tensor gets its place
        if address(x) not in outside and x.dtype not in without:
            found[address(x)] = x.untyped_storage().nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        held.append(module(*inputs))
    return sum(found.values())


class Live(TorchDispatchMode):
    """Notes after every operation how many bytes are alive of those that were allocated since."""

    def __init__(self, outside: set[int]) -> None:
        super().__init__()
        self.outside = outside
        self.live: dict[int, tuple[StorageWeakRef, int]] = {}
        self.peak = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for x in _pytree.tree_leaves(out):
            if isinstance(x, Tensor) and address(x) and address(x) not in self.outside:
                self.live[address(x)] = StorageWeakRef(x.untyped_storage()), x.untyped_storage().nbytes()
        self.live = {place: (ref, size) for place, (ref, size) in self.live.items() if not ref.expired()}
        self.peak = max(self.peak, sum(size for _, size in self.live.values()))
        return out


def peak(module: nn.Module, inputs: Sequence[Tensor]) -> int:
    """The most bytes that are alive at once in a forward pass without gradients, in evaluation."""
    module.eval()
    module.check_inputs = False  # type: ignore[assignment]
    with torch.no_grad(), Live(lasting(module, inputs)) as live:
        module(*inputs)
    return live.peak
