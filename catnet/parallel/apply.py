"""The plan carried out with PyTorch's own functions: `fully_shard`, `parallelize_module`, `PipelineStage`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from catnet.diagnostics import fail
from catnet.parallel.plan import Plan
from catnet.parallel.stages import Stage

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torch.distributed import ProcessGroup
    from torch.distributed.device_mesh import DeviceMesh
    from torch.distributed.pipelining import PipelineStage


def shard(model: nn.Module, mesh: DeviceMesh | None = None, **options: Any) -> nn.Module:
    """Shard the weights of a compiled module between ranks (FSDP2): its `fsdp_units` one by one, then the rest.

    Works in place and returns the module. `options` go to `torch.distributed.fsdp.fully_shard`.
    """
    from torch.distributed.fsdp import fully_shard

    for path in getattr(model, "fsdp_units", ()):
        for unit in _modules(model, path):
            fully_shard(unit, mesh=mesh, **options)
    fully_shard(model, mesh=mesh, **options)
    return model


def _modules(model: nn.Module, path: str) -> Iterator[nn.Module]:
    """The submodules of a path in which `*` stands for one name."""
    names = path.split(".")
    for name, module in model.named_modules():
        own = name.split(".")
        if len(own) == len(names) and all(map(fnmatchcase, own, names)):
            yield module


def tensor_parallel(model: nn.Module, mesh: DeviceMesh, plan: Plan | None = None) -> nn.Module:
    """Cut the linear maps of a compiled module between the ranks of a mesh with one axis.

    Works in place and returns the module; it takes and gives whole tensors. `plan` cuts other parts than the module's
    own `tensor_plan`. Seed all ranks alike: what draws random numbers stands outside the parts that are cut, where
    all ranks must draw the same. Raises `CatnetError` (E0902) where the number of ranks does not divide the sizes.
    """
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    if plan is not None:
        plan.check_ways(mesh.size())
    roles = getattr(model, "tensor_plan", {}) if plan is None else plan.tensor
    ways = getattr(model, "tensor_ways", 1) if plan is None else plan.ways
    if roles and ways % mesh.size():
        fail(
            "E0902",
            f"`{type(model).__name__}` cannot be cut between {mesh.size()} ranks: its plan is for {ways}",
            help=f"the number of ranks must divide {ways}",
        )
    styles = {"column": ColwiseParallel, "row": RowwiseParallel}
    parallelize_module(model, mesh, {path: styles[role]() for path, role in roles.items()})
    return model


def pipeline(
    stages: Sequence[Stage],
    index: int,
    device: torch.device,
    state: Mapping[str, Tensor] | None = None,
    *,
    group: ProcessGroup | None = None,
    allow: Iterable[str] = (),
) -> PipelineStage:
    """One stage of `Plan.stages`, compiled, for the schedules of `torch.distributed.pipelining`.

    `state` is a state dict of the whole module, of which the stage takes what is its own, in its precision; a missing
    key is a `KeyError`. `allow` names the modules that `box ... = python` leaves may be imported from.
    """
    from torch.distributed.pipelining import PipelineStage

    module = stages[index].compile(allow).to(device)
    if state is not None:
        module.load_state_dict({key: state[key] for key in module.state_dict()}, assign=True)
    return PipelineStage(module, index, len(stages), device, group=group)
