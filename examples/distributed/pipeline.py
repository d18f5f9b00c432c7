"""Pipeline parallelism: every rank holds one stage of the model; parts of the batch pass through them in turn.

torchrun --standalone --nproc-per-node 2 examples/distributed/pipeline.py
"""

from __future__ import annotations

import torch
import torch.distributed as dist
from common import DIAGRAM, LENGTH, gradients, loss_of, ranks, report, single
from torch.distributed.pipelining import Schedule1F1B

from catnet.parallel import pipeline, plan

MICROBATCHES = 4


def main() -> None:
    with ranks() as device:
        rank, world = dist.get_rank(), dist.get_world_size()
        model, tokens, target = single(device)
        expected = model(tokens)
        loss_of(expected, target).backward()

        stages = plan(DIAGRAM).stages(world, batch=len(tokens), t=LENGTH)
        print(f"pipeline, rank {rank} of {world}: from {stages[rank].first} to {stages[rank].last}", flush=True)
        stage = pipeline(stages, rank, device, state=model.state_dict())
        schedule = Schedule1F1B(stage, MICROBATCHES, loss_fn=loss_of)

        scores = schedule.step(*[tokens] * (rank == 0), target=target if rank == world - 1 else None)
        outputs, wanted = (scores, expected) if rank == world - 1 else (torch.zeros(1), torch.zeros(1))
        report("pipeline", outputs, wanted, gradients(stage.submod), model)


if __name__ == "__main__":
    main()
