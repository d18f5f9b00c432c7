"""One rank of a group of processes on this machine: cuts nets, shards them, runs pipelines, and says what differs.

    python -m tests.parallel.worker RANK WORLD STORE JOB

prints one JSON object: for each case the largest differences of outputs and gradients from one process.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.pipelining import Schedule1F1B, ScheduleGPipe
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

import catnet
from catnet.parallel import pipeline, plan, shard, tensor_parallel
from catnet.types.wires import Object
from tests.boxes.helpers import program
from tests.parallel.nets import LEGAL, PIPES

BATCH, FREE = 4, 5


def inputs_of(wires: Object) -> list[Tensor]:
    """A batch of inputs of these types; sizes that are left open are FREE."""
    made = []
    for wire in wires:
        shape = [BATCH, *(axis.size.evaluate(dict.fromkeys(axis.size.symbols, FREE)) for axis in wire.axes)]
        if wire.kind.name == "Fin":
            made.append(torch.randint(wire.kind.size.value, shape))
        else:
            made.append(torch.randn(shape) > -1.5 if wire.kind.name == "Bool" else torch.randn(shape).double())
    return made


def loss_of(result: Any) -> Tensor:
    """A number that depends on every output, unevenly."""
    outputs = result if isinstance(result, tuple) else (result,)
    return sum(((y * torch.linspace(0.1, 1.0, y.shape[-1], dtype=y.dtype)) ** 2).mean() for y in outputs)  # type: ignore[return-value]


def whole(value: Any) -> Any:
    return value.full_tensor() if hasattr(value, "full_tensor") else value


def apart(ours: Iterable[Any], theirs: Iterable[Any]) -> float:
    return max((whole(a) - whole(b)).abs().max().item() for a, b in zip(ours, theirs, strict=True))


def compare(one: nn.Module, many: nn.Module, inputs: list[Tensor], own: slice = slice(None)) -> dict[str, float]:
    """How far the outputs and gradients of two modules are apart."""
    expected, got = one(*inputs), many(*(x[own] for x in inputs))
    loss_of(expected).backward()
    loss_of(got).backward()
    alone = [y[own] for y in (expected if isinstance(expected, tuple) else (expected,))]
    return {
        "outputs": apart(got if isinstance(got, tuple) else (got,), alone),
        "gradients": apart([p.grad for p in many.parameters()], [p.grad for p in one.parameters()]),
    }


def net(text: str) -> tuple[catnet.Diagram, nn.Module, list[Tensor]]:
    """A net with its module on one process and inputs, the same on every rank."""
    torch.manual_seed(0)
    diagram = program(text)["main"]()
    return diagram, diagram.compile().double(), inputs_of(diagram.graph.dom)


def tensor(mesh: DeviceMesh) -> dict[str, Any]:
    """Every legal net, cut as its plan says."""
    found = {}
    for name, (text, columns, *_) in LEGAL.items():
        _, one, inputs = net(text)
        cut = tensor_parallel(copy.deepcopy(one), mesh)
        column = cut.get_submodule(columns.split()[0].replace("*", "0"))
        found[name] = compare(one, cut, inputs) | {"blocks": column.weight.placements[0].is_shard(0)}
    return found


def forced(mesh: DeviceMesh) -> dict[str, Any]:
    """Nets that the planner refuses, cut all the same: what it would have led to."""
    found = {}
    for name, between in {
        "softmax": "softmax",
        "layer norm of heads": 'rearrange("(h c) -> h c", h = 4) >> rms_norm >> rearrange("h c -> (h c)")',
        "flip": "flip",
    }.items():
        diagram, one, inputs = net(f"net main : R[8] -> R[8] = a: linear(8) >> {between} >> z: linear(8)")
        assert plan(diagram).tensor == {}
        styles = {"a": ColwiseParallel(), "z": RowwiseParallel()}
        found[name] = compare(one, parallelize_module(copy.deepcopy(one), mesh, styles), inputs)
    return found


def fsdp(mesh: DeviceMesh) -> dict[str, Any]:
    """Nets with and without repeats, each rank with a part of the batch."""
    rank, found = dist.get_rank(), {}
    step = BATCH // mesh.size()
    for name in ("repeated", "residual"):
        _, one, inputs = net(LEGAL[name][0])
        many = shard(copy.deepcopy(one), mesh)
        found[name] = compare(one, many, inputs, slice(rank * step, (rank + 1) * step))
        found[name]["units"] = sum(type(m).__name__.startswith("FSDP") for m in many.modules())
    return found


def pipes(mesh: DeviceMesh) -> dict[str, Any]:
    """Stages of nets under two schedules, the loss and the gradients of each stage."""
    rank, world, found = dist.get_rank(), mesh.size(), {}
    schedules: dict[str, Callable[..., Any]] = {"GPipe": ScheduleGPipe, "1F1B": Schedule1F1B}
    for name, text in PIPES.items():
        for schedule, run in schedules.items():
            diagram, one, inputs = net(text)
            expected = one(*inputs)
            loss_of(expected).backward()
            stage = pipeline(plan(diagram).stages(world), rank, torch.device("cpu"), state=one.state_dict())
            last = rank == world - 1
            target = {"target": torch.zeros(BATCH)} if last else {}
            steps = run(stage, 2, loss_fn=lambda result, target: loss_of(result))
            got = steps.step(*inputs if rank == 0 else (), **target)
            grads = {k: p.grad for k, p in one.named_parameters()}
            own = dict(stage.submod.named_parameters())
            outputs = (got if isinstance(got, tuple) else (got,)) if last else ()
            wanted = (expected if isinstance(expected, tuple) else (expected,)) if last else ()
            found[f"{name}, {schedule}"] = {
                "outputs": apart(outputs, wanted) if last else 0.0,
                "gradients": apart([p.grad for p in own.values()], [grads[k] for k in own]),
            }
    return found


def both(mesh: DeviceMesh) -> dict[str, Any]:
    """Maps cut between pairs of ranks, and the weights sharded between the pairs."""
    two = init_device_mesh("cpu", (mesh.size() // 2, 2), mesh_dim_names=("data", "tensor"))
    step = BATCH // two["data"].size()
    own = slice(two["data"].get_local_rank() * step, (two["data"].get_local_rank() + 1) * step)
    found = {}
    for name in ("repeated", "grouped queries"):
        _, one, inputs = net(LEGAL[name][0])
        many = shard(tensor_parallel(copy.deepcopy(one), two["tensor"]), two["data"])
        found[name] = compare(one, many, inputs, own)
    return found


def main() -> None:
    rank, world, store, job = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=world)
    mesh = init_device_mesh("cpu", (world,))
    jobs = {"tensor": tensor, "forced": forced, "fsdp": fsdp, "pipes": pipes, "both": both}
    print(json.dumps({name: jobs[name](mesh) for name in job.split(",")}))
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
