"""Tensor parallelism: every rank holds blocks of the linear maps, and works on the whole batch.

torchrun --standalone --nproc-per-node 2 examples/distributed/tensor.py
"""

from __future__ import annotations

import copy

import torch.distributed as dist
from common import gradients, loss_of, ranks, report, single
from torch.distributed.device_mesh import init_device_mesh

from catnet.parallel import tensor_parallel


def main() -> None:
    with ranks() as device:
        model, tokens, target = single(device)
        mesh = init_device_mesh(device.type, (dist.get_world_size(),))
        cut = tensor_parallel(copy.deepcopy(model), mesh)

        expected = model(tokens)
        loss_of(expected, target).backward()

        scores = cut(tokens)
        loss_of(scores, target).backward()

        report("tensor", scores, expected, gradients(cut), model)


if __name__ == "__main__":
    main()
