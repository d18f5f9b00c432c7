"""What PyTorch's distributed engine needs, derived from the diagram.

    >>> import catnet, catnet.parallel
    >>> block = catnet.parse("up: linear(64) >> gelu >> down: linear(16)")
    >>> catnet.parallel.plan(block, on="R[16]").tensor
    {'up': 'column', 'down': 'row'}
    >>> mixed = catnet.parse("up: linear(64) >> softmax >> down: linear(16)")
    >>> catnet.parallel.plan(mixed, on="R[16]").refused[0].reason
    '`softmax` works across the axis that is cut'

`plan` reads a diagram and imports no torch; `shard`, `tensor_parallel` and `pipeline` do what it says to a compiled
module, with PyTorch's own functions. The class of a module carries its plan as plain data: `fsdp_units`, `tensor_plan`
and `tensor_ways`, so that those who have only its source can do so too.
"""

from __future__ import annotations

from catnet.parallel.apply import pipeline, shard, tensor_parallel
from catnet.parallel.plan import Plan, plan
from catnet.parallel.stages import Stage

__all__ = ["Plan", "Stage", "pipeline", "plan", "shard", "tensor_parallel"]
