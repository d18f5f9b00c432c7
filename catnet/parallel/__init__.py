"""What PyTorch's distributed engine needs, derived from the diagram.

    >>> import catnet, catnet.parallel
    >>> block = catnet.parse("up: linear(64) >> gelu >> down: linear(16)")
    >>> catnet.parallel.plan(block, on="R[16]").tensor
    {'up': 'column', 'down': 'row'}
    >>> mixed = catnet.parse("up: linear(64) >> softmax >> down: linear(16)")
    >>> catnet.parallel.plan(mixed, on="R[16]").refused[0].reason
    '`softmax` works across the axis that is cut'

`plan` reads a diagram and imports no torch; `shard`, `tensor_parallel` and `pipeline` do what it says with PyTorch's own
functions, to a compiled module. Whoever has a mesh and a module needs no more than the plan that the module's class
carries: `fsdp_units`, `tensor_plan` and `tensor_ways`.
"""

from __future__ import annotations

from catnet.parallel.apply import pipeline, shard, tensor_parallel
from catnet.parallel.plan import Plan, plan
from catnet.parallel.stages import Stage

__all__ = ["Plan", "Stage", "pipeline", "plan", "shard", "tensor_parallel"]
