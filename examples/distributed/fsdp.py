"""Fully sharded data parallelism: every rank holds a part of the weights and works on a part of the batch.

torchrun --standalone --nproc-per-node 2 examples/distributed/fsdp.py
"""

from __future__ import annotations

import copy

import torch.distributed as dist
from common import gradients, loss_of, ranks, report, single
from torch.distributed.device_mesh import init_device_mesh

from catnet.parallel import shard


def main() -> None:
    with ranks() as device:
        rank, world = dist.get_rank(), dist.get_world_size()
        model, tokens, target = single(device)
        sharded = shard(copy.deepcopy(model), init_device_mesh(device.type, (world,)))

        expected = model(tokens)
        loss_of(expected, target).backward()

        own = slice(rank * len(tokens) // world, (rank + 1) * len(tokens) // world)
        scores = sharded(tokens[own])
        loss_of(scores, target[own]).backward()  # the gradients of all ranks are averaged

        report("fsdp", scores, expected[own], gradients(sharded), model)


if __name__ == "__main__":
    main()
