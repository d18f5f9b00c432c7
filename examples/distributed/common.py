"""What the three examples share: the process group, the model on one process, and the comparison with it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F

import catnet

SPEC = Path(__file__).parent / "tiny.cat"
BATCH, LENGTH, VOCAB = 8, 12, 61
DIAGRAM = catnet.load(SPEC)["tiny"](vocab=VOCAB)


@contextmanager
def ranks() -> Iterator[torch.device]:
    """Join the process group that `torchrun` describes; gives this rank's device."""
    gpu = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if gpu else torch.device("cpu")
    dist.init_process_group("nccl" if gpu else "gloo")
    torch.set_num_threads(1)
    try:
        yield device
    finally:
        dist.destroy_process_group()


def single(device: torch.device) -> tuple[nn.Module, Tensor, Tensor]:
    """The model on one process in double precision, and the same tokens and next tokens on every rank."""
    torch.manual_seed(0)
    model = DIAGRAM.compile().double().to(device)
    text = torch.randint(VOCAB, (BATCH, LENGTH + 1)).to(device)
    return model, text[:, :-1], text[:, 1:]


def loss_of(scores: Tensor, target: Tensor) -> Tensor:
    """The mean cross-entropy of the next tokens, from scores of shape (batch, t, vocab)."""
    return F.cross_entropy(scores.flatten(0, 1), target.flatten())


def gradients(model: nn.Module) -> dict[str, Tensor]:
    """The gradient of every parameter, put together from the blocks of all ranks."""
    found = {}
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        gradient = parameter.grad
        found[name] = gradient.full_tensor() if hasattr(gradient, "full_tensor") else gradient
    return found


def report(what: str, outputs: Tensor, expected: Tensor, grads: Mapping[str, Tensor], wanted: nn.Module) -> None:
    """Print the largest differences on this rank; fail where there is one."""
    reference = gradients(wanted)
    assert grads.keys() <= reference.keys(), grads.keys() - reference.keys()
    apart = (outputs - expected).abs().max().item()
    worst = max((grads[name] - reference[name]).abs().max().item() for name in grads)
    print(
        f"{what}, rank {dist.get_rank()} of {dist.get_world_size()}: outputs differ by at most {apart:.1e}, "
        f"the gradients of {len(grads)} parameters by {worst:.1e}",
        flush=True,
    )
    assert apart < 1e-12, apart
    assert worst < 1e-12, worst
