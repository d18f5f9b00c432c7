"""What the tests of models share: a compiled module against its reference, number by number.

A case says which net, which small sizes, which map, and how the reference is built and called. The reference is built
offline with random weights; its state dict is loaded strictly; outputs and every gradient are compared, the gradients
of the weights through the same map.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import catnet
import catnet.weights
from catnet.analysis.cost import parameters
from catnet.weights import Map

MODELS = Path(__file__).parent.parent.parent / "examples" / "models"
BARS = {torch.float32: 1e-6, torch.float64: 1e-12}


@dataclass
class Case:
    """One model. `build` makes the reference (in float32), `call` runs it; `vocab` is for integer inputs."""

    net: str
    sizes: dict[str, int]
    build: Callable[[], nn.Module]
    inputs: tuple[int, ...]
    vocab: int = 0
    map: str | Map | None = None
    call: Callable[[nn.Module, Tensor], Tensor] = lambda module, x: module(x)
    double: Callable[[nn.Module], nn.Module] = lambda module: module.double()
    exact: bool = True  # whether the operation order is the reference's own, so that all bits are equal
    published: int = 0  # parameters at the published sizes
    full: Callable[[], nn.Module] | None = None  # the reference at these sizes

    @property
    def path(self) -> Path:
        return MODELS / f"{self.net}.cat"


@dataclass
class Difference:
    """How far two sets of tensors are apart: the greatest difference of two entries, and the greatest of two tensors
    relative to the tensor (as vectors)."""

    absolute: float = 0.0
    relative: float = 0.0
    equal: bool = True

    def add(self, name: str, ours: Tensor, theirs: Tensor) -> None:
        assert ours.shape == theirs.shape, f"{name}: {tuple(ours.shape)} against {tuple(theirs.shape)}"
        assert ours.dtype == theirs.dtype, name
        assert theirs.isfinite().all(), name
        self.equal = self.equal and torch.equal(ours, theirs)
        gap = (ours - theirs).to(torch.float64)
        if gap.any():
            self.absolute = max(self.absolute, gap.abs().max().item())
            self.relative = max(self.relative, (gap.norm() / theirs.to(torch.float64).norm()).item())


@dataclass
class Parity:
    """What a comparison found."""

    output: Difference
    gradient: Difference
    buffers: Difference
    parameters: int


def pair(case: Case, dtype: torch.dtype) -> tuple[nn.Module, nn.Module]:
    """Our module and the reference with the same random weights, every one away from its initial value."""
    torch.manual_seed(0)
    reference = case.build()
    with torch.no_grad():
        for name, tensor in reference.named_parameters():
            tensor.add_(torch.randn_like(tensor) * (0.1 if tensor.dim() > 1 else 0.3))
            assert tensor.is_contiguous(), name
        for name, tensor in reference.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                tensor.add_(torch.rand_like(tensor) * 0.1)
    reference = reference if dtype == torch.float32 else case.double(reference)
    module = catnet.compile(case.path, case.net, **case.sizes).to(dtype)
    catnet.weights.load(module, reference.state_dict(), map=case.map)
    if case.exact:  # the same numbers in the same places of memory, so that a matrix product adds in the same order
        copies = {name: tensor.clone() for name, tensor in reference.state_dict().items()}
        catnet.weights.load(module, copies, map=case.map, assign=True)
    return module, reference


def compare(case: Case, dtype: torch.dtype = torch.float32, *, train: bool = False) -> Parity:
    """Outputs, gradients and running statistics of both."""
    module, reference = pair(case, dtype)
    generator = torch.Generator().manual_seed(1)
    if case.vocab:
        x = torch.randint(case.vocab, case.inputs, generator=generator)
    else:
        x = torch.randn(case.inputs, generator=generator).to(dtype)
    found = []
    calls: list[tuple[nn.Module, Callable[[nn.Module, Tensor], Tensor]]]
    calls = [(module, lambda m, x: m(x)), (reference, case.call)]
    for each, call in calls:
        each.train(train)
        each.zero_grad(set_to_none=True)
        own = x.clone().requires_grad_(not case.vocab)
        torch.manual_seed(2)
        y = call(each, own)
        weight = torch.linspace(-1, 1, y.numel(), dtype=dtype).reshape(y.shape)
        (y * weight).sum().backward()
        found.append((y.detach(), own.grad))
    result = Parity(Difference(), Difference(), Difference(), sum(p.numel() for p in module.parameters()))
    (ours, input_grad), (theirs, their_input_grad) = found
    assert ours.std() > 0
    result.output.add("output", ours, theirs)
    if input_grad is not None and their_input_grad is not None:
        result.gradient.add("input", input_grad, their_input_grad)
    for name, mine, other in _gradients(case, module, reference):
        result.gradient.add(name, mine, other)
    table = catnet.weights.named(case.map)
    wanted = catnet.weights.convert(reference.state_dict(), table)
    for name, tensor in module.named_buffers():
        if name in wanted:
            result.buffers.add(name, tensor, wanted[name])
    count = sum(p.numel() for p in reference.parameters())
    assert result.parameters == count, f"{result.parameters} parameters, the reference has {count}"
    return result


def _gradients(case: Case, module: nn.Module, reference: nn.Module) -> list[tuple[str, Tensor, Tensor]]:
    """Each of our gradients beside what the map makes of theirs."""
    theirs: Mapping[str, Any] = {
        k: v.grad if v.grad is not None else torch.zeros_like(v)
        for k, v in reference.state_dict(keep_vars=True).items()
        if isinstance(v, nn.Parameter)
    }
    shapes = {k: v.shape for k, v in module.named_parameters()}
    wanted = catnet.weights.convert(theirs, catnet.weights.named(case.map), shapes)
    none = [k for k, v in module.named_parameters() if v.grad is None]
    assert none == [], "no gradient reaches these"
    return [(k, v.grad, wanted[k]) for k, v in module.named_parameters() if v.grad is not None]


def agrees(case: Case, dtype: torch.dtype, train: bool) -> None:
    """The bars: bit-equal where the operation order is the reference's own, else close."""
    found = compare(case, dtype, train=train)
    for what in (found.output, found.gradient, found.buffers):
        if case.exact:
            assert what.equal, found
        assert what.relative <= BARS[dtype], found


def checked(case: Case) -> None:
    """The file has no diagnostics, is in style, short, and its net has the published number of parameters."""
    program = catnet.load(case.path)
    assert [d.render() for d in program.check()] == []
    assert case.path.read_text().count("\n") <= 60
    assert [n for n in program if not program[n].__doc__] == []
    assert parameters(program[case.net]().graph).value == case.published


def fills(case: Case) -> None:
    """At the published sizes every tensor of the reference has its place. No memory is taken for them."""
    assert case.full is not None
    with torch.device("meta"):
        module = catnet.compile(case.path, case.net)
        reference = case.full()
    catnet.weights.load(module, reference.state_dict(), map=case.map, assign=True)
    assert sum(p.numel() for p in module.parameters()) == case.published
    assert sum(p.numel() for p in reference.parameters()) == case.published
